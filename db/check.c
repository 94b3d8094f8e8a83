/* What must be true of the tables (schema.sql) stands in CHECK_RULES, one row a rule: an SQL query for how
 * many rows break it and one example. Each rule is one statement, so that it sees one state of the file: the
 * recorder may merge meanwhile, and every commit of it keeps the rules. */
#include "db/check.h"

#include "db/journal_verify.h"
#include "db/schema.h"
#include "db/sql.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CHECK_BUSY_MS   1000
#define CHECK_LOOK_OPS  200000 /* SQLite's steps between two looks at the watcher: some milliseconds */
#define CHECK_FUTURE_US (INT64_C(24) * 3600 * 1000000)
#define CHECK_MESSAGES  100 /* of SQLite's own check */

enum check_scope {
    CHECK_FAULT,     /* breaks the history */
    CHECK_NOTE,      /* good to know */
    CHECK_TAG_FAULT, /* asked of each tag, with its id as ?1; only when all is checked */
};

struct check_rule {
    enum check_scope scope;
    const char *broken; /* what those rows are */
    const char *sql;    /* their number, an example */
};

/* The different values of the first column of a key, found by leaps: the cost goes with the values, not with
 * the rows. */
#define CHECK_LEAP(column, table)                                                                            \
    "WITH RECURSIVE leap(id) AS (SELECT min(" column ") FROM " table " UNION ALL SELECT (SELECT min(" column \
    ") FROM " table " WHERE " column " > id) FROM leap"                                                      \
    " WHERE id IS NOT NULL) "

#define CHECK_UNKNOWN_BY_KEY(table)                                                                          \
    {                                                                                                        \
        CHECK_FAULT, "tags with rows in " table " are not in tag: no view shows them",                       \
            CHECK_LEAP("tag_id", table) "SELECT count(*), min(id) FROM leap"                                 \
                                        " WHERE id NOT NULL AND id NOT IN (SELECT id FROM tag)"              \
    }

#define CHECK_UNKNOWN(table)                                                                                 \
    {                                                                                                        \
        CHECK_FAULT, "rows of " table " belong to tags that are not in tag: no view shows them",             \
            "SELECT count(*), min(tag_id) FROM " table " WHERE tag_id NOT IN (SELECT id FROM tag)"           \
    }

#define CHECK_MARK_ALL "9223372036854775807"

/* The rules of one of the two sets of runs; `own` is what store.active says while it is filled. */
#define CHECK_SET(x, own)                                                                                    \
    CHECK_UNKNOWN("fresh_" x),                                                                               \
        {CHECK_FAULT, "runs with rows in fresh_" x " were never registered: no view shows them",             \
         CHECK_LEAP("run", "fresh_" x) "SELECT count(*), min(id) FROM leap WHERE id NOT NULL"                \
                                       " AND id NOT IN (SELECT id FROM run_" x ")"                           \
                                       " AND (SELECT mark_" x " FROM store) <> " CHECK_MARK_ALL              \
                                       " AND NOT ((SELECT active FROM store) = " own                         \
                                       " AND id > ifnull((SELECT max(id) FROM run_" x "), 0))"},             \
        {CHECK_NOTE,                                                                                         \
         "run is being sorted in fresh_" x ", or was when the recorder was killed (nothing is lost)",        \
         CHECK_LEAP("run", "fresh_" x) "SELECT count(*), min(id) FROM leap WHERE id NOT NULL"                \
                                       " AND id NOT IN (SELECT id FROM run_" x ")"                           \
                                       " AND (SELECT active FROM store) = " own                              \
                                       " AND id > ifnull((SELECT max(id) FROM run_" x "), 0)"},              \
        {CHECK_FAULT, "runs of fresh_" x " hold samples outside the span that run_" x " gives",              \
         "SELECT count(*), min(r.id) FROM run_" x " r WHERE EXISTS (SELECT 1 FROM fresh_" x " f"             \
         " WHERE f.run = r.id AND (f.ts < r.t_min OR f.ts > r.t_max))"},                                     \
        {CHECK_FAULT, "runs of fresh_" x " hold another number of samples than run_" x " says",              \
         "SELECT count(*), min(r.id) FROM run_" x " r WHERE r.filled_us <> 0"                                \
         " AND r.rows <> (SELECT count(*) FROM fresh_" x " f WHERE f.run = r.id)"},                          \
        {CHECK_FAULT, "mark is set in the set " x " that is being filled: it hides new samples",             \
         "SELECT count(*), max(mark_" x ") FROM store WHERE active = " own " AND (mark_" x ", mark_" x       \
         "_ts) <> (0, 0)"},                                                                                  \
    {                                                                                                        \
        CHECK_FAULT, "mark is set in the set " x " that holds nothing: it will hide new samples",            \
            "SELECT count(*), max(mark_" x ") FROM store WHERE mark_" x " <> 0"                              \
            " AND NOT EXISTS (SELECT 1 FROM fresh_" x ")"                                                    \
    }

#define CHECK_BUCKETS(table, us)                                                                             \
    CHECK_UNKNOWN_BY_KEY(table), CHECK_UNKNOWN(table "_open"),                                               \
        {CHECK_FAULT, "tags have rows in " table " that are not before their last one, in " table "_open",   \
         "SELECT count(*), min(o.tag_id) FROM " table "_open o WHERE EXISTS (SELECT 1 FROM " table " b"      \
         " WHERE b.tag_id = o.tag_id AND b.ts >= o.ts)"},                                                    \
    {                                                                                                        \
        CHECK_FAULT, "tags lack the " table " of their last archived sample",                                \
            "SELECT count(*), min(id) FROM (SELECT id, (SELECT max(ts) FROM archive WHERE tag_id = tag.id)"  \
            " AS ts FROM tag) t WHERE ts NOT NULL"                                                           \
            " AND NOT EXISTS (SELECT 1 FROM " table "_open WHERE tag_id = id AND ts = t.ts - t.ts % " us ")" \
    }

static const struct check_rule CHECK_RULES[] = {
    {CHECK_FAULT, "breach of the form of store: one row, with 0 or 1 for the set that is filled",
     "SELECT (count(*) <> 1) + ifnull(max(active NOT IN (0, 1)), 0), count(*) FROM store"},
    CHECK_UNKNOWN_BY_KEY("archive"),
    CHECK_UNKNOWN("tail"),
    CHECK_SET("a", "0"),
    CHECK_SET("b", "1"),
    CHECK_BUCKETS("minute", "60000000"),
    CHECK_BUCKETS("hour", "3600000000"),
    CHECK_UNKNOWN("latest_flushed"),
    CHECK_UNKNOWN("tag_state"),
    {CHECK_FAULT, "tags have a newer sample in the archive than latest shows",
     "SELECT count(*), min(tag_id) FROM latest_flushed l"
     " WHERE ts < (SELECT max(ts) FROM archive a WHERE a.tag_id = l.tag_id) - 1000000"},
    {CHECK_FAULT, "tags have samples in the archive and none in latest",
     "SELECT count(*), min(id) FROM tag WHERE EXISTS (SELECT 1 FROM archive WHERE tag_id = tag.id)"
     " AND id NOT IN (SELECT tag_id FROM latest_flushed)"},
    {CHECK_FAULT, "gaps end before they begin",
     "SELECT count(*), min(ts_start) FROM unrecorded WHERE ts_end < ts_start"},
    {CHECK_NOTE, "gaps overlap another one of the same reason",
     "SELECT count(*), min(ts_start) FROM (SELECT ts_start, ts_end, lead(ts_start) OVER"
     " (PARTITION BY reason ORDER BY ts_start) AS next FROM unrecorded) WHERE next < ts_end"},
    {CHECK_NOTE, "gaps end in the future: was the clock wrong?",
     "SELECT count(*), max(ts_end) FROM unrecorded WHERE ts_end > ?2"},
    {CHECK_NOTE, "tags have their last sample in the future: was the clock wrong?",
     "SELECT count(*), min(tag_id) FROM latest_stored WHERE ts > ?2"},
    /* From the tag's second minute on: before it retention may have cut. */
    {CHECK_TAG_FAULT, "minutes of a tag count fewer samples than the archive holds",
     "SELECT count(*), min(minute) FROM (SELECT ts - ts % 60000000 AS minute, count(*) AS n FROM archive"
     " WHERE tag_id = ?1 GROUP BY minute) WHERE minute > (SELECT min(ts) FROM minute WHERE tag_id = ?1)"
     " AND n > ifnull((SELECT n FROM minute WHERE tag_id = ?1 AND ts = minute), 0)"
     " + ifnull((SELECT n FROM minute_open WHERE tag_id = ?1 AND ts = minute), 0)"},
    /* Not the other way round: minutes are deleted before hours, and late samples come again after that. */
    {CHECK_TAG_FAULT, "hours of a tag count fewer samples than their minutes",
     "SELECT count(*), min(ts) FROM (SELECT ts, n FROM hour WHERE tag_id = ?1"
     " UNION ALL SELECT ts, n FROM hour_open WHERE tag_id = ?1) h"
     " WHERE n < ifnull((SELECT sum(m.n) FROM minute m WHERE m.tag_id = ?1 AND m.ts >= h.ts"
     " AND m.ts < h.ts + 3600000000), 0) + ifnull((SELECT sum(m.n) FROM minute_open m WHERE m.tag_id = ?1"
     " AND m.ts >= h.ts AND m.ts < h.ts + 3600000000), 0)"},
};

#define CHECK_RULE_COUNT (sizeof CHECK_RULES / sizeof *CHECK_RULES)

struct check {
    sqlite3 *db;
    const struct check_watcher *watcher; /* borrowed */
    const char *doing;
    uint64_t done, total;
    uint64_t faults;
    bool stopped; /* by the watcher */
};

/* Called by SQLite in the middle of long statements; not 0 ends them. */
static int check_look(void *context)
{
    struct check *check = context;
    if (!check->watcher->progress(check->watcher->context, check->doing, check->done, check->total))
        check->stopped = true;
    return check->stopped;
}

static bool check_fail(struct check *check, struct err *err)
{
    if (check->stopped)
        return err_set(err, EX_TEMPFAIL, "%s: the check was ended before it was complete",
                       sqlite3_db_filename(check->db, "main"));
    return sql_fail(check->db, -1, "check it", err);
}

static void check_found(struct check *check, bool fault, const char *text)
{
    check->faults += fault;
    check->watcher->found(check->watcher->context, fault, text);
}

struct check *check_open(const char *path, const struct check_watcher *watcher, struct err *err)
{
    bool is_new;
    if (!schema_check_file(path, &is_new, err))
        return NULL;
    if (is_new) {
        err_set(err, EX_NOINPUT, "%s: there is no history. It is made when a recorder first runs.", path);
        return NULL;
    }
    struct check *check = mem_new(1, sizeof *check);
    check->watcher = watcher;
    bool good =
        sqlite3_open_v2(path, &check->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK;
    sqlite3_extended_result_codes(check->db, 1);
    sqlite3_busy_timeout(check->db, CHECK_BUSY_MS);
    if (!good || sql_exec(check->db, "PRAGMA temp_store = MEMORY") != SQLITE_OK)
        good = sql_fail(check->db, -1, "open it", err);
    if (good && schema_check_readable(check->db, err)) {
        sqlite3_progress_handler(check->db, CHECK_LOOK_OPS, check_look, check);
        return check;
    }
    check_close(check);
    return NULL;
}

void check_close(struct check *check)
{
    if (!check)
        return;
    sqlite3_close(check->db);
    free(check);
}

uint64_t check_faults(const struct check *check)
{
    return check->faults;
}

/* ---- figures ---- */

/* What the views see of a set: what has not moved to the archive. */
#define CHECK_SEEN_OF(x)                                                                                     \
    " (SELECT count(*) FROM run_" x " r CROSS JOIN fresh_" x " s ON s.run = r.id"                            \
    " WHERE (+s.tag_id, +s.ts) > (SELECT mark_" x ", mark_" x "_ts FROM store))"

bool check_measure(struct check *check, struct check_figures *figures, struct err *err)
{
    static const char SQL[] =
        "SELECT (SELECT count(*) FROM tag),"
        " (SELECT total(n) FROM hour) + (SELECT total(n) FROM hour_open),"
        " (SELECT count(*) FROM tail)," CHECK_SEEN_OF("a") " +" CHECK_SEEN_OF(
            "b") ","
                 " (SELECT count(*) FROM run_a) + (SELECT count(*) FROM run_b),"
                 " (SELECT count(*) FROM minute) + (SELECT count(*) FROM minute_open),"
                 " (SELECT count(*) FROM hour) + (SELECT count(*) FROM hour_open),"
                 " (SELECT min(ts) FROM (SELECT min((SELECT min(ts) FROM archive WHERE tag_id = tag.id)) AS ts FROM tag"
                 " UNION ALL SELECT min(t_min) FROM run_a UNION ALL SELECT min(t_min) FROM run_b"
                 " UNION ALL SELECT min(ts) FROM tail)),"
                 " (SELECT max(ts) FROM latest_stored),"
                 " (SELECT count(*) FROM unrecorded), (SELECT total(ts_end - ts_start) FROM unrecorded)";
    sqlite3_int64 page_bytes, pages, free_pages;
    struct stat status;
    check->doing = "measuring";
    if (!sql_read_int(check->db, "PRAGMA page_size", 0, &page_bytes) ||
        !sql_read_int(check->db, "PRAGMA page_count", 0, &pages) ||
        !sql_read_int(check->db, "PRAGMA freelist_count", 0, &free_pages))
        return check_fail(check, err);
    sqlite3_stmt *row = sql_prepare(check->db, SQL, false);
    if (!row || sqlite3_step(row) != SQLITE_ROW) {
        check_fail(check, err);
        sqlite3_finalize(row);
        return false;
    }
    char *wal = mem_format("%s-wal", sqlite3_db_filename(check->db, "main"));
    *figures = (struct check_figures){
        .file_bytes = (uint64_t)(pages * page_bytes),
        .free_bytes = (uint64_t)(free_pages * page_bytes),
        .wal_bytes = stat(wal, &status) ? 0 : (uint64_t)status.st_size,
        .tags = (uint64_t)sqlite3_column_int64(row, 0),
        .tail_samples = (uint64_t)sqlite3_column_int64(row, 2),
        .fresh_samples = (uint64_t)sqlite3_column_int64(row, 3),
        .runs = (uint64_t)sqlite3_column_int64(row, 4),
        .minutes = (uint64_t)sqlite3_column_int64(row, 5),
        .hours = (uint64_t)sqlite3_column_int64(row, 6),
        .has_span = sqlite3_column_type(row, 7) != SQLITE_NULL,
        .first_us = sqlite3_column_int64(row, 7),
        .last_us = sqlite3_column_int64(row, 8),
        .gaps = (uint64_t)sqlite3_column_int64(row, 9),
        .gap_us = sqlite3_column_int64(row, 10),
    };
    figures->samples =
        (uint64_t)sqlite3_column_int64(row, 1) + figures->tail_samples + figures->fresh_samples;
    free(wal);
    return sqlite3_finalize(row) == SQLITE_OK || check_fail(check, err);
}

/* ---- the file ---- */

/* SQLite's words: several findings may come as lines of one text, below a headline that names the database. */
static void check_tell_lines(struct check *check, const char *text)
{
    const char *below = strncmp(text, "*** in database", 15) ? NULL : strchr(text, '\n');
    if (below && below[1])
        text = below + 1;
    for (size_t length; *text; text += length + (text[length] == '\n')) {
        length = strcspn(text, "\n");
        char *line = mem_copy_bytes(text, length);
        check_found(check, true, line);
        free(line);
    }
}

bool check_structure(struct check *check, bool full, struct err *err)
{
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA %s(%d)", full ? "integrity_check" : "quick_check", CHECK_MESSAGES);
    check->doing = "checking the structure";
    check->done = check->total = 0;
    check_look(check);
    sqlite3_stmt *rows = sql_prepare(check->db, sql, false);
    while (rows && sqlite3_step(rows) == SQLITE_ROW) {
        const char *text = sql_column_text(rows, 0);
        if (strcmp(text, "ok") != 0)
            check_tell_lines(check, text);
    }
    int code = (rows ? sqlite3_reset(rows) : sqlite3_errcode(check->db)) & 0xff;
    bool good = code == SQLITE_OK;
    if (code == SQLITE_CORRUPT ||
        code == SQLITE_NOTADB) { /* too much even for this check: that is a finding */
        check_found(check, true, sqlite3_errmsg(check->db));
        good = true;
    }
    good = good || check_fail(check, err);
    sqlite3_finalize(rows);
    return good;
}

/* ---- the rows ---- */

/* Runs a prepared rule; what it finds is told, for one tag with the tag's name. */
static bool check_apply(struct check *check, const struct check_rule *rule, sqlite3_stmt *rows,
                        const char *tag)
{
    if (sqlite3_step(rows) == SQLITE_ROW && sqlite3_column_int64(rows, 0) > 0) {
        char *text = tag ? mem_format("%lld %s (%s, the first at %lld)", sqlite3_column_int64(rows, 0),
                                      rule->broken, tag, sqlite3_column_int64(rows, 1))
                         : mem_format("%lld %s (the first: %lld)", sqlite3_column_int64(rows, 0),
                                      rule->broken, sqlite3_column_int64(rows, 1));
        check_found(check, rule->scope != CHECK_NOTE, text);
        free(text);
    }
    return sqlite3_reset(rows) == SQLITE_OK;
}

static bool check_rules(struct check *check, int64_t latest_us, struct err *err)
{
    bool good = true;
    check->doing = "checking the rows";
    check->total = CHECK_RULE_COUNT;
    for (size_t i = 0; good && i < CHECK_RULE_COUNT; i++) {
        const struct check_rule *rule = &CHECK_RULES[i];
        check->done = i;
        if (rule->scope == CHECK_TAG_FAULT)
            continue;
        sqlite3_stmt *rows = sql_prepare(check->db, rule->sql, false);
        if (rows && sqlite3_bind_parameter_count(rows) >= 2)
            sqlite3_bind_int64(rows, 2, latest_us);
        good = (rows && check_apply(check, rule, rows, NULL)) || check_fail(check, err);
        sqlite3_finalize(rows);
    }
    return good;
}

/* One tag after the other, without a transaction that would last as long as all of them. */
static bool check_rule_of_tags(struct check *check, const struct check_rule *rule, struct err *err)
{
    sqlite3_int64 tags = 0, id = INT64_MIN;
    sqlite3_stmt *tag =
        sql_prepare(check->db, "SELECT id, name FROM tag WHERE id > ?1 ORDER BY id LIMIT 1", false);
    sqlite3_stmt *rows = sql_prepare(check->db, rule->sql, false);
    bool good = tag && rows && sql_read_int(check->db, "SELECT count(*) FROM tag", 0, &tags), found = true;
    check->total = (uint64_t)tags;
    for (check->done = 0; good && found; check->done++) {
        sqlite3_bind_int64(tag, 1, id);
        found = sqlite3_step(tag) == SQLITE_ROW;
        id = sqlite3_column_int64(tag, 0);
        char *name = mem_copy_text(sql_column_text(tag, 1));
        sqlite3_bind_int64(rows, 1, id);
        good = sqlite3_reset(tag) == SQLITE_OK && (!found || check_apply(check, rule, rows, name)) &&
               !check_look(check);
        free(name);
    }
    good = good || check_fail(check, err);
    sqlite3_finalize(tag);
    sqlite3_finalize(rows);
    return good;
}

static bool check_journal(struct check *check, struct err *err)
{
    struct journal_verdict verdict;
    char text[JOURNAL_VERDICT_MAX + 64];
    check->doing = "following the journal's chain";
    if (!chain_library_init())
        return err_set(err, EX_UNAVAILABLE, "libsodium cannot be used on this machine");
    if (!journal_verify(check->db, &verdict))
        return check_fail(check, err);
    if (verdict.broken_id) {
        snprintf(text, sizeof text, "the journal's row %lld is not as it was written: %s",
                 (long long)verdict.broken_id, verdict.text);
        check_found(check, true, text);
    }
    return true;
}

bool check_contents(struct check *check, bool full, int64_t now_us, struct err *err)
{
    bool good = check_rules(check, now_us + CHECK_FUTURE_US, err) && check_journal(check, err);
    check->doing = "checking minutes and hours";
    for (size_t i = 0; good && full && i < CHECK_RULE_COUNT; i++)
        if (CHECK_RULES[i].scope == CHECK_TAG_FAULT)
            good = check_rule_of_tags(check, &CHECK_RULES[i], err);
    return good;
}
