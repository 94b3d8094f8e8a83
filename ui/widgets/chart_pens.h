/* The traces of a chart, drawn into its plot (ui/widgets/chart.c). */
#ifndef UI_WIDGETS_CHART_PENS_H
#define UI_WIDGETS_CHART_PENS_H

#include "ui/widgets/chart.h"

/* Hatches where pens have no value for a reason that is known: each pen has a pattern of
 * its own, with its digit where it begins. */
void chart_pens_hatch(const struct pane *pane, const struct chart *chart, const struct chart_area *area);

/* Draws the traces with their digits; `own` is the scale of pens that bring none. What lies outside of a
 * pen's scale is shown at the edge with a sign. */
void chart_pens_draw(const struct pane *pane, const struct chart *chart, const struct chart_area *area,
                     const struct chart_scale *own);

#endif
