/* Exclusive pairs: lo gives way to lolo, hi to hihi, unless operators are not told of the worse one. */
#include "alarm_fixture.h"

static void test_exclusive(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    struct alarm_def *def = fixture_alarm(&f, ALARM_HI, 90);
    def->exclusive = true;
    def->deadband = 2;
    fixture_alarm(&f, ALARM_HIHI, 95);
    fixture_start(&f);
    fixture_send(&f, "a", 92);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    fixture_acknowledge(&f, "a/hi");
    fixture_send(&f, "a", 97); /* worse: again, under the name of hihi */
    expect_state(&f, "a/hi", ALARM_NORMAL);
    expect_state(&f, "a/hihi", ALARM_UNACKNOWLEDGED);
    fixture_acknowledge(&f, "a/hihi");
    fixture_send(&f, "a", 89); /* within the deadband of hi: it takes over, acknowledged as hihi was */
    expect_state(&f, "a/hihi", ALARM_NORMAL);
    expect_state(&f, "a/hi", ALARM_ACKNOWLEDGED);
    fixture_send(&f, "a", 97);
    fixture_send(&f, "a", 94); /* not acknowledged this time */
    expect_state(&f, "a/hihi", ALARM_RETURNED);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    fixture_send(&f, "a", 80);
    expect_state(&f, "a/hi", ALARM_RETURNED);
    assert_string_equal(fixture_events(&f),
                        "a/hi activated, a/hi acknowledged, a/hihi activated, a/hi superseded, "
                        "a/hihi acknowledged, a/hihi cleared, a/hi activated, a/hihi activated, "
                        "a/hi superseded, a/hihi cleared, a/hi activated, a/hi cleared");
    fixture_end(&f);
}

/* A jump past both limits is one alarm, also when both delays end at once, whichever timer is looked at first. */
static void test_exclusive_jump(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct alarm_fixture f;
        fixture_make(&f);
        fixture_alarm(&f, order ? ALARM_HIHI : ALARM_HI, order ? 95 : 90)->on_delay_us = 5 * SECOND;
        fixture_alarm(&f, order ? ALARM_HI : ALARM_HIHI, order ? 90 : 95)->on_delay_us = 5 * SECOND;
        f.defs[0].alarms[order].exclusive = true;
        f.defs[1].alarms = mem_new(1, sizeof *f.defs[1].alarms);
        f.defs[1].alarm_count = 1;
        f.defs[1].alarms[0] = (struct alarm_def){.type = ALARM_HI,
                                                 .has_limit = true,
                                                 .limit = 90,
                                                 .on_delay_us = SECOND,
                                                 .priority = PRIORITY_LOW};
        fixture_start(&f);
        fixture_send(&f, "b", 97); /* when its timer is taken, those behind it change places */
        fixture_send(&f, "a", 97);
        fixture_pass(&f, 5 * SECOND);
        assert_string_equal(fixture_events(&f), "b/hi activated, a/hihi activated");
        assert_int_equal(f.alarms.counters.activations, 2);
        fixture_send(&f, "a", 92); /* hi has stood all the time */
        fixture_acknowledge(&f, "a/hihi");
        fixture_send(&f, "a", 80);
        fixture_acknowledge(&f, "a/hi");
        assert_string_equal(fixture_events(&f), "a/hihi cleared, a/hi activated, a/hihi acknowledged, "
                                                "a/hi cleared, a/hi acknowledged");
        fixture_send(&f, "a", 92); /* each in its own time */
        fixture_pass(&f, SECOND);
        fixture_send(&f, "a", 97);
        fixture_pass(&f, 5 * SECOND);
        assert_string_equal(fixture_events(&f), "a/hi activated, a/hihi activated, a/hi superseded");
        fixture_end(&f);
    }
}

/* A hihi that operators are not told of silences no hi: whether it is withheld as it comes, or while it stands. */
static void test_exclusive_withheld(void **state)
{
    (void)state;
    struct alarm_fixture f;
    struct err err = {0};
    fixture_make(&f);
    struct alarm_def *def = fixture_alarm(&f, ALARM_HI, 90);
    def->exclusive = true;
    def->on_delay_us = 5 * SECOND;
    fixture_alarm(&f, ALARM_HIHI, 95);
    fixture_start(&f);
    fixture_shelve(&f, "a/hihi", 10 * MINUTE, false);
    fixture_send(&f, "a", 97);
    fixture_pass(&f, 4 * SECOND);
    struct alarm_pass pass = fixture_now(&f);
    assert_true(alarm_take_out_of_service(&pass, fixture_find(&f, "a/hihi"), "sensor away", &ALICE, &err));
    expect_state(&f, "a/hi", ALARM_NORMAL); /* a second reason is none to come before its on-delay */
    fixture_pass(&f, SECOND);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    assert_true(alarm_put_in_service(&pass, fixture_find(&f, "a/hihi"), &ALICE, &err));
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    fixture_pass(&f, 10 * MINUTE); /* the shelf ends: it takes the place of hi */
    expect_state(&f, "a/hihi", ALARM_UNACKNOWLEDGED);
    expect_state(&f, "a/hi", ALARM_NORMAL);
    fixture_shelve(&f, "a/hihi", 0, true); /* and leaves it, without hi's on-delay */
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    fixture_send(&f, "a", 92); /* ends the one-shot shelf; hi has stood all the time */
    expect_state(&f, "a/hihi", ALARM_NORMAL);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    fixture_send(&f, "a", 97);
    fixture_acknowledge(&f, "a/hihi");
    fixture_shelve(&f, "a/hihi", HOUR, false);
    expect_state(&f, "a/hi", ALARM_ACKNOWLEDGED); /* as hihi was */
    assert_string_equal(
        fixture_events(&f),
        "a/hihi shelved, a/hihi activated, a/hihi out of service, a/hi activated, "
        "a/hihi in service, a/hihi unshelved, a/hi superseded, a/hihi shelved, a/hi activated, "
        "a/hihi cleared, a/hihi unshelved, a/hihi activated, a/hi superseded, "
        "a/hihi acknowledged, a/hihi shelved, a/hi activated");
    fixture_end(&f);
}

/* Nor does one that is never told: out of service, suppressed, of priority journal. */
static void test_exclusive_untold(void **state)
{
    (void)state;
    for (int reason = 0; reason < 3; reason++) {
        struct alarm_fixture f;
        fixture_make(&f);
        fixture_alarm(&f, ALARM_HI, 90)->exclusive = true;
        struct alarm_def *hihi = fixture_alarm(&f, ALARM_HIHI, 95);
        if (reason == 0)
            hihi->out_of_service = true;
        else if (reason == 1)
            hihi->suppress[0] = (struct alarm_suppression){.tag = mem_copy_text("b"), .value = 0};
        else
            hihi->priority = PRIORITY_JOURNAL;
        fixture_start(&f);
        fixture_send(&f, "b", 0);
        fixture_send(&f, "a", 97);
        expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
        assert_true(fixture_find(&f, "a/hihi")->status.active);
        fixture_send(&f, "b", 1);
        expect_state(&f, "a/hi", reason == 1 ? ALARM_NORMAL : ALARM_UNACKNOWLEDGED);
        fixture_send(&f, "b", 0);
        expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
        fixture_send(&f, "a", 92);
        expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
        fixture_send(&f, "a", 80);
        expect_state(&f, "a/hi", ALARM_RETURNED);
        fixture_end(&f);
    }
}

/* While the link is away nothing is known: hi comes when it is back, after its delay. */
static void test_exclusive_shelved_while_link_is_away(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    struct alarm_def *def = fixture_alarm(&f, ALARM_HI, 90);
    def->exclusive = true;
    def->on_delay_us = 5 * SECOND;
    fixture_alarm(&f, ALARM_HIHI, 95);
    fixture_start(&f);
    fixture_send(&f, "a", 97);
    struct alarm_pass pass = fixture_now(&f);
    plant_link_down(&f.plant);
    alarms_freeze(&pass);
    plant_link_up(&f.plant, &f.now);
    fixture_send(&f, "a", 98); /* of the backlog */
    fixture_shelve(&f, "a/hihi", HOUR, false);
    expect_state(&f, "a/hi", ALARM_NORMAL);
    plant_backlog_end(&f.plant, &f.now);
    alarms_thaw(&pass);
    fixture_pass(&f, 5 * SECOND);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    expect_state(&f, "a/hihi", ALARM_SHELVED);
    fixture_end(&f);
}

/* A one-shot shelf covers what hi gave way in, too: it is over when the value has come back behind both. */
static void test_one_shot_ends_with_what_it_gave_way_in(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90)->exclusive = true;
    fixture_alarm(&f, ALARM_HIHI, 95);
    fixture_start(&f);
    fixture_send(&f, "a", 92);
    fixture_shelve(&f, "a/hi", HOUR, true);
    fixture_send(&f, "a", 97);
    fixture_send(&f, "a", 92); /* still the same */
    expect_state(&f, "a/hi", ALARM_SHELVED);
    fixture_send(&f, "a", 97);
    fixture_send(&f, "a", 80);
    expect_state(&f, "a/hi", ALARM_NORMAL);
    fixture_send(&f, "a", 92); /* another one */
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    fixture_end(&f);
}

/* Both delays end at the same moment: one alarm, not two of which one gives way at once. */
static void test_the_worse_comes_first(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    struct alarm_def *hi = fixture_alarm(&f, ALARM_HI, 90);
    hi->exclusive = true;
    hi->on_delay_us = 6 * SECOND;
    fixture_alarm(&f, ALARM_HIHI, 95)->on_delay_us = 5 * SECOND;
    fixture_start(&f);
    fixture_send(&f, "a", 92);
    fixture_pass(&f, SECOND);
    fixture_send(&f, "a", 97);
    fixture_pass(&f, 5 * SECOND);
    assert_string_equal(fixture_events(&f), "a/hihi activated");
    fixture_end(&f);
}

/* Its suppression waited for it to be gone, and giving way is that. */
static void test_suppression_ends_by_giving_way(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    struct alarm_def *hi = fixture_alarm(&f, ALARM_HI, 90);
    hi->exclusive = true;
    hi->on_delay_us = 10 * SECOND;
    hi->suppress[0] = (struct alarm_suppression){.tag = mem_copy_text("b"), .value = 0};
    fixture_alarm(&f, ALARM_HIHI, 95)->on_delay_us = 5 * SECOND;
    fixture_start(&f);
    fixture_send(&f, "b", 0);
    fixture_send(&f, "a", 97);
    fixture_send(&f, "b", 1);
    expect_state(&f, "a/hi", ALARM_SUPPRESSED);
    fixture_pass(&f, 5 * SECOND);
    expect_state(&f, "a/hi", ALARM_NORMAL);
    assert_string_equal(fixture_events(&f), "a/hi suppressed, a/hihi activated, a/hi unsuppressed");
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exclusive),
        cmocka_unit_test(test_exclusive_jump),
        cmocka_unit_test(test_exclusive_withheld),
        cmocka_unit_test(test_exclusive_untold),
        cmocka_unit_test(test_exclusive_shelved_while_link_is_away),
        cmocka_unit_test(test_one_shot_ends_with_what_it_gave_way_in),
        cmocka_unit_test(test_the_worse_comes_first),
        cmocka_unit_test(test_suppression_ends_by_giving_way),
    };
    return cmocka_run_group_tests_name("alarm_pair", tests, NULL, NULL);
}
