/* What consoles may be shown of the alarms: where each stood when it was last committed. So nobody acts on an
 * alarm that a power cut could still take back. */
#ifndef RECORDER_ALARM_BOARD_H
#define RECORDER_ALARM_BOARD_H

#include "plant/alarm.h"
#include "plant/batch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct alarm_shown {
    struct alarm_status status;
    struct alarm_texts texts;
    bool changed; /* is in board.changed */
};

/* Told of each alarm that is shown another way than before. */
typedef void alarm_board_function(void *context, uint32_t id, const struct alarm_status *before,
                                  const struct alarm_status *after);

/* Begins as zero bytes. */
struct alarm_board {
    alarm_board_function *moved; /* NULL: nobody wants to know */
    void *moved_context;
    struct alarm_shown **shown; /* by alarm id; NULL: normal ever since the start */
    size_t count, capacity;
    uint32_t *changed; /* ids that changed since alarm_board_take_changed() */
    size_t changed_count, changed_capacity;
    size_t standing; /* neither normal nor withheld */
    size_t waiting;  /* of them those that nobody has acknowledged */
    size_t withheld;
};

/* All zero is empty. */
void alarm_board_free(struct alarm_board *board);

/* Takes what a committed batch says. */
void alarm_board_take(struct alarm_board *board, const struct batch *batch);

/* Takes all alarms as they are now: at the start, and while the disk is away, for operators must see the plant. */
void alarm_board_refresh(struct alarm_board *board, const struct alarms *alarms);

/* NULL: it is normal. */
const struct alarm_shown *alarm_board_find(const struct alarm_board *board, uint32_t id);

/* Whether it is one that consoles hear of: anything but normal. */
bool alarm_board_is_standing(const struct alarm_board *board, uint32_t id);

/* Ids that changed since the last call; the list is valid until the next change. */
size_t alarm_board_take_changed(struct alarm_board *board, const uint32_t **ids);

#endif
