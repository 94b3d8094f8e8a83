/* The other half of the second alarm engine (alarm_model_plant.h): delays, states, what operators do, and time.
 *
 * At one instant things happen in this order: delays end, a rate has fallen, a re-alarm or an escalation is due, a shelf
 * and a suppression end (all of it of the more severe alarm first), tags turn stale; then the test does something. */
#ifndef TESTS_ALARM_MODEL_H
#define TESTS_ALARM_MODEL_H

#include "alarm_model_plant.h"

/* ---- states ---- */

static inline bool model_is_told(const struct model_alarm *alarm)
{
    return alarm->own_priority != PRIORITY_JOURNAL && !alarm->withheld;
}

/* A lesser one gives way to a worse one that stands and that operators are told of. */
static inline bool model_gives_way(const struct model_alarm *alarm)
{
    return alarm->worse && alarm->worse->active && model_is_told(alarm->worse);
}

static inline void model_take_state(const struct model *m, struct model_alarm *alarm, enum alarm_state state)
{
    if (state == ALARM_ACKNOWLEDGED && alarm->state != state)
        alarm->acknowledged_at = m->now;
    alarm->state = state;
    if (state == ALARM_NORMAL)
        alarm->priority = alarm->own_priority;
    bool announced = alarm->active && model_is_told(alarm) &&
                     (state == ALARM_UNACKNOWLEDGED || state == ALARM_ACKNOWLEDGED);
    if (!announced)
        alarm->told_at = MODEL_NEVER;
    else if (alarm->told_at == MODEL_NEVER)
        alarm->told_at = m->now;
}

static inline void model_settle_pair(const struct model *m, struct model_alarm *lesser, bool gave_way,
                                     bool acknowledged);

static inline void model_withhold(const struct model *m, struct model_alarm *alarm, unsigned withheld)
{
    bool gave_way = alarm->lesser && model_gives_way(alarm->lesser);
    bool acknowledged = alarm->state == ALARM_ACKNOWLEDGED;
    if (alarm->withheld == withheld)
        return;
    alarm->withheld = withheld;
    if (withheld & (ALARM_BY_OPERATOR | ALARM_BY_SERVICE))
        model_take_state(m, alarm, ALARM_OUT_OF_SERVICE);
    else if (withheld & ALARM_BY_DESIGN)
        model_take_state(m, alarm, ALARM_SUPPRESSED);
    else if (withheld & ALARM_BY_SHELF)
        model_take_state(m, alarm, ALARM_SHELVED);
    else if (!alarm->active)
        model_take_state(m, alarm, ALARM_NORMAL);
    else
        model_take_state(m, alarm, model_is_told(alarm) ? ALARM_UNACKNOWLEDGED : ALARM_ACKNOWLEDGED);
    if (alarm->lesser)
        model_settle_pair(m, alarm->lesser, gave_way, acknowledged);
}

static inline void model_end_once(const struct model *m, struct model_alarm *alarm)
{
    if (alarm->withheld & ALARM_BY_SHELF && alarm->shelf_once)
        model_withhold(m, alarm, alarm->withheld & ~(unsigned)ALARM_BY_SHELF);
}

/* Once the suppressor has gone, the suppression ends after the on-delay, or as soon as nothing stands. */
static inline void model_end_suppression(const struct model *m, struct model_alarm *alarm)
{
    bool stands = alarm->active || model_stands(alarm);
    if (alarm->pump_left_at == MODEL_NEVER ||
        (stands && model_ran(m, alarm->pump_left_at, m->now) < alarm->on_delay))
        return;
    alarm->pump_left_at = MODEL_NEVER;
    model_withhold(m, alarm, alarm->withheld & ~(unsigned)ALARM_BY_DESIGN);
}

/* Nobody has to acknowledge one that is only `noted`, but what was not acknowledged before stays so. */
static inline void model_activate(const struct model *m, struct model_alarm *alarm, bool noted)
{
    bool fresh = alarm->state == ALARM_NORMAL || alarm->state == ALARM_LATCHED_ACKNOWLEDGED;
    noted |= alarm->own_priority == PRIORITY_JOURNAL;
    alarm->active = true;
    alarm->activated_at = m->now;
    alarm->priority = alarm->own_priority;
    if (!alarm->withheld)
        model_take_state(m, alarm, noted && fresh ? ALARM_ACKNOWLEDGED : ALARM_UNACKNOWLEDGED);
    if (alarm->lesser)
        model_settle_pair(m, alarm->lesser, false, false);
}

static inline void model_clear(const struct model *m, struct model_alarm *alarm)
{
    bool gave_way = alarm->lesser && model_gives_way(alarm->lesser);
    bool acknowledged = alarm->state == ALARM_ACKNOWLEDGED;
    alarm->active = false;
    if (alarm->state == ALARM_UNACKNOWLEDGED)
        model_take_state(m, alarm, alarm->latching ? ALARM_LATCHED : ALARM_RETURNED);
    else if (alarm->state == ALARM_ACKNOWLEDGED)
        model_take_state(m, alarm, alarm->latching ? ALARM_LATCHED_ACKNOWLEDGED : ALARM_NORMAL);
    model_end_once(m, alarm);
    model_end_suppression(m, alarm);
    if (alarm->lesser)
        model_settle_pair(m, alarm->lesser, gave_way, acknowledged);
}

static inline void model_give_way(const struct model *m, struct model_alarm *alarm)
{
    model_note(m, alarm, MODEL_NO);
    alarm->active = false;
    if (alarm->state == ALARM_UNACKNOWLEDGED || alarm->state == ALARM_ACKNOWLEDGED)
        model_take_state(m, alarm, ALARM_NORMAL);
    model_end_suppression(m, alarm);
}

/* Its condition has stood all the time, so that no delay counts. If it does not stand any more, what it was shelved for
 * once is over. */
static inline void model_take_over(const struct model *m, struct model_alarm *alarm, bool acknowledged)
{
    if (m->link != MODEL_LIVE)
        return;
    enum model_truth truth = model_truth(m, alarm, true);
    model_note(m, alarm, truth == MODEL_YES ? MODEL_YES : MODEL_NO);
    if (truth == MODEL_YES)
        model_activate(m, alarm, acknowledged);
    else if (truth == MODEL_NO)
        model_end_once(m, alarm);
}

/* What became of the worse one of a pair: the lesser gives way, or takes over. */
static inline void model_settle_pair(const struct model *m, struct model_alarm *lesser, bool gave_way,
                                     bool acknowledged)
{
    if (model_gives_way(lesser))
        model_give_way(m, lesser);
    else if (gave_way)
        model_take_over(m, lesser, acknowledged);
}

/* ---- looking at the plant ---- */

/* The condition has stood, or been gone, for its delay; or it came often enough. */
static inline void model_decide(const struct model *m, struct model_alarm *alarm)
{
    bool stands = model_stands(alarm);
    bool known = alarm->look_count && alarm->looks[alarm->look_count - 1].truth != MODEL_UNKNOWN;
    int stood_for = model_stood_for(m, alarm);
    if (!known || stands == alarm->active)
        return;
    if (!stands && stood_for >= alarm->off_delay)
        model_clear(m, alarm);
    else if (stands && (stood_for >= alarm->on_delay || model_came_often(m, alarm)))
        model_activate(m, alarm, false);
}

static inline enum model_truth model_suppressors(const struct model *m, const struct model_alarm *alarm)
{
    const struct model_tag *pump = &m->tags[MODEL_PUMP], *trip = &m->tags[MODEL_REFERENCE];
    if (alarm->by_pump && model_is_usable(pump) && pump->value == MODEL_PUMP_OFF)
        return MODEL_YES;
    if (alarm->by_group && model_is_usable(trip) && trip->value == MODEL_TRIP_VALUE)
        return MODEL_YES;
    bool unknown = (alarm->by_pump && !model_is_usable(pump)) || (alarm->by_group && !model_is_usable(trip));
    return unknown ? MODEL_UNKNOWN : MODEL_NO;
}

static inline void model_look_at_suppressors(const struct model *m, struct model_alarm *alarm)
{
    enum model_truth truth = model_suppressors(m, alarm);
    if (truth == MODEL_YES) {
        alarm->pump_left_at = MODEL_NEVER;
        model_withhold(m, alarm, alarm->withheld | ALARM_BY_DESIGN);
    } else if (truth == MODEL_NO && alarm->withheld & ALARM_BY_DESIGN && alarm->pump_left_at == MODEL_NEVER) {
        alarm->pump_left_at = m->now;
        model_end_suppression(m, alarm);
    }
}

static inline void model_look_at(const struct model *m, struct model_alarm *alarm)
{
    bool stood = model_stands(alarm);
    model_look_at_suppressors(m, alarm);
    if (model_gives_way(alarm))
        return;
    enum model_truth truth = model_truth(m, alarm, stood);
    if (truth == MODEL_YES && !stood)
        alarm->came_at[alarm->came_count++] = m->now;
    model_note(m, alarm, truth);
    model_decide(m, alarm);
    model_end_suppression(m, alarm);
}

static inline void model_look(struct model *m)
{
    for (size_t i = 0; i < m->alarm_count && m->link == MODEL_LIVE; i++)
        model_look_at(m, &m->alarms[i]);
}

/* ---- what happens ---- */

/* A sample of the value; one that was not live, or at the same time as the one before, says nothing of a rate. */
static inline void model_follow_rate(struct model *m, double value)
{
    struct model_rate *rate = &m->rate;
    if (m->link != MODEL_LIVE) {
        rate->has_base = false;
    } else if (!rate->has_base || rate->base_at < m->now) {
        if (rate->has_base) {
            rate->has_pair = true;
            rate->change = fabs(value - rate->base);
            rate->pair_base_at = rate->base_at;
        }
        rate->has_base = true;
        rate->base = value;
        rate->base_at = m->now;
    }
}

/* `bad`: a message that is no value. */
static inline void model_hear(struct model *m, enum model_tag_place place, bool bad, double value,
                              bool retained)
{
    m->tags[place] = (struct model_tag){
        .value = bad ? m->tags[place].value : value,
        .present = true,
        .bad = bad,
        .live = m->link == MODEL_LIVE,
        .retained = retained,
        .stale_after = m->tags[place].stale_after,
        .heard_at = m->now,
    };
    if (place == MODEL_VALUE && bad)
        m->rate.has_base = false;
    else if (place == MODEL_VALUE)
        model_follow_rate(m, value);
    model_look(m);
}

static inline void model_set_link(struct model *m, enum model_link link)
{
    m->link = link;
    for (int i = 0; i < MODEL_TAGS; i++) {
        struct model_tag *tag = &m->tags[i];
        tag->present = tag->present && link == MODEL_LIVE;
        tag->stale = false;
        tag->heard_at = m->now; /* silence counts from when the link stands */
    }
    if (link == MODEL_AWAY)
        m->rate.has_base = false;
    model_look(m);
}

/* Each of these returns whether there is something to do for it. */

static inline bool model_acknowledge(struct model *m, struct model_alarm *alarm)
{
    switch (alarm->state) {
    case ALARM_UNACKNOWLEDGED:
        model_take_state(m, alarm, ALARM_ACKNOWLEDGED);
        return true;
    case ALARM_LATCHED:
        model_take_state(m, alarm, ALARM_LATCHED_ACKNOWLEDGED);
        return true;
    case ALARM_RETURNED:
    case ALARM_LATCHED_ACKNOWLEDGED:
        model_take_state(m, alarm, ALARM_NORMAL);
        return true;
    default:
        return false;
    }
}

static inline void model_shelve(const struct model *m, struct model_alarm *alarm, int span, bool once)
{
    alarm->shelf_once = once;
    alarm->shelf_until = m->now + span;
    model_withhold(m, alarm, alarm->withheld | ALARM_BY_SHELF);
}

static inline bool model_unshelve(const struct model *m, struct model_alarm *alarm)
{
    bool shelved = alarm->withheld & ALARM_BY_SHELF;
    model_withhold(m, alarm, alarm->withheld & ~(unsigned)ALARM_BY_SHELF);
    return shelved;
}

static inline bool model_take_out_of_service(const struct model *m, struct model_alarm *alarm)
{
    bool in_service = !(alarm->withheld & ALARM_BY_OPERATOR);
    model_withhold(m, alarm, alarm->withheld | ALARM_BY_OPERATOR);
    return in_service;
}

static inline bool model_put_in_service(const struct model *m, struct model_alarm *alarm)
{
    bool out_of_service = alarm->withheld & ALARM_BY_OPERATOR;
    model_withhold(m, alarm, alarm->withheld & ~(unsigned)ALARM_BY_OPERATOR);
    return out_of_service;
}

/* ---- time ---- */

static inline void model_pass_known(struct model *m, struct model_alarm *alarm)
{
    model_decide(m, alarm);
    if (alarm->type == ALARM_RATE && model_stands(alarm) && model_truth(m, alarm, true) == MODEL_NO) {
        model_note(m, alarm, MODEL_NO);
        model_decide(m, alarm);
        model_end_suppression(m, alarm);
    }
    bool announced = alarm->told_at != MODEL_NEVER;
    if (announced && alarm->state == ALARM_ACKNOWLEDGED && alarm->realarm &&
        model_ran(m, alarm->acknowledged_at, m->now) >= alarm->realarm)
        model_take_state(m, alarm, ALARM_UNACKNOWLEDGED);
    if (announced && alarm->escalate && alarm->priority < PRIORITY_CRITICAL &&
        model_ran(m, alarm->told_at, m->now) >= alarm->escalate) {
        alarm->priority++;
        alarm->told_at = m->now;
        model_take_state(m, alarm, ALARM_UNACKNOWLEDGED);
    }
}

static inline void model_pass_tags(struct model *m)
{
    for (int i = 0; i < MODEL_TAGS; i++) {
        struct model_tag *tag = &m->tags[i];
        tag->stale |= tag->stale_after && m->now - tag->heard_at > tag->stale_after;
    }
    model_look(m);
}

/* One step. */
static inline void model_pass(struct model *m)
{
    m->ran[m->now] = m->link == MODEL_LIVE;
    m->now++;
    for (size_t i = 0; i < m->alarm_count; i++) {
        struct model_alarm *alarm = &m->alarms[i];
        if (m->link == MODEL_LIVE)
            model_pass_known(m, alarm);
        if (alarm->withheld & ALARM_BY_SHELF && m->now >= alarm->shelf_until)
            model_unshelve(m, alarm);
        if (m->link == MODEL_LIVE)
            model_end_suppression(m, alarm);
    }
    if (m->link == MODEL_LIVE)
        model_pass_tags(m);
}

#endif
