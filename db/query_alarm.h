/* What the journal knows of one alarm: when it stood, for how long, and who acknowledged it. */
#ifndef DB_QUERY_ALARM_H
#define DB_QUERY_ALARM_H

#include "db/query.h"

#include <stddef.h>

#define QUERY_OPERATOR_MAX 64

/* One occurrence: from one activation to the next. Times are µs UTC, 0: it never came to that. */
struct query_occurrence {
    int64_t activated_us;
    int64_t cleared_us;      /* or a graver limit took its place, or no configuration named it any more */
    int64_t acknowledged_us; /* the first time */
    char acknowledged_by[QUERY_OPERATOR_MAX];
    double value, limit; /* when it came; NaN: none */
    bool withheld;       /* it was shelved, suppressed or out of service when it came: nobody was told */
};

/* The last ones of the alarm with this address, of the tag with this name ("system" for hmi's own), the newest
 * first: at most `most` into `out`, an array of the caller's; *count says how many. False on a failure:
 * EX_TEMPFAIL after query_interrupt(). */
bool query_occurrences(struct query *query, const char *tag, const char *alarm, struct query_occurrence *out,
                       size_t most, size_t *count, struct err *err);

#endif
