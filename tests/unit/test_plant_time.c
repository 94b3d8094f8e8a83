/* The live plant over time: source times, the link, staleness, and a property that holds for any messages. */
#include "plant_fixture.h"

#include <inttypes.h>
#include <stdio.h>

static void say_at(struct fixture *f, const char *topic, double value, int64_t source_us)
{
    char payload[96];
    snprintf(payload, sizeof payload, "{\"v\":%g,\"ts\":%" PRId64 "}", value, source_us);
    fixture_say(f, topic, payload);
}

/* ---- source times ---- */

static void test_source_time_window(void **state)
{
    static const struct {
        int64_t offset_us;
        bool accepted;
    } ROWS[] = {
        {0, true},     {60 * SECOND, true},    {60 * SECOND + 1, false},    {HOUR, false},
        {-HOUR, true}, {-7 * 24 * HOUR, true}, {-7 * 24 * HOUR - 1, false}, {-1000 * 24 * HOUR, false},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        char topic[32];
        uint64_t refused = f->plant.counters.refused_times;
        snprintf(topic, sizeof topic, "plant/%zu", i);
        fixture_skip_samples(f);
        say_at(f, topic, 1, T0 + ROWS[i].offset_us);
        const struct batch_sample *sample = fixture_next_sample(f);
        assert_int_equal(sample->ts_us, ROWS[i].accepted ? T0 + ROWS[i].offset_us : T0);
        assert_int_equal(sample->quality, ROWS[i].accepted ? QUALITY_GOOD : QUALITY_UNCERTAIN);
        assert_int_equal(f->plant.counters.refused_times - refused, !ROWS[i].accepted);
        assert_int_equal(f->plant.tags[i]->source_time, ROWS[i].accepted);
        assert_int_equal(f->plant.tags[i]->arrival_us, T0);
    }
    fixture_audit(f);
}

static void test_late_samples(void **state)
{
    struct fixture *f = *state;
    say_at(f, "plant/t", 1, T0);
    struct tag *tag = fixture_tag(f, "plant/t:v");
    fixture_pass(f, 5 * SECOND);
    fixture_skip_samples(f);
    say_at(f, "plant/t", 9, T0 - SECOND);
    expect_number(tag, 1, QUALITY_GOOD);
    assert_int_equal(tag->ts_us, T0);
    const struct batch_sample *sample = fixture_next_sample(f);
    assert_int_equal(sample->ts_us, T0 - SECOND);
    assert_true(sample->number == 9);
    assert_int_equal(tag->late_samples, 1);
    assert_int_equal(f->plant.counters.late_samples, 1);
    say_at(f, "plant/t", 2, T0); /* the same time again is not late */
    expect_number(tag, 2, QUALITY_GOOD);
    fixture_audit(f);
}

/* A late sample does not keep a tag fresh: the source's clock, or what it sends, is old. */
static void test_late_samples_do_not_refresh(void **state)
{
    struct fixture *f = *state;
    struct tag_def def = fixture_def("t", "plant/t", "v");
    def.stale_after_us = 10 * SECOND;
    struct tag *tag = fixture_configure(f, &def);
    say_at(f, "plant/t", 1, T0);
    for (int i = 0; i < 11; i++) {
        fixture_pass(f, SECOND);
        say_at(f, "plant/t", 2, T0 - HOUR);
        plant_tick(&f->plant, &f->now, f->batch);
    }
    expect_number(tag, 1, QUALITY_UNCERTAIN_LAST_USABLE);
}

static void test_source_clock_that_stands(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 5; i++) {
        say_at(f, "plant/t", i, T0);
        expect_number(fixture_tag(f, "plant/t:v"), i, QUALITY_GOOD);
        fixture_pass(f, SECOND);
    }
    for (int i = 5; i < 10; i++) { /* a device that lost its clock: 1980 */
        say_at(f, "plant/t", i, 315532800 * SECOND);
        expect_number(fixture_tag(f, "plant/t:v"), i, QUALITY_UNCERTAIN);
        assert_int_equal(fixture_tag(f, "plant/t:v")->ts_us, f->now.wall_us);
        fixture_pass(f, SECOND);
    }
    assert_int_equal(f->plant.counters.refused_times, 5);
    fixture_audit(f);
}

static void test_wall_clock_stepped_back(void **state)
{
    struct fixture *f = *state;
    fixture_say(f, "plant/t", "1");
    f->now.wall_us -= HOUR;
    f->now.mono_us += SECOND;
    fixture_say(f, "plant/t", "2");
    expect_number(fixture_tag(f, "plant/t"), 2, QUALITY_GOOD);
    assert_int_equal(fixture_tag(f, "plant/t")->ts_us, T0 - HOUR);
    assert_int_equal(f->plant.counters.late_samples, 0);
    fixture_audit(f);
}

/* The sources' clock and this machine's were set back together: what comes now is live, not late. */
static void test_all_clocks_stepped_back(void **state)
{
    struct fixture *f = *state;
    say_at(f, "plant/t", 1, T0);
    f->now.wall_us -= HOUR;
    f->now.mono_us += SECOND;
    say_at(f, "plant/t", 2, T0 - HOUR);
    expect_number(fixture_tag(f, "plant/t:v"), 2, QUALITY_GOOD);
    say_at(f, "plant/t", 3, T0 - HOUR - SECOND);
    expect_number(fixture_tag(f, "plant/t:v"), 2, QUALITY_GOOD);
    assert_int_equal(f->plant.counters.late_samples, 1);
    fixture_audit(f);
}

/* As after each connection: what the broker kept is known already, and its time would be that of now. */
static void test_retained_repeats(void **state)
{
    struct fixture *f = *state;
    fixture_send(f, "plant/t", "5", 1, true);
    assert_int_equal(f->batch->count, 1); /* it was not known */
    int64_t ts_us = fixture_tag(f, "plant/t")->ts_us;
    fixture_pass(f, INT64_C(60000000));
    plant_link_down(&f->plant);
    plant_link_up(&f->plant, &f->now);
    fixture_send(f, "plant/t", "5", 1, true);
    assert_int_equal(f->batch->count, 1);
    assert_int_equal(fixture_tag(f, "plant/t")->ts_us, ts_us);
    assert_int_equal(fixture_tag(f, "plant/t")->quality, QUALITY_UNCERTAIN);
    plant_backlog_end(&f->plant, &f->now);
    fixture_say(f, "plant/t", "5"); /* live: a sample, though the value is the same */
    assert_int_equal(f->batch->count, 2);
    fixture_send(f, "plant/t", "5", 1, true); /* says less than is known */
    assert_false(fixture_tag(f, "plant/t")->retained);
    assert_int_equal(fixture_tag(f, "plant/t")->quality, QUALITY_GOOD);
    fixture_send(f, "plant/t", "6", 1, true); /* another value is news */
    assert_int_equal(f->batch->count, 3);
    assert_true(fixture_tag(f, "plant/t")->retained);
}

static void test_retained(void **state)
{
    struct fixture *f = *state;
    fixture_send(f, "plant/t", "1", 1, true);
    expect_number(fixture_tag(f, "plant/t"), 1, QUALITY_UNCERTAIN);
    assert_true(fixture_tag(f, "plant/t")->retained);
    fixture_say(f, "plant/t", "2");
    assert_false(fixture_tag(f, "plant/t")->retained);
}

/* ---- the link ---- */

static void test_backlog_is_uncertain_without_source_time(void **state)
{
    struct fixture *f = *state;
    plant_link_up(&f->plant, &f->now);
    fixture_say(f, "plant/plain", "1");
    say_at(f, "plant/json", 2, T0 - 5 * SECOND);
    fixture_say(f, "plant/bad", "nan");
    expect_number(fixture_tag(f, "plant/plain"), 1, QUALITY_UNCERTAIN);
    expect_number(fixture_tag(f, "plant/json:v"), 2, QUALITY_GOOD);
    assert_true(fixture_tag(f, "plant/plain")->backlog && fixture_tag(f, "plant/json:v")->backlog);
    plant_backlog_end(&f->plant, &f->now);
    fixture_say(f, "plant/plain", "3");
    expect_number(fixture_tag(f, "plant/plain"), 3, QUALITY_GOOD);
    assert_false(fixture_tag(f, "plant/plain")->backlog);
    fixture_audit(f);
}

static void test_link_down_and_up(void **state)
{
    const struct value known = {.type = VALUE_NUMBER, .number = 5};
    struct fixture *f = *state;
    struct tag **changed;
    plant_adopt(&f->plant, 3, "x", "plant/unheard", "", TAG_ANALOG, &known, T0);
    plant_restore_discovered(&f->plant);
    fixture_say(f, "plant/t", "1");
    fixture_say(f, "plant/bad", "1");
    fixture_say(f, "plant/bad", "inf");
    plant_take_changed(&f->plant, &changed);
    plant_link_down(&f->plant);
    assert_false(f->plant.link_up);
    expect_number(fixture_tag(f, "plant/t"), 1, QUALITY_UNCERTAIN_NO_COMM);
    expect_number(fixture_tag(f, "plant/bad"), 1, QUALITY_UNCERTAIN_NO_COMM);
    expect_number(fixture_tag(f, "plant/unheard"), 5, QUALITY_UNCERTAIN_INITIAL);
    assert_int_equal(plant_take_changed(&f->plant, &changed), 2);
    assert_int_equal(f->plant.counters.bad, 0);
    plant_link_up(&f->plant, &f->now);
    assert_true(quality_is_uncertain(fixture_tag(f, "plant/t")->quality)); /* until it speaks again */
    plant_backlog_end(&f->plant, &f->now);
    assert_true(quality_is_uncertain(fixture_tag(f, "plant/t")->quality));
    fixture_say(f, "plant/t", "2");
    expect_number(fixture_tag(f, "plant/t"), 2, QUALITY_GOOD);
    fixture_audit(f);
}

/* ---- staleness ---- */

static struct tag *configure_stale(struct fixture *f, int64_t stale_after_us)
{
    struct tag_def def = fixture_def("t", "plant/t", "");
    def.stale_after_us = stale_after_us;
    return fixture_configure(f, &def);
}

static void tick(struct fixture *f)
{
    plant_tick(&f->plant, &f->now, f->batch);
    fixture_audit(f);
}

static void test_stale_to_the_microsecond(void **state)
{
    struct fixture *f = *state;
    struct tag *tag = configure_stale(f, 10 * SECOND);
    fixture_say(f, "plant/t", "1");
    fixture_skip_samples(f);
    fixture_pass(f, 10 * SECOND);
    tick(f);
    expect_number(tag, 1, QUALITY_GOOD);
    assert_int_equal(f->seen, f->batch->count);
    fixture_pass(f, 1);
    tick(f);
    expect_number(tag, 1, QUALITY_UNCERTAIN_LAST_USABLE);
    assert_true(tag->stale);
    assert_int_equal(f->plant.counters.stale, 1);
    const struct batch_sample *sample = fixture_next_sample(f);
    assert_int_equal(sample->quality, QUALITY_UNCERTAIN_LAST_USABLE);
    assert_int_equal(sample->ts_us, T0 + 10 * SECOND);
    assert_true(sample->number == 1);
    for (int i = 0; i < 5; i++) { /* said once */
        fixture_pass(f, 100 * SECOND);
        tick(f);
    }
    assert_int_equal(f->seen, f->batch->count);
    fixture_say(f, "plant/t", "2");
    expect_number(tag, 2, QUALITY_GOOD);
    assert_int_equal(f->plant.counters.stale, 0);
    fixture_pass(f, 10 * SECOND + 1); /* and again after a recovery */
    tick(f);
    expect_number(tag, 2, QUALITY_UNCERTAIN_LAST_USABLE);
}

static void test_stale_follows_the_clock_that_never_steps(void **state)
{
    struct fixture *f = *state;
    struct tag *tag = configure_stale(f, 10 * SECOND);
    fixture_say(f, "plant/t", "1");
    f->now.wall_us += 24 * HOUR;
    tick(f);
    expect_number(tag, 1, QUALITY_GOOD);
    f->now.wall_us -= 48 * HOUR;
    f->now.mono_us += 11 * SECOND;
    tick(f);
    expect_number(tag, 1, QUALITY_UNCERTAIN_LAST_USABLE);
}

static void test_not_stale(void **state)
{
    struct fixture *f = *state;
    struct tag *unheard = configure_stale(f, SECOND);
    fixture_say(f, "plant/never", "1"); /* no stale_after */
    fixture_pass(f, HOUR);
    tick(f);
    assert_int_equal(unheard->quality, QUALITY_UNCERTAIN_INITIAL);
    expect_number(fixture_tag(f, "plant/never"), 1, QUALITY_GOOD);
    assert_int_equal(f->plant.counters.stale, 0);
}

static void test_not_stale_while_the_link_is_down(void **state)
{
    struct fixture *f = *state;
    struct tag *tag = configure_stale(f, 10 * SECOND);
    fixture_say(f, "plant/t", "1");
    plant_link_down(&f->plant);
    fixture_pass(f, HOUR);
    tick(f);
    expect_number(tag, 1, QUALITY_UNCERTAIN_NO_COMM);
    plant_link_up(&f->plant, &f->now);
    fixture_pass(f, HOUR);
    tick(f); /* nor in the backlog */
    assert_false(tag->stale);
    plant_backlog_end(&f->plant, &f->now);
    fixture_pass(f, 10 * SECOND);
    tick(f);
    assert_false(tag->stale);
    fixture_pass(f, 1); /* it counts from when live data began */
    tick(f);
    assert_true(tag->stale);
    plant_link_down(&f->plant);
    expect_number(tag, 1, QUALITY_UNCERTAIN_NO_COMM);
    assert_int_equal(f->plant.counters.stale, 0);
    fixture_audit(f);
}

/* A bad payload shows that the source lives. */
static void test_bad_payload_ends_staleness(void **state)
{
    struct fixture *f = *state;
    struct tag *tag = configure_stale(f, 10 * SECOND);
    fixture_say(f, "plant/t", "1");
    fixture_pass(f, 11 * SECOND);
    tick(f);
    fixture_say(f, "plant/t", "\xff");
    expect_number(tag, 1, QUALITY_BAD_DECODING);
    assert_int_equal(f->plant.counters.stale, 0);
    assert_int_equal(f->plant.counters.bad, 1);
}

/* And silence does not make usable again what was bad: neither live nor in the history. */
static void test_silence_leaves_bad_what_was_bad(void **state)
{
    struct fixture *f = *state;
    struct tag *tag = configure_stale(f, 10 * SECOND);
    fixture_say(f, "plant/t", "1");
    fixture_say(f, "plant/t", "\xff");
    fixture_skip_samples(f);
    fixture_pass(f, 11 * SECOND);
    tick(f);
    assert_true(tag->stale);
    expect_number(tag, 1, QUALITY_BAD_DECODING);
    assert_int_equal(f->seen, f->batch->count);
    assert_int_equal(f->plant.counters.bad, 1);
    assert_int_equal(f->plant.counters.stale, 0);
    fixture_say(f, "plant/t", "2");
    expect_number(tag, 2, QUALITY_GOOD);
    fixture_audit(f);
}

/* ---- any messages ---- */

static const char *const PAYLOADS[] = {
    "1",
    "-2.5",
    "on",
    "OFF",
    "true",
    "text",
    "nan",
    "1e999",
    "",
    "null",
    "\xff\xfe",
    "{\"a\":1,\"b\":{\"c\":\"x\"}}",
    "{\"a\":\"nan\",\"b\":null}",
    "{\"a\":NaN,\"ts\":1700000001}",
    "{\"a\":2,\"ts\":1700000002}",
    "{\"a\":3,\"ts\":1699999000000}",
    "{\"a\":4,\"ts\":1}",
    "{\"a\":5,\"ts\":4000000000}",
    "{\"a\":",
    "[1,[2,{\"x\":true}]]",
    "\"quoted\"",
    "{\"\":1}",
    "{\"n\":1e308}",
};

static void random_configure(struct fixture *f, uint64_t *seed)
{
    static const char *const PATHS[] = {"", "a", "b.c", "n", "[0]"};
    char topic[32], name[32];
    snprintf(topic, sizeof topic, "plant/%zu", unit_random_below(seed, 20));
    const char *path = PATHS[unit_random_below(seed, COUNT(PATHS))];
    /* names are unique in a configuration: made of the address, some as a discovered tag would be called */
    snprintf(name, sizeof name, unit_random(seed) & 1 ? "%s:%s" : "T%s:%s", topic, path);
    struct tag_def def = fixture_def(name, topic, path);
    def.kind_fixed = unit_random_below(seed, 3) == 0;
    def.kind = (enum tag_kind)unit_random_below(seed, 3);
    def.scale_factor = unit_random(seed) & 1 ? 1 : 100;
    def.stale_after_us = unit_random(seed) & 1 ? 5 * SECOND : 0;
    if (unit_random_below(seed, 4) == 0)
        fixture_add_state(&def, 1, "text");
    fixture_configure(f, &def);
}

static void random_step(struct fixture *f, uint64_t *seed)
{
    char topic[32];
    const char *payload = PAYLOADS[unit_random_below(seed, COUNT(PAYLOADS))];
    switch (unit_random_below(seed, 40)) {
    case 0:
        plant_link_down(&f->plant);
        break;
    case 1:
        plant_link_up(&f->plant, &f->now);
        break;
    case 2:
    case 3:
        plant_backlog_end(&f->plant, &f->now);
        break;
    case 4:
        random_configure(f, seed);
        break;
    case 8:
        if (unit_random_below(seed, 4))
            break;
        plant_reload_begin(&f->plant, f->batch);
        plant_add_subscription(&f->plant, unit_random(seed) & 1 ? "plant/#" : "plant/+",
                               (struct payload_rule){.format = FORMAT_AUTO});
        for (int i = 0; i < 5; i++)
            random_configure(f, seed);
        plant_reload_end(&f->plant);
        break;
    case 5:
        f->now.wall_us += (int64_t)unit_random_below(seed, 7200) * SECOND - HOUR;
        break;
    case 6:
    case 7:
        fixture_pass(f, (int64_t)unit_random_below(seed, 8) * SECOND);
        plant_tick(&f->plant, &f->now, f->batch);
        break;
    default:
        snprintf(topic, sizeof topic, "plant/%zu", unit_random_below(seed, 40));
        fixture_send(f, topic, payload, strlen(payload), unit_random_below(seed, 5) == 0);
    }
}

/* Whatever comes in whatever order: the counters say what a recount says, ids and names are unique, every
 * sample has a known tag and a finite number (fixture_audit). */
static void test_any_sequence_keeps_count(void **state)
{
    (void)state;
    for (uint64_t run = 1; run <= 40; run++) {
        void *fixture;
        uint64_t seed = run * 977;
        fixture_setup(&fixture);
        struct fixture *f = fixture;
        for (int step = 0; step < 600; step++) {
            random_step(f, &seed);
            if (step % 60 == 0)
                fixture_audit(f);
            if (step % 120 == 0)
                batch_clear(f->batch);
        }
        fixture_audit(f);
        fixture_teardown(&fixture);
    }
}

/* ---- batches ---- */

static void test_batches_joined(void **state)
{
    struct batch *one = batch_new(), *two = batch_new();
    const struct value a = {.type = VALUE_TEXT, .text = "alpha", .text_length = 5};
    const struct value b = {.type = VALUE_TEXT, .text = "beta", .text_length = 4};
    const struct value n = {.type = VALUE_NUMBER, .number = 4};
    (void)state;
    assert_true(batch_is_empty(one));
    batch_add_samples(one, two);
    assert_true(batch_is_empty(one));
    batch_add_sample(one, 1, T0, &a, QUALITY_GOOD);
    batch_add_sample(two, 2, T0, &n, QUALITY_GOOD);
    batch_add_sample(two, 3, T0 + 1, &b, QUALITY_UNCERTAIN);
    batch_add_samples(one, two);
    assert_int_equal(one->count, 3);
    assert_memory_equal(batch_sample_value(one, &one->samples[0]).text, "alpha", 5);
    assert_true(batch_sample_value(one, &one->samples[1]).number == 4);
    struct value joined = batch_sample_value(one, &one->samples[2]);
    assert_int_equal(joined.text_length, 4);
    assert_memory_equal(joined.text, "beta", 4);
    batch_add_gap(one, T0, T0 + 1, "broker away");
    batch_clear(one);
    assert_true(batch_is_empty(one));
    batch_free(one);
    batch_free(two);
    batch_free(NULL);
}

static void test_quality_words(void **state)
{
    static const struct {
        uint32_t code;
        const char *word;
    } ROWS[] = {
        {QUALITY_GOOD, "good"},
        {QUALITY_UNCERTAIN, "uncert"},
        {QUALITY_UNCERTAIN_NO_COMM, "nocomm"},
        {QUALITY_UNCERTAIN_LAST_USABLE, "stale"},
        {QUALITY_UNCERTAIN_INITIAL, "init"},
        {QUALITY_BAD_DECODING, "decode"},
        {QUALITY_BAD_OUT_OF_RANGE, "range"},
        {QUALITY_BAD_NO_DATA, "nodata"},
        {QUALITY_BAD_OUT_OF_SERVICE, "oos"},
        {0x00000001, "good"},
        {0x40FF0000, "uncert"},
        {0x80FF0000, "bad"},
        {0xC0000000, "bad"},
        {UINT32_MAX, "bad"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        assert_string_equal(quality_word(ROWS[i].code), ROWS[i].word);
        assert_true(*quality_text(ROWS[i].code));
    }
}

#define WITH_PLANT(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PLANT(test_source_time_window),
        WITH_PLANT(test_late_samples),
        WITH_PLANT(test_late_samples_do_not_refresh),
        WITH_PLANT(test_source_clock_that_stands),
        WITH_PLANT(test_wall_clock_stepped_back),
        WITH_PLANT(test_all_clocks_stepped_back),
        WITH_PLANT(test_retained),
        WITH_PLANT(test_retained_repeats),
        WITH_PLANT(test_backlog_is_uncertain_without_source_time),
        WITH_PLANT(test_link_down_and_up),
        WITH_PLANT(test_stale_to_the_microsecond),
        WITH_PLANT(test_stale_follows_the_clock_that_never_steps),
        WITH_PLANT(test_not_stale),
        WITH_PLANT(test_not_stale_while_the_link_is_down),
        WITH_PLANT(test_bad_payload_ends_staleness),
        WITH_PLANT(test_silence_leaves_bad_what_was_bad),
        cmocka_unit_test(test_any_sequence_keeps_count),
        cmocka_unit_test(test_batches_joined),
        cmocka_unit_test(test_quality_words),
    };
    return cmocka_run_group_tests_name("plant over time", tests, NULL, NULL);
}
