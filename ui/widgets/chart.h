/* A chart over time: pens, axes with round numbers and times, limits as lines. Every column shows the lowest
 * and highest value of its time, so that no spike is lost; columns without data are gaps and are not bridged.
 * Pure.
 *
 * How it is used: chart_area() says how many spans each pen needs for the room there is; the caller fills
 * them for the time from `from_us` to `to_us`; chart_draw() draws.
 *
 * Pens are told apart without colour, too: with more than one of them each carries its digit. */
#ifndef UI_WIDGETS_CHART_H
#define UI_WIDGETS_CHART_H

#include "ui/canvas.h"
#include "ui/series.h"
#include "ui/widgets/chart_scale.h"

#include <stddef.h>
#include <stdint.h>

#define CHART_SPANS_MAX 1024 /* of one pen: 512 columns of braille */
#define CHART_PENS_MAX  8

/* Why a pen has no value somewhere. */
enum chart_fault {
    CHART_FINE,
    CHART_BAD, /* its quality was not good */
    CHART_GAP  /* nothing was recorded */
};

struct chart_pen {
    const struct series_span *spans;
    const uint8_t *faults; /* enum chart_fault of each span: hatched; NULL: nothing is known of them */
    enum meaning meaning;
    char digit;                      /* on its trace; '\0': none */
    const struct chart_scale *scale; /* NULL: the chart's own */
};

struct chart_mark {
    double value; /* it is drawn if it lies in the scale */
    const char *label;
};

struct chart {
    int64_t from_us, to_us;
    double low, high;  /* the chart's own scale; NaN: what the pens need, in round numbers */
    double least_span; /* of a scale that was not given */
    double least_step; /* between two numbers on the axis, 0: any */
    int label_columns; /* room for the numbers at the left */
    const struct chart_pen *pens;
    size_t pen_count;               /* up to CHART_PENS_MAX */
    size_t axis_pen;                /* drawn above the others; the axis and the marks are of its scale */
    const struct chart_mark *marks; /* horizontal lines */
    size_t mark_count;
    /* Values that have names, at the axis in the place of numbers: the most important first, for of two in one row the
     * first one is there. */
    const struct chart_mark *names;
    size_t name_count;
    bool has_cursor;
    size_t cursor; /* the span on which it stands */
};

struct chart_area {
    int x, y, columns, rows; /* of the plot, in cells of the pane; 0 when there is no room */
    size_t spans;            /* for each pen */
};

/* Where the plot will lie, and how many spans each pen needs for it; then draws with them. */
struct chart_area chart_area(const struct pane *pane, const struct chart *chart);
void chart_draw(const struct pane *pane, const struct chart *chart);

#endif
