/* What calls an operator on every screen: the line of the alarms, and the bell. */
#include "tests/ui/console_fixture.h"

#include "plant/alarm_state.h"
#include "plant/tagdef.h"

static const struct wire_status FLOOD = {
    .link = WIRE_LINK_UP, .alarm_flood_since_us = 1, .alarms_lately = 23};

static void say(struct console *console, uint32_t id, enum alarm_state state, enum alarm_priority priority)
{
    static const char *const NAMES[] = {"pump.flow/lo", "boiler.temp/hi", "tank.level/lolo", "filter.dp/hi"};
    static const char *const AREAS[] = {"boiler", "tank", "intake"};
    wire_put(&console->recorder.out, WIRE_ALARM,
             &(struct wire_alarm){.alarm = id,
                                  .state = state,
                                  .priority = priority,
                                  .active = 1,
                                  .address = NAMES[id % 4],
                                  .value = 12.5,
                                  .message = "see to it",
                                  .area = AREAS[id % 3],
                                  .activated_us = console->recorder.now_us + id});
    assert_true(fake_recorder_send(&console->recorder, console->vt));
}

/* A recorder that says nothing for five seconds is taken for lost. */
static void pass(struct console *console, const struct wire_status *status, int64_t span_us)
{
    for (int64_t until_us = clock_mono_us() + span_us; clock_mono_us() < until_us;) {
        fake_recorder_status(&console->recorder, status);
        assert_true(fake_recorder_send(&console->recorder, console->vt));
        vt_run(console->vt, 200);
    }
}

static void expect_bells(struct console *console, size_t count)
{
    int64_t until_us = clock_mono_us() + WAIT_MS * CLOCK_US_PER_MS;
    while (vt_bells(console->vt) < count && clock_mono_us() < until_us)
        pass(console, NULL, CLOCK_US_PER_MS);
    if (vt_bells(console->vt) != count)
        fail_msg("%zu bells, not %zu:\n%s", vt_bells(console->vt), count, vt_text(console->vt));
}

static void rings_until_acknowledged(void **state)
{
    struct console console;
    (void)state;
    start_plant(&console, 24, 80, NULL, 12);
    assert_int_equal(vt_bells(console.vt), 0);
    say(&console, 1, ALARM_UNACKNOWLEDGED, PRIORITY_CRITICAL);
    expect_bells(&console, 1);
    expect_row(&console, "boiler.temp/hi", "[1] 1/1");
    expect_bells(&console, 2); /* five seconds later, with nothing new */
    say(&console, 1, ALARM_ACKNOWLEDGED, PRIORITY_CRITICAL);
    expect_row(&console, "all are acknowledged", "[1] 0/1");
    pass(&console, NULL, 5500 * CLOCK_US_PER_MS);
    assert_int_equal(vt_bells(console.vt), 2);
    finish(&console);
}

static void silence_is_for_what_was_heard(void **state)
{
    struct console console;
    (void)state;
    start_plant(&console, 24, 80, NULL, 12);
    key(&console, "m");
    expect(&console, "no alarm waits");
    say(&console, 1, ALARM_UNACKNOWLEDGED, PRIORITY_CRITICAL);
    expect_bells(&console, 1);
    key(&console, "m");
    expect(&console, "bell off");
    pass(&console, NULL, 5500 * CLOCK_US_PER_MS);
    say(&console, 2, ALARM_UNACKNOWLEDGED, PRIORITY_LOW);
    expect_row(&console, "boiler.temp/hi", " 4  1/1"); /* shown, not heard */
    assert_int_equal(vt_bells(console.vt), 1);
    say(&console, 3, ALARM_UNACKNOWLEDGED, PRIORITY_MEDIUM);
    expect_bells(&console, 2);
    expect_gone(&console, "bell off");
    key(&console, "/"); /* while somebody types it is a letter */
    key(&console, "m");
    expect(&console, "/m");
    expect_gone(&console, "bell off");
    finish(&console);
}

static void flood_is_said(void **state)
{
    struct console console;
    (void)state;
    start_plant(&console, 24, 100, "HMI_GLYPHS=ascii", 12);
    say(&console, 1, ALARM_UNACKNOWLEDGED, PRIORITY_HIGH);
    fake_recorder_status(&console.recorder, &FLOOD);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect_row(&console, "boiler.temp/hi", "FLOOD: 23 in 10 min");
    key(&console, "F9");
    expect_row(&console, "boiler.temp/hi", "FLOOD: 23 in 10 min");
    fake_recorder_status(&console.recorder, NULL);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect_gone(&console, "FLOOD");
    finish(&console);
}

static void flood_groups_the_list_by_area(void **state)
{
    static const char *const SETTINGS[] = {"HMI_GLYPHS=ascii", "HMI_THEME=mono", NULL};
    (void)state;
    for (size_t i = 0; i < sizeof SETTINGS / sizeof *SETTINGS; i++) {
        struct console console;
        start_plant(&console, 24, 80, SETTINGS[i], 12);
        for (uint32_t id = 1; id <= 12; id++)
            say(&console, id, ALARM_UNACKNOWLEDGED, (enum alarm_priority)(PRIORITY_LOW + id % 4));
        key(&console, "F4");
        expect(&console, "[Standing 12]");
        fake_recorder_status(&console.recorder, &FLOOD);
        assert_true(fake_recorder_send(&console.recorder, console.vt));
        expect(&console, "12 in 3 areas");
        expect_row(&console, "boiler", " 4  [1] 1/1 <2> 1/1 (3) 1/1  4  1/1");
        expect_gone(&console, "pump.flow/lo"); /* folded */
        key(&console, "a");
        expect(&console, "this is an area");
        key(&console, "Enter");
        expect_row(&console, "pump.flow/lo", "see to it");
        key(&console, "g");
        expect(&console, "1/12");
        finish(&console);
    }
}

/* Everything at once, in the narrowest window that counts: the worst one can still be read. */
static void all_of_it_in_80_columns(void **state)
{
    struct console console;
    (void)state;
    start_plant(&console, 24, 80, "HMI_THEME=mono", 12);
    for (uint32_t id = 1; id <= 12; id++)
        say(&console, id, ALARM_UNACKNOWLEDGED, (enum alarm_priority)(PRIORITY_LOW + id % 4));
    say(&console, 20, ALARM_SHELVED, PRIORITY_LOW);
    fake_recorder_status(&console.recorder, &FLOOD);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect(&console, "FLOOD 23");
    key(&console, "m");
    expect_row(&console, "FLOOD 23", "[1]3/3 <2>3/3 (3)3/3  4 3/3 mute");
    expect_row(&console, "FLOOD 23", "shelved 1");
    expect_row(&console, "FLOOD 23", "[1] ");
    finish(&console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rings_until_acknowledged),
        cmocka_unit_test(silence_is_for_what_was_heard),
        cmocka_unit_test(flood_is_said),
        cmocka_unit_test(flood_groups_the_list_by_area),
        cmocka_unit_test(all_of_it_in_80_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
