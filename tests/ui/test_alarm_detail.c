/* Everything known of one alarm on a terminal: in words, from the journal, as a trend; and what keys do there. */
#include "tests/ui/console_fixture.h"
#include "tests/unit/history_fixture.h"

#include "plant/alarm_event.h"

#include <inttypes.h>
#include <math.h>

#define AGE_US (90 * SECOND) /* so long the alarm has stood */

struct detail {
    struct console console;
    struct fixture *history;
    int64_t came_us;
};

static void put_entry(struct detail *d, int64_t ts_us, const char *event, const char *operator)
{
    batch_add_event(d->history->batch, &(struct alarm_event){.ts_us = ts_us,
                                                             .kind = operator? JOURNAL_OPERATOR : JOURNAL_ALARM,
                                                             .event = event,
                                                             .tag = "boiler.temp",
                                                             .alarm = "boiler.temp/hi",
                                                             .has_alarm = true,
                                                             .type = ALARM_HI,
                                                             .after = ALARM_UNACKNOWLEDGED,
                                                             .value = 97.5,
                                                             .limit = 90,
                                                             .operator= operator});
}

/* An hour ago it came, too: bob saw it after 5 seconds, and it went after 20. */
static void make_history(struct detail *d)
{
    void *state = NULL;
    assert_int_equal(fixture_setup(&state), 0);
    d->history = state;
    fixture_add_tag(d->history, 1, "boiler.temp", "plant/boiler/temp");
    put_entry(d, d->came_us - 3600 * SECOND, "activated", NULL);
    put_entry(d, d->came_us - 3595 * SECOND, "acknowledged", "bob\x1b[2J");
    put_entry(d, d->came_us - 3580 * SECOND, "cleared", NULL);
    put_entry(d, d->came_us, "activated", NULL);
    for (int i = -300; i < AGE_US / SECOND; i++)
        fixture_add_number(d->history, 1, d->came_us + i * SECOND, i < 0 ? 80 : 97.5);
    fixture_append(d->history, d->came_us + AGE_US);
}

static struct wire_alarm alarm_of(const struct detail *d)
{
    return (struct wire_alarm){.alarm = 0, /* the first of the recorder's */
                               .tag = 1,
                               .state = ALARM_UNACKNOWLEDGED,
                               .address = "boiler.temp/hi",
                               .type = ALARM_HI,
                               .priority = PRIORITY_HIGH,
                               .active = 1,
                               .activated_us = d->came_us,
                               .changed_us = d->came_us,
                               .value = 97.5,
                               .limit = 90,
                               .area = "boiler",
                               .message = "Drum hot",
                               .guidance =
                                   "Reduce firing; open the spray valve. Should it stay above 95 for long, "
                                   "trip the burner by hand.",
                               .line = 123,
                               .deadband = 2,
                               .on_delay_us = 5 * SECOND};
}

static void say(struct detail *d, const struct wire_alarm *alarm)
{
    wire_put(&d->console.recorder.out, WIRE_ALARM, alarm);
    fake_recorder_status(&d->console.recorder, &(struct wire_status){.link = WIRE_LINK_UP});
    assert_true(fake_recorder_send(&d->console.recorder, d->console.vt));
}

static void begin(struct detail *d, int rows, int cols, const char *setting)
{
    struct fake_recorder *fake = &d->console.recorder;
    d->came_us = clock_wall_us() - AGE_US;
    make_history(d);
    start(&d->console, rows, cols, setting);
    fake_recorder_welcome(
        fake, &(struct wire_welcome){.history_path = d->history->path, .config_path = "/etc/hmi/hmi.cfg"});
    fake_recorder_tag(fake, 1, "boiler.temp", "boiler", "°C", "Drum temperature");
    fake_recorder_number(fake, 1, 96.5, QUALITY_GOOD, 0);
    fake_recorder_snapshot_end(fake);
    const struct wire_alarm alarm = alarm_of(d);
    say(d, &alarm);
    expect(&d->console, "boiler.temp/hi");
    key(&d->console, "F4");
    expect(&d->console, "Standing 1");
    key(&d->console, "Enter");
    expect(&d->console, "written in");
}

static void end(struct detail *d)
{
    void *state = d->history;
    finish(&d->console);
    fixture_teardown(&state);
}

static void expect_facts(struct console *console)
{
    expect(console, "UNACKNOWLEDGED: it stands");
    expect(console, "message      Drum hot");
    expect(console, "Reduce firing; open the spray valve.");
    expect(console, ", stands for 90s");
    expect(console, "97.5 ");
    expect(console, "acknowledged not yet");
    expect(console, "hi 90.0 ");
    expect(console, ", comes after 5.0s");
    expect(console, "/etc/hmi/hmi.cfg:123");
}

static void in_80_columns_all_is_there(void **state)
{
    static const char *const SETTINGS[] = {"HMI_GLYPHS=ascii", "HMI_THEME=mono"};
    (void)state;
    for (size_t i = 0; i < sizeof SETTINGS / sizeof *SETTINGS; i++) {
        struct detail d;
        begin(&d, 24, 80, SETTINGS[i]);
        expect_facts(&d.console);
        expect(&d.console, "boiler.temp around that time");
        key(&d.console, "End"); /* what has no room is below */
        expect(&d.console, "bob");
        expect_row(&d.console, "bob", ", after 5.0s");
        expect_row(&d.console, "bob", "20s");
        expect(&d.console, "not yet");
        key(&d.console, "Home");
        expect(&d.console, "UNACKNOWLEDGED");
        end(&d);
    }
}

static void in_a_wide_window_all_is_seen_at_once(void **state)
{
    (void)state;
    struct detail d;
    begin(&d, 40, 130, NULL);
    expect_facts(&d.console);
    expect_row(&d.console, "message", "│"); /* the axis, beside the facts */
    expect(&d.console, "hi 90");
    expect_row(&d.console, "bob", ", after 5.0s");
    end(&d);
}

static void it_is_acknowledged_as_it_was_shown(void **state)
{
    (void)state;
    struct detail d;
    struct wire_ask ask;
    char line[64];
    begin(&d, 30, 100, NULL);
    key(&d.console, "a");
    assert_true(fake_recorder_receive(&d.console.recorder, d.console.vt, WIRE_ASK, &ask, WAIT_MS));
    snprintf(line, sizeof line, "boiler.temp/hi\t%" PRId64, d.came_us);
    assert_int_equal(ask.action, WIRE_ACTION_ACKNOWLEDGE);
    assert_string_equal(ask.argument, line);
    wire_put(&d.console.recorder.out, WIRE_ANSWER,
             &(struct wire_answer){.request = ask.request, .good = 1, .text = "1 alarm acknowledged"});
    struct wire_alarm alarm = alarm_of(&d);
    alarm.state = ALARM_ACKNOWLEDGED;
    alarm.acknowledged_us = d.came_us + 42 * SECOND;
    alarm.acknowledged_by = "alice";
    say(&d, &alarm);
    expect(&d.console, "1 alarm acknowledged");
    expect(&d.console, "acknowledged by alice at ");
    expect(&d.console, ", after 42s");
    end(&d);
}

static void every_state_has_its_words(void **state)
{
    (void)state;
    struct detail d;
    begin(&d, 40, 100, NULL);
    struct wire_alarm alarm = alarm_of(&d);
    alarm.state = ALARM_SHELVED;
    alarm.withheld = ALARM_BY_SHELF;
    alarm.shelf_until_us = clock_wall_us() + 3600 * SECOND;
    alarm.shelf_once = 1;
    alarm.shelved_by = "carol";
    alarm.shelf_reason = "sensor at the workshop";
    say(&d, &alarm);
    expect(&d.console, "shelved: nobody is told; underneath, it stands");
    expect(&d.console, ", for 60m yet");
    expect(&d.console, "by carol: sensor");
    key(&d.console, "a");
    expect(&d.console, "there is nothing to acknowledge");
    alarm = alarm_of(&d);
    alarm.state = ALARM_SUPPRESSED;
    alarm.withheld = ALARM_BY_DESIGN;
    alarm.suppressed_by = "pump.run is STOPPED";
    say(&d, &alarm);
    expect(&d.console, "suppressed by design");
    expect(&d.console, "because pump.run is STOPPED");
    alarm = alarm_of(&d);
    alarm.state = ALARM_RETURNED;
    alarm.active = 0;
    alarm.cleared_us = d.came_us + 60 * SECOND;
    alarm.chattering = 1;
    alarm.chatter_rate = 12;
    alarm.first_out = 1;
    say(&d, &alarm);
    expect(&d.console, "RETURNED: it has gone, and still is to be acknowledged");
    expect(&d.console, ", after 60s");
    expect(&d.console, "comes 12 times a minute: z shelves it");
    expect(&d.console, "came first   of area boiler");
    alarm.state = ALARM_NORMAL; /* it is over, and stays readable */
    say(&d, &alarm);
    expect(&d.console, "over: it is normal again");
    expect(&d.console, "message      Drum hot");
    end(&d);
}

static void it_is_shelved_from_here(void **state)
{
    (void)state;
    struct detail d;
    struct wire_ask ask;
    begin(&d, 30, 100, NULL);
    key(&d.console, "u");
    expect(&d.console, "It is not shelved, and no operator has taken it out of service.");
    key(&d.console, "z");
    expect(&d.console, "Shelve boiler.temp/hi");
    vt_type(d.console.vt, "sensor away", 11);
    key(&d.console, "Escape"); /* changes nothing */
    expect_gone(&d.console, "Shelve boiler.temp/hi");
    struct wire_alarm alarm = alarm_of(&d);
    alarm.state = ALARM_SHELVED;
    alarm.withheld = ALARM_BY_SHELF;
    alarm.shelf_until_us = clock_wall_us() + 3600 * SECOND;
    say(&d, &alarm);
    expect(&d.console, "shelved: nobody is told");
    key(&d.console, "u");
    assert_true(fake_recorder_receive(&d.console.recorder, d.console.vt, WIRE_ASK, &ask, WAIT_MS));
    assert_int_equal(ask.action, WIRE_ACTION_UNSHELVE);
    assert_string_equal(ask.argument, "boiler.temp/hi");
    end(&d);
}

static void the_trend_shows_that_moment(void **state)
{
    (void)state;
    struct detail d;
    begin(&d, 30, 100, NULL);
    key(&d.console, "t");
    expect(&d.console, "Trends");
    expect(&d.console, "boiler.temp");
    expect_row(&d.console, "boiler.temp ", "97.5"); /* at the cursor, not the present 96.5 */
    key(&d.console, "Escape");
    expect(&d.console, "written in");
    key(&d.console, "i");
    expect(&d.console, "plant/boiler.temp");
    end(&d);
}

/* An entry of the journal leads to its alarm while that is not normal. */
static void the_journal_leads_here(void **state)
{
    (void)state;
    struct detail d;
    begin(&d, 30, 100, NULL);
    key(&d.console, "F6");
    expect(&d.console, "[Journal]");
    expect_row(&d.console, "activated", "boiler.temp/hi");
    key(&d.console, "Enter");
    expect(&d.console, "written in");
    end(&d);
}

/* On the few rows of a small window the axis tells the state of the alarm, and what there was beside it. */
static void states_at_the_axis_have_their_names(void **state)
{
    (void)state;
    static const char *const STATES[] = {"STOPPED", "RUNNING", "STARTING", "TRIPPED"};
    struct detail d;
    begin(&d, 24, 80, "HMI_GLYPHS=ascii");
    struct fake_recorder *fake = &d.console.recorder;
    for (uint32_t i = 0; i < 4; i++)
        wire_put(&fake->out, WIRE_STATE,
                 &(struct wire_state){.tag = 1, .value = i ? i : 80, .text = STATES[i]});
    struct wire_alarm alarm = alarm_of(&d);
    alarm.type = ALARM_STATE;
    alarm.limit = 3;
    alarm.guidance = "";
    say(&d, &alarm);
    expect(&d.console, "  TRIPPED+");
    key(&d.console, "End");
    expect(&d.console, "STOPPED+"); /* that is in sight; what lies between has no row of its own */
    end(&d);
}

/* Sizes that nobody works in hurt nobody. */
/* Locks the console while the dialogue is open there, and unlocks it: what was typed is gone, and Enter sends nothing. */
static void lock_while_shelving(struct detail *d, const char *title)
{
    struct fake_recorder *fake = &d->console.recorder;
    struct wire_ask ask;
    key(&d->console, "z");
    expect(&d->console, title);
    vt_type(d->console.vt, "\r\rsensor", 8); /* the fields before the reason keep what they have */
    expect(&d->console, "sensor");
    wire_put(&fake->out, WIRE_RULES,
             &(struct wire_rules){.role = ROLE_OPERATOR, .lock_after_us = SECOND / 2});
    assert_true(fake_recorder_send(fake, d->console.vt));
    expect(&d->console, "Locked at ");
    expect_gone(&d->console, title);
    wire_put(&fake->out, WIRE_RULES, &(struct wire_rules){.role = ROLE_OPERATOR});
    assert_true(fake_recorder_send(fake, d->console.vt));
    vt_type(d->console.vt, "alice\r", 6);
    expect_gone(&d->console, "Locked at ");
    expect_gone(&d->console, title);
    assert_false(fake_recorder_receive(fake, d->console.vt, WIRE_ASK, &ask, 300));
}

static void a_lock_closes_the_dialogue(void **state)
{
    (void)state;
    struct detail d;
    begin(&d, 24, 80, NULL);
    lock_while_shelving(&d, "Shelve boiler.temp/hi");
    expect(&d.console, "UNACKNOWLEDGED"); /* still there */
    key(&d.console, "Escape");
    expect(&d.console, "Standing 1");
    lock_while_shelving(&d, "Shelve boiler.temp/hi");
    expect(&d.console, "Standing 1");
    end(&d);
}

static void any_size_is_survived(void **state)
{
    static const int SIZES[][2] = {{1, 1}, {5, 20}, {8, 300}, {100, 30}, {24, 80}};
    (void)state;
    struct detail d;
    begin(&d, 24, 80, NULL);
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        vt_resize(d.console.vt, SIZES[i][0], SIZES[i][1]);
        key(&d.console, "End");
        vt_run(d.console.vt, 150);
    }
    key(&d.console, "Home");
    expect(&d.console, "UNACKNOWLEDGED");
    end(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_80_columns_all_is_there),
        cmocka_unit_test(in_a_wide_window_all_is_seen_at_once),
        cmocka_unit_test(it_is_acknowledged_as_it_was_shown),
        cmocka_unit_test(every_state_has_its_words),
        cmocka_unit_test(it_is_shelved_from_here),
        cmocka_unit_test(a_lock_closes_the_dialogue),
        cmocka_unit_test(the_trend_shows_that_moment),
        cmocka_unit_test(the_journal_leads_here),
        cmocka_unit_test(states_at_the_axis_have_their_names),
        cmocka_unit_test(any_size_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
