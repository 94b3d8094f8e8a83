/* A sparkline: one row that shows how a value went, at every level of drawing. Braille shows the lowest and
 * highest value of each stretch; the coarser levels show the one of the two that lies farther off the middle,
 * so that a spike is never averaged away. A stretch without data stays blank. Pure. */
#ifndef UI_WIDGETS_SPARK_H
#define UI_WIDGETS_SPARK_H

#include "ui/canvas.h"
#include "ui/series.h"

#include <stddef.h>

#define SPARK_SPANS_MAX 512

/* How many spans a sparkline of so many columns takes:
 * two a cell with braille, else one; at most SPARK_SPANS_MAX. */
size_t spark_span_count(enum glyph_level level, int columns);

/* Draws `spark_span_count()` spans, oldest first. The row reaches from their lowest to their highest value,
 * but never less than `least_span` (engineering units, 0: none), so that the noise of a steady value does not
 * look like news. A constant value is a line in the middle. */
void spark_draw(const struct pane *pane, int x, int y, int columns, enum meaning meaning,
                const struct series_span *spans, double least_span);

#endif
