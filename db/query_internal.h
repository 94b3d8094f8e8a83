/* What the files of the reading side share: the connection and its statements. */
#ifndef DB_QUERY_INTERNAL_H
#define DB_QUERY_INTERNAL_H

#include "db/query.h"
#include "db/sql.h"

#include "base/clock.h"

/* The recorder proves every 5 s that it is alive, and a commit may take its time: so much later than the last
 * proof nothing is known to have been recorded. */
#define QUERY_ALIVE_SLACK_US (30 * CLOCK_US_PER_SECOND)

/* One row each in QUERY_SQL (query_sql.c), which says what the columns and parameters are. */
enum query_statement {
    QUERY_BEGIN,
    QUERY_END,
    QUERY_BEFORE,
    QUERY_RANGE,
    QUERY_LATEST,
    QUERY_GAPS,
    QUERY_COUNT_SAMPLES,
    QUERY_COUNT_TAGS,
    QUERY_TAG,
    QUERY_TAG_STATES,
    QUERY_TAG_KIND,
    QUERY_TAGS,
    QUERY_STATE_TEXT,
    QUERY_TAG_IDS,
    QUERY_FLUSHED_UNTIL,
    QUERY_TAIL_UNTIL,
    QUERY_RUNS_UNTIL,
    QUERY_RUN_A_UNTIL,
    QUERY_RUN_B_UNTIL,
    QUERY_RUN_A_SEEK,
    QUERY_RUN_B_SEEK,
    QUERY_MINUTE_BEFORE,
    QUERY_HOUR_BEFORE,
    QUERY_ALIVE,
    QUERY_GAP_SPANS,
    QUERY_ARCHIVE_SPAN,
    QUERY_ARCHIVE_BEFORE,
    QUERY_ARCHIVE_AFTER,
    QUERY_GOOD_BEFORE,
    QUERY_FRESH_SPAN,
    QUERY_MINUTES,
    QUERY_HOURS,
    QUERY_FIRST_MINUTE,
    QUERY_ROLLED_SAMPLES,
    QUERY_MINUTE_OF_MIN,
    QUERY_MINUTE_OF_MAX,
    QUERY_SAMPLE_OF_VALUE,
    QUERY_LAST_OF_VALUE,
    QUERY_JOURNAL,
    QUERY_JOURNAL_OF_TAG,
    QUERY_JOURNAL_OF_OPERATORS,
    QUERY_JOURNAL_SINCE,
    QUERY_ALARM_EVENTS,
    QUERY_COMMANDS,
    QUERY_FOREIGN,
    QUERY_STATEMENTS
};

struct query {
    sqlite3 *db;
    sqlite3_stmt *statements[QUERY_STATEMENTS]; /* prepared when first used */
};

/* Sets `err` to what went wrong on the connection; returns false. */
bool query_fail(struct query *query, const char *doing, struct err *err);

/* The prepared statement, or NULL with `err` set. */
sqlite3_stmt *query_statement(struct query *query, enum query_statement which, struct err *err);

/* The same with integers bound to ?1, ?2 ... */
sqlite3_stmt *query_bind(struct query *query, enum query_statement which, const int64_t *values, size_t count,
                         struct err *err);

/* Steps a statement that is to give one row at most: *found says whether it did; the caller resets it. False on
 * a failure, with the statement reset. */
bool query_step(struct query *query, sqlite3_stmt *row, bool *found, struct err *err);

/* Has the span a length, and one that can be reckoned with? */
static inline bool query_is_span(int64_t from_us, int64_t to_us)
{
    return from_us < to_us && from_us > INT64_MIN / 4 && to_us < INT64_MAX / 4;
}

/* Statements between these two see one state of the file. */
bool query_begin(struct query *query, struct err *err);
void query_end(struct query *query);

/* Does the tag's value move straight from sample to sample? False for an unknown tag. */
bool query_tag_is_sloped(struct query *query, uint32_t tag_id, bool *sloped, struct err *err);

/* The columns ts, value, quality of a row. */
void query_read_sample(sqlite3_stmt *row, struct query_sample *sample);

#endif
