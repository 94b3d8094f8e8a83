/* The history of one tag over a span, told piece by piece in the order of time: what plots and aggregates are
 * made of. The design stands at the top of query_walk.c. */
#ifndef DB_QUERY_WALK_H
#define DB_QUERY_WALK_H

#include "db/gaps.h"
#include "db/query_internal.h"
#include "db/query_plot.h"

#include "base/buf.h"
#include "plant/quality.h"

/* What is known of a tag at a time. */
enum query_state_of {
    QUERY_NOTHING_YET, /* before its first sample */
    QUERY_UNKNOWN,     /* in a gap, or after one before the next sample */
    QUERY_NOT_GOOD,
    QUERY_HELD, /* a Good value holds */
};

/* The value from one moment to another. */
struct query_hold {
    enum query_state_of state;
    int64_t from_us, to_us;
    struct value value; /* QUERY_HELD: at from_us; never VALUE_NONE */
    double to_number;   /* of a number: at to_us; the same where it is not sloped */
};

/* A minute or an hour of the rollups. */
struct query_bucket {
    int64_t ts_us, width_us;
    uint64_t n;
    int64_t good_us;
    bool has_numbers, texts, held; /* texts: some of the good time had a text for its value */
    double min, max, first, last, average;
    bool forced; /* its samples are no longer kept: it has to be taken */
};

/* Who listens. Pieces come in the order of time: holds and buckets cover the span without overlap, a sample comes
 * after the hold that it ends. */
struct query_walk_target {
    void (*hold)(void *context, const struct query_hold *hold);
    void (*sample)(void *context, const struct query_sample *sample);
    /* `carried` is what holds when it begins; its from_us and to_us are not set */
    void (*bucket)(void *context, const struct query_bucket *bucket, const struct query_hold *carried);
    /* May the bucket stand for its samples? Asked first without, then with what holds when it begins; not asked
     * when it is forced. */
    bool (*accept)(void *context, const struct query_bucket *bucket, const struct query_hold *carried);
    void *context;
};

struct query_walk {
    /* set by the caller */
    struct query *query;
    uint32_t tag_id;
    bool sloped;
    bool rough;             /* between two buckets a sloped value may be told as if it stood */
    bool wants_good_before; /* see good_before */
    int64_t from_us, to_us; /* [from, to), from < to */
    enum query_source coarsest;
    struct query_walk_target target;
    bool *stop; /* the target sets it to end the walk early; NULL: never */

    /* for the target to look at */
    struct gaps gaps;
    struct value good_before; /* the last Good value before from_us; VALUE_NONE: there is none */

    /* the walk's own */
    struct err *err;
    struct gaps unrolled; /* gaps of which minutes and hours do not know yet */
    int64_t recorded_until_us;
    int64_t raw_from_us, minutes_from_us; /* what lies earlier is no longer kept */
    struct query_sample *fresh;           /* not in the archive; in the order of time */
    size_t fresh_count, fresh_capacity, fresh_next;
    struct buf texts; /* of the fresh samples */
    int64_t at_us;    /* all before it has been told */
    struct query_hold now;
    int64_t since_us, until_us; /* of `now`: since when, and until when gaps let it hold */
    bool exact;                 /* since_us is a sample's: the value did not come from a bucket */
    struct buf now_text, good_text;
    int64_t archive_us; /* of the archive no sample between it and at_us is left out */
};

/* Walks inside the open transaction (query_begin()). False on a failure, with `err` set. Release with
 * query_walk_free() in any case. */
bool query_walk_run(struct query_walk *walk, struct err *err);
void query_walk_free(struct query_walk *walk);

/* Whether a sample has a value, and that of Good quality: only such ones enter figures over time. */
static inline bool query_sample_is_good(const struct query_sample *sample)
{
    return sample->value.type != VALUE_NONE && quality_is_good(sample->quality);
}

/* The value of a number that is held, at a moment inside the hold. */
static inline double query_hold_at(const struct query_hold *hold, int64_t ts_us)
{
    if (ts_us == hold->to_us)
        return hold->to_number;
    if (hold->to_number == hold->value.number || ts_us == hold->from_us)
        return hold->value.number;
    double share = (double)(ts_us - hold->from_us) / (double)(hold->to_us - hold->from_us);
    double half = (hold->to_number / 2 - hold->value.number / 2) * share; /* from -1e308 to 1e308, too */
    return hold->value.number + half + half;
}

/* The part of a hold up to a moment inside it; the hold keeps the rest. */
static inline struct query_hold query_hold_split(struct query_hold *hold, int64_t ts_us)
{
    struct query_hold part = *hold;
    if (hold->value.type == VALUE_NUMBER)
        part.to_number = query_hold_at(hold, ts_us);
    part.to_us = hold->from_us = ts_us;
    hold->value.number = part.to_number;
    return part;
}

#endif
