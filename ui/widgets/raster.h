/* A field of dots over cells, and the signs that show it at each level of drawing: 2 × 4 dots a cell with
 * braille, 1 × 2 with blocks, 1 × 5 with the scan lines of line drawing, 1 × 4 in ASCII. Pure. */
#ifndef UI_WIDGETS_RASTER_H
#define UI_WIDGETS_RASTER_H

#include "ui/canvas.h"

#include <stdint.h>

struct raster {
    enum glyph_level level;
    int columns, rows;  /* cells */
    int dots_x, dots_y; /* of one cell */
    uint8_t *bits;      /* of each cell: dot (x, y) is bit 4 × x + y, with five rows bit y; owned */
    uint8_t *meanings;  /* enum meaning of the last dot set in the cell; owned */
};

/* Dots of a cell at that level. */
int raster_dots_x(enum glyph_level level);
int raster_dots_y(enum glyph_level level);

/* No dots set. Release with raster_free(). */
void raster_init(struct raster *raster, enum glyph_level level, int columns, int rows);
void raster_free(struct raster *raster);

/* Sets the dots of column `x` from row `top` to `bottom` (inclusive,
 * from the top of the field, in dots); clipped. */
void raster_set_column(struct raster *raster, int x, int top, int bottom, enum meaning meaning);

/* Puts all cells that have dots; the others are left as they are. */
void raster_draw(const struct raster *raster, const struct pane *pane, int x, int y);

/* The sign of a cell with these dots; a blank for none. */
uint32_t raster_sign(enum glyph_level level, unsigned bits);

#endif
