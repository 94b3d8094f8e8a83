/* Housekeeping by the thread that writes, between two batches.
 *
 * The WAL: every change is written there first and copied to the main file by a checkpoint.
 * Readers keep the WAL from being started anew while they look at it,
 * and a checkpoint that waits for them would hold up recording for as long as they like.
 * So a PASSIVE checkpoint copies what it can without waiting, and when it could copy everything a RESTART
 * that waits for some milliseconds asks for the WAL to begin at its start again.
 * When that failed until the WAL is large, a RESTART waits a little longer for the readers to come up to date:
 * nothing is committed meanwhile, so that each new one does no harm.
 * (PASSIVE alone: 244 MB of WAL after 20 s of overlapping short readers; so: 24 MB.)
 * A single reader that keeps a transaction open lets it grow: nobody can take its moment of the file from it.
 * Fresh samples must be on the disk all the same, so the WAL then grows by what they take, each committed once and
 * sorted once (about 100 bytes a sample), and by nothing else: all that can wait (merging, emptying, gaps,
 * retention) waits for its end when the WAL is large. The statistics name that process, and an alarm does. */
#include "db/history_internal.h"

#include "base/clock.h"

/* The locks of readers that use the WAL, for sql_find_holder(). */
#define WAL_READERS_FIRST 3
#define WAL_READERS       5

static bool history_tail_is_full(const struct history *history)
{
    return history->tail->count >= HISTORY_RUN_ROWS || history->tail->texts.length >= HISTORY_TAIL_TEXT_MAX;
}

static bool history_checkpoint(struct history *history, struct err *err)
{
    int frames = 0, copied = 0;
    history->wal_tried_us = clock_mono_us();
    int code = sqlite3_wal_checkpoint_v2(history->db, "main", SQLITE_CHECKPOINT_PASSIVE, &frames, &copied);
    bool large = frames > HISTORY_WAL_LARGE;
    if (code == SQLITE_OK && (frames == copied || large)) {
        sqlite3_busy_timeout(history->db, large ? HISTORY_WAL_WAIT_LONG_MS : HISTORY_WAL_WAIT_MS);
        code = sqlite3_wal_checkpoint_v2(history->db, "main", SQLITE_CHECKPOINT_RESTART, NULL, NULL);
        sqlite3_busy_timeout(history->db, HISTORY_BUSY_MS);
        if (code == SQLITE_OK)
            frames = 0;
    }
    history->wal_holder = frames ? sql_find_holder(history->shm_fd, WAL_READERS_FIRST, WAL_READERS) : 0;
    if (history->wal_holder)
        sql_name_process(history->wal_holder, history->stats.wal_holder_name,
                         sizeof history->stats.wal_holder_name);
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
        return sql_fail(history->db, history->shm_fd, "empty its WAL", err);
    history->wal_frames = (uint64_t)frames;
    history->wal_frames_next =
        history->wal_frames + (frames && !large ? HISTORY_WAL_AGAIN : HISTORY_WAL_FRAMES);
    return true;
}

/* Has a reader let the WAL grow so much that merging waits for it? */
static bool history_wal_is_held(const struct history *history)
{
    return history->wal_holder && history->wal_frames >= HISTORY_WAL_HELD;
}

static bool history_checkpoint_is_due(const struct history *history)
{
    return history->wal_frames >= history->wal_frames_next ||
           (history_wal_is_held(history) &&
            clock_mono_us() - history->wal_tried_us >= HISTORY_WAL_HELD_EVERY_US);
}

/* A slice works until the last of these parts of its budget, which is for the commit. */
#define HISTORY_SLICE_PARTS 4

bool history_slice_is_over(const struct history *history, int64_t until_us)
{
    return (history->hurry && atomic_load_explicit(history->hurry, memory_order_relaxed)) ||
           clock_mono_us() >= until_us;
}

void history_set_hurry(struct history *history, const atomic_bool *hurry)
{
    history->hurry = hurry;
}

static bool history_slice(struct history *history, int64_t until_us, bool *more, struct err *err)
{
    history->stats.work = HISTORY_WORK_NONE;
    *more = true;
    if (history_checkpoint_is_due(history)) {
        history->stats.work = HISTORY_WORK_CHECKPOINT;
        return history_checkpoint(history, err);
    }
    if (history->flush.rows || history_tail_is_full(history)) {
        history->stats.work = HISTORY_WORK_FLUSH;
        return history_flush_slice(history, until_us, err);
    }
    *more = !history_wal_is_held(history);
    if (!*more)
        return true;
    if (history->gaps_wait)
        return history_gaps_slice(history, until_us, err);
    if (history_merge_is_due(history))
        return history_merge_slice(history, until_us, err);
    if (history_retain_is_due(history))
        return history_retain_slice(history, until_us, err);
    *more = false;
    return true;
}

static int64_t history_max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void history_note_slice(struct history_stats *stats, int64_t us, int64_t cpu_us)
{
    struct history_cost *cost = &stats->costs[stats->work];
    cost->count++;
    cost->us += us;
    cost->most_us = history_max(cost->most_us, us);
    cost->cpu_us += cpu_us;
    cost->cpu_most_us = history_max(cost->cpu_most_us, cpu_us);
    if (stats->work != HISTORY_WORK_CHECKPOINT && stats->work != HISTORY_WORK_NONE)
        stats->slice_most_us = history_max(stats->slice_most_us, us);
}

bool history_tidy(struct history *history, int64_t budget_us, bool *more, struct err *err)
{
    int64_t start_us = clock_mono_us(), start_cpu_us = clock_thread_cpu_us();
    bool done = history_set_durable(history, false, err) &&
                history_slice(history, start_us + budget_us / HISTORY_SLICE_PARTS * (HISTORY_SLICE_PARTS - 1),
                              more, err);
    history_note_slice(&history->stats, clock_mono_us() - start_us, clock_thread_cpu_us() - start_cpu_us);
    return done;
}

/* What comes while a flush is under way makes its end longer. */
static bool history_flush_is_behind(const struct history *history)
{
    const struct batch *tail = history->tail;
    if (!history->flush.rows)
        return tail->count >= (size_t)2 * HISTORY_RUN_ROWS;
    return tail->count >= HISTORY_REST_ROWS || tail->texts.length >= HISTORY_TAIL_TEXT_MAX / 2;
}

bool history_is_behind(const struct history *history)
{
    return history->wal_frames >= history->wal_frames_next + HISTORY_WAL_BEHIND ||
           history_flush_is_behind(history) || history_merge_is_behind(history);
}
