#include "db/query_plot.h"

#include "db/query_bounds.h"
#include "db/query_walk.h"

#include "db/rollup.h"

#include <math.h>

/* A column holds at least so many minutes or hours before those are read: what lies across two columns is small
 * then. */
#define QUERY_PLOT_BUCKETS_A_COLUMN 3

/* So few samples are read one by one however wide the columns are. */
#define QUERY_PLOT_FEW_SAMPLES 20000

struct query_plot {
    struct query_walk walk;
    struct query_bounds bounds;
    struct query_column *columns;
};

static struct query_column *query_plot_column(const struct query_plot *plot, int64_t ts_us)
{
    return &plot->columns[query_bounds_find(&plot->bounds, ts_us)];
}

static void query_plot_extend(struct query_column *column, double value, int64_t ts_us)
{
    if (!column->has_value || value < column->min) {
        column->min = value;
        column->min_us = ts_us;
    }
    if (!column->has_value || value > column->max) {
        column->max = value;
        column->max_us = ts_us;
    }
}

static void query_plot_add_value(struct query_column *column, double value, int64_t ts_us)
{
    query_plot_extend(column, value, ts_us);
    if (!column->has_value) {
        column->first = value;
        column->first_us = ts_us;
    }
    column->last = value;
    column->last_us = ts_us;
    column->has_value = true;
}

/* `average` is the sum of value * time until all has been told, time in columns, so that the largest values do not
 * overflow; texts make it NaN. */
static void query_plot_add_held(struct query_column *column, const struct query_hold *part)
{
    int64_t held_us = part->to_us - part->from_us;
    column->good_us += held_us;
    if (part->value.type == VALUE_TEXT) {
        column->average = NAN;
        return;
    }
    double middle = part->value.number / 2 + part->to_number / 2;
    column->average += middle * ((double)held_us / (double)(column->to_us - column->from_us));
    if (part->from_us == column->from_us || !column->has_value)
        query_plot_add_value(column, part->value.number, part->from_us);
    if (part->to_us == column->to_us && part->to_number != part->value.number)
        query_plot_add_value(column, part->to_number, part->to_us);
}

static void query_plot_hold(void *context, const struct query_hold *hold)
{
    struct query_plot *plot = context;
    struct query_hold rest = *hold;
    for (struct query_column *column = query_plot_column(plot, rest.from_us); rest.from_us < rest.to_us;
         column++) {
        struct query_hold part =
            query_hold_split(&rest, column->to_us < rest.to_us ? column->to_us : rest.to_us);
        column->bad |= part.state == QUERY_NOT_GOOD;
        column->gap |= part.state == QUERY_UNKNOWN;
        if (part.state == QUERY_HELD)
            query_plot_add_held(column, &part);
    }
}

static void query_plot_sample(void *context, const struct query_sample *sample)
{
    struct query_column *column = query_plot_column(context, sample->ts_us);
    column->count++;
    if (!query_sample_is_good(sample))
        column->bad = true;
    else if (sample->value.type == VALUE_NUMBER)
        query_plot_add_value(column, sample->value.number, sample->ts_us);
}

/* Time in a bucket without a Good value is a gap's if there was one, else it was bad; before the tag's first
 * sample it is neither. */
static void query_plot_judge(const struct query_plot *plot, struct query_column *column,
                             const struct query_bucket *bucket, const struct query_hold *carried)
{
    int64_t end_us = bucket->ts_us + bucket->width_us;
    if (bucket->good_us == bucket->width_us)
        return;
    if (gaps_until_us(&plot->walk.gaps, bucket->ts_us) < end_us || carried->state == QUERY_UNKNOWN)
        column->gap = true;
    else if (carried->state != QUERY_NOTHING_YET)
        column->bad = true;
}

static void query_plot_bucket(void *context, const struct query_bucket *bucket,
                              const struct query_hold *carried)
{
    struct query_plot *plot = context;
    struct query_column *column = query_plot_column(plot, bucket->ts_us);
    int64_t end_us = bucket->ts_us + bucket->width_us;
    column->count += bucket->n;
    for (int64_t from_us = bucket->ts_us; from_us < end_us; column++) {
        int64_t to_us = end_us < column->to_us ? end_us : column->to_us;
        double good_us = (double)bucket->good_us * ((double)(to_us - from_us) / (double)bucket->width_us);
        if (carried->state == QUERY_HELD && carried->value.type == VALUE_NUMBER &&
            from_us == column->from_us && from_us == bucket->ts_us)
            query_plot_add_value(column, carried->value.number, from_us);
        if (bucket->has_numbers &&
            (from_us == bucket->ts_us || bucket->width_us > column->to_us - column->from_us)) {
            query_plot_add_value(column, bucket->first, from_us);
            query_plot_extend(column, bucket->min, from_us);
            query_plot_extend(column, bucket->max, from_us);
            query_plot_add_value(column, bucket->last, from_us);
        }
        column->good_us += (int64_t)good_us;
        double share = good_us / (double)(column->to_us - column->from_us);
        column->average += bucket->texts ? NAN : bucket->average * share;
        query_plot_judge(plot, column, bucket, carried);
        from_us = to_us;
    }
}

static bool query_plot_accept(void *context, const struct query_bucket *bucket,
                              const struct query_hold *carried)
{
    (void)context;
    (void)bucket;
    (void)carried;
    return true;
}

/* How coarse what is read may be. */
static bool query_plot_choose(struct query_plot *plot, struct err *err)
{
    struct query_walk *walk = &plot->walk;
    int64_t span_us = walk->to_us - walk->from_us;
    int64_t width_us = span_us / (int64_t)plot->bounds.count;
    if (width_us < QUERY_PLOT_BUCKETS_A_COLUMN * ROLLUP_MINUTE_US)
        return true;
    int64_t values[] = {walk->tag_id, rollup_bucket_us(walk->from_us, ROLLUP_HOUR_US), walk->to_us};
    sqlite3_stmt *row = query_bind(walk->query, QUERY_ROLLED_SAMPLES, values, 3, err);
    bool found;
    if (!row || !query_step(walk->query, row, &found, err))
        return false;
    double samples = sqlite3_column_double(row, 0);
    sqlite3_reset(row);
    if (width_us >= QUERY_PLOT_BUCKETS_A_COLUMN * ROLLUP_HOUR_US)
        walk->coarsest = samples > QUERY_PLOT_FEW_SAMPLES ? QUERY_HOUR : QUERY_RAW;
    else
        walk->coarsest = samples > QUERY_PLOT_FEW_SAMPLES && samples > (double)(span_us / ROLLUP_MINUTE_US)
                             ? QUERY_MINUTE
                             : QUERY_RAW;
    return true;
}

static void query_plot_finish(struct query_plot *plot)
{
    for (size_t i = 0; i < plot->bounds.count; i++) {
        struct query_column *column = &plot->columns[i];
        double share = (double)column->good_us / (double)(column->to_us - column->from_us);
        column->average = column->good_us ? column->average / share : NAN;
    }
    const struct gaps *gaps = &plot->walk.gaps;
    for (size_t i = 0; i < gaps->count; i++) {
        int64_t from_us = gaps->spans[i].start_us, to_us = gaps->spans[i].end_us;
        from_us = from_us > plot->bounds.from_us ? from_us : plot->bounds.from_us;
        to_us = to_us < plot->bounds.to_us ? to_us : plot->bounds.to_us;
        for (struct query_column *column = from_us < to_us ? query_plot_column(plot, from_us) : NULL;
             column && column < plot->columns + plot->bounds.count && column->from_us < to_us; column++)
            column->gap = true;
    }
}

static bool query_plot_read(struct query_plot *plot, struct err *err)
{
    struct query_walk *walk = &plot->walk;
    if (!query_tag_is_sloped(walk->query, walk->tag_id, &walk->sloped, err) || !query_plot_choose(plot, err))
        return false;
    walk->rough = walk->coarsest != QUERY_RAW;
    return query_walk_run(walk, err);
}

bool query_plot(struct query *query, uint32_t tag_id, int64_t from_us, int64_t to_us, size_t columns,
                struct query_column *out, enum query_source *source, struct err *err)
{
    if (!columns || columns > QUERY_PLOT_COLUMNS_MAX || !query_is_span(from_us, to_us) ||
        (uint64_t)(to_us - from_us) < columns)
        return err_set(err, EX_USAGE, "a plot needs 1 to %d columns, and a microsecond for each",
                       QUERY_PLOT_COLUMNS_MAX);
    struct query_plot plot = {
        .walk = {.query = query,
                 .tag_id = tag_id,
                 .from_us = from_us,
                 .to_us = to_us,
                 .target = {.hold = query_plot_hold,
                            .sample = query_plot_sample,
                            .bucket = query_plot_bucket,
                            .accept = query_plot_accept,
                            .context = &plot}},
        .bounds = {.from_us = from_us, .to_us = to_us, .count = columns},
        .columns = out,
    };
    for (size_t i = 0; i < columns; i++)
        out[i] = (struct query_column){.from_us = query_bounds_at(&plot.bounds, i),
                                       .to_us = query_bounds_at(&plot.bounds, i + 1)};
    if (!query_begin(query, err))
        return false;
    bool done = query_plot_read(&plot, err);
    query_end(query);
    query_plot_finish(&plot);
    if (source)
        *source = plot.walk.coarsest;
    query_walk_free(&plot.walk);
    return done;
}
