/* The harness itself, against programs whose output is known: /bin/sh, printf, cat, stty. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "tests/ui/vt.h"

#define WAIT_MS 10000

static struct vt *start_sized(const char *script, int rows, int cols, const char *const *env)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    struct err err = {0};
    struct vt_options options = {.argv = argv, .env = env, .rows = rows, .cols = cols};
    struct vt *terminal = vt_start(&options, &err);
    assert_non_null(terminal);
    return terminal;
}

static struct vt *start(const char *script)
{
    return start_sized(script, 24, 80, NULL);
}

static void shows_text_where_it_was_printed(void **state)
{
    (void)state;
    int row, col;
    struct vt *terminal = start("printf '\\033[3;5Hdrum 85.2 \302\260C\\033[24;80H#'; cat");
    assert_true(vt_wait_text(terminal, "#", WAIT_MS));
    assert_string_equal(vt_row(terminal, 2), "    drum 85.2 \302\260C");
    assert_true(vt_find(terminal, "C", &row, &col));
    assert_int_equal(row, 2);
    assert_int_equal(col, 15);
    assert_false(vt_find(terminal, "drumC", &row, &col));
    vt_close(terminal, WAIT_MS);
}

static void shows_attributes_and_colours(void **state)
{
    (void)state;
    struct vt_cell cell;
    struct vt *terminal = start("printf 'n\\033[1;5;31;44mb\\033[0;7;4;38;5;208mr\\033[0mend'; cat");
    assert_true(vt_wait_text(terminal, "end", WAIT_MS));
    assert_true(vt_cell(terminal, 0, 0, &cell));
    assert_string_equal(cell.text, "n");
    assert_int_equal(cell.fg, VT_DEFAULT);
    assert_int_equal(cell.bg, VT_DEFAULT);
    assert_false(cell.bold || cell.blink || cell.reverse || cell.underline);
    assert_true(vt_cell(terminal, 0, 1, &cell));
    assert_true(cell.bold && cell.blink && !cell.reverse);
    assert_int_equal(cell.fg, 1);
    assert_int_equal(cell.bg, 4);
    assert_true(vt_cell(terminal, 0, 2, &cell));
    assert_true(cell.reverse && cell.underline && !cell.bold);
    assert_int_equal(cell.fg, 208);
    assert_false(vt_cell(terminal, 24, 0, &cell));
    vt_close(terminal, WAIT_MS);
}

static void wide_characters_take_two_cells(void **state)
{
    (void)state;
    int row, col;
    struct vt_cell cell;
    struct vt *terminal = start("printf '\346\260\264x\\n'; cat");
    assert_true(vt_wait_text(terminal, "\346\260\264x", WAIT_MS));
    assert_true(vt_cell(terminal, 0, 0, &cell));
    assert_int_equal(cell.width, 2);
    assert_true(vt_find(terminal, "x", &row, &col));
    assert_int_equal(col, 2);
    vt_close(terminal, WAIT_MS);
}

static void typed_text_reaches_the_program(void **state)
{
    (void)state;
    struct vt *terminal = start("read -r line; echo \"got <$line>\"");
    int status;
    vt_type(terminal, "pump 7", 6);
    assert_true(vt_key(terminal, "Enter"));
    assert_true(vt_wait_text(terminal, "got <pump 7>", WAIT_MS));
    assert_true(vt_wait_end(terminal, WAIT_MS, &status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(vt_close(terminal, 0));
}

/* The bytes of a key, as `cat -v` shows them: in normal mode, and where it matters in application mode. */
static void keys_are_encoded_as_the_terminal_does(void **state)
{
    (void)state;
    static const struct {
        const char *key, *mode, *term, *shown;
    } cases[] = {
        {"Up", "", "TERM=xterm", "^[[A"},        {"Up", "\\033[?1h", "TERM=xterm", "^[OA"},
        {"F3", "", "TERM=xterm", "^[OR"},        {"F10", "", "TERM=xterm", "^[[21~"},
        {"PageDown", "", "TERM=xterm", "^[[6~"}, {"Escape", "", "TERM=xterm", "^["},
        {"Backspace", "", "TERM=xterm", "^?"},   {"F3", "", "TERM=linux", "^[[[C"},
        {"Home", "", "TERM=linux", "^[[1~"},     {"M-x", "", "TERM=xterm", "^[x"},
        {"C-a", "", "TERM=xterm", "^A"},         {"q", "", "TERM=xterm", "q"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char script[200];
        const char *const env[] = {cases[i].term, NULL};
        snprintf(script, sizeof script, "stty raw -echo; printf '%sready'; exec cat -v", cases[i].mode);
        struct vt *terminal = start_sized(script, 24, 80, env);
        assert_true(vt_wait_text(terminal, "ready", WAIT_MS));
        assert_true(vt_key(terminal, cases[i].key));
        char expected[40];
        snprintf(expected, sizeof expected, "ready%s", cases[i].shown);
        assert_true(vt_wait_text(terminal, expected, WAIT_MS));
        vt_close(terminal, WAIT_MS);
    }
    struct vt *terminal = start("cat");
    assert_false(vt_key(terminal, "NoSuchKey"));
    vt_close(terminal, WAIT_MS);
}

static void clicks_are_sent_only_when_asked_for(void **state)
{
    (void)state;
    struct vt *terminal = start("stty raw -echo; printf 'off'; exec cat -v");
    assert_true(vt_wait_text(terminal, "off", WAIT_MS));
    assert_false(vt_mouse(terminal));
    vt_click(terminal, 4, 9, 1);
    vt_type(terminal, "!", 1);
    assert_true(vt_wait_text(terminal, "off!", WAIT_MS));
    vt_close(terminal, WAIT_MS);

    terminal = start("stty raw -echo; printf '\\033[?1000h\\033[?1006hon'; exec cat -v");
    assert_true(vt_wait_text(terminal, "on", WAIT_MS));
    assert_true(vt_mouse(terminal));
    vt_click(terminal, 4, 9, 1);
    assert_true(vt_wait_text(terminal, "on^[[<0;10;5M^[[<0;10;5m", WAIT_MS));
    vt_click(terminal, 4, 9, 5);
    assert_true(vt_wait_text(terminal, "^[[<65;10;5M", WAIT_MS));
    vt_close(terminal, WAIT_MS);
}

static void a_resize_is_heard(void **state)
{
    (void)state;
    struct vt *terminal =
        start("trap 'stty size' WINCH; stty size; while :; do read -r line && echo \"$line\"; done");
    assert_true(vt_wait_text(terminal, "24 80", WAIT_MS));
    vt_resize(terminal, 43, 132);
    assert_true(vt_wait_text(terminal, "43 132", WAIT_MS));
    assert_int_equal(vt_rows(terminal), 43);
    assert_int_equal(vt_cols(terminal), 132);
    vt_close(terminal, WAIT_MS);
}

static void survives_every_size(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {100, 300}, {1, 300}, {100, 1}, {24, 80}, {2, 3}, {50, 50}};
    struct vt *terminal = start("i=0; while :; do i=$((i+1)); printf '\\033[?1049h\\033[Hline %s and "
                                "more of it\\r\\n\\r\\n' $i; done");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        vt_resize(terminal, sizes[i][0], sizes[i][1]);
        vt_run(terminal, 20);
    }
    assert_true(vt_wait_text(terminal, "line", WAIT_MS));
    assert_true(vt_alternate(terminal));
    vt_signal(terminal, SIGKILL);
    vt_close(terminal, WAIT_MS);
}

static void waits_end_on_their_time_out(void **state)
{
    (void)state;
    struct err err = {0};
    struct vt *terminal = start("echo here; cat");
    assert_true(vt_wait_text(terminal, "here", WAIT_MS));
    int64_t before_us = clock_mono_us();
    assert_false(vt_wait_text(terminal, "absent", 100));
    assert_false(vt_wait_gone(terminal, "here", 50));
    assert_false(vt_wait_regex(terminal, "^absent$", 50, &err));
    int64_t waited_us = clock_mono_us() - before_us;
    assert_true(waited_us >= 200000 && waited_us < 5000000);
    assert_true(vt_wait_regex(terminal, "^h.re$", WAIT_MS, &err));
    assert_false(vt_wait_regex(terminal, "(", WAIT_MS, &err));
    assert_non_null(strstr(err.text, "bad expression"));
    vt_close(terminal, WAIT_MS);
}

static void gone_and_quiet(void **state)
{
    (void)state;
    struct vt *terminal = start("echo old; read -r line; printf '\\033[2J'; cat");
    assert_true(vt_wait_text(terminal, "old", WAIT_MS));
    assert_true(vt_wait_quiet(terminal, 50, WAIT_MS));
    vt_type(terminal, "\n", 1);
    assert_true(vt_wait_gone(terminal, "old", WAIT_MS));
    vt_close(terminal, WAIT_MS);

    terminal = start("while :; do printf x; done");
    assert_true(vt_wait_text(terminal, "x", WAIT_MS));
    assert_false(vt_wait_quiet(terminal, 200, 300));
    vt_signal(terminal, SIGKILL);
    vt_close(terminal, WAIT_MS);
}

static void the_last_words_and_the_exit_status_are_kept(void **state)
{
    (void)state;
    int status;
    struct vt *terminal = start("printf 'last words'; exit 78");
    assert_true(vt_wait_end(terminal, WAIT_MS, &status));
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 78);
    assert_string_equal(vt_row(terminal, 0), "last words");
    assert_false(vt_wait_text(terminal, "more", WAIT_MS)); /* at once: nothing can come */
    vt_close(terminal, 0);

    terminal = start("echo up; exec cat");
    assert_true(vt_wait_text(terminal, "up", WAIT_MS));
    vt_signal(terminal, SIGTERM);
    assert_true(vt_wait_end(terminal, WAIT_MS, &status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
    vt_close(terminal, 0);
}

static void a_hangup_is_heard_and_the_stubborn_are_killed(void **state)
{
    (void)state;
    int status;
    struct vt *terminal = start("echo up; exec cat");
    assert_true(vt_wait_text(terminal, "up", WAIT_MS));
    vt_hangup(terminal);
    assert_true(vt_wait_end(terminal, WAIT_MS, &status));
    assert_int_equal(WTERMSIG(status), SIGHUP);
    assert_string_equal(vt_row(terminal, 0), "up");
    assert_true(vt_close(terminal, 0));

    terminal = start("trap '' HUP; echo up; while :; do sleep 1; done");
    assert_true(vt_wait_text(terminal, "up", WAIT_MS));
    assert_false(vt_close(terminal, 100));
}

static void counts_every_byte(void **state)
{
    (void)state;
    size_t length;
    int status;
    struct vt *terminal = start("head -c 100000 /dev/zero | tr '\\0' x");
    assert_true(vt_wait_end(terminal, WAIT_MS, &status));
    const uint8_t *bytes = vt_raw(terminal, &length);
    assert_int_equal(length, 100000);
    assert_int_equal(bytes[99999], 'x');
    vt_close(terminal, 0);
}

static void tells_title_bell_and_cursor(void **state)
{
    (void)state;
    struct vt *terminal = start("printf '\\033]2;plant\\007\\007\\033[?25l\\033[5;7Hdone'; cat");
    assert_true(vt_wait_text(terminal, "done", WAIT_MS));
    assert_string_equal(vt_title(terminal), "plant");
    assert_int_equal(vt_bells(terminal), 1);
    struct vt_cursor cursor = vt_cursor(terminal);
    assert_int_equal(cursor.row, 4);
    assert_int_equal(cursor.col, 10);
    assert_false(cursor.visible);
    vt_close(terminal, WAIT_MS);
}

static void scan_knows_good_from_bad(void **state)
{
    (void)state;
    static const char *const good[] = {
        "plain \302\260C\r\n",
        "\033[?1049h\033[22;0;0t\033[1;24r\033(B\033[m\033[4l\033[?7h\033[?1h\033=\033[H\033[2J",
        "\033[38;5;208m\033[?1006;1000h\033[5X\033[3b\033[10d\033M\033[?25l\033[?12;25h\016q\017",
        "\033[!p\033[?3;4l\033[23;0;0t\033>",
    };
    static const char *const bad[] = {
        "\033]0;owned\007",
        "\033P$q\033\\",
        "\033[c",
        "\033[6n",
        "\033[21t",
        "\302\233"
        "31m",
        "\233"
        "31m",
        "\033_x\033\\",
        "\342\200\256x",
        "\005",
        "\033",
        "\033[12",
        "\033[5i",
        "\033#8",
        "\033[0;59;\"x\"p",
        "caf\351",
    };
    struct err fault = {0};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!vt_scan((const uint8_t *)good[i], strlen(good[i]), &fault))
            fail_msg("good %zu: %s", i, fault.text);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (vt_scan((const uint8_t *)bad[i], strlen(bad[i]), &fault))
            fail_msg("bad %zu passed", i);
    vt_scan((const uint8_t *)"ok\033]0;x\007", 9, &fault);
    assert_non_null(strstr(fault.text, "at byte 2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_text_where_it_was_printed),
        cmocka_unit_test(shows_attributes_and_colours),
        cmocka_unit_test(wide_characters_take_two_cells),
        cmocka_unit_test(typed_text_reaches_the_program),
        cmocka_unit_test(keys_are_encoded_as_the_terminal_does),
        cmocka_unit_test(clicks_are_sent_only_when_asked_for),
        cmocka_unit_test(a_resize_is_heard),
        cmocka_unit_test(survives_every_size),
        cmocka_unit_test(waits_end_on_their_time_out),
        cmocka_unit_test(gone_and_quiet),
        cmocka_unit_test(the_last_words_and_the_exit_status_are_kept),
        cmocka_unit_test(a_hangup_is_heard_and_the_stubborn_are_killed),
        cmocka_unit_test(counts_every_byte),
        cmocka_unit_test(tells_title_bell_and_cursor),
        cmocka_unit_test(scan_knows_good_from_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
