/* The figures that `hmi export --every` can give of each interval. */
#ifndef CLI_EXPORT_FIGURES_H
#define CLI_EXPORT_FIGURES_H

#include "db/query_aggregate.h"

#include <stdbool.h>
#include <stddef.h>

#define EXPORT_FIGURES_MAX 16

enum export_figure_type {
    FIGURE_NUMBER,
    FIGURE_COUNT,
    FIGURE_POINT,   /* of a point: its value */
    FIGURE_TIME,    /* when that was, µs UTC */
    FIGURE_PERCENT, /* told as a share from 0 to 1, as in the views */
    FIGURE_STATE,   /* seconds in one state */
};

struct export_figure {
    const char *name; /* of FIGURE_STATE up to its colon, behind which the state stands */
    unsigned part;    /* of enum query_part */
    size_t offset;    /* in struct query_aggregate */
    enum export_figure_type type;
    const char *help; /* what it means, for an engineer */
};

/* The figures' names and meanings, for struct cli_words. */
const char *export_figures_word(size_t index, const char **help);

/* One figure that is wanted. */
struct export_wish {
    const struct export_figure *figure;
    char *name; /* of its column: "avg", "in:RUNNING"; owned */
    const char *
        state; /* of FIGURE_STATE, inside of `name`: a number, the text of a state, or what a text tag says */
};

/* Reads "min,avg,in:RUNNING". False with `err` set, which lists what there is. Release with export_figures_free() in any
 * case. */
bool export_figures_parse(const char *text, struct export_wish *out, size_t *count, struct err *err);
void export_figures_free(struct export_wish *wishes, size_t count);

/* Can the tag be in the wish's state? True for all other figures. */
bool export_figure_suits(const struct export_wish *wish, const struct query_tag *tag);

/* NaN where there is none. */
double export_figure_value(const struct export_wish *wish, const struct query_tag *tag,
                           const struct query_aggregate *aggregate);

/* Is it a column of intervals, as `hmi export --every` names them: a tag, a blank, and a figure? */
bool export_figures_is_column(const char *name);

#endif
