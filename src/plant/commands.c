#include "plant/commands.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

void commands_free(struct commands *commands)
{
    for (size_t i = 0; i < COMMANDS_MAX; i++)
        free(commands->rows[i]);
    *commands = (struct commands){0};
}

void commands_note_move(struct commands *commands, uint32_t tag_id, double by, int64_t at_us)
{
    commands->moves[commands->move_next++ % COMMANDS_MOVES_MAX] =
        (struct commands_move){.tag_id = tag_id, .at_us = at_us, .by = by};
}

bool commands_have_room(const struct commands *commands, int64_t now_us)
{
    const struct commands_move *oldest = &commands->moves[commands->move_next % COMMANDS_MOVES_MAX];
    return commands->count < COMMANDS_MAX && (!oldest->tag_id || now_us - oldest->at_us >= COMMANDS_MOVE_US);
}

struct command *commands_add(struct commands *commands, const struct command *command, int64_t now_us)
{
    for (size_t i = 0; i < COMMANDS_MAX && commands_have_room(commands, now_us); i++) {
        if (commands->rows[i])
            continue;
        struct command *row = commands->rows[i] = mem_new(1, sizeof *row);
        *row = *command;
        row->state = COMMAND_CHECKED;
        row->changed = true;
        row->asked_us = now_us;
        row->due_us = now_us + row->timeout_us;
        commands->count++;
        if (row->old.type == VALUE_NUMBER && row->new.type == VALUE_NUMBER)
            commands_note_move(commands, row->tag_id, fabs(row->new.number - row->old.number), now_us);
        return row;
    }
    return NULL;
}

struct command *commands_by_tag(const struct commands *commands, uint32_t tag_id)
{
    for (size_t i = 0; i < COMMANDS_MAX && commands->count; i++)
        if (commands->rows[i] && commands->rows[i]->tag_id == tag_id)
            return commands->rows[i];
    return NULL;
}

struct command *commands_by_id(const struct commands *commands, uint64_t id)
{
    for (size_t i = 0; i < COMMANDS_MAX && commands->count; i++)
        if (commands->rows[i] && commands->rows[i]->id == id)
            return commands->rows[i];
    return NULL;
}

struct command *commands_next_unsent(const struct commands *commands)
{
    for (size_t i = 0; i < COMMANDS_MAX && commands->count; i++)
        if (commands->rows[i] && commands->rows[i]->state == COMMAND_JOURNALED)
            return commands->rows[i];
    return NULL;
}

struct command *commands_by_message(const struct commands *commands, int message_id)
{
    for (size_t i = 0; i < COMMANDS_MAX && commands->count; i++)
        if (commands->rows[i] && commands->rows[i]->published_us &&
            commands->rows[i]->message_id == message_id)
            return commands->rows[i];
    return NULL;
}

double commands_moved(const struct commands *commands, uint32_t tag_id, int64_t now_us)
{
    double sum = 0;
    for (size_t i = 0; i < COMMANDS_MOVES_MAX; i++) {
        const struct commands_move *move = &commands->moves[i];
        if (move->tag_id == tag_id && now_us - move->at_us < COMMANDS_MOVE_US)
            sum += move->by;
    }
    return sum;
}

void commands_read_back(struct commands *commands, uint32_t tag_id, const struct value *value, int64_t now_us)
{
    for (size_t i = 0; i < COMMANDS_MAX && commands->count; i++)
        if (commands->rows[i] && commands->rows[i]->readback_id == tag_id)
            command_read_back(commands->rows[i], value, now_us);
}

void commands_link_lost(struct commands *commands, int64_t now_us)
{
    for (size_t i = 0; i < COMMANDS_MAX && commands->count; i++) {
        struct command *command = commands->rows[i];
        if (!command)
            continue;
        command->release_us = command->release_due_us = 0;
        command_step(command, COMMAND_LOST, now_us, "the link was lost");
    }
}

size_t commands_withdraw(struct commands *commands, uint32_t holder, int64_t now_us, const char *why)
{
    size_t withdrawn = 0;
    for (size_t i = 0; i < COMMANDS_MAX && commands->count; i++)
        if (commands->rows[i] && commands->rows[i]->holder == holder)
            withdrawn += command_step(commands->rows[i], COMMAND_WITHDRAWN, now_us, why);
    return withdrawn;
}

void commands_tick(struct commands *commands, int64_t now_us)
{
    for (size_t i = 0; i < COMMANDS_MAX && commands->count; i++)
        if (commands->rows[i])
            command_expire(commands->rows[i], now_us);
}

int64_t commands_due_us(const struct commands *commands)
{
    int64_t due_us = INT64_MAX;
    for (size_t i = 0; i < COMMANDS_MAX && commands->count; i++) {
        const struct command *command = commands->rows[i];
        if (command && command->due_us && command->due_us < due_us)
            due_us = command->due_us;
        if (command && command->release_us && command->release_us < due_us)
            due_us = command->release_us;
        if (command && command->release_due_us && command->release_due_us < due_us)
            due_us = command->release_due_us;
    }
    return due_us;
}

struct command *commands_next_release(struct commands *commands, int64_t now_us)
{
    for (size_t i = 0; i < COMMANDS_MAX && commands->count; i++) {
        struct command *command = commands->rows[i];
        if (command && command->release_us && command->release_us <= now_us) {
            command->release_us = 0;
            return command;
        }
    }
    return NULL;
}

struct command *commands_by_release(const struct commands *commands, int message_id)
{
    for (size_t i = 0; i < COMMANDS_MAX && commands->count; i++)
        if (commands->rows[i] && commands->rows[i]->release_due_us &&
            commands->rows[i]->release_message_id == message_id)
            return commands->rows[i];
    return NULL;
}

struct command *commands_next_unreleased(struct commands *commands, int64_t now_us)
{
    for (size_t i = 0; i < COMMANDS_MAX && commands->count; i++) {
        struct command *command = commands->rows[i];
        if (command && command->release_due_us && command->release_due_us <= now_us) {
            command->release_due_us = 0;
            return command;
        }
    }
    return NULL;
}

struct command *commands_next_committed(struct commands *commands, uint64_t commits)
{
    for (size_t i = 0; i < COMMANDS_MAX && commands->count; i++) {
        struct command *command = commands->rows[i];
        if (command && command->end_commit && command->end_commit <= commits) {
            command->end_commit = 0;
            return command;
        }
    }
    return NULL;
}

struct command *commands_next_changed(struct commands *commands)
{
    for (size_t i = 0; i < COMMANDS_MAX && commands->count; i++) {
        struct command *command = commands->rows[i];
        if (command && command->changed) {
            command->changed = false;
            return command;
        }
    }
    return NULL;
}

void commands_sweep(struct commands *commands)
{
    for (size_t i = 0; i < COMMANDS_MAX && commands->count; i++) {
        struct command *command = commands->rows[i];
        if (!command || !command_is_ended(command) || command->changed || command->release_us ||
            command->release_due_us || command->end_commit)
            continue;
        free(command);
        commands->rows[i] = NULL;
        commands->count--;
    }
}
