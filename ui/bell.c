#include "ui/bell.h"

#include "base/clock.h"

/* How soon it rings again; 0: not by itself. */
static const int64_t BELL_REPEATS_US[] = {
    [PRIORITY_JOURNAL] = 0,
    [PRIORITY_LOW] = 120 * CLOCK_US_PER_SECOND,
    [PRIORITY_MEDIUM] = 60 * CLOCK_US_PER_SECOND,
    [PRIORITY_HIGH] = 20 * CLOCK_US_PER_SECOND,
    [PRIORITY_CRITICAL] = 5 * CLOCK_US_PER_SECOND,
};

static enum alarm_priority bell_gravest(const struct alarm_banner *banner)
{
    int priority = PRIORITY_CRITICAL;
    while (priority > PRIORITY_JOURNAL && !banner->waiting[priority])
        priority--;
    return (enum alarm_priority)priority;
}

/* Hears of alarms that have begun to wait. */
static void bell_hear(struct bell *bell, const struct mirror *mirror)
{
    for (int i = PRIORITY_LOW; i <= PRIORITY_CRITICAL; i++) {
        if (bell->called[i] == mirror->alarm_calls[i])
            continue;
        bell->called[i] = mirror->alarm_calls[i];
        bell->news = true;
        if (i > PRIORITY_LOW)
            bell->silent_until_us = 0;
    }
}

int64_t bell_due_us(const struct bell *bell)
{
    if (bell->gravest == PRIORITY_JOURNAL)
        return BELL_NEVER;
    int64_t due_us = bell->rung_us + (bell->news ? BELL_GAP_US : BELL_REPEATS_US[bell->gravest]);
    return due_us > bell->silent_until_us ? due_us : bell->silent_until_us;
}

bool bell_step(struct bell *bell, const struct mirror *mirror, const struct alarm_banner *banner,
               int64_t now_us)
{
    bell_hear(bell, mirror);
    bell->gravest = bell_gravest(banner);
    if (bell->gravest == PRIORITY_JOURNAL) { /* all is acknowledged: what comes next is new */
        bell->news = false;
        bell->silent_until_us = 0;
    }
    if (bell_due_us(bell) > now_us)
        return false;
    bell->rung_us = now_us;
    bell->news = false;
    return true;
}

bool bell_toggle_silence(struct bell *bell, int64_t now_us)
{
    bool silent = bell_silent_us(bell, now_us) > 0;
    bell->silent_until_us = silent ? 0 : now_us + BELL_SILENCE_US;
    return !silent;
}

int64_t bell_silent_us(const struct bell *bell, int64_t now_us)
{
    return bell->silent_until_us > now_us ? bell->silent_until_us - now_us : 0;
}
