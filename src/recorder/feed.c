#include "recorder/feed.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "wire/wire.h"

#include <stdlib.h>
#include <string.h>

#define FEED_CHUNK 512 /* tags encoded together: one frame of each kind for all of them */

void feed_free(struct feed *feed)
{
    free(feed->marks);
    memset(feed, 0, sizeof *feed);
}

void feed_mark(struct feed *feed, size_t index, enum feed_mark mark)
{
    if (index >= feed->capacity) {
        size_t before = feed->capacity;
        feed->marks = mem_grow(feed->marks, &feed->capacity, index + 1, 1);
        memset(feed->marks + before, 0, feed->capacity - before);
    }
    feed->count += !feed->marks[index];
    feed->marks[index] |= (uint8_t)mark;
}

void feed_mark_all(struct feed *feed, const struct plant *plant)
{
    for (size_t i = plant->tag_count; i-- > 0;)
        feed_mark(feed, i, FEED_VALUE | FEED_DEFINITION);
}

/* ---- one tag as records ---- */

static void feed_put_tag(struct wire_writer *writer, const struct plant *plant, const struct tag *tag)
{
    (void)plant;
    const struct tag_def *def = &tag->def;
    wire_add_record(writer, &(struct wire_tag){
                                .tag = tag->id,
                                .configured = tag->configured,
                                .name = def->name,
                                .topic = def->topic,
                                .path = def->path,
                                .area = def->area,
                                .unit = def->unit,
                                .description = def->description,
                                .kind = def->kind,
                                .has_range = def->has_range,
                                .low = def->low,
                                .high = def->high,
                                .decimals = def->decimals,
                                .stale_after_us = def->stale_after_us,
                                .record = def->record,
                                .writable = def->setpoint != NULL,
                                .line = (uint32_t)def->line,
                                .stepped = def->stepped,
                            });
}

static void feed_put_states(struct wire_writer *writer, const struct plant *plant, const struct tag *tag)
{
    (void)plant;
    for (size_t i = 0; i < tag->def.state_count; i++)
        wire_add_record(writer, &(struct wire_state){.tag = tag->id,
                                                     .value = tag->def.states[i].value,
                                                     .text = tag->def.states[i].text});
}

static void feed_put_limits(struct wire_writer *writer, const struct plant *plant, const struct tag *tag)
{
    (void)plant;
    for (size_t i = 0; i < tag->def.alarm_count; i++) {
        const struct alarm_def *alarm = &tag->def.alarms[i];
        if (alarm->has_limit && !alarm->limit_tag)
            wire_add_record(writer, &(struct wire_limit){.tag = tag->id,
                                                         .type = alarm->type,
                                                         .priority = alarm->priority,
                                                         .limit = alarm->limit});
    }
}

static void feed_put_setpoint(struct wire_writer *writer, const struct plant *plant, const struct tag *tag)
{
    const struct setpoint_def *setpoint = tag->def.setpoint;
    const struct tag *readback =
        setpoint && setpoint->readback ? plant_tag_by_name(plant, setpoint->readback) : NULL;
    if (setpoint)
        wire_add_record(writer, &(struct wire_setpoint){.tag = tag->id,
                                                        .readback = setpoint->readback,
                                                        .low = setpoint->min,
                                                        .high = setpoint->max,
                                                        .step = setpoint->step,
                                                        .tolerance = setpoint->tolerance,
                                                        .role = setpoint->role,
                                                        .confirm = setpoint->confirm,
                                                        .timeout_us = setpoint->timeout_us,
                                                        .pulse_us = setpoint->pulse_us,
                                                        .readback_tag = readback ? readback->id : 0,
                                                        .max_step = setpoint->max_step});
}

static uint32_t feed_flags(const struct tag *tag)
{
    return (tag->retained ? WIRE_FLAG_RETAINED : 0) | (tag->truncated ? WIRE_FLAG_TRUNCATED : 0) |
           (tag->source_time ? WIRE_FLAG_SOURCE_TIME : 0) | (tag->backlog ? WIRE_FLAG_BACKLOG : 0);
}

static void feed_put_sample(struct wire_writer *writer, const struct plant *plant, const struct tag *tag)
{
    (void)plant;
    char text[3 * PLANT_TEXT_SHOWN_MAX + 1] = "";
    uint32_t flags = feed_flags(tag);
    if (tag->type == VALUE_TEXT && !utf8_make_safe(text, sizeof text, tag->text, tag->text_length))
        flags |= WIRE_FLAG_TRUNCATED;
    wire_add_record(writer, &(struct wire_sample){.tag = tag->id,
                                                  .type = tag->type,
                                                  .number = tag->number,
                                                  .text = text,
                                                  .ts_us = tag->ts_us,
                                                  .arrival_us = tag->arrival_us,
                                                  .quality = tag->quality,
                                                  .flags = flags});
}

/* One frame of `type` with what `put` makes of the tags that carry the mark;
 * none when there are no such tags. */
static void feed_encode_kind(const struct feed *feed, const struct plant *plant, const uint32_t *indexes,
                             size_t count, enum feed_mark mark, enum wire_type type,
                             void (*put)(struct wire_writer *, const struct plant *, const struct tag *),
                             struct buf *out)
{
    struct wire_writer writer = wire_begin(out, type);
    size_t empty = out->length;
    for (size_t i = 0; i < count; i++)
        if (feed->marks[indexes[i]] & mark)
            put(&writer, plant, plant->tags[indexes[i]]);
    if (out->length == empty)
        out->length = writer.start;
    else
        wire_end(&writer);
}

/* The next marked tags, at most `room`; the search goes on behind the last one the next time. */
static size_t feed_find(struct feed *feed, uint32_t *indexes, size_t room)
{
    size_t found = 0;
    while (found < room && found < feed->count) {
        if (feed->marks[feed->cursor])
            indexes[found++] = (uint32_t)feed->cursor;
        if (++feed->cursor == feed->capacity)
            feed->cursor = 0;
    }
    return found;
}

static void feed_unmark(struct feed *feed, const uint32_t *indexes, size_t count)
{
    for (size_t n = 0; n < count; n++)
        feed->marks[indexes[n]] = 0;
    feed->count -= count;
}

size_t feed_take(struct feed *feed, uint32_t *indexes, size_t room)
{
    size_t count = feed_find(feed, indexes, room);
    feed_unmark(feed, indexes, count);
    return count;
}

static size_t feed_encode_chunk(struct feed *feed, const struct plant *plant, size_t max_tags,
                                struct buf *out)
{
    uint32_t indexes[FEED_CHUNK];
    size_t count = feed_find(feed, indexes, max_tags < FEED_CHUNK ? max_tags : FEED_CHUNK);
    feed_encode_kind(feed, plant, indexes, count, FEED_DEFINITION, WIRE_TAG, feed_put_tag, out);
    feed_encode_kind(feed, plant, indexes, count, FEED_DEFINITION, WIRE_STATE, feed_put_states, out);
    feed_encode_kind(feed, plant, indexes, count, FEED_DEFINITION, WIRE_LIMIT, feed_put_limits, out);
    feed_encode_kind(feed, plant, indexes, count, FEED_DEFINITION, WIRE_SETPOINT, feed_put_setpoint, out);
    feed_encode_kind(feed, plant, indexes, count, FEED_VALUE, WIRE_SAMPLE, feed_put_sample, out);
    feed_unmark(feed, indexes, count);
    return count;
}

size_t feed_encode(struct feed *feed, const struct plant *plant, size_t max_tags, struct buf *out)
{
    size_t done = 0;
    while (done < max_tags && feed->count)
        done += feed_encode_chunk(feed, plant, max_tags - done, out);
    return done;
}
