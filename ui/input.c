#include "ui/input.h"

#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    uint32_t key;
    const char *name;
} KEYS[] = {
    {INPUT_ENTER, "Enter"},    {INPUT_TAB, "Tab"},       {INPUT_ESCAPE, "Escape"},
    {INPUT_UP, "Up"},          {INPUT_DOWN, "Down"},     {INPUT_LEFT, "Left"},
    {INPUT_RIGHT, "Right"},    {INPUT_PAGE_UP, "PgUp"},  {INPUT_PAGE_DOWN, "PgDn"},
    {INPUT_HOME, "Home"},      {INPUT_END, "End"},       {' ', "Space"},
    {INPUT_DELETE, "Delete"},  {INPUT_INSERT, "Insert"}, {INPUT_BACKSPACE, "Backspace"},
    {INPUT_BACK_TAB, "S-Tab"},
};

const char *input_key_name(uint32_t key, char *out, size_t size)
{
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
        if (KEYS[i].key == key) {
            snprintf(out, size, "%s", KEYS[i].name);
            return out;
        }
    char text[5] = "";
    if (key >= INPUT_F1 && key <= INPUT_F12)
        snprintf(out, size, "F%u", key - INPUT_F1 + 1);
    else if (key < 0x20)
        snprintf(out, size, "C-%c", (int)key + 0x60);
    else if (key < 0x110000 && !utf8_is_unsafe(key) && utf8_encode(text, key))
        snprintf(out, size, "%s", text);
    else
        snprintf(out, size, "?");
    return out;
}

uint32_t input_key_of_name(const char *name)
{
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
        if (strcmp(KEYS[i].name, name) == 0)
            return KEYS[i].key;
    if (name[0] == 'F' && name[1] >= '1' && name[1] <= '9') {
        int number = atoi(name + 1);
        return number <= 12 ? (uint32_t)(INPUT_F1 + number - 1) : 0;
    }
    if (name[0] == 'C' && name[1] == '-' && name[2] >= 'a' && name[2] <= 'z')
        return (uint32_t)name[2] - 0x60;
    size_t length = strlen(name);
    uint32_t key = 0;
    return length && utf8_decode(name, length, &key) == length ? key : 0;
}

/* Escape, then '[' or 'O', then digits and ';', then one final letter or '~'. Another Escape begins anew;
 * anything else than the two introducers ends the watch, for it is a key of its own. */
bool input_pieces_swallow(struct input_pieces *pieces, uint32_t key, int64_t now_mono_us)
{
    if (key == INPUT_ESCAPE) {
        pieces->state = PIECES_ESCAPE;
        pieces->escape_us = now_mono_us;
        return false;
    }
    if (now_mono_us - pieces->escape_us > INPUT_PIECES_MS * INT64_C(1000))
        pieces->state = PIECES_NONE;
    switch (pieces->state) {
    case PIECES_NONE:
        return false;
    case PIECES_ESCAPE:
        pieces->state = key == '[' || key == 'O' ? PIECES_SEQUENCE : PIECES_NONE;
        return pieces->state == PIECES_SEQUENCE;
    case PIECES_SEQUENCE:
        if ((key >= '0' && key <= '9') || key == ';' || key == '<' || key == '?')
            return true;
        pieces->state = PIECES_NONE;
        return key >= 0x40 && key <= 0x7E;
    }
    return false;
}
