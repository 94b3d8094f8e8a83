/* The work of `hmi export`: reads tags in pieces, each of them one short look at the history, and writes the
 * rows between two looks, so that a slow reader behind a pipe never keeps the recorder from reusing its log.
 */
#ifndef CLI_EXPORT_RUN_H
#define CLI_EXPORT_RUN_H

#include "cli/export_figures.h"
#include "cli/export_put.h"
#include "cli/progress.h"
#include "base/when.h"

#include <stdio.h>

struct export_run {
    struct query *query;
    char *const *tags; /* names */
    size_t tag_count;
    int64_t from_us, to_us; /* [from, to) */
    bool has_every;         /* intervals; else the samples as they are */
    struct when_span every;
    struct export_wish figures[EXPORT_FIGURES_MAX];
    size_t figure_count;
    bool wide; /* intervals: one row a time and a column a tag; else a row for each tag and time */
    bool header;
    struct export_put put;
    FILE *out;
    struct progress progress;
};

/* Writes everything. EX_TEMPFAIL when it was interrupted; EX_IOERR when it could not be written: err->text is
 * then empty when the reader just did not want more. */
bool export_run(struct export_run *run, struct err *err);

#endif
