/* A chart over time: pens, axes with round numbers and times, limits as lines. Every column shows the lowest
 * and highest value of its time, so that no spike is lost; columns without data are gaps and are not bridged.
 * Pure.
 *
 * How it is used: chart_area() says how many spans each pen needs for the room there is; the caller fills
 * them for the time from `from_us` to `to_us`; chart_draw() draws. */
#ifndef UI_WIDGETS_CHART_H
#define UI_WIDGETS_CHART_H

#include "ui/canvas.h"
#include "ui/series.h"

#include <stddef.h>
#include <stdint.h>

#define CHART_SPANS_MAX 1024 /* of one pen: 512 columns of braille */

struct chart_pen {
    const struct series_span *spans;
    enum meaning meaning;
};

struct chart_mark {
    double value; /* a horizontal line here, if it lies in the scale */
    const char *label;
};

struct chart {
    int64_t from_us, to_us;
    double low, high;  /* the scale; NaN: what the pens need, in round numbers */
    double least_span; /* of a scale that was not given */
    double least_step; /* between two numbers on the axis, 0: any */
    int label_columns; /* room for the numbers at the left */
    bool dated;        /* the time axis may need dates */
    const struct chart_pen *pens;
    size_t pen_count;
    const struct chart_mark *marks;
    size_t mark_count;
    /* How a number on the axis is written; `step` is the distance of two.
     * NULL: with as many digits as it takes. */
    void (*label)(void *context, double value, double step, char *out, size_t size);
    void *context;
};

struct chart_area {
    int x, y, columns, rows; /* of the plot, in cells of the pane; 0 when there is no room */
    size_t spans;            /* for each pen */
};

/* Where the plot will lie, and how many spans each pen needs for it; then draws with them. */
struct chart_area chart_area(const struct pane *pane, const struct chart *chart);
void chart_draw(const struct pane *pane, const struct chart *chart);

/* A round step (1, 2 or 5 times a power of ten) that divides `span` into at most `count` parts. */
double chart_round_step(double span, int count);

/* A round step of time, in µs, of which at most `count` fit the span: 1, 2, 5, 10, 15, 30 s or min, 1, 2, 3,
 * 6, 12 h, days. */
int64_t chart_time_step_us(int64_t span_us, int count);

#endif
