#include "plant/tagdef.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const TAG_KIND_WORDS[] = {"analog", "discrete", "text", NULL};
const char *const TAG_RECORD_WORDS[] = {"all", "change", "compressed", NULL};
const char *const TAG_SIGNAL_WORDS[] = {"none", "flow", "level", "pressure", "temperature", NULL};
const char *const PAYLOAD_FORMAT_WORDS[] = {"auto", "plain", "json", NULL};
const char *const ALARM_TYPE_WORDS[] = {"lolo",  "lo",          "hi",    "hihi", "deviation", "rate",
                                        "state", "discrepancy", "stale", "bad",  NULL};
const char *const ALARM_PRIORITY_WORDS[] = {"journal", "low", "medium", "high", "critical", NULL};
const char *const ROLE_WORDS[] = {"none", "viewer", "operator", "supervisor", "engineer", NULL};

void tag_def_init(struct tag_def *def)
{
    *def = (struct tag_def){
        .scale_factor = 1.0,
        .decimals = -1,
        .record = RECORD_CHANGE,
    };
}

static void alarm_def_free(struct alarm_def *alarm)
{
    free(alarm->name);
    free(alarm->limit_tag);
    free(alarm->reference);
    free(alarm->message);
    free(alarm->guidance);
    free(alarm->display);
    free(alarm->group);
    for (size_t i = 0; i < 2; i++) {
        free(alarm->suppress[i].tag);
        free(alarm->suppress[i].text);
    }
}

static void setpoint_def_free(struct setpoint_def *setpoint)
{
    free(setpoint->topic);
    free(setpoint->payload);
    free(setpoint->readback);
    free(setpoint->permit);
    free(setpoint);
}

void tag_def_free(struct tag_def *def)
{
    free(def->name);
    free(def->topic);
    free(def->path);
    free(def->unit);
    free(def->description);
    free(def->area);
    for (size_t i = 0; i < def->state_count; i++)
        free(def->states[i].text);
    free(def->states);
    for (size_t i = 0; i < def->alarm_count; i++)
        alarm_def_free(&def->alarms[i]);
    free(def->alarms);
    if (def->setpoint)
        setpoint_def_free(def->setpoint);
    tag_def_init(def);
}

static void alarm_def_copy(struct alarm_def *to, const struct alarm_def *from)
{
    *to = *from;
    to->name = mem_copy_text(from->name);
    to->limit_tag = mem_copy_text(from->limit_tag);
    to->reference = mem_copy_text(from->reference);
    to->message = mem_copy_text(from->message);
    to->guidance = mem_copy_text(from->guidance);
    to->display = mem_copy_text(from->display);
    to->group = mem_copy_text(from->group);
    for (size_t i = 0; i < 2; i++) {
        to->suppress[i].tag = mem_copy_text(from->suppress[i].tag);
        to->suppress[i].text = mem_copy_text(from->suppress[i].text);
    }
}

static struct setpoint_def *setpoint_def_copy(const struct setpoint_def *from)
{
    struct setpoint_def *to = mem_new(1, sizeof *to);
    *to = *from;
    to->topic = mem_copy_text(from->topic);
    to->payload = mem_copy_text(from->payload);
    to->readback = mem_copy_text(from->readback);
    to->permit = mem_copy_text(from->permit);
    return to;
}

void tag_def_copy(struct tag_def *to, const struct tag_def *from)
{
    *to = *from;
    to->name = mem_copy_text(from->name);
    to->topic = mem_copy_text(from->topic);
    to->path = mem_copy_text(from->path);
    to->unit = mem_copy_text(from->unit);
    to->description = mem_copy_text(from->description);
    to->area = mem_copy_text(from->area);
    to->states = from->state_count ? mem_new(from->state_count, sizeof *to->states) : NULL;
    for (size_t i = 0; i < from->state_count; i++)
        to->states[i] = (struct tag_state){from->states[i].value, mem_copy_text(from->states[i].text)};
    to->alarms = from->alarm_count ? mem_new(from->alarm_count, sizeof *to->alarms) : NULL;
    for (size_t i = 0; i < from->alarm_count; i++)
        alarm_def_copy(&to->alarms[i], &from->alarms[i]);
    to->setpoint = from->setpoint ? setpoint_def_copy(from->setpoint) : NULL;
}

char *tag_def_area_of_topic(const char *topic)
{
    const char *slash = strrchr(topic, '/');
    return mem_copy_bytes(topic, slash ? (size_t)(slash - topic) : 0);
}

char *tag_def_name_of_address(const char *topic, const char *path)
{
    return *path ? mem_format("%s:%s", topic, path) : mem_copy_text(topic);
}

const char *alarm_type_word(enum alarm_type type)
{
    return type < ALARM_SYSTEM ? ALARM_TYPE_WORDS[type] : "system";
}

const char *alarm_def_word(const struct alarm_def *alarm)
{
    return alarm->name ? alarm->name : alarm_type_word(alarm->type);
}

const char *tag_def_state_text(const struct tag_def *def, double value)
{
    for (size_t i = 0; i < def->state_count; i++)
        if (def->states[i].value == value)
            return def->states[i].text;
    return NULL;
}

bool tag_def_state_value(const struct tag_def *def, const char *text, size_t length, double *value)
{
    for (size_t i = 0; i < def->state_count; i++) {
        const char *word = def->states[i].text;
        if (strlen(word) == length && !strncasecmp(word, text, length)) {
            *value = def->states[i].value;
            return true;
        }
    }
    return false;
}
