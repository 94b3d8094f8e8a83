/* The statements of the connection that writes, each prepared once.
 *
 * OR FAIL: SQLite keeps no journal of its own for each statement, which would cost a third more. What a
 * failed statement leaves behind goes with the transaction, which is then always rolled back. */
#include "db/history_internal.h"

/* A statement: head, one row's values repeated, foot. In those of a set '@' stands for its letter, a or b. */
struct history_sql {
    const char *head, *row, *foot;
    int rows;
};

#define TAIL_HEAD    "INSERT OR FAIL INTO tail (tag_id, ts, value, quality) VALUES "
#define RUN_HEAD     "INSERT OR FAIL INTO fresh_@ (run, tag_id, ts, value, quality) VALUES "
#define ARCHIVE_HEAD "INSERT OR FAIL INTO archive (tag_id, ts, value, quality) VALUES "
#define LATEST_HEAD  "INSERT OR FAIL INTO latest_flushed (tag_id, ts, value, quality) VALUES "
/* Of one tag's rows before a moment: the one behind so many others, and those before another moment. */
#define NTH(table)   "SELECT ts FROM " table " WHERE tag_id = ?1 AND ts < ?2 ORDER BY ts LIMIT 1 OFFSET ?3"
#define CLEAR(table) "DELETE FROM " table " WHERE tag_id = ?1 AND ts < ?2"

#define LATEST_FOOT                                                                                          \
    " ON CONFLICT (tag_id) DO UPDATE SET ts = excluded.ts, value = excluded.value,"                          \
    " quality = excluded.quality WHERE excluded.ts >= ts"

static const struct history_sql HISTORY_SQL[HISTORY_STATEMENTS] = {
    [HISTORY_BEGIN] = {.head = "BEGIN IMMEDIATE"},
    [HISTORY_COMMIT] = {.head = "COMMIT"},
    [HISTORY_ROLLBACK] = {.head = "ROLLBACK"},
    [HISTORY_META_PUT] = {.head = "INSERT INTO meta (key, value) VALUES (?1, ?2)"
                                  " ON CONFLICT (key) DO UPDATE SET value = excluded.value"},
    [HISTORY_TAIL_MANY] = {.head = TAIL_HEAD, .row = "(?,?,?,?)", .rows = HISTORY_INSERT_ROWS},
    [HISTORY_TAIL_ONE] = {.head = TAIL_HEAD, .row = "(?,?,?,?)", .rows = 1},
    [HISTORY_TAIL_CLEAR] = {.head = "DELETE FROM tail"},
    [HISTORY_ARCHIVE_MANY] = {.head = ARCHIVE_HEAD, .row = "(?,?,?,?)", .rows = HISTORY_INSERT_ROWS},
    [HISTORY_ARCHIVE_ONE] = {.head = ARCHIVE_HEAD, .row = "(?,?,?,?)", .rows = 1},
    [HISTORY_ARCHIVE_AT] = {.head = "SELECT value, quality FROM archive WHERE tag_id = ?1 AND ts = ?2"},
    [HISTORY_ARCHIVE_DROP] = {.head = "DELETE FROM archive WHERE tag_id = ?1 AND ts = ?2"},
    [HISTORY_ARCHIVE_BEFORE] = {.head = "SELECT ts, value, quality FROM archive WHERE tag_id = ?1 AND ts < ?2"
                                        " ORDER BY ts DESC LIMIT 1"},
    [HISTORY_ARCHIVE_AFTER] = {.head = "SELECT ts, value, quality FROM archive WHERE tag_id = ?1 AND ts > ?2"
                                       " ORDER BY ts LIMIT 1"},
    [HISTORY_RULE] =
        {.head = "SELECT record, deviation, min_time_us, max_time_us, kind = 'analog' AND NOT stepped"
                 " FROM tag WHERE id = ?1"},
    [HISTORY_DOOR] = {.head = "SELECT record, last_us, start_us, start, slope_min, slope_max, held_us, held,"
                              " waiting_us, waiting FROM door WHERE tag_id = ?1"},
    [HISTORY_DOOR_PUT] = {.head = "INSERT OR REPLACE INTO door (tag_id, record, last_us, start_us, start,"
                                  " slope_min, slope_max, held_us, held, waiting_us, waiting)"
                                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"},
    [HISTORY_ARCHIVE_LAST] = {.head = "SELECT max(ts) FROM archive WHERE tag_id = ?1"},
    [HISTORY_KEEP_SAMPLES] = {.head = "SELECT max(ts) FROM archive WHERE tag_id = ?1 AND ts <= ?2"},
    [HISTORY_KEEP_MINUTES] = {.head = "SELECT ts FROM hour_open WHERE tag_id = ?1 AND ts <= ?2"},
    [HISTORY_NTH_SAMPLE] = {.head = NTH("archive")},
    [HISTORY_NTH_MINUTE] = {.head = NTH("minute")},
    [HISTORY_NTH_HOUR] = {.head = NTH("hour")},
    [HISTORY_CLEAR_SAMPLES] = {.head = CLEAR("archive")},
    [HISTORY_CLEAR_MINUTES] = {.head = CLEAR("minute")},
    [HISTORY_CLEAR_HOURS] = {.head = CLEAR("hour")},
    [HISTORY_CLEAR_GAPS] = {.head = "DELETE FROM unrecorded WHERE ts_end < ?1 AND rolled = 1"},
    [HISTORY_STORE_FLIP] = {.head = "UPDATE store SET active = ?1"},
    [HISTORY_STAMP_SOURCE] = {.head = "SELECT ts FROM latest_flushed WHERE tag_id = ?1"},
    /* The tag's newest sample that is sorted or merged, unless it is older than a stamp. Few runs reach so far. */
    [HISTORY_STAMP_STORED] =
        {.head = "SELECT ts, value, quality FROM (SELECT ts, value, quality FROM archive"
                 " WHERE tag_id = ?1 AND ts >= ?2 UNION ALL"
                 " SELECT s.ts, s.value, s.quality FROM run_a r CROSS JOIN fresh_a s ON s.run = r.id"
                 " WHERE r.t_max >= ?2 AND s.tag_id = ?1 AND s.ts >= ?2 UNION ALL"
                 " SELECT s.ts, s.value, s.quality FROM run_b r CROSS JOIN fresh_b s ON s.run = r.id"
                 " WHERE r.t_max >= ?2 AND s.tag_id = ?1 AND s.ts >= ?2) ORDER BY ts DESC LIMIT 1"},
    [HISTORY_STAMP_LATEST] = {.head =
                                  "SELECT value, quality FROM latest_flushed WHERE tag_id = ?1 AND ts = ?2"},
    [HISTORY_LATEST_MANY] = {.head = LATEST_HEAD,
                             .row = "(?,?,?,?)",
                             .rows = HISTORY_INSERT_ROWS,
                             .foot = LATEST_FOOT},
    [HISTORY_LATEST_ONE] = {.head = LATEST_HEAD, .row = "(?,?,?,?)", .rows = 1, .foot = LATEST_FOOT},
    /* A gap that was noted while it grew, and whose reason is now known further. */
    [HISTORY_GAP_NAME] = {.head = "UPDATE OR REPLACE unrecorded SET reason = ?2 WHERE ts_start = ?1"
                                  " AND reason <> ?2 AND substr(?2, 1, length(reason)) = reason"},
    [HISTORY_GAP] = {.head =
                         "INSERT INTO unrecorded (ts_start, ts_end, reason) VALUES (?1, ?2, ?3)"
                         " ON CONFLICT (ts_start, reason) DO UPDATE SET ts_end = excluded.ts_end, rolled = 0"
                         " WHERE excluded.ts_end > ts_end"},
    [HISTORY_GAP_CUT] =
        {.head = "UPDATE unrecorded SET ts_end = ?1, rolled = 0 WHERE ts_start < ?1 AND ts_end > ?1"},
    [HISTORY_GAP_DROP] = {.head = "DELETE FROM unrecorded WHERE ts_start >= ?1 AND reason = '" BATCH_GAP_CLOCK
                                  "'"},
    [HISTORY_GAP_WAITING] = {.head =
                                 "SELECT ts_start, ts_end, reason FROM unrecorded WHERE rolled = 0 LIMIT 1"},
    [HISTORY_GAP_ROLLED] = {.head = "UPDATE unrecorded SET rolled = 1"
                                    " WHERE ts_start = ?1 AND ts_end = ?2 AND reason = ?3"},
    [HISTORY_TAG_NEXT] = {.head = "SELECT id FROM tag WHERE id > ?1 ORDER BY id LIMIT 1"},
    [HISTORY_TAG_PARK] = {.head = "UPDATE tag SET name = char(1) || id WHERE name = ?2 AND id <> ?1"},
    [HISTORY_TAG_PUT] =
        {.head =
             "INSERT INTO tag (id, name, topic, path, area, kind, unit, description, low, high,"
             " record, deviation, min_time_us, max_time_us, stepped)"
             " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
             " ON CONFLICT (id) DO UPDATE SET name = excluded.name, topic = excluded.topic,"
             " path = excluded.path, area = excluded.area, kind = excluded.kind, unit = excluded.unit,"
             " description = excluded.description, low = excluded.low, high = excluded.high,"
             " record = excluded.record, deviation = excluded.deviation,"
             " min_time_us = excluded.min_time_us, max_time_us = excluded.max_time_us,"
             " stepped = excluded.stepped"
             " WHERE (name, topic, path, area, kind, unit, description, low, high,"
             " record, deviation, min_time_us, max_time_us, stepped) IS NOT"
             " (excluded.name, excluded.topic, excluded.path, excluded.area, excluded.kind, excluded.unit,"
             " excluded.description, excluded.low, excluded.high,"
             " excluded.record, excluded.deviation, excluded.min_time_us, excluded.max_time_us, excluded.stepped)"},
    [HISTORY_TAG_PARKED] = {.head = "SELECT id, topic, path FROM tag"
                                    " WHERE name >= char(1) AND name < char(2) AND name = char(1) || id"},
    [HISTORY_TAG_NAME] = {.head = "UPDATE tag SET name = ?2 WHERE id = ?1 AND NOT EXISTS"
                                  " (SELECT 1 FROM tag WHERE name = ?2)"},
    [HISTORY_STATES_CLEAR] = {.head = "DELETE FROM tag_state WHERE tag_id = ?1"},
    [HISTORY_STATE_PUT] = {.head =
                               "INSERT OR REPLACE INTO tag_state (tag_id, value, text) VALUES (?1, ?2, ?3)"},
};

static const struct history_sql HISTORY_SET_SQL[HISTORY_SET_STATEMENTS] = {
    [HISTORY_RUN_NEW] = {.head = "INSERT INTO run_@ (id, t_min, t_max, rows, filled_us)"
                                 " VALUES (?1, ?2, ?3, ?4, ?5)"},
    [HISTORY_RUN_MANY] = {.head = RUN_HEAD, .row = "(?1,?,?,?,?)", .rows = HISTORY_INSERT_ROWS},
    [HISTORY_RUN_ONE] = {.head = RUN_HEAD, .row = "(?1,?,?,?,?)", .rows = 1},
    [HISTORY_RUN_AT] = {.head =
                            "SELECT value, quality FROM fresh_@ WHERE run = ?1 AND tag_id = ?2 AND ts = ?3"},
    [HISTORY_RUN_CLEAR] = {.head = "DELETE FROM run_@"},
    [HISTORY_MARK] = {.head = "UPDATE store SET mark_@ = ?1, mark_@_ts = ?2"},
    [HISTORY_FRESH_NTH] =
        {.head = "SELECT run, tag_id, ts FROM fresh_@ ORDER BY run, tag_id, ts LIMIT 1 OFFSET ?1"},
    [HISTORY_FRESH_EMPTY] = {.head = "DELETE FROM fresh_@"},
    [HISTORY_FRESH_CLEAR] = {.head = "DELETE FROM fresh_@ WHERE run = ?1"},
    [HISTORY_FRESH_CLEAR_TO] = {.head = "DELETE FROM fresh_@ WHERE (run, tag_id, ts) < (?1, ?2, ?3)"},
};

static sqlite3_stmt *history_sql_prepare_one(struct history *history, const struct history_sql *sql, char set)
{
    struct buf text;
    buf_init(&text, 0);
    buf_append_text(&text, sql->head);
    for (int row = 0; row < sql->rows; row++)
        buf_printf(&text, "%s%s", row ? "," : "", sql->row);
    buf_append_text(&text, sql->foot ? sql->foot : "");
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] == '@')
            text.data[i] = (uint8_t)set;
    sqlite3_stmt *statement = sql_prepare(history->db, buf_text(&text), true);
    buf_free(&text);
    return statement;
}

bool history_sql_prepare(struct history *history)
{
    bool done = true;
    for (int i = 0; done && i < HISTORY_STATEMENTS; i++)
        done = (history->statements[i] = history_sql_prepare_one(history, &HISTORY_SQL[i], 0)) != NULL;
    for (int set = 0; set < 2; set++)
        for (int i = 0; done && i < HISTORY_SET_STATEMENTS; i++)
            done = (history->sets[set].statements[i] =
                        history_sql_prepare_one(history, &HISTORY_SET_SQL[i], set ? 'b' : 'a')) != NULL;
    return done;
}
