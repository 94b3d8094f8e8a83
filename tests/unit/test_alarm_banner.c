/* Alarms as the console knows them, and what the line under the header makes of them. */
#include "mirror_fixture.h"
#include "unit.h"

#include "plant/alarm_state.h"
#include "plant/quality.h"
#include "ui/alarm_banner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void say(struct mirror *mirror, uint32_t id, enum alarm_state state, enum alarm_priority priority,
                int64_t at_us)
{
    fixture_apply(mirror, WIRE_ALARM,
                  &(struct wire_alarm){.alarm = id,
                                       .state = state,
                                       .priority = priority,
                                       .address = "t\x1b[2J/hi",
                                       .activated_us = at_us},
                  FIXTURE_NOW_US);
}

static void test_mirror(void **state)
{
    (void)state;
    struct mirror mirror;
    mirror_init(&mirror);
    fixture_welcome(&mirror);
    say(&mirror, 1, ALARM_UNACKNOWLEDGED, PRIORITY_HIGH, 5);
    say(&mirror, 2, ALARM_SHELVED, PRIORITY_LOW, 6);
    assert_int_equal(mirror.alarm_count, 2);
    assert_null(strchr(mirror_find_alarm(&mirror, 1)->record.address, '\x1b'));
    say(&mirror, 1, ALARM_NORMAL, PRIORITY_HIGH, 5); /* over */
    assert_null(mirror_find_alarm(&mirror, 1));
    say(&mirror, 3, (enum alarm_state)200, PRIORITY_HIGH, 5); /* nonsense is none */
    say(&mirror, 4, ALARM_RETURNED, (enum alarm_priority)99, 5);
    assert_int_equal(mirror.alarm_count, 1);
    fixture_welcome(&mirror); /* another attach, whose snapshot names another one */
    say(&mirror, 7, ALARM_ACKNOWLEDGED, PRIORITY_LOW, 6);
    fixture_snapshot_end(&mirror);
    assert_int_equal(mirror.alarm_count, 1);
    assert_non_null(mirror_find_alarm(&mirror, 7));
    mirror_free(&mirror);
}

/* What reads as a word of the tag reads so of its alarm; no limit is rounded to another one. */
static void test_value_and_limit(void **state)
{
    static const struct {
        uint32_t tag;
        enum alarm_type type;
        double value, limit;
        const char *shown, *limit_shown;
    } CASES[] = {
        {1, ALARM_STATE, 3, 3, "TRIPPED", "TRIPPED"},
        {1, ALARM_STATE, 7, 3, "7.0", "TRIPPED"},
        {2, ALARM_HI, 95.26, 95, "95.3", "95.0"},
        {2, ALARM_HI, 95.26, 95.25, "95.3", "95.25"},
        {2, ALARM_RATE, 190.8, 30, "190.8", "30.0/s"},
        {2, ALARM_DEVIATION, 7, 0.5, "7.0", "±0.5"},
        {2, ALARM_STALE, NAN, NAN, "", ""},
        {0, ALARM_SYSTEM, NAN, NAN, "", ""},
        {99, ALARM_RATE, 1.25, 0.125, "1.25", "0.125/s"},
    };
    (void)state;
    struct mirror mirror;
    char text[64];
    mirror_init(&mirror);
    fixture_welcome(&mirror);
    fixture_tag(&mirror, 1, "pump");
    fixture_apply(&mirror, WIRE_STATE, &(struct wire_state){.tag = 1, .value = 3, .text = "TRIPPED"},
                  FIXTURE_NOW_US);
    fixture_tag(&mirror, 2, "temp"); /* of one decimal */
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct wire_alarm alarm = {
            .tag = CASES[i].tag, .type = CASES[i].type, .value = CASES[i].value, .limit = CASES[i].limit};
        mirror_alarm_value(&mirror, &alarm, text, sizeof text);
        assert_string_equal(text, CASES[i].shown);
        mirror_alarm_limit(&mirror, &alarm, text, sizeof text);
        assert_string_equal(text, CASES[i].limit_shown);
    }
    mirror_free(&mirror);
}

static void test_banner(void **state)
{
    (void)state;
    struct mirror mirror;
    struct alarm_banner banner = {0};
    mirror_init(&mirror);
    fixture_welcome(&mirror);
    assert_false(alarm_banner_update(&banner, &mirror));
    say(&mirror, 1, ALARM_UNACKNOWLEDGED, PRIORITY_MEDIUM, 9);
    say(&mirror, 2, ALARM_RETURNED, PRIORITY_HIGH, 5);
    say(&mirror, 3, ALARM_UNACKNOWLEDGED, PRIORITY_HIGH, 6);
    say(&mirror, 4, ALARM_ACKNOWLEDGED, PRIORITY_CRITICAL, 7);
    say(&mirror, 5, ALARM_SUPPRESSED, PRIORITY_CRITICAL, 8);
    say(&mirror, 6, ALARM_ACKNOWLEDGED, PRIORITY_JOURNAL, 8);
    assert_true(alarm_banner_update(&banner, &mirror));
    assert_int_equal(banner.worst->record.alarm, 3); /* the gravest that waits, of those the newest */
    say(&mirror, 2, ALARM_RETURNED, PRIORITY_HIGH, 7);
    alarm_banner_update(&banner, &mirror);
    assert_int_equal(banner.worst->record.alarm, 3); /* and one that has gone comes behind */
    assert_int_equal(banner.standing[PRIORITY_HIGH], 2);
    assert_int_equal(banner.waiting[PRIORITY_HIGH], 2);
    assert_int_equal(banner.standing[PRIORITY_CRITICAL], 1);
    assert_int_equal(banner.waiting[PRIORITY_CRITICAL], 0);
    assert_int_equal(banner.suppressed, 1);
    for (uint32_t id = 1; id <= 4; id++)
        say(&mirror, id, ALARM_NORMAL, PRIORITY_LOW, 0);
    assert_false(
        alarm_banner_update(&banner, &mirror)); /* what is suppressed or only recorded needs nobody */
    say(&mirror, 5, ALARM_SHELVED, PRIORITY_CRITICAL, 8);
    assert_true(alarm_banner_update(&banner, &mirror));
    mirror_free(&mirror);
}

/* Without a message, what the tag is and what the type says. */
static void test_message(void **state)
{
    static const struct {
        uint32_t tag;
        enum alarm_type type;
        const char *message, *detail, *shown;
    } CASES[] = {
        {1, ALARM_HI, "Drum hot", "", "Drum hot"},
        {1, ALARM_HI, "Drum hot", "root: noisy", "Drum hot: root: noisy"},
        {1, ALARM_HI, "", "", "Drum temperature: high"},
        {1, ALARM_LOLO, "", "", "Drum temperature: very low"},
        {1, ALARM_STATE, "", "", "Drum temperature: is TRIPPED"},
        {1, ALARM_STALE, "", "", "Drum temperature: says nothing"},
        {2, ALARM_RATE, "", "", "changes too fast"}, /* has no description */
        {0, ALARM_SYSTEM, "broker lost", "refused", "broker lost: refused"},
        {99, ALARM_HI, "", "", ""},
        {1, (enum alarm_type)200, "", "", ""},
    };
    (void)state;
    struct mirror mirror;
    char text[64];
    mirror_init(&mirror);
    fixture_welcome(&mirror);
    fixture_apply(&mirror, WIRE_TAG,
                  &(struct wire_tag){.tag = 1, .name = "t", .description = "Drum temperature"},
                  FIXTURE_NOW_US);
    fixture_apply(&mirror, WIRE_STATE, &(struct wire_state){.tag = 1, .value = 3, .text = "TRIPPED"},
                  FIXTURE_NOW_US);
    fixture_tag(&mirror, 2, "plain");
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct wire_alarm alarm = {.tag = CASES[i].tag,
                                   .type = CASES[i].type,
                                   .limit = 3,
                                   .message = CASES[i].message,
                                   .detail = CASES[i].detail};
        mirror_alarm_message(&mirror, &alarm, text, sizeof text);
        assert_string_equal(text, CASES[i].shown);
    }
    mirror_free(&mirror);
}

/* The whole line, with the plant's value as it is now; what has gone says so, and is loud in its mark only. */
static void test_line(void **state)
{
    static const struct {
        enum alarm_state state;
        const char *expected;
        enum meaning meaning;
    } CASES[] = {
        {ALARM_UNACKNOWLEDGED, "<2> * 00:00:01 boiler.temp/hi 88.5 bar  Drum hot", MEANING_ALARM_HIGH},
        {ALARM_RETURNED, "<2> o 00:00:01 boiler.temp/hi RETURNED, now 88.5 bar  Drum hot", MEANING_TEXT},
        {ALARM_LATCHED, "<2> o 00:00:01 boiler.temp/hi LATCHED, now 88.5 bar  Drum hot", MEANING_TEXT},
        {ALARM_ACKNOWLEDGED, "alarms: all are acknowledged", MEANING_DIM},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct mirror mirror;
        struct alarm_banner banner = {0};
        struct canvas canvas;
        mirror_init(&mirror);
        canvas_init(&canvas, 100, 1, GLYPH_ASCII);
        fixture_welcome(&mirror);
        fixture_tag(&mirror, 1, "boiler.temp");
        fixture_number(&mirror, 1, 88.5, QUALITY_GOOD, FIXTURE_NOW_US);
        struct wire_alarm alarm = {.alarm = 1,
                                   .tag = 1,
                                   .state = CASES[i].state,
                                   .priority = PRIORITY_HIGH,
                                   .address = "boiler.temp/hi",
                                   .value = 97.5,
                                   .message = "Drum hot",
                                   .activated_us = 1000000};
        fixture_apply(&mirror, WIRE_ALARM, &alarm, FIXTURE_NOW_US);
        fixture_snapshot_end(&mirror);
        assert_true(alarm_banner_update(&banner, &mirror));
        struct pane pane = pane_whole(&canvas);
        alarm_banner_draw(&pane, &banner, &mirror, 0);
        char *text = canvas_row_text(&canvas, 0);
        if (strncmp(text, CASES[i].expected, strlen(CASES[i].expected)) != 0)
            fail_msg("%s\ninstead of\n%s", text, CASES[i].expected);
        free(text);
        assert_int_equal(canvas_cell(&canvas, 20, 0)->meaning, CASES[i].meaning);
        if (CASES[i].state != ALARM_ACKNOWLEDGED)
            assert_int_equal(canvas_cell(&canvas, 1, 0)->meaning, MEANING_ALARM_HIGH);
        canvas_free(&canvas);
        mirror_free(&mirror);
    }
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mirror), cmocka_unit_test(test_value_and_limit),
        cmocka_unit_test(test_banner), cmocka_unit_test(test_message),
        cmocka_unit_test(test_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
