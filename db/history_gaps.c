/* Gaps: time that was not recorded. A value is not taken to hold into one, so that a gap that is written
 * changes minutes and hours of the archive around it; for every tag those are computed anew in slices. What
 * is merged afterwards knows of it anyway, and so do the views for what is fresh. A gap may hold samples all the
 * same, late ones that came with the time of their source, so that a tag is gone through in pieces, too.
 *
 * A gap that goes on grows while it is gone through. It is gone through to the end as it was at first, or
 * going through it would never end; it does not count as done then, and its turn comes again. */
#include "db/history_internal.h"

#include <stdio.h>

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
    if (batch->gap_count)
        history->gaps_changed = history->gaps_wait = true;
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
static bool gaps_roll_piece(struct history *history)
{
    struct history_gap_sweep *sweep = &history->sweep;
    sqlite3_stmt *row = history->statements[HISTORY_ARCHIVE_LAST];
    sqlite3_bind_int64(row, 1, sweep->tag_id);
    bool found = sqlite3_step(row) == SQLITE_ROW && sqlite3_column_type(row, 0) != SQLITE_NULL;
    int64_t last_us = sqlite3_column_int64(row, 0);
    if (sqlite3_reset(row) != SQLITE_OK)
        return false;
    if (found && last_us >= rollup_bucket_us(sweep->gap.start_us, ROLLUP_HOUR_US))
        return rollup_add_gap(history->rollup, sweep->tag_id, sweep->gap.end_us, last_us, &sweep->from_us);
    sweep->from_us = INT64_MAX;
    return true;
}

/* Takes up the next tag; *ended when there is none. */
static bool gaps_next_tag(struct history *history, bool *ended)
{
    struct history_gap_sweep *sweep = &history->sweep;
    sqlite3_stmt *next = history->statements[HISTORY_TAG_NEXT];
    sqlite3_bind_int64(next, 1, sweep->tag_id);
    *ended = sqlite3_step(next) != SQLITE_ROW;
    if (!*ended) {
        sweep->tag_id = sqlite3_column_int64(next, 0);
        sweep->from_us = sweep->gap.start_us;
    }
    return sqlite3_reset(next) == SQLITE_OK;
}

/* Goes through the tags inside the open transaction; *ended after the last. */
static bool gaps_roll(struct history *history, int64_t until_us, bool *ended)
{
    bool done = history_gaps_load(history);
    *ended = false;
    while (done && !*ended) {
        if (history->sweep.from_us == INT64_MAX)
            done = gaps_next_tag(history, ended);
        if (done && !*ended)
            done = gaps_roll_piece(history);
        if (history_slice_is_over(history, until_us))
            break;
    }
    return done;
}

/* Takes up a gap that is not known to all minutes yet, if there is one. */
static bool gaps_begin(struct history *history)
{
    struct history_gap_sweep *sweep = &history->sweep;
    sqlite3_stmt *row = history->statements[HISTORY_GAP_WAITING];
    *sweep = (struct history_gap_sweep){.tag_id = INT64_MIN, .from_us = INT64_MAX};
    sweep->running = sqlite3_step(row) == SQLITE_ROW;
    if (sweep->running) {
        const char *reason = sql_column_text(row, 2);
        sweep->gap.start_us = sqlite3_column_int64(row, 0);
        sweep->gap.end_us = sqlite3_column_int64(row, 1);
        snprintf(sweep->gap.reason, sizeof sweep->gap.reason, "%s", reason ? reason : "");
    }
    return sqlite3_reset(row) == SQLITE_OK;
}

/* Marks the gap as known, unless it has changed meanwhile. */
static bool gaps_end(struct history *history)
{
    struct history_gap_sweep *sweep = &history->sweep;
    sqlite3_stmt *rolled = history->statements[HISTORY_GAP_ROLLED];
    sqlite3_bind_int64(rolled, 1, sweep->gap.start_us);
    sqlite3_bind_int64(rolled, 2, sweep->gap.end_us);
    sqlite3_bind_text(rolled, 3, sweep->gap.reason, -1, SQLITE_STATIC);
    sweep->running = false;
    return sql_run(rolled);
}

bool history_gaps_slice(struct history *history, int64_t until_us, struct err *err)
{
    struct history_gap_sweep before = history->sweep;
    bool ended = false;
    history->stats.work = HISTORY_WORK_GAP;
    if (!history_begin(history, err))
        return false;
    bool done = history->sweep.running || gaps_begin(history);
    bool found = history->sweep.running;
    done = done && (!found || gaps_roll(history, until_us, &ended)) && (!ended || gaps_end(history));
    done = done ? history_commit(history, err) : history_fail(history, "note a gap", err);
    if (!done)
        history->sweep = before;
    else if (!found)
        history->gaps_wait = false;
    return done;
}
