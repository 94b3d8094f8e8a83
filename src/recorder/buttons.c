#include "recorder/buttons.h"

#include <stdio.h>
#include <string.h>

static struct button *buttons_find(struct buttons *buttons, const char *tag)
{
    for (size_t i = 0; i < buttons->count; i++)
        if (!strcmp(buttons->rows[i].tag, tag))
            return &buttons->rows[i];
    return NULL;
}

void buttons_add(struct buttons *buttons, const char *tag, uint64_t command, const char *why)
{
    struct button *button = buttons_find(buttons, tag);
    if (!button && buttons->count == BUTTONS_MAX) {
        buttons->left_out++;
        return;
    }
    if (!button)
        button = &buttons->rows[buttons->count++];
    snprintf(button->tag, sizeof button->tag, "%s", tag);
    snprintf(button->why, sizeof button->why, "%s", why);
    button->command = command;
}

void buttons_remove(struct buttons *buttons, const char *tag)
{
    struct button *button = buttons_find(buttons, tag);
    if (!button)
        return;
    size_t behind = (size_t)(&buttons->rows[buttons->count] - button) - 1;
    memmove(button, button + 1, behind * sizeof *button);
    buttons->count--;
}
