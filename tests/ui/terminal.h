/* A real terminal for tests: a program runs on a pty, libvterm keeps the screen that an operator would see.
 * Nothing here waits blindly: every wait is a poll on the pty and the process, with a time-out. */
#ifndef TESTS_UI_TERMINAL_H
#define TESTS_UI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct terminal;

struct terminal_options {
    const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
    const char *const *env;  /* NULL-terminated "NAME=VALUE"s on top of the caller's environment, or NULL.
                              * LC_ALL,  LC_CTYPE, LINES and COLUMNS of the caller are not inherited */
    int rows, cols;
};

#define TERMINAL_TERM    "xterm-256color" /* TERM and LANG unless `env` says otherwise */
#define TERMINAL_LOCALE  "C.UTF-8"
#define TERMINAL_DEFAULT (-1)      /* the terminal's own colour */
#define TERMINAL_RGB     0x1000000 /* marks a 24-bit colour; palette colours are 0–255 */

struct terminal_cell {
    char text[32]; /* UTF-8 with its combining marks; "" for the right half of a wide character */
    int width;     /* columns: 1 or 2 */
    int fg, bg;    /* TERMINAL_DEFAULT, a palette index, or TERMINAL_RGB | 0xRRGGBB */
    bool bold, reverse, blink, underline;
};

struct terminal_cursor {
    int row, col;
    bool visible;
};

/* Starts the program in a session of its own with the pty as its controlling terminal, signals set back to
 * their defaults. Returns NULL with `err` set on failure. Release with terminal_close(). */
struct terminal *terminal_start(const struct terminal_options *options, struct err *err);

/* Hangs up, gives the program `grace_ms` to end, kills it if it has not, reaps it and frees everything. NULL
 * is allowed. Returns true when the program ended by itself. */
bool terminal_close(struct terminal *terminal, int grace_ms);

/* What an operator does. Bytes are queued and leave while one of the waits or terminal_pump() runs. */
void terminal_type(struct terminal *terminal, const void *bytes, size_t length);
/* A key by name ("Up", "F3", "Escape", "Enter", "PageDown", "Space", "C-c", "M-x", "S-Tab", or one
 * character), encoded as the terminal of that TERM does in its current mode. Returns false for an unknown
 * name. */
bool terminal_key(struct terminal *terminal, const char *name);
/* Presses and releases a mouse button (1 left, 2 middle, 3 right, 4 wheel up, 5 wheel down) on a cell counted
 * from 0, in the encoding that the program asked for; nothing is sent when it asked for none. */
void terminal_click(struct terminal *terminal, int row, int col, int button);
/* The window gets another size; the program hears SIGWINCH. */
void terminal_resize(struct terminal *terminal, int rows, int cols);
/* The line drops: the program hears SIGHUP and its reads and writes fail. The screen stays readable. */
void terminal_hangup(struct terminal *terminal);
void terminal_signal(struct terminal *terminal, int signal);

/* One poll and what it brings; returns false when nothing came within `timeout_ms` or nothing can come any
 * more. */
bool terminal_pump(struct terminal *terminal, int timeout_ms);
/* For callers with a poll of their own: the pty's descriptor (-1 after a hang-up or the program's end) and
 * the poll events that it waits for. */
int terminal_descriptor(const struct terminal *terminal, short *events);

/* Waits. Each returns true when it happened, false on the time-out (or, for the texts, when the program ended
 * without). */
bool terminal_wait_text(struct terminal *terminal, const char *text, int timeout_ms);
bool terminal_wait_gone(struct terminal *terminal, const char *text, int timeout_ms);
/* POSIX extended expression over the rows joined by newlines; `^` and `$` match at each row. */
bool terminal_wait_regex(struct terminal *terminal, const char *regex, int timeout_ms, struct err *err);
/* True once the program has written nothing for `quiet_ms`. */
bool terminal_wait_quiet(struct terminal *terminal, int quiet_ms, int timeout_ms);
/* Reads on for `span_ms` whatever comes, or until the program ends: for measuring bytes per second. */
void terminal_run(struct terminal *terminal, int span_ms);
/* *status as waitpid() gives it. */
bool terminal_wait_end(struct terminal *terminal, int timeout_ms, int *status);

/* What the operator sees. Rows and columns count from 0. */
int terminal_rows(const struct terminal *terminal);
int terminal_cols(const struct terminal *terminal);
/* One row without its trailing blanks; valid until the terminal is written to, asked for text again, or
 * closed. */
const char *terminal_row(struct terminal *terminal, int row);
/* All rows, each ended by a newline; same life as above. */
const char *terminal_text(struct terminal *terminal);
/* Where a text stands on the screen; false when it does not. `col` counts cells, not bytes. */
bool terminal_find(struct terminal *terminal, const char *text, int *row, int *col);
/* False outside the screen. */
bool terminal_cell(const struct terminal *terminal, int row, int col, struct terminal_cell *cell);
struct terminal_cursor terminal_cursor(const struct terminal *terminal);
bool terminal_alternate(const struct terminal *terminal); /* on the alternate screen */
bool terminal_mouse(const struct terminal *terminal);     /* the program asked for the mouse */
const char *terminal_title(const struct terminal *terminal);
size_t terminal_bells(const struct terminal *terminal);
pid_t terminal_pid(const struct terminal *terminal);

/* Every byte that the program has written since the start; valid until the next pump or wait. */
const uint8_t *terminal_raw(const struct terminal *terminal, size_t *length);
/* When the last of them arrived, on the monotonic clock. */
int64_t terminal_output_us(const struct terminal *terminal);

/* Proves that bytes hold nothing but printable UTF-8 and control sequences that a screen program needs
 * (cursor, erase, scroll, SGR, modes, character sets). Window titles and other OSC, DCS, APC, PM and SOS
 * strings, device queries, C1 bytes and unsafe code points are faults. Returns true when clean; else `fault`
 * says what and where. */
bool terminal_scan(const uint8_t *bytes, size_t length, struct err *fault);

#endif
