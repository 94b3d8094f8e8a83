#include "base/timefmt.h"

#include "base/clock.h"

#include <ctype.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Splits so that the remainder is never negative, also before 1970. */
static time_t timefmt_split(int64_t ts_us, int *ms)
{
    int64_t seconds = ts_us / CLOCK_US_PER_SECOND;
    int64_t rest = ts_us % CLOCK_US_PER_SECOND;
    if (rest < 0) {
        rest += CLOCK_US_PER_SECOND;
        seconds--;
    }
    *ms = (int)(rest / CLOCK_US_PER_MS);
    return (time_t)seconds;
}

void timefmt_utc(char *out, size_t size, int64_t ts_us)
{
    int ms;
    time_t seconds = timefmt_split(ts_us, &ms);
    struct tm tm;
    char stamp[TIMEFMT_MAX] = "?";
    if (gmtime_r(&seconds, &tm))
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out, size, "%s.%03dZ", stamp, ms);
}

void timefmt_local(char *out, size_t size, int64_t ts_us, unsigned parts)
{
    int ms;
    time_t seconds = timefmt_split(ts_us, &ms);
    struct tm tm;
    char stamp[TIMEFMT_MAX] = "?", fraction[8] = "", offset[32] = "";
    if (localtime_r(&seconds, &tm)) {
        strftime(stamp, sizeof stamp, parts & TIMEFMT_DATE ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S", &tm);
        if (parts & TIMEFMT_OFFSET) {
            long minutes = tm.tm_gmtoff / 60;
            snprintf(offset, sizeof offset, "%c%02ld:%02ld", minutes < 0 ? '-' : '+', labs(minutes) / 60,
                     labs(minutes) % 60);
        }
    }
    if (parts & TIMEFMT_MS)
        snprintf(fraction, sizeof fraction, ".%03d", ms);
    snprintf(out, size, "%s%s%s", stamp, fraction, offset);
}

void timefmt_recent(char *out, size_t size, int64_t ts_us, int64_t now_us, unsigned parts, int columns)
{
    enum {
        DAY = 10,
        YEAR = 5,
        SHORT = 5,
        LONG = 11
    }; /* columns of "2026-11-22", "2026-", "11-22", "11-22 03:12" */
    char at[TIMEFMT_MAX], today[TIMEFMT_MAX];
    timefmt_local(at, sizeof at, ts_us, parts | TIMEFMT_DATE);
    timefmt_local(today, sizeof today, now_us, TIMEFMT_DATE);
    if (strncmp(at, today, DAY) == 0)
        snprintf(out, size, "%s", at + DAY + 1);
    else
        snprintf(out, size, "%.*s", columns < LONG ? SHORT : LONG, at + YEAR);
}

void timefmt_age(char *out, size_t size, int64_t span_us)
{
    if (span_us == INT64_MIN) {
        snprintf(out, size, "never");
        return;
    }
    double s = span_us < 0 ? 0.0 : (double)span_us / 1e6;
    if (s < 9.95)
        snprintf(out, size, "%.1fs", s);
    else if (s < 99.5)
        snprintf(out, size, "%.0fs", s);
    else if (s < 99.5 * 60)
        snprintf(out, size, "%.0fm", s / 60);
    else if (s < 9.95 * 3600)
        snprintf(out, size, "%.1fh", s / 3600);
    else if (s < 99.5 * 3600)
        snprintf(out, size, "%.0fh", s / 3600);
    else if (s < 9999.0 * 86400)
        snprintf(out, size, "%.0fd", s / 86400);
    else
        snprintf(out, size, ">27y");
}

/* Reads exactly `digits` digits at *p and steps over them. */
static bool timefmt_digits(const char **p, const char *end, int digits, int *out)
{
    int value = 0;
    for (int i = 0; i < digits; i++, (*p)++) {
        if (*p >= end || !isdigit((unsigned char)**p))
            return false;
        value = value * 10 + (**p - '0');
    }
    *out = value;
    return true;
}

static bool timefmt_char(const char **p, const char *end, char wanted)
{
    if (*p >= end || **p != wanted)
        return false;
    (*p)++;
    return true;
}

static bool timefmt_parse_clock(const char **p, const char *end, struct tm *tm, int64_t *fraction_us)
{
    if (!timefmt_digits(p, end, 2, &tm->tm_hour) || !timefmt_char(p, end, ':') ||
        !timefmt_digits(p, end, 2, &tm->tm_min))
        return false;
    if (!timefmt_char(p, end, ':'))
        return true;
    if (!timefmt_digits(p, end, 2, &tm->tm_sec))
        return false;
    if (*p < end && (**p == '.' || **p == ',')) {
        (*p)++;
        int64_t unit_us = CLOCK_US_PER_SECOND / 10;
        if (*p >= end || !isdigit((unsigned char)**p))
            return false;
        for (; *p < end && isdigit((unsigned char)**p); (*p)++, unit_us /= 10)
            *fraction_us += (**p - '0') * unit_us;
    }
    return true;
}

/* The zone behind the time: sets *utc and the offset; nothing there leaves *utc as it was. */
static bool timefmt_parse_zone(const char **p, const char *end, bool *utc, int64_t *offset_s)
{
    if (timefmt_char(p, end, 'Z') || timefmt_char(p, end, 'z')) {
        *utc = true;
        return true;
    }
    if (*p >= end || (**p != '+' && **p != '-'))
        return true;
    int sign = **p == '-' ? -1 : 1;
    int hours, minutes = 0;
    (*p)++;
    if (!timefmt_digits(p, end, 2, &hours))
        return false;
    bool colon = timefmt_char(p, end, ':');
    if ((colon || *p < end) && !timefmt_digits(p, end, 2, &minutes))
        return false;
    *utc = true;
    *offset_s = sign * (hours * 3600 + minutes * 60);
    return hours <= 23 && minutes <= 59;
}

static bool timefmt_is_date(int year, int month, int day)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month >= 1 && month <= 12 && day >= 1 && day <= DAYS[month - 1] + (leap && month == 2);
}

/* 24:00 is the end of the day, second 60 a leap second; the C library counts both on. */
static bool timefmt_is_clock(int hour, int minute, int second, int64_t fraction_us)
{
    if (hour == 24)
        return !minute && !second && !fraction_us;
    return hour <= 23 && minute <= 59 && second <= 60;
}

/* By how much a clock is set back in autumn: an hour, or half of one (Lord Howe). */
static const time_t TIMEFMT_BACK_S[] = {3600, 1800};

#define TIMEFMT_BACKS (sizeof TIMEFMT_BACK_S / sizeof *TIMEFMT_BACK_S)

static bool timefmt_clock_is_same(time_t one, time_t other)
{
    struct tm a, b;
    return localtime_r(&one, &a) && localtime_r(&other, &b) && a.tm_mday == b.tm_mday &&
           a.tm_hour == b.tm_hour && a.tm_min == b.tm_min && a.tm_sec == b.tm_sec;
}

bool timefmt_is_twice(int64_t ts_us)
{
    time_t seconds = (time_t)(ts_us / CLOCK_US_PER_SECOND);
    for (size_t i = 0; i < TIMEFMT_BACKS; i++)
        if (timefmt_clock_is_same(seconds, seconds - TIMEFMT_BACK_S[i]) ||
            timefmt_clock_is_same(seconds, seconds + TIMEFMT_BACK_S[i]))
            return true;
    return false;
}

/* Of a time that the clock shows twice mktime() gives the one or the other, depending on what it was asked before. */
static time_t timefmt_first(time_t seconds)
{
    for (size_t i = 0; i < TIMEFMT_BACKS; i++)
        if (timefmt_clock_is_same(seconds, seconds - TIMEFMT_BACK_S[i]))
            return seconds - TIMEFMT_BACK_S[i];
    return seconds;
}

bool timefmt_parse_iso(const char *text, size_t length, bool assume_utc, int64_t *ts_us)
{
    const char *p = text, *end = text + length;
    struct tm tm = {.tm_isdst = -1};
    int64_t fraction_us = 0, offset_s = 0;
    bool utc = assume_utc;
    if (!timefmt_digits(&p, end, 4, &tm.tm_year) || !timefmt_char(&p, end, '-') ||
        !timefmt_digits(&p, end, 2, &tm.tm_mon) || !timefmt_char(&p, end, '-') ||
        !timefmt_digits(&p, end, 2, &tm.tm_mday))
        return false;
    if (p < end) {
        if (*p != 'T' && *p != 't' && *p != ' ')
            return false;
        p++;
        if (!timefmt_parse_clock(&p, end, &tm, &fraction_us) || !timefmt_parse_zone(&p, end, &utc, &offset_s))
            return false;
    }
    if (p != end || !timefmt_is_date(tm.tm_year, tm.tm_mon, tm.tm_mday) ||
        !timefmt_is_clock(tm.tm_hour, tm.tm_min, tm.tm_sec, fraction_us))
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    time_t seconds = utc ? timegm(&tm) : timefmt_first(mktime(&tm));
    *ts_us = ((int64_t)seconds - offset_s) * CLOCK_US_PER_SECOND + fraction_us;
    return true;
}
