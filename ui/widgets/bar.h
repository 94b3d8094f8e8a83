/* A bar that shows where a value lies in its range: a track with the normal band between the limits,
 * the limits as marks, a setpoint, and the value as a pointer.
 * A value outside of the range is an arrow at that end. Pure. */
#ifndef UI_WIDGETS_BAR_H
#define UI_WIDGETS_BAR_H

#include "ui/canvas.h"

#include <stdbool.h>
#include <stddef.h>

struct bar {
    double low, high;     /* of the range, low < high */
    double value;         /* NaN: none */
    double setpoint;      /* NaN: none */
    bool uncertain;       /* the value is not live: drawn pale */
    const double *limits; /* where marks are */
    size_t limit_count;
    double normal_low, normal_high; /* normal band; NaN: to the end of the range */
};

/* Draws the bar in row `y` from column `x` on, `columns` wide. Nothing without a range. */
void bar_draw(const struct pane *pane, int x, int y, int columns, const struct bar *bar);

#endif
