#include "ui/canvas.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cell BLANK = {.code_point = ' ', .meaning = MEANING_TEXT};

void canvas_init(struct canvas *canvas, int columns, int rows, enum glyph_level level)
{
    *canvas = (struct canvas){.level = level, .ascii = level == GLYPH_ASCII};
    canvas_resize(canvas, columns, rows);
}

void canvas_free(struct canvas *canvas)
{
    free(canvas->cells);
    canvas->cells = NULL;
    canvas->columns = canvas->rows = 0;
}

void canvas_resize(struct canvas *canvas, int columns, int rows)
{
    canvas->columns = columns > 0 ? columns : 0;
    canvas->rows = rows > 0 ? rows : 0;
    size_t count = (size_t)canvas->columns * (size_t)canvas->rows;
    canvas->cells = mem_resize(canvas->cells, count ? count : 1, sizeof *canvas->cells);
    canvas_clear(canvas);
}

void canvas_clear(struct canvas *canvas)
{
    size_t count = (size_t)canvas->columns * (size_t)canvas->rows;
    for (size_t i = 0; i < count; i++)
        canvas->cells[i] = BLANK;
    canvas->cursor_x = canvas->cursor_y = -1;
}

struct cell *canvas_cell(const struct canvas *canvas, int x, int y)
{
    if (x < 0 || y < 0 || x >= canvas->columns || y >= canvas->rows)
        return NULL;
    return &canvas->cells[(size_t)y * (size_t)canvas->columns + (size_t)x];
}

char *canvas_row_text(const struct canvas *canvas, int y)
{
    struct buf text;
    buf_init(&text, 0);
    size_t length = 0;
    for (int x = 0; x < canvas->columns; x++) {
        const struct cell *cell = canvas_cell(canvas, x, y);
        if (!cell || !cell->code_point)
            continue;
        char bytes[4];
        buf_append(&text, bytes, utf8_encode(bytes, cell->code_point));
        if (cell->combining)
            buf_append(&text, bytes, utf8_encode(bytes, cell->combining));
        if (cell->code_point != ' ')
            length = text.length;
    }
    char *copy = mem_copy_bytes(length ? (const char *)text.data : "", length);
    buf_free(&text);
    return copy;
}

struct pane pane_whole(struct canvas *canvas)
{
    return (struct pane){.canvas = canvas, .columns = canvas->columns, .rows = canvas->rows};
}

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

struct pane pane_part(const struct pane *pane, int x, int y, int columns, int rows)
{
    x = clamp(x, 0, pane->columns);
    y = clamp(y, 0, pane->rows);
    if (columns < 0 || columns > pane->columns - x)
        columns = pane->columns - x;
    if (rows < 0 || rows > pane->rows - y)
        rows = pane->rows - y;
    return (struct pane){
        .canvas = pane->canvas, .x = pane->x + x, .y = pane->y + y, .columns = columns, .rows = rows};
}

enum glyph_level pane_level(const struct pane *pane)
{
    return pane->canvas->level;
}

static struct cell *pane_cell(const struct pane *pane, int x, int y)
{
    if (x < 0 || y < 0 || x >= pane->columns || y >= pane->rows)
        return NULL;
    return canvas_cell(pane->canvas, pane->x + x, pane->y + y);
}

/* A wide character that loses one half must not leave the other: a blank takes its place. */
static void free_cell(const struct pane *pane, int x, int y)
{
    struct cell *cell = canvas_cell(pane->canvas, pane->x + x, pane->y + y);
    struct cell *left = canvas_cell(pane->canvas, pane->x + x - 1, pane->y + y);
    struct cell *right = canvas_cell(pane->canvas, pane->x + x + 1, pane->y + y);
    if (cell && !cell->code_point && left)
        left->code_point = ' ';
    if (right && !right->code_point)
        right->code_point = ' ';
}

static void put_cell(const struct pane *pane, int x, int y, enum meaning meaning, uint32_t code_point)
{
    struct cell *cell = pane_cell(pane, x, y);
    if (!cell)
        return;
    free_cell(pane, x, y);
    *cell = (struct cell){.code_point = code_point, .meaning = (uint8_t)meaning, .selected = cell->selected};
}

/* Lines can be had without UTF-8: terminals have a character set of their own for them
 * (boxes, the four scan lines of small trends, the diamond that points into a range). */
static bool leaves_as_ascii(const struct canvas *canvas, uint32_t code_point)
{
    bool line = (code_point >= 0x2500 && code_point < 0x2580) ||
                (code_point >= 0x23BA && code_point <= 0x23BD) || code_point == 0x25C6;
    return canvas->ascii && code_point >= 0x80 && !(line && canvas->level >= GLYPH_LINE);
}

void pane_put(const struct pane *pane, int x, int y, enum meaning meaning, uint32_t code_point)
{
    if (utf8_is_unsafe(code_point))
        code_point = UTF8_REPLACEMENT;
    if (leaves_as_ascii(pane->canvas, code_point))
        code_point = (unsigned char)glyph_ascii(code_point)[0];
    put_cell(pane, x, y, meaning, code_point);
}

/* ---- text, one column unit after the other ---- */

struct unit {
    uint32_t code_points[3]; /* more than one only for transliterations such as "deg" */
    int count, columns;
};

static size_t next_unit(const struct canvas *canvas, const char *text, size_t length, struct unit *unit)
{
    uint32_t c;
    size_t step = utf8_decode(text, length, &c);
    if (utf8_is_unsafe(c))
        c = UTF8_REPLACEMENT;
    *unit = (struct unit){.code_points = {c}, .count = 1, .columns = utf8_code_point_columns(c)};
    if (leaves_as_ascii(canvas, c)) {
        const char *ascii = unit->columns ? glyph_ascii(c) : "";
        int wanted = unit->columns == 2 ? 2 : 1;
        for (unit->count = 0; ascii[unit->count] && unit->count < 3; unit->count++)
            unit->code_points[unit->count] = (unsigned char)ascii[unit->count];
        while (unit->count && unit->count < wanted)
            unit->code_points[unit->count++] = '?';
        unit->columns = unit->count;
    }
    return step;
}

int pane_text_columns(const struct pane *pane, const char *text)
{
    int columns = 0;
    struct unit unit;
    for (size_t length = strlen(text), step; length; text += step, length -= step) {
        step = next_unit(pane->canvas, text, length, &unit);
        columns += unit.columns;
    }
    return columns;
}

static int put_unit(const struct pane *pane, int x, int y, enum meaning meaning, const struct unit *unit)
{
    if (unit->columns == 0) {
        struct cell *cell = pane_cell(pane, x - 1, y);
        if (cell && !cell->code_point)
            cell = pane_cell(pane, x - 2, y);
        if (cell && unit->count)
            cell->combining = unit->code_points[0];
        return 0;
    }
    if (unit->count > 1 || unit->columns == 1) {
        for (int i = 0; i < unit->count; i++)
            put_cell(pane, x + i, y, meaning, unit->code_points[i]);
        return unit->columns;
    }
    bool fits = pane_cell(pane, x, y) && pane_cell(pane, x + 1, y);
    put_cell(pane, x, y, meaning, fits ? unit->code_points[0] : ' ');
    if (fits)
        put_cell(pane, x + 1, y, meaning, 0);
    return 2;
}

int pane_text(const struct pane *pane, int x, int y, int columns, enum meaning meaning, const char *text)
{
    if (columns < 0 || columns > pane->columns - x)
        columns = pane->columns - x;
    if (columns <= 0 || y < 0 || y >= pane->rows)
        return 0;
    bool cut = pane_text_columns(pane, text) > columns;
    int room = cut ? columns - 1 : columns, used = 0;
    struct unit unit;
    for (size_t length = strlen(text), step; length; text += step, length -= step) {
        step = next_unit(pane->canvas, text, length, &unit);
        if (used + unit.columns > room)
            break;
        used += put_unit(pane, x + used, y, meaning, &unit);
    }
    if (cut)
        used += pane_sign(pane, x + used, y, meaning, SIGN_ELLIPSIS);
    return used;
}

int pane_text_right(const struct pane *pane, int x, int y, int columns, enum meaning meaning,
                    const char *text)
{
    int wanted = pane_text_columns(pane, text);
    int blank = wanted < columns ? columns - wanted : 0;
    return blank + pane_text(pane, x + blank, y, columns - blank, meaning, text);
}

int pane_printf(const struct pane *pane, int x, int y, int columns, enum meaning meaning, const char *format,
                ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return pane_text(pane, x, y, columns, meaning, text);
}

int pane_sign(const struct pane *pane, int x, int y, enum meaning meaning, enum sign sign)
{
    const char *text = glyph_sign(sign, pane_level(pane));
    int used = 0;
    struct unit unit;
    for (size_t length = strlen(text), step; length; text += step, length -= step) {
        step = next_unit(pane->canvas, text, length, &unit);
        used += put_unit(pane, x + used, y, meaning, &unit);
    }
    return used;
}

void pane_fill(const struct pane *pane, int x, int y, int columns, int rows, enum meaning meaning)
{
    struct pane part = pane_part(pane, x, y, columns, rows);
    for (int j = 0; j < part.rows; j++)
        for (int i = 0; i < part.columns; i++)
            put_cell(&part, i, j, meaning, ' ');
}

void pane_rule(const struct pane *pane, int x, int y, int columns, const char *title)
{
    struct pane part = pane_part(pane, x, y, columns, 1);
    for (int i = 0; i < part.columns; i++)
        pane_sign(&part, i, 0, MEANING_FRAME, SIGN_HORIZONTAL);
    if (!title || part.columns < 6)
        return;
    int used = pane_text(&part, 3, 0, part.columns - 5, MEANING_HEADING, title);
    pane_put(&part, 2, 0, MEANING_FRAME, ' ');
    pane_put(&part, 3 + used, 0, MEANING_FRAME, ' ');
}

struct pane pane_box(const struct pane *pane, const char *title)
{
    int right = pane->columns - 1, bottom = pane->rows - 1;
    if (right < 1 || bottom < 1)
        return pane_part(pane, 0, 0, 0, 0);
    pane_rule(pane, 0, 0, -1, title);
    pane_rule(pane, 0, bottom, -1, NULL);
    for (int y = 1; y < bottom; y++) {
        pane_sign(pane, 0, y, MEANING_FRAME, SIGN_VERTICAL);
        pane_sign(pane, right, y, MEANING_FRAME, SIGN_VERTICAL);
    }
    pane_sign(pane, 0, 0, MEANING_FRAME, SIGN_TOP_LEFT);
    pane_sign(pane, right, 0, MEANING_FRAME, SIGN_TOP_RIGHT);
    pane_sign(pane, 0, bottom, MEANING_FRAME, SIGN_BOTTOM_LEFT);
    pane_sign(pane, right, bottom, MEANING_FRAME, SIGN_BOTTOM_RIGHT);
    return pane_part(pane, 1, 1, right - 1, bottom - 1);
}

struct pane pane_dialogue(const struct pane *pane, int columns, int rows, const char *title)
{
    columns = columns < pane->columns ? columns : pane->columns;
    rows = rows < pane->rows ? rows : pane->rows;
    struct pane box = pane_part(pane, (pane->columns - columns) / 2, (pane->rows - rows) / 3, columns, rows);
    int left = box.x - pane->x;
    pane_fill(pane, left ? left - 1 : 0, box.y - pane->y, columns + (left ? 2 : 1), rows, MEANING_TEXT);
    return pane_box(&box, title);
}

void pane_cursor(const struct pane *pane, int x, int y)
{
    if (!pane_cell(pane, x, y))
        return;
    pane->canvas->cursor_x = pane->x + x;
    pane->canvas->cursor_y = pane->y + y;
}

void pane_select_row(const struct pane *pane, int y)
{
    for (int x = 0; x < pane->columns; x++) {
        struct cell *cell = pane_cell(pane, x, y);
        if (cell)
            cell->selected = true;
    }
}

/* Bytes of the longest beginning of `text` that fits `columns` and ends before a blank, at a newline, or at
 * the end. A word longer than the line is broken. */
static size_t line_length(const struct pane *pane, const char *text, int columns)
{
    size_t length = strlen(text), used = 0, at_blank = 0;
    int taken = 0;
    while (used < length) {
        if (text[used] == '\n')
            return used;
        if (text[used] == ' ')
            at_blank = used;
        struct unit unit;
        size_t step = next_unit(pane->canvas, text + used, length - used, &unit);
        if (taken + unit.columns > columns)
            return at_blank ? at_blank : used ? used : step;
        taken += unit.columns;
        used += step;
    }
    return used;
}

int pane_paragraph(const struct pane *pane, int x, int y, int columns, int rows, enum meaning meaning,
                   const char *text)
{
    if (columns < 0 || columns > pane->columns - x)
        columns = pane->columns - x;
    if (columns <= 0)
        return 0;
    int row = 0;
    for (; *text && row < rows; row++) {
        size_t length = row == rows - 1 ? strlen(text) : line_length(pane, text, columns);
        char *line = mem_copy_bytes(text, length);
        pane_text(pane, x, y + row, columns, meaning, line);
        free(line);
        text += length;
        while (*text == ' ' || *text == '\n')
            text++;
    }
    return row;
}

void pane_paste(const struct pane *pane, const struct canvas *from, int first)
{
    int columns = from->columns < pane->columns ? from->columns : pane->columns;
    for (int y = 0; y < pane->rows; y++)
        for (int x = 0; x < columns; x++) {
            const struct cell *cell = canvas_cell(from, x, first + y);
            struct cell *to = canvas_cell(pane->canvas, pane->x + x, pane->y + y);
            if (cell && to)
                *to = *cell;
        }
}
