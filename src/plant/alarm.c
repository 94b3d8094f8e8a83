/* Conditions become triggers through delays; what triggers do is alarm_transition.c's. */
#include "plant/alarm_internal.h"

#include <math.h>
#include <stdio.h>

#define ALARM_WORDS_MAX (2 * ALARM_DETAIL_MAX) /* a message of hmi's own and a detail */

/* ---- a condition comes and goes ---- */

/* Whatever changes a condition ends the time when values need not be looked at. */
static void alarm_take_condition(struct alarm *alarm, bool stands)
{
    alarm->condition = stands;
    if (alarm->tag)
        alarm->tag->quiet = false;
}

bool alarm_is_announced(const struct alarm *alarm)
{
    return alarm->def->priority != PRIORITY_JOURNAL && !alarm->status.withheld;
}

/* The status as the alarm's chattering has it, and when to look again. */
static void alarm_follow_chatter(const struct alarm_pass *pass, struct alarm *alarm)
{
    alarm->status.chattering = alarm->chatter.standing;
    alarm->status.chatter_rate =
        alarm->chatter.standing ? alarm_chatter_rate(&alarm->chatter, pass->time.mono_us) : 0;
    alarm_set_deadline(pass->alarms, alarm, ALARM_DEADLINE_CHATTER, alarm_chatter_due_us(&alarm->chatter));
}

static void alarm_count_activation(const struct alarm_pass *pass, struct alarm *alarm)
{
    struct alarms *alarms = pass->alarms;
    alarms->counters.activations++;
    alarm->status.activations++;
    alarm_chatter_note(&alarm->chatter, pass->time.mono_us);
    alarm_follow_chatter(pass, alarm);
    if (alarm_is_announced(alarm) && alarm_flood_note(&alarms->flood, pass->time.mono_us)) {
        alarms->flood_since_us = pass->time.wall_us;
        alarms_note(pass, JOURNAL_ALARM, ALARM_EVENT_FLOOD_BEGAN, NULL, NULL,
                    "more than 10 alarms in 10 minutes");
    }
}

/* If it is over. */
static void alarm_end_flood(const struct alarm_pass *pass, const char *detail)
{
    struct alarms *alarms = pass->alarms;
    if (!alarm_flood_end(&alarms->flood, pass->time.mono_us))
        return;
    alarms->flood_since_us = 0;
    alarms_note(pass, JOURNAL_ALARM, ALARM_EVENT_FLOOD_ENDED, NULL, NULL, detail);
}

void alarms_adopt_activation(struct alarms *alarms, const struct plant_time *now, int64_t ts_us)
{
    alarm_flood_note(&alarms->flood, now->mono_us - (now->wall_us - ts_us));
}

void alarms_adopt_flood(struct alarms *alarms, int64_t since_us)
{
    alarms->flood_since_us = since_us;
    alarms->flood.standing = since_us != 0;
}

void alarms_resume_flood(const struct alarm_pass *pass)
{
    alarm_end_flood(pass, "fewer than 5 alarms in 10 minutes, as the recorder starts again");
}

/* One that operators are not told of takes nobody's place: else they would be told of neither. */
bool alarm_is_superseded(const struct alarm *alarm)
{
    const struct alarm *superior = alarm->superior;
    return superior && superior->status.active && alarm_is_announced(superior);
}

static void alarm_unsuppress(const struct alarm_pass *pass, struct alarm *alarm)
{
    alarm_set_deadline(pass->alarms, alarm, ALARM_DEADLINE_RELEASE, ALARM_NEVER);
    alarm_withhold(pass, alarm, ALARM_BY_DESIGN, false, &(struct alarm_cause){.event = "unsuppressed"});
}

/* The suppression waited for the condition to go (alarm_check_suppression()), and it has. */
static void alarm_release_early(const struct alarm_pass *pass, struct alarm *alarm)
{
    if (alarm_is_waiting(alarm, ALARM_DEADLINE_RELEASE) && !alarm->condition && !alarm->status.active)
        alarm_unsuppress(pass, alarm);
}

/* This one gives way, whatever it was waiting for. */
static void alarm_give_way(const struct alarm_pass *pass, struct alarm *alarm)
{
    alarm_take_condition(alarm, false);
    alarm->delay_left_us = -1;
    alarm_set_deadline(pass->alarms, alarm, ALARM_DEADLINE_DELAY, ALARM_NEVER);
    if (alarm->status.active) {
        alarm->status.active = false;
        alarm->status.cleared_us = pass->time.wall_us;
        alarm_trip_leave(alarm);
        alarm_apply(pass, alarm, ALARM_IS_SUPERSEDED,
                    &(struct alarm_cause){.event = "superseded", .detail = alarm->superior->address});
    }
    alarm_release_early(pass, alarm);
}

/* For the journal, which outlives the definition: the message, of hmi's own alarms with what is wrong. */
static const char *alarm_words(const struct alarm *alarm, char room[ALARM_WORDS_MAX])
{
    const char *detail = alarm_texts(alarm)->detail;
    if (!*detail)
        return alarm->def->message;
    snprintf(room, ALARM_WORDS_MAX, "%s: %s", alarm->def->message, detail);
    return room;
}

static void alarm_activate(const struct alarm_pass *pass, struct alarm *alarm, bool noted,
                           const struct alarm_reading *reading)
{
    struct alarm_status *status = &alarm->status;
    char room[ALARM_WORDS_MAX];
    status->active = true;
    status->priority = alarm->def->priority; /* what an earlier occurrence rose to is over with it */
    status->activated_us = pass->time.wall_us;
    status->value = reading->value;
    status->limit = reading->limit;
    alarm_trip_join(pass, alarm);
    alarm_count_activation(pass, alarm);
    noted |= alarm->def->priority == PRIORITY_JOURNAL;
    alarm_apply(pass, alarm, noted ? ALARM_IS_NOTED : ALARM_ACTIVATES,
                &(struct alarm_cause){.event = ALARM_EVENT_ACTIVATED, .detail = alarm_words(alarm, room)});
    if (alarm->inferior && alarm_is_superseded(alarm->inferior))
        alarm_give_way(pass, alarm->inferior);
}

/* What was shelved for one occurrence. */
static void alarm_end_once(const struct alarm_pass *pass, struct alarm *alarm)
{
    if (alarm->status.withheld & ALARM_BY_SHELF && alarm->status.shelf_once)
        alarm_withhold(pass, alarm, ALARM_BY_SHELF, false,
                       &(struct alarm_cause){.event = "unshelved", .detail = "its one occurrence is over"});
}

/* The more severe limit has cleared or is withheld: the value may still be behind this one, which it has been all
 * the time, so that no delay counts; who acknowledged the worse need not acknowledge the lesser. If it is not, the
 * occurrence has ended meanwhile. */
static void alarm_take_over(const struct alarm_pass *pass, struct alarm *alarm, bool acknowledged)
{
    struct alarm_reading reading;
    if (pass->alarms->frozen || alarm->status.active)
        return;                        /* alarms_thaw() evaluates it */
    alarm_take_condition(alarm, true); /* it may lie in the deadband */
    enum alarm_truth truth = alarm_condition(alarm, &reading);
    alarm->condition = truth == ALARM_TRUE;
    if (truth == ALARM_TRUE)
        alarm_activate(pass, alarm, acknowledged, &reading);
    else if (truth == ALARM_FALSE)
        alarm_end_once(pass, alarm);
}

void alarm_settle_pair(const struct alarm_pass *pass, struct alarm *inferior, bool before, bool acknowledged)
{
    if (alarm_is_superseded(inferior))
        alarm_give_way(pass, inferior);
    else if (before)
        alarm_take_over(pass, inferior, acknowledged);
}

static void alarm_clear(const struct alarm_pass *pass, struct alarm *alarm,
                        const struct alarm_reading *reading)
{
    struct alarm_status *status = &alarm->status;
    bool acknowledged = status->state == ALARM_ACKNOWLEDGED;
    bool superseded = alarm->inferior && alarm_is_superseded(alarm->inferior);
    status->active = false;
    status->cleared_us = pass->time.wall_us;
    status->value = reading->value;
    if (!isnan(reading->limit))
        status->limit = reading->limit;
    alarm_trip_leave(alarm);
    alarm_apply(pass, alarm, alarm->def->latching ? ALARM_CLEARS_LATCHING : ALARM_CLEARS,
                &(struct alarm_cause){.event = "cleared"});
    alarm_end_once(pass, alarm);
    alarm_release_early(pass, alarm);
    if (alarm->inferior)
        alarm_settle_pair(pass, alarm->inferior, superseded, acknowledged);
}

/* Whether the condition came def->count times within the on-delay. */
static bool alarm_came_often(struct alarm *alarm, int64_t now_us)
{
    unsigned count = (unsigned)alarm->def->count;
    if (!alarm->edges_us)
        return false;
    alarm->edges_us[alarm->edge_next] = now_us;
    alarm->edge_next = (alarm->edge_next + 1) % count;
    int64_t first_us = alarm->edges_us[alarm->edge_next];
    return first_us && now_us - first_us <= alarm->def->on_delay_us;
}

void alarm_set_condition(const struct alarm_pass *pass, struct alarm *alarm, bool stands,
                         const struct alarm_reading *reading)
{
    bool changed = stands != alarm->condition;
    int64_t delay_us = stands ? alarm->def->on_delay_us : alarm->def->off_delay_us;
    if (!changed && alarm->delay_left_us < 0)
        return; /* as before: what waits goes on waiting */
    if (!changed)
        delay_us = alarm->delay_left_us; /* it stood still */
    alarm_take_condition(alarm, stands);
    alarm->delay_left_us = -1;
    bool often = changed && stands && alarm_came_often(alarm, pass->time.mono_us);
    bool at_once = delay_us <= 0 || often;
    bool waits = stands != alarm->status.active && !at_once;
    alarm_set_span(pass, alarm, ALARM_DEADLINE_DELAY, waits ? delay_us : 0);
    if (stands && !alarm->status.active && at_once)
        alarm_activate(pass, alarm, false, reading);
    else if (!stands && alarm->status.active && at_once)
        alarm_clear(pass, alarm, reading);
    alarm_release_early(pass, alarm);
}

/* What the alarm looks at cannot be used: a delay stands still until it can. */
static void alarm_hold_delay(const struct alarm_pass *pass, struct alarm *alarm)
{
    if (!alarm_is_waiting(alarm, ALARM_DEADLINE_DELAY))
        return;
    int64_t left_us = alarm->due_us[ALARM_DEADLINE_DELAY] - pass->time.mono_us;
    alarm->delay_left_us = left_us > 0 ? left_us : 0;
    alarm_set_deadline(pass->alarms, alarm, ALARM_DEADLINE_DELAY, ALARM_NEVER);
}

/* What suppressed the alarm by design has gone or come. With the condition standing it gets the time of the
 * on-delay: a pump that has just started has no flow yet. */
static void alarm_check_suppression(const struct alarm_pass *pass, struct alarm *alarm)
{
    enum alarm_truth truth = alarm_suppression(alarm);
    bool suppressed = alarm->status.withheld & ALARM_BY_DESIGN;
    if (truth == ALARM_UNKNOWN)
        return;
    if (truth == ALARM_TRUE) {
        alarm_set_deadline(pass->alarms, alarm, ALARM_DEADLINE_RELEASE, ALARM_NEVER);
        alarm_withhold(pass, alarm, ALARM_BY_DESIGN, true, &(struct alarm_cause){.event = "suppressed"});
    } else if (suppressed && (alarm->condition || alarm->status.active) && alarm->def->on_delay_us > 0) {
        if (!alarm_is_waiting(alarm, ALARM_DEADLINE_RELEASE))
            alarm_set_span(pass, alarm, ALARM_DEADLINE_RELEASE, alarm->def->on_delay_us);
    } else if (suppressed) {
        alarm_unsuppress(pass, alarm);
    }
}

void alarm_evaluate(const struct alarm_pass *pass, struct alarm *alarm)
{
    struct alarm_reading reading;
    if (alarm->suppressors[0] || alarm->suppressors[1])
        alarm_check_suppression(pass, alarm);
    if (alarm_is_superseded(alarm)) {
        alarm_give_way(pass, alarm); /* it has already, unless a reload has only now made a pair of them */
        return;
    }
    enum alarm_truth truth = alarm_condition(alarm, &reading);
    if (truth == ALARM_UNKNOWN)
        alarm_hold_delay(pass, alarm);
    else if ((truth == ALARM_TRUE) != alarm->condition || alarm->delay_left_us >= 0)
        alarm_set_condition(pass, alarm, truth == ALARM_TRUE, &reading);
    if (reading.rate_clear_us > 0)
        alarm_set_span(pass, alarm, ALARM_DEADLINE_RATE, reading.rate_clear_us);
}

/* ---- tags that changed ---- */

/* Between which values nothing changes as long as no alarm stands or waits. */
static void alarm_find_quiet(struct tag *tag)
{
    const struct alarm_watch *watch = tag->watch;
    tag->quiet = true;
    tag->quiet_low = -INFINITY;
    tag->quiet_high = INFINITY;
    for (size_t i = 0; i < watch->count && tag->quiet; i++) {
        const struct alarm *alarm = watch->alarms[i];
        enum alarm_type type = alarm->def->type;
        bool is_limit = type <= ALARM_HIHI && !alarm->limit_tag;
        tag->quiet = alarm->tag == tag && !alarm->condition && !alarm->status.active &&
                     alarm->delay_left_us < 0 && (is_limit || type == ALARM_STALE || type == ALARM_BAD);
        if (is_limit && type >= ALARM_HI)
            tag->quiet_high = fmin(tag->quiet_high, alarm->def->limit);
        else if (is_limit)
            tag->quiet_low = fmax(tag->quiet_low, alarm->def->limit);
    }
}

void alarms_evaluate(const struct alarm_pass *pass)
{
    struct plant *plant = pass->alarms->plant;
    for (size_t i = 0; i < plant->touched_count; i++) {
        struct tag *tag = plant->touched[i];
        struct alarm_watch *watch = tag->watch;
        tag->touched = false;
        if (!watch || pass->alarms->frozen)
            continue;
        for (size_t n = 0; n < watch->count; n++)
            alarm_evaluate(pass, watch->alarms[n]);
        alarm_find_quiet(tag);
    }
    plant->touched_count = 0;
}

/* ---- the link ---- */

void alarms_freeze(const struct alarm_pass *pass)
{
    struct alarms *alarms = pass->alarms;
    if (!alarms->frozen)
        alarms->frozen_us = pass->time.mono_us;
    alarms->frozen = true;
    for (size_t i = 0; i < alarms->count; i++) {
        struct alarm *alarm = alarms->list[i];
        if (alarm->gone || !alarm->tag)
            continue;
        alarm_move_deadlines(alarms, alarm, 0);
        alarm_hold_delay(pass, alarm);
        alarm->rate.valid = false;
    }
}

void alarms_thaw(const struct alarm_pass *pass)
{
    struct alarms *alarms = pass->alarms;
    bool frozen = alarms->frozen;
    alarms->frozen = false;
    for (size_t i = 0; frozen && i < alarms->count; i++)
        alarm_move_deadlines(alarms, alarms->list[i], pass->time.mono_us - alarms->frozen_us);
    alarms_evaluate(pass);
    for (size_t i = 0; i < alarms->plant->tag_count; i++) {
        struct tag *tag = alarms->plant->tags[i];
        for (size_t n = 0; tag->watch && n < tag->watch->count; n++)
            if (tag->watch->alarms[n]->tag == tag)
                alarm_evaluate(pass, tag->watch->alarms[n]);
    }
}

/* ---- timers ---- */

static void alarm_end_delay(const struct alarm_pass *pass, struct alarm *alarm)
{
    struct alarm_reading reading;
    alarm_condition(alarm, &reading);
    if (alarm->condition && !alarm->status.active)
        alarm_activate(pass, alarm, false, &reading);
    else if (!alarm->condition && alarm->status.active)
        alarm_clear(pass, alarm, &reading);
}

static void alarm_end_rate(const struct alarm_pass *pass, struct alarm *alarm)
{
    struct alarm_reading reading = {.value = alarm->tag->number, .limit = alarm->def->limit};
    alarm_set_condition(pass, alarm, false, &reading);
}

static void alarm_rise_again(const struct alarm_pass *pass, struct alarm *alarm)
{
    alarm_apply(pass, alarm, ALARM_RISES_AGAIN, &(struct alarm_cause){.event = "realarmed"});
}

static void alarm_escalate(const struct alarm_pass *pass, struct alarm *alarm)
{
    alarm->status.priority++;
    alarm_apply(pass, alarm, ALARM_RISES_AGAIN, &(struct alarm_cause){.event = "escalated"});
}

static void alarm_end_shelf(const struct alarm_pass *pass, struct alarm *alarm)
{
    alarm_withhold(pass, alarm, ALARM_BY_SHELF, false,
                   &(struct alarm_cause){.event = "unshelved", .detail = "its time is over"});
}

static void alarm_end_chatter(const struct alarm_pass *pass, struct alarm *alarm)
{
    if (!alarm_chatter_end(&alarm->chatter, pass->time.mono_us))
        return;
    alarm_follow_chatter(pass, alarm);
    alarm->status.sequence = ++pass->alarms->sequence;
    alarm_store(pass, alarm); /* no transition */
}

static void (*const ALARM_DEADLINE_ENDS[])(const struct alarm_pass *, struct alarm *) = {
    [ALARM_DEADLINE_DELAY] = alarm_end_delay,     [ALARM_DEADLINE_RATE] = alarm_end_rate,
    [ALARM_DEADLINE_REALARM] = alarm_rise_again,  [ALARM_DEADLINE_ESCALATE] = alarm_escalate,
    [ALARM_DEADLINE_SHELF] = alarm_end_shelf,     [ALARM_DEADLINE_RELEASE] = alarm_unsuppress,
    [ALARM_DEADLINE_CHATTER] = alarm_end_chatter,
};

static void alarm_end_deadlines(const struct alarm_pass *pass, struct alarm *alarm)
{
    for (int which = 0; which < ALARM_DEADLINES; which++)
        if (alarm->due_us[which] <= pass->time.mono_us &&
            !alarm_stands_still(pass->alarms, alarm, (enum alarm_deadline)which)) {
            alarm_set_deadline(pass->alarms, alarm, (enum alarm_deadline)which, ALARM_NEVER);
            ALARM_DEADLINE_ENDS[which](pass, alarm);
        }
}

void alarms_tick(const struct alarm_pass *pass)
{
    struct alarms *alarms = pass->alarms;
    struct alarm *alarm;
    while ((alarm = alarm_timers_take(&alarms->timers, pass->time.mono_us))) {
        if (alarm->superior) /* first: where both come now operators are told of the worse one only */
            alarm_end_deadlines(pass, alarm->superior);
        alarm_end_deadlines(pass, alarm);
    }
    alarm_end_flood(pass, "fewer than 5 alarms in 10 minutes");
}

int64_t alarms_due_us(const struct alarms *alarms)
{
    int64_t timer_us = alarm_timers_next_us(&alarms->timers), flood_us = alarm_flood_due_us(&alarms->flood);
    return timer_us < flood_us ? timer_us : flood_us;
}
