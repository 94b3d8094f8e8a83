/* When the bell rings: by priority, until acknowledged or silenced, never closer than its gap. */
#include "mirror_fixture.h"
#include "unit.h"

#include "plant/alarm_state.h"
#include "ui/bell.h"

#include <stdio.h>

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)

struct bell_fixture {
    struct mirror mirror;
    struct alarm_banner banner;
    struct bell bell;
    int64_t now_us;
};

static void make(struct bell_fixture *f)
{
    memset(f, 0, sizeof *f);
    mirror_init(&f->mirror);
    fixture_welcome(&f->mirror);
    f->now_us = 3000 * SECOND;
}

static void say(struct bell_fixture *f, uint32_t id, enum alarm_state state, enum alarm_priority priority)
{
    char address[16];
    snprintf(address, sizeof address, "t%u/hi", id);
    fixture_apply(&f->mirror, WIRE_ALARM,
                  &(struct wire_alarm){.alarm = id, .state = state, .priority = priority, .address = address},
                  FIXTURE_NOW_US);
}

static bool rings(struct bell_fixture *f)
{
    alarm_banner_update(&f->banner, &f->mirror);
    return bell_step(&f->bell, &f->mirror, &f->banner, f->now_us);
}

/* How often it rings while time passes, looked at each tenth of a second. */
static int rings_within(struct bell_fixture *f, int64_t span_us)
{
    int count = rings(f); /* what has just come */
    for (int64_t end_us = f->now_us + span_us; f->now_us < end_us;) {
        f->now_us += SECOND / 10;
        bool due = bell_due_us(&f->bell) <= f->now_us;
        bool ring = rings(f);
        assert_true(due || !ring); /* whoever waits for bell_due_us() misses nothing */
        count += ring;
    }
    return count;
}

static void test_repeats_by_priority(void **state)
{
    (void)state;
    static const struct {
        enum alarm_priority priority;
        int in_two_minutes;
    } CASES[] = {{PRIORITY_CRITICAL, 24},
                 {PRIORITY_HIGH, 6},
                 {PRIORITY_MEDIUM, 2},
                 {PRIORITY_LOW, 1},
                 {PRIORITY_JOURNAL, 0}};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct bell_fixture f;
        make(&f);
        assert_false(rings(&f));
        assert_true(bell_due_us(&f.bell) == BELL_NEVER);
        say(&f, 1, ALARM_UNACKNOWLEDGED, CASES[i].priority);
        assert_int_equal(rings(&f), CASES[i].priority != PRIORITY_JOURNAL); /* at once */
        assert_false(rings(&f));
        assert_int_equal(rings_within(&f, 2 * MINUTE), CASES[i].in_two_minutes);
        say(&f, 1, ALARM_RETURNED, CASES[i].priority); /* it still waits for somebody */
        assert_int_equal(rings_within(&f, 2 * MINUTE), CASES[i].in_two_minutes);
        say(&f, 1, ALARM_ACKNOWLEDGED, CASES[i].priority);
        assert_int_equal(rings_within(&f, 10 * MINUTE), 0);
        mirror_free(&f.mirror);
    }
}

static void test_silence(void **state)
{
    (void)state;
    struct bell_fixture f;
    make(&f);
    say(&f, 1, ALARM_UNACKNOWLEDGED, PRIORITY_HIGH);
    assert_true(rings(&f));
    assert_true(bell_toggle_silence(&f.bell, f.now_us));
    assert_true(bell_silent_us(&f.bell, f.now_us) == BELL_SILENCE_US);
    assert_int_equal(rings_within(&f, 10 * MINUTE - SECOND), 0);
    assert_int_equal(rings_within(&f, SECOND), 1); /* ten minutes, and no more */
    bell_toggle_silence(&f.bell, f.now_us);
    say(&f, 2, ALARM_UNACKNOWLEDGED, PRIORITY_LOW); /* can wait */
    assert_int_equal(rings_within(&f, MINUTE), 0);
    say(&f, 3, ALARM_UNACKNOWLEDGED, PRIORITY_MEDIUM); /* cannot */
    assert_true(rings(&f));
    assert_true(bell_silent_us(&f.bell, f.now_us) == 0);
    bell_toggle_silence(&f.bell, f.now_us);
    assert_false(bell_toggle_silence(&f.bell, f.now_us)); /* taken back */
    assert_int_equal(rings_within(&f, MINUTE), 3);
    mirror_free(&f.mirror);
}

static void test_silence_ends_with_what_it_was_for(void **state)
{
    (void)state;
    struct bell_fixture f;
    make(&f);
    say(&f, 1, ALARM_UNACKNOWLEDGED, PRIORITY_LOW);
    assert_true(rings(&f));
    bell_toggle_silence(&f.bell, f.now_us);
    say(&f, 1, ALARM_ACKNOWLEDGED, PRIORITY_LOW);
    f.now_us += 3 * SECOND;
    assert_false(rings(&f));
    say(&f, 2, ALARM_UNACKNOWLEDGED, PRIORITY_LOW);
    assert_true(rings(&f));
    mirror_free(&f.mirror);
}

/* What is new, and what only looks so. */
static void test_news(void **state)
{
    (void)state;
    struct bell_fixture f;
    make(&f);
    say(&f, 1, ALARM_UNACKNOWLEDGED, PRIORITY_MEDIUM);
    assert_true(rings(&f));
    bell_toggle_silence(&f.bell, f.now_us);
    say(&f, 1, ALARM_RETURNED, PRIORITY_MEDIUM); /* it goes and comes, and waits all the time */
    say(&f, 1, ALARM_UNACKNOWLEDGED, PRIORITY_MEDIUM);
    fixture_apply(&f.mirror, WIRE_ALARM,
                  &(struct wire_alarm){.alarm = 9,
                                       .state = ALARM_UNACKNOWLEDGED,
                                       .priority = PRIORITY_CRITICAL,
                                       .address = "t9/hi",
                                       .chattering = 1},
                  FIXTURE_NOW_US);
    assert_int_equal(rings_within(&f, MINUTE), 0);
    say(&f, 1, ALARM_UNACKNOWLEDGED, PRIORITY_HIGH); /* escalated */
    assert_int_equal(rings_within(&f, SECOND), 1);
    bell_toggle_silence(&f.bell, f.now_us);
    fixture_welcome(&f.mirror); /* attached again: known alarms are no news */
    say(&f, 1, ALARM_UNACKNOWLEDGED, PRIORITY_HIGH);
    fixture_snapshot_end(&f.mirror);
    assert_int_equal(rings_within(&f, MINUTE), 0);
    say(&f, 1, ALARM_ACKNOWLEDGED, PRIORITY_HIGH);
    say(&f, 1, ALARM_UNACKNOWLEDGED, PRIORITY_HIGH); /* the re-alarm time is over */
    assert_int_equal(rings_within(&f, SECOND), 1);
    mirror_free(&f.mirror);
}

static void test_flood_is_no_siren(void **state)
{
    (void)state;
    struct bell_fixture f;
    make(&f);
    int count = 0;
    for (uint32_t id = 1; id <= 600; id++) { /* ten new ones a second, for a minute */
        say(&f, id, ALARM_UNACKNOWLEDGED, PRIORITY_CRITICAL);
        count += rings(&f);
        f.now_us += SECOND / 10;
    }
    assert_int_equal(count, MINUTE / BELL_GAP_US);
    mirror_free(&f.mirror);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repeats_by_priority),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_silence_ends_with_what_it_was_for),
        cmocka_unit_test(test_news),
        cmocka_unit_test(test_flood_is_no_siren),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
