#include "db/gaps.h"

#include "base/mem.h"

#include <stdlib.h>

void gaps_free(struct gaps *gaps)
{
    free(gaps->spans);
    *gaps = (struct gaps){0};
}

void gaps_add(struct gaps *gaps, int64_t start_us, int64_t end_us)
{
    struct gaps_span *last = gaps->count ? &gaps->spans[gaps->count - 1] : NULL;
    if (last && start_us <= last->end_us) {
        last->end_us = end_us > last->end_us ? end_us : last->end_us;
        return;
    }
    gaps->spans = mem_grow(gaps->spans, &gaps->capacity, gaps->count + 1, sizeof *gaps->spans);
    gaps->spans[gaps->count++] = (struct gaps_span){start_us, end_us};
}

int64_t gaps_until_us(const struct gaps *gaps, int64_t ts_us)
{
    size_t low = 0, high = gaps->count; /* the first gap that ends after ts_us */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (gaps->spans[middle].end_us > ts_us)
            high = middle;
        else
            low = middle + 1;
    }
    if (low == gaps->count)
        return INT64_MAX;
    return gaps->spans[low].start_us > ts_us ? gaps->spans[low].start_us : ts_us;
}
