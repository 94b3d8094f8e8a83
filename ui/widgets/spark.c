#include "ui/widgets/spark.h"

#include "ui/widgets/raster.h"

#include <math.h>

#define SPARK_EIGHTHS 8

size_t spark_span_count(enum glyph_level level, int columns)
{
    size_t count = columns > 0 ? (size_t)columns * (size_t)raster_dots_x(level) : 0;
    return count < SPARK_SPANS_MAX ? count : SPARK_SPANS_MAX;
}

struct spark_scale {
    double low, high, middle;
    bool constant; /* all values the same */
};

static struct spark_scale spark_scale_of(const struct series_span *spans, size_t count, double least_span)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        low = fmin(low, spans[i].low); /* NaN is skipped by both */
        high = fmax(high, spans[i].high);
    }
    struct spark_scale scale = {
        .low = low, .high = high, .middle = low / 2 + high / 2, .constant = !(low < high)};
    double least = fmax(least_span, scale.constant ? 1 : 0);
    if (!(high - low >= least)) {
        /* Not quite in the middle: that is the border of two steps, where the least noise would show. */
        scale.low = scale.middle - 0.55 * least;
        scale.high = scale.middle + 0.45 * least;
    }
    return scale;
}

/* Place of a value among `steps`, 0 at the bottom. */
static int spark_step(const struct spark_scale *scale, double value, int steps)
{
    double share = (value / 2 - scale->low / 2) / (scale->high / 2 - scale->low / 2); /* up to ±1e308 */
    int step = (int)(share * (steps - 1) + 0.5);
    return step < 0 ? 0 : step >= steps ? steps - 1 : step;
}

/* The one of the two extremes that says more. */
static double spark_extreme(const struct spark_scale *scale, const struct series_span *span)
{
    return fabs(span->high - scale->middle) >= fabs(span->low - scale->middle) ? span->high : span->low;
}

static void spark_draw_braille(const struct pane *pane, int x, int y, enum meaning meaning,
                               const struct series_span *spans, size_t count, const struct spark_scale *scale)
{
    struct raster raster;
    raster_init(&raster, GLYPH_BRAILLE, (int)(count + 1) / 2, 1);
    int steps = raster.dots_y;
    for (size_t i = 0; i < count; i++) {
        if (isnan(spans[i].low))
            continue;
        int top = steps - 1 - spark_step(scale, spans[i].high, steps);
        int bottom = steps - 1 - spark_step(scale, spans[i].low, steps);
        raster_set_column(&raster, (int)i, top, bottom, meaning);
    }
    raster_draw(&raster, pane, x, y);
    raster_free(&raster);
}

static uint32_t spark_sign(enum glyph_level level, const struct spark_scale *scale, double value)
{
    if (level == GLYPH_BLOCKS)
        return scale->constant ? 0x2500u : 0x2581u + (uint32_t)spark_step(scale, value, SPARK_EIGHTHS);
    int steps = raster_dots_y(level);
    int row = scale->constant ? (steps - 1) / 2 : steps - 1 - spark_step(scale, value, steps);
    return raster_sign(level, 1u << row);
}

void spark_draw(const struct pane *pane, int x, int y, int columns, enum meaning meaning,
                const struct series_span *spans, double least_span)
{
    enum glyph_level level = pane_level(pane);
    size_t count = spark_span_count(level, columns);
    struct spark_scale scale = spark_scale_of(spans, count, least_span);
    if (!(scale.low <= scale.high)) /* no data at all */
        return;
    if (level == GLYPH_BRAILLE) {
        spark_draw_braille(pane, x, y, meaning, spans, count, &scale);
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (!isnan(spans[i].low))
            pane_put(pane, x + (int)i, y, meaning,
                     spark_sign(level, &scale, spark_extreme(&scale, &spans[i])));
}
