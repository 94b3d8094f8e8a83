/* Is a history file sound? Reads all of it through a connection of its own, while the recorder goes on. */
#ifndef DB_CHECK_H
#define DB_CHECK_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct check;

struct check_figures {
    uint64_t file_bytes, free_bytes; /* free: pages of the file that nothing uses now */
    uint64_t wal_bytes;
    uint64_t tags;
    uint64_t samples; /* that came, as hours count them: also those left out by policy or deleted since */
    uint64_t tail_samples, fresh_samples, runs; /* of those: waiting to be sorted, to be merged */
    uint64_t minutes, hours;                    /* rows */
    bool has_span;
    int64_t first_us, last_us; /* of the samples */
    uint64_t gaps;
    int64_t gap_us; /* sum of the gaps */
};

struct check_watcher {
    void *context;
    /* What was found: a fault of the file, or something to know (`fault` false). */
    void (*found)(void *context, bool fault, const char *text);
    /* Now and then, also with `total` 0 for not known; false ends the check (EX_TEMPFAIL). */
    bool (*progress)(void *context, const char *doing, uint64_t done, uint64_t total);
};

/* Opens a history, or a backup of one. The watcher is borrowed. */
struct check *check_open(const char *path, const struct check_watcher *watcher, struct err *err);
void check_close(struct check *check);

/* Counts and measures what is in the file. */
bool check_measure(struct check *check, struct check_figures *figures, struct err *err);

/* SQLite's own check of pages, keys and rows; with `full` also whether each index agrees with its table. */
bool check_structure(struct check *check, bool full, struct err *err);

/* Whether the rows fit each other: everything that is stored is seen by the views, and once. `now_us` (wall)
 * tells what lies in the future. With `full` also whether minutes and hours count what the archive holds,
 * which goes through every sample. */
bool check_contents(struct check *check, bool full, int64_t now_us, struct err *err);

/* Faults found so far. */
uint64_t check_faults(const struct check *check);

#endif
