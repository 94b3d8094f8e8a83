/* Commands that nobody knows the end of, read when the recorder starts. */
#include "db/history_internal.h"

static bool history_last_command(struct history *history, uint64_t *last_id)
{
    sqlite3_stmt *row =
        sql_prepare(history->db, "SELECT max(command) FROM journal_entry WHERE command IS NOT NULL", false);
    if (row && sqlite3_step(row) == SQLITE_ROW)
        *last_id = (uint64_t)sqlite3_column_int64(row, 0);
    return row && sqlite3_finalize(row) == SQLITE_OK;
}

bool history_each_open_command(struct history *history, history_command_function *function, void *context,
                               uint64_t *last_id, struct err *err)
{
    *last_id = 0;
    sqlite3_stmt *rows =
        sql_prepare(history->db,
                    "SELECT q.command, q.tag, q.operator, q.station FROM journal_entry q"
                    " WHERE q.command IS NOT NULL AND q.kind = 'command' AND NOT EXISTS"
                    " (SELECT 1 FROM journal_entry o WHERE o.command = q.command AND o.kind = 'outcome')",
                    false);
    if (!rows || !history_last_command(history, last_id)) {
        sqlite3_finalize(rows);
        return sql_fail(history->db, -1, "read its commands", err);
    }
    while (sqlite3_step(rows) == SQLITE_ROW)
        function(context, &(struct history_command){.id = (uint64_t)sqlite3_column_int64(rows, 0),
                                                    .tag = sql_column_text(rows, 1),
                                                    .operator= sql_column_text(rows, 2),
                                                    .station = sql_column_text(rows, 3)});
    return sqlite3_finalize(rows) == SQLITE_OK || sql_fail(history->db, -1, "read its commands", err);
}
