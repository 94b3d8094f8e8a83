#include "ui/alarm_groups.h"

#include "base/mem.h"
#include "plant/alarm_state.h"

#include <stdlib.h>
#include <string.h>

static void groups_free_one(struct alarm_group *group)
{
    free(group->area);
    free(group);
}

void alarm_groups_free(struct alarm_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++)
        groups_free_one(groups->list[i]);
    free(groups->list);
    map_free(&groups->by_area);
    *groups = (struct alarm_groups){0};
}

static struct alarm_group *groups_of(struct alarm_groups *groups, const char *area)
{
    struct alarm_group *group = map_get_text(&groups->by_area, area);
    if (group)
        return group;
    group = mem_new(1, sizeof *group);
    group->area = mem_copy_text(area);
    group->folded = groups->folds;
    map_put_text(&groups->by_area, group->area, group);
    groups->list = mem_grow(groups->list, &groups->capacity, groups->count + 1, sizeof(struct alarm_group *));
    groups->list[groups->count++] = group;
    return group;
}

/* ---- counting ---- */

static void groups_clear_counts(struct alarm_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++) {
        struct alarm_group *group = groups->list[i];
        *group = (struct alarm_group){.area = group->area, .folded = group->folded};
    }
}

static void groups_count_one(struct alarm_group *group, const struct mirror_alarm *alarm)
{
    const struct wire_alarm *record = &alarm->record;
    bool waits = alarm_state_waits((enum alarm_state)record->state);
    group->count++;
    group->waiting += waits;
    group->standing_of[record->priority]++;
    group->waiting_of[record->priority] += waits;
    if (record->first_out && (!group->first || record->activated_us < group->first->record.activated_us))
        group->first = alarm;
}

static void groups_forget_empty(struct alarm_groups *groups)
{
    size_t kept = 0;
    for (size_t i = 0; i < groups->count; i++) {
        struct alarm_group *group = groups->list[i];
        if (group->count) {
            groups->list[kept++] = group;
            continue;
        }
        map_remove(&groups->by_area, group->area, strlen(group->area));
        groups_free_one(group);
    }
    groups->count = kept;
}

/* ---- order ---- */

static int groups_gravest(const size_t *counts)
{
    int priority = PRIORITY_CRITICAL;
    while (priority >= 0 && !counts[priority])
        priority--;
    return priority;
}

static int groups_compare(const void *left, const void *right)
{
    const struct alarm_group *a = *(struct alarm_group *const *)left,
                             *b = *(struct alarm_group *const *)right;
    int waiting = groups_gravest(b->waiting_of) - groups_gravest(a->waiting_of);
    int standing = groups_gravest(b->standing_of) - groups_gravest(a->standing_of);
    if (waiting || standing)
        return waiting ? waiting : standing;
    if (a->waiting != b->waiting)
        return a->waiting > b->waiting ? -1 : 1;
    return strcmp(a->area, b->area);
}

/* ---- rows ---- */

size_t alarm_groups_arrange(struct alarm_groups *groups, const struct alarm_row *from, size_t count,
                            struct alarm_row *to)
{
    size_t place = 0;
    groups_clear_counts(groups);
    for (size_t i = 0; i < count; i++)
        groups_count_one(groups_of(groups, from[i].alarm->record.area), from[i].alarm);
    groups_forget_empty(groups);
    if (groups->count)
        qsort(groups->list, groups->count, sizeof(struct alarm_group *), groups_compare);
    for (size_t i = 0; i < groups->count; i++) {
        struct alarm_group *group = groups->list[i];
        to[place] = (struct alarm_row){.group = group};
        group->next = place + 1;
        place += 1 + (group->folded ? 0 : group->count);
    }
    for (size_t i = 0; i < count; i++) {
        struct alarm_group *group = groups_of(groups, from[i].alarm->record.area);
        if (group->folded)
            continue;
        to[group->next] = from[i];
        to[group->next++].group = group;
    }
    return place;
}

void alarm_groups_unfold(struct alarm_groups *groups, const char *area)
{
    groups_of(groups, area)->folded = false;
}

void alarm_groups_fold_all(struct alarm_groups *groups, bool folded)
{
    groups->folds = folded;
    for (size_t i = 0; i < groups->count; i++)
        groups->list[i]->folded = folded;
}
