/* What the journal knows of commands when the recorder starts: the last number, those that nobody knows the end of, buttons
 * that nobody let go, and how far setpoints were moved of late. */
#include "db/history_internal.h"

/* Retention notes the last number in meta before it takes the row, so that none is given twice. */
static bool history_last_command(struct history *history, uint64_t *last_id)
{
    sqlite3_int64 last;
    bool good =
        sql_read_int(history->db,
                     "SELECT max(ifnull((SELECT max(command) FROM journal_entry WHERE command > 0), 0),"
                     " ifnull((SELECT value FROM meta WHERE key = 'last_command'), 0))",
                     0, &last);
    *last_id = (uint64_t)last;
    return good;
}

bool history_each_open_command(struct history *history, history_command_function *function, void *context,
                               uint64_t *last_id, struct err *err)
{
    sqlite3_stmt *rows = sql_prepare(
        history->db,
        "SELECT command, tag, operator, station, outcome IS NOT NULL, pressed FROM"
        " (SELECT q.command, q.tag, q.operator, q.station, o.event AS outcome,"
        "  q.event = '" COMMAND_EVENT_PRESS "' AND ifnull(o.event, '') <> 'cancelled' AND NOT EXISTS"
        "  (SELECT 1 FROM journal_entry r WHERE r.command = q.command AND r.kind = 'release') AS pressed"
        "  FROM journal_entry q LEFT JOIN journal_entry o ON o.command = q.command AND o.kind = 'outcome'"
        "  WHERE q.command IS NOT NULL AND q.kind = 'command')"
        " WHERE outcome IS NULL OR pressed",
        false);
    if (!rows || !history_last_command(history, last_id)) {
        sqlite3_finalize(rows);
        return sql_fail(history->db, -1, "read its commands", err);
    }
    while (sqlite3_step(rows) == SQLITE_ROW)
        function(context, &(struct history_command){.id = (uint64_t)sqlite3_column_int64(rows, 0),
                                                    .tag = sql_column_text(rows, 1),
                                                    .operator= sql_column_text(rows, 2),
                                                    .station = sql_column_text(rows, 3),
                                                    .has_outcome = sqlite3_column_int(rows, 4) != 0,
                                                    .pressed = sqlite3_column_int(rows, 5) != 0});
    return sqlite3_finalize(rows) == SQLITE_OK || sql_fail(history->db, -1, "read its commands", err);
}

bool history_each_move(struct history *history, int64_t since_us, size_t most,
                       history_move_function *function, void *context, struct err *err)
{
    sqlite3_stmt *rows = sql_prepare(
        history->db,
        "SELECT t.id, q.ts, abs(q.value_new - q.value_old) FROM"
        " (SELECT command, tag, ts, value_old, value_new FROM journal_entry"
        "  WHERE command > 0 AND kind = 'command' ORDER BY command DESC LIMIT ?2) q JOIN tag t ON t.name = q.tag"
        " WHERE q.ts > ?1 AND typeof(q.value_old) IN ('integer', 'real') AND typeof(q.value_new) IN ('integer', 'real')"
        " ORDER BY q.command",
        false);
    if (!rows || sqlite3_bind_int64(rows, 1, since_us) != SQLITE_OK ||
        sqlite3_bind_int64(rows, 2, (sqlite3_int64)most) != SQLITE_OK) {
        sqlite3_finalize(rows);
        return sql_fail(history->db, -1, "read its commands", err);
    }
    while (sqlite3_step(rows) == SQLITE_ROW)
        function(context, &(struct history_move){.tag_id = (uint32_t)sqlite3_column_int64(rows, 0),
                                                 .ts_us = sqlite3_column_int64(rows, 1),
                                                 .by = sqlite3_column_double(rows, 2)});
    return sqlite3_finalize(rows) == SQLITE_OK || sql_fail(history->db, -1, "read its commands", err);
}
