/* What a plot needs of one tag: its span in columns, none of which hides a spike. */
#ifndef DB_QUERY_PLOT_H
#define DB_QUERY_PLOT_H

#include "db/query.h"

#include <stddef.h>

#define QUERY_PLOT_COLUMNS_MAX 100000

/* One column; all values are numbers of Good quality. A value holds from its sample to the next one, never past
 * a sample that is not Good and never into a gap; that of a sloped tag (query.h) moves straight towards the
 * next one. */
struct query_column {
    int64_t from_us, to_us; /* [from, to) */
    bool has_value;         /* a Good number came or held in it */
    double first, last; /* the first and the last in it: what held when it began and when it ended, if so */
    double min, max;
    int64_t first_us, last_us; /* when: of a sample, or where the column begins or ends; ... */
    int64_t min_us, max_us;    /* ... from minutes and hours: where those begin */
    double average;            /* time-weighted over good time; NaN without a number */
    int64_t good_us;           /* time with a Good value */
    uint64_t count;            /* samples, not Good ones too */
    bool bad;                  /* a sample that was not Good came, or held, in it */
    bool gap; /* part of it was not recorded, or nothing is known of it after a gap before the next sample */
};

/* What the columns are made of; the ends of the span always of what is finer. */
enum query_source { QUERY_RAW, QUERY_MINUTE, QUERY_HOUR };

/* Divides [from_us, to_us) into `columns` (1 to QUERY_PLOT_COLUMNS_MAX, and no more than there are microseconds)
 * of equal width and fills `out`, an array of the caller's. `source` (may be NULL) tells what was read: samples,
 * unless a column is several minutes or hours wide and the samples are many. A minute or an hour that lies across
 * two columns counts, with its minimum and maximum, in the one in which it begins; its time counts in both.
 * False on a failure: EX_TEMPFAIL after query_interrupt(). */
bool query_plot(struct query *query, uint32_t tag_id, int64_t from_us, int64_t to_us, size_t columns,
                struct query_column *out, enum query_source *source, struct err *err);

#endif
