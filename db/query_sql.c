/* The statements of the reading side. They name the tables, not the views: what a view computes for people costs
 * time here, and the key of each table is used as the test of their plans (test_query_plan.c) says.
 *
 * A sample is visible once: those of a set of runs up to the set's mark have moved to the archive (schema.sql,
 * `store`). Several samples with one stamp are in the order in which they came: the archive, the older set of
 * runs by number, the newer one, the tail. */
#include "plant/command.h"

#include "db/query_internal.h"

/* From the runs' own spans follows which of them can hold any sample that is asked for. */
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

/* With the place among samples of one stamp: the set (1: the older one), the number of the run. */
#define QUERY_FRESH_OF(x, is_filled)                                                                         \
    "SELECT s.ts, s.value, s.quality, 1 + (SELECT " is_filled " FROM store), s.run FROM run_" x              \
    " r CROSS JOIN fresh_" x " s ON s.run = r.id"                                                            \
    " WHERE s.tag_id = ?1 AND s.ts BETWEEN ?2 AND ?3 AND r.t_max >= ?2 AND r.t_min <= ?3"                    \
    " AND (?1, +s.ts) > (SELECT mark_" x ", mark_" x "_ts FROM store)"

/* All of a run up to ?2, and one tag's last there up to ?3. */
#define QUERY_RUN_UNTIL_OF(x)                                                                                \
    "SELECT ts, value, quality, tag_id FROM fresh_" x " WHERE run = ?1 AND ts <= ?2"                         \
    " AND (tag_id, +ts) > (SELECT mark_" x ", mark_" x "_ts FROM store) ORDER BY tag_id, ts"
#define QUERY_RUN_SEEK_OF(x)                                                                                 \
    "SELECT ts, value, quality FROM fresh_" x " WHERE run = ?1 AND tag_id = ?2 AND ts <= ?3"                 \
    " AND (?2, +ts) > (SELECT mark_" x ", mark_" x "_ts FROM store) ORDER BY ts DESC LIMIT 1"
#define QUERY_RUNS_OF(x, number, is_filled)                                                                  \
    "SELECT " number ", id, t_max, (SELECT " is_filled " FROM store) * 1000000000 + id FROM run_" x          \
    " WHERE t_min <= ?1"

/* The value that was the last of the last bucket that has ended; ?2 is the instant. */
#define QUERY_BUCKET_BEFORE_OF(table, width)                                                                 \
    "SELECT ts, coalesce(last, max, min), 0, held FROM " table " WHERE tag_id = ?1 AND ts <= ?2 - " width    \
    " ORDER BY ts DESC LIMIT 1"

#define QUERY_BUCKETS_OF(table)                                                                              \
    "SELECT ts, n, min, max, first, last, avg, good_us, held FROM " table                                    \
    " WHERE tag_id = ?1 AND ts >= ?2 AND ts < ?3"

/* As query_journal.c reads them. */
#define QUERY_JOURNAL_COLUMNS                                                                                \
    "ts, id, value, limit_value, kind, event, tag, alarm, type, priority, state_before, state_after,"        \
    " operator, station, detail, value_old, value_new, value_readback"

#define QUERY_NUMBER "quality < 1073741824 AND typeof(value) = 'real'"

/* clang-format off */
static const char *const QUERY_SQL[QUERY_STATEMENTS] = {
    [QUERY_BEGIN] = "BEGIN",
    [QUERY_END] = "COMMIT",
    [QUERY_BEFORE] =
        "SELECT * FROM (SELECT ts, value, quality FROM archive WHERE tag_id = ?1 AND ts < ?2"
        " ORDER BY ts DESC LIMIT 1)"
        " UNION ALL " QUERY_BEFORE_OF("a")
        " UNION ALL " QUERY_BEFORE_OF("b")
        " UNION ALL SELECT ts, value, quality FROM tail WHERE tag_id = ?1 AND ts < ?2"
        " ORDER BY ts DESC LIMIT 1",
    [QUERY_RANGE] =
        "SELECT ts, value, quality FROM archive WHERE tag_id = ?1 AND ts BETWEEN ?2 AND ?3"
        " UNION ALL " QUERY_RANGE_OF("a")
        " UNION ALL " QUERY_RANGE_OF("b")
        " UNION ALL SELECT ts, value, quality FROM tail WHERE tag_id = ?1 AND ts BETWEEN ?2 AND ?3"
        " ORDER BY ts LIMIT ?4",
    [QUERY_LATEST] =
        "SELECT l.ts, l.value, l.quality, t.name, t.unit, t.description,"
        " (SELECT s.text FROM tag_state s WHERE s.tag_id = t.id AND s.value = l.value)"
        " FROM tag t LEFT JOIN latest_stored l ON l.tag_id = t.id ORDER BY t.name",
    [QUERY_GAPS] =
        "SELECT ts_start, ts_end, reason FROM unrecorded WHERE ts_start <= ?2 AND ts_end >= ?1"
        " ORDER BY ts_start, ts_end",
    /* every sample of the archive is counted in one hour */
    [QUERY_COUNT_SAMPLES] =
        "SELECT (SELECT total(n) FROM hour) + (SELECT total(n) FROM hour_open) + "
        QUERY_COUNT_OF("a") " + " QUERY_COUNT_OF("b") " + (SELECT count(*) FROM tail)",
    [QUERY_COUNT_TAGS] = "SELECT count(*) FROM tag",

    [QUERY_TAG] = "SELECT id, name, unit, description, area, kind, low, high FROM tag WHERE name = ?1",
    [QUERY_TAG_STATES] = "SELECT value, text FROM tag_state WHERE tag_id = ?1 ORDER BY value",
    [QUERY_TAG_KIND] = "SELECT kind = 'analog' AND NOT stepped FROM tag WHERE id = ?1",
    [QUERY_TAGS] =
        "SELECT id, name, unit, description,"
        " EXISTS (SELECT 1 FROM tag_state s WHERE s.tag_id = t.id) FROM tag t ORDER BY name",
    [QUERY_STATE_TEXT] = "SELECT text FROM tag_state WHERE tag_id = ?1 AND value = ?2",
    [QUERY_ALARM_EVENTS] =
        "SELECT ts, event, value, limit_value, operator, state_after FROM journal_entry"
        " WHERE tag = ?1 AND alarm = ?2 ORDER BY ts DESC, id DESC",

    [QUERY_TAG_IDS] =
        "SELECT t.id, o.ts + 60000000 FROM tag t LEFT JOIN minute_open o ON o.tag_id = t.id ORDER BY t.id",
    [QUERY_FLUSHED_UNTIL] = "SELECT ts, value, quality, tag_id FROM latest_flushed WHERE ts <= ?1",
    [QUERY_TAIL_UNTIL] = "SELECT ts, value, quality, tag_id FROM tail WHERE ts <= ?1 ORDER BY rowid",
    [QUERY_RUNS_UNTIL] =
        QUERY_RUNS_OF("a", "0", "active = 0") " UNION ALL " QUERY_RUNS_OF("b", "1", "active = 1")
        " ORDER BY 3 DESC",
    [QUERY_RUN_A_UNTIL] = QUERY_RUN_UNTIL_OF("a"),
    [QUERY_RUN_B_UNTIL] = QUERY_RUN_UNTIL_OF("b"),
    [QUERY_RUN_A_SEEK] = QUERY_RUN_SEEK_OF("a"),
    [QUERY_RUN_B_SEEK] = QUERY_RUN_SEEK_OF("b"),
    [QUERY_MINUTE_BEFORE] = QUERY_BUCKET_BEFORE_OF("minute", "60000000"),
    [QUERY_HOUR_BEFORE] = QUERY_BUCKET_BEFORE_OF("hour", "3600000000"),

    [QUERY_ALIVE] = "SELECT value FROM meta WHERE key = 'alive_us'",
    [QUERY_GAP_SPANS] =
        "SELECT ts_start, ts_end, rolled FROM unrecorded WHERE ts_end > ?1 AND ts_start <= ?2 ORDER BY ts_start",

    [QUERY_ARCHIVE_SPAN] =
        "SELECT ts, value, quality FROM archive WHERE tag_id = ?1 AND ts >= ?2 AND ts < ?3 ORDER BY ts",
    [QUERY_ARCHIVE_BEFORE] =
        "SELECT ts, value, quality FROM archive WHERE tag_id = ?1 AND ts < ?2 ORDER BY ts DESC LIMIT 1",
    [QUERY_ARCHIVE_AFTER] =
        "SELECT ts, value, quality FROM archive WHERE tag_id = ?1 AND ts >= ?2 ORDER BY ts LIMIT 1",
    [QUERY_GOOD_BEFORE] =
        "SELECT ts, value, quality FROM archive WHERE tag_id = ?1 AND ts < ?2"
        " AND quality < 1073741824 AND value IS NOT NULL ORDER BY ts DESC LIMIT 1",
    [QUERY_FRESH_SPAN] =
        QUERY_FRESH_OF("a", "active = 0")
        " UNION ALL " QUERY_FRESH_OF("b", "active = 1")
        " UNION ALL SELECT ts, value, quality, 3, rowid FROM tail WHERE tag_id = ?1 AND ts BETWEEN ?2 AND ?3"
        " ORDER BY 1, 4, 5",
    [QUERY_MINUTES] = QUERY_BUCKETS_OF("minute") " UNION ALL " QUERY_BUCKETS_OF("minute_open") " ORDER BY 1",
    [QUERY_HOURS] = QUERY_BUCKETS_OF("hour") " UNION ALL " QUERY_BUCKETS_OF("hour_open") " ORDER BY 1",
    [QUERY_FIRST_MINUTE] =
        "SELECT * FROM (SELECT ts FROM minute WHERE tag_id = ?1 ORDER BY ts LIMIT 1)"
        " UNION ALL SELECT ts FROM minute_open WHERE tag_id = ?1 ORDER BY 1 LIMIT 1",
    [QUERY_ROLLED_SAMPLES] = "SELECT total(n) FROM hour WHERE tag_id = ?1 AND ts >= ?2 AND ts < ?3",

    /* when a figure of an hour or a minute came: ?4 is the figure */
    [QUERY_MINUTE_OF_MIN] =
        "SELECT ts FROM minute WHERE tag_id = ?1 AND ts >= ?2 AND ts < ?3 AND min = ?4 ORDER BY ts LIMIT 1",
    [QUERY_MINUTE_OF_MAX] =
        "SELECT ts FROM minute WHERE tag_id = ?1 AND ts >= ?2 AND ts < ?3 AND ifnull(max, min) = ?4"
        " ORDER BY ts LIMIT 1",
    [QUERY_SAMPLE_OF_VALUE] =
        "SELECT ts FROM archive WHERE tag_id = ?1 AND ts >= ?2 AND ts < ?3 AND value = ?4 AND " QUERY_NUMBER
        " ORDER BY ts LIMIT 1",
    [QUERY_LAST_OF_VALUE] =
        "SELECT ts FROM archive WHERE tag_id = ?1 AND ts >= ?2 AND ts < ?3 AND value = ?4 AND " QUERY_NUMBER
        " ORDER BY ts DESC LIMIT 1",
    [QUERY_JOURNAL] =
        "SELECT " QUERY_JOURNAL_COLUMNS " FROM journal_entry"
        " WHERE (ts, id) < (?1, ?2) AND ts >= ?3 ORDER BY ts DESC, id DESC LIMIT ?4",
    [QUERY_JOURNAL_OF_TAG] =
        "SELECT " QUERY_JOURNAL_COLUMNS " FROM journal_entry"
        " WHERE tag = ?5 AND (ts, id) < (?1, ?2) AND ts >= ?3 ORDER BY ts DESC, id DESC LIMIT ?4",
    [QUERY_JOURNAL_OF_OPERATORS] =
        "SELECT " QUERY_JOURNAL_COLUMNS " FROM journal_entry"
        " WHERE operator IS NOT NULL AND (ts, id) < (?1, ?2) AND ts >= ?3 ORDER BY ts DESC, id DESC LIMIT ?4",
    [QUERY_JOURNAL_SINCE] =
        "SELECT " QUERY_JOURNAL_COLUMNS " FROM journal_entry WHERE id > ?1 ORDER BY id LIMIT ?2",

    /* The columns of struct query_command; ?1 is how many. As the view commands, the newest first. */
    [QUERY_COMMANDS] =
        "SELECT q.command, q.ts, q.tag, (SELECT id FROM tag WHERE name = q.tag), q.operator, q.station,"
        " CASE q.kind WHEN 'refusal' THEN 'refused' ELSE ifnull(o.event, 'under way') END,"
        " CASE q.kind WHEN 'refusal' THEN NULL ELSE q.detail END,"
        " CASE WHEN q.kind = 'refusal' THEN q.detail"
        " ELSE coalesce(o.detail || '; " COMMAND_NOT_RELEASED "' || r.detail, '" COMMAND_NOT_RELEASED "' || r.detail,"
        " o.detail) END,"
        " q.value_old, q.value_new, o.value_readback, o.ms_broker, o.ms_readback"
        " FROM journal_entry q LEFT JOIN journal_entry o ON o.command = q.command AND o.kind = 'outcome'"
        " LEFT JOIN journal_entry r ON r.command = q.command AND r.kind = 'release' AND r.event = '" COMMAND_EVENT_NOT_RELEASED "'"
        " WHERE q.command > 0 AND q.kind IN ('command', 'refusal') ORDER BY q.command DESC LIMIT ?1",
    /* What others published, of the last ?2 entries of the journal: nobody asked for an index by kind. */
    [QUERY_FOREIGN] =
        "SELECT q.id, q.ts, q.tag, (SELECT id FROM tag WHERE name = q.tag), NULL, NULL, 'foreign', NULL, q.detail,"
        " NULL, NULL, NULL, NULL, NULL FROM journal_entry q"
        " WHERE q.id > (SELECT max(id) FROM journal_entry) - ?2 AND q.kind = 'foreign' ORDER BY q.id DESC LIMIT ?1",
};
/* clang-format on */

bool query_fail(struct query *query, const char *doing, struct err *err)
{
    return sql_fail(query->db, -1, doing, err);
}

sqlite3_stmt *query_statement(struct query *query, enum query_statement which, struct err *err)
{
    if (!query->statements[which])
        query->statements[which] = sql_prepare(query->db, QUERY_SQL[which], true);
    if (!query->statements[which])
        query_fail(query, "read it", err);
    return query->statements[which];
}

sqlite3_stmt *query_bind(struct query *query, enum query_statement which, const int64_t *values, size_t count,
                         struct err *err)
{
    sqlite3_stmt *statement = query_statement(query, which, err);
    for (size_t i = 0; statement && i < count; i++)
        sqlite3_bind_int64(statement, (int)i + 1, values[i]);
    return statement;
}

bool query_step(struct query *query, sqlite3_stmt *row, bool *found, struct err *err)
{
    int code = sqlite3_step(row);
    *found = code == SQLITE_ROW;
    if (*found || code == SQLITE_DONE)
        return true;
    query_fail(query, "read samples", err);
    sqlite3_reset(row);
    return false;
}

bool query_begin(struct query *query, struct err *err)
{
    sqlite3_stmt *begin = query_statement(query, QUERY_BEGIN, err);
    return begin && (sql_run(begin) || query_fail(query, "read it", err));
}

void query_end(struct query *query)
{
    sqlite3_stmt *end = query_statement(query, QUERY_END, NULL);
    if (end)
        sql_run(end);
}

void query_read_sample(sqlite3_stmt *row, struct query_sample *sample)
{
    *sample = (struct query_sample){
        .ts_us = sqlite3_column_int64(row, 0),
        .quality = (uint32_t)sqlite3_column_int64(row, 2),
    };
    sql_column_value(row, 1, &sample->value);
}
