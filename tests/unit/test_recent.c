/* The samples behind a faceplate: order, pauses, figures weighted by time, columns that lose no spike. */
#include "ui/recent.h"

#include "unit.h"

#include <math.h>

#define S INT64_C(1000000)

static void assert_near(double value, double expected)
{
    if (!(fabs(value - expected) < 1e-9))
        fail_msg("%g instead of %g", value, expected);
}

static void test_samples_are_kept_in_order(void **state)
{
    (void)state;
    struct recent recent;
    recent_init(&recent);
    recent_add(&recent, 10 * S, 1);
    recent_add(&recent, 30 * S, 3);
    recent_add(&recent, 20 * S, 2);
    recent_add(&recent, 30 * S, 3); /* the same again */
    assert_int_equal(recent.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_near(recent.samples[i].value, (double)i + 1);
    recent_free(&recent);
}

/* The link was down from 20 to 40 s; the value that comes then carries its old time. */
static void test_pause_ends_with_the_next_value(void **state)
{
    (void)state;
    struct recent recent;
    recent_init(&recent);
    recent_add(&recent, 10 * S, 1);
    recent_add(&recent, 20 * S, NAN);
    recent_add(&recent, 10 * S, 1);
    struct recent_statistics statistics = recent_statistics(&recent, 10 * S, 30 * S, false);
    assert_near(statistics.last, 1);
    recent_free(&recent);
}

/* What was before the span counts by what the line has become at its begin, not by its old value. */
static void test_figures_of_a_line_hold_no_old_value(void **state)
{
    (void)state;
    struct recent recent;
    recent_init(&recent);
    recent_add(&recent, 0, 0);
    recent_add(&recent, 20 * S, 20);
    struct recent_statistics statistics = recent_statistics(&recent, 10 * S, 20 * S, true);
    assert_near(statistics.low, 10);
    assert_near(statistics.high, 20);
    assert_near(statistics.average, 15);
    assert_near(statistics.good_share, 1);
    /* Behind the last one nothing is known but that value; a pause is not bridged. */
    assert_near(recent_statistics(&recent, 20 * S, 30 * S, true).average, 20);
    recent_add(&recent, 30 * S, NAN);
    recent_add(&recent, 40 * S, 100);
    statistics = recent_statistics(&recent, 20 * S, 40 * S, true);
    assert_near(statistics.average, 20);
    assert_near(statistics.good_share, 0.5);
    recent_free(&recent);
}

static void test_figures_are_weighted_by_time(void **state)
{
    (void)state;
    struct recent recent;
    recent_init(&recent);
    recent_add(&recent, 0, 4); /* valid when the span begins */
    recent_add(&recent, 20 * S, 10);
    recent_add(&recent, 25 * S, NAN);
    recent_add(&recent, 27 * S, 2);
    recent_add(&recent, 40 * S, 99); /* after the span */
    struct recent_statistics statistics = recent_statistics(&recent, 10 * S, 30 * S, false);
    assert_int_equal(statistics.count, 2);
    assert_near(statistics.low, 2);
    assert_near(statistics.high, 10);
    assert_int_equal(statistics.high_us, 20 * S);
    assert_near(statistics.average, (4 * 10 + 10 * 5 + 2 * 3) / 18.0);
    assert_near(statistics.good_share, 18 / 20.0);
    assert_near(statistics.last, 2);
    assert_near(recent_share(&recent, 10 * S, 30 * S, 10), 5 / 18.0);
    assert_near(recent_share(&recent, 10 * S, 30 * S, 99), 0);
    recent_free(&recent);
}

static void test_figures_of_nothing(void **state)
{
    (void)state;
    struct recent recent;
    recent_init(&recent);
    struct recent_statistics statistics = recent_statistics(&recent, 10 * S, 30 * S, false);
    assert_int_equal(statistics.count, 0);
    assert_true(isnan(statistics.low) && isnan(statistics.high) && isnan(statistics.average));
    assert_near(recent_share(&recent, 10 * S, 30 * S, 0), 0);
    recent_free(&recent);
}

static void test_history_replaces_what_it_covers(void **state)
{
    (void)state;
    const struct recent_sample history[] = {{5 * S, 1, 1}, {15 * S, 2, 4}, {20 * S, 3, 1}};
    struct recent recent;
    recent_init(&recent);
    recent_add(&recent, 10 * S, 100);
    recent_add(&recent, 20 * S, 101);
    recent_add(&recent, 21 * S, 4);
    recent_replace(&recent, history, COUNT(history));
    assert_int_equal(recent.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_near(recent.samples[i].value, (double)i + 1);
    struct recent_statistics statistics = recent_statistics(&recent, 0, 30 * S, false);
    assert_int_equal(statistics.count, 7); /* a thinned sample stands for four */
    recent_replace(&recent, history, 0);
    assert_int_equal(recent.count, 4);
    recent_free(&recent);
}

static void test_memory_is_bounded(void **state)
{
    (void)state;
    struct recent recent;
    recent_init(&recent);
    for (int64_t i = 0; i < 3 * RECENT_MAX; i++) {
        recent_add(&recent, i, (double)i);
        assert_true(recent.count <= RECENT_MAX);
    }
    assert_near(recent.samples[recent.count - 1].value, 3 * RECENT_MAX - 1);
    assert_true(recent.count >= RECENT_MAX / 2);
    recent_free(&recent);
}

static void assert_columns(const struct series_span *spans, const struct series_span *expected, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool same = isnan(expected[i].low)
                        ? isnan(spans[i].low)
                        : spans[i].low == expected[i].low && spans[i].high == expected[i].high;
        if (!same)
            fail_msg("column %zu is %g to %g", i, spans[i].low, spans[i].high);
    }
}

static void test_columns(void **state)
{
    (void)state;
    struct recent recent;
    struct series_span spans[6];
    recent_init(&recent);
    recent_add(&recent, 12 * S, 1);
    recent_add(&recent, 14 * S, 50); /* a spike */
    recent_add(&recent, 16 * S, 2);
    recent_add(&recent, 35 * S, NAN);
    recent_add(&recent, 45 * S, 6);
    const struct series_span held[] = {{NAN, NAN}, {1, 50}, {2, 2}, {NAN, NAN}, {6, 6}, {NAN, NAN}};
    recent_columns(&recent, 0, 60 * S, 49 * S, false, spans, COUNT(spans));
    assert_columns(spans, held, COUNT(held));
    recent_clear(&recent);
    recent_add(&recent, 0, 0);
    recent_add(&recent, 50 * S, 50);
    const struct series_span sloped[] = {{0, 0}, {10, 10}, {20, 20}, {30, 30}, {40, 40}, {50, 50}};
    recent_columns(&recent, 0, 60 * S, 60 * S, true, spans, COUNT(spans));
    assert_columns(spans, sloped, COUNT(sloped));
    recent_free(&recent);
}

/* Whatever the samples, the lowest and the highest of them are in the columns. */
static void test_columns_lose_no_spike(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int run = 0; run < 200; run++) {
        struct recent recent;
        struct series_span spans[37];
        recent_init(&recent);
        for (size_t i = 0; i < 500; i++)
            recent_add(&recent, (int64_t)unit_random_below(&seed, 100 * S),
                       (double)unit_random_below(&seed, 1000000));
        struct recent_statistics statistics = recent_statistics(&recent, 0, 100 * S, false);
        recent_columns(&recent, 0, 100 * S, 100 * S, false, spans, COUNT(spans));
        double low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < COUNT(spans); i++) {
            low = fmin(low, spans[i].low);
            high = fmax(high, spans[i].high);
        }
        assert_near(low, statistics.low);
        assert_near(high, statistics.high);
        recent_free(&recent);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_are_kept_in_order),
        cmocka_unit_test(test_pause_ends_with_the_next_value),
        cmocka_unit_test(test_figures_of_a_line_hold_no_old_value),
        cmocka_unit_test(test_figures_are_weighted_by_time),
        cmocka_unit_test(test_figures_of_nothing),
        cmocka_unit_test(test_history_replaces_what_it_covers),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_columns_lose_no_spike),
    };
    return cmocka_run_group_tests_name("recent", tests, NULL, NULL);
}
