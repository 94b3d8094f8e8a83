#include "ui/widgets/raster.h"

#include "base/mem.h"

#include <stdlib.h>

static const struct {
    int x, y;
} RASTER_DOTS[GLYPH_LEVEL_COUNT] = {
    [GLYPH_ASCII] = {1, 4},
    [GLYPH_LINE] = {1, 5},
    [GLYPH_BLOCKS] = {1, 2},
    [GLYPH_BRAILLE] = {2, 4},
};

int raster_dots_x(enum glyph_level level)
{
    return RASTER_DOTS[level].x;
}

int raster_dots_y(enum glyph_level level)
{
    return RASTER_DOTS[level].y;
}

void raster_init(struct raster *raster, enum glyph_level level, int columns, int rows)
{
    size_t cells = (size_t)(columns > 0 ? columns : 0) * (size_t)(rows > 0 ? rows : 0);
    *raster = (struct raster){.level = level,
                              .columns = columns,
                              .rows = rows,
                              .dots_x = RASTER_DOTS[level].x,
                              .dots_y = RASTER_DOTS[level].y,
                              .bits = mem_new(cells + 1, 1),
                              .meanings = mem_new(cells + 1, 1)};
}

void raster_free(struct raster *raster)
{
    free(raster->bits);
    free(raster->meanings);
    *raster = (struct raster){0};
}

void raster_set_column(struct raster *raster, int x, int top, int bottom, enum meaning meaning)
{
    int last = raster->rows * raster->dots_y - 1;
    if (x < 0 || x >= raster->columns * raster->dots_x)
        return;
    for (int y = top < 0 ? 0 : top; y <= bottom && y <= last; y++) {
        int cell = y / raster->dots_y * raster->columns + x / raster->dots_x;
        raster->bits[cell] |= (uint8_t)(1u << (4 * (x % raster->dots_x) + y % raster->dots_y));
        raster->meanings[cell] = (uint8_t)meaning;
    }
}

/* Unicode numbers the dots of a cell down the left column (1, 2, 3), the right one (4, 5, 6), then the fourth
 * row (7, 8). */
static uint32_t raster_braille(unsigned bits)
{
    static const uint8_t DOTS[8] = {0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80};
    uint32_t sign = 0x2800;
    for (unsigned i = 0; i < 8; i++)
        if (bits & 1u << i)
            sign |= DOTS[i];
    return sign;
}

/* One dot is a line at its height, more of them are a vertical stroke. */
static uint32_t raster_line(unsigned bits, const uint32_t *heights, int rows, uint32_t stroke)
{
    for (int i = 0; i < rows; i++)
        if (bits == 1u << i)
            return heights[i];
    return stroke;
}

uint32_t raster_sign(enum glyph_level level, unsigned bits)
{
    static const uint32_t HALVES[] = {' ', 0x2580, 0x2584, 0x2588};
    static const uint32_t SCAN_LINES[] = {0x23BA, 0x23BB, 0x2500, 0x23BC, 0x23BD};
    static const uint32_t ASCII[] = {'\'', '-', '.', '_'};
    if (!bits)
        return ' ';
    switch (level) {
    case GLYPH_BRAILLE:
        return raster_braille(bits);
    case GLYPH_BLOCKS:
        return HALVES[bits & 3];
    case GLYPH_LINE:
        return raster_line(bits, SCAN_LINES, 5, 0x2502);
    default:
        return raster_line(bits, ASCII, 4, '|');
    }
}

void raster_draw(const struct raster *raster, const struct pane *pane, int x, int y)
{
    for (int row = 0; row < raster->rows; row++) {
        for (int column = 0; column < raster->columns; column++) {
            int cell = row * raster->columns + column;
            if (raster->bits[cell])
                pane_put(pane, x + column, y + row, (enum meaning)raster->meanings[cell],
                         raster_sign(raster->level, raster->bits[cell]));
        }
    }
}
