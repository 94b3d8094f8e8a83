/* The small pure parts of the recorder: backoff, rates, durations, spool. */
#include "recorder/backoff.h"
#include "recorder/rates.h"
#include "recorder/spool.h"
#include "unit.h"

static void test_backoff_doubles_to_its_end_with_jitter(void **state)
{
    (void)state;
    uint64_t seed = 7;
    struct backoff backoff = {0};
    int64_t whole_us = BACKOFF_FIRST_US;
    for (int i = 0; i < 12; i++) {
        int64_t wait_us = backoff_next_us(&backoff, (uint32_t)unit_random(&seed));
        assert_true(wait_us <= whole_us && wait_us > whole_us / 4 * 3 - 1);
        whole_us = whole_us * 2 > BACKOFF_LAST_US ? BACKOFF_LAST_US : whole_us * 2;
    }
    backoff_reset(&backoff);
    assert_true(backoff_next_us(&backoff, 0) == BACKOFF_FIRST_US);
}

static void test_rate_over_the_last_seconds(void **state)
{
    (void)state;
    struct rate rate = {0};
    assert_true(rate_per_s(&rate) == 0);
    rate_note(&rate, 1000, 1000000);
    assert_true(rate_per_s(&rate) == 0);
    rate_note(&rate, 1500, 2000000);
    assert_true(rate_per_s(&rate) == 500);
    for (int i = 1; i <= RATE_SECONDS; i++)
        rate_note(&rate, 1500, 2000000 + i * 1000000);
    assert_true(rate_per_s(&rate) == 0); /* the old ones have left */
}

static void test_percentiles_of_the_last_durations(void **state)
{
    (void)state;
    struct durations durations = {0};
    assert_int_equal(durations_percentile_us(&durations, 0.5), 0);
    assert_int_equal(durations_last_us(&durations), 0);
    for (int64_t i = 1; i <= 100; i++)
        durations_note(&durations, i);
    assert_int_equal(durations_percentile_us(&durations, 0.5), 50);
    assert_int_equal(durations_percentile_us(&durations, 0.99), 99);
    assert_int_equal(durations_percentile_us(&durations, 1), 100);
    assert_int_equal(durations_last_us(&durations), 100);
    for (int64_t i = 0; i < DURATIONS_KEPT; i++)
        durations_note(&durations, 7);
    assert_int_equal(durations_percentile_us(&durations, 0), 7);
    assert_int_equal(durations_percentile_us(&durations, 1), 7);
}

static struct batch *make_batch(size_t samples, int64_t ts_us)
{
    const struct value value = {.type = VALUE_NUMBER, .number = 1};
    struct batch *batch = batch_new();
    for (size_t i = 0; i < samples; i++)
        batch_add_sample(batch, 1, ts_us, &value, 0);
    return batch;
}

static void test_spool_gives_back_in_order(void **state)
{
    (void)state;
    struct spool spool = {0};
    for (int64_t i = 1; i <= 5; i++)
        spool_put(&spool, make_batch((size_t)i, i), 0);
    assert_int_equal(spool.samples, 15);
    for (int64_t i = 1; i <= 5; i++) {
        struct batch *batch = spool_take(&spool);
        assert_int_equal(batch->samples[0].ts_us, i);
        batch_free(batch);
    }
    assert_null(spool_take(&spool));
    assert_int_equal(spool.samples, 0);
    spool_free(&spool);
}

static struct batch *make_entries(size_t count)
{
    struct batch *batch = batch_new();
    for (size_t i = 0; i < count; i++)
        batch_add_event(batch, &(struct alarm_event){.event = "activated", .alarm = "t/hi"});
    return batch;
}

/* A flood of alarms while the disk is away takes no more memory than allowed; samples are not touched by it. */
static void test_spool_bounds_the_journal(void **state)
{
    (void)state;
    struct spool spool = {0};
    spool_put(&spool, make_entries(SPOOL_ENTRIES_MAX - 10), 0);
    struct batch *more = make_entries(11);
    batch_add_sample(more, 1, 1, &(struct value){.type = VALUE_NUMBER, .number = 1}, 0);
    spool_put(&spool, more, 0);
    assert_true(spool.lost_states);
    assert_int_equal(spool.lost_entries, 1); /* the last: the earlier ones say how it began */
    assert_int_equal(spool.entries, SPOOL_ENTRIES_MAX);
    spool_put(&spool, make_entries(10), 0);
    assert_int_equal(spool.lost_entries, 11);
    batch_free(spool_take(&spool));
    assert_int_equal(spool.entries, 10);
    struct batch *second = spool_take(&spool);
    assert_int_equal(second->count, 1);
    assert_int_equal(second->event_count, 10);
    batch_free(second);
    struct batch *many = make_entries(SPOOL_ENTRIES_MAX + 5); /* one batch that alone is too much */
    spool_put(&spool, many, 0);
    assert_int_equal(spool.lost_entries, 16);
    assert_string_equal(batch_event(many, SPOOL_ENTRIES_MAX - 1).alarm, "t/hi");
    spool_free(&spool);
}

static void test_spool_overflow_is_counted_and_becomes_a_gap(void **state)
{
    (void)state;
    struct spool spool = {0};
    while (!spool_is_full(&spool))
        spool_put(&spool, make_batch(50000, 1), 100);
    assert_int_equal(spool.samples, SPOOL_SAMPLES_MAX);
    spool_put(&spool, make_batch(10, 2), 200);
    struct batch *described = make_batch(5, 3);
    struct tag_def def;
    tag_def_init(&def);
    batch_add_tag(described, 9, &def);
    tag_def_free(&def);
    spool_put(&spool, described, 300); /* its tag is kept, its samples are not */
    assert_int_equal(spool.lost, 15);
    assert_int_equal(spool.samples, SPOOL_SAMPLES_MAX);
    batch_free(spool_take(&spool));
    spool_put(&spool, make_batch(1, 4), 400); /* room again: the gap ends here */
    struct batch *last = NULL, *batch;
    bool tag_kept = false;
    while ((batch = spool_take(&spool))) {
        tag_kept |= batch->tag_count == 1;
        batch_free(last);
        last = batch;
    }
    assert_true(tag_kept);
    assert_non_null(last);
    assert_int_equal(last->gap_count, 1);
    assert_int_equal(last->gaps[0].start_us, 200);
    assert_int_equal(last->gaps[0].end_us, 400);
    assert_string_equal(last->gaps[0].reason, "spool overflow: 15 samples");
    batch_free(last);
    assert_int_equal(spool.lost, 15); /* the total stays */
    spool_free(&spool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backoff_doubles_to_its_end_with_jitter),
        cmocka_unit_test(test_rate_over_the_last_seconds),
        cmocka_unit_test(test_percentiles_of_the_last_durations),
        cmocka_unit_test(test_spool_gives_back_in_order),
        cmocka_unit_test(test_spool_bounds_the_journal),
        cmocka_unit_test(test_spool_overflow_is_counted_and_becomes_a_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
