/* Recording policies against the plain reference: what is left out is told by what is kept, to the deviation. */
#include "known_fixture.h"

struct thin_row {
    int64_t ts_us;
    uint32_t quality;
    int type; /* SQLite's */
    double number;
};

/* What `history` shows of a tag; the caller frees it. */
static struct thin_row *thin_read(sqlite3 *db, uint32_t tag, size_t *count)
{
    sqlite3_stmt *row;
    struct thin_row *rows = NULL;
    size_t capacity = 0;
    char *sql = mem_format("SELECT ts, quality, value FROM history WHERE tag = 't%u' ORDER BY ts", tag);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
    for (*count = 0; sqlite3_step(row) == SQLITE_ROW; ++*count) {
        rows = mem_grow(rows, &capacity, *count + 1, sizeof *rows);
        rows[*count] = (struct thin_row){.ts_us = sqlite3_column_int64(row, 0),
                                         .quality = (uint32_t)sqlite3_column_int64(row, 1),
                                         .type = sqlite3_column_type(row, 2),
                                         .number = sqlite3_column_double(row, 2)};
    }
    assert_int_equal(sqlite3_finalize(row), SQLITE_OK);
    free(sql);
    return rows;
}

static bool thin_equals(const struct thin_row *row, const struct known_sample *sample)
{
    static const int TYPES[] = {SQLITE_NULL, SQLITE_FLOAT, SQLITE_TEXT};
    return row->quality == sample->quality && row->type == TYPES[sample->type] &&
           (sample->type != VALUE_NUMBER || row->number == sample->number);
}

/* Do two rows with nothing between say what a sample between them was? */
static bool thin_tells(const struct known *known, const struct thin_row *left, const struct thin_row *right,
                       const struct known_sample *sample)
{
    if (known_until_us(known, left->ts_us) <= right->ts_us)
        return false;
    if (thin_equals(left, sample) && thin_equals(right, sample))
        return true;
    double share = (double)(sample->ts_us - left->ts_us) / (double)(right->ts_us - left->ts_us);
    double line = left->number + share * (right->number - left->number);
    return known->policy.record == RECORD_COMPRESSED && sample->type == VALUE_NUMBER &&
           quality_is_good(sample->quality) && left->quality == sample->quality &&
           right->quality == sample->quality && left->type == SQLITE_FLOAT && right->type == SQLITE_FLOAT &&
           fabs(line - sample->number) <= known->policy.deviation * (1 + 1e-9);
}

/* Each row is a sample, and each sample is a row or is told by those around it; the newest is always there. */
static size_t thin_check_samples(const struct fixture *f, const struct known *known)
{
    sqlite3 *db;
    size_t all = 0;
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (uint32_t tag = 0; tag < MERGE_TAGS; tag++) {
        size_t count, at = 0;
        struct thin_row *rows = thin_read(db, tag, &count);
        for (size_t i = 0; i < known->count[tag]; i++) {
            const struct known_sample *sample = &known->samples[tag][i];
            assert_true(at < count);
            if (rows[at].ts_us == sample->ts_us) {
                assert_true(thin_equals(&rows[at++], sample));
                continue;
            }
            assert_true(at > 0 && rows[at].ts_us > sample->ts_us);
            if (!thin_tells(known, &rows[at - 1], &rows[at], sample))
                fail_msg("tag %u: the sample at %lld is not told", tag, (long long)sample->ts_us);
        }
        assert_int_equal(at, count);
        all += count;
        free(rows);
    }
    sqlite3_close(db);
    return all;
}

/* In any slice of any merge, across restarts. */
static void thin_in_order(struct fixture *f, struct known *known, uint64_t merge_rows)
{
    for (int round = 0; round < 4; round++) {
        f->options.merge_rows = merge_rows;
        fixture_reopen(f);
        merge_in_order(f, known);
        thin_check_samples(f, known);
        f->options.merge_rows = 1;
        fixture_reopen(f);
        merge_everything(f);
        merge_check_rollups(f, known);
        thin_check_samples(f, known);
    }
}

static const struct tag_def THIN_POLICIES[] = {
    {.record = RECORD_CHANGE},
    {.record = RECORD_CHANGE, .max_time_us = 20 * SECOND},
    {.record = RECORD_COMPRESSED, .deviation = 1},
    {.record = RECORD_COMPRESSED, .deviation = 4000},
    {.record = RECORD_COMPRESSED, .deviation = 6000, .min_time_us = 3 * SECOND},
    {.record = RECORD_COMPRESSED, .deviation = 9000, .max_time_us = 600 * SECOND},
};

static void test_policies_tell_every_sample(void **state)
{
    struct fixture *f = *state;
    struct known *known = mem_new(1, sizeof *known);
    for (uint32_t i = 0; i < sizeof THIN_POLICIES / sizeof *THIN_POLICIES; i++) {
        *known = (struct known){.now_us = T0, .seed = 31 + i * 104729, .policy = THIN_POLICIES[i]};
        merge_add_tags(f, known);
        thin_in_order(f, known, 1 + i * 60);
        size_t kept = thin_check_samples(f, known), samples = 0;
        for (uint32_t tag = 0; tag < MERGE_TAGS; tag++)
            samples += known->count[tag];
        print_message("policy %u: %zu of %zu samples kept\n", i, kept, samples);
        assert_true(kept < samples);
        history_close(f->history, 0);
        f->history = NULL;
        assert_int_equal(unlink(f->path), 0);
        f->history = fixture_open(f);
    }
    free(known);
}

/* n, min and max of every minute and hour, and shares of good time that can be. */
static void thin_check_counts(const struct fixture *f, const struct known *known)
{
    sqlite3 *db;
    sqlite3_stmt *row;
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (uint32_t tag = 0; tag < 2 * MERGE_TAGS; tag++) {
        int64_t width_us = tag % 2 ? ROLLUP_HOUR_US : ROLLUP_MINUTE_US;
        const struct known_sample *samples = known->samples[tag / 2];
        char *sql = mem_format("SELECT ts, n, min, max, good FROM history_%s WHERE tag = 't%u' ORDER BY ts",
                               tag % 2 ? "hour" : "minute", tag / 2);
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
        for (size_t first = 0, end; first < known->count[tag / 2]; first = end) {
            int64_t start_us = rollup_bucket_us(samples[first].ts_us, width_us);
            for (end = first; end < known->count[tag / 2] && samples[end].ts_us < start_us + width_us;)
                end++;
            struct known_bucket want = known_roll(known, tag / 2, first, end, start_us, width_us);
            assert_int_equal(sqlite3_step(row), SQLITE_ROW);
            assert_int_equal(sqlite3_column_int64(row, 0), start_us);
            assert_int_equal(sqlite3_column_int64(row, 1), want.n);
            assert_true(merge_near(merge_column(row, 2), want.min) &&
                        merge_near(merge_column(row, 3), want.max));
            assert_true(sqlite3_column_double(row, 4) >= 0 && sqlite3_column_double(row, 4) <= 1);
        }
        assert_int_equal(sqlite3_step(row), SQLITE_DONE);
        sqlite3_finalize(row);
        free(sql);
    }
    sqlite3_close(db);
}

/* Late samples among others of which some were left out: counted, within min and max, and each of them told
 * when it comes. */
static void test_late_samples_spoil_no_minute(void **state)
{
    struct fixture *f = *state;
    struct known *known = mem_new(1, sizeof *known);
    for (uint32_t i = 0; i < sizeof THIN_POLICIES / sizeof *THIN_POLICIES; i++) {
        *known = (struct known){
            .now_us = T0, .seed = 77 + i * 15485863, .policy = THIN_POLICIES[i], .counts_only = true};
        f->options.merge_rows = 1;
        fixture_reopen(f);
        merge_add_tags(f, known);
        for (int round = 0; round < 6; round++) {
            merge_in_order(f, known);
            merge_everything(f);
            for (int late = 0; late < 40; late++) {
                int64_t ago_us = random_next(&known->seed) % 2 ? 600 * SECOND : known->now_us - T0 + SECOND;
                int64_t ts_us =
                    known->now_us - (int64_t)(random_next(&known->seed) % (uint32_t)(ago_us / 1000)) * 1000;
                known_add(f, known, random_next(&known->seed) % MERGE_TAGS, ts_us < T0 ? T0 : ts_us);
            }
            merge_append(f, known);
            merge_everything(f);
            thin_check_counts(f, known);
        }
        fixture_expect(f, "PRAGMA integrity_check", "ok\n");
        history_close(f->history, 0);
        f->history = NULL;
        assert_int_equal(unlink(f->path), 0);
        f->history = fixture_open(f);
    }
    free(known);
}

/* What a late sample does to a minute of which samples were left out, and to one that has all of its own. */
static void test_late_samples_in_figures(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    int64_t hour_us = rollup_bucket_us(T0, ROLLUP_HOUR_US);
    f->options.merge_rows = 1;
    fixture_reopen(f);
    fixture_add_tag_with(f, 1, "t", "t", &(struct tag_def){.record = RECORD_CHANGE});
    for (int i = 0; i < 60; i++)
        fixture_add_number(f, 1, hour_us + i * SECOND, 5);
    fixture_add_number(f, 1, hour_us + 600 * SECOND, 5);
    fixture_append(f, T0);
    merge_everything(f);
    fixture_expect(f, "SELECT count(*) FROM history", "2\n");
    fixture_expect(f, "SELECT n, min, max, avg, good FROM history_minute",
                   "60|5.0|5.0|5.0|1.0\n1|5.0|5.0|5.0|1.0\n");
    fixture_add_number(f, 1, hour_us + 30 * SECOND + 1, 9); /* the one after it was left out */
    fixture_add_number(f, 1, hour_us + 90 * SECOND, 7);     /* a minute without samples */
    fixture_add_number(f, 1, hour_us + 105 * SECOND, 5);
    fixture_add_number(f, 1, hour_us + 300 * SECOND, 5); /* told by its neighbours */
    fixture_append(f, T0);
    merge_everything(f);
    fixture_expect(f, "SELECT (ts - 1699999200000000) / 1000000, value FROM history",
                   "0|5.0\n30|9.0\n90|7.0\n105|5.0\n600|5.0\n");
    fixture_expect(f, "SELECT n, min, max, avg, good FROM history_minute",
                   "61|5.0|9.0|5.0|1.0\n2|5.0|7.0|5.5|1.0\n1|5.0|5.0|5.0|1.0\n1|5.0|5.0|5.0|1.0\n");
    fixture_expect(f, "SELECT n, min, max, round(avg * 3600) FROM history_hour", "65|5.0|9.0|18030.0\n");
    assert_true(history_flush(f->history, &err));
}

/* The policy of a tag may change at any time: what was kept stays, and the next merge goes by the new one. */
static void test_a_policy_may_change(void **state)
{
    static const struct tag_def POLICIES[] = {
        {.record = RECORD_ALL}, {.record = RECORD_COMPRESSED, .deviation = 10}, {.record = RECORD_CHANGE}};
    struct fixture *f = *state;
    int64_t ts_us = T0;
    f->options.merge_rows = 1;
    fixture_reopen(f);
    for (int part = 0; part < 9; part++) {
        fixture_add_tag_with(f, 1, "t", "t", &POLICIES[part % 3]);
        for (int i = 0; i < 100; i++, ts_us += SECOND)
            fixture_add_number(f, 1, ts_us, 7);
        fixture_append(f, ts_us);
        char *before = fixture_sql(f, "SELECT ts FROM archive ORDER BY ts LIMIT -1 OFFSET 0");
        merge_everything(f);
        char *after = fixture_sql(f, "SELECT ts FROM archive ORDER BY ts");
        size_t kept = strlen(before) > 17 ? strlen(before) - 17 : 0; /* all but the held one */
        assert_memory_equal(before, after, kept);
        free(before);
        free(after);
    }
    fixture_expect(f, "SELECT sum(n) FROM history_minute", "900\n");
    fixture_expect(f, "SELECT count(*) >= 300 AND count(*) < 330 FROM history", "1\n");
}

int main(void)
{
#define HISTORY_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        HISTORY_TEST(test_policies_tell_every_sample),
        HISTORY_TEST(test_late_samples_spoil_no_minute),
        HISTORY_TEST(test_late_samples_in_figures),
        HISTORY_TEST(test_a_policy_may_change),
    };
    return cmocka_run_group_tests_name("history policy", tests, NULL, NULL);
}
