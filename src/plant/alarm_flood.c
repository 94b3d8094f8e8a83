#include "plant/alarm_flood.h"

#include "plant/tally.h"

#define FLOOD_KEPT (ALARM_FLOOD_BEGINS + 1)

/* Times are kept so much later: those that a restart brings back may be from before the machine's own start, where its clock
 * begins with zero. */
#define FLOOD_SHIFT_US ALARM_FLOOD_SPAN_US

static const struct tally FLOOD_TALLY = {.stretch_us = ALARM_FLOOD_SPAN_US / (ALARM_FLOOD_STRETCHES - 1),
                                         .count = ALARM_FLOOD_STRETCHES};

/* When the n-th last activation was, shifted, n from 1 to FLOOD_KEPT; 0: never, which is long past. */
static int64_t flood_time(const struct alarm_flood *flood, unsigned n)
{
    return flood->times_us[(flood->next + FLOOD_KEPT - n) % FLOOD_KEPT];
}

bool alarm_flood_note(struct alarm_flood *flood, int64_t now_us)
{
    now_us += FLOOD_SHIFT_US;
    tally_add(&FLOOD_TALLY, flood->counters, &flood->newest, now_us);
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
    return flood->standing ? flood_time(flood, ALARM_FLOOD_ENDS) + ALARM_FLOOD_SPAN_US - FLOOD_SHIFT_US
                           : INT64_MAX;
}

bool alarm_flood_end(struct alarm_flood *flood, int64_t now_us)
{
    if (!flood->standing || now_us < alarm_flood_due_us(flood))
        return false;
    flood->standing = false;
    return true;
}

uint32_t alarm_flood_count(const struct alarm_flood *flood, int64_t now_us)
{
    return tally_sum(&FLOOD_TALLY, flood->counters, flood->newest, now_us + FLOOD_SHIFT_US);
}
