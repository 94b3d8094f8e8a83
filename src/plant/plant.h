/* The live plant: every tag with its last value, fed by messages. Pure: no I/O, no threads, time is an
 * argument. Owned by the recorder's loop.
 *
 * A message goes topic -> decoder (by subscription) -> tags (configured,
 * or discovered) -> scale, states, quality -> live value and a sample in the batch.
 * What changed since the consoles were last told is kept as a list. */
#ifndef PLANT_PLANT_H
#define PLANT_PLANT_H

#include "base/map.h"
#include "plant/batch.h"
#include "plant/quality.h"
#include "plant/tagdef.h"
#include "plant/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLANT_TEXT_SHOWN_MAX 1024 /* bytes of a text value that are kept live; history gets it whole */
/* Bytes of a topic that no tag of the configuration names. MQTT allows 65,535; with max_tags of them a publisher could
 * fill the memory. Real ones seldom pass 200. */
#define PLANT_TOPIC_MAX   1024
#define PLANT_EXCERPT_MAX 256 /* bytes of the last payload that are kept for the faceplate */

struct plant_topic;

struct tag {
    uint32_t id;    /* in the history; never 0 */
    uint32_t index; /* place in plant.tags */
    struct tag_def def;
    bool configured;
    bool adopted_states; /* def.states are the plant's own words for false and true, not configured ones */
    struct plant_topic *topic;

    /* the live value; `quality` already tells link, staleness and initial state */
    enum value_type type;
    double number;
    char *text; /* raw bytes, NUL-terminated, at most PLANT_TEXT_SHOWN_MAX */
    size_t text_length;
    uint32_t quality;
    uint32_t source_quality; /* the last sample's own */
    int64_t ts_us, arrival_us;
    bool heard;            /* since the start */
    bool current;          /* heard since the link was made, which stands */
    bool retained;         /* the last one was: its age is not known */
    bool truncated;        /* the text is longer than what is kept */
    bool source_time;      /* ts_us came from the payload */
    bool backlog;          /* came before the link had settled */
    int64_t heard_mono_us; /* for staleness: when it was heard, or could first have been; 0: not yet */
    bool stale;            /* silent for stale_after; also of one that was never heard, whose quality stays */

    uint8_t kind_changes; /* how often its payloads have changed the kind */
    uint64_t samples, late_samples;
    bool changed;              /* is in plant.changed */
    bool touched;              /* is in plant.touched */
    struct alarm_watch *watch; /* alarms that look at it (plant/alarm.h); NULL: none */
    bool quiet;                /* a good value between these two changes no alarm: most messages end here */
    double quiet_low, quiet_high;
    bool def_changed; /* its definition has to be sent again */
};

/* A topic that was heard or configured, with the tags fed by it. */
struct plant_topic {
    char *name;
    struct payload_rule rule;
    bool ignored;       /* a setpoint's topic: never becomes a tag */
    bool configured;    /* the configuration names a tag of it: nothing else on it becomes a tag */
    struct tag *whole;  /* the tag of path "" */
    struct map by_path; /* path -> tag, for JSON members */
    uint64_t messages, refused;
    int64_t refused_us;
    char refused_reason[96];
    uint8_t excerpt[PLANT_EXCERPT_MAX]; /* beginning of the last payload */
    size_t payload_length;
    int64_t payload_us;
    uint8_t qos;
    bool retained;
    uint8_t *refused_excerpt; /* beginning of the last refused payload, NULL until there is one */
    size_t refused_length;    /* its whole length */
};

struct plant_options {
    size_t max_tags;
    size_t max_payload;          /* bytes */
    int64_t source_time_past_us; /* older source times are refused */
    int64_t source_time_future_us;
};

struct plant_counters {
    uint64_t messages, message_bytes, samples;
    uint64_t refused_payloads, oversize_payloads, refused_times, late_samples, truncated_texts, over_cap;
    uint64_t long_topics;            /* messages whose topic is longer than PLANT_TOPIC_MAX */
    uint64_t discovered, stale, bad; /* tags now */
};

struct plant_message {
    const char *topic;
    const uint8_t *payload;
    size_t length;
    int qos;
    bool retained;
};

struct plant_time {
    int64_t wall_us, mono_us; /* base/clock.h; read once a batch */
};

struct plant {
    struct plant_options options;
    struct tag **tags; /* by index; only grows */
    size_t tag_count, tag_capacity;
    struct map by_name;
    struct map topics; /* name -> struct plant_topic */
    struct plant_subscription {
        char *filter;
        struct payload_rule rule;
    } * subscriptions;
    size_t subscription_count;
    struct map known; /* topic and path -> struct plant_known: what the history file knows */
    uint32_t next_id;
    bool link_up, backlog;
    struct tag **changed; /* tags whose value or definition changed since plant_take_changed() */
    size_t changed_count, changed_capacity;
    struct tag **touched; /* tags with a watch that changed since the alarms were evaluated */
    size_t touched_count, touched_capacity;
    struct plant_counters counters;
};

/* A plant without tags and subscriptions; the link is down. Release with plant_free(). */
void plant_init(struct plant *plant, const struct plant_options *options);
void plant_free(struct plant *plant);

/* How the payloads of which topics are read: by the first filter that matches. */
void plant_add_subscription(struct plant *plant, const char *filter, struct payload_rule rule);

/* A tag that the history file knows: keeps its id for the topic and path,
 * and its last value as "initial" (`value` may be NULL).
 * To be called for all of them before plant_add_configured(); ids must be unique and not 0. */
void plant_adopt(struct plant *plant, uint32_t id, const char *name, const char *topic, const char *path,
                 enum tag_kind kind, const struct value *value, int64_t ts_us);

/* A tag of the configuration. A tag of the same topic and path keeps its id and history; its row goes into
 * `batch`. Never refused: what a reload names comes in although discovered tags have used up the cap. */
struct tag *plant_add_configured(struct plant *plant, const struct tag_def *def, struct batch *batch);

/* Brings back the discovered tags that plant_adopt() told of and that a subscription still covers; after the
 * last plant_add_configured() and plant_ignore_topic(). */
void plant_restore_discovered(struct plant *plant);

/* A topic that never becomes a tag. */
void plant_ignore_topic(struct plant *plant, const char *topic);

/* Another configuration while the plant lives: between the two calls its subscriptions, tags and ignored
 * topics are added as at the start. Tags keep ids, values and histories; those that it no longer names go on
 * as discovered ones. */
void plant_reload_begin(struct plant *plant, struct batch *batch);
void plant_reload_end(struct plant *plant);

/* Takes one message: live values, and samples into `batch`. False: its topic is one of plant_ignore_topic(). */
bool plant_receive(struct plant *plant, const struct plant_message *message, const struct plant_time *time,
                   struct batch *batch);

/* The link: down makes every tag Uncertain (no communication) at once; up begins the backlog, what the broker
 * kept for us meanwhile, which plant_backlog_end() ends: until then values without a source time are
 * Uncertain, for they may be old. */
void plant_link_down(struct plant *plant);
void plant_link_up(struct plant *plant, const struct plant_time *time);
void plant_backlog_end(struct plant *plant, const struct plant_time *time);

/* Looks for stale tags; about once a second. It counts from the last message, or from the end of the backlog: a tag that
 * is silent from then on is as stale as one that falls silent. One that was heard since the start gets a sample that says
 * so (of the others the gap does), and one that never had a value stays `initial`. One that is bad stays so, without a
 * sample. */
void plant_tick(struct plant *plant, const struct plant_time *time, struct batch *batch);

/* Tags that changed since the last call; the list is valid until the next change. Clears their marks. */
size_t plant_take_changed(struct plant *plant, struct tag ***changed);

/* On the topics of how many configured tags nothing has ever come, not in the history either, although the link has let
 * them speak for `silent_us` up to now (0: or has not); `first` is the first of them, NULL when there is none. */
size_t plant_count_unheard(const struct plant *plant, int64_t silent_us, int64_t now_mono_us,
                           const struct tag **first);

/* NULL when there is none. */
struct tag *plant_tag_by_name(const struct plant *plant, const char *name);
struct tag *plant_tag_by_id(const struct plant *plant, uint32_t id);

/* The live value; a text points into the tag. */
struct value plant_tag_value(const struct tag *tag);

#endif
