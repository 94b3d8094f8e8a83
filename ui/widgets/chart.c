#include "ui/widgets/chart.h"

#include "base/num.h"
#include "ui/widgets/chart_pens.h"
#include "ui/widgets/chart_time.h"
#include "ui/widgets/raster.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CHART_COLUMNS_PER_TICK 12 /* so that two times have room beside each other */
#define CHART_LABEL_MAX        40

struct chart_signs {
    uint32_t axis_y, tick_y, axis_x, tick_x, corner, gap, limit, grid, cursor, cursor_foot;
};

static const struct chart_signs CHART_SIGNS[GLYPH_LEVEL_COUNT] = {
    [GLYPH_ASCII] = {'|', '+', '-', '+', '+', '.', '=', ' ', ':', '^'},
    [GLYPH_LINE] = {0x2502, 0x2524, 0x2500, 0x252C, 0x2514, '.', '=', ' ', ':', 0x2534},
    [GLYPH_BLOCKS] = {0x2502, 0x2524, 0x2500, 0x252C, 0x2514, '.', 0x2550, ' ', ':', 0x2534},
    [GLYPH_BRAILLE] = {0x2502, 0x2524, 0x2500, 0x252C, 0x2514, 0x2508, 0x2504, 0xB7, 0x2502, 0x2534},
};

/* The scale of pens that bring none. */
static struct chart_scale chart_own_scale(const struct chart *chart, const struct chart_area *area)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t pen = 0; pen < chart->pen_count; pen++) {
        for (size_t i = 0; i < area->spans && !chart->pens[pen].scale; i++) {
            low = fmin(low, chart->pens[pen].spans[i].low);
            high = fmax(high, chart->pens[pen].spans[i].high);
        }
    }
    if (!(low <= high))
        low = 0, high = 1;
    double least = chart->least_span > 0 ? chart->least_span : low == high ? fmax(fabs(low) * 0.02, 1e-6) : 0;
    if (high - low < least) {
        double middle = (low + high) / 2;
        low = middle - least / 2;
        high = middle + least / 2;
    }
    bool given = !isnan(chart->low) && !isnan(chart->high);
    return chart_scale_of(given ? chart->low : low, given ? chart->high : high, area->rows, chart->least_step,
                          given);
}

/* ---- layout ---- */

struct chart_area chart_area(const struct pane *pane, const struct chart *chart)
{
    struct chart_area area = {.columns = pane->columns, .rows = pane->rows};
    if (pane->columns >= chart->label_columns + 9) {
        area.x = chart->label_columns + 1;
        area.columns -= area.x;
    }
    if (pane->rows >= 4)
        area.rows -= 2;
    int dots_x = raster_dots_x(pane_level(pane));
    if (area.columns * dots_x > CHART_SPANS_MAX)
        area.columns = CHART_SPANS_MAX / dots_x;
    if (area.columns < 1 || area.rows < 1)
        return (struct chart_area){0};
    area.spans = (size_t)(area.columns * dots_x);
    return area;
}

/* ---- axes ---- */

/* A tick with its label. */
static void chart_draw_tick(const struct pane *pane, const struct chart *chart, const struct chart_area *area,
                            int y, const char *label, const struct chart_signs *signs)
{
    enum meaning labels = chart->pen_count > 1 ? chart->pens[chart->axis_pen].meaning : MEANING_CHART_AXIS;
    pane_text_right(pane, 0, y, chart->label_columns, labels, label);
    pane_put(pane, area->x - 1, y, MEANING_CHART_AXIS, signs->tick_y);
    for (int x = 3; signs->grid != ' ' && x < area->columns; x += 4)
        pane_put(pane, area->x + x, y, MEANING_CHART_AXIS, signs->grid);
}

static void chart_draw_numbers(const struct pane *pane, const struct chart *chart,
                               const struct chart_area *area, const struct chart_scale *scale,
                               const struct chart_signs *signs)
{
    int taken = -2, decimals = scale->step < 1 ? (int)ceil(-log10(scale->step) - 1e-9) : 0;
    double first = ceil(scale->low / scale->step - 1e-9);
    for (int i = 0; i <= area->rows * 2; i++) {
        char label[CHART_LABEL_MAX];
        double value = (first + i) * scale->step;
        int y = chart_scale_row(scale, value, area->rows);
        if (y < 0)
            break;
        if (y >= area->rows || y == taken)
            continue;
        taken = y;
        if (fabs(value) < scale->step * 1e-6)
            value = 0;
        num_format_fit(label, sizeof label, value, decimals, chart->label_columns);
        chart_draw_tick(pane, chart, area, y, label, signs);
    }
}

static bool chart_name_is_hidden(const struct chart *chart, const struct chart_area *area,
                                 const struct chart_scale *scale, size_t name)
{
    int y = chart_scale_row(scale, chart->names[name].value, area->rows);
    for (size_t i = 0; i < name; i++)
        if (chart_scale_row(scale, chart->names[i].value, area->rows) == y)
            return true;
    return y < 0 || y >= area->rows;
}

static void chart_draw_scale(const struct pane *pane, const struct chart *chart,
                             const struct chart_area *area, const struct chart_scale *scale,
                             const struct chart_signs *signs)
{
    if (!area->x)
        return;
    for (int y = 0; y < area->rows; y++)
        pane_put(pane, area->x - 1, y, MEANING_CHART_AXIS, signs->axis_y);
    if (!chart->name_count)
        chart_draw_numbers(pane, chart, area, scale, signs);
    for (size_t i = 0; i < chart->name_count; i++)
        if (!chart_name_is_hidden(chart, area, scale, i))
            chart_draw_tick(pane, chart, area, chart_scale_row(scale, chart->names[i].value, area->rows),
                            chart->names[i].label, signs);
}

/* Nothing to see, for reasons that are not known: what is known is hatched. */
static bool chart_is_gap(const struct chart *chart, const struct chart_area *area, int column)
{
    size_t per_cell = area->spans / (size_t)area->columns;
    for (size_t pen = 0; pen < chart->pen_count; pen++)
        for (size_t i = 0; i < per_cell; i++)
            if (chart->pens[pen].faults || !isnan(chart->pens[pen].spans[(size_t)column * per_cell + i].low))
                return false;
    return true;
}

static void chart_draw_times(const struct pane *pane, const struct chart *chart,
                             const struct chart_area *area, const struct chart_signs *signs)
{
    int y = area->rows;
    int64_t span_us = chart->to_us - chart->from_us;
    if (y + 1 >= pane->rows || span_us <= 0)
        return;
    for (int x = 0; x < area->columns; x++) {
        bool gap = chart_is_gap(chart, area, x);
        pane_put(pane, area->x + x, y, gap ? MEANING_CHART_GAP : MEANING_CHART_AXIS,
                 gap ? signs->gap : signs->axis_x);
    }
    if (area->x)
        pane_put(pane, area->x - 1, y, MEANING_CHART_AXIS, signs->corner);
    struct chart_time_step step = chart_time_step(span_us, area->columns / CHART_COLUMNS_PER_TICK);
    int64_t tick_us = chart_time_next(chart->from_us, step);
    int end = 0;
    for (int i = 0; i < area->columns && tick_us <= chart->to_us; i++) {
        char label[CHART_TIME_LABEL_MAX];
        int x = (int)((double)(tick_us - chart->from_us) / (double)span_us * area->columns);
        if (x >= area->columns)
            break;
        chart_time_label(tick_us, step, label);
        tick_us = chart_time_next(tick_us, step);
        int width = (int)strlen(label), start = area->x + x - width / 2;
        pane_put(pane, area->x + x, y, MEANING_CHART_AXIS, signs->tick_x);
        if (start < end || start + width > pane->columns)
            continue;
        end = start + pane_text(pane, start, y + 1, width, MEANING_CHART_AXIS, label) + 1;
    }
}

static void chart_draw_marks(const struct pane *pane, const struct chart *chart,
                             const struct chart_area *area, const struct chart_scale *scale,
                             const struct chart_signs *signs)
{
    for (size_t i = 0; i < chart->mark_count; i++) {
        const struct chart_mark *mark = &chart->marks[i];
        if (!(mark->value >= scale->low && mark->value <= scale->high))
            continue;
        int y = chart_scale_row(scale, mark->value, area->rows);
        for (int x = 0; x < area->columns; x++)
            pane_put(pane, area->x + x, y, MEANING_CHART_LIMIT, signs->limit);
    }
}

/* After the pens, so that a trace cannot hide which limit it is. */
static void chart_draw_mark_labels(const struct pane *pane, const struct chart *chart,
                                   const struct chart_area *area, const struct chart_scale *scale)
{
    for (size_t i = 0; i < chart->mark_count; i++) {
        const struct chart_mark *mark = &chart->marks[i];
        if (!mark->label || !(mark->value >= scale->low && mark->value <= scale->high))
            continue;
        pane_text(pane, area->x + 1, chart_scale_row(scale, mark->value, area->rows), area->columns - 1,
                  MEANING_CHART_LIMIT, mark->label);
    }
}

/* ---- cursor ---- */

static void chart_draw_cursor(const struct pane *pane, const struct chart *chart,
                              const struct chart_area *area, const struct chart_signs *signs)
{
    if (!chart->has_cursor || chart->cursor >= area->spans)
        return;
    int x = area->x + (int)(chart->cursor / (area->spans / (size_t)area->columns));
    for (int y = 0; y < area->rows; y++)
        pane_put(pane, x, area->y + y, MEANING_STRONG, signs->cursor);
    if (area->rows < pane->rows)
        pane_put(pane, x, area->y + area->rows, MEANING_STRONG, signs->cursor_foot);
}

void chart_draw(const struct pane *pane, const struct chart *chart)
{
    struct chart_area area = chart_area(pane, chart);
    if (!area.spans || !chart->pen_count)
        return;
    const struct chart_signs *signs = &CHART_SIGNS[pane_level(pane)];
    struct chart_scale own = chart_own_scale(chart, &area);
    const struct chart_scale *scale = chart->pens[chart->axis_pen].scale;
    if (!scale)
        scale = &own;
    chart_draw_scale(pane, chart, &area, scale, signs);
    chart_draw_times(pane, chart, &area, signs);
    chart_pens_hatch(pane, chart, &area);
    chart_draw_marks(pane, chart, &area, scale, signs);
    chart_draw_cursor(pane, chart, &area, signs);
    chart_pens_draw(pane, chart, &area, &own);
    chart_draw_mark_labels(pane, chart, &area, scale);
}
