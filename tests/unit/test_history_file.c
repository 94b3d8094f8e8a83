/* The history file as a file: what is refused, how an old one is brought up to date, its rights, and a disk
 * or another process that stands in the way. */
#include "db/history_internal.h"
#include "db/query.h"
#include "db/schema.h"

#include "history_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/resource.h>

/* Opening must fail with this code and these words, and leave the file's bytes as they were. */
static void expect_refused(struct fixture *f, int code, const char *words)
{
    struct err err = {0};
    struct stat before, after;
    bool exists = stat(f->path, &before) == 0;
    assert_null(history_open(&(struct history_options){.path = f->path}, &err));
    assert_int_equal(err.code, code);
    assert_non_null(strstr(err.text, words));
    assert_non_null(strstr(err.text, f->path));
    if (exists) {
        assert_int_equal(stat(f->path, &after), 0);
        assert_int_equal(before.st_size, after.st_size);
        assert_int_equal(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
        assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    }
}

static void close_and_remove(struct fixture *f)
{
    history_close(f->history, 0);
    f->history = NULL;
    unlink(f->path);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fputs(text, file) < 0, 0);
    assert_int_equal(fclose(file), 0);
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_what_is_no_history_is_refused_untouched(void **state)
{
    struct fixture *f = *state;
    close_and_remove(f);
    write_file(
        f->path,
        "# not a database, and longer than the header of one, so that it is looked at by its content and "
        "not by its length alone\n");
    expect_refused(f, EX_DATAERR, "not a history file");
    write_file(f->path, "short");
    expect_refused(f, EX_DATAERR, "not a history file");
    unlink(f->path);
    run_sql(f->path, "CREATE TABLE customer (name); INSERT INTO customer VALUES ('x')");
    expect_refused(f, EX_DATAERR, "not a history file");
    unlink(f->path);
    assert_int_equal(mkdir(f->path, 0755), 0);
    expect_refused(f, EX_DATAERR, "not a file");
    rmdir(f->path);
    assert_int_equal(mkfifo(f->path, 0600), 0);
    expect_refused(f, EX_DATAERR, "not a file");
}

static void test_newer_file_is_refused(void **state)
{
    struct fixture *f = *state;
    history_close(f->history, T0);
    f->history = NULL;
    run_sql(f->path, "PRAGMA user_version = 77");
    expect_refused(f, EX_CONFIG, "newer");
    struct err err = {0};
    assert_null(query_open(f->path, &err));
    assert_non_null(strstr(err.text, "newer"));
}

static void test_empty_file_becomes_a_history(void **state)
{
    struct fixture *f = *state;
    close_and_remove(f);
    write_file(f->path, "");
    f->history = fixture_open(f);
    fixture_expect(f, "PRAGMA journal_mode", "wal\n");
    history_close(f->history, T0);
    run_sql(f->path, "PRAGMA journal_mode = DELETE"); /* as somebody might */
    f->history = fixture_open(f);
    fixture_expect(f, "PRAGMA journal_mode", "wal\n");
    fixture_expect(f, "PRAGMA auto_vacuum", "2\n");
    fixture_expect(f, "SELECT count(*) FROM history", "0\n");
}

/* A symbolic link leads to the history; it is never replaced by it. */
static void test_symbolic_link(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct history_stats stats;
    struct stat status;
    close_and_remove(f);
    char *target = mem_format("%s/h.db.new", f->directory); /* removed with the other files */
    assert_int_equal(symlink(target, f->path), 0);
    assert_null(history_open(&(struct history_options){.path = f->path}, &err));
    assert_non_null(strstr(err.text, "symbolic link"));
    write_file(target, "");
    f->history = fixture_open(f);
    fixture_add_tag(f, 1, "t", "t");
    fixture_append(f, T0);
    assert_int_equal(lstat(f->path, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    history_get_stats(f->history, &stats);
    assert_true(stats.file_bytes > 0 && stats.wal_bytes > 0);
    fixture_expect(f, "SELECT tag FROM tags", "t\n");
    history_close(f->history, T0);
    f->history = NULL;
    static const char *const SUFFIXES[] = {"-wal", "-shm"};
    for (size_t i = 0; i < 2; i++) {
        char *name = mem_format("%s%s", target, SUFFIXES[i]);
        assert_int_equal(unlink(name), 0);
        free(name);
    }
    free(target);
}

/* A -wal file that was left when somebody removed the history must not be taken for the new one's. */
static void test_left_over_wal_is_not_taken(void **state)
{
    struct fixture *f = *state;
    char *wal = mem_format("%s-wal", f->path);
    char *kept = mem_format("%s.new", f->path);
    fixture_add_tag(f, 1, "t", "t");
    for (int i = 0; i < 1000; i++)
        fixture_add_number(f, 1, T0 + i, i);
    fixture_append(f, T0);
    assert_int_equal(rename(wal, kept), 0); /* as a kill leaves it */
    close_and_remove(f);
    assert_int_equal(rename(kept, wal), 0);
    f->history = fixture_open(f);
    fixture_expect(f, "SELECT count(*) FROM history", "0\n");
    fixture_expect(f, "PRAGMA integrity_check", "ok\n");
    free(wal);
    free(kept);
}

static void expect_version(const struct fixture *f, int version)
{
    char *text = mem_format("%d\n", version);
    fixture_expect(f, "PRAGMA user_version", text);
    free(text);
}

/* Steps as a later version will have them, the second of which fails at first. */
static void test_migration(void **state)
{
    static const struct schema_step BROKEN[] = {
        {.to = SCHEMA_VERSION + 1,
         .sql = "CREATE TABLE extra (a); INSERT INTO extra SELECT count(*) FROM tail"},
        {.to = SCHEMA_VERSION + 2, .sql = "ALTER TABLE extra ADD COLUMN b; INSERT INTO nowhere VALUES (1)"},
        {.to = 0},
    };
    static const struct schema_step GOOD[] = {
        {.to = SCHEMA_VERSION + 1,
         .sql = "CREATE TABLE extra (wrong)"}, /* not run again: the file is there already */
        {.to = SCHEMA_VERSION + 2, .sql = "ALTER TABLE extra ADD COLUMN b DEFAULT 'new'"},
        {.to = 0},
    };
    struct fixture *f = *state;
    struct err err = {0};
    sqlite3 *db;
    fixture_add_tag(f, 1, "t", "t");
    fixture_add_number(f, 1, T0, 4);
    fixture_append(f, T0);
    history_close(f->history, T0);
    f->history = NULL;
    run_sql(
        f->path,
        "DROP VIEW latest; DROP VIEW history; CREATE VIEW history AS SELECT 'old'"); /* an older version's */
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_false(schema_upgrade(db, BROKEN, SCHEMA_VERSION + 2, &err));
    assert_non_null(strstr(err.text, "bringing the history from version"));
    expect_version(f, SCHEMA_VERSION + 1);
    fixture_expect(f, "SELECT * FROM extra", "1\n"); /* the first step stands, nothing of the second */
    assert_true(schema_upgrade(db, GOOD, SCHEMA_VERSION + 2, &err));
    assert_true(schema_upgrade(db, GOOD, SCHEMA_VERSION + 2, &err)); /* nothing to do */
    expect_version(f, SCHEMA_VERSION + 2);
    fixture_expect(f, "SELECT * FROM extra", "1|new\n");
    fixture_expect(f, "SELECT tag, value FROM history", "t|4.0\n");
    fixture_expect(f, "SELECT tag, value FROM latest", "t|4.0\n");
    assert_false(schema_upgrade(db, GOOD, SCHEMA_VERSION + 1, &err));
    assert_non_null(strstr(err.text, "newer"));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The file of version 1, which had no archive: what it holds stays where it is, and is merged like the rest. */
static void test_version_1_is_brought_up_to_date(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    fixture_add_tag(f, 1, "t", "t");
    for (int i = 0; i < 100; i++)
        fixture_add_number(f, 1, T0 + i * SECOND, i);
    fixture_append(f, T0 + 100 * SECOND);
    assert_true(history_flush(f->history, &err));
    batch_add_gap(f->batch, T0 + 50 * SECOND, T0 + 60 * SECOND, "broker away");
    fixture_add_number(f, 1, T0 + 100 * SECOND, 100);
    fixture_append(f, T0 + 101 * SECOND);
    char *columns = fixture_sql(f, "SELECT m.name || ' ' || c.name || ' ' || c.type || c.pk FROM"
                                   " sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
                                   " ORDER BY m.name, c.cid");
    history_close(f->history, T0 + 102 * SECOND);
    f->history = NULL;
    run_sql(
        f->path,
        "DROP VIEW history_minute; DROP VIEW history_hour; DROP VIEW fresh_minute; DROP VIEW fresh_hour;"
        "DROP VIEW fresh_neighbour; DROP VIEW fresh_sample; DROP VIEW history;"
        "DROP TABLE door; ALTER TABLE tag DROP COLUMN record; ALTER TABLE tag DROP COLUMN deviation;"
        "ALTER TABLE tag DROP COLUMN stepped; ALTER TABLE tag DROP COLUMN min_time_us; ALTER TABLE tag DROP COLUMN max_time_us;"
        "DROP TABLE archive; DROP TABLE minute; DROP TABLE hour; DROP TABLE minute_open;"
        "DROP TABLE hour_open; DROP INDEX unrecorded_end; ALTER TABLE unrecorded DROP COLUMN rolled;"
        "ALTER TABLE store DROP COLUMN mark_a_ts; ALTER TABLE store DROP COLUMN mark_b_ts;"
        "ALTER TABLE run_a DROP COLUMN rows; ALTER TABLE run_a DROP COLUMN filled_us;"
        "ALTER TABLE run_b DROP COLUMN rows; ALTER TABLE run_b DROP COLUMN filled_us;"
        "DROP VIEW journal; DROP VIEW alarms; DROP VIEW commands; DROP TABLE journal_entry; DROP TABLE alarm_state; DROP TABLE alarm_terms;"
        "PRAGMA user_version = 1");
    f->history = fixture_open(f);
    expect_version(f, SCHEMA_VERSION);
    fixture_expect(f,
                   "SELECT m.name || ' ' || c.name || ' ' || c.type || c.pk FROM"
                   " sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
                   " ORDER BY m.name, c.cid",
                   columns);
    free(columns);
    fixture_expect(f, "SELECT count(*), sum(value) FROM history", "101|5050.0\n");
    fixture_expect(f, "SELECT sum(n), round(sum(good) * 3600) FROM history_hour", "101|2790.0\n");
    assert_true(history_flush(f->history, &err));
    fixture_tidy(f);
    fixture_expect(f, "SELECT count(*), sum(value) FROM archive", "101|5050.0\n");
    fixture_expect(f, "SELECT sum(n), round(sum(good) * 3600) FROM history_hour", "101|2790.0\n");
}

static void expect_mode(const char *path, const char *suffix, unsigned mode)
{
    struct stat status;
    char *name = mem_format("%s%s", path, suffix);
    assert_int_equal(stat(name, &status), 0);
    assert_int_equal(status.st_mode & 07777, mode);
    free(name);
}

/* Whatever the umask: nobody but the owner may write. */
static void test_rights(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    history_close(f->history, 0);
    char *directory = mem_format("%s/new", f->directory);
    char *path = mem_format("%s/plant.db", directory);
    mode_t before = umask(0);
    f->history = history_open(&(struct history_options){.path = path}, &err);
    assert_non_null(f->history);
    fixture_add_tag(f, 1, "t", "t");
    fixture_append(f, T0);
    umask(before);
    expect_mode(directory, "", 02750);
    expect_mode(path, "", 0640);
    expect_mode(path, "-wal", 0640);
    expect_mode(path, "-shm", 0640);
    history_close(f->history, T0);
    f->history = NULL;
    expect_mode(path, "-wal", 0640); /* still there for those who may only read */
    static const char *const SUFFIXES[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char *name = mem_format("%s%s", path, SUFFIXES[i]);
        assert_int_equal(unlink(name), 0);
        free(name);
    }
    assert_int_equal(rmdir(directory), 0);
    struct history_options lost = {.path = "/nonexistent/deeper/history.db"};
    assert_null(history_open(&lost, &err));
    assert_int_equal(err.code, EX_CANTCREAT);
    free(path);
    free(directory);
}

/* In a child: becomes a user without rights but the file's group, and counts the samples. */
static _Noreturn void read_as_other_user(const struct fixture *f, gid_t group, uint64_t expected)
{
    struct err err = {0};
    uint64_t samples = 0, tags = 0;
    if (setgroups(0, NULL) || setgid(group) || setuid(65534))
        _exit(2);
    struct query *query = query_open(f->path, &err);
    bool done = query && query_counts(query, &samples, &tags, &err) && samples == expected;
    if (!done)
        fprintf(stderr, "%s (%d samples)\n", err.text, (int)samples);
    query_close(query);
    _exit(done ? 0 : 1);
}

static void test_group_may_read_while_it_runs_and_after_a_stop(void **state)
{
    enum { GROUP = 60001 };
    struct fixture *f = *state;
    if (getuid() != 0)
        skip();
    assert_int_equal(chown(f->directory, 0, GROUP), 0);
    assert_int_equal(chmod(f->directory, 02750), 0);
    close_and_remove(f);
    f->history = fixture_open(f);
    fixture_add_tag(f, 1, "t", "t");
    fixture_add_number(f, 1, T0, 1);
    fixture_append(f, T0);
    pid_t running = fixture_fork(f);
    if (!running)
        read_as_other_user(f, GROUP, 1);
    assert_true(fixture_wait(running));
    fixture_add_number(f, 1, T0 + 1, 1); /* and the reader spoilt nothing */
    fixture_append(f, T0);
    history_close(f->history, T0);
    f->history = NULL;
    pid_t stopped = fork();
    if (!stopped)
        read_as_other_user(f, GROUP, 2);
    assert_true(fixture_wait(stopped));
    f->history = fixture_open(f);
    fixture_add_number(f, 1, T0 + 2, 1);
    fixture_append(f, T0);
    fixture_expect(f, "SELECT count(*) FROM history", "3\n");
}

/* A limit on the size of files stands for the full disk: the batch fails whole and can be given again. */
static void test_full_disk(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct rlimit before, small;
    fixture_add_tag(f, 1, "t", "t");
    fixture_append(f, T0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    for (int round = 0; round < 3; round++) {
        struct history_stats stats;
        history_get_stats(f->history, &stats);
        size_t rows = round == 2 ? 2 * HISTORY_RUN_ROWS : 10000;
        for (size_t i = 0; i < rows; i++)
            fixture_add_number(f, 1, T0 + (int64_t)i + round * SECOND, (double)i);
        char *count = fixture_sql(f, "SELECT count(*) FROM history");
        small = (struct rlimit){stats.wal_bytes + 50000, before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        for (int attempt = 0; attempt < 3; attempt++) {
            assert_false(history_append(f->history, f->batch, T0, &err));
            assert_int_equal(err.code, EX_IOERR);
            assert_non_null(strstr(err.text, "disk"));
        }
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        fixture_expect(f, "SELECT count(*) FROM history", count);
        fixture_append(f, T0);
        char *expected = mem_format("%zu\n", strtoul(count, NULL, 10) + rows);
        fixture_expect(f, "SELECT count(*) FROM history", expected);
        free(count);
        free(expected);
    }
    struct history_stats stats;
    bool more;
    for (int i = 0; i < 20000; i++) {
        fixture_add_number(f, 1, T0 + DAY + i, 0);
        if (i % 10000 == 9999)
            fixture_append(f, T0);
    }
    history_get_stats(f->history, &stats);
    assert_true(stats.tail_rows >= HISTORY_RUN_ROWS);
    small = (struct rlimit){4096, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    bool tidied = true; /* sorting fails, too; a slice that only sorts in memory may come first */
    for (int i = 0; i < 3 && tidied; i++)
        tidied = history_tidy(f->history, 10000, &more, &err);
    assert_false(tidied);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    fixture_expect(f, "SELECT count(*), sum(value) FROM history", "72768|636844528.0\n");
    fixture_tidy(f);
    fixture_expect(f, "SELECT count(*), sum(value) FROM history", "72768|636844528.0\n");
    fixture_expect(f, "PRAGMA integrity_check", "ok\n");
    signal(SIGXFSZ, SIG_DFL);
}

/* In a child: holds the write lock until the parent closes its end of the pipe. */
static _Noreturn void hold_write_lock(const struct fixture *f, int ready, int wait)
{
    sqlite3 *db;
    char byte = 'x';
    bool done = sqlite3_open(f->path, &db) == SQLITE_OK &&
                sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
                write(ready, &byte, 1) == 1 && read(wait, &byte, 1) == 0;
    _exit(done ? 0 : 1);
}

static void test_another_writer_is_named(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    int ready[2], wait[2];
    char byte, holder[64];
    fixture_add_tag(f, 1, "t", "t");
    fixture_append(f, T0);
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(wait), 0);
    pid_t pid = fixture_fork(f);
    if (!pid) {
        close(wait[1]);
        hold_write_lock(f, ready[1], wait[0]);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    fixture_add_number(f, 1, T0, 1);
    assert_false(history_append(f->history, f->batch, T0, &err));
    assert_int_equal(err.code, EX_TEMPFAIL);
    snprintf(holder, sizeof holder, "process %ld", (long)pid);
    assert_non_null(strstr(err.text, holder));
    fixture_expect(f, "SELECT count(*) FROM history", "0\n"); /* readers are not in its way */
    close(wait[1]);
    assert_true(fixture_wait(pid));
    fixture_append(f, T0);
    fixture_expect(f, "SELECT count(*) FROM history", "1\n");
    close(ready[0]);
    close(ready[1]);
    close(wait[0]);
}

static void test_read_only_directory(void **state)
{
    struct fixture *f = *state;
    history_close(f->history, 0);
    f->history = NULL;
    pid_t pid = fork();
    if (!pid) { /* as somebody who may read but not write */
        struct err err = {0};
        if (chmod(f->directory, 0755) || chmod(f->path, 0644) || (getuid() == 0 && setuid(65534)) ||
            (getuid() != 65534 && chmod(f->path, 0444)))
            _exit(2);
        struct history *history = history_open(&(struct history_options){.path = f->path}, &err);
        bool told = !history && err.code == EX_NOPERM && strstr(err.text, "rights");
        if (!told)
            fprintf(stderr, "%d %s\n", err.code, err.text);
        _exit(told ? 0 : 1);
    }
    assert_true(fixture_wait(pid));
}

int main(void)
{
#define HISTORY_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        HISTORY_TEST(test_what_is_no_history_is_refused_untouched),
        HISTORY_TEST(test_newer_file_is_refused),
        HISTORY_TEST(test_empty_file_becomes_a_history),
        HISTORY_TEST(test_symbolic_link),
        HISTORY_TEST(test_left_over_wal_is_not_taken),
        HISTORY_TEST(test_migration),
        HISTORY_TEST(test_version_1_is_brought_up_to_date),
        HISTORY_TEST(test_rights),
        HISTORY_TEST(test_group_may_read_while_it_runs_and_after_a_stop),
        HISTORY_TEST(test_full_disk),
        HISTORY_TEST(test_another_writer_is_named),
        HISTORY_TEST(test_read_only_directory),
    };
    return cmocka_run_group_tests_name("history_file", tests, NULL, NULL);
}
