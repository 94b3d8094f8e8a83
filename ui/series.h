/* The last minutes of a number as a ring of time bins of equal width, each with its lowest and highest value:
 * enough to draw a small trend that loses no spike, in memory that never grows.
 *
 * Bin k covers the times from k × bin_us to (k + 1) × bin_us, so that the bins' borders stand still while
 * time goes on. A bin without data holds NaN. Values are kept as single precision differences from the first
 * one, so that a large counter's small steps are not lost. */
#ifndef UI_SERIES_H
#define UI_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct series {
    int64_t bin_us;   /* width of a bin */
    int64_t newest;   /* number of the newest bin; INT64_MIN: empty */
    double base;      /* what the differences refer to */
    double held;      /* value that goes on being valid; NaN: none */
    uint32_t bins;    /* length of the ring */
    float low_high[]; /* of bin k at 2 × (k modulo bins) */
};

/* Lowest and highest value of a stretch of time; NaN: no data there. */
struct series_span {
    double low, high;
};

/* An empty ring. Release with free(). */
struct series *series_new(int64_t bin_us, uint32_t bins);

/* Forgets everything. */
void series_clear(struct series *series);

/* Bytes that a ring of so many bins takes. */
size_t series_size(uint32_t bins);

/* Takes a value into the bin of its time;
 * older ones than the ring reaches are left out. Does not touch what is held. */
void series_add(struct series *series, int64_t ts_us, double value);

/* From `ts_us` on `value` is what is valid (NaN: nothing is): the bins up to there are filled with what was
 * held before, those that follow will be filled with this. */
void series_hold(struct series *series, int64_t ts_us, double value);

/* Fills up to `now_us` with what is held. Call it before reading. */
void series_advance(struct series *series, int64_t now_us);

/* The newest `count` columns of `bins_per_column` bins each, oldest first; the newest column is the one that
 * holds `now_us`. Columns are aligned to multiples of their width, so that they do not change their contents
 * while they move. */
void series_columns(const struct series *series, int64_t now_us, uint32_t bins_per_column,
                    struct series_span *out, size_t count);

/* Puts spans from elsewhere, the last of them being bin `newest_bin`, into those bins that have no data. */
void series_backfill(struct series *series, const struct series_span *spans, int64_t newest_bin,
                     size_t count);

#endif
