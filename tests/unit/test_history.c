/* The history file as its writer and its readers see it: what goes in comes out, by the views and after every
 * move between the stages. */
#include "db/history_internal.h"

#include "history_fixture.h"

static void force_flush(struct fixture *f)
{
    struct err err = {0};
    if (!history_flush(f->history, &err))
        fail_msg("%s", err.text);
}

static void test_round_trip(void **state)
{
    struct fixture *f = *state;
    fixture_add_tag(f, 1, "boiler.temp", "plant/boiler/temp");
    fixture_add_tag(f, 2, "mode", "plant/mode");
    fixture_add_number(f, 1, T0, 20.5);
    fixture_add_number(f, 1, T0 + 1234567, -3);
    fixture_add_text(f, 2, T0, "007", 3);
    fixture_add_text(f, 2, T0 + 1, "", 0);
    batch_add_sample(f->batch, 1, T0 + 2 * SECOND, &(struct value){.type = VALUE_NONE}, QUALITY_BAD_NO_DATA);
    batch_add_sample(f->batch, 1, T0 + 3 * SECOND, &(struct value){.type = VALUE_NUMBER, .number = 1e300},
                     QUALITY_UNCERTAIN_NO_COMM);
    fixture_append(f, T0);
    static const char EXPECTED[] =
        "boiler.temp|2023-11-14T22:13:20.000Z|1700000000000000|20.5|0|NULL|real\n"
        "boiler.temp|2023-11-14T22:13:21.234Z|1700000001234567|-3.0|0|NULL|real\n"
        "boiler.temp|2023-11-14T22:13:22.000Z|1700000002000000|NULL|2157641728|NULL|null\n"
        "boiler.temp|2023-11-14T22:13:23.000Z|1700000003000000|1.0e+300|1083113472|NULL|real\n"
        "mode|2023-11-14T22:13:20.000Z|1700000000000000|007|0|NULL|text\n"
        "mode|2023-11-14T22:13:20.000Z|1700000000000001||0|NULL|text\n";
    static const char QUERY[] = "SELECT *, typeof(value) FROM history ORDER BY tag, ts";
    fixture_expect(f, QUERY, EXPECTED);
    fixture_reopen(f);
    fixture_expect(f, QUERY, EXPECTED);
    force_flush(f);
    fixture_expect(f, QUERY, EXPECTED);
    fixture_expect(f, "SELECT count(*) FROM tail", "0\n");
    fixture_reopen(f);
    fixture_expect(f, QUERY, EXPECTED);
}

/* Bytes that are no UTF-8, or hold a NUL, come back as they went in. */
static void test_texts_are_bytes(void **state)
{
    static const char *const HEX[] = {"610062", "FF00C328FE", "1B5B326A", "C3A4"};
    struct fixture *f = *state;
    fixture_add_tag(f, 1, "t", "t");
    fixture_add_text(f, 1, T0, "a\0b", 3);
    fixture_add_text(f, 1, T0 + 1, "\xff\0\xc3\x28\xfe", 5);
    fixture_add_text(f, 1, T0 + 2, "\x1b[2j", 4);
    fixture_add_text(f, 1, T0 + 3, "\xc3\xa4", 2);
    fixture_append(f, T0);
    char expected[128] = "";
    for (size_t i = 0; i < sizeof HEX / sizeof *HEX; i++)
        snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "%s\n", HEX[i]);
    fixture_expect(f, "SELECT hex(value) FROM history ORDER BY ts", expected);
    force_flush(f);
    fixture_expect(f, "SELECT hex(value) FROM history ORDER BY ts", expected);
    fixture_expect(f, "SELECT hex(value), typeof(value) FROM latest", "C3A4|text\n");
}

static void test_state_texts(void **state)
{
    struct fixture *f = *state;
    struct tag_def def;
    tag_def_init(&def);
    def.name = mem_copy_text("pump");
    def.topic = mem_copy_text("plant/pump");
    def.path = mem_copy_text("state");
    def.area = mem_copy_text("pumps");
    def.unit = mem_copy_text("u");
    def.description = mem_copy_text("Feed pump");
    def.kind = TAG_DISCRETE;
    def.has_range = true;
    def.low = 0;
    def.high = 2;
    def.states = mem_new(2, sizeof *def.states);
    def.state_count = 2;
    def.states[0] = (struct tag_state){0, mem_copy_text("STOPPED")};
    def.states[1] = (struct tag_state){1, mem_copy_text("RUNNING")};
    batch_add_tag(f->batch, 1, &def);
    fixture_add_number(f, 1, T0, 0);
    fixture_add_number(f, 1, T0 + 1, 1);
    fixture_add_number(f, 1, T0 + 2, 2);
    fixture_add_text(f, 1, T0 + 3, "1", 1);
    fixture_append(f, T0);
    fixture_expect(f, "SELECT value, text FROM history ORDER BY ts",
                   "0.0|STOPPED\n1.0|RUNNING\n2.0|NULL\n1|NULL\n");
    fixture_expect(f, "SELECT * FROM tags", "pump|plant/pump|state|pumps|discrete|u|Feed pump|0.0|2.0\n");
    def.state_count = 1; /* reconfigured */
    free(def.states[1].text);
    free(def.states[0].text);
    def.states[0].text = mem_copy_text("OFF");
    batch_add_tag(f->batch, 1, &def);
    fixture_add_number(f, 1, T0 + 4, 0);
    fixture_append(f, T0);
    fixture_expect(f, "SELECT text FROM history ORDER BY ts", "OFF\nNULL\nNULL\nNULL\nOFF\n");
    fixture_expect(f, "SELECT * FROM latest",
                   "pump|2023-11-14T22:13:20.000Z|1700000000000004|0.0|0|u|Feed pump|OFF\n");
    tag_def_free(&def);
}

/* One value at a stamp inside a run: one that repeats the one before is stored once, all others a microsecond
 * later each; the newest arrival is the last value before and after the flush. */
static void test_samples_with_one_stamp(void **state)
{
    struct fixture *f = *state;
    fixture_add_tag(f, 1, "t", "t");
    for (int twice = 0; twice < 2; twice++) { /* as after a redelivery */
        fixture_add_number(f, 1, T0, 1);
        fixture_add_number(f, 1, T0, 2);
        fixture_add_text(f, 1, T0, "2", 1);
        fixture_add_number(f, 1, T0 + 1, 3);
        batch_add_sample(f->batch, 1, T0, &(struct value){.type = VALUE_NUMBER, .number = 1}, QUALITY_BAD);
    }
    fixture_add_number(f, 1, T0 - 5, 9);
    fixture_append(f, T0);
    fixture_expect(f, "SELECT count(*) FROM history", "11\n");
    fixture_expect(f, "SELECT value FROM latest", "3.0\n");
    force_flush(f);
    fixture_expect(f, "SELECT ts - 1700000000000000, value, quality FROM history ORDER BY ts",
                   "-5|9.0|0\n0|1.0|0\n1|2.0|0\n2|2|0\n3|1.0|2147483648\n4|1.0|0\n5|2.0|0\n6|2|0\n"
                   "7|1.0|2147483648\n8|3.0|0\n");
    fixture_expect(f, "SELECT ts - 1700000000000000, value FROM latest", "1|3.0\n");
    fixture_add_number(f, 1, T0 + 1, 5); /* a tie with what was flushed, and one inside the tail */
    fixture_add_number(f, 1, T0 + 1, 6);
    fixture_append(f, T0);
    fixture_expect(f, "SELECT value FROM latest", "6.0\n");
    force_flush(f);
    fixture_expect(f, "SELECT value FROM latest", "6.0\n");
    fixture_expect(f, "SELECT value FROM history WHERE ts > 1700000000000007 ORDER BY ts", "3.0\n5.0\n6.0\n");
}

/* The changes of a value in the order of ts, from 0 on: "0 1 0". */
static void expect_changes(struct fixture *f, const char *expected)
{
    fixture_expect(f,
                   "SELECT group_concat(CAST(value AS INTEGER), ' ') FROM (SELECT value, lag(value) OVER"
                   " (ORDER BY ts) AS before FROM history) WHERE before IS NULL OR value <> before",
                   expected);
}

/* A source whose clock is coarse sends 0, 1, 0 ... with one stamp, and flushes, merges and restarts fall
 * anywhere between them: every change stays, in its order, and the last value is the last that came. */
static void test_no_change_within_one_stamp_is_lost(void **state)
{
    enum { SAMPLES = 6 };
    struct fixture *f = *state;
    struct err err = {0};
    for (unsigned cuts = 0; cuts < 1u << (2 * SAMPLES); cuts++) { /* after each sample: one of four */
        if (cuts % 31 && cuts >> 6)                               /* all for three samples, some for six */
            continue;
        f->options.merge_rows = f->options.merge_rows_per_tag = 1;
        fixture_reopen(f);
        fixture_add_tag(f, 1, "t", "t");
        for (int i = 0; i < SAMPLES; i++) {
            fixture_add_number(f, 1, T0, i % 2);
            fixture_append(f, T0);
            switch (cuts >> (2 * i) & 3) {
            case 1:
                assert_true(history_flush(f->history, &err));
                break;
            case 2:
                assert_true(history_flush(f->history, &err));
                fixture_tidy(f);
                break;
            case 3:
                assert_true(history_flush(f->history, &err));
                fixture_reopen(f);
                break;
            default:
                break;
            }
            fixture_expect(f, "SELECT value FROM latest", i % 2 ? "1.0\n" : "0.0\n");
        }
        assert_true(history_flush(f->history, &err));
        fixture_expect(f, "SELECT value FROM latest", "1.0\n");
        fixture_tidy(f);
        expect_changes(f, "0 1 0 1 0 1\n");
        fixture_forget(f);
    }
}

/* A device sends what it kept once more, all of it or the end of it: at most it is stored again. */
static void test_samples_that_come_again(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    f->options.merge_rows = 1;
    fixture_reopen(f);
    fixture_add_tag(f, 1, "t", "t");
    for (int twice = 0; twice < 2; twice++) {
        for (int i = 0; i < 10; i++)
            fixture_add_number(f, 1, T0 + i * SECOND, i);
        fixture_append(f, T0);
        assert_true(history_flush(f->history, &err));
        fixture_tidy(f);
    }
    fixture_expect(f, "SELECT count(*), sum(value) FROM history", "10|45.0\n");
    static const double AGAIN[] = {9, 7, 8, 7, 8}; /* with one stamp, its end twice */
    for (size_t i = 0; i < sizeof AGAIN / sizeof *AGAIN; i++)
        fixture_add_number(f, 1, T0 + 9 * SECOND, AGAIN[i]);
    fixture_append(f, T0);
    assert_true(history_flush(f->history, &err));
    fixture_expect(f, "SELECT value FROM latest", "8.0\n");
    fixture_tidy(f);
    fixture_expect(f, "SELECT group_concat(value, ' ') FROM (SELECT value FROM history ORDER BY ts)",
                   "0.0 1.0 2.0 3.0 4.0 5.0 6.0 7.0 8.0 9.0 7.0 8.0 7.0 8.0\n");
}

static void test_late_samples_do_not_become_the_last_value(void **state)
{
    struct fixture *f = *state;
    fixture_add_tag(f, 1, "t", "t");
    fixture_add_number(f, 1, T0, 1);
    fixture_append(f, T0);
    force_flush(f);
    fixture_add_number(f, 1, T0 - DAY, 2);
    fixture_append(f, T0);
    fixture_expect(f, "SELECT value FROM latest", "1.0\n");
    force_flush(f);
    fixture_expect(f, "SELECT value FROM latest", "1.0\n");
    fixture_expect(f, "SELECT value FROM history ORDER BY ts", "2.0\n1.0\n");
}

/* Names move between tags; the samples stay with topic and path. */
static void test_names_move(void **state)
{
    static const char QUERY[] =
        "SELECT tag, topic, (SELECT value FROM latest l WHERE l.tag = g.tag) FROM tags g ORDER BY topic";
    struct fixture *f = *state;
    fixture_add_tag(f, 1, "a", "topic/a");
    fixture_add_tag(f, 2, "b", "topic/b");
    fixture_add_tag(f, 3, "c", "topic/c");
    for (uint32_t id = 1; id <= 3; id++)
        fixture_add_number(f, id, T0, id);
    fixture_append(f, T0);
    fixture_expect(f, QUERY, "a|topic/a|1.0\nb|topic/b|2.0\nc|topic/c|3.0\n");
    fixture_add_tag(f, 1, "b", "topic/a"); /* swapped */
    fixture_add_tag(f, 2, "a", "topic/b");
    fixture_append(f, T0);
    fixture_expect(f, QUERY, "b|topic/a|1.0\na|topic/b|2.0\nc|topic/c|3.0\n");
    fixture_add_tag(f, 1, "a", "topic/a"); /* around in a circle */
    fixture_add_tag(f, 2, "c", "topic/b");
    fixture_add_tag(f, 3, "b", "topic/c");
    fixture_append(f, T0);
    fixture_expect(f, QUERY, "a|topic/a|1.0\nc|topic/b|2.0\nb|topic/c|3.0\n");
    fixture_add_tag(f, 4, "b", "topic/d"); /* 3 is not configured any more: it gets its topic's name */
    fixture_append(f, T0);
    fixture_expect(f, QUERY, "a|topic/a|1.0\nc|topic/b|2.0\ntopic/c|topic/c|3.0\nb|topic/d|NULL\n");
    fixture_add_tag(f, 1, "topic/d", "topic/a"); /* the address of another one */
    fixture_add_tag(f, 5, "b", "topic/e");
    fixture_append(f, T0);
    fixture_expect(f, QUERY,
                   "topic/d|topic/a|1.0\nc|topic/b|2.0\ntopic/c|topic/c|3.0\ntopic/d (tag "
                   "4)|topic/d|NULL\nb|topic/e|NULL\n");
    fixture_add_tag(f, 6, "b", "topic/f"); /* one name twice in a batch: the later keeps it, nothing fails */
    fixture_add_tag(f, 7, "b", "topic/g");
    fixture_append(f, T0);
    fixture_expect(f, "SELECT tag FROM tags WHERE topic > 'topic/d' ORDER BY topic", "topic/e\ntopic/f\nb\n");
}

static void test_gaps(void **state)
{
    struct fixture *f = *state;
    batch_add_gap(f->batch, T0, T0 + 1500000, "broker away");
    batch_add_gap(f->batch, T0, T0 + 1500000, "broker away"); /* the batch was given again */
    batch_add_gap(f->batch, T0 - SECOND, T0, "recorder stopped");
    fixture_append(f, T0);
    batch_add_gap(f->batch, T0 - SECOND, T0 - 1, "recorder stopped"); /* never shrinks */
    batch_add_gap(f->batch, T0, T0 + 2500000, "broker away");         /* grows */
    fixture_append(f, T0);
    fixture_expect(
        f, "SELECT * FROM gap ORDER BY ts_start",
        "2023-11-14T22:13:19.000Z|2023-11-14T22:13:20.000Z|1699999999000000|1700000000000000|recorder "
        "stopped\n"
        "2023-11-14T22:13:20.000Z|2023-11-14T22:13:22.500Z|1700000000000000|1700000002500000|broker away\n");
}

/* The reason becomes known while a gap grows: one interruption stays one row, also when a batch comes twice. */
static void test_a_gap_whose_reason_grows(void **state)
{
    struct fixture *f = *state;
    batch_add_gap(f->batch, T0, T0 + SECOND, "broker away");
    batch_add_gap(f->batch, T0, T0 + SECOND, "recorder stopped"); /* another one, with the same start */
    fixture_append(f, T0);
    for (int i = 0; i < 2; i++) {
        batch_add_gap(f->batch, T0, T0 + SECOND, "broker away");
        batch_add_gap(f->batch, T0, T0 + 3 * SECOND, "broker away, session forgotten");
        fixture_append(f, T0 + 3 * SECOND);
    }
    fixture_expect(f, "SELECT reason, ts_end - ts_start FROM gap ORDER BY reason",
                   "broker away, session forgotten|3000000\nrecorder stopped|1000000\n");
}

/* Written at most every 5 s, at the stop exactly, and on a clock that was set back at once. */
static void test_proof_of_life(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    assert_int_equal(history_alive_us(f->history), 0);
    fixture_append(f, T0);
    fixture_append(f, T0 + 4 * SECOND);
    assert_int_equal(history_alive_us(f->history), T0);
    assert_true(history_mark_alive(f->history, T0 + 4 * SECOND, &err));
    fixture_expect(f, "SELECT value FROM meta WHERE key = 'alive_us'", "1700000000000000\n");
    assert_true(history_mark_alive(f->history, T0 + 5 * SECOND, &err));
    fixture_expect(f, "SELECT value FROM meta WHERE key = 'alive_us'", "1700000005000000\n");
    assert_true(history_mark_alive(f->history, T0, &err));
    assert_int_equal(history_alive_us(f->history), T0);
    history_close(f->history, T0 + 123);
    f->history = fixture_open(f);
    assert_int_equal(history_alive_us(f->history), T0 + 123);
}

static void test_client_id_stays(void **state)
{
    struct fixture *f = *state;
    char first[64];
    snprintf(first, sizeof first, "%s", history_client_id(f->history));
    assert_memory_equal(first, "hmi-", 4);
    assert_int_equal(strlen(first), 20);
    fixture_reopen(f);
    assert_string_equal(history_client_id(f->history), first);
}

struct seen {
    char text[512];
};

static void see_tag(void *context, const struct history_tag *tag)
{
    struct seen *seen = context;
    size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof seen->text - used, "%u %s %s '%s' %s %d %lld %x %d %.1f '%.*s'\n",
             tag->id, tag->name, tag->topic, tag->path, TAG_KIND_WORDS[tag->kind], tag->has_value,
             (long long)(tag->ts_us - (tag->has_value ? T0 : 0)), tag->quality, (int)tag->value.type,
             tag->value.number, (int)tag->value.text_length, tag->value.text ? tag->value.text : "");
}

static void test_each_tag(void **state)
{
    static const char EXPECTED[] = "1 a t/a '' analog 1 2 0 1 7.0 ''\n"
                                   "2 b t/b '' analog 1 1 0 2 0.0 'x'\n"
                                   "9 c t/c '' analog 0 0 0 0 0.0 ''\n";
    struct fixture *f = *state;
    struct err err = {0};
    fixture_add_tag(f, 9, "c", "t/c");
    fixture_add_tag(f, 2, "b", "t/b");
    fixture_add_tag(f, 1, "a", "t/a");
    fixture_add_number(f, 1, T0, 6);
    fixture_add_text(f, 2, T0 + 1, "x", 1);
    fixture_append(f, T0);
    force_flush(f);
    fixture_add_number(f, 1, T0 + 2, 7); /* over what was flushed */
    fixture_append(f, T0);
    for (int round = 0; round < 2; round++) {
        struct seen seen = {{0}};
        assert_true(history_each_tag(f->history, see_tag, &seen, &err));
        assert_string_equal(seen.text, EXPECTED);
        fixture_reopen(f);
    }
}

/* A batch as large as a run goes into one without passing through the tail; the tail is flushed when it is
 * full, whatever sizes the batches have. */
static void test_batches_of_all_sizes(void **state)
{
    static const size_t SIZES[] = {
        1, 31, 32, 33, 5000, HISTORY_RUN_ROWS - 1, HISTORY_RUN_ROWS, 3 * HISTORY_RUN_ROWS + 7, 1};
    struct fixture *f = *state;
    struct history_stats stats;
    fixture_add_tag(f, 1, "t", "t");
    fixture_add_tag(f, 2, "u", "u");
    char expected[64];
    size_t total = 0;
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        for (size_t row = 0; row < SIZES[i]; row++, total++)
            fixture_add_number(f, 1 + (uint32_t)(total % 2), T0 + (int64_t)total, (double)total);
        fixture_append(f, T0);
        snprintf(expected, sizeof expected, "%zu|%zu.0|%zu.0\n", total, total * (total - 1) / 2, total - 1);
        fixture_expect(f, "SELECT count(*), sum(value), max(value) FROM history", expected);
        fixture_tidy(f);
        fixture_expect(f, "SELECT count(*), sum(value), max(value) FROM history", expected);
        history_get_stats(f->history, &stats);
        assert_true(stats.tail_rows < HISTORY_RUN_ROWS);
    }
    assert_int_equal(stats.samples_written, total);
    assert_true(stats.file_bytes > 0 && stats.commits > 0);
}

/* Somebody who appends and never tidies still gets a bounded tail. */
static void test_tail_is_bounded(void **state)
{
    struct fixture *f = *state;
    struct history_stats stats;
    fixture_add_tag(f, 1, "t", "t");
    int64_t ts_us = T0;
    for (int i = 0; i < 12; i++) {
        for (int row = 0; row < 10000; row++)
            fixture_add_number(f, 1, ts_us++, row);
        fixture_append(f, T0);
        history_get_stats(f->history, &stats);
        assert_true(stats.tail_rows <= HISTORY_TAIL_ROWS_MAX + 10000);
    }
    fixture_expect(f, "SELECT count(*) FROM history", "120000\n");
}

int main(void)
{
#define HISTORY_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        HISTORY_TEST(test_round_trip),
        HISTORY_TEST(test_texts_are_bytes),
        HISTORY_TEST(test_state_texts),
        HISTORY_TEST(test_samples_with_one_stamp),
        HISTORY_TEST(test_no_change_within_one_stamp_is_lost),
        HISTORY_TEST(test_samples_that_come_again),
        HISTORY_TEST(test_late_samples_do_not_become_the_last_value),
        HISTORY_TEST(test_names_move),
        HISTORY_TEST(test_gaps),
        HISTORY_TEST(test_a_gap_whose_reason_grows),
        HISTORY_TEST(test_proof_of_life),
        HISTORY_TEST(test_client_id_stays),
        HISTORY_TEST(test_each_tag),
        HISTORY_TEST(test_batches_of_all_sizes),
        HISTORY_TEST(test_tail_is_bounded),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
