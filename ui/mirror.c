#include "ui/mirror.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "plant/quality.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for a record of any kind. */
union mirror_any {
#define MIRROR_ROOM(upper, lower, fields) struct wire_##lower lower;
    WIRE_MESSAGES(MIRROR_ROOM)
#undef MIRROR_ROOM
};

/* ---- texts ---- */

/* A safe copy; a text over the bound ends in "…". The caller frees it. */
static char *mirror_safe_text(const char *text)
{
    char safe[MIRROR_TEXT_MAX + 4];
    if (!utf8_make_safe(safe, MIRROR_TEXT_MAX + 1, text, strlen(text)))
        strcat(safe, "…");
    return mem_copy_text(safe);
}

/* Releases the texts of a record that the mirror keeps, and clears it. */
static void mirror_drop(enum wire_type type, void *record)
{
    const struct wire_message *message = wire_message(type);
    for (size_t i = 0; i < message->field_count; i++) {
        if (message->fields[i].kind != WIRE_KIND_TEXT)
            continue;
        char *text;
        memcpy(&text, (char *)record + message->fields[i].offset, sizeof text);
        free(text);
    }
    memset(record, 0, message->size);
}

/* Puts a record with safe texts of its own into `to`, whose old texts are released. */
static void mirror_keep(enum wire_type type, void *to, const void *from)
{
    const struct wire_message *message = wire_message(type);
    mirror_drop(type, to);
    memcpy(to, from, message->size);
    for (size_t i = 0; i < message->field_count; i++) {
        if (message->fields[i].kind != WIRE_KIND_TEXT)
            continue;
        char *text;
        memcpy(&text, (const char *)from + message->fields[i].offset, sizeof text);
        text = mirror_safe_text(text ? text : "");
        memcpy((char *)to + message->fields[i].offset, &text, sizeof text);
    }
}

/* Numbers that are drawn must be finite. */
static double mirror_finite(double value)
{
    return isfinite(value) ? value : 0;
}

/* ---- tags ---- */

struct mirror_tag *mirror_find(const struct mirror *mirror, uint32_t id)
{
    return map_get(&mirror->by_id, &id, sizeof id);
}

static void mirror_tag_changed(struct mirror *mirror, struct mirror_tag *tag)
{
    tag->changes++;
    mirror->changes++;
}

static void mirror_tag_drop_lists(struct mirror_tag *tag)
{
    for (size_t i = 0; i < tag->state_count; i++)
        free(tag->states[i].text);
    free(tag->states);
    free(tag->limits);
    tag->states = NULL;
    tag->limits = NULL;
    tag->state_count = tag->limit_count = 0;
}

static void mirror_tag_free(struct mirror_tag *tag)
{
    mirror_tag_drop_lists(tag);
    free(tag->name); /* the block of all its texts */
    free(tag->text);
    free(tag->series);
    free(tag);
}

static void mirror_remove_tag(struct mirror *mirror, struct mirror_tag *tag)
{
    if (mirror->watched == tag)
        mirror_watch(mirror, NULL);
    map_remove(&mirror->by_id, &tag->id, sizeof tag->id);
    struct mirror_tag *last = mirror->tags[--mirror->tag_count];
    mirror->tags[tag->index] = last;
    last->index = tag->index;
    mirror_tag_free(tag);
    mirror->tags_changes++;
    mirror->changes++;
}

static struct mirror_tag *mirror_add_tag(struct mirror *mirror, uint32_t id)
{
    if (mirror->tag_count >= MIRROR_TAGS_MAX) {
        mirror->left_out++;
        return NULL;
    }
    struct mirror_tag *tag = mem_new(1, sizeof *tag);
    tag->id = id;
    tag->index = mirror->tag_count;
    mirror->tags =
        mem_grow(mirror->tags, &mirror->tag_capacity, mirror->tag_count + 1, sizeof(struct mirror_tag *));
    mirror->tags[mirror->tag_count++] = tag;
    map_put(&mirror->by_id, &tag->id, sizeof tag->id, tag);
    return tag;
}

/* Makes the tag's texts safe and puts them into one block:
 * six allocations a tag would cost more than the texts. */
static void mirror_tag_set_texts(struct mirror_tag *tag, const struct wire_tag *record)
{
    const char *const from[] = {record->name, record->topic, record->path,
                                record->area, record->unit,  record->description};
    char **const to[] = {&tag->name, &tag->topic, &tag->path, &tag->area, &tag->unit, &tag->description};
    enum { COUNT = sizeof from / sizeof *from };
    char *safe[COUNT];
    size_t length[COUNT], total = 0;
    for (size_t i = 0; i < COUNT; i++) {
        safe[i] = mirror_safe_text(from[i]);
        length[i] = strlen(safe[i]) + 1;
        total += length[i];
    }
    char *block = mem_new(total, 1);
    free(tag->name);
    for (size_t i = 0; i < COUNT; i++) {
        *to[i] = memcpy(block, safe[i], length[i]);
        block += length[i];
        free(safe[i]);
    }
    tag->name_columns = utf8_columns(tag->name);
    tag->area_columns = utf8_columns(tag->area);
    tag->unit_columns = utf8_columns(tag->unit);
    tag->description_columns = utf8_columns(tag->description);
}

static void mirror_take_tag(struct mirror *mirror, const void *data)
{
    const struct wire_tag *record = data;
    struct mirror_tag *tag = mirror_find(mirror, record->tag);
    if (record->gone) {
        if (tag)
            mirror_remove_tag(mirror, tag);
        return;
    }
    if (!tag && !(tag = mirror_add_tag(mirror, record->tag)))
        return;
    mirror_tag_set_texts(tag, record);
    mirror_tag_drop_lists(tag);
    tag->configured = record->configured != 0;
    tag->writable = record->writable != 0;
    tag->kind = record->kind <= TAG_TEXT ? (enum tag_kind)record->kind : TAG_ANALOG;
    tag->record = record->record <= RECORD_COMPRESSED ? (enum tag_record)record->record : RECORD_ALL;
    tag->has_range =
        record->has_range && isfinite(record->low) && isfinite(record->high) && record->low < record->high;
    tag->low = mirror_finite(record->low);
    tag->high = mirror_finite(record->high);
    tag->decimals = record->decimals < 0 ? -1 : record->decimals > 12 ? 12 : (int)record->decimals;
    tag->line = record->line <= INT32_MAX ? (int)record->line : 0;
    tag->stale_after_us = record->stale_after_us > 0 ? record->stale_after_us : 0;
    tag->snapshot = mirror->snapshot;
    mirror->tags_changes++;
    mirror_tag_changed(mirror, tag);
}

static void mirror_take_state(struct mirror *mirror, const void *data)
{
    const struct wire_state *record = data;
    struct mirror_tag *tag = mirror_find(mirror, record->tag);
    if (!tag || !isfinite(record->value))
        return;
    if (tag->state_count >= MIRROR_STATES_MAX) {
        mirror->left_out++;
        return;
    }
    tag->states = mem_resize(tag->states, tag->state_count + 1, sizeof *tag->states);
    tag->states[tag->state_count++] =
        (struct mirror_state){.value = record->value, .text = mirror_safe_text(record->text)};
    mirror_tag_changed(mirror, tag);
}

static void mirror_take_limit(struct mirror *mirror, const void *data)
{
    const struct wire_limit *record = data;
    struct mirror_tag *tag = mirror_find(mirror, record->tag);
    if (!tag || !isfinite(record->limit) || record->type > ALARM_BAD || record->priority > PRIORITY_CRITICAL)
        return;
    if (tag->limit_count >= MIRROR_LIMITS_MAX) {
        mirror->left_out++;
        return;
    }
    tag->limits = mem_resize(tag->limits, tag->limit_count + 1, sizeof *tag->limits);
    size_t at = tag->limit_count++;
    for (; at > 0 && tag->limits[at - 1].limit > record->limit; at--)
        tag->limits[at] = tag->limits[at - 1];
    tag->limits[at] = (struct mirror_limit){.type = (enum alarm_type)record->type,
                                            .priority = (enum alarm_priority)record->priority,
                                            .limit = record->limit};
    mirror_tag_changed(mirror, tag);
}

/* ---- samples ---- */

/* True when the value may be drawn as what the plant has now: good, or only its time is in doubt. */
static bool mirror_tag_is_drawn(const struct mirror_tag *tag)
{
    return tag->live && tag->type == VALUE_NUMBER &&
           (quality_is_good(tag->quality) || tag->quality == QUALITY_UNCERTAIN);
}

/* The small trend runs on the console's clock as far as it holds a value, and on the sample's time where that
 * lies in the last minutes: a device whose clock is wrong still gets a trend of what arrived. */
static void mirror_tag_draw(struct mirror *mirror, struct mirror_tag *tag, int64_t now_us)
{
    bool drawn = mirror_tag_is_drawn(tag);
    int64_t ts_us = tag->ts_us < now_us ? tag->ts_us : now_us;
    if (drawn && !tag->series) {
        tag->series = series_new(MIRROR_SERIES_BIN_US, MIRROR_SERIES_BINS);
        series_hold(tag->series, now_us, tag->number); /* valid since ts_us, which may be long ago */
    }
    if (drawn)
        series_add(tag->series, ts_us, tag->number);
    if (tag->series)
        series_hold(tag->series, now_us, drawn ? tag->number : NAN);
    if (mirror->watched == tag)
        recent_add(&mirror->recent, drawn ? ts_us : now_us, drawn ? tag->number : NAN);
}

static void mirror_tag_set_value(struct mirror_tag *tag, const struct wire_sample *record)
{
    free(tag->text);
    tag->text = NULL;
    tag->number = 0;
    tag->type = VALUE_NONE;
    if (record->type == VALUE_TEXT) {
        tag->type = VALUE_TEXT;
        tag->text = mirror_safe_text(record->text);
    } else if (record->type == VALUE_NUMBER && isfinite(record->number)) {
        tag->type = VALUE_NUMBER;
        tag->number = record->number;
    }
}

static void mirror_take_sample(struct mirror *mirror, const void *data, int64_t now_us)
{
    const struct wire_sample *record = data;
    struct mirror_tag *tag = mirror_find(mirror, record->tag);
    if (!tag)
        return;
    mirror_tag_set_value(tag, record);
    tag->ts_us = record->ts_us > 0 ? record->ts_us : 0;
    tag->arrival_us = record->arrival_us > 0 ? record->arrival_us : 0;
    tag->quality = record->quality;
    tag->flags = record->flags;
    tag->live = true;
    mirror_tag_draw(mirror, tag, now_us);
    mirror_tag_changed(mirror, tag);
}

/* ---- the recorder ---- */

/* Puts an empty record in, whose texts are "". */
static void mirror_keep_empty(enum wire_type type, void *to)
{
    union mirror_any record;
    memset(&record, 0, sizeof record);
    mirror_keep(type, to, &record);
}

static void mirror_take_welcome(struct mirror *mirror, const void *data)
{
    mirror_keep(WIRE_WELCOME, &mirror->welcome, data);
    mirror_keep_empty(WIRE_REFUSED, &mirror->refused);
    mirror->attached = true;
    mirror->complete = false;
    mirror->lost_us = 0;
    mirror->snapshot++;
}

static void mirror_take_snapshot_end(struct mirror *mirror)
{
    for (size_t i = mirror->tag_count; i-- > 0;)
        if (mirror->tags[i]->snapshot != mirror->snapshot)
            mirror_remove_tag(mirror, mirror->tags[i]);
    mirror->complete = true;
}

void mirror_recorder_lost(struct mirror *mirror, int64_t now_us)
{
    if (!mirror->attached)
        return;
    mirror->attached = mirror->complete = false;
    mirror->lost_us = now_us;
    for (size_t i = 0; i < mirror->tag_count; i++) {
        struct mirror_tag *tag = mirror->tags[i];
        tag->live = false;
        mirror_tag_draw(mirror, tag, now_us);
        mirror_tag_changed(mirror, tag);
    }
    mirror->changes++;
}

/* ---- frames ---- */

static void mirror_drop_list(enum wire_type type, void **list, size_t *count)
{
    for (size_t i = 0; i < *count; i++)
        mirror_drop(type, (char *)*list + i * wire_message(type)->size);
    free(*list);
    *list = NULL;
    *count = 0;
}

/* A frame that is a whole list. What was understood before a break is kept. */
static bool mirror_take_list(struct mirror *mirror, const struct wire_frame *frame, void *list_pointer,
                             size_t *count)
{
    enum wire_type type = (enum wire_type)frame->type;
    size_t size = wire_message(type)->size;
    struct wire_frame rest = *frame;
    void *list;
    union mirror_any record;
    enum wire_result result;
    memcpy(&list, list_pointer, sizeof list);
    mirror_drop_list(type, &list, count);
    while ((result = wire_next_record(&rest, &record)) == WIRE_OK) {
        if (*count >= MIRROR_LIST_MAX) {
            mirror->left_out++;
            continue;
        }
        list = mem_resize(list, *count + 1, size);
        memset((char *)list + *count * size, 0, size);
        mirror_keep(type, (char *)list + *count * size, &record);
        ++*count;
    }
    memcpy(list_pointer, &list, sizeof list);
    mirror->changes++;
    return result == WIRE_MORE;
}

static int mirror_compare_faults(const void *a, const void *b)
{
    const struct wire_fault *one = a, *two = b;
    if (one->severity != two->severity)
        return one->severity > two->severity ? -1 : 1;
    return one->since_us < two->since_us ? -1 : one->since_us > two->since_us;
}

static void mirror_take_one(struct mirror *mirror, enum wire_type type, const void *record, int64_t now_us)
{
    switch (type) {
    case WIRE_WELCOME:
        mirror_take_welcome(mirror, record);
        break;
    case WIRE_REFUSED:
        mirror_keep(type, &mirror->refused, record);
        break;
    case WIRE_TAG:
        mirror_take_tag(mirror, record);
        break;
    case WIRE_STATE:
        mirror_take_state(mirror, record);
        break;
    case WIRE_LIMIT:
        mirror_take_limit(mirror, record);
        break;
    case WIRE_SAMPLE:
        mirror_take_sample(mirror, record, now_us);
        break;
    case WIRE_SNAPSHOT_END:
        mirror_take_snapshot_end(mirror);
        break;
    case WIRE_STATUS:
        mirror_keep(type, &mirror->status, record);
        mirror->has_status = true;
        mirror->status_at_us = now_us;
        break;
    case WIRE_DETAIL:
        mirror_keep(type, &mirror->detail, record);
        break;
    case WIRE_ANSWER:
        mirror_keep(type, &mirror->answer, record);
        break;
    default: /* what only a console sends, and the lists */
        return;
    }
    mirror->changes++;
}

bool mirror_apply(struct mirror *mirror, const struct wire_frame *frame, int64_t now_us)
{
    switch ((enum wire_type)frame->type) {
    case WIRE_FAULT: {
        bool good = mirror_take_list(mirror, frame, &mirror->faults, &mirror->fault_count);
        if (mirror->fault_count)
            qsort(mirror->faults, mirror->fault_count, sizeof *mirror->faults, mirror_compare_faults);
        return good;
    }
    case WIRE_REFUSAL:
        return mirror_take_list(mirror, frame, &mirror->refusals, &mirror->refusal_count);
    case WIRE_CONSOLE:
        return mirror_take_list(mirror, frame, &mirror->consoles, &mirror->console_count);
    default:
        break;
    }
    if (!wire_message((enum wire_type)frame->type))
        return true; /* from a newer recorder */
    union mirror_any record;
    struct wire_frame rest = *frame;
    enum wire_result result;
    while ((result = wire_next_record(&rest, &record)) == WIRE_OK)
        mirror_take_one(mirror, (enum wire_type)frame->type, &record, now_us);
    return result == WIRE_MORE;
}

void mirror_init(struct mirror *mirror)
{
    memset(mirror, 0, sizeof *mirror);
    map_init(&mirror->by_id);
    recent_init(&mirror->recent);
    mirror_keep_empty(WIRE_WELCOME, &mirror->welcome);
    mirror_keep_empty(WIRE_REFUSED, &mirror->refused);
    mirror_keep_empty(WIRE_STATUS, &mirror->status);
    mirror_keep_empty(WIRE_DETAIL, &mirror->detail);
    mirror_keep_empty(WIRE_ANSWER, &mirror->answer);
}

void mirror_free(struct mirror *mirror)
{
    for (size_t i = 0; i < mirror->tag_count; i++)
        mirror_tag_free(mirror->tags[i]);
    free(mirror->tags);
    map_free(&mirror->by_id);
    recent_free(&mirror->recent);
    for (size_t i = 0; i < mirror->fault_count; i++)
        mirror_drop(WIRE_FAULT, &mirror->faults[i]);
    for (size_t i = 0; i < mirror->refusal_count; i++)
        mirror_drop(WIRE_REFUSAL, &mirror->refusals[i]);
    for (size_t i = 0; i < mirror->console_count; i++)
        mirror_drop(WIRE_CONSOLE, &mirror->consoles[i]);
    free(mirror->faults);
    free(mirror->refusals);
    free(mirror->consoles);
    mirror_drop(WIRE_WELCOME, &mirror->welcome);
    mirror_drop(WIRE_REFUSED, &mirror->refused);
    mirror_drop(WIRE_STATUS, &mirror->status);
    mirror_drop(WIRE_DETAIL, &mirror->detail);
    mirror_drop(WIRE_ANSWER, &mirror->answer);
    memset(mirror, 0, sizeof *mirror);
}

/* ---- what screens ask of a tag ---- */

void mirror_watch(struct mirror *mirror, struct mirror_tag *tag)
{
    recent_clear(&mirror->recent);
    mirror->watched = tag;
    if (tag && mirror_tag_is_drawn(tag))
        recent_add(&mirror->recent, tag->ts_us, tag->number);
}

const char *mirror_tag_word(const struct mirror_tag *tag)
{
    if (!tag->live)
        return "lost";
    return tag->type == VALUE_NONE && quality_is_good(tag->quality) ? "" : quality_word(tag->quality);
}

void mirror_tag_number(const struct mirror_tag *tag, double number, char *out, size_t size)
{
    for (size_t i = 0; i < tag->state_count; i++) {
        if (tag->states[i].value == number) {
            utf8_make_safe(out, size, tag->states[i].text, strlen(tag->states[i].text));
            return;
        }
    }
    num_format(out, size, number, tag->decimals);
}

void mirror_tag_value(const struct mirror_tag *tag, char *out, size_t size)
{
    if (tag->type == VALUE_NUMBER)
        mirror_tag_number(tag, tag->number, out, size);
    else if (tag->type == VALUE_TEXT)
        utf8_make_safe(out, size, tag->text, strlen(tag->text));
    else
        out[0] = '\0';
}

void mirror_tag_columns(struct mirror_tag *tag, int64_t now_us, struct series_span *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (struct series_span){NAN, NAN};
    if (!tag->series || !count)
        return;
    series_advance(tag->series, now_us);
    size_t per_column = MIRROR_SERIES_BINS / count;
    series_columns(tag->series, now_us, per_column ? (uint32_t)per_column : 1, out, count);
}

void mirror_tag_backfill(struct mirror_tag *tag, const struct series_span *spans, int64_t newest_bin,
                         size_t count)
{
    if (tag->type == VALUE_TEXT)
        return;
    if (!tag->series)
        tag->series = series_new(MIRROR_SERIES_BIN_US, MIRROR_SERIES_BINS);
    series_backfill(tag->series, spans, newest_bin, count);
}
