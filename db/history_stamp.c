/* Samples of one stamp in two runs.
 *
 * Inside a run samples of one tag that came with one stamp are stored a microsecond apart, in the order of
 * their arrival (history_run.c). The same must hold when a flush falls between them, or a value that came
 * later would be sorted before, or be taken for, one that came earlier. So of each tag the newest sample that
 * left the tail is remembered: the stamp it came with (the ts of latest_flushed) and the one it is stored
 * with. Samples that come with its stamp, or between the two, go on behind it.
 *
 * Of samples that are older than that one, late ones, the last is remembered, too, and those that come with its
 * stamp go on behind it in the same way. This only gives readers their order at once: late samples of several
 * stamps may take turns, and the next ones of a stamp that is not remembered any more begin with their own stamp
 * again. Two runs then hold the same stamps, and the merge finds the order of arrival (history_merge.c). */
#include "db/history_internal.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define STAMP_UNKNOWN INT64_MAX /* source_us */

static const struct history_stamp HISTORY_STAMP_NEW = {
    .source_us = STAMP_UNKNOWN, .stored_us = INT64_MIN, .late_source_us = INT64_MIN};

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
            stamps->tags[stamps->count++] = HISTORY_STAMP_NEW;
    }
    return &stamps->tags[tag_id];
}

/* Of a tag that nothing is remembered of yet; tag by tag, so that no slice is long when there are many. */
static bool history_stamp_load(struct history *history, uint32_t tag_id, struct history_stamp *stamp)
{
    sqlite3_stmt *row = history->statements[HISTORY_STAMP_SOURCE];
    sqlite3_bind_int64(row, 1, tag_id);
    int64_t source_us = sqlite3_step(row) == SQLITE_ROW ? sqlite3_column_int64(row, 0) : INT64_MIN;
    if (sqlite3_reset(row) != SQLITE_OK)
        return false;
    stamp->source_us = source_us;
    return true;
}

/* Is it the same as the one that left the tail last? Stored last may be another one: a merge moves a sample past
 * others whose stamps are near, and past one that came after it and waits for the next merge. */
static bool history_stamp_is_latest(struct history *history, const struct batch_sample *sample,
                                    const struct value *value, bool *latest)
{
    sqlite3_stmt *row = history->statements[HISTORY_STAMP_LATEST];
    struct value flushed;
    sqlite3_bind_int64(row, 1, sample->tag_id);
    sqlite3_bind_int64(row, 2, sample->ts_us);
    *latest = sqlite3_step(row) == SQLITE_ROW;
    if (*latest) {
        sql_column_value(row, 0, &flushed);
        *latest = history_is_same(value, sample->quality, &flushed, (uint32_t)sqlite3_column_int64(row, 1));
    }
    return sqlite3_reset(row) == SQLITE_OK;
}

/* Finds the sample that is stored last of those that came with the tag's newest stamp: is it the same as the
 * one at hand? latest_flushed may be ahead of what is stored, when a crash fell between the two: then the
 * sample that it tells of still lies in the tail, and nothing of its stamp may be stored yet. */
static bool history_stamp_compare(struct history *history, const struct batch_sample *sample,
                                  const struct value *value, struct history_stamp *stamp, bool *repeats)
{
    sqlite3_stmt *row = history->statements[HISTORY_STAMP_STORED];
    int64_t source_us = INT64_MIN, stored_us = INT64_MIN;
    sqlite3_bind_int64(row, 1, sample->tag_id);
    sqlite3_bind_int64(row, 2, stamp->source_us);
    if (sqlite3_step(row) == SQLITE_ROW) {
        struct value stored;
        sql_column_value(row, 1, &stored);
        *repeats = history_is_same(value, sample->quality, &stored, (uint32_t)sqlite3_column_int64(row, 2));
        source_us = sample->ts_us;
        stored_us = sqlite3_column_int64(row, 0);
    }
    if (sqlite3_reset(row) != SQLITE_OK ||
        (*repeats && !history_stamp_is_latest(history, sample, value, repeats)))
        return false;
    stamp->source_us = source_us;
    stamp->stored_us = stored_us;
    return true;
}

/* Goes on behind the late sample that is remembered, if the one at hand came with its stamp, unless its row is
 * not found any more: once it is being merged it may be told by others and not be kept. */
static bool history_stamp_follow_late(struct history *history, const struct batch_sample *sample,
                                      const struct value *value, const struct history_stamp *stamp,
                                      struct history_stamp_place *place)
{
    sqlite3_stmt *row = history->sets[history->active].statements[HISTORY_RUN_AT];
    if (sample->ts_us != stamp->late_source_us)
        return true;
    place->asked = true;
    sqlite3_bind_int64(row, 1, stamp->late_run);
    sqlite3_bind_int64(row, 2, sample->tag_id);
    sqlite3_bind_int64(row, 3, stamp->late_stored_us);
    if (sqlite3_step(row) == SQLITE_ROW) {
        struct value stored;
        sql_column_value(row, 0, &stored);
        place->repeated =
            history_is_same(value, sample->quality, &stored, (uint32_t)sqlite3_column_int64(row, 1));
        if (place->ts_us <= stamp->late_stored_us)
            place->ts_us = stamp->late_stored_us + 1;
    }
    return sqlite3_reset(row) == SQLITE_OK;
}

bool history_stamp_find(struct history *history, const struct batch *batch, const struct history_run_key *key,
                        struct history_stamp_place *place)
{
    struct history_stamp *stamp = history_stamp_of(&history->stamps, key->tag_id);
    place->asked = stamp->source_us == STAMP_UNKNOWN;
    if (place->asked && !history_stamp_load(history, key->tag_id, stamp))
        return false;
    if (stamp->source_us == INT64_MIN)
        return true;
    const struct batch_sample *sample = &batch->samples[key->index];
    struct value value = batch_sample_value(batch, sample);
    if (key->ts_us < stamp->source_us)
        return history_stamp_follow_late(history, sample, &value, stamp, place);
    if (key->ts_us == stamp->source_us) {
        place->asked = true;
        if (!history_stamp_compare(history, sample, &value, stamp, &place->repeated))
            return false;
    }
    if (key->ts_us <= stamp->stored_us && place->ts_us <= stamp->stored_us)
        place->ts_us = stamp->stored_us + 1;
    return true;
}

void history_stamp_note_late(struct history *history, uint32_t tag_id, int64_t source_us, int64_t stored_us,
                             int64_t run)
{
    struct history_stamp *stamp = history_stamp_of(&history->stamps, tag_id);
    if (source_us >= stamp->source_us)
        return;
    stamp->late_source_us = source_us;
    stamp->late_stored_us = stored_us;
    stamp->late_run = run;
}

void history_stamp_note(struct history *history, const struct history_flush *flush, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        const struct history_run_key *key = &flush->latest[i];
        struct history_stamp *stamp = history_stamp_of(&history->stamps, key->tag_id);
        int64_t source_us = flush->rows->samples[key->index].ts_us;
        if (stamp->source_us != STAMP_UNKNOWN && source_us >= stamp->source_us) {
            stamp->source_us = source_us;
            stamp->stored_us = key->ts_us;
        }
    }
}

void history_stamp_forget(struct history *history)
{
    free(history->stamps.tags);
    history->stamps = (struct history_stamps){.tags = NULL};
}
