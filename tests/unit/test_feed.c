/* What a console has still to be told: marks and the frames made of them. */
#include "recorder/feed.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "wire/wire.h"

#include "unit.h"

#include <stdio.h>

#define TAGS 1500

struct fixture {
    struct plant plant;
    struct batch *batch;
    struct feed feed;
    struct buf out;
    uint32_t told[TAGS + 2]; /* SAMPLE records by tag id */
    uint32_t defined[TAGS + 2];
    uint32_t states, limits;
    size_t frames, longest;
    struct wire_sample last;
    char last_text[4096];
};

static void say(struct fixture *f, const char *topic, const void *payload, size_t length)
{
    plant_receive(&f->plant, &(struct plant_message){.topic = topic, .payload = payload, .length = length},
                  &(struct plant_time){.wall_us = 1, .mono_us = 1}, f->batch);
    batch_clear(f->batch);
}

static int setup(void **state)
{
    struct fixture *f = mem_new(1, sizeof *f);
    plant_init(&f->plant, &(struct plant_options){.max_tags = TAGS + 1, .max_payload = 1 << 20});
    f->batch = batch_new();
    buf_init(&f->out, 0);
    for (int i = 0; i < TAGS; i++) {
        char topic[32];
        snprintf(topic, sizeof topic, "plant/%d", i);
        say(f, topic, "on", 2);
    }
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    feed_free(&f->feed);
    plant_free(&f->plant);
    batch_free(f->batch);
    buf_free(&f->out);
    free(f);
    return 0;
}

static void take_record(struct fixture *f, enum wire_type type, const void *record)
{
    if (type == WIRE_TAG) {
        f->defined[((const struct wire_tag *)record)->tag]++;
    } else if (type == WIRE_SAMPLE) {
        f->last = *(const struct wire_sample *)record;
        snprintf(f->last_text, sizeof f->last_text, "%s", f->last.text);
        f->told[f->last.tag]++;
    } else if (type == WIRE_STATE) {
        f->states++;
    } else if (type == WIRE_LIMIT) {
        f->limits++;
    } else {
        fail_msg("a frame of type %d", type);
    }
}

/* Encodes and reads back; returns how many tags it was. */
static size_t tell(struct fixture *f, size_t max_tags)
{
    union {
        struct wire_tag tag;
        struct wire_sample sample;
        struct wire_state state;
        struct wire_limit limit;
    } record;
    struct wire_frame frame;
    size_t position = 0, used;
    buf_clear(&f->out);
    size_t done = feed_encode(&f->feed, &f->plant, max_tags, &f->out);
    while (position < f->out.length) {
        assert_int_equal(wire_next_frame(f->out.data + position, f->out.length - position, &frame, &used),
                         WIRE_OK);
        assert_true(frame.length > 0 && frame.length <= WIRE_FRAME_MAX);
        position += used;
        f->frames++;
        f->longest = frame.length > f->longest ? frame.length : f->longest;
        while (frame.length) {
            enum wire_type type = frame.type;
            assert_int_equal(wire_next_record(&frame, &record), WIRE_OK);
            take_record(f, type, &record);
        }
    }
    return done;
}

static void test_nothing_marked(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(tell(f, 100), 0);
    assert_int_equal(f->out.length, 0);
    feed_mark_all(&f->feed, &f->plant);
    assert_int_equal(tell(f, 0), 0);
    assert_int_equal(f->feed.count, TAGS);
}

static void test_a_snapshot_tells_each_once(void **state)
{
    struct fixture *f = *state;
    size_t done = 0;
    feed_mark_all(&f->feed, &f->plant);
    while (f->feed.count)
        done += tell(f, 700);
    assert_int_equal(done, TAGS);
    for (uint32_t id = 1; id <= TAGS; id++) {
        assert_int_equal(f->defined[id], 1);
        assert_int_equal(f->told[id], 1);
    }
    assert_int_equal(f->states, 2 * TAGS); /* off and on */
}

static void test_values_come_without_definitions(void **state)
{
    struct fixture *f = *state;
    feed_mark(&f->feed, 1499, FEED_VALUE);
    feed_mark(&f->feed, 3, FEED_VALUE);
    feed_mark(&f->feed, 3, FEED_VALUE);
    feed_mark(&f->feed, 700, FEED_DEFINITION);
    assert_int_equal(f->feed.count, 3);
    assert_int_equal(tell(f, 4096), 3);
    assert_true(f->told[4] == 1 && f->told[1500] == 1 && f->told[701] == 0);
    assert_true(f->defined[4] == 0 && f->defined[701] == 1);
    assert_int_equal(f->feed.count, 0);
}

/* Tags that change all the time do not keep the others waiting: count tags marked are told within count. */
static void test_none_waits_behind_busy_ones(void **state)
{
    struct fixture *f = *state;
    feed_mark_all(&f->feed, &f->plant);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(tell(f, TAGS / 3), TAGS / 3);
        for (size_t i = 0; i < TAGS / 2; i++)
            feed_mark(&f->feed, i, FEED_VALUE);
    }
    for (uint32_t id = 1; id <= TAGS; id++)
        assert_true(f->told[id] >= 1);
}

/* Random marks and rounds against a plain table. */
static void test_against_reference(void **state)
{
    struct fixture *f = *state;
    static bool marked[TAGS];
    uint64_t seed = 41;
    size_t count = 0;
    for (int round = 0; round < 2000; round++) {
        for (size_t n = unit_random_below(&seed, 30); n--;) {
            size_t index = unit_random_below(&seed, TAGS);
            count += !marked[index];
            marked[index] = true;
            feed_mark(&f->feed, index, FEED_VALUE);
        }
        size_t room = unit_random_below(&seed, 30), expected = room < count ? room : count;
        memset(f->told, 0, sizeof f->told);
        assert_int_equal(tell(f, room), expected);
        for (size_t i = 0; i < TAGS; i++) {
            assert_true(f->told[i + 1] <= marked[i]);
            if (f->told[i + 1])
                marked[i] = false;
        }
        count -= expected;
        assert_int_equal(f->feed.count, count);
    }
}

/* Texts of the longest kind:
 * frames stay within the protocol's bound, and hold only what a terminal may show. */
static void test_long_and_hostile_texts(void **state)
{
    struct fixture *f = *state;
    uint8_t payload[3000];
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = i % 3 == 0 ? 0x1b : 'x';
    for (int i = 0; i < TAGS; i++) {
        char topic[32];
        snprintf(topic, sizeof topic, "plant/%d", i);
        say(f, topic, payload, sizeof payload);
    }
    feed_mark_all(&f->feed, &f->plant);
    assert_int_equal(tell(f, TAGS), TAGS);
    assert_true(f->longest > 500000);
    assert_true(f->last.flags & WIRE_FLAG_TRUNCATED);
    assert_null(strchr(f->last_text, 0x1b));
    assert_int_equal(strncmp(f->last_text, "\xEF\xBF\xBDxx", 5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_marked, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_snapshot_tells_each_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_values_come_without_definitions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_none_waits_behind_busy_ones, setup, teardown),
        cmocka_unit_test_setup_teardown(test_against_reference, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_and_hostile_texts, setup, teardown),
    };
    return cmocka_run_group_tests_name("feed", tests, NULL, NULL);
}
