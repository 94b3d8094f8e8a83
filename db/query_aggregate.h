/* Figures of one tag over spans of time, with the meanings of OPC UA Part 13 (1.05, section 5.4.3), whose names
 * are given in brackets. Only Good values count; Uncertain ones are taken as bad. A value holds from its sample
 * to the next one, never past a sample that is not Good and never into a gap; that of a sloped tag (query.h)
 * moves straight towards the next one. The last value holds until the recorder's last proof of life. */
#ifndef DB_QUERY_AGGREGATE_H
#define DB_QUERY_AGGREGATE_H

#include "db/query.h"

#include <stddef.h>

/* What is wanted besides the counts and the good time, or-ed: the less, the quicker. Whole minutes and hours are
 * read from the rollups where they give the same figures as the samples. */
enum query_part {
    QUERY_AVERAGE = 1,  /* average, total */
    QUERY_EXTREMES = 2, /* min, max */
    QUERY_ENDS = 4,     /* first, last, and the values at the bounds */
    QUERY_STATES = 8,   /* time in each state, transitions */
    QUERY_COUNTER = 16, /* growth, resets */
    QUERY_EVERYTHING = 31,
};

/* More of a sloped tag's samples in one call than this are not read for its average: whole minutes and hours
 * are, in which every value is taken to hold until the next one. Over n samples the result then differs by at
 * most about 1/(2n) of the change of the value; `rough` says so. */
#define QUERY_EXACT_SAMPLES UINT64_C(1000000)

/* Different states told apart in one span; what comes later is added up in the last one, `is_other`. */
#define QUERY_STATES_MAX 64

/* A number that may be missing: then NaN. */
struct query_point {
    double value;
    int64_t ts_us;
};

struct query_state {
    bool is_other, is_text;
    double value;
    char *text;       /* NULL for numbers; not NUL-safe from the plant: make it safe before it is shown */
    int64_t time_us;  /* with this value [DurationInState of the value] */
    uint64_t entered; /* transitions into it */
};

struct query_aggregate {
    int64_t from_us, to_us; /* [from, to) */
    uint64_t samples; /* all that came; of a tag that is not recorded whole, those of minutes and hours that
                               stood for their samples, and else those that were kept */
    uint64_t count;   /* Good ones [Count] */
    int64_t good_us;  /* time with a Good value [DurationGood] */
    double percent_good; /* of the whole span [PercentGood] */
    double average;      /* time-weighted over good time; NaN when that had none or texts [TimeAverage] */
    double total;        /* average × good time in seconds; likewise [Total2] */
    bool rough;          /* see QUERY_EXACT_SAMPLES; or the samples are no longer kept */
    struct query_point min, max; /* with what held at the bounds [Minimum2, Maximum2 and their ActualTime] */
    struct query_point first, last; /* of the Good numbers that came [Start, End] */
    double start, end; /* the values at from_us and just before to_us; NaN: none [StartBound, EndBound] */
    uint64_t
        transitions; /* Good values that differ from the Good one before, however long ago; the tag's first
                             counts [NumberOfTransitions] */
    const struct query_state *states; /* in the order of appearance, valid during the callback or until
                                         query_aggregate_free() */
    size_t state_count;
    double
        growth; /* of a counter: all steps up; after a step down, a reset, from zero [Delta, with resets] */
    uint64_t resets;
};

/* One span. Release the result with query_aggregate_free(). False on a failure: EX_TEMPFAIL after
 * query_interrupt(); then nothing has to be released. */
bool query_aggregate(struct query *query, uint32_t tag_id, int64_t from_us, int64_t to_us, unsigned parts,
                     struct query_aggregate *out, struct err *err);
void query_aggregate_free(struct query_aggregate *aggregate);

/* Where the interval that begins at `from_us` ends: later than that. */
typedef int64_t query_bound_function(void *context, int64_t from_us);

/* Called for each interval in turn; false stops. */
typedef bool query_aggregate_function(void *context, const struct query_aggregate *aggregate);

/* Each interval from `from_us` on until one reaches `to_us`, which cuts the last one short: in one pass, inside
 * one transaction, so the callback should not wait for anything. Equal ones of `every_us`, or with bounds of the
 * caller's (calendar.h gives those of local days). */
bool query_intervals(struct query *query, uint32_t tag_id, int64_t from_us, int64_t to_us, int64_t every_us,
                     unsigned parts, query_aggregate_function *function, void *context, struct err *err);
bool query_bounded_intervals(struct query *query, uint32_t tag_id, int64_t from_us, int64_t to_us,
                             query_bound_function *bound, void *bound_context, unsigned parts,
                             query_aggregate_function *function, void *context, struct err *err);

#endif
