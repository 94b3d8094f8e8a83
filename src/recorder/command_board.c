#include "recorder/command_board.h"

#include "wire/wire.h"

#include <stdio.h>

struct command *command_board_find(struct command_board *board, uint64_t id)
{
    for (size_t i = 0; i < COMMAND_BOARD_MAX; i++)
        if (board->rows[i].sequence && board->rows[i].command.id == id)
            return &board->rows[i].command;
    return NULL;
}

/* Whether this row gives way before that one; free ones first, those that are under way last. */
static bool board_gives_way(const struct command_shown *row, const struct command_shown *other)
{
    bool under_way = row->sequence && !command_is_ended(&row->command);
    bool other_under_way = other->sequence && !command_is_ended(&other->command);
    return under_way != other_under_way ? other_under_way : row->sequence < other->sequence;
}

static struct command_shown *board_place(struct command_board *board, const struct command *command)
{
    struct command_shown *place = &board->rows[0], *cheap = NULL;
    size_t cheap_count = 0;
    for (size_t i = 0; i < COMMAND_BOARD_MAX; i++) {
        struct command_shown *row = &board->rows[i];
        if (row->sequence && row->command.id == command->id)
            return row;
        if (board_gives_way(row, place))
            place = row;
        if (!row->sequence || !command_state_is_cheap(row->command.state))
            continue;
        cheap_count++;
        if (!cheap || row->sequence < cheap->sequence)
            cheap = row;
    }
    return command_state_is_cheap(command->state) && cheap_count >= COMMAND_BOARD_CHEAP ? cheap : place;
}

void command_board_put(struct command_board *board, const struct command *command)
{
    struct command_shown *place = board_place(board, command);
    if (&place->command != command)
        place->command = *command;
    place->sequence = ++board->sequence;
}

/* The change that follows the mark; NULL: there is none. */
static const struct command_shown *board_next(const struct command_board *board, uint64_t mark)
{
    const struct command_shown *next = NULL;
    for (size_t i = 0; i < COMMAND_BOARD_MAX; i++) {
        const struct command_shown *shown = &board->rows[i];
        if (shown->sequence > mark && (!next || shown->sequence < next->sequence))
            next = shown;
    }
    return next;
}

static void board_add(struct wire_writer *writer, const struct command *command, const struct plant *plant)
{
    char detail[2 * COMMAND_DETAIL_MAX + 2];
    snprintf(detail, sizeof detail, "%s%s%s", command->detail,
             *command->detail && *command->release_detail ? "; " : "", command->release_detail);
    const struct wire_command record = {
        .command = command->id,
        .tag = command->tag_id,
        .tag_name = command->tag_id ? plant->tags[command->tag_index]->def.name : "",
        .operator_name = command->operator_name,
        .station = command->station,
        .reason = command->reason,
        .old_type = command->old.type,
        .old_number = command->old.number,
        .old_text = command->old.text,
        .new_type = command->new.type,
        .new_number = command->new.number,
        .new_text = command->new.text,
        .readback_type = command->readback.type,
        .readback_number = command->readback.number,
        .readback_text = command->readback.text,
        .state = command->state,
        .detail = detail,
        .asked_us = command->ts_us,
        .ms_journaled = command_stage_ms(command, command->journaled_us),
        .ms_published = command_stage_ms(command, command->published_us),
        .ms_broker = command_stage_ms(command, command->acknowledged_us),
        .ms_readback = command_stage_ms(command, command->readback_us),
        .ms_ended = command_stage_ms(command, command->ended_us),
        .answer = command->answer,
    };
    wire_add_record(writer, &record);
}

void command_board_encode(const struct command_board *board, const struct plant *plant, uint64_t *mark,
                          struct buf *out)
{
    const struct command_shown *next = board_next(board, *mark);
    if (!next)
        return;
    struct wire_writer writer = wire_begin(out, WIRE_COMMAND);
    for (; next; next = board_next(board, *mark)) {
        board_add(&writer, &next->command, plant);
        *mark = next->sequence;
    }
    wire_end(&writer);
}
