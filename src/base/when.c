#include "base/when.h"

#include "base/clock.h"
#include "base/timefmt.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WHEN_DAYS_MAX 3660

static const struct {
    char letter;
    int64_t us;
    int days;
} WHEN_UNITS[] = {
    {'s', CLOCK_US_PER_SECOND, 0},
    {'m', CLOCK_US_PER_MINUTE, 0},
    {'h', CLOCK_US_PER_HOUR, 0},
    {'d', 0, 1},
    {'w', 0, 7},
};

bool when_parse_span(const char *text, struct when_span *span)
{
    char *end;
    if (!isdigit((unsigned char)*text))
        return false;
    long count = strtol(text, &end, 10);
    for (size_t i = 0; i < sizeof WHEN_UNITS / sizeof *WHEN_UNITS; i++) {
        if (*end != WHEN_UNITS[i].letter || end[1])
            continue;
        int64_t unit_us = WHEN_UNITS[i].days ? WHEN_UNITS[i].days * CLOCK_US_PER_DAY : WHEN_UNITS[i].us;
        if (count < 1 || count > WHEN_DAYS_MAX * CLOCK_US_PER_DAY / unit_us)
            return false;
        span->us = count * WHEN_UNITS[i].us;
        span->days = (int)count * WHEN_UNITS[i].days;
        return true;
    }
    return false;
}

static struct tm when_local(int64_t ts_us)
{
    time_t seconds = (time_t)(ts_us / CLOCK_US_PER_SECOND - (ts_us % CLOCK_US_PER_SECOND < 0));
    struct tm tm = {0};
    localtime_r(&seconds, &tm);
    return tm;
}

/* The moment of a local day at which `second_of_day` is on the clock (the later of the possible ones where it
 * is skipped). */
static int64_t when_of_day(struct tm tm, int days, int second_of_day)
{
    tm.tm_mday += days;
    tm.tm_hour = second_of_day / 3600;
    tm.tm_min = second_of_day / 60 % 60;
    tm.tm_sec = second_of_day % 60;
    tm.tm_isdst = -1;
    return (int64_t)mktime(&tm) * CLOCK_US_PER_SECOND;
}

/* "today 14:30": the word, then nothing or a time of day that timefmt.h can read. */
static bool when_parse_day(const char *text, const char *word, int days, int64_t now_us, int64_t *ts_us)
{
    char date[TIMEFMT_MAX];
    size_t length = strlen(word);
    if (strncmp(text, word, length) != 0)
        return false;
    const char *rest = text + length;
    int64_t midnight_us = when_of_day(when_local(now_us), days, 0);
    if (!*rest) {
        *ts_us = midnight_us;
        return true;
    }
    if ((*rest != ' ' && *rest != 'T' && *word) || strlen(rest) > 16)
        return false;
    timefmt_local(date, sizeof date, midnight_us, TIMEFMT_DATE);
    date[10] = ' ';
    memcpy(date + 11, rest + (*word ? 1 : 0), strlen(rest + (*word ? 1 : 0)) + 1);
    return timefmt_parse_iso(date, strlen(date), false, ts_us);
}

bool when_parse(const char *text, int64_t now_us, int64_t *ts_us)
{
    struct when_span span;
    char *end;
    if (!strcmp(text, "now")) {
        *ts_us = now_us;
        return true;
    }
    if (*text == '-' && when_parse_span(text + 1, &span)) {
        *ts_us = span.days ? now_us - span.days * CLOCK_US_PER_DAY : now_us - span.us;
        return true;
    }
    if (strlen(text) > 14 && strspn(text, "0123456789") == strlen(text)) {
        *ts_us = strtoll(text, &end, 10);
        return *ts_us < INT64_MAX;
    }
    if (isdigit((unsigned char)*text) && timefmt_parse_iso(text, strlen(text), false, ts_us))
        return true;
    return when_parse_day(text, "today", 0, now_us, ts_us) ||
           when_parse_day(text, "yesterday", -1, now_us, ts_us) ||
           (isdigit((unsigned char)*text) && when_parse_day(text, "", 0, now_us, ts_us));
}

static int when_second_of_day(const struct tm *tm)
{
    return tm->tm_hour * 3600 + tm->tm_min * 60 + tm->tm_sec;
}

/* Days between 5 January 1970, a Monday, and a local day. */
static int64_t when_day_number(const struct tm *tm)
{
    struct tm noon = {.tm_year = tm->tm_year, .tm_mon = tm->tm_mon, .tm_mday = tm->tm_mday, .tm_hour = 12};
    int64_t days = (int64_t)timegm(&noon) / 86400 - 4;
    return (int64_t)timegm(&noon) < 0 ? days - 1 : days;
}

/* Does it divide the day, so that intervals can be counted from midnight? */
static bool when_is_of_day(const struct when_span *span)
{
    return !span->days && span->us > CLOCK_US_PER_HOUR && CLOCK_US_PER_DAY % span->us == 0;
}

int64_t when_align(const struct when_span *span, int64_t ts_us)
{
    struct tm tm = when_local(ts_us);
    if (span->days) {
        int64_t past = when_day_number(&tm) % span->days;
        return when_of_day(tm, (int)-(past < 0 ? past + span->days : past), 0);
    }
    int64_t step_s = span->us / CLOCK_US_PER_SECOND;
    if (when_is_of_day(span)) {
        int second = when_second_of_day(&tm);
        int64_t start_us = when_of_day(tm, 0, second - second % (int)step_s);
        return start_us <= ts_us ? start_us : when_of_day(tm, 0, second - second % (int)step_s - (int)step_s);
    }
    int64_t local_us = ts_us + tm.tm_gmtoff * CLOCK_US_PER_SECOND, past_us = local_us % span->us;
    return ts_us - (past_us < 0 ? past_us + span->us : past_us);
}

int64_t when_next(const struct when_span *span, int64_t from_us)
{
    int64_t next_us = from_us + span->us;
    struct tm tm = when_local(from_us);
    if (span->days)
        next_us = when_of_day(tm, span->days, 0);
    else if (when_is_of_day(span)) {
        int step_s = (int)(span->us / CLOCK_US_PER_SECOND);
        next_us = when_of_day(tm, 0, (when_second_of_day(&tm) / step_s + 1) * step_s);
    }
    /* A clock that goes back by more than the span: never stand still. */
    return next_us > from_us ? next_us : from_us + CLOCK_US_PER_HOUR;
}
