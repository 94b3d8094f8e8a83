/* Columns of a list of rows: as wide as what is in sight needs, and left out, the least important first, where there
 * is no room for them. Pure drawing.
 *
 * For each picture: grid_begin(), grid_need() for each cell in sight, grid_layout(), then heading and cells. */
#ifndef UI_WIDGETS_GRID_H
#define UI_WIDGETS_GRID_H

#include "ui/canvas.h"

#include <stdbool.h>
#include <stddef.h>

#define GRID_COLUMNS_MAX 16
#define GRID_RANK_CORE   3 /* up to this rank all have their least widths before any gets more */

enum grid_align {
    GRID_LEFT,
    GRID_RIGHT, /* heading and cells */
    GRID_TAIL   /* to the left; of a text that is too long the end is shown, which tells it from its like */
};

struct grid_column {
    const char *heading;
    int least, most; /* columns of the terminal; most 0: no bound */
    int rank;        /* 0: always there; of the others the lower ones come first, 9 is the last */
    enum grid_align align;
};

struct grid {
    const struct grid_column *columns; /* borrowed */
    size_t count;
    int need[GRID_COLUMNS_MAX];
    int x[GRID_COLUMNS_MAX], width[GRID_COLUMNS_MAX]; /* width 0: left out */
};

/* At most GRID_COLUMNS_MAX columns; needs begin with the headings. */
void grid_begin(struct grid *grid, const struct grid_column *columns, size_t count, const struct pane *pane);
void grid_need(struct grid *grid, size_t column, const struct pane *pane, const char *text);

/* Divides `room` columns of the terminal by rank: the core gets its least widths and grows to what it needs; then each
 * further rank comes in, where it has room, and grows. A column without heading and contents is left out. */
void grid_layout(struct grid *grid, int room);

/* Draws the heading of each column that has room into row `y` of `pane`. */
void grid_draw_heading(const struct grid *grid, const struct pane *pane, int y);

/* Draws a text into its column in row `y`, cut to the column's width as its align says; nothing where grid_layout() has
 * left the column out. */
void grid_draw_cell(const struct grid *grid, const struct pane *pane, int y, size_t column,
                    enum meaning meaning, const char *text);

/* The handle at the right edge of `pane` for a list of `count` rows of which those from `top` on are in the pane;
 * nothing when all are. */
void grid_draw_scroll_bar(const struct pane *pane, size_t top, size_t count);

#endif
