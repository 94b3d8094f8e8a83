/* Timers of many alarms: a binary heap by due time, so that nobody walks through all of them each second. */
#ifndef PLANT_ALARM_TIMERS_H
#define PLANT_ALARM_TIMERS_H

#include <stddef.h>
#include <stdint.h>

#define ALARM_NEVER INT64_MAX

/* One place in the heap, part of its owner. */
struct alarm_timer {
    int64_t due_us; /* monotonic; only alarm_timers_set() changes it */
    size_t place;   /* in the heap, from 1; 0: it is not in there */
    void *owner;
};

/* Begins as zero bytes. */
struct alarm_timers {
    struct alarm_timer **heap;
    size_t count, capacity;
};

/* Releases the heap, not the timers. */
void alarm_timers_free(struct alarm_timers *timers);

/* Sets, moves or (ALARM_NEVER) ends a timer. */
void alarm_timers_set(struct alarm_timers *timers, struct alarm_timer *timer, int64_t due_us);

/* The owner of the earliest timer that is due, whose timer is ended; NULL when none is. */
void *alarm_timers_take(struct alarm_timers *timers, int64_t now_us);

/* When the earliest is due. */
int64_t alarm_timers_next_us(const struct alarm_timers *timers);

#endif
