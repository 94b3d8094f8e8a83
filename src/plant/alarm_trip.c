/* First-out: when alarms of a group come together, the first of them is what to look at, for the others may be its
 * consequences.
 *
 * A trip is a row of activations, each within ALARM_TRIP_GAP_US of the one before it; in a group of the
 * configuration it goes on for as long as any alarm of it stands. The first is marked once an alarm of another tag
 * has followed: one that comes alone is first of nothing, and the limits of one tag are one event. One that comes
 * again and again neither joins twice nor keeps the trip going. */
#include "plant/alarm_internal.h"

/* The longest on-delay that is usual, a level's or a temperature's: so late a consequence may be told of. */
#define ALARM_TRIP_GAP_US INT64_C(60000000)

static bool trip_goes_on(const struct alarm_group *group, int64_t now_us)
{
    return group->trip &&
           (now_us - group->joined_us <= ALARM_TRIP_GAP_US || (group->configured && group->active > 0));
}

/* Alarms that stand in a group already when nobody knows of a trip came before the start: so did the first. */
static void trip_begin(struct alarms *alarms, struct alarm_group *group, struct alarm *first)
{
    bool is_late = group->configured && group->active > 0;
    group->trip = ++alarms->trips;
    group->first = is_late ? NULL : first;
    group->together = is_late;
}

/* Another tag has followed. */
static void trip_mark_first(const struct alarm_pass *pass, struct alarm_group *group)
{
    struct alarm *first = group->first;
    group->together = true;
    if (first->gone || first->status.state == ALARM_NORMAL)
        return;
    first->status.first_out = true;
    first->status.sequence = ++pass->alarms->sequence;
    alarm_store(pass, first); /* no transition */
}

void alarm_trip_join(const struct alarm_pass *pass, struct alarm *alarm)
{
    struct alarm_group *group = alarm->group;
    int64_t now_us = pass->time.mono_us;
    alarm->status.first_out = false;
    if (!group)
        return;
    if (alarm_is_announced(alarm)) {
        if (!trip_goes_on(group, now_us))
            trip_begin(pass->alarms, group, alarm);
        if (alarm->trip != group->trip)
            group->joined_us = now_us;
        alarm->trip = group->trip;
        if (!group->together && group->first->tag != alarm->tag)
            trip_mark_first(pass, group);
        alarm->status.first_out = group->together && group->first == alarm;
    }
    group->active++;
}

void alarm_trip_leave(struct alarm *alarm)
{
    if (alarm->group)
        alarm->group->active--;
}
