/* Between the files about commands in the recorder's loop: entries in the journal, and publishing. */
#ifndef RECORDER_RECORDER_COMMANDS_INTERNAL_H
#define RECORDER_RECORDER_COMMANDS_INTERNAL_H

#include "recorder/recorder_commands.h"

/* An entry, for the next commit. */
struct commands_entry {
    enum journal_kind kind;
    const char *event; /* a literal */
    const char *tag, *operator_name, *station, *detail;
    const struct command_record *record;
};
void recorder_commands_enter(struct recorder *recorder, const struct commands_entry *entry);

/* What came of letting a button go; `event` is a literal. */
void recorder_commands_note_release(struct recorder *recorder, const char *event,
                                    const struct command *command, const char *detail);

/* Samples of a tag that its value followed. */
static inline uint64_t recorder_commands_samples(const struct tag *tag)
{
    return tag->samples - tag->late_samples;
}

/* The tag of a command that the gate let through. */
const struct tag *recorder_commands_tag(const struct recorder *recorder, const struct command *command);

/* Queues the setpoint's payload with this value. False: it cannot leave; `prompt`: not at once. */
bool recorder_commands_publish(struct recorder *recorder, const struct command *command,
                               const struct value *value, bool prompt, int *message_id, struct err *err);

/* Shows what is no command of ours: what was refused, what others published. */
void recorder_commands_show_other(struct recorder *recorder, struct command *command,
                                  enum command_state state, const char *detail);

#endif
