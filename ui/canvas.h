/* The picture of a screen as cells, before any terminal sees it; and panes, through which screens and widgets
 * draw. Pure: a test can read what was drawn.
 *
 * Everything is clipped, so that no size can hurt. Unsafe code points (base/utf8.h) become U+FFFD whatever
 * came in: the last guard between the plant's texts and the terminal. */
#ifndef UI_CANVAS_H
#define UI_CANVAS_H

#include "ui/glyph.h"
#include "ui/theme.h"

#include <stdbool.h>
#include <stdint.h>

struct cell {
    uint32_t code_point; /* 0: right half of the wide character before it */
    uint32_t combining;  /* a combining mark on it, or 0 */
    uint8_t meaning;     /* enum meaning */
    bool selected;
};

struct canvas {
    int columns, rows;
    enum glyph_level level;
    bool ascii; /* text leaves as ASCII: at GLYPH_ASCII, and, but for lines, on a terminal without UTF-8 */
    int cursor_x, cursor_y; /* where text is typed; -1: no cursor */
    struct cell *cells;     /* rows × columns, owned */
};

/* A canvas of blanks. Release with canvas_free(). */
void canvas_init(struct canvas *canvas, int columns, int rows, enum glyph_level level);
void canvas_free(struct canvas *canvas);

/* Takes another size; the content is blank afterwards. */
void canvas_resize(struct canvas *canvas, int columns, int rows);
void canvas_clear(struct canvas *canvas);

/* The cell, or NULL outside. */
struct cell *canvas_cell(const struct canvas *canvas, int x, int y);

/* One row as UTF-8 text without trailing blanks, for tests. The caller frees it. */
char *canvas_row_text(const struct canvas *canvas, int y);

/* A rectangle of a canvas with coordinates of its own; may be empty (columns or rows 0), never negative. */
struct pane {
    struct canvas *canvas;
    int x, y, columns, rows;
};

/* The whole canvas, which must outlive the pane. */
struct pane pane_whole(struct canvas *canvas);

/* The part of `pane` inside the rectangle; a negative `columns` or `rows` means "to the end". */
struct pane pane_part(const struct pane *pane, int x, int y, int columns, int rows);

/* The canvas's level. */
enum glyph_level pane_level(const struct pane *pane);

/* Writes text (UTF-8) from (x, y), at most `columns` wide (negative: to the edge of the pane); what does not
 * fit ends in the sign of a cut. At GLYPH_ASCII it is transliterated first. Returns the columns taken. */
int pane_text(const struct pane *pane, int x, int y, int columns, enum meaning meaning, const char *text);

/* The same, right-aligned in `columns`. */
int pane_text_right(const struct pane *pane, int x, int y, int columns, enum meaning meaning,
                    const char *text);
int pane_printf(const struct pane *pane, int x, int y, int columns, enum meaning meaning, const char *format,
                ...) __attribute__((format(printf, 6, 7)));

/* Columns that the text takes at the pane's level. */
int pane_text_columns(const struct pane *pane, const char *text);

/* Puts one code point of one column. For widgets: the caller chose it for the level. */
void pane_put(const struct pane *pane, int x, int y, enum meaning meaning, uint32_t code_point);
int pane_sign(const struct pane *pane, int x, int y, enum meaning meaning, enum sign sign);

/* Fills a rectangle with blanks of the meaning. */
void pane_fill(const struct pane *pane, int x, int y, int columns, int rows, enum meaning meaning);

/* A horizontal rule in MEANING_FRAME; with a title (may be NULL) set into it. */
void pane_rule(const struct pane *pane, int x, int y, int columns, const char *title);

/* A box around the pane's edge with a title (may be NULL); returns the inside. */
struct pane pane_box(const struct pane *pane, const char *title);

/* A dialogue over what the pane shows: a box of that size, as far as there is room, with a blank column at each side.
 * Returns the inside. */
struct pane pane_dialogue(const struct pane *pane, int columns, int rows, const char *title);

/* Shows the terminal's cursor here. */
void pane_cursor(const struct pane *pane, int x, int y);

/* Marks a whole row of the pane as selected; call it after drawing the row. */
void pane_select_row(const struct pane *pane, int y);

/* Shows what was drawn on another canvas of the same level: its rows from `first` on, in the rows of the pane. */
void pane_paste(const struct pane *pane, const struct canvas *from, int first);

/* Text over several lines, broken at blanks, at most `rows` of them; returns the rows taken. */
int pane_paragraph(const struct pane *pane, int x, int y, int columns, int rows, enum meaning meaning,
                   const char *text);

#endif
