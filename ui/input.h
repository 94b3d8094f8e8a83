/* What an operator does: keys and mouse, as screens see them. Pure.
 *
 * A key is a Unicode code point, or a code from INPUT_UP on. */
#ifndef UI_INPUT_H
#define UI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum input_key {
    INPUT_ENTER = '\n',
    INPUT_TAB = '\t',
    INPUT_ESCAPE = 0x1B,
    INPUT_UP = 0x110000, /* above Unicode */
    INPUT_DOWN,
    INPUT_LEFT,
    INPUT_RIGHT,
    INPUT_PAGE_UP,
    INPUT_PAGE_DOWN,
    INPUT_HOME,
    INPUT_END,
    INPUT_BACKSPACE,
    INPUT_DELETE,
    INPUT_INSERT,
    INPUT_BACK_TAB,
    INPUT_F1,
    INPUT_F12 = INPUT_F1 + 11,
    INPUT_KEY_END
};

enum input_type {
    INPUT_NOTHING,
    INPUT_KEY,
    INPUT_CLICK, /* left button pressed at x, y */
    INPUT_DOUBLE_CLICK,
    INPUT_WHEEL_UP,
    INPUT_WHEEL_DOWN
};

struct input {
    enum input_type type;
    uint32_t key; /* INPUT_KEY */
    bool pasted;  /* came from the clipboard: text only, never a command */
    int x, y;     /* mouse: cell */
};

/* The key's name as in the Help screen ("F1", "Enter", "PgUp", "a", "Space");
 * valid until the next call with that buffer. */
const char *input_key_name(uint32_t key, char *out, size_t size);

/* The key with that name; 0 when there is none. */
uint32_t input_key_of_name(const char *name);

/* Keys that arrive in pieces: on a slow line an arrow key's bytes come apart, so that a lone Escape is
 * followed by `[` or `O` and a final letter. Both are swallowed within INPUT_PIECES_MS of the Escape, for the
 * letters are verbs. */
#define INPUT_PIECES_MS 500

struct input_pieces {
    int64_t escape_us; /* when the last lone Escape came; 0: none */
    enum { PIECES_NONE, PIECES_ESCAPE, PIECES_SEQUENCE } state;
};

/* True when this key belongs to such a sequence and must be dropped. */
bool input_pieces_swallow(struct input_pieces *pieces, uint32_t key, int64_t now_mono_us);

#endif
