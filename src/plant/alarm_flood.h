/* Too many alarms at once (ISA-18.2, EEMUA 191): when that begins and ends, and how many there are. Looks at the
 * times of the last few activations only. Times are monotonic, in µs, and never go back; those of a restart begin
 * ALARM_FLOOD_SPAN_US before now, which may be below zero. */
#ifndef PLANT_ALARM_FLOOD_H
#define PLANT_ALARM_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

#define ALARM_FLOOD_SPAN_US   INT64_C(600000000) /* a flood: more than so many in so long a time */
#define ALARM_FLOOD_BEGINS    10
#define ALARM_FLOOD_ENDS      5  /* it is over with fewer than so many */
#define ALARM_FLOOD_STRETCHES 61 /* of ten seconds: those of the count */

/* Begins as zero bytes. */
struct alarm_flood {
    int64_t times_us[ALARM_FLOOD_BEGINS + 1]; /* a ring; 0: none yet */
    unsigned next;
    bool standing;
    uint32_t counters[ALARM_FLOOD_STRETCHES]; /* plant/tally.h */
    int64_t newest;
};

/* Notes an activation. True when a flood begins with it. */
bool alarm_flood_note(struct alarm_flood *flood, int64_t now_us);

/* When alarm_flood_end() is to be called; INT64_MAX: no flood stands. */
int64_t alarm_flood_due_us(const struct alarm_flood *flood);

/* True when the flood that stood is over. */
bool alarm_flood_end(struct alarm_flood *flood, int64_t now_us);

/* How many there were in the last ten minutes, and up to ten seconds before: never fewer than there were. */
uint32_t alarm_flood_count(const struct alarm_flood *flood, int64_t now_us);

#endif
