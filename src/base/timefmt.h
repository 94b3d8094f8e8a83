/* Times as text: UTC for programs, the plant's local time for people. All stamps are microseconds since 1970
 * UTC. The local zone is the process's (TZ); the programs set TZ once at the start from the configuration. */
#ifndef BASE_TIMEFMT_H
#define BASE_TIMEFMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMEFMT_MAX 40 /* bytes that hold any text made here */

enum timefmt_part {
    TIMEFMT_DATE = 1,   /* "2026-11-22 " before the time */
    TIMEFMT_MS = 2,     /* ".123" behind the seconds */
    TIMEFMT_OFFSET = 4, /* "+01:00" behind all */
};

/* "2026-11-22T03:12:40.123Z" */
void timefmt_utc(char *out, size_t size, int64_t ts_us);

/* "03:12:40" with the parts asked for (enum timefmt_part, or-ed). */
void timefmt_local(char *out, size_t size, int64_t ts_us, unsigned parts);

/* For a column: of today (`now_us`) the time, with the parts asked for; of another day the date without its year, with
 * hour and minute where at least 11 columns are free for it: "11-22 03:12". */
void timefmt_recent(char *out, size_t size, int64_t ts_us, int64_t now_us, unsigned parts, int columns);

/* How long ago in at most 5 columns:
 * "0.3s", "42s", "12m", "3.5h", "14d", "never" for negative spans of INT64_MIN. */
void timefmt_age(char *out, size_t size, int64_t span_us);

/* Reads ISO 8601: date, `T` or a blank, time with optional fraction, `Z` or an offset; without either, UTC
 * when `assume_utc`, else local. Date alone is midnight. Of a local time that comes twice, where the clock is set back,
 * it is the first. Returns false when it is not such a text. */
bool timefmt_parse_iso(const char *text, size_t length, bool assume_utc, int64_t *ts_us);

/* Does the local clock show this time twice, for it is set back then? */
bool timefmt_is_twice(int64_t ts_us);

#endif
