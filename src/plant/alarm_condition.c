/* Does the condition of an alarm stand? By its type, without delays and states. */
#include "plant/alarm_internal.h"

#include <math.h>
#include <string.h>

/* Samples closer together say nothing about a rate: their stamps may be those of their arrival. */
#define CONDITION_RATE_US INT64_C(100000)

/* Whether the tag's value is one of the plant's present: a stale one still is the last word, one that was only
 * read from the file, or came before the link was lost, is not. */
static bool condition_is_usable(const struct tag *tag)
{
    return tag->type != VALUE_NONE && !quality_is_bad(tag->quality) && tag->current;
}

static bool condition_number(const struct tag *tag, double *number)
{
    *number = tag->number;
    return tag->type == VALUE_NUMBER && condition_is_usable(tag);
}

/* For the journal: the last number, usable or not. */
static double condition_shown(const struct tag *tag)
{
    return tag->type == VALUE_NUMBER ? tag->number : NAN;
}

/* Value and limit in force; false: one of them cannot be used now. */
static bool condition_limit(const struct alarm *alarm, struct alarm_reading *reading)
{
    reading->limit = alarm->def->limit;
    return condition_number(alarm->tag, &reading->value) &&
           (!alarm->limit_tag || condition_number(alarm->limit_tag, &reading->limit));
}

/* `excess` is how far the value is behind the limit; the deadband counts for the way back. */
static enum alarm_truth condition_of_excess(const struct alarm *alarm, double excess)
{
    return excess > (alarm->condition ? -alarm->def->deadband : 0) ? ALARM_TRUE : ALARM_FALSE;
}

static enum alarm_truth condition_high(struct alarm *alarm, struct alarm_reading *reading)
{
    if (!condition_limit(alarm, reading))
        return ALARM_UNKNOWN;
    return condition_of_excess(alarm, reading->value - reading->limit);
}

static enum alarm_truth condition_low(struct alarm *alarm, struct alarm_reading *reading)
{
    if (!condition_limit(alarm, reading))
        return ALARM_UNKNOWN;
    return condition_of_excess(alarm, reading->limit - reading->value);
}

/* The backlog brings value and setpoint in any order: only a live value raises. What is within the band when it is
 * over has come back into it, though, and may never be sent again. */
static enum alarm_truth condition_deviation(struct alarm *alarm, struct alarm_reading *reading)
{
    double setpoint;
    if (!condition_limit(alarm, reading) || !condition_number(alarm->reference, &setpoint))
        return ALARM_UNKNOWN;
    enum alarm_truth truth = condition_of_excess(alarm, fabs(reading->value - setpoint) - reading->limit);
    bool raises = truth == ALARM_TRUE && !alarm->status.active;
    return alarm->tag->backlog && raises ? ALARM_UNKNOWN : truth;
}

/* The change from one sample to the next by their own times. When nothing comes any more, what is known of the rate
 * falls with the time that passes: so it ends by itself, after rate_clear_us, be it ever so close to the limit. */
static enum alarm_truth condition_rate(struct alarm *alarm, struct alarm_reading *reading)
{
    const struct tag *tag = alarm->tag;
    struct alarm_rate *rate = &alarm->rate;
    struct alarm_rate now = {.valid = true, .ts_us = tag->ts_us, .samples = tag->samples};
    if (tag->backlog || tag->retained || !condition_number(tag, &now.value)) {
        rate->valid = false;
        reading->value = condition_shown(tag);
        return alarm->condition ? ALARM_UNKNOWN : ALARM_FALSE; /* it has ended: an off-delay goes on */
    }
    reading->value = now.value;
    reading->limit = alarm->def->limit;
    if (rate->valid && rate->samples == now.samples)
        return alarm->condition ? ALARM_TRUE : ALARM_FALSE;
    int64_t span_us = now.ts_us - rate->ts_us;
    if (rate->valid && span_us < CONDITION_RATE_US)
        return alarm->condition ? ALARM_TRUE : ALARM_FALSE;
    double change = fabs(now.value - rate->value);
    bool comparable = rate->valid;
    *rate = now;
    if (!comparable)
        return alarm->condition ? ALARM_TRUE : ALARM_FALSE;
    enum alarm_truth truth = condition_of_excess(alarm, change / ((double)span_us / 1e6) - reading->limit);
    double ends_below = reading->limit - alarm->def->deadband;
    if (truth == ALARM_TRUE && ends_below > 0 && change / ends_below < 1e9)
        reading->rate_clear_us = (int64_t)fmax(1, change / ends_below * 1e6 - (double)span_us);
    return truth;
}

static enum alarm_truth condition_state(struct alarm *alarm, struct alarm_reading *reading)
{
    if (!condition_limit(alarm, reading))
        return ALARM_UNKNOWN;
    return reading->value == reading->limit ? ALARM_TRUE : ALARM_FALSE;
}

/* Command against feedback: the on-delay is the time that the device has to obey. */
static enum alarm_truth condition_discrepancy(struct alarm *alarm, struct alarm_reading *reading)
{
    const struct tag *tag = alarm->tag, *command = alarm->reference;
    if (!condition_is_usable(tag) || !condition_is_usable(command) || tag->type != command->type)
        return ALARM_UNKNOWN;
    if (tag->type == VALUE_TEXT)
        return tag->text_length != command->text_length ||
                       memcmp(tag->text, command->text, tag->text_length) != 0
                   ? ALARM_TRUE
                   : ALARM_FALSE;
    reading->value = tag->number;
    reading->limit = command->number;
    return fabs(tag->number - command->number) > alarm->def->deadband ? ALARM_TRUE : ALARM_FALSE;
}

/* Silence is what it is about, so it raises also where the tag was not heard since the start or never at all. What ends
 * it is a message: not a retained one, which the broker repeats with each connection whether or not the sensor lives. */
static enum alarm_truth condition_stale(struct alarm *alarm, struct alarm_reading *reading)
{
    const struct tag *tag = alarm->tag;
    reading->value = condition_shown(tag);
    if (tag->stale)
        return ALARM_TRUE;
    return tag->current && !tag->retained ? ALARM_FALSE : ALARM_UNKNOWN;
}

static enum alarm_truth condition_bad(struct alarm *alarm, struct alarm_reading *reading)
{
    reading->value = condition_shown(alarm->tag);
    if (!alarm->tag->current)
        return ALARM_UNKNOWN; /* not heard since the start, or since the link came back: nobody knows */
    return quality_is_bad(alarm->tag->quality) ? ALARM_TRUE : ALARM_FALSE;
}

/* alarms_set_system() sets it. */
static enum alarm_truth condition_system(struct alarm *alarm, struct alarm_reading *reading)
{
    (void)reading;
    return alarm->condition ? ALARM_TRUE : ALARM_FALSE;
}

static enum alarm_truth (*const CONDITIONS[])(struct alarm *, struct alarm_reading *) = {
    [ALARM_LOLO] = condition_low,
    [ALARM_LO] = condition_low,
    [ALARM_HI] = condition_high,
    [ALARM_HIHI] = condition_high,
    [ALARM_DEVIATION] = condition_deviation,
    [ALARM_RATE] = condition_rate,
    [ALARM_STATE] = condition_state,
    [ALARM_DISCREPANCY] = condition_discrepancy,
    [ALARM_STALE] = condition_stale,
    [ALARM_BAD] = condition_bad,
    [ALARM_SYSTEM] = condition_system,
};

enum alarm_truth alarm_condition(struct alarm *alarm, struct alarm_reading *reading)
{
    *reading = (struct alarm_reading){.value = NAN, .limit = NAN};
    return CONDITIONS[alarm->def->type](alarm, reading);
}

enum alarm_truth alarm_suppression(const struct alarm *alarm)
{
    enum alarm_truth truth = ALARM_FALSE;
    for (size_t i = 0; i < 2; i++) {
        double number;
        if (!alarm->suppressors[i])
            continue;
        if (!condition_number(alarm->suppressors[i], &number))
            truth = ALARM_UNKNOWN;
        else if (number == alarm->def->suppress[i].value)
            return ALARM_TRUE;
    }
    return truth;
}
