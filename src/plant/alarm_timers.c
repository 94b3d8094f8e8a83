#include "plant/alarm_timers.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void alarm_timers_free(struct alarm_timers *timers)
{
    free(timers->heap);
    memset(timers, 0, sizeof *timers);
}

static void timers_put(struct alarm_timers *timers, size_t place, struct alarm_timer *timer)
{
    timers->heap[place - 1] = timer;
    timer->place = place;
}

/* Moves a timer up or down from a place that is free to where it belongs. */
static void timers_sift(struct alarm_timers *timers, size_t place, struct alarm_timer *timer)
{
    for (; place > 1 && timers->heap[place / 2 - 1]->due_us > timer->due_us; place /= 2)
        timers_put(timers, place, timers->heap[place / 2 - 1]);
    for (size_t child; (child = 2 * place) <= timers->count; place = child) {
        if (child < timers->count && timers->heap[child]->due_us < timers->heap[child - 1]->due_us)
            child++;
        if (timers->heap[child - 1]->due_us >= timer->due_us)
            break;
        timers_put(timers, place, timers->heap[child - 1]);
    }
    timers_put(timers, place, timer);
}

static void timers_remove(struct alarm_timers *timers, struct alarm_timer *timer)
{
    size_t place = timer->place;
    struct alarm_timer *last = timers->heap[--timers->count];
    timer->place = 0;
    if (last != timer)
        timers_sift(timers, place, last);
}

void alarm_timers_set(struct alarm_timers *timers, struct alarm_timer *timer, int64_t due_us)
{
    if (timer->place && timer->due_us == due_us)
        return;
    timer->due_us = due_us;
    if (due_us == ALARM_NEVER) {
        if (timer->place)
            timers_remove(timers, timer);
        return;
    }
    if (!timer->place) {
        timers->heap =
            mem_grow(timers->heap, &timers->capacity, timers->count + 1, sizeof(struct alarm_timer *));
        timer->place = ++timers->count;
    }
    timers_sift(timers, timer->place, timer);
}

void *alarm_timers_take(struct alarm_timers *timers, int64_t now_us)
{
    if (!timers->count || timers->heap[0]->due_us > now_us)
        return NULL;
    struct alarm_timer *timer = timers->heap[0];
    alarm_timers_set(timers, timer, ALARM_NEVER);
    return timer->owner;
}

int64_t alarm_timers_next_us(const struct alarm_timers *timers)
{
    return timers->count ? timers->heap[0]->due_us : ALARM_NEVER;
}
