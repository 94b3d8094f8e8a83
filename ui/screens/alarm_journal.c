#include "ui/screens/alarm_journal.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/timefmt.h"
#include "plant/alarm_event.h"
#include "ui/alarm_banner.h"
#include "ui/history_reader.h"
#include "ui/widgets/grid.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOURNAL_WIDE 100 /* columns of a terminal that has room for the year */
#define JOURNAL_FULL 120 /* and for values beside details */

/* ---- asking ---- */

static const struct mirror_tag *journal_find_tag(const struct mirror *mirror, const char *name)
{
    for (size_t i = 0; *name && i < mirror->tag_count; i++)
        if (!strcmp(mirror->tags[i]->name, name))
            return mirror->tags[i];
    return NULL;
}

static void journal_ask(struct journal_list *list, struct screen_host *host, size_t rows)
{
    if (!host->history)
        return;
    struct history_request *request = mem_new(1, sizeof *request);
    if (journal_list_request(list, rows, host->mono_us, request)) {
        char name[sizeof request->journal.tag];
        if (journal_search_tag(&list->search, name, sizeof name) && journal_find_tag(host->mirror, name))
            snprintf(request->journal.tag, sizeof request->journal.tag, "%s", name);
        history_reader_ask(host->history, request);
    }
    free(request);
}

/* ---- cells ---- */

struct journal_row {
    const struct journal_entry *entry;
    const struct mirror_tag *tag; /* NULL: there is none of that name any more */
    bool brief;                   /* there is not much room */
};

typedef void journal_text(const struct journal_row *row, char *out, size_t size);

static void journal_time(const struct journal_row *row, char *out, size_t size)
{
    char when[TIMEFMT_MAX];
    timefmt_local(when, sizeof when, row->entry->place.ts_us, TIMEFMT_DATE | TIMEFMT_MS);
    snprintf(out, size, "%s", when + (row->brief ? 5 : 0)); /* the year is in the line at the foot */
}

static void journal_priority(const struct journal_row *row, char *out, size_t size)
{
    out[0] = '\0';
    for (int i = PRIORITY_JOURNAL; i <= PRIORITY_CRITICAL; i++)
        if (!strcmp(row->entry->texts[JOURNAL_TEXT_PRIORITY], ALARM_PRIORITY_WORDS[i]))
            snprintf(out, size, "%s", alarm_banner_mark((enum alarm_priority)i));
}

static void journal_event(const struct journal_row *row, char *out, size_t size)
{
    snprintf(out, size, "%s", row->entry->texts[JOURNAL_TEXT_EVENT]);
}

static void journal_subject(const struct journal_row *row, char *out, size_t size)
{
    snprintf(out, size, "%s", journal_entry_subject(row->entry));
}

/* As the tag shows its numbers: in the words of its states, with its decimals. */
static void journal_number(const struct journal_row *row, double number, char *out, size_t size)
{
    out[0] = '\0';
    if (!isnan(number) && row->tag)
        mirror_tag_number(row->tag, number, out, size);
    else if (!isnan(number))
        num_format(out, size, number, -1);
}

static void journal_value(const struct journal_row *row, char *out, size_t size)
{
    journal_number(row, row->entry->value, out, size);
}

static void journal_limit(const struct journal_row *row, char *out, size_t size)
{
    journal_number(row, row->entry->limit, out, size);
}

static void journal_unit(const struct journal_row *row, char *out, size_t size)
{
    bool numbers = row->tag && (!isnan(row->entry->value) || !isnan(row->entry->limit));
    snprintf(out, size, "%s", numbers ? row->tag->unit : "");
}

static void journal_operator(const struct journal_row *row, char *out, size_t size)
{
    snprintf(out, size, "%s", row->entry->texts[JOURNAL_TEXT_OPERATOR]);
}

static void journal_station(const struct journal_row *row, char *out, size_t size)
{
    snprintf(out, size, "%s", row->entry->texts[JOURNAL_TEXT_STATION]);
}

static void journal_detail(const struct journal_row *row, char *out, size_t size)
{
    snprintf(out, size, "%s", row->entry->texts[JOURNAL_TEXT_DETAIL]);
}

static const struct {
    struct grid_column column;
    int wide_rank; /* in a terminal of JOURNAL_FULL columns: there no detail, however long, hides a value */
    journal_text *text;
} COLUMNS[] = {
    {{"TIME", 18, 23, 0, GRID_LEFT}, 0, journal_time},
    {{"PRI", 3, 3, 4, GRID_LEFT}, 0, journal_priority},
    {{"EVENT", 8, 20, 0, GRID_LEFT}, 0, journal_event},
    {{"ALARM, TAG", 14, 48, 0, GRID_TAIL}, 0, journal_subject},
    {{"VALUE", 8, 12, 3, GRID_POINT}, 2, journal_value},
    {{"LIMIT", 7, 12, 5, GRID_POINT}, 3, journal_limit},
    {{"UNIT", 4, 10, 6, GRID_LEFT}, 3, journal_unit},
    {{"OPERATOR", 8, 16, 1, GRID_LEFT}, 1, journal_operator},
    {{"STATION", 8, 30, 7, GRID_LEFT}, 5, journal_station},
    {{"DETAIL", 8, 0, 2, GRID_LEFT}, 4, journal_detail},
};

#define COLUMN_COUNT (sizeof COLUMNS / sizeof *COLUMNS)

/* ---- drawing ---- */

struct journal_table {
    const struct journal_list *list;
    const struct mirror *mirror;
    bool brief;
};

/* Entries name tags: each name is looked up once, and again when tags have come or gone. */
static void journal_find_tags(struct journal_list *list, const struct mirror *mirror, size_t rows)
{
    for (size_t i = list->top; i < list->top + rows; i++) {
        struct journal_entry *entry = &list->entries[i];
        if (entry->tag_seen == mirror->tags_changes + 1)
            continue;
        const struct mirror_tag *tag = journal_find_tag(mirror, entry->texts[JOURNAL_TEXT_TAG]);
        entry->tag = tag ? tag->id : 0;
        entry->tag_seen = mirror->tags_changes + 1;
    }
}

static void journal_table_text(const void *context, size_t row, size_t column, char *out, size_t size)
{
    const struct journal_table *table = context;
    const struct journal_entry *entry = &table->list->entries[row];
    COLUMNS[column].text(
        &(struct journal_row){.entry = entry,
                              .tag = entry->tag ? mirror_find(table->mirror, entry->tag) : NULL,
                              .brief = table->brief},
        out, size);
}

/* What people did to the plant is read first, who looked at it last. */
static enum meaning journal_table_meaning(const void *context, size_t row, size_t column)
{
    (void)column;
    const struct journal_entry *entry = &((const struct journal_table *)context)->list->entries[row];
    if (!strcmp(entry->texts[JOURNAL_TEXT_KIND], journal_kind_word(JOURNAL_SESSION)))
        return MEANING_DIM;
    return *entry->texts[JOURNAL_TEXT_OPERATOR] ? MEANING_STRONG : MEANING_TEXT;
}

static void journal_draw_rows(struct journal_list *list, const struct mirror *mirror,
                              struct grid_memory *widths, const struct pane *pane, size_t rows)
{
    struct grid_column columns[COLUMN_COUNT];
    struct journal_table table = {.list = list, .mirror = mirror, .brief = pane->columns < JOURNAL_WIDE};
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        columns[i] = COLUMNS[i].column;
        columns[i].rank = pane->columns < JOURNAL_FULL ? columns[i].rank : COLUMNS[i].wide_rank;
    }
    journal_find_tags(list, mirror, rows);
    grid_draw_rows(&(struct grid_rows){.columns = columns,
                                       .column_count = COLUMN_COUNT,
                                       .top = list->top,
                                       .count = list->count,
                                       .cursor = list->cursor,
                                       .context = &table,
                                       .memory = widths,
                                       .text = journal_table_text,
                                       .meaning = journal_table_meaning},
                   pane);
}

static void journal_draw_error(const struct journal_list *list, const struct pane *pane, int y)
{
    char text[sizeof list->error + 32];
    snprintf(text, sizeof text, "The journal cannot be read: %s", list->error);
    pane_paragraph(pane, 2, y, pane->columns - 4, 4, MEANING_ERROR, text);
}

/* How far a search has come, or why there is nothing. */
static void journal_draw_state(const struct journal_list *list, const struct screen_host *host,
                               const struct pane *pane, int y)
{
    char back[TIMEFMT_MAX] = "";
    if (list->reached.ts_us < INT64_MAX)
        timefmt_local(back, sizeof back, list->reached.ts_us, TIMEFMT_DATE);
    if (*list->error)
        journal_draw_error(list, pane, y);
    else if (!host->history)
        pane_text(pane, 2, y, -1, MEANING_DIM, "The journal is read as soon as a recorder is found.");
    else if (list->count >= JOURNAL_LIST_MAX)
        pane_printf(pane, 2, y, -1, MEANING_DIM, "%d entries are shown; older ones: /to:%.10s",
                    JOURNAL_LIST_MAX, back);
    else if (list->more)
        pane_printf(pane, 2, y, -1, MEANING_DIM, "reading ...%s%s", *back ? " back to " : "", back);
    else
        pane_text(pane, 2, y, -1, MEANING_DIM,
                  list->count ? "That is all." : "No entry of the journal matches.");
}

void alarm_journal_draw(struct journal_list *list, struct screen_host *host, struct grid_memory *widths,
                        const struct pane *pane)
{
    size_t room = pane->rows > 1 ? (size_t)pane->rows - 1 : 0;
    journal_list_scroll(list, room);
    size_t rows = list->count - list->top < room ? list->count - list->top : room;
    if (rows)
        journal_draw_rows(list, host->mirror, widths, pane, rows);
    if (rows < room)
        journal_draw_state(list, host, pane, (int)rows + 1);
    journal_ask(list, host, room);
}

void alarm_journal_draw_current(const struct journal_list *list, const struct mirror *mirror,
                                const struct pane *pane, int x, int y, int columns)
{
    const struct journal_entry *entry = journal_list_current(list);
    char when[TIMEFMT_MAX], value[256], limit[256], unit[64];
    if (!entry || columns < 1)
        return;
    timefmt_local(when, sizeof when, entry->place.ts_us, TIMEFMT_DATE);
    const struct journal_row row = {.entry = entry,
                                    .tag = journal_find_tag(mirror, entry->texts[JOURNAL_TEXT_TAG])};
    journal_value(&row, value, sizeof value);
    journal_limit(&row, limit, sizeof limit);
    journal_unit(&row, unit, sizeof unit);
    pane_printf(pane, x, y, columns, MEANING_TEXT, "%.10s  %s%s%s%s%s%s %s", when,
                entry->texts[JOURNAL_TEXT_DETAIL], *entry->texts[JOURNAL_TEXT_DETAIL] ? "  " : "",
                *value ? "value " : "", value, *limit ? "  limit " : "", limit, unit);
}

uint32_t alarm_journal_tag(const struct journal_list *list, const struct mirror *mirror)
{
    const struct journal_entry *entry = journal_list_current(list);
    const struct mirror_tag *tag = entry ? journal_find_tag(mirror, entry->texts[JOURNAL_TEXT_TAG]) : NULL;
    return tag ? tag->id : 0;
}
