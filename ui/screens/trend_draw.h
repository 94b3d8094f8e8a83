/* How the Trends screen looks:
 *
 *     row 0       unit of the axis; LIVE or HISTORY, span, from, to; which scales; loading
 *     the middle  chart
 *     the foot    a row for each pen: value (at the cursor where there is one), figures of what is visible
 *
 * In a low window the legend gives way first. */
#ifndef UI_SCREENS_TREND_DRAW_H
#define UI_SCREENS_TREND_DRAW_H

#include "ui/screens/trend_data.h"
#include "ui/widgets/chart.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One pen of one picture. */
struct trend_pen {
    struct mirror_tag *tag; /* NULL: gone, or not told yet */
    struct plot_column columns[CHART_SPANS_MAX];
    struct series_span spans[CHART_SPANS_MAX];
    uint8_t faults[CHART_SPANS_MAX]; /* enum chart_fault */
    struct plot_figures figures;
    struct chart_scale scale;
};

/* One picture: filled anew with every drawing; kept for the mouse and the cursor in between. */
struct trend_picture {
    struct plot_grid grid;
    struct chart_area area; /* columns 0: no room for a chart */
    int chart_y;            /* its first row in the screen's pane */
    int legend_y;           /* the row of the first pen shown; -1: none */
    size_t legend_first;    /* which pen that is */
    struct trend_pen pens[TREND_PENS_MAX];
};

/* Draws all of the screen; there is at least one pen. */
void trend_draw(struct trend_picture *picture, struct trend_data *data, struct screen_host *host,
                const struct pane *pane);

/* The time that zooming with the cursor stays with: of the most unusual value of the selected pen in the cursor's
 * column, so that zooming in finds a spike; else the cursor's. */
int64_t trend_draw_cursor_us(const struct trend_picture *picture, const struct trend_view *view);

/* The span (column of the grid) at a place of the pane, or -1. */
int64_t trend_draw_column_at(const struct trend_picture *picture, int x, int y);

#endif
