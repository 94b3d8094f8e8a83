#include "config/validate.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "plant/filter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define VALIDATE_ZONE_FOLDER "/usr/share/zoneinfo"

struct validation {
    const struct config *config;
    struct findings *findings;
    struct map tags;      /* by name */
    struct map addresses; /* tags by topic and path */
    struct map topics;    /* tags by topic */
    struct map displays;  /* by name */
};

static void validate_subscriptions(const struct validation *validation)
{
    const struct config *config = validation->config;
    struct findings *findings = validation->findings;
    struct map seen;
    map_init(&seen);
    if (!config->subscription_count && findings_is_given(findings, &config->subscriptions))
        findings_fault(
            findings, &config->subscriptions, config,
            "subscribe names no filter, so nothing would be received; name one, such as { filter = \"#\"; }");
    for (size_t i = 0; i < config->subscription_count; i++) {
        const struct config_subscription *subscription = &config->subscriptions[i];
        if (!subscription->filter || !findings_is_given(findings, &subscription->filter))
            continue;
        const char *reason = filter_fault(subscription->filter);
        if (reason)
            findings_fault(findings, &subscription->filter, subscription, "subscribe.filter \"%s\": %s",
                           subscription->filter, reason);
        const struct config_subscription *before =
            map_put_text(&seen, subscription->filter, (void *)(uintptr_t)subscription);
        if (before)
            findings_fault(findings, &subscription->filter, subscription,
                           "subscribe.filter \"%s\" stands in line %d already; once is enough",
                           subscription->filter, before->line);
    }
    map_free(&seen);
}

static void validate_broker(const struct validation *validation)
{
    const struct config_broker *broker = &validation->config->broker;
    struct findings *findings = validation->findings;
    const struct config_tls *tls = &broker->tls;
    if (tls->cert && !tls->key)
        findings_fault(findings, &tls->cert, tls, "broker.tls.cert without broker.tls.key; both or none");
    if (tls->key && !tls->cert)
        findings_fault(findings, &tls->key, tls, "broker.tls.key without broker.tls.cert; both or none");
    if (broker->password_file && !broker->username)
        findings_fault(
            findings, &broker->password_file, broker,
            "broker.password_file without broker.username; MQTT takes a password only with a name");
    if (broker->host && strpbrk(broker->host, " /"))
        findings_fault(findings, &broker->host, broker,
                       "broker.host \"%s\" is not a host's name or address; host, port and tls are options "
                       "of their own",
                       broker->host);
    if (broker->port == CONFIG_TLS_PORT && !tls->enabled)
        findings_warn(
            findings, &broker->port, broker,
            "broker.port is %d, where brokers speak TLS, but there is no broker.tls; write tls = { }; for the "
            "machine's authorities, or tls = { ca = \"FILE\"; };",
            broker->port);
}

/* The zone is known where the machine has a folder of zones; without one the name is believed. */
/* Minutes are made to outlast the samples, and hours the minutes; 0 is for ever. */
static void validate_history(const struct validation *validation)
{
    const struct config_history *history = &validation->config->history;
    const struct {
        const char *name;
        const int *days;
    } kinds[] = {{"keep_days", &history->keep_days},
                 {"keep_minutes_days", &history->keep_minutes_days},
                 {"keep_hours_days", &history->keep_hours_days}};
    for (size_t i = 1; i < sizeof kinds / sizeof *kinds; i++) {
        int fine = *kinds[i - 1].days, coarse = *kinds[i].days;
        if (!coarse || (fine && coarse >= fine))
            continue;
        bool given = findings_is_given(validation->findings, kinds[i].days);
        findings_warn(validation->findings, kinds[i - (given ? 0 : 1)].days, history,
                      "history.%s = %d%s, but %s = %d%s: the coarser values would go first; give %s0 (never)",
                      kinds[i].name, coarse, given ? "" : " (the default)", kinds[i - 1].name, fine,
                      fine ? "" : " (never)", fine ? "as many days or more, or " : "");
    }
}

static void validate_timezone(const struct validation *validation)
{
    const struct config *config = validation->config;
    if (!config->timezone)
        return;
    bool sound = *config->timezone != '/' && !strstr(config->timezone, "..");
    char *path = mem_format("%s/%s", VALIDATE_ZONE_FOLDER, config->timezone);
    if (!sound || (!access(VALIDATE_ZONE_FOLDER, F_OK) && access(path, F_OK)))
        findings_fault(
            validation->findings, &config->timezone, config,
            "timezone \"%s\" is not known; it must be one of the names below %s, such as \"Europe/Vienna\"",
            config->timezone, VALIDATE_ZONE_FOLDER);
    free(path);
}

static bool validate_is_user_name(const char *name)
{
    unsigned uid;
    if (!strcmp(name, "*") || config_is_uid(name, &uid))
        return true;
    name += *name == '@';
    return *name && *name != '-' && !strpbrk(name, " \t:,/@*");
}

static void validate_access(const struct validation *validation)
{
    const struct config *config = validation->config;
    if (!config->has_access)
        return;
    size_t named = 0;
    bool faulty = false;
    for (size_t role = ROLE_VIEWER; role <= ROLE_ENGINEER; role++) {
        const struct config_names *names = &config->access[role];
        named += names->count;
        faulty = faulty || (findings_is_given(validation->findings, names) && !names->names);
        for (size_t i = 0; i < names->count; i++)
            if (!validate_is_user_name(names->names[i]))
                findings_fault(validation->findings, names, config,
                               "access.%s names \"%s\"; it must be a Unix user, \"uid NUMBER\", "
                               "\"@group\" or \"*\"",
                               ROLE_WORDS[role], names->names[i]);
    }
    if (!named && !faulty)
        findings_fault(validation->findings, &config->access, config,
                       "access names nobody, so nobody could attach; name users, \"@group\" or \"*\"");
}

static void validate_displays(struct validation *validation)
{
    const struct config *config = validation->config;
    struct findings *findings = validation->findings;
    struct map keys;
    map_init(&keys);
    for (size_t i = 0; i < config->display_count; i++) {
        struct config_display *display = &config->displays[i];
        const struct config_display *before =
            display->name ? map_put_text(&validation->displays, display->name, display) : NULL;
        if (before)
            findings_fault(findings, &display->name, display,
                           "the display \"%s\" stands in line %d already; names are unique", display->name,
                           before->line);
        before = display->key ? map_put_text(&keys, display->key, display) : NULL;
        if (before)
            findings_fault(findings, &display->key, display,
                           "the key \"%s\" opens the display \"%s\" already; keys are unique", display->key,
                           before->name ? before->name : "?");
    }
    map_free(&keys);
}

/* "motor.temp[0]": members with dots between them, indexes in brackets. */
static bool validate_is_path(const char *path)
{
    bool member = true; /* a name may begin here */
    for (const char *at = path; *at;) {
        if (*at == '[') {
            size_t digits = strspn(at + 1, "0123456789");
            if (!digits || digits > 6 || at[1 + digits] != ']')
                return false;
            at += digits + 2;
            member = false;
        } else if (*at == '.') {
            if (at == path || member)
                return false;
            member = true;
            at++;
            if (!*at || *at == '[')
                return false;
        } else if (!member) {
            return false;
        } else {
            at += strcspn(at, ".[");
            member = false;
        }
    }
    return true;
}

/* Paths as other programs write them: names of members here, which no payload is likely to have. */
static void validate_foreign_path(const struct tag_def *tag, struct findings *findings)
{
    const char *path = tag->path;
    size_t length = strlen(path), head = strspn(path, " \t");
    if (!strncmp(path, "$.", 2))
        head = 2;
    else if (*path == '/')
        head = 1;
    size_t tail = length;
    while (tail > head && strchr(" \t", path[tail - 1]))
        tail--;
    if (!length || (!head && tail == length))
        return;
    char *meant = mem_copy_bytes(path + head, tail - head);
    for (char *at = meant; *path == '/' && (at = strchr(at, '/'));)
        *at = '.';
    findings_warn(findings, &tag->path, tag,
                  "tag \"%s\": path \"%s\" is a member of exactly that name; write \"%s\" if that "
                  "is meant",
                  tag->name, path, meant);
    free(meant);
}

/* More would be no list that a person reads; and the checks below compare each with each. */
#define VALIDATE_STATES_MAX 256
#define VALIDATE_ALARMS_MAX 64

static bool validate_counts(const struct validation *validation, const struct tag_def *tag)
{
    if (tag->state_count > VALIDATE_STATES_MAX)
        findings_fault(validation->findings, &tag->states, tag,
                       "tag \"%s\": %zu states; at most %d are allowed", tag->name, tag->state_count,
                       VALIDATE_STATES_MAX);
    if (tag->alarm_count > VALIDATE_ALARMS_MAX)
        findings_fault(validation->findings, &tag->alarms, tag,
                       "tag \"%s\": %zu alarms; at most %d are allowed", tag->name, tag->alarm_count,
                       VALIDATE_ALARMS_MAX);
    return tag->state_count <= VALIDATE_STATES_MAX && tag->alarm_count <= VALIDATE_ALARMS_MAX;
}

static void validate_states(const struct validation *validation, const struct tag_def *tag)
{
    for (size_t i = 0; i < tag->state_count; i++) {
        for (size_t j = 0; j < i; j++) {
            char value[NUM_TEXT_MAX];
            num_format_exact(value, sizeof value, tag->states[i].value);
            if (tag->states[i].value == tag->states[j].value)
                findings_fault(validation->findings, &tag->states, tag,
                               "tag \"%s\": states gives %s two texts, \"%s\" and \"%s\"; values are unique",
                               tag->name, value, tag->states[j].text, tag->states[i].text);
            if (!strcasecmp(tag->states[i].text, tag->states[j].text))
                findings_fault(validation->findings, &tag->states, tag,
                               "tag \"%s\": states names \"%s\" twice; texts are unique", tag->name,
                               tag->states[i].text);
        }
    }
    if (findings_is_given(validation->findings, &tag->states) && tag->kind != TAG_DISCRETE)
        findings_fault(validation->findings, &tag->states, tag,
                       "tag \"%s\": states are for kind = \"discrete\"", tag->name);
}

static void validate_recording(const struct validation *validation, const struct tag_def *tag)
{
    struct findings *findings = validation->findings;
    if (tag->record == RECORD_COMPRESSED && tag->kind != TAG_ANALOG)
        findings_fault(findings, &tag->record, tag,
                       "tag \"%s\": record = \"compressed\" is for kind = \"analog\"; use \"change\"",
                       tag->name);
    else if (tag->record == RECORD_COMPRESSED && tag->deviation <= 0 &&
             !findings_is_given(findings, &tag->deviation))
        findings_fault(findings, &tag->record, tag,
                       "tag \"%s\": record = \"compressed\" needs a deviation above 0", tag->name);
    else if (tag->record == RECORD_COMPRESSED && tag->deviation <= 0)
        findings_fault(findings, &tag->deviation, tag,
                       "tag \"%s\": deviation must be above 0 with record = \"compressed\"", tag->name);
    if (tag->record != RECORD_COMPRESSED && tag->deviation > 0)
        findings_warn(findings, &tag->deviation, tag,
                      "tag \"%s\": deviation has no effect without record = \"compressed\"", tag->name);
    if (tag->max_time_us && tag->max_time_us <= tag->min_time_us)
        findings_fault(findings, &tag->max_time_us, tag, "tag \"%s\": max_time must be longer than min_time",
                       tag->name);
}

static void validate_tag_address(struct validation *validation, struct tag_def *tag)
{
    struct findings *findings = validation->findings;
    const char *reason = tag->topic ? filter_topic_fault(tag->topic) : NULL;
    if (reason)
        findings_fault(findings, &tag->topic, tag, "tag \"%s\": topic \"%s\": %s", tag->name, tag->topic,
                       reason);
    if (tag->path && !validate_is_path(tag->path))
        findings_fault(
            findings, &tag->path, tag,
            "tag \"%s\": path \"%s\" cannot be followed; write members and indexes as in \"motor.temp[0]\"",
            tag->name, tag->path);
    else if (tag->path)
        validate_foreign_path(tag, findings);
}

static void validate_tag(struct validation *validation, struct tag_def *tag)
{
    struct findings *findings = validation->findings;
    if (!validate_counts(validation, tag))
        return;
    validate_tag_address(validation, tag);
    if (tag->has_range && tag->low >= tag->high)
        findings_fault(findings, &tag->low, tag,
                       "tag \"%s\": range must be [lowest, highest], the lowest first", tag->name);
    if (tag->scale_factor == 0)
        findings_fault(findings, &tag->scale_factor, tag,
                       "tag \"%s\": scale has the factor 0, which makes all values equal; it must not be 0",
                       tag->name);
    if (tag->kind == TAG_TEXT && tag->has_range)
        findings_fault(findings, &tag->low, tag, "tag \"%s\": a text has no range", tag->name);
    validate_states(validation, tag);
    validate_recording(validation, tag);
    validate_tag_alarms(tag, &validation->tags, findings);
    if (tag->setpoint)
        validate_tag_setpoint(tag, &validation->tags, findings);
}

static void validate_alarm_displays(const struct validation *validation, const struct tag_def *tag)
{
    for (size_t i = 0; i < tag->alarm_count; i++) {
        const struct alarm_def *alarm = &tag->alarms[i];
        if (alarm->display && !map_get_text(&validation->displays, alarm->display))
            findings_fault(validation->findings, &alarm->display, alarm,
                           "tag \"%s\": the alarm's display \"%s\" is not among the displays", tag->name,
                           alarm->display);
    }
}

/* Unique names, and unique pairs of topic and path: they are the tag's identity in the history. `keys` keeps
 * the latter's texts as long as the map. */
static void validate_identities(struct validation *validation, char **keys)
{
    const struct config *config = validation->config;
    size_t key_count = 0;
    for (size_t i = 0; i < config->tag_count; i++) {
        struct tag_def *tag = &config->tags[i];
        const struct tag_def *before = tag->name ? map_put_text(&validation->tags, tag->name, tag) : NULL;
        if (before)
            findings_fault(validation->findings, &tag->name, tag,
                           "the tag \"%s\" stands in line %d already; names are unique", tag->name,
                           before->line);
        if (!tag->topic)
            continue;
        map_put_text(&validation->topics, tag->topic, tag);
        char *key = keys[key_count++] = mem_format("%s\n%s", tag->topic, tag->path ? tag->path : "");
        before = map_put_text(&validation->addresses, key, tag);
        if (before)
            findings_fault(
                validation->findings, &tag->topic, tag,
                "the tag \"%s\" has the same topic and path as \"%s\" in line %d; a value has one tag",
                tag->name ? tag->name : "?", before->name ? before->name : "?", before->line);
    }
}

/* What hmi publishes as a command must not come back as a value. */
static void validate_setpoint_topics(const struct validation *validation)
{
    const struct config *config = validation->config;
    for (size_t i = 0; i < config->tag_count; i++) {
        const struct setpoint_def *setpoint = config->tags[i].setpoint;
        const struct tag_def *other =
            setpoint && setpoint->topic ? map_get_text(&validation->topics, setpoint->topic) : NULL;
        if (other)
            findings_fault(validation->findings, &setpoint->topic, setpoint,
                           "tag \"%s\": the setpoint's topic \"%s\" is the topic of the tag \"%s\"; a "
                           "setpoint's topic never becomes a tag",
                           config->tags[i].name, setpoint->topic, other->name);
    }
}

/* Two setpoints may share a topic where their payloads differ; with the same payload the device cannot tell them apart. */
static void validate_setpoint_twins(const struct validation *validation)
{
    const struct config *config = validation->config;
    struct map seen;
    char **keys = mem_new(config->tag_count + 1, sizeof *keys);
    size_t key_count = 0;
    map_init(&seen);
    for (size_t i = 0; i < config->tag_count; i++) {
        struct tag_def *tag = &config->tags[i];
        if (!tag->setpoint || !tag->setpoint->topic || !tag->setpoint->payload)
            continue;
        char *key = keys[key_count++] = mem_format("%s\n%s", tag->setpoint->topic, tag->setpoint->payload);
        const struct tag_def *before = map_put_text(&seen, key, tag);
        if (before)
            findings_warn(
                validation->findings, &tag->setpoint->topic, tag->setpoint,
                "tag \"%s\": the setpoint publishes the same payload on the same topic as that of \"%s\" in "
                "line %d: the device cannot tell them apart; one of them has a topic or a payload of its own",
                tag->name, before->name, before->line);
    }
    config_free_list(keys);
    map_free(&seen);
}

void validate_config(struct config *config, struct findings *findings)
{
    struct validation validation = {.config = config, .findings = findings};
    map_init(&validation.tags);
    map_init(&validation.addresses);
    map_init(&validation.topics);
    map_init(&validation.displays);
    char **keys = mem_new(config->tag_count + 1, sizeof *keys);
    validate_broker(&validation);
    validate_subscriptions(&validation);
    validate_history(&validation);
    validate_timezone(&validation);
    validate_access(&validation);
    validate_displays(&validation);
    validate_identities(&validation, keys);
    for (size_t i = 0; i < config->tag_count; i++) {
        if (!config->tags[i].name)
            continue; /* its absence is a fault already */
        validate_tag(&validation, &config->tags[i]);
        validate_alarm_displays(&validation, &config->tags[i]);
    }
    validate_suppressions(config, findings);
    validate_setpoint_topics(&validation);
    validate_setpoint_twins(&validation);
    if (config->tag_count > (size_t)config->max_tags)
        findings_fault(findings, &config->max_tags, config, "max_tags is %d, but %zu tags are configured",
                       config->max_tags, config->tag_count);
    config_free_list(keys);
    map_free(&validation.tags);
    map_free(&validation.addresses);
    map_free(&validation.topics);
    map_free(&validation.displays);
}
