/* A history file in a directory of its own, for the tests of db/. */
#ifndef TESTS_HISTORY_FIXTURE_H
#define TESTS_HISTORY_FIXTURE_H

#include "base/mem.h"
#include "db/history.h"
#include "plant/quality.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#define SECOND INT64_C(1000000)
#define DAY    (86400 * SECOND)
#define T0     (INT64_C(1700000000) * SECOND)

struct fixture {
    char directory[64];
    char path[96];
    struct history_options options; /* merges of a test's own; the path is `path` */
    struct history *history;        /* open unless the test closed it and set NULL */
    struct batch *batch;
};

static inline struct history *fixture_open(const struct fixture *f)
{
    struct err err = {0};
    struct history_options options = f->options;
    options.path = f->path;
    struct history *history = history_open(&options, &err);
    if (!history)
        fail_msg("%s", err.text);
    return history;
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = mem_new(1, sizeof *f);
    const char *temporary = getenv("TMPDIR");
    snprintf(f->directory, sizeof f->directory, "%s/hmi-history-XXXXXX",
             temporary && strlen(temporary) < 32 ? temporary : "/tmp");
    if (!mkdtemp(f->directory))
        return -1;
    snprintf(f->path, sizeof f->path, "%s/h.db", f->directory);
    f->batch = batch_new();
    f->history = fixture_open(f);
    *state = f;
    return 0;
}

static inline void fixture_unlink(struct fixture *f)
{
    static const char *const NAMES[] = {"h.db", "h.db-wal", "h.db-shm", "h.db-journal", "h.db.new"};
    history_close(f->history, 0);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        char *name = mem_format("%s/%s", f->directory, NAMES[i]);
        unlink(name);
        free(name);
    }
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    fixture_unlink(f);
    batch_free(f->batch);
    rmdir(f->directory);
    free(f);
    return 0;
}

/* Goes on with a new file. */
static inline void fixture_forget(struct fixture *f)
{
    fixture_unlink(f);
    f->history = fixture_open(f);
}

static inline void fixture_reopen(struct fixture *f)
{
    history_close(f->history, T0);
    f->history = fixture_open(f);
}

/* A tag with a recording policy of its own; `policy` gives record, deviation, min_time_us and max_time_us. */
static inline void fixture_add_tag_with(struct fixture *f, uint32_t id, const char *name, const char *topic,
                                        const struct tag_def *policy)
{
    struct tag_def def;
    tag_def_init(&def);
    def.record = policy->record;
    def.deviation = policy->deviation;
    def.min_time_us = policy->min_time_us;
    def.max_time_us = policy->max_time_us;
    def.stepped = policy->stepped;
    def.name = mem_copy_text(name);
    def.topic = mem_copy_text(topic);
    def.path = mem_copy_text("");
    def.area = tag_def_area_of_topic(topic);
    batch_add_tag(f->batch, id, &def);
    tag_def_free(&def);
}

/* A tag of which every sample is kept. */
static inline void fixture_add_tag(struct fixture *f, uint32_t id, const char *name, const char *topic)
{
    fixture_add_tag_with(f, id, name, topic, &(struct tag_def){.record = RECORD_ALL});
}

static inline void fixture_add_number(struct fixture *f, uint32_t id, int64_t ts_us, double number)
{
    batch_add_sample(f->batch, id, ts_us, &(struct value){.type = VALUE_NUMBER, .number = number},
                     QUALITY_GOOD);
}

static inline void fixture_add_text(struct fixture *f, uint32_t id, int64_t ts_us, const char *text,
                                    size_t length)
{
    batch_add_sample(f->batch, id, ts_us,
                     &(struct value){.type = VALUE_TEXT, .text = text, .text_length = length}, QUALITY_GOOD);
}

/* Writes the batch at `now_us` and empties it. */
static inline void fixture_append(struct fixture *f, int64_t now_us)
{
    struct err err = {0};
    if (!history_append(f->history, f->batch, now_us, &err))
        fail_msg("%s", err.text);
    batch_clear(f->batch);
}

/* Housekeeping until there is none left. */
static inline void fixture_tidy(struct fixture *f)
{
    struct err err = {0};
    for (bool more = true; more;)
        if (!history_tidy(f->history, 10000, &more, &err))
            fail_msg("%s", err.text);
}

/* All rows of a query through a plain read-only connection, as a sqlite3 user sees them: columns by '|', rows
 * by '\n'. The caller frees it. */
static inline char *fixture_sql(const struct fixture *f, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *rows;
    struct buf out;
    buf_init(&out, 0);
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &rows, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    while (sqlite3_step(rows) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(rows); i++) {
            const char *text = (const char *)sqlite3_column_text(rows, i);
            buf_printf(&out, "%s%s", text ? text : "NULL", i + 1 < sqlite3_column_count(rows) ? "|" : "\n");
        }
    assert_int_equal(sqlite3_finalize(rows), SQLITE_OK);
    sqlite3_close(db);
    char *text = mem_copy_text(buf_text(&out));
    buf_free(&out);
    return text;
}

/* Ends a child process that fixture_fork() made; true when it ended by itself with status 0. */
static inline bool fixture_wait(pid_t pid)
{
    int status;
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Forks while this process has no connection: SQLite's must not be carried across. In the child the history
 * is closed and stays so; in the parent it is opened again. */
static inline pid_t fixture_fork(struct fixture *f)
{
    history_close(f->history, T0);
    f->history = NULL;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        f->history = fixture_open(f);
    return pid;
}

static inline void fixture_expect(const struct fixture *f, const char *sql, const char *expected)
{
    char *found = fixture_sql(f, sql);
    assert_string_equal(found, expected);
    free(found);
}

#endif
