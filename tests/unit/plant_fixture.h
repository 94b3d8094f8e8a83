/* A live plant with a batch and a clock of its own, for the tests of src/plant/. */
#ifndef TESTS_PLANT_FIXTURE_H
#define TESTS_PLANT_FIXTURE_H

#include "base/mem.h"
#include "plant/plant.h"

#include "unit.h"

#define SECOND INT64_C(1000000)
#define HOUR   (3600 * SECOND)
#define T0     (INT64_C(1700000000) * SECOND)

struct fixture {
    struct plant plant;
    struct batch *batch;
    struct plant_time now;
    size_t seen; /* samples of the batch that a test has looked at */
};

static inline int fixture_setup(void **state)
{
    struct fixture *f = mem_new(1, sizeof *f);
    plant_init(&f->plant, &(struct plant_options){.max_tags = 100,
                                                  .max_payload = 4096,
                                                  .source_time_past_us = 7 * 24 * HOUR,
                                                  .source_time_future_us = 60 * SECOND});
    f->batch = batch_new();
    f->now = (struct plant_time){.wall_us = T0, .mono_us = 5000 * SECOND};
    plant_add_subscription(&f->plant, "plant/#", (struct payload_rule){.format = FORMAT_AUTO});
    plant_link_up(&f->plant, &f->now);
    plant_backlog_end(&f->plant, &f->now);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    plant_free(&f->plant);
    batch_free(f->batch);
    free(f);
    return 0;
}

static inline void fixture_send(struct fixture *f, const char *topic, const void *payload, size_t length,
                                bool retained)
{
    const struct plant_message message = {
        .topic = topic, .payload = payload, .length = length, .qos = 1, .retained = retained};
    plant_receive(&f->plant, &message, &f->now, f->batch);
}

static inline void fixture_say(struct fixture *f, const char *topic, const char *payload)
{
    fixture_send(f, topic, payload, strlen(payload), false);
}

static inline void fixture_pass(struct fixture *f, int64_t span_us)
{
    f->now.wall_us += span_us;
    f->now.mono_us += span_us;
}

static inline struct tag *fixture_tag(const struct fixture *f, const char *name)
{
    struct tag *tag = plant_tag_by_name(&f->plant, name);
    if (!tag)
        fail_msg("there is no tag %s", name);
    return tag;
}

/* A configured tag; change `def` of what is returned by *fixture_def() before. */
static inline struct tag_def fixture_def(const char *name, const char *topic, const char *path)
{
    struct tag_def def;
    tag_def_init(&def);
    def.name = mem_copy_text(name);
    def.topic = mem_copy_text(topic);
    def.path = mem_copy_text(path);
    def.area = tag_def_area_of_topic(topic);
    return def;
}

static inline void fixture_add_state(struct tag_def *def, double value, const char *text)
{
    def->states = mem_resize(def->states, def->state_count + 1, sizeof *def->states);
    def->states[def->state_count++] = (struct tag_state){.value = value, .text = mem_copy_text(text)};
}

/* Adds it and releases `def`. */
static inline struct tag *fixture_configure(struct fixture *f, struct tag_def *def)
{
    struct tag *tag = plant_add_configured(&f->plant, def, f->batch);
    tag_def_free(def);
    return tag;
}

static inline void expect_number(const struct tag *tag, double number, uint32_t quality)
{
    if (tag->type != VALUE_NUMBER || tag->number != number || tag->quality != quality)
        fail_msg("%s: type %d, number %g, quality %08x", tag->def.name, tag->type, tag->number, tag->quality);
}

static inline void expect_text(const struct tag *tag, const char *text, uint32_t quality)
{
    if (tag->type != VALUE_TEXT || tag->text_length != strlen(text) || strcmp(tag->text, text) != 0 ||
        tag->quality != quality)
        fail_msg("%s: type %d, text \"%s\", quality %08x", tag->def.name, tag->type, tag->text, tag->quality);
}

/* The next sample of the batch that no test has looked at. */
static inline const struct batch_sample *fixture_next_sample(struct fixture *f)
{
    if (f->seen >= f->batch->count)
        fail_msg("no further sample in the batch");
    return &f->batch->samples[f->seen++];
}

static inline void fixture_skip_samples(struct fixture *f)
{
    f->seen = f->batch->count;
}

/* Counts again what the counters should say, and looks at every sample. */
static inline void fixture_audit(const struct fixture *f)
{
    const struct plant *plant = &f->plant;
    uint64_t bad = 0, stale = 0, discovered = 0, samples = 0, late = 0;
    for (size_t i = 0; i < plant->tag_count; i++) {
        const struct tag *tag = plant->tags[i];
        bad += quality_is_bad(tag->quality);
        stale += tag->quality == QUALITY_UNCERTAIN_LAST_USABLE;
        discovered += !tag->configured;
        samples += tag->samples;
        late += tag->late_samples;
        assert_int_equal(tag->index, i);
        assert_int_not_equal(tag->id, 0);
        assert_ptr_equal(plant_tag_by_id(plant, tag->id), tag);         /* ids are unique */
        assert_ptr_equal(plant_tag_by_name(plant, tag->def.name), tag); /* names too */
        assert_true(tag->text_length <= PLANT_TEXT_SHOWN_MAX);
        if (tag->type == VALUE_TEXT)
            assert_int_equal(tag->text[tag->text_length], '\0');
        if (tag->type == VALUE_NUMBER)
            assert_true(tag->number - tag->number == 0); /* finite */
    }
    assert_int_equal(plant->counters.bad, bad);
    assert_int_equal(plant->counters.stale, stale);
    assert_int_equal(plant->counters.discovered, discovered);
    assert_int_equal(plant->counters.samples, samples);
    assert_int_equal(plant->counters.late_samples, late);
    for (size_t i = 0; i < f->batch->count; i++) {
        const struct batch_sample *sample = &f->batch->samples[i];
        assert_non_null(plant_tag_by_id(plant, sample->tag_id));
        assert_true(sample->number - sample->number == 0);
        if (sample->type == VALUE_TEXT)
            assert_true((size_t)sample->text_offset + sample->text_length <= f->batch->texts.length);
    }
}

#endif
