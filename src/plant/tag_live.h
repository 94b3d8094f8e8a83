/* Between the files of the live plant only:
 * changing a tag's live value, finding and making topics and tags. */
#ifndef PLANT_TAG_LIVE_H
#define PLANT_TAG_LIVE_H

#include "plant/plant.h"

/* Sets value and text; returns false when the text was longer than what is kept. */
bool tag_set_value(struct tag *tag, const struct value *value);

/* Sets the shown quality, keeps the counters of stale and bad tags, marks the tag as changed. */
void plant_set_quality(struct plant *plant, struct tag *tag, uint32_t quality);

/* Puts the tag on the list that plant_take_changed() gives to the consoles, once. */
void plant_mark_changed(struct plant *plant, struct tag *tag);

/* The first subscription whose filter matches, or NULL. */
const struct plant_subscription *plant_subscription_of(const struct plant *plant, const char *topic);

/* The topic's entry, made when it is new; NULL at the cap, or when it is too long. */
struct plant_topic *plant_topic_of(struct plant *plant, const char *name);

/* A new tag for a topic and path that no configuration names; NULL at the cap. */
struct tag *plant_discover(struct plant *plant, struct plant_topic *topic, const char *path,
                           enum tag_kind kind);

/* A name for a discovered tag that no other tag has; the caller frees it. */
char *plant_free_name(const struct plant *plant, const char *topic, const char *path);

/* Takes another definition (copied) of a tag that is there already. */
void plant_redefine(struct plant *plant, struct tag *tag, const struct tag_def *def);

#endif
