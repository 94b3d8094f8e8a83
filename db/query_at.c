/* All tags at a past instant. */
#include "db/query_internal.h"

#include "db/gaps.h"

#include "base/mem.h"
#include "plant/quality.h"

#include <stdlib.h>

/* The text of the state that equals a value, or NULL; the caller resets *row. */
static bool query_at_state(struct query *query, const struct query_sample *sample, uint32_t tag_id,
                           sqlite3_stmt **row, const char **text, struct err *err)
{
    bool found;
    *row = query_bind(query, QUERY_STATE_TEXT, (int64_t[]){tag_id}, 1, err);
    *text = NULL;
    if (!*row)
        return false;
    sqlite3_bind_double(*row, 2, sample->value.number);
    if (!query_step(query, *row, &found, err))
        return false;
    *text = found ? sql_column_text(*row, 0) : NULL;
    return true;
}

/* Tells one tag; `row` is one of QUERY_TAGS. */
static bool query_at_tell(struct query *query, sqlite3_stmt *tag, const struct gaps *gaps, int64_t at_us,
                          query_latest_function *function, void *context, bool *wanted, struct err *err)
{
    uint32_t tag_id = (uint32_t)sqlite3_column_int64(tag, 0);
    sqlite3_stmt *state = NULL;
    struct query_latest latest = {.tag = sql_column_text(tag, 1),
                                  .unit = sql_column_text(tag, 2),
                                  .description = sql_column_text(tag, 3)};
    sqlite3_stmt *row = query_bind(query, QUERY_BEFORE, (int64_t[]){tag_id, at_us + 1}, 2, err);
    if (!row || !query_step(query, row, &latest.has_value, err))
        return false;
    if (latest.has_value) {
        query_read_sample(row, &latest.sample);
        if (quality_is_good(latest.sample.quality) && gaps_until_us(gaps, latest.sample.ts_us) <= at_us)
            latest.sample.quality = QUALITY_UNCERTAIN_LAST_USABLE;
    }
    bool done = true;
    if (latest.sample.value.type == VALUE_NUMBER && sqlite3_column_int(tag, 4))
        done = query_at_state(query, &latest.sample, tag_id, &state, &latest.state_text, err);
    if (done)
        *wanted = function(context, &latest);
    sqlite3_reset(state);
    sqlite3_reset(row);
    return done;
}

static bool query_at_read_gaps(struct query *query, int64_t at_us, struct gaps *gaps, struct err *err)
{
    bool found;
    sqlite3_stmt *row = query_statement(query, QUERY_ALIVE, err);
    if (!row || !query_step(query, row, &found, err))
        return false;
    int64_t alive_us = found ? sqlite3_column_int64(row, 0) + QUERY_ALIVE_SLACK_US : INT64_MAX;
    sqlite3_reset(row);
    row = query_bind(query, QUERY_GAP_SPANS, (int64_t[]){INT64_MIN, at_us}, 2, err);
    if (!row)
        return false;
    for (;;) {
        if (!query_step(query, row, &found, err))
            return false;
        if (!found)
            break;
        gaps_add(gaps, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1));
    }
    if (alive_us < at_us)
        gaps_add(gaps, alive_us, INT64_MAX);
    return sqlite3_reset(row) == SQLITE_OK;
}

bool query_each_at(struct query *query, int64_t at_us, query_latest_function *function, void *context,
                   struct err *err)
{
    struct gaps gaps = {0};
    bool wanted = true, found = true, done = false;
    if (!query_begin(query, err))
        return false;
    sqlite3_stmt *tags = query_statement(query, QUERY_TAGS, err);
    done = tags && query_at_read_gaps(query, at_us, &gaps, err);
    while (done && wanted) {
        done = query_step(query, tags, &found, err);
        if (!done || !found)
            break;
        done = query_at_tell(query, tags, &gaps, at_us, function, context, &wanted, err);
    }
    sqlite3_reset(tags);
    query_end(query);
    gaps_free(&gaps);
    return done;
}
