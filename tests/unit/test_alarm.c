/* The life of alarms: what operators do, suppression, re-alarm and escalation, hmi's own. */
#include "alarm_fixture.h"

static void test_acknowledge_and_latch(void **state)
{
    (void)state;
    struct alarm_fixture f;
    struct err err = {0};
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90)->latching = true;
    fixture_start(&f);
    struct alarm_pass pass = fixture_now(&f);
    assert_false(alarm_acknowledge(&pass, fixture_find(&f, "a/hi"), &ALICE, &err));
    assert_string_equal(err.text, "a/hi is normal: there is nothing to acknowledge");
    fixture_send(&f, "a", 95);
    fixture_send(&f, "a", 80);
    expect_state(&f, "a/hi", ALARM_LATCHED);
    fixture_acknowledge(&f, "a/hi");
    expect_state(&f, "a/hi", ALARM_LATCHED_ACKNOWLEDGED);
    assert_string_equal(alarm_texts(fixture_find(&f, "a/hi"))->acknowledged_by, "alice");
    fixture_acknowledge(&f, "a/hi"); /* the reset */
    expect_state(&f, "a/hi", ALARM_NORMAL);
    assert_string_equal(fixture_events(&f), "a/hi activated, a/hi cleared, a/hi acknowledged, a/hi reset");
    fixture_end(&f);
}

static void test_second_acknowledgement_is_told_of_the_first(void **state)
{
    (void)state;
    struct alarm_fixture f;
    struct err err = {0};
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90);
    fixture_start(&f);
    struct alarm_pass pass = fixture_now(&f);
    assert_false(alarm_acknowledge(&pass, fixture_find(&f, "a/hi"), &ALICE, &err));
    assert_string_equal(err.text, "a/hi is normal: there is nothing to acknowledge");
    fixture_send(&f, "a", 95);
    fixture_acknowledge(&f, "a/hi");
    assert_false(alarm_acknowledge(&pass, fixture_find(&f, "a/hi"), &ALICE, &err));
    assert_string_equal(err.text, "a/hi is acknowledged already, by alice");
    fixture_end(&f);
}

static void test_shelving(void **state)
{
    (void)state;
    struct alarm_fixture f;
    struct err err = {0};
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90);
    fixture_start(&f);
    struct alarm_pass pass = fixture_now(&f);
    struct alarm *alarm = fixture_find(&f, "a/hi");
    assert_false(alarm_shelve(&pass, alarm, MINUTE, false, "  ", &ALICE, &err));
    assert_false(alarm_shelve(&pass, alarm, 0, false, "why not", &ALICE, &err));
    assert_false(alarm_unshelve(&pass, alarm, &ALICE, &err));
    fixture_shelve(&f, "a/hi", 10 * MINUTE, false); /* timed: lasts whatever happens */
    fixture_send(&f, "a", 95);
    fixture_send(&f, "a", 80);
    fixture_send(&f, "a", 95);
    expect_state(&f, "a/hi", ALARM_SHELVED);
    assert_true(alarm->status.active); /* evaluated underneath */
    fixture_pass(&f, 10 * MINUTE);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    fixture_shelve(&f, "a/hi", 0, true); /* one-shot: ends when it clears */
    assert_true(alarm->status.shelf_until_us == f.now.wall_us + 8 * HOUR);
    fixture_send(&f, "a", 80);
    expect_state(&f, "a/hi", ALARM_NORMAL);
    fixture_shelve(&f, "a/hi", 1000 * HOUR, false); /* capped */
    fixture_pass(&f, 8 * HOUR - 1);
    expect_state(&f, "a/hi", ALARM_SHELVED);
    fixture_pass(&f, 1);
    expect_state(&f, "a/hi", ALARM_NORMAL);
    assert_string_equal(fixture_events(&f),
                        "a/hi shelved, a/hi activated, a/hi cleared, a/hi activated, a/hi unshelved, "
                        "a/hi shelved, a/hi cleared, a/hi unshelved, a/hi shelved, a/hi unshelved");
    fixture_end(&f);
}

static void test_suppression(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    struct alarm_def *def = fixture_alarm(&f, ALARM_LO, 10);
    def->suppress[0] = (struct alarm_suppression){.tag = mem_copy_text("b"), .value = 0};
    def->suppress[1] = (struct alarm_suppression){.tag = mem_copy_text("c"), .value = 7};
    def->on_delay_us = 5 * SECOND;
    fixture_start(&f);
    fixture_send(&f, "c", 6);
    fixture_send(&f, "b", 0); /* pump off */
    expect_state(&f, "a/lo", ALARM_SUPPRESSED);
    fixture_send(&f, "a", 0);
    fixture_pass(&f, MINUTE);
    expect_state(&f, "a/lo", ALARM_SUPPRESSED);
    fixture_send(&f, "b", 1); /* pump on: the flow gets its on-delay to come */
    fixture_pass(&f, 4 * SECOND);
    expect_state(&f, "a/lo", ALARM_SUPPRESSED);
    fixture_send(&f, "a", 50);
    expect_state(&f, "a/lo", ALARM_NORMAL);
    fixture_send(&f, "c", 7); /* the other reason */
    fixture_send(&f, "a", 0);
    fixture_pass(&f, MINUTE);
    fixture_send(&f, "c", 6);
    fixture_pass(&f, 5 * SECOND);
    expect_state(&f, "a/lo", ALARM_UNACKNOWLEDGED);
    fixture_send(&f, "b", 0);
    fixture_shelve(&f, "a/lo", HOUR, false); /* withheld twice: both have to end */
    expect_state(&f, "a/lo", ALARM_SUPPRESSED);
    fixture_send(&f, "a", 50);
    fixture_send(&f, "b", 1);
    expect_state(&f, "a/lo", ALARM_SHELVED);
    fixture_pass(&f, HOUR);
    expect_state(&f, "a/lo", ALARM_NORMAL);
    fixture_end(&f);
}

static void test_out_of_service(void **state)
{
    (void)state;
    struct alarm_fixture f;
    struct err err = {0};
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90);
    struct alarm_def *lo = fixture_alarm(&f, ALARM_LO, 10);
    lo->out_of_service = true;
    fixture_start(&f);
    expect_state(&f, "a/lo", ALARM_OUT_OF_SERVICE);
    struct alarm_pass pass = fixture_now(&f);
    struct alarm *hi = fixture_find(&f, "a/hi");
    assert_false(alarm_take_out_of_service(&pass, hi, " ", &ALICE, &err));
    assert_false(alarm_put_in_service(&pass, hi, &ALICE, &err));
    assert_string_equal(err.text, "a/hi is in service already");
    assert_true(alarm_take_out_of_service(&pass, hi, "sensor away", &ALICE, &err));
    assert_false(alarm_take_out_of_service(&pass, hi, "sensor away", &ALICE, &err));
    assert_string_equal(alarm_texts(hi)->detail, "alice: sensor away");
    fixture_send(&f, "a", 95);
    fixture_send(&f, "a", 5);
    fixture_send(&f, "a", 95);
    expect_state(&f, "a/hi", ALARM_OUT_OF_SERVICE);
    expect_state(&f, "a/lo", ALARM_OUT_OF_SERVICE);
    assert_true(alarm_put_in_service(&pass, hi, &ALICE, &err));
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    assert_string_equal(alarm_texts(hi)->detail, "");
    assert_false(alarm_put_in_service(&pass, fixture_find(&f, "a/lo"), &ALICE, &err));
    assert_non_null(strstr(err.text, "of the configuration"));
    fixture_end(&f);
}

static void test_realarm_and_escalation(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    struct alarm_def *def = fixture_alarm(&f, ALARM_HI, 90);
    def->realarm_us = 10 * MINUTE;
    def->escalate_us = 30 * MINUTE;
    fixture_start(&f);
    struct alarm_status *status = &fixture_find(&f, "a/hi")->status;
    fixture_send(&f, "a", 95);
    fixture_acknowledge(&f, "a/hi");
    fixture_pass(&f, 10 * MINUTE);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED); /* still standing */
    fixture_pass(&f, 19 * MINUTE);
    fixture_acknowledge(&f, "a/hi");
    fixture_pass(&f, MINUTE);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    assert_int_equal(status->priority, PRIORITY_HIGH);
    fixture_pass(&f, 60 * MINUTE);
    assert_int_equal(status->priority, PRIORITY_CRITICAL);
    fixture_acknowledge(&f, "a/hi");
    fixture_send(&f, "a", 80);
    expect_state(&f, "a/hi", ALARM_NORMAL);
    assert_int_equal(status->priority, PRIORITY_MEDIUM);
    fixture_pass(&f, 10 * HOUR);
    assert_string_equal(fixture_events(&f), "a/hi activated, a/hi acknowledged, a/hi realarmed, "
                                            "a/hi acknowledged, a/hi escalated, a/hi escalated, "
                                            "a/hi acknowledged, a/hi cleared");
    fixture_end(&f);
}

/* What nobody has acknowledged keeps the priority that it rose to; the next occurrence begins with its own. */
static void test_escalation_ends_with_the_occurrence(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90)->escalate_us = 30 * SECOND;
    fixture_start(&f);
    struct alarm_status *status = &fixture_find(&f, "a/hi")->status;
    fixture_send(&f, "a", 95);
    fixture_pass(&f, MINUTE);
    assert_int_equal(status->priority, PRIORITY_CRITICAL);
    fixture_send(&f, "a", 80);
    expect_state(&f, "a/hi", ALARM_RETURNED);
    assert_int_equal(status->priority, PRIORITY_CRITICAL);
    fixture_pass(&f, 5 * MINUTE);
    fixture_send(&f, "a", 95);
    assert_int_equal(status->priority, PRIORITY_MEDIUM);
    assert_int_equal(batch_event(f.batch, f.batch->event_count - 1).priority, PRIORITY_MEDIUM);
    fixture_pass(&f, 30 * SECOND - 1);
    assert_int_equal(status->priority, PRIORITY_MEDIUM);
    fixture_pass(&f, 1);
    assert_int_equal(status->priority, PRIORITY_HIGH);
    fixture_end(&f);
}

static void test_journal_priority(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90)->priority = PRIORITY_JOURNAL;
    fixture_start(&f);
    for (int i = 0; i < 20; i++) {
        fixture_send(&f, "a", 95);
        expect_state(&f, "a/hi", ALARM_ACKNOWLEDGED); /* nobody has to */
        fixture_send(&f, "a", 80);
        expect_state(&f, "a/hi", ALARM_NORMAL);
    }
    assert_false(f.alarms.flood.standing);
    assert_int_equal(f.batch->event_count, 40);
    fixture_end(&f);
}

static void test_system(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_start(&f);
    struct alarm_pass pass = fixture_now(&f);
    alarms_set_system(&pass, ALARM_SYSTEM_BROKER, true, "connection refused\n");
    alarms_set_system(&pass, ALARM_SYSTEM_BROKER, true, "connection refused");
    expect_state(&f, "system/broker", ALARM_UNACKNOWLEDGED);
    assert_string_equal(alarm_texts(fixture_find(&f, "system/broker"))->detail,
                        "connection refused\xEF\xBF\xBD");
    assert_string_equal(batch_event(f.batch, f.batch->event_count - 1).detail,
                        "broker lost: no plant data: connection refused\xEF\xBF\xBD");
    alarms_set_system(&pass, ALARM_SYSTEM_BROKER, false, NULL);
    expect_state(&f, "system/broker", ALARM_RETURNED);
    assert_string_equal(fixture_events(&f), "system/broker activated, system/broker cleared");
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acknowledge_and_latch),
        cmocka_unit_test(test_second_acknowledgement_is_told_of_the_first),
        cmocka_unit_test(test_shelving),
        cmocka_unit_test(test_suppression),
        cmocka_unit_test(test_out_of_service),
        cmocka_unit_test(test_realarm_and_escalation),
        cmocka_unit_test(test_escalation_ends_with_the_occurrence),
        cmocka_unit_test(test_journal_priority),
        cmocka_unit_test(test_system),
    };
    return cmocka_run_group_tests_name("alarm", tests, NULL, NULL);
}
