/* Hours, days, weeks, months and years in the plant's time zone, which changes its clocks: a day may have 23 or
 * 25 hours. The zone is the process's (TZ), as in timefmt.h. All stamps are microseconds since 1970 UTC. */
#ifndef BASE_CALENDAR_H
#define BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

enum calendar_unit { CALENDAR_HOUR, CALENDAR_DAY, CALENDAR_WEEK, CALENDAR_MONTH, CALENDAR_YEAR };

/* "hour", "day", "week", "month", "year"; the list ends in NULL. */
extern const char *const CALENDAR_UNIT_WORDS[];

/* Where the unit that holds a moment begins: the first moment of that local date, 01:00 where midnight is left
 * out. Weeks begin on Monday. */
int64_t calendar_start_us(enum calendar_unit unit, int64_t ts_us);

/* Where the next one begins: always later than `ts_us`. */
int64_t calendar_next_us(enum calendar_unit unit, int64_t ts_us);

#endif
