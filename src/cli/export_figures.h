/* The figures that `hmi export --every` can give of each interval. */
#ifndef CLI_EXPORT_FIGURES_H
#define CLI_EXPORT_FIGURES_H

#include "db/query_aggregate.h"

#include <stdbool.h>
#include <stddef.h>

#define EXPORT_FIGURES_MAX 16

struct export_figure {
    const char *name;
    unsigned part; /* of enum query_part */
    size_t offset; /* in struct query_aggregate */
    enum { FIGURE_NUMBER, FIGURE_COUNT, FIGURE_POINT, FIGURE_PERCENT } type;
    const char *help; /* what it means, for an engineer */
};

/* The figures' names and meanings, for struct cli_words. */
const char *export_figures_word(size_t index, const char **help);

/* Reads "min,avg,max". False with `err` set, which lists what there is. */
bool export_figures_parse(const char *text, const struct export_figure **out, size_t *count, struct err *err);

/* NaN where there is none. */
double export_figure_value(const struct export_figure *figure, const struct query_aggregate *aggregate);

/* Is it a column of intervals, as `hmi export --every` names them: a tag, a blank, and a figure? */
bool export_figures_is_column(const char *name);

#endif
