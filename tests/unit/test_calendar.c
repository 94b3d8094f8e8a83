/* Local hours, days, weeks, months and years where clocks are put forward and back. */
#include "base/calendar.h"
#include "base/timefmt.h"

#include "unit.h"

#include <stdlib.h>
#include <time.h>

#define HOUR_US INT64_C(3600000000)

static int64_t at(const char *text)
{
    int64_t ts_us;
    if (!timefmt_parse_iso(text, strlen(text), true, &ts_us))
        fail_msg("%s", text);
    return ts_us;
}

static void set_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

struct unit_case {
    const char *zone, *moment;
    enum calendar_unit unit;
    const char *start, *next; /* UTC */
};

static const struct unit_case CASES[] = {
    {"UTC", "2026-03-29T12:34:56.789Z", CALENDAR_HOUR, "2026-03-29T12:00Z", "2026-03-29T13:00Z"},
    {"UTC", "2026-03-29T00:00Z", CALENDAR_DAY, "2026-03-29T00:00Z", "2026-03-30T00:00Z"},
    {"UTC", "1969-12-31T23:59:59.5Z", CALENDAR_DAY, "1969-12-31T00:00Z", "1970-01-01T00:00Z"},
    /* 23 hours, 25 hours */
    {"Europe/Vienna", "2026-03-29T10:00Z", CALENDAR_DAY, "2026-03-28T23:00Z", "2026-03-29T22:00Z"},
    {"Europe/Vienna", "2026-10-25T10:00Z", CALENDAR_DAY, "2026-10-24T22:00Z", "2026-10-25T23:00Z"},
    {"Europe/Vienna", "2026-10-25T00:30Z", CALENDAR_HOUR, "2026-10-25T00:00Z", "2026-10-25T01:00Z"},
    {"Europe/Vienna", "2026-10-25T01:30Z", CALENDAR_HOUR, "2026-10-25T01:00Z", "2026-10-25T02:00Z"},
    {"Europe/Vienna", "2026-03-25T10:00Z", CALENDAR_WEEK, "2026-03-22T23:00Z", "2026-03-29T22:00Z"},
    {"Europe/Vienna", "2026-03-22T22:59:59.999999Z", CALENDAR_WEEK, "2026-03-15T23:00Z", "2026-03-22T23:00Z"},
    {"Europe/Vienna", "2026-03-05T10:00Z", CALENDAR_MONTH, "2026-02-28T23:00Z", "2026-03-31T22:00Z"},
    {"Europe/Vienna", "2026-07-05T10:00Z", CALENDAR_YEAR, "2025-12-31T23:00Z", "2026-12-31T23:00Z"},
    {"America/New_York", "2026-03-08T12:00Z", CALENDAR_DAY, "2026-03-08T05:00Z", "2026-03-09T04:00Z"},
    {"America/New_York", "2026-11-01T12:00Z", CALENDAR_DAY, "2026-11-01T04:00Z", "2026-11-02T05:00Z"},
    /* no midnight: the day begins at 01:00 */
    {"America/Sao_Paulo", "2018-11-04T12:00Z", CALENDAR_DAY, "2018-11-04T03:00Z", "2018-11-05T02:00Z"},
    /* two midnights: it begins with the first */
    {"America/Havana", "2025-11-02T12:00Z", CALENDAR_DAY, "2025-11-02T04:00Z", "2025-11-03T05:00Z"},
    {"Asia/Kolkata", "2026-06-01T00:10Z", CALENDAR_HOUR, "2026-05-31T23:30Z", "2026-06-01T00:30Z"},
    /* a clock that is put back by half an hour */
    {"Australia/Lord_Howe", "2026-04-05T01:00Z", CALENDAR_DAY, "2026-04-04T13:00Z", "2026-04-05T13:30Z"},
    /* a date that was left out */
    {"Pacific/Apia", "2011-12-29T20:00Z", CALENDAR_DAY, "2011-12-29T10:00Z", "2011-12-30T10:00Z"},
    {"Pacific/Apia", "2011-12-30T12:00Z", CALENDAR_DAY, "2011-12-30T10:00Z", "2011-12-31T10:00Z"},
};

static void test_units(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const struct unit_case *c = &CASES[i];
        char start[TIMEFMT_MAX], next[TIMEFMT_MAX];
        set_zone(c->zone);
        timefmt_utc(start, sizeof start, calendar_start_us(c->unit, at(c->moment)));
        timefmt_utc(next, sizeof next, calendar_next_us(c->unit, at(c->moment)));
        if (at(start) != at(c->start) || at(next) != at(c->next))
            fail_msg("%s %s %s: %s to %s", c->zone, c->moment, CALENDAR_UNIT_WORDS[c->unit], start, next);
    }
}

/* Days follow each other without a hole or an overlap for ten years, each from its first moment to the next. */
static void test_days_follow_each_other(void **state)
{
    static const char *const ZONES[] = {"Europe/Vienna", "America/Sao_Paulo", "Africa/Cairo", "Pacific/Apia"};
    (void)state;
    for (size_t zone = 0; zone < sizeof ZONES / sizeof *ZONES; zone++) {
        set_zone(ZONES[zone]);
        int long_days = 0, short_days = 0;
        int64_t day_us = calendar_start_us(CALENDAR_DAY, at("2008-06-01T12:00Z"));
        while (day_us < at("2018-06-01T12:00Z")) {
            int64_t next_us = calendar_next_us(CALENDAR_DAY, day_us);
            assert_int_equal(calendar_start_us(CALENDAR_DAY, day_us), day_us);
            assert_int_equal(calendar_start_us(CALENDAR_DAY, next_us - 1), day_us);
            assert_int_equal(calendar_next_us(CALENDAR_DAY, next_us - 1), next_us);
            long_days += next_us - day_us == 25 * HOUR_US;
            short_days += next_us - day_us == 23 * HOUR_US;
            day_us = next_us;
        }
        assert_true(long_days >= 4 && short_days >= 4);
        assert_true(zone || (long_days == 10 && short_days == 10));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_days_follow_each_other),
    };
    return cmocka_run_group_tests_name("calendar", tests, NULL, NULL);
}
