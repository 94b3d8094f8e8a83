/* A progress bar on standard error for work that may take long: one line that is painted over and vanishes at
 * the end. Nothing at all when standard error is no terminal, nor for work of less than a moment. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum progress_unit { PROGRESS_BYTES, PROGRESS_ROWS, PROGRESS_SECONDS };

struct progress {
    const char *what; /* borrowed: "copying" */
    enum progress_unit unit;
    bool terminal;      /* standard error is one */
    bool painted;       /* there is a line to take away */
    int64_t start_us;   /* clock_mono_us() */
    int64_t painted_us; /* the last time */
};

/* `now_us` is clock_mono_us(), as everywhere here. */
void progress_begin(struct progress *progress, const char *what, enum progress_unit unit, int64_t now_us);

/* Paints the bar when it is time to. `total` 0: not known, the line then only counts. Cheap enough for every
 * few thousand rows. */
void progress_show(struct progress *progress, uint64_t done, uint64_t total, int64_t now_us);

/* Takes the line away, so that messages begin at the left. */
void progress_end(struct progress *progress);

/* The line as text of at most `columns` columns:
 *   "copying  [#####---------------]  26 %  1.3 of 5.0 GB  12 s left"
 * The parts at the end are left out where there is no room. */
void progress_format(char *out, size_t size, int columns, const struct progress *progress, uint64_t done,
                     uint64_t total, int64_t now_us);

/* "812 B", "4.2 kB", "17 MB": decimal units, at most four digits. */
void progress_format_bytes(char *out, size_t size, uint64_t bytes);

#endif
