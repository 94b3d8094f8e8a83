/* A real terminal for tests: a program runs on a pty, libvterm keeps the screen that an operator would see.
 * Nothing here waits blindly: every wait is a poll on the pty and the process, with a time-out. */
#ifndef TESTS_UI_VT_H
#define TESTS_UI_VT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct vt;

struct vt_options {
    const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
    /* NULL-terminated "NAME=VALUE"s on top of the caller's environment, or NULL.
     * LC_ALL, LC_CTYPE, LINES and COLUMNS of the caller are not inherited. */
    const char *const *env;
    int rows, cols;
};

#define VT_TERM    "xterm-256color" /* TERM and LANG unless `env` says otherwise */
#define VT_LOCALE  "C.UTF-8"
#define VT_DEFAULT (-1)      /* the terminal's own colour */
#define VT_RGB     0x1000000 /* marks a 24-bit colour; palette colours are 0–255 */

struct vt_cell {
    char text[32]; /* UTF-8 with its combining marks; "" for the right half of a wide character */
    int width;     /* columns: 1 or 2 */
    int fg, bg;    /* VT_DEFAULT, a palette index, or VT_RGB | 0xRRGGBB */
    bool bold, reverse, blink, underline;
};

struct vt_cursor {
    int row, col;
    bool visible;
};

/* Starts the program in a session of its own with the pty as its controlling terminal, signals set back to
 * their defaults. Returns NULL with `err` set on failure. Release with vt_close(). */
struct vt *vt_start(const struct vt_options *options, struct err *err);

/* Hangs up, gives the program `grace_ms` to end, kills it if it has not, reaps it and frees everything. NULL
 * is allowed. Returns true when the program ended by itself. */
bool vt_close(struct vt *terminal, int grace_ms);

/* What an operator does. Bytes are queued and leave while one of the waits or vt_pump() runs. */
void vt_type(struct vt *terminal, const void *bytes, size_t length);
/* A key by name ("Up", "F3", "Escape", "Enter", "PageDown", "Space", "C-c", "M-x", "S-Tab",
 * or one character), encoded as the terminal of that TERM does in its current mode.
 * Returns false for an unknown name. */
bool vt_key(struct vt *terminal, const char *name);
/* Presses and releases a mouse button (1 left, 2 middle, 3 right, 4 wheel up, 5 wheel down) on a cell counted
 * from 0, in the encoding that the program asked for; nothing is sent when it asked for none. */
void vt_click(struct vt *terminal, int row, int col, int button);
/* The window gets another size; the program hears SIGWINCH. */
void vt_resize(struct vt *terminal, int rows, int cols);
/* The line drops: the program hears SIGHUP and its reads and writes fail. The screen stays readable. */
void vt_hangup(struct vt *terminal);
void vt_signal(struct vt *terminal, int signal);

/* One poll and what it brings;
 * returns false when nothing came within `timeout_ms` or nothing can come any more. */
bool vt_pump(struct vt *terminal, int timeout_ms);
/* For callers with a poll of their own: the pty's descriptor (-1 after a hang-up or the program's end) and
 * the poll events that it waits for. */
int vt_descriptor(const struct vt *terminal, short *events);

/* Waits. Each returns true when it happened, false on the time-out (or,
 * for the texts, when the program ended without). */
bool vt_wait_text(struct vt *terminal, const char *text, int timeout_ms);
bool vt_wait_gone(struct vt *terminal, const char *text, int timeout_ms);
/* POSIX extended expression over the rows joined by newlines; `^` and `$` match at each row. */
bool vt_wait_regex(struct vt *terminal, const char *regex, int timeout_ms, struct err *err);
/* True once the program has written nothing for `quiet_ms`. */
bool vt_wait_quiet(struct vt *terminal, int quiet_ms, int timeout_ms);
/* Reads on for `span_ms` whatever comes, or until the program ends: for measuring bytes per second. */
void vt_run(struct vt *terminal, int span_ms);
/* *status as waitpid() gives it. */
bool vt_wait_end(struct vt *terminal, int timeout_ms, int *status);

/* What the operator sees. Rows and columns count from 0. */
int vt_rows(const struct vt *terminal);
int vt_cols(const struct vt *terminal);
/* One row without its trailing blanks;
 * valid until the terminal is written to, asked for text again, or closed. */
const char *vt_row(struct vt *terminal, int row);
/* All rows, each ended by a newline; same life as above. */
const char *vt_text(struct vt *terminal);
/* Where a text stands on the screen; false when it does not. `col` counts cells, not bytes. */
bool vt_find(struct vt *terminal, const char *text, int *row, int *col);
/* False outside the screen. */
bool vt_cell(const struct vt *terminal, int row, int col, struct vt_cell *cell);
struct vt_cursor vt_cursor(const struct vt *terminal);
bool vt_alternate(const struct vt *terminal); /* on the alternate screen */
bool vt_mouse(const struct vt *terminal);     /* the program asked for the mouse */
const char *vt_title(const struct vt *terminal);
size_t vt_bells(const struct vt *terminal);
pid_t vt_pid(const struct vt *terminal);

/* Every byte that the program has written since the start; valid until the next pump or wait. */
const uint8_t *vt_raw(const struct vt *terminal, size_t *length);
/* When the last of them arrived, on the monotonic clock. */
int64_t vt_output_us(const struct vt *terminal);

/* Proves that bytes hold nothing but printable UTF-8 and control sequences that a screen program needs
 * (cursor, erase, scroll, SGR, modes, character sets). Window titles and other OSC, DCS, APC, PM and SOS
 * strings, device queries, C1 bytes and unsafe code points are faults. Returns true when clean; else `fault`
 * says what and where. */
bool vt_scan(const uint8_t *bytes, size_t length, struct err *fault);

#endif
