/* Alarms that stand while another configuration comes: what it changes, and what it must not touch. */
#include "alarm_fixture.h"

/* Another name, another limit, an alarm less. */
static void test_alarms_keep_their_states(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90);
    fixture_alarm(&f, ALARM_HIHI, 95);
    fixture_start(&f);
    fixture_send(&f, "a", 97);
    fixture_acknowledge(&f, "a/hi");
    fixture_events(&f);
    free(f.defs[0].name);
    f.defs[0].name = mem_copy_text("x");
    f.defs[0].alarm_count = 1;
    f.defs[0].alarms[0].limit = 80;
    f.defs[0].alarms[0].priority = PRIORITY_HIGH;
    f.defs[0].alarms[0].count = 3;
    f.defs[0].alarms[0].exclusive = true;
    f.defs[0].alarms[0].suppress[0].tag = mem_copy_text("b");
    f.defs[0].alarms[0].message = mem_copy_text("Too hot");
    fixture_reload(&f);
    expect_state(&f, "x/hi", ALARM_ACKNOWLEDGED);
    assert_null(alarms_find(&f.alarms, "a/hi"));
    assert_null(alarms_find(&f.alarms, "x/hihi"));
    assert_string_equal(fixture_events(&f), "a/hihi removed, x/hi changed");
    assert_string_equal(batch_event(f.batch, f.seen - 1).detail,
                        "limit 90 -> 80; count none -> 3; priority medium -> high; exclusive no -> yes;"
                        " suppressed by none -> b = 0; message none -> Too hot");
    fixture_send(&f, "a", 85);
    expect_state(&f, "x/hi", ALARM_ACKNOWLEDGED);
    fixture_send(&f, "a", 79);
    expect_state(&f, "x/hi", ALARM_NORMAL);
    fixture_end(&f);
}

/* Of a pair that stood side by side the lesser gives way, and is there again when the worse is over. */
static void test_becoming_exclusive(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90)->group = mem_copy_text("trip");
    fixture_alarm(&f, ALARM_HIHI, 95)->group = mem_copy_text("trip");
    fixture_start(&f);
    fixture_send(&f, "a", 97);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    expect_state(&f, "a/hihi", ALARM_UNACKNOWLEDGED);
    f.defs[0].alarms[0].exclusive = f.defs[0].alarms[1].exclusive = true;
    fixture_events(&f);
    fixture_reload(&f);
    assert_string_equal(fixture_events(&f), "a/hihi changed, a/hi changed, a/hi superseded");
    expect_state(&f, "a/hi", ALARM_NORMAL);
    fixture_send(&f, "a", 92);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    fixture_send(&f, "a", 97);
    fixture_send(&f, "a", 80); /* both are over at once */
    expect_state(&f, "a/hi", ALARM_NORMAL);
    expect_state(&f, "a/hihi", ALARM_RETURNED);
    assert_int_equal(fixture_find(&f, "a/hi")->group->active, 0);
    fixture_end(&f);
}

/* Reloads bring the next rise of the priority no nearer. */
static void test_escalation_keeps_its_time(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    struct alarm_def *def = fixture_alarm(&f, ALARM_HI, 90);
    def->priority = PRIORITY_LOW;
    def->escalate_us = 30 * MINUTE;
    fixture_start(&f);
    struct alarm_status *status = &fixture_find(&f, "a/hi")->status;
    fixture_send(&f, "a", 95);
    fixture_pass(&f, 31 * MINUTE);
    assert_int_equal(status->priority, PRIORITY_MEDIUM);
    for (int i = 0; i < 3; i++) {
        fixture_reload(&f);
        fixture_pass(&f, 9 * MINUTE);
        assert_int_equal(status->priority, PRIORITY_MEDIUM);
    }
    fixture_pass(&f, 2 * MINUTE);
    assert_int_equal(status->priority, PRIORITY_HIGH);
    fixture_end(&f);
}

/* Nor does an outage before them, in which it stood still. */
static void test_escalation_after_an_outage(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    struct alarm_def *def = fixture_alarm(&f, ALARM_HI, 90);
    def->escalate_us = 30 * MINUTE;
    fixture_start(&f);
    fixture_send(&f, "a", 95);
    fixture_pass(&f, 10 * MINUTE);
    plant_link_down(&f.plant);
    struct alarm_pass pass = fixture_now(&f);
    alarms_freeze(&pass);
    fixture_pass(&f, 2 * HOUR);
    plant_link_up(&f.plant, &f.now);
    fixture_settle(&f);
    fixture_events(&f);
    fixture_reload(&f);
    fixture_pass(&f, 20 * MINUTE - 1);
    assert_string_equal(fixture_events(&f), "");
    fixture_pass(&f, 1);
    assert_string_equal(fixture_events(&f), "a/hi escalated");
    fixture_end(&f);
}

/* A maximum that is lower now holds for those that are shelved, too, from now on. */
static void test_shelves_are_cut(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90);
    fixture_alarm(&f, ALARM_HIHI, 95);
    fixture_start(&f);
    fixture_send(&f, "a", 97);
    fixture_shelve(&f, "a/hi", 8 * HOUR, false);
    fixture_shelve(&f, "a/hihi", HOUR, false);
    fixture_pass(&f, MINUTE);
    fixture_events(&f);
    int64_t hihi_until_us = fixture_find(&f, "a/hihi")->status.shelf_until_us;
    f.alarms.shelf_max_us = 2 * HOUR;
    fixture_reload(&f);
    assert_string_equal(fixture_events(&f), "a/hi shelved");
    struct alarm_event event = batch_event(f.batch, f.seen - 1);
    assert_null(event.operator);
    assert_string_equal(event.detail, "shelve_max allows it until 2023-11-15T00:14:20.000Z");
    const struct alarm *hi = fixture_find(&f, "a/hi");
    assert_true(hi->status.shelf_until_us == f.now.wall_us + 2 * HOUR);
    assert_true(fixture_find(&f, "a/hihi")->status.shelf_until_us == hihi_until_us);
    assert_string_equal(alarm_texts(hi)->shelf_reason, "sensor at the workshop");
    fixture_pass(&f, MINUTE);
    fixture_reload(&f); /* no further each time */
    assert_string_equal(fixture_events(&f), "");
    fixture_pass(&f, 2 * HOUR - MINUTE - 1);
    assert_string_equal(fixture_events(&f), "a/hihi unshelved");
    fixture_pass(&f, 1);
    assert_string_equal(fixture_events(&f), "a/hi unshelved");
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alarms_keep_their_states),  cmocka_unit_test(test_becoming_exclusive),
        cmocka_unit_test(test_escalation_keeps_its_time), cmocka_unit_test(test_escalation_after_an_outage),
        cmocka_unit_test(test_shelves_are_cut),
    };
    return cmocka_run_group_tests_name("alarm_reload", tests, NULL, NULL);
}
