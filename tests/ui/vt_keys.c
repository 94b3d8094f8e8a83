#include "base/utf8.h"
#include "tests/ui/vt_internal.h"

#include <string.h>

struct vt_key_name {
    const char *name;
    VTermKey key;
    const char *linux_bytes; /* what the Linux console sends where it differs from an xterm */
};

static const struct vt_key_name vt_keys[] = {
    {.name = "Enter", .key = VTERM_KEY_ENTER},
    {.name = "Tab", .key = VTERM_KEY_TAB},
    {.name = "Backspace", .key = VTERM_KEY_BACKSPACE},
    {.name = "Escape", .key = VTERM_KEY_ESCAPE},
    {.name = "Up", .key = VTERM_KEY_UP},
    {.name = "Down", .key = VTERM_KEY_DOWN},
    {.name = "Left", .key = VTERM_KEY_LEFT},
    {.name = "Right", .key = VTERM_KEY_RIGHT},
    {.name = "Insert", .key = VTERM_KEY_INS},
    {.name = "Delete", .key = VTERM_KEY_DEL},
    {.name = "Home", .key = VTERM_KEY_HOME, .linux_bytes = "\033[1~"},
    {.name = "End", .key = VTERM_KEY_END, .linux_bytes = "\033[4~"},
    {.name = "PageUp", .key = VTERM_KEY_PAGEUP},
    {.name = "PageDown", .key = VTERM_KEY_PAGEDOWN},
    {.name = "F1", .key = VTERM_KEY_FUNCTION(1), .linux_bytes = "\033[[A"},
    {.name = "F2", .key = VTERM_KEY_FUNCTION(2), .linux_bytes = "\033[[B"},
    {.name = "F3", .key = VTERM_KEY_FUNCTION(3), .linux_bytes = "\033[[C"},
    {.name = "F4", .key = VTERM_KEY_FUNCTION(4), .linux_bytes = "\033[[D"},
    {.name = "F5", .key = VTERM_KEY_FUNCTION(5), .linux_bytes = "\033[[E"},
    {.name = "F6", .key = VTERM_KEY_FUNCTION(6)},
    {.name = "F7", .key = VTERM_KEY_FUNCTION(7)},
    {.name = "F8", .key = VTERM_KEY_FUNCTION(8)},
    {.name = "F9", .key = VTERM_KEY_FUNCTION(9)},
    {.name = "F10", .key = VTERM_KEY_FUNCTION(10)},
    {.name = "F11", .key = VTERM_KEY_FUNCTION(11)},
    {.name = "F12", .key = VTERM_KEY_FUNCTION(12)},
};

/* Takes "C-", "M-" and "S-" off the front of a name. */
static VTermModifier vt_modifiers(const char **name)
{
    static const struct {
        char letter;
        VTermModifier modifier;
    } prefixes[] = {{'C', VTERM_MOD_CTRL}, {'M', VTERM_MOD_ALT}, {'S', VTERM_MOD_SHIFT}};
    VTermModifier modifiers = VTERM_MOD_NONE;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if ((*name)[0] == prefixes[i].letter && (*name)[1] == '-' && (*name)[2]) {
            modifiers |= prefixes[i].modifier;
            *name += 2;
        }
    }
    return modifiers;
}

bool vt_key(struct vt *terminal, const char *name)
{
    VTermModifier modifiers = vt_modifiers(&name);
    for (size_t i = 0; i < sizeof vt_keys / sizeof *vt_keys; i++) {
        const struct vt_key_name *known = &vt_keys[i];
        if (strcmp(known->name, name) != 0)
            continue;
        if (terminal->is_linux && known->linux_bytes && !modifiers)
            vt_type(terminal, known->linux_bytes, strlen(known->linux_bytes));
        else if (known->key == VTERM_KEY_BACKSPACE && !modifiers)
            vt_type(terminal, "\177", 1);
        else
            vterm_keyboard_key(terminal->vterm, known->key, modifiers);
        return true;
    }
    if (strcmp(name, "Space") == 0)
        name = " ";
    uint32_t code_point;
    size_t length = strlen(name);
    if (length == 0 || utf8_decode(name, length, &code_point) != length)
        return false;
    vterm_keyboard_unichar(terminal->vterm, code_point, modifiers);
    return true;
}

void vt_click(struct vt *terminal, int row, int col, int button)
{
    if (!terminal->mouse) /* libvterm would send it all the same */
        return;
    vterm_mouse_move(terminal->vterm, row, col, VTERM_MOD_NONE);
    vterm_mouse_button(terminal->vterm, button, true, VTERM_MOD_NONE);
    if (button <= 3) /* a wheel is never released */
        vterm_mouse_button(terminal->vterm, button, false, VTERM_MOD_NONE);
}
