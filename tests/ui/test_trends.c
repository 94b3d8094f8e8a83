/* The Trends screen as an operator sees it: a console on a pty, a recorder that says what the test wants, and a
 * real history file behind them. */
#include "base/timefmt.h"
#include "plant/quality.h"
#include "plant/tagdef.h"
#include "plant/value.h"
#include "tests/ui/console_fixture.h"
#include "tests/unit/history_fixture.h"

#define MINUTE  (60 * SECOND)
#define SPIKE   93.25
#define SPIKE_S 1800 /* seconds ago */

struct scene {
    struct fixture *file;
    struct console console;
};

/* An hour of three tags, a sample in ten seconds, one spike; bad from 20 to 15 minutes ago, not recorded from 10
 * to 8 minutes ago. */
static void fill(struct fixture *file, int64_t now_us)
{
    static const char *const NAMES[] = {"boiler.temp", "boiler.flow", "boiler.state"};
    for (uint32_t id = 1; id <= 3; id++)
        fixture_add_tag(file, id, NAMES[id - 1], NAMES[id - 1]);
    for (int ago = 3600; ago > 0; ago -= 10) {
        bool bad = ago <= 1200 && ago > 900, gone = ago <= 600 && ago > 480;
        if (bad && ago == 1200)
            batch_add_sample(file->batch, 1, now_us - ago * SECOND, &(struct value){.type = VALUE_NONE},
                             QUALITY_BAD_NO_DATA);
        if (bad || gone)
            continue;
        fixture_add_number(file, 1, now_us - ago * SECOND, ago == SPIKE_S ? SPIKE : 20 + ago / 10 % 10);
        fixture_add_number(file, 2, now_us - ago * SECOND, 50 + ago / 10 % 20);
        fixture_add_number(file, 3, now_us - ago * SECOND, ago / 600 % 2);
    }
    batch_add_gap(file->batch, now_us - 600 * SECOND, now_us - 480 * SECOND, "a test");
    fixture_append(file, now_us);
}

static void put_plant(struct fake_recorder *recorder, const char *history_path)
{
    fake_recorder_welcome(recorder, &(struct wire_welcome){.history_path = history_path});
    fake_recorder_tag(recorder, 1, "boiler.temp", "boiler", "°C", "Drum");
    fake_recorder_tag(recorder, 2, "boiler.flow", "boiler", "m³/h", "Feed");
    fake_recorder_tag(recorder, 3, "boiler.state", "boiler", "", "Burner");
    fake_recorder_tag(recorder, 4, "boiler.return", "boiler", "°C", "Return");
    fake_recorder_tag(recorder, 5, "boiler.\x1b[31mhostile\x9b\xe2\x80\xae", "boi\x1b]0;x\x07ler", "\x1b[2J",
                      "");
    wire_put(&recorder->out, WIRE_LIMIT,
             &(struct wire_limit){.tag = 1, .type = ALARM_HI, .priority = PRIORITY_HIGH, .limit = 80});
    wire_put(&recorder->out, WIRE_STATE, &(struct wire_state){.tag = 3, .value = 0, .text = "STOPPED"});
    wire_put(&recorder->out, WIRE_STATE,
             &(struct wire_state){.tag = 3, .value = 1, .text = "RUN\x1b[7mNING"});
    for (uint32_t id = 1; id <= 5; id++)
        fake_recorder_number(recorder, id, id == 3 ? 1 : 24.5, QUALITY_GOOD, 0);
    fake_recorder_status(recorder, NULL);
    fake_recorder_snapshot_end(recorder);
}

static void open_scene(struct scene *scene, void **state, int rows, int cols, const char *setting)
{
    scene->file = *state;
    start(&scene->console, rows, cols, setting);
    fill(scene->file, scene->console.recorder.now_us);
    put_plant(&scene->console.recorder, scene->file->path);
    assert_true(fake_recorder_send(&scene->console.recorder, scene->console.vt));
    expect(&scene->console, " 1/5");
}

/* Opens the trend of the tag whose name the filter finds. */
static void open_trend(struct scene *scene, const char *filter)
{
    vt_type(scene->console.vt, filter, strlen(filter));
    key(&scene->console, "Enter");
    expect(&scene->console, "1/1 of 5");
    key(&scene->console, "t");
    expect(&scene->console, "LIVE");
}

static void check(struct scene *scene, const char *text)
{
    expect(&scene->console, text);
}

/* ---- what is drawn ---- */

static void opens_on_the_last_hour_at_every_level(void **state)
{
    static const char *const LEVELS[] = {"HMI_GLYPHS=ascii", "HMI_GLYPHS=line", "HMI_GLYPHS=blocks",
                                         "HMI_GLYPHS=braille"};
    static const int SIZES[][2] = {{24, 80}, {60, 200}};
    for (size_t i = 0; i < 8; i++) {
        struct scene scene;
        fixture_forget(*state);
        open_scene(&scene, state, SIZES[i / 4][0], SIZES[i / 4][1], LEVELS[i % 4]);
        open_trend(&scene, "/temp");
        check(&scene, "LIVE  1 h");
        check(&scene, "93.2"); /* the highest: the history has answered */
        expect_row(&scene.console, "1 boiler.temp", i % 4 ? "°C" : "degC");
        expect_row(&scene.console, "1 boiler.temp", " 20.0 ");
        expect_row(&scene.console, "1 boiler.temp", "good");
        check(&scene, "hi 80.0");
        /* The spike, alone over the limit, about in the middle; hatches where there is nothing. */
        int row, col, middle = SIZES[i / 4][1] / 2 + 5;
        assert_true(vt_find(scene.console.vt, "hi 80.0", &row, &col));
        bool spike = false;
        for (int x = middle - 4; x <= middle + 4; x++) {
            struct vt_cell cell;
            assert_true(vt_cell(scene.console.vt, row - 1, x, &cell));
            spike = spike || (*cell.text && strcmp(cell.text, " ") && strcmp(cell.text, "·"));
        }
        if (!spike)
            fail_msg("no spike:\n%s", vt_text(scene.console.vt));
        assert_non_null(strstr(vt_text(scene.console.vt), i % 4 == 3 ? "╱" : "/"));
        assert_non_null(strstr(vt_text(scene.console.vt), i % 4 == 3 ? "╳" : "x"));
        finish(&scene.console);
    }
}

static void pens_are_told_apart_without_colour(void **state)
{
    struct scene scene;
    open_scene(&scene, state, 30, 100, "HMI_GLYPHS=ascii");
    open_trend(&scene, "/temp");
    key(&scene.console, "Escape");
    key(&scene.console, "Escape");
    expect(&scene.console, "1/5");
    vt_type(scene.console.vt, "/flow\n", 6);
    expect(&scene.console, "1/1 of 5");
    key(&scene.console, "T");
    check(&scene, "boiler.flow is pen 2 of the trend");
    key(&scene.console, "F3");
    expect_row(&scene.console, "2 boiler.flow", "m3/h");
    expect_row(&scene.console, "1 boiler.temp", "93.2");
    check(&scene, "m3/h LIVE"); /* the axis is that of the pen added last */
    char *text = mem_copy_text(vt_text(scene.console.vt));
    char *legend = strstr(text, "1 boiler.temp");
    *legend = '\0';
    assert_non_null(strstr(strstr(text, "LIVE  1 h"), "1"));
    int ones = 0, twos = 0;
    for (const char *c = strchr(strstr(text, "LIVE"), '\n'); *c; c++) {
        ones += *c == '1';
        twos += *c == '2';
    }
    assert_true(ones > 5 && twos > 5);
    free(text);
    key(&scene.console, "Tab");
    check(&scene, "degC LIVE");
    check(&scene, "hi 80.0"); /* the limits of the selected pen */
    key(&scene.console, "X");
    expect_gone(&scene.console, "1 boiler.temp");
    check(&scene, "1 boiler.flow");
    finish(&scene.console);
}

static void picker_adds_and_removes_several(void **state)
{
    struct scene scene;
    open_scene(&scene, state, 24, 80, NULL);
    key(&scene.console, "F3");
    check(&scene, "No pens yet");
    key(&scene.console, "P");
    check(&scene, "Pens of the trend");
    vt_type(scene.console.vt, "state", 5);
    expect_gone(&scene.console, "boiler.flow");
    key(&scene.console, "Enter");
    expect_row(&scene.console, "1 boiler.state", "RUN");
    check(&scene, "Pens of the trend"); /* it stays for the next one */
    vt_type(scene.console.vt, "\x7f\x7f\x7f\x7f\x7fhostile", 12);
    expect(&scene.console, "hostile");
    key(&scene.console, "Enter");
    check(&scene, "2 boiler.");
    check(&scene, "axis, limits: pen 2");
    key(&scene.console, "Escape");
    expect_gone(&scene.console, "Pens of the trend");
    key(&scene.console, "S-Tab");
    check(&scene, "STOPPED"); /* at the axis, and as the lowest value */
    key(&scene.console, "P");
    vt_type(scene.console.vt, "state", 5);
    key(&scene.console, "Enter");
    expect_gone(&scene.console, "1 boiler.state");
    finish(&scene.console); /* and nothing hostile has reached the terminal */
}

/* A recorder that is new shows an hour of which it knows minutes, and says so. */
static void the_begin_of_the_recording_is_told(void **state)
{
    struct scene scene;
    char when[TIMEFMT_MAX], text[TIMEFMT_MAX + 32];
    open_scene(&scene, state, 24, 80, NULL);
    int64_t first_us = scene.console.recorder.now_us - 400 * SECOND;
    fixture_add_tag(scene.file, 4, "boiler.return", "boiler.return");
    fixture_add_number(scene.file, 4, first_us, 20);
    fixture_append(scene.file, scene.console.recorder.now_us);
    open_trend(&scene, "/return");
    timefmt_local(when, sizeof when, first_us, 0);
    snprintf(text, sizeof text, "recorded since %s", when);
    check(&scene, text);
    key(&scene.console, "["); /* half an hour before */
    key(&scene.console, "[");
    key(&scene.console, "[");
    check(&scene, "nothing was recorded in this time");
    finish(&scene.console);
}

static void put_text(struct scene *scene, int64_t ts_us, const char *text)
{
    fixture_add_text(scene->file, 6, ts_us, text, strlen(text));
}

static void tell_text(struct scene *scene, const char *text)
{
    struct fake_recorder *fake = &scene->console.recorder;
    wire_put(&fake->out, WIRE_TAG,
             &(struct wire_tag){.tag = 6,
                                .configured = 1,
                                .name = "boiler.recipe",
                                .topic = "plant/recipe",
                                .area = "boiler",
                                .unit = "",
                                .description = "Recipe",
                                .kind = TAG_TEXT});
    wire_put(
        &fake->out, WIRE_SAMPLE,
        &(struct wire_sample){
            .tag = 6, .ts_us = fake->now_us, .arrival_us = fake->now_us, .type = VALUE_TEXT, .text = text});
    assert_true(fake_recorder_send(fake, scene->console.vt));
    expect(&scene->console, " 1/6");
}

/* Texts stand where they came, as far as there is room; the newest, which the history does not have yet, too. */
static void texts_stand_along_the_line(void **state)
{
    struct scene scene;
    open_scene(&scene, state, 24, 120, "HMI_GLYPHS=ascii");
    int64_t now_us = scene.console.recorder.now_us;
    fixture_add_tag(scene.file, 6, "boiler.recipe", "plant/recipe");
    put_text(&scene, now_us - 2 * 3600 * SECOND, "Standard \x1b[2J");
    put_text(&scene, now_us - 1800 * SECOND, "Winter");
    put_text(&scene, now_us - 1790 * SECOND, "a word that lasts ten seconds");
    put_text(&scene, now_us - 1780 * SECOND, "Summer");
    put_text(&scene, now_us - 600 * SECOND, "Summer"); /* again: nothing has changed */
    fixture_append(scene.file, now_us);
    tell_text(&scene, "Summer");
    vt_type(scene.console.vt, "/recipe\r", 8);
    expect(&scene.console, "1/1 of 6");
    key(&scene.console, "t");
    expect(&scene.console, "LIVE");
    expect(&scene.console, "|Standard");
    expect_row(&scene.console, "|Standard", "|Summer");
    assert_null(strstr(vt_text(scene.console.vt), "ten seconds"));
    assert_ptr_equal(strstr(strstr(vt_text(scene.console.vt), "|Summer") + 1, "|Summer"), NULL);
    finish(&scene.console);
}

/* Of a text that is longer than a picture knows it, what comes again is no other one either. */
static void a_long_text_that_comes_again_is_the_same(void **state)
{
    static const char LONG[] =
        "Recipe 4711 for the hard winter of the north, with \xc3\xa4\xc3\xb6\xc3\xbc and all that"
        " belongs to it";
    struct scene scene;
    open_scene(&scene, state, 24, 120, "HMI_GLYPHS=ascii");
    int64_t now_us = scene.console.recorder.now_us;
    fixture_add_tag(scene.file, 6, "boiler.recipe", "plant/recipe");
    put_text(&scene, now_us - 3000 * SECOND, "Summer");
    for (int ago = 2400; ago > 0; ago -= 60)
        put_text(&scene, now_us - ago * SECOND, LONG);
    fixture_append(scene.file, now_us);
    tell_text(&scene, LONG);
    vt_type(scene.console.vt, "/recipe\r", 8);
    expect(&scene.console, "1/1 of 6");
    key(&scene.console, "t");
    expect(&scene.console, "|Summer");
    expect_row(&scene.console, "|Summer", "|Recipe 4711");
    const char *row = vt_row(scene.console.vt, row_of(&scene.console, "|Summer"));
    assert_null(strchr(strstr(row, "|Recipe") + 1, '|'));
    finish(&scene.console);
}

/* ---- time ---- */

static void live_and_history_are_told_apart(void **state)
{
    struct scene scene;
    open_scene(&scene, state, 24, 80, NULL);
    open_trend(&scene, "/temp");
    key(&scene.console, "PageUp");
    check(&scene, "HISTORY  1 h");
    check(&scene, "End = live");
    key(&scene.console, "PageDown");
    check(&scene, "LIVE  1 h");
    key(&scene.console, "-");
    check(&scene, "LIVE  2 h");
    for (int i = 0; i < 12; i++)
        key(&scene.console, "+");
    check(&scene, "LIVE  10 s");
    for (int i = 0; i < 40; i++)
        key(&scene.console, "-");
    check(&scene, "LIVE  10 years");
    expect_row(&scene.console, "1 boiler.temp", "93.2"); /* from what is there */
    key(&scene.console, "PageUp");
    check(&scene, "HISTORY  10 years");
    key(&scene.console, "End");
    check(&scene, "LIVE  10 years");
    finish(&scene.console);
}

static void new_values_come_without_a_seam(void **state)
{
    struct scene scene;
    open_scene(&scene, state, 24, 80, NULL);
    open_trend(&scene, "/temp");
    check(&scene, "93.2");
    fake_recorder_number(&scene.console.recorder, 1, 97.5, QUALITY_GOOD, 0);
    assert_true(fake_recorder_send(&scene.console.recorder, scene.console.vt));
    expect_row(&scene.console, "1 boiler.temp", "   97.5 °C"); /* now */
    expect_row(&scene.console, "1 boiler.temp",
               "  20.0      97.5"); /* and the highest of all that is visible */
    fake_recorder_number(&scene.console.recorder, 1, 98.5, QUALITY_UNCERTAIN_LAST_USABLE, 0);
    assert_true(fake_recorder_send(&scene.console.recorder, scene.console.vt));
    expect_row(&scene.console, "1 boiler.temp", "stale");
    assert_null(
        strstr(vt_row(scene.console.vt, row_of(&scene.console, "1 boiler.temp")), "  20.0      98.5"));
    finish(&scene.console);
}

/* ---- cursor ---- */

/* Presses Left until the pen's row holds the text. The cursor always moves, so there is always something new on
 * the screen; an exact value that is still asked for stands there as dots; a frame may arrive in pieces. */
static void go_left_to(struct scene *scene, const char *text)
{
    int64_t until_us = clock_mono_us() + 2 * WAIT_MS * CLOCK_US_PER_MS;
    for (int i = 0; i < 120; i++) {
        int64_t before_us = vt_output_us(scene->console.vt);
        key(&scene->console, "Left");
        while (vt_output_us(scene->console.vt) == before_us && clock_mono_us() < until_us)
            vt_pump(scene->console.vt, 20);
        assert_true(vt_wait_gone(scene->console.vt, " ... ", WAIT_MS));
        assert_true(vt_wait_quiet(scene->console.vt, 40, WAIT_MS));
        if (strstr(vt_row(scene->console.vt, row_of(&scene->console, "1 boiler.temp")), text))
            return;
    }
    fail_msg("the cursor never comes to \"%s\":\n%s", text, vt_text(scene->console.vt));
}

static void cursor_tells_exact_values(void **state)
{
    struct scene scene;
    char time[TIMEFMT_MAX];
    open_scene(&scene, state, 24, 132, "HMI_GLYPHS=blocks"); /* wide columns: three samples each */
    int64_t spike_us = scene.console.recorder.now_us - SPIKE_S * SECOND;
    timefmt_local(time, sizeof time, spike_us, TIMEFMT_MS);
    open_trend(&scene, "/temp");
    check(&scene, "93.2");
    /* Bad and not recorded times say so. */
    go_left_to(&scene, "gap");
    check(&scene, "AT CURSOR");
    go_left_to(&scene, "nodata");
    /* Where a column holds more than one sample, its extremes are told. */
    go_left_to(&scene, " – 93.2");
    /* Zooming in finds the spike: its value and its own time. */
    for (int i = 0; i < 4; i++)
        key(&scene.console, "+");
    check(&scene, "HISTORY  5 min");
    expect_row(&scene.console, "1 boiler.temp", time);
    expect_row(&scene.console, "1 boiler.temp", " 93.2 °C");
    finish(&scene.console);
}

static void mouse_moves_the_cursor_and_zooms(void **state)
{
    struct scene scene;
    open_scene(&scene, state, 24, 80,
               "TERM=screen-256color"); /* its way of telling clicks suits the emulator */
    open_trend(&scene, "/temp");
    check(&scene, "93.2");
    vt_click(scene.console.vt, 10, 30, 1);
    check(&scene, "AT CURSOR");
    vt_click(scene.console.vt, 10, 30, 4);
    check(&scene, "HISTORY  30 min");
    vt_click(scene.console.vt, 10, 30, 5);
    check(&scene, "  1 h");
    key(&scene.console, "End");
    expect_gone(&scene.console, "AT CURSOR");
    finish(&scene.console);
}

/* ---- coming and going ---- */

static void pens_are_remembered(void **state)
{
    struct scene scene;
    open_scene(&scene, state, 24, 80, NULL);
    open_trend(&scene, "/temp");
    key(&scene.console, "-");
    check(&scene, "LIVE  2 h");
    key(&scene.console, "Enter");
    check(&scene, "topic"); /* the faceplate */
    key(&scene.console, "Escape");
    check(&scene, "LIVE  2 h");
    key(&scene.console, "Escape");
    expect_gone(&scene.console, "LIVE");
    key(&scene.console, "3");
    check(&scene, "LIVE  2 h");
    check(&scene, "1 boiler.temp");
    /* A recorder that is gone: no value looks alive, what was is still drawn; and it comes back. */
    fake_recorder_drop(&scene.console.recorder);
    expect(&scene.console, "NO RECORDER");
    expect_row(&scene.console, "1 boiler.temp", "lost");
    expect_row(&scene.console, "1 boiler.temp", "93.2");
    assert_true(fake_recorder_accept(&scene.console.recorder, scene.console.vt, WAIT_MS));
    put_plant(&scene.console.recorder, scene.file->path);
    assert_true(fake_recorder_send(&scene.console.recorder, scene.console.vt));
    expect_row(&scene.console, "1 boiler.temp", "good");
    finish(&scene.console);
}

static void an_unreadable_history_is_said(void **state)
{
    struct scene scene;
    scene.file = *state;
    start(&scene.console, 24, 100, NULL);
    put_plant(&scene.console.recorder, "/nonexistent/history.db");
    assert_true(fake_recorder_send(&scene.console.recorder, scene.console.vt));
    expect(&scene.console, " 1/5");
    open_trend(&scene, "/temp");
    check(&scene, "history: /nonexistent/history.db");
    expect_row(&scene.console, "1 boiler.temp", "24.5"); /* live it goes on */
    finish(&scene.console);
}

/* Windows of any size, while values come and keys are pressed. */
static void resize_storm(void **state)
{
    static const int SIZES[][2] = {{1, 1},   {4, 20}, {100, 300}, {2, 300},
                                   {100, 5}, {8, 40}, {24, 80},   {60, 200}};
    static const char *const KEYS[] = {"Left", "+", "Tab", "-", "PageUp", "y", "End", "Right"};
    struct scene scene;
    open_scene(&scene, state, 24, 80, NULL);
    open_trend(&scene, "/temp");
    for (int i = 0; i < 64; i++) {
        const int *size = SIZES[(i * 5) % 8];
        vt_resize(scene.console.vt, size[0], size[1]);
        key(&scene.console, KEYS[(i * 3) % 8]);
        fake_recorder_number(&scene.console.recorder, 1, i, QUALITY_GOOD, 0);
        assert_true(fake_recorder_send(&scene.console.recorder, scene.console.vt));
        vt_run(scene.console.vt, 15);
    }
    vt_resize(scene.console.vt, 24, 80);
    key(&scene.console, "End");
    expect_row(&scene.console, "1 boiler.temp", "63.0");
    finish(&scene.console);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(opens_on_the_last_hour_at_every_level, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(texts_stand_along_the_line, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_long_text_that_comes_again_is_the_same, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(pens_are_told_apart_without_colour, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(picker_adds_and_removes_several, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_begin_of_the_recording_is_told, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(live_and_history_are_told_apart, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(new_values_come_without_a_seam, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(cursor_tells_exact_values, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(mouse_moves_the_cursor_and_zooms, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(pens_are_remembered, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(an_unreadable_history_is_said, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(resize_storm, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
