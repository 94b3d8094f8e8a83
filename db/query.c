#include "db/query.h"

#include "db/schema.h"
#include "db/sql.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A reader only ever waits for the moment in which another process recovers the WAL after a crash. */
#define QUERY_BUSY_MS 250

enum query_statement {
    QUERY_BEGIN,
    QUERY_END,
    QUERY_BEFORE,
    QUERY_RANGE,
    QUERY_LATEST,
    QUERY_GAPS,
    QUERY_COUNT_SAMPLES,
    QUERY_COUNT_TAGS,
    QUERY_STATEMENTS
};

struct query {
    sqlite3 *db;
    sqlite3_stmt *statements[QUERY_STATEMENTS]; /* prepared when first used */
};

/* The samples of tag ?1 in the archive, in one set of runs, and in the tail with a condition on ts. The runs'
 * own spans leave out those that cannot hold any; the mark leaves out what has moved on (schema.sql,
 * `store`).
 */
#define QUERY_RANGE_OF(x)                                                                                    \
    "SELECT s.ts, s.value, s.quality FROM run_" x " r CROSS JOIN fresh_" x " s ON s.run = r.id"              \
    " WHERE s.tag_id = ?1 AND s.ts BETWEEN ?2 AND ?3 AND r.t_max >= ?2 AND r.t_min <= ?3"                    \
    " AND (?1, +s.ts) > (SELECT mark_" x ", mark_" x "_ts FROM store)"
#define QUERY_BEFORE_OF(x)                                                                                   \
    "SELECT s.ts, s.value, s.quality FROM run_" x " r CROSS JOIN fresh_" x " s ON s.run = r.id"              \
    " WHERE s.tag_id = ?1 AND r.t_min < ?2 AND (?1, +s.ts) > (SELECT mark_" x ", mark_" x "_ts FROM store)"  \
    " AND s.ts = (SELECT max(ts) FROM fresh_" x " WHERE run = r.id AND tag_id = ?1 AND ts < ?2)"
#define QUERY_COUNT_OF(x)                                                                                    \
    "(SELECT count(*) FROM run_" x " r CROSS JOIN fresh_" x " s ON s.run = r.id"                             \
    " WHERE (+s.tag_id, +s.ts) > (SELECT mark_" x ", mark_" x "_ts FROM store))"

static const char *const QUERY_SQL[QUERY_STATEMENTS] = {
    [QUERY_BEGIN] = "BEGIN",
    [QUERY_END] = "COMMIT",
    [QUERY_BEFORE] =
        "SELECT * FROM (SELECT ts, value, quality FROM archive WHERE tag_id = ?1 AND ts < ?2"
        " ORDER BY ts DESC LIMIT 1) UNION ALL " QUERY_BEFORE_OF("a") " UNION ALL " QUERY_BEFORE_OF(
            "b") " UNION ALL "
                 "SELECT ts, value, quality FROM tail WHERE tag_id = ?1 AND ts < ?2"
                 " ORDER BY ts DESC LIMIT 1",
    [QUERY_RANGE] = "SELECT ts, value, quality FROM archive WHERE tag_id = ?1 AND ts BETWEEN ?2 AND ?3"
                    " UNION ALL " QUERY_RANGE_OF("a") " UNION ALL " QUERY_RANGE_OF(
                        "b") " UNION ALL "
                             "SELECT ts, value, quality FROM tail WHERE tag_id = ?1 AND ts BETWEEN ?2 AND ?3"
                             " ORDER BY ts LIMIT ?4",
    /* clang-format on */
    [QUERY_LATEST] = "SELECT l.ts, l.value, l.quality, t.name, t.unit, t.description,"
                     " (SELECT s.text FROM tag_state s WHERE s.tag_id = t.id AND s.value = l.value)"
                     " FROM tag t LEFT JOIN latest_stored l ON l.tag_id = t.id ORDER BY t.name",
    [QUERY_GAPS] = "SELECT ts_start, ts_end, reason FROM unrecorded WHERE ts_start <= ?2 AND ts_end >= ?1"
                   " ORDER BY ts_start, ts_end",
    /* clang-format off */
    /* every sample of the archive is counted in one hour */
    [QUERY_COUNT_SAMPLES] = "SELECT (SELECT total(n) FROM hour) + (SELECT total(n) FROM hour_open) + "
                            QUERY_COUNT_OF("a") " + "
                            QUERY_COUNT_OF("b") " + (SELECT count(*) FROM tail)",
    /* clang-format on */
    [QUERY_COUNT_TAGS] = "SELECT count(*) FROM tag",
};

static bool query_fail(struct query *query, const char *doing, struct err *err)
{
    return sql_fail(query->db, -1, doing, err);
}

/* The prepared statement, or NULL with `err` set. */
static sqlite3_stmt *query_statement(struct query *query, enum query_statement which, struct err *err)
{
    if (!query->statements[which])
        query->statements[which] = sql_prepare(query->db, QUERY_SQL[which], true);
    if (!query->statements[which])
        query_fail(query, "read it", err);
    return query->statements[which];
}

/* Statements between these two see one state of the file. */
static bool query_begin(struct query *query, struct err *err)
{
    sqlite3_stmt *begin = query_statement(query, QUERY_BEGIN, err);
    return begin && (sql_run(begin) || query_fail(query, "read it", err));
}

static void query_end(struct query *query)
{
    sqlite3_stmt *end = query_statement(query, QUERY_END, NULL);
    if (end)
        sql_run(end);
}

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
        struct query_sample sample = {
            .ts_us = sqlite3_column_int64(rows, 0),
            .quality = (uint32_t)sqlite3_column_int64(rows, 2),
        };
        sql_column_value(rows, 1, &sample.value);
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
