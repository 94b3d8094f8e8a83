#include "recorder/alarm_queue.h"

#include <stdlib.h>

void alarm_queue_clear(struct alarm_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++)
        free(queue->items[i].text);
    queue->count = 0;
}

/* The one that would be dropped: of the least grave the youngest. */
static size_t queue_find_least(const struct alarm_queue *queue)
{
    size_t least = 0;
    for (size_t i = 1; i < queue->count; i++) {
        const struct alarm_queue_item *item = &queue->items[i], *best = &queue->items[least];
        if (item->priority < best->priority ||
            (item->priority == best->priority && item->order > best->order))
            least = i;
    }
    return least;
}

bool alarm_queue_has_room(const struct alarm_queue *queue, enum alarm_priority priority)
{
    return queue->count < ALARM_QUEUE_MAX || queue->items[queue_find_least(queue)].priority < priority;
}

void alarm_queue_put(struct alarm_queue *queue, enum alarm_priority priority, char *text)
{
    size_t place = queue->count;
    if (!alarm_queue_has_room(queue, priority)) {
        queue->dropped++;
        free(text);
        return;
    }
    if (queue->count < ALARM_QUEUE_MAX) {
        queue->count++;
    } else {
        place = queue_find_least(queue);
        queue->dropped++;
        free(queue->items[place].text);
    }
    queue->items[place] =
        (struct alarm_queue_item){.priority = priority, .order = ++queue->last_order, .text = text};
}

char *alarm_queue_take(struct alarm_queue *queue)
{
    if (!queue->count)
        return NULL;
    size_t first = 0;
    for (size_t i = 1; i < queue->count; i++) {
        const struct alarm_queue_item *item = &queue->items[i], *best = &queue->items[first];
        if (item->priority > best->priority ||
            (item->priority == best->priority && item->order < best->order))
            first = i;
    }
    char *text = queue->items[first].text;
    queue->items[first] = queue->items[--queue->count];
    return text;
}

int64_t alarm_queue_due_us(const struct alarm_queue *queue, int per_minute)
{
    size_t place = (queue->next_start + ALARM_PER_MINUTE - (size_t)per_minute) % ALARM_PER_MINUTE;
    int64_t start_us = queue->starts_us[place];
    return start_us ? start_us + ALARM_PACE_US : 0;
}

void alarm_queue_note_start(struct alarm_queue *queue, int64_t now_us)
{
    queue->starts_us[queue->next_start] = now_us;
    queue->next_start = (queue->next_start + 1) % ALARM_PER_MINUTE;
}
