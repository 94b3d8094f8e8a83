#include "ui/command_list.h"

#include "base/mem.h"
#include "plant/command.h"
#include "ui/filter_words.h"
#include "ui/history_commands.h"
#include "ui/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char OUTCOME[] = "outcome:";

void command_list_init(struct command_list *list)
{
    *list = (struct command_list){0};
}

void command_list_free(struct command_list *list)
{
    history_free_commands(list->old, list->old_count);
    free(list->rows);
    command_list_init(list);
}

void command_list_take_old(struct command_list *list, struct wire_command *commands, size_t count)
{
    history_free_commands(list->old, list->old_count);
    list->old = commands;
    list->old_count = count;
    list->row_count = 0; /* they may have pointed to what was there */
    list->commands_changes = 0;
}

/* ---- the filter ---- */

static bool list_matches_word(const struct wire_command *command, const char *word, size_t length)
{
    const char *const texts[] = {
        command->tag_name, command->operator_name, command->station,  command->reason,
        command->detail,   command->answer,        command->new_text, COMMAND_STATE_WORDS[command->state]};
    size_t prefix = filter_words_prefix(word, length, OUTCOME);
    if (prefix)
        return filter_words_begins(COMMAND_STATE_WORDS[command->state], word + prefix, length - prefix);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (filter_words_contains(texts[i], word, length))
            return true;
    return false;
}

static bool list_matches(const struct wire_command *command, const char *filter)
{
    const char *word;
    for (size_t length; (length = filter_words_next(&filter, &word));)
        if (!list_matches_word(command, word, length))
            return false;
    return true;
}

const char *command_list_fault(const char *filter)
{
    const char *word;
    for (size_t length, prefix; (length = filter_words_next(&filter, &word));) {
        bool known = !(prefix = filter_words_prefix(word, length, OUTCOME));
        for (int i = 0; i < COMMAND_STATES && !known; i++)
            known = filter_words_begins(COMMAND_STATE_WORDS[i], word + prefix, length - prefix);
        if (!known)
            return "unknown outcome";
    }
    return "";
}

void command_list_set_filter(struct command_list *list, const char *filter)
{
    snprintf(list->filter, sizeof list->filter, "%s", filter);
    list->commands_changes = 0;
}

/* ---- the rows ---- */

static int list_compare(const void *a, const void *b)
{
    const struct wire_command *one = *(const struct wire_command *const *)a;
    const struct wire_command *two = *(const struct wire_command *const *)b;
    if (one->asked_us != two->asked_us)
        return one->asked_us > two->asked_us ? -1 : 1;
    return one->command > two->command ? -1 : one->command < two->command;
}

/* Whether the recorder tells of it, too. A foreign one has another number in the journal, and the same time. */
static bool list_is_told(const struct mirror *mirror, const struct wire_command *old)
{
    if (old->state != COMMAND_FOREIGN)
        return mirror_find_command(mirror, old->command) != NULL;
    for (size_t i = 0; i < mirror->command_count; i++)
        if (mirror->commands[i].state == COMMAND_FOREIGN && mirror->commands[i].asked_us == old->asked_us)
            return true;
    return false;
}

static void list_add(struct command_list *list, const struct wire_command *command)
{
    list->all_count++;
    list->pending += command->state < COMMAND_DONE;
    if (!list_matches(command, list->filter))
        return;
    list->rows = mem_grow(list->rows, &list->row_capacity, list->row_count + 1, sizeof *list->rows);
    list->rows[list->row_count++] = command;
}

/* Back on its command, at the same height of the screen; where that is gone, on what came to its place. */
static void list_find_cursor(struct command_list *list)
{
    size_t height = list->cursor >= list->top ? list->cursor - list->top : 0, i = 0;
    while (i < list->row_count && list->rows[i]->command != list->cursor_id)
        i++;
    if (!list->touched)
        list->cursor = height = 0;
    else if (i < list->row_count)
        list->cursor = i;
    else if (list->cursor >= list->row_count)
        list->cursor = list->row_count ? list->row_count - 1 : 0;
    list->top = list->cursor > height ? list->cursor - height : 0;
    list->cursor_id = list->row_count ? list->rows[list->cursor]->command : 0;
}

void command_list_update(struct command_list *list, const struct mirror *mirror)
{
    if (list->commands_changes == mirror->commands_changes + 1)
        return;
    list->commands_changes = mirror->commands_changes + 1;
    list->row_count = list->all_count = list->pending = 0;
    for (size_t i = 0; i < mirror->command_count; i++)
        list_add(list, &mirror->commands[i]);
    for (size_t i = 0; i < list->old_count; i++)
        if (!list_is_told(mirror, &list->old[i]))
            list_add(list, &list->old[i]);
    if (list->row_count)
        qsort(list->rows, list->row_count, sizeof(const struct wire_command *), list_compare);
    list_find_cursor(list);
}

/* ---- the cursor ---- */

const struct wire_command *command_list_current(const struct command_list *list)
{
    return list->cursor < list->row_count ? list->rows[list->cursor] : NULL;
}

void command_list_go(struct command_list *list, size_t row)
{
    list->cursor = row < list->row_count ? row : list->row_count ? list->row_count - 1 : 0;
    list->cursor_id = list->row_count ? list->rows[list->cursor]->command : 0;
    list->touched = true;
}

void command_list_move(struct command_list *list, long step)
{
    command_list_go(list, rows_step(list->cursor, step, list->row_count));
}

void command_list_scroll(struct command_list *list, size_t rows)
{
    list->top = rows_scroll(list->top, list->cursor, list->row_count, rows);
}
