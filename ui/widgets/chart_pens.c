#include "ui/widgets/chart_pens.h"

#include "base/mem.h"
#include "ui/widgets/raster.h"

#include <math.h>
#include <stdlib.h>

#define CHART_HATCH         4  /* one cell of so many in a row */
#define CHART_DIGIT_COLUMNS 40 /* between two digits of a trace, at most and */
#define CHART_DIGIT_LEAST   12 /* at least */
#define CHART_DIGIT_DENSE   8  /* where letters draw the traces, which hardly tell them apart */

/* ---- hatching ---- */

static const struct {
    uint32_t bad, gap;
} CHART_HATCHES[GLYPH_LEVEL_COUNT] = {
    [GLYPH_ASCII] = {'/', 'x'},
    [GLYPH_LINE] = {'/', 'x'},
    [GLYPH_BLOCKS] = {'/', 'x'},
    [GLYPH_BRAILLE] = {0x2571, 0x2573},
};

/* The worst of a cell's spans. */
static enum chart_fault chart_cell_fault(const struct chart_pen *pen, size_t first, size_t count)
{
    enum chart_fault worst = CHART_FINE;
    for (size_t i = first; i < first + count; i++)
        if (pen->faults[i] > worst)
            worst = (enum chart_fault)pen->faults[i];
    return worst;
}

/* One column of cells. `digit` ('\0': none) takes the place of the topmost sign. */
static void chart_hatch_column(const struct pane *pane, const struct chart_area *area, int x, size_t number,
                               uint32_t sign, char digit, enum meaning digit_meaning)
{
    for (int y = 0; y < area->rows; y++) {
        if ((x + y) % CHART_HATCH != (int)number % CHART_HATCH)
            continue;
        pane_put(pane, area->x + x, area->y + y, digit ? digit_meaning : MEANING_CHART_GAP,
                 digit ? (uint8_t)digit : sign);
        digit = '\0';
    }
}

void chart_pens_hatch(const struct pane *pane, const struct chart *chart, const struct chart_area *area)
{
    size_t per_cell = area->spans / (size_t)area->columns;
    enum glyph_level level = pane_level(pane);
    for (size_t i = 0; i < chart->pen_count; i++) {
        const struct chart_pen *pen = &chart->pens[i];
        enum chart_fault before = CHART_FINE;
        for (int x = 0; pen->faults && x < area->columns; x++) {
            enum chart_fault fault = chart_cell_fault(pen, (size_t)x * per_cell, per_cell);
            uint32_t sign = fault == CHART_BAD ? CHART_HATCHES[level].bad : CHART_HATCHES[level].gap;
            if (fault != CHART_FINE)
                chart_hatch_column(pane, area, x, i, sign, before == CHART_FINE ? pen->digit : '\0',
                                   pen->meaning);
            before = fault;
        }
    }
}

/* ---- traces ---- */

/* What is drawn, and by whom. */
struct chart_plot {
    struct raster raster;
    uint8_t *owners; /* of each cell: a bit for each pen */
};

/* Rows of dots that a column takes; top > bottom: none. */
struct chart_stroke {
    int top, bottom;
};

/* A column reaches to the one before it, so that a steep edge
 * is a line and not a step in the air. A gap is not bridged. */
static struct chart_stroke chart_join(struct chart_stroke stroke, struct chart_stroke before)
{
    if (before.top > before.bottom)
        return stroke;
    if (stroke.bottom < before.top - 1)
        stroke.bottom = before.top - 1;
    else if (stroke.top > before.bottom + 1)
        stroke.top = before.bottom + 1;
    return stroke;
}

/* What is outside of the scale lies on the last row of that side. */
static struct chart_stroke chart_stroke_of(const struct chart_scale *scale, const struct series_span *span,
                                           int rows)
{
    struct chart_stroke stroke = {.top = chart_scale_row(scale, span->high, rows),
                                  .bottom = chart_scale_row(scale, span->low, rows)};
    stroke.top = stroke.top < 0 ? 0 : stroke.top >= rows ? rows - 1 : stroke.top;
    stroke.bottom = stroke.bottom < 0 ? 0 : stroke.bottom >= rows ? rows - 1 : stroke.bottom;
    return stroke;
}

static void chart_draw_trace(struct chart_plot *plot, const struct chart_pen *pen, size_t number,
                             size_t spans, const struct chart_scale *scale)
{
    struct raster *raster = &plot->raster;
    int rows = raster->rows * raster->dots_y;
    const struct chart_stroke nothing = {.top = 0, .bottom = -1};
    struct chart_stroke before = nothing;
    for (size_t i = 0; i < spans; i++) {
        if (isnan(pen->spans[i].low)) {
            before = nothing;
            continue;
        }
        struct chart_stroke own = chart_stroke_of(scale, &pen->spans[i], rows);
        struct chart_stroke joined = chart_join(own, before);
        raster_set_column(raster, (int)i, joined.top, joined.bottom, pen->meaning);
        size_t x = i / (size_t)raster->dots_x;
        for (int y = joined.top / raster->dots_y; y <= joined.bottom / raster->dots_y; y++)
            plot->owners[(size_t)y * (size_t)raster->columns + x] |= (uint8_t)(1u << number);
        before = own;
    }
}

/* Signs at the edge where a trace leaves the scale. */
static void chart_draw_outside(const struct pane *pane, const struct chart_area *area,
                               const struct chart_pen *pen, const struct chart_scale *scale)
{
    size_t per_cell = area->spans / (size_t)area->columns;
    double slack = (scale->high - scale->low) * 1e-9;
    for (size_t i = 0; i < area->spans; i++) {
        int x = area->x + (int)(i / per_cell);
        if (pen->spans[i].high > scale->high + slack)
            pane_sign(pane, x, area->y, pen->meaning, SIGN_UP);
        if (pen->spans[i].low < scale->low - slack)
            pane_sign(pane, x, area->y + area->rows - 1, pen->meaning, SIGN_DOWN);
    }
}

/* ---- digits ---- */

/* Where a digit may stand, best first: it shall hide nothing of a stroke's height, and nothing of another pen's. */
enum chart_place { CHART_LEVEL, CHART_ALONE, CHART_SHARED };

/* The row for the pen's digit in column x; -1: none. */
static int chart_digit_row(const struct chart_plot *plot, size_t number, int x, enum chart_place place)
{
    int found = -1, cells = 0;
    for (int y = 0; y < plot->raster.rows; y++) {
        uint8_t owners = plot->owners[(size_t)y * (size_t)plot->raster.columns + (size_t)x];
        if (!(owners & 1u << number))
            continue;
        cells++;
        if (place == CHART_SHARED || owners == 1u << number)
            found = y;
    }
    return place == CHART_LEVEL && cells > 1 ? -1 : found;
}

/* The best place for a digit among some columns. */
static bool chart_find_digit(const struct chart_plot *plot, size_t number, int first, int end, int *x, int *y)
{
    for (int place = CHART_LEVEL; place <= CHART_SHARED; place++)
        for (*x = first; *x < end && *x < plot->raster.columns; ++*x) {
            *y = chart_digit_row(plot, number, *x, (enum chart_place)place);
            if (*y >= 0)
                return true;
        }
    return false;
}

static int chart_digit_stride(enum glyph_level level, int columns)
{
    int stride = columns / 5;
    if (level <= GLYPH_LINE)
        return CHART_DIGIT_DENSE;
    return stride > CHART_DIGIT_COLUMNS ? CHART_DIGIT_COLUMNS
           : stride < CHART_DIGIT_LEAST ? CHART_DIGIT_LEAST
                                        : stride;
}

/* The pens take turns, so that each has stretches of its own for its digits; where one lies under another, both
 * can be told by turns. A short trace may have no cell in its turns. */
static void chart_draw_digits(const struct pane *pane, const struct chart *chart,
                              const struct chart_area *area, const struct chart_plot *plot, size_t number)
{
    const struct chart_pen *pen = &chart->pens[number];
    int stride = chart_digit_stride(pane_level(pane), area->columns);
    int turn = stride / (int)chart->pen_count, x, y;
    bool any = false;
    for (int start = (int)number * turn; start < area->columns; start += stride) {
        if (!chart_find_digit(plot, number, start, start + turn, &x, &y))
            continue;
        pane_put(pane, area->x + x, area->y + y, pen->meaning, (uint8_t)pen->digit);
        any = true;
    }
    if (!any && chart_find_digit(plot, number, 0, area->columns, &x, &y))
        pane_put(pane, area->x + x, area->y + y, pen->meaning, (uint8_t)pen->digit);
}

/* ---- all of it ---- */

static const struct chart_scale *chart_pen_scale(const struct chart_pen *pen, const struct chart_scale *own)
{
    return pen->scale ? pen->scale : own;
}

void chart_pens_draw(const struct pane *pane, const struct chart *chart, const struct chart_area *area,
                     const struct chart_scale *own)
{
    struct chart_plot plot;
    raster_init(&plot.raster, pane_level(pane), area->columns, area->rows);
    plot.owners = mem_new((size_t)area->columns * (size_t)area->rows, 1);
    for (size_t i = 1; i <= chart->pen_count; i++) { /* the axis pen comes last */
        size_t number = (chart->axis_pen + i) % chart->pen_count;
        const struct chart_pen *pen = &chart->pens[number];
        chart_draw_trace(&plot, pen, number, area->spans, chart_pen_scale(pen, own));
    }
    raster_draw(&plot.raster, pane, area->x, area->y);
    for (size_t i = 0; i < chart->pen_count; i++) {
        const struct chart_pen *pen = &chart->pens[i];
        chart_draw_outside(pane, area, pen, chart_pen_scale(pen, own));
        if (pen->digit)
            chart_draw_digits(pane, chart, area, &plot, i);
    }
    raster_free(&plot.raster);
    free(plot.owners);
}
