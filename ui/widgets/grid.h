/* Columns of a list of rows: as wide as what is in sight needs, and left out, the least important first, where there
 * is no room for them. Pure drawing. */
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
    GRID_POINT, /* to the right, and numbers with their points one below the other */
    GRID_TAIL   /* to the left; of a text that is too long the end is shown, which tells it from its like */
};

struct grid_column {
    const char *heading;
    int least,
        most; /* columns of the terminal; least 0: all that it needs, or it is left out; most 0: no bound */
    int rank; /* 0: always there; of the others the lower ones come first, 9 is the last */
    enum grid_align align;
};

/* What columns have needed since it was zero bytes. With it they only grow while rows come and go, so that nothing moves
 * under the eye; the owner clears it where the list becomes another one. Another width of the window does so, too. */
struct grid_memory {
    int window;                 /* columns of the terminal */
    int need[GRID_COLUMNS_MAX]; /* of each column */
    int whole[GRID_COLUMNS_MAX],
        fraction[GRID_COLUMNS_MAX]; /* of its numbers, before the point and from there on */
};

/* A list of rows, of which those that have room are drawn. */
struct grid_rows {
    const struct grid_column *columns;
    size_t column_count;        /* at most GRID_COLUMNS_MAX */
    size_t top, count, cursor;  /* the first row in sight, all rows, the selected one */
    const void *context;        /* of the functions */
    struct grid_memory *memory; /* NULL: each picture by itself */

    /* What the cell says; "" for one that says nothing. `row` counts from the list's first. */
    void (*text)(const void *context, size_t row, size_t column, char *out, size_t size);
    enum meaning (*meaning)(const void *context, size_t row, size_t column);

    /* Draws what is no cell into row `y` of the pane, as the row of a group is. May be NULL. */
    void (*over)(const void *context, size_t row, const struct pane *pane, int y);
};

/* Headings in row 0 of `pane`, from row 1 on the rows, with the cursor and the handle of a list that is longer.
 *
 * The width is divided by rank: the core gets its least widths and grows to what the cells need; then each
 * further rank comes in, where it has room, and grows. A column without heading and contents is left out. */
void grid_draw_rows(const struct grid_rows *rows, const struct pane *pane);

/* The handle at the right edge of `pane` for a list of `count` rows of which those from `top` on are in the pane;
 * nothing when all are. */
void grid_draw_scroll_bar(const struct pane *pane, size_t top, size_t count);

#endif
