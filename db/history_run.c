/* Sorting samples into a run.
 *
 * A full tail is moved in slices. While they last the tail goes on to hold its samples; the run's rows carry
 * a number that is not registered, so that readers see the tail alone. The last values are brought up to date
 * before the end: as long as the samples lie in the tail too, they say the same. The last transaction
 * registers the run and clears the tail. After a crash the rows of the unregistered number are thrown away.
 *
 * Inside a run a tag has one value at a time stamp (the primary key), but a device whose clock is coarse sends
 * several: the first is stored with the stamp it came with, each further one a microsecond after the one
 * before it. One that repeats the one before it, as a message that came twice does, is stored once. No other
 * is left out: 0, 1, 0 with one stamp are three samples. So nothing that arrived is lost, a message that comes
 * again can at most be stored again, and no sample can make the writer fail. Where samples of one stamp end
 * up in two runs, the second goes on where the first ended (history_stamp.c, history_merge.c). */
#include "db/history_internal.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The clock is looked at after so many rows. */
#define HISTORY_RUN_LOOK 512

/* By tag, time, order of arrival. */
static int history_run_compare(const void *left, const void *right)
{
    const struct history_run_key *a = left, *b = right;
    if (a->tag_id != b->tag_id)
        return a->tag_id < b->tag_id ? -1 : 1;
    if (a->ts_us != b->ts_us)
        return a->ts_us < b->ts_us ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* Leaves repeated samples out of a group: keys[first .. end), those of one tag that came with one stamp. The
 * others go to keys[*kept] and on, each with a stamp of its own. */
static bool history_run_keep_group(struct history *history, struct history_flush *flush, size_t first,
                                   size_t end, size_t *kept)
{
    struct history_run_key *keys = flush->keys;
    struct history_stamp_place place = {.ts_us = keys[first].ts_us};
    const struct history_run_key group = keys[first];
    const size_t kept_before = *kept;
    if (*kept && keys[*kept - 1].tag_id == keys[first].tag_id && keys[*kept - 1].ts_us >= place.ts_us)
        place.ts_us = keys[*kept - 1].ts_us + 1;
    const struct batch_sample *before = NULL;
    if (!history_stamp_find(history, flush->rows, &keys[first], &place))
        return false;
    for (size_t i = first; i < end; i++) {
        struct history_run_key key = keys[i];
        const struct batch_sample *sample = &flush->rows->samples[key.index];
        struct value value = batch_sample_value(flush->rows, sample);
        bool repeated = place.repeated;
        if (before) {
            struct value last = batch_sample_value(flush->rows, before);
            repeated = history_is_same(&value, sample->quality, &last, before->quality);
        }
        before = sample;
        if (repeated)
            continue;
        key.ts_us = place.ts_us++;
        keys[(*kept)++] = key;
    }
    if (*kept > kept_before)
        history_stamp_note_late(history, &group, keys[*kept - 1].ts_us, flush->run);
    return true;
}

/* Leaves repeated samples out and gives the others stamps of their own: afterwards (tag, ts) strictly ascends.
 */
static bool history_run_make_unique(struct history *history, struct history_flush *flush)
{
    size_t kept = 0;
    for (size_t first = 0, end; first < flush->count; first = end) {
        struct history_run_key key = flush->keys[first];
        for (end = first + 1; end < flush->count && flush->keys[end].tag_id == key.tag_id &&
                              flush->keys[end].ts_us == key.ts_us;)
            end++;
        if (!history_run_keep_group(history, flush, first, end, &kept))
            return false;
    }
    flush->count = kept;
    return true;
}

static void history_run_bind(sqlite3_stmt *statement, int index, const struct batch *batch,
                             const struct history_run_key *key, int64_t ts_us)
{
    const struct batch_sample *sample = &batch->samples[key->index];
    struct value value = batch_sample_value(batch, sample);
    sqlite3_bind_int64(statement, index, key->tag_id);
    sqlite3_bind_int64(statement, index + 1, ts_us);
    sql_bind_value(statement, index + 2, &value);
    sqlite3_bind_int64(statement, index + 3, sample->quality);
}

/* Writes keys[*done .. count) by statements of many rows and of one, until `until_us`; `first` is the
 * parameter of the first column. With `as_sent` they are written with the stamps they came with. */
static bool history_run_insert(const struct history *history, sqlite3_stmt *many, sqlite3_stmt *one,
                               int first, const struct history_flush *flush, size_t count, bool as_sent,
                               int64_t until_us, size_t *done)
{
    size_t i = *done, look = *done;
    while (i < count) {
        size_t rows = count - i >= HISTORY_INSERT_ROWS ? HISTORY_INSERT_ROWS : 1;
        sqlite3_stmt *statement = rows > 1 ? many : one;
        for (size_t row = 0; row < rows; row++) {
            const struct history_run_key *key = &flush->keys[i + row];
            int64_t ts_us = as_sent ? flush->rows->samples[key->index].ts_us : key->ts_us;
            history_run_bind(statement, first + 4 * (int)row, flush->rows, key, ts_us);
        }
        if (!sql_run(statement))
            return false;
        i += rows;
        if (i - look >= HISTORY_RUN_LOOK && history_slice_is_over(history, until_us))
            break;
        look = i - look >= HISTORY_RUN_LOOK ? i : look;
    }
    *done = i;
    return true;
}

static bool history_run_insert_rows(struct history *history, struct history_flush *flush, int64_t until_us)
{
    sqlite3_stmt *const *statements = history->sets[history->active].statements;
    sqlite3_bind_int64(statements[HISTORY_RUN_MANY], 1, flush->run);
    sqlite3_bind_int64(statements[HISTORY_RUN_ONE], 1, flush->run);
    return history_run_insert(history, statements[HISTORY_RUN_MANY], statements[HISTORY_RUN_ONE], 2, flush,
                              flush->count, false, until_us, &flush->done);
}

/* The last values keep the stamps they came with: one that comes later with the same stamp takes their place,
 * and is not older than they are. */
static bool history_run_insert_latest(struct history *history, struct history_flush *flush, int64_t until_us)
{
    return history_run_insert(history, history->statements[HISTORY_LATEST_MANY],
                              history->statements[HISTORY_LATEST_ONE], 1, flush, flush->latest_count, true,
                              until_us, &flush->latest_done);
}

/* Keeps only the last key of each tag. */
static void history_run_keep_last(struct history_flush *flush)
{
    size_t kept = 0;
    for (size_t i = 0; i < flush->count; i++)
        if (i + 1 == flush->count || flush->keys[i + 1].tag_id != flush->keys[i].tag_id)
            flush->keys[kept++] = flush->keys[i];
    flush->latest_count = kept;
    flush->keeps_last = true;
}

static bool history_run_sort(struct history *history, struct history_flush *flush)
{
    const struct batch *batch = flush->rows;
    flush->keys = mem_grow(flush->keys, &flush->key_capacity, batch->count, sizeof *flush->keys);
    for (size_t i = 0; i < batch->count; i++)
        flush->keys[i] =
            (struct history_run_key){batch->samples[i].ts_us, batch->samples[i].tag_id, (uint32_t)i};
    qsort(flush->keys, batch->count, sizeof *flush->keys, history_run_compare);
    flush->count = batch->count;
    flush->run = history->sets[history->active].next_run++;
    if (!history_run_make_unique(history, flush))
        return false;
    flush->t_min = INT64_MAX;
    flush->t_max = INT64_MIN;
    for (size_t i = 0; i < flush->count; i++) {
        int64_t ts_us = flush->keys[i].ts_us;
        flush->t_min = ts_us < flush->t_min ? ts_us : flush->t_min;
        flush->t_max = ts_us > flush->t_max ? ts_us : flush->t_max;
    }
    flush->sorted = true;
    return true;
}

/* Makes the run visible. */
static bool history_run_register(struct history *history, const struct history_flush *flush)
{
    struct history_set *set = &history->sets[history->active];
    sqlite3_stmt *statement = set->statements[HISTORY_RUN_NEW];
    sqlite3_bind_int64(statement, 1, flush->run);
    sqlite3_bind_int64(statement, 2, flush->t_min);
    sqlite3_bind_int64(statement, 3, flush->t_max);
    sqlite3_bind_int64(statement, 4, (sqlite3_int64)flush->count);
    sqlite3_bind_int64(statement, 5, history->now_us);
    return sql_run(statement);
}

/* Tells the set and the stamps in memory, when only the commit can fail any more. */
static void history_run_count(struct history *history, const struct history_flush *flush)
{
    history_stamp_note(history, flush);
    struct history_set *set = &history->sets[history->active];
    set->rows += flush->count;
    set->dirty = true;
    if (!set->filled_us)
        set->filled_us = history->now_us;
}

bool history_run_write(struct history *history, const struct batch *batch)
{
    if (!batch->count)
        return true;
    struct history_flush flush = {.rows = (struct batch *)batch}; /* read only */
    bool done = history_run_sort(history, &flush) && history_run_insert_rows(history, &flush, INT64_MAX) &&
                history_run_register(history, &flush);
    history_run_keep_last(&flush);
    done = done && history_run_insert_latest(history, &flush, INT64_MAX);
    if (done)
        history_run_count(history, &flush);
    free(flush.keys);
    return done;
}

/* The tail in slices */

void history_flush_free(struct history_flush *flush)
{
    batch_free(flush->rows);
    free(flush->keys);
    *flush = (struct history_flush){.rows = NULL};
}

static bool history_flush_begin(struct history *history, struct err *err)
{
    struct history_flush flush = {.rows = history->tail};
    if (!history_run_sort(history, &flush)) {
        free(flush.keys);
        return history_fail(history, "sort the newest samples", err);
    }
    history->flush = flush;
    history->tail = batch_new();
    return true;
}

/* Clearing the whole table and writing again what came meanwhile writes a third of what deleting row by row
 * does: pages that are freed without having been changed do not go to the WAL. */
static bool history_flush_end(struct history *history)
{
    return history_run_register(history, &history->flush) &&
           sql_run(history->statements[HISTORY_TAIL_CLEAR]) &&
           history_write_rows(history, HISTORY_TAIL_MANY, HISTORY_TAIL_ONE, history->tail);
}

bool history_flush_slice(struct history *history, int64_t until_us, struct err *err)
{
    struct history_flush *flush = &history->flush;
    if (!flush->rows)
        return history_flush_begin(history, err);
    struct history_flush before = *flush;
    bool ends = flush->keeps_last && flush->latest_done == flush->latest_count;
    bool good = history_begin(history, err);
    if (!good)
        return false;
    if (flush->done < flush->count)
        good = history_run_insert_rows(history, flush, until_us);
    else if (!ends)
        good = history_run_insert_latest(history, flush, until_us);
    else
        good = history_flush_end(history);
    good = good ? history_commit(history, err) : history_fail(history, "sort the newest samples", err);
    if (!good) {
        *flush = before;
        return false;
    }
    if (flush->done == flush->count && !flush->keeps_last)
        history_run_keep_last(flush); /* after the commit: the keys must serve a second attempt */
    if (ends) {
        history_run_count(history, flush);
        history_flush_free(flush);
    }
    return true;
}

bool history_flush(struct history *history, struct err *err)
{
    while (history->flush.rows || history->tail->count)
        if (!history_flush_slice(history, INT64_MAX, err))
            return false;
    return true;
}

/* What the file holds when it is opened */

/* Rows of runs without a number in run_a or run_b: those of the active set are left over from a crash. */
static bool history_sets_clean(struct history *history, int which)
{
    struct history_set *set = &history->sets[which];
    char sql[192];
    snprintf(sql, sizeof sql, "SELECT min(f.run) FROM fresh_%c f WHERE f.run > ?1", which ? 'b' : 'a');
    sqlite3_stmt *next = sql_prepare(history->db, sql, false);
    snprintf(sql, sizeof sql, "SELECT 1 FROM run_%c WHERE id = ?1", which ? 'b' : 'a');
    sqlite3_stmt *known = sql_prepare(history->db, sql, false);
    bool done = next && known;
    for (int64_t run = INT64_MIN; done;) {
        sqlite3_bind_int64(next, 1, run);
        bool found = sqlite3_step(next) == SQLITE_ROW && sqlite3_column_type(next, 0) != SQLITE_NULL;
        run = sqlite3_column_int64(next, 0);
        done = sqlite3_reset(next) == SQLITE_OK;
        if (!done || !found)
            break;
        set->dirty = true;
        set->next_run = run + 1 > set->next_run ? run + 1 : set->next_run;
        sqlite3_bind_int64(known, 1, run);
        bool registered = sqlite3_step(known) == SQLITE_ROW;
        done = sqlite3_reset(known) == SQLITE_OK;
        sqlite3_stmt *clear = set->statements[HISTORY_FRESH_CLEAR];
        sqlite3_bind_int64(clear, 1, run);
        if (done && !registered && which == history->active)
            done = sql_run(clear);
    }
    sqlite3_finalize(next);
    sqlite3_finalize(known);
    return done;
}

static bool history_sets_load_one(struct history *history, int which)
{
    struct history_set *set = &history->sets[which];
    char letter = which ? 'b' : 'a', sql[192];
    snprintf(sql, sizeof sql,
             "SELECT (SELECT total(rows) FROM run_%c), (SELECT min(filled_us) FROM run_%c), (SELECT max(id) "
             "FROM run_%c),"
             " mark_%c, mark_%c_ts FROM store",
             letter, letter, letter, letter, letter);
    sqlite3_stmt *row = sql_prepare(history->db, sql, false);
    if (row && sqlite3_step(row) == SQLITE_ROW) {
        set->rows = (uint64_t)sqlite3_column_int64(row, 0);
        set->filled_us = sqlite3_column_int64(row, 1);
        set->next_run = sqlite3_column_int64(row, 2) + 1;
        set->mark = sqlite3_column_int64(row, 3);
        set->mark_ts_us = sqlite3_column_int64(row, 4);
    }
    return row && sqlite3_finalize(row) == SQLITE_OK && history_sets_clean(history, which);
}

bool history_sets_load(struct history *history, struct err *err)
{
    sqlite3_int64 active;
    if (!sql_read_int(history->db, "SELECT active FROM store", 0, &active))
        return sql_fail(history->db, -1, "read it", err);
    history->active = active != 0;
    history->now_us = history->alive_us;
    return (history_sets_load_one(history, 0) && history_sets_load_one(history, 1)) ||
           sql_fail(history->db, history->shm_fd, "read it", err);
}
