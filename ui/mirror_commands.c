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

const struct mirror_tag *mirror_tag_present(const struct mirror *mirror, const struct mirror_tag *tag)
{
    uint32_t id = tag->setpoint ? tag->setpoint->readback_tag : 0;
    const struct mirror_tag *readback = id ? mirror_find(mirror, id) : NULL;
    return readback ? readback : tag;
}

const struct mirror_tag *mirror_tag_giver(const struct mirror *mirror, const struct mirror_tag *tag)
{
    const struct mirror_tag *giver = NULL;
    if (tag->setpoint)
        return tag;
    for (size_t i = 0; i < mirror->tag_count; i++) {
        const struct wire_setpoint *setpoint = mirror->tags[i]->setpoint;
        if (!setpoint || setpoint->readback_tag != tag->id)
            continue;
        if (giver)
            return NULL;
        giver = mirror->tags[i];
    }
    return giver;
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

static void commands_remove(struct mirror *mirror, size_t index)
{
    mirror_drop(WIRE_COMMAND, &mirror->commands[index]);
    memmove(&mirror->commands[index], &mirror->commands[index + 1],
            (mirror->command_count - index - 1) * sizeof *mirror->commands);
    memset(&mirror->commands[--mirror->command_count], 0, sizeof *mirror->commands);
}

/* For one more of that state: as on the recorder's board, those that anybody can bring forth give way first to their
 * like, and those that are under way last. */
static void commands_make_room(struct mirror *mirror, enum command_state state)
{
    size_t cheap = 0, first_cheap = 0, first_ended = mirror->command_count;
    for (size_t i = mirror->command_count; i-- > 0;) {
        enum command_state other = (enum command_state)mirror->commands[i].state;
        if (command_state_is_cheap(other)) {
            cheap++;
            first_cheap = i;
        }
        if (other >= COMMAND_DONE)
            first_ended = i;
    }
    if (command_state_is_cheap(state) && cheap >= MIRROR_COMMANDS_CHEAP)
        commands_remove(mirror, first_cheap);
    else if (mirror->command_count == MIRROR_COMMANDS_MAX)
        commands_remove(mirror, first_ended < mirror->command_count ? first_ended : 0);
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
    if (!command)
        commands_make_room(mirror, (enum command_state)record->state);
    if (!command)
        command = &mirror->commands[mirror->command_count++];
    mirror_keep(WIRE_COMMAND, command, record);
    mirror->commands_changes++;
}

void mirror_free_commands(struct mirror *mirror)
{
    for (size_t i = 0; i < mirror->command_count; i++)
        mirror_drop(WIRE_COMMAND, &mirror->commands[i]);
    mirror->command_count = 0;
    mirror->commands_changes++;
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
