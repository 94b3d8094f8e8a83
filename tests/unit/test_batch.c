#include "plant/batch.h"
#include "plant/quality.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct value NUMBER = {.type = VALUE_NUMBER, .number = 1.5};
static const struct value TEXT = {.type = VALUE_TEXT, .text = "a\0b", .text_length = 3};
static const struct value NONE = {.type = VALUE_NONE};

static void test_samples_keep_their_values(void **state)
{
    (void)state;
    struct batch *batch = batch_new();
    assert_true(batch_is_empty(batch));
    batch_add_sample(batch, 7, 100, &NUMBER, QUALITY_GOOD);
    batch_add_sample(batch, 8, 101, &TEXT, QUALITY_UNCERTAIN);
    batch_add_sample(batch, 9, 102, &NONE, QUALITY_BAD);
    batch_add_sample(batch, 8, 103, &(struct value){.type = VALUE_TEXT, .text = "", .text_length = 0},
                     QUALITY_GOOD);
    assert_false(batch_is_empty(batch));
    assert_int_equal(batch->count, 4);
    struct value value = batch_sample_value(batch, &batch->samples[0]);
    assert_int_equal(value.type, VALUE_NUMBER);
    assert_true(value.number == 1.5);
    assert_int_equal(batch->samples[0].tag_id, 7);
    assert_int_equal(batch->samples[0].ts_us, 100);
    value = batch_sample_value(batch, &batch->samples[1]);
    assert_int_equal(value.type, VALUE_TEXT);
    assert_int_equal(value.text_length, 3);
    assert_memory_equal(value.text, "a\0b", 3);
    assert_int_equal(batch->samples[1].quality, QUALITY_UNCERTAIN);
    assert_int_equal(batch_sample_value(batch, &batch->samples[2]).type, VALUE_NONE);
    assert_int_equal(batch_sample_value(batch, &batch->samples[3]).text_length, 0);
    batch_free(batch);
}

static void test_samples_of_another_batch_bring_their_texts(void **state)
{
    (void)state;
    struct batch *to = batch_new(), *from = batch_new();
    batch_add_samples(to, from);
    assert_true(batch_is_empty(to));
    batch_add_sample(to, 1, 1, &(struct value){.type = VALUE_TEXT, .text = "first", .text_length = 5},
                     QUALITY_GOOD);
    batch_add_sample(from, 2, 2, &TEXT, QUALITY_GOOD);
    batch_add_sample(from, 3, 3, &NUMBER, QUALITY_GOOD);
    batch_add_samples(to, from);
    batch_free(from);
    assert_int_equal(to->count, 3);
    struct value value = batch_sample_value(to, &to->samples[1]);
    assert_memory_equal(value.text, "a\0b", 3);
    assert_memory_equal(batch_sample_value(to, &to->samples[0]).text, "first", 5);
    assert_true(batch_sample_value(to, &to->samples[2]).number == 1.5);
    batch_free(to);
}

static void test_tags_and_gaps_are_copies(void **state)
{
    (void)state;
    struct batch *batch = batch_new();
    struct tag_def def;
    tag_def_init(&def);
    def.name = strdup("n");
    def.topic = strdup("t/x");
    def.path = strdup("p");
    def.area = strdup("t");
    batch_add_tag(batch, 4, &def);
    tag_def_free(&def);
    assert_int_equal(batch->tag_count, 1);
    assert_int_equal(batch->tags[0].id, 4);
    assert_string_equal(batch->tags[0].def.topic, "t/x");

    char reason[200];
    memset(reason, 'r', sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    batch_add_gap(batch, 5, 6, reason);
    /* Cut, never overrun. */
    assert_int_equal(strlen(batch->gaps[0].reason), sizeof batch->gaps[0].reason - 1);
    assert_int_equal(batch->gaps[0].start_us, 5);
    assert_int_equal(batch->gaps[0].end_us, 6);
    batch_free(batch);
}

static void test_samples_can_be_dropped_alone(void **state)
{
    static const char LONG[64] = "sixty-four bytes";
    (void)state;
    struct batch *batch = batch_new();
    batch_add_sample(batch, 1, 1, &TEXT, QUALITY_GOOD);
    batch_add_gap(batch, 1, 2, "r");
    batch_drop_samples(batch);
    assert_int_equal(batch->count, 0);
    assert_int_equal(batch->texts.length, 0);
    assert_int_equal(batch->gap_count, 1);
    assert_false(batch_is_empty(batch));
    for (uint32_t i = 0; i < 200000; i++)
        batch_add_sample(batch, i, i, &(struct value){.type = VALUE_TEXT, .text = LONG, .text_length = 64},
                         QUALITY_GOOD);
    batch_drop_samples(batch); /* as when the spool is full: the memory goes, too */
    assert_true(batch->capacity <= 131072);
    assert_true(batch->texts.capacity <= 4u << 20);
    assert_int_equal(batch->gap_count, 1);
    batch_free(batch);
}

static void test_clear_empties_all_and_bounds_memory(void **state)
{
    (void)state;
    struct batch *batch = batch_new();
    for (uint32_t i = 0; i < 200000; i++)
        batch_add_sample(batch, i, i, &NUMBER, QUALITY_GOOD);
    batch_add_gap(batch, 1, 2, "r");
    batch->first_mono_us = 9;
    batch->qos_messages = 9;
    batch_clear(batch);
    assert_true(batch_is_empty(batch));
    assert_int_equal(batch->first_mono_us, 0);
    assert_int_equal(batch->qos_messages, 0);
    assert_true(batch->capacity <= 131072);
    batch_add_sample(batch, 1, 1, &TEXT, QUALITY_GOOD);
    assert_memory_equal(batch_sample_value(batch, &batch->samples[0]).text, "a\0b", 3);
    batch_free(batch);
    batch_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_keep_their_values),
        cmocka_unit_test(test_samples_of_another_batch_bring_their_texts),
        cmocka_unit_test(test_tags_and_gaps_are_copies),
        cmocka_unit_test(test_samples_can_be_dropped_alone),
        cmocka_unit_test(test_clear_empties_all_and_bounds_memory),
    };
    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
