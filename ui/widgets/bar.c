#include "ui/widgets/bar.h"

#include <math.h>

struct bar_signs {
    uint32_t outside, normal, limit, setpoint, pointer, below, above;
};

static const struct bar_signs BAR_SIGNS[GLYPH_LEVEL_COUNT] = {
    [GLYPH_ASCII] = {.outside = '.',
                     .normal = '-',
                     .limit = '|',
                     .setpoint = '^',
                     .pointer = '#',
                     .below = '<',
                     .above = '>'},
    [GLYPH_LINE] = {.outside = 0xB7,
                    .normal = 0x2500,
                    .limit = 0x2502,
                    .setpoint = '^',
                    .pointer = 0x25C6,
                    .below = '<',
                    .above = '>'},
    [GLYPH_BLOCKS] = {.outside = 0xB7,
                      .normal = 0x2500,
                      .limit = 0x2502,
                      .setpoint = '^',
                      .pointer = 0x2588,
                      .below = '<',
                      .above = '>'},
    [GLYPH_BRAILLE] = {.outside = 0x2508,
                       .normal = 0x2500,
                       .limit = 0x2502,
                       .setpoint = 0x25B3,
                       .pointer = 0x2588,
                       .below = 0x25C0,
                       .above = 0x25B6},
};

/* The column of a value, from the left end of the range to the right one; may lie outside. */
static double bar_place(const struct bar *bar, double value, int columns)
{
    return (value - bar->low) / (bar->high - bar->low) * columns;
}

static int bar_column(const struct bar *bar, double value, int columns)
{
    double place = floor(bar_place(bar, value, columns));
    return place < 0 ? 0 : place >= columns ? columns - 1 : (int)place;
}

static bool bar_is_inside(const struct bar *bar, double value)
{
    return value >= bar->low && value <= bar->high;
}

static void bar_draw_track(const struct pane *pane, int x, int y, int columns, const struct bar *bar,
                           const struct bar_signs *signs)
{
    int first = isnan(bar->normal_low) ? 0 : bar_column(bar, bar->normal_low, columns);
    int last = isnan(bar->normal_high) ? columns - 1 : bar_column(bar, bar->normal_high, columns);
    for (int i = 0; i < columns; i++)
        pane_put(pane, x + i, y, MEANING_BAR_EMPTY, i >= first && i <= last ? signs->normal : signs->outside);
    for (size_t i = 0; i < bar->limit_count; i++)
        if (bar_is_inside(bar, bar->limits[i]))
            pane_put(pane, x + bar_column(bar, bar->limits[i], columns), y, MEANING_BAR_LIMIT, signs->limit);
    if (bar_is_inside(bar, bar->setpoint))
        pane_put(pane, x + bar_column(bar, bar->setpoint, columns), y, MEANING_BAR_LIMIT, signs->setpoint);
}

/* With blocks the pointer is half a column wide, so that it moves in twice as many steps. */
static uint32_t bar_pointer(enum glyph_level level, const struct bar_signs *signs, double place)
{
    if (level < GLYPH_BLOCKS)
        return signs->pointer;
    return place - floor(place) < 0.5 ? 0x258C : 0x2590;
}

void bar_draw(const struct pane *pane, int x, int y, int columns, const struct bar *bar)
{
    enum glyph_level level = pane_level(pane);
    const struct bar_signs *signs = &BAR_SIGNS[level];
    if (columns <= 0 || !(bar->low < bar->high))
        return;
    bar_draw_track(pane, x, y, columns, bar, signs);
    if (isnan(bar->value))
        return;
    enum meaning out = bar->uncertain ? MEANING_BAR_EMPTY : MEANING_BAR_OUT;
    enum meaning in = bar->uncertain ? MEANING_BAR_EMPTY : MEANING_BAR;
    if (bar->value < bar->low)
        pane_put(pane, x, y, out, signs->below);
    else if (bar->value > bar->high)
        pane_put(pane, x + columns - 1, y, out, signs->above);
    else
        pane_put(
            pane, x + bar_column(bar, bar->value, columns), y, in,
            bar_pointer(level, signs, bar->value < bar->high ? bar_place(bar, bar->value, columns) : 0.5));
}
