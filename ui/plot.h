/* What a trend draws of one tag: columns of equal width, each with what came in it, so that no spike is lost
 * however many samples share a column. Pure; time is an argument.
 *
 * A column begins at a multiple of its width, counted from 1970: the borders stand still while time goes on, so
 * that a live picture moves by whole columns and none of them changes its contents under way.
 *
 * A value holds until the next sample of its tag (stepped), or moves straight towards it (sloped), as in the
 * history's queries; never into a gap, and a sample that is not Good ends it. */
#ifndef UI_PLOT_H
#define UI_PLOT_H

#include "ui/recent.h"
#include "ui/series.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLOT_COLUMNS_MAX 1024

/* Column k covers the times from start_us + k × width_us up to, not including, start_us + (k + 1) × width_us. */
struct plot_grid {
    int64_t start_us, width_us;
    size_t count;
};

struct plot_column {
    double held;             /* the value that was valid when the column began; NaN: none */
    double low, high;        /* of the samples with values in it; NaN: none came */
    int64_t low_us, high_us; /* when */
    double first, last;      /* of them, in time */
    int64_t first_us, last_us;
    double area;     /* value × µs over the good time */
    int64_t good_us; /* time with a value */
    uint64_t count;  /* samples, those without a value too */
    bool joined;     /* a value was valid up to its first sample with one: the line comes from there */
    bool bad;        /* a sample that was not Good came, or held, in it */
    bool gap;        /* part of it was not recorded */
    bool known;      /* the history, or the console, knows what was then */
};

/* The grid of `count` columns (1 to PLOT_COLUMNS_MAX) over about `span_us`, whose last column holds `end_us`. */
struct plot_grid plot_grid_ending(int64_t end_us, int64_t span_us, size_t count);
int64_t plot_grid_end_us(const struct plot_grid *grid);

/* The column of a time; below 0 or beyond the last for one outside. */
int64_t plot_grid_column(const struct plot_grid *grid, int64_t ts_us);

/* Columns of which nothing is known. */
void plot_clear(struct plot_column *columns, size_t count);

/* Takes samples (in the order of time) into the columns: those that came at `since_us` or later, and the time from
 * there up to, not including, `until_us`. Older samples only tell what was valid. May be called for one span
 * after the other. */
void plot_add_samples(struct plot_column *columns, const struct plot_grid *grid,
                      const struct recent_sample *samples, size_t count, bool sloped, int64_t since_us,
                      int64_t until_us);

/* Takes columns of another grid in; with other borders a column goes where its middle lies, and, when it is
 * the wider one, into all those that it covers. For the moment until the history has answered. */
void plot_add_columns(struct plot_column *columns, const struct plot_grid *grid,
                      const struct plot_column *others, const struct plot_grid *other_grid);

/* Takes one column's contents into another; `more` follows in time. */
void plot_merge(struct plot_column *column, const struct plot_column *more);

/* The lowest and highest point of the line in each column: `out` has grid->count places. Stepped: a value goes
 * on until the next sample. Sloped: straight from sample to sample. Either way every sample lies in its
 * column's span, and nothing is drawn where no value was valid. */
void plot_line(const struct plot_column *columns, const struct plot_grid *grid, bool sloped,
               struct series_span *out);

struct plot_figures {
    double low, high, average; /* NaN: no values; the average is weighted by time */
    uint64_t count;
    double good_share; /* of the known time, 0 to 1 */
};

/* Of all columns together. */
struct plot_figures plot_figures(const struct plot_column *columns, const struct plot_grid *grid);

#endif
