#include "recorder/recorder_answers.h"

#include "recorder/recorder_commands.h"

#include <string.h>

/* The command that is answered: under way, or one of the last; NULL: none that may be answered. */
static struct command *answers_find(struct recorder *recorder, const struct mqtt_message *message)
{
    uint64_t id = answers_find_command(&recorder->answers, message->correlation, message->correlation_length);
    if (!id || message->retained)
        return NULL;
    struct command *command = commands_by_id(&recorder->commands, id);
    return command ? command : command_board_find(&recorder->command_board, id);
}

bool recorder_answers_take(struct recorder *recorder, const struct mqtt_message *message)
{
    if (strcmp(message->topic, recorder->answers.topic) != 0)
        return false;
    struct command *command = answers_find(recorder, message);
    if (!command || !command_answer(command, (const char *)message->payload, message->length)) {
        recorder->status.wire.stray_answers++;
        return true;
    }
    recorder_commands_note(recorder, "answered", command, command->answer);
    if (!command->end_commit) /* else it is shown with its end, once that is on record */
        command_board_put(&recorder->command_board, command);
    return true;
}
