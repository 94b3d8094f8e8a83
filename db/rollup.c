/* Figures of minutes and hours, changed in the same transactions as the archive.
 *
 * A value holds until the next sample of its tag: stepped for every kind of tag. What is recorded by change
 * stood still between two samples, and of a signal that is sampled often the sloped average differs by less
 * than one sample's share. It holds over minutes without samples too (those have no row, an hour counts
 * them), but never into a gap, and a sample that is not Good ends it.
 *
 * The figures are those of all samples that came, not of those that the archive keeps (src/plant/door.c,
 * retention). So samples that come in the order of time are added while they are in hand, whether they are
 * kept or not. The tag's last bucket lies in a table of its own (schema.sql) and counts its last sample as
 * held to the end; the next sample takes that back first. The last sample is always in the archive. Hours
 * are folded from minutes, which never leave out anything: nothing is added to an hour again and again.
 *
 * A sample that is older than the tag's last one changes its own minute, that of the next sample, and the
 * hours of both; rollup_late.c says how exactly. */
#include "db/rollup_internal.h"

#include "db/sql.h"

#include "base/mem.h"
#include "plant/quality.h"

#include <stdlib.h>

#define ROLLUP_COLUMNS "ts, n, min, max, first, last, avg, good_us, held"
#define ROLLUP_PUT(table)                                                                                    \
    "INSERT OR REPLACE INTO " table " (tag_id, " ROLLUP_COLUMNS ") VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"
#define ROLLUP_BOTH(table, where)                                                                            \
    "SELECT " ROLLUP_COLUMNS " FROM " table " WHERE tag_id = ?1 AND " where                                  \
    " UNION ALL SELECT " ROLLUP_COLUMNS " FROM " table "_open WHERE tag_id = ?1 AND " where

static const char *const ROLLUP_SQL[ROLLUP_STATEMENTS] = {
    [ROLLUP_BEFORE] =
        "SELECT ts, value, quality FROM archive WHERE tag_id = ?1 AND ts < ?2 ORDER BY ts DESC LIMIT 1",
    [ROLLUP_SAMPLES] = "SELECT ts, value, quality FROM archive WHERE tag_id = ?1 AND ts >= ?2 ORDER BY ts",
    [ROLLUP_BUCKETS_MINUTE] = ROLLUP_BOTH("minute", "ts >= ?2 AND ts < ?3") " ORDER BY 1",
    [ROLLUP_BUCKETS_HOUR] = ROLLUP_BOTH("hour", "ts >= ?2 AND ts < ?3") " ORDER BY 1",
    [ROLLUP_MINUTE_BEFORE] = ROLLUP_BOTH("minute", "ts < ?2") " ORDER BY 1 DESC LIMIT 1",
    [ROLLUP_MINUTE_FROM] = ROLLUP_BOTH("minute", "ts >= ?2") " ORDER BY 1 LIMIT 1",
    [ROLLUP_UNPUT_MINUTE_OPEN] = "DELETE FROM minute_open WHERE tag_id = ?1",
    [ROLLUP_PUT_MINUTE] = ROLLUP_PUT("minute"),
    [ROLLUP_PUT_MINUTE_OPEN] = ROLLUP_PUT("minute_open"),
    [ROLLUP_PUT_HOUR] = ROLLUP_PUT("hour"),
    [ROLLUP_PUT_HOUR_OPEN] = ROLLUP_PUT("hour_open"),
};

struct rollup *rollup_new(sqlite3 *db, const struct gaps *gaps)
{
    struct rollup *rollup = mem_new(1, sizeof *rollup);
    rollup->db = db;
    rollup->gaps = gaps;
    for (int i = 0; i < ROLLUP_STATEMENTS; i++) {
        rollup->statements[i] = sql_prepare(db, ROLLUP_SQL[i], true);
        if (!rollup->statements[i]) {
            rollup_free(rollup);
            return NULL;
        }
    }
    return rollup;
}

void rollup_free(struct rollup *rollup)
{
    if (!rollup)
        return;
    for (int i = 0; i < ROLLUP_STATEMENTS; i++)
        sqlite3_finalize(rollup->statements[i]);
    free(rollup);
}

void rollup_forget(struct rollup *rollup)
{
    rollup->walk.begun = rollup->late.begun = false;
}

/* ---- what is read ---- */

struct rollup_sample rollup_sample_of(int64_t ts_us, const struct value *value, uint32_t quality)
{
    return (struct rollup_sample){
        .ts_us = ts_us,
        .good = value->type != VALUE_NONE && quality_is_good(quality),
        .text = value->type == VALUE_TEXT,
        .number = value->type == VALUE_NUMBER ? value->number : 0,
    };
}

static struct rollup_value rollup_value_of(const struct rollup *rollup, const struct rollup_sample *sample)
{
    return (struct rollup_value){.ts_us = sample->ts_us,
                                 .until_us = gaps_until_us(rollup->gaps, sample->ts_us),
                                 .number = sample->number,
                                 .good = sample->good,
                                 .text = sample->text};
}

struct rollup_value rollup_read_sample(const struct rollup *rollup, sqlite3_stmt *row)
{
    struct value value;
    sql_column_value(row, 1, &value);
    struct rollup_sample sample =
        rollup_sample_of(sqlite3_column_int64(row, 0), &value, (uint32_t)sqlite3_column_int64(row, 2));
    return rollup_value_of(rollup, &sample);
}

static double rollup_column(sqlite3_stmt *row, int column, double otherwise)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? otherwise : sqlite3_column_double(row, column);
}

/* A row of ROLLUP_COLUMNS. */
static struct rollup_bucket rollup_column_bucket(sqlite3_stmt *row, int64_t width_us)
{
    struct rollup_bucket bucket = {
        .ts_us = sqlite3_column_int64(row, 0),
        .width_us = width_us,
        .n = sqlite3_column_int64(row, 1),
        .has_numbers = sqlite3_column_type(row, 2) != SQLITE_NULL,
        .min = sqlite3_column_double(row, 2),
        .good_us = sqlite3_column_int64(row, 7),
        .held = sqlite3_column_int(row, 8),
    };
    bucket.max = rollup_column(row, 3, bucket.min);
    bucket.first = rollup_column(row, 4, bucket.min);
    bucket.last = rollup_column(row, 5, bucket.max);
    bucket.texts = bucket.good_us && sqlite3_column_type(row, 6) == SQLITE_NULL;
    bucket.area = sqlite3_column_double(row, 6) * ((double)bucket.good_us / (double)width_us);
    return bucket;
}

/* What holds at the end of a minute. */
static struct rollup_value rollup_end_of(const struct rollup *rollup, const struct rollup_bucket *minute)
{
    int64_t end_us = minute->ts_us + minute->width_us;
    return (struct rollup_value){.ts_us = end_us,
                                 .until_us = gaps_until_us(rollup->gaps, end_us - 1),
                                 .number = minute->last,
                                 .good = minute->held,
                                 .text = minute->texts};
}

bool rollup_read_bucket(struct rollup *rollup, int64_t tag_id, int64_t ts_us, int64_t width_us,
                        struct rollup_bucket *bucket)
{
    sqlite3_stmt *row =
        rollup->statements[width_us == ROLLUP_HOUR_US ? ROLLUP_BUCKETS_HOUR : ROLLUP_BUCKETS_MINUTE];
    *bucket = (struct rollup_bucket){.ts_us = ts_us, .width_us = width_us};
    sqlite3_bind_int64(row, 1, tag_id);
    sqlite3_bind_int64(row, 2, ts_us);
    sqlite3_bind_int64(row, 3, ts_us + width_us);
    if (sqlite3_step(row) == SQLITE_ROW)
        *bucket = rollup_column_bucket(row, width_us);
    return sqlite3_reset(row) == SQLITE_OK;
}

/* The last kept sample says all but the number: between it and the moment only numbers of the same quality
 * and type were left out, with no gap. Of these the minutes know the last. Where retention has deleted the
 * sample they have to do. */
bool rollup_read_before(struct rollup *rollup, int64_t tag_id, int64_t ts_us, struct rollup_value *before)
{
    sqlite3_stmt *row = rollup->statements[ROLLUP_BEFORE], *minute = rollup->statements[ROLLUP_MINUTE_BEFORE];
    *before = (struct rollup_value){.ts_us = INT64_MIN};
    sqlite3_bind_int64(row, 1, tag_id);
    sqlite3_bind_int64(row, 2, ts_us);
    bool found = sqlite3_step(row) == SQLITE_ROW;
    if (found)
        *before = rollup_read_sample(rollup, row);
    sqlite3_bind_int64(minute, 1, tag_id);
    sqlite3_bind_int64(minute, 2, ts_us);
    if (sqlite3_step(minute) == SQLITE_ROW) {
        struct rollup_bucket last = rollup_column_bucket(minute, ROLLUP_MINUTE_US);
        if (!found)
            *before = rollup_end_of(rollup, &last);
        else if (before->good && !before->text && last.has_numbers &&
                 before->ts_us < last.ts_us + last.width_us)
            before->number = last.last;
    }
    return sqlite3_reset(row) == SQLITE_OK && sqlite3_reset(minute) == SQLITE_OK;
}

/* ---- buckets ---- */

void rollup_hold(struct rollup_bucket *bucket, const struct rollup_value *value, int64_t from_us,
                 int64_t to_us)
{
    if (to_us > value->until_us)
        to_us = value->until_us;
    if (!value->good || to_us <= from_us)
        return;
    bucket->good_us += to_us - from_us;
    bucket->texts |= value->text;
    bucket->area += value->number * ((double)(to_us - from_us) / (double)bucket->width_us);
}

void rollup_add_numbers(struct rollup_bucket *bucket, double min, double max, double first, double last)
{
    if (!bucket->has_numbers || min < bucket->min)
        bucket->min = min;
    if (!bucket->has_numbers || max > bucket->max)
        bucket->max = max;
    if (!bucket->has_numbers)
        bucket->first = first;
    bucket->last = last;
    bucket->has_numbers = true;
}

void rollup_add_sample(struct rollup_bucket *bucket, const struct rollup_value *before,
                       const struct rollup_value *sample)
{
    rollup_hold(bucket, before, before->ts_us > bucket->ts_us ? before->ts_us : bucket->ts_us, sample->ts_us);
    bucket->n++;
    if (sample->good && !sample->text)
        rollup_add_numbers(bucket, sample->number, sample->number, sample->number, sample->number);
}

void rollup_close(struct rollup_bucket *bucket, const struct rollup_value *last, int64_t from_us)
{
    rollup_hold(bucket, last, from_us, bucket->ts_us + bucket->width_us);
    bucket->held = last->good && last->until_us >= bucket->ts_us + bucket->width_us;
}

/* Takes back what rollup_close() counted after the bucket's last sample. */
static void rollup_reopen(struct rollup_bucket *bucket, const struct rollup_value *last)
{
    struct rollup_bucket counted = {.ts_us = bucket->ts_us, .width_us = bucket->width_us};
    rollup_close(&counted, last, last->ts_us);
    bucket->good_us -= counted.good_us;
    bucket->area -= counted.area;
}

static void rollup_bind_number(sqlite3_stmt *put, int index, double number, bool there)
{
    if (there)
        sqlite3_bind_double(put, index, number);
    else
        sqlite3_bind_null(put, index);
}

bool rollup_put(struct rollup *rollup, int64_t tag_id, const struct rollup_bucket *bucket, bool open)
{
    static const enum rollup_statement PUTS[2][2] = {{ROLLUP_PUT_MINUTE, ROLLUP_PUT_MINUTE_OPEN},
                                                     {ROLLUP_PUT_HOUR, ROLLUP_PUT_HOUR_OPEN}};
    sqlite3_stmt *put = rollup->statements[PUTS[bucket->width_us == ROLLUP_HOUR_US][open]];
    double share = (double)bucket->good_us / (double)bucket->width_us;
    sqlite3_bind_int64(put, 1, tag_id);
    sqlite3_bind_int64(put, 2, bucket->ts_us);
    sqlite3_bind_int64(put, 3, bucket->n);
    rollup_bind_number(put, 4, bucket->min, bucket->has_numbers);
    rollup_bind_number(put, 5, bucket->max, bucket->has_numbers && bucket->max != bucket->min);
    rollup_bind_number(put, 6, bucket->first, bucket->has_numbers && bucket->first != bucket->min);
    rollup_bind_number(put, 7, bucket->last, bucket->has_numbers && bucket->last != bucket->max);
    rollup_bind_number(put, 8, bucket->good_us ? bucket->area / share : 0, bucket->good_us && !bucket->texts);
    sqlite3_bind_int64(put, 9, bucket->good_us);
    sqlite3_bind_int64(put, 10, bucket->held);
    return sql_run(put);
}

/* ---- hours ---- */

/* Adds a minute to its hour; *carried is what held until it begins, and then what holds at its end. */
static void rollup_add_minute(const struct rollup *rollup, struct rollup_bucket *hour,
                              struct rollup_value *carried, const struct rollup_bucket *minute)
{
    int64_t start_us = carried->ts_us > hour->ts_us ? carried->ts_us : hour->ts_us;
    rollup_hold(hour, carried, start_us, minute->ts_us);
    hour->n += minute->n;
    if (minute->has_numbers)
        rollup_add_numbers(hour, minute->min, minute->max, minute->first, minute->last);
    hour->good_us += minute->good_us;
    hour->texts |= minute->texts;
    hour->area += minute->area * ((double)minute->width_us / (double)hour->width_us);
    *carried = rollup_end_of(rollup, minute);
}

bool rollup_fold(struct rollup *rollup, int64_t tag_id, int64_t hour_us, const struct rollup_value *before,
                 struct rollup_bucket *hour)
{
    struct rollup_value carried = *before;
    *hour = (struct rollup_bucket){.ts_us = hour_us, .width_us = ROLLUP_HOUR_US};
    sqlite3_stmt *rows = rollup->statements[ROLLUP_BUCKETS_MINUTE];
    sqlite3_bind_int64(rows, 1, tag_id);
    sqlite3_bind_int64(rows, 2, hour_us);
    sqlite3_bind_int64(rows, 3, hour_us + ROLLUP_HOUR_US);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        struct rollup_bucket minute = rollup_column_bucket(rows, ROLLUP_MINUTE_US);
        rollup_add_minute(rollup, hour, &carried, &minute);
    }
    rollup_close(hour, &carried, carried.ts_us > hour_us ? carried.ts_us : hour_us);
    return sqlite3_reset(rows) == SQLITE_OK;
}

/* ---- samples in the order of time ---- */

bool rollup_begin(struct rollup *rollup, int64_t tag_id, const struct rollup_sample *last)
{
    struct rollup_walk *walk = &rollup->walk;
    if (walk->begun && walk->tag_id == tag_id)
        return true;
    *walk = (struct rollup_walk){
        .begun = true, .tag_id = tag_id, .hour_us = INT64_MIN, .before.ts_us = INT64_MIN};
    if (!last)
        return true;
    walk->before = rollup_value_of(rollup, last);
    if (!rollup_read_bucket(rollup, tag_id, rollup_bucket_us(last->ts_us, ROLLUP_MINUTE_US), ROLLUP_MINUTE_US,
                            &walk->minute))
        return false;
    walk->has_minute = walk->minute.n > 0;
    walk->hour_us = rollup_bucket_us(last->ts_us, ROLLUP_HOUR_US);
    if (!rollup_read_before(rollup, tag_id, walk->hour_us, &walk->before_hour))
        return false;
    if (walk->has_minute)
        rollup_reopen(&walk->minute, &walk->before);
    /* It is about to become one minute among others: no hour may count it twice. */
    sqlite3_stmt *clear = rollup->statements[ROLLUP_UNPUT_MINUTE_OPEN];
    sqlite3_bind_int64(clear, 1, tag_id);
    return sql_run(clear);
}

/* Writes the minute in hand. */
static bool rollup_finish_minute(struct rollup *rollup, bool last)
{
    struct rollup_walk *walk = &rollup->walk;
    if (!walk->has_minute)
        return true;
    walk->has_minute = false;
    rollup_close(&walk->minute, &walk->before, walk->before.ts_us);
    return rollup_put(rollup, walk->tag_id, &walk->minute, last);
}

/* Writes the hour in hand, all of whose minutes are written. */
static bool rollup_finish_hour(struct rollup *rollup, bool last)
{
    struct rollup_walk *walk = &rollup->walk;
    struct rollup_bucket hour;
    return walk->hour_us == INT64_MIN ||
           (rollup_fold(rollup, walk->tag_id, walk->hour_us, &walk->before_hour, &hour) &&
            (!hour.n || rollup_put(rollup, walk->tag_id, &hour, last)));
}

static bool rollup_enter(struct rollup *rollup, int64_t minute_us, int64_t hour_us)
{
    struct rollup_walk *walk = &rollup->walk;
    if (!rollup_finish_minute(rollup, false))
        return false;
    walk->minute = (struct rollup_bucket){.ts_us = minute_us, .width_us = ROLLUP_MINUTE_US};
    walk->has_minute = true;
    if (hour_us == walk->hour_us)
        return true;
    if (!rollup_finish_hour(rollup, false))
        return false;
    walk->hour_us = hour_us;
    walk->before_hour = walk->before;
    return true;
}

bool rollup_add(struct rollup *rollup, const struct rollup_sample *sample)
{
    struct rollup_walk *walk = &rollup->walk;
    struct rollup_value value = rollup_value_of(rollup, sample);
    int64_t minute_us = rollup_bucket_us(sample->ts_us, ROLLUP_MINUTE_US);
    if ((!walk->has_minute || minute_us != walk->minute.ts_us) &&
        !rollup_enter(rollup, minute_us, rollup_bucket_us(minute_us, ROLLUP_HOUR_US)))
        return false;
    rollup_add_sample(&walk->minute, &walk->before, &value);
    walk->before = value;
    return true;
}

bool rollup_end(struct rollup *rollup)
{
    bool done =
        !rollup->walk.begun || (rollup_finish_minute(rollup, true) && rollup_finish_hour(rollup, true));
    rollup->walk.begun = false;
    return done;
}
