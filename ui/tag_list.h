/* The rows of the Tags screen: which tags are shown, in which order, in which groups, and where the cursor
 * is. Pure: knows the mirror's tags, not how they are drawn.
 *
 * What must stay true: the cursor stays on its tag while rows move, and that row stays where it is on the
 * screen; but until the operator has touched anything it stays on the first row, whatever tags arrive, and when
 * it was put on the first row, that is where the screen begins as long as it has room for the cursor, too: what
 * comes before it is not out of sight. Sorting by something that lives happens once a second at most, and not within TAG_LIST_REST_US of a
 * key: nothing moves under a hand.
 *
 * Pointers to tags are those of the mirror:
 * call tag_list_update() after the mirror changed and before anything else. */
#ifndef UI_TAG_LIST_H
#define UI_TAG_LIST_H

#include "base/map.h"
#include "ui/mirror.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAG_LIST_SORT_US    INT64_C(1000000)
#define TAG_LIST_REST_US    INT64_C(3000000)
#define TAG_LIST_FILTER_MAX 256 /* bytes */
#define TAG_LIST_DEPTH_MAX  16  /* levels of groups; deeper ones fall together */

enum tag_list_column {
    TAG_COLUMN_NAME,
    TAG_COLUMN_VALUE,
    TAG_COLUMN_TREND, /* a picture: nothing to sort by */
    TAG_COLUMN_RANGE, /* place in the range */
    TAG_COLUMN_AGE,
    TAG_COLUMN_QUALITY, /* the worst first */
    TAG_COLUMN_DESCRIPTION,
    TAG_COLUMN_COUNT
};

struct tag_group {
    char *path;       /* "plant/boiler"; owned */
    const char *name; /* its last level */
    int depth;
    bool folded;
    size_t tags;                     /* below it that pass the filter */
    size_t not_good;                 /* of them, when it was last counted */
    struct mirror_standing standing; /* of all of them, likewise */
};

struct tag_row {
    struct mirror_tag *tag;  /* NULL: the row of a group */
    struct tag_group *group; /* that it is, or belongs to; NULL when not grouped */
    int depth;
};

struct tag_list {
    enum tag_list_column sort;
    bool reverse, grouped;
    char filter[TAG_LIST_FILTER_MAX];

    struct tag_row *rows;
    size_t row_count, row_capacity;
    size_t tag_count; /* that pass the filter, folded ones too */
    size_t all_count; /* tags of the plant */
    size_t cursor;    /* row; 0 when there is none */
    size_t top;       /* first row on the screen */

    struct map groups;   /* path -> struct tag_group; kept while the console runs, so that folds are */
    uint32_t cursor_tag; /* what the cursor is on, 0: a group's row */
    struct tag_group *cursor_group;
    struct mirror_tag **shown; /* that pass the filter, in order */
    size_t shown_capacity;
    uint64_t tags_changes;   /* of the mirror, at the last update */
    uint64_t alarms_changes; /* likewise, plus 1; 0: never looked */
    bool stale_filter, stale_order, stale_rows;
    bool touched;                  /* by the operator: the cursor has a tag of its own from then on */
    bool from_first;               /* it was on the first row when it was last moved */
    int64_t sorted_us, touched_us; /* on the monotonic clock */
};

/* An empty list sorted by name. Release with tag_list_free(). */
void tag_list_init(struct tag_list *list);
void tag_list_free(struct tag_list *list);

/* Brings the rows up to date. Returns true when rows came, went or moved. */
bool tag_list_update(struct tag_list *list, const struct mirror *mirror, int64_t wall_us, int64_t mono_us);

/* Words that a tag must all have in its name, description, area or topic (case does not matter).
 * "quality:WORD" wants a quality (good, retained, uncertain, bad, or the word of the table), "area:WORD" an area. */
void tag_list_set_filter(struct tag_list *list, const char *filter);
bool tag_list_matches(const struct mirror_tag *tag, const char *filter);

/* True when the filter asks for a quality that no tag can ever have. */
bool tag_list_asks_unknown_quality(const char *filter);

/* True for a column that rows can be sorted by. The next such column, round the end; `step` 1 or -1. */
bool tag_list_can_sort(enum tag_list_column column);
enum tag_list_column tag_list_next_sort(enum tag_list_column column, int step);

/* How rows are put in order from the next tag_list_update() on; the cursor stays on its tag. */
void tag_list_set_sort(struct tag_list *list, enum tag_list_column column);
void tag_list_set_reverse(struct tag_list *list, bool reverse);
void tag_list_set_grouped(struct tag_list *list, bool grouped);

/* Folds or unfolds a group; all of them. */
void tag_list_fold(struct tag_list *list, struct tag_group *group, bool folded);
void tag_list_fold_all(struct tag_list *list, bool folded);

/* The operator did something: from now on the cursor sticks to what it is on. */
void tag_list_touch(struct tag_list *list);

/* The row under the cursor; NULL when there are none. */
const struct tag_row *tag_list_current(const struct tag_list *list);

/* Moves the cursor by `step` rows, or to a row, and remembers what it is on. */
void tag_list_move(struct tag_list *list, long step, int64_t mono_us);
void tag_list_go(struct tag_list *list, size_t row, int64_t mono_us);

/* Puts the cursor on a tag, unfolding its groups; false when the filter hides it. */
bool tag_list_go_tag(struct tag_list *list, uint32_t id, int64_t mono_us);

/* Puts the cursor on the row of its group. */
void tag_list_go_group(struct tag_list *list, int64_t mono_us);

/* Makes the cursor visible on a screen of `rows` rows: sets `top`. */
void tag_list_scroll(struct tag_list *list, size_t rows);

/* The tag `step` places after this one in the order of the list, or 0 at an end. */
uint32_t tag_list_neighbour(const struct tag_list *list, uint32_t id, int step);

/* Place of the value in its range, 0 to 1 (beyond when outside); NaN without range or number. */
double tag_list_place(const struct mirror_tag *tag);

#endif
