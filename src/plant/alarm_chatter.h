/* One alarm that comes and goes too often: it chatters from the third activation within a minute (ISA-18.2) until
 * a minute has passed without any, so that it does not go in and out of chattering itself. Looks at the
 * times of the last few activations only. Times are monotonic, in µs, and never go back. */
#ifndef PLANT_ALARM_CHATTER_H
#define PLANT_ALARM_CHATTER_H

#include <stdbool.h>
#include <stdint.h>

#define ALARM_CHATTER_SPAN_US   INT64_C(60000000) /* so many activations in so long a time */
#define ALARM_CHATTER_BEGINS    3
#define ALARM_CHATTER_STRETCHES 7 /* of ten seconds: those of the rate */

/* Begins as zero bytes; of an alarm that chattered when the file was written, with `standing`. */
struct alarm_chatter {
    int64_t times_us[ALARM_CHATTER_BEGINS]; /* a ring; 0: none yet */
    uint8_t next;
    bool standing;
    uint32_t counters[ALARM_CHATTER_STRETCHES]; /* plant/tally.h */
    int64_t newest;
};

/* Notes an activation. */
void alarm_chatter_note(struct alarm_chatter *chatter, int64_t now_us);

/* When alarm_chatter_end() is to be called; INT64_MAX: it does not chatter. */
int64_t alarm_chatter_due_us(const struct alarm_chatter *chatter);

/* True when it chattered and does no more. */
bool alarm_chatter_end(struct alarm_chatter *chatter, int64_t now_us);

/* Activations in the last minute, and up to ten seconds before: never fewer than there were. */
uint32_t alarm_chatter_rate(const struct alarm_chatter *chatter, int64_t now_us);

#endif
