#include "ui/widgets/chart_time.h"

#include "base/calendar.h"
#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CHART_MONTH_US (30 * CLOCK_US_PER_DAY) /* about: for choosing a step */

struct chart_time_step chart_time_step(int64_t span_us, int count)
{
    static const int SECONDS[] = {1,   2,    5,    10,   15,    30,    60,    120,   300,    600,
                                  900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800};
    static const int MONTHS[] = {1, 3, 6, 12, 24, 60, 120, 240};
    int64_t least_us = span_us / (count > 0 ? count : 1);
    for (size_t i = 0; i < sizeof SECONDS / sizeof *SECONDS; i++)
        if (SECONDS[i] * CLOCK_US_PER_SECOND >= least_us)
            return (struct chart_time_step){.us = SECONDS[i] * CLOCK_US_PER_SECOND};
    for (size_t i = 0; i < sizeof MONTHS / sizeof *MONTHS; i++)
        if (MONTHS[i] * CHART_MONTH_US >= least_us)
            return (struct chart_time_step){.months = MONTHS[i]};
    return (struct chart_time_step){.months = 1200};
}

static int64_t chart_floor(int64_t value, int64_t by)
{
    int64_t rest = value % by;
    return value - (rest < 0 ? rest + by : rest);
}

static struct tm chart_local(int64_t ts_us)
{
    time_t seconds = (time_t)(chart_floor(ts_us, CLOCK_US_PER_SECOND) / CLOCK_US_PER_SECOND);
    struct tm local = {.tm_mday = 1, .tm_year = 70};
    localtime_r(&seconds, &local);
    return local;
}

static int64_t chart_offset_us(int64_t ts_us)
{
    return chart_local(ts_us).tm_gmtoff * CLOCK_US_PER_SECOND;
}

/* The time at which the wall shows `local_us` (counted as if it were UTC), on either side of a change of the
 * offset from `offset_us`; -1 when the wall never shows it. */
static int64_t chart_of_local(int64_t local_us, int64_t offset_us)
{
    int64_t ts_us = local_us - offset_us;
    int64_t there_us = chart_offset_us(ts_us);
    if (there_us == offset_us)
        return ts_us;
    ts_us = local_us - there_us;
    return chart_offset_us(ts_us) == there_us ? ts_us : -1;
}

/* Ticks of hours and less. */
static int64_t chart_next_hours(int64_t after_us, int64_t step_us)
{
    int64_t offset_us = chart_offset_us(after_us);
    int64_t local_us = chart_floor(after_us + offset_us, step_us) + step_us;
    if (step_us <= CLOCK_US_PER_HOUR) { /* an hour that comes twice has its ticks twice */
        int64_t tick_us = local_us - offset_us;
        if ((tick_us + chart_offset_us(tick_us)) % step_us == 0)
            return tick_us;
    }
    for (int i = 0; i < 4; i++, local_us += step_us) {
        int64_t tick_us = chart_of_local(local_us, offset_us);
        if (tick_us > after_us)
            return tick_us;
    }
    return local_us - offset_us; /* a zone of surprises: a tick that is not round */
}

/* Ticks of days, every so many of them, and of weeks. */
static int64_t chart_next_days(int64_t after_us, int64_t step_us)
{
    int64_t days = step_us / CLOCK_US_PER_DAY;
    if (days % 7 == 0)
        return calendar_next_us(CALENDAR_WEEK, after_us);
    for (;;) {
        after_us = calendar_next_us(CALENDAR_DAY, after_us);
        int64_t day = chart_floor(after_us + chart_offset_us(after_us), CLOCK_US_PER_DAY) / CLOCK_US_PER_DAY;
        if (day % days == 0)
            return after_us;
    }
}

static int64_t chart_next_month(int64_t after_us, int months)
{
    struct tm local = chart_local(after_us);
    int month = (local.tm_year * 12 + local.tm_mon) / months * months + months;
    struct tm first = {.tm_year = month / 12, .tm_mon = month % 12, .tm_mday = 1, .tm_isdst = -1};
    return (int64_t)mktime(&first) * CLOCK_US_PER_SECOND;
}

int64_t chart_time_next(int64_t after_us, struct chart_time_step step)
{
    int64_t next_us = !step.us                      ? chart_next_month(after_us, step.months)
                      : step.us >= CLOCK_US_PER_DAY ? chart_next_days(after_us, step.us)
                                                    : chart_next_hours(after_us, step.us);
    return next_us > after_us ? next_us : after_us + CLOCK_US_PER_DAY;
}

void chart_time_label(int64_t ts_us, struct chart_time_step step, char out[CHART_TIME_LABEL_MAX])
{
    static const char MONTHS[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm local = chart_local(ts_us);
    const char *month = MONTHS[local.tm_mon % 12];
    bool midnight = !local.tm_hour && !local.tm_min && !local.tm_sec;
    if (!step.us && (step.months >= 12 || local.tm_mon == 0))
        snprintf(out, CHART_TIME_LABEL_MAX, "%d", local.tm_year + 1900);
    else if (!step.us)
        snprintf(out, CHART_TIME_LABEL_MAX, "%s", month);
    else if (step.us >= CLOCK_US_PER_DAY || midnight)
        snprintf(out, CHART_TIME_LABEL_MAX, "%d %s", local.tm_mday, month);
    else if (step.us >= CLOCK_US_PER_MINUTE)
        snprintf(out, CHART_TIME_LABEL_MAX, "%02d:%02d", local.tm_hour, local.tm_min);
    else
        snprintf(out, CHART_TIME_LABEL_MAX, "%02d:%02d:%02d", local.tm_hour, local.tm_min, local.tm_sec);
}
