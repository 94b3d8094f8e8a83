/* What waits for the program of `notify`: a bounded queue, the gravest first, and how often the program may run. Pure:
 * time is an argument. */
#ifndef RECORDER_ALARM_QUEUE_H
#define RECORDER_ALARM_QUEUE_H

#include "plant/tagdef.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALARM_QUEUE_MAX  64
#define ALARM_PACE_US    INT64_C(60000000) /* the span that `per_minute` is about */
#define ALARM_PER_MINUTE 60                /* most that may be allowed */

struct alarm_queue_item {
    enum alarm_priority priority;
    uint64_t order; /* rises with time */
    char *text;     /* owned */
};

/* Begins as zero bytes. */
struct alarm_queue {
    struct alarm_queue_item items[ALARM_QUEUE_MAX];
    size_t count;
    uint64_t last_order;
    uint64_t dropped;                    /* since the start */
    int64_t starts_us[ALARM_PER_MINUTE]; /* of the last runs, a ring; monotonic, 0: none yet */
    size_t next_start;
};

/* Forgets what waits. */
void alarm_queue_clear(struct alarm_queue *queue);

/* Whether one of that priority would be taken: there is room, or the least grave one that waits is less so. */
bool alarm_queue_has_room(const struct alarm_queue *queue, enum alarm_priority priority);

/* Takes the text over; where there is no room it, or the youngest of the least grave ones, is dropped and counted. */
void alarm_queue_put(struct alarm_queue *queue, enum alarm_priority priority, char *text);

/* The gravest, of equals the oldest, which the caller then owns; NULL: none waits. */
char *alarm_queue_take(struct alarm_queue *queue);

/* When the next run may begin with `per_minute` (1 to ALARM_PER_MINUTE) of them in any minute; monotonic. */
int64_t alarm_queue_due_us(const struct alarm_queue *queue, int per_minute);

/* A run begins. */
void alarm_queue_note_start(struct alarm_queue *queue, int64_t now_us);

#endif
