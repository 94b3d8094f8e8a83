#include "db/query_alarm.h"

#include "db/query_internal.h"
#include "plant/alarm_state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool occurrence_is(const char *event, const char *const *events)
{
    while (*events && strcmp(event, *events))
        events++;
    return *events;
}

static double occurrence_number(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN : sqlite3_column_double(row, column);
}

/* Takes an entry, going back in time, into the occurrence that it belongs to; true when that began with it. */
static bool occurrence_take(struct query_occurrence *occurrence, sqlite3_stmt *row)
{
    static const char *const ENDS[] = {"cleared", "superseded", "removed", NULL};
    const char *event = sql_column_text(row, 1), *operator= sql_column_text(row, 4);
    const char *state = sql_column_text(row, 5);
    int64_t ts_us = sqlite3_column_int64(row, 0);
    if (occurrence_is(event, ENDS)) {
        occurrence->cleared_us = ts_us;
    } else if (!strcmp(event, "acknowledged")) { /* of several the first, which comes last */
        occurrence->acknowledged_us = ts_us;
        snprintf(occurrence->acknowledged_by, QUERY_OPERATOR_MAX, "%s", operator? operator: "");
    }
    if (strcmp(event, "activated"))
        return false;
    occurrence->activated_us = ts_us;
    occurrence->value = occurrence_number(row, 2);
    occurrence->limit = occurrence_number(row, 3);
    occurrence->withheld = alarm_state_is_withheld(alarm_state_of_word(state ? state : ""));
    return true;
}

bool query_occurrences(struct query *query, const char *tag, const char *alarm, struct query_occurrence *out,
                       size_t most, size_t *count, struct err *err)
{
    static const struct query_occurrence NONE = {.value = NAN, .limit = NAN};
    struct query_occurrence occurrence = NONE;
    sqlite3_stmt *rows = query_statement(query, QUERY_ALARM_EVENTS, err);
    *count = 0;
    if (!rows)
        return false;
    sqlite3_bind_text(rows, 1, tag, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(rows, 2, alarm, -1, SQLITE_TRANSIENT);
    while (*count < most && sqlite3_step(rows) == SQLITE_ROW)
        if (occurrence_take(&occurrence, rows)) {
            out[(*count)++] = occurrence;
            occurrence = NONE;
        }
    return sqlite3_reset(rows) == SQLITE_OK || query_fail(query, "read the journal", err);
}
