#include "ui/trend_view.h"

#include "base/clock.h"

#include <string.h>

#define TREND_SPAN_FIRST 8    /* of TREND_SPANS: the last hour */
#define TREND_LIVE_SHARE 50   /* so near to the present, in shares of the span, nobody tells it from live */
#define TREND_EDGE_PAN   0.25 /* of the span, when the cursor walks out of the picture */

static const struct trend_span TREND_SPANS[] = {
    {10 * CLOCK_US_PER_SECOND, "10 s"},
    {30 * CLOCK_US_PER_SECOND, "30 s"},
    {CLOCK_US_PER_MINUTE, "1 min"},
    {2 * CLOCK_US_PER_MINUTE, "2 min"},
    {5 * CLOCK_US_PER_MINUTE, "5 min"},
    {10 * CLOCK_US_PER_MINUTE, "10 min"},
    {20 * CLOCK_US_PER_MINUTE, "20 min"},
    {30 * CLOCK_US_PER_MINUTE, "30 min"},
    {CLOCK_US_PER_HOUR, "1 h"},
    {2 * CLOCK_US_PER_HOUR, "2 h"},
    {4 * CLOCK_US_PER_HOUR, "4 h"},
    {8 * CLOCK_US_PER_HOUR, "8 h"},
    {12 * CLOCK_US_PER_HOUR, "12 h"},
    {CLOCK_US_PER_DAY, "1 day"},
    {2 * CLOCK_US_PER_DAY, "2 days"},
    {4 * CLOCK_US_PER_DAY, "4 days"},
    {7 * CLOCK_US_PER_DAY, "1 week"},
    {14 * CLOCK_US_PER_DAY, "2 weeks"},
    {30 * CLOCK_US_PER_DAY, "30 days"},
    {90 * CLOCK_US_PER_DAY, "90 days"},
    {180 * CLOCK_US_PER_DAY, "180 days"},
    {365 * CLOCK_US_PER_DAY, "1 year"},
    {730 * CLOCK_US_PER_DAY, "2 years"},
    {1826 * CLOCK_US_PER_DAY, "5 years"},
    {3652 * CLOCK_US_PER_DAY, "10 years"},
};

#define TREND_SPAN_COUNT (sizeof TREND_SPANS / sizeof *TREND_SPANS)

const struct trend_span *trend_span(size_t index)
{
    return index < TREND_SPAN_COUNT ? &TREND_SPANS[index] : NULL;
}

void trend_view_init(struct trend_view *view)
{
    *view = (struct trend_view){.span = TREND_SPAN_FIRST, .live = true};
}

/* ---- pens ---- */

void trend_view_set_only(struct trend_view *view, uint32_t tag)
{
    view->tags[0] = tag;
    view->pen_count = 1;
    view->selected = 0;
}

size_t trend_view_pen(const struct trend_view *view, uint32_t tag)
{
    size_t pen = 0;
    while (pen < view->pen_count && view->tags[pen] != tag)
        pen++;
    return pen;
}

enum trend_added trend_view_add(struct trend_view *view, uint32_t tag)
{
    size_t pen = trend_view_pen(view, tag);
    if (pen < view->pen_count) {
        view->selected = pen;
        return TREND_THERE;
    }
    if (view->pen_count == TREND_PENS_MAX)
        return TREND_FULL;
    view->selected = view->pen_count;
    view->tags[view->pen_count++] = tag;
    return TREND_ADDED;
}

void trend_view_remove(struct trend_view *view, size_t pen)
{
    if (pen >= view->pen_count)
        return;
    view->pen_count--;
    memmove(&view->tags[pen], &view->tags[pen + 1], (view->pen_count - pen) * sizeof view->tags[0]);
    if (view->selected > pen || view->selected == view->pen_count)
        view->selected -= view->selected > 0;
}

void trend_view_select(struct trend_view *view, int step)
{
    size_t count = view->pen_count;
    if (count)
        view->selected = (view->selected + count + (size_t)(step > 0 ? 1 : count - 1)) % count;
}

/* ---- time ---- */

static int64_t trend_view_end_us(const struct trend_view *view, int64_t now_us)
{
    return view->live ? now_us : view->end_us;
}

struct plot_grid trend_view_grid(const struct trend_view *view, int64_t now_us, size_t count)
{
    return plot_grid_ending(trend_view_end_us(view, now_us), TREND_SPANS[view->span].us, count);
}

static void trend_view_set_end(struct trend_view *view, int64_t end_us, int64_t now_us)
{
    int64_t least_us = TREND_SPANS[view->span].us < now_us ? TREND_SPANS[view->span].us : now_us;
    view->live = end_us >= now_us - TREND_SPANS[view->span].us / TREND_LIVE_SHARE;
    view->end_us = view->live ? now_us : end_us < least_us ? least_us : end_us;
}

void trend_view_zoom(struct trend_view *view, int step, int64_t pivot_us, int64_t now_us)
{
    size_t next = step < 0 ? view->span - 1 : view->span + 1; /* below 0 it is very large */
    if (next >= TREND_SPAN_COUNT)
        return;
    int64_t end_us = trend_view_end_us(view, now_us);
    int64_t before_us = TREND_SPANS[view->span].us, after_us = TREND_SPANS[next].us;
    view->span = next;
    if (!pivot_us && view->live)
        return;
    int64_t back_us = pivot_us ? end_us - pivot_us : before_us / 2; /* of the pivot from the end */
    double share = (double)after_us / (double)before_us;
    trend_view_set_end(view, end_us - back_us + (int64_t)((double)back_us * share), now_us);
}

void trend_view_pan(struct trend_view *view, double share, int64_t now_us)
{
    int64_t by_us = (int64_t)((double)TREND_SPANS[view->span].us * share);
    trend_view_set_end(view, trend_view_end_us(view, now_us) + by_us, now_us);
}

void trend_view_go_to(struct trend_view *view, int64_t ts_us, int64_t now_us)
{
    trend_view_set_end(view, ts_us + TREND_SPANS[view->span].us / 2, now_us);
    view->has_cursor = true;
    view->cursor_us = ts_us < now_us ? ts_us : now_us;
}

void trend_view_go_live(struct trend_view *view)
{
    view->live = true;
    view->has_cursor = false;
}

/* ---- cursor ---- */

int64_t trend_view_cursor_column(const struct trend_view *view, const struct plot_grid *grid)
{
    if (!view->has_cursor)
        return -1;
    int64_t column = plot_grid_column(grid, view->cursor_us);
    return column < 0 ? 0 : column >= (int64_t)grid->count ? (int64_t)grid->count - 1 : column;
}

void trend_view_set_cursor(struct trend_view *view, const struct plot_grid *grid, int64_t column,
                           int64_t now_us)
{
    int64_t last = plot_grid_column(grid, now_us);
    last = last < (int64_t)grid->count ? last : (int64_t)grid->count - 1;
    column = column > last ? last : column < 0 ? 0 : column;
    view->has_cursor = true;
    view->cursor_us = grid->start_us + grid->width_us * column;
}

void trend_view_move_cursor(struct trend_view *view, const struct plot_grid *grid, int step, int64_t now_us)
{
    int64_t column = trend_view_cursor_column(view, grid);
    if (column < 0) {
        trend_view_set_cursor(view, grid, (int64_t)grid->count - 1, now_us);
        return;
    }
    int64_t cursor_us = grid->start_us + grid->width_us * (column + step);
    if (cursor_us > now_us) {
        trend_view_set_cursor(view, grid, plot_grid_column(grid, now_us), now_us);
        return;
    }
    if (cursor_us < 0)
        return;
    view->has_cursor = true;
    view->cursor_us = cursor_us;
    if (column + step < 0)
        trend_view_pan(view, -TREND_EDGE_PAN, now_us);
    else if (column + step >= (int64_t)grid->count)
        trend_view_pan(view, TREND_EDGE_PAN, now_us);
}

void trend_view_show(struct trend_view *view, uint32_t tag, int64_t ts_us, int64_t now_us)
{
    trend_view_init(view);
    trend_view_set_only(view, tag);
    if (ts_us)
        trend_view_go_to(view, ts_us, now_us);
}
