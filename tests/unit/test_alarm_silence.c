/* Tags that say nothing: from when on that is an alarm, and what does not end one. */
#include "alarm_fixture.h"

/* Tag a, silent for longer than 10 s is an alarm; b may be silent. */
static void make_silent(struct alarm_fixture *f)
{
    fixture_make(f);
    fixture_alarm(f, ALARM_STALE, 0);
    fixture_alarm(f, ALARM_HI, 90);
    f->defs[0].stale_after_us = 10 * SECOND;
}

static void expect_quality(struct alarm_fixture *f, uint32_t quality)
{
    assert_int_equal(plant_tag_by_name(&f->plant, "a")->quality, quality);
}

static void test_never_heard(void **state)
{
    (void)state;
    struct alarm_fixture f;
    make_silent(&f);
    fixture_configure(&f);
    fixture_pass(&f, HOUR); /* no broker: nobody can say anything */
    assert_string_equal(fixture_events(&f), "");
    plant_link_up(&f.plant, &f.now);
    fixture_pass(&f, 10 * SECOND);
    fixture_settle(&f); /* it could be heard from here on */
    fixture_pass(&f, 10 * SECOND);
    assert_string_equal(fixture_events(&f), "");
    fixture_pass(&f, 1);
    assert_string_equal(fixture_events(&f), "a/stale activated");
    expect_quality(&f, QUALITY_UNCERTAIN_INITIAL); /* there is no value that could be stale */
    assert_int_equal(f.plant.counters.stale, 0);
    fixture_send(&f, "a", 50);
    assert_string_equal(fixture_events(&f), "a/stale cleared");
    fixture_end(&f);
}

/* One that a reload names can be heard from then on. */
static void test_named_by_a_reload(void **state)
{
    (void)state;
    struct alarm_fixture f;
    make_silent(&f);
    struct tag_def late = f.defs[0];
    tag_def_init(&f.defs[0]);
    f.defs[0].name = mem_copy_text("other");
    f.defs[0].topic = mem_copy_text("other");
    f.defs[0].path = mem_copy_text("");
    fixture_start(&f);
    fixture_pass(&f, HOUR);
    tag_def_free(&f.defs[0]);
    f.defs[0] = late;
    fixture_configure(&f);
    fixture_pass(&f, 1); /* the next look at the clock */
    fixture_pass(&f, 10 * SECOND);
    assert_string_equal(fixture_events(&f), "a/stale added, a/hi added");
    fixture_pass(&f, SECOND);
    assert_string_equal(fixture_events(&f), "a/stale activated");
    fixture_end(&f);
}

/* A sensor that died while the recorder was stopped: its value is from the file, and stale; it is not judged. */
static void test_silent_from_the_start(void **state)
{
    (void)state;
    struct alarm_fixture f, g;
    make_silent(&f);
    fixture_start(&f);
    fixture_send(&f, "a", 95);
    assert_string_equal(fixture_events(&f), "a/hi activated");
    fixture_restart(&f, &g, MINUTE);
    plant_link_up(&g.plant, &g.now);
    fixture_settle(&g);
    size_t samples = g.batch->count;
    fixture_pass(&g, 10 * SECOND);
    expect_quality(&g, QUALITY_UNCERTAIN_INITIAL);
    fixture_pass(&g, 1);
    expect_quality(&g, QUALITY_UNCERTAIN_LAST_USABLE);
    assert_int_equal(g.plant.counters.stale, 1);
    assert_int_equal(g.batch->count, samples); /* the gap says it in the history */
    assert_string_equal(fixture_events(&g), "a/stale activated");
    expect_state(&g, "a/hi", ALARM_UNACKNOWLEDGED);
    plant_link_down(&g.plant);
    expect_quality(&g, QUALITY_UNCERTAIN_INITIAL);
    assert_int_equal(g.plant.counters.stale, 0);
    fixture_end(&f);
    fixture_end(&g);
}

/* It goes on standing over restarts and lost links, whatever the broker has retained; the sensor ends it. */
static void test_stands_until_the_sensor_speaks(void **state)
{
    (void)state;
    struct alarm_fixture f, g;
    make_silent(&f);
    fixture_start(&f);
    fixture_send(&f, "a", 50);
    fixture_pass(&f, 11 * SECOND);
    assert_string_equal(fixture_events(&f), "a/stale activated");
    fixture_restart(&f, &g, MINUTE);
    for (int i = 0; i < 3; i++) {
        struct alarm_pass pass = fixture_now(&g);
        plant_link_up(&g.plant, &g.now);
        fixture_publish(&g, "a", i == 1 ? "51" : "50", true);
        fixture_settle(&g);
        fixture_pass(&g, 5 * SECOND);
        expect_state(&g, "a/stale", ALARM_UNACKNOWLEDGED);
        fixture_pass(&g, 6 * SECOND);
        plant_link_down(&g.plant);
        alarms_freeze(&pass);
        fixture_pass(&g, MINUTE);
    }
    plant_link_up(&g.plant, &g.now);
    fixture_settle(&g);
    assert_string_equal(fixture_events(&g), "");
    fixture_send(&g, "a", 52);
    assert_string_equal(fixture_events(&g), "a/stale cleared");
    fixture_end(&f);
    fixture_end(&g);
}

/* A value from before the link was lost is judged no more than one from before the start. */
static void test_stale_from_before_the_link(void **state)
{
    (void)state;
    struct alarm_fixture f;
    make_silent(&f);
    fixture_start(&f);
    fixture_send(&f, "a", 50);
    struct alarm_pass pass = fixture_now(&f);
    plant_link_down(&f.plant);
    alarms_freeze(&pass);
    f.defs[0].alarms[1].limit = 40;
    fixture_configure(&f);
    plant_link_up(&f.plant, &f.now);
    fixture_settle(&f);
    fixture_pass(&f, 11 * SECOND);
    expect_quality(&f, QUALITY_UNCERTAIN_LAST_USABLE);
    assert_string_equal(fixture_events(&f), "a/hi changed, a/stale activated");
    fixture_end(&f);
}

/* A mistyped topic: what was heard once, by this recorder or by one before, is none. */
static void test_never_heard_are_counted(void **state)
{
    (void)state;
    const struct value known = {.type = VALUE_NUMBER, .number = 5};
    const struct tag *first;
    struct alarm_fixture f;
    fixture_make(&f);
    plant_adopt(&f.plant, 9, "b", "b", "", TAG_ANALOG, &known, T0);
    fixture_start(&f);
    fixture_send(&f, "c", 1);
    fixture_send(&f, "other", 1);
    fixture_pass(&f, MINUTE - 1);
    assert_int_equal(plant_count_unheard(&f.plant, MINUTE, f.now.mono_us, &first), 0);
    assert_null(first);
    fixture_pass(&f, 1);
    assert_int_equal(plant_count_unheard(&f.plant, MINUTE, f.now.mono_us, &first), 2);
    assert_string_equal(first->def.name, "a");
    plant_link_down(&f.plant);
    assert_int_equal(plant_count_unheard(&f.plant, MINUTE, f.now.mono_us, &first), 0);
    assert_int_equal(plant_count_unheard(&f.plant, 0, f.now.mono_us, &first), 2);
    plant_link_up(&f.plant, &f.now);
    fixture_pass(&f, MINUTE); /* backlog: who knows what is still to come */
    assert_int_equal(plant_count_unheard(&f.plant, MINUTE, f.now.mono_us, &first), 0);
    fixture_settle(&f);
    fixture_send(&f, "a", 1);
    fixture_pass(&f, MINUTE);
    assert_int_equal(plant_count_unheard(&f.plant, MINUTE, f.now.mono_us, &first), 1);
    assert_string_equal(first->def.name, "d");
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never_heard),
        cmocka_unit_test(test_named_by_a_reload),
        cmocka_unit_test(test_silent_from_the_start),
        cmocka_unit_test(test_stands_until_the_sensor_speaks),
        cmocka_unit_test(test_stale_from_before_the_link),
        cmocka_unit_test(test_never_heard_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
