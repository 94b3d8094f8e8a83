/* Which samples of a batch the history has already.
 *
 * A different value at a time stamp that is taken is kept a microsecond later (db/history_run.c). So a sample
 * is known when an equal one lies at its stamp, or behind it in an unbroken row of stamps a microsecond apart.
 * It is known, too, when the two samples around it tell it by the tag's recording policy: that is what merging
 * left out when it came first, and stored again it would be counted again in its minute.
 */
#include "cli/import_store_internal.h"
#include "plant/quality.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT_NEAR_US  INT64_C(10000000)   /* samples so near to each other are looked for together */
#define IMPORT_FAR_US   INT64_C(3600000000) /* the same for tags whose samples are told by those around */
#define IMPORT_CHAIN_US 1000                /* how far behind a stamp its later values may lie */

struct import_known {
    struct batch *batch;
    size_t *order; /* of the samples, by tag and time */
    bool *known;   /* of those, in that order */
    size_t next, end;
    int64_t chain_us, before_us; /* where the row of stamps began, and its last one */
    const struct import_tag *tag;
    const struct gaps *gaps;
    size_t told;                /* the first that the sample before this one does not tell */
    struct query_sample before; /* of VALUE_TEXT in `text` */
    struct buf text;
};

static bool import_is_same(const struct value *a, uint32_t a_quality, const struct query_sample *b)
{
    if (a->type != b->value.type || a_quality != b->quality)
        return false;
    if (a->type == VALUE_TEXT)
        return a->text_length == b->value.text_length && !memcmp(a->text, b->value.text, a->text_length);
    return a->type == VALUE_NONE || a->number == b->value.number;
}

/* Do two neighbours in the history tell a sample between them, by the tag's recording policy? */
static bool import_is_told(const struct import_known *self, const struct batch_sample *sample,
                           const struct query_sample *after)
{
    const struct query_sample *before = &self->before;
    struct value value = batch_sample_value(self->batch, sample);
    if (sample->ts_us <= before->ts_us || gaps_until_us(self->gaps, before->ts_us) < after->ts_us)
        return false;
    if (import_is_same(&value, sample->quality, before) && import_is_same(&value, sample->quality, after))
        return true;
    if (self->tag->record != RECORD_COMPRESSED || value.type != VALUE_NUMBER ||
        before->value.type != VALUE_NUMBER || after->value.type != VALUE_NUMBER ||
        !quality_is_good(sample->quality) || !quality_is_good(before->quality) ||
        !quality_is_good(after->quality))
        return false;
    double share = (double)(sample->ts_us - before->ts_us) / (double)(after->ts_us - before->ts_us);
    double line = before->value.number + share * (after->value.number - before->value.number);
    return fabs(line - value.number) <= self->tag->deviation * (1 + 1e-9);
}

/* Marks what lies between the sample before and this one, and remembers this one. */
static void import_tell(struct import_known *self, const struct query_sample *sample)
{
    const struct batch_sample *samples = self->batch->samples;
    bool first = self->before_us == INT64_MIN;
    for (; self->told < self->end && samples[self->order[self->told]].ts_us < sample->ts_us; self->told++)
        if (!first && import_is_told(self, &samples[self->order[self->told]], sample))
            self->known[self->told] = true;
    self->before = *sample;
    if (sample->value.type != VALUE_TEXT)
        return;
    buf_clear(&self->text);
    buf_append(&self->text, sample->value.text, sample->value.text_length);
    self->before.value.text = buf_text(&self->text);
}

/* Takes one sample that the history holds; they come in the order of time. */
static bool import_take_known(void *context, const struct query_sample *sample)
{
    struct import_known *self = context;
    if (self->tag->record != RECORD_ALL)
        import_tell(self, sample);
    if (sample->ts_us > self->before_us + 1)
        self->chain_us = sample->ts_us;
    self->before_us = sample->ts_us;
    const struct batch_sample *samples = self->batch->samples;
    while (self->next < self->end && samples[self->order[self->next]].ts_us < self->chain_us)
        self->next++;
    for (size_t i = self->next; i < self->end && samples[self->order[i]].ts_us <= sample->ts_us; i++) {
        struct value value = batch_sample_value(self->batch, &samples[self->order[i]]);
        if (!self->known[i] && import_is_same(&value, samples[self->order[i]].quality, sample)) {
            self->known[i] = true;
            break;
        }
    }
    return self->next < self->end;
}

/* One stretch of samples of one tag that are near to each other: [first, end) of the order. */
static bool import_find_known(struct import_store *store, struct import_known *self, size_t first, size_t end,
                              struct err *err)
{
    const struct batch_sample *samples = self->batch->samples;
    self->next = self->told = first;
    self->end = end;
    self->before_us = self->chain_us = INT64_MIN;
    self->tag = store->by_id[samples[self->order[first]].tag_id];
    /* The next sample behind them may be far away; the callback ends the reading there. */
    int64_t to_us = self->tag->record == RECORD_ALL ? samples[self->order[end - 1]].ts_us + IMPORT_CHAIN_US
                                                    : IMPORT_END_US;
    return query_range(store->query, self->tag->id, samples[self->order[first]].ts_us, to_us, 0,
                       import_take_known, self, err);
}

static int import_compare(const void *left, const void *right, void *context)
{
    size_t a = *(const size_t *)left, b = *(const size_t *)right;
    const struct batch_sample *samples = context, *one = &samples[a], *two = &samples[b];
    if (one->tag_id != two->tag_id)
        return one->tag_id < two->tag_id ? -1 : 1;
    if (one->ts_us != two->ts_us)
        return one->ts_us < two->ts_us ? -1 : 1;
    return a < b ? -1 : a > b;
}

/* Is it the same as the one before it in the file's own order? Then it came twice. */
static bool import_is_repeated(const struct batch *batch, size_t before, size_t index)
{
    const struct batch_sample *one = &batch->samples[before], *two = &batch->samples[index];
    struct query_sample sample = {
        .ts_us = two->ts_us, .quality = two->quality, .value = batch_sample_value(batch, two)};
    struct value value = batch_sample_value(batch, one);
    return one->tag_id == two->tag_id && one->ts_us == two->ts_us &&
           import_is_same(&value, one->quality, &sample);
}

/* Marks what the history has, and what the file gives twice. */
static bool import_mark(struct import_store *store, struct import_known *self, struct err *err)
{
    struct batch *batch = self->batch;
    for (size_t i = 0; i < batch->count; i++)
        self->order[i] = i;
    qsort_r(self->order, batch->count, sizeof *self->order, import_compare, batch->samples);
    for (size_t first = 0, end; first < batch->count; first = end) {
        for (end = first + 1; end < batch->count; end++) {
            const struct batch_sample *one = &batch->samples[self->order[end - 1]],
                                      *two = &batch->samples[self->order[end]];
            bool all = store->by_id[one->tag_id]->record == RECORD_ALL;
            if (one->tag_id != two->tag_id ||
                two->ts_us - one->ts_us > (all ? IMPORT_NEAR_US : IMPORT_FAR_US))
                break;
        }
        if (!import_find_known(store, self, first, end, err))
            return false;
    }
    for (size_t i = 1; i < batch->count; i++)
        if (import_is_repeated(batch, self->order[i - 1], self->order[i]))
            self->known[i] = true;
    return true;
}

bool import_known_mark(struct import_store *store, size_t *order, bool *known, struct err *err)
{
    struct import_known self = {.batch = store->batch, .gaps = &store->gaps, .order = order, .known = known};
    bool good = import_mark(store, &self, err);
    buf_free(&self.text);
    return good;
}
