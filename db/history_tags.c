/* The rows that describe tags. Names are unique, and labels move: two tags may swap names, or a tag that is
 * no longer configured still holds a name that another one gets now. So whoever holds a wanted name is first
 * parked under a name that no configuration gives; a tag of the batch gets its own name in its turn, and what
 * is still parked after the last one is named by its address. */
#include "db/history_internal.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void history_tags_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

static bool history_tags_park(struct history *history, const struct batch_tag *tag, bool *parked)
{
    sqlite3_stmt *park = history->statements[HISTORY_TAG_PARK];
    sqlite3_bind_int64(park, 1, tag->id);
    history_tags_bind_text(park, 2, tag->def.name);
    if (!sql_run(park))
        return false;
    *parked |= sqlite3_changes(history->db) > 0;
    return true;
}

static bool history_tags_put_states(struct history *history, const struct batch_tag *tag)
{
    sqlite3_stmt *clear = history->statements[HISTORY_STATES_CLEAR];
    sqlite3_stmt *put = history->statements[HISTORY_STATE_PUT];
    sqlite3_bind_int64(clear, 1, tag->id);
    if (!sql_run(clear))
        return false;
    for (size_t i = 0; i < tag->def.state_count; i++) {
        sqlite3_bind_int64(put, 1, tag->id);
        sqlite3_bind_double(put, 2, tag->def.states[i].value);
        history_tags_bind_text(put, 3, tag->def.states[i].text);
        if (!sql_run(put))
            return false;
    }
    return true;
}

static bool history_tags_put(struct history *history, const struct batch_tag *tag)
{
    const struct tag_def *def = &tag->def;
    sqlite3_stmt *put = history->statements[HISTORY_TAG_PUT];
    sqlite3_bind_int64(put, 1, tag->id);
    history_tags_bind_text(put, 2, def->name);
    history_tags_bind_text(put, 3, def->topic);
    history_tags_bind_text(put, 4, def->path ? def->path : "");
    history_tags_bind_text(put, 5, def->area ? def->area : "");
    history_tags_bind_text(put, 6, TAG_KIND_WORDS[def->kind]);
    history_tags_bind_text(put, 7, def->unit);
    history_tags_bind_text(put, 8, def->description);
    sqlite3_bind_null(put, 9);
    sqlite3_bind_null(put, 10);
    if (def->has_range) {
        sqlite3_bind_double(put, 9, def->low);
        sqlite3_bind_double(put, 10, def->high);
    }
    history_tags_bind_text(put, 11, TAG_RECORD_WORDS[def->record]);
    sqlite3_bind_double(put, 12, def->deviation);
    sqlite3_bind_int64(put, 13, def->min_time_us);
    sqlite3_bind_int64(put, 14, def->max_time_us);
    sqlite3_bind_int64(put, 15, def->stepped);
    bool done = sql_run(put);
    sqlite3_clear_bindings(put);
    return done && history_tags_put_states(history, tag);
}

/* Gives a tag a name; *taken says that another one has it. */
static bool history_tags_name(struct history *history, sqlite3_int64 id, const char *name, bool *taken)
{
    sqlite3_stmt *statement = history->statements[HISTORY_TAG_NAME];
    sqlite3_bind_int64(statement, 1, id);
    sqlite3_bind_text(statement, 2, name, -1, SQLITE_TRANSIENT);
    if (!sql_run(statement))
        return false;
    *taken = sqlite3_changes(history->db) == 0;
    return true;
}

/* Names one parked tag by its address, or with its id behind when a configured tag is called so. */
static bool history_tags_unpark(struct history *history, sqlite3_int64 id, const char *topic,
                                const char *path)
{
    bool taken;
    char *address = tag_def_name_of_address(topic, path);
    bool done = history_tags_name(history, id, address, &taken);
    for (int attempt = 0; done && taken; attempt++) {
        char *name = attempt ? mem_format("%s (tag %lld, %d)", address, (long long)id, attempt)
                             : mem_format("%s (tag %lld)", address, (long long)id);
        done = history_tags_name(history, id, name, &taken);
        free(name);
    }
    free(address);
    return done;
}

static bool history_tags_unpark_all(struct history *history)
{
    sqlite3_stmt *parked = history->statements[HISTORY_TAG_PARKED];
    bool done = true;
    while (done && sqlite3_step(parked) == SQLITE_ROW) {
        sqlite3_int64 id = sqlite3_column_int64(parked, 0);
        char *topic = mem_copy_text(sql_column_text(parked, 1));
        char *path = mem_copy_text(sql_column_text(parked, 2));
        sqlite3_reset(parked); /* one at a time: the names that it walks along are about to change */
        done = history_tags_unpark(history, id, topic, path);
        free(topic);
        free(path);
    }
    return sqlite3_reset(parked) == SQLITE_OK && done;
}

bool history_tags_write(struct history *history, const struct batch *batch)
{
    bool parked = false;
    for (size_t i = 0; i < batch->tag_count; i++)
        if (!history_tags_park(history, &batch->tags[i], &parked) ||
            !history_tags_put(history, &batch->tags[i]))
            return false;
    return !parked || history_tags_unpark_all(history);
}

/* ---- at the start ---- */

static enum tag_kind history_kind_of_word(const char *word)
{
    for (int i = 0; word && TAG_KIND_WORDS[i]; i++)
        if (!strcmp(word, TAG_KIND_WORDS[i]))
            return (enum tag_kind)i;
    return TAG_ANALOG;
}

static enum tag_record history_record_of_word(const char *word)
{
    for (int i = 0; word && TAG_RECORD_WORDS[i]; i++)
        if (!strcmp(word, TAG_RECORD_WORDS[i]))
            return (enum tag_record)i;
    return RECORD_ALL;
}

bool history_each_tag(struct history *history, history_tag_function *function, void *context, struct err *err)
{
    sqlite3_stmt *rows = sql_prepare(history->db,
                                     "SELECT t.id, t.name, t.topic, t.path, t.kind, l.ts, l.quality, l.value,"
                                     " t.record, t.deviation"
                                     " FROM tag t LEFT JOIN latest_stored l ON l.tag_id = t.id ORDER BY t.id",
                                     false);
    if (!rows)
        return sql_fail(history->db, -1, "read its tags", err);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        struct history_tag tag = {
            .id = (uint32_t)sqlite3_column_int64(rows, 0),
            .name = sql_column_text(rows, 1),
            .topic = sql_column_text(rows, 2),
            .path = sql_column_text(rows, 3),
            .kind = history_kind_of_word(sql_column_text(rows, 4)),
            .record = history_record_of_word(sql_column_text(rows, 8)),
            .deviation = sqlite3_column_double(rows, 9),
            .has_value = sqlite3_column_type(rows, 5) != SQLITE_NULL,
            .ts_us = sqlite3_column_int64(rows, 5),
            .quality = (uint32_t)sqlite3_column_int64(rows, 6),
        };
        sql_column_value(rows, 7, &tag.value);
        function(context, &tag);
    }
    return sqlite3_finalize(rows) == SQLITE_OK || sql_fail(history->db, -1, "read its tags", err);
}
