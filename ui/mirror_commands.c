/* Commands and setpoints of the mirror, and who gives them. */
#include "ui/mirror_internal.h"

#include "base/mem.h"
#include "plant/command.h"

#include <stdlib.h>
#include <string.h>

const struct wire_command *mirror_find_command(const struct mirror *mirror, uint64_t id)
{
    for (size_t i = 0; i < mirror->command_count; i++)
        if (mirror->commands[i].command == id)
            return &mirror->commands[i];
    return NULL;
}

const struct wire_reservation *mirror_find_reservation(const struct mirror *mirror, uint32_t tag)
{
    for (size_t i = 0; i < mirror->reservation_count; i++)
        if (mirror->reservations[i].tag == tag)
            return &mirror->reservations[i];
    return NULL;
}

void mirror_mark_reservations(struct mirror *mirror, bool edited)
{
    for (size_t i = 0; i < mirror->reservation_count; i++) {
        struct mirror_tag *tag = mirror_find(mirror, mirror->reservations[i].tag);
        if (!tag)
            continue;
        tag->edited = edited;
        mirror_tag_changed(mirror, tag);
    }
}

/* Numbers that are used as indexes come from outside. */
static bool commands_is_sound(const struct wire_command *record)
{
    return record->state < COMMAND_STATES && record->old_type <= VALUE_TEXT &&
           record->new_type <= VALUE_TEXT && record->readback_type <= VALUE_TEXT;
}

void mirror_take_command(struct mirror *mirror, const void *data)
{
    const struct wire_command *record = data;
    struct wire_command *command = NULL;
    for (size_t i = 0; i < mirror->command_count && !command; i++)
        if (mirror->commands[i].command == record->command)
            command = &mirror->commands[i];
    if (!commands_is_sound(record))
        return;
    if (!command && mirror->command_count == MIRROR_COMMANDS_MAX) {
        mirror_drop(WIRE_COMMAND, &mirror->commands[0]);
        memmove(&mirror->commands[0], &mirror->commands[1],
                (MIRROR_COMMANDS_MAX - 1) * sizeof *mirror->commands);
        memset(&mirror->commands[--mirror->command_count], 0, sizeof *mirror->commands);
    }
    if (!command)
        command = &mirror->commands[mirror->command_count++];
    mirror_keep(WIRE_COMMAND, command, record);
}

void mirror_free_commands(struct mirror *mirror)
{
    for (size_t i = 0; i < mirror->command_count; i++)
        mirror_drop(WIRE_COMMAND, &mirror->commands[i]);
    mirror->command_count = 0;
}

void mirror_take_setpoint(struct mirror *mirror, const void *data)
{
    const struct wire_setpoint *record = data;
    struct mirror_tag *tag = mirror_find(mirror, record->tag);
    if (!tag || !tag->writable || record->role > ROLE_ENGINEER)
        return;
    if (!tag->setpoint)
        tag->setpoint = mem_new(1, sizeof *tag->setpoint);
    mirror_keep(WIRE_SETPOINT, tag->setpoint, record);
    mirror_tag_changed(mirror, tag);
}

void mirror_drop_setpoint(struct mirror_tag *tag)
{
    if (tag->setpoint)
        mirror_drop(WIRE_SETPOINT, tag->setpoint);
    free(tag->setpoint);
    tag->setpoint = NULL;
}
