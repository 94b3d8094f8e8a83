/* Alarms over a restart, a kill included: every state, and what goes on with time. */
#include "alarm_fixture.h"

/* Drives the alarm of a fresh plant into a state. */
static void drive(struct alarm_fixture *f, enum alarm_state wanted)
{
    struct err err = {0};
    struct alarm_pass pass = fixture_now(f);
    bool latching = wanted == ALARM_LATCHED || wanted == ALARM_LATCHED_ACKNOWLEDGED;
    struct alarm_def *def = fixture_alarm(f, ALARM_HI, 90);
    def->latching = latching;
    def->realarm_us = HOUR;
    def->suppress[0] = (struct alarm_suppression){.tag = mem_copy_text("b"), .value = 0};
    fixture_start(f);
    fixture_send(f, "b", 1);
    fixture_send(f, "a", 50);
    if (wanted == ALARM_NORMAL)
        return;
    fixture_send(f, "a", 95);
    if (wanted == ALARM_ACKNOWLEDGED || wanted == ALARM_LATCHED_ACKNOWLEDGED)
        fixture_acknowledge(f, "a/hi");
    if (wanted == ALARM_RETURNED || latching)
        fixture_send(f, "a", 80);
    if (wanted == ALARM_SHELVED)
        fixture_shelve(f, "a/hi", 2 * HOUR, false);
    if (wanted == ALARM_SUPPRESSED)
        fixture_send(f, "b", 0);
    if (wanted == ALARM_OUT_OF_SERVICE)
        assert_true(alarm_take_out_of_service(&pass, fixture_find(f, "a/hi"), "sensor away", &ALICE, &err));
}

/* In each state: as it was, no transition at the start nor when the same values come again, and then on. */
static void test_restart_in_each_state(void **state)
{
    (void)state;
    for (int i = ALARM_NORMAL; i < ALARM_STATES; i++) {
        enum alarm_state wanted = (enum alarm_state)i;
        struct alarm_fixture f, g;
        fixture_make(&f);
        drive(&f, wanted);
        expect_state(&f, "a/hi", wanted);
        fixture_pass(&f, MINUTE);
        fixture_restart(&f, &g, 10 * MINUTE);
        const struct alarm *before = fixture_find(&f, "a/hi"), *after = fixture_find(&g, "a/hi");
        assert_int_equal(after->status.activated_us, before->status.activated_us);
        assert_int_equal(after->status.acknowledged_us, before->status.acknowledged_us);
        assert_int_equal(after->status.shelf_until_us, before->status.shelf_until_us);
        assert_string_equal(alarm_texts(after)->shelf_reason, alarm_texts(before)->shelf_reason);
        assert_string_equal(alarm_texts(after)->acknowledged_by, alarm_texts(before)->acknowledged_by);
        plant_link_up(&g.plant, &g.now);
        bool stands = before->status.active;
        fixture_send(&g, "b", wanted == ALARM_SUPPRESSED ? 0 : 1);
        fixture_send(&g, "a", stands ? 95 : 80);
        plant_backlog_end(&g.plant, &g.now);
        struct alarm_pass pass = fixture_now(&g);
        alarms_thaw(&pass);
        expect_state(&g, "a/hi", wanted);
        assert_string_equal(fixture_events(&g), "");
        if (wanted == ALARM_SHELVED) { /* 2 hours from the shelving on, not from the restart on */
            fixture_pass(&g, 2 * HOUR - 11 * MINUTE - 1);
            expect_state(&g, "a/hi", ALARM_SHELVED);
            fixture_pass(&g, 1);
            expect_state(&g, "a/hi", ALARM_UNACKNOWLEDGED);
        } else if (wanted == ALARM_ACKNOWLEDGED) { /* but the re-alarm time stood still */
            fixture_pass(&g, HOUR - MINUTE - 1);
            expect_state(&g, "a/hi", ALARM_ACKNOWLEDGED);
            fixture_pass(&g, 1);
            expect_state(&g, "a/hi", ALARM_UNACKNOWLEDGED);
        } else if (stands && wanted == ALARM_UNACKNOWLEDGED) {
            fixture_send(&g, "a", 50);
            expect_state(&g, "a/hi", ALARM_RETURNED);
        }
        fixture_end(&f);
        fixture_end(&g);
    }
}

/* A rate and a deviation that stood at a kill stay as they were, and end although nothing live comes any more. */
static void test_restart_of_rate_and_deviation(void **state)
{
    (void)state;
    struct alarm_fixture f, g;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_RATE, 2);
    fixture_alarm(&f, ALARM_DEVIATION, 5)->reference = mem_copy_text("b");
    fixture_start(&f);
    fixture_send(&f, "b", 50);
    fixture_send(&f, "a", 0);
    fixture_pass(&f, SECOND);
    fixture_send(&f, "a", 20);
    fixture_acknowledge(&f, "a/deviation");
    fixture_restart(&f, &g, 10 * MINUTE);
    fixture_pass(&g, HOUR); /* no broker yet */
    plant_link_up(&g.plant, &g.now);
    fixture_publish(&g, "a", "20", true);
    fixture_publish(&g, "b", "50", true);
    fixture_settle(&g);
    expect_state(&g, "a/rate", ALARM_UNACKNOWLEDGED);
    expect_state(&g, "a/deviation", ALARM_ACKNOWLEDGED);
    assert_string_equal(fixture_events(&g), "");
    fixture_pass(&g, MINUTE);
    assert_string_equal(fixture_events(&g), "a/rate cleared");
    fixture_come_back_silent(&g, 48, 50, true);
    assert_string_equal(fixture_events(&g), "a/deviation cleared");
    expect_state(&g, "a/deviation", ALARM_NORMAL);
    fixture_end(&f);
    fixture_end(&g);
}

/* However long the recorder was stopped, and the broker after that: nothing rises by it, and then all does in its time. */
static void test_restart_raises_nothing(void **state)
{
    (void)state;
    struct alarm_fixture f, g;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90)->realarm_us = HOUR;
    struct alarm_def *def = fixture_alarm(&f, ALARM_HIHI, 95);
    def->escalate_us = 30 * MINUTE;
    def->priority = PRIORITY_LOW;
    fixture_start(&f);
    fixture_send(&f, "a", 97);
    fixture_acknowledge(&f, "a/hi");
    fixture_pass(&f, 40 * MINUTE);
    assert_int_equal(fixture_find(&f, "a/hihi")->status.priority, PRIORITY_MEDIUM);
    fixture_restart(&f, &g, 72 * HOUR);
    fixture_pass(&g, 5 * HOUR); /* no broker yet */
    plant_link_up(&g.plant, &g.now);
    fixture_publish(&g, "a", "97", true);
    fixture_settle(&g);
    assert_string_equal(fixture_events(&g), "");
    fixture_pass(&g, 20 * MINUTE - 1);
    assert_string_equal(fixture_events(&g), "");
    fixture_pass(&g, 1);
    assert_string_equal(fixture_events(&g), "a/hihi escalated, a/hi realarmed");
    fixture_end(&f);
    fixture_end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restart_in_each_state),
        cmocka_unit_test(test_restart_of_rate_and_deviation),
        cmocka_unit_test(test_restart_raises_nothing),
    };
    return cmocka_run_group_tests_name("alarm_restart", tests, NULL, NULL);
}
