/* vt_scan(): which bytes may reach a terminal from a full-screen program.
 *
 * The list is what ncurses 6.4 sends for the terminals that hmi supports (xterm, linux, screen, tmux, PuTTY,
 * vt100), and nothing that could answer, rename, print, or reprogram: a payload that slipped through
 * unsanitised shows up here as an introducer or a final byte that is not in the list. */
#include "vt.h"

#include <string.h>

#include "base/utf8.h"

#define SCAN_ESC 0x1b

/* C0 controls that move the cursor, ring, or shift between character sets; padding NULs of old terminals. */
static const char scan_controls[] = "\a\b\t\n\r\016\017";

/* Final bytes of CSI sequences: insert/delete/erase, cursor, scroll, SGR, modes, scroll region, repeat,
 * window position save (t is used by xterm's ti/te as 22;0;0t and 23;0;0t only). */
static const char scan_csi_finals[] = "@ABCDEFGHIJKLMPSTXZbdfghlmrsu";

static bool scan_is_in(const char *set, uint8_t byte)
{
    return byte && strchr(set, byte);
}

static bool scan_csi(const uint8_t *bytes, size_t length, size_t *used)
{
    size_t at = 2;
    while (at < length && bytes[at] >= 0x30 && bytes[at] <= 0x3f)
        at++;
    size_t parameters = at - 2;
    while (at < length && bytes[at] >= 0x20 && bytes[at] <= 0x2f)
        at++;
    if (at >= length)
        return false;
    *used = at + 1;
    if (bytes[at] == 't')
        return parameters == 6 &&
               (memcmp(bytes + 2, "22;0;0", 6) == 0 || memcmp(bytes + 2, "23;0;0", 6) == 0);
    if (bytes[at] == 'p') /* soft reset: CSI ! p */
        return parameters == 0 && at == 3 && bytes[2] == '!';
    /* The Linux console's cursor shape: CSI ? n c. Without the mark it would be a query. */
    if (bytes[at] == 'c')
        return parameters >= 2 && bytes[2] == '?';
    return scan_is_in(scan_csi_finals, bytes[at]);
}

/* One escape sequence at `bytes`; false when it is not in the list or cut off. */
static bool scan_escape(const uint8_t *bytes, size_t length, size_t *used)
{
    *used = 2;
    if (length < 2)
        return false;
    switch (bytes[1]) {
    case '[':
        return scan_csi(bytes, length, used);
    case '(': /* character sets G0 to G3 */
    case ')':
    case '*':
    case '+':
        *used = 3;
        return length >= 3 && scan_is_in("AB0UK", bytes[2]);
    case '%': /* UTF-8 on or off, Linux console */
        *used = 3;
        return length >= 3 && scan_is_in("G@", bytes[2]);
    default: /* save, restore, keypad, index, next line, tab set, reverse index, full reset */
        return scan_is_in("78=>DEHMc", bytes[1]);
    }
}

static size_t scan_one(const uint8_t *bytes, size_t length, const char **what)
{
    size_t used = 1;
    *what = NULL;
    if (bytes[0] == SCAN_ESC) {
        if (!scan_escape(bytes, length, &used))
            *what = "an escape sequence that is not allowed";
    } else if (bytes[0] < 0x20 || bytes[0] == 0x7f) {
        if (bytes[0] != 0 && !scan_is_in(scan_controls, bytes[0]))
            *what = "a control character that is not allowed";
    } else {
        uint32_t code_point;
        used = utf8_decode((const char *)bytes, length, &code_point);
        if (code_point == UTF8_REPLACEMENT && used == 1)
            *what = "a byte that is not UTF-8";
        else if (utf8_is_unsafe(code_point))
            *what = "a code point that must not reach a terminal";
    }
    return used;
}

bool vt_scan(const uint8_t *bytes, size_t length, struct err *fault)
{
    for (size_t at = 0; at < length;) {
        const char *what;
        size_t used = scan_one(bytes + at, length - at, &what);
        if (what)
            return err_set(fault, EX_DATAERR, "%s at byte %zu: %02x %02x %02x %02x", what, at, bytes[at],
                           at + 1 < length ? bytes[at + 1] : 0, at + 2 < length ? bytes[at + 2] : 0,
                           at + 3 < length ? bytes[at + 3] : 0);
        at += used;
    }
    return true;
}
