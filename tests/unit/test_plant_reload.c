/* What the history knows of tags, and configurations that change, in the live plant. */
#include "plant_fixture.h"

#include <stdio.h>

/* ---- what the history knows, and reloads ---- */

static void test_adopt_keeps_ids_and_values(void **state)
{
    const struct value number = {.type = VALUE_NUMBER, .number = 7.5},
                       text = {.type = VALUE_TEXT, .text = "auto", .text_length = 4};
    struct fixture *f = *state;
    struct plant *plant = &f->plant;
    plant_adopt(plant, 5, "old name", "plant/t", "", TAG_ANALOG, &number, T0 - HOUR);
    plant_adopt(plant, 9, "m", "plant/m", "mode", TAG_TEXT, &text, T0 - HOUR);
    plant_adopt(plant, 3, "elsewhere", "other/t", "", TAG_ANALOG, &number, T0);
    plant_adopt(plant, 4, "never", "plant/n", "", TAG_ANALOG, NULL, 0);
    plant_adopt(plant, 6, "setpoint", "plant/t/set", "", TAG_ANALOG, &number, T0);
    struct tag_def def = fixture_def("boiler.temp", "plant/t", "");
    struct tag *tag = fixture_configure(f, &def);
    plant_ignore_topic(plant, "plant/t/set");
    plant_restore_discovered(plant);
    assert_int_equal(tag->id, 5);
    expect_number(tag, 7.5, QUALITY_UNCERTAIN_INITIAL);
    assert_int_equal(tag->ts_us, T0 - HOUR);
    assert_false(tag->heard);
    assert_int_equal(fixture_tag(f, "plant/m:mode")->id, 9);
    expect_text(fixture_tag(f, "plant/m:mode"), "auto", QUALITY_UNCERTAIN_INITIAL);
    assert_int_equal(fixture_tag(f, "plant/n")->id, 4);
    assert_int_equal(plant->tag_count, 3);
    fixture_say(f, "plant/new", "1");
    assert_int_equal(fixture_tag(f, "plant/new")->id, 10);
    fixture_audit(f);
}

/* Topics and member names may hold line breaks: the addresses must not run into each other. */
static void test_addresses_do_not_mix(void **state)
{
    const struct value number = {.type = VALUE_NUMBER, .number = 1};
    struct fixture *f = *state;
    plant_adopt(&f->plant, 5, "a", "plant/a\nb", "c", TAG_ANALOG, &number, T0);
    plant_adopt(&f->plant, 6, "b", "plant/a", "b\nc", TAG_ANALOG, &number, T0);
    plant_restore_discovered(&f->plant);
    assert_int_equal(f->plant.tag_count, 2);
    fixture_say(f, "plant/a\nb", "{\"c\":2}");
    fixture_say(f, "plant/a", "{\"b\\nc\":3}");
    assert_int_equal(f->plant.tag_count, 2);
    expect_number(plant_tag_by_id(&f->plant, 5), 2, QUALITY_GOOD);
    expect_number(plant_tag_by_id(&f->plant, 6), 3, QUALITY_GOOD);
}

static void test_naming_a_discovered_tag(void **state)
{
    struct fixture *f = *state;
    struct tag **changed;
    fixture_say(f, "plant/t", "20");
    uint32_t id = fixture_tag(f, "plant/t")->id;
    plant_take_changed(&f->plant, &changed);
    struct tag_def def = fixture_def("boiler.temp", "plant/t", "");
    struct tag *tag = fixture_configure(f, &def);
    assert_int_equal(tag->id, id);
    expect_number(tag, 20, QUALITY_GOOD);
    assert_null(plant_tag_by_name(&f->plant, "plant/t"));
    assert_int_equal(plant_take_changed(&f->plant, &changed), 1);
    assert_true(changed[0] == tag && tag->def_changed);
    fixture_audit(f);
}

static void test_configured_tags_swap_names(void **state)
{
    struct fixture *f = *state;
    struct tag_def a = fixture_def("a", "plant/1", "x"), b = fixture_def("b", "plant/2", "");
    struct tag *first = fixture_configure(f, &a), *second = fixture_configure(f, &b);
    a = fixture_def("b", "plant/1", "x");
    b = fixture_def("a", "plant/2", "");
    fixture_configure(f, &a);
    fixture_configure(f, &b);
    assert_ptr_equal(fixture_tag(f, "b"), first);
    assert_ptr_equal(fixture_tag(f, "a"), second);
    fixture_say(f, "plant/1", "{\"x\":4}");
    expect_number(first, 4, QUALITY_GOOD);
    fixture_audit(f);
}

/* The same configuration again: nothing is different behind it, whatever its tags are called. */
static void test_reload_of_the_same(void **state)
{
    static const char *const NAMES[] = {"boiler.temp", "plant/2", "plant/1"}; /* the last: another's topic */
    struct fixture *f = *state;
    uint32_t ids[COUNT(NAMES)];
    for (int round = 0; round < 3; round++) {
        if (round) {
            plant_reload_begin(&f->plant, f->batch);
            plant_add_subscription(&f->plant, "plant/#", (struct payload_rule){.format = FORMAT_AUTO});
        }
        for (size_t i = 0; i < COUNT(NAMES); i++) {
            char topic[32];
            snprintf(topic, sizeof topic, "plant/%zu", i + 1);
            struct tag_def def = fixture_def(NAMES[i], topic, "");
            struct tag *tag = fixture_configure(f, &def);
            if (!round)
                ids[i] = tag->id;
            assert_int_equal(tag->id, ids[i]);
        }
        plant_reload_end(&f->plant);
        for (size_t i = 0; i < COUNT(NAMES); i++) {
            char topic[32];
            snprintf(topic, sizeof topic, "plant/%zu", i + 1);
            if (round)
                expect_number(fixture_tag(f, NAMES[i]), round - 1, QUALITY_GOOD);
            fixture_say(f, topic, round ? round == 1 ? "1" : "2" : "0");
        }
        assert_int_equal(f->plant.tag_count, COUNT(NAMES));
        fixture_audit(f);
    }
}

static void test_reload_that_drops_things(void **state)
{
    struct fixture *f = *state;
    struct tag_def named = fixture_def("plant/t", "plant/t", ""), other = fixture_def("x", "plant/x", "");
    struct tag *tag = fixture_configure(f, &named);
    fixture_configure(f, &other);
    plant_ignore_topic(&f->plant, "plant/t/set");
    fixture_say(f, "plant/t", "1");
    fixture_say(f, "plant/t/set", "1");
    fixture_say(f, "plant/free", "1");
    assert_int_equal(f->plant.tag_count, 3);
    plant_reload_begin(&f->plant, f->batch);
    plant_add_subscription(&f->plant, "plant/t/#", (struct payload_rule){.format = FORMAT_PLAIN});
    plant_reload_end(&f->plant);
    expect_number(tag, 1, QUALITY_GOOD); /* it goes on as a discovered one */
    assert_false(tag->configured);
    assert_string_equal(tag->def.name, "plant/t");
    assert_string_equal(fixture_tag(f, "plant/x")->def.topic, "plant/x");
    fixture_say(f, "plant/t", "{\"a\":1}"); /* by another decoder */
    expect_text(tag, "{\"a\":1}", QUALITY_GOOD);
    fixture_say(f, "plant/t/set", "5"); /* no setpoint any more */
    expect_number(fixture_tag(f, "plant/t/set"), 5, QUALITY_GOOD);
    fixture_say(f, "plant/free", "2"); /* the kept session still sends it, nobody asks for it */
    expect_number(fixture_tag(f, "plant/free"), 1, QUALITY_GOOD);
    fixture_audit(f);
}

static void test_changed_list(void **state)
{
    struct fixture *f = *state;
    struct tag **changed;
    fixture_say(f, "plant/a", "1");
    fixture_say(f, "plant/a", "2");
    fixture_say(f, "plant/b", "1");
    assert_int_equal(plant_take_changed(&f->plant, &changed), 2);
    assert_int_equal(plant_take_changed(&f->plant, &changed), 0);
    fixture_say(f, "plant/b", "1"); /* the same again is a change: its time */
    assert_int_equal(plant_take_changed(&f->plant, &changed), 1);
}

#define WITH_PLANT(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PLANT(test_adopt_keeps_ids_and_values),
        WITH_PLANT(test_addresses_do_not_mix),
        WITH_PLANT(test_naming_a_discovered_tag),
        WITH_PLANT(test_configured_tags_swap_names),
        WITH_PLANT(test_reload_of_the_same),
        WITH_PLANT(test_reload_that_drops_things),
        WITH_PLANT(test_changed_list),
    };
    return cmocka_run_group_tests_name("plant_reload", tests, NULL, NULL);
}
