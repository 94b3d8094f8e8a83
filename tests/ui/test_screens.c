/* What the operator sees after given keys and given messages: the console on a pty, read by a terminal
 * emulator, attached to a recorder that says what the test wants. */
#include "plant/alarm_state.h"
#include "base/clock.h"
#include "plant/quality.h"
#include "plant/tagdef.h"
#include "plant/value.h"
#include "tests/ui/console_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

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
    expect_row(&console, "[1] ", "boiler.tag001/hihi 97.5  Drum hot");
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

/* ---- terminals ---- */

static void ascii_is_ascii(void **state)
{
    struct console console;
    size_t length;
    (void)state;
    start_plant(&console, 24, 80, "HMI_GLYPHS=ascii", 60);
    expect(&console, "degC");
    key(&console, "Enter");
    expect(&console, "by arrival");
    key(&console, "F9");
    expect(&console, "System");
    key(&console, "F1");
    expect(&console, "this help");
    key(&console, ":");
    expect(&console, "Go to a tag");
    const uint8_t *raw = vt_raw(console.vt, &length);
    for (size_t i = 0; i < length; i++)
        assert_in_range(raw[i], 0, 0x7E);
    finish(&console);
}

static void a_locale_without_utf8_gets_lines_and_ascii(void **state)
{
    struct console console;
    size_t length;
    (void)state;
    start_plant(&console, 24, 80, "LC_ALL=C", 60);
    expect(&console, "degC");
    key(&console, ":");
    expect(&console, "Go to a tag");
    const uint8_t *raw = vt_raw(console.vt, &length);
    for (size_t i = 0; i < length; i++)
        assert_in_range(raw[i], 0, 0x7E);
    key(&console, "Escape");
    expect(&console, "\u25C6"); /* the pointer of a range, from the terminal's own character set */
    finish(&console);
}

static void mono_uses_no_colour(void **state)
{
    struct console console;
    (void)state;
    start_plant(&console, 24, 80, "HMI_THEME=mono", 60);
    fake_recorder_number(&console.recorder, 1, 1.5, QUALITY_BAD, 0);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect(&console, "(1.5)");
    bool reverse = false;
    for (int row = 0; row < 24; row++)
        for (int col = 0; col < 80; col++) {
            struct vt_cell cell;
            assert_true(vt_cell(console.vt, row, col, &cell));
            assert_int_equal(cell.fg, VT_DEFAULT);
            assert_int_equal(cell.bg, VT_DEFAULT);
            reverse |= cell.reverse;
        }
    assert_true(reverse); /* the header, the cursor */
    finish(&console);
}

static void every_size_is_survived(void **state)
{
    static const struct {
        int rows, cols;
    } SIZES[] = {{1, 1},  {2, 2},   {1, 300},   {100, 1}, {3, 20}, {4, 20},
                 {5, 30}, {24, 80}, {100, 300}, {7, 7},   {2, 80}};
    static const char *const KEYS[] = {"Enter", "F9",     "F1", "Escape", ":", "Escape",
                                       "q",     "Escape", "/",  "Escape", "g"};
    struct console console;
    (void)state;
    start_plant(&console, 24, 80, NULL, 200);
    for (int round = 0; round < 110; round++) {
        size_t size = (size_t)round % (sizeof SIZES / sizeof *SIZES);
        vt_resize(console.vt, SIZES[size].rows, SIZES[size].cols);
        vt_pump(console.vt, 3);
        key(&console, KEYS[(size_t)round / 3 % (sizeof KEYS / sizeof *KEYS)]);
        vt_pump(console.vt, 3);
    }
    vt_resize(console.vt, 24, 80);
    for (int i = 0; i < 8; i++) { /* whatever was open is left */
        key(&console, "Escape");
        vt_run(console.vt, 60);
    }
    key(&console, "2");
    expect(&console, "boiler.tag001");
    expect(&console, "F10Quit");
    finish(&console);
}

/* ---- hostile and heavy plants ---- */

static void escape_sequences_never_reach_the_terminal(void **state)
{
    static const char *const HOSTILE[] = {
        "\033[2J\033[1;1Howned",
        "\033]0;title\a",
        "\xC2\x9B"
        "31mc1",
        "a\r\nb\tc\b\bd",
        "\xE2\x80\xAE"
        "right to left",
        "bad \xFF\xFE\xC0\x80 utf-8",
        "\033P+q544e\033\\",
        "wide \xE6\xB0\xB4\xE4\xBD\x8D combining e\xCC\x81\xCC\x81\xCC\x81",
        "\xF3\xA0\x81\x81tag\xEF\xBB\xBF\xE2\x80\x8B",
        "",
    };
    struct console console;
    (void)state;
    start(&console, 24, 132, NULL);
    struct wire_welcome welcome = {.plant = "\033]0;owned\aWorks"};
    fake_recorder_welcome(&console.recorder, &welcome);
    for (uint32_t i = 0; i < sizeof HOSTILE / sizeof *HOSTILE; i++) {
        fake_recorder_tag(&console.recorder, i + 1, HOSTILE[i], HOSTILE[i], HOSTILE[i], HOSTILE[i]);
        wire_put(&console.recorder.out, WIRE_SAMPLE,
                 &(struct wire_sample){
                     .tag = i + 1, .type = 2, .text = HOSTILE[i], .ts_us = console.recorder.now_us});
    }
    struct wire_status status = {.link = WIRE_LINK_DOWN, .no_data_since_us = 1, .link_text = "\033[2Jgone"};
    fake_recorder_status(&console.recorder, &status);
    fake_recorder_snapshot_end(&console.recorder);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect(&console, "right to left");
    expect(&console, "NO PLANT DATA");
    static const char *const KEYS[] = {"g", "Down", "Enter",  "Escape", "i", "n",
                                       "n", "F9",   "Escape", "Escape", ":"};
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        key(&console, KEYS[i]);
        vt_run(console.vt, 60);
    }
    vt_type(console.vt, "right\033[200~\033[2Jx\033[201~", 21);
    vt_run(console.vt, 200);
    assert_string_equal(vt_title(console.vt) ? vt_title(console.vt) : "", "");
    finish(&console);
}

static void ten_thousand_tags_scroll_at_once(void **state)
{
    struct console console;
    (void)state;
    start_plant(&console, 43, 132, NULL, 10000);
    expect(&console, "1/10000");
    int64_t begin_us = clock_mono_us();
    for (int i = 0; i < 20; i++) {
        key(&console, "End");
        expect(&console, "10000/10000");
        key(&console, "Home");
        expect(&console, " 1/10000");
    }
    int64_t each_us = (clock_mono_us() - begin_us) / 40;
    print_message("a key over 10,000 tags: %lld us\n", (long long)each_us);
    assert_true(each_us < 100000);
    finish(&console);
}

static size_t bytes_so_far(struct console *console)
{
    size_t length;
    vt_raw(console->vt, &length);
    return length;
}

/* All 40 values, `age_us` old, and what a recorder says each second. */
static void send_second(struct console *console, int round, int64_t age_us)
{
    int64_t ts_us = clock_wall_us() - age_us;
    for (uint32_t id = 1; round >= 0 && id <= 40; id++)
        wire_put(&console->recorder.out, WIRE_SAMPLE,
                 &(struct wire_sample){.tag = id,
                                       .type = VALUE_NUMBER,
                                       .number = 20 + (double)((id * 7 + (uint32_t)round * 13) % 100) / 10,
                                       .ts_us = ts_us,
                                       .arrival_us = ts_us});
    fake_recorder_status(&console->recorder, NULL);
    assert_true(fake_recorder_send(&console->recorder, console->vt));
}

/* Bytes for one change of all 40 values: those from the message that brings them until nothing more comes. How
 * fast this machine is at the moment does not matter; what the clock needs meanwhile is counted, too. */
static size_t bytes_of_changes(struct console *console, int rounds)
{
    size_t before = bytes_so_far(console);
    for (int i = 0; i < rounds; i++) {
        char last[16];
        int64_t next_us = clock_mono_us() + CLOCK_US_PER_SECOND;
        send_second(console, i, 0);
        snprintf(last, sizeof last, " %.1f ", 20 + (double)((280 + i * 13) % 100) / 10);
        expect_row(console, "boiler.tag040", last);
        while (clock_mono_us() < next_us)
            vt_run(console->vt, 20);
    }
    return (bytes_so_far(console) - before) / (size_t)rounds;
}

/* Bytes a second of the clock on the wall while nothing changes. The values' age is of the kind that is written
 * in minutes; a span that a busy machine stretched to the next minute says nothing, and is measured again. */
static size_t bytes_of_silence(struct console *console, int seconds)
{
    for (int tries = 0; tries < 5; tries++) {
        int64_t sent_us = clock_wall_us();
        send_second(console, 0, 61 * CLOCK_US_PER_SECOND);
        expect_row(console, "boiler.tag040", " 1m ");
        assert_true(vt_wait_quiet(console->vt, 300, WAIT_MS));
        size_t before = bytes_so_far(console);
        int64_t begin_us = clock_wall_us();
        for (int i = 0; i < seconds; i++) {
            send_second(console, -1, 0);
            vt_run(console->vt, 1000);
        }
        size_t bytes = bytes_so_far(console) - before;
        int64_t end_us = clock_wall_us();
        if (end_us - sent_us < 55 * CLOCK_US_PER_SECOND)
            return bytes / (size_t)((end_us - begin_us) / CLOCK_US_PER_SECOND);
    }
    fail_msg("this machine is too busy to measure anything");
    return 0;
}

static void a_slow_line_is_enough(void **state)
{
    struct console console;
    (void)state;
    start_plant(&console, 46, 132, NULL, 40);
    size_t busy = bytes_of_changes(&console, 10);
    size_t quiet = bytes_of_silence(&console, 10);
    print_message("bytes a second: 40 values changing %zu, nothing changing %zu\n", busy, quiet);
    assert_true(busy <= 4000);
    assert_true(quiet <= 100); /* the clock */
    finish(&console);
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
        cmocka_unit_test(ascii_is_ascii),
        cmocka_unit_test(a_locale_without_utf8_gets_lines_and_ascii),
        cmocka_unit_test(mono_uses_no_colour),
        cmocka_unit_test(every_size_is_survived),
        cmocka_unit_test(escape_sequences_never_reach_the_terminal),
        cmocka_unit_test(ten_thousand_tags_scroll_at_once),
        cmocka_unit_test(a_slow_line_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
