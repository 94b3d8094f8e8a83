/* Floods, chattering and the first of those that come together: against slower models that keep every activation, and
 * in the engine. */
#include "alarm_fixture.h"

#define RUNS  400
#define STEPS 300

/* Every activation there was. */
struct past {
    int64_t times_us[STEPS];
    size_t count;
};

static size_t past_within(const struct past *past, int64_t now_us, int64_t span_us)
{
    size_t count = 0;
    for (size_t i = 0; i < past->count; i++)
        count += now_us - past->times_us[i] < span_us;
    return count;
}

/* Now and then much closer together than otherwise, so that what begins ends, too. */
static int64_t random_step_us(uint64_t *random, int step, int64_t most_us)
{
    bool close = step / 30 % 2 == 0;
    return (int64_t)unit_random_below(random, (uint64_t)(close ? most_us / 6 : most_us)) + 1;
}

static void flood_run(uint64_t seed)
{
    struct alarm_flood flood = {0};
    struct past past = {0};
    bool standing = false;
    int64_t now_us = 7000 * SECOND;
    for (int step = 0; step < STEPS; step++) {
        now_us += random_step_us(&seed, step, 4 * MINUTE);
        size_t before = past_within(&past, now_us, ALARM_FLOOD_SPAN_US);
        bool due = alarm_flood_due_us(&flood) <= now_us;
        assert_int_equal(alarm_flood_end(&flood, now_us), standing && before < ALARM_FLOOD_ENDS);
        assert_int_equal(due, standing && before < ALARM_FLOOD_ENDS);
        standing = standing && before >= ALARM_FLOOD_ENDS;
        past.times_us[past.count++] = now_us;
        bool begins = !standing && before + 1 > ALARM_FLOOD_BEGINS;
        assert_int_equal(alarm_flood_note(&flood, now_us), begins);
        standing |= begins;
        size_t told = alarm_flood_count(&flood, now_us);
        assert_in_range(told, before + 1, past_within(&past, now_us, ALARM_FLOOD_SPAN_US + 10 * SECOND));
    }
}

static void test_flood_against_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= RUNS; seed++)
        flood_run(seed * UINT64_C(0x9E3779B97F4A7C15));
}

static void chatter_run(uint64_t seed)
{
    struct alarm_chatter chatter = {0};
    struct past past = {0};
    bool standing = false;
    int64_t now_us = 7000 * SECOND;
    for (int step = 0; step < STEPS; step++) {
        now_us += random_step_us(&seed, step, 2 * MINUTE);
        size_t before = past_within(&past, now_us, ALARM_CHATTER_SPAN_US);
        bool over = standing && !before;
        assert_int_equal(alarm_chatter_due_us(&chatter) <= now_us, over);
        assert_int_equal(alarm_chatter_end(&chatter, now_us), over);
        standing = standing && !over;
        past.times_us[past.count++] = now_us;
        standing |= before + 1 >= ALARM_CHATTER_BEGINS;
        alarm_chatter_note(&chatter, now_us);
        assert_int_equal(chatter.standing, standing);
        size_t told = alarm_chatter_rate(&chatter, now_us);
        assert_in_range(told, before + 1, past_within(&past, now_us, ALARM_CHATTER_SPAN_US + 10 * SECOND));
    }
}

static void test_chatter_against_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= RUNS; seed++)
        chatter_run(seed * UINT64_C(0x9E3779B97F4A7C15));
}

static void test_count_over_a_long_pause(void **state)
{
    (void)state;
    struct alarm_flood flood = {0};
    assert_int_equal(alarm_flood_count(&flood, 5 * SECOND), 0);
    alarm_flood_note(&flood, 5 * SECOND); /* so soon after the machine was started */
    assert_int_equal(alarm_flood_count(&flood, 9 * MINUTE), 1);
    assert_int_equal(alarm_flood_count(&flood, 100 * HOUR), 0);
    alarm_flood_note(&flood, 100 * HOUR);
    assert_int_equal(alarm_flood_count(&flood, 100 * HOUR), 1);
}

/* ---- in the engine ---- */

static void come_and_go(struct alarm_fixture *f)
{
    fixture_send(f, "a", 95);
    fixture_send(f, "a", 80);
}

static void test_chattering_alarm(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90);
    fixture_start(&f);
    const struct alarm_status *status = &fixture_find(&f, "a/hi")->status;
    for (int i = 0; i < 3; i++) {
        fixture_pass(&f, 20 * SECOND);
        assert_false(status->chattering);
        come_and_go(&f);
    }
    assert_true(status->chattering);
    assert_int_equal(status->chatter_rate, 3);
    assert_int_equal(status->activations, 3);
    for (int i = 0; i < 5; i++) { /* too seldom to begin, often enough to go on */
        fixture_pass(&f, 35 * SECOND);
        come_and_go(&f);
        assert_true(status->chattering);
    }
    uint64_t sequence = status->sequence;
    fixture_pass(&f, MINUTE - 1);
    assert_true(status->chattering);
    fixture_pass(&f, 1);
    assert_false(status->chattering);
    assert_true(status->sequence > sequence);
    assert_int_equal(f.batch->alarms[f.batch->alarm_count - 1].status.chattering, false);
    fixture_end(&f);
}

static void test_chattering_over_a_restart(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90);
    alarms_adopt(&f.alarms, 1, "hi",
                 &(struct alarm_status){.state = ALARM_RETURNED, .chattering = true, .activations = 9},
                 &(struct alarm_texts){.acknowledged_by = ""});
    fixture_start(&f);
    const struct alarm_status *status = &fixture_find(&f, "a/hi")->status;
    fixture_pass(&f, 50 * SECOND);
    assert_true(status->chattering);
    come_and_go(&f); /* the only time that is known */
    fixture_pass(&f, 59 * SECOND);
    assert_true(status->chattering);
    fixture_pass(&f, SECOND);
    assert_false(status->chattering);
    fixture_end(&f);
}

static void test_flood_in_the_journal(void **state)
{
    (void)state;
    struct alarm_fixture f;
    fixture_make(&f);
    fixture_alarm(&f, ALARM_HI, 90);
    fixture_start(&f);
    for (int i = 0; i < 11; i++) {
        assert_false(f.alarms.flood.standing);
        fixture_pass(&f, 40 * SECOND);
        fixture_events(&f);
        come_and_go(&f);
    }
    assert_true(f.alarms.flood.standing); /* the eleventh */
    assert_non_null(strstr(fixture_events(&f), "- flood began"));
    assert_true(f.alarms.flood_since_us == f.now.wall_us);
    fixture_pass(&f, 10 * MINUTE - 4 * 40 * SECOND - 1); /* five are within ten minutes */
    assert_true(f.alarms.flood.standing);
    fixture_events(&f);
    fixture_pass(&f, 1);
    assert_false(f.alarms.flood.standing);
    assert_string_equal(fixture_events(&f), "- flood ended");
    assert_true(f.alarms.flood_since_us == 0);
    fixture_end(&f);
}

/* A recorder that starts `away_us` after the last of twelve alarms, one each 30 seconds, on a machine that has just been
 * switched on; the flood had begun, or the journal knows of none. */
static void start_in_flood(struct alarm_fixture *f, int64_t away_us, bool began)
{
    fixture_make(f);
    fixture_alarm(f, ALARM_HI, 90);
    f->now.mono_us = 20 * SECOND;
    for (int i = 11; i >= 0; i--)
        if (away_us + i * 30 * SECOND < ALARM_FLOOD_SPAN_US)
            alarms_adopt_activation(&f->alarms, &f->now, T0 - away_us - i * 30 * SECOND);
    alarms_adopt_flood(&f->alarms, began ? T0 - 2 * HOUR : 0);
    fixture_start(f);
}

static void test_flood_over_a_restart(void **state)
{
    (void)state;
    struct alarm_fixture f;
    start_in_flood(&f, MINUTE, true);
    assert_string_equal(fixture_events(&f), "");
    assert_true(f.alarms.flood_since_us == T0 - 2 * HOUR);
    assert_int_equal(alarm_flood_count(&f.alarms.flood, f.now.mono_us), 12);
    come_and_go(&f);
    assert_string_equal(fixture_events(&f), "a/hi activated, a/hi cleared"); /* it has begun already */
    fixture_pass(&f, 10 * MINUTE - MINUTE - 3 * 30 * SECOND - 1);            /* five with the new one */
    assert_string_equal(fixture_events(&f), "");
    fixture_pass(&f, 1);
    assert_string_equal(fixture_events(&f), "- flood ended");
    assert_true(f.alarms.flood_since_us == 0);
    fixture_end(&f);
}

/* The outage was long: its end is entered as the recorder starts, once. */
static void test_flood_that_ended_unseen(void **state)
{
    (void)state;
    static const int64_t AWAYS_US[] = {10 * MINUTE - 4 * 30 * SECOND, 10 * MINUTE, 1000 * HOUR};
    for (size_t i = 0; i < sizeof AWAYS_US / sizeof *AWAYS_US; i++) {
        struct alarm_fixture f;
        start_in_flood(&f, AWAYS_US[i], true);
        assert_string_equal(fixture_events(&f), "- flood ended");
        assert_string_equal(batch_event(f.batch, f.seen - 1).detail,
                            "fewer than 5 alarms in 10 minutes, as the recorder starts again");
        assert_true(f.alarms.flood_since_us == 0);
        assert_true(alarms_due_us(&f.alarms) == ALARM_NEVER);
        fixture_pass(&f, HOUR);
        assert_string_equal(fixture_events(&f), "");
        fixture_end(&f);
    }
}

/* What came before the restart counts for one that begins after it. */
static void test_flood_that_begins_after_a_restart(void **state)
{
    (void)state;
    struct alarm_fixture f;
    start_in_flood(&f, 10 * MINUTE - 10 * 30 * SECOND, false); /* ten are within ten minutes */
    assert_string_equal(fixture_events(&f), "");
    assert_false(f.alarms.flood.standing);
    come_and_go(&f);
    assert_string_equal(fixture_events(&f), "- flood began, a/hi activated, a/hi cleared");
    fixture_end(&f);
}

/* ---- the first ---- */

/* An alarm hi at 90 on each of the tags, in the group or (NULL) the area. */
static void make_trip(struct alarm_fixture *f, const char *group, const char *area)
{
    fixture_make(f);
    for (int i = 0; i < TAGS; i++) {
        struct tag_def *def = &f->defs[i];
        free(def->area);
        def->area = mem_copy_text(area);
        def->alarms = mem_new(1, sizeof *def->alarms);
        def->alarm_count = 1;
        def->alarms[0] = (struct alarm_def){.type = ALARM_HI,
                                            .has_limit = true,
                                            .limit = 90,
                                            .priority = PRIORITY_MEDIUM,
                                            .group = group ? mem_copy_text(group) : NULL};
    }
}

/* Those that are marked as the first, such as "a/hi". */
static const char *marked(struct alarm_fixture *f)
{
    static char text[64];
    text[0] = '\0';
    for (size_t i = 0; i < f->alarms.count; i++) {
        const struct alarm *alarm = f->alarms.list[i];
        if (alarm->status.first_out && alarm->status.state != ALARM_NORMAL)
            strcat(strcat(text, *text ? " " : ""), alarm->address);
    }
    return text;
}

static void test_first_of_an_area(void **state)
{
    (void)state;
    struct alarm_fixture f;
    make_trip(&f, NULL, "boiler");
    fixture_start(&f);
    fixture_send(&f, "d", 95);
    assert_string_equal(marked(&f), ""); /* alone, it is first of nothing */
    fixture_pass(&f, 61 * SECOND);
    fixture_send(&f, "b", 95); /* too late to belong to it */
    fixture_send(&f, "b", 80);
    fixture_send(&f, "b", 95); /* nor does it follow itself */
    assert_string_equal(marked(&f), "");
    fixture_pass(&f, 50 * SECOND);
    uint64_t sequence = fixture_find(&f, "b/hi")->status.sequence;
    fixture_send(&f, "c", 95);
    assert_string_equal(marked(&f), "b/hi");
    assert_true(fixture_find(&f, "b/hi")->status.sequence > sequence); /* so consoles hear of it */
    fixture_pass(&f, 50 * SECOND);
    fixture_send(&f, "a", 95); /* within a minute of the one before */
    fixture_send(&f, "b", 80);
    fixture_send(&f, "b", 95); /* again, in the same trip: it stays the first */
    assert_string_equal(marked(&f), "b/hi");
    fixture_end(&f);
}

static void test_no_area_no_first(void **state)
{
    (void)state;
    struct alarm_fixture f;
    make_trip(&f, NULL, "");
    fixture_start(&f);
    fixture_send(&f, "a", 95);
    fixture_send(&f, "b", 95);
    assert_string_equal(marked(&f), "");
    fixture_end(&f);
}

static void test_first_of_a_group(void **state)
{
    (void)state;
    struct alarm_fixture f;
    make_trip(&f, "trip", "boiler");
    fixture_start(&f);
    fixture_send(&f, "c", 95);
    fixture_pass(&f, HOUR); /* it stands all the time, so the trip goes on */
    fixture_send(&f, "a", 95);
    assert_string_equal(marked(&f), "c/hi");
    fixture_send(&f, "a", 80);
    fixture_send(&f, "c", 80);
    fixture_pass(&f, 2 * MINUTE);
    fixture_send(&f, "d", 95); /* another trip; the mark of the last one stays until that alarm is over */
    fixture_send(&f, "b", 95);
    assert_string_equal(marked(&f), "c/hi d/hi");
    fixture_acknowledge(&f, "c/hi");
    assert_string_equal(marked(&f), "d/hi");
    fixture_end(&f);
}

/* Whoever was first before a restart, those that come after it were not. */
static void test_no_first_after_a_restart(void **state)
{
    (void)state;
    struct alarm_fixture f;
    make_trip(&f, "trip", "boiler");
    alarms_adopt(&f.alarms, 1, "hi", &(struct alarm_status){.state = ALARM_UNACKNOWLEDGED, .active = true},
                 &(struct alarm_texts){.acknowledged_by = ""});
    fixture_start(&f);
    fixture_send(&f, "b", 95);
    fixture_send(&f, "c", 95);
    assert_string_equal(marked(&f), "");
    fixture_end(&f);
}

/* What nobody is told of is not what to look at first; nor are the limits of one tag a trip. */
static void test_first_is_announced(void **state)
{
    (void)state;
    struct alarm_fixture f;
    make_trip(&f, NULL, "boiler");
    fixture_alarm(&f, ALARM_HIHI, 97);
    fixture_start(&f);
    fixture_shelve(&f, "b/hi", HOUR, false);
    fixture_send(&f, "b", 95);
    fixture_send(&f, "a", 98);
    assert_string_equal(marked(&f), "");
    fixture_send(&f, "c", 95);
    assert_string_equal(marked(&f), "a/hihi");
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flood_against_model),
        cmocka_unit_test(test_chatter_against_model),
        cmocka_unit_test(test_count_over_a_long_pause),
        cmocka_unit_test(test_chattering_alarm),
        cmocka_unit_test(test_chattering_over_a_restart),
        cmocka_unit_test(test_flood_in_the_journal),
        cmocka_unit_test(test_flood_over_a_restart),
        cmocka_unit_test(test_flood_that_ended_unseen),
        cmocka_unit_test(test_flood_that_begins_after_a_restart),
        cmocka_unit_test(test_first_of_an_area),
        cmocka_unit_test(test_no_area_no_first),
        cmocka_unit_test(test_first_of_a_group),
        cmocka_unit_test(test_no_first_after_a_restart),
        cmocka_unit_test(test_first_is_announced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
