#include "ui/screens/tag_chart.h"

#include "ui/screens/trend_scale.h"

#include <math.h>
#include <stdio.h>

#define TAG_CHART_LABEL_COLUMNS 9 /* of a number at the axis */

static void tag_chart_label(void *context, double value, double step, char *out, size_t size)
{
    trend_scale_label(context, value, step, TAG_CHART_LABEL_COLUMNS, out, size);
}

/* The scale of a discrete tag is that of its states. */
static void tag_chart_set_scale(const struct mirror_tag *tag, struct chart *chart)
{
    chart->low = chart->high = NAN;
    chart->least_span = tag->has_range ? (tag->high - tag->low) / 100 : 0;
    for (size_t i = 0; i < tag->state_count; i++) {
        double value = tag->states[i].value;
        chart->low = value >= chart->low ? chart->low : value;
        chart->high = value <= chart->high ? chart->high : value;
    }
    if (!(chart->low < chart->high))
        chart->low = chart->high = NAN;
    if (tag->state_count)
        chart->least_step = 1;
}

void tag_chart_init(struct tag_chart *tag_chart, struct mirror_tag *tag, int label_columns)
{
    struct chart *chart = &tag_chart->chart;
    *chart = (struct chart){
        .label_columns = label_columns, .marks = tag_chart->marks, .label = tag_chart_label, .context = tag};
    tag_chart_set_scale(tag, chart);
    for (size_t i = 0; i < tag->limit_count; i++) {
        char number[NUM_TEXT_MAX], *label = tag_chart->labels[chart->mark_count];
        if (tag->limits[i].type > ALARM_HIHI)
            continue;
        num_format(number, sizeof number, tag->limits[i].limit, tag->decimals);
        snprintf(label, sizeof tag_chart->labels[0], "%s %s", ALARM_TYPE_WORDS[tag->limits[i].type], number);
        tag_chart->marks[chart->mark_count++] = (struct chart_mark){tag->limits[i].limit, label};
    }
}

void tag_chart_find_faults(const struct plot_column *columns, const struct series_span *spans, size_t count,
                           uint8_t *faults)
{
    for (size_t i = 0; i < count; i++) {
        bool value = !isnan(spans[i].low);
        faults[i] = columns[i].gap && !value ? CHART_GAP : columns[i].bad && !value ? CHART_BAD : CHART_FINE;
    }
}
