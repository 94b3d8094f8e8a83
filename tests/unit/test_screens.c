/* The faceplate and the System screen as text:
 * what an operator reads when all is well, and when it is not. */
#include "plant/alarm_state.h"
#include "plant/quality.h"
#include "stage_fixture.h"
#include "unit.h"

#include <math.h>

static enum meaning meaning_of(const struct stage *stage, const char *words)
{
    int y = find_row(stage, words);
    assert_true(y >= 0);
    char *text = canvas_row_text(&stage->canvas, y);
    long bytes = strstr(text, words) - text;
    free(text);
    return (enum meaning)canvas_cell(&stage->canvas, (int)bytes, y)->meaning; /* ASCII before the words */
}

/* A boiler's temperature: a ramp over the last minute, live unless said otherwise. */
static void put_boiler(struct stage *stage)
{
    struct wire_tag tag = {.tag = 1,
                           .configured = 1,
                           .name = "boiler.temp",
                           .topic = "plant/boiler/temp",
                           .path = "value",
                           .area = "boiler",
                           .unit = "°C",
                           .description = "Drum temperature",
                           .has_range = 1,
                           .high = 150,
                           .decimals = 1,
                           .stale_after_us = 10 * FIXTURE_SECOND_US,
                           .line = 42};
    fixture_apply(&stage->mirror, WIRE_TAG, &tag, FIXTURE_NOW_US);
    fixture_apply(&stage->mirror, WIRE_LIMIT, &(struct wire_limit){1, ALARM_HI, PRIORITY_HIGH, 95},
                  FIXTURE_NOW_US);
    stage_draw(stage); /* the faceplate watches its tag from now on */
    for (int i = 0; i <= 50; i++)
        fixture_number(&stage->mirror, 1, 40 + i, QUALITY_GOOD,
                       FIXTURE_NOW_US - (51 - i) * FIXTURE_SECOND_US);
    struct wire_detail detail = {
        .tag = 1, .excerpt = "{\"value\": 90}", .payload_bytes = 13, .qos = 1, .messages = 51, .samples = 51};
    fixture_apply(&stage->mirror, WIRE_DETAIL, &detail, FIXTURE_NOW_US);
    fixture_snapshot_end(&stage->mirror);
}

static void test_faceplate(void **state)
{
    (void)state;
    static const char *const ROWS[] = {
        "-- boiler.temp  Drum temperature ---------------- boiler; configured, line 42 --",
        "   _   _     _                  quality     good",
        "  |_| | |   | |                 time        2023-11-14 22:13:19.000 by arrival",
        "   _| |_| . |_| degC            arrived     22:13:19.000, 1.0s ago",
        "  0.0 ------------------------------------#-|..................... 150.0 degC",
        "  topic       plant/boiler/temp",
        "  path        value                     recorded    all; stale after 10s",
        "  kind        analog",
        "  limits      hi 95.0 (high)",
        "  alarms      none stands",
        "  payload     {\"value\": 90}",
        "  messages    51 with QoS 1, last 13 bytes; 51 samples, 0 late",
        "-- last 1 min: min 40.0  max 90.0  average 65.5  samples 51 --------------------",
    };
    struct stage stage;
    stage_open(&stage, SCREEN_DETAIL, 80, 21, GLYPH_ASCII);
    put_boiler(&stage);
    stage_draw(&stage);
    for (size_t i = 0; i < COUNT(ROWS); i++)
        assert_row(&stage, (int)i, ROWS[i]);
    assert_true(find_row(&stage, "22:13:00") == 20); /* the time axis */
    stage_close(&stage);
}

static void test_faceplate_never_looks_alive_when_it_is_not(void **state)
{
    (void)state;
    static const struct {
        uint32_t quality;
        const char *words;
        enum meaning meaning;
    } ROWS[] = {
        {QUALITY_GOOD, "good", MEANING_TEXT},
        {QUALITY_UNCERTAIN_LAST_USABLE, "uncertain", MEANING_WARNING},
        {QUALITY_UNCERTAIN_NO_COMM, "uncertain", MEANING_WARNING},
        {QUALITY_BAD_DECODING, "bad", MEANING_ERROR},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct stage stage;
        stage_open(&stage, SCREEN_DETAIL, 80, 21, GLYPH_ASCII);
        put_boiler(&stage);
        fixture_number(&stage.mirror, 1, 90, ROWS[i].quality, FIXTURE_NOW_US);
        stage_draw(&stage);
        assert_int_equal(meaning_of(&stage, ROWS[i].words), ROWS[i].meaning);
        bool alive = canvas_cell(&stage.canvas, 2, 2)->meaning == MEANING_STRONG;
        assert_int_equal(alive, ROWS[i].quality == QUALITY_GOOD);
        stage_close(&stage);
    }
}

/* Kept by the broker: nothing is wrong with it, but nobody knows how old it is. */
static void put_retained(struct stage *stage, uint32_t quality, uint32_t flags)
{
    struct wire_sample sample = {.tag = 1,
                                 .type = VALUE_NUMBER,
                                 .number = 90,
                                 .quality = quality,
                                 .flags = WIRE_FLAG_RETAINED | flags,
                                 .ts_us = FIXTURE_NOW_US,
                                 .arrival_us = FIXTURE_NOW_US};
    fixture_apply(&stage->mirror, WIRE_SAMPLE, &sample, FIXTURE_NOW_US);
}

static void test_faceplate_of_a_retained_value_is_quiet(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, SCREEN_DETAIL, 80, 21, GLYPH_ASCII);
    put_boiler(&stage);
    put_retained(&stage, QUALITY_UNCERTAIN, 0);
    stage_draw(&stage);
    assert_true(find_row(&stage, "quality     retained: the broker kept it, its") == 1);
    assert_true(find_row(&stage, "            age is not known") == 2); /* whole, in place of a time */
    assert_true(find_row(&stage, "arrived     22:13:20.000, 0.0s ago") == 3);
    assert_int_equal(meaning_of(&stage, "retained"), MEANING_TEXT);
    assert_int_equal(canvas_cell(&stage.canvas, 3, 1)->meaning, MEANING_TEXT);
    assert_true(find_row(&stage, "  time ") == -1);

    put_retained(&stage, QUALITY_GOOD, WIRE_FLAG_SOURCE_TIME); /* its source says how old it is */
    stage_draw(&stage);
    assert_true(find_row(&stage, "quality     retained: the broker kept it") == 1);
    assert_true(find_row(&stage, "time        2023-11-14 22:13:20.000 by source") == 2);

    put_retained(&stage, QUALITY_UNCERTAIN_NO_COMM, 0); /* something else is wrong, too */
    stage_draw(&stage);
    assert_int_equal(meaning_of(&stage, "uncertain"), MEANING_WARNING);
    stage_close(&stage);
}

/* What the file knows has not arrived, what was never heard is from no history, and texts have no figures. */
static void test_faceplate_of_what_did_not_come(void **state)
{
    (void)state;
    struct stage stage;
    struct wire_sample sample = {.tag = 1, .quality = QUALITY_UNCERTAIN_INITIAL};
    stage_open(&stage, SCREEN_DETAIL, 80, 21, GLYPH_ASCII);
    put_boiler(&stage);
    fixture_apply(&stage.mirror, WIRE_SAMPLE, &sample, FIXTURE_NOW_US);
    stage_draw(&stage);
    assert_true(find_row(&stage, "quality     never heard") == 1);
    assert_true(find_row(&stage, "arrived") == -1);
    sample.type = VALUE_NUMBER;
    sample.ts_us = FIXTURE_NOW_US - 3600 * FIXTURE_SECOND_US;
    fixture_apply(&stage.mirror, WIRE_SAMPLE, &sample, FIXTURE_NOW_US);
    stage_draw(&stage);
    assert_true(find_row(&stage, "from history, not heard") > 0);
    assert_true(find_row(&stage, "arrived     not since the recorder's start") == 3);
    sample = (struct wire_sample){.tag = 1,
                                  .type = VALUE_TEXT,
                                  .text = "batch 17",
                                  .ts_us = FIXTURE_NOW_US,
                                  .arrival_us = FIXTURE_NOW_US};
    mirror_watch(&stage.mirror, NULL); /* without the numbers from before */
    fixture_apply(&stage.mirror, WIRE_SAMPLE, &sample, FIXTURE_NOW_US);
    stage_draw(&stage);
    assert_true(find_row(&stage, "texts, which have no figures") > 0);
    stage_close(&stage);
}

/* Every sentence on a quality is there to its last word, at 80 columns and beside large digits. */
static void test_faceplate_says_why_in_full(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, SCREEN_DETAIL, 80, 21, GLYPH_ASCII);
    put_boiler(&stage);
    fixture_number(&stage.mirror, 1, 90, QUALITY_UNCERTAIN_NO_COMM, FIXTURE_NOW_US);
    stage_draw(&stage);
    assert_true(find_row(&stage, "quality     uncertain: link to the broker") == 1);
    assert_true(find_row(&stage, "            last usable value") == 2 ||
                find_row(&stage, "            down, last usable value") == 2);
    assert_true(find_row(&stage, "arrived     22:13:20.000, 0.0s ago") == 3);
    struct wire_sample sample = {.tag = 1,
                                 .type = VALUE_NUMBER,
                                 .number = 90,
                                 .quality = QUALITY_UNCERTAIN_NO_COMM,
                                 .flags = WIRE_FLAG_SOURCE_TIME,
                                 .ts_us = FIXTURE_NOW_US - FIXTURE_SECOND_US,
                                 .arrival_us = FIXTURE_NOW_US};
    fixture_apply(&stage.mirror, WIRE_SAMPLE, &sample, FIXTURE_NOW_US);
    stage_draw(&stage);
    assert_true(find_row(&stage, "last usable value") == 2);
    assert_true(find_row(&stage, "time        2023-11-14 22:13:19.000 by source") == 3);
    stage_close(&stage);
    stage_open(&stage, SCREEN_DETAIL, 132, 43, GLYPH_ASCII);
    put_boiler(&stage);
    fixture_apply(&stage.mirror, WIRE_SAMPLE, &sample, FIXTURE_NOW_US);
    stage_draw(&stage);
    assert_true(find_row(&stage, "uncertain: link to the broker down, last usable value") == 1);
    assert_true(find_row(&stage, "time        2023-11-14 22:13:19.000 by source") == 2);
    assert_true(find_row(&stage, "arrived     22:13:20.000") == 3);
    stage_close(&stage);
}

static void test_faceplate_of_a_lost_recorder(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, SCREEN_DETAIL, 80, 21, GLYPH_ASCII);
    put_boiler(&stage);
    mirror_recorder_lost(&stage.mirror, FIXTURE_NOW_US);
    stage_draw(&stage);
    assert_int_equal(meaning_of(&stage, "not live: recorder lost at 22:13:20"), MEANING_WARNING);
    assert_int_equal(canvas_cell(&stage.canvas, 2, 2)->meaning, MEANING_VALUE_UNCERTAIN);
    assert_row(&stage, 9, "  alarms      ? not known");
    assert_row(&stage, 10, "  payload");
    stage_close(&stage);
}

/* What stands of it, and what it is set to; the bar has a mark for that, too. */
static void test_faceplate_with_alarms_and_a_setpoint(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, SCREEN_DETAIL, 80, 21, GLYPH_ASCII);
    put_boiler(&stage);
    mirror_find(&stage.mirror, 1)->writable = true;
    fixture_tag(&stage.mirror, 2, "boiler.temp_sp");
    fixture_number(&stage.mirror, 2, 70, QUALITY_GOOD, FIXTURE_NOW_US);
    fixture_apply(&stage.mirror, WIRE_SETPOINT,
                  &(struct wire_setpoint){
                      .tag = 1, .readback = "boiler.temp_sp", .readback_tag = 2, .low = 20, .high = 110},
                  FIXTURE_NOW_US);
    fixture_apply(&stage.mirror, WIRE_ALARM,
                  &(struct wire_alarm){.alarm = 3,
                                       .tag = 1,
                                       .state = ALARM_RETURNED,
                                       .priority = PRIORITY_HIGH,
                                       .type = ALARM_HI,
                                       .address = "boiler.temp/hi",
                                       .activated_us = FIXTURE_NOW_US},
                  FIXTURE_NOW_US);
    char *before = canvas_row_text(&stage.canvas, 4);
    stage_draw(&stage);
    char *after = canvas_row_text(&stage.canvas, 4);
    assert_row(&stage, 9, "  alarms      <2> hi returned 22:13:20");
    assert_row(&stage, 10, "  setpoint    70.0 degC (boiler.temp_sp), 20 to 110 degC");
    assert_int_equal(meaning_of(&stage, "<2>"), MEANING_ALARM_HIGH);
    assert_string_not_equal(before, after);
    free(before);
    free(after);
    stage_close(&stage);
}

static void test_faceplate_of_a_discrete_tag(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, SCREEN_DETAIL, 80, 21, GLYPH_ASCII);
    fixture_tag(&stage.mirror, 1, "pump");
    fixture_apply(&stage.mirror, WIRE_STATE, &(struct wire_state){1, 0, "STOPPED"}, 0);
    fixture_apply(&stage.mirror, WIRE_STATE, &(struct wire_state){1, 1, "RUNNING"}, 0);
    stage_draw(&stage);
    fixture_number(&stage.mirror, 1, 0, QUALITY_GOOD, FIXTURE_NOW_US - 40 * FIXTURE_SECOND_US);
    fixture_number(&stage.mirror, 1, 1, QUALITY_GOOD, FIXTURE_NOW_US - 30 * FIXTURE_SECOND_US);
    stage_draw(&stage);
    assert_row(&stage, 2, "  RUNNING bar                   time        2023-11-14 22:12:50.000 by arrival");
    assert_true(find_row(&stage, "last 1 min: STOPPED 25 %  RUNNING 75 %  samples 2") >= 0);
    assert_true(find_row(&stage, "  RUNNING+") >= 0); /* the axis is written in states */
    assert_true(find_row(&stage, "  STOPPED+") >= 0);
    stage_close(&stage);
}

static void test_gone_tag(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, SCREEN_DETAIL, 80, 21, GLYPH_ASCII);
    stage_draw(&stage);
    assert_int_equal(find_row(&stage, "this tag is gone"), 1);
    stage_close(&stage);
}

static void put_status(struct stage *stage)
{
    struct wire_status status = {.link = WIRE_LINK_UP,
                                 .link_text = "connected",
                                 .broker = "localhost:1883",
                                 .messages = 1234567,
                                 .history_bytes = 1234567,
                                 .refused_payloads = 17};
    fixture_apply(&stage->mirror, WIRE_STATUS, &status, FIXTURE_NOW_US);
}

static void test_system_is_quiet_when_all_is_well(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, SCREEN_SYSTEM, 80, 40, GLYPH_ASCII);
    put_status(&stage);
    stage_draw(&stage);
    assert_row(&stage, 0, "  no faults                                                                    #");
    assert_true(find_row(&stage, "    in all          1 234 567") >= 0);
    assert_true(find_row(&stage, "history file    1.2 MB") >= 0);
    assert_int_equal(meaning_of(&stage, "17"), MEANING_WARNING); /* something was left out */
    stage_close(&stage);
}

static void test_system_puts_faults_and_cures_on_top(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, SCREEN_SYSTEM, 80, 40, GLYPH_ASCII);
    put_status(&stage);
    struct wire_fault fault = {.severity = 2,
                               .since_us = FIXTURE_NOW_US - 60 * FIXTURE_SECOND_US,
                               .what = "the disk is full",
                               .cure = "remove files, or lower history.keep_mb"};
    fixture_apply(&stage.mirror, WIRE_FAULT, &fault, FIXTURE_NOW_US);
    stage_draw(&stage);
    assert_int_equal(find_row(&stage, "  ! ERROR since 22:12:20 (60s)"), 0);
    assert_int_equal(find_row(&stage, "    the disk is full"), 1);
    assert_int_equal(find_row(&stage, "    cure: remove files, or lower history.keep_mb"), 2);
    assert_int_equal(meaning_of(&stage, "the disk is full"), MEANING_ERROR);
    stage_close(&stage);
}

static void test_system_scrolls_to_its_end(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, SCREEN_SYSTEM, 80, 10, GLYPH_ASCII);
    put_status(&stage);
    struct wire_console console = {.user = "anna", .role = ROLE_OPERATOR, .station = "pts/3 from 10.1.2.3"};
    fixture_apply(&stage.mirror, WIRE_CONSOLE, &console, FIXTURE_NOW_US);
    stage_draw(&stage);
    assert_int_equal(find_row(&stage, "anna"), -1);
    stage.class->act(stage.state, &stage.host, ACTION_END);
    stage_draw(&stage);
    assert_true(find_row(&stage, "anna           operator   pts/3 from 10.1.2.3") >= 0);
    assert_int_equal(find_row(&stage, "    configuration"), 9);
    stage.class->act(stage.state, &stage.host, ACTION_DOWN); /* not beyond */
    stage_draw(&stage);
    assert_int_equal(find_row(&stage, "    configuration"), 9);
    stage.class->act(stage.state, &stage.host, ACTION_HOME);
    stage_draw(&stage);
    assert_int_equal(find_row(&stage, "no faults"), 0);
    stage_close(&stage);
}

/* Every size of window, at every level, whatever is known. */
static void test_any_size(void **state)
{
    (void)state;
    static const int SIZES[][2] = {{0, 0}, {1, 1}, {2, 50}, {300, 1}, {9, 9}, {40, 12}, {80, 24}, {300, 100}};
    for (size_t i = 0; i < 4 * COUNT(SIZES); i++) {
        const int *size = SIZES[i / 4];
        for (int id = SCREEN_DETAIL; id <= SCREEN_SYSTEM; id++) {
            struct stage stage;
            stage_open(&stage, (enum screen_id)id, size[0], size[1], (enum glyph_level)(i % 4));
            stage_draw(&stage);
            put_boiler(&stage);
            put_status(&stage);
            stage_draw(&stage);
            mirror_recorder_lost(&stage.mirror, FIXTURE_NOW_US);
            stage_draw(&stage);
            stage_close(&stage);
        }
    }
}

static void test_quit_says_what_ends(void **state)
{
    static const struct {
        struct wire_welcome welcome;
        bool demo;
        const char *words;
    } ROWS[] = {
        {{0}, false, "The recorder goes on without this console."},
        {{.started_by_console = 1, .role = ROLE_ENGINEER}, false, "leave, stop recording"},
        {{.started_by_console = 1, .role = ROLE_VIEWER, .view = 1}, false, "The recorder goes on"},
        {{.started_by_console = 1, .look = 1}, false, "Nothing of it is"},
        {{.started_by_console = 1, .look_kept = 1}, false, "Its history is"},
        {{.look = 1}, false, "goes on at another"},
        {{0}, true, "Its plant, broker and recorder end with it."},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct stage stage;
        stage_open(&stage, SCREEN_QUIT, 80, 21, GLYPH_ASCII);
        struct wire_welcome welcome = ROWS[i].welcome;
        welcome.version = WIRE_VERSION;
        welcome.plant = "Test";
        fixture_apply(&stage.mirror, WIRE_WELCOME, &welcome, FIXTURE_NOW_US);
        stage.host.demo = ROWS[i].demo;
        stage_draw(&stage);
        assert_true(find_row(&stage, ROWS[i].words) >= 0);
        stage_close(&stage);
    }
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faceplate),
        cmocka_unit_test(test_faceplate_never_looks_alive_when_it_is_not),
        cmocka_unit_test(test_faceplate_of_a_retained_value_is_quiet),
        cmocka_unit_test(test_faceplate_of_what_did_not_come),
        cmocka_unit_test(test_faceplate_says_why_in_full),
        cmocka_unit_test(test_faceplate_of_a_lost_recorder),
        cmocka_unit_test(test_faceplate_with_alarms_and_a_setpoint),
        cmocka_unit_test(test_faceplate_of_a_discrete_tag),
        cmocka_unit_test(test_gone_tag),
        cmocka_unit_test(test_system_is_quiet_when_all_is_well),
        cmocka_unit_test(test_system_puts_faults_and_cures_on_top),
        cmocka_unit_test(test_system_scrolls_to_its_end),
        cmocka_unit_test(test_quit_says_what_ends),
        cmocka_unit_test(test_any_size),
    };
    return cmocka_run_group_tests_name("screens", tests, NULL, NULL);
}
