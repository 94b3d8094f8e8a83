/* The live plant: which messages become which tags, and what the tags show then. */
#include "plant/filter.h"
#include "plant_fixture.h"

#include <stdio.h>

/* ---- discovery ---- */

static void test_discovers_plain_topics(void **state)
{
    struct fixture *f = *state;
    fixture_say(f, "plant/boiler/temp", "21.5");
    fixture_say(f, "plant/boiler/burner", "ON");
    fixture_say(f, "plant/boiler/mode", "auto");
    struct tag *temp = fixture_tag(f, "plant/boiler/temp"), *burner = fixture_tag(f, "plant/boiler/burner");
    expect_number(temp, 21.5, QUALITY_GOOD);
    assert_int_equal(temp->def.kind, TAG_ANALOG);
    assert_string_equal(temp->def.area, "plant/boiler");
    assert_false(temp->configured);
    assert_int_equal(temp->ts_us, T0);
    expect_number(burner, 1, QUALITY_GOOD);
    assert_int_equal(burner->def.kind, TAG_DISCRETE);
    assert_string_equal(tag_def_state_text(&burner->def, 0), "off");
    expect_text(fixture_tag(f, "plant/boiler/mode"), "auto", QUALITY_GOOD);
    assert_int_equal(f->batch->tag_count, 3);
    assert_int_equal(f->batch->count, 3);
    fixture_audit(f);
}

static void test_discovers_members(void **state)
{
    struct fixture *f = *state;
    char payload[512], text[300];
    memset(text, 'x', sizeof text);
    text[257] = '\0';
    snprintf(payload, sizeof payload,
             "{\"t\":[1,2],\"on\":true,\"mode\":\"auto\",\"long\":\"%s\",\"none\":null,\"ts\":1700000000,"
             "\"bad\":1e400}",
             text);
    fixture_say(f, "plant/pump", payload);
    expect_number(fixture_tag(f, "plant/pump:t[0]"), 1, QUALITY_GOOD);
    expect_number(fixture_tag(f, "plant/pump:t[1]"), 2, QUALITY_GOOD);
    expect_number(fixture_tag(f, "plant/pump:on"), 1, QUALITY_GOOD);
    expect_text(fixture_tag(f, "plant/pump:mode"), "auto", QUALITY_GOOD);
    assert_int_equal(fixture_tag(f, "plant/pump:bad")->quality, QUALITY_BAD_OUT_OF_RANGE);
    /* Not the long text, the lack of a value, the time. */
    assert_int_equal(f->plant.tag_count, 5);
    assert_true(fixture_tag(f, "plant/pump:on")->source_time);
    fixture_audit(f);
}

static void test_names_that_clash(void **state)
{
    struct fixture *f = *state;
    struct tag_def def = fixture_def("plant/a", "plant/other", "");
    fixture_configure(f, &def);
    fixture_say(f, "plant/a", "1");
    fixture_say(f, "plant/b:x", "2");
    fixture_say(f, "plant/b", "{\"x\":3}");
    expect_number(fixture_tag(f, "plant/a~2"), 1, QUALITY_GOOD);
    expect_number(fixture_tag(f, "plant/b:x"), 2, QUALITY_GOOD);
    expect_number(fixture_tag(f, "plant/b:x~2"), 3, QUALITY_GOOD);
    fixture_audit(f);
}

/* After a reload: the configuration names a tag as another one is called by itself already. */
static void test_configured_name_wins(void **state)
{
    struct fixture *f = *state;
    fixture_say(f, "plant/a", "1");
    struct tag *discovered = fixture_tag(f, "plant/a");
    size_t rows = f->batch->tag_count;
    struct tag_def def = fixture_def("plant/a", "plant/other", "");
    struct tag *named = fixture_configure(f, &def);
    assert_ptr_equal(fixture_tag(f, "plant/a"), named);
    assert_string_equal(discovered->def.name, "plant/a~2");
    assert_true(discovered->def_changed);
    assert_int_equal(f->batch->tag_count, rows + 2); /* both names reach the history */
    fixture_audit(f);
}

static void test_long_topics_are_refused_and_counted(void **state)
{
    struct fixture *f = *state;
    char topic[PLANT_TOPIC_MAX + 2];
    memset(topic, 'a', sizeof topic);
    memcpy(topic, "plant/", 6);
    topic[PLANT_TOPIC_MAX + 1] = '\0';
    fixture_say(f, topic, "1");
    fixture_say(f, topic, "{}");
    assert_int_equal(f->plant.counters.long_topics, 2);
    assert_int_equal(f->plant.counters.over_cap, 0);
    assert_int_equal(f->plant.tag_count, 0);
    assert_int_equal(f->plant.topics.count, 0);
    struct tag_def def = fixture_def("named", topic, ""); /* what the configuration names is taken */
    assert_non_null(fixture_configure(f, &def));
    fixture_say(f, topic, "5");
    expect_number(fixture_tag(f, "named"), 5, QUALITY_GOOD);
    topic[PLANT_TOPIC_MAX] = '\0';
    fixture_say(f, topic, "1");
    assert_int_equal(f->plant.tag_count, 2);
    assert_int_equal(f->plant.counters.long_topics, 2);
}

static void test_cap_is_counted(void **state)
{
    struct fixture *f = *state;
    char topic[32];
    for (int i = 0; i < 105; i++) {
        snprintf(topic, sizeof topic, "plant/%d", i);
        fixture_say(f, topic, "1");
    }
    assert_int_equal(f->plant.tag_count, 100);
    assert_int_equal(f->plant.counters.over_cap, 5);
    fixture_say(f, "plant/99", "{\"a\":1,\"b\":2}");
    assert_int_equal(f->plant.counters.over_cap, 7);
    fixture_say(f, "plant/7", "5"); /* those that are in go on */
    expect_number(fixture_tag(f, "plant/7"), 5, QUALITY_GOOD);
    assert_int_equal(f->plant.counters.messages, 107);
    struct tag_def def = fixture_def("named", "plant/named", ""); /* a reload is not refused */
    assert_non_null(fixture_configure(f, &def));
    plant_ignore_topic(&f->plant, "plant/named/set");
    fixture_say(f, "plant/named", "8");
    fixture_say(f, "plant/named/set", "9");
    expect_number(fixture_tag(f, "named"), 8, QUALITY_GOOD);
    assert_int_equal(f->plant.tag_count, 101);
    fixture_audit(f);
}

static void test_setpoint_topics_are_no_tags(void **state)
{
    struct fixture *f = *state;
    plant_ignore_topic(&f->plant, "plant/boiler/temp/set");
    fixture_say(f, "plant/boiler/temp/set", "80");
    fixture_say(f, "plant/boiler/temp/set", "\xff\xff");
    assert_int_equal(f->plant.tag_count, 0);
    assert_int_equal(f->batch->count, 0);
    assert_int_equal(f->plant.counters.refused_payloads, 0);
}

/* ---- configured tags ---- */

static void test_configured_topics_make_no_other_tags(void **state)
{
    struct fixture *f = *state;
    struct tag_def def = fixture_def("temp", "plant/pump", "motor.temp");
    fixture_configure(f, &def);
    fixture_say(f, "plant/pump", "{\"motor\":{\"temp\":20.5,\"speed\":3000},\"on\":true}");
    assert_int_equal(f->plant.tag_count, 1);
    expect_number(fixture_tag(f, "temp"), 20.5, QUALITY_GOOD);
    fixture_say(f, "plant/pump", "{\"on\":false}"); /* a part: no fault, nothing changes */
    expect_number(fixture_tag(f, "temp"), 20.5, QUALITY_GOOD);
    assert_int_equal(f->plant.counters.refused_payloads, 0);
    assert_int_equal(f->batch->count, 1);
    fixture_audit(f);
}

static void test_shape_that_does_not_suit(void **state)
{
    struct fixture *f = *state;
    struct tag_def path = fixture_def("temp", "plant/pump", "temp"),
                   whole = fixture_def("level", "plant/tank", "");
    struct tag_def text = fixture_def("raw", "plant/raw", "");
    text.kind_fixed = true;
    text.kind = TAG_TEXT;
    fixture_configure(f, &path);
    fixture_configure(f, &whole);
    fixture_configure(f, &text);
    fixture_say(f, "plant/pump", "{\"temp\":20}");
    fixture_say(f, "plant/pump", "21.5");
    expect_number(fixture_tag(f, "temp"), 20, QUALITY_BAD_DECODING);
    assert_string_equal(fixture_tag(f, "temp")->topic->refused_reason, "not JSON, but the tag has a path");
    fixture_say(f, "plant/tank", "3");
    fixture_say(f, "plant/tank", "{\"level\":4}");
    expect_number(fixture_tag(f, "level"), 3, QUALITY_BAD_DECODING);
    fixture_say(f, "plant/raw", "{\"level\":4}");
    expect_text(fixture_tag(f, "raw"), "{\"level\":4}", QUALITY_GOOD);
    fixture_say(f, "plant/raw", "007");
    expect_text(fixture_tag(f, "raw"), "007", QUALITY_GOOD);
    fixture_say(f, "plant/raw", "nan");
    expect_text(fixture_tag(f, "raw"), "nan", QUALITY_GOOD);
    assert_int_equal(f->plant.counters.refused_payloads, 2);
    assert_int_equal(f->plant.tag_count, 3);
    fixture_audit(f);
}

static void test_empty_member_name_is_no_payload(void **state)
{
    struct fixture *f = *state;
    struct tag_def path = fixture_def("temp", "plant/pump", "temp");
    fixture_configure(f, &path);
    fixture_say(f, "plant/pump", "{\"temp\":20,\"\":5}");
    expect_number(fixture_tag(f, "temp"), 20, QUALITY_GOOD);
}

static void test_states_by_text(void **state)
{
    static const struct {
        const char *payload;
        double number;
    } GOOD[] = {{"RUNNING", 1}, {"stopped", 0}, {" Fault\n", 7}, {"7", 7}, {"on", 1}, {"false", 0}, {"3", 3}};
    struct fixture *f = *state;
    struct tag_def def = fixture_def("pump", "plant/pump", "");
    fixture_add_state(&def, 0, "STOPPED");
    fixture_add_state(&def, 1, "Running");
    fixture_add_state(&def, 7, "fault");
    def.scale_factor = 10; /* states are as they are sent */
    struct tag *tag = fixture_configure(f, &def);
    for (size_t i = 0; i < COUNT(GOOD); i++) {
        fixture_say(f, "plant/pump", GOOD[i].payload);
        expect_number(tag, GOOD[i].number, QUALITY_GOOD);
        assert_int_equal(tag->def.kind, TAG_DISCRETE);
    }
    fixture_say(f, "plant/pump", "exploded");
    expect_number(tag, 3, QUALITY_BAD_DECODING);
    assert_string_equal(tag->topic->refused_reason, "the text is none of the tag's states");
    assert_int_equal(tag->def.kind, TAG_DISCRETE);
    fixture_audit(f);
}

static void test_scale(void **state)
{
    struct fixture *f = *state;
    struct tag_def def = fixture_def("level", "plant/tank", "");
    def.scale_factor = 0.5;
    def.scale_offset = -10;
    struct tag *tag = fixture_configure(f, &def);
    fixture_say(f, "plant/tank", "100");
    expect_number(tag, 40, QUALITY_GOOD);
    fixture_say(f, "plant/tank", "true"); /* a boolean has no unit */
    expect_number(tag, 1, QUALITY_GOOD);
    fixture_say(f, "plant/tank", "100"); /* and switches the scale not off */
    expect_number(tag, 40, QUALITY_GOOD);
    assert_int_equal(tag->def.kind, TAG_ANALOG);
    def = fixture_def("level", "plant/tank", "");
    def.scale_factor = 1e300;
    fixture_configure(f, &def);
    fixture_say(f, "plant/tank", "1e300");
    expect_number(tag, 40, QUALITY_BAD_OUT_OF_RANGE);
    fixture_audit(f);
}

static void test_kind_follows(void **state)
{
    static const struct {
        const char *payload;
        enum tag_kind kind;
    } STEPS[] = {{"1.5", TAG_ANALOG},   {"ERR", TAG_TEXT},    {"2.5", TAG_ANALOG}, {"off", TAG_DISCRETE},
                 {"1", TAG_DISCRETE},   {"42.5", TAG_ANALOG}, {"nan", TAG_ANALOG}, {"", TAG_ANALOG},
                 {"standby", TAG_TEXT}, {"on", TAG_DISCRETE}};
    struct fixture *f = *state;
    struct tag_def def = fixture_def("x", "plant/x", "");
    struct tag *configured = fixture_configure(f, &def);
    for (size_t i = 0; i < COUNT(STEPS); i++) {
        fixture_say(f, "plant/x", STEPS[i].payload);
        fixture_say(f, "plant/y", STEPS[i].payload);
        assert_int_equal(configured->def.kind, STEPS[i].kind);
        assert_int_equal(fixture_tag(f, "plant/y")->def.kind, STEPS[i].kind);
        assert_int_equal(configured->type, fixture_tag(f, "plant/y")->type);
    }
    assert_int_equal(f->plant.counters.refused_payloads, 0);
    fixture_audit(f);
}

/* Each change of kind is a row for the history: a tag that never settles makes few of them. */
static void test_kind_that_never_settles(void **state)
{
    struct fixture *f = *state;
    fixture_say(f, "plant/z", "1.5");
    size_t rows = f->batch->tag_count;
    for (int i = 0; i < 100; i++)
        fixture_say(f, "plant/z", i % 2 ? "2.5" : "ERR");
    assert_true(f->batch->tag_count - rows <= 8);
    assert_int_equal(fixture_tag(f, "plant/z")->def.kind, TAG_ANALOG);
    fixture_audit(f);
}

/* A fixed kind, or a range, says that texts are no values. */
static void test_kind_that_is_fixed(void **state)
{
    struct fixture *f = *state;
    struct tag_def fixed = fixture_def("fixed", "plant/fixed", ""),
                   ranged = fixture_def("ranged", "plant/ranged", "");
    fixed.kind_fixed = true;
    ranged.has_range = true;
    ranged.high = 10;
    struct tag *tags[] = {fixture_configure(f, &fixed), fixture_configure(f, &ranged)};
    for (size_t i = 0; i < COUNT(tags); i++) {
        fixture_say(f, tags[i]->def.topic, "5");
        fixture_say(f, tags[i]->def.topic, "1,5");
        expect_number(tags[i], 5, QUALITY_BAD_DECODING);
        assert_int_equal(tags[i]->def.kind, TAG_ANALOG);
        assert_string_equal(tags[i]->topic->refused_reason, "not a number");
        fixture_say(f, tags[i]->def.topic, "1.5");
        expect_number(tags[i], 1.5, QUALITY_GOOD);
    }
    fixture_audit(f);
}

/* ---- what cannot be used ---- */

static void test_not_finite_keeps_the_value(void **state)
{
    static const char *const PAYLOADS[] = {"nan", "-inf", "1e999", "Infinity"};
    struct fixture *f = *state;
    fixture_say(f, "plant/t", "20");
    for (size_t i = 0; i < COUNT(PAYLOADS); i++) {
        fixture_skip_samples(f);
        fixture_say(f, "plant/t", PAYLOADS[i]);
        expect_number(fixture_tag(f, "plant/t"), 20, QUALITY_BAD_OUT_OF_RANGE);
        const struct batch_sample *sample = fixture_next_sample(f);
        assert_int_equal(sample->type, VALUE_NONE);
        assert_int_equal(sample->quality, QUALITY_BAD_OUT_OF_RANGE);
    }
    assert_int_equal(f->plant.counters.bad, 1);
    fixture_say(f, "plant/t", "");
    expect_number(fixture_tag(f, "plant/t"), 20, QUALITY_BAD_NO_DATA);
    fixture_say(f, "plant/t", "21");
    expect_number(fixture_tag(f, "plant/t"), 21, QUALITY_GOOD);
    assert_int_equal(f->plant.counters.bad, 0);
    fixture_audit(f);
}

static void test_undecodable(void **state)
{
    struct fixture *f = *state;
    fixture_say(f, "plant/p", "{\"a\":1,\"b\":2}");
    fixture_say(f, "plant/p", "{\"a\":1,\"b\":");
    expect_number(fixture_tag(f, "plant/p:a"), 1, QUALITY_BAD_DECODING);
    expect_number(fixture_tag(f, "plant/p:b"), 2, QUALITY_BAD_DECODING);
    const struct plant_topic *topic = fixture_tag(f, "plant/p:a")->topic;
    assert_int_equal(topic->refused, 1);
    assert_int_equal(topic->refused_us, T0);
    assert_int_equal(topic->refused_length, 11);
    assert_memory_equal(topic->refused_excerpt, "{\"a\":1,\"b\":", 11);
    assert_non_null(strstr(topic->refused_reason, "not valid JSON"));
    assert_int_equal(f->plant.counters.refused_payloads, 1);
    assert_int_equal(f->plant.counters.bad, 2);
    fixture_say(f, "plant/p", "{\"a\":5}"); /* recovers by itself, each member for itself */
    expect_number(fixture_tag(f, "plant/p:a"), 5, QUALITY_GOOD);
    expect_number(fixture_tag(f, "plant/p:b"), 2, QUALITY_BAD_DECODING);
    assert_int_equal(f->plant.counters.bad, 1);
    fixture_say(f, "plant/unknown", "\xff\xfe\x01"); /* a topic without tags is counted too */
    assert_int_equal(f->plant.counters.refused_payloads, 2);
    assert_int_equal(f->plant.tag_count, 2);
    fixture_audit(f);
}

static void test_oversize(void **state)
{
    struct fixture *f = *state;
    char payload[5000];
    memset(payload, '1', sizeof payload);
    fixture_say(f, "plant/t", "20");
    fixture_send(f, "plant/t", payload, 4096, false); /* just small enough: a text */
    assert_int_equal(f->plant.counters.oversize_payloads, 0);
    fixture_say(f, "plant/t", "20");
    fixture_send(f, "plant/t", payload, 4097, false);
    expect_number(fixture_tag(f, "plant/t"), 20, QUALITY_BAD_DECODING);
    assert_int_equal(f->plant.counters.oversize_payloads, 1);
    assert_int_equal(fixture_tag(f, "plant/t")->topic->refused_length, 4097);
    fixture_audit(f);
}

static void test_long_texts(void **state)
{
    static const size_t LENGTHS[] = {PLANT_TEXT_SHOWN_MAX - 1, PLANT_TEXT_SHOWN_MAX, PLANT_TEXT_SHOWN_MAX + 1,
                                     4000};
    struct fixture *f = *state;
    char payload[4096];
    memset(payload, 'x', sizeof payload);
    for (size_t i = 0; i < COUNT(LENGTHS); i++) {
        fixture_skip_samples(f);
        fixture_send(f, "plant/text", payload, LENGTHS[i], false);
        const struct tag *tag = fixture_tag(f, "plant/text");
        bool cut = LENGTHS[i] > PLANT_TEXT_SHOWN_MAX;
        assert_int_equal(tag->text_length, cut ? PLANT_TEXT_SHOWN_MAX : LENGTHS[i]);
        assert_int_equal(tag->truncated, cut);
        struct value stored = batch_sample_value(f->batch, fixture_next_sample(f));
        assert_int_equal(stored.text_length, LENGTHS[i]); /* history gets it whole */
        assert_memory_equal(stored.text, payload, LENGTHS[i]);
    }
    assert_int_equal(f->plant.counters.truncated_texts, 2);
    fixture_say(f, "plant/text", "short");
    assert_false(fixture_tag(f, "plant/text")->truncated);
    fixture_audit(f);
}

/* ---- filters ---- */

static const struct {
    const char *filter, *topic;
    bool matches;
} FILTERS[] = {
    {"a/b", "a/b", true},     {"a/b", "a/c", false},      {"a/b", "a", false},
    {"a", "a/b", false},      {"a/b", "a/bc", false},     {"a/bc", "a/b", false},
    {"#", "a", true},         {"#", "a/b/c", true},       {"a/#", "a", true},
    {"a/#", "a/", true},      {"a/#", "a/b/c", true},     {"a/#", "ab", false},
    {"+", "a", true},         {"+", "a/b", false},        {"+", "", true},
    {"+/+", "/a", true},      {"/+", "/a", true},         {"+", "/a", false},
    {"a/+", "a/", true},      {"a/+", "a", false},        {"a/+/c", "a/b/c", true},
    {"a/+/c", "a//c", true},  {"a/+/c", "a/b/d", false},  {"a/+/#", "a/b", true},
    {"a/+/#", "a", false},    {"+/#", "a", true},         {"#", "$SYS/x", false},
    {"+/x", "$SYS/x", false}, {"$SYS/#", "$SYS/x", true}, {"$SYS/+", "$SYS/x", true},
    {"a/b", "a/b/", false},   {"a/b/", "a/b", false},     {"a//b", "a/b", false},
    {"A", "a", false},        {"+/b/+", "a/b/c", true},   {"+/b/+", "a/b", false},
};

static void test_filters(void **state)
{
    static const char *const BAD[] = {"", "a#", "a/#/b", "#/a", "a+", "+a", "a/b+/c", "a/+b", "\xff", "a/##"};
    (void)state;
    for (size_t i = 0; i < COUNT(FILTERS); i++)
        if (filter_matches(FILTERS[i].filter, FILTERS[i].topic) != FILTERS[i].matches)
            fail_msg("%s and %s", FILTERS[i].filter, FILTERS[i].topic);
    for (size_t i = 0; i < COUNT(FILTERS); i++)
        assert_null(filter_fault(FILTERS[i].filter));
    for (size_t i = 0; i < COUNT(BAD); i++)
        assert_non_null(filter_fault(BAD[i]));
    assert_null(filter_topic_fault("a/b"));
    assert_non_null(filter_topic_fault("a/+"));
    assert_non_null(filter_topic_fault("#"));
}

static void test_subscription_chooses_the_decoder(void **state)
{
    struct fixture *f = *state;
    plant_add_subscription(&f->plant, "raw/#", (struct payload_rule){.format = FORMAT_PLAIN});
    plant_add_subscription(&f->plant, "raw/json",
                           (struct payload_rule){.format = FORMAT_JSON}); /* the first that matches counts */
    plant_add_subscription(&f->plant, "json/#", (struct payload_rule){.format = FORMAT_JSON});
    fixture_say(f, "raw/json", "{\"a\":1}");
    expect_text(fixture_tag(f, "raw/json"), "{\"a\":1}", QUALITY_GOOD);
    fixture_say(f, "json/x", "on");
    assert_int_equal(f->plant.counters.refused_payloads, 1);
    assert_int_equal(f->plant.tag_count, 1);
}

#define WITH_PLANT(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PLANT(test_discovers_plain_topics),
        WITH_PLANT(test_discovers_members),
        WITH_PLANT(test_names_that_clash),
        WITH_PLANT(test_configured_name_wins),
        WITH_PLANT(test_long_topics_are_refused_and_counted),
        WITH_PLANT(test_cap_is_counted),
        WITH_PLANT(test_setpoint_topics_are_no_tags),
        WITH_PLANT(test_configured_topics_make_no_other_tags),
        WITH_PLANT(test_shape_that_does_not_suit),
        WITH_PLANT(test_empty_member_name_is_no_payload),
        WITH_PLANT(test_states_by_text),
        WITH_PLANT(test_scale),
        WITH_PLANT(test_kind_follows),
        WITH_PLANT(test_kind_that_never_settles),
        WITH_PLANT(test_kind_that_is_fixed),
        WITH_PLANT(test_not_finite_keeps_the_value),
        WITH_PLANT(test_undecodable),
        WITH_PLANT(test_oversize),
        WITH_PLANT(test_long_texts),
        cmocka_unit_test(test_filters),
        WITH_PLANT(test_subscription_chooses_the_decoder),
    };
    return cmocka_run_group_tests_name("plant", tests, NULL, NULL);
}
