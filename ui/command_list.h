/* The rows of the Commands screen: those that the recorder tells of and the older ones of the history, each once, the
 * newest first; which are shown, and where the cursor is. Pure: knows records, not how they are drawn.
 *
 * What must stay true: the cursor stays on its command while others come, and that row stays where it is on the screen;
 * until the operator has touched anything it stays on the first row.
 *
 * Pointers to commands are the mirror's or the list's own: call command_list_update() after the mirror changed and before
 * anything else. */
#ifndef UI_COMMAND_LIST_H
#define UI_COMMAND_LIST_H

#include "ui/mirror.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COMMAND_LIST_FILTER_MAX 256 /* bytes */

struct command_list {
    char filter[COMMAND_LIST_FILTER_MAX];
    const struct wire_command **rows;
    size_t row_count, row_capacity;
    size_t all_count;         /* without the filter */
    size_t pending;           /* of them, under way */
    size_t cursor, top;       /* rows; the first on the screen */
    uint64_t cursor_id;       /* the command that the cursor is on */
    bool touched;             /* by the operator */
    struct wire_command *old; /* of the history; owned */
    size_t old_count;
    uint64_t commands_changes; /* of the mirror, at the last update, plus 1 */
};

/* An empty list. Release with command_list_free(). */
void command_list_init(struct command_list *list);
void command_list_free(struct command_list *list);

/* Takes the commands of the history in the place of those that it had; they are its own then. */
void command_list_take_old(struct command_list *list, struct wire_command *commands, size_t count);

/* Brings the rows up to date. */
void command_list_update(struct command_list *list, const struct mirror *mirror);

/* Words that must all match: "outcome:WORD" looks at the outcome, any other word at all that is shown as text. */
void command_list_set_filter(struct command_list *list, const char *filter);

/* What is wrong with the filter, for a person; "" when nothing is. */
const char *command_list_fault(const char *filter);

/* The command under the cursor; NULL when there are none. */
const struct wire_command *command_list_current(const struct command_list *list);

/* Moves the cursor by `step` rows, or to a row. */
void command_list_move(struct command_list *list, long step);
void command_list_go(struct command_list *list, size_t row);

/* Makes the cursor visible on a screen of `rows` rows: sets `top`. */
void command_list_scroll(struct command_list *list, size_t rows);

#endif
