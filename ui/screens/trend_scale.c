#include "ui/screens/trend_scale.h"

#include <math.h>
#include <string.h>

#define TREND_APART 0.08 /* of the scale, between two pens with states */

struct trend_extent {
    double low, high; /* NaN: none */
};

static void trend_widen(struct trend_extent *extent, double low, double high)
{
    extent->low = fmin(extent->low, low);
    extent->high = fmax(extent->high, high);
}

double trend_scale_text_level(size_t pen)
{
    return 0.1 * (double)(pen + 1);
}

bool trend_scale_is_shared(const struct mirror_tag *one, const struct mirror_tag *other)
{
    if (one == other)
        return true;
    bool numbers =
        !one->state_count && !other->state_count && one->kind != TAG_TEXT && other->kind != TAG_TEXT;
    return numbers && *one->unit && strcmp(one->unit, other->unit) == 0;
}

static struct trend_extent trend_extent_of_states(const struct mirror_tag *tag)
{
    struct trend_extent extent = {NAN, NAN};
    for (size_t i = 0; i < tag->state_count; i++)
        trend_widen(&extent, tag->states[i].value, tag->states[i].value);
    if (!tag->state_count && tag->kind == TAG_DISCRETE && !tag->has_range)
        extent = (struct trend_extent){0, 1};
    return extent;
}

/* What is visible of all pens on the scale of this one; never so narrow that noise looks like news. */
static struct trend_extent trend_extent_of_values(const struct trend_picture *picture, size_t pen_count,
                                                  const struct mirror_tag *tag)
{
    struct trend_extent extent = {NAN, NAN};
    for (size_t i = 0; i < pen_count; i++) {
        const struct trend_pen *pen = &picture->pens[i];
        if (pen->tag && trend_scale_is_shared(tag, pen->tag))
            trend_widen(&extent, pen->figures.low, pen->figures.high);
    }
    if (isnan(extent.low))
        return extent;
    double least = tag->has_range ? (tag->high - tag->low) / 100 : fabs(extent.high) * 0.002;
    least = fmax(least, 1e-9);
    if (extent.high - extent.low < least) {
        double middle = extent.low / 2 + extent.high / 2;
        extent = (struct trend_extent){middle - least / 2, middle + least / 2};
    }
    return extent;
}

static struct trend_extent trend_extent_of_ranges(const struct trend_picture *picture, size_t pen_count,
                                                  const struct mirror_tag *tag)
{
    struct trend_extent extent = {NAN, NAN};
    for (size_t i = 0; i < pen_count; i++) {
        const struct mirror_tag *other = picture->pens[i].tag;
        if (other && other->has_range && trend_scale_is_shared(tag, other))
            trend_widen(&extent, other->low, other->high);
    }
    return extent;
}

static bool trend_has_states(const struct mirror_tag *tag)
{
    return tag && !isnan(trend_extent_of_states(tag).low);
}

/* Pens with states are all on or all off most of the time: each is moved up by a row or so, that none covers
 * another. */
static struct trend_extent trend_apart(const struct trend_picture *picture, size_t pen_count,
                                       const struct mirror_tag *tag, struct trend_extent extent)
{
    int below = 0, above = 0;
    bool passed = false;
    for (size_t i = 0; i < pen_count; i++) {
        const struct mirror_tag *other = picture->pens[i].tag;
        below += !passed && other != tag && trend_has_states(other);
        above += passed && trend_has_states(other);
        passed |= other == tag;
    }
    double shift = (extent.high - extent.low) * TREND_APART;
    return (struct trend_extent){extent.low - shift * below, extent.high + shift * above};
}

static struct chart_scale trend_scale_of(const struct trend_picture *picture, const struct trend_view *view,
                                         const struct mirror_tag *tag, int rows)
{
    if (tag->kind == TAG_TEXT)
        return chart_scale_of(0, 1, rows, 1, true);
    struct trend_extent states = trend_extent_of_states(tag);
    double least_step = isnan(states.low) ? 0 : 1;
    if (states.low < states.high) {
        states = trend_apart(picture, view->pen_count, tag, states);
        return chart_scale_of(states.low, states.high, rows, least_step, true);
    }
    struct trend_extent ranges = trend_extent_of_ranges(picture, view->pen_count, tag);
    if (!view->automatic && ranges.low < ranges.high)
        return chart_scale_of(ranges.low, ranges.high, rows, least_step, true);
    struct trend_extent values = trend_extent_of_values(picture, view->pen_count, tag);
    if (values.low < values.high)
        return chart_scale_of(values.low, values.high, rows, least_step, false);
    if (ranges.low < ranges.high)
        return chart_scale_of(ranges.low, ranges.high, rows, least_step, true);
    return chart_scale_of(0, 1, rows, least_step, true);
}

void trend_scale_set(struct trend_picture *picture, const struct trend_view *view, int rows)
{
    for (size_t i = 0; i < view->pen_count; i++)
        if (picture->pens[i].tag)
            picture->pens[i].scale = trend_scale_of(picture, view, picture->pens[i].tag, rows);
        else
            picture->pens[i].scale = chart_scale_of(0, 1, rows, 0, true);
}
