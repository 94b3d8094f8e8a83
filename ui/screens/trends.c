/* Trends: up to four tags as curves over time, live or anywhere in the past.
 *
 * What is looked at lives in struct trend_view, outside of the screen; the data in trend_data.c; how it is drawn
 * in trend_draw.c, trend_scale.c and trend_legend.c. Here: keys and mouse. */
#include "base/mem.h"
#include "ui/screens/screens.h"
#include "ui/screens/trend_draw.h"

#include <stdlib.h>

struct trends {
    struct mirror *mirror; /* outlives the screen */
    struct trend_data data;
    struct trend_picture picture;
};

static void *trends_open(struct screen_host *host, uint32_t argument)
{
    (void)argument;
    struct trends *trends = mem_new(1, sizeof *trends);
    trends->mirror = host->mirror;
    return trends;
}

static void trends_close(void *state)
{
    struct trends *trends = state;
    for (size_t i = 0; i < MIRROR_PENS_MAX; i++)
        mirror_watch_pen(trends->mirror, i, NULL, 0);
    trend_data_free(&trends->data);
    free(trends);
}

static void trends_draw(void *state, struct screen_host *host, const struct pane *pane)
{
    struct trends *trends = state;
    if (host->trends->pen_count) {
        trend_draw(&trends->picture, &trends->data, host, pane);
        return;
    }
    trends->picture.area = (struct chart_area){0};
    struct pane text = pane_part(pane, 2, 1, -1, -1);
    pane_text(&text, 0, 0, -1, MEANING_TEXT, "No pens yet.");
    pane_text(&text, 0, 2, -1, MEANING_DIM, "P picks a tag from the list.");
    pane_text(&text, 0, 3, -1, MEANING_DIM,
              "On a tag, t shows its trend alone, and T adds it as a further pen.");
}

static void trends_history(void *state, struct screen_host *host, const struct history_result *result)
{
    (void)host;
    trend_data_answer(&((struct trends *)state)->data, result);
}

static uint32_t trends_tag(void *state, struct screen_host *host)
{
    (void)state;
    const struct trend_view *view = host->trends;
    return view->pen_count ? view->tags[view->selected] : 0;
}

/* ---- keys ---- */

/* Actions on the time axis. */
static bool trends_act_time(struct trends *trends, struct screen_host *host, enum action action)
{
    struct trend_view *view = host->trends;
    struct plot_grid grid = trend_view_grid(view, host->wall_us, trends->picture.grid.count);
    switch (action) {
    case ACTION_CURSOR_LEFT:
    case ACTION_CURSOR_RIGHT:
        trend_view_move_cursor(view, &grid, action == ACTION_CURSOR_LEFT ? -1 : 1, host->wall_us);
        return true;
    case ACTION_CURSOR_FAR_LEFT:
    case ACTION_CURSOR_FAR_RIGHT:
        trend_view_move_cursor(view, &grid, action == ACTION_CURSOR_FAR_LEFT ? -10 : 10, host->wall_us);
        return true;
    case ACTION_CURSOR_START:
        trend_view_set_cursor(view, &grid, 0, host->wall_us);
        return true;
    case ACTION_LIVE:
        trend_view_go_live(view);
        return true;
    case ACTION_EARLIER:
    case ACTION_LATER:
        trend_view_pan(view, action == ACTION_EARLIER ? -0.5 : 0.5, host->wall_us);
        return true;
    case ACTION_ZOOM_IN:
    case ACTION_ZOOM_OUT:
        if (view->has_cursor)
            view->cursor_us = trend_draw_cursor_us(&trends->picture, view);
        trend_view_zoom(view, action == ACTION_ZOOM_IN ? -1 : 1, view->has_cursor ? view->cursor_us : 0,
                        host->wall_us);
        return true;
    default:
        return false;
    }
}

static unsigned trends_act(void *state, struct screen_host *host, enum action action)
{
    struct trends *trends = state;
    struct trend_view *view = host->trends;
    if (trends_act_time(trends, host, action))
        return SCREEN_PAINT;
    switch (action) {
    case ACTION_NEXT_PEN:
    case ACTION_PREVIOUS_PEN:
        trend_view_select(view, action == ACTION_NEXT_PEN ? 1 : -1);
        return SCREEN_PAINT;
    case ACTION_SCALE:
        view->automatic = !view->automatic;
        return SCREEN_PAINT;
    case ACTION_PICK_PEN:
        screen_host_open(host, SCREEN_PENS, 0);
        return SCREEN_PAINT;
    case ACTION_REMOVE_PEN:
        trend_view_remove(view, view->selected);
        return SCREEN_PAINT;
    case ACTION_OPEN_PEN:
        if (view->pen_count)
            screen_host_open(host, SCREEN_DETAIL, view->tags[view->selected]);
        return SCREEN_HANDLED;
    default:
        return SCREEN_IGNORED;
    }
}

/* ---- mouse ---- */

static unsigned trends_click(struct trends *trends, struct screen_host *host, const struct input *input)
{
    const struct trend_picture *picture = &trends->picture;
    struct trend_view *view = host->trends;
    int64_t column = trend_draw_column_at(picture, input->x, input->y);
    size_t pen = picture->legend_first + (size_t)(input->y - picture->legend_y);
    if (column >= 0) {
        trend_view_set_cursor(view, &picture->grid, column, host->wall_us);
    } else if (picture->legend_y >= 0 && input->y >= picture->legend_y && pen < view->pen_count) {
        view->selected = pen;
        if (input->type == INPUT_DOUBLE_CLICK)
            screen_host_open(host, SCREEN_DETAIL, view->tags[pen]);
    }
    return SCREEN_PAINT;
}

static unsigned trends_wheel(struct trends *trends, struct screen_host *host, const struct input *input)
{
    const struct trend_picture *picture = &trends->picture;
    int64_t column = trend_draw_column_at(picture, input->x, input->y);
    int64_t pivot_us = column < 0 ? 0 : picture->grid.start_us + picture->grid.width_us * column;
    if (host->trends->live && pivot_us > host->wall_us - trend_span(host->trends->span)->us / 8)
        pivot_us = 0; /* at the live end: stays live */
    trend_view_zoom(host->trends, input->type == INPUT_WHEEL_UP ? -1 : 1, pivot_us, host->wall_us);
    return SCREEN_PAINT;
}

static unsigned trends_input(void *state, struct screen_host *host, const struct input *input)
{
    switch (input->type) {
    case INPUT_CLICK:
    case INPUT_DOUBLE_CLICK:
        return trends_click(state, host, input);
    case INPUT_WHEEL_UP:
    case INPUT_WHEEL_DOWN:
        return trends_wheel(state, host, input);
    case INPUT_KEY:
    case INPUT_NOTHING:
        break;
    }
    return SCREEN_IGNORED;
}

const struct screen_class SCREEN_CLASS_TRENDS = {
    .id = SCREEN_TRENDS,
    .title = "Trends",
    .where = ACTION_ON_TRENDS,
    .open = trends_open,
    .close = trends_close,
    .draw = trends_draw,
    .act = trends_act,
    .input = trends_input,
    .history = trends_history,
    .tag = trends_tag,
};
