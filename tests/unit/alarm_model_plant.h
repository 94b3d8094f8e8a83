/* A second alarm engine for test_alarm_model.c. This half of it knows the plant and whether conditions stand; what becomes
 * of them is alarm_model.h's.
 *
 * It is written from what alarms are to do (hmi.cfg(5), ISA-18.2), not from the first engine, and plain and slow: it goes
 * through time in steps, has no timers, and keeps a log of what was seen. Through that it goes back for each question: for
 * how long has the condition stood, how often has it come.
 *
 * Its plant has four tags. The alarms are those of MODEL_VALUE; they compare it with MODEL_REFERENCE, may have their limit
 * from MODEL_LIMIT, and may be suppressed by MODEL_PUMP (and, as by a group, by the reference). The more severe ones come
 * first in `alarms`. */
#ifndef TESTS_ALARM_MODEL_PLANT_H
#define TESTS_ALARM_MODEL_PLANT_H

#include "plant/alarm_event.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#define MODEL_STEPS_MAX  200 /* so many steps has a run at most */
#define MODEL_STEPS_A_S  8   /* of time in a second: rates come out exact */
#define MODEL_LOOKS_MAX  (10 * MODEL_STEPS_MAX)
#define MODEL_ALARMS_MAX 4
#define MODEL_PUMP_OFF   0.0
#define MODEL_TRIP_VALUE 40.0 /* of the reference: suppresses those of a group */
#define MODEL_NEVER      (-1)

enum model_tag_place { MODEL_VALUE, MODEL_REFERENCE, MODEL_PUMP, MODEL_LIMIT, MODEL_TAGS };
enum model_truth { MODEL_NO, MODEL_YES, MODEL_UNKNOWN };
enum model_link { MODEL_AWAY, MODEL_BACKLOG, MODEL_LIVE };

struct model_tag {
    double value;
    bool present; /* heard since the link came up: else its value is from before, and nobody knows */
    bool bad, stale;
    bool live;     /* the last message was not of the backlog */
    bool retained; /* the last message was: the broker repeats it whether or not its sender lives */
    int stale_after, heard_at;
};

/* What the last two live samples of the value said. */
struct model_rate {
    bool has_base, has_pair;
    double base, change;
    int base_at, pair_base_at;
};

struct model_alarm {
    /* what it is made of; spans in steps */
    enum alarm_type type;
    double limit, deadband; /* of a rate: per second */
    bool limit_by_tag, latching, by_pump, by_group;
    int on_delay, off_delay, count, realarm, escalate;
    enum alarm_priority own_priority;
    struct model_alarm *worse, *lesser; /* of an exclusive pair; NULL: none */

    /* what it has seen */
    struct model_look {
        int at;
        enum model_truth truth;
    } looks[MODEL_LOOKS_MAX];
    int look_count;
    int came_at[MODEL_LOOKS_MAX]; /* each time that the condition came */
    int came_count;

    /* where it stands */
    enum alarm_state state;
    enum alarm_priority priority;
    bool active, shelf_once;
    unsigned withheld; /* enum alarm_withheld */
    int activated_at, acknowledged_at, told_at, shelf_until;
    int pump_left_at; /* what suppressed it has gone, and it waits for its on-delay; MODEL_NEVER: it does not wait */
};

struct model {
    int now;
    enum model_link link;
    bool ran[MODEL_STEPS_MAX]; /* the plant was known in the step behind that instant */
    struct model_tag tags[MODEL_TAGS];
    struct model_rate rate;
    struct model_alarm alarms[MODEL_ALARMS_MAX];
    size_t alarm_count;
};

/* ---- time and the log ---- */

/* Steps between two instants, without those in which the plant was not known. */
static inline int model_ran(const struct model *m, int from, int to)
{
    int steps = 0;
    for (int i = from; i < to; i++)
        steps += m->ran[i];
    return steps;
}

/* What was known last of the condition. */
static inline bool model_stands(const struct model_alarm *alarm)
{
    for (int i = alarm->look_count - 1; i >= 0; i--)
        if (alarm->looks[i].truth != MODEL_UNKNOWN)
            return alarm->looks[i].truth == MODEL_YES;
    return false;
}

/* For how long the condition has been as it is; times in which it was not known do not count. */
static inline int model_stood_for(const struct model *m, const struct model_alarm *alarm)
{
    enum model_truth truth = model_stands(alarm) ? MODEL_YES : MODEL_NO;
    int steps = 0, until = m->now;
    for (int i = alarm->look_count - 1; i >= 0; i--) {
        const struct model_look *look = &alarm->looks[i];
        if (look->truth != MODEL_UNKNOWN && look->truth != truth)
            break;
        if (look->truth == truth)
            steps += model_ran(m, look->at, until);
        until = look->at;
    }
    return steps;
}

static inline bool model_came_often(const struct model *m, const struct model_alarm *alarm)
{
    int often = 0;
    for (int i = 0; i < alarm->came_count; i++)
        often += m->now - alarm->came_at[i] <= alarm->on_delay;
    return alarm->count > 0 && often >= alarm->count;
}

static inline void model_note(const struct model *m, struct model_alarm *alarm, enum model_truth truth)
{
    assert(alarm->look_count < MODEL_LOOKS_MAX);
    alarm->looks[alarm->look_count++] = (struct model_look){.at = m->now, .truth = truth};
}

/* ---- conditions ---- */

static inline bool model_is_usable(const struct model_tag *tag)
{
    return tag->present && !tag->bad;
}

/* `stood`: then it is only over when the value has come back by the deadband. */
static inline enum model_truth model_is_beyond(const struct model_alarm *alarm, double excess, bool stood)
{
    return excess > (stood ? -alarm->deadband : 0) ? MODEL_YES : MODEL_NO;
}

static inline enum model_truth model_limit(const struct model *m, const struct model_alarm *alarm, bool stood)
{
    const struct model_tag *value = &m->tags[MODEL_VALUE], *limit_tag = &m->tags[MODEL_LIMIT];
    double limit = alarm->limit_by_tag ? limit_tag->value : alarm->limit;
    bool low = alarm->type == ALARM_LO || alarm->type == ALARM_LOLO;
    if (!model_is_usable(value) || (alarm->limit_by_tag && !model_is_usable(limit_tag)))
        return MODEL_UNKNOWN;
    return model_is_beyond(alarm, low ? limit - value->value : value->value - limit, stood);
}

/* Only a live value raises it. */
static inline enum model_truth model_deviation(const struct model *m, const struct model_alarm *alarm,
                                               bool stood)
{
    const struct model_tag *value = &m->tags[MODEL_VALUE], *setpoint = &m->tags[MODEL_REFERENCE];
    if (!model_is_usable(value) || !model_is_usable(setpoint))
        return MODEL_UNKNOWN;
    enum model_truth truth =
        model_is_beyond(alarm, fabs(value->value - setpoint->value) - alarm->limit, stood);
    return truth == MODEL_YES && !alarm->active && !value->live ? MODEL_UNKNOWN : truth;
}

/* The last change, over the time that has passed since it began: with nothing new it falls by itself. */
static inline enum model_truth model_rate(const struct model *m, const struct model_alarm *alarm, bool stood)
{
    const struct model_tag *value = &m->tags[MODEL_VALUE];
    if (!m->rate.has_pair)
        return MODEL_NO;
    double seconds = model_ran(m, m->rate.pair_base_at, m->now) / (double)MODEL_STEPS_A_S;
    if (model_is_beyond(alarm, m->rate.change / seconds - alarm->limit, stood) == MODEL_NO)
        return MODEL_NO;
    return model_is_usable(value) && value->live ? MODEL_YES : MODEL_UNKNOWN;
}

static inline enum model_truth model_truth(const struct model *m, const struct model_alarm *alarm, bool stood)
{
    const struct model_tag *value = &m->tags[MODEL_VALUE], *command = &m->tags[MODEL_REFERENCE];
    switch (alarm->type) {
    case ALARM_DEVIATION:
        return model_deviation(m, alarm, stood);
    case ALARM_RATE:
        return model_rate(m, alarm, stood);
    case ALARM_STATE:
        return !model_is_usable(value) ? MODEL_UNKNOWN : value->value == alarm->limit ? MODEL_YES : MODEL_NO;
    case ALARM_DISCREPANCY:
        if (!model_is_usable(value) || !model_is_usable(command))
            return MODEL_UNKNOWN;
        return fabs(value->value - command->value) > alarm->deadband ? MODEL_YES : MODEL_NO;
    case ALARM_STALE:
        return value->stale ? MODEL_YES : value->present && !value->retained ? MODEL_NO : MODEL_UNKNOWN;
    case ALARM_BAD:
        return !value->present ? MODEL_UNKNOWN : value->bad ? MODEL_YES : MODEL_NO;
    default:
        return model_limit(m, alarm, stood);
    }
}

#endif
