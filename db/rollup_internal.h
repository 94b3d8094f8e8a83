/* What the files of minutes and hours share; nobody else includes it.
 *
 *   rollup.c        buckets, samples in the order of time, hours
 *   rollup_late.c   late samples and gaps
 */
#ifndef DB_ROLLUP_INTERNAL_H
#define DB_ROLLUP_INTERNAL_H

#include "db/rollup.h"

/* A value that may hold on. */
struct rollup_value {
    int64_t ts_us, until_us; /* until the next gap */
    double number;
    bool good, text;
};

struct rollup_bucket {
    int64_t ts_us, width_us;
    int64_t n, good_us;
    bool has_numbers;
    bool texts; /* some of the good time had a text for its value: no average */
    bool held;
    double min, max, first, last;
    double area; /* the sum of value * time / width */
};

enum rollup_statement {
    ROLLUP_BEFORE,
    ROLLUP_SAMPLES,
    ROLLUP_BUCKETS_MINUTE,
    ROLLUP_BUCKETS_HOUR,
    ROLLUP_MINUTE_BEFORE,
    ROLLUP_MINUTE_FROM,
    ROLLUP_UNPUT_MINUTE_OPEN,
    ROLLUP_PUT_MINUTE,
    ROLLUP_PUT_MINUTE_OPEN,
    ROLLUP_PUT_HOUR,
    ROLLUP_PUT_HOUR_OPEN,
    ROLLUP_STATEMENTS
};

/* Samples in the order of time. */
struct rollup_walk {
    bool begun, has_minute;
    int64_t tag_id;
    struct rollup_bucket minute; /* without the time after `before` */
    struct rollup_value before;  /* the last sample so far */
    int64_t hour_us;             /* of that sample; INT64_MIN: there is none */
    struct rollup_value before_hour;
};

/* Late samples of one tag: what they add to one minute, and to its hour. */
struct rollup_late {
    bool begun;
    int64_t tag_id, last_us;
    struct rollup_bucket minute, hour;
};

struct rollup {
    sqlite3 *db;
    const struct gaps *gaps;
    sqlite3_stmt *statements[ROLLUP_STATEMENTS];
    struct rollup_walk walk;
    struct rollup_late late;
};

/* A row of the sample tables: the columns ts, value, quality. */
struct rollup_value rollup_read_sample(const struct rollup *rollup, sqlite3_stmt *row);

/* What holds of the tag up to a moment; not good when nothing does. */
bool rollup_read_before(struct rollup *rollup, int64_t tag_id, int64_t ts_us, struct rollup_value *before);

/* The stored minute or hour that begins at `ts_us`; n is 0 when there is none. */
bool rollup_read_bucket(struct rollup *rollup, int64_t tag_id, int64_t ts_us, int64_t width_us,
                        struct rollup_bucket *bucket);

/* Writes a minute or an hour; `open`: it is the tag's last one. */
bool rollup_put(struct rollup *rollup, int64_t tag_id, const struct rollup_bucket *bucket, bool open);

/* Counts the time from `from_us` to `to_us` as far as the value holds in it. */
void rollup_hold(struct rollup_bucket *bucket, const struct rollup_value *value, int64_t from_us,
                 int64_t to_us);
void rollup_add_numbers(struct rollup_bucket *bucket, double min, double max, double first, double last);
void rollup_add_sample(struct rollup_bucket *bucket, const struct rollup_value *before,
                       const struct rollup_value *sample);

/* Counts what is left of the bucket after its last sample or minute, from `from_us` on. */
void rollup_close(struct rollup_bucket *bucket, const struct rollup_value *last, int64_t from_us);

/* Computes an hour from its minutes and from what held before it. */
bool rollup_fold(struct rollup *rollup, int64_t tag_id, int64_t hour_us, const struct rollup_value *before,
                 struct rollup_bucket *hour);

#endif
