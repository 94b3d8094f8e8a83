/* The checks of one tag's alarms and of its setpoint. */
#include "config/suggest.h"
#include "config/validate.h"

#include "base/map.h"
#include "base/num.h"
#include "plant/filter.h"
#include "plant/setpoint_payload.h"

#include <math.h>
#include <string.h>

/* What each type of alarm needs. */
static const struct {
    bool limit, limit_tag; /* a limit; the limit may be a tag */
    bool reference;
    bool analog; /* of a number only */
} VALIDATE_ALARMS[] = {
    [ALARM_LOLO] = {.limit = true, .limit_tag = true, .analog = true},
    [ALARM_LO] = {.limit = true, .limit_tag = true, .analog = true},
    [ALARM_HI] = {.limit = true, .limit_tag = true, .analog = true},
    [ALARM_HIHI] = {.limit = true, .limit_tag = true, .analog = true},
    [ALARM_DEVIATION] = {.limit = true, .reference = true, .analog = true},
    [ALARM_RATE] = {.limit = true, .analog = true},
    [ALARM_STATE] = {.limit = true},
    [ALARM_DISCREPANCY] = {.reference = true},
    [ALARM_STALE] = {.limit = false},
    [ALARM_BAD] = {.limit = false},
};

/* Looking for what was meant goes through all tags: not for thousands of faults. */
#define VALIDATE_GUESSES_MAX 100

const char *validate_near_tag(const struct map *tags, const char *name, const struct findings *findings)
{
    const struct tag_def *near = NULL, *other;
    if (findings->fault_count >= VALIDATE_GUESSES_MAX)
        return NULL;
    for (size_t position = 0; (other = map_next(tags, &position));)
        if (suggest_is_nearer(name, other->name, near ? near->name : NULL))
            near = other;
    return near ? near->name : NULL;
}

/* A tag that is named elsewhere must be there, and another one. `place` is the option's value. */
static void validate_reference(const struct map *tags, const struct tag_def *tag, const char *option,
                               const char *name, const void *place, const void *whole,
                               struct findings *findings)
{
    if (!name || map_get_text(tags, name))
        return;
    const char *near = validate_near_tag(tags, name, findings);
    findings_fault(findings, place, whole, "tag \"%s\": %s names the tag \"%s\", which does not exist%s%s%s",
                   tag->name, option, name, near ? "; did you mean \"" : "", near ? near : "",
                   near ? "\"?" : "");
}

/* What it is compared with must not be itself. */
static void validate_other(const struct tag_def *tag, const struct alarm_def *alarm, const char *option,
                           const char *name, const void *place, struct findings *findings)
{
    if (name && !strcmp(name, tag->name))
        findings_fault(findings, place, alarm,
                       "tag \"%s\": %s names the tag itself, so that the alarm would never come", tag->name,
                       option);
}

static void validate_limit(const struct tag_def *tag, const struct alarm_def *alarm, const struct map *tags,
                           struct findings *findings)
{
    const char *type = ALARM_TYPE_WORDS[alarm->type];
    bool needed = VALIDATE_ALARMS[alarm->type].limit;
    bool given = findings_is_given(findings, &alarm->limit);
    if (needed && !given)
        findings_fault(findings, NULL, alarm, "tag \"%s\": an alarm of type %s needs a limit", tag->name,
                       type);
    else if (!needed && given)
        findings_fault(findings, &alarm->limit, alarm, "tag \"%s\": an alarm of type %s has no limit",
                       tag->name, type);
    else if (alarm->limit_tag && alarm->type == ALARM_STATE)
        findings_fault(findings, &alarm->limit, alarm, "tag \"%s\": limit \"%s\" is not one of its states",
                       tag->name, alarm->limit_tag);
    else if (alarm->limit_tag && !VALIDATE_ALARMS[alarm->type].limit_tag)
        findings_fault(findings, &alarm->limit, alarm,
                       "tag \"%s\": the limit of an alarm of type %s must be a number", tag->name, type);
    else if (alarm->limit_tag)
        validate_reference(tags, tag, "limit", alarm->limit_tag, &alarm->limit, alarm, findings);
    else if (given && (alarm->type == ALARM_DEVIATION || alarm->type == ALARM_RATE) && alarm->limit <= 0)
        findings_fault(findings, &alarm->limit, alarm,
                       "tag \"%s\": the limit of an alarm of type %s must be above 0", tag->name, type);
    validate_other(tag, alarm, "limit", alarm->limit_tag, &alarm->limit, findings);
}

/* Whether a value of the tag's range, or none at all, ends the alarm. */
static bool validate_can_clear(const struct tag_def *tag, const struct alarm_def *alarm)
{
    bool in_range = tag->has_range && alarm->limit >= tag->low && alarm->limit <= tag->high;
    if (alarm->type == ALARM_DEVIATION || alarm->type == ALARM_RATE)
        return alarm->deadband < alarm->limit || alarm->limit <= 0;
    if (alarm->type > ALARM_HIHI || !in_range)
        return true;
    return alarm->type >= ALARM_HI ? alarm->limit - alarm->deadband >= tag->low
                                   : alarm->limit + alarm->deadband <= tag->high;
}

static void validate_deadband(const struct tag_def *tag, const struct alarm_def *alarm,
                              struct findings *findings)
{
    bool plain = findings_is_given(findings, &alarm->limit) && !alarm->limit_tag;
    if (!plain || validate_can_clear(tag, alarm))
        return;
    char deadband[NUM_TEXT_MAX];
    num_format(deadband, sizeof deadband, alarm->deadband, -1);
    findings_fault(
        findings, findings_is_given(findings, &alarm->deadband) ? &alarm->deadband : &alarm->limit, alarm,
        "tag \"%s\": the deadband of %s (%s) is wider than what lies behind its limit, so that the alarm "
        "would never clear",
        tag->name, ALARM_TYPE_WORDS[alarm->type], deadband);
}

static void validate_alarm(const struct tag_def *tag, const struct alarm_def *alarm, const struct map *tags,
                           struct findings *findings)
{
    const char *type = ALARM_TYPE_WORDS[alarm->type];
    validate_limit(tag, alarm, tags, findings);
    bool needs_reference = VALIDATE_ALARMS[alarm->type].reference;
    if (needs_reference && !findings_is_given(findings, &alarm->reference))
        findings_fault(findings, NULL, alarm, "tag \"%s\": an alarm of type %s needs a reference (a tag)",
                       tag->name, type);
    else if (!needs_reference && alarm->reference)
        findings_fault(findings, &alarm->reference, alarm, "tag \"%s\": an alarm of type %s has no reference",
                       tag->name, type);
    validate_reference(tags, tag, "reference", alarm->reference, &alarm->reference, alarm, findings);
    if (needs_reference)
        validate_other(tag, alarm, "reference", alarm->reference, &alarm->reference, findings);
    validate_deadband(tag, alarm, findings);
    if (VALIDATE_ALARMS[alarm->type].analog && tag->kind == TAG_TEXT)
        findings_fault(findings, &alarm->type, alarm, "tag \"%s\": a text cannot have an alarm of type %s",
                       tag->name, type);
    if (alarm->type == ALARM_STALE && !tag->stale_after_us)
        findings_fault(findings, &alarm->type, alarm,
                       "tag \"%s\": an alarm of type stale needs the tag's stale_after", tag->name);
    if (alarm->name && strchr(alarm->name, '/'))
        findings_fault(findings, &alarm->name, alarm, "tag \"%s\": the alarm's name \"%s\" must not hold a /",
                       tag->name, alarm->name);
    if (tag->has_range && alarm->type <= ALARM_HIHI && findings_is_given(findings, &alarm->limit) &&
        !alarm->limit_tag && (alarm->limit < tag->low || alarm->limit > tag->high))
        findings_warn(findings, &alarm->limit, alarm,
                      "tag \"%s\": the limit of %s lies outside the tag's range", tag->name, type);
}

static void validate_alarm_addresses(const struct tag_def *tag, struct findings *findings)
{
    for (size_t i = 0; i < tag->alarm_count; i++)
        for (size_t j = 0; j < i; j++) {
            const struct alarm_def *alarm = &tag->alarms[i], *before = &tag->alarms[j];
            const char *address = alarm_def_word(alarm);
            if (strcmp(address, alarm_def_word(before)) != 0)
                continue;
            findings_fault(findings, alarm->name ? (const void *)&alarm->name : &alarm->type, alarm,
                           "tag \"%s\": two alarms have the address %s/%s (the other in line %d); give each "
                           "a name of its own",
                           tag->name, tag->name, address, before->line);
            break;
        }
}

static bool validate_is_plain_limit(const struct alarm_def *alarm, struct findings *findings)
{
    return alarm->type <= ALARM_HIHI && !alarm->limit_tag && findings_is_given(findings, &alarm->limit);
}

/* One that gives way needs one to give way to. */
static void validate_exclusive(const struct tag_def *tag, struct findings *findings)
{
    for (size_t i = 0; i < tag->alarm_count; i++) {
        const struct alarm_def *alarm = &tag->alarms[i];
        enum alarm_type worse = alarm->type == ALARM_LO ? ALARM_LOLO : ALARM_HIHI;
        bool found = alarm->type != ALARM_LO && alarm->type != ALARM_HI; /* a fault already */
        for (size_t j = 0; j < tag->alarm_count; j++)
            found |= tag->alarms[j].type == worse;
        if (alarm->exclusive && !found)
            findings_warn(findings, &alarm->exclusive, alarm,
                          "tag \"%s\": exclusive has no effect: %s has no %s to give way to", tag->name,
                          ALARM_TYPE_WORDS[alarm->type], ALARM_TYPE_WORDS[worse]);
    }
}

/* lolo < lo < hi < hihi, and each deadband narrower than the band between the low and the high limits. */
static void validate_limit_order(const struct tag_def *tag, struct findings *findings)
{
    for (size_t i = 0; i < tag->alarm_count; i++)
        for (size_t j = 0; j < tag->alarm_count; j++) {
            const struct alarm_def *low = &tag->alarms[i], *high = &tag->alarms[j];
            if (!validate_is_plain_limit(low, findings) || !validate_is_plain_limit(high, findings) ||
                low->type >= high->type)
                continue;
            const struct alarm_def *later = i > j ? low : high;
            if (low->limit >= high->limit)
                findings_fault(
                    findings, &later->limit, later,
                    "tag \"%s\": the limit of %s must be below that of %s; the order is lolo, lo, hi, hihi",
                    tag->name, ALARM_TYPE_WORDS[low->type], ALARM_TYPE_WORDS[high->type]);
            else if (low->type <= ALARM_LO && high->type >= ALARM_HI &&
                     fmax(low->deadband, high->deadband) >= high->limit - low->limit)
                findings_fault(findings, &later->deadband, later,
                               "tag \"%s\": the deadband is as wide as the band between %s and %s, so that "
                               "the alarm would never clear",
                               tag->name, ALARM_TYPE_WORDS[low->type], ALARM_TYPE_WORDS[high->type]);
        }
}

void validate_tag_alarms(const struct tag_def *tag, const struct map *tags, struct findings *findings)
{
    for (size_t i = 0; i < tag->alarm_count; i++)
        if (findings_is_given(findings, &tag->alarms[i].type))
            validate_alarm(tag, &tag->alarms[i], tags, findings);
    validate_alarm_addresses(tag, findings);
    validate_limit_order(tag, findings);
    validate_exclusive(tag, findings);
}

static void validate_payload(const struct tag_def *tag, struct findings *findings)
{
    const struct setpoint_def *setpoint = tag->setpoint;
    struct err err;
    bool carries_value;
    if (!setpoint_payload_check(setpoint->payload, &carries_value, &err))
        findings_fault(findings, &setpoint->payload, setpoint, "tag \"%s\": the setpoint's payload %s",
                       tag->name, err.text);
    else if (!carries_value && !setpoint->pulse_us)
        findings_fault(
            findings, &setpoint->payload, setpoint,
            "tag \"%s\": the setpoint's payload holds neither {value} nor {raw} nor {text}, so that every "
            "command would be the same (allowed with pulse)",
            tag->name);
}

static void validate_bounds(const struct tag_def *tag, struct findings *findings)
{
    const struct setpoint_def *setpoint = tag->setpoint;
    bool bounded = !isnan(setpoint->min) && !isnan(setpoint->max);
    bool faulty = (isnan(setpoint->min) && findings_is_given(findings, &setpoint->min)) ||
                  (isnan(setpoint->max) && findings_is_given(findings, &setpoint->max));
    if (tag->kind == TAG_TEXT || faulty)
        return;
    if (!bounded)
        findings_fault(findings, NULL, setpoint,
                       "tag \"%s\": the setpoint needs min and max (or the tag a range, or states)",
                       tag->name);
    else if (setpoint->min > setpoint->max || (setpoint->min == setpoint->max && tag->kind == TAG_ANALOG))
        findings_fault(findings,
                       findings_is_given(findings, &setpoint->min) ? &setpoint->min : &setpoint->max,
                       setpoint, "tag \"%s\": the setpoint's min must be below its max", tag->name);
    else if (setpoint->step > setpoint->max - setpoint->min)
        findings_fault(findings, &setpoint->step, setpoint,
                       "tag \"%s\": the setpoint's step is wider than min to max", tag->name);
}

/* START or RUNNING? What operators choose by and {text} sends is the readback's. */
static void validate_state_words(const struct tag_def *tag, const struct tag_def *readback,
                                 struct findings *findings)
{
    for (size_t i = 0; i < readback->state_count; i++) {
        const struct tag_state *state = &readback->states[i];
        const char *own = tag_def_state_text(tag, state->value);
        if (!own || !strcmp(own, state->text))
            continue;
        findings_warn(
            findings, &tag->setpoint->payload, tag->setpoint,
            "tag \"%s\": {text} in the setpoint's payload sends \"%s\", a state of its readback \"%s\", not "
            "its own \"%s\"; where the device expects that one, name the readback's states so",
            tag->name, state->text, readback->name, own);
        return;
    }
}

/* {text} is a state's: the readback's where it has states, else its own; a button lets go with 0. */
static void validate_state_text(const struct tag_def *tag, const struct map *tags, struct findings *findings)
{
    const struct setpoint_def *setpoint = tag->setpoint;
    const struct tag_def *readback = setpoint->readback ? map_get_text(tags, setpoint->readback) : NULL;
    const struct tag_def *stated = readback && readback->state_count ? readback : tag;
    if (!setpoint_payload_has_state(setpoint->payload))
        return;
    if (!stated->state_count || tag->kind == TAG_TEXT)
        findings_fault(
            findings, &setpoint->payload, setpoint,
            "tag \"%s\": {text} in the setpoint's payload is the text of a state, but there are no states; write "
            "states = ( (0, \"OFF\"), (1, \"ON\") ), or {value}",
            tag->name);
    else if (setpoint->pulse_us && !tag_def_state_text(stated, 0))
        findings_fault(
            findings, &setpoint->payload, setpoint,
            "tag \"%s\": a button (pulse) is let go with 0, for which there is no state whose {text} could be "
            "sent; add one to states",
            tag->name);
    else if (stated != tag)
        validate_state_words(tag, stated, findings);
}

static bool validate_is_text(const struct tag_def *tag)
{
    return tag && tag->kind_fixed && tag->kind == TAG_TEXT;
}

/* What it is compared with must be of its kind, as far as the configuration fixes that; a permit is true or false. */
static void validate_kinds(const struct tag_def *tag, const struct map *tags, struct findings *findings)
{
    const struct setpoint_def *setpoint = tag->setpoint;
    const struct tag_def *readback = setpoint->readback ? map_get_text(tags, setpoint->readback) : NULL;
    const struct tag_def *permit = setpoint->permit ? map_get_text(tags, setpoint->permit) : NULL;
    if (readback && readback->kind_fixed && validate_is_text(tag) != validate_is_text(readback))
        findings_fault(
            findings, &setpoint->readback, setpoint,
            "tag \"%s\": its readback \"%s\" is a %s, which never equals a %s; name the tag that reports "
            "what was given, or give both the same kind",
            tag->name, readback->name, validate_is_text(readback) ? "text" : "number",
            validate_is_text(tag) ? "text" : "number");
    if (validate_is_text(permit))
        findings_fault(
            findings, &setpoint->permit, setpoint,
            "tag \"%s\": its permit \"%s\" is a text, which is never true; name a number or a tag with "
            "states, where all but 0 permits",
            tag->name, permit->name);
}

void validate_tag_setpoint(const struct tag_def *tag, const struct map *tags, struct findings *findings)
{
    const struct setpoint_def *setpoint = tag->setpoint;
    const char *reason = setpoint->topic ? filter_topic_fault(setpoint->topic) : NULL;
    if (reason)
        findings_fault(findings, &setpoint->topic, setpoint, "tag \"%s\": the setpoint's topic \"%s\": %s",
                       tag->name, setpoint->topic, reason);
    validate_payload(tag, findings);
    validate_bounds(tag, findings);
    validate_reference(tags, tag, "readback", setpoint->readback, &setpoint->readback, setpoint, findings);
    validate_reference(tags, tag, "permit", setpoint->permit, &setpoint->permit, setpoint, findings);
    validate_kinds(tag, tags, findings);
    validate_state_text(tag, tags, findings);
}
