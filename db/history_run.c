/* Sorting samples into a run.
 *
 * A full tail is moved in slices, however long it has become; each looks at the clock after a piece of its work
 * (HISTORY_STEP_ROWS):
 *
 *   sort     keys of its samples are put in order (history_sort.c)
 *   look     those that repeat the one before are left out, the others get stamps of their own
 *   rows     they become rows of the run
 *   latest   the last values are brought up to date
 *   end      the run is registered, and the tail cleared but for what came meanwhile
 *
 * While this lasts the tail goes on to hold its samples; the run's rows carry a number that is not registered,
 * so that readers see the tail alone. As long as the samples lie in the tail too, the last values say the same
 * as it does. The end is one transaction. After a crash the rows of the unregistered number are thrown away.
 * What came meanwhile is at most HISTORY_RUN_ROWS: the end writes it once more, and cannot be divided
 * (history_make_room()).
 *
 * Inside a run a tag has one value at a time stamp (the primary key), but a device whose clock is coarse sends
 * several: the first is stored with the stamp it came with, each further one a microsecond after the one
 * before it. One that repeats the one before it, as a message that came twice does, is stored once. No other
 * is left out: 0, 1, 0 with one stamp are three samples. So nothing that arrived is lost, a message that comes
 * again can at most be stored again, and no sample can make the writer fail. Where samples of one stamp end
 * up in two runs, the second goes on where the first ended (history_stamp.c, history_merge.c). */
#include "db/history_internal.h"

#include <stdio.h>

/* A group of samples of one tag that came with one stamp begins: where does the first of them go? */
static bool history_run_begin_group(struct history *history, struct history_flush *flush,
                                    const struct history_run_key *key)
{
    struct history_run_group group = {.tag_id = key->tag_id, .ts_us = key->ts_us, .place.ts_us = key->ts_us};
    const struct history_run_key *last = flush->count ? &flush->keys[flush->count - 1] : NULL;
    if (last && last->tag_id == key->tag_id && last->ts_us >= key->ts_us)
        group.place.ts_us = last->ts_us + 1;
    if (!history_stamp_find(history, flush->rows, key, &group.place))
        return false;
    flush->group = group;
    return true;
}

static bool history_run_is_repeated(const struct history_flush *flush, const struct batch_sample *sample)
{
    const struct batch_sample *before = flush->group.before;
    if (!before)
        return flush->group.place.repeated;
    struct value value = batch_sample_value(flush->rows, sample),
                 last = batch_sample_value(flush->rows, before);
    return history_is_same(&value, sample->quality, &last, before->quality);
}

/* The sample stays, at the next stamp of its group. */
static void history_run_keep(struct history *history, struct history_flush *flush, uint32_t index)
{
    struct history_run_group *group = &flush->group;
    const struct history_run_key key = {group->place.ts_us++, group->tag_id, index};
    flush->keys[flush->count++] = key;
    if (flush->latest_count && flush->latest[flush->latest_count - 1].tag_id == key.tag_id)
        flush->latest_count--;
    flush->latest[flush->latest_count++] = key;
    flush->t_min = key.ts_us < flush->t_min ? key.ts_us : flush->t_min;
    flush->t_max = key.ts_us > flush->t_max ? key.ts_us : flush->t_max;
    history_stamp_note_late(history, key.tag_id, group->ts_us, key.ts_us, flush->run);
}

/* Looks at the next keys: afterwards (tag, ts) strictly ascends among those that stay. The piece ends early when
 * the file had to be asked. A failure leaves the rest to be looked at again. */
static bool history_run_look(struct history *history, struct history_flush *flush)
{
    bool asked = false;
    for (size_t rows = 0; rows < HISTORY_STEP_ROWS && flush->looked < flush->sort.count && !asked; rows++) {
        const struct history_run_key key = flush->keys[flush->looked];
        const struct batch_sample *sample = &flush->rows->samples[key.index];
        const struct history_run_group *group = &flush->group;
        if (!group->before || group->tag_id != key.tag_id || group->ts_us != key.ts_us) {
            if (!history_run_begin_group(history, flush, &key))
                return false;
            asked = group->place.asked;
        }
        if (!history_run_is_repeated(flush, sample))
            history_run_keep(history, flush, key.index);
        flush->group.before = sample;
        flush->looked++;
    }
    return true;
}

static void history_run_begin(struct history *history, struct history_flush *flush)
{
    history_sort_begin(&flush->sort, flush->rows->count);
    flush->run = history->sets[history->active].next_run++;
    flush->t_min = INT64_MAX;
    flush->t_max = INT64_MIN;
}

static bool history_run_is_prepared(const struct history_flush *flush)
{
    return history_sort_is_done(&flush->sort) && flush->looked == flush->sort.count;
}

/* Sorts and looks, until `until_us`: all that is done before the file is written. */
static bool history_run_prepare(struct history *history, struct history_flush *flush, int64_t until_us)
{
    do {
        if (!history_sort_is_done(&flush->sort)) {
            history_sort_step(&flush->sort, flush->rows);
            flush->keys = flush->sort.keys; /* no key that stays comes behind where it was looked at */
            flush->latest = flush->sort.spare;
        } else if (!history_run_look(history, flush)) {
            return false;
        }
    } while (!history_run_is_prepared(flush) && !history_slice_is_over(history, until_us));
    return true;
}

static void history_run_bind(sqlite3_stmt *statement, int index, const struct batch *batch,
                             const struct batch_sample *sample, int64_t ts_us)
{
    struct value value = batch_sample_value(batch, sample);
    sqlite3_bind_int64(statement, index, sample->tag_id);
    sqlite3_bind_int64(statement, index + 1, ts_us);
    sql_bind_value(statement, index + 2, &value);
    sqlite3_bind_int64(statement, index + 3, sample->quality);
}

/* Some of the keys, as rows of a table. */
struct run_rows {
    sqlite3_stmt *many, *one; /* the statements */
    int first;                /* the parameter of the first column */
    bool as_sent;             /* with the stamps they came with */
    const struct history_run_key *keys;
    size_t count;
};

/* Writes rows[*done .. count) by statements of many rows and of one, until `until_us`. */
static bool history_run_insert(const struct history *history, const struct batch *batch,
                               const struct run_rows *rows, int64_t until_us, size_t *done)
{
    size_t i = *done, rows_left = HISTORY_STEP_ROWS, text_bytes = 0;
    while (i < rows->count) {
        size_t count = rows->count - i >= HISTORY_INSERT_ROWS ? HISTORY_INSERT_ROWS : 1;
        sqlite3_stmt *statement = count > 1 ? rows->many : rows->one;
        for (size_t row = 0; row < count; row++) {
            const struct history_run_key *key = &rows->keys[i + row];
            const struct batch_sample *sample = &batch->samples[key->index];
            history_run_bind(statement, rows->first + 4 * (int)row, batch, sample,
                             rows->as_sent ? sample->ts_us : key->ts_us);
            text_bytes += sample->type == VALUE_TEXT ? sample->text_length : 0;
        }
        if (!sql_run(statement))
            return false;
        i += count;
        rows_left -= count < rows_left ? count : rows_left;
        if (rows_left && text_bytes < HISTORY_STEP_TEXT)
            continue;
        if (history_slice_is_over(history, until_us))
            break;
        rows_left = HISTORY_STEP_ROWS;
        text_bytes = 0;
    }
    *done = i;
    return true;
}

static bool history_run_insert_rows(struct history *history, struct history_flush *flush, int64_t until_us)
{
    sqlite3_stmt *const *statements = history->sets[history->active].statements;
    const struct run_rows rows = {.many = statements[HISTORY_RUN_MANY],
                                  .one = statements[HISTORY_RUN_ONE],
                                  .first = 2,
                                  .keys = flush->keys,
                                  .count = flush->count};
    sqlite3_bind_int64(rows.many, 1, flush->run);
    sqlite3_bind_int64(rows.one, 1, flush->run);
    return history_run_insert(history, flush->rows, &rows, until_us, &flush->done);
}

/* The last values keep the stamps they came with: one that comes later with the same stamp takes their place,
 * and is not older than they are. */
static bool history_run_insert_latest(struct history *history, struct history_flush *flush, int64_t until_us)
{
    const struct run_rows rows = {.many = history->statements[HISTORY_LATEST_MANY],
                                  .one = history->statements[HISTORY_LATEST_ONE],
                                  .first = 1,
                                  .as_sent = true,
                                  .keys = flush->latest,
                                  .count = flush->latest_count};
    return history_run_insert(history, flush->rows, &rows, until_us, &flush->latest_done);
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

/* Tells the set in memory, when only the commit can fail any more. */
static void history_run_count(struct history *history, const struct history_flush *flush)
{
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
    history_run_begin(history, &flush);
    bool done = true;
    while (done && !history_run_is_prepared(&flush))
        done = history_run_prepare(history, &flush, INT64_MAX);
    while (done && flush.done < flush.count)
        done = history_run_insert_rows(history, &flush, INT64_MAX);
    while (done && flush.latest_done < flush.latest_count)
        done = history_run_insert_latest(history, &flush, INT64_MAX);
    done = done && history_run_register(history, &flush);
    if (done) {
        history_stamp_note(history, &flush, 0, flush.latest_count);
        history_run_count(history, &flush);
    }
    history_sort_free(&flush.sort);
    return done;
}

/* The tail in slices */

void history_flush_free(struct history_flush *flush)
{
    batch_free(flush->rows);
    history_sort_free(&flush->sort);
    *flush = (struct history_flush){.rows = NULL};
}

static void history_flush_begin(struct history *history)
{
    history->flush = (struct history_flush){.rows = history->tail};
    history->tail = batch_new();
    history_run_begin(history, &history->flush);
}

/* Clearing the whole table and writing again what came meanwhile writes a third of what deleting row by row
 * does: pages that are freed without having been changed do not go to the WAL. */
static bool history_flush_end(struct history *history)
{
    return history_run_register(history, &history->flush) &&
           sql_run(history->statements[HISTORY_TAIL_CLEAR]) &&
           history_write_rows(history, HISTORY_TAIL_MANY, HISTORY_TAIL_ONE, history->tail);
}

/* Writes some of the run inside the open transaction; *ended: it was all, and the tail is cleared. */
static bool history_flush_write(struct history *history, int64_t until_us, bool *ended)
{
    struct history_flush *flush = &history->flush;
    *ended = flush->done == flush->count && flush->latest_done == flush->latest_count;
    if (*ended)
        return history_flush_end(history);
    return flush->done < flush->count ? history_run_insert_rows(history, flush, until_us)
                                      : history_run_insert_latest(history, flush, until_us);
}

bool history_flush_slice(struct history *history, int64_t until_us, struct err *err)
{
    struct history_flush *flush = &history->flush;
    if (!flush->rows)
        history_flush_begin(history);
    if (!history_run_is_prepared(flush))
        return history_run_prepare(history, flush, until_us) ||
               history_fail(history, "sort the newest samples", err);
    const size_t done = flush->done, latest_done = flush->latest_done;
    bool ended;
    if (!history_begin(history, err))
        return false;
    bool good = history_flush_write(history, until_us, &ended);
    good = good ? history_commit(history, err) : history_fail(history, "sort the newest samples", err);
    if (!good) {
        flush->done = done;
        flush->latest_done = latest_done;
        return false;
    }
    history_stamp_note(history, flush, latest_done, flush->latest_done);
    if (ended) {
        history_run_count(history, flush);
        history_flush_free(flush);
    }
    return true;
}

bool history_flush_finish(struct history *history, struct err *err)
{
    while (history->flush.rows)
        if (!history_flush_slice(history, INT64_MAX, err))
            return false;
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
