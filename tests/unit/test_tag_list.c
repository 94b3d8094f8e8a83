/* The rows of the Tags screen: filter, order, groups, and a cursor that stays on its tag. */
#include "ui/tag_list.h"

#include "base/buf.h"
#include "plant/quality.h"
#include "unit.h"

#include <stdio.h>

#define NOW_US  INT64_C(1700000000000000)
#define LATE_US (100 * INT64_C(1000000))

static void put_frame(struct mirror *mirror, struct buf *bytes)
{
    size_t at = 0, used;
    struct wire_frame frame;
    while (wire_next_frame(bytes->data + at, bytes->length - at, &frame, &used) == WIRE_OK) {
        assert_true(mirror_apply(mirror, &frame, NOW_US));
        at += used;
    }
    assert_int_equal(at, bytes->length);
    buf_free(bytes);
}

static void welcome(struct mirror *mirror)
{
    struct buf bytes;
    mirror_init(mirror);
    buf_init(&bytes, 0);
    wire_put(&bytes, WIRE_WELCOME, &(struct wire_welcome){.version = WIRE_VERSION, .plant = "Test"});
    put_frame(mirror, &bytes);
}

static void add_tag(struct mirror *mirror, uint32_t id, const char *name, const char *area,
                    const char *description)
{
    struct buf bytes;
    char topic[128];
    snprintf(topic, sizeof topic, "plant/%s", name);
    buf_init(&bytes, 0);
    wire_put(&bytes, WIRE_TAG,
             &(struct wire_tag){.tag = id,
                                .name = name,
                                .topic = topic,
                                .area = area,
                                .description = description,
                                .kind = TAG_ANALOG,
                                .has_range = 1,
                                .low = 0,
                                .high = 100,
                                .decimals = 1});
    put_frame(mirror, &bytes);
}

static void set_flagged_value(struct mirror *mirror, uint32_t id, double value, uint32_t quality,
                              uint32_t flags)
{
    struct buf bytes;
    buf_init(&bytes, 0);
    wire_put(&bytes, WIRE_SAMPLE,
             &(struct wire_sample){.tag = id,
                                   .type = VALUE_NUMBER,
                                   .number = value,
                                   .quality = quality,
                                   .flags = flags,
                                   .ts_us = NOW_US - id * INT64_C(1000000),
                                   .arrival_us = NOW_US});
    put_frame(mirror, &bytes);
}

static void set_value(struct mirror *mirror, uint32_t id, double value, uint32_t quality)
{
    set_flagged_value(mirror, id, value, quality, 0);
}

static void end_snapshot(struct mirror *mirror)
{
    struct buf bytes;
    buf_init(&bytes, 0);
    wire_put(&bytes, WIRE_SNAPSHOT_END, &(struct wire_snapshot_end){.tags = (uint32_t)mirror->tag_count});
    put_frame(mirror, &bytes);
}

/* pump10, pump2, Pump1 of "intake/pumps"; tank of "intake"; flame of "boiler" */
static void make_plant(struct mirror *mirror)
{
    welcome(mirror);
    add_tag(mirror, 1, "pump10", "intake/pumps", "Tenth pump");
    add_tag(mirror, 2, "pump2", "intake/pumps", "Second pump");
    add_tag(mirror, 3, "Pump1", "intake/pumps", "First pump");
    add_tag(mirror, 4, "tank", "intake", "Raw water TANK");
    add_tag(mirror, 5, "flame", "boiler", "");
    set_value(mirror, 1, 30, QUALITY_GOOD);
    set_value(mirror, 2, 10, QUALITY_BAD);
    set_value(mirror, 3, 50, QUALITY_GOOD);
    set_value(mirror, 4, 20, QUALITY_UNCERTAIN_LAST_USABLE);
    set_value(mirror, 5, 40, QUALITY_GOOD);
    end_snapshot(mirror);
}

/* The rows as "pump2 pump10 ..."; a group as "[boiler]". */
static const char *rows_of(const struct tag_list *list)
{
    static char text[1024];
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < list->row_count; i++) {
        const struct tag_row *row = &list->rows[i];
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s%s%s%s", i ? " " : "", row->tag ? "" : "[",
                             row->tag ? row->tag->name : row->group->path, row->tag ? "" : "]");
    }
    return text;
}

static void update(struct tag_list *list, const struct mirror *mirror, int64_t mono_us)
{
    tag_list_update(list, mirror, NOW_US, mono_us);
}

static void test_orders(void **state)
{
    static const struct {
        enum tag_list_column column;
        bool reverse;
        const char *rows;
    } CASES[] = {
        {TAG_COLUMN_NAME, false, "flame Pump1 pump2 pump10 tank"},
        {TAG_COLUMN_NAME, true, "tank pump10 pump2 Pump1 flame"},
        {TAG_COLUMN_VALUE, false, "pump2 tank pump10 flame Pump1"},
        {TAG_COLUMN_VALUE, true, "Pump1 flame pump10 tank pump2"},
        {TAG_COLUMN_RANGE, false, "Pump1 flame pump10 tank pump2"},
        {TAG_COLUMN_AGE, false, "pump10 pump2 Pump1 tank flame"},
        {TAG_COLUMN_QUALITY, false, "pump2 tank flame Pump1 pump10"},
        {TAG_COLUMN_DESCRIPTION, false, "Pump1 tank pump2 pump10 flame"}, /* no description: last */
        {TAG_COLUMN_DESCRIPTION, true, "pump10 pump2 tank Pump1 flame"},
    };
    struct mirror mirror;
    (void)state;
    make_plant(&mirror);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct tag_list list;
        tag_list_init(&list);
        tag_list_set_sort(&list, CASES[i].column);
        tag_list_set_reverse(&list, CASES[i].reverse);
        update(&list, &mirror, LATE_US);
        assert_string_equal(rows_of(&list), CASES[i].rows);
        tag_list_free(&list);
    }
    mirror_free(&mirror);
}

static void test_filter_words(void **state)
{
    static const struct {
        const char *filter, *rows;
    } CASES[] = {
        {"", "flame Pump1 pump2 pump10 tank"},
        {"PUMP", "Pump1 pump2 pump10"},
        {"tank", "tank"},
        {"raw tank", "tank"},
        {"pump second", "pump2"},
        {"  pump   second  ", "pump2"},
        {"plant/flame", "flame"},
        {"area:intake", "Pump1 pump2 pump10 tank"},
        {"area:pumps first", "Pump1"},
        {"quality:bad", "pump2"},
        {"quality:stale", "tank"},
        {"quality:unc", "tank"},
        {"quality:good", "flame Pump1 pump10"},
        {"nothing", ""},
        {"[", ""},
    };
    struct mirror mirror;
    struct tag_list list;
    (void)state;
    make_plant(&mirror);
    tag_list_init(&list);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        tag_list_set_filter(&list, CASES[i].filter);
        update(&list, &mirror, LATE_US);
        assert_string_equal(rows_of(&list), CASES[i].rows);
        assert_int_equal(list.all_count, 5);
    }
    tag_list_free(&list);
    mirror_free(&mirror);
}

/* What the broker kept is no fault, unless something else is wrong with it. */
static void test_retained_values_are_no_fault(void **state)
{
    static const struct {
        const char *filter, *rows;
    } CASES[] = {
        {"quality:retained", "flame Pump1"}, {"quality:retain", "flame Pump1"}, {"quality:uncertain", "tank"},
        {"quality:good", "pump10"},          {"quality:stale", "tank"},
    };
    struct mirror mirror;
    struct tag_list list;
    (void)state;
    make_plant(&mirror);
    set_flagged_value(&mirror, 3, 50, QUALITY_UNCERTAIN, WIRE_FLAG_RETAINED);
    set_flagged_value(&mirror, 4, 20, QUALITY_UNCERTAIN_LAST_USABLE, WIRE_FLAG_RETAINED);
    set_flagged_value(&mirror, 5, 40, QUALITY_GOOD, WIRE_FLAG_RETAINED | WIRE_FLAG_SOURCE_TIME);
    tag_list_init(&list);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        tag_list_set_filter(&list, CASES[i].filter);
        update(&list, &mirror, LATE_US);
        assert_string_equal(rows_of(&list), CASES[i].rows);
    }
    tag_list_set_filter(&list, "");
    tag_list_set_sort(&list, TAG_COLUMN_QUALITY);
    update(&list, &mirror, LATE_US);
    assert_string_equal(rows_of(&list), "pump2 tank flame Pump1 pump10");
    tag_list_set_sort(&list, TAG_COLUMN_NAME);
    tag_list_set_grouped(&list, true);
    update(&list, &mirror, LATE_US);
    assert_string_equal(list.rows[2].group->path, "intake");
    assert_int_equal(list.rows[2].group->not_good, 2); /* pump2 and tank */
    tag_list_free(&list);
    mirror_free(&mirror);
}

static void test_groups_fold(void **state)
{
    struct mirror mirror;
    struct tag_list list;
    (void)state;
    make_plant(&mirror);
    tag_list_init(&list);
    tag_list_set_grouped(&list, true);
    update(&list, &mirror, LATE_US);
    assert_string_equal(rows_of(&list), "[boiler] flame [intake] tank [intake/pumps] Pump1 pump2 pump10");
    assert_int_equal(list.rows[2].group->tags, 4);
    assert_int_equal(list.rows[2].group->not_good, 2);
    assert_int_equal(list.rows[4].depth, 1);
    assert_string_equal(list.rows[4].group->name, "pumps");

    tag_list_fold(&list, list.rows[2].group, true); /* also hides what lies deeper */
    update(&list, &mirror, LATE_US);
    assert_string_equal(rows_of(&list), "[boiler] flame [intake]");
    tag_list_fold_all(&list, true);
    update(&list, &mirror, LATE_US);
    assert_string_equal(rows_of(&list), "[boiler] [intake]");

    assert_true(tag_list_go_tag(&list, 2, LATE_US)); /* unfolds what hides it */
    assert_int_equal(tag_list_current(&list)->tag->id, 2);
    assert_string_equal(rows_of(&list), "[boiler] [intake] tank [intake/pumps] Pump1 pump2 pump10");
    tag_list_go_group(&list, LATE_US);
    assert_string_equal(tag_list_current(&list)->group->path, "intake/pumps");
    tag_list_go_group(&list, LATE_US);
    assert_string_equal(tag_list_current(&list)->group->path, "intake");
    tag_list_free(&list);
    mirror_free(&mirror);
}

/* The cursor is on the tag, not on the row; and the row stays where it is on the screen. */
static void test_cursor_stays_on_its_tag(void **state)
{
    struct mirror mirror;
    struct tag_list list;
    int64_t mono_us = LATE_US;
    (void)state;
    make_plant(&mirror);
    tag_list_init(&list);
    tag_list_set_sort(&list, TAG_COLUMN_VALUE);
    update(&list, &mirror, mono_us);
    tag_list_go(&list, 1, mono_us); /* tank */
    list.top = 1;
    set_value(&mirror, 4, 99, QUALITY_GOOD);

    /* Nothing moves under a hand. */
    mono_us += TAG_LIST_REST_US - 1;
    update(&list, &mirror, mono_us);
    assert_string_equal(rows_of(&list), "pump2 tank pump10 flame Pump1");
    mono_us += 1;
    update(&list, &mirror, mono_us);
    assert_string_equal(rows_of(&list), "pump2 pump10 flame Pump1 tank");
    assert_int_equal(list.cursor, 4);
    assert_int_equal(list.top, 4);

    /* At most once a second. */
    set_value(&mirror, 4, 1, QUALITY_GOOD);
    update(&list, &mirror, mono_us + TAG_LIST_SORT_US - 1);
    assert_int_equal(list.cursor, 4);
    update(&list, &mirror, mono_us + TAG_LIST_SORT_US);
    assert_int_equal(list.cursor, 0);
    assert_int_equal(tag_list_current(&list)->tag->id, 4);
    tag_list_free(&list);
    mirror_free(&mirror);
}

/* A plant that is being discovered: nobody has chosen a tag yet, so the list begins at its beginning. */
static void test_untouched_cursor_stays_on_the_first_row(void **state)
{
    struct mirror mirror;
    struct tag_list list;
    (void)state;
    make_plant(&mirror);
    tag_list_init(&list);
    update(&list, &mirror, LATE_US);
    assert_int_equal(tag_list_current(&list)->tag->id, 5); /* flame */
    add_tag(&mirror, 6, "alpha", "boiler", "");
    update(&list, &mirror, LATE_US);
    tag_list_scroll(&list, 2);
    assert_int_equal(list.cursor, 0);
    assert_int_equal(list.top, 0);
    assert_int_equal(tag_list_current(&list)->tag->id, 6);
    tag_list_touch(&list);
    add_tag(&mirror, 7, "aardvark", "boiler", "");
    update(&list, &mirror, LATE_US);
    assert_int_equal(list.cursor, 1);
    assert_int_equal(tag_list_current(&list)->tag->id, 6);
    tag_list_free(&list);
    mirror_free(&mirror);
}

/* Put on the first row, the cursor goes down with its tag, and what comes before it can be seen, as long as the
 * screen has room for both; elsewhere its row stays where it is. */
static void test_nothing_hides_above_the_first_row(void **state)
{
    enum { ROWS = 3 };
    struct mirror mirror;
    struct tag_list list;
    (void)state;
    make_plant(&mirror);
    tag_list_init(&list);
    update(&list, &mirror, LATE_US);
    tag_list_move(&list, 2, LATE_US);
    tag_list_move(&list, -2, LATE_US);
    tag_list_scroll(&list, ROWS);
    for (uint32_t i = 0; i < 5; i++) {
        char name[8];
        snprintf(name, sizeof name, "a%u", 9 - i);
        add_tag(&mirror, 10 + i, name, "boiler", "");
        update(&list, &mirror, LATE_US);
        tag_list_scroll(&list, ROWS);
        assert_int_equal(tag_list_current(&list)->tag->id, 5);
        assert_int_equal(list.cursor, i + 1);
        assert_int_equal(list.top, i + 1 < ROWS ? 0 : i + 2 - ROWS);
    }
    tag_list_move(&list, 1, LATE_US);
    tag_list_scroll(&list, ROWS);
    size_t height = list.cursor - list.top;
    add_tag(&mirror, 20, "a0", "boiler", "");
    update(&list, &mirror, LATE_US);
    tag_list_scroll(&list, ROWS);
    assert_int_equal(list.cursor - list.top, height);
    tag_list_free(&list);
    mirror_free(&mirror);
}

static void test_sorting_passes_over_the_trend(void **state)
{
    enum tag_list_column column = TAG_COLUMN_NAME;
    (void)state;
    assert_false(tag_list_can_sort(TAG_COLUMN_TREND));
    assert_false(tag_list_can_sort(TAG_COLUMN_COUNT));
    for (int i = 0; i < TAG_COLUMN_COUNT - 1; i++) {
        enum tag_list_column next = tag_list_next_sort(column, 1);
        assert_true(tag_list_can_sort(next));
        assert_int_equal(tag_list_next_sort(next, -1), column);
        column = next;
    }
    assert_int_equal(column, TAG_COLUMN_NAME); /* once round */
}

static void test_unknown_qualities_are_noticed(void **state)
{
    static const char *const KNOWN[] = {"",          "quality:",     "quality:GOOD", "quality:ret",
                                        "quality:s", "quality:lost", "quality:init", "pump quality:nocomm",
                                        "area:xyz",  "xyz",          "quality"};
    static const char *const UNKNOWN[] = {"quality:xyz", "quality:goodx", "pump quality:lots tank"};
    (void)state;
    for (size_t i = 0; i < COUNT(KNOWN); i++)
        assert_false(tag_list_asks_unknown_quality(KNOWN[i]));
    for (size_t i = 0; i < COUNT(UNKNOWN); i++)
        assert_true(tag_list_asks_unknown_quality(UNKNOWN[i]));
}

static void test_cursor_survives_filter_and_fold(void **state)
{
    struct mirror mirror;
    struct tag_list list;
    (void)state;
    make_plant(&mirror);
    tag_list_init(&list);
    update(&list, &mirror, LATE_US);
    assert_true(tag_list_go_tag(&list, 2, LATE_US));
    tag_list_set_filter(&list, "pump");
    update(&list, &mirror, LATE_US);
    assert_int_equal(tag_list_current(&list)->tag->id, 2);
    tag_list_set_filter(&list, "nothing at all");
    update(&list, &mirror, LATE_US);
    assert_null(tag_list_current(&list));
    tag_list_move(&list, 1, LATE_US); /* harms nothing */
    tag_list_move(&list, -1, LATE_US);
    tag_list_set_filter(&list, "");
    tag_list_set_grouped(&list, true);
    update(&list, &mirror, LATE_US);
    assert_true(tag_list_go_tag(&list, 2, LATE_US));
    struct tag_group *group = tag_list_current(&list)->group;
    tag_list_fold(&list, group, true);
    update(&list, &mirror, LATE_US);
    assert_null(tag_list_current(&list)->tag); /* on the group that hides it */
    assert_ptr_equal(tag_list_current(&list)->group, group);
    tag_list_free(&list);
    mirror_free(&mirror);
}

static void test_scroll_keeps_the_cursor_in_sight(void **state)
{
    struct mirror mirror;
    struct tag_list list;
    uint64_t random = 7;
    (void)state;
    welcome(&mirror);
    for (uint32_t id = 1; id <= 500; id++) {
        char name[32], area[32];
        snprintf(name, sizeof name, "tag%u", id);
        snprintf(area, sizeof area, "a%u/b%u", id % 7, id % 3);
        add_tag(&mirror, id, name, area, "");
        set_value(&mirror, id, (double)unit_random_below(&random, 1000), QUALITY_GOOD);
    }
    end_snapshot(&mirror);
    tag_list_init(&list);
    tag_list_set_sort(&list, TAG_COLUMN_VALUE);
    tag_list_touch(&list);
    for (int round = 0; round < 3000; round++) {
        size_t rows = unit_random_below(&random, 40) + 1;
        int64_t mono_us = LATE_US + round * TAG_LIST_SORT_US;
        set_value(&mirror, (uint32_t)unit_random_below(&random, 500) + 1,
                  (double)unit_random_below(&random, 1000), QUALITY_GOOD);
        update(&list, &mirror, mono_us);
        switch (unit_random_below(&random, 6)) {
        case 0:
            tag_list_move(&list, (long)unit_random_below(&random, 100) - 50, mono_us - TAG_LIST_REST_US);
            break;
        case 1:
            tag_list_set_grouped(&list, !list.grouped);
            break;
        case 2:
            if (tag_list_current(&list) && tag_list_current(&list)->group)
                tag_list_fold(&list, tag_list_current(&list)->group, round % 2);
            break;
        default:
            break;
        }
        const struct tag_row *row = tag_list_current(&list);
        /* A tag that a fold hides is remembered, and found again when it shows. */
        uint32_t before = row && row->tag && row->tag->id == list.cursor_tag ? row->tag->id : 0;
        update(&list, &mirror, mono_us);
        tag_list_scroll(&list, rows);
        assert_true(list.row_count > 0 && list.cursor < list.row_count);
        assert_true(list.cursor >= list.top && list.cursor < list.top + rows);
        row = tag_list_current(&list);
        if (before && row->tag)
            assert_int_equal(row->tag->id, before);
    }
    tag_list_free(&list);
    mirror_free(&mirror);
}

static void test_neighbours(void **state)
{
    struct mirror mirror;
    struct tag_list list;
    (void)state;
    make_plant(&mirror);
    tag_list_init(&list);
    update(&list, &mirror, LATE_US);
    assert_int_equal(tag_list_neighbour(&list, 5, 1), 3); /* flame, Pump1 */
    assert_int_equal(tag_list_neighbour(&list, 5, -1), 0);
    assert_int_equal(tag_list_neighbour(&list, 4, 1), 0);
    assert_int_equal(tag_list_neighbour(&list, 77, 1), 0);
    tag_list_free(&list);
    mirror_free(&mirror);
}

static void test_lost_recorder_leaves_no_good_value(void **state)
{
    struct mirror mirror;
    struct tag_list list;
    (void)state;
    make_plant(&mirror);
    tag_list_init(&list);
    mirror_recorder_lost(&mirror, NOW_US);
    tag_list_set_filter(&list, "quality:good");
    update(&list, &mirror, LATE_US);
    assert_string_equal(rows_of(&list), "");
    tag_list_set_filter(&list, "quality:lost");
    update(&list, &mirror, LATE_US);
    assert_int_equal(list.row_count, 5);
    tag_list_free(&list);
    mirror_free(&mirror);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_filter_words),
        cmocka_unit_test(test_retained_values_are_no_fault),
        cmocka_unit_test(test_groups_fold),
        cmocka_unit_test(test_cursor_stays_on_its_tag),
        cmocka_unit_test(test_untouched_cursor_stays_on_the_first_row),
        cmocka_unit_test(test_nothing_hides_above_the_first_row),
        cmocka_unit_test(test_sorting_passes_over_the_trend),
        cmocka_unit_test(test_unknown_qualities_are_noticed),
        cmocka_unit_test(test_cursor_survives_filter_and_fold),
        cmocka_unit_test(test_scroll_keeps_the_cursor_in_sight),
        cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_lost_recorder_leaves_no_good_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
