/* Terminals of all kinds and sizes, hostile texts, heavy plants and slow lines, under a console on a pty. */
#include "plant/quality.h"
#include "plant/value.h"
#include "tests/ui/console_fixture.h"

#include <stdio.h>

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
