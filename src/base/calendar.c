/* The rules of a zone are known to the C library only, one moment at a time. So where a unit begins is searched
 * for: between a moment inside it and one surely before it, the first whose local date belongs to it. No date is
 * put together and turned into a moment, for that date or its midnight may not exist, or exist twice. */
#include "base/calendar.h"

#include "base/clock.h"

#include <stddef.h>
#include <time.h>

const char *const CALENDAR_UNIT_WORDS[] = {"hour", "day", "week", "month", "year", NULL};

/* No unit is longer, whatever clocks do meanwhile; seconds. */
static const int64_t CALENDAR_LONGEST_S[] = {
    [CALENDAR_HOUR] = 3 * 3600,    [CALENDAR_DAY] = 3 * 86400,    [CALENDAR_WEEK] = 9 * 86400,
    [CALENDAR_MONTH] = 33 * 86400, [CALENDAR_YEAR] = 368 * 86400,
};

static int64_t calendar_seconds(int64_t ts_us)
{
    int64_t rest_us = ts_us % CLOCK_US_PER_SECOND;
    return ts_us / CLOCK_US_PER_SECOND - (rest_us < 0);
}

/* Which unit a moment lies in: a number that grows with time. */
static int64_t calendar_number(enum calendar_unit unit, int64_t second)
{
    struct tm local, date = {0};
    time_t time = (time_t)second;
    if (!localtime_r(&time, &local))
        return 0;
    if (unit == CALENDAR_YEAR)
        return local.tm_year;
    if (unit == CALENDAR_MONTH)
        return (int64_t)local.tm_year * 12 + local.tm_mon;
    date.tm_year = local.tm_year;
    date.tm_mon = local.tm_mon;
    date.tm_mday = local.tm_mday;
    int64_t day = (int64_t)timegm(&date) / 86400; /* from 1970-01-01, a Thursday */
    int64_t since_monday = day + 3;
    return unit == CALENDAR_DAY ? day : (since_monday - (since_monday % 7 + 7) % 7) / 7;
}

/* The first second after `low` whose number is at least `number`; that of `high` is. */
static int64_t calendar_search(enum calendar_unit unit, int64_t low, int64_t high, int64_t number)
{
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (calendar_number(unit, middle) >= number)
            high = middle;
        else
            low = middle;
    }
    return high;
}

/* Seconds since the local clock showed a full hour. */
static int64_t calendar_into_hour(int64_t second)
{
    struct tm local;
    time_t time = (time_t)second;
    return localtime_r(&time, &local) ? local.tm_min * 60 + (local.tm_sec < 60 ? local.tm_sec : 59) : 0;
}

int64_t calendar_start_us(enum calendar_unit unit, int64_t ts_us)
{
    int64_t second = calendar_seconds(ts_us), start = second - calendar_into_hour(second);
    if (unit != CALENDAR_HOUR)
        start =
            calendar_search(unit, second - CALENDAR_LONGEST_S[unit], second, calendar_number(unit, second));
    return start * CLOCK_US_PER_SECOND;
}

int64_t calendar_next_us(enum calendar_unit unit, int64_t ts_us)
{
    int64_t second = calendar_seconds(ts_us), next = second + 3600 - calendar_into_hour(second);
    if (unit != CALENDAR_HOUR)
        next = calendar_search(unit, second, second + CALENDAR_LONGEST_S[unit],
                               calendar_number(unit, second) + 1);
    return next * CLOCK_US_PER_SECOND;
}
