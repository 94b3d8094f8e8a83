/* Times and spans as people type them. */
#ifndef BASE_WHEN_H
#define BASE_WHEN_H

#include <stdbool.h>
#include <stdint.h>

/* For help texts and messages. */
#define WHEN_FORMS "2026-11-22, '2026-11-22 14:30', 2026-11-22T13:30:00Z, 14:30, now, today, yesterday, -8h"

/* Reads a time: ISO 8601 (timefmt.h), local unless it ends in Z or an offset; "14:30" of today; "today" or
 * "yesterday", alone or with a time of day behind; "now"; "-90s", "-15m", "-8h", "-2d", "-1w" before now; or
 * the number that the views call ts. */
bool when_parse(const char *text, int64_t now_us, int64_t *ts_us);

/* A span: so many seconds or, for days and weeks, so many days of the calendar, which may have 23 or 25 hours.
 */
struct when_span {
    int64_t us; /* 0 when it is in days */
    int days;   /* 0 when it is in µs */
};

/* Reads "30s", "15m", "8h", "1d", "1w": a whole number above 0 and a unit, at most ten years. */
bool when_parse_span(const char *text, struct when_span *span);

/* Where the interval of the plant's clock that holds `ts_us` begins: days at local midnight (several of them
 * counted from Monday, 5 January 1970), parts of a day counted from local midnight. */
int64_t when_align(const struct when_span *span, int64_t ts_us);

/* Where the interval that begins at `from_us` ends; later than that. */
int64_t when_next(const struct when_span *span, int64_t from_us);

#endif
