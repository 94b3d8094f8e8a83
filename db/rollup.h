/* Minutes and hours of the archive. */
#ifndef DB_ROLLUP_H
#define DB_ROLLUP_H

#include "db/gaps.h"
#include "plant/value.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#define ROLLUP_MINUTE_US INT64_C(60000000)
#define ROLLUP_HOUR_US   (60 * ROLLUP_MINUTE_US)

struct rollup;

/* A sample as its minute sees it. */
struct rollup_sample {
    int64_t ts_us;
    double number;
    bool good, text; /* Good with a value; which is a text */
};

/* The start of the bucket of `width_us` that holds a moment. */
static inline int64_t rollup_bucket_us(int64_t ts_us, int64_t width_us)
{
    int64_t rest_us = ts_us % width_us;
    return ts_us - (rest_us < 0 ? rest_us + width_us : rest_us);
}

/* What a minute keeps of a sample; nothing of `value` is referred to afterwards. Whatever is no number counts as 0. */
struct rollup_sample rollup_sample_of(int64_t ts_us, const struct value *value, uint32_t quality);

/* Prepares its statements on the writing connection; NULL on a failure, which sql_fail() then tells. `gaps`
 * is the list to go by, which may change between two calls. */
struct rollup *rollup_new(sqlite3 *db, const struct gaps *gaps);
void rollup_free(struct rollup *rollup);

/* The following work inside the open transaction; false is a failure, which is left in the connection. */

/* Begins to add samples of one tag that are newer than all before. `last` is its newest sample so far (NULL:
 * none), which lies in the archive. Nothing to do when it has begun for this tag already. */
bool rollup_begin(struct rollup *rollup, int64_t tag_id, const struct rollup_sample *last);

/* Adds the next newer sample, whether or not it is kept in the archive. */
bool rollup_add(struct rollup *rollup, const struct rollup_sample *sample);

/* Writes what has been added. Nothing to do when none has begun. */
bool rollup_end(struct rollup *rollup);

/* Adds a sample that is older than the tag's newest, `last_us`, and is about to be written to the archive, or
 * never will be: it must not be there yet, for that is how what was there is known to be complete. To be
 * called in the order of time, and ended by rollup_end_late(). */
bool rollup_add_late(struct rollup *rollup, int64_t tag_id, const struct rollup_sample *sample,
                     int64_t last_us);
bool rollup_end_late(struct rollup *rollup);

/* Brings the tag's minutes and hours up to date with a gap until `end_us`, some minutes at a time: *from_us is
 * the gap's start at first, and then where the next call goes on; INT64_MAX: all is done. */
bool rollup_add_gap(struct rollup *rollup, int64_t tag_id, int64_t end_us, int64_t last_us, int64_t *from_us);

/* Forgets what was begun, as after a transaction that was rolled back. */
void rollup_forget(struct rollup *rollup);

#endif
