#include "plant/batch.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_KEEP_SAMPLES 131072
#define BATCH_KEEP_TEXT    (4u << 20)
#define BATCH_KEEP_ALARMS  4096

struct batch *batch_new(void)
{
    return mem_new(1, sizeof(struct batch));
}

void batch_free(struct batch *batch)
{
    if (!batch)
        return;
    batch_clear(batch);
    free(batch->samples);
    free(batch->tags);
    free(batch->gaps);
    free(batch->events);
    free(batch->alarms);
    free(batch->terms);
    buf_free(&batch->texts);
    buf_free(&batch->words);
    free(batch);
}

void batch_drop_samples(struct batch *batch)
{
    if (batch->capacity > BATCH_KEEP_SAMPLES) {
        free(batch->samples);
        batch->samples = NULL;
        batch->capacity = 0;
    }
    if (batch->texts.capacity > BATCH_KEEP_TEXT)
        buf_free(&batch->texts);
    buf_clear(&batch->texts);
    batch->count = 0;
}

static bool batch_is_large(const struct batch *batch)
{
    return batch->alarm_capacity > BATCH_KEEP_ALARMS || batch->terms_capacity > BATCH_KEEP_ALARMS;
}

void batch_cut_journal(struct batch *batch, size_t kept)
{
    for (size_t i = kept; i < batch->event_count; i++)
        free(batch->events[i].command);
    if (kept < batch->event_count)
        batch->event_count = kept;
    batch->alarm_count = batch->terms_count = 0;
    if (!batch_is_large(batch))
        return;
    free(batch->alarms);
    free(batch->terms);
    batch->alarms = NULL;
    batch->terms = NULL;
    batch->alarm_capacity = batch->terms_capacity = 0;
}

void batch_drop_journal(struct batch *batch)
{
    bool large = batch_is_large(batch);
    batch_cut_journal(batch, 0);
    if (large)
        buf_free(&batch->words);
    buf_clear(&batch->words);
}

void batch_clear(struct batch *batch)
{
    for (size_t i = 0; i < batch->tag_count; i++)
        tag_def_free(&batch->tags[i].def);
    batch_drop_samples(batch);
    batch_drop_journal(batch);
    batch->tag_count = batch->gap_count = 0;
    batch->first_mono_us = 0;
    batch->qos_messages = 0;
}

bool batch_is_empty(const struct batch *batch)
{
    return !batch->count && !batch->tag_count && !batch->gap_count && !batch->event_count &&
           !batch->alarm_count && !batch->terms_count;
}

void batch_add_sample(struct batch *batch, uint32_t tag_id, int64_t ts_us, const struct value *value,
                      uint32_t quality)
{
    batch->samples = mem_grow(batch->samples, &batch->capacity, batch->count + 1, sizeof *batch->samples);
    struct batch_sample *sample = &batch->samples[batch->count++];
    *sample = (struct batch_sample){
        .ts_us = ts_us,
        .number = value->type == VALUE_NUMBER ? value->number : 0,
        .tag_id = tag_id,
        .quality = quality,
        .type = (uint8_t)value->type,
    };
    if (value->type == VALUE_TEXT) {
        sample->text_offset = (uint32_t)batch->texts.length;
        sample->text_length = (uint32_t)value->text_length;
        buf_append(&batch->texts, value->text, value->text_length);
    }
}

void batch_add_samples(struct batch *batch, const struct batch *from)
{
    if (!from->count)
        return;
    uint32_t text_start = (uint32_t)batch->texts.length;
    batch->samples =
        mem_grow(batch->samples, &batch->capacity, batch->count + from->count, sizeof *batch->samples);
    struct batch_sample *samples = batch->samples + batch->count;
    memcpy(samples, from->samples, from->count * sizeof *samples);
    for (size_t i = 0; i < from->count; i++)
        samples[i].text_offset += text_start;
    batch->count += from->count;
    buf_append(&batch->texts, from->texts.data, from->texts.length);
}

void batch_add_tag(struct batch *batch, uint32_t id, const struct tag_def *def)
{
    batch->tags = mem_grow(batch->tags, &batch->tag_capacity, batch->tag_count + 1, sizeof *batch->tags);
    struct batch_tag *tag = &batch->tags[batch->tag_count++];
    tag->id = id;
    tag_def_copy(&tag->def, def);
}

void batch_add_gap(struct batch *batch, int64_t start_us, int64_t end_us, const char *reason)
{
    batch->gaps = mem_grow(batch->gaps, &batch->gap_capacity, batch->gap_count + 1, sizeof *batch->gaps);
    struct batch_gap *gap = &batch->gaps[batch->gap_count++];
    gap->start_us = start_us;
    gap->end_us = end_us;
    snprintf(gap->reason, sizeof gap->reason, "%s", reason);
}

void batch_cut_gaps(struct batch *batch, int64_t now_us)
{
    batch_add_gap(batch, now_us, now_us, "");
}

/* Offset 0 means none, so the first byte is not used. */
static uint32_t batch_put_word(struct batch *batch, const char *text)
{
    if (!text)
        return 0;
    if (!batch->words.length)
        buf_append(&batch->words, "", 1);
    uint32_t offset = (uint32_t)batch->words.length;
    buf_append(&batch->words, text, strlen(text) + 1);
    return offset;
}

const char *batch_word(const struct batch *batch, uint32_t offset)
{
    return offset ? (const char *)batch->words.data + offset : NULL;
}

void batch_add_event(struct batch *batch, const struct alarm_event *event)
{
    batch->events =
        mem_grow(batch->events, &batch->event_capacity, batch->event_count + 1, sizeof *batch->events);
    struct command_record *command = NULL;
    if (event->command) {
        command = mem_new(1, sizeof *command);
        *command = *event->command;
    }
    batch->events[batch->event_count++] = (struct batch_event){
        .event = *event,
        .tag = batch_put_word(batch, event->tag),
        .alarm = batch_put_word(batch, event->alarm),
        .operator= batch_put_word(batch, event->operator),
        .station = batch_put_word(batch, event->station),
        .detail = batch_put_word(batch, event->detail),
        .command = command,
    };
}

struct alarm_event batch_event(const struct batch *batch, size_t index)
{
    const struct batch_event *stored = &batch->events[index];
    struct alarm_event event = stored->event;
    event.tag = batch_word(batch, stored->tag);
    event.alarm = batch_word(batch, stored->alarm);
    event.operator= batch_word(batch, stored->operator);
    event.station = batch_word(batch, stored->station);
    event.detail = batch_word(batch, stored->detail);
    event.command = stored->command;
    return event;
}

void batch_add_alarm(struct batch *batch, const struct batch_alarm *alarm, const char *word,
                     const char *message)
{
    batch->alarms =
        mem_grow(batch->alarms, &batch->alarm_capacity, batch->alarm_count + 1, sizeof *batch->alarms);
    struct batch_alarm *row = &batch->alarms[batch->alarm_count++];
    *row = *alarm;
    row->word = batch_put_word(batch, word);
    row->message = batch_put_word(batch, message);
}

void batch_add_terms(struct batch *batch, uint32_t tag_id, const char *word, const char *terms)
{
    batch->terms =
        mem_grow(batch->terms, &batch->terms_capacity, batch->terms_count + 1, sizeof *batch->terms);
    batch->terms[batch->terms_count++] = (struct batch_terms){
        .tag_id = tag_id, .word = batch_put_word(batch, word), .terms = batch_put_word(batch, terms)};
}

struct value batch_sample_value(const struct batch *batch, const struct batch_sample *sample)
{
    struct value value = {.type = (enum value_type)sample->type, .number = sample->number};
    if (value.type == VALUE_TEXT) {
        value.text = (const char *)batch->texts.data + sample->text_offset;
        value.text_length = sample->text_length;
    }
    return value;
}
