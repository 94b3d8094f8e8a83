/* What a newcomer meets first: the start, a recorder that is not there, unsuitable terminals, the key bar. */
#include "plant/quality.h"
#include "tests/ui/console_fixture.h"

#include <sys/wait.h>
#include <sysexits.h>

/* Nobody is alarmed before a recorder had time to answer. */
static void starting_is_no_fault(void **state)
{
    struct console console;
    (void)state;
    start(&console, 24, 80, NULL);
    expect(&console, "attaching");
    assert_null(strstr(vt_text(console.vt), "NO RECORDER"));
    fake_recorder_plant(&console.recorder, 12);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect(&console, "● broker");
    finish(&console);
}

static void a_missing_recorder_is_said_with_its_cure(void **state)
{
    struct console console;
    (void)state;
    start(&console, 24, 80, NULL); /* connected, and not a word */
    expect(&console, "○ NO RECORDER");
    expect(&console, "it does not answer yet");
    fake_recorder_plant(&console.recorder, 12);
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect_gone(&console, "NO RECORDER");
    fake_recorder_close(&console.recorder);
    expect(&console, "NO RECORDER since");
    expect(&console, "values are not live; start it: hmi record");
    check_output(&console);
    assert_true(vt_close(console.vt, WAIT_MS));
}

/* As after an upgrade: the values are shown, and what to do. */
static void a_recorder_of_another_version_is_read_only(void **state)
{
    static const uint32_t VERSIONS[] = {WIRE_VERSION + 1, UINT32_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof VERSIONS / sizeof *VERSIONS; i++) {
        struct console console;
        start(&console, 24, 80, NULL);
        fake_recorder_welcome(&console.recorder, &(struct wire_welcome){.version = VERSIONS[i]});
        fake_recorder_tag(&console.recorder, 1, "boiler.temp", "boiler", "°C", "");
        fake_recorder_number(&console.recorder, 1, 81.5, QUALITY_GOOD, 0);
        fake_recorder_status(&console.recorder, NULL);
        fake_recorder_snapshot_end(&console.recorder);
        assert_true(fake_recorder_send(&console.recorder, console.vt));
        expect(&console, "READ-ONLY – restart the recorder: its version is not this console's");
        expect_row(&console, "boiler.temp", "81.5");
        fake_recorder_welcome(&console.recorder, NULL); /* mended, in a test at once */
        fake_recorder_status(&console.recorder, NULL);
        assert_true(fake_recorder_send(&console.recorder, console.vt));
        expect_gone(&console, "READ-ONLY");
        finish(&console);
    }
}

static void the_foot_offers_only_what_works(void **state)
{
    struct console console;
    (void)state;
    start_plant(&console, 24, 80, NULL, 12);
    expect_row(&console, "F10Quit", "iInfo");
    key(&console, "q");
    expect(&console, "EscapeStay");
    expect_gone(&console, "iInfo");
    key(&console, "Escape");
    key(&console, "F9");
    expect_gone(&console, "iInfo");
    key(&console, "Escape");
    key(&console, ":");
    expect(&console, "EnterGo  EscapeBack");
    key(&console, "Escape");
    vt_type(console.vt, "/quality:xyz", 12);
    expect(&console, "EnterKeep  EscapeShow all");
    expect(&console, "unknown quality");
    key(&console, "Backspace");
    key(&console, "Backspace");
    key(&console, "Backspace");
    expect_gone(&console, "unknown quality");
    finish(&console);
}

/* The console ends at once, with a word on standard error and a status that scripts understand. */
static void a_terminal_without_a_cursor_is_refused(void **state)
{
    static const char *const TYPES[] = {"TERM=dumb", "TERM=no-such-terminal"};
    static const char *const WORDS[] = {"cannot place its cursor", "is not known here"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct err err = {0};
        int status;
        const char *build = getenv("HMI_BUILD");
        char program[512];
        snprintf(program, sizeof program, "%s/hmi", build ? build : "build");
        const char *const argv[] = {program, NULL};
        const char *const env[] = {"HMI_SOCKET=/nonexistent/hmi.sock", TYPES[i], NULL};
        struct vt_options options = {.argv = argv, .env = env, .rows = 24, .cols = 132};
        struct vt *vt = vt_start(&options, &err);
        assert_non_null(vt);
        assert_true(vt_wait_text(vt, WORDS[i], WAIT_MS));
        assert_true(vt_wait_end(vt, WAIT_MS, &status));
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EX_UNAVAILABLE);
        vt_close(vt, WAIT_MS);
    }
}

/* A vt100 cannot hide its cursor: it rests in the corner, not where something was drawn last. */
static void a_cursor_that_cannot_be_hidden_rests(void **state)
{
    struct console console;
    (void)state;
    start_plant(&console, 24, 80, "TERM=vt100", 12);
    for (int i = 0; i < 5; i++) {
        fake_recorder_number(&console.recorder, 1, 30 + i, QUALITY_GOOD, 0);
        assert_true(fake_recorder_send(&console.recorder, console.vt));
        char value[16];
        snprintf(value, sizeof value, "%d.0", 30 + i);
        expect_row(&console, "boiler.tag001", value);
        assert_true(vt_wait_quiet(console.vt, 100, WAIT_MS));
        struct vt_cursor cursor = vt_cursor(console.vt);
        assert_int_equal(cursor.row, 23);
        assert_int_equal(cursor.col, 79);
    }
    finish(&console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starting_is_no_fault),
        cmocka_unit_test(a_missing_recorder_is_said_with_its_cure),
        cmocka_unit_test(a_recorder_of_another_version_is_read_only),
        cmocka_unit_test(the_foot_offers_only_what_works),
        cmocka_unit_test(a_terminal_without_a_cursor_is_refused),
        cmocka_unit_test(a_cursor_that_cannot_be_hidden_rests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
