#include "ui/screens/trend_draw.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/timefmt.h"
#include "ui/screens/trend_begin.h"
#include "ui/screens/tag_chart.h"
#include "ui/screens/trend_legend.h"
#include "ui/screens/trend_scale.h"
#include "ui/screens/trend_texts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TREND_LABEL_COLUMNS  9 /* numbers at the axis */
#define TREND_CHART_LEAST    6 /* rows of the chart that the legend leaves */
#define TREND_PAINT_LEAST_US (40 * CLOCK_US_PER_MS)

/* ---- the head ---- */

/* True when the clocks change in between: then times are ambiguous without their offset. */
static bool trend_clocks_change(const struct plot_grid *grid)
{
    char from[TIMEFMT_MAX], to[TIMEFMT_MAX];
    timefmt_local(from, sizeof from, grid->start_us, TIMEFMT_OFFSET);
    timefmt_local(to, sizeof to, plot_grid_end_us(grid), TIMEFMT_OFFSET);
    return strcmp(from + 8, to + 8) != 0;
}

/* "2026-11-23 00:10:00 – 01:10:00", the second date only where it is another one. */
static void trend_describe_time(const struct plot_grid *grid, int64_t now_us, char *out, size_t size)
{
    char from[TIMEFMT_MAX], to[TIMEFMT_MAX];
    int64_t end_us = plot_grid_end_us(grid);
    unsigned parts = TIMEFMT_DATE | (end_us - grid->start_us < CLOCK_US_PER_MINUTE ? TIMEFMT_MS : 0) |
                     (trend_clocks_change(grid) ? TIMEFMT_OFFSET : 0);
    timefmt_local(from, sizeof from, grid->start_us, parts);
    timefmt_local(to, sizeof to, end_us < now_us ? end_us : now_us, parts);
    snprintf(out, size, "%s – %s", from, strncmp(from, to, 10) ? to : to + 11);
}

/* "axis, limits: pen 2": whose they are, where there are several. */
static void trend_describe_axis(const struct trend_view *view, bool loading, char *out, size_t size)
{
    out[0] = '\0';
    if (loading)
        snprintf(out, size, "loading");
    else if (view->pen_count > 1)
        snprintf(out, size, "%saxis, limits: pen %c", view->automatic ? "auto scale, " : "",
                 trend_legend_digit(view->selected));
    else if (view->automatic)
        snprintf(out, size, "auto scale");
}

static void trend_draw_head(const struct trend_picture *picture, const struct trend_data *data,
                            const struct screen_host *host, const struct pane *pane)
{
    const struct trend_view *view = host->trends;
    const struct mirror_tag *axis = picture->pens[view->selected].tag;
    char text[128];
    if (axis)
        pane_text_right(pane, 0, 0, TREND_LABEL_COLUMNS, trend_legend_meaning(view->selected), axis->unit);
    char note[64];
    trend_describe_axis(view, trend_data_is_loading(data, host, &picture->grid), note, sizeof note);
    int right = pane_text_columns(pane, note) + (*note != '\0');
    int x = TREND_LABEL_COLUMNS + 1, room = pane->columns - right - 1;
    if (x < room)
        x += pane_text(pane, x, 0, room - x, MEANING_STRONG, view->live ? "LIVE" : "HISTORY") + 2;
    if (x < room)
        x += pane_text(pane, x, 0, room - x, MEANING_TEXT, trend_span(view->span)->text) + 2;
    trend_describe_time(&picture->grid, host->wall_us, text, sizeof text);
    if (*data->error && x < room) {
        pane_printf(pane, x, 0, room - x, MEANING_WARNING, "history: %s", data->error);
        x = room;
    }
    if (x < room)
        x += pane_text(pane, x, 0, room - x, MEANING_DIM, text) + 2;
    if (!view->live && x + 10 < room)
        pane_text(pane, x, 0, room - x, MEANING_TEXT, "End = live");
    pane_text(pane, pane->columns - right, 0, right, MEANING_DIM, note);
}

/* ---- the chart ---- */

/* A text has no height: a level line of the pen's own while there is one. Where it is not known which they were, a step
 * up wherever one came; the cursor tells which. */
static void trend_draw_text(struct trend_pen *pen, size_t number, const struct plot_grid *grid, bool known)
{
    double level = trend_scale_text_level(number);
    for (size_t i = 0; i < grid->count; i++) {
        const struct plot_column *column = &pen->columns[i];
        bool there = column->good_us > 0;
        pen->spans[i].low = there ? level : NAN;
        pen->spans[i].high = there ? level + (column->count && !known ? 0.08 : 0) : NAN;
    }
}

static void trend_fill(struct trend_picture *picture, struct trend_data *data, struct screen_host *host)
{
    for (size_t i = 0; i < host->trends->pen_count; i++) {
        struct trend_pen *pen = &picture->pens[i];
        pen->tag = mirror_find(host->mirror, host->trends->tags[i]);
        bool sloped = pen->tag && mirror_tag_is_sloped(pen->tag);
        trend_data_columns(data, host, i, &picture->grid, sloped, pen->columns);
        plot_line(pen->columns, &picture->grid, sloped, pen->spans);
        if (pen->tag && pen->tag->kind == TAG_TEXT)
            trend_draw_text(pen, i, &picture->grid, trend_data_knows_texts(data, pen->tag->id));
        tag_chart_find_faults(pen->columns, pen->spans, picture->grid.count, pen->faults);
        pen->figures = plot_figures(pen->columns, &picture->grid);
    }
}

/* What the axis says besides numbers: the states of the selected pen, or that it is a text. */
static size_t trend_find_names(const struct trend_pen *pen, size_t number, size_t spans,
                               struct chart_mark *names)
{
    if (!pen->tag || pen->tag->kind != TAG_TEXT)
        return pen->tag ? tag_chart_find_names(pen->tag, pen->spans, spans, NAN, names) : 0;
    names[0] = (struct chart_mark){trend_scale_text_level(number), "text"};
    return 1;
}

struct trend_marks {
    struct chart_mark marks[MIRROR_LIMITS_MAX];
    char labels[MIRROR_LIMITS_MAX][NUM_TEXT_MAX + 16];
};

/* The limits of the selected pen; with its digit, where there are others. */
static size_t trend_find_marks(const struct mirror_tag *tag, const struct trend_view *view,
                               struct trend_marks *marks)
{
    size_t count = 0;
    char pen[3] = {trend_legend_digit(view->selected), ' ', '\0'};
    if (view->pen_count == 1)
        pen[0] = '\0';
    for (size_t i = 0; tag && i < tag->limit_count; i++) {
        char number[NUM_TEXT_MAX];
        if (tag->limits[i].type > ALARM_HIHI)
            continue;
        num_format(number, sizeof number, tag->limits[i].limit, tag->decimals);
        snprintf(marks->labels[count], sizeof marks->labels[0], "%s%s %s", pen,
                 ALARM_TYPE_WORDS[tag->limits[i].type], number);
        marks->marks[count] = (struct chart_mark){tag->limits[i].limit, marks->labels[count]};
        count++;
    }
    return count;
}

/* Blanks what is left of a label that another one covers: from column x on in direction `step`. */
static void trend_blank_rest(const struct pane *pane, int x, int y, int step)
{
    for (; x >= 0 && x < pane->columns; x += step) {
        const struct cell *cell = canvas_cell(pane->canvas, pane->x + x, pane->y + y);
        if (!cell || cell->code_point == ' ')
            return;
        pane_put(pane, x, y, MEANING_TEXT, ' ');
    }
}

/* The cursor's time below it. */
static void trend_draw_cursor_time(const struct trend_picture *picture, const struct pane *pane,
                                   int64_t cursor)
{
    const struct chart_area *area = &picture->area;
    const struct plot_grid *grid = &picture->grid;
    char text[TIMEFMT_MAX];
    if (cursor < 0 || area->rows + 1 >= pane->rows)
        return;
    unsigned parts = grid->width_us >= CLOCK_US_PER_MINUTE      ? TIMEFMT_DATE
                     : grid->width_us < 2 * CLOCK_US_PER_SECOND ? TIMEFMT_MS
                                                                : 0;
    parts |= trend_clocks_change(grid) ? TIMEFMT_OFFSET : 0;
    timefmt_local(text, sizeof text, grid->start_us + grid->width_us * cursor, parts);
    int columns = (int)strlen(text) + 2;
    int x = area->x + (int)((size_t)cursor / (area->spans / (size_t)area->columns)) - columns / 2;
    x = x + columns > pane->columns ? pane->columns - columns : x < 0 ? 0 : x;
    trend_blank_rest(pane, x - 1, area->rows + 1, -1);
    trend_blank_rest(pane, x + columns, area->rows + 1, 1);
    pane_fill(pane, x, area->rows + 1, columns, 1, MEANING_MESSAGE);
    pane_text(pane, x + 1, area->rows + 1, columns - 1, MEANING_MESSAGE, text);
}

static void trend_draw_chart(struct trend_picture *picture, struct trend_data *data, struct screen_host *host,
                             const struct pane *pane)
{
    const struct trend_view *view = host->trends;
    struct trend_marks marks;
    struct chart_mark names[MIRROR_STATES_MAX];
    struct chart_pen pens[TREND_PENS_MAX];
    struct chart chart = {.label_columns = TREND_LABEL_COLUMNS,
                          .low = NAN,
                          .high = NAN,
                          .pens = pens,
                          .pen_count = view->pen_count,
                          .axis_pen = view->selected,
                          .marks = marks.marks,
                          .names = names};
    picture->area = chart_area(pane, &chart);
    if (!picture->area.spans)
        return;
    picture->grid = trend_view_grid(view, host->wall_us, picture->area.spans);
    trend_data_follow(data, host, &picture->grid);
    trend_fill(picture, data, host);
    trend_scale_set(picture, view, picture->area.rows);
    chart.mark_count = trend_find_marks(picture->pens[view->selected].tag, view, &marks);
    chart.from_us = picture->grid.start_us;
    chart.to_us = plot_grid_end_us(&picture->grid);
    chart.name_count =
        trend_find_names(&picture->pens[view->selected], view->selected, picture->area.spans, names);
    int64_t cursor = trend_view_cursor_column(view, &picture->grid);
    chart.has_cursor = cursor >= 0;
    chart.cursor = cursor >= 0 ? (size_t)cursor : 0;
    for (size_t i = 0; i < view->pen_count; i++)
        pens[i] = (struct chart_pen){.spans = picture->pens[i].spans,
                                     .faults = picture->pens[i].faults,
                                     .meaning = trend_legend_meaning(i),
                                     .digit = view->pen_count > 1 ? trend_legend_digit(i) : '\0',
                                     .scale = &picture->pens[i].scale};
    chart_draw(pane, &chart);
    trend_begin_draw(picture, view->pen_count, pane);
    for (size_t i = 0; i < view->pen_count; i++)
        if (picture->pens[i].tag && picture->pens[i].tag->kind == TAG_TEXT)
            trend_texts_draw(picture, data, i, pane);
    trend_draw_cursor_time(picture, pane, cursor);
}

/* ---- the screen ---- */

/* A live picture moves on when its last column is over. */
static void trend_set_due(const struct trend_picture *picture, struct screen_host *host)
{
    if (!host->trends->live || !picture->area.spans)
        return;
    int64_t rest_us = plot_grid_end_us(&picture->grid) - host->wall_us;
    host->paint_due_us = host->mono_us + (rest_us > TREND_PAINT_LEAST_US ? rest_us : TREND_PAINT_LEAST_US);
}

void trend_draw(struct trend_picture *picture, struct trend_data *data, struct screen_host *host,
                const struct pane *pane)
{
    int legend = (int)host->trends->pen_count + 1;
    if (legend > pane->rows - 1 - TREND_CHART_LEAST)
        legend = pane->rows - 1 - TREND_CHART_LEAST;
    legend = legend < 0 ? 0 : legend == 1 && pane->rows < 2 ? 0 : legend;
    picture->chart_y = pane->rows > 3 ? 1 : 0;
    struct pane chart = pane_part(pane, 0, picture->chart_y, -1, pane->rows - picture->chart_y - legend);
    struct pane foot = pane_part(pane, 0, pane->rows - legend, -1, legend);
    trend_draw_chart(picture, data, host, &chart);
    if (picture->chart_y && picture->area.spans)
        trend_draw_head(picture, data, host, pane);
    picture->legend_y = legend ? pane->rows - legend + (legend > 1) : -1;
    if (legend && picture->area.spans)
        trend_legend_draw(picture, data, host, &foot);
    trend_set_due(picture, host);
}

int64_t trend_draw_cursor_us(const struct trend_picture *picture, const struct trend_view *view)
{
    const struct plot_grid *grid = &picture->grid;
    int64_t cursor = picture->area.spans ? trend_view_cursor_column(view, grid) : -1;
    if (cursor < 0 || !view->pen_count)
        return view->cursor_us;
    const struct trend_pen *pen = &picture->pens[view->selected];
    const struct plot_column *column = &pen->columns[cursor];
    double average = pen->figures.average;
    bool high = fabs(column->high - average) >= fabs(column->low - average);
    int64_t ts_us = high ? column->high_us : column->low_us;
    bool inside = !isnan(column->low) && plot_grid_column(grid, ts_us) == cursor;
    return inside ? ts_us : view->cursor_us;
}

int64_t trend_draw_column_at(const struct trend_picture *picture, int x, int y)
{
    const struct chart_area *area = &picture->area;
    int column = x - area->x, row = y - picture->chart_y - area->y;
    if (!area->spans || column < 0 || column >= area->columns || row < 0 || row >= area->rows + 2)
        return -1;
    return (int64_t)((size_t)column * (area->spans / (size_t)area->columns));
}
