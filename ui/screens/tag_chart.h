/* A chart of one tag alone: its scale, its limits as lines, the axis in its states or numbers. */
#ifndef UI_SCREENS_TAG_CHART_H
#define UI_SCREENS_TAG_CHART_H

#include "base/num.h"
#include "ui/mirror.h"
#include "ui/plot.h"
#include "ui/widgets/chart.h"

struct tag_chart {
    struct chart chart; /* pens and times are the caller's to set */
    struct chart_mark marks[MIRROR_LIMITS_MAX];
    char labels[MIRROR_LIMITS_MAX][NUM_TEXT_MAX + 16];
};

/* The tag is borrowed, and `chart` points into the struct: it stays where it is. */
void tag_chart_init(struct tag_chart *tag_chart, struct mirror_tag *tag, int label_columns);

/* Why a line has no value in which column (enum chart_fault); `faults` has `count` places. */
void tag_chart_find_faults(const struct plot_column *columns, const struct series_span *spans, size_t count,
                           uint8_t *faults);

#endif
