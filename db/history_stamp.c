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

/* Where the tag's newest sample is stored: the others that came with its stamp lie before it. */
static bool history_stamp_read_stored(struct history *history, uint32_t tag_id, struct history_stamp *stamp)
{
    sqlite3_stmt *row =
        sql_prepare(history->db,
                    "SELECT max(ts) FROM (SELECT max(ts) AS ts FROM archive WHERE tag_id = ?1 UNION ALL"
                    " SELECT max(s.ts) FROM run_a r CROSS JOIN fresh_a s ON s.run = r.id"
                    " WHERE s.tag_id = ?1 AND s.ts >= ?2 UNION ALL"
                    " SELECT max(s.ts) FROM run_b r CROSS JOIN fresh_b s ON s.run = r.id"
                    " WHERE s.tag_id = ?1 AND s.ts >= ?2)",
                    false);
    sqlite3_bind_int64(row, 1, tag_id);
    sqlite3_bind_int64(row, 2, stamp->source_us);
    if (row && sqlite3_step(row) == SQLITE_ROW && sqlite3_column_type(row, 0) != SQLITE_NULL)
        stamp->stored_us = sqlite3_column_int64(row, 0);
    if (stamp->stored_us < stamp->source_us)
        stamp->stored_us = stamp->source_us;
    return row && sqlite3_finalize(row) == SQLITE_OK;
}

/* Does the sample say what the tag's last value says? */
static bool history_stamp_repeats(struct history *history, const struct batch_sample *sample,
                                  const struct value *value, bool *repeats)
{
    sqlite3_stmt *row = sql_prepare(
        history->db, "SELECT value, quality FROM latest_flushed WHERE tag_id = ?1 AND ts = ?2", false);
    sqlite3_bind_int64(row, 1, sample->tag_id);
    sqlite3_bind_int64(row, 2, sample->ts_us);
    if (row && sqlite3_step(row) == SQLITE_ROW) {
        struct value last;
        sql_column_value(row, 0, &last);
        *repeats = history_is_same(value, sample->quality, &last, (uint32_t)sqlite3_column_int64(row, 1));
    }
    return row && sqlite3_finalize(row) == SQLITE_OK;
}

bool history_stamp_find(struct history *history, const struct batch *batch, const struct history_run_key *key,
                        struct history_stamp_place *place)
{
    if (!history->stamps.known && !history_stamp_load(history))
        return false;
    struct history_stamp *stamp = history_stamp_of(&history->stamps, key->tag_id);
    if (key->ts_us < stamp->source_us || stamp->source_us == INT64_MIN)
        return true;
    bool is_tie = key->ts_us == stamp->source_us;
    if (is_tie && stamp->stored_us == INT64_MIN && !history_stamp_read_stored(history, key->tag_id, stamp))
        return false;
    if (key->ts_us > stamp->stored_us)
        return true;
    if (place->ts_us <= stamp->stored_us)
        place->ts_us = stamp->stored_us + 1;
    const struct batch_sample *sample = &batch->samples[key->index];
    struct value value = batch_sample_value(batch, sample);
    return !is_tie || history_stamp_repeats(history, sample, &value, &place->repeated);
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
