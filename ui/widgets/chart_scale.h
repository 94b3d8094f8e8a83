/* Scales with round numbers: which values a chart's rows stand for, and where the ticks are. Pure. */
#ifndef UI_WIDGETS_CHART_SCALE_H
#define UI_WIDGETS_CHART_SCALE_H

#include <stdbool.h>

/* Values from `low` (the lowest row) to `high`, with ticks at multiples of `step`. */
struct chart_scale {
    double low, high, step;
};

/* A round step (1, 2 or 5 times a power of ten) that divides `span` into at most `count` parts. */
double chart_round_step(double span, int count);

/* A scale that shows all from `low` to `high` on so many rows; `least_step` (0: any) is the least distance of two
 * ticks. With `exact` the ends are those given, else they are round, too. */
struct chart_scale chart_scale_of(double low, double high, int rows, double least_step, bool exact);

/* The row of a value, 0 at the top, in `rows` rows of dots or cells; -1 or `rows` for one outside. */
int chart_scale_row(const struct chart_scale *scale, double value, int rows);

#endif
