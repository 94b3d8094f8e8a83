/* One tag of the mirror: what the recorder says of it, its small trend, and what screens ask of it. */
#include "ui/mirror_internal.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "plant/quality.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- tags ---- */

struct mirror_tag *mirror_find(const struct mirror *mirror, uint32_t id)
{
    return map_get(&mirror->by_id, &id, sizeof id);
}

void mirror_tag_changed(struct mirror *mirror, struct mirror_tag *tag)
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
    mirror_drop_setpoint(tag);
    tag->states = NULL;
    tag->limits = NULL;
    tag->state_count = tag->limit_count = 0;
}

void mirror_tag_free(struct mirror_tag *tag)
{
    mirror_tag_drop_lists(tag);
    free(tag->name); /* the block of all its texts */
    free(tag->text);
    free(tag->series);
    free(tag);
}

void mirror_remove_tag(struct mirror *mirror, struct mirror_tag *tag)
{
    if (mirror->watched == tag)
        mirror_watch(mirror, NULL);
    for (size_t i = 0; i < MIRROR_PENS_MAX; i++)
        if (mirror->pens[i].tag == tag)
            mirror_watch_pen(mirror, i, NULL, 0);
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

/* Numbers that are drawn must be finite. */
static double mirror_finite(double value)
{
    return isfinite(value) ? value : 0;
}

static bool mirror_is_text(const char *safe, const char *text)
{
    char *other = mirror_safe_text(text);
    bool equal = !strcmp(safe, other);
    free(other);
    return equal;
}

/* Of another history, such as a backup that was restored, an id may be another tag's. */
static bool mirror_is_same_tag(const struct mirror_tag *tag, const struct wire_tag *record)
{
    return mirror_is_text(tag->topic, record->topic) && mirror_is_text(tag->path, record->path);
}

void mirror_take_tag(struct mirror *mirror, const void *data)
{
    const struct wire_tag *record = data;
    struct mirror_tag *tag = mirror_find(mirror, record->tag);
    if (record->gone) {
        if (tag)
            mirror_remove_tag(mirror, tag);
        return;
    }
    if (tag && !mirror_is_same_tag(tag, record)) { /* nothing of the other's trend stays */
        mirror_remove_tag(mirror, tag);
        tag = NULL;
    }
    if (!tag && !(tag = mirror_add_tag(mirror, record->tag)))
        return;
    mirror_tag_set_texts(tag, record);
    mirror_tag_drop_lists(tag);
    tag->configured = record->configured != 0;
    tag->writable = record->writable != 0;
    tag->stepped = record->stepped != 0;
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

void mirror_take_state(struct mirror *mirror, const void *data)
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

void mirror_take_limit(struct mirror *mirror, const void *data)
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

/* What a pen draws of the tag now: its number while it is good, 0 for a good text; NaN: nothing. */
static double mirror_tag_pen_number(const struct mirror_tag *tag)
{
    if (!tag->live || !quality_is_good(tag->quality))
        return NAN;
    if (tag->kind == TAG_TEXT)
        return tag->type == VALUE_TEXT ? 0 : NAN;
    return tag->type == VALUE_NUMBER ? tag->number : NAN;
}

/* The small trend runs on the console's clock as far as it holds a value, and on the sample's time where that
 * lies in the last minutes: a device whose clock is wrong still gets a trend of what arrived. */
void mirror_tag_draw(struct mirror *mirror, struct mirror_tag *tag, int64_t now_us)
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
    double number = mirror_tag_pen_number(tag);
    for (size_t i = 0; i < MIRROR_PENS_MAX; i++)
        if (mirror->pens[i].tag == tag)
            recent_add(&mirror->pens[i].recent, isnan(number) ? now_us : ts_us, number);
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

void mirror_take_sample(struct mirror *mirror, const void *data, int64_t now_us)
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

/* ---- what screens ask of a tag ---- */

void mirror_watch(struct mirror *mirror, struct mirror_tag *tag)
{
    recent_clear(&mirror->recent);
    mirror->watched = tag;
    if (tag && mirror_tag_is_drawn(tag))
        recent_add(&mirror->recent, tag->ts_us, tag->number);
}

void mirror_watch_pen(struct mirror *mirror, size_t pen, struct mirror_tag *tag, int64_t now_us)
{
    struct mirror_pen *to = &mirror->pens[pen];
    if (to->tag == tag)
        return;
    recent_clear(&to->recent);
    to->tag = tag;
    to->since_us = now_us;
    double number = tag ? mirror_tag_pen_number(tag) : NAN;
    if (!isnan(number))
        recent_add(&to->recent, tag->ts_us, number);
}

enum mirror_trust mirror_tag_trust(const struct mirror_tag *tag)
{
    bool good = quality_is_good(tag->quality);
    if (tag->type == VALUE_NONE && good)
        return MIRROR_NO_VALUE;
    if (!tag->live)
        return MIRROR_UNCERTAIN;
    if (quality_is_bad(tag->quality))
        return MIRROR_BAD;
    /* Without a source time the recorder gives retained values this quality and no other:
     * their time is in doubt, they are not. */
    if (tag->flags & WIRE_FLAG_RETAINED && (good || tag->quality == QUALITY_UNCERTAIN))
        return MIRROR_RETAINED;
    return good ? MIRROR_GOOD : MIRROR_UNCERTAIN;
}

bool mirror_tag_age_is_known(const struct mirror_tag *tag)
{
    return !(tag->flags & WIRE_FLAG_RETAINED) || tag->flags & WIRE_FLAG_SOURCE_TIME;
}

const char *mirror_tag_word(const struct mirror_tag *tag)
{
    if (!tag->live)
        return MIRROR_WORD_LOST;
    enum mirror_trust trust = mirror_tag_trust(tag);
    return trust == MIRROR_NO_VALUE ? "" : trust == MIRROR_RETAINED ? "retain" : quality_word(tag->quality);
}

/* NULL for a number that is no state. */
static const char *mirror_tag_state_text(const struct mirror_tag *tag, double number)
{
    for (size_t i = 0; i < tag->state_count; i++)
        if (tag->states[i].value == number)
            return tag->states[i].text;
    return NULL;
}

void mirror_tag_number(const struct mirror_tag *tag, double number, char *out, size_t size)
{
    const char *state = mirror_tag_state_text(tag, number);
    if (state)
        utf8_make_safe(out, size, state, strlen(state));
    else
        num_format(out, size, number, tag->decimals);
}

void mirror_tag_number_whole(const struct mirror_tag *tag, double number, char *out, size_t size)
{
    if (mirror_tag_state_text(tag, number))
        mirror_tag_number(tag, number, out, size);
    else
        num_format_whole(out, size, number, tag->decimals);
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

void mirror_tag_value_fit(const struct mirror_tag *tag, char *out, size_t size, int columns)
{
    if (tag->type == VALUE_NUMBER && !mirror_tag_state_text(tag, tag->number))
        num_format_fit(out, size, tag->number, tag->decimals, columns);
    else
        mirror_tag_value(tag, out, size);
}

/* What a reader of the screen would take the number for. */
static double mirror_tag_shown(const struct mirror_tag *tag, double number)
{
    char text[NUM_TEXT_MAX];
    double shown = number;
    num_format(text, sizeof text, number, tag->decimals);
    num_parse(text, strlen(text), &shown);
    return shown;
}

double mirror_tag_pointer(const struct mirror_tag *tag)
{
    double number = tag->number;
    if (tag->type != VALUE_NUMBER || !tag->has_range)
        return NAN;
    if (number < tag->low && mirror_tag_shown(tag, number) >= mirror_tag_shown(tag, tag->low))
        return tag->low;
    if (number > tag->high && mirror_tag_shown(tag, number) <= mirror_tag_shown(tag, tag->high))
        return tag->high;
    return number;
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
