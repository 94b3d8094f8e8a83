/* Giving a setpoint at the console: what leaves, and what never does. */
#include "plant/command.h"
#include "plant/quality.h"
#include "plant/tagdef.h"
#include "plant/value.h"
#include "tests/ui/console_fixture.h"

#include <math.h>

#define NOTHING_MS 600 /* longer than the quiet that the confirming key asks for */

static void start_locking(struct console *console, enum role role, int64_t lock_after_us)
{
    struct fake_recorder *fake = &console->recorder;
    start(console, 24, 80, NULL);
    fake_recorder_welcome(fake, &(struct wire_welcome){.role = role, .lock_after_us = lock_after_us});
    const struct wire_tag tag = {.tag = 1,
                                 .configured = 1,
                                 .name = "boiler.sp",
                                 .topic = "plant/sp",
                                 .area = "boiler",
                                 .unit = "°C",
                                 .description = "Temperature setpoint",
                                 .kind = TAG_ANALOG,
                                 .decimals = 1,
                                 .writable = 1};
    wire_put(&fake->out, WIRE_TAG, &tag);
    wire_put(&fake->out, WIRE_SETPOINT,
             &(struct wire_setpoint){.tag = 1,
                                     .low = 20,
                                     .high = 110,
                                     .step = 0.5,
                                     .role = ROLE_OPERATOR,
                                     .confirm = 1,
                                     .timeout_us = 5 * CLOCK_US_PER_SECOND});
    fake_recorder_tag(fake, 2, "boiler.temp", "boiler", "°C", "Temperature");
    fake_recorder_number(fake, 1, 40, QUALITY_GOOD, 0);
    fake_recorder_number(fake, 2, 39.5, QUALITY_GOOD, 0);
    fake_recorder_status(fake, NULL);
    fake_recorder_snapshot_end(fake);
    assert_true(fake_recorder_send(fake, console->vt));
    expect(console, " 1/2");
}

static void start_writable(struct console *console, enum role role)
{
    start_locking(console, role, 0);
}

static void type(struct console *console, const char *text)
{
    vt_type(console->vt, text, strlen(text));
}

/* What it asks for in earnest; looks ahead are none, and get no answer. */
static bool asks(struct console *console, struct wire_ask *ask, int timeout_ms)
{
    do {
        if (!fake_recorder_receive(&console->recorder, console->vt, WIRE_ASK, ask, timeout_ms))
            return false;
    } while (ask->action == WIRE_ACTION_TRY_SET);
    return true;
}

static void answer(struct console *console, const struct wire_answer *answer)
{
    wire_put(&console->recorder.out, WIRE_ANSWER, answer);
    assert_true(fake_recorder_send(&console->recorder, console->vt));
}

static void a_value_leaves_after_its_summary_was_confirmed(void **state)
{
    struct console console;
    struct wire_ask ask;
    (void)state;
    start_writable(&console, ROLE_OPERATOR);
    expect(&console, "e sets it"); /* the foot of the list says which tags can be set */
    key(&console, "Down");
    expect_gone(&console, "e sets it");
    key(&console, "Up");
    key(&console, "e");
    expect(&console, "Set boiler.sp");
    expect(&console, "20 to 110 °C");
    expect(&console, "40.0 °C");
    type(&console, "200\r");
    expect(&console, "20.0 to 110.0");
    key(&console, "C-u");
    type(&console, "42.5\tstart-up\r");
    expect(&console, "boiler.sp  40.0 -> 42.5 °C");
    expect(&console, "because: start-up");
    expect(&console, "y sends it      n goes back"); /* the quiet is over */
    key(&console, "Enter");
    assert_false(asks(&console, &ask, NOTHING_MS));
    expect(&console, "y sends it      n goes back");
    key(&console, "y");
    assert_true(asks(&console, &ask, WAIT_MS));
    assert_int_equal(ask.action, WIRE_ACTION_SET);
    assert_string_equal(ask.argument, "boiler.sp");
    assert_int_equal(ask.value_type, VALUE_NUMBER);
    assert_true(ask.number == 42.5);
    assert_string_equal(ask.reason, "start-up");
    assert_int_equal(ask.has_shown, 1);
    assert_true(ask.shown_number == 40);
    /* What becomes of it. */
    answer(&console, &(struct wire_answer){.request = ask.request, .good = 1, .text = "", .command = 7});
    struct wire_command command = {.command = 7,
                                   .tag = 1,
                                   .state = COMMAND_ACKNOWLEDGED,
                                   .ms_journaled = 3,
                                   .ms_published = 4,
                                   .ms_broker = 6,
                                   .ms_readback = -1,
                                   .ms_ended = -1};
    wire_put(&console.recorder.out, WIRE_COMMAND, &command);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect_row(&console, "broker answered", "6 ms");
    expect(&console, "waiting for the readback");
    command.state = COMMAND_DONE;
    command.ms_readback = command.ms_ended = 118;
    wire_put(&console.recorder.out, WIRE_COMMAND, &command);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect_row(&console, "read back", "118 ms");
    expect(&console, "the plant reports the new value");
    type(&console, "yy");
    assert_false(asks(&console, &ask, NOTHING_MS));
    /* A function key leaves it, and leads where it always leads. */
    key(&console, "F7");
    expect_gone(&console, "Set boiler.sp");
    expect(&console, "Commands");
    key(&console, "F2");
    expect(&console, " 1/2");
    finish(&console);
}

/* The tag shows one decimal; what is sent may have more, and a text more than a line has room for. */
static void the_summary_says_the_very_value_that_is_sent(void **state)
{
    struct console console;
    struct wire_ask ask;
    (void)state;
    start_writable(&console, ROLE_OPERATOR);
    type(&console, "e42.35\r");
    expect(&console, "boiler.sp  40.0 -> 42.35 °C");
    expect(&console, "n goes back");
    key(&console, "y");
    assert_true(asks(&console, &ask, WAIT_MS));
    assert_true(ask.number == 42.35);
    key(&console, "Escape");
    expect_gone(&console, "Set boiler.sp");
    const struct wire_tag text = {
        .tag = 3, .configured = 1, .name = "aaa.recipe", .area = "boiler", .kind = TAG_TEXT, .writable = 1};
    wire_put(&console.recorder.out, WIRE_TAG, &text);
    wire_put(&console.recorder.out, WIRE_SETPOINT,
             &(struct wire_setpoint){.tag = 3, .low = NAN, .high = NAN, .role = ROLE_OPERATOR, .confirm = 1});
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect(&console, "/3");
    key(&console, "Home");
    key(&console, "e");
    expect(&console, "Set aaa.recipe");
    type(&console, "first second third fourth fifth sixth seventh eighth ninth tenth last\r");
    expect(&console, "nothing ->");
    expect(&console, "first second");
    expect(&console, "tenth last");
    expect(&console, "n goes back");
    finish(&console);
}

/* Before anybody presses y: what max_step leaves of the limits, and what the recorder's gate says of it. */
static void what_would_be_refused_is_said_before_it_is_confirmed(void **state)
{
    struct console console;
    struct wire_ask ask;
    (void)state;
    start_writable(&console, ROLE_OPERATOR);
    wire_put(&console.recorder.out, WIRE_SETPOINT,
             &(struct wire_setpoint){
                 .tag = 1, .low = 20, .high = 110, .role = ROLE_OPERATOR, .confirm = 1, .max_step = 10});
    fake_recorder_number(&console.recorder, 1, 70.5, QUALITY_GOOD, 0);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect(&console, "70.5");
    key(&console, "e");
    expect(&console, "20 to 110 °C; now 60.5 to 80.5");
    type(&console, "55\r");
    expect(&console, "60.5 to 80.5 °C now, by at most 10 at once");
    key(&console, "C-u");
    type(&console, "80.5\r");
    expect(&console, "70.5 -> 80.5 °C");
    assert_true(fake_recorder_receive(&console.recorder, console.vt, WIRE_ASK, &ask, WAIT_MS));
    assert_int_equal(ask.action, WIRE_ACTION_TRY_SET);
    assert_string_equal(ask.argument, "boiler.sp");
    assert_true(ask.number == 80.5 && ask.has_shown && ask.shown_number == 70.5);
    answer(&console,
           &(struct wire_answer){.request = ask.request, .text = "interlock: ready does not permit it now"});
    expect(&console, "It would be refused now:");
    expect(&console, "interlock: ready does not permit it now");
    expect(&console, "n goes back");
    /* It is asked again, and says when the way is free. */
    assert_true(fake_recorder_receive(&console.recorder, console.vt, WIRE_ASK, &ask, WAIT_MS));
    assert_int_equal(ask.action, WIRE_ACTION_TRY_SET);
    answer(&console, &(struct wire_answer){.request = ask.request, .good = 1, .text = ""});
    expect_gone(&console, "interlock");
    key(&console, "y");
    assert_true(asks(&console, &ask, WAIT_MS));
    assert_int_equal(ask.action, WIRE_ACTION_SET);
    finish(&console);
}

static void what_was_typed_ahead_confirms_nothing(void **state)
{
    struct console console;
    struct wire_ask ask;
    (void)state;
    start_writable(&console, ROLE_OPERATOR);
    type(&console, "e42.5\ryyyy\ry");
    expect(&console, "boiler.sp  40.0 -> 42.5 °C");
    assert_false(asks(&console, &ask, NOTHING_MS));
    /* Pasted, neither. */
    type(&console, "\033[200~y\033[201~");
    assert_false(asks(&console, &ask, NOTHING_MS));
    key(&console, "Escape");
    key(&console, "Escape");
    expect_gone(&console, "Set boiler.sp");
    assert_false(asks(&console, &ask, NOTHING_MS));
    finish(&console);
}

static void the_present_value_names_the_readback_that_it_comes_from(void **state)
{
    struct console console;
    (void)state;
    start_writable(&console, ROLE_OPERATOR);
    wire_put(&console.recorder.out, WIRE_SETPOINT,
             &(struct wire_setpoint){
                 .tag = 1, .low = 20, .high = 110, .role = ROLE_OPERATOR, .confirm = 1, .readback_tag = 2});
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    key(&console, "e");
    expect(&console, "(boiler.temp)");
    expect_row(&console, "(boiler.temp)", "39.5 °C");
    finish(&console);
}

static void on_a_readback_the_dialogue_is_that_of_its_setpoint(void **state)
{
    struct console console;
    struct wire_setpoint setpoint = {
        .tag = 1, .low = 20, .high = 110, .role = ROLE_OPERATOR, .confirm = 1, .readback_tag = 2};
    (void)state;
    start_writable(&console, ROLE_OPERATOR);
    wire_put(&console.recorder.out, WIRE_SETPOINT, &setpoint);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    key(&console, "Down");
    expect(&console, " 2/2");
    key(&console, "e");
    expect(&console, "Set boiler.sp");
    expect_row(&console, "(boiler.temp)", "39.5 °C");
    key(&console, "Escape");
    expect_gone(&console, "Set boiler.sp");
    /* Whose role counts is the setpoint, too. */
    setpoint.role = ROLE_SUPERVISOR;
    wire_put(&console.recorder.out, WIRE_SETPOINT, &setpoint);
    fake_recorder_number(&console.recorder, 2, 38.5, QUALITY_GOOD, 0);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect(&console, "38.5"); /* it has taken both */
    key(&console, "e");
    expect(&console, "boiler.sp needs the role supervisor");
    /* Of two setpoints none is taken for the one that was meant. */
    wire_put(&console.recorder.out, WIRE_TAG,
             &(struct wire_tag){.tag = 3,
                                .configured = 1,
                                .name = "boiler.trim",
                                .topic = "plant/trim",
                                .area = "boiler",
                                .unit = "°C",
                                .description = "Trim",
                                .kind = TAG_ANALOG,
                                .writable = 1});
    setpoint.tag = 3;
    wire_put(&console.recorder.out, WIRE_SETPOINT, &setpoint);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect(&console, " 2/3");
    key(&console, "e");
    expect(&console, "boiler.temp is read-only: hmi.cfg gives it no setpoint, or more than one");
    finish(&console);
}

static void a_refusal_is_shown_and_can_be_decided_anew(void **state)
{
    struct console console;
    struct wire_ask ask;
    (void)state;
    start_writable(&console, ROLE_OPERATOR);
    key(&console, "e");
    expect(&console, "Set boiler.sp");
    key(&console, "Up");
    expect(&console, "40.5");
    key(&console, "Enter");
    expect(&console, "n goes back");
    key(&console, "y");
    assert_true(asks(&console, &ask, WAIT_MS));
    fake_recorder_number(&console.recorder, 1, 41, QUALITY_GOOD, 0);
    answer(&console, &(struct wire_answer){.request = ask.request,
                                           .text = "it changed from 40.0 to 41.0 while you typed"});
    expect(&console, "it changed from 40.0 to 41.0 while you typed");
    key(&console, "Enter");
    expect(&console, "boiler.sp  41.0 -> 40.5 °C");
    expect(&console, "n goes back");
    key(&console, "y");
    assert_true(asks(&console, &ask, WAIT_MS));
    assert_true(ask.shown_number == 41);
    finish(&console);
}

static void read_only_tags_and_viewers_have_no_way_in(void **state)
{
    struct console console;
    struct wire_ask ask;
    (void)state;
    start_writable(&console, ROLE_OPERATOR);
    key(&console, "Down");
    expect(&console, " 2/2");
    key(&console, "e");
    expect(&console, "boiler.temp is read-only");
    finish(&console);
    start_writable(&console, ROLE_VIEWER);
    type(&console, "e");
    expect(&console, "operator");
    type(&console, "42.5\r");
    assert_false(asks(&console, &ask, NOTHING_MS));
    assert_false(vt_find(console.vt, "Set boiler.sp", &(int){0}, &(int){0}));
    finish(&console);
}

static void the_dialogue_opens_wherever_the_tag_is_shown(void **state)
{
    static const char *const SCREENS[] = {"i", "t"}; /* its faceplate, its trend */
    struct console console;
    (void)state;
    start_writable(&console, ROLE_OPERATOR);
    for (size_t i = 0; i < sizeof SCREENS / sizeof *SCREENS; i++) {
        key(&console, SCREENS[i]);
        expect_gone(&console, " 1/2");
        key(&console, "e");
        expect(&console, "Set boiler.sp");
        key(&console, "Escape");
        expect_gone(&console, "Set boiler.sp");
        key(&console, "F2");
        expect(&console, " 1/2");
    }
    finish(&console);
}

/* It goes on showing the plant, and nothing that was typed before is sent. */
static void an_idle_console_locks_and_drops_what_was_begun(void **state)
{
    struct console console;
    struct wire_ask ask;
    struct wire_lock lock;
    struct wire_edit edit;
    (void)state;
    start_locking(&console, ROLE_OPERATOR, 2 * CLOCK_US_PER_SECOND);
    type(&console, "e42.5\r");
    expect(&console, "boiler.sp  40.0 -> 42.5 °C");
    expect(&console, "Locked at ");
    expect_gone(&console, "boiler.sp  40.0 -> 42.5 °C");
    do /* and the tag is free for others */
        assert_true(fake_recorder_receive(&console.recorder, console.vt, WIRE_EDIT, &edit, WAIT_MS));
    while (edit.tag);
    assert_true(fake_recorder_receive(&console.recorder, console.vt, WIRE_LOCK, &lock, WAIT_MS));
    assert_int_equal(lock.locked, 1);
    fake_recorder_number(&console.recorder, 2, 77.5, QUALITY_GOOD, 0);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect(&console, "77.5");
    type(&console, "ye42.5\r");
    expect(&console, "That is another name.");
    assert_false(asks(&console, &ask, NOTHING_MS));
    expect(&console, "77.5"); /* and no letter has led anywhere */
    type(&console, "alice\r");
    expect_gone(&console, "Locked at ");
    assert_true(fake_recorder_receive(&console.recorder, console.vt, WIRE_LOCK, &lock, WAIT_MS));
    assert_int_equal(lock.locked, 0);
    finish(&console);
}

/* Screens, cursor and filter are for whoever looks; of what he presses, 3,000 keys, nothing asks for anything. */
static void a_locked_console_shows_what_somebody_looks_at(void **state)
{
    static const char *const KEYS[] = {"F2",   "F3",  "F4", "F6",  "F7",  "Enter", "Escape",   "Up",
                                       "Down", "Tab", "/",  "e",   "y",   "a",     "A",        "z",
                                       "u",    "o",   "q",  "F10", "C-c", "9",     "PageDown", ":"};
    struct console console;
    struct wire_ask ask;
    uint64_t seed = 11;
    (void)state;
    start_locking(&console, ROLE_ENGINEER, CLOCK_US_PER_SECOND);
    expect(&console, "Locked at ");
    expect(&console, "F4Alarms");
    key(&console, "F4");
    expect(&console, "No alarms");
    expect(&console, "Locked at ");
    key(&console, "F3");
    expect_gone(&console, "No alarms");
    key(&console, "F10");
    key(&console, "F10"); /* at the top: it is not left */
    expect(&console, " 1/2");
    type(&console, "/boiler.temp");
    expect(&console, "1/1 of 2");
    key(&console, "Escape");
    expect(&console, " 1/2");
    for (int i = 0; i < 3000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        key(&console, KEYS[(seed >> 33) % (sizeof KEYS / sizeof *KEYS)]);
        if (i % 100 == 0) { /* the recorder is there all the time */
            fake_recorder_status(&console.recorder, NULL);
            assert_true(fake_recorder_send(&console.recorder, console.vt));
            vt_run(console.vt, 1);
        }
    }
    expect_gone(&console, "NO RECORDER");
    assert_false(asks(&console, &ask, NOTHING_MS));
    key(&console, "Escape");
    key(&console, "Escape");
    key(&console, "Escape");
    type(&console, "alice\r");
    expect_gone(&console, "Locked at ");
    finish(&console);
}

/* Whatever was on the screen when it locked, the next letters are the name's. */
static void the_name_is_taken_over_a_filter_and_over_a_command(void **state)
{
    struct console console;
    struct wire_lock lock;
    (void)state;
    start_locking(&console, ROLE_OPERATOR, CLOCK_US_PER_SECOND);
    wire_put(&console.recorder.out, WIRE_COMMAND,
             &(struct wire_command){.command = 7,
                                    .tag = 1,
                                    .tag_name = "boiler.sp",
                                    .operator_name = "bob",
                                    .new_type = VALUE_NUMBER,
                                    .new_number = 42.5,
                                    .state = COMMAND_DONE,
                                    .asked_us = console.recorder.now_us});
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    type(&console, "/boiler.temp");
    expect(&console, "1/1 of 2");
    expect(&console, "Locked at ");
    assert_true(fake_recorder_receive(&console.recorder, console.vt, WIRE_LOCK, &lock, WAIT_MS));
    expect(&console, "Type your name, alice");
    type(&console, "alice\r");
    expect_gone(&console, "Locked at ");
    expect(&console, "1/1 of 2");
    key(&console, "F7");
    expect(&console, "OUTCOME");
    key(&console, "Enter");
    expect(&console, "Command 7");
    expect(&console, "Locked at ");
    type(&console, "alice");
    expect(&console, "Command 7");
    type(&console, "\r");
    expect_gone(&console, "Locked at ");
    key(&console, "F9");
    expect_gone(&console, "Command 7");
    expect(&console, "Locked at ");
    assert_null(strstr(vt_text(console.vt), "/Filter"));
    key(&console, "F2");
    expect(&console, "/Filter");
    type(&console, "/x");
    expect(&console, "Press Escape first, then type your name, alice.");
    key(&console, "Escape");
    type(&console, "alice\r");
    expect_gone(&console, "Locked at ");
    key(&console, "F3");
    expect(&console, "Locked at ");
    key(&console, "Insert"); /* the list of pens */
    expect(&console, "Press Escape first");
    finish(&console);
}

static void who_can_change_nothing_is_not_locked(void **state)
{
    struct console console;
    struct wire_lock lock;
    (void)state;
    start_locking(&console, ROLE_VIEWER, CLOCK_US_PER_SECOND / 10);
    assert_false(fake_recorder_receive(&console.recorder, console.vt, WIRE_LOCK, &lock, 1500));
    finish(&console);
}

/* What a reload makes of the lock, and of the role, holds for a console that is attached. */
static void a_reload_changes_the_lock_and_the_role(void **state)
{
    struct console console;
    struct wire_lock lock;
    (void)state;
    start_locking(&console, ROLE_OPERATOR, 0);
    wire_put(&console.recorder.out, WIRE_RULES, &(struct wire_rules){.role = ROLE_VIEWER});
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect(&console, "alice viewer");
    type(&console, "e");
    expect(&console, "needs the role operator; you are viewer");
    wire_put(&console.recorder.out, WIRE_RULES,
             &(struct wire_rules){.role = ROLE_OPERATOR, .lock_after_us = CLOCK_US_PER_SECOND});
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect(&console, "Locked at ");
    assert_true(fake_recorder_receive(&console.recorder, console.vt, WIRE_LOCK, &lock, WAIT_MS));
    assert_int_equal(lock.locked, 1);
    finish(&console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_leaves_after_its_summary_was_confirmed),
        cmocka_unit_test(the_summary_says_the_very_value_that_is_sent),
        cmocka_unit_test(what_would_be_refused_is_said_before_it_is_confirmed),
        cmocka_unit_test(what_was_typed_ahead_confirms_nothing),
        cmocka_unit_test(the_present_value_names_the_readback_that_it_comes_from),
        cmocka_unit_test(a_refusal_is_shown_and_can_be_decided_anew),
        cmocka_unit_test(on_a_readback_the_dialogue_is_that_of_its_setpoint),
        cmocka_unit_test(read_only_tags_and_viewers_have_no_way_in),
        cmocka_unit_test(the_dialogue_opens_wherever_the_tag_is_shown),
        cmocka_unit_test(an_idle_console_locks_and_drops_what_was_begun),
        cmocka_unit_test(a_locked_console_shows_what_somebody_looks_at),
        cmocka_unit_test(the_name_is_taken_over_a_filter_and_over_a_command),
        cmocka_unit_test(who_can_change_nothing_is_not_locked),
        cmocka_unit_test(a_reload_changes_the_lock_and_the_role),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
