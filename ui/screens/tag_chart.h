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
    struct chart_mark names[MIRROR_STATES_MAX];
};

/* `chart` points into the struct: it stays where it is. */
void tag_chart_init(struct tag_chart *tag_chart, const struct mirror_tag *tag, int label_columns);

/* Once `chart` has its pen and its spans: the axis tells the tag's states by their names, where there is no room for all
 * first that of `first` (NaN: none is to be first), then those that are in sight. */
void tag_chart_set_names(struct tag_chart *tag_chart, const struct mirror_tag *tag, size_t spans,
                         double first);

/* The same for any chart; `names` has MIRROR_STATES_MAX places. Returns how many there are. */
size_t tag_chart_find_names(const struct mirror_tag *tag, const struct series_span *spans, size_t count,
                            double first, struct chart_mark *names);

/* Why a line has no value in which column (enum chart_fault); `faults` has `count` places. */
void tag_chart_find_faults(const struct plot_column *columns, const struct series_span *spans, size_t count,
                           uint8_t *faults);

#endif
