/* What the console knows: kept right through snapshots, losses and hostile frames. */
#include "mirror_fixture.h"
#include "plant/quality.h"
#include "unit.h"

#include <math.h>

#define R "\xEF\xBF\xBD" /* U+FFFD */

static void test_values_as_they_are_shown(void **state)
{
    (void)state;
    struct mirror mirror;
    char text[64];
    mirror_init(&mirror);
    fixture_welcome(&mirror);
    fixture_tag(&mirror, 7, "boiler.pressure");
    struct mirror_tag *tag = mirror_find(&mirror, 7);
    assert_non_null(tag);
    assert_string_equal(mirror_tag_word(tag), "lost"); /* no sample yet: nothing says that it lives */
    fixture_number(&mirror, 7, 6.04, QUALITY_GOOD, FIXTURE_NOW_US);
    mirror_tag_value(tag, text, sizeof text);
    assert_string_equal(text, "6.0");
    assert_string_equal(mirror_tag_word(tag), "good");
    fixture_apply(&mirror, WIRE_STATE, &(struct wire_state){7, 6, "RUNNING"}, FIXTURE_NOW_US);
    fixture_number(&mirror, 7, 6, QUALITY_GOOD, FIXTURE_NOW_US);
    mirror_tag_value(tag, text, sizeof text);
    assert_string_equal(text, "RUNNING");
    struct wire_sample sample = {.tag = 7, .type = VALUE_TEXT, .text = "auto\x1b[2J"};
    fixture_apply(&mirror, WIRE_SAMPLE, &sample, FIXTURE_NOW_US);
    mirror_tag_value(tag, text, sizeof text);
    assert_string_equal(text, "auto" R "[2J");
    sample = (struct wire_sample){.tag = 7, .type = VALUE_NUMBER, .number = NAN};
    fixture_apply(&mirror, WIRE_SAMPLE, &sample, FIXTURE_NOW_US);
    mirror_tag_value(tag, text, sizeof text);
    assert_string_equal(text, "");
    mirror_free(&mirror);
}

/* A pointer says "outside" only where the number beside it does, too. */
static void test_pointers_agree_with_what_is_shown(void **state)
{
    static const struct {
        int decimals;
        double number, pointer;
    } ROWS[] = {
        {0, -0.04, 0},     {0, -0.6, -0.6}, {1, -0.04, 0},        {2, -0.04, -0.04}, {0, 100.4, 100},
        {0, 100.6, 100.6}, {-1, 50, 50},    {-1, -0.001, -0.001}, {0, 33.3, 33.3},
    };
    (void)state;
    struct mirror mirror;
    mirror_init(&mirror);
    fixture_welcome(&mirror);
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct wire_tag record = {.tag = 1,
                                  .name = "level",
                                  .topic = "level",
                                  .has_range = 1,
                                  .high = 100,
                                  .decimals = ROWS[i].decimals};
        fixture_apply(&mirror, WIRE_TAG, &record, FIXTURE_NOW_US);
        fixture_number(&mirror, 1, ROWS[i].number, QUALITY_GOOD, FIXTURE_NOW_US);
        assert_true(mirror_tag_pointer(mirror_find(&mirror, 1)) == ROWS[i].pointer);
    }
    fixture_tag(&mirror, 2, "without a range");
    fixture_number(&mirror, 2, 5, QUALITY_GOOD, FIXTURE_NOW_US);
    assert_true(isnan(mirror_tag_pointer(mirror_find(&mirror, 2))));
    mirror_free(&mirror);
}

static void test_texts_are_made_safe(void **state)
{
    (void)state;
    struct mirror mirror;
    mirror_init(&mirror);
    fixture_welcome(&mirror);
    struct wire_tag record = {.tag = 1,
                              .name = "a\x1b]0;x\x07",
                              .topic = "\x9b",
                              .path = "\n",
                              .area = "\xE2\x80\xAE",
                              .unit = "°C\x7f"};
    fixture_apply(&mirror, WIRE_TAG, &record, FIXTURE_NOW_US);
    const struct mirror_tag *tag = mirror_find(&mirror, 1);
    assert_string_equal(tag->name, "a" R "]0;x" R);
    assert_string_equal(tag->topic, R);
    assert_string_equal(tag->path, R);
    assert_string_equal(tag->area, R);
    assert_string_equal(tag->unit, "°C" R);
    assert_string_equal(tag->description, "");
    assert_int_equal(tag->unit_columns, 3);
    struct wire_fault fault = {.severity = 2, .what = "\x1b[31m", .cure = "a\rb"};
    fixture_apply(&mirror, WIRE_FAULT, &fault, FIXTURE_NOW_US);
    assert_string_equal(mirror.faults[0].what, R "[31m");
    assert_string_equal(mirror.faults[0].cure, "a" R "b");
    mirror_free(&mirror);
}

static void test_long_text_is_marked(void **state)
{
    (void)state;
    struct mirror mirror;
    char *name = malloc(MIRROR_TEXT_MAX + 100);
    memset(name, 'x', MIRROR_TEXT_MAX + 99);
    name[MIRROR_TEXT_MAX + 99] = '\0';
    mirror_init(&mirror);
    fixture_welcome(&mirror);
    fixture_tag(&mirror, 1, name);
    const char *kept = mirror_find(&mirror, 1)->name;
    assert_int_equal(strlen(kept), MIRROR_TEXT_MAX + strlen("…"));
    assert_string_equal(kept + MIRROR_TEXT_MAX, "…");
    mirror_free(&mirror);
    free(name);
}

static void test_lost_recorder_leaves_nothing_live(void **state)
{
    (void)state;
    struct mirror mirror;
    mirror_init(&mirror);
    fixture_welcome(&mirror);
    fixture_tag(&mirror, 1, "one");
    fixture_number(&mirror, 1, 5, QUALITY_GOOD, FIXTURE_NOW_US);
    fixture_snapshot_end(&mirror);
    const struct mirror_tag *tag = mirror_find(&mirror, 1);
    uint64_t changes = tag->changes;
    mirror_recorder_lost(&mirror, FIXTURE_NOW_US + FIXTURE_SECOND_US);
    assert_false(tag->live);
    assert_false(mirror.attached);
    assert_true(tag->changes > changes);
    assert_string_equal(mirror_tag_word(tag), "lost");
    assert_int_equal(mirror.lost_us, FIXTURE_NOW_US + FIXTURE_SECOND_US);
    assert_int_equal(mirror.tag_count, 1); /* still shown, as not live */
    mirror_free(&mirror);
}

static void test_snapshot_removes_what_it_does_not_name(void **state)
{
    (void)state;
    struct mirror mirror;
    mirror_init(&mirror);
    fixture_welcome(&mirror);
    for (uint32_t id = 1; id <= 100; id++) {
        fixture_tag(&mirror, id, "tag");
        fixture_number(&mirror, id, id, QUALITY_GOOD, FIXTURE_NOW_US);
    }
    fixture_snapshot_end(&mirror);
    mirror_watch(&mirror, mirror_find(&mirror, 3));
    mirror_recorder_lost(&mirror, FIXTURE_NOW_US);
    fixture_welcome(&mirror);
    for (uint32_t id = 2; id <= 100; id += 2)
        fixture_apply(&mirror, WIRE_TAG, &(struct wire_tag){.tag = id, .name = "again", .topic = "tag"},
                      FIXTURE_NOW_US);
    assert_int_equal(mirror.tag_count, 100); /* until the snapshot is complete */
    fixture_snapshot_end(&mirror);
    assert_int_equal(mirror.tag_count, 50);
    assert_null(mirror.watched);
    for (uint32_t id = 1; id <= 100; id++)
        assert_true((mirror_find(&mirror, id) != NULL) == (id % 2 == 0));
    for (size_t i = 0; i < mirror.tag_count; i++)
        assert_int_equal(mirror.tags[i]->index, i);
    assert_non_null(mirror_find(&mirror, 4)->series); /* the last minutes survive */
    fixture_apply(&mirror, WIRE_TAG, &(struct wire_tag){.tag = 4, .gone = 1}, FIXTURE_NOW_US);
    assert_null(mirror_find(&mirror, 4));
    mirror_free(&mirror);
}

/* After a backup was restored an id may be another tag's: nothing of the one before is shown as its own. */
static void test_an_id_may_become_another_tag(void **state)
{
    struct mirror mirror;
    struct series_span spans[1];
    (void)state;
    mirror_init(&mirror);
    for (int round = 0; round < 3; round++) { /* the second finds the same tag, the third another one */
        fixture_welcome(&mirror);
        fixture_tag(&mirror, 1, round < 2 ? "one" : "other");
        mirror_tag_columns(mirror_find(&mirror, 1), FIXTURE_NOW_US, spans, 1);
        assert_int_equal(spans[0].low == 5, round == 1);
        assert_int_equal(mirror_find(&mirror, 1)->type == VALUE_NUMBER, round == 1);
        if (!round)
            fixture_number(&mirror, 1, 5, QUALITY_GOOD, FIXTURE_NOW_US);
        fixture_snapshot_end(&mirror);
    }
    assert_string_equal(mirror_find(&mirror, 1)->name, "other");
    assert_int_equal(mirror.tag_count, 1);
    mirror_free(&mirror);
}

static void test_definition_replaces_lists(void **state)
{
    (void)state;
    struct mirror mirror;
    mirror_init(&mirror);
    fixture_welcome(&mirror);
    fixture_tag(&mirror, 1, "one");
    const double limits[] = {95, 10, 80};
    for (size_t i = 0; i < COUNT(limits); i++)
        fixture_apply(&mirror, WIRE_LIMIT, &(struct wire_limit){1, ALARM_HI, PRIORITY_HIGH, limits[i]}, 0);
    fixture_apply(&mirror, WIRE_LIMIT, &(struct wire_limit){1, 999, PRIORITY_HIGH, 1}, 0);
    fixture_apply(&mirror, WIRE_LIMIT, &(struct wire_limit){1, ALARM_HI, PRIORITY_HIGH, INFINITY}, 0);
    const struct mirror_tag *tag = mirror_find(&mirror, 1);
    assert_int_equal(tag->limit_count, 3);
    assert_true(tag->limits[0].limit < tag->limits[1].limit && tag->limits[1].limit < tag->limits[2].limit);
    fixture_tag(&mirror, 1, "one");
    assert_int_equal(tag->limit_count, 0);
    mirror_free(&mirror);
}

static void test_lists_are_replaced_whole(void **state)
{
    (void)state;
    struct mirror mirror;
    mirror_init(&mirror);
    struct buf bytes;
    buf_init(&bytes, 0);
    struct wire_writer writer = wire_begin(&bytes, WIRE_FAULT);
    wire_add_record(&writer, &(struct wire_fault){.severity = 1, .since_us = 1, .what = "warning"});
    wire_add_record(&writer, &(struct wire_fault){.severity = 2, .since_us = 9, .what = "late error"});
    wire_add_record(&writer, &(struct wire_fault){.severity = 2, .since_us = 3, .what = "error"});
    wire_end(&writer);
    assert_true(fixture_apply_bytes(&mirror, &bytes, 0));
    assert_int_equal(mirror.fault_count, 3);
    assert_string_equal(mirror.faults[0].what, "error"); /* the worst and oldest first */
    assert_string_equal(mirror.faults[1].what, "late error");
    buf_clear(&bytes);
    writer = wire_begin(&bytes, WIRE_FAULT);
    wire_end(&writer);
    assert_true(fixture_apply_bytes(&mirror, &bytes, 0));
    assert_int_equal(mirror.fault_count, 0);
    buf_free(&bytes);
    mirror_free(&mirror);
}

static void test_hostile_frames(void **state)
{
    (void)state;
    struct mirror mirror;
    mirror_init(&mirror);
    fixture_welcome(&mirror);
    fixture_tag(&mirror, 1, "one");
    fixture_number(&mirror, 4000000000u, 1, 0, FIXTURE_NOW_US); /* a tag that nobody named */
    fixture_apply(&mirror, WIRE_STATE, &(struct wire_state){77, 1, "x"}, 0);
    for (int i = 0; i < 3 * MIRROR_STATES_MAX; i++)
        fixture_apply(&mirror, WIRE_STATE, &(struct wire_state){1, i, "x"}, 0);
    assert_int_equal(mirror_find(&mirror, 1)->state_count, MIRROR_STATES_MAX);
    assert_int_equal(mirror.left_out, 2 * MIRROR_STATES_MAX);
    struct buf bytes;
    buf_init(&bytes, 0);
    struct wire_writer writer = wire_begin(&bytes, WIRE_CONSOLE);
    for (int i = 0; i < 2 * MIRROR_LIST_MAX; i++)
        wire_add_record(&writer, &(struct wire_console){.user = "u"});
    wire_end(&writer);
    assert_true(fixture_apply_bytes(&mirror, &bytes, 0));
    assert_int_equal(mirror.console_count, MIRROR_LIST_MAX);
    struct wire_sample sample = {
        .tag = 1, .type = VALUE_NUMBER, .number = 1e308, .ts_us = INT64_MAX, .arrival_us = INT64_MIN};
    fixture_apply(&mirror, WIRE_SAMPLE, &sample, FIXTURE_NOW_US);
    sample.number = -1e308;
    fixture_apply(&mirror, WIRE_SAMPLE, &sample, FIXTURE_NOW_US);
    struct series_span spans[20];
    mirror_tag_columns(mirror_find(&mirror, 1), FIXTURE_NOW_US, spans, COUNT(spans));
    assert_true(isfinite(spans[19].low) && isfinite(spans[19].high));
    struct wire_frame future = {.type = 999, .body = (const uint8_t *)"junk", .length = 4};
    assert_true(mirror_apply(&mirror, &future, 0));
    struct wire_frame broken = {.type = WIRE_TAG, .body = (const uint8_t *)"junk", .length = 4};
    assert_false(mirror_apply(&mirror, &broken, 0));
    buf_free(&bytes);
    mirror_free(&mirror);
}

/* The small trend: held while nothing new comes, a gap while there is no value, nothing old as new. */
static void test_small_trend(void **state)
{
    (void)state;
    enum { COLUMNS = 12 };
    struct mirror mirror;
    struct series_span spans[COLUMNS];
    int64_t start_us = FIXTURE_NOW_US, bin_us = MIRROR_SERIES_BIN_US;
    int64_t column_us = bin_us * MIRROR_SERIES_BINS / COLUMNS;
    start_us -= start_us % column_us;
    mirror_init(&mirror);
    fixture_welcome(&mirror);
    fixture_tag(&mirror, 1, "one");
    struct mirror_tag *tag = mirror_find(&mirror, 1);
    fixture_number(&mirror, 1, 10, QUALITY_GOOD, start_us);
    fixture_number(&mirror, 1, 30, QUALITY_GOOD, start_us + bin_us);
    fixture_number(&mirror, 1, 20, QUALITY_GOOD, start_us + 2 * bin_us);
    fixture_number(&mirror, 1, 20, QUALITY_UNCERTAIN_NO_COMM, start_us + 2 * column_us + bin_us);
    fixture_number(&mirror, 1, 40, QUALITY_GOOD, start_us + 4 * column_us);
    mirror_tag_columns(tag, start_us + 5 * column_us, spans, COLUMNS);
    const struct series_span expected[] = {{10, 30}, {20, 20}, {20, 20}, {NAN, NAN}, {40, 40}, {40, 40}};
    for (size_t i = 0; i < COLUMNS - COUNT(expected); i++)
        assert_true(isnan(spans[i].low));
    for (size_t i = 0; i < COUNT(expected); i++) {
        const struct series_span *span = &spans[COLUMNS - COUNT(expected) + i];
        if (isnan(expected[i].low))
            assert_true(isnan(span->low) && isnan(span->high));
        else
            assert_true(span->low == expected[i].low && span->high == expected[i].high);
    }
    mirror_free(&mirror);
}

static void test_small_trend_keeps_small_steps_of_large_numbers(void **state)
{
    (void)state;
    struct mirror mirror;
    struct series_span spans[MIRROR_SERIES_BINS];
    mirror_init(&mirror);
    fixture_welcome(&mirror);
    fixture_tag(&mirror, 1, "counter");
    for (int i = 0; i < 10; i++)
        fixture_number(&mirror, 1, 123456789012 + i, QUALITY_GOOD, FIXTURE_NOW_US + i * MIRROR_SERIES_BIN_US);
    mirror_tag_columns(mirror_find(&mirror, 1), FIXTURE_NOW_US + 9 * MIRROR_SERIES_BIN_US, spans,
                       COUNT(spans));
    for (int i = 0; i < 10; i++)
        assert_true(spans[COUNT(spans) - 10 + (size_t)i].low == 123456789012 + i);
    mirror_free(&mirror);
}

static void test_backfill_fills_only_what_is_empty(void **state)
{
    (void)state;
    struct mirror mirror;
    struct series_span past[MIRROR_SERIES_BINS], spans[MIRROR_SERIES_BINS];
    int64_t now_us = FIXTURE_NOW_US - FIXTURE_NOW_US % MIRROR_SERIES_BIN_US;
    mirror_init(&mirror);
    fixture_welcome(&mirror);
    fixture_tag(&mirror, 1, "one");
    fixture_number(&mirror, 1, 50, QUALITY_GOOD, now_us - 3 * MIRROR_SERIES_BIN_US);
    for (size_t i = 0; i < COUNT(past); i++)
        past[i] = (struct series_span){1, 2};
    past[10] = (struct series_span){NAN, NAN};
    struct mirror_tag *tag = mirror_find(&mirror, 1);
    mirror_tag_columns(tag, now_us, spans, COUNT(spans));
    mirror_tag_backfill(tag, past, now_us / MIRROR_SERIES_BIN_US, COUNT(past));
    mirror_tag_columns(tag, now_us, spans, COUNT(spans));
    for (size_t i = 0; i < COUNT(spans); i++) {
        if (i == 10)
            assert_true(isnan(spans[i].low));
        else
            assert_true(spans[i].low == (i < COUNT(spans) - 4 ? 1 : 50));
    }
    mirror_free(&mirror);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_as_they_are_shown),
        cmocka_unit_test(test_pointers_agree_with_what_is_shown),
        cmocka_unit_test(test_texts_are_made_safe),
        cmocka_unit_test(test_long_text_is_marked),
        cmocka_unit_test(test_lost_recorder_leaves_nothing_live),
        cmocka_unit_test(test_snapshot_removes_what_it_does_not_name),
        cmocka_unit_test(test_an_id_may_become_another_tag),
        cmocka_unit_test(test_definition_replaces_lists),
        cmocka_unit_test(test_lists_are_replaced_whole),
        cmocka_unit_test(test_hostile_frames),
        cmocka_unit_test(test_small_trend),
        cmocka_unit_test(test_small_trend_keeps_small_steps_of_large_numbers),
        cmocka_unit_test(test_backfill_fills_only_what_is_empty),
    };
    return cmocka_run_group_tests_name("mirror", tests, NULL, NULL);
}
