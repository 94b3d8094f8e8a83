#include "db/query_internal.h"

#include "db/schema.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A reader only ever waits for the moment in which another process recovers the WAL after a crash. */
#define QUERY_BUSY_MS 250

struct query *query_open(const char *path, struct err *err)
{
    if (access(path, R_OK)) {
        err_set(err, errno == EACCES ? EX_NOPERM : EX_NOINPUT, "%s: cannot open the history: %s.%s", path,
                strerror(errno), errno == ENOENT ? " It is made when a recorder first runs." : "");
        return NULL;
    }
    struct query *query = mem_new(1, sizeof *query);
    if (sqlite3_open_v2(path, &query->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        sql_fail(query->db, -1, "open it", err);
        query_close(query);
        return NULL;
    }
    sqlite3_extended_result_codes(query->db, 1);
    sqlite3_busy_timeout(query->db, QUERY_BUSY_MS);
    if (sql_exec(query->db, "PRAGMA temp_store = MEMORY") != SQLITE_OK ||
        !schema_check_readable(query->db, err)) {
        query_close(query);
        return NULL;
    }
    return query;
}

void query_close(struct query *query)
{
    if (!query)
        return;
    for (int i = 0; i < QUERY_STATEMENTS; i++)
        sqlite3_finalize(query->statements[i]);
    sqlite3_close(query->db);
    free(query);
}

void query_interrupt(struct query *query)
{
    sqlite3_interrupt(query->db);
}

/* Hands the rows ts, value, quality to the callback; *stopped when it did not want more. */
static bool query_samples(struct query *query, sqlite3_stmt *rows, uint64_t *count, bool *stopped,
                          query_sample_function *function, void *context, struct err *err)
{
    while (!*stopped && sqlite3_step(rows) == SQLITE_ROW) {
        struct query_sample sample;
        query_read_sample(rows, &sample);
        ++*count;
        *stopped = !function(context, &sample);
    }
    return sqlite3_reset(rows) == SQLITE_OK || query_fail(query, "read samples", err);
}

bool query_range(struct query *query, uint32_t tag_id, int64_t from_us, int64_t to_us, uint64_t limit,
                 query_sample_function *function, void *context, struct err *err)
{
    sqlite3_stmt *before = query_statement(query, QUERY_BEFORE, err);
    sqlite3_stmt *range = query_statement(query, QUERY_RANGE, err);
    if (!before || !range || !query_begin(query, err))
        return false;
    uint64_t count = 0;
    bool stopped = false;
    sqlite3_bind_int64(before, 1, tag_id);
    sqlite3_bind_int64(before, 2, from_us);
    bool done = query_samples(query, before, &count, &stopped, function, context, err);
    if (done && !stopped && (!limit || count < limit)) {
        sqlite3_bind_int64(range, 1, tag_id);
        sqlite3_bind_int64(range, 2, from_us);
        sqlite3_bind_int64(range, 3, to_us);
        sqlite3_bind_int64(range, 4, limit ? (sqlite3_int64)(limit - count) : -1);
        done = query_samples(query, range, &count, &stopped, function, context, err);
    }
    query_end(query);
    return done;
}

bool query_each_latest(struct query *query, query_latest_function *function, void *context, struct err *err)
{
    sqlite3_stmt *rows = query_statement(query, QUERY_LATEST, err);
    if (!rows)
        return false;
    bool wanted = true;
    while (wanted && sqlite3_step(rows) == SQLITE_ROW) {
        struct query_latest latest = {
            .tag = sql_column_text(rows, 3),
            .unit = sql_column_text(rows, 4),
            .description = sql_column_text(rows, 5),
            .state_text = sql_column_text(rows, 6),
            .has_value = sqlite3_column_type(rows, 0) != SQLITE_NULL,
            .sample.ts_us = sqlite3_column_int64(rows, 0),
            .sample.quality = (uint32_t)sqlite3_column_int64(rows, 2),
        };
        sql_column_value(rows, 1, &latest.sample.value);
        wanted = function(context, &latest);
    }
    return sqlite3_reset(rows) == SQLITE_OK || query_fail(query, "read the last values", err);
}

bool query_gaps(struct query *query, int64_t from_us, int64_t to_us, query_gap_function *function,
                void *context, struct err *err)
{
    sqlite3_stmt *rows = query_statement(query, QUERY_GAPS, err);
    if (!rows)
        return false;
    sqlite3_bind_int64(rows, 1, from_us);
    sqlite3_bind_int64(rows, 2, to_us);
    bool wanted = true;
    while (wanted && sqlite3_step(rows) == SQLITE_ROW)
        wanted = function(context, sqlite3_column_int64(rows, 0), sqlite3_column_int64(rows, 1),
                          sql_column_text(rows, 2));
    return sqlite3_reset(rows) == SQLITE_OK || query_fail(query, "read the gaps", err);
}

static bool query_count(struct query *query, enum query_statement which, uint64_t *count, struct err *err)
{
    sqlite3_stmt *rows = query_statement(query, which, err);
    if (!rows)
        return false;
    if (sqlite3_step(rows) == SQLITE_ROW)
        *count = (uint64_t)sqlite3_column_int64(rows, 0);
    return sqlite3_reset(rows) == SQLITE_OK || query_fail(query, "count samples", err);
}

bool query_counts(struct query *query, uint64_t *samples, uint64_t *tags, struct err *err)
{
    *samples = *tags = 0;
    return query_count(query, QUERY_COUNT_SAMPLES, samples, err) &&
           query_count(query, QUERY_COUNT_TAGS, tags, err);
}
