/* A plain reference for histories: random series with bad, late and repeated samples, texts, gaps and restarts, put
 * into a file and kept aside, and what minutes and hours have to show of them. The reference adds up every value's time
 * by itself. */
#ifndef TESTS_KNOWN_FIXTURE_H
#define TESTS_KNOWN_FIXTURE_H

#include "db/history_internal.h"

#include "history_fixture.h"

#include <math.h>

#define MERGE_TAGS    5
#define MERGE_SAMPLES 6000 /* of a tag, at most */
#define MERGE_GAPS    200

static inline uint32_t random_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

struct known_sample {
    int64_t ts_us;
    uint32_t quality;
    enum value_type type;
    double number;
};

struct known {
    struct known_sample samples[MERGE_TAGS][MERGE_SAMPLES]; /* in the order of ts */
    size_t count[MERGE_TAGS];
    int64_t now_us;
    struct gaps_span gaps[MERGE_GAPS];
    size_t gap_count;
    uint32_t seed;
    struct tag_def policy; /* of all tags */
    bool counts_only;      /* late samples came where others had been left out */
};

/* A sample that follows from its tag and stamp, so that repeating it is repeating the same one. */
static inline struct known_sample known_make(uint32_t tag, int64_t ts_us)
{
    uint32_t mix = (uint32_t)(ts_us / 1000) * 2654435761u + tag * 977;
    struct known_sample sample = {.ts_us = ts_us, .type = VALUE_NUMBER};
    random_next(&mix);
    sample.quality = random_next(&mix) % 8   ? QUALITY_GOOD
                     : random_next(&mix) % 2 ? QUALITY_BAD
                                             : QUALITY_UNCERTAIN_NO_COMM;
    sample.number =
        tag % 2 ? (double)(random_next(&mix) % 3) : (double)(random_next(&mix) % 100000) / 7 - 5000;
    if (tag == 3 || (tag == 4 && random_next(&mix) % 16 == 0))
        sample.type = VALUE_TEXT;
    if (random_next(&mix) % 20 == 0)
        sample.type = VALUE_NONE;
    return sample;
}

/* Puts a sample into the batch and, unless it is there, into the reference. */
static inline void known_add(struct fixture *f, struct known *known, uint32_t tag, int64_t ts_us)
{
    struct known_sample sample = known_make(tag, ts_us), *samples = known->samples[tag];
    struct value value = {.type = sample.type, .number = sample.number, .text = "on", .text_length = 2};
    size_t *count = &known->count[tag], at = *count;
    if (*count == MERGE_SAMPLES)
        return;
    batch_add_sample(f->batch, tag + 1, ts_us, &value, sample.quality);
    while (at && samples[at - 1].ts_us > ts_us)
        at--;
    if (at && samples[at - 1].ts_us == ts_us)
        return;
    memmove(samples + at + 1, samples + at, (*count - at) * sizeof *samples);
    samples[at] = sample;
    ++*count;
}

/* Until when a value may hold for the sake of gaps, said in the plainest way. */
static inline int64_t known_until_us(const struct known *known, int64_t ts_us)
{
    int64_t until_us = INT64_MAX;
    for (size_t i = 0; i < known->gap_count; i++) {
        int64_t start_us = known->gaps[i].start_us > ts_us ? known->gaps[i].start_us : ts_us;
        if (known->gaps[i].end_us > ts_us && start_us < until_us)
            until_us = start_us;
    }
    return until_us;
}

struct known_bucket {
    int64_t n;
    double min, max, first, last, avg, good;
};

/* The bucket that holds samples[first .. end). */
static inline struct known_bucket known_roll(const struct known *known, uint32_t tag, size_t first,
                                             size_t end, int64_t start_us, int64_t width_us)
{
    const struct known_sample *samples = known->samples[tag];
    struct known_bucket bucket = {
        .n = (int64_t)(end - first), .min = NAN, .max = NAN, .first = NAN, .last = NAN};
    double area = 0, time = 0;
    bool texts = false;
    for (size_t i = first ? first - 1 : 0; i < end; i++) {
        const struct known_sample *sample = &samples[i];
        bool good = quality_is_good(sample->quality) && sample->type != VALUE_NONE;
        if (!good)
            continue;
        int64_t from_us = sample->ts_us > start_us ? sample->ts_us : start_us;
        int64_t until_us = known_until_us(known, sample->ts_us), to_us = start_us + width_us;
        to_us = until_us < to_us ? until_us : to_us;
        to_us = i + 1 < known->count[tag] && samples[i + 1].ts_us < to_us ? samples[i + 1].ts_us : to_us;
        if (to_us > from_us) {
            time += (double)(to_us - from_us);
            area += sample->number * (double)(to_us - from_us);
            texts |= sample->type == VALUE_TEXT;
        }
        if (i < first || sample->type != VALUE_NUMBER)
            continue;
        bucket.min = isnan(bucket.min) || sample->number < bucket.min ? sample->number : bucket.min;
        bucket.max = isnan(bucket.max) || sample->number > bucket.max ? sample->number : bucket.max;
        bucket.first = isnan(bucket.first) ? sample->number : bucket.first;
        bucket.last = sample->number;
    }
    bucket.avg = texts || time <= 0 ? NAN : area / time;
    bucket.good = time / (double)width_us;
    return bucket;
}

static inline bool merge_near(double a, double b)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-9 * (1 + fabs(b));
}

static inline double merge_column(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN : sqlite3_column_double(row, column);
}

/* Compares one view of one tag, bucket by bucket. */
static inline void merge_check_view(sqlite3 *db, const struct known *known, uint32_t tag, const char *view,
                                    int64_t width_us)
{
    sqlite3_stmt *row;
    char *sql = mem_format(
        "SELECT ts, n, min, max, first, last, avg, good FROM %s WHERE tag = 't%u' ORDER BY ts", view, tag);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
    const struct known_sample *samples = known->samples[tag];
    for (size_t first = 0, end; first < known->count[tag]; first = end) {
        int64_t start_us = rollup_bucket_us(samples[first].ts_us, width_us);
        for (end = first; end < known->count[tag] && samples[end].ts_us < start_us + width_us;)
            end++;
        struct known_bucket want = known_roll(known, tag, first, end, start_us, width_us);
        double wanted[] = {want.min, want.max, want.first, want.last, want.avg, want.good};
        assert_int_equal(sqlite3_step(row), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int64(row, 0), start_us);
        assert_int_equal(sqlite3_column_int64(row, 1), want.n);
        for (int i = 0; i < 6; i++)
            if (!merge_near(merge_column(row, 2 + i), wanted[i]))
                fail_msg("%s tag %u bucket %lld column %d: %.17g, not %.17g", view, tag, (long long)start_us,
                         i, merge_column(row, 2 + i), wanted[i]);
    }
    assert_int_equal(sqlite3_step(row), SQLITE_DONE);
    sqlite3_finalize(row);
    free(sql);
}

static inline void merge_check_rollups(const struct fixture *f, const struct known *known)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (uint32_t tag = 0; tag < MERGE_TAGS; tag++) {
        merge_check_view(db, known, tag, "history_minute", ROLLUP_MINUTE_US);
        merge_check_view(db, known, tag, "history_hour", ROLLUP_HOUR_US);
    }
    sqlite3_close(db);
}

static inline void merge_append(struct fixture *f, struct known *known)
{
    fixture_append(f, known->now_us);
}

/* Some slices of housekeeping, so short that a merge takes many; all of it when `slices` is 0. */
static inline void merge_tidy(struct fixture *f, uint32_t slices)
{
    struct err err = {0};
    bool more = true;
    for (uint32_t i = 0; more && (!slices || i < slices || f->history->gaps_wait); i++)
        if (!history_tidy(f->history, slices ? 1 : 10000, &more, &err))
            fail_msg("%s", err.text);
}

static inline void merge_everything(struct fixture *f)
{
    struct err err = {0};
    assert_true(history_flush(f->history, &err));
    merge_tidy(f, 0);
    assert_int_equal(f->history->sets[0].rows + f->history->sets[1].rows, 0);
}

/* Time goes on by something between a blink and hours. */
static inline int64_t merge_step_us(uint32_t *seed)
{
    static const int64_t SPANS_US[] = {100000,     2 * SECOND,  2 * SECOND,
                                       5 * SECOND, 90 * SECOND, 5000 * SECOND};
    uint32_t dice = random_next(seed) % 64;
    int64_t span_us = SPANS_US[dice == 0 ? 5 : dice < 4 ? 4 : dice % 4];
    return 1 + (int64_t)(random_next(seed) % (uint32_t)(span_us / 1000)) * 1000 + random_next(seed) % 1000;
}

/* A gap begins where time stands; sometimes it grows, overlaps or takes no time at all. */
static inline void merge_gap(struct fixture *f, struct known *known)
{
    if (known->gap_count == MERGE_GAPS)
        return;
    /* known late only where every sample is there to make good for it */
    bool late = known->policy.record == RECORD_ALL && random_next(&known->seed) % 4 == 0;
    int64_t start_us = known->now_us - (late ? merge_step_us(&known->seed) : 0);
    int64_t end_us = random_next(&known->seed) % 5 ? known->now_us + merge_step_us(&known->seed) : start_us;
    known->gaps[known->gap_count++] = (struct gaps_span){start_us, end_us};
    batch_add_gap(f->batch, start_us, end_us,
                  random_next(&known->seed) % 2 ? "broker away" : "recorder stopped");
    known->now_us = end_us > known->now_us ? end_us : known->now_us;
    merge_append(f, known);
}

static inline void merge_restart(struct fixture *f, struct known *known)
{
    history_close(f->history, known->now_us);
    f->history = fixture_open(f);
    merge_gap(f, known);
}

/* Samples as they come, in the order of time, while runs are made and merged: the views are right at any
 * moment. */
static inline void merge_in_order(struct fixture *f, struct known *known)
{
    for (int step = 0; step < 12; step++) {
        for (uint32_t i = random_next(&known->seed) % 60; i > 0; i--) {
            known->now_us += merge_step_us(&known->seed);
            known_add(f, known, random_next(&known->seed) % MERGE_TAGS, known->now_us);
        }
        merge_append(f, known);
        struct err err = {0};
        switch (random_next(&known->seed) % 6) {
        case 0:
            assert_true(history_flush(f->history, &err));
            break;
        case 1:
            merge_gap(f, known);
            break;
        case 2:
            merge_restart(f, known);
            break;
        default:
            break;
        }
        merge_tidy(f, 1 + random_next(&known->seed) % 4);
        if (step % 4 == 0 && !known->counts_only)
            merge_check_rollups(f, known);
    }
}

static inline void merge_add_tags(struct fixture *f, const struct known *known)
{
    for (uint32_t tag = 0; tag < MERGE_TAGS; tag++) {
        char name[16];
        snprintf(name, sizeof name, "t%u", tag);
        fixture_add_tag_with(f, tag + 1, name, name, &known->policy);
    }
    fixture_append(f, T0);
}

#endif
