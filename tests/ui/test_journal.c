/* The journal on a terminal, read from a real history file. */
#include "tests/unit/history_fixture.h"

#include "plant/alarm_event.h"
#include "plant/quality.h"
#include "plant/tagdef.h"
#include "tests/ui/console_fixture.h"

#include <math.h>

static void add(struct fixture *f, int64_t ts_us, const char *tag, const char *event, const char *operator,
                const char * detail)
{
    char alarm[64];
    snprintf(alarm, sizeof alarm, "%s/hi", tag);
    batch_add_event(f->batch, &(struct alarm_event){.ts_us = ts_us,
                                                    .kind = operator? JOURNAL_OPERATOR : JOURNAL_ALARM,
                                                    .event = event,
                                                    .tag = tag,
                                                    .alarm = alarm,
                                                    .has_alarm = true,
                                                    .type = ALARM_HI,
                                                    .priority = PRIORITY_HIGH,
                                                    .value = 97.5,
                                                    .limit = 90,
                                                    .operator= operator,
                                                    .station = operator? "pts/3" : NULL,
                                                    .detail = detail});
}

static void start_journal(struct console *console, struct fixture *f, int rows, int cols, const char *setting)
{
    struct fake_recorder *fake = &console->recorder;
    for (int i = 0; i < 300; i++)
        add(f, T0 + i * SECOND, i % 3 ? "boiler.tag001" : "intake.tag002", "activated", NULL, "Drum hot");
    add(f, T0 + 400 * SECOND + 123000, "boiler.tag001", "acknowledged", "alice", NULL);
    add(f, T0 + 401 * SECOND, "network.tag003", "shelved", "bob", "calibration \x1b[2J");
    fixture_append(f, T0);
    start(console, rows, cols, setting);
    fake_recorder_welcome(fake, &(struct wire_welcome){.history_path = f->path});
    fake_recorder_tag(fake, 1, "boiler.tag001", "boiler", "bar", "Drum");
    fake_recorder_number(fake, 1, 97.5, QUALITY_GOOD, 0);
    fake_recorder_status(fake, NULL);
    fake_recorder_snapshot_end(fake);
    assert_true(fake_recorder_send(fake, console->vt));
    expect(console, " 1/1");
    key(console, "F6");
    expect(console, "[Journal]");
    expect(console, "22:20:00.123");
}

static void the_newest_come_first(void **state)
{
    static const struct {
        int rows, cols;
        const char *setting;
    } CASES[] = {{24, 80, "HMI_GLYPHS=ascii"}, {24, 80, "NO_COLOR=1"}, {60, 200, NULL}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct console console;
        if (i)
            fixture_forget(*state);
        start_journal(&console, *state, CASES[i].rows, CASES[i].cols, CASES[i].setting);
        expect_row(&console, "acknowledged", "boiler.tag001/hi");
        expect_row(&console, "acknowledged", "alice");
        expect_row(&console, "shelved  ", "bob");
        expect_row(&console, "shelved  ", "calibratio");
        expect(&console, "activated");
        assert_true(row_of(&console, "shelved  ") < row_of(&console, "acknowledged"));
        assert_true(row_of(&console, "acknowledged") < row_of(&console, "activated"));
        key(&console, "End"); /* pages come as they are needed */
        expect(&console, "200/302");
        key(&console, "End");
        expect(&console, "302/302");
        key(&console, "Home");
        expect(&console, " 1/302");
        finish(&console);
    }
}

static void its_key_bar_offers_nothing_that_is_for_alarms(void **state)
{
    struct console console;
    start_journal(&console, *state, 36, 160, "HMI_GLYPHS=ascii");
    expect(&console, "tTrend");
    expect(&console, "/Filter");
    assert_null(strstr(vt_text(console.vt), "aAck"));
    assert_null(strstr(vt_text(console.vt), "zShelve"));
    assert_null(strstr(vt_text(console.vt), "uPut back"));
    assert_null(strstr(vt_text(console.vt), "oOut"));
    assert_null(strstr(vt_text(console.vt), "gTree"));
    finish(&console);
}

static void searches_by_time_tag_and_operator(void **state)
{
    struct console console;
    struct fixture *f = *state;
    start_journal(&console, f, 24, 80, NULL);
    vt_type(console.vt, "/", 1);
    expect(&console, "words, and from:14:30"); /* nobody has to guess */
    vt_type(console.vt, "operator:alice\r", 15);
    expect(&console, " 1/1");
    expect_gone(&console, "shelved  ");
    expect(&console, "That is all.");
    key(&console, "Enter"); /* the entry's tag */
    expect(&console, "97.5");
    key(&console, "Escape");
    expect(&console, "/operator:alice");
    key(&console, "t"); /* its trend, then */
    expect(&console, "Test Works  Trends");
    expect(&console, "2023-11-14");
    key(&console, "Escape");
    expect(&console, "/operator:alice");
    key(&console, "Escape");
    expect(&console, "shelved  ");
    vt_type(console.vt, "/to:2023-11-14T22:13:30 tag:intake", 34);
    expect(&console, "1/4");
    expect_gone(&console, "boiler.tag001/hi");
    key(&console, "C-u");
    vt_type(console.vt, "from:noon", 9);
    expect(&console, "unknown time");
    key(&console, "Escape");
    expect(&console, "shelved  ");
    /* What is committed meanwhile comes above. */
    add(f, T0 + 500 * SECOND, "late.tag009", "activated", NULL, NULL);
    fixture_append(f, T0);
    expect(&console, "late.tag009/hi");
    key(&console, "a");
    expect(&console, "The journal tells what happened");
    finish(&console);
}

static void a_long_detail_hides_no_value_and_states_have_words(void **state)
{
    struct console console;
    struct fixture *f = *state;
    char detail[161];
    memset(detail, 'x', sizeof detail - 1);
    detail[sizeof detail - 1] = '\0';
    add(f, T0 + 402 * SECOND, "network.tag003", "activated", NULL, detail);
    batch_add_event(f->batch, &(struct alarm_event){.ts_us = T0 + 403 * SECOND,
                                                    .kind = JOURNAL_ALARM,
                                                    .event = "activated",
                                                    .tag = "pump",
                                                    .alarm = "pump/state",
                                                    .has_alarm = true,
                                                    .type = ALARM_STATE,
                                                    .priority = PRIORITY_HIGH,
                                                    .value = 3,
                                                    .limit = 3,
                                                    .detail = "Pump tripped"});
    start_journal(&console, f, 36, 120, NULL);
    fake_recorder_tag(&console.recorder, 7, "pump", "network", "", "Pump");
    wire_put(&console.recorder.out, WIRE_STATE,
             &(struct wire_state){.tag = 7, .value = 3, .text = "TRIPPED"});
    assert_true(fake_recorder_send(&console.recorder, console.vt));
    expect_row(&console, "VALUE", "LIMIT");
    expect_row(&console, "97.5", "xxx");
    vt_type(console.vt, "/pump\r", 6);
    expect(&console, "value TRIPPED  limit TRIPPED");
    expect_row(&console, "pump/state", "TRIPPED TRIPPED"); /* and in the row */
    finish(&console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_newest_come_first, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(its_key_bar_offers_nothing_that_is_for_alarms, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(searches_by_time_tag_and_operator, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_long_detail_hides_no_value_and_states_have_words, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
