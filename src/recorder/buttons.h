/* Buttons (setpoints with a pulse) that were pressed and, as far as the recorder knows, not let go: told as a fault and as
 * an alarm until one of the tag's presses has ended with a release, or the recorder is started again. Pure. */
#ifndef RECORDER_BUTTONS_H
#define RECORDER_BUTTONS_H

#include "plant/command.h"

#include <stddef.h>
#include <stdint.h>

#define BUTTONS_MAX 16

struct button {
    char tag[COMMAND_TEXT_MAX]; /* its name */
    uint64_t command;           /* the last that pressed it */
    char why[COMMAND_DETAIL_MAX];
};

/* Begins as zero bytes. */
struct buttons {
    struct button rows[BUTTONS_MAX]; /* the first that came */
    size_t count;
    uint64_t left_out; /* further ones: told of until the next start, for nothing says which were let go */
};

/* One more, or the same tag once more. */
void buttons_add(struct buttons *buttons, const char *tag, uint64_t command, const char *why);

/* It was let go. */
void buttons_remove(struct buttons *buttons, const char *tag);

#endif
