/* What suppresses alarms by design: groups, states by their text, and the checks of both. */
#include "config/validate.h"

#include "base/map.h"
#include "base/mem.h"
#include "plant/alarm.h"

#include <stdlib.h>
#include <string.h>

/* ---- derive ---- */

/* A state's text becomes its value. */
static void suppression_resolve(const struct map *tags, struct alarm_suppression *suppression)
{
    const struct tag_def *tag = suppression->tag ? map_get_text(tags, suppression->tag) : NULL;
    if (!tag || !suppression->text ||
        !tag_def_state_value(tag, suppression->text, strlen(suppression->text), &suppression->value))
        return;
    free(suppression->text);
    suppression->text = NULL;
}

static const struct config_alarm_group *suppression_group(const struct config *config, const char *name)
{
    for (size_t i = 0; name && i < config->alarm_group_count; i++)
        if (config->alarm_groups[i].name && !strcmp(config->alarm_groups[i].name, name))
            return &config->alarm_groups[i];
    return NULL;
}

static void suppression_derive_alarm(const struct config *config, const struct map *tags,
                                     struct alarm_def *alarm)
{
    const struct config_alarm_group *group = suppression_group(config, alarm->group);
    suppression_resolve(tags, &alarm->suppress[0]);
    if (!group)
        return;
    alarm->suppress[1] = (struct alarm_suppression){.tag = mem_copy_text(group->suppress.tag),
                                                    .value = group->suppress.value,
                                                    .text = mem_copy_text(group->suppress.text)};
}

static void suppression_map_tags(const struct config *config, struct map *tags)
{
    map_init(tags);
    for (size_t i = 0; i < config->tag_count; i++)
        if (config->tags[i].name)
            map_put_text(tags, config->tags[i].name, &config->tags[i]);
}

void derive_suppressions(struct config *config)
{
    struct map tags;
    suppression_map_tags(config, &tags);
    for (size_t i = 0; i < config->alarm_group_count; i++)
        suppression_resolve(&tags, &config->alarm_groups[i].suppress);
    for (size_t i = 0; i < config->tag_count; i++)
        for (size_t n = 0; n < config->tags[i].alarm_count; n++)
            suppression_derive_alarm(config, &tags, &config->tags[i].alarms[n]);
    map_free(&tags);
}

/* ---- check ---- */

/* `what` is "tag \"boiler\"" or "alarm group \"trip\"". */
static void suppression_validate(const struct map *tags, const struct alarm_suppression *suppression,
                                 const void *whole, const char *what, struct findings *findings)
{
    if (!suppression->tag && findings_is_given(findings, &suppression->value))
        findings_fault(findings, &suppression->value, whole, "%s: suppress_when needs suppress_by (a tag)",
                       what);
    if (!suppression->tag)
        return;
    const char *near = NULL;
    bool known = map_get_text(tags, suppression->tag) != NULL;
    if (!known)
        near = validate_near_tag(tags, suppression->tag, findings);
    if (!known)
        findings_fault(findings, &suppression->tag, whole,
                       "%s: suppress_by names the tag \"%s\", which does not exist%s%s%s", what,
                       suppression->tag, near ? "; did you mean \"" : "", near ? near : "",
                       near ? "\"?" : "");
    else if (suppression->text)
        findings_fault(findings, &suppression->value, whole,
                       "%s: suppress_when \"%s\" is neither a number nor one of the states of \"%s\"", what,
                       suppression->text, suppression->tag);
}

#define SUPPRESSION_DEPTH 8 /* of a chain of tags that suppress each other's alarms */

/* The tags that suppress alarms of `tag`, followed until `wanted` is met, `depth` steps at most, for other
 * loops may lie on the way. */
static bool suppression_leads_to(const struct map *tags, const struct tag_def *tag,
                                 const struct tag_def *wanted, int depth)
{
    for (size_t n = 0; tag && depth && n < tag->alarm_count; n++)
        for (int i = 0; i < 2; i++) {
            const char *name = tag->alarms[n].suppress[i].tag;
            const struct tag_def *next = name ? map_get_text(tags, name) : NULL;
            if (next && (next == wanted || suppression_leads_to(tags, next, wanted, depth - 1)))
                return true;
        }
    return false;
}

static void suppression_validate_loop(const struct map *tags, const struct tag_def *tag,
                                      const struct alarm_def *alarm, struct findings *findings)
{
    for (int i = 0; i < 2; i++) {
        const char *name = alarm->suppress[i].tag;
        const struct tag_def *by = name ? map_get_text(tags, name) : NULL;
        if (by && (by == tag || suppression_leads_to(tags, by, tag, SUPPRESSION_DEPTH)))
            findings_fault(findings, &alarm->suppress[0].tag, alarm,
                           "tag \"%s\": suppression goes in a circle: \"%s\" suppresses the alarm %s, and "
                           "\"%s\" suppresses alarms of \"%s\"",
                           tag->name, name, alarm_def_word(alarm), tag->name, name);
    }
}

static void suppression_validate_alarm(const struct map *tags, const struct tag_def *tag,
                                       const struct alarm_def *alarm, struct findings *findings)
{
    char *what = mem_format("tag \"%s\"", tag->name);
    suppression_validate(tags, &alarm->suppress[0], alarm, what, findings);
    suppression_validate_loop(tags, tag, alarm, findings);
    if (alarm->count > 0 && !alarm->on_delay_us)
        findings_fault(findings, &alarm->count, alarm,
                       "tag \"%s\": count needs an on_delay, within which the condition comes so often",
                       tag->name);
    if (alarm->exclusive && alarm->type != ALARM_LO && alarm->type != ALARM_HI)
        findings_fault(findings, &alarm->exclusive, alarm,
                       "tag \"%s\": exclusive is for lo and hi, which give way to lolo and hihi", tag->name);
    free(what);
}

static bool suppression_group_has_alarms(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->tag_count; i++)
        for (size_t n = 0; n < config->tags[i].alarm_count; n++) {
            const char *group = config->tags[i].alarms[n].group;
            if (group && !strcmp(group, name))
                return true;
        }
    return false;
}

static void suppression_validate_groups(const struct config *config, const struct map *tags,
                                        struct findings *findings)
{
    for (size_t i = 0; i < config->alarm_group_count; i++) {
        const struct config_alarm_group *group = &config->alarm_groups[i];
        if (!group->name)
            continue;
        char *what = mem_format("alarm group \"%s\"", group->name);
        suppression_validate(tags, &group->suppress, group, what, findings);
        const struct config_alarm_group *first = suppression_group(config, group->name);
        if (first != group)
            findings_fault(findings, NULL, group, "%s stands in line %d already; names are unique", what,
                           first->line);
        else if (!suppression_group_has_alarms(config, group->name))
            findings_warn(findings, &group->name, group, "%s has no alarm: none names it as its group", what);
        free(what);
    }
}

void validate_suppressions(const struct config *config, struct findings *findings)
{
    struct map tags;
    suppression_map_tags(config, &tags);
    suppression_validate_groups(config, &tags, findings);
    for (size_t i = 0; i < config->tag_count; i++) {
        const struct tag_def *tag = &config->tags[i];
        if (!tag->name)
            continue;
        if (tag->alarm_count && !strcmp(tag->name, ALARM_SYSTEM_TAG))
            findings_fault(findings, &tag->name, tag,
                           "the tag \"%s\" cannot have alarms: those of hmi itself have its name", tag->name);
        for (size_t n = 0; n < tag->alarm_count; n++)
            if (findings_is_given(findings, &tag->alarms[n].type))
                suppression_validate_alarm(&tags, tag, &tag->alarms[n], findings);
    }
    map_free(&tags);
}
