/* Alarms by area, each area with a row of its own that can be folded: so that a flood can be taken in. Pure.
 *
 * Areas come in the order of their gravest alarm that waits to be acknowledged, then of the gravest at all, then by
 * how many wait, then by name; the alarms of one area as they were sorted. */
#ifndef UI_ALARM_GROUPS_H
#define UI_ALARM_GROUPS_H

#include "base/map.h"
#include "ui/mirror.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct alarm_group {
    char *area;
    bool folded;
    size_t count, waiting; /* its alarms, and those that nobody has acknowledged */
    size_t standing_of[PRIORITY_CRITICAL + 1], waiting_of[PRIORITY_CRITICAL + 1]; /* by priority */
    const struct mirror_alarm
        *first;  /* the earliest of those that came first (alarm.first_out); NULL: none */
    size_t next; /* where its next row goes */
};

/* A row of the list. */
struct alarm_row {
    /* NULL: the row of the group. Its record may be read only right after alarm_list_update(): the mirror's next
     * news may free it. Later, as when a key comes, the alarm is found by `id`. */
    struct mirror_alarm *alarm;
    struct alarm_group *group; /* NULL: rows are not grouped */
    /* copies that sorting needs */
    uint32_t id, priority;
    int64_t activated_us;
};

/* Begins as zero bytes. Release with alarm_groups_free(). */
struct alarm_groups {
    struct alarm_group **list; /* those that have alarms, in their order */
    size_t count, capacity;
    struct map by_area;
    bool folds; /* how an area that is new begins */
};

/* Releases the areas; rows that refer to them must not be used any more. */
void alarm_groups_free(struct alarm_groups *groups);

/* Puts `count` rows, which are sorted, into `to` by area, behind the row of each; those of folded ones are left out.
 * `to` has room for twice as many. Returns how many there are. Areas without alarms are forgotten. */
size_t alarm_groups_arrange(struct alarm_groups *groups, const struct alarm_row *from, size_t count,
                            struct alarm_row *to);

/* The area that is to be unfolded whatever else: it is made when it is new. */
void alarm_groups_unfold(struct alarm_groups *groups, const char *area);

/* Folds or unfolds all, and those that are to come. */
void alarm_groups_fold_all(struct alarm_groups *groups, bool folded);

#endif
