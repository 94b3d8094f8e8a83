/* Alarms while the link is away, and what comes back with it. */
#include "alarm_fixture.h"

/* A lost link makes no alarms, and delays stand still until its backlog is there. */
static void test_link(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90)->on_delay_us = 10 * SECOND;
    fixture_alarm(&f, ALARM_LO, 10);
    fixture_alarm(&f, ALARM_STALE, 0);
    fixture_alarm(&f, ALARM_BAD, 0);
    fixture_alarm(&f, ALARM_RATE, 1);
    fixture_alarm(&f, ALARM_DEVIATION, 5)->reference = mem_copy_text("b");
    f.defs[0].stale_after_us = 30 * SECOND;
    fixture_start(&f);
    fixture_send(&f, "b", 95);
    fixture_send(&f, "a", 95);
    fixture_pass(&f, 6 * SECOND);
    plant_link_down(&f.plant);
    struct alarm_pass pass = fixture_now(&f);
    alarms_freeze(&pass);
    fixture_pass(&f, HOUR);
    plant_link_up(&f.plant, &f.now);
    fixture_send(&f, "b", 95);
    fixture_send(&f, "a", 5); /* passes through low, which is the past */
    fixture_send(&f, "a", 93);
    fixture_pass(&f, SECOND);
    assert_string_equal(fixture_events(&f), "");
    plant_backlog_end(&f.plant, &f.now);
    pass = fixture_now(&f);
    alarms_thaw(&pass);
    fixture_pass(&f, 3900000);
    assert_string_equal(fixture_events(&f), "");
    fixture_pass(&f, 100000); /* what was left of the on-delay */
    assert_string_equal(fixture_events(&f), "a/hi activated");
    fixture_send(&f, "a", 93.5); /* live: no rate from the backlog to now */
    assert_string_equal(fixture_events(&f), "");
    fixture_pass(&f, SECOND);
    fixture_send(&f, "a", 80);
    assert_string_equal(fixture_events(&f), "a/hi cleared, a/rate activated, a/deviation activated");
    fixture_end(&f);
}

/* Nothing that the plant would have to do with happens while it is not known; afterwards the rest of the time runs. */
static void test_everything_waits_for_the_link(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    struct alarm_def *hi = fixture_alarm(&f, ALARM_HI, 90);
    hi->realarm_us = 30 * SECOND;
    hi->escalate_us = 45 * SECOND;
    struct alarm_def *lo = fixture_alarm(&f, ALARM_LO, 99);
    lo->suppress[0] = (struct alarm_suppression){.tag = mem_copy_text("b"), .value = 0};
    lo->on_delay_us = 20 * SECOND;
    fixture_start(&f);
    fixture_send(&f, "b", 0);
    fixture_send(&f, "a", 95);
    fixture_acknowledge(&f, "a/hi");
    fixture_pass(&f, 30 * SECOND);
    fixture_acknowledge(&f, "a/hi");
    fixture_send(&f, "b", 1); /* the pump starts: lo is released in 20 s, a/hi escalates in 15 */
    fixture_pass(&f, 10 * SECOND);
    fixture_events(&f);
    fixture_lose_link(&f);
    fixture_pass(&f, HOUR);
    assert_string_equal(fixture_events(&f), "");
    plant_link_up(&f.plant, &f.now);
    fixture_send(&f, "b", 1);
    fixture_send(&f, "a", 95);
    fixture_pass(&f, MINUTE); /* of backlog */
    fixture_lose_link(&f);    /* again, before it has settled */
    fixture_pass(&f, HOUR);
    plant_link_up(&f.plant, &f.now);
    fixture_send(&f, "b", 1);
    fixture_send(&f, "a", 95);
    fixture_settle(&f);
    fixture_pass(&f, 5 * SECOND - 1);
    assert_string_equal(fixture_events(&f), "");
    fixture_pass(&f, 1);
    assert_string_equal(fixture_events(&f), "a/hi escalated");
    fixture_pass(&f, 5 * SECOND - 1);
    assert_string_equal(fixture_events(&f), "");
    fixture_pass(&f, 1);
    assert_string_equal(fixture_events(&f), "a/lo unsuppressed");
    fixture_end(&f);
}

/* A rate of a tag that is silent after an outage ends by the time that passes, as it does without one. */
static void test_rate_ends_after_an_outage(void **state)
{
    (void)state;
    for (int retained = 0; retained < 2; retained++) {
        struct alarm_fixture f;
        fixture_make(&f);
        struct alarm_def *def = fixture_alarm(&f, ALARM_RATE, 2);
        def->off_delay_us = 5 * SECOND;
        fixture_start(&f);
        fixture_send(&f, "a", 0);
        fixture_pass(&f, SECOND);
        fixture_send(&f, "a", 20); /* 20 in 10 s would be 2 a second: 9 s are left */
        expect_state(&f, "a/rate", ALARM_UNACKNOWLEDGED);
        fixture_pass(&f, 4 * SECOND);
        fixture_come_back_silent(&f, 60, 0, retained);
        fixture_pass(&f, 5 * SECOND + 5 * SECOND - 1);
        expect_state(&f, "a/rate", ALARM_UNACKNOWLEDGED);
        fixture_pass(&f, 1);
        expect_state(&f, "a/rate", ALARM_RETURNED);
        fixture_send(&f, "a", 60);
        fixture_pass(&f, SECOND);
        fixture_send(&f, "a", 80);
        fixture_pass(&f, 12 * SECOND); /* within the off-delay */
        expect_state(&f, "a/rate", ALARM_UNACKNOWLEDGED);
        fixture_come_back_silent(&f, 99, 0, retained);
        fixture_pass(&f, 2 * SECOND - 1);
        expect_state(&f, "a/rate", ALARM_UNACKNOWLEDGED);
        fixture_pass(&f, 1);
        expect_state(&f, "a/rate", ALARM_RETURNED);
        fixture_end(&f);
    }
}

/* A deviation ends by what comes back with the link, and does not begin by it. */
static void test_deviation_over_an_outage(void **state)
{
    (void)state;
    for (int retained = 0; retained < 2; retained++) {
        struct alarm_fixture f;
        fixture_make(&f);
        fixture_alarm(&f, ALARM_DEVIATION, 5)->reference = mem_copy_text("b");
        fixture_start(&f);
        fixture_send(&f, "b", 50);
        fixture_send(&f, "a", 60);
        fixture_come_back_silent(&f, 58, 50, retained);
        expect_state(&f, "a/deviation", ALARM_UNACKNOWLEDGED);
        fixture_come_back_silent(&f, 52, 50, retained);
        expect_state(&f, "a/deviation", ALARM_RETURNED);
        fixture_come_back_silent(&f, 60, 50, retained);
        fixture_pass(&f, HOUR);
        expect_state(&f, "a/deviation", ALARM_RETURNED);
        fixture_send(&f, "a", 60);
        expect_state(&f, "a/deviation", ALARM_UNACKNOWLEDGED);
        fixture_end(&f);
    }
}

/* Who acknowledges while the link is away has the whole re-alarm time from when it is back. A shelf ends when it was
 * promised. */
static void test_operators_while_the_link_is_away(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90)->realarm_us = 30 * SECOND;
    fixture_alarm(&f, ALARM_HIHI, 94);
    fixture_start(&f);
    fixture_send(&f, "a", 95);
    fixture_shelve(&f, "a/hihi", 30 * SECOND, false);
    fixture_lose_link(&f);
    fixture_pass(&f, 20 * SECOND);
    fixture_acknowledge(&f, "a/hi");
    fixture_events(&f);
    fixture_pass(&f, HOUR);
    assert_string_equal(fixture_events(&f), "a/hihi unshelved");
    plant_link_up(&f.plant, &f.now);
    fixture_send(&f, "a", 95);
    fixture_settle(&f);
    fixture_pass(&f, 30 * SECOND - 1);
    assert_string_equal(fixture_events(&f), "");
    fixture_pass(&f, 1);
    assert_string_equal(fixture_events(&f), "a/hi realarmed");
    fixture_end(&f);
}

/* A value from before the link was lost is none of the present, also once its tag is stale: it neither raises nor
 * clears, is no limit and suppresses nothing. */
static void test_a_value_from_before_stays_unusable(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 0)->limit_tag = mem_copy_text("b");
    fixture_alarm(&f, ALARM_LO, 50)->suppress[0] =
        (struct alarm_suppression){.tag = mem_copy_text("b"), .value = 20};
    fixture_alarm(&f, ALARM_STALE, 0);
    fixture_alarm(&f, ALARM_BAD, 0);
    for (int i = 0; i < TAGS; i++)
        f.defs[i].stale_after_us = 10 * SECOND;
    fixture_start(&f);
    fixture_send(&f, "b", 20);
    fixture_send(&f, "a", 10);
    expect_state(&f, "a/lo", ALARM_SUPPRESSED);
    fixture_lose_link(&f);
    plant_link_up(&f.plant, &f.now);
    fixture_send(&f, "a", 30); /* b is silent */
    fixture_settle(&f);
    fixture_events(&f);
    fixture_pass(&f, 11 * SECOND);
    assert_string_equal(fixture_events(&f), "a/stale activated");
    fixture_send(&f, "a", 31);
    assert_string_equal(fixture_events(&f), "a/stale cleared");
    fixture_send(&f, "b", 20);
    assert_string_equal(fixture_events(&f), "a/hi activated");
    fixture_end(&f);
}

/* A tag in the quiet band before the link was lost and beyond its limit afterwards clears again. */
static void test_quiet_band_ends(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90);
    fixture_start(&f);
    fixture_send(&f, "a", 50);
    fixture_send(&f, "a", 51);
    struct alarm_pass pass = fixture_now(&f);
    plant_link_down(&f.plant);
    alarms_freeze(&pass);
    plant_link_up(&f.plant, &f.now);
    fixture_send(&f, "a", 95);
    plant_backlog_end(&f.plant, &f.now);
    alarms_thaw(&pass);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    fixture_send(&f, "a", 50);
    expect_state(&f, "a/hi", ALARM_RETURNED);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link),
        cmocka_unit_test(test_everything_waits_for_the_link),
        cmocka_unit_test(test_rate_ends_after_an_outage),
        cmocka_unit_test(test_deviation_over_an_outage),
        cmocka_unit_test(test_operators_while_the_link_is_away),
        cmocka_unit_test(test_a_value_from_before_stays_unusable),
        cmocka_unit_test(test_quiet_band_ends),
    };
    return cmocka_run_group_tests_name("alarm_link", tests, NULL, NULL);
}
