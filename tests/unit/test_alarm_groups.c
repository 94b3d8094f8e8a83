/* Alarms grouped by area: order, counts, folding; what a flood does to the list, and where the cursor is then. */
#include "mirror_fixture.h"
#include "unit.h"

#include "plant/alarm_state.h"
#include "ui/alarm_list.h"

#include <stdio.h>
#include <stdlib.h>

#define START INT64_C(1000000000)

struct scene {
    struct mirror mirror;
    struct alarm_list list;
    struct buf lines;
};

static void begin(struct scene *scene)
{
    mirror_init(&scene->mirror);
    alarm_list_init(&scene->list, false);
    buf_init(&scene->lines, 0);
    fixture_welcome(&scene->mirror);
}

static void end(struct scene *scene)
{
    alarm_list_free(&scene->list);
    mirror_free(&scene->mirror);
    buf_free(&scene->lines);
}

static void say(struct scene *scene, uint32_t id, const char *area, enum alarm_state state,
                enum alarm_priority priority)
{
    char address[32];
    snprintf(address, sizeof address, "t%u/hi", id);
    fixture_apply(&scene->mirror, WIRE_ALARM,
                  &(struct wire_alarm){.alarm = id,
                                       .state = state,
                                       .priority = priority,
                                       .address = address,
                                       .area = area,
                                       .first_out = id == 3,
                                       .activated_us = id},
                  FIXTURE_NOW_US);
}

static void flood(struct scene *scene, bool stands)
{
    fixture_apply(&scene->mirror, WIRE_STATUS, &(struct wire_status){.alarm_flood_since_us = stands},
                  FIXTURE_NOW_US);
}

/* The picture as text: "boiler(2/3) 4 3 intake(0/1)", a folded area with a minus before it. */
static const char *picture(struct scene *scene)
{
    static char text[512];
    size_t used = 0;
    alarm_list_update(&scene->list, &scene->mirror, START);
    alarm_list_scroll(&scene->list, 10);
    alarm_list_show(&scene->list, 10, START);
    text[0] = '\0';
    for (size_t i = 0; i < scene->list.row_count; i++) {
        const struct alarm_row *row = &scene->list.rows[i];
        const char *gap = i ? " " : "";
        if (row->alarm)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%u", gap, row->id);
        else
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%s(%zu/%zu)", gap,
                                     row->group->folded ? "-" : "", row->group->area, row->group->waiting,
                                     row->group->count);
    }
    return text;
}

static void say_some(struct scene *scene)
{
    say(scene, 1, "tank", ALARM_UNACKNOWLEDGED, PRIORITY_LOW);
    say(scene, 2, "intake", ALARM_ACKNOWLEDGED, PRIORITY_CRITICAL);
    say(scene, 3, "boiler", ALARM_UNACKNOWLEDGED, PRIORITY_HIGH);
    say(scene, 4, "boiler", ALARM_RETURNED, PRIORITY_HIGH);
    say(scene, 5, "boiler", ALARM_ACKNOWLEDGED, PRIORITY_LOW);
    say(scene, 6, "", ALARM_UNACKNOWLEDGED, PRIORITY_LOW);
    say(scene, 7, "", ALARM_UNACKNOWLEDGED, PRIORITY_LOW);
}

static void test_order_and_counts(void **state)
{
    (void)state;
    struct scene scene = {0};
    begin(&scene);
    say_some(&scene);
    assert_string_equal(picture(&scene), "2 4 3 7 6 5 1");
    alarm_list_group(&scene.list, true);
    assert_string_equal(picture(&scene), "boiler(2/3) 4 3 5 (2/2) 7 6 tank(1/1) 1 intake(0/1) 2");
    assert_int_equal(scene.list.groups.list[0]->first->record.alarm, 3);
    assert_int_equal(scene.list.groups.list[0]->standing_of[PRIORITY_HIGH], 2);
    assert_int_equal(scene.list.groups.list[0]->waiting_of[PRIORITY_LOW], 0);
    assert_int_equal(scene.list.found_count, 7);
    say(&scene, 1, "", ALARM_NORMAL, PRIORITY_LOW); /* an area without alarms is none */
    alarm_list_fold_all(&scene.list, true);
    assert_string_equal(picture(&scene), "-boiler(2/3) -(2/2) -intake(0/1)");
    alarm_list_set_filter(&scene.list, "t3");
    assert_string_equal(picture(&scene), "-boiler(1/1)");
    alarm_list_set_filter(&scene.list, "");
    alarm_list_group(&scene.list, false);
    assert_string_equal(picture(&scene), "2 4 3 7 6 5");
    end(&scene);
}

static void test_flood_groups_but_for_where_one_works(void **state)
{
    (void)state;
    struct scene scene = {0};
    begin(&scene);
    flood(&scene, false);
    say_some(&scene);
    picture(&scene);
    alarm_list_go(&scene.list, 2);
    assert_int_equal(alarm_list_current(&scene.list, &scene.mirror)->record.alarm, 3);
    flood(&scene, true);
    assert_string_equal(picture(&scene), "boiler(2/3) 4 3 5 -(2/2) -tank(1/1) -intake(0/1)");
    assert_int_equal(alarm_list_current(&scene.list, &scene.mirror)->record.alarm,
                     3);                                          /* the cursor is where it was */
    say(&scene, 8, "filter", ALARM_UNACKNOWLEDGED, PRIORITY_LOW); /* what comes is folded, too */
    assert_string_equal(picture(&scene), "boiler(2/3) 4 3 5 -(2/2) -filter(1/1) -tank(1/1) -intake(0/1)");
    flood(&scene, false);
    assert_string_equal(picture(&scene), "2 4 3 8 7 6 5 1");
    assert_int_equal(alarm_list_current(&scene.list, &scene.mirror)->record.alarm, 3);
    end(&scene);
}

static void test_a_filter_finds_what_a_flood_has_folded(void **state)
{
    (void)state;
    struct scene scene = {0};
    begin(&scene);
    flood(&scene, false);
    say_some(&scene);
    picture(&scene);
    flood(&scene, true);
    assert_string_equal(picture(&scene), "-boiler(2/3) -(2/2) -tank(1/1) -intake(0/1)");
    alarm_list_set_filter(&scene.list, "area:boiler");
    assert_string_equal(picture(&scene), "4 3 5");
    alarm_list_set_filter(&scene.list, "");
    assert_string_equal(picture(&scene), "-boiler(2/3) -(2/2) -tank(1/1) -intake(0/1)");
    alarm_list_set_filter(&scene.list, "area:boiler"); /* one that lasts longer than the flood */
    flood(&scene, false);
    assert_string_equal(picture(&scene), "4 3 5");
    flood(&scene, true);
    assert_string_equal(picture(&scene), "4 3 5");
    flood(&scene, false);
    alarm_list_set_filter(&scene.list, "");
    assert_string_equal(picture(&scene), "2 4 3 7 6 5 1");
    end(&scene);
}

static void test_choice_outlasts_the_flood(void **state)
{
    (void)state;
    struct scene scene = {0};
    begin(&scene);
    say_some(&scene);
    flood(&scene, true);
    assert_string_equal(picture(&scene), "-boiler(2/3) -(2/2) -tank(1/1) -intake(0/1)");
    alarm_list_group(&scene.list, false);
    assert_string_equal(picture(&scene), "2 4 3 7 6 5 1");
    flood(&scene, false);
    alarm_list_group(&scene.list, true);
    flood(&scene, true);
    assert_string_equal(picture(&scene), "boiler(2/3) 4 3 5 (2/2) 7 6 tank(1/1) 1 intake(0/1) 2");
    flood(&scene, false);
    assert_string_equal(picture(&scene), "boiler(2/3) 4 3 5 (2/2) 7 6 tank(1/1) 1 intake(0/1) 2");
    end(&scene);
}

static void test_cursor_and_folding(void **state)
{
    (void)state;
    struct scene scene = {0};
    begin(&scene);
    say_some(&scene);
    alarm_list_group(&scene.list, true);
    picture(&scene);
    alarm_list_go(&scene.list, 2);
    assert_int_equal(alarm_list_current(&scene.list, &scene.mirror)->record.alarm, 3);
    alarm_list_fold_all(&scene.list, true); /* its alarm is out of sight: on the row of the area */
    picture(&scene);
    assert_null(alarm_list_current(&scene.list, &scene.mirror));
    assert_string_equal(alarm_list_current_group(&scene.list)->area, "boiler");
    /* No key does anything to an area. */
    struct alarm_pick pick =
        alarm_list_pick(&scene.list, &scene.mirror, ALARM_PICK_CURSOR, ALARM_PICK_ACKNOWLEDGE,
                        START + 10 * ALARM_LIST_SEEN_US, &scene.lines);
    assert_int_equal(pick.count, 0);
    assert_non_null(strstr(pick.why, "an area"));
    assert_false(alarm_list_mark(&scene.list));
    pick = alarm_list_pick(&scene.list, &scene.mirror, ALARM_PICK_PAGE, ALARM_PICK_ACKNOWLEDGE,
                           START + 10 * ALARM_LIST_SEEN_US, &scene.lines);
    assert_int_equal(pick.count, 0); /* none of what is folded was shown */
    alarm_list_fold(&scene.list);
    assert_string_equal(picture(&scene), "boiler(2/3) 4 3 5 -(2/2) -tank(1/1) -intake(0/1)");
    assert_string_equal(alarm_list_current_group(&scene.list)->area, "boiler");
    say(&scene, 9, "tank", ALARM_UNACKNOWLEDGED, PRIORITY_CRITICAL); /* another area is graver now */
    assert_string_equal(picture(&scene), "-tank(2/2) boiler(2/3) 4 3 5 -(2/2) -intake(0/1)");
    assert_string_equal(alarm_list_current_group(&scene.list)->area, "boiler");
    end(&scene);
}

/* Against counting by hand, with areas that come and go. */
static void test_random(void **state)
{
    (void)state;
    struct scene scene = {0};
    uint64_t random = 42;
    begin(&scene);
    alarm_list_group(&scene.list, true);
    for (int step = 0; step < 2000; step++) {
        char area[16];
        uint32_t id = (uint32_t)unit_random_below(&random, 60);
        snprintf(area, sizeof area, "area%u", id % 7);
        say(&scene, id, area, (enum alarm_state)(ALARM_NORMAL + unit_random_below(&random, 3)),
            (enum alarm_priority)(PRIORITY_LOW + id % 4));
        if (unit_random_below(&random, 5) == 0 && scene.list.row_count) {
            alarm_list_go(&scene.list, unit_random_below(&random, scene.list.row_count));
            alarm_list_fold(&scene.list);
        }
        picture(&scene);
        size_t alarms = 0, headers = 0;
        for (size_t i = 0; i < scene.list.row_count; i++) {
            const struct alarm_row *row = &scene.list.rows[i];
            headers += !row->alarm;
            alarms += !row->alarm && row->group->folded ? row->group->count : row->alarm != NULL;
            if (row->alarm)
                assert_string_equal(row->alarm->record.area, row->group->area);
        }
        assert_int_equal(alarms, scene.mirror.alarm_count);
        assert_int_equal(headers, scene.list.groups.count);
    }
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_counts),
        cmocka_unit_test(test_flood_groups_but_for_where_one_works),
        cmocka_unit_test(test_a_filter_finds_what_a_flood_has_folded),
        cmocka_unit_test(test_choice_outlasts_the_flood),
        cmocka_unit_test(test_cursor_and_folding),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
