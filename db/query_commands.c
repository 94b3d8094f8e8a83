/* What the journal knows of commands. */
#include "db/query_internal.h"

static int64_t query_command_ms(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? -1 : sqlite3_column_int64(row, column);
}

static void query_command_read(sqlite3_stmt *row, struct query_command *command)
{
    *command = (struct query_command){
        .id = (uint64_t)sqlite3_column_int64(row, 0),
        .ts_us = sqlite3_column_int64(row, 1),
        .tag = sql_column_text(row, 2),
        .tag_id = (uint32_t)sqlite3_column_int64(row, 3),
        .operator_name = sql_column_text(row, 4),
        .station = sql_column_text(row, 5),
        .outcome = sql_column_text(row, 6),
        .reason = sql_column_text(row, 7),
        .detail = sql_column_text(row, 8),
        .ms_broker = query_command_ms(row, 12),
        .ms_readback = query_command_ms(row, 13),
    };
    sql_column_value(row, 9, &command->old);
    sql_column_value(row, 10, &command->new);
    sql_column_value(row, 11, &command->readback);
}

static bool query_command_rows(struct query *query, sqlite3_stmt *rows, query_command_function *function,
                               void *context, struct err *err)
{
    bool wanted = true;
    while (wanted && sqlite3_step(rows) == SQLITE_ROW) {
        struct query_command command;
        query_command_read(rows, &command);
        wanted = function(context, &command);
    }
    return sqlite3_reset(rows) == SQLITE_OK || query_fail(query, "read commands", err);
}

bool query_each_command(struct query *query, uint64_t limit, query_command_function *function, void *context,
                        struct err *err)
{
    const int64_t values[] = {(int64_t)limit, QUERY_FOREIGN_BACK};
    sqlite3_stmt *commands = query_bind(query, QUERY_COMMANDS, values, 1, err);
    if (!commands || !query_command_rows(query, commands, function, context, err))
        return false;
    sqlite3_stmt *foreign = query_bind(query, QUERY_FOREIGN, values, 2, err);
    return foreign && query_command_rows(query, foreign, function, context, err);
}
