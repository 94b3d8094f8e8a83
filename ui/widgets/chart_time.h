/* Ticks of a time axis at round local times: right on days with 23 and 25 hours, for months of any length, from
 * seconds to decades. Pure, but for the process's time zone (TZ). */
#ifndef UI_WIDGETS_CHART_TIME_H
#define UI_WIDGETS_CHART_TIME_H

#include <stddef.h>
#include <stdint.h>

#define CHART_TIME_LABEL_MAX 16 /* bytes that hold any label; at most 8 columns */

/* The distance of two ticks. */
struct chart_time_step {
    int64_t us; /* 0: months */
    int months;
};

/* The smallest round step of which at most `count` fit the span: 1, 2, 5, 10, 15, 30 s or min, 1, 2, 3, 6, 12 h, 1
 * or 2 days, a week, 1, 3 or 6 months, years. */
struct chart_time_step chart_time_step(int64_t span_us, int count);

/* The first tick after a time. Hours are counted on the clock on the wall: every 6 h means 00:00, 06:00 ... also
 * on the day on which one hour is missing; an hour that comes twice gets two ticks where ticks are that near. */
int64_t chart_time_next(int64_t after_us, struct chart_time_step step);

/* What stands below a tick: "14:05:10", "14:05", "23 Nov" (midnight too), "Nov", "2026". */
void chart_time_label(int64_t ts_us, struct chart_time_step step, char out[CHART_TIME_LABEL_MAX]);

#endif
