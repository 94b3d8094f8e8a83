#include "ui/screens/alarm_cells.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/timefmt.h"
#include "plant/alarm_state.h"
#include "ui/alarm_banner.h"
#include "ui/alarm_withheld.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define CELL_MAX        1024 /* bytes of a cell's text */
#define CELLS_TIME      12   /* columns of a time without date */
#define CELLS_WIDE      110  /* columns of a terminal that has room for more than what tells alarms apart */
#define CELLS_DATE_FROM 140  /* columns of a terminal that has room for dates */

/* How a state is shown: a sign for the condition (it stands, or it has gone), and a word that is in capitals while
 * somebody has to acknowledge it. Of the withheld ones the sign is that of the condition underneath. */
static const char *const STATE_WORDS[ALARM_STATES] = {
    [ALARM_SAME] = "",
    [ALARM_NORMAL] = "normal",
    [ALARM_UNACKNOWLEDGED] = "UNACK",
    [ALARM_ACKNOWLEDGED] = "acked",
    [ALARM_RETURNED] = "RETURN",
    [ALARM_LATCHED] = "LATCH",
    [ALARM_LATCHED_ACKNOWLEDGED] = "latch",
    [ALARM_SHELVED] = "shelved",
    [ALARM_SUPPRESSED] = "suppr",
    [ALARM_OUT_OF_SERVICE] = "out",
};

struct cell_row {
    const struct alarm_cells *cells;
    const struct wire_alarm *alarm;
    enum glyph_level level;
    bool wide, dates; /* there is room for more, and for dates */
};

typedef void cell_text(const struct cell_row *row, char *out, size_t size);

/* ---- what several places say ---- */

void alarm_cells_advice(const struct wire_alarm *alarm, char *out, size_t size)
{
    char rate[48] = "chatters";
    out[0] = '\0';
    if (alarm->chatter_rate)
        snprintf(rate, sizeof rate, "chatters, %" PRIu32 " times a minute", alarm->chatter_rate);
    if (alarm->chattering && !alarm_state_is_withheld((enum alarm_state)alarm->state))
        snprintf(out, size, "%s: shelve it with z?", rate);
    else if (alarm->first_out)
        snprintf(out, size, "the first of %s %s", *alarm->group ? "group" : "area",
                 *alarm->group ? alarm->group : alarm->area);
}

/* ---- cells ---- */

static void cell_marked(const struct cell_row *row, char *out, size_t size)
{
    snprintf(out, size, "%s", alarm_list_is_marked(row->cells->list, row->alarm->alarm) ? "*" : "");
}

static void cell_priority(const struct cell_row *row, char *out, size_t size)
{
    snprintf(out, size, "%s", alarm_banner_mark((enum alarm_priority)row->alarm->priority));
}

static void cell_state(const struct cell_row *row, char *out, size_t size)
{
    const char *sign = glyph_sign(row->alarm->active ? SIGN_ON : SIGN_OFF, row->level);
    if (mirror_alarm_is_stale(row->cells->mirror, row->alarm))
        sign = "?";
    snprintf(out, size, "%s %s", sign, STATE_WORDS[row->alarm->state]);
}

static void cell_time(const struct cell_row *row, char *out, size_t size)
{
    out[0] = '\0';
    if (row->alarm->activated_us && row->dates)
        timefmt_local(out, size, row->alarm->activated_us, TIMEFMT_DATE | TIMEFMT_MS);
    else if (row->alarm->activated_us)
        timefmt_recent(out, size, row->alarm->activated_us, row->cells->wall_us, TIMEFMT_MS, CELLS_TIME);
}

static void cell_address(const struct cell_row *row, char *out, size_t size)
{
    snprintf(out, size, "%s", row->alarm->address);
}

static void cell_value(const struct cell_row *row, char *out, size_t size)
{
    mirror_alarm_value_now(row->cells->mirror, row->alarm, out, size);
}

static void cell_limit(const struct cell_row *row, char *out, size_t size)
{
    mirror_alarm_limit(row->cells->mirror, row->alarm, out, size);
}

static void cell_unit(const struct cell_row *row, char *out, size_t size)
{
    const struct mirror_tag *tag = row->alarm->tag ? mirror_find(row->cells->mirror, row->alarm->tag) : NULL;
    snprintf(out, size, "%s", tag ? tag->unit : "");
}

/* How long it has stood, or stood before it cleared. */
static void cell_duration(const struct cell_row *row, char *out, size_t size)
{
    const struct wire_alarm *alarm = row->alarm;
    int64_t end_us = alarm->active ? row->cells->wall_us : alarm->cleared_us;
    out[0] = '\0';
    if (alarm->activated_us && end_us >= alarm->activated_us)
        timefmt_age(out, size, end_us - alarm->activated_us);
}

static void cell_area(const struct cell_row *row, char *out, size_t size)
{
    snprintf(out, size, "%s", row->alarm->area);
}

static void cell_message(const struct cell_row *row, char *out, size_t size)
{
    mirror_alarm_message(row->cells->mirror, row->alarm, out, size);
}

/* "1st" of those that came together, "12/min" when it chatters; where there is not much room, the second counts. */
static void cell_note(const struct cell_row *row, char *out, size_t size)
{
    const struct wire_alarm *alarm = row->alarm;
    char rate[32] = "";
    if (alarm->chattering && alarm->chatter_rate)
        snprintf(rate, sizeof rate, "%" PRIu32 "/min", alarm->chatter_rate);
    else if (alarm->chattering)
        snprintf(rate, sizeof rate, "chatters");
    bool first = alarm->first_out && (row->wide || !*rate);
    snprintf(out, size, "%s%s%s", first ? "1st" : "", first && *rate ? " " : "", rate);
}

/* Until the shelf ends. */
static void cell_left(const struct cell_row *row, char *out, size_t size)
{
    const struct wire_alarm *alarm = row->alarm;
    char span[TIMEFMT_MAX];
    out[0] = '\0';
    if (!alarm->shelf_until_us)
        return;
    int64_t left_us = alarm->shelf_until_us - row->cells->wall_us;
    timefmt_age(span, sizeof span, left_us > 0 ? left_us : 0);
    snprintf(out, size, "%s%s", span, alarm->shelf_once ? " once" : "");
}

static void cell_by(const struct cell_row *row, char *out, size_t size)
{
    alarm_withheld_by(row->alarm, out, size);
}

static void cell_reason(const struct cell_row *row, char *out, size_t size)
{
    alarm_withheld_reason(row->alarm, out, size);
}

/* ---- the columns ---- */

struct alarm_column {
    struct grid_column column;
    int wide_rank; /* in a terminal of CELLS_WIDE columns: there no message, however long, hides a limit or a unit */
    cell_text *text;
};

#define MARKED                                                                                               \
    {                                                                                                        \
        {"", 1, 1, 0, GRID_LEFT}, 0, cell_marked                                                             \
    }
#define PRIORITY                                                                                             \
    {                                                                                                        \
        {"PRI", 3, 3, 0, GRID_LEFT}, 0, cell_priority                                                        \
    }
#define ADDRESS                                                                                              \
    {                                                                                                        \
        {"ALARM", 15, 48, 0, GRID_TAIL}, 0, cell_address                                                     \
    }

static const struct alarm_column STANDING[] = {
    MARKED,
    PRIORITY,
    {{"STATE", 7, 9, 0, GRID_LEFT}, 0, cell_state},
    {{"ACTIVATED", CELLS_TIME, 23, 0, GRID_LEFT}, 0, cell_time},
    ADDRESS,
    {{"", 0, 10, 2, GRID_LEFT}, 1, cell_note},
    {{"VALUE", 8, 16, 0, GRID_POINT}, 0, cell_value},
    {{"LIMIT", 7, 14, 4, GRID_POINT}, 1, cell_limit},
    {{"UNIT", 4, 10, 5, GRID_LEFT}, 1, cell_unit},
    {{"FOR", 5, 5, 1, GRID_RIGHT}, 1, cell_duration},
    {{"AREA", 8, 24, 6, GRID_LEFT}, 6, cell_area},
    {{"MESSAGE", 14, 0, 2, GRID_LEFT}, 2, cell_message},
};

static const struct alarm_column WITHHELD[] = {
    MARKED,
    PRIORITY,
    {{"STATE", 9, 9, 0, GRID_LEFT}, 0, cell_state},
    ADDRESS,
    {{"LEFT", 5, 10, 0, GRID_RIGHT}, 0, cell_left},
    {{"BY", 4, 16, 0, GRID_LEFT}, 0, cell_by},
    {{"REASON", 10, 60, 0, GRID_LEFT}, 0, cell_reason},
    {{"VALUE", 8, 16, 4, GRID_POINT}, 4, cell_value},
    {{"UNIT", 4, 10, 5, GRID_LEFT}, 5, cell_unit},
    {{"ACTIVATED", CELLS_TIME, 23, 6, GRID_LEFT}, 6, cell_time},
    {{"AREA", 8, 24, 8, GRID_LEFT}, 8, cell_area},
    {{"MESSAGE", 14, 0, 7, GRID_LEFT}, 7, cell_message},
};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* ---- drawing ---- */

/* Colour says only: somebody has to acknowledge it; and: what is shown may be out of date. */
static enum meaning cell_meaning(const struct cell_row *row, cell_text *text)
{
    const struct wire_alarm *alarm = row->alarm;
    bool waits = alarm_state_waits((enum alarm_state)alarm->state);
    if (text == cell_priority && waits)
        return alarm_banner_meaning((enum alarm_priority)alarm->priority, true);
    if (mirror_alarm_is_stale(row->cells->mirror, alarm))
        return MEANING_VALUE_UNCERTAIN;
    if (text == cell_state && waits && alarm->active)
        return alarm_banner_meaning((enum alarm_priority)alarm->priority, true);
    if (text == cell_value) {
        const struct mirror_tag *tag = mirror_find(row->cells->mirror, alarm->tag);
        bool live = tag && mirror_tag_trust(tag) >= MIRROR_RETAINED;
        return live ? MEANING_VALUE : MEANING_VALUE_UNCERTAIN;
    }
    if (text == cell_note)
        return alarm->chattering ? MEANING_WARNING : MEANING_STRONG;
    if (text == cell_marked || (waits && (text == cell_address || text == cell_state)))
        return MEANING_STRONG;
    if (text == cell_unit || text == cell_area || alarm->state == ALARM_LATCHED_ACKNOWLEDGED)
        return MEANING_DIM;
    return MEANING_TEXT;
}

/* An area: how many of so many wait, by priority, and which came first. */
static void cell_draw_group(const struct alarm_group *group, const struct pane *pane, int y)
{
    char first[TIMEFMT_MAX], count[24];
    int area = pane->columns < CELLS_WIDE ? 14 : 28, x = 2;
    pane_sign(pane, 0, y, MEANING_GROUP, group->folded ? SIGN_FOLDED : SIGN_UNFOLDED);
    pane_text(pane, x, y, area, MEANING_GROUP, *group->area ? group->area : "(no area)");
    snprintf(count, sizeof count, "%zu", group->count);
    pane_text_right(pane, x + area, y, 6, MEANING_DIM, count);
    x += area + 8;
    for (int i = PRIORITY_CRITICAL; i >= PRIORITY_JOURNAL; i--)
        if (group->standing_of[i])
            x += pane_printf(pane, x, y, -1,
                             alarm_banner_meaning((enum alarm_priority)i, group->waiting_of[i] > 0),
                             "%s %zu/%zu", alarm_banner_mark((enum alarm_priority)i), group->waiting_of[i],
                             group->standing_of[i]) +
                 1;
    if (!group->first)
        return;
    timefmt_local(first, sizeof first, group->first->record.activated_us, 0);
    pane_printf(pane, x + 1, y, -1, MEANING_TEXT, "1st %s %s", first, group->first->record.address);
}

/* ---- rows ---- */

struct cell_table {
    const struct alarm_cells *cells;
    const struct alarm_column *columns;
    enum glyph_level level;
    bool wide, dates;
};

static struct cell_row cell_row_at(const struct cell_table *table, size_t row)
{
    return (struct cell_row){.cells = table->cells,
                             .alarm = &table->cells->list->rows[row].alarm->record,
                             .level = table->level,
                             .wide = table->wide,
                             .dates = table->dates};
}

static void cell_table_text(const void *context, size_t row, size_t column, char *out, size_t size)
{
    const struct cell_table *table = context;
    out[0] = '\0';
    if (!table->cells->list->rows[row].alarm)
        return; /* an area */
    struct cell_row cell = cell_row_at(table, row);
    table->columns[column].text(&cell, out, size);
}

static enum meaning cell_table_meaning(const void *context, size_t row, size_t column)
{
    const struct cell_table *table = context;
    struct cell_row cell = cell_row_at(table, row);
    return cell_meaning(&cell, table->columns[column].text);
}

static void cell_table_draw_group(const void *context, size_t row, const struct pane *pane, int y)
{
    const struct alarm_row *shown = &((const struct cell_table *)context)->cells->list->rows[row];
    if (!shown->alarm)
        cell_draw_group(shown->group, pane, y);
}

void alarm_cells_draw(const struct alarm_cells *cells, const struct pane *pane)
{
    const struct alarm_list *list = cells->list;
    struct grid_column columns[GRID_COLUMNS_MAX];
    struct cell_table table = {.cells = cells,
                               .columns = list->withheld ? WITHHELD : STANDING,
                               .level = pane_level(pane),
                               .wide = pane->columns >= CELLS_WIDE,
                               .dates = pane->columns >= CELLS_DATE_FROM};
    struct grid_rows rows = {.columns = columns,
                             .column_count = list->withheld ? COUNT_OF(WITHHELD) : COUNT_OF(STANDING),
                             .top = list->top,
                             .count = list->row_count,
                             .cursor = list->cursor,
                             .context = &table,
                             .memory = cells->memory,
                             .text = cell_table_text,
                             .meaning = cell_table_meaning,
                             .over = cell_table_draw_group};
    for (size_t i = 0; i < rows.column_count; i++) {
        columns[i] = table.columns[i].column;
        columns[i].rank = table.wide ? table.columns[i].wide_rank : columns[i].rank;
    }
    grid_draw_rows(&rows, pane);
}
