#include "db/query_aggregate.h"

#include "db/query_bounds.h"
#include "db/query_walk.h"

#include "db/rollup.h"

#include "base/clock.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bounds given by the caller, at most. */
#define QUERY_BOUNDS_MAX 10000000

/* Intervals shorter than this are read sample by sample. */
#define QUERY_BUCKETS_FROM_US (2 * ROLLUP_MINUTE_US)

static const struct query_point QUERY_NO_POINT = {NAN, 0};

/* A point whose time is known to lie in a bucket only; width_us 0: it is known. */
struct query_place {
    int64_t width_us;
};

struct query_aggregation {
    struct query_walk walk;
    struct query_bounds bounds;
    unsigned parts;
    size_t index; /* of the interval at hand */
    struct query_aggregate now;
    double area; /* the sum of value * time of it, time in intervals, lest it overflow; texts make it NaN */
    bool rough;  /* sloped averages come from minutes and hours */
    struct query_place min, max, first, last;
    struct query_state *states; /* owned, with their texts */
    size_t state_count;
    struct value last_good; /* VALUE_NONE: there was none in the span so far */
    struct buf last_text;
    query_aggregate_function *function;
    void *context;
    bool stop;
    struct err *err;
    bool failed;
};

/* ---- states and counters ---- */

static bool query_value_equals(const struct value *a, const struct value *b)
{
    if (a->type != b->type)
        return false;
    if (a->type == VALUE_NUMBER)
        return a->number == b->number;
    return a->text_length == b->text_length && (!a->text_length || !memcmp(a->text, b->text, a->text_length));
}

static bool query_state_is(const struct query_state *state, const struct value *value)
{
    if (state->is_other)
        return true;
    if (state->is_text != (value->type == VALUE_TEXT))
        return false;
    if (!state->is_text)
        return state->value == value->number;
    return strlen(state->text) == value->text_length && !memcmp(state->text, value->text, value->text_length);
}

static struct query_state *query_aggregation_state(struct query_aggregation *all, const struct value *value)
{
    for (size_t i = 0; i < all->state_count; i++)
        if (query_state_is(&all->states[i], value))
            return &all->states[i];
    if (!all->states)
        all->states = mem_new(QUERY_STATES_MAX, sizeof *all->states);
    struct query_state *state = &all->states[all->state_count++];
    *state = (struct query_state){.is_other = all->state_count == QUERY_STATES_MAX};
    if (state->is_other)
        return state;
    state->is_text = value->type == VALUE_TEXT;
    state->value = state->is_text ? NAN : value->number;
    state->text = state->is_text ? mem_copy_bytes(value->text, value->text_length) : NULL;
    return state;
}

static void query_aggregation_clear_states(struct query_aggregation *all)
{
    for (size_t i = 0; i < all->state_count; i++)
        free(all->states[i].text);
    all->state_count = 0;
}

static void query_aggregation_step(struct query_aggregation *all, const struct value *value)
{
    const struct value *before = all->last_good.type == VALUE_NONE ? &all->walk.good_before : &all->last_good;
    if (all->parts & QUERY_STATES && !query_value_equals(before, value)) {
        all->now.transitions++;
        query_aggregation_state(all, value)->entered++;
    }
    if (all->parts & QUERY_COUNTER && before->type == VALUE_NUMBER && value->type == VALUE_NUMBER) {
        bool reset = value->number < before->number;
        all->now.resets += reset;
        all->now.growth += reset ? (value->number > 0 ? value->number : 0) : value->number - before->number;
    }
}

static void query_aggregation_set_last(struct query_aggregation *all, const struct value *value)
{
    all->last_good = *value;
    if (value->type != VALUE_TEXT)
        return;
    buf_clear(&all->last_text);
    buf_append(&all->last_text, value->text, value->text_length);
    all->last_good.text = buf_text(&all->last_text);
}

/* ---- points ---- */

static void query_aggregation_extend(struct query_aggregation *all, double value, int64_t ts_us,
                                     int64_t width_us, bool low, bool high)
{
    struct query_aggregate *now = &all->now;
    if (low && !(now->min.value <= value)) {
        now->min = (struct query_point){value, ts_us};
        all->min.width_us = width_us;
    }
    if (high && !(now->max.value >= value)) {
        now->max = (struct query_point){value, ts_us};
        all->max.width_us = width_us;
    }
}

static void query_aggregation_add_number(struct query_aggregation *all, double first, double last,
                                         int64_t ts_us, int64_t width_us)
{
    struct query_aggregate *now = &all->now;
    if (isnan(now->first.value)) {
        now->first = (struct query_point){first, ts_us};
        all->first.width_us = width_us;
    }
    now->last = (struct query_point){last, ts_us};
    all->last.width_us = width_us;
}

/* When the figure of a bucket came: *ts_us is set when its samples tell. */
static bool query_aggregation_find(struct query_aggregation *all, enum query_statement which, double value,
                                   int64_t *ts_us, int64_t width_us, bool *found)
{
    sqlite3_stmt *row = query_bind(all->walk.query, which,
                                   (int64_t[]){all->walk.tag_id, *ts_us, *ts_us + width_us}, 3, all->err);
    *found = false;
    if (!row)
        return false;
    sqlite3_bind_double(row, 4, value);
    if (!query_step(all->walk.query, row, found, all->err))
        return false;
    if (*found)
        *ts_us = sqlite3_column_int64(row, 0);
    sqlite3_reset(row);
    return true;
}

static bool query_aggregation_find_extreme(struct query_aggregation *all, enum query_statement minute,
                                           struct query_point *point, int64_t width_us)
{
    bool found = true;
    if (!width_us || isnan(point->value) || !(all->parts & QUERY_EXTREMES))
        return true;
    if (width_us > ROLLUP_MINUTE_US) {
        if (!query_aggregation_find(all, minute, point->value, &point->ts_us, width_us, &found))
            return false;
        width_us = found ? ROLLUP_MINUTE_US : width_us; /* else it is the open minute, or no longer kept */
    }
    return query_aggregation_find(all, QUERY_SAMPLE_OF_VALUE, point->value, &point->ts_us, width_us, &found);
}

static bool query_aggregation_find_end(struct query_aggregation *all, enum query_statement which,
                                       struct query_point *point, int64_t width_us)
{
    bool found;
    if (!width_us || isnan(point->value) || !(all->parts & QUERY_ENDS))
        return true;
    return query_aggregation_find(all, which, point->value, &point->ts_us, width_us, &found);
}

/* The time of a point of a bucket is that of the first (or last) kept sample with its value. */
static bool query_aggregation_place_points(struct query_aggregation *all)
{
    struct query_aggregate *now = &all->now;
    return query_aggregation_find_extreme(all, QUERY_MINUTE_OF_MIN, &now->min, all->min.width_us) &&
           query_aggregation_find_extreme(all, QUERY_MINUTE_OF_MAX, &now->max, all->max.width_us) &&
           query_aggregation_find_end(all, QUERY_SAMPLE_OF_VALUE, &now->first, all->first.width_us) &&
           query_aggregation_find_end(all, QUERY_LAST_OF_VALUE, &now->last, all->last.width_us);
}

/* ---- intervals ---- */

static void query_aggregation_begin(struct query_aggregation *all)
{
    query_aggregation_clear_states(all);
    all->now = (struct query_aggregate){
        .from_us = query_bounds_at(&all->bounds, all->index),
        .to_us = query_bounds_at(&all->bounds, all->index + 1),
        .min = QUERY_NO_POINT,
        .max = QUERY_NO_POINT,
        .first = QUERY_NO_POINT,
        .last = QUERY_NO_POINT,
        .start = NAN,
        .end = NAN,
    };
    all->area = 0;
}

/* What was not asked for may be incomplete: it is not told. */
static void query_aggregation_hide(struct query_aggregation *all)
{
    struct query_aggregate *now = &all->now;
    if (!(all->parts & QUERY_EXTREMES))
        now->min = now->max = QUERY_NO_POINT;
    if (!(all->parts & QUERY_ENDS)) {
        now->first = now->last = QUERY_NO_POINT;
        now->start = now->end = NAN;
    }
}

/* A time as a share of the interval at hand. */
static double query_aggregation_share(const struct query_aggregation *all, double us)
{
    return us / (double)(all->now.to_us - all->now.from_us);
}

static void query_aggregation_end(struct query_aggregation *all)
{
    struct query_aggregate *now = &all->now;
    if (!query_aggregation_place_points(all)) {
        all->stop = all->failed = true;
        return;
    }
    query_aggregation_hide(all);
    double good_s = (double)now->good_us / CLOCK_US_PER_SECOND;
    bool averaged = all->parts & QUERY_AVERAGE && now->good_us;
    now->percent_good = 100 * (double)now->good_us / (double)(now->to_us - now->from_us);
    now->average = averaged ? all->area / query_aggregation_share(all, (double)now->good_us) : NAN;
    now->total = averaged ? now->average * good_s : NAN;
    now->states = all->states;
    now->state_count = all->state_count;
    all->stop |= !all->function(all->context, now);
    all->index++;
    if (all->index < all->bounds.count && !all->stop)
        query_aggregation_begin(all);
}

static void query_aggregation_add_held(struct query_aggregation *all, const struct query_hold *part)
{
    struct query_aggregate *now = &all->now;
    int64_t held_us = part->to_us - part->from_us;
    now->good_us += held_us;
    if (all->parts & QUERY_STATES)
        query_aggregation_state(all, &part->value)->time_us += held_us;
    if (part->value.type == VALUE_TEXT) {
        all->area = NAN;
        return;
    }
    double middle = part->value.number / 2 + part->to_number / 2;
    all->area += middle * query_aggregation_share(all, (double)held_us);
    if (part->from_us == now->from_us) {
        now->start = part->value.number;
        query_aggregation_extend(all, part->value.number, part->from_us, 0, true, true);
    }
    if (part->to_us == now->to_us) {
        now->end = part->to_number;
        if (part->to_number != part->value.number)
            query_aggregation_extend(all, part->to_number, part->to_us, 0, true, true);
    }
}

static void query_aggregation_hold(void *context, const struct query_hold *hold)
{
    struct query_aggregation *all = context;
    struct query_hold rest = *hold;
    while (rest.from_us < rest.to_us && !all->stop) {
        int64_t to_us = all->now.to_us < rest.to_us ? all->now.to_us : rest.to_us;
        struct query_hold part = query_hold_split(&rest, to_us);
        if (part.state == QUERY_HELD)
            query_aggregation_add_held(all, &part);
        if (to_us == all->now.to_us)
            query_aggregation_end(all);
    }
}

static void query_aggregation_sample(void *context, const struct query_sample *sample)
{
    struct query_aggregation *all = context;
    all->now.samples++;
    if (!query_sample_is_good(sample))
        return;
    all->now.count++;
    query_aggregation_step(all, &sample->value);
    query_aggregation_set_last(all, &sample->value);
    if (sample->value.type != VALUE_NUMBER)
        return;
    query_aggregation_extend(all, sample->value.number, sample->ts_us, 0, true, true);
    query_aggregation_add_number(all, sample->value.number, sample->value.number, sample->ts_us, 0);
}

/* The part of a bucket's time that lies in the interval at hand. */
static void query_aggregation_add_time(struct query_aggregation *all, const struct query_bucket *bucket,
                                       int64_t from_us, int64_t to_us)
{
    double good_us = (double)bucket->good_us * ((double)(to_us - from_us) / (double)bucket->width_us);
    all->now.good_us += (int64_t)good_us;
    all->area += bucket->texts ? NAN : bucket->average * query_aggregation_share(all, good_us);
    all->now.rough |= bucket->forced || (all->walk.sloped && all->parts & QUERY_AVERAGE);
}

/* What holds when the bucket begins and its numbers. */
static void query_aggregation_add_numbers(struct query_aggregation *all, const struct query_bucket *bucket,
                                          const struct query_hold *carried)
{
    struct query_aggregate *now = &all->now;
    if (carried->state == QUERY_HELD && carried->value.type == VALUE_NUMBER &&
        bucket->ts_us == now->from_us) {
        now->start = carried->value.number;
        query_aggregation_extend(all, carried->value.number, bucket->ts_us, 0, true, true);
    }
    if (bucket->has_numbers) {
        query_aggregation_extend(all, bucket->min, bucket->ts_us, bucket->width_us, true, false);
        query_aggregation_extend(all, bucket->max, bucket->ts_us, bucket->width_us, false, true);
        query_aggregation_add_number(all, bucket->first, bucket->last, bucket->ts_us, bucket->width_us);
        query_aggregation_set_last(all, &(struct value){.type = VALUE_NUMBER, .number = bucket->last});
    }
    if (bucket->held && bucket->ts_us + bucket->width_us == now->to_us && !bucket->texts)
        now->end = bucket->last;
}

static void query_aggregation_bucket(void *context, const struct query_bucket *bucket,
                                     const struct query_hold *carried)
{
    struct query_aggregation *all = context;
    struct value first = {.type = VALUE_NUMBER, .number = bucket->first};
    int64_t end_us = bucket->ts_us + bucket->width_us;
    all->now.samples += bucket->n;
    all->now.count += bucket->n;
    if (bucket->has_numbers)
        query_aggregation_step(all, &first); /* all of its numbers are equal, unless it is forced */
    if (bucket->has_numbers && all->parts & QUERY_STATES)
        query_aggregation_state(all, &first)->time_us += bucket->good_us;
    query_aggregation_add_numbers(all, bucket, carried);
    for (int64_t from_us = bucket->ts_us; from_us < end_us && !all->stop;) {
        int64_t to_us = end_us < all->now.to_us ? end_us : all->now.to_us;
        query_aggregation_add_time(all, bucket, from_us, to_us);
        if (to_us == all->now.to_us)
            query_aggregation_end(all);
        from_us = to_us;
    }
}

/* A bucket gives the same figures as its samples when it lies inside one interval and ... */
static bool query_aggregation_accept(void *context, const struct query_bucket *bucket,
                                     const struct query_hold *carried)
{
    const struct query_aggregation *all = context;
    int64_t end_us = bucket->ts_us + bucket->width_us;
    /* ... all of its samples were Good, or they could not be counted; */
    if (bucket->good_us != bucket->width_us)
        return false;
    size_t index = query_bounds_find(&all->bounds, bucket->ts_us);
    int64_t from_us = query_bounds_at(&all->bounds, index), to_us = query_bounds_at(&all->bounds, index + 1);
    if (end_us > to_us)
        return false;
    /* ... no bound of the interval has to be known that lies between two samples; */
    if (all->walk.sloped && (bucket->ts_us == from_us || end_us == to_us) &&
        all->parts & (QUERY_EXTREMES | QUERY_ENDS))
        return false;
    /* ... what happened inside it can be told: nothing. */
    if (!(all->parts & (QUERY_STATES | QUERY_COUNTER)))
        return true;
    if (!bucket->has_numbers || bucket->min != bucket->max || bucket->texts)
        return false;
    return !carried || (carried->state == QUERY_HELD && carried->value.type == VALUE_NUMBER &&
                        carried->value.number == bucket->min);
}

/* How coarse what is read may be: minutes and hours know no sloped average. */
static bool query_aggregation_choose(struct query_aggregation *all, struct err *err)
{
    struct query_walk *walk = &all->walk;
    bool found;
    walk->coarsest = QUERY_HOUR;
    if (all->bounds.every_us && all->bounds.every_us < QUERY_BUCKETS_FROM_US)
        walk->coarsest = QUERY_RAW;
    if (!walk->sloped || !(all->parts & QUERY_AVERAGE) || walk->coarsest == QUERY_RAW)
        return true;
    int64_t values[] = {walk->tag_id, walk->from_us, walk->to_us};
    sqlite3_stmt *row = query_bind(walk->query, QUERY_ROLLED_SAMPLES, values, 3, err);
    if (!row || !query_step(walk->query, row, &found, err))
        return false;
    if (sqlite3_column_double(row, 0) <= (double)QUERY_EXACT_SAMPLES)
        walk->coarsest = QUERY_RAW;
    sqlite3_reset(row);
    return true;
}

static bool query_aggregation_read(struct query_aggregation *all, struct err *err)
{
    struct query_walk *walk = &all->walk;
    if (!query_tag_is_sloped(walk->query, walk->tag_id, &walk->sloped, err) ||
        !query_aggregation_choose(all, err))
        return false;
    query_aggregation_begin(all);
    return query_walk_run(walk, err) && !all->failed;
}

static bool query_aggregation_run(struct query_aggregation *all, struct query *query, uint32_t tag_id,
                                  struct err *err)
{
    all->err = err;
    all->walk.query = query;
    all->walk.tag_id = tag_id;
    all->walk.from_us = all->bounds.from_us;
    all->walk.to_us = all->bounds.to_us;
    all->walk.wants_good_before = all->parts & (QUERY_STATES | QUERY_COUNTER);
    all->walk.stop = &all->stop;
    all->walk.target = (struct query_walk_target){.hold = query_aggregation_hold,
                                                  .sample = query_aggregation_sample,
                                                  .bucket = query_aggregation_bucket,
                                                  .accept = query_aggregation_accept,
                                                  .context = all};
    if (!query_begin(query, err))
        return false;
    bool done = query_aggregation_read(all, err);
    query_end(query);
    query_walk_free(&all->walk);
    buf_free(&all->last_text);
    return done;
}

static void query_states_free(struct query_state *states, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(states[i].text);
    free(states);
}

static bool query_refuse_span(struct err *err)
{
    return err_set(err, EX_USAGE, "the span has no length: its end has to be later than its beginning");
}

static bool query_keep_aggregate(void *context, const struct query_aggregate *aggregate)
{
    *(struct query_aggregate *)context = *aggregate;
    return true;
}

bool query_aggregate(struct query *query, uint32_t tag_id, int64_t from_us, int64_t to_us, unsigned parts,
                     struct query_aggregate *out, struct err *err)
{
    struct query_aggregation all = {
        .bounds = {.from_us = from_us, .to_us = to_us, .count = 1},
        .parts = parts,
        .function = query_keep_aggregate,
        .context = out,
    };
    *out = (struct query_aggregate){0};
    if (!query_is_span(from_us, to_us))
        return query_refuse_span(err);
    bool done = query_aggregation_run(&all, query, tag_id, err);
    if (!done) {
        query_states_free(all.states, all.state_count);
        *out = (struct query_aggregate){0};
    }
    return done;
}

void query_aggregate_free(struct query_aggregate *aggregate)
{
    query_states_free((struct query_state *)aggregate->states, aggregate->state_count);
    aggregate->states = NULL;
    aggregate->state_count = 0;
}

static bool query_aggregate_bounds(struct query *query, uint32_t tag_id, const struct query_bounds *bounds,
                                   unsigned parts, query_aggregate_function *function, void *context,
                                   struct err *err)
{
    struct query_aggregation all = {
        .bounds = *bounds, .parts = parts, .function = function, .context = context};
    bool done = query_aggregation_run(&all, query, tag_id, err);
    query_states_free(all.states, all.state_count);
    return done;
}

bool query_intervals(struct query *query, uint32_t tag_id, int64_t from_us, int64_t to_us, int64_t every_us,
                     unsigned parts, query_aggregate_function *function, void *context, struct err *err)
{
    if (!query_is_span(from_us, to_us))
        return query_refuse_span(err);
    if (every_us <= 0)
        return err_set(err, EX_USAGE, "an interval has to be longer than nothing");
    struct query_bounds bounds = {.from_us = from_us, .to_us = to_us, .every_us = every_us};
    bounds.count = (size_t)((to_us - from_us - 1) / every_us) + 1;
    return query_aggregate_bounds(query, tag_id, &bounds, parts, function, context, err);
}

bool query_bounded_intervals(struct query *query, uint32_t tag_id, int64_t from_us, int64_t to_us,
                             query_bound_function *bound, void *bound_context, unsigned parts,
                             query_aggregate_function *function, void *context, struct err *err)
{
    if (!query_is_span(from_us, to_us))
        return query_refuse_span(err);
    struct query_bounds bounds = {.from_us = from_us, .to_us = to_us};
    int64_t *list = NULL;
    size_t capacity = 0, count = 0;
    bool good = true;
    for (int64_t next_us = from_us; good && next_us < to_us;) {
        list = mem_grow(list, &capacity, count + 2, sizeof *list);
        list[count++] = next_us;
        next_us = bound(bound_context, list[count - 1]);
        good = next_us > list[count - 1] && count < QUERY_BOUNDS_MAX;
        list[count] = next_us < to_us ? next_us : to_us;
    }
    bounds.count = count;
    bounds.list = list;
    good = good ? query_aggregate_bounds(query, tag_id, &bounds, parts, function, context, err)
                : err_set(err, EX_USAGE, "intervals have to follow each other, at most %d of them",
                          QUERY_BOUNDS_MAX);
    free(list);
    return good;
}
