#include "ui/journal_list.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "ui/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOURNAL_PAGE 200 /* entries of one answer */

void journal_list_init(struct journal_list *list)
{
    *list = (struct journal_list){.reached = QUERY_JOURNAL_NEWEST, .more = true};
    journal_search_parse(&list->search, "", 0);
}

static void list_clear(struct journal_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        journal_entry_free(&list->entries[i]);
    list->count = list->cursor = list->top = 0;
    list->more = true;
    list->reached = QUERY_JOURNAL_NEWEST;
    list->newest_id = 0;
    list->waiting = list->anew = false;
    list->error[0] = '\0';
}

void journal_list_free(struct journal_list *list)
{
    list_clear(list);
    free(list->entries);
}

void journal_list_set_filter(struct journal_list *list, const char *filter, int64_t wall_us)
{
    snprintf(list->filter, sizeof list->filter, "%s", filter);
    journal_search_parse(&list->search, filter, wall_us);
    list_clear(list);
    if (list->search.to_us < INT64_MAX)
        list->reached = (struct query_journal_place){.ts_us = list->search.to_us, .id = INT64_MAX};
}

/* ---- asking ---- */

/* A page more than is in sight, so that the next key finds it there. */
static bool list_wants_older(const struct journal_list *list, size_t rows)
{
    return list->anew ||
           (list->more && list->count < JOURNAL_LIST_MAX && list->count < list->top + 2 * rows + 1);
}

static bool list_may_ask(const struct journal_list *list, int64_t mono_us)
{
    int64_t since_us = mono_us - list->asked_us;
    return list->waiting ? since_us >= JOURNAL_LIST_WAIT_US
                         : !*list->error || since_us >= JOURNAL_LIST_NEW_US;
}

bool journal_list_request(struct journal_list *list, size_t rows, int64_t mono_us,
                          struct history_request *request)
{
    bool older = list_wants_older(list, rows);
    bool newer = !older && list->search.to_us == INT64_MAX && mono_us - list->new_us >= JOURNAL_LIST_NEW_US;
    if (!list_may_ask(list, mono_us) || (!older && !newer))
        return false;
    memset(request, 0, sizeof *request);
    request->purpose = HISTORY_JOURNAL;
    request->ticket = ++list->ticket;
    request->journal.search = list->search;
    request->journal.before = list->anew ? QUERY_JOURNAL_NEWEST : list->reached;
    request->journal.newer = newer;
    request->journal.since_id = list->newest_id;
    request->journal.most = JOURNAL_PAGE;
    list->waiting = true;
    list->asked_us = mono_us;
    if (newer)
        list->new_us = mono_us;
    return true;
}

/* ---- answers ---- */

static bool list_is_before(struct query_journal_place a, struct query_journal_place b)
{
    return a.ts_us != b.ts_us ? a.ts_us < b.ts_us : a.id < b.id;
}

static void list_append(struct journal_list *list, const struct journal_entry *entry)
{
    if (list->count >= JOURNAL_LIST_MAX)
        return;
    list->entries = mem_grow(list->entries, &list->capacity, list->count + 1, sizeof *list->entries);
    list->entries[list->count++] = journal_entry_copy(entry);
}

/* At its place by time, which is not the first one when the clock was set back. */
static void list_insert(struct journal_list *list, const struct journal_entry *entry)
{
    size_t at = 0;
    while (at < list->count && list_is_before(entry->place, list->entries[at].place))
        at++;
    if (list->count >= JOURNAL_LIST_MAX) { /* the oldest gives way, and can be asked for again */
        if (at >= list->count)
            return;
        journal_entry_free(&list->entries[--list->count]);
        list->reached = list->entries[list->count - 1].place;
        list->more = true;
    }
    list->entries = mem_grow(list->entries, &list->capacity, list->count + 1, sizeof *list->entries);
    memmove(&list->entries[at + 1], &list->entries[at], (list->count - at) * sizeof *list->entries);
    list->entries[at] = journal_entry_copy(entry);
    list->count++;
    if (at <= list->cursor && list->cursor > 0) {
        list->cursor++;
        list->top++;
    }
    if (list->cursor >= list->count)
        list->cursor = list->count - 1;
}

/* So many are new that they are a page and more: whoever looks at the newest gets them at once. */
static void list_take_newer(struct journal_list *list, const struct history_result *result)
{
    list->anew = result->more && list->cursor == 0;
    for (size_t i = 0; i < result->entry_count && !list->anew; i++)
        list_insert(list, &result->entries[i]);
    if (result->more)
        list->new_us = 0; /* the rest at once */
}

static void list_take_older(struct journal_list *list, const struct history_result *result)
{
    if (list->anew)
        list_clear(list);
    for (size_t i = 0; i < result->entry_count; i++)
        list_append(list, &result->entries[i]);
    list->more = result->more;
    list->reached = result->reached;
}

bool journal_list_take(struct journal_list *list, const struct history_result *result)
{
    if (result->purpose != HISTORY_JOURNAL || result->ticket != list->ticket || !list->waiting)
        return false;
    list->waiting = false;
    utf8_make_safe(list->error, sizeof list->error, result->error, strlen(result->error));
    if (!result->good)
        return true;
    if (result->newer)
        list_take_newer(list, result);
    else
        list_take_older(list, result);
    if (result->newest_id > list->newest_id)
        list->newest_id = result->newest_id;
    return true;
}

/* ---- the cursor ---- */

const struct journal_entry *journal_list_current(const struct journal_list *list)
{
    return list->cursor < list->count ? &list->entries[list->cursor] : NULL;
}

void journal_list_move(struct journal_list *list, long step)
{
    list->cursor = rows_step(list->cursor, step, list->count);
}

void journal_list_scroll(struct journal_list *list, size_t rows)
{
    list->top = rows_scroll(list->top, list->cursor, list->count, rows);
}
