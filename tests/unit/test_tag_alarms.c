/* Which tags are in alarm, on the Tags screen: a mark at each, counts at each area, quiet when nothing stands. */
#include "plant/alarm.h"
#include "plant/quality.h"
#include "stage_fixture.h"

static void say(struct stage *stage, uint32_t id, uint32_t tag, enum alarm_state state,
                enum alarm_priority priority)
{
    fixture_apply(&stage->mirror, WIRE_ALARM,
                  &(struct wire_alarm){.alarm = id,
                                       .tag = tag,
                                       .state = state,
                                       .priority = priority,
                                       .address = "x/hi",
                                       .activated_us = FIXTURE_NOW_US},
                  FIXTURE_NOW_US);
}

static void put_tag(struct stage *stage, uint32_t id, const char *name, const char *area)
{
    fixture_apply(&stage->mirror, WIRE_TAG,
                  &(struct wire_tag){.tag = id, .configured = 1, .name = name, .topic = name, .area = area},
                  FIXTURE_NOW_US);
    fixture_number(&stage->mirror, id, id, QUALITY_GOOD, FIXTURE_NOW_US);
}

static void open_tags(struct stage *stage)
{
    stage_open(stage, SCREEN_TAGS, 80, 10, GLYPH_ASCII);
    fixture_apply(&stage->mirror, WIRE_STATUS, &(struct wire_status){.alarms = ALARM_SYSTEMS + 2},
                  FIXTURE_NOW_US);
    put_tag(stage, 1, "flow", "works/intake");
    put_tag(stage, 2, "level", "works/intake");
    put_tag(stage, 3, "temp", "works/boiler");
    fixture_snapshot_end(&stage->mirror);
}

static void expect_begin(const struct stage *stage, int y, const char *expected)
{
    char *text = canvas_row_text(&stage->canvas, y);
    if (strncmp(text, expected, strlen(expected)) != 0)
        fail_msg("row %d: \"%s\" instead of \"%s\"", y, text, expected);
    free(text);
}

static enum meaning meaning_at(const struct stage *stage, int x, int y)
{
    return (enum meaning)canvas_cell(&stage->canvas, x, y)->meaning;
}

static void test_marks_stand_still(void **state)
{
    (void)state;
    struct stage stage;
    open_tags(&stage);
    stage_draw(&stage);
    expect_begin(&stage, 0, "      TAG");
    expect_begin(&stage, 1, "      flow");
    expect_begin(&stage, 3, "      temp");
    say(&stage, 1, 1, ALARM_ACKNOWLEDGED, PRIORITY_CRITICAL);
    say(&stage, 2, 2, ALARM_UNACKNOWLEDGED, PRIORITY_HIGH);
    say(&stage, 3, 3, ALARM_SHELVED, PRIORITY_CRITICAL); /* not announced */
    say(&stage, 4, 3, ALARM_ACKNOWLEDGED, PRIORITY_JOURNAL);
    stage_draw(&stage);
    expect_begin(&stage, 0, "      TAG");
    expect_begin(&stage, 1, "  [1] flow");
    expect_begin(&stage, 2, "  <2> level");
    expect_begin(&stage, 3, "      temp");
    assert_int_equal(meaning_at(&stage, 3, 1), MEANING_DIM);
    assert_int_equal(meaning_at(&stage, 3, 2), MEANING_ALARM_HIGH);
    say(&stage, 5, 1, ALARM_RETURNED, PRIORITY_LOW); /* what waits needs somebody first */
    stage_draw(&stage);
    expect_begin(&stage, 1, "   4  flow");
    assert_int_equal(meaning_at(&stage, 3, 1), MEANING_ALARM_LOW);
    for (uint32_t id = 1; id <= 5; id++)
        say(&stage, id, 1, ALARM_NORMAL, PRIORITY_LOW);
    stage_draw(&stage);
    expect_begin(&stage, 1, "      flow");
    expect_begin(&stage, 2, "      level");
    stage_close(&stage);
}

static void test_areas_count(void **state)
{
    (void)state;
    struct stage stage;
    open_tags(&stage);
    stage_draw(&stage);
    stage.class->act(stage.state, &stage.host, ACTION_GROUP);
    stage_draw(&stage);
    expect_begin(&stage, 1, "      - works 3");
    say(&stage, 1, 1, ALARM_ACKNOWLEDGED, PRIORITY_CRITICAL);
    say(&stage, 2, 2, ALARM_UNACKNOWLEDGED, PRIORITY_HIGH);
    say(&stage, 3, 2, ALARM_UNACKNOWLEDGED, PRIORITY_MEDIUM);
    stage_draw(&stage);
    expect_begin(&stage, 1, "      - works 3 <2> 3");
    assert_int_equal(find_row(&stage, "intake 2 <2> 3") > 0, 1);
    int boiler = find_row(&stage, "boiler");
    char *text = canvas_row_text(&stage.canvas, boiler);
    assert_null(strstr(text, "<2>"));
    free(text);
    stage_close(&stage);
}

/* A plant whose configuration has no alarms spends no columns on them. */
static void test_no_alarms_no_room(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, SCREEN_TAGS, 80, 10, GLYPH_ASCII);
    fixture_apply(&stage.mirror, WIRE_STATUS, &(struct wire_status){.alarms = ALARM_SYSTEMS}, FIXTURE_NOW_US);
    put_tag(&stage, 1, "flow", "works/intake");
    fixture_snapshot_end(&stage.mirror);
    stage_draw(&stage);
    expect_begin(&stage, 1, "  flow");
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks_stand_still),
        cmocka_unit_test(test_areas_count),
        cmocka_unit_test(test_no_alarms_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
