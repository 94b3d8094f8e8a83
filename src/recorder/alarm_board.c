#include "recorder/alarm_board.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void alarm_board_free(struct alarm_board *board)
{
    for (size_t i = 0; i < board->count; i++)
        free(board->shown[i]);
    free(board->shown);
    free(board->changed);
    memset(board, 0, sizeof *board);
}

static struct alarm_shown *board_of(struct alarm_board *board, uint32_t id)
{
    while (board->count <= id) {
        board->shown = mem_grow(board->shown, &board->capacity, id + 1ul, sizeof(struct alarm_shown *));
        while (board->count < board->capacity)
            board->shown[board->count++] = NULL;
    }
    if (!board->shown[id]) {
        board->shown[id] = mem_new(1, sizeof *board->shown[id]);
        board->shown[id]->status.state = ALARM_NORMAL;
    }
    return board->shown[id];
}

static void board_count(struct alarm_board *board, enum alarm_state state, size_t step)
{
    bool withheld = alarm_state_is_withheld(state);
    board->withheld += withheld ? step : 0;
    board->standing += state != ALARM_NORMAL && !withheld ? step : 0;
    board->waiting += alarm_state_waits(state) ? step : 0;
}

static void board_put(struct alarm_board *board, uint32_t id, const struct alarm_status *status,
                      const struct alarm_texts *texts)
{
    struct alarm_shown *shown = board_of(board, id);
    if (status->sequence <= shown->status.sequence && shown->status.sequence)
        return; /* older than what is shown: a batch that had to wait */
    struct alarm_status before = shown->status;
    board_count(board, before.state, (size_t)-1);
    shown->status = *status;
    shown->texts = *texts;
    board_count(board, shown->status.state, 1);
    if (board->moved)
        board->moved(board->moved_context, id, &before, status);
    if (shown->changed)
        return;
    shown->changed = true;
    board->changed =
        mem_grow(board->changed, &board->changed_capacity, board->changed_count + 1, sizeof *board->changed);
    board->changed[board->changed_count++] = id;
}

void alarm_board_take(struct alarm_board *board, const struct batch *batch)
{
    for (size_t i = 0; i < batch->alarm_count; i++)
        board_put(board, batch->alarms[i].alarm_id, &batch->alarms[i].status, &batch->alarms[i].texts);
}

void alarm_board_refresh(struct alarm_board *board, const struct alarms *alarms)
{
    for (size_t i = 0; i < alarms->count; i++) {
        const struct alarm *alarm = alarms->list[i];
        if (alarm->status.sequence || alarm->status.state != ALARM_NORMAL)
            board_put(board, alarm->id, &alarm->status, alarm_texts(alarm));
    }
}

const struct alarm_shown *alarm_board_find(const struct alarm_board *board, uint32_t id)
{
    return id < board->count ? board->shown[id] : NULL;
}

bool alarm_board_is_standing(const struct alarm_board *board, uint32_t id)
{
    const struct alarm_shown *shown = alarm_board_find(board, id);
    return shown && shown->status.state != ALARM_NORMAL;
}

size_t alarm_board_take_changed(struct alarm_board *board, const uint32_t **ids)
{
    size_t count = board->changed_count;
    for (size_t i = 0; i < count; i++)
        board->shown[board->changed[i]]->changed = false;
    board->changed_count = 0;
    *ids = board->changed;
    return count;
}
