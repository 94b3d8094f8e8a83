/* What the operator sees after given keys and given messages: the console on a pty, read by a terminal
 * emulator, attached to a recorder that says what the test wants. */
#include "plant/alarm_state.h"
#include "plant/quality.h"
#include "plant/tagdef.h"
#include "tests/ui/console_fixture.h"

#include <string.h>
#include <sys/wait.h>

/* ---- what is shown ---- */

static void tags_fill_the_screen(void **state)
{
    static const struct {
        int rows, cols;
    } SIZES[] = {{24, 80}, {43, 132}, {60, 200}};
    (void)state;
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        struct console console;
        start_plant(&console, SIZES[i].rows, SIZES[i].cols, NULL, 90);
        expect(&console, "● broker");
        assert_non_null(strstr(vt_row(console.vt, 0), "Test Works"));
        assert_non_null(strstr(vt_row(console.vt, 0), "● rec"));
        assert_non_null(strstr(vt_row(console.vt, 0), "alice operator"));
        assert_non_null(strstr(vt_row(console.vt, 1), "VALUE"));
        assert_non_null(strstr(vt_row(console.vt, 1), "TREND"));
        assert_non_null(strstr(vt_row(console.vt, SIZES[i].rows - 1), "F10Quit"));
        assert_non_null(strstr(vt_row(console.vt, SIZES[i].rows - 1), "sSort"));
        expect(&console, "1/90");
        expect_row(&console, "boiler.tag010", "10.5");
        expect_row(&console, "boiler.tag010", "°C");
        assert_non_null(strstr(vt_row(console.vt, 2), "Point number 1"));
        /* Points stand one below the other. */
        int row, one, ten;
        assert_true(vt_find(console.vt, " 1.5", &row, &one));
        assert_true(vt_find(console.vt, "10.5", &row, &ten));
        assert_int_equal(one, ten);
        finish(&console);
    }
}

static void doubtful_values_never_look_alive(void **state)
{
    struct console console;
    (void)state;
    start_plant(&console, 24, 80, NULL, 12);
    fake_recorder_number(&console.recorder, 1, 11.1, QUALITY_UNCERTAIN_LAST_USABLE, 0);
    fake_recorder_number(&console.recorder, 4, 44.4, QUALITY_BAD_DECODING, 0);
    fake_recorder_number(&console.recorder, 7, 77.7, QUALITY_GOOD, WIRE_FLAG_RETAINED);
    fake_recorder_number(&console.recorder, 10, 99.9, QUALITY_UNCERTAIN_NO_COMM, 0);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect(&console, "(99.9)");
    assert_non_null(strstr(vt_row(console.vt, row_of(&console, "boiler.tag001")), "? boiler"));
    expect_row(&console, "boiler.tag001", "(11.1)");
    expect_row(&console, "boiler.tag001", "stale");
    assert_non_null(strstr(vt_row(console.vt, row_of(&console, "boiler.tag004")), "! boiler"));
    expect_row(&console, "boiler.tag004", "(44.4)");
    expect_row(&console, "boiler.tag004", "decode");
    assert_non_null(strstr(vt_row(console.vt, row_of(&console, "boiler.tag007")), "R boiler"));
    expect_row(&console, "boiler.tag007", "?");

    /* Retained and otherwise sound: said, but without brackets and alarming colours. */
    fake_recorder_number(&console.recorder, 10, 66.6, QUALITY_UNCERTAIN, WIRE_FLAG_RETAINED);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect_row(&console, "boiler.tag010", " 66.6 ");
    expect_row(&console, "boiler.tag010", "? retain");
    assert_non_null(strstr(vt_row(console.vt, row_of(&console, "boiler.tag010")), "R boiler"));
    assert_null(strstr(vt_row(console.vt, row_of(&console, "boiler.tag010")), "("));
    finish(&console);
}

/* A number that is too long loses digits, never its exponent. */
static void long_numbers_keep_their_size(void **state)
{
    static const struct {
        int cols;

    } SIZES[] = {{80}, {132}};
    (void)state;
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        struct console console;
        start_plant(&console, 24, SIZES[i].cols, NULL, 12);
        fake_recorder_number(&console.recorder, 1, 12345678901234567890.0, QUALITY_GOOD, 0);
        fake_recorder_number(&console.recorder, 4, -0.04, QUALITY_GOOD, 0);
        assert_true(fake_recorder_send(&console.recorder, console.vt));
        expect_row(&console, "boiler.tag001", "1.23457e+19");
        expect_row(&console, "boiler.tag004", " 0.0 ");
        assert_null(strstr(vt_row(console.vt, row_of(&console, "boiler.tag004")), "◀"));
        assert_non_null(strstr(vt_row(console.vt, row_of(&console, "boiler.tag001")), "▶"));
        key(&console, "Enter");
        expect(&console, "1.23457e+19");
        finish(&console);
    }
}

static void say_alarm(struct fake_recorder *fake, uint32_t id, enum alarm_state state,
                      enum alarm_priority priority, const char *address, int64_t age_us)
{
    wire_put(&fake->out, WIRE_ALARM,
             &(struct wire_alarm){.alarm = id,
                                  .tag = 1,
                                  .state = state,
                                  .address = address,
                                  .type = ALARM_HI,
                                  .priority = priority,
                                  .active = 1,
                                  .activated_us = fake->now_us - age_us,
                                  .value = 97.5,
                                  .limit = 90,
                                  .message = "Drum hot"});
}

/* The line under the header: the gravest first, counts by priority, and what is shelved; mark, word and colour. */
static void alarm_line_names_the_worst(void **state)
{
    struct console console;
    (void)state;
    start_plant(&console, 24, 110, NULL, 12);
    struct fake_recorder *fake = &console.recorder;
    say_alarm(fake, 1, ALARM_UNACKNOWLEDGED, PRIORITY_MEDIUM, "boiler.flow/hi", 0);
    say_alarm(fake, 2, ALARM_UNACKNOWLEDGED, PRIORITY_CRITICAL, "boiler.tag001/hihi", 60000000);
    say_alarm(fake, 3, ALARM_SHELVED, PRIORITY_HIGH, "boiler.tag002/hi", 0);
    assert_true(fake_recorder_send(fake, console.vt));
    expect_row(&console, "[1] ", "boiler.tag001/hihi 1.5 °C  Drum hot");
    expect_row(&console, "boiler.tag001/hihi", "[1] 1/1");
    expect_row(&console, "boiler.tag001/hihi", "(3) 1/1");
    expect_row(&console, "boiler.tag001/hihi", "shelved 1");
    say_alarm(fake, 2, ALARM_ACKNOWLEDGED, PRIORITY_CRITICAL, "boiler.tag001/hihi", 60000000);
    assert_true(fake_recorder_send(fake, console.vt));
    expect_row(&console, "(3) ", "boiler.flow/hi");
    expect_row(&console, "boiler.flow/hi", "[1] 0/1");
    for (uint32_t id = 1; id <= 3; id++)
        say_alarm(fake, id, ALARM_NORMAL, PRIORITY_LOW, "", 0);
    assert_true(fake_recorder_send(fake, console.vt));
    expect_gone(&console, "boiler.flow/hi");
    expect_gone(&console, "shelved");
    finish(&console);
}

static void lights_and_banner_tell_the_truth(void **state)
{
    struct console console;
    (void)state;
    start_plant(&console, 24, 80, NULL, 12);
    struct wire_status down = {.link = WIRE_LINK_DOWN,
                               .no_data_since_us = INT64_C(1700000000000000),
                               .link_text = "connection refused",
                               .recording = WIRE_RECORDING_SPOOLING};
    fake_recorder_status(&console.recorder, &down);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect(&console, "NO PLANT DATA since 22:13:20");
    expect(&console, "connection refused");
    expect(&console, "NO BROKER");
    expect(&console, "SPOOL");
    fake_recorder_status(&console.recorder, NULL);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect_gone(&console, "NO PLANT DATA");
    expect(&console, "● broker");

    /* The recorder goes: said at once, no value looks alive, and the console comes back by itself. */
    fake_recorder_drop(&console.recorder);
    expect(&console, "NO RECORDER since");
    expect_row(&console, "boiler.tag010", "(10.5)");
    expect_row(&console, "boiler.tag010", "lost");
    assert_true(fake_recorder_accept(&console.recorder, console.vt, WAIT_MS));
    fake_recorder_plant(&console.recorder, 12);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect_gone(&console, "NO RECORDER");
    expect_gone(&console, "(10.5)");
    finish(&console);
}

static void a_look_says_that_nothing_is_kept(void **state)
{
    struct console console;
    (void)state;
    start(&console, 24, 100, NULL);
    struct wire_welcome look = {.look = 1, .started_by_console = 1, .role = ROLE_VIEWER};
    fake_recorder_welcome(&console.recorder, &look);
    fake_recorder_status(&console.recorder, NULL);
    fake_recorder_snapshot_end(&console.recorder);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect(&console, "look: nothing is kept");
    expect(&console, "alice look "); /* in place of a role that says more than is possible */
    expect(&console, "No tags yet");
    finish(&console);
}

/* ---- keys ---- */

static void filter_narrows_and_escape_widens(void **state)
{
    struct console console;
    (void)state;
    start_plant(&console, 24, 80, NULL, 60);
    vt_type(console.vt, "/intake 2", 9);
    expect(&console, "of 60");
    expect_gone(&console, "boiler.tag001");
    expect(&console, "intake.tag002");
    /* Letters typed there are no commands: q asks nothing, g groups nothing. */
    vt_type(console.vt, "qg", 2);
    expect(&console, "No tag matches \"intake 2qg\"");
    key(&console, "Escape");
    expect(&console, "boiler.tag001");
    expect(&console, "1/60");
    finish(&console);
}

static void groups_fold_and_unfold(void **state)
{
    struct console console;
    (void)state;
    start_plant(&console, 24, 80, "HMI_GLYPHS=ascii", 12);
    key(&console, "g");
    expect(&console, "- boiler 4");
    key(&console, "-");
    expect_gone(&console, "boiler.tag001");
    expect(&console, "+ boiler 4");
    expect(&console, "+ network 4");
    key(&console, "Home");
    key(&console, "Right");
    expect(&console, "boiler.tag001");
    assert_null(strstr(vt_text(console.vt), "intake.tag002"));
    key(&console, "Enter"); /* on a group: folds */
    expect_gone(&console, "boiler.tag001");
    key(&console, "g");
    expect(&console, "intake.tag002");
    finish(&console);
}

static void sorting_keeps_the_cursor_on_its_tag(void **state)
{
    struct console console;
    (void)state;
    start_plant(&console, 24, 80, NULL, 60);
    key(&console, "Down");
    expect(&console, "plant/boiler.tag004");
    key(&console, "s");
    expect(&console, "Sorted by value");
    key(&console, "Escape"); /* puts the message away */
    expect(&console, "plant/boiler.tag004");
    expect(&console, "4/60"); /* 4.5 is the fourth */
    key(&console, "r");
    expect(&console, "57/60");
    expect(&console, "plant/boiler.tag004");
    key(&console, "Home");
    expect(&console, "plant/network.tag060");
    finish(&console);
}

static void screens_open_and_escape_goes_back(void **state)
{
    struct console console;
    (void)state;
    start_plant(&console, 24, 80, NULL, 60);
    key(&console, "Enter");
    expect(&console, "by arrival");
    expect(&console, "plant/boiler.tag001");
    key(&console, "F9");
    expect(&console, "System");
    key(&console, "F1");
    expect(&console, "this help");
    key(&console, "Escape");
    key(&console, "Escape");
    key(&console, "Escape");
    expect(&console, "1/60");
    key(&console, "Escape"); /* at the top: never leaves */
    key(&console, ":");
    expect(&console, "Go to a tag or an action");
    vt_type(console.vt, "tag033", 6);
    expect(&console, "Point number 33");
    key(&console, "Enter");
    expect(&console, "plant/network.tag033");
    key(&console, "2");
    expect(&console, "/60");
    finish(&console);
}

static void mouse_sorts_selects_and_presses_keys(void **state)
{
    struct console console;
    int row, col;
    (void)state;
    /* xterm's description switches two modes in one sequence,
     * which the emulator of the test does not take. */
    start_plant(&console, 24, 80, "TERM=screen-256color", 60);
    assert_true(vt_mouse(console.vt));
    assert_true(vt_find(console.vt, "boiler.tag010", &row, &col));
    vt_click(console.vt, row, col, 1);
    expect(&console, "plant/boiler.tag010");
    assert_true(vt_find(console.vt, "VALUE", &row, &col));
    vt_click(console.vt, row, col, 1);
    expect(&console, "Sorted by value");
    assert_true(vt_find(console.vt, "sSort", &row, &col));
    vt_click(console.vt, row, col + 3, 1);
    expect(&console, "Sorted by place in the range");
    finish(&console);
}

static void pieces_of_a_late_arrow_do_nothing(void **state)
{
    struct console console;
    (void)state;
    start_plant(&console, 24, 80, NULL, 60);
    vt_type(console.vt, "\033", 1);
    vt_run(console.vt, 120); /* the line is slow: the console takes the Escape for one */
    vt_type(console.vt, "[", 1);
    vt_run(console.vt, 60);
    vt_type(console.vt, "B", 1);
    vt_run(console.vt, 100);
    assert_non_null(strstr(vt_text(console.vt), "1/60"));
    key(&console, "Down");
    expect(&console, "plant/boiler.tag004");
    expect(&console, "2/60");
    finish(&console);
}

static void leaving_asks_first(void **state)
{
    struct console console;
    int status;
    (void)state;
    start_plant(&console, 24, 80, NULL, 12);
    key(&console, "q");
    expect(&console, "Leave hmi?");
    key(&console, "Escape");
    expect_gone(&console, "Leave hmi?");
    key(&console, "F10");
    expect(&console, "Leave hmi?");
    vt_type(console.vt, "y", 1);
    assert_true(vt_wait_end(console.vt, WAIT_MS, &status));
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_false(vt_alternate(console.vt));
    finish(&console);
}

static void last_console_asks_whether_recording_goes_on(void **state)
{
    struct console console;
    struct wire_ask ask;
    int status;
    (void)state;
    start(&console, 24, 80, NULL);
    struct wire_welcome welcome = {.started_by_console = 1, .role = ROLE_ENGINEER};
    fake_recorder_welcome(&console.recorder, &welcome);
    fake_recorder_status(&console.recorder, NULL);
    fake_recorder_snapshot_end(&console.recorder);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect(&console, "● broker");
    key(&console, "q");
    expect(&console, "leave, keep recording");
    vt_type(console.vt, "s", 1);
    assert_true(fake_recorder_receive(&console.recorder, console.vt, WIRE_ASK, &ask, WAIT_MS));
    assert_int_equal(ask.action, WIRE_ACTION_STOP);
    struct wire_answer no = {.request = ask.request, .good = 0, .text = "needs the role engineer"};
    wire_put(&console.recorder.out, WIRE_ANSWER, &no);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect(&console, "The recorder goes on: needs the role engineer");
    key(&console, "q");
    vt_type(console.vt, "s", 1);
    assert_true(fake_recorder_receive(&console.recorder, console.vt, WIRE_ASK, &ask, WAIT_MS));
    struct wire_answer yes = {.request = ask.request, .good = 1, .text = "stopping"};
    wire_put(&console.recorder.out, WIRE_ANSWER, &yes);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    assert_true(vt_wait_end(console.vt, WAIT_MS, &status));
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    finish(&console);
}

static void a_lost_line_ends_the_console_at_once(void **state)
{
    struct console console;
    int status;
    (void)state;
    start_plant(&console, 24, 80, NULL, 12);
    check_output(&console);
    vt_hangup(console.vt); /* may cut a sequence in two */
    assert_true(vt_wait_end(console.vt, 1000, &status));
    assert_true(WIFEXITED(status));
    vt_close(console.vt, WAIT_MS);
    fake_recorder_close(&console.recorder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_fill_the_screen),
        cmocka_unit_test(doubtful_values_never_look_alive),
        cmocka_unit_test(long_numbers_keep_their_size),
        cmocka_unit_test(alarm_line_names_the_worst),
        cmocka_unit_test(lights_and_banner_tell_the_truth),
        cmocka_unit_test(a_look_says_that_nothing_is_kept),
        cmocka_unit_test(filter_narrows_and_escape_widens),
        cmocka_unit_test(groups_fold_and_unfold),
        cmocka_unit_test(sorting_keeps_the_cursor_on_its_tag),
        cmocka_unit_test(screens_open_and_escape_goes_back),
        cmocka_unit_test(mouse_sorts_selects_and_presses_keys),
        cmocka_unit_test(pieces_of_a_late_arrow_do_nothing),
        cmocka_unit_test(leaving_asks_first),
        cmocka_unit_test(last_console_asks_whether_recording_goes_on),
        cmocka_unit_test(a_lost_line_ends_the_console_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
