/* The commands that are under way: one a tag, a bounded number in all. Owned by the recorder's loop, which tells what
 * happens (committed, sent, acknowledged, read back, link lost) and after each turn looks for those that changed:
 * commands_next_changed(). Pure; `now_us` is on the clock that never steps unless it says wall. */
#ifndef PLANT_COMMANDS_H
#define PLANT_COMMANDS_H

#include "plant/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COMMANDS_MAX       32 /* under way at once: more operators than stand before a plant */
#define COMMANDS_MOVES_MAX 256
#define COMMANDS_MOVE_US   (INT64_C(60) * 1000000)

/* How far a command moved a setpoint, to bound the sum over a minute. */
struct commands_move {
    uint32_t tag_id;
    int64_t at_us;
    double by;
};

struct commands {
    struct command *rows[COMMANDS_MAX]; /* owned; NULL: free */
    size_t count;
    struct commands_move moves[COMMANDS_MOVES_MAX]; /* a ring */
    size_t move_next;
};

/* Drops what is under way without a word: nothing is journalled or sent. All zero is none. */
void commands_free(struct commands *commands);

/* False: too many are under way, or were given within the last minute to keep the sum of each setpoint's moves. */
bool commands_have_room(const struct commands *commands, int64_t now_us);

/* A move of a command from before the start: it counts as those that are added. `at_us` may lie before the clock began. */
void commands_note_move(struct commands *commands, uint32_t tag_id, double by, int64_t at_us);

/* Takes a copy of a command that the gate let through, in the state COMMAND_CHECKED. NULL: there is no room. */
struct command *commands_add(struct commands *commands, const struct command *command, int64_t now_us);

/* The command under way for a tag, by its number, or by the message id of its publication; NULL: there is none. Valid
 * until the command is removed. */
struct command *commands_by_tag(const struct commands *commands, uint32_t tag_id);
struct command *commands_by_id(const struct commands *commands, uint64_t id);
struct command *commands_by_message(const struct commands *commands, int message_id);

/* The sum of what commands moved the tag's setpoint within the last minute. */
double commands_moved(const struct commands *commands, uint32_t tag_id, int64_t now_us);

/* A live value of Good quality arrived; cheap while no command is under way. */
void commands_read_back(struct commands *commands, uint32_t tag_id, const struct value *value,
                        int64_t now_us);

/* The broker is gone: what waits to be sent never is, what was sent is unknown; a pressed button is not let go, which is
 * to be told before. */
void commands_link_lost(struct commands *commands, int64_t now_us);

/* The console is gone, or its operator withdraws: what has not been sent is not sent any more. Returns how many those
 * were. */
size_t commands_withdraw(struct commands *commands, uint32_t holder, int64_t now_us, const char *why);

/* What has run out of time. When the next one will: commands_due_us(); INT64_MAX: none. */
void commands_tick(struct commands *commands, int64_t now_us);
int64_t commands_due_us(const struct commands *commands);

/* The next one that is on record and has not been sent; NULL: none. */
struct command *commands_next_unsent(const struct commands *commands);

/* A button whose time is over, to publish the release of; its mark is cleared. NULL: none. */
struct command *commands_next_release(struct commands *commands, int64_t now_us);

/* The one whose release that message was; NULL: none. */
struct command *commands_by_release(const struct commands *commands, int message_id);

/* A button whose release the broker has not acknowledged in time (INT64_MAX: yet); its mark is cleared. NULL: none. */
struct command *commands_next_unreleased(struct commands *commands, int64_t now_us);

/* The next command that changed since it was last given here; NULL: none. */
struct command *commands_next_changed(struct commands *commands);

/* The next one whose end has waited for one of the first `commits` commits, to tell of it; its mark is cleared. NULL:
 * none. */
struct command *commands_next_committed(struct commands *commands, uint64_t commits);

/* Frees those that have ended, have been told of (none waits for a commit), and have no button pressed or
 * on its way up. */
void commands_sweep(struct commands *commands);

#endif
