/* Which alarms there are: from the file, from the configuration, and again after each reload. */
#include "plant/alarm_internal.h"

#include "base/mem.h"
#include "base/timefmt.h"
#include "plant/alarm_terms.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SET_KEY_MAX 300

void alarms_init(struct alarms *alarms, struct plant *plant, int64_t shelf_max_us)
{
    memset(alarms, 0, sizeof *alarms);
    alarms->plant = plant;
    alarms->frozen = true;
    alarms->shelf_max_us = shelf_max_us;
}

static void set_free_watches(struct alarms *alarms)
{
    for (size_t i = 0; i < alarms->plant->tag_count; i++) {
        struct tag *tag = alarms->plant->tags[i];
        if (!tag->watch)
            continue;
        free(tag->watch->alarms);
        free(tag->watch);
        tag->watch = NULL;
    }
}

static void set_free_groups(struct alarms *alarms)
{
    size_t position = 0;
    struct alarm_group *group;
    while ((group = map_next(&alarms->groups, &position))) {
        free(group->name);
        free(group);
    }
    map_free(&alarms->groups);
}

static void set_free_alarm(struct alarm *alarm)
{
    free(alarm->edges_us);
    free(alarm->texts);
    free(alarm->terms);
    free(alarm->tag_name);
    free(alarm->key);
    free(alarm->address);
    free(alarm);
}

void alarms_free(struct alarms *alarms)
{
    if (!alarms->plant)
        return;
    set_free_watches(alarms);
    set_free_groups(alarms);
    for (size_t i = 0; i < alarms->count; i++)
        set_free_alarm(alarms->list[i]);
    free(alarms->list);
    map_free(&alarms->by_key);
    map_free(&alarms->by_address);
    alarm_timers_free(&alarms->timers);
    memset(alarms, 0, sizeof *alarms);
}

/* ---- one alarm ---- */

struct alarm *alarms_of_key(struct alarms *alarms, uint32_t tag_id, const char *word)
{
    char key[SET_KEY_MAX];
    snprintf(key, sizeof key, "%" PRIu32 "/%s", tag_id, word);
    struct alarm *alarm = map_get_text(&alarms->by_key, key);
    if (alarm)
        return alarm;
    alarm = mem_new(1, sizeof *alarm);
    alarm->id = (uint32_t)alarms->count;
    alarm->tag_id = tag_id;
    alarm->key = mem_copy_text(key);
    alarm->gone = true; /* until a configuration names it */
    alarm->status = (struct alarm_status){.state = ALARM_NORMAL, .value = NAN, .limit = NAN};
    alarm->delay_left_us = -1;
    alarm->timer.owner = alarm;
    for (int i = 0; i < ALARM_DEADLINES; i++)
        alarm->due_us[i] = ALARM_NEVER;
    alarms->list = mem_grow(alarms->list, &alarms->capacity, alarms->count + 1, sizeof(struct alarm *));
    alarms->list[alarms->count++] = alarm;
    map_put_text(&alarms->by_key, alarm->key, alarm);
    return alarm;
}

void alarms_adopt(struct alarms *alarms, uint32_t tag_id, const char *word, const struct alarm_status *status,
                  const struct alarm_texts *texts)
{
    struct alarm *alarm = alarms_of_key(alarms, tag_id, word);
    alarm->status = *status;
    alarm->condition = status->active;
    alarm->chatter.standing = status->chattering;
    if (status->sequence > alarms->sequence)
        alarms->sequence = status->sequence;
    if (*texts->acknowledged_by || *texts->shelved_by || *texts->shelf_reason || *texts->detail)
        *alarm_own_texts(alarm) = *texts;
}

/* ---- who looks at what ---- */

static void set_watch(struct tag *tag, struct alarm *alarm)
{
    if (!tag)
        return;
    if (!tag->watch)
        tag->watch = mem_new(1, sizeof *tag->watch);
    struct alarm_watch *watch = tag->watch;
    for (size_t i = 0; i < watch->count; i++)
        if (watch->alarms[i] == alarm)
            return;
    watch->alarms = mem_grow(watch->alarms, &watch->capacity, watch->count + 1, sizeof(struct alarm *));
    watch->alarms[watch->count++] = alarm;
    tag->quiet = false;
}

static struct tag *set_tag(const struct alarms *alarms, const char *name)
{
    return name ? plant_tag_by_name(alarms->plant, name) : NULL;
}

/* Those of one area trip together, too, where no group is named. */
static struct alarm_group *set_group(struct alarms *alarms, const struct tag *tag,
                                     const struct alarm_def *def)
{
    if (!def->group && (!tag || !*tag->def.area))
        return NULL;
    char *name = def->group ? mem_format("g/%s", def->group) : mem_format("a/%s", tag->def.area);
    struct alarm_group *group = map_get_text(&alarms->groups, name);
    if (group) {
        free(name);
        return group;
    }
    group = mem_new(1, sizeof *group);
    group->name = name;
    group->configured = def->group != NULL;
    map_put_text(&alarms->groups, group->name, group);
    return group;
}

static void set_make_edges(struct alarm *alarm)
{
    free(alarm->edges_us);
    alarm->edges_us =
        alarm->def->count > 0 ? mem_new((size_t)alarm->def->count, sizeof *alarm->edges_us) : NULL;
    alarm->edge_next = 0;
}

/* The configuration names this alarm. */
static struct alarm *set_claim(struct alarms *alarms, struct tag *tag, const struct alarm_def *def)
{
    struct alarm *alarm = alarms_of_key(alarms, tag ? tag->id : 0, alarm_def_word(def));
    bool escalated =
        def->escalate_us > 0 && alarm->status.state != ALARM_NORMAL && alarm->status.priority > def->priority;
    alarm->generation = alarms->generation;
    alarm->gone = false;
    alarm->tag = tag;
    alarm->def = def;
    free(alarm->address);
    alarm->address = mem_format("%s/%s", alarm_tag_name(alarm), alarm_def_word(def));
    map_put_text(&alarms->by_address, alarm->address, alarm);
    if (!escalated)
        alarm->status.priority = def->priority;
    alarm->limit_tag = set_tag(alarms, def->limit_tag);
    alarm->reference = set_tag(alarms, def->reference);
    alarm->superior = alarm->inferior = NULL;
    alarm->rate.valid = false;
    set_make_edges(alarm);
    alarm->group = set_group(alarms, tag, def);
    alarm->trip = 0;
    if (alarm->group && alarm->status.active)
        alarm->group->active++;
    for (size_t i = 0; i < 2; i++)
        alarm->suppressors[i] = set_tag(alarms, def->suppress[i].tag);
    return alarm;
}

/* lo gives way to lolo, hi to hihi. */
static void set_pair(const struct alarms *alarms, const struct tag *tag, struct alarm *alarm)
{
    enum alarm_type worse = alarm->def->type == ALARM_LO ? ALARM_LOLO : ALARM_HIHI;
    if (!alarm->def->exclusive || (alarm->def->type != ALARM_LO && alarm->def->type != ALARM_HI))
        return;
    for (size_t i = 0; i < tag->def.alarm_count && !alarm->superior; i++) {
        char key[SET_KEY_MAX];
        snprintf(key, sizeof key, "%" PRIu32 "/%s", tag->id, alarm_def_word(&tag->def.alarms[i]));
        struct alarm *other = map_get_text(&alarms->by_key, key);
        if (tag->def.alarms[i].type != worse || other->inferior)
            continue;
        alarm->superior = other;
        other->inferior = alarm;
    }
}

/* The more severe ones first, so that the others see what they give way to. */
static void set_claim_tag(struct alarms *alarms, struct tag *tag)
{
    static const bool SEVERE[] = {[ALARM_LOLO] = true, [ALARM_HIHI] = true, [ALARM_SYSTEM] = false};
    for (int severe = 1; severe >= 0; severe--)
        for (size_t i = 0; i < tag->def.alarm_count; i++) {
            const struct alarm_def *def = &tag->def.alarms[i];
            if (SEVERE[def->type] == severe)
                set_watch(tag, set_claim(alarms, tag, def));
        }
}

static void set_watch_others(struct alarms *alarms, struct alarm *alarm)
{
    set_watch(alarm->limit_tag, alarm);
    set_watch(alarm->reference, alarm);
    set_watch(alarm->suppressors[0], alarm);
    set_watch(alarm->suppressors[1], alarm);
    if (alarm->tag)
        set_pair(alarms, alarm->tag, alarm);
}

/* The configuration does not allow so long a shelf any more. */
static void set_cut_shelf(const struct alarm_pass *pass, struct alarm *alarm)
{
    struct alarm_status *status = &alarm->status;
    int64_t longest_us = pass->alarms->shelf_max_us;
    char until[TIMEFMT_MAX], detail[TIMEFMT_MAX + 40];
    if (!(status->withheld & ALARM_BY_SHELF) || status->shelf_until_us - pass->time.wall_us <= longest_us)
        return;
    status->shelf_until_us = pass->time.wall_us + longest_us;
    alarm_set_deadline(pass->alarms, alarm, ALARM_DEADLINE_SHELF, pass->time.mono_us + longest_us);
    timefmt_utc(until, sizeof until, status->shelf_until_us);
    snprintf(detail, sizeof detail, "shelve_max allows it until %s", until);
    alarm_apply(pass, alarm, alarm_withheld_trigger(alarm),
                &(struct alarm_cause){.event = "shelved", .detail = detail});
}

/* What the configuration alone decides of the status: service, suppression that is no more. Delays that run with the terms
 * that they began with go on. */
static void set_settle(const struct alarm_pass *pass, struct alarm *alarm, bool differs)
{
    struct alarm_status *status = &alarm->status;
    if (alarm->def->out_of_service)
        alarm_withhold(pass, alarm, ALARM_BY_SERVICE, true,
                       &(struct alarm_cause){.event = "out of service", .detail = "configured so"});
    else if (status->withheld & ALARM_BY_SERVICE)
        alarm_withhold(pass, alarm, ALARM_BY_SERVICE, false,
                       &(struct alarm_cause){.event = "in service", .detail = "configured so"});
    if (status->withheld & ALARM_BY_DESIGN && !alarm->suppressors[0] && !alarm->suppressors[1])
        alarm_withhold(pass, alarm, ALARM_BY_DESIGN, false, &(struct alarm_cause){.event = "unsuppressed"});
    if (differs || pass->alarms->generation == 1)
        alarm_restore_deadlines(pass, alarm);
    set_cut_shelf(pass, alarm);
}

/* The tag that it belonged to may have another name by now, or none. */
static void set_recall_address(struct alarms *alarms, struct alarm *alarm)
{
    if (!alarm->tag && !alarm->tag_name && alarm->tag_id)
        alarm->tag = plant_tag_by_id(alarms->plant, alarm->tag_id);
    if (!alarm->address)
        alarm->address = mem_format("%s/%s", alarm_tag_name(alarm), alarm->def->name);
}

/* No configuration names it any more: it ends, and the journal says so. */
static void set_end(const struct alarm_pass *pass, struct alarm *alarm)
{
    struct alarm_def *last = &pass->alarms->last;
    *last = (struct alarm_def){.type = ALARM_SYSTEM, .name = strchr(alarm->key, '/') + 1};
    bool known = alarm->status.state != ALARM_NORMAL;
    if (alarm->terms)
        alarm_terms_read(alarm->terms, last);
    if (!known)
        alarm->status.priority = last->priority;
    for (int i = 0; i < ALARM_DEADLINES; i++)
        alarm_set_deadline(pass->alarms, alarm, (enum alarm_deadline)i, ALARM_NEVER);
    alarm->def = last;
    set_recall_address(pass->alarms, alarm);
    if (known || alarm->terms)
        alarm_note_removed(pass, alarm);
    alarm->status = (struct alarm_status){
        .state = ALARM_NORMAL, .value = NAN, .limit = NAN, .sequence = ++pass->alarms->sequence};
    alarm->condition = false;
    alarm->chatter = (struct alarm_chatter){0};
    alarm->delay_left_us = -1;
    alarm->superior = alarm->inferior = NULL;
    alarm->group = NULL;
    alarm->gone = true;
    if (known)
        alarm_store(pass, alarm);
    alarm->def = NULL;
}

void alarms_configure(const struct alarm_pass *pass)
{
    struct alarms *alarms = pass->alarms;
    struct plant *plant = alarms->plant;
    set_free_watches(alarms);
    set_free_groups(alarms);
    map_free(&alarms->by_address);
    alarms->generation++;
    for (int i = 0; i < ALARM_SYSTEMS; i++)
        alarms->system[i] = set_claim(alarms, NULL, alarm_system_def((enum alarm_system)i));
    for (size_t i = 0; i < plant->tag_count; i++)
        set_claim_tag(alarms, plant->tags[i]);
    for (size_t i = 0; i < alarms->count; i++) {
        struct alarm *alarm = alarms->list[i];
        if (alarm->generation == alarms->generation)
            set_watch_others(alarms, alarm);
    }
    for (size_t i = 0; i < alarms->count; i++) {
        struct alarm *alarm = alarms->list[i];
        if (alarm->generation == alarms->generation) {
            bool differs = alarm_note_terms(pass, alarm);
            set_settle(pass, alarm, differs);
        } else if (!alarm->gone || alarm->terms || alarm->status.state != ALARM_NORMAL)
            set_end(pass, alarm);
    }
    alarms_note_terms_known(pass);
    if (alarms->generation == 1)
        alarms_resume_flood(pass);
    if (!alarms->frozen)
        alarms_thaw(pass);
}

void alarms_store_all(const struct alarm_pass *pass)
{
    for (size_t i = 0; i < pass->alarms->count; i++) {
        const struct alarm *alarm = pass->alarms->list[i];
        if (!alarm->gone)
            alarm_store(pass, alarm);
        alarm_store_terms(pass, alarm);
    }
}

struct alarm *alarms_find(const struct alarms *alarms, const char *address)
{
    return map_get_text(&alarms->by_address, address);
}
