/* Each type of alarm with its deadband, its delays and what it does with values that cannot be used. */
#include "alarm_fixture.h"

static void test_high_and_low(void **state)
{
    (void)state;
    static const struct {
        enum alarm_type type;
        double limit, quiet, beyond, inside_deadband, back;
    } ROWS[] = {
        {ALARM_LOLO, 10, 10, 9.9, 11, 12},
        {ALARM_LO, 10, 10, -5, 11.9, 12},
        {ALARM_HI, 90, 90, 90.1, 89, 88},
        {ALARM_HIHI, 90, 50, 1e9, 88.1, 88},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct alarm_fixture f;
        char address[32];
        fixture_make(&f);
        fixture_alarm(&f, ROWS[i].type, ROWS[i].limit)->deadband = 2;
        fixture_start(&f);
        snprintf(address, sizeof address, "a/%s", ALARM_TYPE_WORDS[ROWS[i].type]);
        fixture_send(&f, "a", ROWS[i].quiet); /* the limit itself is not beyond it */
        expect_state(&f, address, ALARM_NORMAL);
        fixture_send(&f, "a", ROWS[i].beyond);
        expect_state(&f, address, ALARM_UNACKNOWLEDGED);
        assert_true(fixture_find(&f, address)->status.value == ROWS[i].beyond);
        assert_true(fixture_find(&f, address)->status.limit == ROWS[i].limit);
        fixture_send(&f, "a", ROWS[i].inside_deadband);
        expect_state(&f, address, ALARM_UNACKNOWLEDGED);
        fixture_send(&f, "a", ROWS[i].back);
        expect_state(&f, address, ALARM_RETURNED);
        fixture_acknowledge(&f, address);
        expect_state(&f, address, ALARM_NORMAL);
        fixture_end(&f);
    }
}

static void test_delays(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    struct alarm_def *def = fixture_alarm(&f, ALARM_HI, 90);
    def->on_delay_us = 5 * SECOND;
    def->off_delay_us = 3 * SECOND;
    fixture_start(&f);
    fixture_send(&f, "a", 95);
    fixture_pass(&f, 4900000);
    fixture_send(&f, "a", 80); /* a spike shorter than the on-delay */
    fixture_pass(&f, 10 * SECOND);
    expect_state(&f, "a/hi", ALARM_NORMAL);
    fixture_send(&f, "a", 95);
    fixture_pass(&f, 2 * SECOND);
    fixture_send(&f, "a", 97); /* does not begin it anew */
    fixture_pass(&f, 3 * SECOND);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    assert_true(fixture_find(&f, "a/hi")->status.value == 97);
    fixture_send(&f, "a", 80);
    fixture_pass(&f, 2900000);
    fixture_send(&f, "a", 95);
    fixture_send(&f, "a", 80); /* the off-delay begins anew */
    fixture_pass(&f, 2900000);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    fixture_pass(&f, 100000);
    expect_state(&f, "a/hi", ALARM_RETURNED);
    assert_string_equal(fixture_events(&f), "a/hi activated, a/hi cleared");
    fixture_end(&f);
}

/* What cannot be used neither raises nor clears, and a delay stands still meanwhile. */
static void test_unusable_values(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90)->on_delay_us = 5 * SECOND;
    f.defs[0].kind = TAG_ANALOG;
    f.defs[0].kind_fixed = true;
    fixture_start(&f);
    fixture_send(&f, "a", 95);
    fixture_pass(&f, 3 * SECOND);
    fixture_publish(&f, "a", "rubbish", false);
    fixture_pass(&f, HOUR);
    expect_state(&f, "a/hi", ALARM_NORMAL);
    fixture_send(&f, "a", 96);
    fixture_pass(&f, 1900000);
    expect_state(&f, "a/hi", ALARM_NORMAL);
    fixture_pass(&f, 100000);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    fixture_publish(&f, "a", "rubbish", false);
    fixture_pass(&f, HOUR);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    fixture_end(&f);
}

static void test_limit_tag(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 0)->limit_tag = mem_copy_text("b");
    fixture_start(&f);
    fixture_send(&f, "a", 95); /* no limit yet */
    expect_state(&f, "a/hi", ALARM_NORMAL);
    fixture_send(&f, "b", 100);
    expect_state(&f, "a/hi", ALARM_NORMAL);
    fixture_send(&f, "b", 90); /* the limit moves */
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    assert_true(fixture_find(&f, "a/hi")->status.limit == 90);
    fixture_send(&f, "b", 100);
    expect_state(&f, "a/hi", ALARM_RETURNED);
    fixture_end(&f);
}

static void test_deviation(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    struct alarm_def *def = fixture_alarm(&f, ALARM_DEVIATION, 5);
    def->reference = mem_copy_text("b");
    def->deadband = 2;
    fixture_start(&f);
    fixture_send(&f, "a", 50);
    fixture_send(&f, "b", 50);
    fixture_send(&f, "b", 56); /* the setpoint jumps away */
    expect_state(&f, "a/deviation", ALARM_UNACKNOWLEDGED);
    fixture_send(&f, "a", 52);
    expect_state(&f, "a/deviation", ALARM_UNACKNOWLEDGED);
    fixture_send(&f, "a", 53);
    expect_state(&f, "a/deviation", ALARM_RETURNED);
    fixture_send(&f, "a", 61.5);
    expect_state(&f, "a/deviation", ALARM_UNACKNOWLEDGED);
    fixture_end(&f);
}

static void test_rate(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_RATE, 2)->deadband = 0.5; /* a second */
    fixture_start(&f);
    fixture_send(&f, "a", 10);
    fixture_pass(&f, SECOND);
    fixture_send(&f, "a", 12);
    expect_state(&f, "a/rate", ALARM_NORMAL);
    fixture_pass(&f, 10000);
    fixture_send(&f, "a", 13); /* too close to say anything */
    expect_state(&f, "a/rate", ALARM_NORMAL);
    fixture_pass(&f, 990000);
    fixture_send(&f, "a", 15.5);
    expect_state(&f, "a/rate", ALARM_UNACKNOWLEDGED);
    fixture_pass(&f, SECOND);
    fixture_send(&f, "a", 17.3); /* 1.8 a second: within the deadband */
    expect_state(&f, "a/rate", ALARM_UNACKNOWLEDGED);
    fixture_pass(&f, SECOND);
    fixture_send(&f, "a", 15.9);
    expect_state(&f, "a/rate", ALARM_RETURNED);
    fixture_pass(&f, SECOND);
    fixture_send(&f, "a", 9.9); /* falls by 6 a second, then nothing: 6 in 4 s would be 1.5 a second */
    expect_state(&f, "a/rate", ALARM_UNACKNOWLEDGED);
    fixture_pass(&f, 2900000);
    expect_state(&f, "a/rate", ALARM_UNACKNOWLEDGED);
    fixture_pass(&f, 100000);
    expect_state(&f, "a/rate", ALARM_RETURNED);
    fixture_end(&f);
}

static void test_state_and_discrepancy(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_STATE, 2);
    struct alarm_def *def = fixture_alarm(&f, ALARM_DISCREPANCY, 0);
    def->reference = mem_copy_text("b");
    def->on_delay_us = 4 * SECOND; /* so long may the valve take */
    fixture_start(&f);
    fixture_send(&f, "a", 0);
    fixture_send(&f, "b", 0);
    fixture_send(&f, "b", 1); /* open! */
    fixture_pass(&f, 3 * SECOND);
    fixture_send(&f, "a", 1);
    fixture_pass(&f, MINUTE);
    assert_string_equal(fixture_events(&f), "");
    fixture_send(&f, "b", 0); /* close! It hangs. */
    fixture_pass(&f, 4 * SECOND);
    expect_state(&f, "a/discrepancy", ALARM_UNACKNOWLEDGED);
    fixture_send(&f, "a", 2);
    expect_state(&f, "a/state", ALARM_UNACKNOWLEDGED);
    fixture_send(&f, "a", 0);
    expect_state(&f, "a/state", ALARM_RETURNED);
    expect_state(&f, "a/discrepancy", ALARM_RETURNED);
    fixture_end(&f);
}

static void test_stale_and_bad(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_STALE, 0);
    fixture_alarm(&f, ALARM_BAD, 0);
    f.defs[0].stale_after_us = 10 * SECOND;
    f.defs[0].kind_fixed = true;
    fixture_start(&f);
    fixture_send(&f, "a", 1);
    fixture_pass(&f, 10 * SECOND);
    fixture_pass(&f, 1);
    expect_state(&f, "a/stale", ALARM_UNACKNOWLEDGED);
    fixture_publish(&f, "a", "rubbish", false);
    expect_state(&f, "a/stale", ALARM_RETURNED);
    expect_state(&f, "a/bad", ALARM_UNACKNOWLEDGED);
    fixture_send(&f, "a", 1);
    expect_state(&f, "a/bad", ALARM_RETURNED);
    fixture_end(&f);
}

/* The condition stands for on_delay, or comes three times within it. */
static void test_count(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    struct alarm_def *def = fixture_alarm(&f, ALARM_HI, 90);
    def->on_delay_us = 10 * SECOND;
    def->count = 3;
    fixture_start(&f);
    for (int i = 0; i < 6; i++) { /* too seldom */
        fixture_send(&f, "a", 95);
        fixture_pass(&f, SECOND);
        fixture_send(&f, "a", 80);
        fixture_pass(&f, 5 * SECOND);
    }
    expect_state(&f, "a/hi", ALARM_NORMAL);
    fixture_pass(&f, MINUTE);
    for (int i = 0; i < 3; i++) {
        expect_state(&f, "a/hi", ALARM_NORMAL);
        fixture_send(&f, "a", 80);
        fixture_pass(&f, SECOND);
        fixture_send(&f, "a", 95);
        fixture_pass(&f, SECOND);
    }
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    fixture_end(&f);
}

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

/* One second in which the condition of an alarm of that type stands, or not. */
static void live_a_second(struct alarm_fixture *f, enum alarm_type type, bool stands, int second)
{
    static const struct {
        double beyond, back;
    } VALUES[] = {
        [ALARM_LOLO] = {5, 50},        [ALARM_LO] = {5, 50},         [ALARM_HI] = {95, 50},
        [ALARM_HIHI] = {95, 50},       [ALARM_DEVIATION] = {60, 50}, [ALARM_STATE] = {2, 0},
        [ALARM_DISCREPANCY] = {3, 50},
    };
    if (type == ALARM_RATE)
        fixture_send(f, "a", stands ? 20.0 * second : 0);
    else if (type == ALARM_BAD)
        fixture_publish(f, "a", stands ? "rubbish" : "1", false);
    else if (type != ALARM_STALE)
        fixture_send(f, "a", stands ? VALUES[type].beyond : VALUES[type].back);
    else if (!stands)
        fixture_send(f, "a", 1);
    fixture_pass(f, SECOND);
}

/* Each type: not before the on-delay is over, not gone before the off-delay is. */
static void test_every_type_waits(void **state)
{
    static const double LIMITS[] = {
        [ALARM_LOLO] = 10,     [ALARM_LO] = 10,  [ALARM_HI] = 90,   [ALARM_HIHI] = 90,
        [ALARM_DEVIATION] = 5, [ALARM_RATE] = 2, [ALARM_STATE] = 2, [ALARM_BAD] = 0};
    (void)state;
    for (enum alarm_type type = ALARM_LOLO; type <= ALARM_BAD; type++) {
        struct alarm_fixture f;
        char address[32];
        int second = 0;
        fixture_make(&f);
        struct alarm_def *def = fixture_alarm(&f, type, LIMITS[type]);
        def->on_delay_us = 10 * SECOND;
        def->off_delay_us = 5 * SECOND;
        if (type == ALARM_DEVIATION || type == ALARM_DISCREPANCY)
            def->reference = mem_copy_text("b");
        f.defs[0].stale_after_us = type == ALARM_STALE ? SECOND : 0;
        f.defs[0].kind_fixed = true; /* else rubbish would be a text */
        fixture_start(&f);
        snprintf(address, sizeof address, "a/%s", ALARM_TYPE_WORDS[type]);
        fixture_send(&f, "b", 50);
        for (; second < 3; second++)
            live_a_second(&f, type, false, second);
        for (; second < 12; second++) /* a second or two until rate and stale are known */
            live_a_second(&f, type, true, second);
        expect_state(&f, address, ALARM_NORMAL);
        for (; second < 15; second++)
            live_a_second(&f, type, true, second);
        expect_state(&f, address, ALARM_UNACKNOWLEDGED);
        for (; second < 19; second++)
            live_a_second(&f, type, false, second);
        expect_state(&f, address, ALARM_UNACKNOWLEDGED);
        for (; second < 24; second++)
            live_a_second(&f, type, false, second);
        expect_state(&f, address, ALARM_RETURNED);
        fixture_end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_high_and_low),
        cmocka_unit_test(test_delays),
        cmocka_unit_test(test_unusable_values),
        cmocka_unit_test(test_limit_tag),
        cmocka_unit_test(test_deviation),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_state_and_discrepancy),
        cmocka_unit_test(test_stale_and_bad),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_exclusive),
        cmocka_unit_test(test_exclusive_jump),
        cmocka_unit_test(test_exclusive_withheld),
        cmocka_unit_test(test_exclusive_untold),
        cmocka_unit_test(test_exclusive_shelved_while_link_is_away),
        cmocka_unit_test(test_every_type_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
