/* Each run has a buffer of its next rows; a heap of the runs by their first row says where the stream goes
 * on. Buffers are refilled by key, so that no statement stays open: it would keep the WAL from being emptied.
 */
#include "db/runs.h"

#include "db/sql.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

/* Rows in all buffers together, rows in one, and bytes of text after which a buffer is full. */
#define RUNS_ROWS     32768
#define RUNS_ROWS_MIN 16
#define RUNS_ROWS_MAX 1024
#define RUNS_TEXT_MAX (64u << 10)

/* First buffers are filled to this many different heights: the runs are alike, and would otherwise all be used
 * up, and read on, in one slice. */
#define RUNS_STAGGER 16

struct runs_one {
    int64_t id;
    int64_t tag_id, ts_us; /* the last row that was read */
    struct batch *rows;    /* the buffer; owned */
    size_t at;             /* its first row that was not taken */
    bool ended;            /* the table has no more */
};

struct runs {
    sqlite3 *db;
    sqlite3_stmt *read;
    struct runs_one *all;
    size_t count, capacity;
    size_t loaded;
    int64_t limit;
    size_t *heap; /* indexes of runs with rows; the first has the first row */
    size_t heap_count;
    size_t at; /* the place of the one that was looked at last */
};

static bool runs_list(struct runs *runs, char set, int64_t tag_id, int64_t ts_us)
{
    char sql[64];
    snprintf(sql, sizeof sql, "SELECT id FROM run_%c ORDER BY id", set);
    sqlite3_stmt *rows = sql_prepare(runs->db, sql, false);
    while (rows && sqlite3_step(rows) == SQLITE_ROW) {
        runs->all = mem_grow(runs->all, &runs->capacity, runs->count + 1, sizeof *runs->all);
        runs->all[runs->count++] =
            (struct runs_one){.id = sqlite3_column_int64(rows, 0), .tag_id = tag_id, .ts_us = ts_us};
    }
    return rows && sqlite3_finalize(rows) == SQLITE_OK;
}

struct runs *runs_new(sqlite3 *db, char set, int64_t tag_id, int64_t ts_us)
{
    struct runs *runs = mem_new(1, sizeof *runs);
    char sql[192];
    snprintf(sql, sizeof sql,
             "SELECT tag_id, ts, value, quality FROM fresh_%c WHERE run = ?1 AND (tag_id, ts) > (?2, ?3)"
             " ORDER BY tag_id, ts LIMIT ?4",
             set);
    runs->db = db;
    runs->read = sql_prepare(db, sql, true);
    if (!runs->read || !runs_list(runs, set, tag_id, ts_us)) {
        runs_free(runs);
        return NULL;
    }
    runs->heap = mem_new(runs->count + 1, sizeof *runs->heap);
    runs->limit = RUNS_ROWS / (int64_t)(runs->count + 1);
    runs->limit = runs->limit < RUNS_ROWS_MIN   ? RUNS_ROWS_MIN
                  : runs->limit > RUNS_ROWS_MAX ? RUNS_ROWS_MAX
                                                : runs->limit;
    return runs;
}

void runs_free(struct runs *runs)
{
    if (!runs)
        return;
    sqlite3_finalize(runs->read);
    for (size_t i = 0; i < runs->count; i++)
        batch_free(runs->all[i].rows);
    free(runs->all);
    free(runs->heap);
    free(runs);
}

/* Reads the run's next rows into its buffer, which has been used up. */
static bool runs_fill(struct runs *runs, struct runs_one *one, int64_t limit)
{
    if (!one->rows)
        one->rows = batch_new();
    batch_clear(one->rows);
    one->at = 0;
    sqlite3_bind_int64(runs->read, 1, one->id);
    sqlite3_bind_int64(runs->read, 2, one->tag_id);
    sqlite3_bind_int64(runs->read, 3, one->ts_us);
    sqlite3_bind_int64(runs->read, 4, limit);
    while (one->rows->texts.length < RUNS_TEXT_MAX && sqlite3_step(runs->read) == SQLITE_ROW) {
        struct value value;
        sql_column_value(runs->read, 2, &value);
        one->tag_id = sqlite3_column_int64(runs->read, 0);
        one->ts_us = sqlite3_column_int64(runs->read, 1);
        batch_add_sample(one->rows, (uint32_t)one->tag_id, one->ts_us, &value,
                         (uint32_t)sqlite3_column_int64(runs->read, 3));
    }
    one->ended = one->rows->count == 0;
    return sqlite3_reset(runs->read) == SQLITE_OK;
}

/* Does the run at one place of the heap come before the one at another? */
static bool runs_before(const struct runs *runs, size_t left, size_t right)
{
    const struct runs_one *a = &runs->all[runs->heap[left]], *b = &runs->all[runs->heap[right]];
    const struct batch_sample *x = &a->rows->samples[a->at], *y = &b->rows->samples[b->at];
    if (x->tag_id != y->tag_id)
        return x->tag_id < y->tag_id;
    if (x->ts_us != y->ts_us)
        return x->ts_us < y->ts_us;
    return a->id < b->id;
}

static void runs_sink(struct runs *runs, size_t place)
{
    for (;;) {
        size_t least = place, left = 2 * place + 1;
        for (size_t child = left; child < left + 2 && child < runs->heap_count; child++)
            if (runs_before(runs, child, least))
                least = child;
        if (least == place)
            return;
        size_t other = runs->heap[least];
        runs->heap[least] = runs->heap[place];
        runs->heap[place] = other;
        place = least;
    }
}

static void runs_order(struct runs *runs)
{
    for (size_t i = runs->heap_count / 2; i-- > 0;)
        runs_sink(runs, i);
}

bool runs_load(struct runs *runs, int64_t until_us, bool *ready)
{
    *ready = runs->loaded == runs->count;
    while (!*ready) {
        struct runs_one *one = &runs->all[runs->loaded];
        int64_t part = 1 + (int64_t)(runs->loaded % RUNS_STAGGER);
        if (!runs_fill(runs, one, 1 + runs->limit * part / RUNS_STAGGER))
            return false;
        if (!one->ended)
            runs->heap[runs->heap_count++] = runs->loaded;
        *ready = ++runs->loaded == runs->count;
        if (*ready)
            runs_order(runs);
        else if (clock_mono_us() >= until_us)
            break;
    }
    return true;
}

static const struct batch_sample *runs_look(struct runs *runs, size_t place, const struct batch **batch)
{
    const struct runs_one *one = &runs->all[runs->heap[place]];
    runs->at = place;
    *batch = one->rows;
    return &one->rows->samples[one->at];
}

const struct batch_sample *runs_peek(struct runs *runs, const struct batch **batch)
{
    return runs->heap_count ? runs_look(runs, 0, batch) : NULL;
}

/* Finds the earliest run at or below a place of the heap, whose rows ascend from there; no deeper than the
 * heap is high. */
static void runs_find_earliest(const struct runs *runs, size_t place, uint32_t tag_id, int64_t ts_us,
                               size_t *earliest)
{
    if (place >= runs->heap_count)
        return;
    const struct runs_one *one = &runs->all[runs->heap[place]];
    const struct batch_sample *sample = &one->rows->samples[one->at];
    if (sample->tag_id != tag_id || sample->ts_us > ts_us)
        return;
    if (one->id < runs->all[runs->heap[*earliest]].id)
        *earliest = place;
    runs_find_earliest(runs, 2 * place + 1, tag_id, ts_us, earliest);
    runs_find_earliest(runs, 2 * place + 2, tag_id, ts_us, earliest);
}

const struct batch_sample *runs_peek_earliest(struct runs *runs, int64_t ts_us, const struct batch **batch)
{
    size_t earliest = 0;
    runs_find_earliest(runs, 0, runs_look(runs, 0, batch)->tag_id, ts_us, &earliest);
    return runs_look(runs, earliest, batch);
}

bool runs_take(struct runs *runs)
{
    struct runs_one *one = &runs->all[runs->heap[runs->at]];
    if (++one->at == one->rows->count && !runs_fill(runs, one, runs->limit))
        return false;
    if (one->ended) { /* the last one, which takes its place, may belong higher up */
        runs->heap[runs->at] = runs->heap[--runs->heap_count];
        runs_order(runs);
    } else {
        runs_sink(runs, runs->at);
    }
    return true;
}
