/* Tags: every tag with its live value, filtered, sorted, grouped.
 * Only the rows on the screen are drawn; the order is that of ui/tag_list.c.
 * Small trends of rows that come into sight are filled from the history once. */
#include "base/clock.h"
#include "base/mem.h"
#include "plant/alarm.h"
#include "ui/history_reader.h"
#include "ui/line_editor.h"
#include "ui/link.h"
#include "ui/rows.h"
#include "ui/screens/screens.h"
#include "ui/screens/tag_columns.h"
#include "ui/tag_list.h"
#include "ui/widgets/grid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAGS_WHEEL_ROWS  3
#define TAGS_HISTORY_US  (10 * CLOCK_US_PER_SECOND) /* then an answer is not waited for any longer */
#define TAGS_HISTORY_SET ((void *)1)                /* mirror_tag.screen: its trend was asked for */

struct tags {
    struct tag_list list;
    struct tag_columns columns;
    struct line_editor filter;
    bool typing; /* into the filter */
    int rows;    /* of tags that the last picture had room for */
    int width;
    uint64_t ticket;
    int64_t asked_us; /* for trends; 0: no answer is due */
};

static void *tags_open(struct screen_host *host, uint32_t argument)
{
    (void)host;
    (void)argument;
    struct tags *tags = mem_new(1, sizeof *tags);
    tag_list_init(&tags->list);
    return tags;
}

static void tags_close(void *state)
{
    struct tags *tags = state;
    tag_list_free(&tags->list);
    free(tags);
}

/* ---- drawing ---- */

/* Why there is nothing to see, and what would change that. */
static void draw_empty(const struct tags *tags, const struct screen_host *host, const struct pane *pane)
{
    struct pane text = pane_part(pane, 2, 1, pane->columns - 4, pane->rows - 1);
    const struct mirror *mirror = host->mirror;
    if (link_is_starting(host->link, host->mono_us)) {
        pane_text(&text, 0, 0, -1, MEANING_DIM, "attaching…");
    } else if (!mirror->attached) {
        pane_paragraph(&text, 0, 0, -1, text.rows, MEANING_TEXT, link_text(host->link));
    } else if (!mirror->complete) {
        pane_text(&text, 0, 0, -1, MEANING_DIM, "The recorder sends its tags ...");
    } else if (mirror->tag_count) {
        pane_printf(&text, 0, 0, -1, MEANING_TEXT, "No tag matches \"%s\".", tags->list.filter);
        pane_text(&text, 0, 1, -1, MEANING_DIM, "Escape shows all again.");
    } else {
        int y = pane_paragraph(&text, 0, 0, -1, 4, MEANING_TEXT, "No tags yet: nothing has arrived.");
        if (mirror->has_status) {
            y += pane_printf(&text, 0, y + 1, -1, MEANING_DIM, "Subscribed to: %s",
                             mirror->status.subscriptions) > 0;
            pane_printf(&text, 0, y + 1, -1, MEANING_DIM, "Broker: %s, %s", mirror->status.broker,
                        mirror->status.link_text);
        }
    }
}

/* The line at the foot: what is typed, or what the cursor is on; and the place in the list. */
static void draw_foot(struct tags *tags, const struct mirror *mirror, const struct pane *pane, int y)
{
    const struct tag_list *list = &tags->list;
    const struct tag_row *row = tag_list_current(list);
    char place[64];
    bool filtered = *list->filter != '\0';
    size_t at = list->row_count ? list->cursor + 1 : 0;
    if (filtered)
        snprintf(place, sizeof place, "%zu/%zu of %zu", at, list->row_count, list->all_count);
    else
        snprintf(place, sizeof place, "%zu/%zu", at, list->row_count);
    int right = (int)strlen(place) + 1, x = 1;
    pane_text_right(pane, 0, y, pane->columns - 1, MEANING_DIM, place);
    if (tag_list_asks_unknown_quality(list->filter)) {
        static const char UNKNOWN[] = "unknown quality";
        right += (int)sizeof UNKNOWN + 1;
        pane_text(pane, pane->columns - right, y, -1, MEANING_WARNING, UNKNOWN);
    }
    int room = pane->columns - right - 2;
    if (tags->typing) {
        x += pane_text(pane, x, y, room, MEANING_KEY, "/");
        line_editor_draw(&tags->filter, pane, x, y, room - 1);
        return;
    }
    if (filtered)
        x += pane_printf(pane, x, y, room, MEANING_MATCH, "/%s", list->filter) + 2;
    if (!row || x >= room)
        return;
    if (!row->tag) {
        pane_text(pane, x, y, room - x + 1, MEANING_DIM, row->group->path);
        return;
    }
    const struct wire_reservation *edit = mirror_find_reservation(mirror, row->tag->id);
    if (edit && !edit->self)
        x += pane_printf(pane, x, y, room - x + 1, MEANING_WARNING, "%.64s (%.80s) is editing this",
                         edit->operator_name, edit->station) +
             2;
    else if (row->tag->setpoint)
        x += pane_text(pane, x, y, room - x + 1, MEANING_KEY, "e sets it") + 2;
    bool described = *row->tag->description && !tags->columns.at[TAG_COLUMN_DESCRIPTION].width;
    if (described && x < room)
        x += pane_text(pane, x, y, room - x + 1, MEANING_TEXT, row->tag->description) + 2;
    if (x < room)
        pane_printf(pane, x, y, room - x + 1, MEANING_DIM, "%s%s%s", row->tag->topic,
                    *row->tag->path ? " : " : "", row->tag->path);
}

/* Trends of rows that came into sight: one request at a time, the rest with the next picture. */
static void ask_history(struct tags *tags, struct screen_host *host, size_t first, size_t last)
{
    if (!host->history || !host->mirror->complete ||
        (tags->asked_us && host->mono_us - tags->asked_us < TAGS_HISTORY_US))
        return;
    struct history_request *request = mem_new(1, sizeof *request);
    for (size_t i = first; i < last && request->tag_count < HISTORY_READER_TAGS_MAX; i++) {
        struct mirror_tag *tag = tags->list.rows[i].tag;
        if (!tag || !tag->series || tag->screen)
            continue;
        tag->screen = TAGS_HISTORY_SET;
        request->tags[request->tag_count++] = tag->id;
    }
    if (request->tag_count) {
        request->purpose = HISTORY_SERIES;
        request->ticket = ++tags->ticket;
        request->to_us = host->wall_us;
        request->from_us = host->wall_us - MIRROR_SERIES_BINS * MIRROR_SERIES_BIN_US;
        request->bin_us = MIRROR_SERIES_BIN_US;
        history_reader_ask(host->history, request);
        tags->asked_us = host->mono_us;
    }
    free(request);
}

static void tags_history(void *state, struct screen_host *host, const struct history_result *result)
{
    struct tags *tags = state;
    if (result->purpose != HISTORY_SERIES || result->ticket != tags->ticket)
        return;
    tags->asked_us = 0;
    if (!result->good || !result->bins)
        return;
    for (size_t i = 0; i < result->tag_count; i++) {
        struct mirror_tag *tag = mirror_find(host->mirror, result->tags[i]);
        if (tag)
            mirror_tag_backfill(tag, result->spans + i * result->bins,
                                result->first_bin + (int64_t)result->bins - 1, result->bins);
    }
}

static void tags_draw(void *state, struct screen_host *host, const struct pane *pane)
{
    struct tags *tags = state;
    struct tag_list *list = &tags->list;
    tag_list_update(list, host->mirror, host->wall_us, host->mono_us);
    tags->rows = pane->rows > 2 ? pane->rows - 2 : 0;
    tags->width = pane->columns;
    tag_list_scroll(list, (size_t)tags->rows);
    size_t last = list->top + (size_t)tags->rows;
    if (last > list->row_count)
        last = list->row_count;
    tags->columns.alarm_need |= host->mirror->status.alarms > ALARM_SYSTEMS; /* not only hmi's own */
    for (size_t i = list->top; i < last; i++)
        tag_columns_need(&tags->columns, &list->rows[i], pane);
    tag_columns_layout(&tags->columns, pane->columns - 1);
    struct pane body = pane_part(pane, 0, 1, -1, tags->rows);
    if (list->row_count) {
        tag_columns_draw_heading(&tags->columns, pane, 0, list);
        for (size_t i = list->top; i < last; i++)
            tag_columns_draw_row(&tags->columns, &body, (int)(i - list->top), &list->rows[i], host->wall_us);
        pane_select_row(&body, (int)(list->cursor - list->top));
        grid_draw_scroll_bar(&body, list->top, list->row_count);
    } else {
        draw_empty(tags, host, &body);
    }
    draw_foot(tags, host->mirror, pane, pane->rows - 1);
    ask_history(tags, host, list->top, last);
}

/* ---- actions ---- */

static unsigned open_current(struct tags *tags, struct screen_host *host, bool unfold)
{
    const struct tag_row *row = tag_list_current(&tags->list);
    if (row && row->tag)
        screen_host_open(host, SCREEN_DETAIL, row->tag->id);
    else if (row && unfold)
        tag_list_fold(&tags->list, row->group, !row->group->folded);
    return SCREEN_PAINT;
}

static unsigned fold_current(struct tags *tags, struct screen_host *host, enum action action)
{
    struct tag_list *list = &tags->list;
    const struct tag_row *row = tag_list_current(list);
    if (!row || !row->group)
        return SCREEN_HANDLED;
    bool is_group = !row->tag;
    if (action == ACTION_RIGHT && is_group)
        tag_list_fold(list, row->group, false);
    else if (action == ACTION_LEFT && is_group && !row->group->folded)
        tag_list_fold(list, row->group, true);
    else if (action == ACTION_LEFT)
        tag_list_go_group(list, host->mono_us);
    else if (action == ACTION_FOLD)
        tag_list_fold(list, row->group, !row->group->folded);
    return SCREEN_PAINT;
}

static void sort_by(struct tags *tags, struct screen_host *host, enum tag_list_column column)
{
    static const char *const WORDS[TAG_COLUMN_COUNT] = {
        [TAG_COLUMN_NAME] = "name",
        [TAG_COLUMN_VALUE] = "value",
        [TAG_COLUMN_RANGE] = "place in the range",
        [TAG_COLUMN_AGE] = "age",
        [TAG_COLUMN_QUALITY] = "quality",
        [TAG_COLUMN_DESCRIPTION] = "description",
    };
    tag_list_set_sort(&tags->list, column);
    screen_host_say(host, MEANING_MESSAGE, "Sorted by %s%s.", WORDS[column],
                    tags->list.reverse ? ", turned round" : "");
}

static void clear_filter(struct tags *tags)
{
    tags->typing = false;
    line_editor_clear(&tags->filter);
    tag_list_set_filter(&tags->list, "");
}

static bool move_cursor(struct tags *tags, struct screen_host *host, enum action action)
{
    long step;
    if (!rows_step_of_action(action, tags->rows, tags->list.row_count, &step))
        return false;
    tag_list_move(&tags->list, step, host->mono_us);
    return true;
}

static unsigned tags_act(void *state, struct screen_host *host, enum action action)
{
    struct tags *tags = state;
    struct tag_list *list = &tags->list;
    tag_list_update(list, host->mirror, host->wall_us, host->mono_us);
    tag_list_touch(list);
    if (move_cursor(tags, host, action))
        return SCREEN_PAINT;
    switch (action) {
    case ACTION_OPEN:
    case ACTION_FACEPLATE:
        return open_current(tags, host, action == ACTION_OPEN);
    case ACTION_LEFT:
    case ACTION_RIGHT:
    case ACTION_FOLD:
        return fold_current(tags, host, action);
    case ACTION_FOLD_ALL:
    case ACTION_UNFOLD_ALL:
        tag_list_fold_all(list, action == ACTION_FOLD_ALL);
        return SCREEN_PAINT;
    case ACTION_GROUP:
        tag_list_set_grouped(list, !list->grouped);
        return SCREEN_PAINT;
    case ACTION_SORT_NEXT:
        sort_by(tags, host, tag_list_next_sort(list->sort, 1));
        return SCREEN_PAINT;
    case ACTION_SORT_PREVIOUS:
        sort_by(tags, host, tag_list_next_sort(list->sort, -1));
        return SCREEN_PAINT;
    case ACTION_REVERSE:
        tag_list_set_reverse(list, !list->reverse);
        return SCREEN_PAINT;
    case ACTION_FILTER:
        tags->typing = true;
        return SCREEN_PAINT;
    case ACTION_ESCAPE:
        if (!*list->filter)
            return SCREEN_IGNORED;
        clear_filter(tags);
        return SCREEN_PAINT;
    default:
        return SCREEN_IGNORED;
    }
}

/* ---- typing and the mouse ---- */

static unsigned type_filter(struct tags *tags, struct screen_host *host, const struct input *input)
{
    bool changed = false;
    if (input->type != INPUT_KEY)
        return SCREEN_IGNORED;
    if (input->key == INPUT_ENTER) {
        tags->typing = false;
    } else if (input->key == INPUT_ESCAPE) {
        clear_filter(tags);
    } else if (line_editor_input(&tags->filter, input, &changed)) {
        if (changed)
            tag_list_set_filter(&tags->list, tags->filter.text);
    } else {
        /* Arrows up and down, pages and function keys do what they always do; letters never come here. */
        enum action action = action_of_key(input->key, ACTION_ON_TAGS);
        return move_cursor(tags, host, action) ? SCREEN_PAINT : SCREEN_IGNORED;
    }
    return SCREEN_PAINT;
}

static unsigned click(struct tags *tags, struct screen_host *host, const struct input *input)
{
    struct tag_list *list = &tags->list;
    if (input->y == 0) {
        enum tag_list_column column = tag_columns_at(&tags->columns, input->x);
        if (!tag_list_can_sort(column))
            return SCREEN_HANDLED;
        if (column == list->sort)
            tag_list_set_reverse(list, !list->reverse);
        sort_by(tags, host, column);
        return SCREEN_PAINT;
    }
    size_t row = list->top + (size_t)(input->y - 1);
    if (input->y < 1 || input->y > tags->rows || row >= list->row_count)
        return SCREEN_HANDLED;
    tag_list_go(list, row, host->mono_us);
    if (!list->rows[row].tag || input->type == INPUT_DOUBLE_CLICK)
        return open_current(tags, host, true);
    return SCREEN_PAINT;
}

static unsigned tags_input(void *state, struct screen_host *host, const struct input *input)
{
    struct tags *tags = state;
    tag_list_update(&tags->list, host->mirror, host->wall_us, host->mono_us);
    tag_list_touch(&tags->list);
    switch (input->type) {
    case INPUT_KEY:
        return tags->typing ? type_filter(tags, host, input) : SCREEN_IGNORED;
    case INPUT_WHEEL_UP:
    case INPUT_WHEEL_DOWN:
        tag_list_move(&tags->list, input->type == INPUT_WHEEL_UP ? -TAGS_WHEEL_ROWS : TAGS_WHEEL_ROWS,
                      host->mono_us);
        return SCREEN_PAINT;
    case INPUT_CLICK:
    case INPUT_DOUBLE_CLICK:
        return click(tags, host, input);
    case INPUT_NOTHING:
        break;
    }
    return SCREEN_IGNORED;
}

static bool tags_types(const void *state)
{
    return ((const struct tags *)state)->typing;
}

static const struct screen_key *tags_keys(const void *state)
{
    static const struct screen_key TYPING[] = {{"Enter", "Keep"}, {"Escape", "Show all"}, {0}};
    return ((const struct tags *)state)->typing ? TYPING : NULL;
}

static uint32_t tags_tag(void *state, struct screen_host *host)
{
    struct tags *tags = state;
    tag_list_update(&tags->list, host->mirror, host->wall_us, host->mono_us);
    const struct tag_row *row = tag_list_current(&tags->list);
    return row && row->tag ? row->tag->id : 0;
}

/* Also takes the cursor along, so that coming back from a faceplate finds the tag that was looked at last. */
static uint32_t tags_neighbour(void *state, uint32_t tag, int step)
{
    struct tags *tags = state;
    uint32_t next = tag_list_neighbour(&tags->list, tag, step);
    if (next)
        tag_list_go_tag(&tags->list, next, tags->list.touched_us);
    return next;
}

static void tags_lock(void *state)
{
    ((struct tags *)state)->typing = false;
}

const struct screen_class SCREEN_CLASS_TAGS = {
    .id = SCREEN_TAGS,
    .title = "Tags",
    .where = ACTION_ON_TAGS,
    .open = tags_open,
    .close = tags_close,
    .draw = tags_draw,
    .act = tags_act,
    .input = tags_input,
    .keys = tags_keys,
    .types = tags_types,
    .history = tags_history,
    .lock = tags_lock,
    .tag = tags_tag,
    .neighbour = tags_neighbour,
};
