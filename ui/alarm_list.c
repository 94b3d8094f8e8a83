#include "ui/alarm_list.h"

#include "base/mem.h"
#include "plant/alarm_event.h"
#include "plant/alarm_state.h"
#include "ui/alarm_filter.h"
#include "ui/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void alarm_list_init(struct alarm_list *list, bool withheld)
{
    *list = (struct alarm_list){.withheld = withheld, .from_first = true, .stale = true};
    list->shown = mem_new(ALARM_LIST_SHOWN_MAX, sizeof *list->shown);
}

void alarm_list_free(struct alarm_list *list)
{
    free(list->rows);
    free(list->marks);
    free(list->shown);
    free(list->cursor_area);
    alarm_groups_free(&list->groups);
}

/* ---- rows ---- */

static bool list_holds(const struct alarm_list *list, const struct wire_alarm *alarm)
{
    return alarm_state_is_withheld((enum alarm_state)alarm->state) == list->withheld;
}

static int list_compare(const void *left, const void *right)
{
    const struct alarm_row *a = left, *b = right;
    if (a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    if (a->activated_us != b->activated_us)
        return a->activated_us > b->activated_us ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* Puts the rows of the areas between them. */
static void list_arrange(struct alarm_list *list)
{
    struct alarm_row *arranged = mem_new(2 * list->row_count + 1, sizeof *arranged);
    list->row_capacity = 2 * list->row_count + 1;
    list->row_count = alarm_groups_arrange(&list->groups, list->rows, list->row_count, arranged);
    free(list->rows);
    list->rows = arranged;
}

static void list_choose(struct alarm_list *list, const struct mirror *mirror)
{
    list->rows = mem_grow(list->rows, &list->row_capacity, mirror->alarm_count + 1, sizeof *list->rows);
    list->row_count = list->all_count = 0;
    for (size_t i = 0; i < mirror->alarm_count; i++) {
        struct mirror_alarm *alarm = mirror->alarms[i];
        const struct wire_alarm *record = &alarm->record;
        if (!list_holds(list, record))
            continue;
        list->all_count++;
        if (alarm_filter_matches(record, list->filter))
            list->rows[list->row_count++] = (struct alarm_row){.alarm = alarm,
                                                               .id = record->alarm,
                                                               .priority = record->priority,
                                                               .activated_us = record->activated_us};
    }
    qsort(list->rows, list->row_count, sizeof *list->rows, list_compare);
    list->found_count = list->row_count;
    if (list->grouped)
        list_arrange(list);
}

static const struct alarm_row *list_cursor_row(const struct alarm_list *list)
{
    return list->cursor < list->row_count ? &list->rows[list->cursor] : NULL;
}

static void list_remember_cursor(struct alarm_list *list)
{
    const struct alarm_row *row = list_cursor_row(list);
    const struct alarm_group *group = alarm_list_current_group(list);
    list->has_cursor = row && row->alarm;
    list->cursor_id = list->has_cursor ? row->id : 0;
    free(list->cursor_area);
    list->cursor_area = group ? mem_copy_text(group->area) : NULL;
}

/* The row of that alarm, or of that area; row_count: none. */
static size_t list_row_of(const struct alarm_list *list, bool has_id, uint32_t id, const char *area)
{
    size_t i = 0;
    for (; i < list->row_count; i++) {
        const struct alarm_row *row = &list->rows[i];
        if (row->alarm ? has_id && row->id == id : area && !strcmp(row->group->area, area))
            break;
    }
    return i;
}

/* Where the cursor belongs: its alarm, the row of its area; of an alarm in an area that is folded, the area's. */
static size_t list_row_of_cursor(const struct alarm_list *list, const struct mirror *mirror)
{
    if (!list->touched || (!list->has_cursor && !list->cursor_area))
        return list->row_count;
    size_t row = list_row_of(list, list->has_cursor, list->cursor_id, list->cursor_area);
    const struct mirror_alarm *alarm =
        list->has_cursor && list->grouped ? mirror_find_alarm(mirror, list->cursor_id) : NULL;
    if (row == list->row_count && alarm && list_holds(list, &alarm->record))
        row = list_row_of(list, false, 0, alarm->record.area);
    return row;
}

/* Puts the cursor back on its alarm, at the same height of the screen; when that is gone, on what has come to its
 * place, and notes that it fell there. */
static void list_find_cursor(struct alarm_list *list, const struct mirror *mirror, int64_t mono_us)
{
    size_t height = list->from_first ? SIZE_MAX : list->cursor >= list->top ? list->cursor - list->top : 0;
    size_t i = list_row_of_cursor(list, mirror);
    if (i < list->row_count) {
        list->cursor = i;
        list_remember_cursor(list);
    } else {
        uint32_t before = list->cursor_id;
        bool had = list->has_cursor;
        if (!list->touched)
            list->cursor = 0;
        else if (list->cursor >= list->row_count)
            list->cursor = list->row_count ? list->row_count - 1 : 0;
        list_remember_cursor(list);
        if (!had || before != list->cursor_id)
            list->cursor_fell_us = mono_us;
    }
    list->top = list->cursor > height ? list->cursor - height : 0;
}

/* Marks mean the occurrence that was marked, and nothing out of sight of the list: what a filter or a folded area hides
 * loses its mark, or a key pressed at the rows in sight would mean one that is not. */
static void list_check_marks(struct alarm_list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->mark_count; i++) {
        size_t row = list_row_of(list, true, list->marks[i].id, NULL);
        if (row < list->row_count && list->rows[row].activated_us == list->marks[i].activated_us)
            list->marks[kept++] = list->marks[i];
    }
    list->mark_count = kept;
}

/* All folded but for the area of the alarm that somebody is at (mirror NULL: of none). */
static void list_group_for_flood(struct alarm_list *list, const struct mirror *mirror)
{
    const struct mirror_alarm *alarm =
        mirror && list->touched && list->has_cursor ? mirror_find_alarm(mirror, list->cursor_id) : NULL;
    alarm_list_group(list, true);
    alarm_groups_fold_all(&list->groups, true);
    if (alarm)
        alarm_groups_unfold(&list->groups, alarm->record.area);
    list->grouped_for_flood = true;
}

/* A flood that begins folds the alarms together, but for the area in which somebody works; one that ends takes that
 * back, unless he has chosen otherwise meanwhile. */
static void list_follow_flood(struct alarm_list *list, const struct mirror *mirror)
{
    bool flood = mirror->status.alarm_flood_since_us != 0;
    if (flood == list->flood || list->withheld || !mirror->attached)
        return;
    list->flood = flood;
    if (flood && *list->filter)
        list->flat_for_filter = !list->grouped;
    else if (flood && !list->grouped)
        list_group_for_flood(list, mirror);
    else if (!flood && list->grouped_for_flood)
        alarm_list_group(list, false);
}

bool alarm_list_update(struct alarm_list *list, const struct mirror *mirror, int64_t mono_us)
{
    list_follow_flood(list, mirror);
    if (list->shown_snapshot != mirror->snapshot) { /* another recorder may number its alarms otherwise */
        list->shown_count = list->mark_count = 0;
        list->shown_snapshot = mirror->snapshot;
        list->stale = true;
    }
    if (!list->stale && list->alarms_changes == mirror->alarms_changes)
        return false;
    list->stale = false;
    list->alarms_changes = mirror->alarms_changes;
    list_choose(list, mirror);
    list_check_marks(list);
    list_find_cursor(list, mirror, mono_us);
    return true;
}

void alarm_list_set_filter(struct alarm_list *list, const char *filter)
{
    snprintf(list->filter, sizeof list->filter, "%s", filter);
    list->stale = true;
    if (*filter && list->grouped_for_flood) { /* what somebody looks for is not folded away */
        alarm_list_group(list, false);
        list->flat_for_filter = true;
    } else if (!*filter && list->flat_for_filter) {
        list->flat_for_filter = false;
        if (list->flood)
            list_group_for_flood(list, NULL);
    }
}

/* ---- groups ---- */

void alarm_list_fold(struct alarm_list *list)
{
    struct alarm_group *group = alarm_list_current_group(list);
    if (!group)
        return;
    group->folded = !group->folded;
    list->stale = true;
}

void alarm_list_fold_all(struct alarm_list *list, bool folded)
{
    alarm_groups_fold_all(&list->groups, folded);
    list->stale = true;
}

void alarm_list_group(struct alarm_list *list, bool grouped)
{
    list->grouped = grouped;
    list->grouped_for_flood = list->flat_for_filter = false;
    alarm_groups_fold_all(&list->groups, false);
    list->stale = true;
}

/* ---- the cursor ---- */

struct mirror_alarm *alarm_list_current(const struct alarm_list *list, const struct mirror *mirror)
{
    const struct alarm_row *row = list_cursor_row(list);
    return row && row->alarm ? mirror_find_alarm(mirror, row->id) : NULL;
}

struct alarm_group *alarm_list_current_group(const struct alarm_list *list)
{
    const struct alarm_row *row = list_cursor_row(list);
    return row && !row->alarm ? row->group : NULL;
}

void alarm_list_go(struct alarm_list *list, size_t row)
{
    list->cursor = row < list->row_count ? row : list->row_count ? list->row_count - 1 : 0;
    list->from_first = list->cursor == 0;
    list->touched = true;
    list->cursor_fell_us = 0;
    list_remember_cursor(list);
}

void alarm_list_move(struct alarm_list *list, long step)
{
    alarm_list_go(list, rows_step(list->cursor, step, list->row_count));
}

void alarm_list_scroll(struct alarm_list *list, size_t rows)
{
    list->top = rows_scroll(list->top, list->cursor, list->row_count, rows);
}

/* ---- what is on the screen ---- */

static struct alarm_shown list_shown_of(const struct alarm_row *row, int64_t mono_us)
{
    return (struct alarm_shown){.id = row->id,
                                .priority = row->priority,
                                .state = row->alarm->record.state,
                                .activated_us = row->activated_us,
                                .since_us = mono_us};
}

static const struct alarm_shown *list_find_shown(const struct alarm_shown *shown, size_t count, uint32_t id)
{
    for (size_t i = 0; i < count; i++)
        if (shown[i].id == id)
            return &shown[i];
    return NULL;
}

void alarm_list_show(struct alarm_list *list, size_t rows, int64_t mono_us)
{
    struct alarm_shown *now = mem_new(ALARM_LIST_SHOWN_MAX, sizeof *now);
    size_t count = 0;
    for (size_t i = list->top; i < list->row_count && i < list->top + rows && count < ALARM_LIST_SHOWN_MAX;
         i++) {
        if (!list->rows[i].alarm)
            continue;
        struct alarm_shown shown = list_shown_of(&list->rows[i], mono_us);
        const struct alarm_shown *before = list_find_shown(list->shown, list->shown_count, shown.id);
        if (before && before->activated_us == shown.activated_us && before->priority == shown.priority)
            shown.since_us = before->since_us;
        now[count++] = shown;
    }
    free(list->shown);
    list->shown = now;
    list->shown_count = count;
}

/* ---- marks ---- */

bool alarm_list_is_marked(const struct alarm_list *list, uint32_t id)
{
    return list_find_shown(list->marks, list->mark_count, id) != NULL;
}

bool alarm_list_mark(struct alarm_list *list)
{
    const struct alarm_shown *shown =
        list->has_cursor ? list_find_shown(list->shown, list->shown_count, list->cursor_id) : NULL;
    if (!shown)
        return false;
    for (size_t i = 0; i < list->mark_count; i++)
        if (list->marks[i].id == shown->id) {
            list->marks[i] = list->marks[--list->mark_count];
            return true;
        }
    if (list->mark_count >= ALARM_LIST_MARKS_MAX)
        return false;
    list->marks = mem_grow(list->marks, &list->mark_capacity, list->mark_count + 1, sizeof *list->marks);
    list->marks[list->mark_count++] = *shown;
    return true;
}

void alarm_list_unmark_all(struct alarm_list *list)
{
    list->mark_count = 0;
}

void alarm_list_unmark_picked(struct alarm_list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->mark_count; i++)
        if (!list->marks[i].picked)
            list->marks[kept++] = list->marks[i];
    list->mark_count = kept;
}

/* ---- what a request is about ---- */

static bool list_can_acknowledge(uint32_t state, bool one_by_one)
{
    return alarm_state_waits((enum alarm_state)state) || (one_by_one && state == ALARM_LATCHED_ACKNOWLEDGED);
}

/* Why the alarm, as it was shown, is not meant by the key; NULL: it is. */
static const char *list_pick_fault(const struct wire_alarm *now, const struct alarm_shown *shown,
                                   enum alarm_pick_for purpose, bool one_by_one, int64_t mono_us)
{
    if (now->activated_us != shown->activated_us)
        return "has come again since it was shown: look at it first";
    if (now->priority > shown->priority)
        return "is graver than it was shown: look at it first";
    if (mono_us - shown->since_us < ALARM_LIST_SEEN_US)
        return "has only just come into sight: look, then press again";
    if (purpose == ALARM_PICK_ACKNOWLEDGE && (!list_can_acknowledge(now->state, one_by_one) ||
                                              alarm_state_waits((enum alarm_state)now->state) !=
                                                  alarm_state_waits((enum alarm_state)shown->state)))
        return "waits for no acknowledgement";
    if (purpose == ALARM_PICK_UNSHELVE && !now->shelf_until_us)
        return "is not shelved";
    if (purpose == ALARM_PICK_IN_SERVICE && !(now->withheld & ALARM_BY_OPERATOR))
        return "is not shelved, and no operator has taken it out of service";
    return NULL;
}

static void list_leave_out(struct alarm_pick *pick, const char *address, const char *why)
{
    if (!pick->left_out++)
        snprintf(pick->why, sizeof pick->why, "%.300s%s%s", address, *address ? " " : "", why);
}

/* True when it is given out. */
static bool list_pick_one(struct alarm_pick *pick, const struct mirror *mirror,
                          const struct alarm_shown *shown, enum alarm_pick_for purpose, bool one_by_one,
                          int64_t mono_us, struct buf *lines)
{
    const struct mirror_alarm *alarm = mirror_find_alarm(mirror, shown->id);
    if (!alarm) {
        if (one_by_one)
            list_leave_out(pick, "", "that alarm has gone back to normal");
        return false;
    }
    const struct wire_alarm *now = &alarm->record;
    if (!one_by_one && purpose == ALARM_PICK_ACKNOWLEDGE && !list_can_acknowledge(shown->state, false))
        return false; /* of a page, those that nobody has acknowledged are meant */
    const char *fault = list_pick_fault(now, shown, purpose, one_by_one, mono_us);
    if (!fault && lines->length + strlen(now->address) + 30 > ALARM_LIST_LINES_MAX)
        fault = "and those behind it are too many for one request: press again";
    if (fault) {
        list_leave_out(pick, now->address, fault);
        return false;
    }
    buf_append_text(lines, lines->length ? "\n" : "");
    buf_append_text(lines, now->address);
    if (purpose == ALARM_PICK_ACKNOWLEDGE)
        buf_printf(lines, "\t%" PRId64 "%s", shown->activated_us,
                   shown->state == ALARM_LATCHED_ACKNOWLEDGED ? "\treset" : "");
    pick->count++;
    return true;
}

static void list_pick_cursor(const struct alarm_list *list, struct alarm_pick *pick,
                             const struct mirror *mirror, enum alarm_pick_for purpose, int64_t mono_us,
                             struct buf *lines)
{
    const struct alarm_shown *shown =
        list->has_cursor ? list_find_shown(list->shown, list->shown_count, list->cursor_id) : NULL;
    if (!list->row_count)
        list_leave_out(pick, "", "there is no alarm to do that with");
    else if (alarm_list_current_group(list))
        list_leave_out(pick, "", "this is an area: Enter unfolds it, and A means all alarms in sight");
    else if (!shown)
        list_leave_out(pick, "",
                       "the alarm under the cursor is not on the screen yet: look, then press again");
    else if (list->cursor_fell_us && mono_us - list->cursor_fell_us < ALARM_LIST_SEEN_US)
        list_leave_out(pick, "", "the cursor has only just come to this alarm: look, then press again");
    else
        list_pick_one(pick, mirror, shown, purpose, true, mono_us, lines);
}

struct alarm_pick alarm_list_pick(struct alarm_list *list, const struct mirror *mirror,
                                  enum alarm_pick_from from, enum alarm_pick_for purpose, int64_t mono_us,
                                  struct buf *lines)
{
    struct alarm_pick pick = {.count = 0};
    buf_clear(lines);
    for (size_t i = 0; i < list->mark_count; i++)
        list->marks[i].picked = false;
    if (list->shown_snapshot != mirror->snapshot)
        list_leave_out(&pick, "", "the recorder has been away: look, then press again");
    else if (from == ALARM_PICK_PAGE)
        for (size_t i = 0; i < list->shown_count; i++)
            list_pick_one(&pick, mirror, &list->shown[i], purpose, false, mono_us, lines);
    else if (list->mark_count)
        for (size_t i = 0; i < list->mark_count; i++)
            list->marks[i].picked =
                list_pick_one(&pick, mirror, &list->marks[i], purpose, true, mono_us, lines);
    else
        list_pick_cursor(list, &pick, mirror, purpose, mono_us, lines);
    return pick;
}
