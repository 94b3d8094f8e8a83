/* Samples that come with stamps that others of their tag had before, in time and late, with flushes, merges and
 * restarts anywhere between them: every change is kept, in the order of arrival. */
#include "db/history_internal.h"

#include "history_fixture.h"

#define ORDER_STAMPS   12
#define ORDER_ARRIVALS 120
#define ORDER_APART_US 1000 /* between two stamps: samples of one never reach the next */

static uint32_t random_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* The reference: what came with each stamp, in the order of arrival. */
struct arrivals {
    int values[ORDER_STAMPS][ORDER_ARRIVALS];
    size_t count[ORDER_STAMPS];
};

static int64_t order_ts_us(size_t stamp)
{
    return T0 + (int64_t)stamp * ORDER_APART_US;
}

static void order_force_flush(struct fixture *f)
{
    struct err err = {0};
    if (!history_flush(f->history, &err))
        fail_msg("%s", err.text);
}

/* Some slices of housekeeping, so that a merge is cut anywhere. */
static void order_tidy_some(struct fixture *f, uint32_t slices)
{
    struct err err = {0};
    for (bool more = true; more && slices; slices--)
        if (!history_tidy(f->history, 0, &more, &err))
            fail_msg("%s", err.text);
}

static void order_add_value(struct fixture *f, bool text, int64_t ts_us, int value)
{
    char digit = (char)('0' + value);
    if (text)
        fixture_add_text(f, 1, ts_us, &digit, 1);
    else
        fixture_add_number(f, 1, ts_us, value);
}

static void order_arrive(struct fixture *f, struct arrivals *arrivals, bool text, size_t stamp, int value)
{
    arrivals->values[stamp][arrivals->count[stamp]++] = value;
    order_add_value(f, text, order_ts_us(stamp), value);
    fixture_append(f, T0);
}

/* The values in the order of stamps and arrival, each that repeats the one before left out. */
static void order_print_expected(struct buf *out, const struct arrivals *arrivals)
{
    int before = -1;
    for (size_t stamp = 0; stamp < ORDER_STAMPS; stamp++)
        for (size_t i = 0; i < arrivals->count[stamp]; i++) {
            if (arrivals->values[stamp][i] != before)
                buf_printf(out, "%d ", arrivals->values[stamp][i]);
            before = arrivals->values[stamp][i];
        }
}

static void order_check_changes(const struct fixture *f, const struct arrivals *arrivals, uint32_t seed)
{
    struct buf expected;
    buf_init(&expected, 0);
    order_print_expected(&expected, arrivals);
    char *found = fixture_sql(
        f, "SELECT group_concat(CAST(value AS INTEGER), ' ') || ' ' FROM (SELECT value, lag(value)"
           " OVER (ORDER BY ts) AS before FROM history) WHERE before IS NULL OR value <> before");
    found[strcspn(found, "\n")] = 0;
    if (strcmp(found, buf_text(&expected)))
        fail_msg("seed %u:\n%s\nnot\n%s", seed, found, buf_text(&expected));
    free(found);
    buf_free(&expected);
}

/* What holds after each stamp, until the next one, is what came last with it. */
static void order_check_ends(const struct fixture *f, const struct arrivals *arrivals, uint32_t seed)
{
    for (size_t stamp = 0; stamp < ORDER_STAMPS; stamp++) {
        if (!arrivals->count[stamp])
            continue;
        char *sql =
            mem_format("SELECT CAST(value AS INTEGER) FROM history WHERE ts < %lld ORDER BY ts DESC LIMIT 1",
                       (long long)order_ts_us(stamp + 1));
        char *found = fixture_sql(f, sql);
        int last = arrivals->values[stamp][arrivals->count[stamp] - 1];
        if (atoi(found) != last)
            fail_msg("seed %u, stamp %zu: %d, not %d", seed, stamp, atoi(found), last);
        free(found);
        free(sql);
    }
}

/* With `all`, no less is kept than came but for repetitions, whatever the neighbours say. */
static void order_check_all(const struct fixture *f, const struct arrivals *arrivals, uint32_t seed)
{
    for (size_t stamp = 0; stamp < ORDER_STAMPS; stamp++) {
        struct buf expected;
        buf_init(&expected, 0);
        for (size_t i = 0; i < arrivals->count[stamp]; i++)
            if (!i || arrivals->values[stamp][i] != arrivals->values[stamp][i - 1])
                buf_printf(&expected, "%d ", arrivals->values[stamp][i]);
        char *sql = mem_format(
            "SELECT ifnull(group_concat(CAST(value AS INTEGER), ' ') || ' ', '') FROM (SELECT value,"
            " lag(value) OVER (ORDER BY ts) AS before FROM history WHERE ts >= %lld AND ts < %lld)"
            " WHERE before IS NULL OR value <> before",
            (long long)order_ts_us(stamp), (long long)order_ts_us(stamp + 1));
        char *found = fixture_sql(f, sql);
        found[strcspn(found, "\n")] = 0;
        if (strcmp(found, buf_text(&expected)))
            fail_msg("seed %u, stamp %zu:\n%s\nnot\n%s", seed, stamp, found, buf_text(&expected));
        free(found);
        free(sql);
        buf_free(&expected);
    }
}

static void order_check(const struct fixture *f, const struct arrivals *arrivals, enum tag_record record,
                        uint32_t seed)
{
    order_check_changes(f, arrivals, seed);
    order_check_ends(f, arrivals, seed);
    if (record == RECORD_ALL)
        order_check_all(f, arrivals, seed);
}

/* A flush, some slices, a restart or a whole merge, now and then. */
static void order_disturb(struct fixture *f, uint32_t *state)
{
    switch (random_next(state) % 16) {
    case 0:
    case 1:
    case 2:
        order_force_flush(f);
        break;
    case 3:
    case 4:
        order_tidy_some(f, random_next(state) % 6);
        break;
    case 5:
        order_force_flush(f);
        fixture_reopen(f);
        break;
    case 6:
        order_force_flush(f);
        f->history->now_us += DAY; /* what there is becomes old enough */
        fixture_tidy(f);
        break;
    default:
        break;
    }
}

/* One random series: a device sends again and again with a few stamps that take turns, of which most are late.
 * Recording by change leaves out what its neighbours say, and a late sample may change these afterwards: there all
 * come between two equal ones, with one stamp. */
static void order_try(struct fixture *f, enum tag_record record, uint32_t seed)
{
    struct arrivals *arrivals = mem_new(1, sizeof *arrivals);
    uint32_t state = seed * 2654435761u | 1;
    bool text = random_next(&state) % 4 == 0;
    size_t stamps = 1 + random_next(&state) % ORDER_STAMPS, values = 2 + random_next(&state) % 2;
    f->options.merge_rows = f->options.merge_rows_per_tag = 1 + random_next(&state) % 60;
    fixture_reopen(f);
    fixture_add_tag_with(f, 1, "t", "t", &(struct tag_def){.record = record});
    for (size_t stamp = 0; stamp < 3 && record == RECORD_CHANGE; stamp += 2)
        order_arrive(f, arrivals, text, stamp, 0);
    for (size_t i = 0; i < ORDER_ARRIVALS / 2; i++) {
        size_t stamp = record == RECORD_CHANGE ? 1 : random_next(&state) % stamps;
        order_arrive(f, arrivals, text, stamp, (int)(random_next(&state) % values));
        order_disturb(f, &state);
    }
    order_force_flush(f);
    fixture_reopen(f);
    f->options.merge_rows = 1;
    fixture_reopen(f);
    fixture_tidy(f);
    order_check(f, arrivals, record, seed);
    fixture_expect(f, "SELECT count(*) FROM run_a, run_b", "0\n");
    free(arrivals);
    fixture_forget(f);
}

/* Stamps a microsecond apart, whose samples push each other on: of each stamp every change is there, in its order. */
static void order_check_near(const struct fixture *f, const struct arrivals *arrivals, uint32_t seed)
{
    for (size_t stamp = 0; stamp < ORDER_STAMPS; stamp++) {
        struct buf expected;
        buf_init(&expected, 0);
        for (size_t i = 0; i < arrivals->count[stamp]; i++)
            if (!i || arrivals->values[stamp][i] != arrivals->values[stamp][i - 1])
                buf_printf(&expected, "%d ", arrivals->values[stamp][i]);
        char *sql = mem_format(
            "SELECT ifnull(group_concat(CAST(value AS INTEGER), ' ') || ' ', '') FROM (SELECT value,"
            " lag(value) OVER (ORDER BY ts) AS before FROM history WHERE value / 10 = %zu.0 OR"
            " CAST(value / 10 AS INTEGER) = %zu) WHERE before IS NULL OR value <> before",
            stamp, stamp);
        char *found = fixture_sql(f, sql);
        found[strcspn(found, "\n")] = 0;
        if (strcmp(found, buf_text(&expected)))
            fail_msg("seed %u, stamp %zu:\n%s\nnot\n%s", seed, stamp, found, buf_text(&expected));
        free(found);
        free(sql);
        buf_free(&expected);
    }
}

static void order_try_near(struct fixture *f, uint32_t seed)
{
    struct arrivals *arrivals = mem_new(1, sizeof *arrivals);
    uint32_t state = seed * 2654435761u | 1;
    size_t stamps = 2 + random_next(&state) % (ORDER_STAMPS - 2);
    int64_t apart_us = 1 + random_next(&state) % 3;
    f->options.merge_rows = f->options.merge_rows_per_tag = 1 + random_next(&state) % 60;
    fixture_reopen(f);
    fixture_add_tag(f, 1, "t", "t");
    for (size_t i = 0; i < ORDER_ARRIVALS; i++) {
        size_t stamp = random_next(&state) % stamps;
        int value = (int)(10 * stamp + random_next(&state) % 2);
        arrivals->values[stamp][arrivals->count[stamp]++] = value;
        fixture_add_number(f, 1, T0 + (int64_t)stamp * apart_us, value);
        fixture_append(f, T0);
        order_disturb(f, &state);
    }
    order_force_flush(f);
    f->options.merge_rows = 1;
    fixture_reopen(f);
    fixture_tidy(f);
    order_check_near(f, arrivals, seed);
    free(arrivals);
    fixture_forget(f);
}

static void test_arrivals_of_near_stamps(void **state)
{
    for (uint32_t seed = 1; seed <= 40; seed++)
        order_try_near(*state, seed);
    order_try_near(*state, 277); /* a merge moves what is stored past what waits for the next one */
}

static void test_arrivals_of_all_orders(void **state)
{
    for (uint32_t seed = 1; seed <= 120; seed++)
        order_try(*state, seed % 2 ? RECORD_ALL : RECORD_CHANGE, seed);
}

/* Eight late samples 0, 1, 0, 1 ... with one stamp and one flush after any of them: eight at any moment. */
static void test_late_samples_of_one_stamp(void **state)
{
    struct fixture *f = *state;
    for (int cut = 1; cut < 8; cut++)
        for (int reopened = 0; reopened < 2; reopened++) {
            f->options.merge_rows = 1000;
            fixture_reopen(f);
            fixture_add_tag(f, 1, "t", "t");
            fixture_add_number(f, 1, T0 + SECOND, 9);
            fixture_append(f, T0);
            order_force_flush(f);
            for (int i = 0; i < 8; i++) {
                fixture_add_number(f, 1, T0, i % 2);
                fixture_append(f, T0);
                if (i + 1 == cut) {
                    order_force_flush(f);
                    if (reopened)
                        fixture_reopen(f);
                }
            }
            fixture_expect(f, "SELECT count(*) FROM history WHERE value < 9", "8\n");
            order_force_flush(f);
            fixture_expect(f, "SELECT count(*) FROM history WHERE value < 9", "8\n");
            if (!reopened) /* known until the history is closed: readers see the order before the merge, too */
                fixture_expect(f,
                               "SELECT group_concat(value, ' ') FROM (SELECT value FROM history ORDER BY ts)",
                               "0.0 1.0 0.0 1.0 0.0 1.0 0.0 1.0 9.0\n");
            f->options.merge_rows = 1;
            fixture_reopen(f);
            fixture_tidy(f);
            fixture_expect(f, "SELECT group_concat(value, ' ') FROM (SELECT value FROM archive ORDER BY ts)",
                           "0.0 1.0 0.0 1.0 0.0 1.0 0.0 1.0 9.0\n");
            fixture_forget(f);
        }
}

/* Late samples of many stamps take turns, so that none is remembered from one flush to the next. */
static void test_late_stamps_that_take_turns(void **state)
{
    enum { STAMPS = 40, ROUNDS = 9 };
    struct fixture *f = *state;
    f->options.merge_rows = STAMPS * ROUNDS + 1;
    fixture_reopen(f);
    fixture_add_tag(f, 1, "t", "t");
    fixture_add_number(f, 1, T0 + DAY, 9);
    for (int round = 0; round < ROUNDS; round++) {
        for (int stamp = 0; stamp < STAMPS; stamp++)
            fixture_add_number(f, 1, order_ts_us((size_t)stamp), round % 2);
        fixture_append(f, T0);
        order_force_flush(f);
    }
    fixture_tidy(f);
    fixture_expect(f, "SELECT count(*), count(DISTINCT ts) FROM archive", "361|361\n");
    fixture_expect(
        f, "SELECT count(*) FROM archive WHERE value = (ts - 1700000000000000) % 1000 % 2 OR value = 9",
        "361\n");
}

/* A device whose clock stands still sends far more than one slice merges; no slice takes it all, and nothing is
 * looked for twice. */
static void test_a_clock_that_stands_still(void **state)
{
    enum { RUNS = 6, ROWS = 4000 };
    struct fixture *f = *state;
    struct err err = {0};
    f->options.merge_rows = RUNS * ROWS;
    fixture_reopen(f);
    fixture_add_tag(f, 1, "t", "t");
    fixture_add_number(f, 1, T0 + DAY, 9);
    fixture_append(f, T0);
    for (int run = 0; run < RUNS; run++) {
        for (int i = 0; i < ROWS; i++)
            fixture_add_number(f, 1, T0, i % 2);
        fixture_append(f, T0);
        order_force_flush(f);
    }
    int slices = 0;
    for (bool more = true; more; slices++)
        assert_true(history_tidy(f->history, 1000, &more, &err));
    fixture_expect(f, "SELECT count(*), count(DISTINCT ts) FROM archive", "24001|24001\n");
    fixture_expect(f, "SELECT count(*) FROM archive WHERE value = (ts - 1700000000000000) % 2 OR value = 9",
                   "24001\n");
    assert_true(slices > RUNS);
}

#define ORDER_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ORDER_TEST(test_late_samples_of_one_stamp), ORDER_TEST(test_late_stamps_that_take_turns),
        ORDER_TEST(test_a_clock_that_stands_still), ORDER_TEST(test_arrivals_of_all_orders),
        ORDER_TEST(test_arrivals_of_near_stamps),
    };
    return cmocka_run_group_tests_name("history_order", tests, NULL, NULL);
}
