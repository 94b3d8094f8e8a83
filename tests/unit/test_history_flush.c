/* The tail becomes a run in slices: each does a bounded piece of work however long the tail is, and a flush that
 * is cut short, fails or goes on while samples come loses and doubles nothing. No time is measured here: with a
 * budget of 0 a slice is one piece. */
#include "db/history_internal.h"

#include "history_fixture.h"

#define LONG_TAIL  (HISTORY_TAIL_ROWS_MAX - 1)
#define FLUSH_TAGS 1000

static uint32_t random_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void flush_add_tags(struct fixture *f)
{
    for (uint32_t id = 1; id <= FLUSH_TAGS; id++) {
        char name[16];
        snprintf(name, sizeof name, "t%u", id);
        fixture_add_tag(f, id, name, name);
    }
    fixture_append(f, T0);
    fixture_tidy(f); /* the first slice is a checkpoint */
}

/* Some samples in random order, most of them with a stamp of their own. */
static void flush_append_random(struct fixture *f, uint32_t *seed, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t id = 1 + random_next(seed) % FLUSH_TAGS;
        fixture_add_number(f, id, T0 + random_next(seed) % 1000000, random_next(seed) % 1000);
    }
    fixture_append(f, T0);
}

static void flush_append_long(struct fixture *f, uint32_t *seed)
{
    for (size_t left = LONG_TAIL; left;) {
        size_t count = left < 10000 ? left : 10000;
        flush_append_random(f, seed, count);
        left -= count;
    }
}

static void flush_slice(struct fixture *f)
{
    struct err err = {0};
    bool more;
    if (!history_tidy(f->history, 0, &more, &err))
        fail_msg("%s", err.text);
}

/* What the slices of a flush have gone through so far, one kind of work after the other. */
struct progress {
    size_t moved; /* keys, by sorting: all of them in each pass */
    size_t looked, written, latest;
};

static struct progress flush_progress(const struct history *history)
{
    const struct history_flush *flush = &history->flush;
    const struct history_sort *sort = &flush->sort;
    size_t passes = 0;
    for (size_t width = HISTORY_SORT_ROWS; width <= sort->width; width *= 2)
        passes++;
    return (struct progress){passes * sort->count + sort->at, flush->looked, flush->done, flush->latest_done};
}

/* Four times as many rows as a run ordinarily has, in random order. */
static void test_slices_of_a_long_tail(void **state)
{
    struct fixture *f = *state;
    uint32_t seed = 20261123;
    flush_add_tags(f);
    flush_append_long(f, &seed);
    fixture_expect(f, "SELECT count(*) FROM tail", "65535\n");
    char *before = fixture_sql(f, "SELECT count(*), sum(value) FROM history");
    int slices = 0;
    struct progress last = {0};
    for (flush_slice(f); f->history->flush.rows; flush_slice(f), slices++) {
        struct progress now = flush_progress(f->history);
        size_t sorted = now.moved - last.moved, looked = now.looked - last.looked,
               written = now.written - last.written, latest = now.latest - last.latest;
        assert_in_range(sorted, 0, HISTORY_SORT_ROWS);
        assert_in_range(looked, 0, HISTORY_STEP_ROWS);
        assert_in_range(written, 0, HISTORY_STEP_ROWS);
        assert_in_range(latest, 0, HISTORY_STEP_ROWS);
        assert_int_equal((sorted > 0) + (looked > 0) + (written > 0) + (latest > 0), 1);
        last = now;
    }
    assert_int_equal(last.written,
                     65535); /* 16 pieces of sorting in 5 passes, 128 of looking and of writing */
    assert_in_range(slices, 16 * 5 + 2 * 128, 16 * 5 + 1000 + 128 + 8);
    fixture_expect(f, "SELECT count(*) FROM tail", "0\n");
    fixture_expect(f, "SELECT rows FROM run_a", "65535\n");
    fixture_expect(f, "SELECT count(*), sum(value) FROM history", before);
    free(before);
}

/* Every sample comes with the stamp of the one that was sorted before: each has the file asked, one in a slice. */
static void test_slices_that_ask_the_file(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    flush_add_tags(f);
    for (int round = 0; round < 2; round++) {
        for (uint32_t id = 1; id <= FLUSH_TAGS; id++)
            fixture_add_number(f, id, T0, round);
        fixture_append(f, T0);
        size_t last = 0, slices = 0;
        assert_true(history_flush_slice(f->history, 0, &err));
        for (; f->history->flush.looked < FLUSH_TAGS; slices++) {
            assert_true(history_flush_slice(f->history, 0, &err));
            assert_int_equal(f->history->flush.looked - last, 1);
            last = f->history->flush.looked;
        }
        assert_int_equal(slices, FLUSH_TAGS);
        assert_true(history_flush(f->history, &err));
    }
    fixture_expect(f, "SELECT count(*), sum(value), count(DISTINCT ts) FROM history", "2000|1000.0|2\n");
}

/* Batches come between any two slices: what the last slice writes once more stays bounded, a batch waits for
 * housekeeping before that, and a reader sees every sample once all the time. */
static void test_what_comes_during_a_flush_is_bounded(void **state)
{
    struct fixture *f = *state;
    uint32_t seed = 4711;
    size_t total = 0, most = 0;
    flush_add_tags(f);
    for (int batch = 0; batch < 60; batch++) {
        size_t count = batch % 20 == 7 ? HISTORY_RUN_ROWS - 1 : 1 + random_next(&seed) % 6000;
        for (size_t i = 0; i < count; i++, total++)
            fixture_add_number(f, 1 + (uint32_t)(total % FLUSH_TAGS), T0 + (int64_t)total, 1);
        fixture_append(f, T0);
        char expected[32];
        snprintf(expected, sizeof expected, "%zu\n", total);
        fixture_expect(f, "SELECT count(*) FROM history", expected);
        if (f->history->flush.rows) {
            size_t rest = f->history->tail->count;
            most = rest > most ? rest : most;
            assert_in_range(rest, 0, HISTORY_RUN_ROWS);
            assert_int_equal(history_is_behind(f->history), rest >= HISTORY_REST_ROWS);
        }
        flush_slice(f);
    }
    assert_in_range(most, HISTORY_REST_ROWS, HISTORY_RUN_ROWS);
    fixture_tidy(f);
    char expected[48];
    snprintf(expected, sizeof expected, "%zu|%zu\n", total, total);
    fixture_expect(f, "SELECT count(*), count(DISTINCT ts) FROM history", expected);
}

/* Fails the statement that is running, once a countdown is over. */
static int flush_interrupt(void *context)
{
    int *countdown = context;
    return *countdown >= 0 && (*countdown)-- == 0;
}

/* Statements fail anywhere in a flush, at the files that are asked as at those that are written; the slice is
 * tried again. What comes of it is the same as without a failure. */
static void test_slices_that_fail(void **state)
{
    struct fixture *f = *state;
    char *contents[2];
    for (int fails = 0; fails < 2; fails++) {
        uint32_t seed = 99, chance = 5;
        int failures = 0, countdown = -1;
        struct err err = {0};
        fixture_forget(f);
        flush_add_tags(f);
        sqlite3_progress_handler(f->history->db, 50, flush_interrupt, &countdown);
        for (int round = 0; round < 4; round++) {
            for (uint32_t i = 0; i < 3000;
                 i++) /* many with the same stamp as before, many of them the same */
                fixture_add_number(f, 1 + random_next(&seed) % FLUSH_TAGS, T0 + random_next(&seed) % 3,
                                   random_next(&seed) % 2);
            fixture_append(f, T0);
            while (f->history->flush.rows || f->history->tail->count) {
                countdown = fails && random_next(&chance) % 2 ? (int)(random_next(&chance) % 20) : -1;
                failures += !history_flush_slice(f->history, 0, &err);
                countdown = -1;
            }
        }
        assert_true(fails ? failures > 100 : !failures);
        contents[fails] = fixture_sql(f, "SELECT tag, ts, value FROM history ORDER BY tag, ts");
    }
    assert_string_equal(contents[0], contents[1]);
    free(contents[0]);
    free(contents[1]);
}

/* Keys come out in order, whatever their number, and no step moves more than it may. */
static void test_keys_are_sorted_in_steps(void **state)
{
    static const size_t COUNTS[] = {0,
                                    1,
                                    2,
                                    HISTORY_SORT_ROWS - 1,
                                    HISTORY_SORT_ROWS,
                                    HISTORY_SORT_ROWS + 1,
                                    3 * HISTORY_SORT_ROWS,
                                    5 * HISTORY_SORT_ROWS + 17};
    uint32_t seed = 7;
    (void)state;
    for (size_t round = 0; round < 3 * sizeof COUNTS / sizeof *COUNTS; round++) {
        size_t count = COUNTS[round / 3], spread = round % 3 == 0 ? 1 : round % 3 == 1 ? 7 : 100000;
        struct batch *batch = batch_new();
        for (size_t i = 0; i < count; i++)
            batch_add_sample(batch, 1 + random_next(&seed) % 5, T0 + random_next(&seed) % spread,
                             &(struct value){.type = VALUE_NUMBER}, QUALITY_GOOD);
        struct history_sort sort;
        history_sort_begin(&sort, count);
        size_t steps = 0;
        for (; !history_sort_is_done(&sort); steps++) {
            size_t width = sort.width, at = sort.at;
            history_sort_step(&sort, batch);
            assert_in_range(sort.width == width ? sort.at - at : count - at, 1, HISTORY_SORT_ROWS);
        }
        assert_in_range(steps, count / HISTORY_SORT_ROWS, 4 * (count / HISTORY_SORT_ROWS + 4));
        for (size_t i = 1; i < count; i++) {
            const struct history_run_key *a = &sort.keys[i - 1], *b = &sort.keys[i];
            assert_true(a->tag_id < b->tag_id ||
                        (a->tag_id == b->tag_id &&
                         (a->ts_us < b->ts_us || (a->ts_us == b->ts_us && a->index < b->index))));
        }
        history_sort_free(&sort);
        batch_free(batch);
    }
}

/* A crash between the slices of a flush, at every place: the newest samples of the tail may be known as the last
 * values already, and are there once nevertheless. */
static void test_a_flush_that_is_cut_short(void **state)
{
    enum { TAGS = 3, ROWS = 5 };
    struct fixture *f = *state;
    struct err err = {0};
    for (int slices = 0; slices < 8; slices++) {
        for (uint32_t id = 1; id <= TAGS; id++)
            fixture_add_tag(f, id, (char[]){(char)('a' + id), 0}, (char[]){(char)('a' + id), 0});
        for (int i = 0; i < TAGS * ROWS; i++) /* two with one stamp, but for the last */
            fixture_add_number(f, 1 + (uint32_t)i % TAGS, T0 + i / TAGS / 2 * SECOND, i);
        fixture_append(f, T0);
        for (int slice = 0; slice < slices && (f->history->flush.rows || f->history->tail->count); slice++)
            assert_true(history_flush_slice(f->history, 0, &err));
        fixture_reopen(f);
        fixture_expect(f, "SELECT count(*), sum(value) FROM history", "15|105.0\n");
        assert_true(history_flush(f->history, &err));
        fixture_expect(f, "SELECT count(*), sum(value), count(DISTINCT ts) FROM history", "15|105.0|5\n");
        fixture_expect(f, "SELECT group_concat(CAST(value AS INTEGER), ' ') FROM latest", "12 13 14\n");
        fixture_forget(f);
        fixture_reopen(f);
    }
}

/* While a batch waits, a slice ends after a piece of its work, however much time it has. */
static void test_slices_in_a_hurry(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    atomic_bool hurry = false;
    int slices[2] = {0};
    f->options.merge_rows = 1;
    for (int hurried = 0; hurried < 2; hurried++) {
        fixture_forget(f);
        fixture_reopen(f);
        fixture_add_tag(f, 1, "t", "t");
        for (int i = 0; i < HISTORY_RUN_ROWS - 1; i++)
            fixture_add_number(f, 1, T0 + i * SECOND, i);
        fixture_append(f, T0);
        fixture_add_number(f, 1, T0 - SECOND, 0);
        fixture_append(f, T0);
        hurry = hurried;
        history_set_hurry(f->history, &hurry);
        for (bool more = true; more; slices[hurried]++)
            assert_true(history_tidy(f->history, 60 * SECOND, &more, &err));
        fixture_expect(f, "SELECT count(*), count(DISTINCT ts) FROM archive", "16384|16384\n");
    }
    assert_in_range(slices[0], 1, 20);
    assert_in_range(slices[1], HISTORY_RUN_ROWS / 512, 200);
}

int main(void)
{
#define FLUSH_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        FLUSH_TEST(test_slices_of_a_long_tail),
        FLUSH_TEST(test_slices_that_ask_the_file),
        FLUSH_TEST(test_what_comes_during_a_flush_is_bounded),
        FLUSH_TEST(test_slices_that_fail),
        cmocka_unit_test(test_keys_are_sorted_in_steps),
        FLUSH_TEST(test_a_flush_that_is_cut_short),
        FLUSH_TEST(test_slices_in_a_hurry),
    };
    return cmocka_run_group_tests_name("history_flush", tests, NULL, NULL);
}
