/* Merging, minutes and hours against the plain reference, and single cases of what is hard: ties, late samples, gaps known
 * late, clocks that step. */
#include "known_fixture.h"

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

/* A late sample that waits for the merge is counted by no minute yet: the first and the last value of its minute are those
 * of the samples that are. */
static void test_late_samples_that_wait(void **state)
{
    struct fixture *f = *state;
    int64_t minute_us = rollup_bucket_us(T0, ROLLUP_MINUTE_US);
    fixture_add_tag(f, 1, "t", "t");
    batch_add_sample(f->batch, 1, minute_us + 20 * SECOND, &(struct value){.type = VALUE_NUMBER},
                     QUALITY_BAD);
    fixture_append(f, T0);
    f->options.merge_rows = 1;
    fixture_reopen(f);
    merge_everything(f);
    f->options.merge_rows = 0;
    fixture_reopen(f);
    fixture_add_number(f, 1, minute_us + 10 * SECOND, 9); /* late */
    fixture_add_number(f, 1, minute_us + 30 * SECOND, 5);
    fixture_add_number(f, 1, minute_us + 40 * SECOND, 3);
    fixture_add_number(f, 1, minute_us + 50 * SECOND, 4);
    fixture_append(f, T0);
    for (int flushed = 0; flushed < 2; flushed++) {
        struct err err = {0};
        fixture_expect(f, "SELECT n, min, max, avg, first, last, good * 60 FROM history_minute",
                       "4|3.0|5.0|4.0|5.0|4.0|30.0\n");
        assert_true(history_flush(f->history, &err));
    }
    f->options.merge_rows = 1;
    fixture_reopen(f);
    merge_everything(f);
    fixture_expect(f, "SELECT n, min, max, first, last, good * 60 FROM history_minute",
                   "5|3.0|9.0|9.0|4.0|40.0\n");
}

/* A gap that grows faster than all tags are gone through: each is reached nevertheless. */
static void test_a_gap_that_grows(void **state)
{
    enum { TAGS = 40 };
    struct fixture *f = *state;
    struct err err = {0};
    int64_t hour_us = rollup_bucket_us(T0, ROLLUP_HOUR_US);
    bool more = true;
    f->options.merge_rows = 1;
    fixture_reopen(f);
    for (uint32_t id = 1; id <= TAGS; id++) {
        char name[8];
        snprintf(name, sizeof name, "t%u", id);
        fixture_add_tag(f, id, name, name);
        for (int i = 0; i < 60; i++)
            fixture_add_number(f, id, hour_us + i * 60 * SECOND, i);
    }
    fixture_append(f, T0);
    merge_everything(f);
    fixture_expect(f, "SELECT count(*), sum(good) FROM history_hour", "40|40.0\n");
    for (int i = 0; i < 12 * TAGS; i++) {
        if (i % (TAGS / 4) == 0) {
            batch_add_gap(f->batch, hour_us + 600 * SECOND, hour_us + (1200 + i) * SECOND, "broker away");
            fixture_append(f, T0);
        }
        assert_true(history_tidy(f->history, 1, &more, &err));
    }
    fixture_expect(f, "SELECT count(*), count(CASE WHEN good < 0.9 THEN 1 END) FROM history_hour", "40|40\n");
    merge_tidy(f, 0);
    fixture_expect(f, "SELECT count(DISTINCT good), min(good) < 0.71 FROM history_hour", "1|1\n");
    fixture_expect(f, "SELECT rolled FROM unrecorded", "1\n");
}

/* The clock was ahead, twice, and comes back: the gap that it left ends there, the other one is none, and the time
 * from then on counts again. */
static void test_a_clock_that_comes_back(void **state)
{
    struct fixture *f = *state;
    int64_t hour_us = rollup_bucket_us(T0, ROLLUP_HOUR_US);
    f->options.merge_rows = 1;
    fixture_reopen(f);
    fixture_add_tag(f, 1, "t", "t");
    fixture_add_number(f, 1, hour_us, 1);
    batch_add_gap(f->batch, hour_us + 60 * SECOND, hour_us + DAY, BATCH_GAP_CLOCK);
    batch_add_gap(f->batch, hour_us + DAY, hour_us + 2 * DAY, BATCH_GAP_CLOCK);
    batch_add_gap(f->batch, hour_us + DAY + SECOND, hour_us + DAY + 2 * SECOND, "broker away");
    fixture_append(f, T0);
    merge_everything(f);
    batch_cut_gaps(f->batch, hour_us + 120 * SECOND);
    for (int i = 0; i < 60; i++)
        fixture_add_number(f, 1, hour_us + (120 + i) * SECOND, 2);
    fixture_append(f, T0);
    merge_everything(f);
    fixture_expect(
        f,
        "SELECT (ts_start - 1699999200000000) / 1000000, (ts_end - 1699999200000000) / 1000000, reason"
        " FROM gap ORDER BY ts_start",
        "60|120|clock set ahead\n86401|86402|broker away\n");
    fixture_expect(f, "SELECT n, good FROM history_minute ORDER BY ts", "1|1.0\n60|1.0\n");
}

int main(void)
{
#define HISTORY_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        HISTORY_TEST(test_random_series_equal_the_reference),
        HISTORY_TEST(test_ties_between_runs),
        HISTORY_TEST(test_late_samples_wait_for_the_merge),
        HISTORY_TEST(test_figures),
        HISTORY_TEST(test_a_gap_full_of_samples),
        HISTORY_TEST(test_steps_of_the_clock),
        HISTORY_TEST(test_late_samples_that_wait),
        HISTORY_TEST(test_a_gap_that_grows),
        HISTORY_TEST(test_a_clock_that_comes_back),
    };
    return cmocka_run_group_tests_name("history_merge", tests, NULL, NULL);
}
