/* One line of text that an operator types, fed key by key so that nothing waits for it. Pure. */
#ifndef UI_LINE_EDITOR_H
#define UI_LINE_EDITOR_H

#include "ui/canvas.h"
#include "ui/input.h"

#include <stdbool.h>
#include <stddef.h>

#define LINE_EDITOR_MAX 256 /* bytes, with the NUL; more is not taken */

struct line_editor {
    char text[LINE_EDITOR_MAX]; /* valid, safe UTF-8 */
    size_t length, cursor;      /* bytes */
};

/* An empty line. */
void line_editor_clear(struct line_editor *editor);

/* Another text (safe UTF-8, cut where it is too long), the cursor behind it. */
void line_editor_set(struct line_editor *editor, const char *text);

/* Takes a key of text entry: characters, Backspace, Delete, Left, Right, Home, End, C-u (all), C-w (a word).
 * Returns false for any other key. *changed (may be NULL): the text is another one. */
bool line_editor_input(struct line_editor *editor, const struct input *input, bool *changed);

/* Draws the text with the terminal's cursor; the part around the cursor when it is longer than `columns`. */
void line_editor_draw(const struct line_editor *editor, const struct pane *pane, int x, int y, int columns);

#endif
