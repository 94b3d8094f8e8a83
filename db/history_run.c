/* Sorting samples into a run.
 *
 * Inside a run a tag has one value at a time stamp (the primary key). A message that came twice is stored
 * once; a different value with the same stamp, from a device whose clock is coarse, is stored one microsecond
 * later, and so on: nothing that arrived is lost, and no sample can make the writer fail. */
#include "db/history_internal.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Repetitions are looked for among this many samples with the same stamp;
 * past that they are kept as different values. */
#define HISTORY_RUN_SAME_STAMP 16

/* Room for sorting is kept up to this many samples;
 * a spool of a million, written at once, gives its room back. */
#define HISTORY_RUN_KEEP_KEYS (4 * HISTORY_RUN_ROWS)

/* Where a sample lies in its batch, and what it is sorted by. */
struct history_run_key {
    int64_t ts_us;
    uint32_t tag_id;
    uint32_t index;
};

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

static bool history_run_same_value(const struct batch *batch, uint32_t left, uint32_t right)
{
    const struct batch_sample *a = &batch->samples[left], *b = &batch->samples[right];
    if (a->type != b->type || a->quality != b->quality)
        return false;
    if (a->type == VALUE_TEXT)
        return a->text_length == b->text_length &&
               (!a->text_length || !memcmp(batch->texts.data + a->text_offset,
                                           batch->texts.data + b->text_offset, a->text_length));
    return a->type == VALUE_NONE || a->number == b->number;
}

/* Is the sample the same as one that is already among `kept`, all of them of its tag and its stamp? */
static bool history_run_is_repeated(const struct batch *batch, const struct history_run_key *kept,
                                    size_t count, const struct history_run_key *key)
{
    for (size_t i = count; i > 0 && count - i < HISTORY_RUN_SAME_STAMP; i--)
        if (history_run_same_value(batch, kept[i - 1].index, key->index))
            return true;
    return false;
}

/* Leaves repeated samples out and moves later values with a stamp that is taken; returns how many keys
 * remain. Afterwards (tag, ts) strictly ascends. */
static size_t history_run_make_unique(const struct batch *batch, struct history_run_key *keys, size_t count)
{
    size_t kept = 0, group = 0;      /* `group`: where the samples of the stamp at hand begin */
    int64_t group_ts_us = INT64_MIN; /* that stamp, as it arrived */
    for (size_t i = 0; i < count; i++) {
        struct history_run_key key = keys[i];
        bool same_tag = kept > 0 && keys[kept - 1].tag_id == key.tag_id;
        if (!same_tag || key.ts_us != group_ts_us) {
            group = kept;
            group_ts_us = key.ts_us;
        } else if (history_run_is_repeated(batch, keys + group, kept - group, &key)) {
            continue;
        }
        if (same_tag && key.ts_us <= keys[kept - 1].ts_us)
            key.ts_us = keys[kept - 1].ts_us + 1;
        keys[kept++] = key;
    }
    return kept;
}

static void history_run_bind(sqlite3_stmt *statement, int index, const struct batch *batch,
                             const struct history_run_key *key)
{
    const struct batch_sample *sample = &batch->samples[key->index];
    struct value value = batch_sample_value(batch, sample);
    sqlite3_bind_int64(statement, index, key->tag_id);
    sqlite3_bind_int64(statement, index + 1, key->ts_us);
    sql_bind_value(statement, index + 2, &value);
    sqlite3_bind_int64(statement, index + 3, sample->quality);
}

/* Writes keys[0 .. count) by statements of many rows and then of one;
 * parameter 1 is the run where `run` is not 0. */
static bool history_run_insert(struct history *history, enum history_statement many,
                               enum history_statement one, int64_t run, const struct batch *batch,
                               const struct history_run_key *keys, size_t count)
{
    int first = run ? 2 : 1;
    size_t i = 0;
    while (i < count) {
        size_t rows = count - i >= HISTORY_INSERT_ROWS ? HISTORY_INSERT_ROWS : 1;
        sqlite3_stmt *statement = history->statements[rows > 1 ? many : one];
        if (run)
            sqlite3_bind_int64(statement, 1, run);
        for (size_t row = 0; row < rows; row++)
            history_run_bind(statement, first + 4 * (int)row, batch, &keys[i + row]);
        if (!sql_run(statement))
            return false;
        i += rows;
    }
    return true;
}

/* Opens a run; its number, or 0 on a failure. */
static int64_t history_run_new(struct history *history, const struct history_run_key *keys, size_t count)
{
    int64_t t_min = INT64_MAX, t_max = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        t_min = keys[i].ts_us < t_min ? keys[i].ts_us : t_min;
        t_max = keys[i].ts_us > t_max ? keys[i].ts_us : t_max;
    }
    sqlite3_stmt *statement = history->statements[HISTORY_RUN_NEW];
    sqlite3_bind_int64(statement, 1, t_min);
    sqlite3_bind_int64(statement, 2, t_max);
    return sql_run(statement) ? sqlite3_last_insert_rowid(history->db) : 0;
}

/* Keeps only the last key of each tag. */
static size_t history_run_keep_last(struct history_run_key *keys, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (i + 1 == count || keys[i + 1].tag_id != keys[i].tag_id)
            keys[kept++] = keys[i];
    return kept;
}

static bool history_run_write_sorted(struct history *history, const struct batch *batch)
{
    struct history_run_key *keys = history->keys;
    for (size_t i = 0; i < batch->count; i++)
        keys[i] = (struct history_run_key){batch->samples[i].ts_us, batch->samples[i].tag_id, (uint32_t)i};
    qsort(keys, batch->count, sizeof *keys, history_run_compare);
    size_t count = history_run_make_unique(batch, keys, batch->count);
    int64_t run = history_run_new(history, keys, count);
    if (!run || !history_run_insert(history, HISTORY_RUN_MANY, HISTORY_RUN_ONE, run, batch, keys, count))
        return false;
    count = history_run_keep_last(keys, count);
    return history_run_insert(history, HISTORY_LATEST_MANY, HISTORY_LATEST_ONE, 0, batch, keys, count);
}

bool history_run_write(struct history *history, const struct batch *batch)
{
    if (!batch->count)
        return true;
    history->keys = mem_grow(history->keys, &history->key_capacity, batch->count, sizeof *history->keys);
    bool done = history_run_write_sorted(history, batch);
    if (history->key_capacity > HISTORY_RUN_KEEP_KEYS) {
        free(history->keys);
        history->keys = NULL;
        history->key_capacity = 0;
    }
    return done;
}
