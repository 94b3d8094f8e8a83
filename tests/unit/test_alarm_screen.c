/* The Alarms screen as text, at any size; its tests on a terminal are in tests/ui/test_alarms.c. */
#include "plant/alarm_event.h"
#include "plant/alarm_state.h"
#include "plant/quality.h"
#include "stage_fixture.h"
#include "ui/alarm_list.h"
#include "unit.h"

#include <stdio.h>

static void put_alarm(struct stage *stage, uint32_t id, enum alarm_state state, enum alarm_priority priority)
{
    char address[96];
    snprintf(address, sizeof address, "plant.area%u.a.rather.long.name.of.a.tag%u/hi", id % 3, id);
    struct wire_alarm alarm = {.alarm = id,
                               .tag = id % 2,
                               .state = state,
                               .priority = priority,
                               .type = ALARM_HI,
                               .active = state == ALARM_UNACKNOWLEDGED || state == ALARM_ACKNOWLEDGED,
                               .address = address,
                               .area = "plant/boiler house",
                               .message = "Drum hot: 95 °C and more for some time now",
                               .limit = 95,
                               .activated_us = FIXTURE_NOW_US - id * FIXTURE_SECOND_US,
                               .cleared_us = FIXTURE_NOW_US};
    if (state == ALARM_SHELVED) {
        alarm.withheld = ALARM_BY_SHELF | ALARM_BY_DESIGN;
        alarm.shelf_until_us = FIXTURE_NOW_US + 1800 * FIXTURE_SECOND_US;
        alarm.shelved_by = "alice";
        alarm.shelf_reason = "calibration";
        alarm.suppressed_by = "pump.run is STOPPED";
    }
    fixture_apply(&stage->mirror, WIRE_ALARM, &alarm, FIXTURE_NOW_US);
}

static void put_alarms(struct stage *stage)
{
    fixture_tag(&stage->mirror, 1, "boiler.temp");
    fixture_number(&stage->mirror, 1, 97.5, QUALITY_GOOD, FIXTURE_NOW_US);
    for (uint32_t id = 1; id <= 40; id++)
        put_alarm(stage, id, (enum alarm_state)(ALARM_UNACKNOWLEDGED + id % 8),
                  (enum alarm_priority)(id % 5));
    fixture_snapshot_end(&stage->mirror);
}

static void press(struct stage *stage, uint32_t key)
{
    const struct input input = {.type = INPUT_KEY, .key = key};
    if (!stage->class->input(stage->state, &stage->host, &input))
        stage->class->act(stage->state, &stage->host, action_of_key(key, stage->class->where));
    stage_draw(stage);
}

static void test_any_size(void **state)
{
    static const int SIZES[][2] = {{0, 0}, {1, 1}, {2, 50}, {300, 1}, {9, 9}, {40, 12}, {80, 24}, {300, 100}};
    (void)state;
    for (size_t i = 0; i < 4 * COUNT(SIZES); i++) {
        struct stage stage;
        const int *size = SIZES[i / 4];
        stage_open(&stage, SCREEN_ALARMS, size[0], size[1], (enum glyph_level)(i % 4));
        stage_draw(&stage);
        put_alarms(&stage);
        stage_draw(&stage);
        for (int tab = 0; tab < 3; tab++) {
            press(&stage, INPUT_END);
            press(&stage, INPUT_PAGE_UP);
            press(&stage, '/');
            press(&stage, 'x');
            press(&stage, INPUT_ESCAPE);
            press(&stage, INPUT_TAB);
        }
        stage.host.mono_us += 10 * ALARM_LIST_SEEN_US;
        if (size[1] >= 9) { /* with a row in sight that can be meant */
            press(&stage, 'z');
            assert_true(size[1] < 12 || size[0] < 80 || find_row(&stage, "Shelve ") >= 0);
            press(&stage, INPUT_RIGHT);
            press(&stage, INPUT_ESCAPE);
        }
        mirror_recorder_lost(&stage.mirror, FIXTURE_NOW_US);
        stage_draw(&stage);
        stage_close(&stage);
    }
}

/* At 80 columns in ASCII: nothing that an operator needs is left out. */
static void test_rows(void **state)
{
    struct stage stage;
    (void)state;
    stage_open(&stage, SCREEN_ALARMS, 80, 24, GLYPH_ASCII);
    put_alarm(&stage, 1, ALARM_UNACKNOWLEDGED, PRIORITY_CRITICAL);
    put_alarm(&stage, 2, ALARM_RETURNED, PRIORITY_LOW);
    put_alarm(&stage, 3, ALARM_SHELVED, PRIORITY_LOW);
    fixture_tag(&stage.mirror, 1, "boiler.temp");
    fixture_number(&stage.mirror, 1, 97.5, QUALITY_GOOD, FIXTURE_NOW_US);
    fixture_snapshot_end(&stage.mirror);
    setenv("TZ", "UTC", 1);
    stage_draw(&stage);
    assert_row(&stage, 0, " [Standing 2] Shelved and suppressed 1  Journal       Tab next list  Space mark");
    assert_row(&stage, 1, "  PRI STATE    ACTIVATED    ALARM                    VALUE   FOR MESSAGE");
    assert_row(&stage, 2, "  [1] * UNACK  22:13:19.000 ~ng.name.of.a.tag1/hi     97.5  1.0s Drum hot: 95 ~");
    assert_row(&stage, 3, "   4  o RETURN 22:13:18.000 ~ng.name.of.a.tag2/hi           2.0s Drum hot: 95 ~");
    press(&stage, INPUT_TAB);
    assert_row(&stage, 2, "   4  o shelved ~ther.long.name.of.a.tag3/hi   30m alice calibration; while pu~");
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_size),
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests_name("alarm_screen", tests, NULL, NULL);
}
