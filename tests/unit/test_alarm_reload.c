/* Alarms that stand while another configuration comes: what it changes, and what it must not touch. */
#include "alarm_fixture.h"

static void reload(struct alarm_fixture *f)
{
    plant_reload_begin(&f->plant, f->batch);
    plant_add_subscription(&f->plant, "#", FORMAT_AUTO);
    for (int i = 0; i < TAGS; i++)
        plant_add_configured(&f->plant, &f->defs[i], f->batch);
    plant_reload_end(&f->plant);
    struct alarm_pass pass = fixture_now(f);
    alarms_configure(&pass);
}

/* Of a pair that stood side by side the lesser gives way, and is there again when the worse is over. */
static void test_becoming_exclusive(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90)->group = mem_copy_text("trip");
    fixture_alarm(&f, ALARM_HIHI, 95)->group = mem_copy_text("trip");
    fixture_start(&f);
    fixture_send(&f, "a", 97);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    expect_state(&f, "a/hihi", ALARM_UNACKNOWLEDGED);
    f.defs[0].alarms[0].exclusive = f.defs[0].alarms[1].exclusive = true;
    fixture_events(&f);
    reload(&f);
    assert_string_equal(fixture_events(&f), "a/hihi changed, a/hi changed, a/hi superseded");
    expect_state(&f, "a/hi", ALARM_NORMAL);
    fixture_send(&f, "a", 92);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    fixture_send(&f, "a", 97);
    fixture_send(&f, "a", 80); /* both are over at once */
    expect_state(&f, "a/hi", ALARM_NORMAL);
    expect_state(&f, "a/hihi", ALARM_RETURNED);
    assert_int_equal(fixture_find(&f, "a/hi")->group->active, 0);
    fixture_end(&f);
}

/* Reloads bring the next rise of the priority no nearer. */
static void test_escalation_keeps_its_time(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    struct alarm_def *def = fixture_alarm(&f, ALARM_HI, 90);
    def->priority = PRIORITY_LOW;
    def->escalate_us = 30 * MINUTE;
    fixture_start(&f);
    struct alarm_status *status = &fixture_find(&f, "a/hi")->status;
    fixture_send(&f, "a", 95);
    fixture_pass(&f, 31 * MINUTE);
    assert_int_equal(status->priority, PRIORITY_MEDIUM);
    for (int i = 0; i < 3; i++) {
        reload(&f);
        fixture_pass(&f, 9 * MINUTE);
        assert_int_equal(status->priority, PRIORITY_MEDIUM);
    }
    fixture_pass(&f, 2 * MINUTE);
    assert_int_equal(status->priority, PRIORITY_HIGH);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_becoming_exclusive),
        cmocka_unit_test(test_escalation_keeps_its_time),
    };
    return cmocka_run_group_tests_name("alarm_reload", tests, NULL, NULL);
}
