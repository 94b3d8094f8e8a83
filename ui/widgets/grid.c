#include "ui/widgets/grid.h"

#include <limits.h>
#include <string.h>

#define GRID_GAP      1
#define GRID_RANK_MAX 9
#define GRID_TEXT_MAX 1200 /* bytes of a cell */

struct grid {
    const struct grid_column *columns;
    size_t count;
    struct grid_memory *needs;
    int x[GRID_COLUMNS_MAX], width[GRID_COLUMNS_MAX]; /* width 0: left out */
};

/* ---- layout ---- */

/* The rows that have room. */
static size_t grid_rows_in_sight(const struct grid_rows *rows, const struct pane *pane)
{
    size_t room = pane->rows > 1 ? (size_t)pane->rows - 1 : 0, left = rows->count - rows->top;
    return room < left ? room : left;
}

/* Splits a number, maybe "(4.2)" or "±0.5", at its point: columns before it, and from there on. False for a word, and
 * with an exponent, whose point may be anywhere. */
static bool grid_split(const struct pane *pane, const char *text, int *whole, int *fraction)
{
    static const char SIGN[] = "±";
    const char *digits = text + strspn(text, "(");
    digits += strncmp(digits, SIGN, strlen(SIGN)) ? 0 : strlen(SIGN);
    digits += strspn(digits, "+-");
    size_t length = strspn(digits, "0123456789");
    const char *point = digits + length, *end = point + strspn(point, ".0123456789");
    if (!length || *end == 'e')
        return false;
    *fraction = pane_text_columns(pane, point);
    *whole = pane_text_columns(pane, text) - *fraction;
    return true;
}

static void grid_widen(int *width, int columns)
{
    *width = columns > *width ? columns : *width;
}

static void grid_need(struct grid *grid, size_t column, const struct pane *pane, const char *text)
{
    struct grid_memory *needs = grid->needs;
    int columns = pane_text_columns(pane, text), whole, fraction;
    if (grid->columns[column].align == GRID_POINT && grid_split(pane, text, &whole, &fraction)) {
        grid_widen(&needs->whole[column], whole);
        grid_widen(&needs->fraction[column], fraction);
        columns = needs->whole[column] + needs->fraction[column];
    }
    grid_widen(&needs->need[column], columns);
}

static void grid_measure(struct grid *grid, const struct grid_rows *rows, const struct pane *pane)
{
    char text[GRID_TEXT_MAX];
    if (grid->needs->window != pane->columns)
        *grid->needs = (struct grid_memory){.window = pane->columns};
    for (size_t i = 0; i < grid->count; i++)
        grid_need(grid, i, pane, grid->columns[i].heading);
    for (size_t y = 0; y < grid_rows_in_sight(rows, pane); y++)
        for (size_t i = 0; i < grid->count; i++) {
            rows->text(rows->context, rows->top + y, i, text, sizeof text);
            grid_need(grid, i, pane, text);
        }
}

/* What a column would like to have. */
static int grid_wish(const struct grid *grid, size_t column)
{
    const struct grid_column *row = &grid->columns[column];
    int most = row->most ? row->most : INT_MAX, wish = grid->needs->need[column];
    wish = wish < row->least ? row->least : wish;
    return wish < most ? wish : most;
}

/* Gives the columns of that rank their least widths, as far as there is room; returns what is left. */
static int grid_admit(struct grid *grid, int rank, int left)
{
    for (size_t i = 0; i < grid->count; i++) {
        const struct grid_column *row = &grid->columns[i];
        int least = row->least ? row->least : grid_wish(grid, i);
        if (row->rank != rank || !least || (rank && least + GRID_GAP > left))
            continue;
        grid->width[i] = least;
        left -= grid->width[i] + GRID_GAP;
    }
    return left;
}

/* Lets them grow to what they need; where that is more than there is, by equal steps. */
static int grid_grow(struct grid *grid, int rank, int left)
{
    for (bool grown = true; grown && left > 0;) {
        grown = false;
        for (size_t i = 0; i < grid->count && left > 0; i++) {
            if (grid->columns[i].rank != rank || !grid->width[i] || grid->width[i] >= grid_wish(grid, i))
                continue;
            grid->width[i]++;
            left--;
            grown = true;
        }
    }
    return left;
}

static void grid_layout(struct grid *grid, int room)
{
    int left = room + GRID_GAP;
    for (int rank = 0; rank <= GRID_RANK_MAX; rank++) {
        left = grid_admit(grid, rank, left);
        for (int grown = 0; rank >= GRID_RANK_CORE && grown <= rank; grown++)
            left = grid_grow(grid, grown, left);
    }
    int x = 0;
    for (size_t i = 0; i < grid->count; i++) {
        grid->x[i] = x;
        x += grid->width[i] ? grid->width[i] + GRID_GAP : 0;
    }
}

/* ---- drawing ---- */

/* The longest end of the text that has room in so many columns. */
static const char *grid_tail(const struct pane *pane, const char *text, int columns)
{
    while (*text && pane_text_columns(pane, text) > columns)
        do
            text++;
        while (((unsigned char)*text & 0xC0) == 0x80);
    return text;
}

/* Where a text begins in a column of numbers: words end where numbers end. */
static int grid_begin_of(const struct grid *grid, const struct pane *pane, size_t column, const char *text)
{
    int room = grid->width[column], whole, fraction, begin = room - pane_text_columns(pane, text);
    if (grid_split(pane, text, &whole, &fraction) && begin > grid->needs->fraction[column] - fraction)
        begin -= grid->needs->fraction[column] - fraction;
    return begin > 0 ? begin : 0;
}

/* Cut to the column's width as its align says. */
static void grid_draw_cell(const struct grid *grid, const struct pane *pane, int y, size_t column,
                           enum meaning meaning, const char *text)
{
    int x = grid->x[column], width = grid->width[column];
    enum grid_align align = grid->columns[column].align;
    if (!width)
        return;
    if (align == GRID_RIGHT) {
        pane_text_right(pane, x, y, width, meaning, text);
    } else if (align == GRID_POINT) {
        int begin = grid_begin_of(grid, pane, column, text);
        pane_text(pane, x + begin, y, width - begin, meaning, text);
    } else if (align == GRID_TAIL && pane_text_columns(pane, text) > width) {
        pane_sign(pane, x, y, meaning, SIGN_ELLIPSIS);
        pane_text(pane, x + 1, y, width - 1, meaning, grid_tail(pane, text, width - 1));
    } else {
        pane_text(pane, x, y, width, meaning, text);
    }
}

static void grid_draw_row(const struct grid *grid, const struct grid_rows *rows, size_t row,
                          const struct pane *pane, int y)
{
    char text[GRID_TEXT_MAX];
    for (size_t i = 0; i < grid->count; i++) {
        rows->text(rows->context, row, i, text, sizeof text);
        if (*text)
            grid_draw_cell(grid, pane, y, i, rows->meaning(rows->context, row, i), text);
    }
    if (rows->over)
        rows->over(rows->context, row, pane, y);
    if (row == rows->cursor)
        pane_select_row(pane, y);
}

void grid_draw_rows(const struct grid_rows *rows, const struct pane *pane)
{
    struct grid_memory once = {.window = 0};
    struct grid grid = {
        .columns = rows->columns, .count = rows->column_count, .needs = rows->memory ? rows->memory : &once};
    struct pane body = pane_part(pane, 0, 1, -1, pane->rows - 1);
    grid_measure(&grid, rows, pane);
    grid_layout(&grid, pane->columns - 1);
    for (size_t i = 0; i < grid.count; i++)
        grid_draw_cell(&grid, pane, 0, i, MEANING_HEADING, grid.columns[i].heading);
    for (size_t y = 0; y < grid_rows_in_sight(rows, pane); y++)
        grid_draw_row(&grid, rows, rows->top + y, pane, (int)y + 1);
    grid_draw_scroll_bar(&body, rows->top, rows->count);
}

void grid_draw_scroll_bar(const struct pane *pane, size_t top, size_t count)
{
    size_t rows = (size_t)pane->rows;
    if (count <= rows || rows < 2)
        return;
    size_t length = rows * rows / count ? rows * rows / count : 1;
    size_t begin = top * (rows - length) / (count - rows);
    for (size_t i = 0; i < length; i++)
        pane_sign(pane, pane->columns - 1, (int)(begin + i), MEANING_FRAME, SIGN_SCROLL);
}
