/* The rows of the Alarms screen: order, cursor, filter, marks, and what a key may mean. */
#include "mirror_fixture.h"
#include "unit.h"

#include "plant/alarm_state.h"
#include "ui/alarm_filter.h"
#include "ui/alarm_list.h"

#include <stdio.h>

#define ROWS  4 /* of the screen */
#define SEEN  ALARM_LIST_SEEN_US
#define START INT64_C(1000000000)
#define LATER (START + 10 * SEEN)

struct scene {
    struct mirror mirror;
    struct alarm_list list;
    struct buf lines;
    int64_t now_us; /* monotonic */
};

static void say(struct scene *scene, uint32_t id, enum alarm_state state, enum alarm_priority priority,
                int64_t activated_us)
{
    char address[32], area[32];
    snprintf(address, sizeof address, "tag%u/hi", id);
    snprintf(area, sizeof area, "area%u", id % 2);
    fixture_apply(&scene->mirror, WIRE_ALARM,
                  &(struct wire_alarm){.alarm = id,
                                       .state = state,
                                       .priority = priority,
                                       .type = ALARM_HI,
                                       .address = address,
                                       .area = area,
                                       .message = "Drum hot",
                                       .activated_us = activated_us},
                  FIXTURE_NOW_US);
}

/* What the screen does for a picture. */
static void draw(struct scene *scene)
{
    alarm_list_update(&scene->list, &scene->mirror, scene->now_us);
    alarm_list_scroll(&scene->list, ROWS);
    alarm_list_show(&scene->list, ROWS, scene->now_us);
}

static void begin(struct scene *scene)
{
    *scene = (struct scene){.now_us = START};
    mirror_init(&scene->mirror);
    alarm_list_init(&scene->list, false);
    buf_init(&scene->lines, 0);
    fixture_welcome(&scene->mirror);
    fixture_snapshot_end(&scene->mirror);
}

static void end(struct scene *scene)
{
    alarm_list_free(&scene->list);
    mirror_free(&scene->mirror);
    buf_free(&scene->lines);
}

static struct alarm_pick acknowledge(struct scene *scene, enum alarm_pick_from from)
{
    return alarm_list_pick(&scene->list, &scene->mirror, from, ALARM_PICK_ACKNOWLEDGE, scene->now_us,
                           &scene->lines);
}

static void expect_ids(const struct scene *scene, const uint32_t *ids, size_t count)
{
    assert_int_equal(scene->list.row_count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(scene->list.rows[i].id, ids[i]);
}

static void test_order(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    say(&scene, 1, ALARM_UNACKNOWLEDGED, PRIORITY_LOW, 100);
    say(&scene, 2, ALARM_ACKNOWLEDGED, PRIORITY_CRITICAL, 50);
    say(&scene, 3, ALARM_RETURNED, PRIORITY_LOW, 200);
    say(&scene, 4, ALARM_SHELVED, PRIORITY_CRITICAL, 300);
    say(&scene, 5, ALARM_LATCHED, PRIORITY_CRITICAL, 60);
    draw(&scene);
    expect_ids(&scene, (const uint32_t[]){5, 2, 3, 1}, 4); /* the gravest first, of them the newest */
    say(&scene, 5, ALARM_NORMAL, PRIORITY_LOW, 0);
    say(&scene, 1, ALARM_UNACKNOWLEDGED, PRIORITY_HIGH, 100); /* escalated */
    draw(&scene);
    expect_ids(&scene, (const uint32_t[]){2, 1, 3}, 3);
    struct alarm_list withheld;
    alarm_list_init(&withheld, true);
    alarm_list_update(&withheld, &scene.mirror, START);
    assert_int_equal(withheld.row_count, 1);
    assert_int_equal(withheld.rows[0].id, 4);
    alarm_list_free(&withheld);
    end(&scene);
}

/* Nobody has touched anything: the first row. From then on: its alarm, at its height of the screen. */
static void test_cursor_stays_on_its_alarm(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    for (uint32_t id = 1; id <= 8; id++)
        say(&scene, id, ALARM_UNACKNOWLEDGED, PRIORITY_MEDIUM, 100 - id);
    draw(&scene);
    assert_int_equal(alarm_list_current(&scene.list, &scene.mirror)->record.alarm, 1);
    say(&scene, 20, ALARM_UNACKNOWLEDGED, PRIORITY_HIGH, 500);
    draw(&scene);
    assert_int_equal(alarm_list_current(&scene.list, &scene.mirror)->record.alarm, 20);
    alarm_list_go(&scene.list, 4); /* alarm 4, the last line of the screen with the row above */
    draw(&scene);
    size_t height = scene.list.cursor - scene.list.top;
    for (uint32_t id = 30; id < 40; id++)
        say(&scene, id, ALARM_UNACKNOWLEDGED, PRIORITY_CRITICAL, 600 + id);
    draw(&scene);
    assert_int_equal(alarm_list_current(&scene.list, &scene.mirror)->record.alarm, 4);
    assert_int_equal(scene.list.cursor - scene.list.top, height);
    for (uint32_t id = 30; id < 38; id++)
        say(&scene, id, ALARM_NORMAL, PRIORITY_LOW, 0);
    say(&scene, 4, ALARM_UNACKNOWLEDGED, PRIORITY_HIGH, 96); /* its own row moves up, the cursor with it */
    draw(&scene);
    assert_int_equal(alarm_list_current(&scene.list, &scene.mirror)->record.alarm, 4);
    assert_int_equal(scene.list.cursor, 3);
    /* It leaves: the cursor stays at its place, on what has come there. */
    say(&scene, 4, ALARM_NORMAL, PRIORITY_LOW, 0);
    draw(&scene);
    assert_int_equal(scene.list.cursor, 3);
    assert_int_equal(alarm_list_current(&scene.list, &scene.mirror)->record.alarm, 1);
    for (uint32_t id = 1; id < 40; id++)
        say(&scene, id, ALARM_NORMAL, PRIORITY_LOW, 0);
    draw(&scene);
    assert_null(alarm_list_current(&scene.list, &scene.mirror));
    say(&scene, 3, ALARM_UNACKNOWLEDGED, PRIORITY_LOW, 0);
    draw(&scene);
    assert_int_equal(alarm_list_current(&scene.list, &scene.mirror)->record.alarm, 3);
    end(&scene);
}

static void test_acknowledge_the_cursor(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    say(&scene, 1, ALARM_UNACKNOWLEDGED, PRIORITY_LOW, 100);
    draw(&scene);
    alarm_list_move(&scene.list, 0);
    assert_int_equal(acknowledge(&scene, ALARM_PICK_CURSOR).count, 0); /* nobody has read it yet */
    scene.now_us += SEEN;
    struct alarm_pick pick = acknowledge(&scene, ALARM_PICK_CURSOR);
    assert_int_equal(pick.count, 1);
    assert_int_equal(pick.left_out, 0);
    assert_string_equal(buf_text(&scene.lines), "tag1/hi\t100");
    /* It comes again, and the key is faster than the picture. */
    say(&scene, 1, ALARM_UNACKNOWLEDGED, PRIORITY_LOW, 200);
    alarm_list_update(&scene.list, &scene.mirror, scene.now_us);
    pick = acknowledge(&scene, ALARM_PICK_CURSOR);
    assert_int_equal(pick.count, 0);
    assert_non_null(strstr(pick.why, "tag1/hi has come again"));
    draw(&scene); /* now it is on the screen, but only just */
    assert_int_equal(acknowledge(&scene, ALARM_PICK_CURSOR).count, 0);
    scene.now_us += SEEN;
    draw(&scene);
    assert_int_equal(acknowledge(&scene, ALARM_PICK_CURSOR).count, 1);
    assert_string_equal(buf_text(&scene.lines), "tag1/hi\t200");
    /* Graver than it was shown. */
    say(&scene, 1, ALARM_UNACKNOWLEDGED, PRIORITY_HIGH, 200);
    alarm_list_update(&scene.list, &scene.mirror, scene.now_us);
    pick = acknowledge(&scene, ALARM_PICK_CURSOR);
    assert_int_equal(pick.count, 0);
    assert_non_null(strstr(pick.why, "graver"));
    /* Acknowledged by somebody else in between; then there is nothing to do, and nothing is reset. */
    draw(&scene);
    scene.now_us += SEEN;
    draw(&scene);
    say(&scene, 1, ALARM_LATCHED_ACKNOWLEDGED, PRIORITY_HIGH, 200);
    alarm_list_update(&scene.list, &scene.mirror, scene.now_us);
    assert_int_equal(acknowledge(&scene, ALARM_PICK_CURSOR).count, 0);
    draw(&scene);
    assert_int_equal(acknowledge(&scene, ALARM_PICK_CURSOR).count, 1); /* shown as latched: reset */
    assert_string_equal(buf_text(&scene.lines), "tag1/hi\t200\treset");
    say(&scene, 1, ALARM_NORMAL, PRIORITY_HIGH, 0);
    assert_int_equal(acknowledge(&scene, ALARM_PICK_CURSOR).count, 0);
    end(&scene);
}

/* The alarm under the cursor leaves by itself: the key that was meant for it does not hit its neighbour. */
static void test_a_key_does_not_hit_what_fell_under_the_cursor(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    for (uint32_t id = 1; id <= 3; id++)
        say(&scene, id, ALARM_UNACKNOWLEDGED, PRIORITY_LOW, 100 - id);
    draw(&scene);
    scene.now_us = LATER;
    draw(&scene);
    alarm_list_go(&scene.list, 1);
    assert_int_equal(acknowledge(&scene, ALARM_PICK_CURSOR).count, 1);
    say(&scene, 2, ALARM_NORMAL, PRIORITY_LOW, 0);
    draw(&scene);
    assert_int_equal(alarm_list_current(&scene.list, &scene.mirror)->record.alarm, 3);
    struct alarm_pick pick = acknowledge(&scene, ALARM_PICK_CURSOR);
    assert_int_equal(pick.count, 0);
    assert_non_null(strstr(pick.why, "only just come"));
    scene.now_us += SEEN;
    assert_int_equal(acknowledge(&scene, ALARM_PICK_CURSOR).count, 1);
    assert_string_equal(buf_text(&scene.lines), "tag3/hi\t97");
    end(&scene);
}

static void test_acknowledge_the_page(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    for (uint32_t id = 1; id <= 6; id++)
        say(&scene, id, id == 2 ? ALARM_ACKNOWLEDGED : ALARM_UNACKNOWLEDGED, PRIORITY_LOW, 100 - id);
    draw(&scene);
    scene.now_us = LATER;
    draw(&scene);
    struct alarm_pick pick = acknowledge(&scene, ALARM_PICK_PAGE);
    assert_int_equal(pick.count, 3); /* of four on the screen one waits no more; two are below */
    assert_int_equal(pick.left_out, 0);
    assert_string_equal(buf_text(&scene.lines), "tag1/hi\t99\ntag3/hi\t97\ntag4/hi\t96");
    /* One comes between picture and key: it is not on the page. One comes into the next picture: not yet. */
    say(&scene, 9, ALARM_UNACKNOWLEDGED, PRIORITY_CRITICAL, 900);
    assert_int_equal(acknowledge(&scene, ALARM_PICK_PAGE).count, 3);
    draw(&scene);
    pick = acknowledge(&scene, ALARM_PICK_PAGE);
    assert_int_equal(pick.left_out, 1);
    assert_null(strstr(buf_text(&scene.lines), "tag9"));
    /* Another recorder's numbers mean nothing. */
    scene.now_us += SEEN;
    fixture_welcome(&scene.mirror);
    assert_int_equal(acknowledge(&scene, ALARM_PICK_PAGE).count, 0);
    end(&scene);
}

static void test_marks(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    for (uint32_t id = 1; id <= 12; id++)
        say(&scene, id, ALARM_UNACKNOWLEDGED, PRIORITY_LOW, 100 - id);
    draw(&scene);
    scene.now_us = LATER;
    draw(&scene);
    assert_true(alarm_list_mark(&scene.list));
    alarm_list_move(&scene.list, 2);
    assert_true(alarm_list_mark(&scene.list));
    alarm_list_go(&scene.list, 10);
    assert_false(alarm_list_mark(&scene.list)); /* no picture has shown it */
    draw(&scene);
    assert_true(alarm_list_mark(&scene.list));
    scene.now_us += SEEN;
    assert_int_equal(scene.list.mark_count, 3);
    assert_true(alarm_list_is_marked(&scene.list, 3));
    struct alarm_pick pick = acknowledge(&scene, ALARM_PICK_CURSOR);
    assert_int_equal(pick.count, 3);
    assert_string_equal(buf_text(&scene.lines), "tag1/hi\t99\ntag3/hi\t97\ntag11/hi\t89");
    /* A mark means the occurrence that was marked; what is withheld or over loses it. */
    say(&scene, 1, ALARM_UNACKNOWLEDGED, PRIORITY_LOW, 500);
    say(&scene, 3, ALARM_SHELVED, PRIORITY_LOW, 97);
    draw(&scene);
    assert_int_equal(scene.list.mark_count, 1);
    alarm_list_mark(&scene.list);
    assert_int_equal(scene.list.mark_count, 0);
    end(&scene);
}

static void test_what_a_filter_hides_loses_its_mark(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    say(&scene, 1, ALARM_UNACKNOWLEDGED, PRIORITY_HIGH, 50);
    say(&scene, 2, ALARM_UNACKNOWLEDGED, PRIORITY_LOW, 40);
    draw(&scene);
    assert_true(alarm_list_mark(&scene.list)); /* tag1 */
    alarm_list_set_filter(&scene.list, "tag2");
    draw(&scene);
    scene.now_us = LATER;
    assert_int_equal(acknowledge(&scene, ALARM_PICK_CURSOR).count, 1);
    assert_string_equal(buf_text(&scene.lines), "tag2/hi\t40"); /* the one in sight */
    alarm_list_set_filter(&scene.list, "");
    draw(&scene);
    assert_int_equal(scene.list.mark_count, 0);
    end(&scene);
}

static void test_what_is_folded_loses_its_mark(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    say(&scene, 1, ALARM_UNACKNOWLEDGED, PRIORITY_HIGH, 50);
    say(&scene, 2, ALARM_UNACKNOWLEDGED, PRIORITY_LOW, 40);
    draw(&scene);
    assert_true(alarm_list_mark(&scene.list));
    alarm_list_group(&scene.list, true);
    draw(&scene);
    assert_int_equal(scene.list.mark_count, 1); /* in sight still */
    scene.now_us = LATER;
    draw(&scene);
    alarm_list_fold_all(&scene.list, true);
    draw(&scene);
    assert_int_equal(scene.list.mark_count, 0);
    assert_int_equal(acknowledge(&scene, ALARM_PICK_CURSOR).count, 0);
    end(&scene);
}

static void test_a_request_stays_within_its_bound(void **state)
{
    (void)state;
    struct scene scene;
    char address[400];
    begin(&scene);
    memset(address, 'x', sizeof address - 1);
    address[sizeof address - 1] = '\0';
    for (uint32_t id = 1; id <= 300; id++)
        fixture_apply(&scene.mirror, WIRE_ALARM,
                      &(struct wire_alarm){.alarm = id,
                                           .state = ALARM_UNACKNOWLEDGED,
                                           .priority = PRIORITY_LOW,
                                           .type = ALARM_HI,
                                           .address = address,
                                           .activated_us = 5},
                      FIXTURE_NOW_US);
    alarm_list_update(&scene.list, &scene.mirror, START);
    alarm_list_show(&scene.list, 300, START);
    scene.now_us = LATER;
    struct alarm_pick pick = acknowledge(&scene, ALARM_PICK_PAGE);
    assert_true(scene.lines.length <= ALARM_LIST_LINES_MAX);
    assert_true(pick.count > 100 && pick.count < 300);
    assert_int_equal(pick.count + pick.left_out, 300);
    end(&scene);
}

static void test_filter(void **state)
{
    (void)state;
    static const struct {
        const char *filter;
        bool matches;
    } CASES[] = {
        {"", true},
        {"  ", true},
        {"drum", true},
        {"drum cold", false},
        {"BOILER/temp hot", true},
        {"area:boiler", true},
        {"area:intake", false},
        {"priority:high", true},
        {"priority:2", true},
        {"priority:1", false},
        {"state:unack", true},
        {"state:ack", false},
        {"trip", true},
        {"priority:h state:u area:b drum", true},
    };
    const struct wire_alarm alarm = {.address = "boiler/temp/hi",
                                     .message = "Drum hot",
                                     .area = "boiler",
                                     .group = "trips",
                                     .priority = PRIORITY_HIGH,
                                     .state = ALARM_UNACKNOWLEDGED};
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        if (alarm_filter_matches(&alarm, CASES[i].filter) != CASES[i].matches)
            fail_msg("'%s' should%s match", CASES[i].filter, CASES[i].matches ? "" : " not");
    assert_string_equal(alarm_filter_fault("drum priority:high state:latched"), "");
    assert_string_equal(alarm_filter_fault("priority:hihg"), "unknown priority");
    assert_string_equal(alarm_filter_fault("state:gone"), "unknown state");
}

static void test_a_filter_hides_and_shows(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    for (uint32_t id = 1; id <= 6; id++)
        say(&scene, id, ALARM_UNACKNOWLEDGED, PRIORITY_LOW, 100 - id);
    draw(&scene);
    scene.now_us = LATER;
    alarm_list_go(&scene.list, 2);
    draw(&scene);
    alarm_list_set_filter(&scene.list, "area:area0");
    alarm_list_update(&scene.list, &scene.mirror, scene.now_us);
    assert_int_equal(scene.list.row_count, 3);
    assert_int_equal(scene.list.all_count, 6);
    /* What the filter brought under the cursor is not on the screen yet, or has only just come to it. */
    assert_int_equal(acknowledge(&scene, ALARM_PICK_CURSOR).count, 0);
    draw(&scene);
    assert_int_equal(acknowledge(&scene, ALARM_PICK_CURSOR).count, 0);
    scene.now_us += SEEN;
    assert_int_equal(acknowledge(&scene, ALARM_PICK_CURSOR).count, 1);
    alarm_list_set_filter(&scene.list, "");
    alarm_list_update(&scene.list, &scene.mirror, scene.now_us);
    assert_int_equal(scene.list.row_count, 6);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_cursor_stays_on_its_alarm),
        cmocka_unit_test(test_acknowledge_the_cursor),
        cmocka_unit_test(test_a_key_does_not_hit_what_fell_under_the_cursor),
        cmocka_unit_test(test_acknowledge_the_page),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_what_a_filter_hides_loses_its_mark),
        cmocka_unit_test(test_what_is_folded_loses_its_mark),
        cmocka_unit_test(test_a_request_stays_within_its_bound),
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_a_filter_hides_and_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
