#include "ui/screens/tag_chart.h"

#include <math.h>
#include <stdio.h>

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

void tag_chart_init(struct tag_chart *tag_chart, const struct mirror_tag *tag, int label_columns)
{
    struct chart *chart = &tag_chart->chart;
    *chart =
        (struct chart){.label_columns = label_columns, .marks = tag_chart->marks, .names = tag_chart->names};
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

static bool tag_chart_is_in_sight(double value, const struct series_span *spans, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (spans[i].low == value || spans[i].high == value)
            return true;
    return false;
}

size_t tag_chart_find_names(const struct mirror_tag *tag, const struct series_span *spans, size_t count,
                            double first, struct chart_mark *names)
{
    enum { FIRST, IN_SIGHT, OTHERS, TURNS };
    size_t found = 0;
    for (int turn = FIRST; turn < TURNS; turn++)
        for (size_t i = 0; i < tag->state_count; i++) {
            double value = tag->states[i].value;
            int own = value == first ? FIRST : tag_chart_is_in_sight(value, spans, count) ? IN_SIGHT : OTHERS;
            if (own == turn)
                names[found++] = (struct chart_mark){value, tag->states[i].text};
        }
    return found;
}

void tag_chart_set_names(struct tag_chart *tag_chart, const struct mirror_tag *tag, size_t spans,
                         double first)
{
    struct chart *chart = &tag_chart->chart;
    chart->name_count = tag_chart_find_names(tag, chart->pens[0].spans, spans, first, tag_chart->names);
}

void tag_chart_find_faults(const struct plot_column *columns, const struct series_span *spans, size_t count,
                           uint8_t *faults)
{
    for (size_t i = 0; i < count; i++) {
        bool value = !isnan(spans[i].low);
        faults[i] = columns[i].gap && !value ? CHART_GAP : columns[i].bad && !value ? CHART_BAD : CHART_FINE;
    }
}
