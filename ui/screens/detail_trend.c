/* The last minutes of the tag on the faceplate: figures, and the trend. */
#include "ui/screens/detail_trend.h"

#include "base/clock.h"
#include "base/num.h"
#include "ui/screens/tag_chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What the trend covers: ten minutes, less while there is not so much,
 * so that the first minute is not a blank sheet. */
static int64_t detail_window_us(const struct screen_host *host)
{
    static const int MINUTES[] = {1, 2, 5};
    const struct recent *recent = &host->mirror->recent;
    int64_t age_us = recent->count ? host->wall_us - recent->samples[0].ts_us : 0;
    for (size_t i = 0; i < sizeof MINUTES / sizeof *MINUTES; i++)
        if (age_us < MINUTES[i] * CLOCK_US_PER_MINUTE)
            return MINUTES[i] * CLOCK_US_PER_MINUTE;
    return DETAIL_TREND_US;
}

/* How long each state was there, in per cent of the time that has values. */
static void detail_describe_states(const struct screen_host *host, const struct mirror_tag *tag, char *out,
                                   size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < tag->state_count && used + 1 < size; i++) {
        double share = recent_share(&host->mirror->recent, host->wall_us - detail_window_us(host),
                                    host->wall_us, tag->states[i].value);
        if (share <= 0)
            continue;
        int wrote = snprintf(out + used, size - used, "%s %.0f %%  ", tag->states[i].text, share * 100);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
}

static void detail_describe_statistics(const struct mirror_tag *tag,
                                       const struct recent_statistics *statistics, char *out, size_t size)
{
    char low[NUM_TEXT_MAX], high[NUM_TEXT_MAX], average[NUM_TEXT_MAX];
    num_format(low, sizeof low, statistics->low, tag->decimals);
    num_format(high, sizeof high, statistics->high, tag->decimals);
    num_format(average, sizeof average, statistics->average, tag->decimals);
    snprintf(out, size, "min %s  max %s  average %s  ", low, high, average);
}

void detail_draw_figures(const struct pane *pane, const struct screen_host *host,
                         const struct mirror_tag *tag, const char *history_error, int y)
{
    int64_t window_us = detail_window_us(host);
    struct recent_statistics statistics = recent_statistics(&host->mirror->recent, host->wall_us - window_us,
                                                            host->wall_us, mirror_tag_is_sloped(tag));
    char figures[512] = "", title[640];
    int minutes = (int)(window_us / CLOCK_US_PER_MINUTE);
    if (isnan(statistics.low) && tag->type == VALUE_TEXT) {
        snprintf(title, sizeof title, "last %d min: texts, which have no figures", minutes);
    } else if (isnan(statistics.low)) {
        snprintf(title, sizeof title, "last %d min: no values", minutes);
    } else {
        if (tag->state_count)
            detail_describe_states(host, tag, figures, sizeof figures);
        else
            detail_describe_statistics(tag, &statistics, figures, sizeof figures);
        snprintf(title, sizeof title, "last %d min: %ssamples %llu", minutes, figures,
                 (unsigned long long)statistics.count);
    }
    pane_rule(pane, 0, y, -1, title);
    if (*history_error)
        pane_printf(pane, 2, y + 1, -1, MEANING_WARNING, "history: %s", history_error);
}

void detail_draw_trend(const struct pane *pane, const struct screen_host *host, struct mirror_tag *tag)
{
    struct series_span spans[CHART_SPANS_MAX];
    struct chart_pen pen = {.spans = spans, .meaning = tag->live ? MEANING_CHART : MEANING_SPARK_UNCERTAIN};
    struct tag_chart tag_chart;
    struct chart *chart = &tag_chart.chart;
    if (tag->kind == TAG_TEXT || pane->rows < 3)
        return;
    tag_chart_init(&tag_chart, tag, DETAIL_LABEL - 3);
    chart->pens = &pen;
    chart->pen_count = 1;
    struct chart_area area = chart_area(pane, chart);
    if (!area.spans)
        return;
    /* Columns begin at multiples of their width,
     * so that the trace moves in whole steps and does not shimmer. */
    int64_t width_us = detail_window_us(host) / (int64_t)area.spans;
    chart->to_us = (host->wall_us / width_us + 1) * width_us;
    chart->from_us = chart->to_us - width_us * (int64_t)area.spans;
    recent_columns(&host->mirror->recent, chart->from_us, chart->to_us, host->wall_us,
                   mirror_tag_is_sloped(tag), spans, area.spans);
    tag_chart_set_names(&tag_chart, tag, area.spans, NAN);
    chart_draw(pane, chart);
}
