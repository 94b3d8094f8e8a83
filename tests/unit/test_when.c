/* Times and spans as people type them, in a zone with summer time. */
#include "base/clock.h"
#include "base/timefmt.h"
#include "base/when.h"

#include "unit.h"

#include <stdio.h>
#include <time.h>

/* 29 March 2026: 02:00 becomes 03:00; 25 October 2026: 03:00 becomes 02:00. */
static int64_t utc(const char *text)
{
    int64_t ts_us;
    if (!timefmt_parse_iso(text, strlen(text), true, &ts_us))
        fail_msg("%s", text);
    return ts_us;
}

static void expect_time(const char *text, const char *now, const char *expected)
{
    int64_t ts_us;
    bool good = when_parse(text, utc(now), &ts_us);
    if (good != (expected != NULL))
        fail_msg("%s: %s", text, good ? "read" : "refused");
    if (good && ts_us != utc(expected))
        fail_msg("%s: off by %lld s", text, (long long)((ts_us - utc(expected)) / CLOCK_US_PER_SECOND));
}

static void test_times(void **state)
{
    static const struct {
        const char *text, *now, *expected; /* UTC; NULL: no time */
    } ROWS[] = {
        {"now", "2026-11-22 12:00", "2026-11-22 12:00"},
        {"today", "2026-11-22 12:00", "2026-11-21 23:00"},
        {"today", "2026-11-22 23:30", "2026-11-22 23:00"},
        {"yesterday", "2026-11-22 12:00", "2026-11-20 23:00"},
        {"yesterday 14:30", "2026-11-22 12:00", "2026-11-21 13:30"},
        {"today 06:00:30", "2026-11-22 12:00", "2026-11-22 05:00:30"},
        {"03:12", "2026-11-22 12:00", "2026-11-22 02:12"},
        {"-90s", "2026-11-22 12:00", "2026-11-22 11:58:30"},
        {"-8h", "2026-11-22 12:00", "2026-11-22 04:00"},
        {"-2d", "2026-11-22 12:00", "2026-11-20 12:00"},
        {"-1w", "2026-11-22 12:00", "2026-11-15 12:00"},
        {"2026-11-22", "2026-11-25 12:00", "2026-11-21 23:00"},
        {"2026-11-22 14:30", "2026-11-25 12:00", "2026-11-22 13:30"},
        {"2026-11-22T14:30Z", "2026-11-25 12:00", "2026-11-22 14:30"},
        {"2026-07-22T14:30", "2026-11-25 12:00", "2026-07-22 12:30"},
        {"2026-07-22T14:30+05:30", "2026-11-25 12:00", "2026-07-22 09:00"},
        {"1795348800000000", "2026-11-25 12:00", "2026-11-22 12:00"},
        {"yesterday", "2026-03-29 23:00", "2026-03-28 23:00"}, /* a day of 23 hours */
        {"", "2026-11-22 12:00", NULL},
        {"tomorrow", "2026-11-22 12:00", NULL},
        {"today12:00", "2026-11-22 12:00", NULL},
        {"today ", "2026-11-22 12:00", NULL},
        {"-8x", "2026-11-22 12:00", NULL},
        {"8h", "2026-11-22 12:00", NULL},
        {"-h", "2026-11-22 12:00", NULL},
        {"25:00", "2026-11-22 12:00", NULL},
        {"2026-02-30", "2026-11-22 12:00", NULL},
        {"99999999999999999999999", "2026-11-22 12:00", NULL},
        {"1234", "2026-11-22 12:00", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++)
        expect_time(ROWS[i].text, ROWS[i].now, ROWS[i].expected);
}

static void test_spans(void **state)
{
    static const struct {
        const char *text;
        int64_t us;
        int days;
    } ROWS[] = {
        {"1s", 1000000, 0}, {"15m", 900000000, 0}, {"8h", INT64_C(28800000000), 0},
        {"1d", 0, 1},       {"2w", 0, 14},         {"3660d", 0, 3660},
        {"0s", -1, 0},      {"", -1, 0},           {"s", -1, 0},
        {"1", -1, 0},       {"1x", -1, 0},         {"-1s", -1, 0},
        {"1ss", -1, 0},     {"3661d", -1, 0},      {"9999999999999s", -1, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct when_span span = {-1, 0};
        assert_int_equal(when_parse_span(ROWS[i].text, &span), ROWS[i].us >= 0);
        if (ROWS[i].us >= 0) {
            assert_int_equal(span.us, ROWS[i].us);
            assert_int_equal(span.days, ROWS[i].days);
        }
    }
}

/* The bounds from an aligned moment on, compared as UTC. */
static void expect_bounds(const char *every, const char *from, const char *const *expected, size_t count)
{
    struct when_span span;
    assert_true(when_parse_span(every, &span));
    int64_t at_us = when_align(&span, utc(from));
    for (size_t i = 0; i < count; i++) {
        char found[TIMEFMT_MAX];
        timefmt_utc(found, sizeof found, at_us);
        if (at_us != utc(expected[i]))
            fail_msg("%s from %s, bound %zu: %s, expected %s", every, from, i, found, expected[i]);
        at_us = when_next(&span, at_us);
    }
}

static void test_bounds(void **state)
{
    (void)state;
    expect_bounds("1d", "2026-03-28 12:00",
                  (const char *[]){"2026-03-27 23:00", "2026-03-28 23:00", "2026-03-29 22:00"}, 3);
    expect_bounds("1d", "2026-10-25 12:00",
                  (const char *[]){"2026-10-24 22:00", "2026-10-25 23:00", "2026-10-26 23:00"}, 3);
    expect_bounds("1w", "2026-11-22 12:00", /* a Sunday: its week began on Monday the 16th */
                  (const char *[]){"2026-11-15 23:00", "2026-11-22 23:00"}, 2);
    expect_bounds(
        "8h", "2026-03-29 05:00",
        (const char *[]){"2026-03-28 23:00", "2026-03-29 06:00", "2026-03-29 14:00", "2026-03-29 22:00"}, 4);
    expect_bounds("1h", "2026-03-29 00:40", (const char *[]){"2026-03-29 00:00", "2026-03-29 01:00"}, 2);
    expect_bounds("15m", "2026-10-25 00:40",
                  (const char *[]){"2026-10-25 00:30", "2026-10-25 00:45", "2026-10-25 01:00"}, 3);
}

/* Whatever the span and the zone: intervals follow each other, hold what they were asked for, and never stop. */
static void test_bounds_always_go_on(void **state)
{
    static const char *const ZONES[] = {"Europe/Vienna",       "Asia/Kolkata", "America/St_Johns",
                                        "Australia/Lord_Howe", "Pacific/Apia", "UTC"};
    static const char *const SPANS[] = {"1s", "7m", "15m", "45m", "1h", "2h", "3h",
                                        "5h", "8h", "12h", "1d",  "3d", "2w"};
    uint64_t random = 5;
    (void)state;
    for (size_t zone = 0; zone < COUNT(ZONES); zone++) {
        setenv("TZ", ZONES[zone], 1);
        tzset();
        for (size_t i = 0; i < COUNT(SPANS); i++) {
            struct when_span span;
            assert_true(when_parse_span(SPANS[i], &span));
            int64_t most_us = (span.days ? span.days * CLOCK_US_PER_DAY : span.us) + 25 * CLOCK_US_PER_HOUR;
            for (int round = 0; round < 300; round++) {
                int64_t ts_us = (int64_t)unit_random_below(&random, 2000000000) * CLOCK_US_PER_SECOND + 17;
                int64_t start_us = when_align(&span, ts_us), end_us = when_next(&span, start_us);
                if (start_us > ts_us || ts_us - start_us > most_us || end_us <= start_us ||
                    end_us - start_us > most_us)
                    fail_msg("%s in %s at %lld: %lld to %lld", SPANS[i], ZONES[zone], (long long)ts_us,
                             (long long)start_us, (long long)end_us);
            }
        }
    }
    setenv("TZ", "Europe/Vienna", 1);
    tzset();
}

static int set_zone(void **state)
{
    (void)state;
    setenv("TZ", "Europe/Vienna", 1);
    tzset();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_bounds_always_go_on),
    };
    return cmocka_run_group_tests(tests, set_zone, NULL);
}
