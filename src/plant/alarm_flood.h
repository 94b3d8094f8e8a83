/* Too many alarms at once, and one alarm too often (ISA-18.2, EEMUA 191): both look at the times of the last
 * few activations only. Times are monotonic, in µs, and never go back. */
#ifndef PLANT_ALARM_FLOOD_H
#define PLANT_ALARM_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

#define ALARM_FLOOD_SPAN_US   INT64_C(600000000) /* a flood: more than so many in so long a time */
#define ALARM_FLOOD_BEGINS    10
#define ALARM_FLOOD_ENDS      5                 /* it is over with fewer than so many */
#define ALARM_CHATTER_SPAN_US INT64_C(60000000) /* chattering: so many activations in so long a time */
#define ALARM_CHATTER_COUNT   3

/* Begins as zero bytes. */
struct alarm_flood {
    int64_t times_us[ALARM_FLOOD_BEGINS + 1]; /* a ring; 0: none yet */
    unsigned next;
    bool standing;
};

/* Notes an activation. True when a flood begins with it. */
bool alarm_flood_note(struct alarm_flood *flood, int64_t now_us);

/* When alarm_flood_end() is to be called; INT64_MAX: no flood stands. */
int64_t alarm_flood_due_us(const struct alarm_flood *flood);

/* True when the flood that stood is over. */
bool alarm_flood_end(struct alarm_flood *flood, int64_t now_us);

/* Begins as zero bytes. */
struct alarm_chatter {
    int64_t times_us[ALARM_CHATTER_COUNT];
    uint8_t next;
};

/* Notes an activation. When the alarm chatters: until when, with no further activation; else 0. */
int64_t alarm_chatter_note(struct alarm_chatter *chatter, int64_t now_us);

#endif
