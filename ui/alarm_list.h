/* The rows of the Alarms screen: which alarms are shown, in which order, where the cursor is, which are marked, and
 * what was on the screen when. Pure: knows the mirror's alarms, not how they are drawn; time is an argument.
 *
 * Order: the gravest priority first; within a priority the newest first, for what came last is what nobody has seen
 * yet, and in a flood it would be out of sight below; the state does not count, so that acknowledging moves nothing.
 *
 * What must stay true:
 *   The cursor stays on its alarm while others come and go, and that row stays where it is on the screen, also when its
 *   own priority moves it (as long as the list goes on below: no line stays empty for it). Until the operator has
 *   touched anything it stays on the first row.
 *   Nothing is done to an alarm that was not on the screen. What alarm_list_pick() gives out is what the last picture
 *   showed (alarm_list_show()), the way it was shown, and had been there for ALARM_LIST_SEEN_US: neither what the next
 *   picture would show, nor what has come under the hand in the moment of the key.
 *
 * During a flood the alarms are grouped by area, folded but for the one in which the operator works, and while he filters
 * not grouped; g groups them at
 * any time, or not. The row of an area is none that keys do anything to.
 *
 * Pointers to alarms are those of the mirror: call alarm_list_update() after the mirror changed and before anything
 * else. */
#ifndef UI_ALARM_LIST_H
#define UI_ALARM_LIST_H

#include "base/buf.h"
#include "ui/alarm_groups.h"
#include "ui/mirror.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALARM_LIST_FILTER_MAX 256             /* bytes */
#define ALARM_LIST_SEEN_US    INT64_C(500000) /* so long an alarm has to be in sight before a key means it */
#define ALARM_LIST_SHOWN_MAX  1000            /* rows of a picture that keys can mean; a terminal has fewer */
#define ALARM_LIST_MARKS_MAX  1000
#define ALARM_LIST_LINES_MAX                                                                                 \
    60000 /* bytes of one request: the recorder takes 64 KiB of a console at a time */

/* An alarm as the operator saw it. */
struct alarm_shown {
    uint32_t id, priority, state;
    int64_t activated_us;
    int64_t since_us; /* on the screen since then, monotonic */
    bool picked;      /* of a mark: the last pick gave it out */
};

struct alarm_list {
    bool withheld; /* lists those that are shelved, suppressed or out of service; else those that stand */
    char filter[ALARM_LIST_FILTER_MAX];

    struct alarm_row *rows;
    size_t row_count, row_capacity;
    size_t all_count;   /* alarms without the filter */
    size_t found_count; /* and with it */

    bool grouped;                  /* by area */
    bool flood, grouped_for_flood; /* there is one now; it is why */
    bool flat_for_filter;          /* they would be grouped for it, but for the filter */
    struct alarm_groups groups;
    size_t cursor; /* row; 0 when there is none */
    size_t top;    /* first row on the screen */

    uint32_t cursor_id; /* the alarm that the cursor is on; 0 with has_cursor false: none */
    bool has_cursor;
    char *cursor_area;      /* the group whose row the cursor is on, owned; NULL: on none */
    bool touched;           /* by the operator: the cursor has an alarm of its own from then on */
    bool from_first;        /* it was on the first row when it was last moved */
    int64_t cursor_fell_us; /* it came to its alarm without the operator, monotonic; 0: he put it there */

    struct alarm_shown *marks; /* as they were when they were marked */
    size_t mark_count, mark_capacity;
    struct alarm_shown *shown; /* what the last picture showed, from the top down */
    size_t shown_count;
    uint32_t shown_snapshot; /* of the mirror: numbers of another recorder mean other alarms */
    uint64_t alarms_changes; /* of the mirror, at the last update */
    bool stale;
};

/* An empty list. Release with alarm_list_free(). */
void alarm_list_init(struct alarm_list *list, bool withheld);
void alarm_list_free(struct alarm_list *list);

/* Brings the rows up to date; sorts once, however many alarms have changed. True when rows came, went or moved. */
bool alarm_list_update(struct alarm_list *list, const struct mirror *mirror, int64_t mono_us);

/* Words of ui/alarm_filter.h. What the next update hides loses its mark. */
void alarm_list_set_filter(struct alarm_list *list, const char *filter);

/* The alarm under the cursor; NULL when there is none, or it has gone since the last update. */
struct mirror_alarm *alarm_list_current(const struct alarm_list *list, const struct mirror *mirror);

/* The group whose row the cursor is on; NULL: on none. */
struct alarm_group *alarm_list_current_group(const struct alarm_list *list);

/* Folds or unfolds the group under the cursor, or all of them; groups by area, or not. They take effect with the next
 * update. */
void alarm_list_fold(struct alarm_list *list);
void alarm_list_fold_all(struct alarm_list *list, bool folded);
void alarm_list_group(struct alarm_list *list, bool grouped);

/* Moves the cursor by `step` rows, or to a row. */
void alarm_list_move(struct alarm_list *list, long step);
void alarm_list_go(struct alarm_list *list, size_t row);

/* Makes the cursor visible on a screen of `rows` rows: sets `top`. */
void alarm_list_scroll(struct alarm_list *list, size_t rows);

/* Notes that the rows from `top` on, `rows` of them, are on the screen now. To be called by whoever drew them. */
void alarm_list_show(struct alarm_list *list, size_t rows, int64_t mono_us);

/* ---- marks ---- */

/* Whether the alarm of that number (wire_alarm.alarm) is marked. */
bool alarm_list_is_marked(const struct alarm_list *list, uint32_t id);

/* Marks the alarm under the cursor as it was shown, or takes its mark away. False when it cannot be marked: it is not
 * on the screen, or there are too many. */
bool alarm_list_mark(struct alarm_list *list);
void alarm_list_unmark_all(struct alarm_list *list);

/* Takes the marks of those away that the last pick gave out; what it left out stays marked. */
void alarm_list_unmark_picked(struct alarm_list *list);

/* ---- what a request is about ---- */

enum alarm_pick_from {
    ALARM_PICK_CURSOR, /* the one under the cursor; the marked ones where there are any */
    ALARM_PICK_PAGE    /* all that the last picture showed */
};

enum alarm_pick_for {
    ALARM_PICK_ACKNOWLEDGE, /* those that wait for it, and under the cursor or marked those that have latched, too */
    ALARM_PICK_SHELVE, /* or to take out of service: any; the recorder says which cannot be */
    ALARM_PICK_UNSHELVE,
    ALARM_PICK_IN_SERVICE /* those that an operator has taken out of service */
};

struct alarm_pick {
    size_t count;    /* alarms in `lines` */
    size_t left_out; /* that are not, though they could have been meant */
    char why[512];   /* of the first that was left out, a sentence; "" when none was */
};

/* Puts the addresses of those that are meant into `lines` (emptied first), as the argument of a request
 * (wire/fields.h): for acknowledging, each with the occurrence that was shown. */
struct alarm_pick alarm_list_pick(struct alarm_list *list, const struct mirror *mirror,
                                  enum alarm_pick_from from, enum alarm_pick_for purpose, int64_t mono_us,
                                  struct buf *lines);

#endif
