#include "ui/plot.h"

#include <math.h>
#include <string.h>

/* ---- grid ---- */

static int64_t plot_floor(int64_t value, int64_t by)
{
    int64_t rest = value % by;
    return value - (rest < 0 ? rest + by : rest);
}

struct plot_grid plot_grid_ending(int64_t end_us, int64_t span_us, size_t count)
{
    struct plot_grid grid = {.count = count < 1 ? 1 : count > PLOT_COLUMNS_MAX ? PLOT_COLUMNS_MAX : count};
    grid.width_us = span_us / (int64_t)grid.count;
    if (grid.width_us < 1)
        grid.width_us = 1;
    grid.start_us = plot_floor(end_us, grid.width_us) - grid.width_us * (int64_t)(grid.count - 1);
    return grid;
}

int64_t plot_grid_end_us(const struct plot_grid *grid)
{
    return grid->start_us + grid->width_us * (int64_t)grid->count;
}

int64_t plot_grid_column(const struct plot_grid *grid, int64_t ts_us)
{
    return plot_floor(ts_us - grid->start_us, grid->width_us) / grid->width_us;
}

/* ---- filling ---- */

void plot_clear(struct plot_column *columns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        columns[i] = (struct plot_column){.held = NAN, .low = NAN, .high = NAN, .first = NAN, .last = NAN};
}

/* What was valid from one sample to the next. */
struct plot_state {
    double value;  /* when it began; NaN: none */
    double rise;   /* of the value in a µs */
    int64_t ts_us; /* when it began */
    bool known;    /* there was a sample */
};

/* Of a straight line in a µs; from -1e308 to 1e308, too. */
static double plot_rise(int64_t from_us, double from, int64_t to_us, double to)
{
    double us = (double)(to_us - from_us);
    return to / us - from / us;
}

/* The line's value some time after its start. */
static double plot_risen(double from, double rise, int64_t us)
{
    double half = rise / 2 * (double)us;
    return from + half + half;
}

/* What follows from samples[i], or from what is before the first one. */
static struct plot_state plot_state_from(const struct recent_sample *samples, size_t count, size_t i,
                                         bool sloped)
{
    struct plot_state state = {samples[i].value, 0, samples[i].ts_us, true};
    const struct recent_sample *next = i + 1 < count ? &samples[i + 1] : NULL;
    if (sloped && next && !isnan(state.value) && !isnan(next->value) && next->ts_us > state.ts_us)
        state.rise = plot_rise(state.ts_us, state.value, next->ts_us, next->value);
    return state;
}

static double plot_state_at(const struct plot_state *state, int64_t ts_us)
{
    return state->rise == 0 ? state->value : plot_risen(state->value, state->rise, ts_us - state->ts_us);
}

/* From `since_us` to `until_us` this was valid. */
static void plot_hold(struct plot_column *columns, const struct plot_grid *grid, int64_t since_us,
                      int64_t until_us, const struct plot_state *state)
{
    int64_t end_us = plot_grid_end_us(grid);
    int64_t from_us = since_us > grid->start_us ? since_us : grid->start_us;
    int64_t to_us = until_us < end_us ? until_us : end_us;
    if (from_us >= to_us)
        return;
    size_t last = (size_t)plot_grid_column(grid, to_us - 1);
    for (size_t i = (size_t)plot_grid_column(grid, from_us); i <= last; i++) {
        struct plot_column *column = &columns[i];
        int64_t start_us = grid->start_us + grid->width_us * (int64_t)i;
        int64_t stop_us = start_us + grid->width_us;
        int64_t here_us = start_us > from_us ? start_us : from_us;
        int64_t there_us = stop_us < to_us ? stop_us : to_us;
        column->known = true;
        column->bad |= isnan(state->value) && state->known;
        if (isnan(state->value))
            continue;
        double middle = plot_state_at(state, here_us) / 2 + plot_state_at(state, there_us) / 2;
        column->area += middle * (double)(there_us - here_us);
        column->good_us += there_us - here_us;
        if (start_us >= since_us)
            column->held = plot_state_at(state, start_us);
    }
}

static void plot_extend(struct plot_column *column, double value, int64_t ts_us)
{
    if (!(column->low <= value)) {
        column->low = value;
        column->low_us = ts_us;
    }
    if (!(column->high >= value)) {
        column->high = value;
        column->high_us = ts_us;
    }
}

static void plot_add_sample(struct plot_column *column, const struct recent_sample *sample, bool joined)
{
    column->count += sample->count;
    if (isnan(sample->value)) {
        column->bad = true;
        return;
    }
    if (isnan(column->low)) {
        column->first = sample->value;
        column->first_us = sample->ts_us;
        column->joined = joined;
    }
    plot_extend(column, sample->value, sample->ts_us);
    column->last = sample->value;
    column->last_us = sample->ts_us;
}

/* The first sample that comes at `ts_us` or later. */
static size_t plot_first(const struct recent_sample *samples, size_t count, int64_t ts_us)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (samples[middle].ts_us < ts_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void plot_add_samples(struct plot_column *columns, const struct plot_grid *grid,
                      const struct recent_sample *samples, size_t count, bool sloped, int64_t since_us,
                      int64_t until_us)
{
    int64_t from_us = since_us > grid->start_us ? since_us : grid->start_us;
    size_t i = plot_first(samples, count, from_us);
    struct plot_state state = {.value = NAN};
    if (i)
        state = plot_state_from(samples, count, i - 1, sloped);
    for (;; i++) {
        bool end = i == count || samples[i].ts_us >= until_us;
        int64_t next_us = end ? until_us : samples[i].ts_us;
        plot_hold(columns, grid, from_us, next_us, &state);
        int64_t column = plot_grid_column(grid, next_us);
        if (end || column >= (int64_t)grid->count)
            break;
        plot_add_sample(&columns[column], &samples[i], !isnan(state.value));
        state = plot_state_from(samples, count, i, sloped);
        from_us = next_us;
    }
}

void plot_merge(struct plot_column *column, const struct plot_column *more)
{
    if (!column->known && !column->count)
        column->held = more->held;
    if (isnan(column->low)) {
        column->first = more->first;
        column->first_us = more->first_us;
        column->joined = more->joined;
    }
    if (!isnan(more->low)) {
        column->last = more->last;
        column->last_us = more->last_us;
        plot_extend(column, more->low, more->low_us);
        plot_extend(column, more->high, more->high_us);
    }
    column->area += more->area;
    column->good_us += more->good_us;
    column->count += more->count;
    column->bad |= more->bad;
    column->gap |= more->gap;
    column->known |= more->known;
}

/* A share of a wide column: what it held, for the time of a narrow one. */
static void plot_spread(struct plot_column *columns, const struct plot_grid *grid,
                        const struct plot_column *other, int64_t from_us, int64_t to_us)
{
    struct plot_column part = *other;
    double share = (double)grid->width_us / (double)(to_us - from_us);
    part.area *= share;
    part.good_us = (int64_t)((double)part.good_us * share);
    part.count = 0;
    int64_t first = plot_grid_column(grid, from_us), last = plot_grid_column(grid, to_us - 1);
    for (int64_t i = first < 0 ? 0 : first; i <= last && i < (int64_t)grid->count; i++)
        plot_merge(&columns[i], &part);
}

void plot_add_columns(struct plot_column *columns, const struct plot_grid *grid,
                      const struct plot_column *others, const struct plot_grid *other_grid)
{
    for (size_t i = 0; i < other_grid->count; i++) {
        int64_t from_us = other_grid->start_us + other_grid->width_us * (int64_t)i;
        if (other_grid->width_us > grid->width_us) {
            plot_spread(columns, grid, &others[i], from_us, from_us + other_grid->width_us);
            continue;
        }
        int64_t at = plot_grid_column(grid, from_us + other_grid->width_us / 2);
        if (at >= 0 && at < (int64_t)grid->count)
            plot_merge(&columns[at], &others[i]);
    }
}

/* ---- the line ---- */

static void plot_widen(struct series_span *span, double value)
{
    span->low = fmin(span->low, value);
    span->high = fmax(span->high, value);
}

/* The straight line between two samples, in every column that it crosses. */
static void plot_slope(const struct plot_grid *grid, int64_t from_us, double from, int64_t to_us, double to,
                       struct series_span *out)
{
    if (to_us <= from_us)
        return;
    int64_t first = plot_grid_column(grid, from_us), last = plot_grid_column(grid, to_us);
    for (int64_t i = first < 0 ? 0 : first; i <= last && i < (int64_t)grid->count; i++) {
        int64_t start_us = grid->start_us + grid->width_us * i, stop_us = start_us + grid->width_us;
        double rise = plot_rise(from_us, from, to_us, to);
        plot_widen(&out[i], start_us <= from_us ? from : plot_risen(from, rise, start_us - from_us));
        plot_widen(&out[i], stop_us >= to_us ? to : plot_risen(from, rise, stop_us - from_us));
    }
}

static void plot_line_stepped(const struct plot_column *columns, size_t count, struct series_span *out)
{
    for (size_t i = 0; i < count; i++) {
        out[i].low = fmin(columns[i].low, columns[i].held);
        out[i].high = fmax(columns[i].high, columns[i].held);
    }
}

/* The end of the line so far. */
struct plot_end {
    bool valid;
    int64_t ts_us;
    double value;
};

static void plot_line_sloped(const struct plot_column *columns, const struct plot_grid *grid,
                             struct series_span *out)
{
    struct plot_end end = {0};
    for (size_t i = 0; i < grid->count; i++) {
        const struct plot_column *column = &columns[i];
        int64_t start_us = grid->start_us + grid->width_us * (int64_t)i;
        bool holds = !isnan(column->held), comes = !isnan(column->low);
        if (!end.valid && holds) /* since before the picture */
            end = (struct plot_end){true, start_us, column->held};
        if (end.valid && comes && column->joined)
            plot_slope(grid, end.ts_us, end.value, column->first_us, column->first, out);
        else if (end.valid && (comes || !holds)) /* it ended without another sample, in this column at most */
            plot_slope(grid, end.ts_us, end.value, holds ? start_us : start_us - 1, end.value, out);
        end.valid = end.valid && holds;
        if (!comes)
            continue;
        plot_widen(&out[i], column->low);
        plot_widen(&out[i], column->high);
        end = (struct plot_end){true, column->last_us, column->last};
    }
    for (size_t i = grid->count; i-- > 0 && isnan(columns[i].low);) /* the last sample holds */
        plot_widen(&out[i], columns[i].held);
}

void plot_line(const struct plot_column *columns, const struct plot_grid *grid, bool sloped,
               struct series_span *out)
{
    for (size_t i = 0; i < grid->count; i++)
        out[i] = (struct series_span){NAN, NAN};
    if (sloped)
        plot_line_sloped(columns, grid, out);
    else
        plot_line_stepped(columns, grid->count, out);
}

/* ---- figures ---- */

struct plot_figures plot_figures(const struct plot_column *columns, const struct plot_grid *grid)
{
    struct plot_figures figures = {.low = NAN, .high = NAN, .average = NAN};
    double area = 0, good_us = 0, known_us = 0;
    for (size_t i = 0; i < grid->count; i++) {
        const struct plot_column *column = &columns[i];
        figures.low = fmin(figures.low, fmin(column->low, column->held));
        figures.high = fmax(figures.high, fmax(column->high, column->held));
        figures.count += column->count;
        area += column->area;
        good_us += (double)column->good_us;
        known_us += column->known ? (double)grid->width_us : 0;
    }
    if (good_us > 0 && isfinite(area))
        figures.average = area / good_us;
    if (known_us > 0)
        figures.good_share = good_us < known_us ? good_us / known_us : 1;
    return figures;
}
