#include "db/query_bounds.h"

int64_t query_bounds_at(const struct query_bounds *bounds, size_t index)
{
    if (bounds->list)
        return bounds->list[index];
    if (index >= bounds->count)
        return bounds->to_us;
    if (bounds->every_us)
        return bounds->from_us + (int64_t)index * bounds->every_us;
    int64_t count = (int64_t)bounds->count, span_us = bounds->to_us - bounds->from_us;
    return bounds->from_us + span_us / count * (int64_t)index + span_us % count * (int64_t)index / count;
}

static size_t query_bounds_search(const struct query_bounds *bounds, int64_t ts_us)
{
    size_t low = 0, high = bounds->count; /* list[low] <= ts_us < list[high] */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (bounds->list[middle] > ts_us)
            high = middle;
        else
            low = middle;
    }
    return low;
}

size_t query_bounds_find(const struct query_bounds *bounds, int64_t ts_us)
{
    if (bounds->list)
        return query_bounds_search(bounds, ts_us);
    int64_t offset_us = ts_us - bounds->from_us, span_us = bounds->to_us - bounds->from_us;
    size_t index = bounds->every_us ? (size_t)(offset_us / bounds->every_us)
                                    : (size_t)((double)offset_us * ((double)bounds->count / (double)span_us));
    index = index < bounds->count ? index : bounds->count - 1;
    while (index > 0 && query_bounds_at(bounds, index) > ts_us)
        index--;
    while (index + 1 < bounds->count && query_bounds_at(bounds, index + 1) <= ts_us)
        index++;
    return index;
}
