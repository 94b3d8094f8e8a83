/* A number three rows high, to be read from across the room: from half blocks, or from strokes like a
 * seven-segment display where there are no blocks. Pure. */
#ifndef UI_WIDGETS_DIGITS_H
#define UI_WIDGETS_DIGITS_H

#include "ui/canvas.h"

#include <stdbool.h>

#define DIGITS_ROWS 3

/* True when all letters of the text have a large form: digits, point, sign, exponent, blank. */
bool digits_can_show(const char *text);

/* Columns that the text takes. */
int digits_columns(const char *text);

/* Draws as much of it as fits the pane; returns the columns taken. */
int digits_draw(const struct pane *pane, int x, int y, enum meaning meaning, const char *text);

#endif
