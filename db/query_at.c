/* All tags at a past instant.
 *
 * Of each tag the last sample up to the instant is wanted, and it may lie anywhere: in the tail, in any run, in
 * the archive. One look into every run for every tag would be millions. So:
 *
 *   - a tag whose last sample outside the tail is not later than the instant is known at once
 *     (`latest_flushed`): those that seldom send, mostly;
 *   - runs are read from the latest to the earliest. A tag is asked for in a run only as long as what has been
 *     found of it is older than the latest sample of the run: for those that send often, one or two runs. A run
 *     is read whole when many tags are left, else by key;
 *   - then one look into the archive for each tag that it may hold something later of. */
#include "db/query_internal.h"

#include "db/gaps.h"

#include "base/buf.h"
#include "base/mem.h"
#include "plant/quality.h"

#include <stdlib.h>
#include <string.h>

/* Reading one row after the other is that much cheaper than finding one by its key. */
#define QUERY_AT_SEEK_ROWS 8
#define QUERY_AT_RUN_ROWS  16384

struct query_at_tag {
    uint32_t id;
    bool found, settled; /* settled: only the tail can still hold something later */
    int64_t archived_us; /* the archive has nothing of it from here on */
    int64_t rank;        /* of several samples with one stamp the one of the highest counts */
    struct query_sample sample;
    size_t text_at; /* in `texts` */
};

struct query_at {
    struct query *query;
    struct err *err;
    int64_t at_us;
    struct query_at_tag *tags; /* by id */
    size_t count, capacity;
    struct query_at_tag **left; /* those that runs may still tell something of */
    size_t left_count;
    struct buf texts;
    struct gaps gaps;
    int64_t recorded_until_us;
};

enum { QUERY_AT_RANK_ARCHIVE = 0, QUERY_AT_RANK_FLUSHED = 1 };

static struct query_at_tag *query_at_find(const struct query_at *at, uint32_t id)
{
    size_t low = 0, high = at->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (at->tags[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < at->count && at->tags[low].id == id ? &at->tags[low] : NULL;
}

/* Keeps the sample of a row when it is later than what is known. */
static void query_at_offer(struct query_at *at, struct query_at_tag *tag, sqlite3_stmt *row, int64_t rank)
{
    int64_t ts_us = sqlite3_column_int64(row, 0);
    if (!tag ||
        (tag->found && (ts_us < tag->sample.ts_us || (ts_us == tag->sample.ts_us && rank < tag->rank))))
        return;
    query_read_sample(row, &tag->sample);
    tag->found = true;
    tag->rank = rank;
    tag->text_at = at->texts.length;
    if (tag->sample.value.type == VALUE_TEXT)
        buf_append(&at->texts, tag->sample.value.text, tag->sample.value.text_length);
}

/* Goes through the rows ts, value, quality, tag_id of a statement whose only parameter is the instant. */
static bool query_at_offer_all(struct query_at *at, enum query_statement which, int64_t rank, bool settled)
{
    bool found;
    sqlite3_stmt *rows = query_bind(at->query, which, &at->at_us, 1, at->err);
    if (!rows)
        return false;
    for (;;) {
        if (!query_step(at->query, rows, &found, at->err))
            return false;
        if (!found)
            break;
        struct query_at_tag *tag = query_at_find(at, (uint32_t)sqlite3_column_int64(rows, 3));
        query_at_offer(at, tag, rows, rank);
        if (tag)
            tag->settled |= settled;
    }
    return sqlite3_reset(rows) == SQLITE_OK;
}

/* All tags, with the end of their last minute in the archive. */
static bool query_at_load_tags(struct query_at *at)
{
    bool found;
    sqlite3_stmt *rows = query_statement(at->query, QUERY_TAG_IDS, at->err);
    if (!rows)
        return false;
    for (;;) {
        if (!query_step(at->query, rows, &found, at->err))
            return false;
        if (!found)
            break;
        at->tags = mem_grow(at->tags, &at->capacity, at->count + 1, sizeof *at->tags);
        at->tags[at->count++] = (struct query_at_tag){.id = (uint32_t)sqlite3_column_int64(rows, 0),
                                                      .archived_us = sqlite3_column_int64(rows, 1)};
    }
    return sqlite3_reset(rows) == SQLITE_OK;
}

/* ---- runs ---- */

struct query_at_run {
    bool in_b;
    int64_t id, t_max_us, rank;
};

static bool query_at_scan_run(struct query_at *at, const struct query_at_run *run)
{
    bool found;
    sqlite3_stmt *rows = query_bind(at->query, run->in_b ? QUERY_RUN_B_UNTIL : QUERY_RUN_A_UNTIL,
                                    (int64_t[]){run->id, at->at_us}, 2, at->err);
    if (!rows)
        return false;
    size_t place = 0; /* rows and tags are both in the order of tags */
    for (;;) {
        if (!query_step(at->query, rows, &found, at->err))
            return false;
        if (!found)
            break;
        uint32_t id = (uint32_t)sqlite3_column_int64(rows, 3);
        while (place < at->left_count && at->left[place]->id < id)
            place++;
        if (place < at->left_count && at->left[place]->id == id)
            query_at_offer(at, at->left[place], rows, run->rank);
    }
    return sqlite3_reset(rows) == SQLITE_OK;
}

static bool query_at_seek_run(struct query_at *at, const struct query_at_run *run)
{
    for (size_t i = 0; i < at->left_count; i++) {
        bool found;
        sqlite3_stmt *row = query_bind(at->query, run->in_b ? QUERY_RUN_B_SEEK : QUERY_RUN_A_SEEK,
                                       (int64_t[]){run->id, at->left[i]->id, at->at_us}, 3, at->err);
        if (!row || !query_step(at->query, row, &found, at->err))
            return false;
        if (found)
            query_at_offer(at, at->left[i], row, run->rank);
        sqlite3_reset(row);
    }
    return true;
}

static bool query_at_read_run(struct query_at *at, const struct query_at_run *run)
{
    size_t left = 0;
    for (size_t i = 0; i < at->left_count;
         i++) /* runs come with falling t_max: who leaves, leaves for good */
        if (!at->left[i]->found || at->left[i]->sample.ts_us <= run->t_max_us)
            at->left[left++] = at->left[i];
    at->left_count = left;
    if (!left)
        return true;
    return left > QUERY_AT_RUN_ROWS / QUERY_AT_SEEK_ROWS ? query_at_scan_run(at, run)
                                                         : query_at_seek_run(at, run);
}

static bool query_at_read_runs(struct query_at *at)
{
    bool found;
    at->left = mem_new(at->count + 1, sizeof *at->left);
    for (size_t i = 0; i < at->count; i++)
        if (!at->tags[i].settled)
            at->left[at->left_count++] = &at->tags[i];
    sqlite3_stmt *rows = query_bind(at->query, QUERY_RUNS_UNTIL, &at->at_us, 1, at->err);
    bool done = rows != NULL;
    while (done && at->left_count) {
        if (!query_step(at->query, rows, &found, at->err))
            return false;
        if (!found)
            break;
        struct query_at_run run = {.in_b = sqlite3_column_int(rows, 0),
                                   .id = sqlite3_column_int64(rows, 1),
                                   .t_max_us = sqlite3_column_int64(rows, 2),
                                   .rank = sqlite3_column_int64(rows, 3)};
        done = query_at_read_run(at, &run);
    }
    sqlite3_reset(rows);
    return done;
}

/* ---- the archive ---- */

/* Where samples are no longer kept: the last value of a minute or an hour that has ended. */
static bool query_at_read_bucket(struct query_at *at, struct query_at_tag *tag, enum query_statement which)
{
    bool found;
    sqlite3_stmt *row = query_bind(at->query, which, (int64_t[]){tag->id, at->at_us}, 2, at->err);
    if (!row || !query_step(at->query, row, &found, at->err))
        return false;
    if (found) {
        query_at_offer(at, tag, row, QUERY_AT_RANK_ARCHIVE);
        if (!sqlite3_column_int(row, 3))
            tag->sample.quality = QUALITY_UNCERTAIN_LAST_USABLE;
    }
    sqlite3_reset(row);
    return true;
}

static bool query_at_read_archive(struct query_at *at)
{
    for (size_t i = 0; i < at->count; i++) {
        struct query_at_tag *tag = &at->tags[i];
        bool found;
        if (tag->settled || (tag->found && tag->sample.ts_us >= tag->archived_us))
            continue;
        sqlite3_stmt *row =
            query_bind(at->query, QUERY_ARCHIVE_BEFORE, (int64_t[]){tag->id, at->at_us + 1}, 2, at->err);
        if (!row || !query_step(at->query, row, &found, at->err))
            return false;
        if (found)
            query_at_offer(at, tag, row, QUERY_AT_RANK_ARCHIVE);
        sqlite3_reset(row);
        if (!tag->found && !query_at_read_bucket(at, tag, QUERY_MINUTE_BEFORE))
            return false;
        if (!tag->found && !query_at_read_bucket(at, tag, QUERY_HOUR_BEFORE))
            return false;
    }
    return true;
}

/* ---- telling ---- */

static bool query_at_read_gaps(struct query_at *at)
{
    bool found;
    sqlite3_stmt *row = query_statement(at->query, QUERY_ALIVE, at->err);
    if (!row || !query_step(at->query, row, &found, at->err))
        return false;
    at->recorded_until_us = found ? sqlite3_column_int64(row, 0) + QUERY_ALIVE_SLACK_US : INT64_MAX;
    sqlite3_reset(row);
    row = query_bind(at->query, QUERY_GAP_SPANS, (int64_t[]){INT64_MIN, at->at_us}, 2, at->err);
    if (!row)
        return false;
    for (;;) {
        if (!query_step(at->query, row, &found, at->err))
            return false;
        if (!found)
            break;
        gaps_add(&at->gaps, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1));
    }
    return sqlite3_reset(row) == SQLITE_OK;
}

/* Does it hold until the instant for all that is known? */
static bool query_at_holds(const struct query_at *at, int64_t ts_us)
{
    bool recorded = ts_us > at->recorded_until_us || at->at_us <= at->recorded_until_us;
    return recorded && gaps_until_us(&at->gaps, ts_us) > at->at_us;
}

/* The text of the state that equals the value, or NULL; the caller resets *row. */
static bool query_at_read_state(struct query_at *at, const struct query_at_tag *tag, sqlite3_stmt **row,
                                const char **text)
{
    bool found;
    *row = query_bind(at->query, QUERY_STATE_TEXT, (int64_t[]){tag->id}, 1, at->err);
    if (!*row)
        return false;
    sqlite3_bind_double(*row, 2, tag->sample.value.number);
    if (!query_step(at->query, *row, &found, at->err))
        return false;
    *text = found ? sql_column_text(*row, 0) : NULL;
    return true;
}

static bool query_at_tell(struct query_at *at, sqlite3_stmt *row, query_latest_function *function,
                          void *context, bool *wanted)
{
    sqlite3_stmt *state = NULL;
    const struct query_at_tag *tag = query_at_find(at, (uint32_t)sqlite3_column_int64(row, 0));
    struct query_latest latest = {.tag = sql_column_text(row, 1),
                                  .unit = sql_column_text(row, 2),
                                  .description = sql_column_text(row, 3),
                                  .has_value = tag && tag->found};
    if (latest.has_value) {
        struct value *value = &latest.sample.value;
        latest.sample = tag->sample;
        if (value->type == VALUE_TEXT)
            value->text = at->texts.data ? (const char *)at->texts.data + tag->text_at : "";
        if (quality_is_good(tag->sample.quality) && !query_at_holds(at, tag->sample.ts_us))
            latest.sample.quality = QUALITY_UNCERTAIN_LAST_USABLE;
        if (value->type == VALUE_NUMBER && sqlite3_column_int(row, 4) &&
            !query_at_read_state(at, tag, &state, &latest.state_text))
            return false;
    }
    *wanted = function(context, &latest);
    sqlite3_reset(state);
    return true;
}

static bool query_at_tell_all(struct query_at *at, query_latest_function *function, void *context)
{
    bool wanted = true, done = true, found;
    sqlite3_stmt *rows = query_statement(at->query, QUERY_TAGS, at->err);
    if (!rows)
        return false;
    while (done && wanted) {
        if (!query_step(at->query, rows, &found, at->err))
            return false;
        if (!found)
            break;
        done = query_at_tell(at, rows, function, context, &wanted);
    }
    sqlite3_reset(rows);
    return done;
}

bool query_each_at(struct query *query, int64_t at_us, query_latest_function *function, void *context,
                   struct err *err)
{
    struct query_at at = {.query = query, .err = err, .at_us = at_us};
    if (!query_begin(query, err))
        return false;
    bool done = query_at_load_tags(&at) &&
                query_at_offer_all(&at, QUERY_FLUSHED_UNTIL, QUERY_AT_RANK_FLUSHED, true) &&
                query_at_offer_all(&at, QUERY_TAIL_UNTIL, INT64_MAX, false) && query_at_read_runs(&at) &&
                query_at_read_archive(&at) && query_at_read_gaps(&at) &&
                query_at_tell_all(&at, function, context);
    query_end(query);
    free(at.tags);
    free(at.left);
    buf_free(&at.texts);
    gaps_free(&at.gaps);
    return done;
}
