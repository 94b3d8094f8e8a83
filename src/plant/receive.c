/* One message into the live plant: plant_receive().
 *
 * What must stay true, so that old data never passes for new:
 * - a payload that cannot be decoded changes no value: the tags of its topic turn Bad, and a sample without
 *   a value says so;
 * - backlog and retained values without a source time are Uncertain;
 * - source times out of bounds are replaced by the arrival time, Uncertain;
 * - a sample with a source time older than the tag's last goes to history only;
 * - a topic of which the configuration names a tag makes no other tags. */
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "plant/decode.h"
#include "plant/plant.h"
#include "plant/tag_live.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND_CHANGES_MAX    8   /* even: after them a tag is what it was at first */
#define DISCOVERED_TEXT_MAX 256 /* bytes: longer texts inside JSON are not tags */

struct receive {
    struct plant *plant;
    struct plant_topic *topic;
    const struct plant_message *message;
    const struct plant_time *time;
    struct batch *batch;
    const char *refused; /* why a configured tag could not use its value; NULL: all well */
    bool scalar;         /* the payload is one value, not JSON with members */
};

/* ---- the live value ---- */

bool tag_set_value(struct tag *tag, const struct value *value)
{
    tag->type = value->type;
    tag->number = value->number;
    tag->truncated = false;
    if (value->type != VALUE_TEXT) {
        free(tag->text);
        tag->text = NULL;
        tag->text_length = 0;
        return true;
    }
    tag->truncated = value->text_length > PLANT_TEXT_SHOWN_MAX;
    size_t length = tag->truncated ? PLANT_TEXT_SHOWN_MAX : value->text_length;
    char *text = mem_copy_bytes(value->text, length);
    free(tag->text);
    tag->text = text;
    tag->text_length = length;
    return !tag->truncated;
}

void plant_set_quality(struct plant *plant, struct tag *tag, uint32_t quality)
{
    bool was_bad = quality_is_bad(tag->quality), was_stale = tag->quality == QUALITY_UNCERTAIN_LAST_USABLE;
    bool is_bad = quality_is_bad(quality), is_stale = quality == QUALITY_UNCERTAIN_LAST_USABLE;
    plant->counters.bad += (uint64_t)is_bad - (uint64_t)was_bad;
    plant->counters.stale += (uint64_t)is_stale - (uint64_t)was_stale;
    tag->quality = quality;
    plant_mark_changed(plant, tag);
}

/* The sample's time and what that does to its quality. */
static int64_t receive_stamp(struct receive *receive, int64_t source_us, uint32_t *quality, bool *from_source)
{
    const struct plant_options *options = &receive->plant->options;
    int64_t now_us = receive->time->wall_us;
    *from_source = source_us != 0;
    if (source_us && (source_us < now_us - options->source_time_past_us ||
                      source_us > now_us + options->source_time_future_us)) {
        receive->plant->counters.refused_times++;
        *from_source = false;
        if (quality_is_good(*quality))
            *quality = QUALITY_UNCERTAIN;
    }
    bool age_unknown = receive->plant->backlog || receive->message->retained;
    if (!*from_source && age_unknown && quality_is_good(*quality))
        *quality = QUALITY_UNCERTAIN;
    return *from_source ? source_us : now_us;
}

static bool receive_is_known(const struct tag *tag, const struct value *value)
{
    if (value->type == VALUE_NONE || value->type != tag->type)
        return false;
    if (value->type == VALUE_NUMBER)
        return value->number == tag->number;
    return !tag->truncated && value->text_length == tag->text_length &&
           !memcmp(value->text, tag->text, tag->text_length);
}

/* A retained message that repeats the last known value, as after each connection, is no new sample: its time would say
 * that the tag had reported just now. */
static void receive_confirm(struct receive *receive, struct tag *tag, uint32_t quality)
{
    if (tag->heard && quality_is_good(tag->quality))
        return; /* live since then: the message says less than is known */
    tag->arrival_us = receive->time->wall_us;
    tag->heard_mono_us = receive->time->mono_us;
    tag->retained = tag->heard = tag->current = true;
    tag->backlog = receive->plant->backlog;
    tag->stale = false;
    tag->source_quality = quality;
    plant_set_quality(receive->plant, tag, quality);
}

/* Is the sample older than what the tag shows? Not where that lies in the future, since a clock was set back:
 * all that comes now would be late until time has caught up, and the plant would seem to stand still. */
static bool receive_is_late(const struct receive *receive, const struct tag *tag, int64_t ts_us)
{
    int64_t newest_us = receive->time->wall_us + receive->plant->options.source_time_future_us;
    return tag->heard && ts_us < tag->ts_us && tag->ts_us <= newest_us;
}

/* One sample of one tag: history always, the live value unless it is late.
 * Without a value the last one stays shown. */
static void receive_sample(struct receive *receive, struct tag *tag, const struct value *value,
                           uint32_t quality, int64_t source_us)
{
    struct plant *plant = receive->plant;
    bool from_source;
    int64_t ts_us = receive_stamp(receive, source_us, &quality, &from_source);
    if (!from_source && receive->message->retained && receive_is_known(tag, value)) {
        receive_confirm(receive, tag, quality);
        return;
    }
    batch_add_sample(receive->batch, tag->id, ts_us, value, quality);
    plant->counters.samples++;
    tag->samples++;
    if (from_source && receive_is_late(receive, tag, ts_us)) {
        plant->counters.late_samples++;
        tag->late_samples++;
        return;
    }
    if (value->type != VALUE_NONE && !tag_set_value(tag, value))
        plant->counters.truncated_texts++;
    tag->ts_us = ts_us;
    tag->arrival_us = receive->time->wall_us;
    tag->heard_mono_us = receive->time->mono_us;
    tag->source_time = from_source;
    tag->retained = receive->message->retained;
    tag->backlog = plant->backlog;
    tag->heard = tag->current = true;
    tag->stale = false;
    tag->source_quality = quality;
    plant_set_quality(plant, tag, quality);
}

/* ---- from a decoded item to the tag's value ---- */

/* States that the configuration gives, not the plant's own words for a boolean. */
static bool tag_has_configured_states(const struct tag *tag)
{
    return tag->def.state_count && !tag->adopted_states;
}

/* Numbers of JSON payloads as text, for a text tag. */
static struct value receive_as_text(const struct decode_item *item, char *scratch, size_t size)
{
    if (item->text)
        return (struct value){.type = VALUE_TEXT, .text = item->text, .text_length = item->text_length};
    num_format_exact(scratch, size, item->number);
    return (struct value){.type = VALUE_TEXT, .text = scratch, .text_length = strlen(scratch)};
}

/* The tag's value of an item. False: the item does not suit the tag, receive->refused says why. */
static bool receive_convert(struct receive *receive, const struct tag *tag, const struct decode_item *item,
                            char *scratch, size_t size, struct value *value, uint32_t *quality)
{
    const struct tag_def *def = &tag->def;
    *value = (struct value){.type = VALUE_NONE};
    *quality = QUALITY_GOOD;
    if (item->kind == DECODE_NULL) {
        *quality = QUALITY_BAD_NO_DATA;
    } else if (def->kind_fixed && def->kind == TAG_TEXT) {
        *value = receive_as_text(item, scratch, size);
    } else if (item->kind == DECODE_NOT_FINITE) {
        *quality = QUALITY_BAD_OUT_OF_RANGE;
    } else if (def->state_count && item->text &&
               tag_def_state_value(def, item->text, item->text_length, &value->number)) {
        value->type = VALUE_NUMBER;
    } else if (item->kind != DECODE_TEXT) {
        value->type = VALUE_NUMBER;
        bool raw = item->kind == DECODE_BOOLEAN || tag_has_configured_states(tag);
        value->number = raw ? item->number : item->number * def->scale_factor + def->scale_offset;
        if (!isfinite(value->number)) {
            value->type = VALUE_NONE;
            *quality = QUALITY_BAD_OUT_OF_RANGE;
        }
    } else if (tag->configured && (def->kind_fixed || tag_has_configured_states(tag) || def->has_range)) {
        receive->refused =
            tag_has_configured_states(tag) ? "the text is none of the tag's states" : "not a number";
        return false;
    } else {
        *value = receive_as_text(item, scratch, size);
    }
    return true;
}

static enum tag_kind receive_kind_of(const struct tag *tag, const struct decode_item *item)
{
    bool is_bit = tag->adopted_states && (item->number == 0 || item->number == 1);
    if (tag_has_configured_states(tag) || item->kind == DECODE_BOOLEAN ||
        (item->kind == DECODE_NUMBER && is_bit))
        return TAG_DISCRETE;
    return item->kind == DECODE_TEXT ? TAG_TEXT : TAG_ANALOG;
}

/* A boolean is stored as 0 or 1 and shown in the words that the plant uses. */
static void receive_adopt_spelling(struct tag *tag, const struct decode_item *item)
{
    struct tag_def *def = &tag->def;
    tag->adopted_states = true;
    def->states = mem_new(2, sizeof *def->states);
    def->state_count = 2;
    for (int i = 0; i < 2; i++)
        def->states[i] = (struct tag_state){.value = i, .text = mem_copy_text(item->spelling[i])};
}

/* A tag whose kind the configuration leaves open follows what its payloads are; one that never settles
 * (numbers, now and then "ERR") stays what it first was, for each change is written to the history. */
static void receive_follow_kind(struct receive *receive, struct tag *tag, const struct decode_item *item)
{
    struct tag_def *def = &tag->def;
    if (def->kind_fixed || item->kind == DECODE_NULL || item->kind == DECODE_NOT_FINITE)
        return;
    bool new_spelling = item->kind == DECODE_BOOLEAN && !def->state_count;
    enum tag_kind kind = receive_kind_of(tag, item);
    if ((kind == def->kind && !new_spelling) || tag->kind_changes == KIND_CHANGES_MAX)
        return;
    tag->kind_changes++;
    def->kind = kind;
    if (new_spelling)
        receive_adopt_spelling(tag, item);
    tag->def_changed = true;
    plant_mark_changed(receive->plant, tag);
    batch_add_tag(receive->batch, tag->id, def);
}

static void receive_deliver(struct receive *receive, struct tag *tag, const struct decode_item *item)
{
    char scratch[NUM_TEXT_MAX];
    struct value value;
    uint32_t quality;
    bool good = receive_convert(receive, tag, item, scratch, sizeof scratch, &value, &quality);
    if (good)
        receive_follow_kind(receive, tag, item);
    receive_sample(receive, tag, &value, good ? quality : QUALITY_BAD_DECODING, item->source_us);
}

/* A new tag for an item nobody named; NULL when it is none, or at the cap. */
static struct tag *receive_discover(struct receive *receive, const struct decode_item *item)
{
    bool is_value = item->kind == DECODE_NUMBER || item->kind == DECODE_BOOLEAN ||
                    item->kind == DECODE_NOT_FINITE ||
                    (item->kind == DECODE_TEXT && (!*item->path || item->text_length <= DISCOVERED_TEXT_MAX));
    if (receive->topic->configured || item->is_time || !is_value)
        return NULL;
    enum tag_kind kind = item->kind == DECODE_TEXT      ? TAG_TEXT
                         : item->kind == DECODE_BOOLEAN ? TAG_DISCRETE
                                                        : TAG_ANALOG;
    struct tag *tag = plant_discover(receive->plant, receive->topic, item->path, kind);
    if (!tag) {
        receive->plant->counters.over_cap++;
        return NULL;
    }
    if (item->kind == DECODE_BOOLEAN)
        receive_adopt_spelling(tag, item);
    batch_add_tag(receive->batch, tag->id, &tag->def);
    return tag;
}

static void receive_item(void *context, const struct decode_item *item)
{
    struct receive *receive = context;
    receive->scalar |= !*item->path;
    struct tag *tag =
        *item->path ? map_get_text(&receive->topic->by_path, item->path) : receive->topic->whole;
    if (!tag)
        tag = receive_discover(receive, item);
    if (tag)
        receive_deliver(receive, tag, item);
}

/* ---- refusals ---- */

static void receive_refuse(struct receive *receive, const char *reason)
{
    struct plant_topic *topic = receive->topic;
    size_t kept = receive->message->length < PLANT_EXCERPT_MAX ? receive->message->length : PLANT_EXCERPT_MAX;
    receive->plant->counters.refused_payloads++;
    topic->refused++;
    topic->refused_us = receive->time->wall_us;
    snprintf(topic->refused_reason, sizeof topic->refused_reason, "%s", reason);
    if (!topic->refused_excerpt)
        topic->refused_excerpt = mem_new(PLANT_EXCERPT_MAX, 1);
    if (kept)
        memcpy(topic->refused_excerpt, receive->message->payload, kept);
    topic->refused_length = receive->message->length;
}

/* Every tag of the topic turns Bad: its source speaks, but not so that we understand. */
static void receive_spoil_topic(struct receive *receive, const char *reason)
{
    const struct value none = {.type = VALUE_NONE};
    size_t position = 0;
    struct tag *tag;
    receive_refuse(receive, reason);
    if (receive->topic->whole)
        receive_sample(receive, receive->topic->whole, &none, QUALITY_BAD_DECODING, 0);
    while ((tag = map_next(&receive->topic->by_path, &position)))
        receive_sample(receive, tag, &none, QUALITY_BAD_DECODING, 0);
}

static void receive_keep_excerpt(struct plant_topic *topic, const struct plant_message *message,
                                 int64_t now_us)
{
    size_t kept = message->length < PLANT_EXCERPT_MAX ? message->length : PLANT_EXCERPT_MAX;
    if (kept)
        memcpy(topic->excerpt, message->payload, kept);
    topic->payload_length = message->length;
    topic->payload_us = now_us;
    topic->qos = (uint8_t)message->qos;
    topic->retained = message->retained;
    topic->messages++;
}

/* The payload is fine, but a configured tag asks for something else than is sent. A JSON payload without one
 * of the members that tags ask for is no fault: publishers send parts. */
static void receive_check_shape(struct receive *receive)
{
    struct plant_topic *topic = receive->topic;
    if (receive->refused) {
        receive_refuse(receive, receive->refused);
    } else if (topic->configured && receive->scalar && !topic->whole) {
        receive_spoil_topic(receive, "not JSON, but the tag has a path");
    } else if (topic->configured && !receive->scalar && topic->whole && topic->whole->configured) {
        struct tag *whole = topic->whole;
        const struct value raw = {.type = VALUE_TEXT,
                                  .text = (const char *)receive->message->payload,
                                  .text_length = receive->message->length};
        const struct value none = {.type = VALUE_NONE};
        bool as_text = whole->def.kind_fixed && whole->def.kind == TAG_TEXT;
        if (!as_text)
            receive_refuse(receive, "the payload is JSON: the tag needs a path to one of its members");
        receive_sample(receive, whole, as_text ? &raw : &none, as_text ? QUALITY_GOOD : QUALITY_BAD_DECODING,
                       0);
    }
}

bool plant_receive(struct plant *plant, const struct plant_message *message, const struct plant_time *time,
                   struct batch *batch)
{
    char reason[DECODE_REASON_MAX] = "";
    size_t left_out = 0;
    plant->counters.messages++;
    plant->counters.message_bytes += message->length;
    struct plant_topic *topic = plant_topic_of(plant, message->topic);
    if (!topic) {
        bool too_long = strlen(message->topic) > PLANT_TOPIC_MAX;
        plant->counters.long_topics += too_long;
        plant->counters.over_cap += !too_long;
        return true;
    }
    struct receive receive = {
        .plant = plant, .topic = topic, .message = message, .time = time, .batch = batch};
    receive_keep_excerpt(topic, message, time->wall_us);
    if (topic->ignored)
        return false;
    if (message->length > plant->options.max_payload) {
        plant->counters.oversize_payloads++;
        receive_spoil_topic(&receive, "longer than max_payload");
    } else if (!decode_payload(topic->rule, message->payload, message->length, receive_item, &receive,
                               &left_out, reason)) {
        receive_spoil_topic(&receive, reason);
    } else {
        receive_check_shape(&receive);
    }
    plant->counters.over_cap += left_out;
    return true;
}
