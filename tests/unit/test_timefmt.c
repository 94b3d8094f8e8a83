/* Times as text, and ISO 8601 read. */
#include "base/timefmt.h"

#include "base/clock.h"
#include "unit.h"

#include <stdio.h>
#include <time.h>

struct iso_row {
    const char *text;
    int64_t ts_us; /* REFUSED: not a time */
};

#define REFUSED INT64_MIN
#define S       CLOCK_US_PER_SECOND

static const struct iso_row ISO_ROWS[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"2023-11-14T22:13:20Z", 1700000000 * S},
    {"2023-11-14t22:13:20z", 1700000000 * S},
    {"2023-11-14 22:13:20Z", 1700000000 * S},
    {"2023-11-14T22:13:20", 1700000000 * S},
    {"2023-11-14T22:13Z", 1699999980 * S},
    {"2023-11-14", 1699920000 * S},
    {"2023-11-14T22:13:20.5Z", 1700000000 * S + 500000},
    {"2023-11-14T22:13:20,25Z", 1700000000 * S + 250000},
    {"2023-11-14T22:13:20.123456Z", 1700000000 * S + 123456},
    {"2023-11-14T22:13:20.123456789Z", 1700000000 * S + 123456},
    {"2023-11-14T22:13:20.0000000000000000000001Z", 1700000000 * S},
    {"2023-11-14T23:13:20+01:00", 1700000000 * S},
    {"2023-11-14T23:13:20+0100", 1700000000 * S},
    {"2023-11-14T23:13:20+01", 1700000000 * S},
    {"2023-11-14T17:13:20-05:00", 1700000000 * S},
    {"2023-11-15T03:58:20+05:45", 1700000000 * S},
    {"2023-11-14T18:43:20-03:30", 1700000000 * S},
    {"2023-11-15T12:13:20+14:00", 1700000000 * S},
    {"2023-11-14T22:13:20.5-00:00", 1700000000 * S + 500000},
    {"2024-02-29T00:00:00Z", 1709164800 * S},
    {"2000-02-29T00:00:00Z", 951782400 * S},
    {"1969-12-31T23:59:59.5Z", -S / 2},
    {"1900-01-01T00:00:00Z", -INT64_C(2208988800) * S},
    {"9999-12-31T23:59:59Z", INT64_C(253402300799) * S},
    {"2016-12-31T23:59:60Z", 1483228800 * S}, /* a leap second */
    {"2023-11-14T24:00:00Z", 1700006400 * S}, /* the end of the day */
    {"2023-02-29T00:00:00Z", REFUSED},
    {"1900-02-29T00:00:00Z", REFUSED},
    {"2023-04-31T00:00:00Z", REFUSED},
    {"2023-02-30", REFUSED},
    {"2023-13-01T00:00:00Z", REFUSED},
    {"2023-00-01T00:00:00Z", REFUSED},
    {"2023-01-00T00:00:00Z", REFUSED},
    {"2023-01-32T00:00:00Z", REFUSED},
    {"2023-11-14T24:00:01Z", REFUSED},
    {"2023-11-14T24:30:00Z", REFUSED},
    {"2023-11-14T25:00:00Z", REFUSED},
    {"2023-11-14T22:60:00Z", REFUSED},
    {"2023-11-14T22:13:61Z", REFUSED},
    {"2023-11-14T22:13:20+24:00", REFUSED},
    {"2023-11-14T22:13:20+01:60", REFUSED},
    {"2023-11-14T22:13:20+1", REFUSED},
    {"2023-11-14T22:13:20+01:", REFUSED},
    {"2023-11-14T22:13:20+01:0", REFUSED},
    {"2023-11-14T22:13:20+", REFUSED},
    {"2023-11-14T22:13:20.Z", REFUSED},
    {"2023-11-14T22:13.5Z", REFUSED},
    {"2023-11-14T22:13:Z", REFUSED},
    {"2023-11-14T22:13:2Z", REFUSED},
    {"2023-11-14T2:13:20Z", REFUSED},
    {"2023-11-14T22Z", REFUSED},
    {"2023-11-14T", REFUSED},
    {"2023-11-14Z", REFUSED},
    {"2023-11-14T22:13:20ZZ", REFUSED},
    {"2023-11-14T22:13:20Z ", REFUSED},
    {" 2023-11-14T22:13:20Z", REFUSED},
    {"2023-11-14X22:13:20Z", REFUSED},
    {"2023/11/14 22:13:20", REFUSED},
    {"14.11.2023 22:13:20", REFUSED},
    {"20231114T221320Z", REFUSED},
    {"2023-W46-2", REFUSED},
    {"23-11-14T22:13:20Z", REFUSED},
    {"-2023-11-14T22:13:20Z", REFUSED},
    {"22:13:20", REFUSED},
    {"Tue Nov 14 22:13:20 2023", REFUSED},
    {"now", REFUSED},
    {"", REFUSED},
    {"2023", REFUSED},
    {"1700000000", REFUSED},
};

static void test_iso_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ISO_ROWS); i++) {
        int64_t ts_us = 0;
        const struct iso_row *row = &ISO_ROWS[i];
        if (!timefmt_parse_iso(row->text, strlen(row->text), true, &ts_us))
            ts_us = REFUSED;
        if (ts_us != row->ts_us)
            fail_msg("\"%s\": %lld, expected %lld", row->text, (long long)ts_us, (long long)row->ts_us);
    }
}

/* Every beginning of a good text is read within its bounds (the sanitizer watches). */
static void test_iso_prefixes(void **state)
{
    static const char WHOLE[] = "2023-11-14T22:13:20.123+01:00";
    (void)state;
    for (size_t length = 0; length < sizeof WHOLE; length++) {
        char *copy = malloc(length + 1);
        int64_t ts_us;
        memcpy(copy, WHOLE, length);
        copy[length] = '9'; /* what lies behind must not be read */
        bool good = timefmt_parse_iso(copy, length, true, &ts_us);
        free(copy);
        assert_int_equal(good, length == 10 || length == 16 || length == 19 ||
                                   (length > 20 && length <= 23) || length == 26 || length == 29);
    }
}

static void test_iso_local(void **state)
{
    static const char *const TEXTS[] = {"2023-11-14T23:13:20", "2023-07-01T12:00:00", "2023-07-01",
                                        "2023-07-01T12:00:00Z"};
    static const int64_t SECONDS[] = {1700000000, 1688205600, 1688162400, 1688212800};
    (void)state;
    for (size_t i = 0; i < COUNT(TEXTS); i++) {
        int64_t ts_us = 0;
        assert_true(timefmt_parse_iso(TEXTS[i], strlen(TEXTS[i]), false, &ts_us));
        assert_int_equal(ts_us, SECONDS[i] * S);
    }
}

/* Where the clock is set back a time comes twice: it is the first, whatever was asked before. */
static void test_times_that_come_twice(void **state)
{
    static const char *const BEFORE[] = {"2023-07-01T12:00", "2023-12-01T12:00"};
    (void)state;
    for (size_t i = 0; i < COUNT(BEFORE); i++) {
        int64_t ts_us;
        assert_true(timefmt_parse_iso(BEFORE[i], strlen(BEFORE[i]), false, &ts_us));
        assert_false(timefmt_is_twice(ts_us));
        assert_true(timefmt_parse_iso("2023-10-29 02:30", 16, false, &ts_us));
        assert_int_equal(ts_us, 1698539400 * S); /* 00:30 UTC */
        assert_true(timefmt_is_twice(ts_us) && timefmt_is_twice(ts_us + 3600 * S));
        assert_false(timefmt_is_twice(ts_us - 3600 * S) || timefmt_is_twice(ts_us + 7200 * S));
    }
}

static void test_utc_round_trip(void **state)
{
    uint64_t seed = 3;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        char text[TIMEFMT_MAX];
        int64_t ts_us = (int64_t)(unit_random(&seed) % (UINT64_C(253402300800) * 1000)) * 1000, back;
        if (round & 1)
            ts_us = -(ts_us % (2000000000 * S));
        timefmt_utc(text, sizeof text, ts_us);
        assert_int_equal(strlen(text), 24);
        assert_true(timefmt_parse_iso(text, strlen(text), false, &back));
        assert_int_equal(back, ts_us);
    }
}

static void test_utc_extremes(void **state)
{
    static const int64_t STAMPS[] = {INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX};
    char text[TIMEFMT_MAX];
    (void)state;
    for (size_t i = 0; i < COUNT(STAMPS); i++) {
        timefmt_utc(text, sizeof text, STAMPS[i]);
        assert_in_range(strlen(text), 24, TIMEFMT_MAX - 1);
    }
    timefmt_utc(text, sizeof text, -1);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
}

static void test_local(void **state)
{
    char text[TIMEFMT_MAX];
    (void)state;
    timefmt_local(text, sizeof text, 1700000000 * S + 7999, 0);
    assert_string_equal(text, "23:13:20");
    timefmt_local(text, sizeof text, 1700000000 * S + 7999, TIMEFMT_DATE | TIMEFMT_MS | TIMEFMT_OFFSET);
    assert_string_equal(text, "2023-11-14 23:13:20.007+01:00");
    setenv("TZ", "<-0330>3:30", 1);
    tzset();
    timefmt_local(text, sizeof text, 1700000000 * S, TIMEFMT_OFFSET);
    assert_string_equal(text, "18:43:20-03:30");
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
}

struct age_row {
    int64_t span_us;
    const char *text;
};

static const struct age_row AGE_ROWS[] = {
    {0, "0.0s"},
    {-5 * S, "0.0s"},
    {S / 4 + 60000, "0.3s"},
    {9949999, "9.9s"},
    {9950000, "10s"},
    {42 * S, "42s"},
    {99 * S, "99s"},
    {100 * S, "2m"},
    {12 * 60 * S, "12m"},
    {99 * 60 * S, "99m"},
    {100 * 60 * S, "1.7h"},
    {3 * 3600 * S + 1800 * S, "3.5h"},
    {10 * 3600 * S, "10h"},
    {99 * 3600 * S, "99h"},
    {100 * 3600 * S, "4d"},
    {14 * 86400 * S, "14d"},
    {9998 * 86400 * S, "9998d"},
    {9999 * 86400 * S, ">27y"},
    {INT64_MAX, ">27y"},
    {INT64_MIN, "never"},
};

static void test_ages(void **state)
{
    char text[TIMEFMT_MAX];
    (void)state;
    for (size_t i = 0; i < COUNT(AGE_ROWS); i++) {
        timefmt_age(text, sizeof text, AGE_ROWS[i].span_us);
        assert_string_equal(text, AGE_ROWS[i].text);
    }
    for (int64_t span_us = 1; span_us < INT64_MAX / 5 * 4; span_us += span_us / 50 + 1) {
        timefmt_age(text, sizeof text, span_us);
        if (strlen(text) > 5)
            fail_msg("%lld µs: \"%s\" is wider than 5 columns", (long long)span_us, text);
    }
}

static void test_recent(void **state)
{
    char text[TIMEFMT_MAX];
    const int64_t noon_us = 1700000000 * S - 40400 * S; /* 2023-11-14 12:00:00 in Vienna */
    (void)state;
    timefmt_recent(text, sizeof text, noon_us + 123456, noon_us, TIMEFMT_MS, 12);
    assert_string_equal(text, "12:00:00.123");
    timefmt_recent(text, sizeof text, noon_us - 12 * 3600 * S, noon_us, 0,
                   8); /* midnight belongs to the day */
    assert_string_equal(text, "00:00:00");
    timefmt_recent(text, sizeof text, noon_us - 12 * 3600 * S - 1, noon_us, TIMEFMT_MS, 12);
    assert_string_equal(text, "11-13 23:59");
    timefmt_recent(text, sizeof text, noon_us - 24 * 3600 * S, noon_us, 0, 8);
    assert_string_equal(text, "11-13");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_iso_table),
        cmocka_unit_test(test_iso_prefixes),
        cmocka_unit_test(test_times_that_come_twice),
        cmocka_unit_test(test_iso_local),
        cmocka_unit_test(test_utc_round_trip),
        cmocka_unit_test(test_utc_extremes),
        cmocka_unit_test(test_local),
        cmocka_unit_test(test_ages),
        cmocka_unit_test(test_recent),
    };
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1); /* needs no time zone files */
    tzset();
    return cmocka_run_group_tests_name("timefmt", tests, NULL, NULL);
}
