/* The writer thread: the only one that touches the history once it runs. Batches first; when none waits,
 * housekeeping in slices of at most WRITER_SLICE_US, so that a batch does not wait longer than that for it. Only
 * when batches come without a pause and housekeeping falls behind (history_is_behind()), slices go before them.
 *
 * One batch at a time is handed over whole and comes back with the result: writer_give(), then writer_fd()
 * becomes readable, then writer_take(). Nothing else is shared. */
#ifndef RECORDER_WRITER_H
#define RECORDER_WRITER_H

#include "base/err.h"
#include "db/history.h"
#include "plant/batch.h"

#include <stdbool.h>
#include <stdint.h>

#define WRITER_SLICE_US INT64_C(10000)

struct writer;

struct writer_result {
    struct batch *batch; /* the one that was given, back in the caller's hands */
    bool good;           /* committed; else nothing of it was written and it may be given again */
    struct err err;
    int64_t commit_us; /* how long it took */
};

/* Starts the thread; the history (which lies at `path`) is its own from then on. NULL with `err` set when no
 * thread can be had. */
struct writer *writer_start(struct history *history, const char *path, struct err *err);

/* Becomes readable when a batch has come back; for poll(). */
int writer_fd(const struct writer *writer);

/* Hands a batch over; only when none is under way. */
void writer_give(struct writer *writer, struct batch *batch);

/* Takes the batch back; false when it is still under way. */
bool writer_take(struct writer *writer, struct writer_result *result);

/* Figures as of the last commit or slice, and the free space on the history's file system (asked for by the
 * writer, because a disk that hangs would hold the caller). */
void writer_get_stats(struct writer *writer, struct history_stats *stats, uint64_t *free_bytes);

/* Whether somebody has deleted or replaced the file while we write to it: what we write is then lost at the end. */
bool writer_file_is_gone(struct writer *writer);

/* The last housekeeping error in words, "" when all is well; `text` of ERR_TEXT_MAX bytes. */
void writer_get_tidy_error(struct writer *writer, char *text);

/* Until when (wall) the file is whole at most: the proof of life goes no further, so that what a kill takes
 * with it (samples that wait in memory though they were acknowledged) lies in the next start's gap. INT64_MAX:
 * until now. */
void writer_limit_alive(struct writer *writer, int64_t limit_us);

/* Ends the thread once what it does is done, and closes the history as history_close() does with `stopped_us`,
 * waiting at most `wait_us` for both. False: the disk does not
 * answer; the thread and all that it owns (the history, a batch) are then left to the end of the process. */
bool writer_stop(struct writer *writer, int64_t stopped_us, int64_t wait_us);

#endif
