#include "ui/recent.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void recent_init(struct recent *recent)
{
    memset(recent, 0, sizeof *recent);
}

void recent_free(struct recent *recent)
{
    free(recent->samples);
    recent_init(recent);
}

void recent_clear(struct recent *recent)
{
    recent->count = 0;
    recent->changes++;
}

/* Frees a tenth at the front at a time, so that a full list is not moved for every sample. */
static void recent_make_room(struct recent *recent, size_t more)
{
    if (recent->count + more > RECENT_MAX) {
        size_t gone = recent->count + more - RECENT_MAX + RECENT_MAX / 10;
        if (gone > recent->count)
            gone = recent->count;
        recent->count -= gone;
        memmove(recent->samples, recent->samples + gone, recent->count * sizeof *recent->samples);
    }
    recent->samples =
        mem_grow(recent->samples, &recent->capacity, recent->count + more, sizeof *recent->samples);
}

void recent_add(struct recent *recent, int64_t ts_us, double value)
{
    recent_make_room(recent, 1);
    size_t at = recent->count;
    const struct recent_sample *last = at ? &recent->samples[at - 1] : NULL;
    if (last && isnan(last->value) && !isnan(value) && last->ts_us > ts_us)
        ts_us = last->ts_us;
    while (at > 0 && recent->samples[at - 1].ts_us > ts_us)
        at--;
    if (at > 0 && recent->samples[at - 1].ts_us == ts_us && recent->samples[at - 1].value == value)
        return;
    memmove(recent->samples + at + 1, recent->samples + at, (recent->count - at) * sizeof *recent->samples);
    recent->samples[at] = (struct recent_sample){.ts_us = ts_us, .value = value, .count = 1};
    recent->count++;
    recent->changes++;
}

void recent_replace(struct recent *recent, const struct recent_sample *samples, size_t count)
{
    if (!count)
        return;
    if (count > RECENT_MAX) {
        samples += count - RECENT_MAX;
        count = RECENT_MAX;
    }
    size_t stays = recent->count;
    while (stays > 0 && recent->samples[recent->count - stays].ts_us <= samples[count - 1].ts_us)
        stays--;
    if (stays > RECENT_MAX - count)
        stays = RECENT_MAX - count;
    recent->samples = mem_grow(recent->samples, &recent->capacity, count + stays, sizeof *recent->samples);
    memmove(recent->samples + count, recent->samples + (recent->count - stays), stays * sizeof *samples);
    memcpy(recent->samples, samples, count * sizeof *samples);
    recent->count = count + stays;
    recent->changes++;
}

/* The first sample that is not older than `ts_us`. */
static size_t recent_first(const struct recent *recent, int64_t ts_us)
{
    size_t low = 0, high = recent->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (recent->samples[middle].ts_us < ts_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void recent_count_sample(struct recent_statistics *statistics, const struct recent_sample *sample)
{
    if (isnan(sample->value))
        return; /* a pause: where values end, not a sample that came */
    statistics->count += sample->count;
    if (!(statistics->low <= sample->value)) {
        statistics->low = sample->value;
        statistics->low_us = sample->ts_us;
    }
    if (!(statistics->high >= sample->value)) {
        statistics->high = sample->value;
        statistics->high_us = sample->ts_us;
    }
}

double recent_share(const struct recent *recent, int64_t from_us, int64_t to_us, double value)
{
    double here_us = 0, all_us = 0;
    for (size_t i = recent_first(recent, from_us); i <= recent->count; i++) {
        if (!i) /* nothing is known before the first sample */
            continue;
        const struct recent_sample *sample = &recent->samples[i - 1];
        int64_t start_us = sample->ts_us > from_us ? sample->ts_us : from_us;
        int64_t end_us = i < recent->count && sample[1].ts_us < to_us ? sample[1].ts_us : to_us;
        if (isnan(sample->value) || end_us <= start_us)
            continue;
        all_us += (double)(end_us - start_us);
        if (sample->value == value)
            here_us += (double)(end_us - start_us);
    }
    return all_us > 0 ? here_us / all_us : 0;
}

static void recent_widen(struct series_span *span, double value)
{
    if (!(span->low <= value))
        span->low = value;
    if (!(span->high >= value))
        span->high = value;
}

/* What was valid at `ts_us`, samples[next] being the first one that is not older. */
static double recent_value_at(const struct recent *recent, size_t next, int64_t ts_us, bool sloped)
{
    if (!next)
        return NAN;
    const struct recent_sample *before = &recent->samples[next - 1];
    if (!sloped || next == recent->count || isnan(before->value) || isnan(before[1].value) ||
        before[1].ts_us <= before->ts_us)
        return before->value;
    double share = (double)(ts_us - before->ts_us) / (double)(before[1].ts_us - before->ts_us);
    return before->value + share * (before[1].value - before->value);
}

/* Sums up a stretch that has values: flat at the first one, or with `sloped` straight to the second. */
static void recent_sum_stretch(double *area, double *good_us, double from, double to, int64_t span_us,
                               bool sloped)
{
    if (isnan(from))
        return;
    double level = sloped && !isnan(to) ? from / 2 + to / 2 : from;
    *area += level * (double)span_us;
    *good_us += (double)span_us;
}

struct recent_statistics recent_statistics(const struct recent *recent, int64_t from_us, int64_t to_us,
                                           bool sloped)
{
    struct recent_statistics result = {.low = NAN, .high = NAN, .average = NAN, .last = NAN};
    size_t i = recent_first(recent, from_us);
    double value = recent_value_at(recent, i, from_us, sloped), area = 0, good_us = 0;
    int64_t since_us = from_us;
    if (!isnan(value)) {
        result.low = result.high = value;
        result.low_us = result.high_us = from_us;
    }
    for (;; i++) {
        bool end = i == recent->count || recent->samples[i].ts_us > to_us;
        int64_t until_us = end ? to_us : recent->samples[i].ts_us;
        double next = end ? recent_value_at(recent, i, to_us, sloped) : recent->samples[i].value;
        recent_sum_stretch(&area, &good_us, value, next, until_us - since_us, sloped);
        if (end)
            break;
        recent_count_sample(&result, &recent->samples[i]);
        value = next;
        since_us = until_us;
    }
    result.last = value;
    result.average = good_us > 0 ? area / good_us : value;
    result.good_share = to_us > from_us ? good_us / (double)(to_us - from_us) : 0;
    return result;
}

void recent_columns(const struct recent *recent, int64_t from_us, int64_t to_us, int64_t now_us, bool sloped,
                    struct series_span *out, size_t count)
{
    double width_us = (double)(to_us - from_us) / (double)count;
    size_t i = recent_first(recent, from_us);
    for (size_t column = 0; column < count; column++) {
        int64_t start_us = from_us + (int64_t)(width_us * (double)column);
        int64_t end_us = from_us + (int64_t)(width_us * (double)(column + 1));
        out[column] = (struct series_span){NAN, NAN};
        size_t first = i;
        for (; i < recent->count && recent->samples[i].ts_us < end_us; i++)
            if (!isnan(recent->samples[i].value))
                recent_widen(&out[column], recent->samples[i].value);
        if (i == first && start_us <= now_us) {
            double value = recent_value_at(recent, i, start_us, sloped);
            if (!isnan(value))
                recent_widen(&out[column], value);
        }
    }
}
