/* Samples of one stamp in two runs.
 *
 * Inside a run samples of one tag that came with one stamp are stored a microsecond apart, in the order of
 * their arrival (history_run.c). The same must hold when a flush falls between them, or a value that came
 * later would be sorted before, or be taken for, one that came earlier. So of each tag the newest sample that
 * left the tail is remembered: the stamp it came with (the ts of latest_flushed) and the one it is stored
 * with. Samples that come with its stamp, or between the two, go on behind it.
 *
 * Late samples are not remembered: of several with one stamp that a flush separates, the archive takes those
 * of the earlier run first (history_merge.c). */
#include "db/history_internal.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

bool history_is_same(const struct value *a, uint32_t a_quality, const struct value *b, uint32_t b_quality)
{
    if (a->type != b->type || a_quality != b_quality)
        return false;
    if (a->type == VALUE_TEXT)
        return a->text_length == b->text_length &&
               (!a->text_length || !memcmp(a->text, b->text, a->text_length));
    return a->type == VALUE_NONE || a->number == b->number;
}

static struct history_stamp *history_stamp_of(struct history_stamps *stamps, uint32_t tag_id)
{
    if (tag_id >= stamps->count) {
        stamps->tags = mem_grow(stamps->tags, &stamps->capacity, tag_id + 1ul, sizeof *stamps->tags);
        while (stamps->count < stamps->capacity)
            stamps->tags[stamps->count++] = (struct history_stamp){INT64_MIN, INT64_MIN};
    }
    return &stamps->tags[tag_id];
}

static bool history_stamp_load(struct history *history)
{
    sqlite3_stmt *rows = sql_prepare(history->db, "SELECT tag_id, ts FROM latest_flushed", false);
    while (rows && sqlite3_step(rows) == SQLITE_ROW)
        history_stamp_of(&history->stamps, (uint32_t)sqlite3_column_int64(rows, 0))->source_us =
            sqlite3_column_int64(rows, 1);
    history->stamps.known = rows && sqlite3_finalize(rows) == SQLITE_OK;
    return history->stamps.known;
}

/* Finds the sample that is stored last of those that came with the tag's newest stamp: is it the same as the
 * one at hand? latest_flushed may be ahead of what is stored, when a crash fell between the two: then the
 * sample that it tells of still lies in the tail, and nothing of its stamp may be stored yet. */
static bool history_stamp_compare(struct history *history, const struct batch_sample *sample,
                                  const struct value *value, struct history_stamp *stamp, bool *repeats)
{
    sqlite3_stmt *row = history->statements[HISTORY_STAMP_STORED];
    sqlite3_bind_int64(row, 1, sample->tag_id);
    sqlite3_bind_int64(row, 2, stamp->source_us);
    *stamp = (struct history_stamp){INT64_MIN, INT64_MIN};
    if (sqlite3_step(row) == SQLITE_ROW) {
        struct value stored;
        sql_column_value(row, 1, &stored);
        *repeats = history_is_same(value, sample->quality, &stored, (uint32_t)sqlite3_column_int64(row, 2));
        *stamp = (struct history_stamp){sample->ts_us, sqlite3_column_int64(row, 0)};
    }
    return sqlite3_reset(row) == SQLITE_OK;
}

bool history_stamp_find(struct history *history, const struct batch *batch, const struct history_run_key *key,
                        struct history_stamp_place *place)
{
    if (!history->stamps.known && !history_stamp_load(history))
        return false;
    struct history_stamp *stamp = history_stamp_of(&history->stamps, key->tag_id);
    if (key->ts_us < stamp->source_us || stamp->source_us == INT64_MIN)
        return true;
    const struct batch_sample *sample = &batch->samples[key->index];
    struct value value = batch_sample_value(batch, sample);
    if (key->ts_us == stamp->source_us &&
        !history_stamp_compare(history, sample, &value, stamp, &place->repeated))
        return false;
    if (key->ts_us <= stamp->stored_us && place->ts_us <= stamp->stored_us)
        place->ts_us = stamp->stored_us + 1;
    return true;
}

void history_stamp_note(struct history *history, const struct history_flush *flush)
{
    for (size_t i = 0; i < flush->latest_count; i++) {
        const struct history_run_key *key = &flush->keys[i];
        struct history_stamp *stamp = history_stamp_of(&history->stamps, key->tag_id);
        int64_t source_us = flush->rows->samples[key->index].ts_us;
        if (source_us >= stamp->source_us)
            *stamp = (struct history_stamp){source_us, key->ts_us};
    }
}

void history_stamp_forget(struct history *history)
{
    free(history->stamps.tags);
    history->stamps = (struct history_stamps){.tags = NULL};
}
