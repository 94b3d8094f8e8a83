/* The samples of the last minutes of one tag, for its faceplate:
 * live ones as they come, those from before (and those that the console protocol
 * left out between two screens) from the history. Bounded: the oldest go first. */
#ifndef UI_RECENT_H
#define UI_RECENT_H

#include "ui/series.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECENT_MAX 20000 /* samples: 1,000 seconds at the 20 a second that a console is sent */

struct recent_sample {
    int64_t ts_us;
    double value;   /* NaN: from here on there is no value to draw (bad, stale, gap, not a number) */
    uint32_t count; /* samples that it stands for: more than 1 when the history was thinned out */
};

struct recent {
    struct recent_sample *samples; /* in the order of time; owned */
    size_t count, capacity;
    uint64_t changes;
};

struct recent_statistics {
    uint64_t count;          /* samples that have values */
    double low, high;        /* NaN: no values */
    double average;          /* weighted by time, over the time that has values */
    double last;             /* NaN: none now */
    double good_share;       /* share of the time that has values, 0 to 1 */
    int64_t low_us, high_us; /* when they were */
};

/* Without samples. Release with recent_free(); recent_clear() keeps the memory. */
void recent_init(struct recent *recent);
void recent_free(struct recent *recent);
void recent_clear(struct recent *recent);

/* Adds a sample; one that is older than the last is put in its place. The value that ends a pause does so
 * even when its own time is older, and a sample that is there already is not added again. */
void recent_add(struct recent *recent, int64_t ts_us, double value);

/* Puts what the history says in the place of everything up to its last sample. */
void recent_replace(struct recent *recent, const struct recent_sample *samples, size_t count);

/* Figures of the time from `from_us` to `to_us`. A value is valid until the next one, or with `sloped` it moves straight to
 * it: then the one before `from_us` counts only by what the line has become there. */
struct recent_statistics recent_statistics(const struct recent *recent, int64_t from_us, int64_t to_us,
                                           bool sloped);

/* Share of the time that has values during which the value was this one, 0 to 1; for states. */
double recent_share(const struct recent *recent, int64_t from_us, int64_t to_us, double value);

/* `count` columns of the time from `from_us` to `to_us`: the lowest and highest value of each. A column in
 * which nothing came shows what was valid then: the value before it, or with `sloped` (for values that were
 * recorded compressed) the straight line to the next one. No column later than `now_us` has a value. */
void recent_columns(const struct recent *recent, int64_t from_us, int64_t to_us, int64_t now_us, bool sloped,
                    struct series_span *out, size_t count);

#endif
