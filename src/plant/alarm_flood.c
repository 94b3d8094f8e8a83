#include "plant/alarm_flood.h"

#define FLOOD_KEPT (ALARM_FLOOD_BEGINS + 1)

/* When the n-th last activation was, n from 1 to FLOOD_KEPT; 0: never. */
static int64_t flood_time(const struct alarm_flood *flood, unsigned n)
{
    return flood->times_us[(flood->next + FLOOD_KEPT - n) % FLOOD_KEPT];
}

bool alarm_flood_note(struct alarm_flood *flood, int64_t now_us)
{
    flood->times_us[flood->next] = now_us;
    flood->next = (flood->next + 1) % FLOOD_KEPT;
    int64_t first_us = flood_time(flood, FLOOD_KEPT);
    if (flood->standing || !first_us || now_us - first_us >= ALARM_FLOOD_SPAN_US)
        return false;
    flood->standing = true;
    return true;
}

int64_t alarm_flood_due_us(const struct alarm_flood *flood)
{
    return flood->standing ? flood_time(flood, ALARM_FLOOD_ENDS) + ALARM_FLOOD_SPAN_US : INT64_MAX;
}

bool alarm_flood_end(struct alarm_flood *flood, int64_t now_us)
{
    if (!flood->standing || now_us < alarm_flood_due_us(flood))
        return false;
    flood->standing = false;
    return true;
}

int64_t alarm_chatter_note(struct alarm_chatter *chatter, int64_t now_us)
{
    chatter->times_us[chatter->next] = now_us;
    chatter->next = (uint8_t)((chatter->next + 1) % ALARM_CHATTER_COUNT);
    int64_t first_us = chatter->times_us[chatter->next];
    bool chatters = first_us && now_us - first_us < ALARM_CHATTER_SPAN_US;
    return chatters ? first_us + ALARM_CHATTER_SPAN_US : 0;
}
