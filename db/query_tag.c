/* What the file knows of tags. */
#include "db/query_internal.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static enum tag_kind query_tag_kind(const char *word)
{
    for (int kind = 0; TAG_KIND_WORDS[kind]; kind++)
        if (word && !strcmp(word, TAG_KIND_WORDS[kind]))
            return (enum tag_kind)kind;
    return TAG_ANALOG;
}

bool query_tag_is_sloped(struct query *query, uint32_t tag_id, bool *sloped, struct err *err)
{
    bool found;
    *sloped = false;
    sqlite3_stmt *row = query_bind(query, QUERY_TAG_KIND, (int64_t[]){tag_id}, 1, err);
    if (!row || !query_step(query, row, &found, err))
        return false;
    *sloped = found && sqlite3_column_int(row, 0);
    sqlite3_reset(row);
    return true;
}

static void query_tag_read(sqlite3_stmt *row, struct query_tag *tag)
{
    *tag = (struct query_tag){
        .id = (uint32_t)sqlite3_column_int64(row, 0),
        .name = mem_copy_text(sql_column_text(row, 1)),
        .unit = mem_copy_text(sql_column_text(row, 2)),
        .description = mem_copy_text(sql_column_text(row, 3)),
        .area = mem_copy_text(sql_column_text(row, 4)),
        .kind = query_tag_kind(sql_column_text(row, 5)),
        .has_range = sqlite3_column_type(row, 6) != SQLITE_NULL,
        .low = sqlite3_column_double(row, 6),
        .high = sqlite3_column_double(row, 7),
    };
}

static bool query_tag_read_states(struct query *query, struct query_tag *tag, struct err *err)
{
    size_t capacity = 0;
    bool found = true;
    sqlite3_stmt *row = query_bind(query, QUERY_TAG_STATES, (int64_t[]){tag->id}, 1, err);
    while (row && found) {
        if (!query_step(query, row, &found, err))
            return false;
        if (!found)
            break;
        tag->states = mem_grow(tag->states, &capacity, tag->state_count + 1, sizeof *tag->states);
        tag->states[tag->state_count++] = (struct tag_state){.value = sqlite3_column_double(row, 0),
                                                             .text = mem_copy_text(sql_column_text(row, 1))};
    }
    return row && sqlite3_reset(row) == SQLITE_OK;
}

bool query_find_tag(struct query *query, const char *name, struct query_tag *tag, struct err *err)
{
    bool found;
    *tag = (struct query_tag){0};
    sqlite3_stmt *row = query_statement(query, QUERY_TAG, err);
    if (!row)
        return false;
    sqlite3_bind_text(row, 1, name, -1, SQLITE_STATIC);
    if (!query_step(query, row, &found, err))
        return false;
    if (found)
        query_tag_read(row, tag);
    sqlite3_reset(row);
    sqlite3_clear_bindings(row);
    if (!found)
        return err_set(err, EX_UNAVAILABLE, "the history has no tag '%s'", name);
    if (query_tag_is_sloped(query, tag->id, &tag->sloped, err) && query_tag_read_states(query, tag, err))
        return true;
    query_tag_free(tag);
    return false;
}

void query_tag_free(struct query_tag *tag)
{
    for (size_t i = 0; i < tag->state_count; i++)
        free(tag->states[i].text);
    free(tag->states);
    free(tag->name);
    free(tag->unit);
    free(tag->description);
    free(tag->area);
    *tag = (struct query_tag){0};
}
