#include "ui/tag_list_order.h"

#include "base/mem.h"
#include "plant/quality.h"
#include "ui/filter_words.h"
#include "ui/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void tag_list_init(struct tag_list *list)
{
    *list = (struct tag_list){.stale_filter = true};
    map_init(&list->groups);
}

void tag_list_free(struct tag_list *list)
{
    size_t position = 0;
    for (struct tag_group *group; (group = map_next(&list->groups, &position));) {
        free(group->path);
        free(group);
    }
    map_free(&list->groups);
    free(list->rows);
    free(list->shown);
}

/* ---- filter ---- */

static const char QUALITY[] = "quality:";

static const char *const QUALITY_CLASSES[] = {
    [MIRROR_BAD] = "bad",   [MIRROR_UNCERTAIN] = "uncertain", [MIRROR_RETAINED] = "retained",
    [MIRROR_GOOD] = "good", [MIRROR_NO_VALUE] = "good",
};

static bool quality_matches(const struct mirror_tag *tag, const char *word, size_t length)
{
    const char *class = QUALITY_CLASSES[mirror_tag_trust(tag)];
    return strncasecmp(class, word, length) == 0 || strncasecmp(mirror_tag_word(tag), word, length) == 0;
}

static bool is_known_quality(const char *word, size_t length)
{
    for (size_t i = 0; i < sizeof QUALITY_CLASSES / sizeof *QUALITY_CLASSES; i++)
        if (strncasecmp(QUALITY_CLASSES[i], word, length) == 0)
            return true;
    const char *known;
    for (size_t i = 0; (known = quality_word_at(i)); i++)
        if (strncasecmp(known, word, length) == 0)
            return true;
    return strncasecmp(MIRROR_WORD_LOST, word, length) == 0;
}

bool tag_list_asks_unknown_quality(const char *filter)
{
    const char *word;
    for (size_t length; (length = filter_words_next(&filter, &word));) {
        size_t prefix = filter_words_prefix(word, length, QUALITY);
        if (prefix && !is_known_quality(word + prefix, length - prefix))
            return true;
    }
    return false;
}

static bool word_matches(const struct mirror_tag *tag, const char *word, size_t length)
{
    size_t quality = filter_words_prefix(word, length, QUALITY);
    size_t area = filter_words_prefix(word, length, "area:");
    if (quality)
        return quality_matches(tag, word + quality, length - quality);
    if (area)
        return filter_words_contains(tag->area, word + area, length - area);
    return filter_words_contains(tag->name, word, length) ||
           filter_words_contains(tag->description, word, length) ||
           filter_words_contains(tag->area, word, length) || filter_words_contains(tag->topic, word, length);
}

bool tag_list_matches(const struct mirror_tag *tag, const char *filter)
{
    const char *word;
    for (size_t length; (length = filter_words_next(&filter, &word));)
        if (!word_matches(tag, word, length))
            return false;
    return true;
}

/* A filter that looks at what lives has to be asked again and again. */
static bool filter_lives(const struct tag_list *list)
{
    return filter_words_contains(list->filter, QUALITY, strlen(QUALITY));
}

void tag_list_set_filter(struct tag_list *list, const char *filter)
{
    snprintf(list->filter, sizeof list->filter, "%s", filter);
    list->stale_filter = true;
}

/* ---- order ---- */

static bool sort_lives(const struct tag_list *list)
{
    return list->sort != TAG_COLUMN_NAME && list->sort != TAG_COLUMN_DESCRIPTION;
}

static void choose_tags(struct tag_list *list, const struct mirror *mirror)
{
    list->shown = mem_grow(list->shown, &list->shown_capacity, mirror->tag_count, sizeof *list->shown);
    list->tag_count = 0;
    list->all_count = mirror->tag_count;
    for (size_t i = 0; i < mirror->tag_count; i++)
        if (tag_list_matches(mirror->tags[i], list->filter))
            list->shown[list->tag_count++] = mirror->tags[i];
}

bool tag_list_can_sort(enum tag_list_column column)
{
    return column < TAG_COLUMN_COUNT && column != TAG_COLUMN_TREND;
}

enum tag_list_column tag_list_next_sort(enum tag_list_column column, int step)
{
    int next = (int)column;
    do
        next = (next + step + TAG_COLUMN_COUNT) % TAG_COLUMN_COUNT;
    while (!tag_list_can_sort((enum tag_list_column)next));
    return (enum tag_list_column)next;
}

void tag_list_set_sort(struct tag_list *list, enum tag_list_column column)
{
    list->sort = column;
    list->stale_order = true;
}

void tag_list_set_reverse(struct tag_list *list, bool reverse)
{
    list->reverse = reverse;
    list->stale_order = true;
}

/* ---- groups and rows ---- */

static struct tag_group *group_of(struct tag_list *list, const char *path, size_t length, int depth)
{
    struct tag_group *group = map_get(&list->groups, path, length);
    if (group)
        return group;
    group = mem_new(1, sizeof *group);
    group->path = mem_copy_bytes(path, length);
    const char *slash = strrchr(group->path, '/');
    group->name = slash && slash[1] ? slash + 1 : group->path;
    group->depth = depth;
    map_put(&list->groups, group->path, length, group);
    return group;
}

/* The groups of an area from the root on: "a/b" gives "a" and "a/b". Returns how many. */
static int groups_of_area(struct tag_list *list, const char *area, struct tag_group *path[TAG_LIST_DEPTH_MAX])
{
    int depth = 0;
    for (size_t i = 0; depth < TAG_LIST_DEPTH_MAX; i++) {
        if (area[i] != '\0' && (area[i] != '/' || i == 0))
            continue;
        path[depth] = group_of(list, area, i, depth);
        depth++;
        if (area[i] == '\0')
            break;
    }
    return depth;
}

static void add_row(struct tag_list *list, struct tag_row row)
{
    list->rows = mem_grow(list->rows, &list->row_capacity, list->row_count + 1, sizeof *list->rows);
    list->rows[list->row_count++] = row;
}

static void count_groups(struct tag_list *list)
{
    size_t position = 0;
    for (struct tag_group *group; (group = map_next(&list->groups, &position));)
        *group = (struct tag_group){
            .path = group->path, .name = group->name, .depth = group->depth, .folded = group->folded};
    for (size_t i = 0; i < list->tag_count; i++) {
        const struct mirror_tag *tag = list->shown[i];
        struct tag_group *path[TAG_LIST_DEPTH_MAX];
        int depth = groups_of_area(list, tag->area, path);
        bool good = mirror_tag_trust(tag) >= MIRROR_RETAINED;
        for (int j = 0; j < depth; j++) {
            path[j]->tags++;
            path[j]->not_good += !good;
            mirror_add_standing(&path[j]->standing, &tag->standing);
        }
    }
}

/* Tags come in the order of their areas: a group's row is due where the path changes. */
static void make_grouped_rows(struct tag_list *list)
{
    struct tag_group *before[TAG_LIST_DEPTH_MAX] = {0};
    for (size_t i = 0; i < list->tag_count; i++) {
        struct tag_group *path[TAG_LIST_DEPTH_MAX] = {0};
        int depth = groups_of_area(list, list->shown[i]->area, path);
        bool hidden = false, same = true;
        for (int j = 0; j < depth; j++) {
            same = same && before[j] == path[j];
            if (!same && !hidden)
                add_row(list, (struct tag_row){.group = path[j], .depth = j});
            hidden = hidden || path[j]->folded;
        }
        memcpy(before, path, sizeof before);
        if (!hidden)
            add_row(list, (struct tag_row){.tag = list->shown[i], .group = path[depth - 1], .depth = depth});
    }
}

static void make_rows(struct tag_list *list)
{
    list->row_count = 0;
    if (list->grouped) {
        count_groups(list);
        make_grouped_rows(list);
        return;
    }
    for (size_t i = 0; i < list->tag_count; i++)
        add_row(list, (struct tag_row){.tag = list->shown[i]});
}

static bool is_under_cursor(const struct tag_list *list, const struct tag_row *row)
{
    return row->tag ? row->tag->id == list->cursor_tag
                    : !list->cursor_tag && row->group == list->cursor_group;
}

static void remember_cursor(struct tag_list *list)
{
    const struct tag_row *row = tag_list_current(list);
    list->cursor_tag = row && row->tag ? row->tag->id : 0;
    list->cursor_group = row ? row->group : NULL;
}

/* The outermost folded group that hides the cursor's tag; NULL when none does. */
static struct tag_group *hiding_group(struct tag_list *list)
{
    for (size_t i = 0; list->grouped && i < list->tag_count; i++) {
        if (list->shown[i]->id != list->cursor_tag)
            continue;
        struct tag_group *path[TAG_LIST_DEPTH_MAX];
        int depth = groups_of_area(list, list->shown[i]->area, path);
        for (int j = 0; j < depth; j++)
            if (path[j]->folded)
                return path[j];
        break;
    }
    return NULL;
}

/* Puts the cursor back on what it was on, at the same height of the screen. What a fold hides is found by its
 * group, what the filter hides is remembered until it shows again. */
static void find_cursor(struct tag_list *list)
{
    if (!list->touched) {
        list->cursor = list->top = 0;
        list->from_first = true;
        remember_cursor(list);
        return;
    }
    size_t height = list->from_first ? SIZE_MAX : list->cursor >= list->top ? list->cursor - list->top : 0;
    size_t i = 0;
    while (i < list->row_count && !is_under_cursor(list, &list->rows[i]))
        i++;
    if (i == list->row_count) {
        const struct tag_group *group = hiding_group(list);
        for (i = 0; i < list->row_count; i++)
            if (!list->rows[i].tag && list->rows[i].group == group)
                break;
    }
    if (i == list->row_count)
        i = list->cursor < list->row_count ? list->cursor : list->row_count ? list->row_count - 1 : 0;
    list->cursor = i;
    list->top = i > height ? i - height : 0;
    if (!list->cursor_tag && !list->cursor_group)
        remember_cursor(list);
}

bool tag_list_update(struct tag_list *list, const struct mirror *mirror, int64_t wall_us, int64_t mono_us)
{
    bool other_tags = list->tags_changes != mirror->tags_changes || list->all_count != mirror->tag_count;
    bool due =
        mono_us - list->sorted_us >= TAG_LIST_SORT_US && mono_us - list->touched_us >= TAG_LIST_REST_US;
    bool marks = other_tags || list->alarms_changes != mirror->alarms_changes + 1;
    bool choose = list->stale_filter || other_tags || (due && filter_lives(list));
    bool order = choose || list->stale_order || (due && sort_lives(list));
    if (choose) {
        choose_tags(list, mirror);
        list->tags_changes = mirror->tags_changes;
    }
    if (marks)
        mirror_mark_alarms(mirror);
    list->alarms_changes = mirror->alarms_changes + 1;
    bool moved = order && tag_list_order(list, wall_us);
    if (order)
        list->sorted_us = mono_us;
    bool rows = choose || moved || list->stale_rows || list->stale_order;
    list->stale_filter = list->stale_order = list->stale_rows = false;
    if (rows) {
        make_rows(list);
        find_cursor(list);
    } else if (list->grouped && (due || marks)) {
        count_groups(list);
    }
    return rows;
}

void tag_list_set_grouped(struct tag_list *list, bool grouped)
{
    list->grouped = grouped;
    list->stale_order = true;
}

void tag_list_fold(struct tag_list *list, struct tag_group *group, bool folded)
{
    group->folded = folded;
    list->stale_rows = true;
}

void tag_list_fold_all(struct tag_list *list, bool folded)
{
    size_t position = 0;
    for (struct tag_group *group; (group = map_next(&list->groups, &position));)
        group->folded = folded;
    list->stale_rows = true;
}

/* ---- the cursor ---- */

const struct tag_row *tag_list_current(const struct tag_list *list)
{
    return list->cursor < list->row_count ? &list->rows[list->cursor] : NULL;
}

void tag_list_go(struct tag_list *list, size_t row, int64_t mono_us)
{
    list->cursor = row < list->row_count ? row : list->row_count ? list->row_count - 1 : 0;
    list->from_first = list->cursor == 0;
    list->touched_us = mono_us;
    list->touched = true;
    remember_cursor(list);
}

void tag_list_touch(struct tag_list *list)
{
    list->touched = true;
}

void tag_list_move(struct tag_list *list, long step, int64_t mono_us)
{
    tag_list_go(list, rows_step(list->cursor, step, list->row_count), mono_us);
}

bool tag_list_go_tag(struct tag_list *list, uint32_t id, int64_t mono_us)
{
    for (size_t i = 0; i < list->tag_count; i++) {
        if (list->shown[i]->id != id)
            continue;
        struct tag_group *path[TAG_LIST_DEPTH_MAX];
        int depth = list->grouped ? groups_of_area(list, list->shown[i]->area, path) : 0;
        for (int j = 0; j < depth; j++)
            path[j]->folded = false;
        make_rows(list);
        for (size_t row = 0; row < list->row_count; row++)
            if (list->rows[row].tag && list->rows[row].tag->id == id)
                tag_list_go(list, row, mono_us);
        return true;
    }
    return false;
}

void tag_list_go_group(struct tag_list *list, int64_t mono_us)
{
    const struct tag_row *row = tag_list_current(list);
    if (!row || !row->group)
        return;
    for (size_t i = list->cursor; i-- > 0;)
        if (!list->rows[i].tag && list->rows[i].depth < row->depth) {
            tag_list_go(list, i, mono_us);
            return;
        }
}

void tag_list_scroll(struct tag_list *list, size_t rows)
{
    if (rows == 0)
        return;
    list->top = rows_scroll(list->top, list->cursor, list->row_count, rows);
    /* The heading of a group comes along with its first row. */
    while (list->top > 0 && !list->rows[list->top - 1].tag && list->rows[list->top].tag &&
           list->cursor + 1 < list->top + rows)
        list->top--;
}

uint32_t tag_list_neighbour(const struct tag_list *list, uint32_t id, int step)
{
    for (size_t i = 0; i < list->tag_count; i++) {
        if (list->shown[i]->id != id)
            continue;
        size_t next = i + (size_t)step; /* wraps round to a huge number below 0 */
        return next < list->tag_count ? list->shown[next]->id : 0;
    }
    return 0;
}
