/* The life of alarms: operators, timers, suppression, the link, restarts, floods. */
#include "alarm_fixture.h"

static void test_acknowledge_and_latch(void **state)
{
    (void)state;
    struct alarm_fixture f;
    struct err err = {0};
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90)->latching = true;
    fixture_start(&f);
    struct alarm_pass pass = fixture_now(&f);
    assert_false(alarm_acknowledge(&pass, fixture_find(&f, "a/hi"), &ALICE, &err));
    assert_string_equal(err.text, "a/hi is normal: there is nothing to acknowledge");
    fixture_send(&f, "a", 95);
    fixture_send(&f, "a", 80);
    expect_state(&f, "a/hi", ALARM_LATCHED);
    fixture_acknowledge(&f, "a/hi");
    expect_state(&f, "a/hi", ALARM_LATCHED_ACKNOWLEDGED);
    assert_string_equal(alarm_texts(fixture_find(&f, "a/hi"))->acknowledged_by, "alice");
    fixture_acknowledge(&f, "a/hi"); /* the reset */
    expect_state(&f, "a/hi", ALARM_NORMAL);
    assert_string_equal(fixture_events(&f), "a/hi activated, a/hi cleared, a/hi acknowledged, a/hi reset");
    fixture_end(&f);
}

static void test_second_acknowledgement_is_told_of_the_first(void **state)
{
    (void)state;
    struct alarm_fixture f;
    struct err err = {0};
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90);
    fixture_start(&f);
    struct alarm_pass pass = fixture_now(&f);
    assert_false(alarm_acknowledge(&pass, fixture_find(&f, "a/hi"), &ALICE, &err));
    assert_string_equal(err.text, "a/hi is normal: there is nothing to acknowledge");
    fixture_send(&f, "a", 95);
    fixture_acknowledge(&f, "a/hi");
    assert_false(alarm_acknowledge(&pass, fixture_find(&f, "a/hi"), &ALICE, &err));
    assert_string_equal(err.text, "a/hi is acknowledged already, by alice");
    fixture_end(&f);
}

static void test_shelving(void **state)
{
    (void)state;
    struct alarm_fixture f;
    struct err err = {0};
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90);
    fixture_start(&f);
    struct alarm_pass pass = fixture_now(&f);
    struct alarm *alarm = fixture_find(&f, "a/hi");
    assert_false(alarm_shelve(&pass, alarm, MINUTE, false, "  ", &ALICE, &err));
    assert_false(alarm_shelve(&pass, alarm, 0, false, "why not", &ALICE, &err));
    assert_false(alarm_unshelve(&pass, alarm, &ALICE, &err));
    fixture_shelve(&f, "a/hi", 10 * MINUTE, false); /* timed: lasts whatever happens */
    fixture_send(&f, "a", 95);
    fixture_send(&f, "a", 80);
    fixture_send(&f, "a", 95);
    expect_state(&f, "a/hi", ALARM_SHELVED);
    assert_true(alarm->status.active); /* evaluated underneath */
    fixture_pass(&f, 10 * MINUTE);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    fixture_shelve(&f, "a/hi", 0, true); /* one-shot: ends when it clears */
    assert_true(alarm->status.shelf_until_us == f.now.wall_us + 8 * HOUR);
    fixture_send(&f, "a", 80);
    expect_state(&f, "a/hi", ALARM_NORMAL);
    fixture_shelve(&f, "a/hi", 1000 * HOUR, false); /* capped */
    fixture_pass(&f, 8 * HOUR - 1);
    expect_state(&f, "a/hi", ALARM_SHELVED);
    fixture_pass(&f, 1);
    expect_state(&f, "a/hi", ALARM_NORMAL);
    assert_string_equal(fixture_events(&f),
                        "a/hi shelved, a/hi activated, a/hi cleared, a/hi activated, a/hi unshelved, "
                        "a/hi shelved, a/hi cleared, a/hi unshelved, a/hi shelved, a/hi unshelved");
    fixture_end(&f);
}

static void test_suppression(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    struct alarm_def *def = fixture_alarm(&f, ALARM_LO, 10);
    def->suppress[0] = (struct alarm_suppression){.tag = mem_copy_text("b"), .value = 0};
    def->suppress[1] = (struct alarm_suppression){.tag = mem_copy_text("c"), .value = 7};
    def->on_delay_us = 5 * SECOND;
    fixture_start(&f);
    fixture_send(&f, "c", 6);
    fixture_send(&f, "b", 0); /* pump off */
    expect_state(&f, "a/lo", ALARM_SUPPRESSED);
    fixture_send(&f, "a", 0);
    fixture_pass(&f, MINUTE);
    expect_state(&f, "a/lo", ALARM_SUPPRESSED);
    fixture_send(&f, "b", 1); /* pump on: the flow gets its on-delay to come */
    fixture_pass(&f, 4 * SECOND);
    expect_state(&f, "a/lo", ALARM_SUPPRESSED);
    fixture_send(&f, "a", 50);
    expect_state(&f, "a/lo", ALARM_NORMAL);
    fixture_send(&f, "c", 7); /* the other reason */
    fixture_send(&f, "a", 0);
    fixture_pass(&f, MINUTE);
    fixture_send(&f, "c", 6);
    fixture_pass(&f, 5 * SECOND);
    expect_state(&f, "a/lo", ALARM_UNACKNOWLEDGED);
    fixture_send(&f, "b", 0);
    fixture_shelve(&f, "a/lo", HOUR, false); /* withheld twice: both have to end */
    expect_state(&f, "a/lo", ALARM_SUPPRESSED);
    fixture_send(&f, "a", 50);
    fixture_send(&f, "b", 1);
    expect_state(&f, "a/lo", ALARM_SHELVED);
    fixture_pass(&f, HOUR);
    expect_state(&f, "a/lo", ALARM_NORMAL);
    fixture_end(&f);
}

static void test_out_of_service(void **state)
{
    (void)state;
    struct alarm_fixture f;
    struct err err = {0};
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90);
    struct alarm_def *lo = fixture_alarm(&f, ALARM_LO, 10);
    lo->out_of_service = true;
    fixture_start(&f);
    expect_state(&f, "a/lo", ALARM_OUT_OF_SERVICE);
    struct alarm_pass pass = fixture_now(&f);
    struct alarm *hi = fixture_find(&f, "a/hi");
    assert_false(alarm_take_out_of_service(&pass, hi, " ", &ALICE, &err));
    assert_false(alarm_put_in_service(&pass, hi, &ALICE, &err));
    assert_string_equal(err.text, "a/hi is in service already");
    assert_true(alarm_take_out_of_service(&pass, hi, "sensor away", &ALICE, &err));
    assert_false(alarm_take_out_of_service(&pass, hi, "sensor away", &ALICE, &err));
    assert_string_equal(alarm_texts(hi)->detail, "alice: sensor away");
    fixture_send(&f, "a", 95);
    fixture_send(&f, "a", 5);
    fixture_send(&f, "a", 95);
    expect_state(&f, "a/hi", ALARM_OUT_OF_SERVICE);
    expect_state(&f, "a/lo", ALARM_OUT_OF_SERVICE);
    assert_true(alarm_put_in_service(&pass, hi, &ALICE, &err));
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    assert_string_equal(alarm_texts(hi)->detail, "");
    assert_false(alarm_put_in_service(&pass, fixture_find(&f, "a/lo"), &ALICE, &err));
    assert_non_null(strstr(err.text, "of the configuration"));
    fixture_end(&f);
}

static void test_realarm_and_escalation(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    struct alarm_def *def = fixture_alarm(&f, ALARM_HI, 90);
    def->realarm_us = 10 * MINUTE;
    def->escalate_us = 30 * MINUTE;
    fixture_start(&f);
    struct alarm_status *status = &fixture_find(&f, "a/hi")->status;
    fixture_send(&f, "a", 95);
    fixture_acknowledge(&f, "a/hi");
    fixture_pass(&f, 10 * MINUTE);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED); /* still standing */
    fixture_pass(&f, 19 * MINUTE);
    fixture_acknowledge(&f, "a/hi");
    fixture_pass(&f, MINUTE);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    assert_int_equal(status->priority, PRIORITY_HIGH);
    fixture_pass(&f, 60 * MINUTE);
    assert_int_equal(status->priority, PRIORITY_CRITICAL);
    fixture_acknowledge(&f, "a/hi");
    fixture_send(&f, "a", 80);
    expect_state(&f, "a/hi", ALARM_NORMAL);
    assert_int_equal(status->priority, PRIORITY_MEDIUM);
    fixture_pass(&f, 10 * HOUR);
    assert_string_equal(fixture_events(&f), "a/hi activated, a/hi acknowledged, a/hi realarmed, "
                                            "a/hi acknowledged, a/hi escalated, a/hi escalated, "
                                            "a/hi acknowledged, a/hi cleared");
    fixture_end(&f);
}

static void test_journal_priority(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90)->priority = PRIORITY_JOURNAL;
    fixture_start(&f);
    for (int i = 0; i < 20; i++) {
        fixture_send(&f, "a", 95);
        expect_state(&f, "a/hi", ALARM_ACKNOWLEDGED); /* nobody has to */
        fixture_send(&f, "a", 80);
        expect_state(&f, "a/hi", ALARM_NORMAL);
    }
    assert_false(f.alarms.flood.standing);
    assert_int_equal(f.batch->event_count, 40);
    fixture_end(&f);
}

/* A lost link makes no alarms, and delays stand still until its backlog is there. */
static void test_link(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90)->on_delay_us = 10 * SECOND;
    fixture_alarm(&f, ALARM_LO, 10);
    fixture_alarm(&f, ALARM_STALE, 0);
    fixture_alarm(&f, ALARM_BAD, 0);
    fixture_alarm(&f, ALARM_RATE, 1);
    fixture_alarm(&f, ALARM_DEVIATION, 5)->reference = mem_copy_text("b");
    f.defs[0].stale_after_us = 30 * SECOND;
    fixture_start(&f);
    fixture_send(&f, "b", 95);
    fixture_send(&f, "a", 95);
    fixture_pass(&f, 6 * SECOND);
    plant_link_down(&f.plant);
    struct alarm_pass pass = fixture_now(&f);
    alarms_freeze(&pass);
    fixture_pass(&f, HOUR);
    plant_link_up(&f.plant, &f.now);
    fixture_send(&f, "b", 95);
    fixture_send(&f, "a", 5); /* passes through low, which is the past */
    fixture_send(&f, "a", 93);
    fixture_pass(&f, SECOND);
    assert_string_equal(fixture_events(&f), "");
    plant_backlog_end(&f.plant, &f.now);
    pass = fixture_now(&f);
    alarms_thaw(&pass);
    fixture_pass(&f, 3900000);
    assert_string_equal(fixture_events(&f), "");
    fixture_pass(&f, 100000); /* what was left of the on-delay */
    assert_string_equal(fixture_events(&f), "a/hi activated");
    fixture_send(&f, "a", 93.5); /* live: no rate from the backlog to now */
    assert_string_equal(fixture_events(&f), "");
    fixture_pass(&f, SECOND);
    fixture_send(&f, "a", 80);
    assert_string_equal(fixture_events(&f), "a/hi cleared, a/rate activated, a/deviation activated");
    fixture_end(&f);
}

static void lose_link(struct alarm_fixture *f)
{
    struct alarm_pass pass = fixture_now(f);
    plant_link_down(&f->plant);
    alarms_freeze(&pass);
}

/* Nothing that the plant would have to do with happens while it is not known; afterwards the rest of the time runs. */
static void test_everything_waits_for_the_link(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    struct alarm_def *hi = fixture_alarm(&f, ALARM_HI, 90);
    hi->realarm_us = 30 * SECOND;
    hi->escalate_us = 45 * SECOND;
    struct alarm_def *lo = fixture_alarm(&f, ALARM_LO, 99);
    lo->suppress[0] = (struct alarm_suppression){.tag = mem_copy_text("b"), .value = 0};
    lo->on_delay_us = 20 * SECOND;
    fixture_start(&f);
    fixture_send(&f, "b", 0);
    fixture_send(&f, "a", 95);
    fixture_acknowledge(&f, "a/hi");
    fixture_pass(&f, 30 * SECOND);
    fixture_acknowledge(&f, "a/hi");
    fixture_send(&f, "b", 1); /* the pump starts: lo is released in 20 s, a/hi escalates in 15 */
    fixture_pass(&f, 10 * SECOND);
    fixture_events(&f);
    lose_link(&f);
    fixture_pass(&f, HOUR);
    assert_string_equal(fixture_events(&f), "");
    plant_link_up(&f.plant, &f.now);
    fixture_send(&f, "b", 1);
    fixture_send(&f, "a", 95);
    fixture_pass(&f, MINUTE); /* of backlog */
    lose_link(&f);            /* again, before it has settled */
    fixture_pass(&f, HOUR);
    plant_link_up(&f.plant, &f.now);
    fixture_send(&f, "b", 1);
    fixture_send(&f, "a", 95);
    fixture_settle(&f);
    fixture_pass(&f, 5 * SECOND - 1);
    assert_string_equal(fixture_events(&f), "");
    fixture_pass(&f, 1);
    assert_string_equal(fixture_events(&f), "a/hi escalated");
    fixture_pass(&f, 5 * SECOND - 1);
    assert_string_equal(fixture_events(&f), "");
    fixture_pass(&f, 1);
    assert_string_equal(fixture_events(&f), "a/lo unsuppressed");
    fixture_end(&f);
}

/* Loses the link for a minute; what comes back then is retained values or the backlog, and then nothing. */
static void come_back_silent(struct alarm_fixture *f, double a, double b, bool retained)
{
    char payload[32];
    lose_link(f);
    fixture_pass(f, MINUTE);
    plant_link_up(&f->plant, &f->now);
    snprintf(payload, sizeof payload, "%.9g", a);
    fixture_publish(f, "a", payload, retained);
    snprintf(payload, sizeof payload, "%.9g", b);
    fixture_publish(f, "b", payload, retained);
    fixture_settle(f);
}

/* A rate of a tag that is silent after an outage ends by the time that passes, as it does without one. */
static void test_rate_ends_after_an_outage(void **state)
{
    (void)state;
    for (int retained = 0; retained < 2; retained++) {
        struct alarm_fixture f;
        fixture_make(&f);
        struct alarm_def *def = fixture_alarm(&f, ALARM_RATE, 2);
        def->off_delay_us = 5 * SECOND;
        fixture_start(&f);
        fixture_send(&f, "a", 0);
        fixture_pass(&f, SECOND);
        fixture_send(&f, "a", 20); /* 20 in 10 s would be 2 a second: 9 s are left */
        expect_state(&f, "a/rate", ALARM_UNACKNOWLEDGED);
        fixture_pass(&f, 4 * SECOND);
        come_back_silent(&f, 60, 0, retained);
        fixture_pass(&f, 5 * SECOND + 5 * SECOND - 1);
        expect_state(&f, "a/rate", ALARM_UNACKNOWLEDGED);
        fixture_pass(&f, 1);
        expect_state(&f, "a/rate", ALARM_RETURNED);
        fixture_send(&f, "a", 60);
        fixture_pass(&f, SECOND);
        fixture_send(&f, "a", 80);
        fixture_pass(&f, 12 * SECOND); /* within the off-delay */
        expect_state(&f, "a/rate", ALARM_UNACKNOWLEDGED);
        come_back_silent(&f, 99, 0, retained);
        fixture_pass(&f, 2 * SECOND - 1);
        expect_state(&f, "a/rate", ALARM_UNACKNOWLEDGED);
        fixture_pass(&f, 1);
        expect_state(&f, "a/rate", ALARM_RETURNED);
        fixture_end(&f);
    }
}

/* A deviation ends by what comes back with the link, and does not begin by it. */
static void test_deviation_over_an_outage(void **state)
{
    (void)state;
    for (int retained = 0; retained < 2; retained++) {
        struct alarm_fixture f;
        fixture_make(&f);
        fixture_alarm(&f, ALARM_DEVIATION, 5)->reference = mem_copy_text("b");
        fixture_start(&f);
        fixture_send(&f, "b", 50);
        fixture_send(&f, "a", 60);
        come_back_silent(&f, 58, 50, retained);
        expect_state(&f, "a/deviation", ALARM_UNACKNOWLEDGED);
        come_back_silent(&f, 52, 50, retained);
        expect_state(&f, "a/deviation", ALARM_RETURNED);
        come_back_silent(&f, 60, 50, retained);
        fixture_pass(&f, HOUR);
        expect_state(&f, "a/deviation", ALARM_RETURNED);
        fixture_send(&f, "a", 60);
        expect_state(&f, "a/deviation", ALARM_UNACKNOWLEDGED);
        fixture_end(&f);
    }
}

/* Who acknowledges while the link is away has the whole re-alarm time from when it is back. A shelf ends when it was
 * promised. */
static void test_operators_while_the_link_is_away(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90)->realarm_us = 30 * SECOND;
    fixture_alarm(&f, ALARM_HIHI, 94);
    fixture_start(&f);
    fixture_send(&f, "a", 95);
    fixture_shelve(&f, "a/hihi", 30 * SECOND, false);
    lose_link(&f);
    fixture_pass(&f, 20 * SECOND);
    fixture_acknowledge(&f, "a/hi");
    fixture_events(&f);
    fixture_pass(&f, HOUR);
    assert_string_equal(fixture_events(&f), "a/hihi unshelved");
    plant_link_up(&f.plant, &f.now);
    fixture_send(&f, "a", 95);
    fixture_settle(&f);
    fixture_pass(&f, 30 * SECOND - 1);
    assert_string_equal(fixture_events(&f), "");
    fixture_pass(&f, 1);
    assert_string_equal(fixture_events(&f), "a/hi realarmed");
    fixture_end(&f);
}

/* A tag in the quiet band before the link was lost and beyond its limit afterwards clears again. */
static void test_quiet_band_ends(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90);
    fixture_start(&f);
    fixture_send(&f, "a", 50);
    fixture_send(&f, "a", 51);
    struct alarm_pass pass = fixture_now(&f);
    plant_link_down(&f.plant);
    alarms_freeze(&pass);
    plant_link_up(&f.plant, &f.now);
    fixture_send(&f, "a", 95);
    plant_backlog_end(&f.plant, &f.now);
    alarms_thaw(&pass);
    expect_state(&f, "a/hi", ALARM_UNACKNOWLEDGED);
    fixture_send(&f, "a", 50);
    expect_state(&f, "a/hi", ALARM_RETURNED);
    fixture_end(&f);
}

static void test_system(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_start(&f);
    struct alarm_pass pass = fixture_now(&f);
    alarms_set_system(&pass, ALARM_SYSTEM_BROKER, true, "connection refused\n");
    alarms_set_system(&pass, ALARM_SYSTEM_BROKER, true, "connection refused");
    expect_state(&f, "system/broker", ALARM_UNACKNOWLEDGED);
    assert_string_equal(alarm_texts(fixture_find(&f, "system/broker"))->detail,
                        "connection refused\xEF\xBF\xBD");
    assert_string_equal(batch_event(f.batch, f.batch->event_count - 1).detail,
                        "broker lost: no plant data: connection refused\xEF\xBF\xBD");
    alarms_set_system(&pass, ALARM_SYSTEM_BROKER, false, NULL);
    expect_state(&f, "system/broker", ALARM_RETURNED);
    assert_string_equal(fixture_events(&f), "system/broker activated, system/broker cleared");
    fixture_end(&f);
}

/* ---- restarts ---- */

/* Drives the alarm of a fresh plant into a state. */
static void drive(struct alarm_fixture *f, enum alarm_state wanted)
{
    struct err err = {0};
    struct alarm_pass pass = fixture_now(f);
    bool latching = wanted == ALARM_LATCHED || wanted == ALARM_LATCHED_ACKNOWLEDGED;
    struct alarm_def *def = fixture_alarm(f, ALARM_HI, 90);
    def->latching = latching;
    def->realarm_us = HOUR;
    def->suppress[0] = (struct alarm_suppression){.tag = mem_copy_text("b"), .value = 0};
    fixture_start(f);
    fixture_send(f, "b", 1);
    fixture_send(f, "a", 50);
    if (wanted == ALARM_NORMAL)
        return;
    fixture_send(f, "a", 95);
    if (wanted == ALARM_ACKNOWLEDGED || wanted == ALARM_LATCHED_ACKNOWLEDGED)
        fixture_acknowledge(f, "a/hi");
    if (wanted == ALARM_RETURNED || latching)
        fixture_send(f, "a", 80);
    if (wanted == ALARM_SHELVED)
        fixture_shelve(f, "a/hi", 2 * HOUR, false);
    if (wanted == ALARM_SUPPRESSED)
        fixture_send(f, "b", 0);
    if (wanted == ALARM_OUT_OF_SERVICE)
        assert_true(alarm_take_out_of_service(&pass, fixture_find(f, "a/hi"), "sensor away", &ALICE, &err));
}

/* In each state: as it was, no transition at the start nor when the same values come again, and then on. */
static void test_restart_in_each_state(void **state)
{
    (void)state;
    for (int i = ALARM_NORMAL; i < ALARM_STATES; i++) {
        enum alarm_state wanted = (enum alarm_state)i;
        struct alarm_fixture f, g;
        fixture_make(&f);
        drive(&f, wanted);
        expect_state(&f, "a/hi", wanted);
        fixture_pass(&f, MINUTE);
        fixture_restart(&f, &g, 10 * MINUTE);
        const struct alarm *before = fixture_find(&f, "a/hi"), *after = fixture_find(&g, "a/hi");
        assert_int_equal(after->status.activated_us, before->status.activated_us);
        assert_int_equal(after->status.acknowledged_us, before->status.acknowledged_us);
        assert_int_equal(after->status.shelf_until_us, before->status.shelf_until_us);
        assert_string_equal(alarm_texts(after)->shelf_reason, alarm_texts(before)->shelf_reason);
        assert_string_equal(alarm_texts(after)->acknowledged_by, alarm_texts(before)->acknowledged_by);
        plant_link_up(&g.plant, &g.now);
        bool stands = before->status.active;
        fixture_send(&g, "b", wanted == ALARM_SUPPRESSED ? 0 : 1);
        fixture_send(&g, "a", stands ? 95 : 80);
        plant_backlog_end(&g.plant, &g.now);
        struct alarm_pass pass = fixture_now(&g);
        alarms_thaw(&pass);
        expect_state(&g, "a/hi", wanted);
        assert_string_equal(fixture_events(&g), "");
        if (wanted == ALARM_SHELVED) { /* 2 hours from the shelving on, not from the restart on */
            fixture_pass(&g, 2 * HOUR - 11 * MINUTE - 1);
            expect_state(&g, "a/hi", ALARM_SHELVED);
            fixture_pass(&g, 1);
            expect_state(&g, "a/hi", ALARM_UNACKNOWLEDGED);
        } else if (wanted == ALARM_ACKNOWLEDGED) { /* but the re-alarm time stood still */
            fixture_pass(&g, HOUR - MINUTE - 1);
            expect_state(&g, "a/hi", ALARM_ACKNOWLEDGED);
            fixture_pass(&g, 1);
            expect_state(&g, "a/hi", ALARM_UNACKNOWLEDGED);
        } else if (stands && wanted == ALARM_UNACKNOWLEDGED) {
            fixture_send(&g, "a", 50);
            expect_state(&g, "a/hi", ALARM_RETURNED);
        }
        fixture_end(&f);
        fixture_end(&g);
    }
}

/* A rate and a deviation that stood at a kill stay as they were, and end although nothing live comes any more. */
static void test_restart_of_rate_and_deviation(void **state)
{
    (void)state;
    struct alarm_fixture f, g;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_RATE, 2);
    fixture_alarm(&f, ALARM_DEVIATION, 5)->reference = mem_copy_text("b");
    fixture_start(&f);
    fixture_send(&f, "b", 50);
    fixture_send(&f, "a", 0);
    fixture_pass(&f, SECOND);
    fixture_send(&f, "a", 20);
    fixture_acknowledge(&f, "a/deviation");
    fixture_restart(&f, &g, 10 * MINUTE);
    fixture_pass(&g, HOUR); /* no broker yet */
    plant_link_up(&g.plant, &g.now);
    fixture_publish(&g, "a", "20", true);
    fixture_publish(&g, "b", "50", true);
    fixture_settle(&g);
    expect_state(&g, "a/rate", ALARM_UNACKNOWLEDGED);
    expect_state(&g, "a/deviation", ALARM_ACKNOWLEDGED);
    assert_string_equal(fixture_events(&g), "");
    fixture_pass(&g, MINUTE);
    assert_string_equal(fixture_events(&g), "a/rate cleared");
    come_back_silent(&g, 48, 50, true);
    assert_string_equal(fixture_events(&g), "a/deviation cleared");
    expect_state(&g, "a/deviation", ALARM_NORMAL);
    fixture_end(&f);
    fixture_end(&g);
}

/* However long the recorder was stopped, and the broker after that: nothing rises by it, and then all does in its time. */
static void test_restart_raises_nothing(void **state)
{
    (void)state;
    struct alarm_fixture f, g;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90)->realarm_us = HOUR;
    struct alarm_def *def = fixture_alarm(&f, ALARM_HIHI, 95);
    def->escalate_us = 30 * MINUTE;
    def->priority = PRIORITY_LOW;
    fixture_start(&f);
    fixture_send(&f, "a", 97);
    fixture_acknowledge(&f, "a/hi");
    fixture_pass(&f, 40 * MINUTE);
    assert_int_equal(fixture_find(&f, "a/hihi")->status.priority, PRIORITY_MEDIUM);
    fixture_restart(&f, &g, 72 * HOUR);
    fixture_pass(&g, 5 * HOUR); /* no broker yet */
    plant_link_up(&g.plant, &g.now);
    fixture_publish(&g, "a", "97", true);
    fixture_settle(&g);
    assert_string_equal(fixture_events(&g), "");
    fixture_pass(&g, 20 * MINUTE - 1);
    assert_string_equal(fixture_events(&g), "");
    fixture_pass(&g, 1);
    assert_string_equal(fixture_events(&g), "a/hihi escalated, a/hi realarmed");
    fixture_end(&f);
    fixture_end(&g);
}

static void test_reload(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90);
    fixture_alarm(&f, ALARM_HIHI, 95);
    fixture_start(&f);
    fixture_send(&f, "a", 97);
    fixture_acknowledge(&f, "a/hi");
    fixture_events(&f);
    free(f.defs[0].name); /* another name, another limit; hihi is taken out */
    f.defs[0].name = mem_copy_text("x");
    f.defs[0].alarm_count = 1;
    f.defs[0].alarms[0].limit = 80;
    f.defs[0].alarms[0].priority = PRIORITY_HIGH;
    f.defs[0].alarms[0].count = 3;
    f.defs[0].alarms[0].exclusive = true;
    f.defs[0].alarms[0].suppress[0].tag = mem_copy_text("b");
    f.defs[0].alarms[0].message = mem_copy_text("Too hot");
    plant_reload_begin(&f.plant, f.batch);
    plant_add_subscription(&f.plant, "#", (struct payload_rule){.format = FORMAT_AUTO});
    for (int i = 0; i < TAGS; i++)
        plant_add_configured(&f.plant, &f.defs[i], f.batch);
    plant_reload_end(&f.plant);
    struct alarm_pass pass = fixture_now(&f);
    alarms_configure(&pass);
    expect_state(&f, "x/hi", ALARM_ACKNOWLEDGED);
    assert_null(alarms_find(&f.alarms, "a/hi"));
    assert_null(alarms_find(&f.alarms, "x/hihi"));
    assert_string_equal(fixture_events(&f), "a/hihi removed, x/hi changed");
    assert_string_equal(batch_event(f.batch, f.seen - 1).detail,
                        "limit 90 -> 80; count none -> 3; priority medium -> high; exclusive no -> yes;"
                        " suppressed by none -> b = 0; message none -> Too hot");
    fixture_send(&f, "a", 85);
    expect_state(&f, "x/hi", ALARM_ACKNOWLEDGED);
    fixture_send(&f, "a", 79);
    expect_state(&f, "x/hi", ALARM_NORMAL);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acknowledge_and_latch),
        cmocka_unit_test(test_second_acknowledgement_is_told_of_the_first),
        cmocka_unit_test(test_shelving),
        cmocka_unit_test(test_suppression),
        cmocka_unit_test(test_out_of_service),
        cmocka_unit_test(test_realarm_and_escalation),
        cmocka_unit_test(test_journal_priority),
        cmocka_unit_test(test_link),
        cmocka_unit_test(test_everything_waits_for_the_link),
        cmocka_unit_test(test_rate_ends_after_an_outage),
        cmocka_unit_test(test_deviation_over_an_outage),
        cmocka_unit_test(test_operators_while_the_link_is_away),
        cmocka_unit_test(test_quiet_band_ends),
        cmocka_unit_test(test_system),
        cmocka_unit_test(test_restart_in_each_state),
        cmocka_unit_test(test_restart_of_rate_and_deviation),
        cmocka_unit_test(test_restart_raises_nothing),
        cmocka_unit_test(test_reload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
