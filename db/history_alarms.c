/* The states of alarms and their terms, read when the recorder starts. */
#include "db/history_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int history_find_word(const char *const *words, const char *word)
{
    int found = 0;
    for (int i = 0; word && words[i]; i++)
        if (!strcmp(words[i], word))
            found = i;
    return found;
}

static double history_number(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN : sqlite3_column_double(row, column);
}

static void history_copy_text(sqlite3_stmt *row, int column, char *out, size_t size)
{
    const char *text = sql_column_text(row, column);
    snprintf(out, size, "%s", text ? text : "");
}

static void history_read_alarm(sqlite3_stmt *row, struct history_alarm *alarm)
{
    const char *state = sql_column_text(row, 3);
    alarm->tag_id = (uint32_t)sqlite3_column_int64(row, 0);
    alarm->word = sql_column_text(row, 1);
    alarm->status = (struct alarm_status){
        .priority = (enum alarm_priority)history_find_word(ALARM_PRIORITY_WORDS, sql_column_text(row, 2)),
        .state = alarm_state_of_word(state ? state : ""),
        .active = sqlite3_column_int(row, 4),
        .withheld = (uint8_t)sqlite3_column_int(row, 5),
        .shelf_once = sqlite3_column_int(row, 6),
        .first_out = sqlite3_column_int(row, 7),
        .chattering = sqlite3_column_int(row, 8),
        .activations = (uint32_t)sqlite3_column_int64(row, 9),
        .value = history_number(row, 10),
        .limit = history_number(row, 11),
        .activated_us = sqlite3_column_int64(row, 12),
        .changed_us = sqlite3_column_int64(row, 13),
        .cleared_us = sqlite3_column_int64(row, 14),
        .acknowledged_us = sqlite3_column_int64(row, 15),
        .shelf_until_us = sqlite3_column_int64(row, 16),
        .sequence = (uint64_t)sqlite3_column_int64(row, 17),
    };
    history_copy_text(row, 18, alarm->texts.acknowledged_by, sizeof alarm->texts.acknowledged_by);
    history_copy_text(row, 19, alarm->texts.shelved_by, sizeof alarm->texts.shelved_by);
    history_copy_text(row, 20, alarm->texts.shelf_reason, sizeof alarm->texts.shelf_reason);
    history_copy_text(row, 21, alarm->texts.detail, sizeof alarm->texts.detail);
}

bool history_each_alarm(struct history *history, history_alarm_function *function, void *context,
                        struct err *err)
{
    sqlite3_stmt *rows =
        sql_prepare(history->db,
                    "SELECT tag_id, word, priority, state, active, withheld, shelf_once, first_out,"
                    " chattering, activations, value, limit_value, activated_us, changed_us, cleared_us,"
                    " acknowledged_us, shelf_until_us, sequence, acknowledged_by, shelved_by, shelf_reason,"
                    " detail FROM alarm_state",
                    false);
    if (!rows)
        return sql_fail(history->db, -1, "read its alarms", err);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        struct history_alarm alarm;
        history_read_alarm(rows, &alarm);
        if (alarm.word && alarm.status.state != ALARM_SAME)
            function(context, &alarm);
    }
    return sqlite3_finalize(rows) == SQLITE_OK || sql_fail(history->db, -1, "read its alarms", err);
}

bool history_each_terms(struct history *history, history_terms_function *function, void *context,
                        struct err *err)
{
    sqlite3_stmt *rows = sql_prepare(history->db,
                                     "SELECT a.tag_id, t.name, a.word, a.terms FROM alarm_terms a"
                                     " LEFT JOIN tag t ON t.id = a.tag_id",
                                     false);
    if (!rows)
        return sql_fail(history->db, -1, "read what its alarms were", err);
    while (sqlite3_step(rows) == SQLITE_ROW)
        function(context, (uint32_t)sqlite3_column_int64(rows, 0), sql_column_text(rows, 1),
                 sql_column_text(rows, 2), sql_column_text(rows, 3));
    return sqlite3_finalize(rows) == SQLITE_OK || sql_fail(history->db, -1, "read what its alarms were", err);
}

bool history_each_activation(struct history *history, int64_t from_us, int64_t to_us,
                             history_activation_function *function, void *context, struct err *err)
{
    sqlite3_stmt *rows =
        sql_prepare(history->db,
                    "SELECT ts FROM (SELECT ts, event, priority, state_after FROM journal_entry"
                    " WHERE ts > ? AND ts <= ? ORDER BY ts DESC LIMIT 65536)"
                    " WHERE event = '" ALARM_EVENT_ACTIVATED "' AND priority <> 'journal'"
                    " AND state_after NOT IN ('shelved', 'suppressed', 'out of service') ORDER BY ts",
                    false);
    if (!rows)
        return sql_fail(history->db, -1, "read how many alarms there were", err);
    sqlite3_bind_int64(rows, 1, from_us);
    sqlite3_bind_int64(rows, 2, to_us);
    while (sqlite3_step(rows) == SQLITE_ROW)
        function(context, sqlite3_column_int64(rows, 0));
    return sqlite3_finalize(rows) == SQLITE_OK ||
           sql_fail(history->db, -1, "read how many alarms there were", err);
}

bool history_read_flood(struct history *history, int64_t *since_us, struct err *err)
{
    sqlite3_int64 ts_us;
    if (!sql_read_int(history->db,
                      "SELECT CASE event WHEN '" ALARM_EVENT_FLOOD_BEGAN "' THEN ts ELSE 0 END"
                      " FROM journal_entry WHERE event IN ('" ALARM_EVENT_FLOOD_BEGAN
                      "', '" ALARM_EVENT_FLOOD_ENDED "') ORDER BY id DESC LIMIT 1",
                      0, &ts_us))
        return sql_fail(history->db, -1, "see whether there was a flood of alarms", err);
    *since_us = ts_us;
    return true;
}
