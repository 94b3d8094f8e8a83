#include "recorder/recorder_buttons.h"

#include "base/log.h"
#include "recorder/recorder_commands_internal.h"

#include <stdio.h>

static bool buttons_was_pressed(const struct command *command)
{
    return command->state != COMMAND_UNREACHED && command->state != COMMAND_REJECTED;
}

void recorder_buttons_tell(struct recorder *recorder, const char *tag, uint64_t command, const char *why)
{
    log_error("%s: the button may stand pressed: %s; look at the plant", tag, why);
    buttons_add(&recorder->buttons, tag, command, why);
    recorder->status_due = true;
}

/* What came of letting it go; `why` not, NULL: it was let go. */
static void buttons_end(struct recorder *recorder, struct command *command, const char *why)
{
    const char *tag = recorder_commands_tag(recorder, command)->def.name;
    command->release_us = command->release_due_us = 0;
    if (why && !buttons_was_pressed(command)) {
        recorder_commands_note_release(recorder, COMMAND_EVENT_RELEASED, command,
                                       "the press had reached nobody");
    } else if (why) {
        recorder_commands_note_release(recorder, COMMAND_EVENT_NOT_RELEASED, command, why);
        snprintf(command->release_detail, sizeof command->release_detail, "%s%s", COMMAND_NOT_RELEASED, why);
        command->changed = true;
        recorder_buttons_tell(recorder, tag, command->id, why);
    } else {
        recorder_commands_note_release(recorder, COMMAND_EVENT_RELEASED, command, NULL);
        buttons_remove(&recorder->buttons, tag);
        recorder->status_due = true;
    }
}

void recorder_buttons_let_go(struct recorder *recorder, int64_t now_us)
{
    const struct value zero = {.type = VALUE_NUMBER};
    struct command *command;
    while ((command = commands_next_release(&recorder->commands, now_us))) {
        struct err err = {0};
        if (recorder_commands_publish(recorder, command, &zero, false, &command->release_message_id, &err))
            command->release_due_us = recorder->time.mono_us + command->timeout_us;
        else
            buttons_end(recorder, command, err.text);
    }
}

bool recorder_buttons_published(struct recorder *recorder, int message_id, int reason_code,
                                const char *reason)
{
    struct command *command = commands_by_release(&recorder->commands, message_id);
    if (!command)
        return false;
    enum command_event event = command_broker_event(reason_code);
    buttons_end(recorder, command,
                event == COMMAND_BROKER_NO      ? reason
                : event == COMMAND_BROKER_ALONE ? "nobody listens on its topic any more"
                                                : NULL);
    return true;
}

void recorder_buttons_tick(struct recorder *recorder)
{
    struct command *command;
    while ((command = commands_next_unreleased(&recorder->commands, recorder->time.mono_us)))
        buttons_end(recorder, command, "the broker did not acknowledge it");
}

void recorder_buttons_lost(struct recorder *recorder)
{
    struct command *command;
    while ((command = commands_next_unreleased(&recorder->commands, INT64_MAX)))
        buttons_end(recorder, command, "the link was lost before the broker acknowledged it");
    while ((command = commands_next_release(&recorder->commands, INT64_MAX)))
        buttons_end(recorder, command, "the link was lost");
}

void recorder_buttons_stop(struct recorder *recorder)
{
    struct command *command;
    recorder_buttons_let_go(recorder, INT64_MAX);
    while ((command = commands_next_unreleased(&recorder->commands, INT64_MAX)))
        recorder_commands_note_release(recorder, COMMAND_EVENT_RELEASED, command,
                                       "the recorder stops and does not wait for the broker's word");
}
