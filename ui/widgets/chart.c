#include "ui/widgets/chart.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/timefmt.h"
#include "ui/widgets/raster.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CHART_ROWS_PER_TICK    4
#define CHART_COLUMNS_PER_TICK 12 /* so that two times have room beside each other */
#define CHART_LABEL_MAX        40

struct chart_signs {
    uint32_t axis_y, tick_y, axis_x, tick_x, corner, gap, limit, grid;
};

static const struct chart_signs CHART_SIGNS[GLYPH_LEVEL_COUNT] = {
    [GLYPH_ASCII] = {'|', '+', '-', '+', '+', '.', '=', ' '},
    [GLYPH_LINE] = {0x2502, 0x2524, 0x2500, 0x252C, 0x2514, '.', '=', ' '},
    [GLYPH_BLOCKS] = {0x2502, 0x2524, 0x2500, 0x252C, 0x2514, '.', 0x2550, ' '},
    [GLYPH_BRAILLE] = {0x2502, 0x2524, 0x2500, 0x252C, 0x2514, 0x2508, 0x2504, 0xB7},
};

/* The scale, and the places of its ticks. */
struct chart_scale {
    double low, high, step;
};

/* ---- round numbers ---- */

double chart_round_step(double span, int count)
{
    if (!(span > 0) || !isfinite(span) || count < 1)
        return 1;
    double raw = span / count, power = pow(10, floor(log10(raw)));
    static const double STEPS[] = {1, 2, 5};
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++)
        if (STEPS[i] * power >= raw * (1 - 1e-9))
            return STEPS[i] * power;
    return 10 * power;
}

int64_t chart_time_step_us(int64_t span_us, int count)
{
    static const int SECONDS[] = {1,   2,   5,    10,   15,   30,    60,    120,   300,
                                  600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400};
    int64_t least_us = span_us / (count > 0 ? count : 1);
    for (size_t i = 0; i < sizeof SECONDS / sizeof *SECONDS; i++)
        if (SECONDS[i] * CLOCK_US_PER_SECOND >= least_us)
            return SECONDS[i] * CLOCK_US_PER_SECOND;
    return (least_us / CLOCK_US_PER_DAY + 1) * CLOCK_US_PER_DAY;
}

static struct chart_scale chart_scale_of(const struct chart *chart, const struct chart_area *area)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t pen = 0; pen < chart->pen_count; pen++) {
        for (size_t i = 0; i < area->spans; i++) {
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
    low = isnan(chart->low) ? low : chart->low;
    high = isnan(chart->high) ? high : chart->high;
    int ticks = area->rows / CHART_ROWS_PER_TICK;
    double step = fmax(chart_round_step(high - low, ticks < 2 ? 2 : ticks), chart->least_step);
    struct chart_scale scale = {.low = low, .high = high, .step = step};
    if (isnan(chart->low))
        scale.low = floor(low / step + 1e-9) * step;
    if (isnan(chart->high))
        scale.high = ceil(high / step - 1e-9) * step;
    if (!(scale.low < scale.high))
        scale.high = scale.low + step;
    return scale;
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

/* The row of a value in `rows` rows of dots or cells; may lie outside. */
static int chart_row(const struct chart_scale *scale, double value, int rows)
{
    double row = floor((scale->high - value) / (scale->high - scale->low) * (rows - 1) + 0.5);
    return row < -1 ? -1 : row > rows ? rows : (int)row;
}

/* ---- axes ---- */

static void chart_label(const struct chart *chart, double value, double step, char *out, size_t size)
{
    if (fabs(value) < step * 1e-6)
        value = 0;
    if (chart->label) {
        chart->label(chart->context, value, step, out, size);
        return;
    }
    int decimals = step < 1 ? (int)ceil(-log10(step) - 1e-9) : 0;
    num_format_fit(out, size, value, decimals, chart->label_columns);
}

static void chart_draw_scale(const struct pane *pane, const struct chart *chart,
                             const struct chart_area *area, const struct chart_scale *scale,
                             const struct chart_signs *signs)
{
    if (!area->x)
        return;
    for (int y = 0; y < area->rows; y++)
        pane_put(pane, area->x - 1, y, MEANING_CHART_AXIS, signs->axis_y);
    int taken = -2;
    double first = ceil(scale->low / scale->step - 1e-9);
    for (int i = 0; i <= area->rows * 2; i++) {
        double value = (first + i) * scale->step;
        int y = chart_row(scale, value, area->rows);
        if (y < 0)
            break;
        if (y >= area->rows || y == taken)
            continue;
        taken = y;
        char label[CHART_LABEL_MAX];
        chart_label(chart, value, scale->step, label, sizeof label);
        pane_text_right(pane, 0, y, chart->label_columns, MEANING_CHART_AXIS, label);
        pane_put(pane, area->x - 1, y, MEANING_CHART_AXIS, signs->tick_y);
        for (int x = 3; signs->grid != ' ' && x < area->columns; x += 4)
            pane_put(pane, area->x + x, y, MEANING_CHART_AXIS, signs->grid);
    }
}

/* How far local time is from UTC then: ticks stand at round local times. */
static int64_t chart_offset_us(int64_t ts_us)
{
    time_t seconds = (time_t)(ts_us / CLOCK_US_PER_SECOND);
    struct tm local;
    return localtime_r(&seconds, &local) ? local.tm_gmtoff * CLOCK_US_PER_SECOND : 0;
}

static void chart_time_label(int64_t ts_us, int64_t step_us, char *out, size_t size)
{
    timefmt_local(out, size, ts_us, step_us >= CLOCK_US_PER_DAY ? TIMEFMT_DATE : 0);
    if (step_us >= CLOCK_US_PER_DAY)
        out[strcspn(out, " ")] = '\0'; /* the date alone */
    else if (step_us >= CLOCK_US_PER_MINUTE)
        out[5] = '\0'; /* hours and minutes */
}

static bool chart_is_gap(const struct chart *chart, const struct chart_area *area, int column)
{
    size_t per_cell = area->spans / (size_t)area->columns;
    for (size_t pen = 0; pen < chart->pen_count; pen++)
        for (size_t i = 0; i < per_cell; i++)
            if (!isnan(chart->pens[pen].spans[(size_t)column * per_cell + i].low))
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
    int64_t step_us = chart_time_step_us(span_us, area->columns / CHART_COLUMNS_PER_TICK);
    int64_t offset_us = chart_offset_us(chart->to_us);
    int64_t tick_us = ((chart->from_us + offset_us) / step_us + 1) * step_us - offset_us;
    int end = 0;
    for (; tick_us <= chart->to_us; tick_us += step_us) {
        char label[TIMEFMT_MAX];
        int x = (int)((double)(tick_us - chart->from_us) / (double)span_us * area->columns);
        if (x >= area->columns)
            break;
        chart_time_label(tick_us, step_us, label, sizeof label);
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
        int y = chart_row(scale, mark->value, area->rows);
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
        pane_text(pane, area->x + 1, chart_row(scale, mark->value, area->rows), area->columns - 1,
                  MEANING_CHART_LIMIT, mark->label);
    }
}

/* ---- pens ---- */

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

static void chart_draw_pen(struct raster *raster, const struct chart_pen *pen, size_t spans,
                           const struct chart_scale *scale)
{
    int rows = raster->rows * raster->dots_y;
    const struct chart_stroke nothing = {.top = 0, .bottom = -1};
    struct chart_stroke before = nothing;
    for (size_t i = 0; i < spans; i++) {
        if (isnan(pen->spans[i].low)) {
            before = nothing;
            continue;
        }
        struct chart_stroke own = {.top = chart_row(scale, pen->spans[i].high, rows),
                                   .bottom = chart_row(scale, pen->spans[i].low, rows)};
        struct chart_stroke joined = chart_join(own, before);
        raster_set_column(raster, (int)i, joined.top, joined.bottom, pen->meaning);
        before = own;
    }
}

void chart_draw(const struct pane *pane, const struct chart *chart)
{
    struct chart_area area = chart_area(pane, chart);
    if (!area.spans)
        return;
    const struct chart_signs *signs = &CHART_SIGNS[pane_level(pane)];
    struct chart_scale scale = chart_scale_of(chart, &area);
    chart_draw_scale(pane, chart, &area, &scale, signs);
    chart_draw_times(pane, chart, &area, signs);
    chart_draw_marks(pane, chart, &area, &scale, signs);
    struct raster raster;
    raster_init(&raster, pane_level(pane), area.columns, area.rows);
    for (size_t i = 0; i < chart->pen_count; i++)
        chart_draw_pen(&raster, &chart->pens[i], area.spans, &scale);
    raster_draw(&raster, pane, area.x, area.y);
    raster_free(&raster);
    chart_draw_mark_labels(pane, chart, &area, &scale);
}
