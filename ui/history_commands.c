/* Commands of the history, as the recorder would tell of them. */
#include "ui/history_commands.h"

#include "base/mem.h"
#include "plant/command.h"
#include "ui/mirror.h"

#include <stdlib.h>
#include <string.h>

static enum command_state history_command_state(const char *outcome)
{
    for (int i = 0; i < COMMAND_STATES; i++)
        if (!strcmp(COMMAND_STATE_WORDS[i], outcome))
            return (enum command_state)i;
    return COMMAND_UNKNOWN; /* "under way": the mirror knows better, or the recorder has ended since */
}

static uint32_t history_command_value(const struct value *value, double *number, const char **text)
{
    *number = value->type == VALUE_NUMBER ? value->number : 0;
    *text = value->type == VALUE_TEXT ? value->text : NULL;
    return value->type;
}

static bool history_take_command(void *context, const struct query_command *row)
{
    struct history_result *result = context;
    bool foreign = row->outcome && !strcmp(row->outcome, COMMAND_STATE_WORDS[COMMAND_FOREIGN]);
    struct wire_command record = {
        .command = foreign ? COMMAND_FOREIGN_ID * 2 + row->id : row->id, /* no other has that number */
        .tag = row->tag_id,
        .tag_name = row->tag,
        .operator_name = row->operator_name,
        .station = row->station,
        .reason = row->reason,
        .detail = row->detail,
        .state = history_command_state(row->outcome ? row->outcome : ""),
        .asked_us = row->ts_us,
        .ms_journaled = -1,
        .ms_published = -1,
        .ms_broker = row->ms_broker,
        .ms_readback = row->ms_readback,
        .ms_ended = -1,
    };
    record.old_type = history_command_value(&row->old, &record.old_number, &record.old_text);
    record.new_type = history_command_value(&row->new, &record.new_number, &record.new_text);
    record.readback_type =
        history_command_value(&row->readback, &record.readback_number, &record.readback_text);
    mirror_keep(WIRE_COMMAND, &result->commands[result->command_count++], &record);
    return result->command_count < 2 * HISTORY_COMMANDS_MAX;
}

bool history_read_commands(struct query *query, struct history_result *result, struct err *err)
{
    result->commands = mem_new(2 * HISTORY_COMMANDS_MAX, sizeof *result->commands);
    return query_each_command(query, HISTORY_COMMANDS_MAX, history_take_command, result, err);
}

void history_free_commands(struct wire_command *commands, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mirror_drop(WIRE_COMMAND, &commands[i]);
    free(commands);
}
