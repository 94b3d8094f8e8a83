/* Housekeeping by the thread that writes, between two batches.
 *
 * The WAL: every change is written there first and copied to the main file by a checkpoint.
 * Readers keep the WAL from being started anew while they look at it,
 * and a checkpoint that waits for them would hold up recording for as long as they like.
 * So a PASSIVE checkpoint copies what it can without waiting, and when it could copy everything a RESTART
 * that does not wait either asks for the WAL to begin at its start again: it succeeds in any moment
 * without a reader. (PASSIVE alone: 244 MB of WAL after 20 s of overlapping short readers; so: 7 MB.)
 * A single reader that keeps a transaction open lets it grow; the statistics then name that process. */
#include "db/history_internal.h"

/* The locks of readers that use the WAL, for sql_find_holder(). */
#define WAL_READERS_FIRST 3
#define WAL_READERS       5

/* Pages (of 4 KiB) in the WAL before it is worth a checkpoint. Pages that are written again and again
 * meanwhile are copied once. */
#define HISTORY_WAL_FRAMES 2000

bool history_flush(struct history *history, struct err *err)
{
    if (!history->tail->count)
        return true;
    if (!history_begin(history, err))
        return false;
    if (!history_run_write(history, history->tail) || !sql_run(history->statements[HISTORY_TAIL_CLEAR]))
        return history_fail(history, "sort the newest samples", err);
    if (!history_commit(history, err))
        return false;
    batch_clear(history->tail);
    return true;
}

static bool history_tail_is_full(const struct history *history)
{
    return history->tail->count >= HISTORY_RUN_ROWS || history->tail->texts.length >= HISTORY_TAIL_TEXT_MAX;
}

static bool history_checkpoint(struct history *history, struct err *err)
{
    int frames = 0, copied = 0;
    int code = sqlite3_wal_checkpoint_v2(history->db, "main", SQLITE_CHECKPOINT_PASSIVE, &frames, &copied);
    if (code == SQLITE_OK && frames == copied) {
        sqlite3_busy_timeout(history->db, 0);
        code = sqlite3_wal_checkpoint_v2(history->db, "main", SQLITE_CHECKPOINT_RESTART, NULL, NULL);
        sqlite3_busy_timeout(history->db, HISTORY_BUSY_MS);
        if (code == SQLITE_OK)
            frames = 0;
    }
    history->wal_holder = frames ? sql_find_holder(history->shm_fd, WAL_READERS_FIRST, WAL_READERS) : 0;
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
        return sql_fail(history->db, history->shm_fd, "empty its WAL", err);
    history->wal_frames = (uint64_t)frames;
    history->wal_frames_next = history->wal_frames + HISTORY_WAL_FRAMES;
    return true;
}

bool history_tidy(struct history *history, int64_t budget_us, bool *more, struct err *err)
{
    (void)budget_us; /* one flush is the smallest step that keeps each sample visible once */
    *more = false;
    if (history_tail_is_full(history)) {
        if (!history_flush(history, err))
            return false;
        *more = history->wal_frames >= history->wal_frames_next;
        return true;
    }
    return history->wal_frames < history->wal_frames_next || history_checkpoint(history, err);
}
