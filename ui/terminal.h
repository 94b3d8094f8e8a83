/* The terminal: the only room that knows ncurses. Shows canvases, reads keys and the mouse, knows the size.
 * Nothing here blocks. */
#ifndef UI_TERMINAL_H
#define UI_TERMINAL_H

#include "base/err.h"
#include "ui/canvas.h"
#include "ui/input.h"

#include <stdbool.h>
#include <stdint.h>

struct terminal;

struct terminal_options {
    const char *theme;  /* a word of THEME_WORDS; NULL: chosen by the terminal */
    const char *glyphs; /* a word of GLYPH_LEVEL_WORDS; NULL: chosen by locale and terminal */
};

/* Looks whether the console can be shown on this type of terminal ($TERM), without touching it: false with
 * `err` set when the type is unknown, or cannot place its cursor. */
bool terminal_check(struct err *err);

/* Takes over standard input and output. NULL with `err` set when they are no terminal, or of a type that
 * nobody knows. The locale must have been set (LC_CTYPE only). */
struct terminal *terminal_open(const struct terminal_options *options, struct err *err);

/* Gives the terminal back as it was. */
void terminal_close(struct terminal *terminal);

/* The descriptor to poll for input. */
int terminal_fd(const struct terminal *terminal);

/* Makes a canvas that suits the terminal:
 * its level, and whether text must be ASCII. Release with canvas_free(). */
void terminal_init_canvas(const struct terminal *terminal, struct canvas *canvas);

/* Looks how large the terminal is (TIOCGWINSZ); true when that changed. At least 1×1. */
bool terminal_resize(struct terminal *terminal, int *columns, int *rows);

/* True when the terminal takes output now: on a slow line a frame is better left out than waited for. */
bool terminal_writable(const struct terminal *terminal);

/* Shows the canvas: only cells that differ from what is shown leave. */
void terminal_show(struct terminal *terminal, const struct canvas *canvas);

/* Rings the bell, if the terminal takes output now: on a line that is behind it would come late, with many others. */
void terminal_ring(struct terminal *terminal);

/* Paints everything anew with the next terminal_show(): for a screen that something else wrote on. */
void terminal_repaint(struct terminal *terminal);

/* The next thing that the operator did;
 * INPUT_NOTHING when there is no more for now. *gone: the terminal ended. */
struct input terminal_read(struct terminal *terminal, int64_t now_mono_us, bool *gone);

/* Drops what was typed and has not been read. */
void terminal_drop_input(struct terminal *terminal);

#endif
