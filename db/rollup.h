/* Minutes and hours of the archive. */
#ifndef DB_ROLLUP_H
#define DB_ROLLUP_H

#include "db/gaps.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#define ROLLUP_MINUTE_US INT64_C(60000000)
#define ROLLUP_HOUR_US   (60 * ROLLUP_MINUTE_US)

struct rollup;

/* The start of the bucket of `width_us` that holds a moment. */
static inline int64_t rollup_bucket_us(int64_t ts_us, int64_t width_us)
{
    int64_t rest_us = ts_us % width_us;
    return ts_us - (rest_us < 0 ? rest_us + width_us : rest_us);
}

/* Prepares its statements on the writing connection; NULL on a failure, which sql_fail() then tells. */
struct rollup *rollup_new(sqlite3 *db);
void rollup_free(struct rollup *rollup);

/* Inside the open transaction: computes the minutes of one tag anew from the archive, from `from_us` up to
 * `to_us` (INT64_MAX: to the end), and the one of the first sample after them, into which their last value
 * holds; then the hours of all these. `last_us` is the tag's last sample in the archive. A range that reaches
 * the tag's end must begin no later than the bucket in minute_open. False on a failure, which is left in the
 * connection. */
bool rollup_rebuild(struct rollup *rollup, const struct gaps *gaps, int64_t tag_id, int64_t from_us,
                    int64_t to_us, int64_t last_us);

/* Computes the tag's hour that begins at `hour_us` anew from its minutes, if it has any. */
bool rollup_fold(struct rollup *rollup, const struct gaps *gaps, int64_t tag_id, int64_t hour_us,
                 int64_t last_us);

#endif
