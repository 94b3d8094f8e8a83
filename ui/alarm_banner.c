#include "ui/alarm_banner.h"

#include "base/num.h"
#include "base/timefmt.h"
#include "plant/alarm_state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *alarm_banner_mark(enum alarm_priority priority)
{
    static const char *const MARKS[] = {
        [PRIORITY_JOURNAL] = " - ", [PRIORITY_LOW] = " 4 ",      [PRIORITY_MEDIUM] = "(3)",
        [PRIORITY_HIGH] = "<2>",    [PRIORITY_CRITICAL] = "[1]",
    };
    return MARKS[priority];
}

static bool banner_is_worse(const struct wire_alarm *alarm, const struct mirror_alarm *than)
{
    if (!than || alarm->priority != than->record.priority)
        return !than || alarm->priority > than->record.priority;
    return alarm->activated_us > than->record.activated_us;
}

static void banner_count(struct alarm_banner *banner, const struct mirror_alarm *alarm)
{
    const struct wire_alarm *record = &alarm->record;
    enum alarm_state state = (enum alarm_state)record->state;
    banner->shelved += state == ALARM_SHELVED;
    banner->suppressed += state == ALARM_SUPPRESSED;
    banner->out_of_service += state == ALARM_OUT_OF_SERVICE;
    if (alarm_state_is_withheld(state) || record->priority == PRIORITY_JOURNAL)
        return;
    banner->standing[record->priority]++;
    if (!alarm_state_waits(state))
        return;
    banner->waiting[record->priority]++;
    if (banner_is_worse(record, banner->worst))
        banner->worst = alarm;
}

bool alarm_banner_update(struct alarm_banner *banner, const struct mirror *mirror)
{
    bool due = banner->shelved > 0;
    if (banner->seen != mirror->alarms_changes + 1) {
        *banner = (struct alarm_banner){.seen = mirror->alarms_changes + 1};
        for (size_t i = 0; i < mirror->alarm_count; i++)
            banner_count(banner, mirror->alarms[i]);
        due = banner->shelved > 0;
    }
    for (int i = PRIORITY_LOW; i <= PRIORITY_CRITICAL; i++)
        due |= banner->standing[i] > 0;
    return due;
}

static enum meaning banner_meaning(enum alarm_priority priority, bool waits)
{
    static const enum meaning MEANINGS[] = {
        [PRIORITY_JOURNAL] = MEANING_DIM,
        [PRIORITY_LOW] = MEANING_ALARM_LOW,
        [PRIORITY_MEDIUM] = MEANING_ALARM_MEDIUM,
        [PRIORITY_HIGH] = MEANING_ALARM_HIGH,
        [PRIORITY_CRITICAL] = MEANING_ALARM_CRITICAL,
    };
    return waits ? MEANINGS[priority] : MEANING_DIM;
}

/* "[1] 2/5": so many of so many wait to be acknowledged. Drawn from the right; returns where it begins. */
static int banner_draw_count(const struct pane *pane, int end, const struct alarm_banner *banner,
                             enum alarm_priority priority)
{
    char text[48];
    if (!banner->standing[priority])
        return end;
    snprintf(text, sizeof text, "%s %zu/%zu", alarm_banner_mark(priority), banner->waiting[priority],
             banner->standing[priority]);
    int x = end - (int)strlen(text) - 1;
    if (x > 0)
        pane_text(pane, x, 0, -1, banner_meaning(priority, banner->waiting[priority] > 0), text);
    return x - 1;
}

/* Mark, time, address, value and message of the worst one. */
static void banner_draw_worst(const struct pane *pane, int columns, const struct wire_alarm *alarm)
{
    char when[TIMEFMT_MAX], value[NUM_TEXT_MAX] = "", text[1200];
    timefmt_local(when, sizeof when, alarm->activated_us, 0);
    if (!isnan(alarm->value))
        num_format(value, sizeof value, alarm->value, -1);
    snprintf(text, sizeof text, "%s %s %.255s%s%s  %.255s%s%.255s",
             alarm_banner_mark((enum alarm_priority)alarm->priority), when, alarm->address, *value ? " " : "",
             value, alarm->message, *alarm->detail ? ": " : "", alarm->detail);
    enum meaning meaning = banner_meaning((enum alarm_priority)alarm->priority, true);
    pane_fill(pane, 0, 0, columns, 1, meaning);
    pane_text(pane, 0, 0, columns, meaning, text);
}

void alarm_banner_draw(const struct pane *pane, const struct alarm_banner *banner)
{
    int end = pane->columns;
    char text[48];
    pane_fill(pane, 0, 0, -1, 1, MEANING_TEXT);
    if (banner->shelved) {
        snprintf(text, sizeof text, "shelved %zu", banner->shelved);
        end -= (int)strlen(text) + 1;
        pane_text(pane, end > 0 ? end : 0, 0, -1, MEANING_DIM, text);
        end--;
    }
    for (int i = PRIORITY_LOW; i <= PRIORITY_CRITICAL; i++)
        end = banner_draw_count(pane, end, banner, (enum alarm_priority)i);
    if (banner->worst && end > 12)
        banner_draw_worst(pane, end, &banner->worst->record);
    else if (end > 12)
        pane_text(pane, 0, 0, end, MEANING_DIM, "alarms: all are acknowledged");
}
