#include "plant/plant.h"

#include "base/mem.h"
#include "plant/filter.h"
#include "plant/tag_live.h"

#include <stdlib.h>
#include <string.h>

/* What the history file knows of a topic and path, until a tag claims it. */
struct plant_known {
    uint32_t id;
    char *address; /* topic, NUL, path, NUL: the key, for both may hold any other character */
    size_t address_length;
    char *name;
    enum tag_kind kind;
    enum value_type type;
    double number;
    char *text;
    size_t text_length;
    int64_t ts_us;
    bool claimed;
};

void plant_init(struct plant *plant, const struct plant_options *options)
{
    memset(plant, 0, sizeof *plant);
    plant->options = *options;
    plant->next_id = 1;
}

static void plant_free_tag(struct tag *tag)
{
    tag_def_free(&tag->def);
    free(tag->text);
    free(tag);
}

static void plant_free_topic(struct plant_topic *topic)
{
    map_free(&topic->by_path);
    free(topic->name);
    free(topic->refused_excerpt);
    free(topic);
}

static void plant_free_known(struct plant_known *known)
{
    free(known->address);
    free(known->name);
    free(known->text);
    free(known);
}

void plant_free(struct plant *plant)
{
    size_t position = 0;
    struct plant_topic *topic;
    struct plant_known *known;
    for (size_t i = 0; i < plant->tag_count; i++)
        plant_free_tag(plant->tags[i]);
    while ((topic = map_next(&plant->topics, &position)))
        plant_free_topic(topic);
    position = 0;
    while ((known = map_next(&plant->known, &position)))
        plant_free_known(known);
    for (size_t i = 0; i < plant->subscription_count; i++)
        free(plant->subscriptions[i].filter);
    map_free(&plant->topics);
    map_free(&plant->known);
    map_free(&plant->by_name);
    free(plant->subscriptions);
    free(plant->tags);
    free(plant->changed);
    free(plant->touched);
    memset(plant, 0, sizeof *plant);
}

/* What a filter matches: of a shared subscription ("$share/GROUP/FILTER") the part behind the group. */
static const char *plant_plain_filter(const char *filter)
{
    const char *group = strncmp(filter, "$share/", 7) ? NULL : strchr(filter + 7, '/');
    return group ? group + 1 : filter;
}

void plant_add_subscription(struct plant *plant, const char *filter, struct payload_rule rule)
{
    size_t capacity = plant->subscription_count; /* grows rarely: no spare room is kept */
    plant->subscriptions = mem_grow(plant->subscriptions, &capacity, plant->subscription_count + 1,
                                    sizeof *plant->subscriptions);
    plant->subscriptions[plant->subscription_count++] =
        (struct plant_subscription){.filter = mem_copy_text(plant_plain_filter(filter)), .rule = rule};
}

/* ---- what the history file knows ---- */

/* The key of plant.known. The caller frees it. */
static char *plant_address(const char *topic, const char *path, size_t *length)
{
    size_t topic_size = strlen(topic) + 1, path_size = strlen(path) + 1;
    char *address = mem_resize(NULL, topic_size + path_size, 1);
    memcpy(address, topic, topic_size);
    memcpy(address + topic_size, path, path_size);
    *length = topic_size + path_size;
    return address;
}

static struct plant_known *plant_find_known(const struct plant *plant, const char *topic, const char *path)
{
    size_t length;
    char *address = plant_address(topic, path, &length);
    struct plant_known *known = map_get(&plant->known, address, length);
    free(address);
    return known;
}

void plant_adopt(struct plant *plant, uint32_t id, const char *name, const char *topic, const char *path,
                 enum tag_kind kind, const struct value *value, int64_t ts_us)
{
    struct plant_known *known = mem_new(1, sizeof *known);
    known->id = id;
    known->address = plant_address(topic, path, &known->address_length);
    known->name = mem_copy_text(name);
    known->kind = kind;
    known->ts_us = ts_us;
    if (value) {
        known->type = value->type;
        known->number = value->number;
        if (value->type == VALUE_TEXT) {
            known->text = mem_copy_bytes(value->text, value->text_length);
            known->text_length = value->text_length;
        }
    }
    struct plant_known *before = map_put(&plant->known, known->address, known->address_length, known);
    if (before)
        plant_free_known(before);
    if (id >= plant->next_id)
        plant->next_id = id + 1;
}

/* Gives a new tag the id and last value that the history knows, or a new id. */
static void plant_claim(struct plant *plant, struct tag *tag)
{
    struct plant_known *known = plant_find_known(plant, tag->def.topic, tag->def.path);
    tag->quality = tag->source_quality = QUALITY_UNCERTAIN_INITIAL;
    if (!known) {
        tag->id = plant->next_id++;
        return;
    }
    known->claimed = true;
    tag->id = known->id;
    if (known->type == VALUE_NONE)
        return;
    struct value value = {
        .type = known->type, .number = known->number, .text = known->text, .text_length = known->text_length};
    tag_set_value(tag, &value);
    tag->ts_us = known->ts_us;
}

void plant_restore_discovered(struct plant *plant)
{
    size_t position = 0;
    struct plant_known *known;
    while ((known = map_next(&plant->known, &position))) {
        const char *topic_name = known->address, *path = topic_name + strlen(topic_name) + 1;
        if (known->claimed || !plant_subscription_of(plant, topic_name))
            continue;
        struct plant_topic *topic = plant_topic_of(plant, topic_name);
        if (topic && !topic->ignored && !topic->configured)
            plant_discover(plant, topic, path, known->kind);
    }
}

/* ---- topics ---- */

const struct plant_subscription *plant_subscription_of(const struct plant *plant, const char *topic)
{
    for (size_t i = 0; i < plant->subscription_count; i++)
        if (filter_matches(plant->subscriptions[i].filter, topic))
            return &plant->subscriptions[i];
    return NULL;
}

/* The entry of a topic that the configuration names:
 * made whatever the cap, for a configuration is bounded. */
static struct plant_topic *plant_named_topic(struct plant *plant, const char *name)
{
    struct plant_topic *topic = map_get_text(&plant->topics, name);
    if (topic)
        return topic;
    const struct plant_subscription *subscription = plant_subscription_of(plant, name);
    topic = mem_new(1, sizeof *topic);
    topic->name = mem_copy_text(name);
    topic->rule = subscription ? subscription->rule : (struct payload_rule){.format = FORMAT_AUTO};
    map_put_text(&plant->topics, topic->name, topic);
    return topic;
}

/* Topics are capped like tags (a refused payload makes a topic without a tag). */
struct plant_topic *plant_topic_of(struct plant *plant, const char *name)
{
    struct plant_topic *topic = map_get_text(&plant->topics, name);
    if (topic || plant->topics.count >= plant->options.max_tags || strlen(name) > PLANT_TOPIC_MAX)
        return topic;
    topic = plant_named_topic(plant, name);
    /* A broker that keeps our session also keeps filters that an older configuration had. */
    topic->ignored = plant->subscription_count && !plant_subscription_of(plant, name);
    return topic;
}

void plant_ignore_topic(struct plant *plant, const char *name)
{
    plant_named_topic(plant, name)->ignored = true;
}

/* ---- tags ---- */

/* Apart from plant.changed, for the alarms look after each message and the consoles twenty times a second. */
static void plant_touch(struct plant *plant, struct tag *tag)
{
    tag->touched = true;
    plant->touched =
        mem_grow(plant->touched, &plant->touched_capacity, plant->touched_count + 1, sizeof *plant->touched);
    plant->touched[plant->touched_count++] = tag;
}

static bool plant_is_quiet(const struct tag *tag)
{
    return tag->quiet && tag->type == VALUE_NUMBER && quality_is_good(tag->quality) && !tag->stale &&
           tag->number >= tag->quiet_low && tag->number <= tag->quiet_high;
}

void plant_mark_changed(struct plant *plant, struct tag *tag)
{
    if (tag->watch && !tag->touched && !plant_is_quiet(tag))
        plant_touch(plant, tag);
    if (tag->changed)
        return;
    tag->changed = true;
    plant->changed =
        mem_grow(plant->changed, &plant->changed_capacity, plant->changed_count + 1, sizeof *plant->changed);
    plant->changed[plant->changed_count++] = tag;
}

size_t plant_take_changed(struct plant *plant, struct tag ***changed)
{
    size_t count = plant->changed_count;
    for (size_t i = 0; i < count; i++)
        plant->changed[i]->changed = false;
    plant->changed_count = 0;
    *changed = plant->changed;
    return count;
}

/* Enters a tag into the table; its definition is complete. */
static void plant_enter(struct plant *plant, struct tag *tag, struct plant_topic *topic)
{
    plant->tags = mem_grow(plant->tags, &plant->tag_capacity, plant->tag_count + 1, sizeof *plant->tags);
    tag->index = (uint32_t)plant->tag_count;
    tag->topic = topic;
    plant->tags[plant->tag_count++] = tag;
    map_put_text(&plant->by_name, tag->def.name, tag);
    if (*tag->def.path)
        map_put_text(&topic->by_path, tag->def.path, tag);
    else
        topic->whole = tag;
    plant_claim(plant, tag);
    tag->def_changed = true;
    plant_mark_changed(plant, tag);
}

static struct tag *plant_tag_at(const struct plant_topic *topic, const char *path)
{
    return *path ? map_get_text(&topic->by_path, path) : topic->whole;
}

/* A name for a discovered tag that no other tag has: the name is a label, the address counts. */
char *plant_free_name(const struct plant *plant, const char *topic, const char *path)
{
    char *name = tag_def_name_of_address(topic, path);
    for (unsigned n = 2; map_get_text(&plant->by_name, name); n++) {
        char *plain = tag_def_name_of_address(topic, path);
        free(name);
        name = mem_format("%s~%u", plain, n);
        free(plain);
    }
    return name;
}

/* A configured tag gets the name it asks for; a discovered one that has it moves on. */
static void plant_clear_name(struct plant *plant, const char *name, const struct tag *owner,
                             struct batch *batch)
{
    struct tag *tag = map_get_text(&plant->by_name, name);
    if (!tag || tag == owner || tag->configured)
        return;
    char *other = plant_free_name(plant, tag->def.topic, tag->def.path);
    map_remove(&plant->by_name, tag->def.name, strlen(tag->def.name));
    free(tag->def.name);
    tag->def.name = other;
    map_put_text(&plant->by_name, tag->def.name, tag);
    tag->def_changed = true;
    plant_mark_changed(plant, tag);
    batch_add_tag(batch, tag->id, &tag->def);
}

/* Takes another definition of a tag that is there already (reload, or a discovered tag that is named now). */
void plant_redefine(struct plant *plant, struct tag *tag, const struct tag_def *def)
{
    if (map_get_text(&plant->by_name, tag->def.name) == tag)
        map_remove(&plant->by_name, tag->def.name, strlen(tag->def.name));
    if (*tag->def.path)
        map_remove(&tag->topic->by_path, tag->def.path, strlen(tag->def.path));
    tag_def_free(&tag->def);
    tag_def_copy(&tag->def, def);
    tag->adopted_states = false;
    map_put_text(&plant->by_name, tag->def.name, tag);
    if (*tag->def.path)
        map_put_text(&tag->topic->by_path, tag->def.path, tag);
    if (!tag->configured)
        plant->counters.discovered--;
    tag->def_changed = true;
    plant_mark_changed(plant, tag);
}

struct tag *plant_add_configured(struct plant *plant, const struct tag_def *def, struct batch *batch)
{
    struct plant_topic *topic = plant_named_topic(plant, def->topic);
    struct tag *tag = plant_tag_at(topic, def->path);
    plant_clear_name(plant, def->name, tag, batch);
    if (tag) {
        plant_redefine(plant, tag, def);
    } else {
        tag = mem_new(1, sizeof *tag);
        tag_def_copy(&tag->def, def);
        plant_enter(plant, tag, topic);
    }
    tag->configured = true;
    topic->configured = true;
    batch_add_tag(batch, tag->id, &tag->def);
    return tag;
}

struct tag *plant_discover(struct plant *plant, struct plant_topic *topic, const char *path,
                           enum tag_kind kind)
{
    if (plant->tag_count >= plant->options.max_tags)
        return NULL;
    struct tag *tag = mem_new(1, sizeof *tag);
    tag_def_init(&tag->def);
    tag->def.topic = mem_copy_text(topic->name);
    tag->def.path = mem_copy_text(path);
    tag->def.name = plant_free_name(plant, topic->name, path);
    tag->def.area = tag_def_area_of_topic(topic->name);
    tag->def.kind = kind;
    plant_enter(plant, tag, topic);
    plant->counters.discovered++;
    return tag;
}

struct tag *plant_tag_by_name(const struct plant *plant, const char *name)
{
    return map_get_text(&plant->by_name, name);
}

struct tag *plant_tag_by_id(const struct plant *plant, uint32_t id)
{
    for (size_t i = 0; i < plant->tag_count; i++)
        if (plant->tags[i]->id == id)
            return plant->tags[i];
    return NULL;
}

struct value plant_tag_value(const struct tag *tag)
{
    return (struct value){
        .type = tag->type, .number = tag->number, .text = tag->text, .text_length = tag->text_length};
}

/* ---- quality over time ---- */

void plant_link_down(struct plant *plant)
{
    plant->link_up = plant->backlog = false;
    for (size_t i = 0; i < plant->tag_count; i++) {
        struct tag *tag = plant->tags[i];
        bool stale_value = tag->stale && tag->type != VALUE_NONE;
        tag->stale = tag->current = false;
        if (tag->heard)
            plant_set_quality(plant, tag, QUALITY_UNCERTAIN_NO_COMM);
        else if (stale_value)
            plant_set_quality(plant, tag, QUALITY_UNCERTAIN_INITIAL);
    }
}

void plant_link_up(struct plant *plant, const struct plant_time *time)
{
    plant->link_up = plant->backlog = true;
    for (size_t i = 0; i < plant->tag_count; i++) {
        struct tag *tag = plant->tags[i];
        tag->heard_mono_us = time->mono_us;
        if (tag->heard)
            plant_set_quality(plant, tag, QUALITY_UNCERTAIN_INITIAL);
    }
}

void plant_backlog_end(struct plant *plant, const struct plant_time *time)
{
    plant->backlog = false;
    for (size_t i = 0; i < plant->tag_count; i++)
        plant->tags[i]->heard_mono_us = time->mono_us; /* staleness counts from live data on */
}

/* Whether the tag could have been heard for so long, and was not. */
static bool tag_is_silent(const struct plant *plant, const struct tag *tag, int64_t silent_us,
                          int64_t mono_us)
{
    bool live = plant->link_up && !plant->backlog && tag->heard_mono_us;
    return silent_us == 0 || (live && mono_us - tag->heard_mono_us >= silent_us);
}

size_t plant_count_unheard(const struct plant *plant, int64_t silent_us, int64_t now_mono_us,
                           const struct tag **first)
{
    size_t count = 0;
    *first = NULL;
    for (size_t i = 0; i < plant->tag_count; i++) {
        const struct tag *tag = plant->tags[i];
        if (!tag->configured || tag->topic->messages || tag->type != VALUE_NONE ||
            !tag_is_silent(plant, tag, silent_us, now_mono_us))
            continue;
        *first = *first ? *first : tag;
        count++;
    }
    return count;
}

static bool tag_is_overdue(const struct tag *tag, int64_t mono_us)
{
    return tag->def.stale_after_us > 0 && !tag->stale &&
           mono_us - tag->heard_mono_us > tag->def.stale_after_us;
}

/* What was bad stays bad: silence makes it no usable value again. */
static void plant_make_stale(struct plant *plant, struct tag *tag, struct batch *batch)
{
    bool was_usable = (tag->type != VALUE_NONE || tag->heard) && !quality_is_bad(tag->quality);
    tag->stale = true;
    plant_set_quality(plant, tag, was_usable ? QUALITY_UNCERTAIN_LAST_USABLE : tag->quality);
    if (!tag->heard || !was_usable)
        return;
    /* On the source's clock, so that the next sample,
     * which may carry an earlier time than now, comes behind it. */
    struct value value = plant_tag_value(tag);
    batch_add_sample(batch, tag->id, tag->ts_us + tag->def.stale_after_us, &value,
                     QUALITY_UNCERTAIN_LAST_USABLE);
}

void plant_tick(struct plant *plant, const struct plant_time *time, struct batch *batch)
{
    if (!plant->link_up || plant->backlog)
        return;
    for (size_t i = 0; i < plant->tag_count; i++) {
        struct tag *tag = plant->tags[i];
        if (!tag->heard_mono_us)
            tag->heard_mono_us = time->mono_us; /* a reload has named it: it could not be heard before */
        if (tag_is_overdue(tag, time->mono_us))
            plant_make_stale(plant, tag, batch);
    }
}
