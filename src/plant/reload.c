/* Another configuration for a plant that lives on: values, histories and counters stay. */
#include "base/mem.h"
#include "plant/plant.h"
#include "plant/tag_live.h"

#include <stdlib.h>
#include <string.h>

/* The definition of the tag had nobody named it. */
static void reload_forget_name(struct plant *plant, struct tag *tag, struct batch *batch)
{
    struct tag_def def;
    tag_def_init(&def);
    def.topic = mem_copy_text(tag->def.topic);
    def.path = mem_copy_text(tag->def.path);
    map_remove(&plant->by_name, tag->def.name, strlen(tag->def.name)); /* its own name is free for it */
    def.name = plant_free_name(plant, def.topic, def.path);
    def.area = tag_def_area_of_topic(def.topic);
    def.kind = tag->def.kind;
    plant_redefine(plant, tag, &def);
    tag_def_free(&def);
    tag->configured = false;
    plant->counters.discovered++;
    batch_add_tag(batch, tag->id, &tag->def);
}

void plant_reload_begin(struct plant *plant, struct batch *batch)
{
    for (size_t i = 0; i < plant->subscription_count; i++)
        free(plant->subscriptions[i].filter);
    free(plant->subscriptions);
    plant->subscriptions = NULL;
    plant->subscription_count = 0;
    for (size_t i = 0; i < plant->tag_count; i++)
        if (plant->tags[i]->configured)
            reload_forget_name(plant, plant->tags[i], batch);
    size_t position = 0;
    struct plant_topic *topic;
    while ((topic = map_next(&plant->topics, &position)))
        topic->configured = topic->ignored = false;
}

void plant_reload_end(struct plant *plant)
{
    size_t position = 0;
    struct plant_topic *topic;
    while ((topic = map_next(&plant->topics, &position))) {
        const struct plant_subscription *subscription = plant_subscription_of(plant, topic->name);
        topic->rule = subscription ? subscription->rule : (struct payload_rule){.format = FORMAT_AUTO};
        topic->ignored |= plant->subscription_count && !subscription && !topic->configured;
    }
}
