/* Merging: the runs of the set that is not filled become part of the archive.
 *
 *   begin   the other set becomes the one that is filled
 *   rows    in slices, each one transaction: the next rows in the order of tag and time go to the archive, as
 *           far as their tag's recording policy keeps them (history_policy.c), the minutes and hours that they
 *           change are computed from all of them, and the mark of the set moves past them, so that readers see
 *           them in the archive and no longer in the set
 *   empty   everything has moved: the mark goes past every tag, then the set's rows are deleted, in slices;
 *           at the end the mark goes back to the start
 *
 * A crash leaves the state after some slice, and the mark says where to go on.
 *
 * In the archive a tag has one sample at a time stamp, as inside a run (history_run.c): one that repeats the
 * last of its stamp is not stored again, any other goes to the next free microsecond.
 *
 * So several samples with one stamp must come in the order of their arrival, or 0, 1 of one run and 0, 1 of a
 * later one would come as 0, 0, 1, 1 and be stored as 0, 1. A sample whose place is taken therefore lets those
 * of earlier runs go first that stand between its stamp and the place it would get. That is enough: every
 * stamp from the one a sample came with to the one it has in its run is taken in the archive or by samples
 * that arrived before it, so the first of those that is still in a run stands no later than that place. Until
 * such a knot of stamps is through, what was taken does not end at one stamp, and no transaction may. */
#include "db/history_internal.h"

#include "db/runs.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Rows of one tag that are written together, and how many minutes of late samples among them. What lies
 * between two checks of the clock. */
#define MERGE_BUNDLE_ROWS    512
#define MERGE_BUNDLE_MINUTES 16

/* Rows deleted between two checks of the clock. */
#define MERGE_EMPTY_ROWS 4096

/* So many rows are deleted at once, which takes up to about 8 ms: clearing a whole table writes next to
 * nothing, deleting its rows writes them once more (55 bytes a sample). */
#define MERGE_EMPTY_AT_ONCE 420000

/* What a merge and the emptying after it move while one row comes, in quarters: each row is moved twice, and a
 * quarter more lets the merge end first. */
#define MERGE_PACE 10

/* The mark of a set of which nothing is left to see. */
#define MERGE_MARK_ALL INT64_MAX

/* Samples with stamps one after another that were merged, as those that came with one stamp are: the next of
 * them is looked for behind them at once, and goes to the place of one that the recording policy did not need.
 * Else the next one yet, of a later merge, would find a free place before it. */
struct merge_chain {
    int64_t start_us;
    int64_t own_us;   /* behind the last stamp of those in their runs */
    int64_t place_us; /* behind the last place in the archive; before own_us when some were not needed */
};

/* A sample that leaves its run. */
struct merge_row {
    const struct batch_sample *sample;
    struct value value;
    int64_t ts_us;    /* its place in the archive */
    int64_t reach_us; /* samples of earlier runs go before it up to this stamp */
    bool repeats;     /* what is there already */
};

struct history_merge {
    struct runs *runs;            /* NULL: the set is being emptied */
    bool loaded;                  /* the beginning of every run has been read */
    struct history_policy policy; /* of the tag at hand */
    struct batch *rows;           /* newer than all before, to be inserted together; owned */
    struct merge_chain chain;     /* of the tag at hand */
    int64_t late_minute_us;       /* of the last late sample in the bundle */
    size_t late_minutes;          /* how many of those there were */
    uint64_t merged;              /* in the open transaction */
    uint64_t moved;               /* rows that were merged or deleted since it began */
    uint64_t filled_before;       /* rows of the set that is filled, when it began */
    uint64_t left;                /* rows to delete when all have been merged; UINT64_MAX: not known */
};

static struct history_set *merge_set(struct history *history)
{
    return &history->sets[!history->active];
}

void history_merge_free(struct history_merge *merge)
{
    if (!merge)
        return;
    runs_free(merge->runs);
    batch_free(merge->rows);
    history_policy_free(&merge->policy);
    free(merge);
}

/* Is it time to merge the set that is being filled? */
static bool merge_is_worth_it(const struct history *history)
{
    const struct history_set *set = &history->sets[history->active];
    const struct history_options *options = &history->options;
    if (!set->rows)
        return false;
    uint64_t enough = options->merge_rows_per_tag * history->tags;
    enough = enough < HISTORY_RUN_ROWS ? HISTORY_RUN_ROWS : enough;
    return set->rows >= enough || set->rows >= options->merge_rows ||
           history->now_us - set->filled_us >= options->merge_age_us;
}

bool history_merge_is_due(const struct history *history)
{
    return history->sets[!history->active].dirty || (!history->flush.rows && merge_is_worth_it(history));
}

/* While a merge is under way it gets on faster than the other set fills, so that one is smaller when the merge
 * ends than the one that was merged: what is fresh does not grow from merge to merge. */
bool history_merge_is_behind(const struct history *history)
{
    const struct history_merge *merge = history->merge;
    if (!merge)
        return history_merge_is_due(history);
    uint64_t filled = history->sets[history->active].rows - merge->filled_before;
    return filled * MERGE_PACE / 4 > merge->moved;
}

/* Turns the sets around. */
static bool merge_flip(struct history *history, struct err *err)
{
    sqlite3_int64 tags;
    sqlite3_stmt *flip = history->statements[HISTORY_STORE_FLIP];
    if (!history->tags) {
        if (!sql_read_int(history->db, "SELECT count(*) FROM tag", 0, &tags))
            return history_fail(history, "merge samples", err);
        history->tags = (uint64_t)tags + !tags;
        if (!merge_is_worth_it(history))
            return true;
    }
    sqlite3_bind_int64(flip, 1, !history->active);
    if (!sql_run(flip))
        return history_fail(history, "merge samples", err);
    history->active = !history->active;
    return true;
}

/* Opens what there is to do in the set that is not filled. */
static bool merge_begin(struct history *history, struct err *err)
{
    struct history_set *set = merge_set(history);
    struct history_merge *merge = mem_new(1, sizeof *merge);
    merge->rows = batch_new();
    merge->policy.tag_id = INT64_MIN;
    merge->left = UINT64_MAX;
    merge->filled_before = history->sets[history->active].rows;
    history->merge = merge;
    if (set->mark == MERGE_MARK_ALL)
        return true;
    merge->runs = runs_new(history->db, history->active ? 'a' : 'b', set->mark, set->mark_ts_us);
    if (merge->runs)
        return true;
    history_fail(history, "merge samples", err);
    history_merge_free(merge);
    history->merge = NULL;
    return false;
}

static bool merge_flush_rows(struct history *history)
{
    struct history_merge *merge = history->merge;
    bool done = history_write_rows(history, HISTORY_ARCHIVE_MANY, HISTORY_ARCHIVE_ONE, merge->rows);
    batch_clear(merge->rows);
    return done;
}

static bool merge_is_late(const struct history_policy *policy, int64_t ts_us)
{
    return policy->has_last && ts_us <= policy->last.ts_us;
}

/* Makes the sample one of the chain, or the first of a new one. Returns the stamp at which the next of the same
 * chain may stand. */
static int64_t merge_join_chain(struct merge_chain *chain, int64_t own_us)
{
    if (own_us < chain->start_us || (own_us > chain->own_us && own_us > chain->place_us))
        *chain = (struct merge_chain){own_us, own_us, own_us};
    int64_t next_us = chain->own_us > own_us ? chain->own_us : own_us;
    if (own_us >= chain->own_us)
        chain->own_us = own_us + 1;
    return next_us;
}

/* Looks for the place of a sample that is not newer than the last one: past those that have its stamp and the
 * microseconds after it, which are taken to have come with its stamp, too. */
static bool merge_find_place(struct history *history, struct merge_row *row)
{
    sqlite3_stmt *at = history->statements[HISTORY_ARCHIVE_AT];
    struct merge_chain *chain = &history->merge->chain;
    row->reach_us = merge_join_chain(chain, row->ts_us);
    for (row->ts_us = chain->place_us - (chain->place_us > chain->start_us);; row->ts_us++) {
        struct value found;
        sqlite3_bind_int64(at, 1, row->sample->tag_id);
        sqlite3_bind_int64(at, 2, row->ts_us);
        bool taken = sqlite3_step(at) == SQLITE_ROW;
        if (taken) {
            sql_column_value(at, 0, &found);
            row->repeats = history_is_same(&row->value, row->sample->quality, &found,
                                           (uint32_t)sqlite3_column_int64(at, 1));
        }
        if (sqlite3_reset(at) != SQLITE_OK)
            return false;
        chain->place_us = row->ts_us;
        if (!taken)
            break;
    }
    row->reach_us = row->ts_us > row->reach_us ? row->ts_us : row->reach_us;
    return true;
}

static bool merge_newer(struct history *history, const struct merge_row *row)
{
    struct history_policy *policy = &history->merge->policy;
    struct rollup_sample rolled = rollup_sample_of(row->ts_us, &row->value, row->sample->quality);
    return rollup_end_late(history->rollup) &&
           rollup_begin(history->rollup, policy->tag_id, policy->has_last ? &policy->last : NULL) &&
           rollup_add(history->rollup, &rolled) &&
           history_policy_take(history, policy, history->merge->rows, row->ts_us, &row->value,
                               row->sample->quality);
}

static void merge_count_late(struct history_merge *merge, int64_t ts_us)
{
    int64_t minute_us = rollup_bucket_us(ts_us, ROLLUP_MINUTE_US);
    if (!merge->late_minutes || minute_us != merge->late_minute_us)
        merge->late_minutes++;
    merge->late_minute_us = minute_us;
}

static bool merge_late(struct history *history, const struct merge_row *row)
{
    struct history_merge *merge = history->merge;
    struct history_policy *policy = &merge->policy;
    uint32_t quality = row->sample->quality;
    struct rollup_sample rolled = rollup_sample_of(row->ts_us, &row->value, quality);
    bool kept;
    merge_count_late(merge, row->ts_us);
    if (!rollup_add_late(history->rollup, policy->tag_id, &rolled, policy->last.ts_us) ||
        !history_policy_take_late(history, policy, row->ts_us, &row->value, quality, &kept))
        return false;
    if (kept) {
        batch_add_sample(merge->rows, row->sample->tag_id, row->ts_us, &row->value, quality);
        merge->chain.place_us = row->ts_us + 1;
    }
    return merge_flush_rows(history);
}

static bool merge_row(struct history *history, const struct merge_row *row)
{
    struct merge_chain *chain = &history->merge->chain;
    if (row->repeats)
        return true;
    if (merge_is_late(&history->merge->policy, row->ts_us))
        return merge_late(history, row);
    merge_join_chain(chain, row->sample->ts_us);
    chain->place_us = row->ts_us + 1;
    return merge_newer(history, row);
}

/* Chooses the sample that is merged next, the first of the runs or one that goes before it, and its place. */
static bool merge_choose(struct history *history, struct merge_row *row)
{
    struct history_merge *merge = history->merge;
    const struct batch *batch;
    const struct batch_sample *next = runs_peek(merge->runs, &batch);
    do {
        *row = (struct merge_row){
            .sample = next, .value = batch_sample_value(batch, next), .ts_us = next->ts_us};
        if (!merge_is_late(&merge->policy, next->ts_us))
            return true;
        if (!merge_flush_rows(history) || !rollup_end(history->rollup) || !merge_find_place(history, row))
            return false;
        if (row->reach_us > next->ts_us)
            next = runs_peek_earliest(merge->runs, row->reach_us, &batch);
    } while (next != row->sample);
    return true;
}

/* May a transaction end before this sample? The mark cannot tell rows with one stamp apart, does not know of
 * rows that went before others with a smaller stamp, nor where the next of a chain has its place. */
static bool merge_may_stop(const struct history_merge *merge, const struct history_set *set,
                           const struct batch_sample *next)
{
    const struct merge_chain *chain = &merge->chain;
    return next->ts_us > set->mark_ts_us &&
           !(chain->place_us < chain->own_us && next->ts_us == chain->own_us);
}

/* Moves some rows of one tag. */
static bool merge_bundle(struct history *history)
{
    struct history_merge *merge = history->merge;
    struct history_policy *policy = &merge->policy;
    struct history_set *set = merge_set(history);
    const struct batch *batch;
    const struct batch_sample *sample = runs_peek(merge->runs, &batch);
    merge->late_minutes = 0;
    if (policy->tag_id != sample->tag_id) {
        merge->chain = (struct merge_chain){0};
        if (!history_policy_open(history, policy, sample->tag_id))
            return false;
    }
    for (size_t rows = 0; sample && sample->tag_id == policy->tag_id; rows++) {
        struct merge_row row;
        bool full = rows >= MERGE_BUNDLE_ROWS || merge->late_minutes >= MERGE_BUNDLE_MINUTES ||
                    merge->rows->texts.length >= HISTORY_TAIL_TEXT_MAX;
        if (full && merge_may_stop(merge, set, sample))
            break;
        if (!merge_choose(history, &row))
            return false;
        if (set->mark != policy->tag_id || row.sample->ts_us > set->mark_ts_us)
            set->mark_ts_us = row.sample->ts_us;
        set->mark = policy->tag_id;
        if (!merge_row(history, &row) || !runs_take(merge->runs))
            return false;
        merge->merged++;
        sample = runs_peek(merge->runs, &batch);
    }
    return merge_flush_rows(history) && rollup_end_late(history->rollup) && rollup_end(history->rollup) &&
           history_policy_save(history, policy);
}

static bool merge_put_mark(struct history *history)
{
    const struct history_set *set = merge_set(history);
    sqlite3_stmt *put = set->statements[HISTORY_MARK];
    sqlite3_bind_int64(put, 1, set->mark);
    sqlite3_bind_int64(put, 2, set->mark_ts_us);
    return sql_run(put);
}

/* Moves rows inside the open transaction; *ended when there are no more: then the set's runs are forgotten.
 */
static bool merge_rows(struct history *history, int64_t until_us, bool *ended)
{
    const struct batch *batch;
    struct history_set *set = merge_set(history);
    bool done = history_gaps_load(history);
    do {
        *ended = !runs_peek(history->merge->runs, &batch);
        done = done && (*ended || merge_bundle(history));
    } while (done && !*ended && !history_slice_is_over(history, until_us));
    if (done && *ended)
        set->mark = MERGE_MARK_ALL;
    return done && merge_put_mark(history) && (!*ended || sql_run(set->statements[HISTORY_RUN_CLEAR]));
}

/* Deletes rows of the set inside the open transaction; *ended when none are left and its mark is back. */
static bool merge_empty(struct history *history, int64_t until_us, bool *ended)
{
    struct history_set *set = merge_set(history);
    sqlite3_stmt *nth = set->statements[HISTORY_FRESH_NTH], *clear = set->statements[HISTORY_FRESH_CLEAR_TO];
    bool done = true;
    *ended = history->merge->left <= MERGE_EMPTY_AT_ONCE;
    if (*ended)
        done = sql_run(set->statements[HISTORY_FRESH_EMPTY]);
    while (done && !*ended) {
        sqlite3_bind_int64(nth, 1, MERGE_EMPTY_ROWS);
        *ended = sqlite3_step(nth) != SQLITE_ROW;
        for (int i = 0; i < 3; i++)
            sqlite3_bind_int64(clear, i + 1, *ended ? INT64_MAX : sqlite3_column_int64(nth, i));
        done = sqlite3_reset(nth) == SQLITE_OK && sql_run(clear);
        uint64_t deleted = (uint64_t)sqlite3_changes64(history->db);
        history->merge->moved += deleted;
        if (history->merge->left != UINT64_MAX)
            history->merge->left -= deleted < history->merge->left ? deleted : history->merge->left;
        if (history_slice_is_over(history, until_us))
            break;
    }
    if (done && *ended) {
        set->mark = set->mark_ts_us = 0;
        done = merge_put_mark(history);
    }
    return done;
}

/* One transaction; after a failure the set stands again where the file does. */
static bool merge_step(struct history *history, int64_t until_us, struct err *err)
{
    struct history_set *set = merge_set(history), before = *set;
    struct history_merge *merge = history->merge;
    bool rows = merge->runs != NULL, ended;
    if (!history_begin(history, err))
        return false;
    merge->merged = 0;
    bool done = rows ? merge_rows(history, until_us, &ended) : merge_empty(history, until_us, &ended);
    done = done ? history_commit(history, err) : history_fail(history, "merge samples", err);
    if (!done) {
        *set = before;
        rollup_forget(history->rollup);
        history_merge_free(merge);
        history->merge = NULL;
        return false;
    }
    history->stats.merged_rows += merge->merged;
    merge->moved += merge->merged;
    if (rows && ended) {
        merge->left = set->rows;
        set->rows = 0;
        set->filled_us = 0;
        runs_free(merge->runs);
        merge->runs = NULL;
    } else if (ended) {
        set->dirty = false;
        set->next_run = 1;
        history->stats.merges++;
        history_merge_free(merge);
        history->merge = NULL;
    }
    return true;
}

bool history_merge_slice(struct history *history, int64_t until_us, struct err *err)
{
    if (!merge_set(history)->dirty)
        return merge_flip(history, err);
    if (!history->merge && !merge_begin(history, err))
        return false;
    struct history_merge *merge = history->merge;
    history->stats.work = merge->runs ? HISTORY_WORK_MERGE : HISTORY_WORK_EMPTY;
    if (!merge->runs || merge->loaded)
        return merge_step(history, until_us, err);
    return runs_load(merge->runs, until_us, &merge->loaded) || history_fail(history, "merge samples", err);
}
