/* What the Trends screen looks at: which pens, how long a span, where in time, the cursor. Outlives the screen,
 * so that an operator who comes back finds the same. Pure; time is an argument.
 *
 * Live, the newest column holds the present; else the picture ends at `end_us`. Whatever moves it to the
 * present, or hardly before it, makes it live again. */
#ifndef UI_TREND_VIEW_H
#define UI_TREND_VIEW_H

#include "ui/plot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TREND_PENS_MAX 4

struct trend_view {
    uint32_t tags[TREND_PENS_MAX];
    size_t pen_count, selected;
    size_t span; /* trend_span() of this is shown */
    bool live;
    int64_t end_us; /* when not live: what the last column holds */
    bool has_cursor;
    int64_t cursor_us; /* a time in the cursor's column */
    bool automatic;    /* scales follow the values in sight, not the tags' ranges */
};

/* One step of zooming. */
struct trend_span {
    int64_t us;
    const char *text; /* "10 min" */
};

/* The spans from 10 seconds to 10 years; NULL behind the last. */
const struct trend_span *trend_span(size_t index);

/* No pens, the last hour, live. */
void trend_view_init(struct trend_view *view);

/* ---- pens ---- */

enum trend_added { TREND_ADDED, TREND_THERE, TREND_FULL };

/* This tag alone; a pen more, which becomes the selected one. */
void trend_view_set_only(struct trend_view *view, uint32_t tag);
enum trend_added trend_view_add(struct trend_view *view, uint32_t tag);

/* The pen of a tag; pen_count when it is none. */
size_t trend_view_pen(const struct trend_view *view, uint32_t tag);

/* Takes the pen away; the next one is selected. */
void trend_view_remove(struct trend_view *view, size_t pen);

/* Selects the pen `step` places on, round the end. */
void trend_view_select(struct trend_view *view, int step);

/* ---- time ---- */

/* The columns of the picture, `count` of them. */
struct plot_grid trend_view_grid(const struct trend_view *view, int64_t now_us, size_t count);

/* Shows the next shorter span (`step` -1) or longer one (1); what stays in its place is `pivot_us`, or the
 * present when live and the pivot is 0, else the middle. */
void trend_view_zoom(struct trend_view *view, int step, int64_t pivot_us, int64_t now_us);

/* Moves by this share of the span; positive: later. Never into the future, never before 1970. */
void trend_view_pan(struct trend_view *view, double share, int64_t now_us);

/* Shows a past time in the middle, as far as what came after it reaches, with the cursor on it. */
void trend_view_go_to(struct trend_view *view, int64_t ts_us, int64_t now_us);

/* Begins anew with this tag alone: live when ts_us is 0, else at that time. */
void trend_view_show(struct trend_view *view, uint32_t tag, int64_t ts_us, int64_t now_us);

/* Back to the present, without cursor. */
void trend_view_go_live(struct trend_view *view);

/* ---- cursor ---- */

/* The column of the cursor on the grid, or -1. A cursor that the live picture has left behind is at the edge. */
int64_t trend_view_cursor_column(const struct trend_view *view, const struct plot_grid *grid);

/* Puts the cursor on a column that is on the grid and not in the future. */
void trend_view_set_cursor(struct trend_view *view, const struct plot_grid *grid, int64_t column,
                           int64_t now_us);

/* Moves it by `step` columns; the first time it appears at the newest column. At an edge the picture moves. */
void trend_view_move_cursor(struct trend_view *view, const struct plot_grid *grid, int step, int64_t now_us);

#endif
