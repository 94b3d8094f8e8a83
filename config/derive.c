/* What a configuration leaves open and its other options decide. */
#include "config/validate.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Starting values that are common in the field for alarms of analog signals: deadband as a share of the
 * range, and delays. */
static const struct {
    double deadband_share;
    int64_t delay_s;
} DERIVE_SIGNALS[] = {
    [SIGNAL_NONE] = {0, 0},         [SIGNAL_FLOW] = {0.05, 15},        [SIGNAL_LEVEL] = {0.05, 60},
    [SIGNAL_PRESSURE] = {0.02, 15}, [SIGNAL_TEMPERATURE] = {0.01, 60},
};

static bool derive_is_limit_alarm(const struct alarm_def *alarm)
{
    return alarm->type <= ALARM_DEVIATION; /* lolo, lo, hi, hihi, deviation */
}

static void derive_alarm(const struct tag_def *tag, struct alarm_def *alarm, struct findings *findings)
{
    enum tag_signal signal = derive_is_limit_alarm(alarm) ? tag->signal : SIGNAL_NONE;
    int64_t delay_us = DERIVE_SIGNALS[signal].delay_s * CLOCK_US_PER_SECOND;
    if (isnan(alarm->deadband))
        alarm->deadband = tag->has_range ? DERIVE_SIGNALS[signal].deadband_share * (tag->high - tag->low) : 0;
    if (!findings_is_given(findings, &alarm->on_delay_us))
        alarm->on_delay_us = delay_us;
    if (!findings_is_given(findings, &alarm->off_delay_us))
        alarm->off_delay_us = delay_us;
    /* The limit of a state alarm is a state's text more often than its value. */
    if (alarm->type == ALARM_STATE && alarm->limit_tag &&
        tag_def_state_value(tag, alarm->limit_tag, strlen(alarm->limit_tag), &alarm->limit)) {
        free(alarm->limit_tag);
        alarm->limit_tag = NULL;
    }
}

static void derive_setpoint(const struct tag_def *tag, struct setpoint_def *setpoint)
{
    double low = tag->has_range ? tag->low : NAN, high = tag->has_range ? tag->high : NAN;
    for (size_t i = 0; i < tag->state_count; i++) {
        double value = tag->states[i].value;
        low = i && low < value ? low : value;
        high = i && high > value ? high : value;
    }
    if (isnan(setpoint->min))
        setpoint->min = low;
    if (isnan(setpoint->max))
        setpoint->max = high;
}

static void derive_tag(struct tag_def *tag, struct findings *findings)
{
    if (tag->topic && !tag->area)
        tag->area = tag_def_area_of_topic(tag->topic);
    if (findings_is_given(findings, &tag->states) && !findings_is_given(findings, &tag->kind)) {
        tag->kind = TAG_DISCRETE;
        tag->kind_fixed = true;
    }
    for (size_t i = 0; i < tag->alarm_count; i++)
        derive_alarm(tag, &tag->alarms[i], findings);
    if (tag->setpoint)
        derive_setpoint(tag, tag->setpoint);
}

static void derive_subscription(struct config *config, const char *filter, size_t *capacity)
{
    config->subscriptions = mem_grow(config->subscriptions, capacity, config->subscription_count + 1,
                                     sizeof *config->subscriptions);
    config->subscriptions[config->subscription_count++] = (struct config_subscription){
        .filter = mem_copy_text(filter),
        .payload = {.format = FORMAT_AUTO},
        .qos = 1,
    };
}

/* Nothing said of subscriptions: what the tags need, each topic once; with no tags everything. */
static void derive_subscriptions(struct config *config)
{
    size_t capacity = 0;
    struct map seen;
    map_init(&seen);
    for (size_t i = 0; i < config->tag_count; i++) {
        const char *topic = config->tags[i].topic;
        if (!topic || map_get_text(&seen, topic))
            continue;
        map_put_text(&seen, topic, &config->tags[i]);
        derive_subscription(config, topic, &capacity);
    }
    map_free(&seen);
    if (!config->tag_count)
        derive_subscription(config, "#", &capacity);
}

/* A setpoint stands until somebody gives another one: so does the tag that tells its present value, which is its
 * readback, or itself where it has none. */
static void derive_readbacks(struct config *config, struct findings *findings)
{
    struct map names;
    map_init(&names);
    for (size_t i = 0; i < config->tag_count; i++)
        if (config->tags[i].name)
            map_put_text(&names, config->tags[i].name, &config->tags[i]);
    for (size_t i = 0; i < config->tag_count; i++) {
        const struct setpoint_def *setpoint = config->tags[i].setpoint;
        struct tag_def *present = setpoint && setpoint->readback ? map_get_text(&names, setpoint->readback)
                                  : setpoint                     ? &config->tags[i]
                                                                 : NULL;
        if (present && !findings_is_given(findings, &present->stepped))
            present->stepped = true;
    }
    map_free(&names);
}

void derive_config(struct config *config, struct findings *findings)
{
    if (config->broker.tls.enabled && !findings_is_given(findings, &config->broker.port))
        config->broker.port = CONFIG_TLS_PORT;
    if (!findings_is_given(findings, &config->subscriptions))
        derive_subscriptions(config);
    for (size_t i = 0; i < config->tag_count; i++)
        derive_tag(&config->tags[i], findings);
    derive_suppressions(config);
    derive_readbacks(config, findings);
}
