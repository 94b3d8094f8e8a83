#include "plant/alarm_chatter.h"

#include "plant/tally.h"

#define CHATTER_KEPT ALARM_CHATTER_BEGINS

static const struct tally CHATTER_TALLY = {
    .stretch_us = ALARM_CHATTER_SPAN_US / (ALARM_CHATTER_STRETCHES - 1), .count = ALARM_CHATTER_STRETCHES};

void alarm_chatter_note(struct alarm_chatter *chatter, int64_t now_us)
{
    tally_add(&CHATTER_TALLY, chatter->counters, &chatter->newest, now_us);
    chatter->times_us[chatter->next] = now_us;
    chatter->next = (uint8_t)((chatter->next + 1) % CHATTER_KEPT);
    int64_t first_us = chatter->times_us[chatter->next]; /* the last but two */
    chatter->standing |= first_us && now_us - first_us < ALARM_CHATTER_SPAN_US;
}

int64_t alarm_chatter_due_us(const struct alarm_chatter *chatter)
{
    unsigned last = (chatter->next + CHATTER_KEPT - 1u) % CHATTER_KEPT;
    return chatter->standing ? chatter->times_us[last] + ALARM_CHATTER_SPAN_US : INT64_MAX;
}

bool alarm_chatter_end(struct alarm_chatter *chatter, int64_t now_us)
{
    if (!chatter->standing || now_us < alarm_chatter_due_us(chatter))
        return false;
    chatter->standing = false;
    return true;
}

uint32_t alarm_chatter_rate(const struct alarm_chatter *chatter, int64_t now_us)
{
    return tally_sum(&CHATTER_TALLY, chatter->counters, chatter->newest, now_us);
}
