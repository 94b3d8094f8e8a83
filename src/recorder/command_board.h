/* The commands, what was refused and what others published, as consoles are told of them: the last ones, each with a sequence number that rises with every change, so
 * that a console gets those that have changed since it was last served. */
#ifndef RECORDER_COMMAND_BOARD_H
#define RECORDER_COMMAND_BOARD_H

#include "base/buf.h"
#include "plant/command.h"
#include "plant/plant.h"

#include <stddef.h>
#include <stdint.h>

#define COMMAND_BOARD_MAX 64
#define COMMAND_BOARD_CHEAP                                                                                  \
    24 /* of them, refused and foreign ones: a flood of those leaves room for the others */

struct command_shown {
    struct command command;
    uint64_t sequence; /* 0: free */
};

struct command_board {
    struct command_shown rows[COMMAND_BOARD_MAX];
    uint64_t sequence; /* of the last change */
};

/* Shows a copy of the command as it is now. Where it is not there yet it takes the place of the oldest one that has come
 * to its end. */
void command_board_put(struct command_board *board, const struct command *command);

/* One that is shown; NULL: it is none of the last. It may be changed, and put again. */
struct command *command_board_find(struct command_board *board, uint64_t id);

/* Appends a frame of the commands that changed after *mark, oldest change first, and moves the mark on. */
void command_board_encode(const struct command_board *board, const struct plant *plant, uint64_t *mark,
                          struct buf *out);

#endif
