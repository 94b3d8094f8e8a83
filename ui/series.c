#include "ui/series.h"

#include "base/mem.h"

#include <float.h>
#include <math.h>

#define SERIES_EMPTY INT64_MIN

size_t series_size(uint32_t bins)
{
    return sizeof(struct series) + (size_t)bins * 2 * sizeof(float);
}

struct series *series_new(int64_t bin_us, uint32_t bins)
{
    struct series *series = mem_new(1, series_size(bins));
    series->bin_us = bin_us;
    series->bins = bins;
    series_clear(series);
    return series;
}

void series_clear(struct series *series)
{
    series->newest = SERIES_EMPTY;
    series->held = NAN;
    for (uint32_t i = 0; i < 2 * series->bins; i++)
        series->low_high[i] = NAN;
}

static int64_t series_bin_of(const struct series *series, int64_t ts_us)
{
    int64_t bin = ts_us / series->bin_us;
    return ts_us < 0 && bin * series->bin_us != ts_us ? bin - 1 : bin;
}

static float *series_at(struct series *series, int64_t bin)
{
    int64_t place = bin % series->bins;
    return &series->low_high[2 * (place < 0 ? place + series->bins : place)];
}

static bool series_reaches(const struct series *series, int64_t bin)
{
    return series->newest != SERIES_EMPTY && bin <= series->newest && bin > series->newest - series->bins;
}

static float series_difference(const struct series *series, double value)
{
    double difference = value - series->base;
    if (difference > (double)FLT_MAX)
        return FLT_MAX;
    return difference < -(double)FLT_MAX ? -FLT_MAX : (float)difference;
}

static void series_widen(struct series *series, int64_t bin, double low, double high)
{
    float *at = series_at(series, bin);
    float low_difference = series_difference(series, low), high_difference = series_difference(series, high);
    if (!(low_difference >= at[0]))
        at[0] = low_difference;
    if (!(high_difference <= at[1]))
        at[1] = high_difference;
}

/* Makes `bin` the newest; those passed over get what is held. */
static void series_move(struct series *series, int64_t bin)
{
    int64_t first = bin - series->bins + 1;
    if (first < series->newest + 1)
        first = series->newest + 1;
    float held = isnan(series->held) ? NAN : series_difference(series, series->held);
    for (int64_t i = first; i <= bin; i++) {
        float *at = series_at(series, i);
        at[0] = at[1] = held;
    }
    if (bin > series->newest)
        series->newest = bin;
}

void series_add(struct series *series, int64_t ts_us, double value)
{
    int64_t bin = series_bin_of(series, ts_us);
    if (series->newest == SERIES_EMPTY) {
        series->base = value;
        series->newest = bin;
    } else if (bin > series->newest) {
        series_move(series, bin);
        float *at = series_at(series, bin);
        at[0] = at[1] = NAN; /* what was held until now belongs to the bins before */
    }
    if (series_reaches(series, bin))
        series_widen(series, bin, value, value);
}

void series_hold(struct series *series, int64_t ts_us, double value)
{
    if (series->newest != SERIES_EMPTY)
        series_move(series, series_bin_of(series, ts_us));
    series->held = value;
}

void series_advance(struct series *series, int64_t now_us)
{
    if (series->newest != SERIES_EMPTY)
        series_move(series, series_bin_of(series, now_us));
}

static struct series_span series_span_of(const struct series *series, int64_t first, int64_t count)
{
    struct series_span span = {NAN, NAN};
    for (int64_t i = first; i < first + count; i++) {
        if (!series_reaches(series, i))
            continue;
        const float *at = series_at((struct series *)series, i);
        if (isnan(at[0]))
            continue;
        double low = series->base + (double)at[0], high = series->base + (double)at[1];
        if (!(span.low <= low))
            span.low = low;
        if (!(span.high >= high))
            span.high = high;
    }
    return span;
}

void series_columns(const struct series *series, int64_t now_us, uint32_t bins_per_column,
                    struct series_span *out, size_t count)
{
    int64_t width = bins_per_column;
    int64_t last = series_bin_of(series, now_us) / width;
    for (size_t i = 0; i < count; i++)
        out[i] = series_span_of(series, (last - (int64_t)(count - 1 - i)) * width, width);
}

void series_backfill(struct series *series, const struct series_span *spans, int64_t newest_bin, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t bin = newest_bin - (int64_t)(count - 1 - i);
        if (isnan(spans[i].low) || isnan(spans[i].high))
            continue;
        if (series->newest == SERIES_EMPTY) {
            series->base = spans[i].low;
            series->newest = newest_bin;
        }
        if (series_reaches(series, bin) && isnan(series_at(series, bin)[0]))
            series_widen(series, bin, spans[i].low, spans[i].high);
    }
}
