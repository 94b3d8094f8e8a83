/* Keys in the order of tag, time and arrival, some at a time, so that a tail of any length never makes a slice
 * of housekeeping long: pieces of HISTORY_SORT_ROWS are sorted one by one, then merged two by two, from one
 * array into the other, until one piece is left. Each step moves at most HISTORY_SORT_ROWS keys, and all
 * together cost what sorting at once does. */
#include "db/history_internal.h"

#include "base/mem.h"

#include <stdlib.h>

static size_t sort_least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool sort_before(const struct history_run_key *a, const struct history_run_key *b)
{
    if (a->tag_id != b->tag_id)
        return a->tag_id < b->tag_id;
    return a->ts_us != b->ts_us ? a->ts_us < b->ts_us : a->index < b->index;
}

static int sort_compare(const void *left, const void *right)
{
    return sort_before(left, right) ? -1 : sort_before(right, left);
}

void history_sort_begin(struct history_sort *sort, size_t count)
{
    *sort = (struct history_sort){.keys = mem_new(count, sizeof *sort->keys),
                                  .spare = mem_new(count, sizeof *sort->spare),
                                  .count = count};
}

void history_sort_free(struct history_sort *sort)
{
    free(sort->keys);
    free(sort->spare);
    *sort = (struct history_sort){.keys = NULL};
}

bool history_sort_is_done(const struct history_sort *sort)
{
    return sort->width >= sort->count;
}

/* The two pieces that begin with the key `first` are merged next. */
static void sort_begin_pair(struct history_sort *sort, size_t first)
{
    sort->at = sort->first = sort->left = first;
    sort->right = sort_least(first + sort->width, sort->count);
}

/* Makes keys of the next samples and sorts them: a piece. */
static void sort_cut(struct history_sort *sort, const struct batch *batch)
{
    size_t first = sort->at, end = sort_least(first + HISTORY_SORT_ROWS, sort->count);
    for (size_t i = first; i < end; i++)
        sort->keys[i] =
            (struct history_run_key){batch->samples[i].ts_us, batch->samples[i].tag_id, (uint32_t)i};
    qsort(sort->keys + first, end - first, sizeof *sort->keys, sort_compare);
    sort->at = end;
    if (end < sort->count)
        return;
    sort->width = HISTORY_SORT_ROWS;
    sort_begin_pair(sort, 0);
}

/* Moves the next keys of a pair of pieces to the spare. */
static void sort_merge(struct history_sort *sort)
{
    const struct history_run_key *keys = sort->keys;
    const size_t middle = sort_least(sort->first + sort->width, sort->count),
                 end = sort_least(middle + sort->width, sort->count),
                 stop = sort_least(sort->at + HISTORY_SORT_ROWS, end);
    size_t left = sort->left, right = sort->right;
    for (size_t at = sort->at; at < stop; at++) {
        bool takes_left = right == end || (left < middle && sort_before(&keys[left], &keys[right]));
        sort->spare[at] = keys[takes_left ? left++ : right++];
    }
    sort->at = stop;
    sort->left = left;
    sort->right = right;
    if (stop < end)
        return;
    if (end < sort->count) {
        sort_begin_pair(sort, end);
        return;
    }
    struct history_run_key *merged = sort->spare;
    sort->spare = sort->keys;
    sort->keys = merged;
    sort->width *= 2;
    sort_begin_pair(sort, 0);
}

void history_sort_step(struct history_sort *sort, const struct batch *batch)
{
    if (!sort->width)
        sort_cut(sort, batch);
    else
        sort_merge(sort);
}
