/* The Alarms screen on a terminal: what it shows, and what leaves for the recorder. */
#include "plant/alarm_event.h"
#include "plant/alarm_state.h"
#include "plant/quality.h"
#include "plant/tagdef.h"
#include "tests/ui/console_fixture.h"
#include "ui/alarm_list.h"

#include <inttypes.h>

#define NOTHING_MS 400                               /* long enough for a request that should not be */
#define SEEN_MS    (ALARM_LIST_SEEN_US / 1000 + 200) /* so long an alarm is in sight before a key means it */

static void say_full(struct fake_recorder *fake, const struct wire_alarm *alarm)
{
    wire_put(&fake->out, WIRE_ALARM, alarm);
}

static struct wire_alarm alarm_of(const struct fake_recorder *fake, uint32_t id, enum alarm_state state,
                                  enum alarm_priority priority, const char *address, int64_t age_us)
{
    return (struct wire_alarm){.alarm = id,
                               .tag = id,
                               .state = state,
                               .address = address,
                               .type = ALARM_HI,
                               .priority = priority,
                               .active = state != ALARM_RETURNED && state != ALARM_LATCHED,
                               .activated_us = fake->now_us - age_us,
                               .cleared_us = fake->now_us,
                               .value = 97.5,
                               .limit = 90,
                               .area = "boiler",
                               .message = "Drum hot"};
}

static void say(struct fake_recorder *fake, uint32_t id, enum alarm_state state, enum alarm_priority priority,
                const char *address, int64_t age_us)
{
    struct wire_alarm alarm = alarm_of(fake, id, state, priority, address, age_us);
    say_full(fake, &alarm);
}

/* One of each state that stands, and one that is shelved. */
static void say_all(struct fake_recorder *fake)
{
    say(fake, 1, ALARM_UNACKNOWLEDGED, PRIORITY_CRITICAL, "boiler.tag001/hihi", 1000000);
    say(fake, 2, ALARM_ACKNOWLEDGED, PRIORITY_HIGH, "intake.tag002/hi", 60000000);
    say(fake, 3, ALARM_RETURNED, PRIORITY_MEDIUM, "network.tag003/hi", 5000000);
    say(fake, 4, ALARM_LATCHED, PRIORITY_LOW, "boiler.tag004/hi", 5000000);
    say(fake, 5, ALARM_LATCHED_ACKNOWLEDGED, PRIORITY_JOURNAL, "intake.tag005/hi", 5000000);
    say(fake, 6, ALARM_SHELVED, PRIORITY_HIGH, "network.tag006/hi", 5000000);
}

static void flush(struct console *console)
{
    assert_true(fake_recorder_send(&console->recorder, console->vt));
}

static void start_alarms(struct console *console, int rows, int cols, const char *setting)
{
    start_plant(console, rows, cols, setting, 12);
    say_all(&console->recorder);
    flush(console);
    key(console, "F4");
    expect(console, "Standing 5");
    expect(console, "intake.tag005/hi");
}

static void type(struct console *console, const char *text)
{
    vt_type(console->vt, text, strlen(text));
}

static bool asks(struct console *console, struct wire_ask *ask, int timeout_ms)
{
    return fake_recorder_receive(&console->recorder, console->vt, WIRE_ASK, ask, timeout_ms);
}

static void answer(struct console *console, const struct wire_ask *ask, bool good, const char *text)
{
    wire_put(&console->recorder.out, WIRE_ANSWER,
             &(struct wire_answer){.request = ask->request, .good = good, .text = text});
    flush(console);
}

/* "ADDRESS<tab>ACTIVATED_US" */
static void expect_line(const struct console *console, const char *argument, const char *address,
                        int64_t age_us)
{
    char line[128];
    snprintf(line, sizeof line, "%s\t%" PRId64, address, console->recorder.now_us - age_us);
    if (!strstr(argument, line))
        fail_msg("\"%s\" is not in \"%s\"", line, argument);
}

static void states_differ_in_sign_number_word_and_colour(void **state)
{
    static const struct {
        int rows, cols;
        const char *setting, *on, *off;
    } CASES[] = {
        {24, 80, "HMI_GLYPHS=ascii", "*", "o"},
        {24, 80, "NO_COLOR=1", "●", "○"},
        {60, 200, NULL, "●", "○"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct console console;
        char part[64];
        start_alarms(&console, CASES[i].rows, CASES[i].cols, CASES[i].setting);
        snprintf(part, sizeof part, "[1] %s UNACK", CASES[i].on);
        expect_row(&console, part, "boiler.tag001/hihi");
        snprintf(part, sizeof part, "<2> %s acked", CASES[i].on);
        expect_row(&console, part, "intake.tag002/hi");
        snprintf(part, sizeof part, "(3) %s RETURN", CASES[i].off);
        expect_row(&console, part, "network.tag003/hi");
        snprintf(part, sizeof part, " 4  %s LATCH", CASES[i].off);
        expect_row(&console, part, "boiler.tag004/hi");
        snprintf(part, sizeof part, " -  %s latch", CASES[i].on);
        expect_row(&console, part, "intake.tag005/hi");
        expect_row(&console, "acked", "2.5 "); /* the value now, not that of the activation */
        expect_row(&console, "acked", "Drum hot");
        assert_true(row_of(&console, "acked") < row_of(&console, "RETURN"));
        if (CASES[i].cols == 200) {
            expect_row(&console, "acked", " 90.0 ");
            struct vt_cell waits, done;
            int row = row_of(&console, "intake.tag002/hi");
            vt_cell(console.vt, row, 3, &done);
            vt_cell(console.vt, row_of(&console, "RETURN"), 3, &waits);
            assert_true(waits.bg != done.bg);
        }
        if (i == 1) { /* without colours, too, at every priority */
            struct vt_cell critical, low, done;
            vt_cell(console.vt, row_of(&console, "UNACK"), 3, &critical);
            vt_cell(console.vt, row_of(&console, "LATCH"), 3, &low);
            vt_cell(console.vt, row_of(&console, "acked"), 3, &done);
            assert_true(low.reverse && !done.reverse);
            assert_false(critical.reverse); /* on the selected row, which is */
        }
        finish(&console);
    }
}

/* On the list of tags, too: the priority, and a sign of its own for what is not live. */
static void tags_in_alarm_are_marked(void **state)
{
    struct console console;
    struct vt_cell waits, done;
    (void)state;
    start_alarms(&console, 24, 80, "NO_COLOR=1");
    key(&console, "F2");
    expect_row(&console, "boiler.tag001 ", "[1] boiler.tag001");
    expect_row(&console, "intake.tag002", "<2> intake.tag002");
    expect_row(&console, "network.tag006", "      network.tag006"); /* shelved */
    vt_cell(console.vt, row_of(&console, "network.tag003"), 3, &waits);
    vt_cell(console.vt, row_of(&console, "intake.tag002"), 3, &done);
    assert_string_equal(waits.text, "3");
    assert_true(waits.reverse && !done.reverse);
    fake_recorder_number(&console.recorder, 2, 1.5, QUALITY_BAD_NO_DATA, 0);
    flush(&console);
    expect_row(&console, "intake.tag002", "! <2> intake.tag002");
    finish(&console);
}

static void quiet_when_nothing_stands(void **state)
{
    struct console console;
    (void)state;
    start_plant(&console, 24, 80, NULL, 12);
    key(&console, "F4");
    expect(&console, "No alarms stand.");
    key(&console, "Tab");
    expect(&console, "No alarm is shelved, suppressed or out of service.");
    key(&console, "Escape");
    expect(&console, " 1/12");
    finish(&console);
}

static void one_is_acknowledged_as_it_was_shown(void **state)
{
    struct console console;
    struct wire_ask ask;
    (void)state;
    start_alarms(&console, 24, 80, NULL);
    vt_run(console.vt, SEEN_MS);
    key(&console, "a");
    assert_true(asks(&console, &ask, WAIT_MS));
    assert_int_equal(ask.action, WIRE_ACTION_ACKNOWLEDGE);
    expect_line(&console, ask.argument, "boiler.tag001/hihi", 1000000);
    assert_null(strchr(ask.argument, '\n'));
    answer(&console, &ask, true, "1 alarm acknowledged");
    expect(&console, "1 alarm acknowledged");
    /* The recorder's word on a refusal is shown as it is. */
    key(&console, "Down");
    key(&console, "Down");
    key(&console, "a");
    assert_true(asks(&console, &ask, WAIT_MS));
    expect_line(&console, ask.argument, "network.tag003/hi", 5000000);
    answer(&console, &ask, false,
           "this needs the role operator; alice is viewer. In the configuration: access = { operator = [ "
           "\"alice\" ]; };");
    expect(&console, "this needs the role operator");
    finish(&console);
}

/* It comes again while the key is on its way: whatever is first, only what was shown is ever named. */
static void a_new_occurrence_is_never_acknowledged_unseen(void **state)
{
    struct console console;
    struct wire_ask ask;
    (void)state;
    start_alarms(&console, 24, 80, NULL);
    vt_run(console.vt, SEEN_MS);
    say(&console.recorder, 1, ALARM_UNACKNOWLEDGED, PRIORITY_CRITICAL, "boiler.tag001/hihi", 0);
    flush(&console);
    key(&console, "a");
    if (asks(&console, &ask, NOTHING_MS))
        expect_line(&console, ask.argument, "boiler.tag001/hihi", 1000000);
    /* A new one takes the first row, and with it an untouched cursor's place. */
    say(&console.recorder, 9, ALARM_UNACKNOWLEDGED, PRIORITY_CRITICAL, "new/hihi", -1000000);
    flush(&console);
    key(&console, "A");
    while (asks(&console, &ask, NOTHING_MS))
        assert_null(strstr(ask.argument, "new/hihi"));
    finish(&console);
}

static void the_page_and_marked_ones_are_acknowledged(void **state)
{
    struct console console;
    struct wire_ask ask;
    (void)state;
    start_alarms(&console, 24, 80, NULL);
    vt_run(console.vt, SEEN_MS);
    key(&console, "A");
    assert_true(asks(&console, &ask, WAIT_MS));
    expect_line(&console, ask.argument, "boiler.tag001/hihi", 1000000);
    expect_line(&console, ask.argument, "network.tag003/hi", 5000000);
    expect_line(&console, ask.argument, "boiler.tag004/hi", 5000000);
    assert_null(strstr(ask.argument, "intake.tag002/hi")); /* that is done, */
    assert_null(strstr(ask.argument, "intake.tag005/hi")); /* a reset is asked for one by one, */
    assert_null(strstr(ask.argument, "tag006"));           /* and this one is not on the page */
    key(&console, "Space");
    key(&console, "Down");
    key(&console, "Space");
    expect(&console, "2 marked");
    key(&console, "a");
    assert_true(asks(&console, &ask, WAIT_MS));
    expect_line(&console, ask.argument, "boiler.tag001/hihi", 1000000);
    expect_line(&console, ask.argument, "network.tag003/hi", 5000000);
    expect_gone(&console, "2 marked");
    finish(&console);
}

/* Those that are left out stay marked, for the next press. */
static void put_back_takes_the_marks_of_those_that_it_is_for(void **state)
{
    struct console console;
    struct wire_ask ask;
    (void)state;
    start_plant(&console, 24, 80, NULL, 12);
    struct fake_recorder *fake = &console.recorder;
    struct wire_alarm shelved = alarm_of(fake, 1, ALARM_SHELVED, PRIORITY_HIGH, "boiler.tag001/hi", 5000000);
    struct wire_alarm out =
        alarm_of(fake, 2, ALARM_OUT_OF_SERVICE, PRIORITY_LOW, "intake.tag002/hi", 5000000);
    shelved.shelf_until_us = fake->now_us + 3600 * CLOCK_US_PER_SECOND;
    out.withheld = ALARM_BY_OPERATOR;
    say_full(fake, &shelved);
    say_full(fake, &out);
    flush(&console);
    key(&console, "F4");
    key(&console, "Tab");
    expect(&console, "intake.tag002/hi");
    vt_run(console.vt, SEEN_MS);
    key(&console, "Space");
    key(&console, "Space");
    expect(&console, "2 marked");
    key(&console, "u");
    assert_true(asks(&console, &ask, WAIT_MS));
    assert_int_equal(ask.action, WIRE_ACTION_UNSHELVE);
    assert_string_equal(ask.argument, "boiler.tag001/hi");
    expect(&console, "1 marked");
    expect_row(&console, "intake.tag002/hi", "*");
    key(&console, "u");
    assert_true(asks(&console, &ask, WAIT_MS));
    assert_int_equal(ask.action, WIRE_ACTION_IN_SERVICE);
    assert_string_equal(ask.argument, "intake.tag002/hi");
    expect_gone(&console, "1 marked");
    finish(&console);
}

/* A key bar offers what the list has a use for, and what the role may do. */
static void the_key_bar_follows_list_and_role(void **state)
{
    struct console console;
    (void)state;
    start_alarms(&console, 36, 160, NULL);
    expect(&console, "aAck");
    expect(&console, "zShelve");
    expect_gone(&console, "uPut back"); /* what stands is not withheld */
    expect_gone(&console, "oOut");      /* supervisors take out of service */
    key(&console, "Tab");
    expect(&console, "uPut back");
    expect_gone(&console, "aAck");
    finish(&console);
    start(&console, 36, 160, NULL);
    fake_recorder_welcome(&console.recorder, &(struct wire_welcome){.role = ROLE_ENGINEER, .view = true});
    say(&console.recorder, 1, ALARM_UNACKNOWLEDGED, PRIORITY_HIGH, "boiler.tag001/hi", 1000000);
    fake_recorder_snapshot_end(&console.recorder);
    flush(&console);
    key(&console, "F4");
    expect_row(&console, "UNACK", "boiler.tag001/hi");
    expect(&console, "/Filter");
    expect_gone(&console, "aAck");
    expect_gone(&console, "zShelve");
    key(&console, "Enter");
    expect(&console, "Last occurrences");
    expect_gone(&console, "aAck");
    key(&console, "a");
    expect(&console, "this console only looks");
    finish(&console);
}

static void a_message_stays_where_it_was_said(void **state)
{
    struct console console;
    (void)state;
    start_alarms(&console, 24, 80, NULL);
    vt_run(console.vt, SEEN_MS);
    key(&console, "Down");
    key(&console, "a");
    expect(&console, "Not done: intake.tag002/hi waits for no acknowledgement");
    key(&console, "F2");
    expect(&console, " 1/12");
    expect_gone(&console, "Not done");
    key(&console, "F4");
    expect(&console, "Standing 5");
    key(&console, "a");
    expect(&console, "Not done");
    key(&console, "Tab"); /* another list is another place */
    expect_gone(&console, "Not done");
    finish(&console);
}

static void typing_in_a_filter_acknowledges_nothing(void **state)
{
    struct console console;
    struct wire_ask ask;
    (void)state;
    start_alarms(&console, 24, 80, NULL);
    vt_run(console.vt, SEEN_MS);
    type(&console, "/aA tag00");
    expect(&console, "No alarm matches");
    assert_false(asks(&console, &ask, NOTHING_MS));
    key(&console, "C-u");
    type(&console, "priority:high\r");
    expect(&console, "1/1 of 5");
    expect_gone(&console, "boiler.tag001/hihi  ");
    expect(&console, "intake.tag002/hi");
    key(&console, "Escape");
    expect(&console, " 2/5"); /* all again, the cursor where it was */
    /* Pasted text is no command. */
    type(&console, "\033[200~aAaA\033[201~");
    assert_false(asks(&console, &ask, NOTHING_MS));
    finish(&console);
}

static void say_many(struct console *console, uint32_t first, enum alarm_priority priority)
{
    for (uint32_t id = first; id < first + 30; id++) {
        char address[32];
        snprintf(address, sizeof address, "flood%u/hi", id);
        say(&console->recorder, id, ALARM_UNACKNOWLEDGED, priority, address, (int64_t)id);
    }
    flush(console);
}

static void the_cursor_stays_while_others_arrive(void **state)
{
    struct console console;
    (void)state;
    start_alarms(&console, 24, 80, NULL);
    say_many(&console, 20, PRIORITY_LOW);
    key(&console, "Down");
    key(&console, "Down");
    expect(&console, " 3/35");
    int row = row_of(&console, "network.tag003/hi");
    say_many(&console, 50, PRIORITY_HIGH);
    expect(&console, "33/65");
    assert_int_equal(row_of(&console, "network.tag003/hi"), row);
    finish(&console);
}

static void lost_links_make_rows_look_stale(void **state)
{
    struct console console;
    (void)state;
    start_alarms(&console, 24, 80, NULL);
    struct wire_status down = {.link = WIRE_LINK_DOWN,
                               .no_data_since_us = INT64_C(1700000000000000),
                               .link_text = "connection refused"};
    fake_recorder_status(&console.recorder, &down);
    flush(&console);
    expect(&console, "NO PLANT DATA since 22:13:20");
    expect_row(&console, "network.tag003/hi", "? RETURN");
    expect_row(&console, "network.tag003/hi", "(3.5)");
    fake_recorder_status(&console.recorder, NULL);
    flush(&console);
    expect_row(&console, "network.tag003/hi", "○ RETURN");
    fake_recorder_drop(&console.recorder);
    expect(&console, "NO RECORDER since");
    expect_row(&console, "network.tag003/hi", "? RETURN");
    finish(&console);
}

/* Nobody knows then whether it was done, and that is said. */
static void a_recorder_that_goes_before_it_answers_is_told(void **state)
{
    struct console console;
    struct wire_ask ask;
    (void)state;
    start_alarms(&console, 24, 100, NULL);
    vt_run(console.vt, SEEN_MS);
    key(&console, "a");
    assert_true(asks(&console, &ask, WAIT_MS));
    fake_recorder_drop(&console.recorder);
    expect(&console, "The recorder went before it answered: look whether it was done.");
    key(&console, "a");
    expect(&console, "Not done: no recorder");
    finish(&console);
}

static void shelving_asks_for_time_and_reason(void **state)
{
    struct console console;
    struct wire_ask ask;
    (void)state;
    start_alarms(&console, 24, 80, NULL);
    vt_run(console.vt, SEEN_MS);
    key(&console, "z");
    expect(&console, "Shelve boiler.tag001/hihi");
    type(&console, "aAu"); /* no key reaches the list below */
    key(&console, "Escape");
    expect_gone(&console, "Shelve boiler.tag001/hihi");
    assert_false(asks(&console, &ask, NOTHING_MS));
    key(&console, "z");
    key(&console, "Right");
    expect_row(&console, "> for", "60m");
    key(&console, "Enter");
    key(&console, "Space");
    expect(&console, "[x] ends when the condition goes");
    key(&console, "Enter");
    key(&console, "Enter");
    expect(&console, "a reason is needed");
    type(&console, "sensor is changed\r");
    assert_true(asks(&console, &ask, WAIT_MS));
    assert_int_equal(ask.action, WIRE_ACTION_SHELVE);
    assert_string_equal(ask.argument, "boiler.tag001/hihi");
    assert_int_equal(ask.span_us, 60 * CLOCK_US_PER_MINUTE);
    assert_int_equal(ask.once, 1);
    assert_string_equal(ask.reason, "sensor is changed");
    expect_gone(&console, "Shelve boiler.tag001/hihi");
    finish(&console);
}

static void out_of_service_asks_for_a_reason_and_ends_by_the_same_key(void **state)
{
    struct console console;
    struct wire_ask ask;
    (void)state;
    start_alarms(&console, 24, 80, NULL);
    vt_run(console.vt, SEEN_MS);
    key(&console, "o");
    expect(&console, "Out of service: boiler.tag001/hihi");
    expect(&console, "until a supervisor puts it back");
    key(&console, "Escape");
    expect_gone(&console, "Out of service: boiler");
    key(&console, "o");
    key(&console, "Tab"); /* there is no other field */
    key(&console, "Enter");
    expect(&console, "a reason is needed");
    assert_false(asks(&console, &ask, NOTHING_MS));
    type(&console, "drum is open\r");
    assert_true(asks(&console, &ask, WAIT_MS));
    assert_int_equal(ask.action, WIRE_ACTION_OUT_OF_SERVICE);
    assert_string_equal(ask.argument, "boiler.tag001/hihi");
    assert_string_equal(ask.reason, "drum is open");
    expect_gone(&console, "Out of service: boiler");
    answer(&console, &ask, false, "this needs the role supervisor");
    expect(&console, "this needs the role supervisor");
    struct wire_alarm alarm = alarm_of(&console.recorder, 1, ALARM_OUT_OF_SERVICE, PRIORITY_CRITICAL,
                                       "boiler.tag001/hihi", 1000000);
    alarm.withheld = ALARM_BY_OPERATOR;
    alarm.detail = "by bob: drum is open";
    say_full(&console.recorder, &alarm);
    flush(&console);
    key(&console, "Tab");
    expect_row(&console, "boiler.tag001/hihi", " by bob drum is open");
    vt_run(console.vt, SEEN_MS);
    key(&console, "u");
    assert_true(asks(&console, &ask, WAIT_MS));
    assert_int_equal(ask.action, WIRE_ACTION_IN_SERVICE);
    assert_string_equal(ask.argument, "boiler.tag001/hihi");
    finish(&console);
}

static void withheld_ones_tell_by_whom_why_and_how_long(void **state)
{
    static const struct {
        int rows, cols;
        const char *setting;
    } CASES[] = {{24, 80, "HMI_GLYPHS=ascii"}, {60, 200, NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct console console;
        struct wire_ask ask;
        start_alarms(&console, CASES[i].rows, CASES[i].cols, CASES[i].setting);
        struct fake_recorder *fake = &console.recorder;
        struct wire_alarm alarm =
            alarm_of(fake, 6, ALARM_SHELVED, PRIORITY_HIGH, "network.tag006/hi", 5000000);
        alarm.withheld = ALARM_BY_SHELF;
        alarm.shelf_until_us = fake->now_us + 90 * CLOCK_US_PER_MINUTE;
        alarm.shelf_once = 1;
        alarm.shelved_by = "bob";
        alarm.shelf_reason = "calibration";
        say_full(fake, &alarm);
        alarm = alarm_of(fake, 7, ALARM_SUPPRESSED, PRIORITY_LOW, "pump.flow/lo", 5000000);
        alarm.withheld = ALARM_BY_DESIGN;
        alarm.suppressed_by = "pump is OFF";
        say_full(fake, &alarm);
        alarm = alarm_of(fake, 8, ALARM_OUT_OF_SERVICE, PRIORITY_MEDIUM, "old.level/hi", 5000000);
        alarm.withheld = ALARM_BY_SERVICE;
        alarm.line = 77;
        say_full(fake, &alarm);
        flush(&console);
        key(&console, "Tab");
        expect(&console, "[Shelved and suppressed 3]");
        expect(&console, "Tab next list");
        expect_row(&console, "network.tag006/hi", "shelved");
        expect_row(&console, "network.tag006/hi", "once");
        expect_row(&console, "network.tag006/hi", "bob");
        expect_row(&console, "network.tag006/hi", "calibration");
        expect_row(&console, "pump.flow/lo", "while pump is OFF");
        expect_row(&console, "old.level/hi", "out_of_service");
        vt_run(console.vt, SEEN_MS);
        key(&console, "a");
        expect(&console, "What is withheld waits for no acknowledgement.");
        key(&console, "u");
        assert_true(asks(&console, &ask, WAIT_MS));
        assert_int_equal(ask.action, WIRE_ACTION_UNSHELVE);
        assert_string_equal(ask.argument, "network.tag006/hi");
        key(&console, "Down");
        key(&console, "u");
        expect(&console, "old.level/hi is not shelved, and no operator");
        finish(&console);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_differ_in_sign_number_word_and_colour),
        cmocka_unit_test(tags_in_alarm_are_marked),
        cmocka_unit_test(quiet_when_nothing_stands),
        cmocka_unit_test(one_is_acknowledged_as_it_was_shown),
        cmocka_unit_test(a_new_occurrence_is_never_acknowledged_unseen),
        cmocka_unit_test(the_page_and_marked_ones_are_acknowledged),
        cmocka_unit_test(put_back_takes_the_marks_of_those_that_it_is_for),
        cmocka_unit_test(the_key_bar_follows_list_and_role),
        cmocka_unit_test(a_message_stays_where_it_was_said),
        cmocka_unit_test(typing_in_a_filter_acknowledges_nothing),
        cmocka_unit_test(the_cursor_stays_while_others_arrive),
        cmocka_unit_test(lost_links_make_rows_look_stale),
        cmocka_unit_test(a_recorder_that_goes_before_it_answers_is_told),
        cmocka_unit_test(shelving_asks_for_time_and_reason),
        cmocka_unit_test(out_of_service_asks_for_a_reason_and_ends_by_the_same_key),
        cmocka_unit_test(withheld_ones_tell_by_whom_why_and_how_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
