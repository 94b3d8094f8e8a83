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

/* 0.4 - 0.3 is a hair above 0.1: such a rate ends by itself, too, at once when nothing follows. */
static void test_rate_a_hair_above_the_limit(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_RATE, 0.1);
    fixture_start(&f);
    fixture_send(&f, "a", 0.3);
    fixture_pass(&f, SECOND);
    fixture_send(&f, "a", 0.4);
    expect_state(&f, "a/rate", ALARM_UNACKNOWLEDGED);
    fixture_pass(&f, 1);
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

/* A bad value that nothing follows is stale, too, and no more usable than before. */
static void test_bad_and_then_silent(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90)->on_delay_us = 5 * SECOND;
    fixture_alarm(&f, ALARM_STALE, 0);
    fixture_alarm(&f, ALARM_BAD, 0);
    f.defs[0].stale_after_us = 10 * SECOND;
    f.defs[0].kind_fixed = true;
    fixture_start(&f);
    fixture_send(&f, "a", 95);
    fixture_pass(&f, 3 * SECOND);
    fixture_publish(&f, "a", "rubbish", false);
    fixture_pass(&f, HOUR);
    assert_string_equal(fixture_events(&f), "a/bad activated, a/stale activated");
    fixture_send(&f, "a", 95);
    assert_string_equal(fixture_events(&f), "a/stale cleared, a/bad cleared");
    fixture_pass(&f, 2 * SECOND);
    assert_string_equal(fixture_events(&f), "a/hi activated");
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

/* Once is enough: it need not stand for the on-delay. */
static void test_count_of_one(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    struct alarm_def *def = fixture_alarm(&f, ALARM_HI, 90);
    def->on_delay_us = 10 * SECOND;
    def->count = 1;
    fixture_start(&f);
    fixture_send(&f, "a", 95);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
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
        cmocka_unit_test(test_rate_a_hair_above_the_limit),
        cmocka_unit_test(test_state_and_discrepancy),
        cmocka_unit_test(test_stale_and_bad),
        cmocka_unit_test(test_bad_and_then_silent),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_count_of_one),
        cmocka_unit_test(test_every_type_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
