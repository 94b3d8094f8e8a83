/* Gaps: time that was not recorded. A value is not taken to hold into one, so that a gap that is written
 * changes minutes and hours of the archive around it; for every tag those are computed anew in slices. What
 * is merged afterwards knows of it anyway, and so do the views for what is fresh. A gap may hold samples all the
 * same, late ones that came with the time of their source, so that a tag is gone through in pieces, too. */
#include "db/history_internal.h"

#include "base/clock.h"

static void gaps_start_over(struct history *history)
{
    history->gap_tag = INT64_MIN;
    history->gap_from_us = INT64_MAX;
}

static bool gaps_put(struct history *history, const struct batch_gap *gap)
{
    sqlite3_stmt *put = history->statements[HISTORY_GAP], *name = history->statements[HISTORY_GAP_NAME];
    sqlite3_bind_int64(name, 1, gap->start_us);
    sqlite3_bind_text(name, 2, gap->reason, -1, SQLITE_STATIC);
    sqlite3_bind_int64(put, 1, gap->start_us);
    sqlite3_bind_int64(put, 2, gap->end_us);
    sqlite3_bind_text(put, 3, gap->reason, -1, SQLITE_STATIC);
    return sql_run(name) && sql_run(put);
}

/* The clock came back to a moment that a gap reaches beyond. Gaps that lie in the future for other reasons stand:
 * samples lie there, too. */
static bool gaps_cut(struct history *history, int64_t now_us)
{
    sqlite3_stmt *cut = history->statements[HISTORY_GAP_CUT], *drop = history->statements[HISTORY_GAP_DROP];
    sqlite3_bind_int64(cut, 1, now_us);
    sqlite3_bind_int64(drop, 1, now_us);
    return sql_run(cut) && sql_run(drop);
}

bool history_gaps_write(struct history *history, const struct batch *batch)
{
    for (size_t i = 0; i < batch->gap_count; i++) {
        const struct batch_gap *gap = &batch->gaps[i];
        if (!(*gap->reason ? gaps_put(history, gap) : gaps_cut(history, gap->start_us)))
            return false;
    }
    if (batch->gap_count) {
        history->gaps_changed = history->gaps_wait = true;
        gaps_start_over(history); /* the one at hand may have grown */
    }
    return true;
}

bool history_gaps_load(struct history *history)
{
    if (!history->gaps_changed)
        return true;
    sqlite3_stmt *rows =
        sql_prepare(history->db, "SELECT ts_start, ts_end FROM unrecorded ORDER BY ts_start", false);
    gaps_free(&history->gaps);
    while (rows && sqlite3_step(rows) == SQLITE_ROW)
        gaps_add(&history->gaps, sqlite3_column_int64(rows, 0), sqlite3_column_int64(rows, 1));
    history->gaps_changed = !rows || sqlite3_finalize(rows) != SQLITE_OK;
    return !history->gaps_changed;
}

/* A piece of the tag at hand. */
static bool gaps_roll_piece(struct history *history, int64_t start_us, int64_t end_us)
{
    sqlite3_stmt *row = history->statements[HISTORY_ARCHIVE_LAST];
    sqlite3_bind_int64(row, 1, history->gap_tag);
    bool found = sqlite3_step(row) == SQLITE_ROW && sqlite3_column_type(row, 0) != SQLITE_NULL;
    int64_t last_us = sqlite3_column_int64(row, 0);
    if (sqlite3_reset(row) != SQLITE_OK)
        return false;
    if (found && last_us >= rollup_bucket_us(start_us, ROLLUP_HOUR_US))
        return rollup_add_gap(history->rollup, history->gap_tag, end_us, last_us, &history->gap_from_us);
    history->gap_from_us = INT64_MAX;
    return true;
}

/* Takes up the next tag; *ended when there is none. */
static bool gaps_next_tag(struct history *history, int64_t start_us, bool *ended)
{
    sqlite3_stmt *next = history->statements[HISTORY_TAG_NEXT];
    sqlite3_bind_int64(next, 1, history->gap_tag);
    *ended = sqlite3_step(next) != SQLITE_ROW;
    if (!*ended) {
        history->gap_tag = sqlite3_column_int64(next, 0);
        history->gap_from_us = start_us;
    }
    return sqlite3_reset(next) == SQLITE_OK;
}

/* Goes through the tags inside the open transaction; *ended after the last. */
static bool gaps_roll(struct history *history, int64_t start_us, int64_t end_us, int64_t until_us,
                      bool *ended)
{
    bool done = history_gaps_load(history);
    *ended = false;
    while (done && !*ended) {
        if (history->gap_from_us == INT64_MAX)
            done = gaps_next_tag(history, start_us, ended);
        if (done && !*ended)
            done = gaps_roll_piece(history, start_us, end_us);
        if (history_slice_is_over(history, until_us))
            break;
    }
    return done;
}

bool history_gaps_slice(struct history *history, int64_t until_us, struct err *err)
{
    sqlite3_stmt *gap = history->statements[HISTORY_GAP_WAITING],
                 *rolled = history->statements[HISTORY_GAP_ROLLED];
    int64_t tag_before = history->gap_tag, from_before_us = history->gap_from_us;
    bool ended = false;
    history->stats.work = HISTORY_WORK_GAP;
    if (!history_begin(history, err))
        return false;
    bool found = sqlite3_step(gap) == SQLITE_ROW;
    int64_t start_us = sqlite3_column_int64(gap, 0), end_us = sqlite3_column_int64(gap, 1);
    if (found)
        sqlite3_bind_text(rolled, 3, sql_column_text(gap, 2), -1, SQLITE_TRANSIENT);
    bool done =
        sqlite3_reset(gap) == SQLITE_OK && (!found || gaps_roll(history, start_us, end_us, until_us, &ended));
    if (done && ended) {
        sqlite3_bind_int64(rolled, 1, start_us);
        sqlite3_bind_int64(rolled, 2, end_us);
        done = sql_run(rolled);
    }
    done = done ? history_commit(history, err) : history_fail(history, "note a gap", err);
    if (!done) {
        history->gap_tag = tag_before;
        history->gap_from_us = from_before_us;
    } else if (ended) {
        gaps_start_over(history);
    }
    if (done && !found)
        history->gaps_wait = false;
    return done;
}
