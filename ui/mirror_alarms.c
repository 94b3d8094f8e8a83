#include "ui/mirror_internal.h"

#include "base/mem.h"
#include "base/num.h"
#include "plant/alarm_state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void mirror_alarm_free(struct mirror_alarm *alarm)
{
    mirror_drop(WIRE_ALARM, &alarm->record);
    free(alarm);
}

struct mirror_alarm *mirror_find_alarm(const struct mirror *mirror, uint32_t id)
{
    return map_get(&mirror->alarms_by_id, &id, sizeof id);
}

/* `exact`: with all its digits, however many the tag shows. */
static void mirror_alarm_number(const struct mirror *mirror, const struct wire_alarm *alarm, double number,
                                bool exact, char *out, size_t size)
{
    const struct mirror_tag *tag = alarm->tag ? mirror_find(mirror, alarm->tag) : NULL;
    double shown;
    out[0] = '\0';
    if (isnan(number))
        return;
    if (tag)
        mirror_tag_number(tag, number, out, size);
    if (!tag || (exact && num_parse(out, strlen(out), &shown) && shown != number))
        num_format(out, size, number, -1);
}

void mirror_alarm_value(const struct mirror *mirror, const struct wire_alarm *alarm, char *out, size_t size)
{
    mirror_alarm_number(mirror, alarm, alarm->value, false, out, size);
}

void mirror_alarm_limit(const struct mirror *mirror, const struct wire_alarm *alarm, char *out, size_t size)
{
    char number[MIRROR_TEXT_MAX];
    mirror_alarm_number(mirror, alarm, alarm->limit, true, number, sizeof number);
    snprintf(out, size, "%s%s%s", *number && alarm->type == ALARM_DEVIATION ? "±" : "", number,
             *number && alarm->type == ALARM_RATE ? "/s" : "");
}

bool mirror_alarm_is_stale(const struct mirror *mirror, const struct wire_alarm *alarm)
{
    if (!mirror->attached)
        return true;
    /* hmi's own alarms do not come from the plant. */
    return alarm->tag && mirror->has_status && mirror->status.no_data_since_us;
}

void mirror_alarm_value_now(const struct mirror *mirror, const struct wire_alarm *alarm, char *out,
                            size_t size)
{
    const struct mirror_tag *tag = alarm->tag ? mirror_find(mirror, alarm->tag) : NULL;
    char value[MIRROR_TEXT_MAX] = "";
    if (tag)
        mirror_tag_value(tag, value, sizeof value);
    bool live = tag && mirror_tag_trust(tag) >= MIRROR_RETAINED && !mirror_alarm_is_stale(mirror, alarm);
    snprintf(out, size, live || !*value ? "%s" : "(%s)", value);
}

void mirror_add_standing(struct mirror_standing *to, const struct mirror_standing *more)
{
    bool graver = more->waits == to->waits ? more->worst > to->worst : more->waits;
    if (more->count && (!to->count || graver)) {
        to->worst = more->worst;
        to->waits = more->waits;
    }
    to->count += more->count;
}

void mirror_mark_alarms(const struct mirror *mirror)
{
    for (size_t i = 0; i < mirror->tag_count; i++)
        mirror->tags[i]->standing = (struct mirror_standing){0};
    for (size_t i = 0; i < mirror->alarm_count; i++) {
        const struct wire_alarm *alarm = &mirror->alarms[i]->record;
        enum alarm_state state = (enum alarm_state)alarm->state;
        struct mirror_tag *tag = alarm->tag ? mirror_find(mirror, alarm->tag) : NULL;
        if (tag && !alarm_state_is_withheld(state) && alarm->priority != PRIORITY_JOURNAL)
            mirror_add_standing(&tag->standing,
                                &(struct mirror_standing){.count = 1,
                                                          .worst = (enum alarm_priority)alarm->priority,
                                                          .waits = alarm_state_waits(state)});
    }
}

/* What an alarm without a message says by its type; of a state, and of what is told apart by the limit, with that. */
static const char *const ALARM_SAYS[] = {
    [ALARM_LOLO] = "very low",
    [ALARM_LO] = "low",
    [ALARM_HI] = "high",
    [ALARM_HIHI] = "very high",
    [ALARM_DEVIATION] = "far from its setpoint",
    [ALARM_RATE] = "changes too fast",
    [ALARM_STATE] = "is",
    [ALARM_DISCREPANCY] = "does not follow its command",
    [ALARM_STALE] = "says nothing",
    [ALARM_BAD] = "has no good value",
    [ALARM_SYSTEM] = "",
};

void mirror_alarm_message(const struct mirror *mirror, const struct wire_alarm *alarm, char *out, size_t size)
{
    const struct mirror_tag *tag = alarm->tag ? mirror_find(mirror, alarm->tag) : NULL;
    char limit[MIRROR_TEXT_MAX] = "";
    if (*alarm->message || !tag || alarm->type >= sizeof ALARM_SAYS / sizeof *ALARM_SAYS) {
        snprintf(out, size, "%s%s%s", alarm->message, *alarm->message && *alarm->detail ? ": " : "",
                 alarm->detail);
        return;
    }
    if (alarm->type == ALARM_STATE)
        mirror_alarm_limit(mirror, alarm, limit, sizeof limit);
    snprintf(out, size, "%s%s%s%s%s", tag->description, *tag->description ? ": " : "",
             ALARM_SAYS[alarm->type], *limit ? " " : "", limit);
}

void mirror_hold_alarm(struct wire_alarm *held, const struct wire_alarm *record)
{
    if (record)
        mirror_keep(WIRE_ALARM, held, record);
    else
        mirror_drop(WIRE_ALARM, held);
}

static void mirror_remove_alarm(struct mirror *mirror, struct mirror_alarm *alarm)
{
    struct mirror_alarm *last = mirror->alarms[--mirror->alarm_count];
    mirror->alarms[alarm->index] = last;
    last->index = alarm->index;
    map_remove(&mirror->alarms_by_id, &alarm->record.alarm, sizeof alarm->record.alarm);
    mirror_alarm_free(alarm);
    mirror->alarms_changes++;
}

static struct mirror_alarm *mirror_add_alarm(struct mirror *mirror, uint32_t id)
{
    if (mirror->alarm_count >= MIRROR_ALARMS_MAX) {
        mirror->left_out++;
        return NULL;
    }
    struct mirror_alarm *alarm = mem_new(1, sizeof *alarm);
    alarm->index = mirror->alarm_count;
    alarm->record.alarm = id;
    mirror->alarms = mem_grow(mirror->alarms, &mirror->alarm_capacity, mirror->alarm_count + 1,
                              sizeof(struct mirror_alarm *));
    mirror->alarms[mirror->alarm_count++] = alarm;
    map_put(&mirror->alarms_by_id, &alarm->record.alarm, sizeof alarm->record.alarm, alarm);
    return alarm;
}

/* Numbers that the screens use as indexes come from outside. */
static bool mirror_alarm_is_sound(const struct wire_alarm *record)
{
    return record->state > ALARM_NORMAL && record->state < ALARM_STATES && record->type <= ALARM_SYSTEM &&
           record->priority <= PRIORITY_CRITICAL;
}

/* Whether somebody is to be called: it waits, and did not, or was less grave. `before` has no
 * address when it was normal; and a recorder that was restarted may give the number to another alarm. */
static bool mirror_alarm_calls(const struct wire_alarm *before, const struct wire_alarm *record)
{
    bool same = before->address && !strcmp(before->address, record->address);
    bool waited =
        same && alarm_state_waits((enum alarm_state)before->state) && before->priority >= record->priority;
    return alarm_state_waits((enum alarm_state)record->state) && !waited && !record->chattering;
}

void mirror_take_alarm(struct mirror *mirror, const void *data)
{
    const struct wire_alarm *record = data;
    struct mirror_alarm *alarm = mirror_find_alarm(mirror, record->alarm);
    if (!mirror_alarm_is_sound(record)) {
        if (alarm)
            mirror_remove_alarm(mirror, alarm);
        return;
    }
    if (!alarm)
        alarm = mirror_add_alarm(mirror, record->alarm);
    if (!alarm)
        return;
    mirror->alarm_calls[record->priority] += mirror_alarm_calls(&alarm->record, record);
    mirror_keep(WIRE_ALARM, &alarm->record, record);
    alarm->snapshot = mirror->snapshot;
    alarm->changes++;
    mirror->alarms_changes++;
}

void mirror_end_alarm_snapshot(struct mirror *mirror)
{
    for (size_t i = mirror->alarm_count; i-- > 0;)
        if (mirror->alarms[i]->snapshot != mirror->snapshot)
            mirror_remove_alarm(mirror, mirror->alarms[i]);
}

void mirror_free_alarms(struct mirror *mirror)
{
    for (size_t i = 0; i < mirror->alarm_count; i++)
        mirror_alarm_free(mirror->alarms[i]);
    free(mirror->alarms);
    map_free(&mirror->alarms_by_id);
}
