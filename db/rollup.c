/* Figures of minutes and hours, kept equal to the archive at every commit.
 *
 * A value holds until the next sample of its tag: stepped for every kind of tag. What is recorded by change
 * or by exception stood still between two samples, and of a signal that is sampled often the sloped average
 * differs by less than one sample's share. It holds over minutes without samples too (those have no row, an
 * hour counts them), but never into a gap, and a sample that is not Good ends it. So a bucket's figures
 * follow from its own samples, the one before them, and the gaps; and a sample that comes late changes its
 * own minute, that of the next sample, and the hours of both. Those are computed anew from the archive:
 * nothing is added to a sum again and again, so that the same samples give the same figures in whatever order
 * they came.
 *
 * Hours are folded from minutes. The last bucket of a tag lies in a table of its own (schema.sql). */
#include "db/rollup.h"

#include "db/sql.h"

#include "base/mem.h"
#include "plant/quality.h"

#include <stdlib.h>

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
    ROLLUP_MINUTES,
    ROLLUP_UNPUT_MINUTE_OPEN,
    ROLLUP_PUT_MINUTE,
    ROLLUP_PUT_MINUTE_OPEN,
    ROLLUP_PUT_HOUR,
    ROLLUP_PUT_HOUR_OPEN,
    ROLLUP_STATEMENTS
};

struct rollup {
    sqlite3 *db;
    sqlite3_stmt *statements[ROLLUP_STATEMENTS];
};

#define ROLLUP_COLUMNS "ts, n, min, max, first, last, avg, good_us, held"
#define ROLLUP_PUT(table)                                                                                    \
    "INSERT OR REPLACE INTO " table " (tag_id, " ROLLUP_COLUMNS ") VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"

static const char *const ROLLUP_SQL[ROLLUP_STATEMENTS] = {
    [ROLLUP_BEFORE] =
        "SELECT ts, value, quality FROM archive WHERE tag_id = ?1 AND ts < ?2 ORDER BY ts DESC LIMIT 1",
    [ROLLUP_SAMPLES] = "SELECT ts, value, quality FROM archive WHERE tag_id = ?1 AND ts >= ?2 ORDER BY ts",
    [ROLLUP_MINUTES] = "SELECT " ROLLUP_COLUMNS " FROM minute WHERE tag_id = ?1 AND ts >= ?2 AND ts < ?3"
                       " UNION ALL SELECT " ROLLUP_COLUMNS
                       " FROM minute_open WHERE tag_id = ?1 AND ts >= ?2 AND ts < ?3 ORDER BY 1",
    [ROLLUP_UNPUT_MINUTE_OPEN] = "DELETE FROM minute_open WHERE tag_id = ?1",
    [ROLLUP_PUT_MINUTE] = ROLLUP_PUT("minute"),
    [ROLLUP_PUT_MINUTE_OPEN] = ROLLUP_PUT("minute_open"),
    [ROLLUP_PUT_HOUR] = ROLLUP_PUT("hour"),
    [ROLLUP_PUT_HOUR_OPEN] = ROLLUP_PUT("hour_open"),
};

struct rollup *rollup_new(sqlite3 *db)
{
    struct rollup *rollup = mem_new(1, sizeof *rollup);
    rollup->db = db;
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

/* The columns ts, value, quality. */
static void rollup_read_sample(sqlite3_stmt *row, const struct gaps *gaps, struct rollup_value *sample)
{
    int type = sqlite3_column_type(row, 1);
    sample->ts_us = sqlite3_column_int64(row, 0);
    sample->good = type != SQLITE_NULL && quality_is_good((uint32_t)sqlite3_column_int64(row, 2));
    sample->text = type == SQLITE_BLOB || type == SQLITE_TEXT;
    sample->number = sample->text ? 0 : sqlite3_column_double(row, 1);
    sample->until_us = gaps_until_us(gaps, sample->ts_us);
}

/* The tag's last sample before a moment; not good when there is none. */
static bool rollup_read_before(struct rollup *rollup, const struct gaps *gaps, int64_t tag_id, int64_t ts_us,
                               struct rollup_value *before)
{
    sqlite3_stmt *row = rollup->statements[ROLLUP_BEFORE];
    *before = (struct rollup_value){.ts_us = INT64_MIN};
    sqlite3_bind_int64(row, 1, tag_id);
    sqlite3_bind_int64(row, 2, ts_us);
    if (sqlite3_step(row) == SQLITE_ROW)
        rollup_read_sample(row, gaps, before);
    return sqlite3_reset(row) == SQLITE_OK;
}

/* Counts the time from `from_us` to `to_us` as far as the value holds in it. */
static void rollup_hold(struct rollup_bucket *bucket, const struct rollup_value *value, int64_t from_us,
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

static void rollup_add_numbers(struct rollup_bucket *bucket, double min, double max, double first,
                               double last)
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

static void rollup_add_sample(struct rollup_bucket *bucket, const struct rollup_value *before,
                              const struct rollup_value *sample)
{
    rollup_hold(bucket, before, before->ts_us > bucket->ts_us ? before->ts_us : bucket->ts_us, sample->ts_us);
    bucket->n++;
    if (sample->good && !sample->text)
        rollup_add_numbers(bucket, sample->number, sample->number, sample->number, sample->number);
}

/* Counts what is left of the bucket after its last sample or minute, from `from_us` on. */
static void rollup_end(struct rollup_bucket *bucket, const struct rollup_value *last, int64_t from_us)
{
    rollup_hold(bucket, last, from_us, bucket->ts_us + bucket->width_us);
    bucket->held = last->good && last->until_us >= bucket->ts_us + bucket->width_us;
}

static void rollup_bind_number(sqlite3_stmt *put, int index, double number, bool there)
{
    if (there)
        sqlite3_bind_double(put, index, number);
    else
        sqlite3_bind_null(put, index);
}

static bool rollup_put(struct rollup *rollup, enum rollup_statement which, int64_t tag_id,
                       const struct rollup_bucket *bucket)
{
    sqlite3_stmt *put = rollup->statements[which];
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

/* Adds one row of minutes to its hour; *carried is what held until it begins, and then what holds at its end.
 */
static void rollup_add_minute(struct rollup_bucket *hour, struct rollup_value *carried, sqlite3_stmt *row,
                              const struct gaps *gaps)
{
    int64_t ts_us = sqlite3_column_int64(row, 0), good_us = sqlite3_column_int64(row, 7);
    bool has_numbers = sqlite3_column_type(row, 2) != SQLITE_NULL;
    bool texts = good_us && sqlite3_column_type(row, 6) == SQLITE_NULL;
    double min = sqlite3_column_double(row, 2);
    double max = sqlite3_column_type(row, 3) == SQLITE_NULL ? min : sqlite3_column_double(row, 3);
    double first = sqlite3_column_type(row, 4) == SQLITE_NULL ? min : sqlite3_column_double(row, 4);
    double last = sqlite3_column_type(row, 5) == SQLITE_NULL ? max : sqlite3_column_double(row, 5);
    int64_t start_us = carried->ts_us > hour->ts_us ? carried->ts_us : hour->ts_us;
    rollup_hold(hour, carried, start_us, ts_us);
    hour->n += sqlite3_column_int64(row, 1);
    if (has_numbers)
        rollup_add_numbers(hour, min, max, first, last);
    hour->good_us += good_us;
    hour->texts |= texts;
    hour->area += sqlite3_column_double(row, 6) * ((double)good_us / (double)hour->width_us);
    int64_t end_us = ts_us + ROLLUP_MINUTE_US;
    *carried = (struct rollup_value){.ts_us = end_us,
                                     .until_us = gaps_until_us(gaps, end_us - 1),
                                     .number = last,
                                     .good = sqlite3_column_int(row, 8),
                                     .text = texts};
}

bool rollup_fold(struct rollup *rollup, const struct gaps *gaps, int64_t tag_id, int64_t hour_us,
                 int64_t last_us)
{
    struct rollup_bucket hour = {.ts_us = hour_us, .width_us = ROLLUP_HOUR_US};
    struct rollup_value carried;
    if (!rollup_read_before(rollup, gaps, tag_id, hour_us, &carried))
        return false;
    sqlite3_stmt *rows = rollup->statements[ROLLUP_MINUTES];
    sqlite3_bind_int64(rows, 1, tag_id);
    sqlite3_bind_int64(rows, 2, hour_us);
    sqlite3_bind_int64(rows, 3, hour_us + ROLLUP_HOUR_US);
    while (sqlite3_step(rows) == SQLITE_ROW)
        rollup_add_minute(&hour, &carried, rows, gaps);
    if (sqlite3_reset(rows) != SQLITE_OK)
        return false;
    if (!hour.n)
        return true;
    rollup_end(&hour, &carried, carried.ts_us);
    bool open = hour_us == rollup_bucket_us(last_us, ROLLUP_HOUR_US);
    return rollup_put(rollup, open ? ROLLUP_PUT_HOUR_OPEN : ROLLUP_PUT_HOUR, tag_id, &hour);
}

/* What rollup_rebuild() has in hand. */
struct rollup_walk {
    struct rollup *rollup;
    const struct gaps *gaps;
    int64_t tag_id, to_us, last_us;
    bool reached_next; /* the first sample after the range */
    bool has_minute;
    struct rollup_bucket minute;
    struct rollup_value before; /* the last sample so far */
};

/* Writes the minute in hand and, when the next one (INT64_MIN: none) belongs to another hour, its hour. */
static bool rollup_finish_minute(struct rollup_walk *walk, int64_t next_us)
{
    if (!walk->has_minute)
        return true;
    walk->has_minute = false;
    rollup_end(&walk->minute, &walk->before, walk->before.ts_us);
    bool open = walk->minute.ts_us == rollup_bucket_us(walk->last_us, ROLLUP_MINUTE_US);
    int64_t hour_us = rollup_bucket_us(walk->minute.ts_us, ROLLUP_HOUR_US);
    if (!rollup_put(walk->rollup, open ? ROLLUP_PUT_MINUTE_OPEN : ROLLUP_PUT_MINUTE, walk->tag_id,
                    &walk->minute))
        return false;
    return hour_us == next_us || rollup_fold(walk->rollup, walk->gaps, walk->tag_id, hour_us, walk->last_us);
}

/* Takes one sample; *wanted becomes false when it lies past everything that changes. */
static bool rollup_take(struct rollup_walk *walk, const struct rollup_value *sample, bool *wanted)
{
    int64_t minute_us = rollup_bucket_us(sample->ts_us, ROLLUP_MINUTE_US);
    if (sample->ts_us >= walk->to_us) {
        *wanted = !walk->reached_next;
        walk->reached_next = true;
        walk->to_us = minute_us + ROLLUP_MINUTE_US;
    }
    if (walk->has_minute && minute_us != walk->minute.ts_us &&
        !rollup_finish_minute(walk, *wanted ? rollup_bucket_us(minute_us, ROLLUP_HOUR_US) : INT64_MIN))
        return false;
    if (!*wanted)
        return true;
    if (!walk->has_minute)
        walk->minute = (struct rollup_bucket){.ts_us = minute_us, .width_us = ROLLUP_MINUTE_US};
    walk->has_minute = true;
    rollup_add_sample(&walk->minute, &walk->before, sample);
    walk->before = *sample;
    return true;
}

/* What was the tag's last minute is about to become one among others: no hour may count it twice. */
static bool rollup_clear_open(struct rollup *rollup, int64_t tag_id)
{
    sqlite3_stmt *clear = rollup->statements[ROLLUP_UNPUT_MINUTE_OPEN];
    sqlite3_bind_int64(clear, 1, tag_id);
    return sql_run(clear);
}

bool rollup_rebuild(struct rollup *rollup, const struct gaps *gaps, int64_t tag_id, int64_t from_us,
                    int64_t to_us, int64_t last_us)
{
    struct rollup_walk walk = {
        .rollup = rollup, .gaps = gaps, .tag_id = tag_id, .to_us = to_us, .last_us = last_us};
    from_us = rollup_bucket_us(from_us, ROLLUP_MINUTE_US);
    if (!rollup_read_before(rollup, gaps, tag_id, from_us, &walk.before) ||
        (to_us == INT64_MAX && !rollup_clear_open(rollup, tag_id)))
        return false;
    sqlite3_stmt *rows = rollup->statements[ROLLUP_SAMPLES];
    sqlite3_bind_int64(rows, 1, tag_id);
    sqlite3_bind_int64(rows, 2, from_us);
    bool wanted = true, done = true;
    while (wanted && done && sqlite3_step(rows) == SQLITE_ROW) {
        struct rollup_value sample;
        rollup_read_sample(rows, gaps, &sample);
        done = rollup_take(&walk, &sample, &wanted);
    }
    return sqlite3_reset(rows) == SQLITE_OK && done && rollup_finish_minute(&walk, INT64_MIN);
}
