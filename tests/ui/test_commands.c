/* The Commands screen on a terminal. */
#include "plant/command.h"
#include "plant/quality.h"
#include "plant/tagdef.h"
#include "plant/value.h"
#include "tests/ui/console_fixture.h"

static void begin(struct console *console, int rows, int cols, const char *setting)
{
    struct fake_recorder *fake = &console->recorder;
    start(console, rows, cols, setting);
    fake_recorder_welcome(fake, &(struct wire_welcome){.role = ROLE_OPERATOR});
    fake_recorder_tag(fake, 1, "boiler.sp", "boiler", "°C", "Temperature setpoint");
    fake_recorder_number(fake, 1, 40, QUALITY_GOOD, 0);
    fake_recorder_status(fake, NULL);
    fake_recorder_snapshot_end(fake);
    assert_true(fake_recorder_send(fake, console->vt));
    expect(console, " 1/1");
    key(console, "F7");
    expect(console, "No commands were given yet"); /* the tag's name is on the screen before, too */
}

static struct wire_command command(const struct console *console, uint64_t id, enum command_state state)
{
    return (struct wire_command){.command = id,
                                 .tag = 1,
                                 .tag_name = "boiler.sp",
                                 .operator_name = "alice",
                                 .station = "pts/3",
                                 .reason = "start-up",
                                 .old_type = VALUE_NUMBER,
                                 .old_number = 40,
                                 .new_type = VALUE_NUMBER,
                                 .new_number = 42.5,
                                 .state = state,
                                 .asked_us = console->recorder.now_us + (int64_t)id,
                                 .ms_journaled = -1,
                                 .ms_published = -1,
                                 .ms_broker = -1,
                                 .ms_readback = -1,
                                 .ms_ended = -1};
}

static void tell(struct console *console, const struct wire_command *what)
{
    wire_put(&console->recorder.out, WIRE_COMMAND, what);
    assert_true(fake_recorder_send(&console->recorder, console->vt));
}

static void it_is_quiet_when_there_are_none(void **state)
{
    struct console console;
    (void)state;
    begin(&console, 24, 80, NULL);
    finish(&console);
}

static void the_clock_of_one_under_way_runs_until_it_ends(void **state)
{
    struct console console;
    (void)state;
    begin(&console, 24, 100, NULL);
    struct wire_command one = command(&console, 7, COMMAND_ACKNOWLEDGED);
    one.new_number = 42.55; /* the tag shows one decimal; what was sent is shown whole */
    one.ms_journaled = 3;
    one.ms_published = one.ms_broker = 4;
    tell(&console, &one);
    expect_row(&console, "boiler.sp", "◐ acknowledged");
    expect_row(&console, "boiler.sp", "40.0 -> 42.55 °C");
    expect_row(&console, "boiler.sp", "alice");
    expect_row(&console, "boiler.sp", "start-up");
    char before[1024];
    snprintf(before, sizeof before, "%s", vt_row(console.vt, row_of(&console, "boiler.sp")));
    int64_t until_us = clock_mono_us() + WAIT_MS * CLOCK_US_PER_MS;
    while (!strcmp(before, vt_row(console.vt, row_of(&console, "boiler.sp")))) {
        assert_true(clock_mono_us() < until_us);
        vt_run(console.vt, 20);
    }
    one.state = COMMAND_DONE;
    one.ms_readback = one.ms_ended = 118;
    tell(&console, &one);
    expect_row(&console, "boiler.sp", "● done");
    expect_row(&console, "boiler.sp", "118 ms");
    key(&console, "Enter");
    expect(&console, "Command 7");
    expect_row(&console, "on record", "3 ms");
    expect_row(&console, "read back  ", "118 ms");
    expect(&console, "alice (pts/3)");
    expect(&console, "EscapeClose");
    expect(&console, "the plant reports the new value");
    key(&console, "Escape");
    expect_gone(&console, "Command 7");
    expect_row(&console, "boiler.sp", "118 ms");
    expect(&console, "/Filter");
    assert_null(strstr(vt_text(console.vt), "gTree")); /* commands have no areas */
    finish(&console);
}

static void refusals_and_others_are_there_and_a_filter_finds_them(void **state)
{
    struct console console;
    (void)state;
    begin(&console, 24, 80, "HMI_GLYPHS=ascii");
    struct wire_command done = command(&console, 1, COMMAND_DONE);
    struct wire_command refused = command(&console, 2, COMMAND_REFUSED);
    struct wire_command foreign = command(&console, COMMAND_FOREIGN_ID + 1, COMMAND_FOREIGN);
    refused.detail = "boiler.sp takes 20 to 110 °C";
    foreign.detail = "payload \033[31m99";
    foreign.reason = foreign.operator_name = "";
    foreign.asked_us = console.recorder.now_us + 3;
    tell(&console, &done);
    tell(&console, &refused);
    tell(&console, &foreign);
    expect_row(&console, "TIME", "OUTCOME");
    expect_row(&console, "> foreign", "payload");
    expect(&console, "- refused");
    expect(&console, "* done");
    assert_true(row_of(&console, "> foreign") < row_of(&console, "- refused"));
    assert_true(row_of(&console, "- refused") < row_of(&console, "* done"));
    key(&console, "/");
    vt_type(console.vt, "outcome:refused", 15);
    expect_gone(&console, "> foreign");
    expect(&console, "1/1 of 3");
    key(&console, "Enter");
    key(&console, "Enter");
    expect(&console, "Command 2");
    expect(&console, "boiler.sp takes 20 to 110 degC");
    key(&console, "Escape");
    key(&console, "Escape");
    expect(&console, "* done");
    finish(&console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_quiet_when_there_are_none),
        cmocka_unit_test(the_clock_of_one_under_way_runs_until_it_ends),
        cmocka_unit_test(refusals_and_others_are_there_and_a_filter_finds_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
