#include "db/query_journal.h"

#include "db/query_internal.h"

#include <math.h>

static double journal_number(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN : sqlite3_column_double(row, column);
}

/* The columns of QUERY_JOURNAL_COLUMNS (query_sql.c). */
static void journal_read(sqlite3_stmt *row, struct query_journal_entry *entry)
{
    const char **const texts[] = {&entry->kind,    &entry->event, &entry->tag,
                                  &entry->alarm,   &entry->type,  &entry->priority,
                                  &entry->before,  &entry->after, &entry->operator, & entry->station,
                                  &entry->detail,  &entry->old,   &entry->new,
                                  &entry->readback};
    entry->place.ts_us = sqlite3_column_int64(row, 0);
    entry->place.id = sqlite3_column_int64(row, 1);
    entry->value = journal_number(row, 2);
    entry->limit = journal_number(row, 3);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = sql_column_text(row, 4 + (int)i);
}

static bool journal_walk(struct query *query, sqlite3_stmt *rows, query_journal_function *function,
                         void *context, struct err *err)
{
    bool wanted = true;
    while (wanted && sqlite3_step(rows) == SQLITE_ROW) {
        struct query_journal_entry entry;
        journal_read(rows, &entry);
        wanted = function(context, &entry);
    }
    return sqlite3_reset(rows) == SQLITE_OK || query_fail(query, "read the journal", err);
}

static int64_t journal_limit(uint64_t most)
{
    return most < INT64_MAX ? (int64_t)most : INT64_MAX;
}

bool query_journal(struct query *query, enum query_journal_of of, const char *tag,
                   struct query_journal_place before, int64_t from_us, uint64_t most,
                   query_journal_function *function, void *context, struct err *err)
{
    static const enum query_statement STATEMENTS[] = {
        [QUERY_JOURNAL_OF_ALL] = QUERY_JOURNAL,
        [QUERY_JOURNAL_OF_ONE_TAG] = QUERY_JOURNAL_OF_TAG,
        [QUERY_JOURNAL_OF_PEOPLE] = QUERY_JOURNAL_OF_OPERATORS,
    };
    const int64_t values[] = {before.ts_us, before.id, from_us, journal_limit(most)};
    sqlite3_stmt *rows = query_bind(query, STATEMENTS[of], values, 4, err);
    if (rows && of == QUERY_JOURNAL_OF_ONE_TAG)
        sqlite3_bind_text(rows, 5, tag, -1, SQLITE_STATIC);
    return rows && journal_walk(query, rows, function, context, err);
}

bool query_journal_since(struct query *query, int64_t id, uint64_t most, query_journal_function *function,
                         void *context, struct err *err)
{
    const int64_t values[] = {id, journal_limit(most)};
    sqlite3_stmt *rows = query_bind(query, QUERY_JOURNAL_SINCE, values, 2, err);
    return rows && journal_walk(query, rows, function, context, err);
}
