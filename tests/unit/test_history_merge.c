/* Merging, minutes and hours against a plain reference: random series with bad, late and repeated samples,
 * texts, gaps and restarts, under each recording policy. The reference reads the samples through the view `history`, which has been
 * compared with what was put in, and adds up every value's time by itself. */
#include "db/history_internal.h"
#include "db/query.h"

#include "history_fixture.h"

#include <math.h>

#define MERGE_TAGS    5
#define MERGE_SAMPLES 6000 /* of a tag, at most */
#define MERGE_GAPS    200

static uint32_t random_next(uint32_t *state)
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
static struct known_sample known_make(uint32_t tag, int64_t ts_us)
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
static void known_add(struct fixture *f, struct known *known, uint32_t tag, int64_t ts_us)
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
static int64_t known_until_us(const struct known *known, int64_t ts_us)
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
static struct known_bucket known_roll(const struct known *known, uint32_t tag, size_t first, size_t end,
                                      int64_t start_us, int64_t width_us)
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

static bool merge_near(double a, double b)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-9 * (1 + fabs(b));
}

static double merge_column(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN : sqlite3_column_double(row, column);
}

/* Compares one view of one tag, bucket by bucket. */
static void merge_check_view(sqlite3 *db, const struct known *known, uint32_t tag, const char *view,
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

static void merge_check_rollups(const struct fixture *f, const struct known *known)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (uint32_t tag = 0; tag < MERGE_TAGS; tag++) {
        merge_check_view(db, known, tag, "history_minute", ROLLUP_MINUTE_US);
        merge_check_view(db, known, tag, "history_hour", ROLLUP_HOUR_US);
    }
    sqlite3_close(db);
}

/* Every sample of the reference, each with its value, and no other. A sample that was sent twice may be there
 * twice until it is merged. */
static void merge_check_samples(const struct fixture *f, const struct known *known)
{
    sqlite3 *db;
    sqlite3_stmt *row;
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (uint32_t tag = 0; tag < MERGE_TAGS; tag++) {
        char *sql =
            mem_format("SELECT DISTINCT ts, quality, value FROM history WHERE tag = 't%u' ORDER BY ts", tag);
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
        for (size_t i = 0; i < known->count[tag]; i++) {
            const struct known_sample *sample = &known->samples[tag][i];
            static const int TYPES[] = {SQLITE_NULL, SQLITE_FLOAT, SQLITE_TEXT};
            assert_int_equal(sqlite3_step(row), SQLITE_ROW);
            assert_int_equal(sqlite3_column_int64(row, 0), sample->ts_us);
            assert_int_equal(sqlite3_column_int64(row, 1), sample->quality);
            assert_int_equal(sqlite3_column_type(row, 2), TYPES[sample->type]);
            assert_true(sample->type != VALUE_NUMBER || sqlite3_column_double(row, 2) == sample->number);
        }
        assert_int_equal(sqlite3_step(row), SQLITE_DONE);
        sqlite3_finalize(row);
        free(sql);
    }
    sqlite3_close(db);
}

static void merge_append(struct fixture *f, struct known *known)
{
    fixture_append(f, known->now_us);
}

/* Some slices of housekeeping, so short that a merge takes many; all of it when `slices` is 0. */
static void merge_tidy(struct fixture *f, uint32_t slices)
{
    struct err err = {0};
    bool more = true;
    for (uint32_t i = 0; more && (!slices || i < slices || f->history->gaps_wait); i++)
        if (!history_tidy(f->history, slices ? 1 : 10000, &more, &err))
            fail_msg("%s", err.text);
}

static void merge_everything(struct fixture *f)
{
    struct err err = {0};
    assert_true(history_flush(f->history, &err));
    merge_tidy(f, 0);
    assert_int_equal(f->history->sets[0].rows + f->history->sets[1].rows, 0);
}

/* Time goes on by something between a blink and hours. */
static int64_t merge_step_us(uint32_t *seed)
{
    static const int64_t SPANS_US[] = {100000,     2 * SECOND,  2 * SECOND,
                                       5 * SECOND, 90 * SECOND, 5000 * SECOND};
    uint32_t dice = random_next(seed) % 64;
    int64_t span_us = SPANS_US[dice == 0 ? 5 : dice < 4 ? 4 : dice % 4];
    return 1 + (int64_t)(random_next(seed) % (uint32_t)(span_us / 1000)) * 1000 + random_next(seed) % 1000;
}

/* A gap begins where time stands; sometimes it grows, overlaps or takes no time at all. */
static void merge_gap(struct fixture *f, struct known *known)
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

static void merge_restart(struct fixture *f, struct known *known)
{
    history_close(f->history, known->now_us);
    f->history = fixture_open(f);
    merge_gap(f, known);
}

/* Samples as they come, in the order of time, while runs are made and merged: the views are right at any
 * moment. */
static void merge_in_order(struct fixture *f, struct known *known)
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

/* Samples from any time, and some that were sent before: at any moment in `history`, and in the minutes and
 * hours when they are merged. */
static void merge_late(struct fixture *f, struct known *known)
{
    for (int step = 0; step < 4; step++) {
        for (uint32_t i = random_next(&known->seed) % 30; i > 0; i--) {
            uint32_t tag = random_next(&known->seed) % MERGE_TAGS;
            int64_t span_us = known->now_us - T0 + SECOND,
                    ago_us = random_next(&known->seed) % 2 ? 600 * SECOND : span_us;
            int64_t ts_us =
                known->now_us - (int64_t)(random_next(&known->seed) % (uint32_t)(ago_us / 1000)) * 1000;
            if (random_next(&known->seed) % 3 == 0 && known->count[tag])
                ts_us = known->samples[tag][random_next(&known->seed) % known->count[tag]].ts_us;
            known_add(f, known, tag, ts_us < T0 ? T0 : ts_us);
        }
        merge_append(f, known);
        struct err err = {0};
        if (random_next(&known->seed) % 2)
            assert_true(history_flush(f->history, &err));
        merge_tidy(f, random_next(&known->seed) % 6 + 1);
        merge_check_samples(f, known);
    }
}

static void merge_add_tags(struct fixture *f, const struct known *known)
{
    for (uint32_t tag = 0; tag < MERGE_TAGS; tag++) {
        char name[16];
        snprintf(name, sizeof name, "t%u", tag);
        fixture_add_tag_with(f, tag + 1, name, name, &known->policy);
    }
    fixture_append(f, T0);
}

static void test_random_series_equal_the_reference(void **state)
{
    struct fixture *f = *state;
    struct known *known = mem_new(1, sizeof *known);
    uint64_t samples = 0;
    for (uint32_t seed = 1; seed <= 12; seed++) {
        *known = (struct known){.now_us = T0, .seed = seed * 7919};
        f->options.merge_rows = 1 + seed * 60;
        fixture_reopen(f);
        merge_add_tags(f, known);
        for (int round = 0; round < 6; round++) {
            merge_in_order(f, known);
            merge_late(f, known);
            f->options.merge_rows = 1;
            fixture_reopen(f);
            merge_everything(f);
            merge_check_samples(f, known);
            merge_check_rollups(f, known);
            fixture_expect(f,
                           "SELECT (SELECT sum(n) FROM history_hour) - count(*),"
                           " (SELECT sum(n) FROM history_minute) - count(*) FROM history",
                           "0|0\n");
            f->options.merge_rows = 1 + seed * 60;
            fixture_reopen(f);
        }
        fixture_expect(f, "PRAGMA integrity_check", "ok\n");
        for (uint32_t tag = 0; tag < MERGE_TAGS; tag++)
            samples += known->count[tag];
        history_close(f->history, 0);
        f->history = NULL;
        assert_int_equal(unlink(f->path), 0);
        f->history = fixture_open(f);
    }
    print_message("%llu samples\n", (unsigned long long)samples);
    free(known);
}

/* ---- recording policies ---- */

struct thin_row {
    int64_t ts_us;
    uint32_t quality;
    int type; /* SQLite's */
    double number;
};

/* What `history` shows of a tag; the caller frees it. */
static struct thin_row *thin_read(sqlite3 *db, uint32_t tag, size_t *count)
{
    sqlite3_stmt *row;
    struct thin_row *rows = NULL;
    size_t capacity = 0;
    char *sql = mem_format("SELECT ts, quality, value FROM history WHERE tag = 't%u' ORDER BY ts", tag);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
    for (*count = 0; sqlite3_step(row) == SQLITE_ROW; ++*count) {
        rows = mem_grow(rows, &capacity, *count + 1, sizeof *rows);
        rows[*count] = (struct thin_row){.ts_us = sqlite3_column_int64(row, 0),
                                         .quality = (uint32_t)sqlite3_column_int64(row, 1),
                                         .type = sqlite3_column_type(row, 2),
                                         .number = sqlite3_column_double(row, 2)};
    }
    assert_int_equal(sqlite3_finalize(row), SQLITE_OK);
    free(sql);
    return rows;
}

static bool thin_equals(const struct thin_row *row, const struct known_sample *sample)
{
    static const int TYPES[] = {SQLITE_NULL, SQLITE_FLOAT, SQLITE_TEXT};
    return row->quality == sample->quality && row->type == TYPES[sample->type] &&
           (sample->type != VALUE_NUMBER || row->number == sample->number);
}

/* Do two rows with nothing between say what a sample between them was? */
static bool thin_tells(const struct known *known, const struct thin_row *left, const struct thin_row *right,
                       const struct known_sample *sample)
{
    if (known_until_us(known, left->ts_us) <= right->ts_us)
        return false;
    if (thin_equals(left, sample) && thin_equals(right, sample))
        return true;
    double share = (double)(sample->ts_us - left->ts_us) / (double)(right->ts_us - left->ts_us);
    double line = left->number + share * (right->number - left->number);
    return known->policy.record == RECORD_COMPRESSED && sample->type == VALUE_NUMBER &&
           quality_is_good(sample->quality) && left->quality == sample->quality &&
           right->quality == sample->quality && left->type == SQLITE_FLOAT && right->type == SQLITE_FLOAT &&
           fabs(line - sample->number) <= known->policy.deviation * (1 + 1e-9);
}

/* Each row is a sample, and each sample is a row or is told by those around it; the newest is always there. */
static size_t thin_check_samples(const struct fixture *f, const struct known *known)
{
    sqlite3 *db;
    size_t all = 0;
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (uint32_t tag = 0; tag < MERGE_TAGS; tag++) {
        size_t count, at = 0;
        struct thin_row *rows = thin_read(db, tag, &count);
        for (size_t i = 0; i < known->count[tag]; i++) {
            const struct known_sample *sample = &known->samples[tag][i];
            assert_true(at < count);
            if (rows[at].ts_us == sample->ts_us) {
                assert_true(thin_equals(&rows[at++], sample));
                continue;
            }
            assert_true(at > 0 && rows[at].ts_us > sample->ts_us);
            if (!thin_tells(known, &rows[at - 1], &rows[at], sample))
                fail_msg("tag %u: the sample at %lld is not told", tag, (long long)sample->ts_us);
        }
        assert_int_equal(at, count);
        all += count;
        free(rows);
    }
    sqlite3_close(db);
    return all;
}

/* In any slice of any merge, across restarts. */
static void thin_in_order(struct fixture *f, struct known *known, uint64_t merge_rows)
{
    for (int round = 0; round < 4; round++) {
        f->options.merge_rows = merge_rows;
        fixture_reopen(f);
        merge_in_order(f, known);
        thin_check_samples(f, known);
        f->options.merge_rows = 1;
        fixture_reopen(f);
        merge_everything(f);
        merge_check_rollups(f, known);
        thin_check_samples(f, known);
    }
}

static const struct tag_def THIN_POLICIES[] = {
    {.record = RECORD_CHANGE},
    {.record = RECORD_CHANGE, .max_time_us = 20 * SECOND},
    {.record = RECORD_COMPRESSED, .deviation = 1},
    {.record = RECORD_COMPRESSED, .deviation = 4000},
    {.record = RECORD_COMPRESSED, .deviation = 6000, .min_time_us = 3 * SECOND},
    {.record = RECORD_COMPRESSED, .deviation = 9000, .max_time_us = 600 * SECOND},
};

static void test_policies_tell_every_sample(void **state)
{
    struct fixture *f = *state;
    struct known *known = mem_new(1, sizeof *known);
    for (uint32_t i = 0; i < sizeof THIN_POLICIES / sizeof *THIN_POLICIES; i++) {
        *known = (struct known){.now_us = T0, .seed = 31 + i * 104729, .policy = THIN_POLICIES[i]};
        merge_add_tags(f, known);
        thin_in_order(f, known, 1 + i * 60);
        size_t kept = thin_check_samples(f, known), samples = 0;
        for (uint32_t tag = 0; tag < MERGE_TAGS; tag++)
            samples += known->count[tag];
        print_message("policy %u: %zu of %zu samples kept\n", i, kept, samples);
        assert_true(kept < samples);
        history_close(f->history, 0);
        f->history = NULL;
        assert_int_equal(unlink(f->path), 0);
        f->history = fixture_open(f);
    }
    free(known);
}

/* n, min and max of every minute and hour, and shares of good time that can be. */
static void thin_check_counts(const struct fixture *f, const struct known *known)
{
    sqlite3 *db;
    sqlite3_stmt *row;
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (uint32_t tag = 0; tag < 2 * MERGE_TAGS; tag++) {
        int64_t width_us = tag % 2 ? ROLLUP_HOUR_US : ROLLUP_MINUTE_US;
        const struct known_sample *samples = known->samples[tag / 2];
        char *sql = mem_format("SELECT ts, n, min, max, good FROM history_%s WHERE tag = 't%u' ORDER BY ts",
                               tag % 2 ? "hour" : "minute", tag / 2);
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
        for (size_t first = 0, end; first < known->count[tag / 2]; first = end) {
            int64_t start_us = rollup_bucket_us(samples[first].ts_us, width_us);
            for (end = first; end < known->count[tag / 2] && samples[end].ts_us < start_us + width_us;)
                end++;
            struct known_bucket want = known_roll(known, tag / 2, first, end, start_us, width_us);
            assert_int_equal(sqlite3_step(row), SQLITE_ROW);
            assert_int_equal(sqlite3_column_int64(row, 0), start_us);
            assert_int_equal(sqlite3_column_int64(row, 1), want.n);
            assert_true(merge_near(merge_column(row, 2), want.min) &&
                        merge_near(merge_column(row, 3), want.max));
            assert_true(sqlite3_column_double(row, 4) >= 0 && sqlite3_column_double(row, 4) <= 1);
        }
        assert_int_equal(sqlite3_step(row), SQLITE_DONE);
        sqlite3_finalize(row);
        free(sql);
    }
    sqlite3_close(db);
}

/* Late samples among others of which some were left out: counted, within min and max, and each of them told
 * when it comes. */
static void test_late_samples_spoil_no_minute(void **state)
{
    struct fixture *f = *state;
    struct known *known = mem_new(1, sizeof *known);
    for (uint32_t i = 0; i < sizeof THIN_POLICIES / sizeof *THIN_POLICIES; i++) {
        *known = (struct known){
            .now_us = T0, .seed = 77 + i * 15485863, .policy = THIN_POLICIES[i], .counts_only = true};
        f->options.merge_rows = 1;
        fixture_reopen(f);
        merge_add_tags(f, known);
        for (int round = 0; round < 6; round++) {
            merge_in_order(f, known);
            merge_everything(f);
            for (int late = 0; late < 40; late++) {
                int64_t ago_us = random_next(&known->seed) % 2 ? 600 * SECOND : known->now_us - T0 + SECOND;
                int64_t ts_us =
                    known->now_us - (int64_t)(random_next(&known->seed) % (uint32_t)(ago_us / 1000)) * 1000;
                known_add(f, known, random_next(&known->seed) % MERGE_TAGS, ts_us < T0 ? T0 : ts_us);
            }
            merge_append(f, known);
            merge_everything(f);
            thin_check_counts(f, known);
        }
        fixture_expect(f, "PRAGMA integrity_check", "ok\n");
        history_close(f->history, 0);
        f->history = NULL;
        assert_int_equal(unlink(f->path), 0);
        f->history = fixture_open(f);
    }
    free(known);
}

/* What a late sample does to a minute of which samples were left out, and to one that has all of its own. */
static void test_late_samples_in_figures(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    int64_t hour_us = rollup_bucket_us(T0, ROLLUP_HOUR_US);
    f->options.merge_rows = 1;
    fixture_reopen(f);
    fixture_add_tag_with(f, 1, "t", "t", &(struct tag_def){.record = RECORD_CHANGE});
    for (int i = 0; i < 60; i++)
        fixture_add_number(f, 1, hour_us + i * SECOND, 5);
    fixture_add_number(f, 1, hour_us + 600 * SECOND, 5);
    fixture_append(f, T0);
    merge_everything(f);
    fixture_expect(f, "SELECT count(*) FROM history", "2\n");
    fixture_expect(f, "SELECT n, min, max, avg, good FROM history_minute",
                   "60|5.0|5.0|5.0|1.0\n1|5.0|5.0|5.0|1.0\n");
    fixture_add_number(f, 1, hour_us + 30 * SECOND + 1, 9); /* the one after it was left out */
    fixture_add_number(f, 1, hour_us + 90 * SECOND, 7);     /* a minute without samples */
    fixture_add_number(f, 1, hour_us + 105 * SECOND, 5);
    fixture_add_number(f, 1, hour_us + 300 * SECOND, 5); /* told by its neighbours */
    fixture_append(f, T0);
    merge_everything(f);
    fixture_expect(f, "SELECT (ts - 1699999200000000) / 1000000, value FROM history",
                   "0|5.0\n30|9.0\n90|7.0\n105|5.0\n600|5.0\n");
    fixture_expect(f, "SELECT n, min, max, avg, good FROM history_minute",
                   "61|5.0|9.0|5.0|1.0\n2|5.0|7.0|5.5|1.0\n1|5.0|5.0|5.0|1.0\n1|5.0|5.0|5.0|1.0\n");
    fixture_expect(f, "SELECT n, min, max, round(avg * 3600) FROM history_hour", "65|5.0|9.0|18030.0\n");
    assert_true(history_flush(f->history, &err));
}

/* The policy of a tag may change at any time: what was kept stays, and the next merge goes by the new one. */
static void test_a_policy_may_change(void **state)
{
    static const struct tag_def POLICIES[] = {
        {.record = RECORD_ALL}, {.record = RECORD_COMPRESSED, .deviation = 10}, {.record = RECORD_CHANGE}};
    struct fixture *f = *state;
    int64_t ts_us = T0;
    f->options.merge_rows = 1;
    fixture_reopen(f);
    for (int part = 0; part < 9; part++) {
        fixture_add_tag_with(f, 1, "t", "t", &POLICIES[part % 3]);
        for (int i = 0; i < 100; i++, ts_us += SECOND)
            fixture_add_number(f, 1, ts_us, 7);
        fixture_append(f, ts_us);
        char *before = fixture_sql(f, "SELECT ts FROM archive ORDER BY ts LIMIT -1 OFFSET 0");
        merge_everything(f);
        char *after = fixture_sql(f, "SELECT ts FROM archive ORDER BY ts");
        size_t kept = strlen(before) > 17 ? strlen(before) - 17 : 0; /* all but the held one */
        assert_memory_equal(before, after, kept);
        free(before);
        free(after);
    }
    fixture_expect(f, "SELECT sum(n) FROM history_minute", "900\n");
    fixture_expect(f, "SELECT count(*) >= 300 AND count(*) < 330 FROM history", "1\n");
}

/* ---- */

/* Samples with one stamp in different runs, more of them than one slice takes: each is kept, a microsecond
 * apart, and none falls between two slices. */
static void test_ties_between_runs(void **state)
{
    enum { STAMPS = 3000, RUNS = 3 };
    struct fixture *f = *state;
    struct err err = {0};
    f->options.merge_rows = STAMPS * RUNS;
    fixture_reopen(f);
    fixture_add_tag(f, 1, "t", "t");
    for (int run = 0; run < RUNS; run++) {
        for (int i = 0; i < STAMPS; i++)
            fixture_add_number(f, 1, T0 + i * SECOND, i * RUNS + run);
        fixture_append(f, T0);
        assert_true(history_flush(f->history, &err));
    }
    for (bool more = true; more;) {
        assert_true(history_tidy(f->history, 1, &more, &err));
        fixture_expect(f, "SELECT count(*), sum(value) FROM history", "9000|40495500.0\n");
    }
    fixture_expect(f, "SELECT count(*), sum(value) FROM archive", "9000|40495500.0\n");
    fixture_expect(
        f, "SELECT count(*) FROM archive WHERE (ts - 1700000000000000) / 1000000 * 3 + ts % 1000000 = value",
        "9000\n");
    fixture_expect(f, "SELECT (SELECT sum(n) FROM history_minute), (SELECT sum(n) FROM history_hour)",
                   "9000|9000\n");
}

/* A late sample is in `history` at once, in its minute and hour with the merge, and never makes a bucket appear
 * twice. */
static void test_late_samples_wait_for_the_merge(void **state)
{
    struct fixture *f = *state;
    fixture_add_tag(f, 1, "t", "t");
    f->options.merge_rows = 1;
    for (int i = 0; i < 10; i++)
        fixture_add_number(f, 1, T0 + i * 60 * SECOND, 10);
    fixture_append(f, T0);
    fixture_reopen(f);
    merge_everything(f);
    static const char BEFORE[] = "10|10|10.0\n", AFTER[] = "10|11|60.0\n";
    static const char QUERY[] = "SELECT count(*), sum(n), max(max) FROM history_minute";
    fixture_expect(f, QUERY, BEFORE);
    fixture_add_number(f, 1, T0 + 90 * SECOND, 60);
    fixture_append(f, T0);
    fixture_expect(f, QUERY, BEFORE);
    fixture_expect(f, "SELECT count(*), max(value) FROM history", "11|60.0\n");
    fixture_expect(f, "SELECT max(n) FROM history_hour", "10\n");
    merge_everything(f);
    fixture_expect(f, QUERY, AFTER);
    fixture_expect(f, "SELECT n, avg FROM history_minute WHERE max = 60 ORDER BY ts", "2|18.3333333333333\n");
    fixture_expect(f, "SELECT round(avg, 6) FROM history_minute ORDER BY ts LIMIT 1 OFFSET 2", "26.666667\n");
}

/* The figures of a plain hour, written out. */
static void test_figures(void **state)
{
    struct fixture *f = *state;
    int64_t hour_us = rollup_bucket_us(T0, ROLLUP_HOUR_US);
    static const char MINUTES[] =
        "t|2023-11-14T22:00:00Z|1699999200000000|2|0.0|4.0|2.0|0.0|4.0|0.5\n"
        "t|2023-11-14T22:10:00Z|1699999800000000|2|1.0|1.0|2.5|1.0|1.0|0.666666666666667\n"
        "t|2023-11-14T22:59:00Z|1700002740000000|1|NULL|NULL|NULL|NULL|NULL|0.0\n";
    fixture_add_tag(f, 1, "t", "t");
    fixture_add_number(f, 1, hour_us + 30 * SECOND, 0);
    fixture_add_number(f, 1, hour_us + 45 * SECOND, 4);
    fixture_add_number(f, 1, hour_us + 620 * SECOND, 1);
    batch_add_sample(f->batch, 1, hour_us + 640 * SECOND, &(struct value){.type = VALUE_NUMBER, .number = 9},
                     QUALITY_BAD);
    batch_add_sample(f->batch, 1, hour_us + 59 * 60 * SECOND, &(struct value){.type = VALUE_NONE},
                     QUALITY_BAD);
    fixture_append(f, T0);
    for (int merged = 0; merged < 2; merged++) {
        fixture_expect(f, "SELECT * FROM history_minute ORDER BY ts", MINUTES);
        char *text = fixture_sql(
            f, "SELECT n, min, max, round(avg, 9), first, last, round(good, 9) FROM history_hour");
        assert_string_equal(text, "5|0.0|4.0|3.803278689|0.0|1.0|0.169444444\n");
        free(text);
        f->options.merge_rows = 1;
        fixture_reopen(f);
        merge_everything(f);
    }
    fixture_expect(f, "SELECT count(*) FROM tail", "0\n");
    batch_add_gap(f->batch, hour_us + 60 * SECOND, hour_us + 600 * SECOND, "broker away"); /* known late */
    fixture_append(f, T0);
    merge_tidy(f, 0);
    fixture_expect(f, "SELECT round(avg, 9), round(good * 3600, 9) FROM history_hour", "1.6|50.0\n");
    fixture_expect(f, "SELECT avg, good * 60 FROM history_minute LIMIT 1 OFFSET 1", "1.0|20.0\n");
}

/* A gap that becomes known when its time is full of samples: one tag takes many slices, each of them short. */
static void test_a_gap_full_of_samples(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    int64_t hour_us = rollup_bucket_us(T0, ROLLUP_HOUR_US);
    int slices = 0;
    f->options.merge_rows = 1;
    fixture_reopen(f);
    fixture_add_tag(f, 1, "t", "t");
    for (int i = 0; i < 720; i++)
        fixture_add_number(f, 1, hour_us + i * 10 * SECOND, i);
    fixture_append(f, T0);
    merge_everything(f);
    fixture_expect(f, "SELECT sum(good) FROM history_minute", "120.0\n");
    batch_add_gap(f->batch, hour_us + 600 * SECOND, hour_us + 6600 * SECOND, "broker away");
    fixture_append(f, T0);
    for (bool more = true; more; slices += f->history->stats.work == HISTORY_WORK_GAP)
        assert_true(history_tidy(f->history, 1, &more, &err));
    assert_in_range(slices, 10, 20);
    fixture_expect(f, "SELECT sum(good), sum(n), sum(good > 0) FROM history_minute", "20.0|720|20\n");
    fixture_expect(f, "SELECT round(good * 60, 6), n FROM history_hour ORDER BY ts", "10.0|360\n10.0|360\n");
}

/* The machine's clock is set back by an hour and then forward by a day while samples come and are merged: what
 * came before is older, later or doubled in time then, but each sample is there once at any moment, and the
 * minutes and hours count each once. */
static void test_steps_of_the_clock(void **state)
{
    static const int64_t STEPS_US[] = {0, -3600 * SECOND, 86400 * SECOND, -86400 * SECOND};
    struct fixture *f = *state;
    int64_t now_us = T0;
    char expected[96];
    int count = 0;
    f->options.merge_rows = 1; /* what is older than the archive's last counts in minutes once merged */
    fixture_reopen(f);
    fixture_add_tag(f, 1, "t", "t");
    for (size_t step = 0; step < sizeof STEPS_US / sizeof *STEPS_US; step++) {
        now_us += STEPS_US[step];
        for (int i = 0; i < 1000; i++, now_us += SECOND) {
            fixture_add_number(f, 1, now_us, count++);
            if (i % 10 == 9)
                fixture_append(f, now_us);
            if (i % 250 == 249) {
                merge_everything(f);
                snprintf(expected, sizeof expected, "%d|%d.0|%d\n", count, count * (count - 1) / 2, count);
                fixture_expect(f, "SELECT count(*), sum(value), count(DISTINCT ts) FROM history", expected);
                snprintf(expected, sizeof expected, "%d|%d\n", count, count);
                fixture_expect(f, "SELECT (SELECT sum(n) FROM history_minute), sum(n) FROM history_hour",
                               expected);
            }
        }
    }
    fixture_expect(f,
                   "SELECT max(good) <= 1, min(good) >= 0, count(*) = count(DISTINCT ts) FROM history_minute",
                   "1|1|1\n");
    fixture_expect(f, "SELECT ts = (SELECT max(ts) FROM history) FROM latest", "1\n");
    history_close(f->history,
                  0); /* as a crash: the proof of life has followed the clock in both directions */
    f->history = fixture_open(f);
    assert_in_range(now_us - history_alive_us(f->history), 0, 20 * SECOND);
}

int main(void)
{
#define HISTORY_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        HISTORY_TEST(test_random_series_equal_the_reference),
        HISTORY_TEST(test_ties_between_runs),
        HISTORY_TEST(test_late_samples_wait_for_the_merge),
        HISTORY_TEST(test_figures),
        HISTORY_TEST(test_policies_tell_every_sample),
        HISTORY_TEST(test_late_samples_spoil_no_minute),
        HISTORY_TEST(test_late_samples_in_figures),
        HISTORY_TEST(test_a_policy_may_change),
        HISTORY_TEST(test_a_gap_full_of_samples),
        HISTORY_TEST(test_steps_of_the_clock),
    };
    return cmocka_run_group_tests_name("history_merge", tests, NULL, NULL);
}
