/* Retention: what is within its bound stays, what is older goes, whatever happens in the middle; and the file
 * stays within its size. */
#include "db/history_internal.h"

#include "history_fixture.h"

#include <signal.h>
#include <sys/mman.h>

#define RETAIN_TAGS 4
#define HOUR        (3600 * SECOND)

static uint32_t random_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* One slice as short as can be. */
static bool retain_slice(struct fixture *f)
{
    struct err err = {0};
    bool more;
    if (!history_tidy(f->history, 1, &more, &err))
        fail_msg("%s", err.text);
    return more;
}

static void retain_advance(struct fixture *f, int64_t now_us)
{
    struct err err = {0};
    if (!history_mark_alive(f->history, now_us, &err))
        fail_msg("%s", err.text);
}

/* The same when that is days ahead: the clock is believed after six hours. */
static void retain_leap(struct fixture *f, int64_t now_us)
{
    retain_advance(f, now_us - 7 * HOUR);
    fixture_tidy(f);
    retain_advance(f, now_us);
}

/* Puts samples of every tag into the archive, every `step_us` from `from_us` on, tag 1 only up to a third. */
static void retain_fill(struct fixture *f, int64_t from_us, int64_t to_us, int64_t step_us)
{
    struct err err = {0};
    for (int64_t ts_us = from_us; ts_us < to_us; ts_us += step_us)
        for (uint32_t tag = 1; tag <= RETAIN_TAGS; tag++)
            if (tag > 1 || ts_us < from_us + (to_us - from_us) / 3)
                fixture_add_number(f, tag, ts_us + tag, (double)(ts_us / SECOND % 1000));
    fixture_append(f, to_us);
    assert_true(history_flush(f->history, &err));
}

static void retain_add_tags(struct fixture *f)
{
    for (uint32_t tag = 1; tag <= RETAIN_TAGS; tag++) {
        char name[16];
        snprintf(name, sizeof name, "t%u", tag);
        fixture_add_tag(f, tag, name, name);
    }
    fixture_append(f, T0);
}

/* A copy of what a table holds, to compare with. */
static void retain_copy(const struct fixture *f, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* Everything that is not older than its bound is as it was before; of what is older there is only, of each tag,
 * the last sample, and no more than belongs to the hour at hand. */
static void retain_check(const struct fixture *f, int64_t now_us)
{
    const struct history_keep *keep = &f->options.keep;
    int64_t samples_us = now_us - keep->samples_us, hours_us = now_us - keep->hours_us;
    int64_t minutes_us = rollup_bucket_us(now_us - keep->minutes_us, ROLLUP_HOUR_US);
    char *sql = mem_format(
        "SELECT (SELECT count(*) FROM (SELECT * FROM was_archive WHERE ts >= %lld EXCEPT SELECT * FROM archive)),"
        " (SELECT count(*) FROM (SELECT * FROM archive EXCEPT SELECT * FROM was_archive)),"
        " (SELECT max(n) FROM (SELECT count(*) AS n FROM archive WHERE ts < %lld GROUP BY tag_id)),"
        " (SELECT count(*) FROM (SELECT * FROM was_minute WHERE ts >= %lld EXCEPT SELECT * FROM minute)),"
        " (SELECT count(*) FROM minute m JOIN hour_open h USING (tag_id) WHERE m.ts < %lld AND m.ts < h.ts),"
        " (SELECT count(*) FROM (SELECT * FROM was_hour WHERE ts >= %lld EXCEPT SELECT * FROM hour)),"
        " (SELECT count(*) FROM hour WHERE ts < %lld)",
        (long long)samples_us, (long long)samples_us, (long long)minutes_us, (long long)minutes_us,
        (long long)hours_us, (long long)hours_us);
    fixture_expect(f, sql, "0|0|1|0|0|0|0\n");
    free(sql);
    /* and that one is the last before the bound, so that the value at the bound is known */
    sql = mem_format(
        "SELECT count(*) FROM (SELECT tag_id, max(ts) FROM was_archive WHERE ts <= %lld GROUP BY tag_id"
        " EXCEPT SELECT tag_id, ts FROM archive)",
        (long long)samples_us);
    fixture_expect(f, sql, "0\n");
    free(sql);
}

/* Rounds by age, cut into slices and interrupted by restarts at any of them. */
static void test_what_is_within_its_bound_stays(void **state)
{
    struct fixture *f = *state;
    uint32_t seed = 20261123;
    f->options.merge_rows = 1;
    f->options.keep =
        (struct history_keep){.samples_us = 2 * DAY, .minutes_us = 5 * DAY, .hours_us = 9 * DAY};
    fixture_reopen(f);
    retain_add_tags(f);
    retain_fill(f, T0, T0 + 3 * DAY, 97 * SECOND);
    fixture_tidy(f);
    assert_int_equal(f->history->stats.deleted_rows, 0); /* the clock may have leapt */
    retain_advance(f, T0 + 3 * DAY + 6 * HOUR);
    fixture_tidy(f);
    assert_true(f->history->stats.deleted_rows > 0);
    retain_copy(
        f, "CREATE TABLE was_archive AS SELECT * FROM archive;"
           "CREATE TABLE was_minute AS SELECT * FROM minute; CREATE TABLE was_hour AS SELECT * FROM hour");
    for (int64_t now_us = T0 + 3 * DAY + 13 * HOUR; now_us < T0 + 14 * DAY; now_us += 7 * HOUR) {
        retain_advance(f, now_us);
        for (bool more = true; more;) {
            more = retain_slice(f);
            if (random_next(&seed) % 64 == 0) {
                history_close(f->history, 0);
                f->history = fixture_open(f);
                retain_advance(f, now_us);
                more = true;
            }
        }
        retain_check(f, now_us);
    }
    fixture_expect(f, "SELECT (SELECT count(*) FROM archive), (SELECT count(*) FROM latest)", "4|4\n");
    fixture_expect(f, "SELECT count(*), sum(n) > 0 FROM history_hour", "4|1\n"); /* the last hours */
    fixture_expect(f, "PRAGMA integrity_check", "ok\n");
}

/* A clock that is years ahead for some hours deletes nothing. */
static void test_a_clock_that_leaps(void **state)
{
    struct fixture *f = *state;
    f->options.merge_rows = 1;
    f->options.keep =
        (struct history_keep){.samples_us = 2 * DAY, .minutes_us = 2 * DAY, .hours_us = 2 * DAY};
    fixture_reopen(f);
    retain_add_tags(f);
    retain_fill(f, T0, T0 + DAY, 60 * SECOND);
    fixture_tidy(f);
    for (int64_t hours = 0; hours < 3; hours++) {
        retain_advance(f, T0 + 3000 * DAY + hours * 2 * HOUR - hours);
        fixture_tidy(f);
    }
    fixture_reopen(f);
    retain_advance(f, T0 + DAY + HOUR);
    fixture_tidy(f);
    retain_advance(f, T0 + DAY + 9 * HOUR);
    fixture_tidy(f);
    assert_int_equal(f->history->stats.deleted_rows, 0);
    fixture_expect(f, "SELECT sum(n) FROM history_hour", "4800\n");
}

/* Nothing has a bound: nothing is deleted, however late it is. */
static void test_for_ever(void **state)
{
    struct fixture *f = *state;
    f->options.merge_rows = 1;
    fixture_reopen(f);
    retain_add_tags(f);
    retain_fill(f, T0, T0 + DAY, 600 * SECOND);
    fixture_tidy(f);
    char *before = fixture_sql(f, "SELECT count(*), sum(ts) FROM archive");
    retain_leap(f, T0 + 100000 * DAY);
    fixture_tidy(f);
    fixture_expect(f, "SELECT count(*), sum(ts) FROM archive", before);
    assert_int_equal(f->history->stats.deleted_rows, 0);
    free(before);
}

/* Minutes and hours whose samples are gone stand, also when a late sample comes to them; a gap goes with the
 * last of what it could cut. */
static void test_late_samples_after_deletion(void **state)
{
    struct fixture *f = *state;
    int64_t hour_us = rollup_bucket_us(T0, ROLLUP_HOUR_US);
    f->options.merge_rows = 1;
    f->options.keep = (struct history_keep){.samples_us = DAY, .minutes_us = 4 * DAY, .hours_us = 8 * DAY};
    fixture_reopen(f);
    fixture_add_tag(f, 1, "t", "t");
    for (int i = 0; i < 60; i++)
        fixture_add_number(f, 1, hour_us + i * SECOND, i);
    fixture_add_number(f, 1, hour_us + 2 * DAY, 0);
    batch_add_gap(f->batch, hour_us + 1800 * SECOND, hour_us + 1900 * SECOND, "broker away");
    fixture_append(f, hour_us + 2 * DAY);
    struct err err = {0};
    assert_true(history_flush(f->history, &err));
    retain_leap(f, hour_us + 2 * DAY);
    fixture_tidy(f);
    static const char MINUTE[] = "SELECT n, min, max, avg, first, last, good FROM history_minute LIMIT 1";
    fixture_expect(f, "SELECT count(*) FROM archive", "2\n"); /* the 60th holds until the newest */
    fixture_expect(f, MINUTE, "60|0.0|59.0|29.5|0.0|59.0|1.0\n");
    fixture_add_number(f, 1, hour_us + 30 * SECOND + 1, 99);
    fixture_append(f, hour_us + 2 * DAY);
    assert_true(history_flush(f->history, &err));
    fixture_tidy(f);
    fixture_expect(f, MINUTE, "61|0.0|99.0|29.5|0.0|59.0|1.0\n");
    fixture_expect(f, "SELECT n, max, round(good * 3600) FROM history_hour LIMIT 1", "61|99.0|1800.0\n");
    retain_leap(f, hour_us + 7 * DAY);
    fixture_tidy(f);
    fixture_expect(f,
                   "SELECT (SELECT count(*) FROM history_minute), (SELECT count(*) FROM history_hour),"
                   " (SELECT count(*) FROM gap)",
                   "1|2|1\n");
    retain_leap(f, hour_us + 9 * DAY);
    fixture_tidy(f);
    fixture_expect(f,
                   "SELECT (SELECT count(*) FROM history_minute), (SELECT count(*) FROM history_hour),"
                   " (SELECT count(*) FROM gap)",
                   "1|1|0\n");
}

/* Under a constant load the file stays within its bound: the oldest samples go, the newest hours stay. */
static void test_size_is_bounded(void **state)
{
    struct fixture *f = *state;
    const uint64_t bound = 3000000;
    f->options.merge_rows = 4000;
    f->options.keep = (struct history_keep){.bytes = bound};
    fixture_reopen(f);
    retain_add_tags(f);
    for (int day = 0; day < 40; day++) {
        retain_fill(f, T0 + day * DAY, T0 + (day + 1) * DAY, 20 * SECOND);
        fixture_tidy(f);
        uint64_t used = (f->history->retain.pages - f->history->retain.free_pages) * HISTORY_PAGE_BYTES;
        assert_true(day < 8 || used > bound / 2);
        retain_advance(f, T0 + (day + 1) * DAY + 60 * SECOND);
        fixture_tidy(f);
        used = (f->history->retain.pages - f->history->retain.free_pages) * HISTORY_PAGE_BYTES;
        assert_true(used <= bound);
    }
    fixture_expect(
        f,
        "SELECT count(*), min(newest) > 1700000000000000 + 39 * 86400000000, max(oldest) > 1700000000000000"
        " FROM (SELECT min(ts) AS oldest, max(ts) AS newest FROM archive WHERE tag_id > 1 GROUP BY tag_id)",
        "3|1|1\n");
    struct history_stats stats;
    retain_advance(f, T0 + 41 * DAY);
    for (int i = 0; i < 4; i++) {
        retain_advance(f, T0 + 41 * DAY + i * 60 * SECOND);
        fixture_tidy(f);
    }
    while (
        f->history
            ->wal_frames) { /* the main file shrinks with the checkpoint, which waits for more room than this */
        f->history->wal_frames_next = 0;
        fixture_tidy(f);
    }
    history_get_stats(f->history, &stats);
    print_message("bound %.1f MB, file %.1f MB, %llu rows deleted, %.1f MB given back\n", (double)bound / 1e6,
                  (double)stats.file_bytes / 1e6, (unsigned long long)stats.deleted_rows,
                  (double)stats.returned_bytes / 1e6);
    assert_true(stats.file_bytes <= bound && stats.deleted_rows > 400000);
    fixture_expect(
        f, "SELECT count(DISTINCT tag) FROM history_hour WHERE ts < 1700000000000000 + 86400000000", "4\n");
    fixture_expect(f, "PRAGMA integrity_check", "ok\n");
}

/* A clock that is years ahead makes the file no smaller than its bound asks for. */
static void test_size_with_a_clock_that_leaps(void **state)
{
    struct fixture *f = *state;
    const uint64_t bound = 3000000;
    f->options.merge_rows = 4000;
    fixture_reopen(f);
    retain_add_tags(f);
    int days = 0;
    for (uint64_t used = 0; used < bound; days++) {
        retain_fill(f, T0 + days * DAY, T0 + (days + 1) * DAY, 20 * SECOND);
        fixture_tidy(f);
        used = (f->history->retain.pages - f->history->retain.free_pages) * HISTORY_PAGE_BYTES;
    }
    f->options.keep = (struct history_keep){.bytes = bound};
    fixture_reopen(f);
    for (int i = 0; i < 8; i++) {
        retain_advance(f, T0 + 3000 * DAY + i * 60 * SECOND);
        fixture_tidy(f);
    }
    uint64_t used = (f->history->retain.pages - f->history->retain.free_pages) * HISTORY_PAGE_BYTES;
    print_message("%d days, %.2f of %.2f MB left\n", days, (double)used / 1e6, (double)bound / 1e6);
    assert_true(days > 4 && used <= bound && used > bound / 2);
}

/* Room that is not needed for a round goes back; what a merge needs again and again does not. */
static void test_room_goes_back(void **state)
{
    struct fixture *f = *state;
    struct history_stats stats;
    f->options.merge_rows = 1;
    f->options.keep = (struct history_keep){.samples_us = DAY, .minutes_us = DAY, .hours_us = DAY};
    fixture_reopen(f);
    retain_add_tags(f);
    f->options.keep.samples_us = 100 * DAY;
    fixture_reopen(f);
    retain_fill(f, T0, T0 + 3 * DAY, 2 * SECOND);
    fixture_tidy(f);
    f->options.keep.samples_us = DAY;
    fixture_reopen(f);
    retain_leap(f, T0 + 30 * DAY);
    fixture_tidy(f);
    history_get_stats(f->history, &stats);
    assert_true(stats.deleted_rows > 300000 && stats.returned_bytes == 0);
    uint64_t most_bytes = stats.file_bytes;
    for (int i = 1; i < 40; i++) { /* somebody may need it yet */
        retain_advance(f, T0 + 30 * DAY + i * 600 * SECOND);
        fixture_tidy(f);
        history_get_stats(f->history, &stats);
        assert_true(i >= 36 || stats.returned_bytes == 0);
    }
    assert_true(stats.returned_bytes > 8000000);
    assert_true(stats.file_bytes + stats.returned_bytes <= most_bytes + 1000000); /* the file system has it */
    print_message("%.1f MB given back\n", (double)stats.returned_bytes / 1e6);
    fixture_expect(f, "PRAGMA integrity_check", "ok\n");
}

/* In a child: goes through a long history until it is killed. */
static _Noreturn void retain_until_killed(struct fixture *f, volatile bool *begun)
{
    f->history = fixture_open(f);
    retain_leap(f, T0 + 5 * DAY);
    for (;;) {
        retain_slice(f);
        *begun = f->history->stats.deleted_rows > 0;
    }
}

static void test_kills_in_the_middle(void **state)
{
    struct fixture *f = *state;
    volatile bool *begun =
        mmap(NULL, sizeof *begun, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(begun != MAP_FAILED);
    f->options.merge_rows = 1;
    fixture_reopen(f);
    retain_add_tags(f);
    retain_fill(f, T0, T0 + 4 * DAY, 5 * SECOND);
    fixture_tidy(f);
    retain_copy(
        f, "CREATE TABLE was_archive AS SELECT * FROM archive;"
           "CREATE TABLE was_minute AS SELECT * FROM minute; CREATE TABLE was_hour AS SELECT * FROM hour");
    f->options.keep =
        (struct history_keep){.samples_us = 2 * DAY, .minutes_us = 2 * DAY, .hours_us = 2 * DAY};
    history_close(f->history, 0);
    f->history = NULL;
    for (int i = 0; i < 10; i++) {
        *begun = false;
        pid_t pid = fork();
        if (!pid)
            retain_until_killed(f, begun);
        for (int waited = 0; !*begun && i < 5 && waited < 5000; waited++)
            usleep(1000);
        usleep(500u * (unsigned)i);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        fixture_expect(f,
                       "SELECT count(*) FROM was_archive w WHERE ts >= 1700000000000000 + 3 * 86400000000"
                       " AND NOT EXISTS (SELECT 1 FROM archive a WHERE a.tag_id = w.tag_id AND a.ts = w.ts)",
                       "0\n");
    }
    f->history = fixture_open(f);
    retain_leap(f, T0 + 5 * DAY);
    fixture_tidy(f);
    retain_check(f, T0 + 5 * DAY);
    fixture_expect(f, "PRAGMA integrity_check", "ok\n");
    munmap((void *)begun, sizeof *begun);
}

/* Deleting finds its rows by their keys. */
static void test_plans(void **state)
{
    static const enum history_statement WHICH[] = {
        HISTORY_KEEP_SAMPLES,  HISTORY_KEEP_MINUTES, HISTORY_NTH_SAMPLE,
        HISTORY_NTH_MINUTE,    HISTORY_NTH_HOUR,     HISTORY_CLEAR_SAMPLES,
        HISTORY_CLEAR_MINUTES, HISTORY_CLEAR_HOURS,  HISTORY_CLEAR_GAPS};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof WHICH / sizeof *WHICH; i++) {
        const char *statement = sqlite3_sql(f->history->statements[WHICH[i]]);
        char *sql = mem_format("EXPLAIN QUERY PLAN %s", statement);
        char *plan = fixture_sql(f, sql);
        if (strstr(plan, "SCAN") || strstr(plan, "TEMP B-TREE") || !strstr(plan, "SEARCH"))
            fail_msg("%s: %s", statement, plan);
        free(plan);
        free(sql);
    }
}

int main(void)
{
#define HISTORY_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        HISTORY_TEST(test_what_is_within_its_bound_stays),
        HISTORY_TEST(test_a_clock_that_leaps),
        HISTORY_TEST(test_for_ever),
        HISTORY_TEST(test_late_samples_after_deletion),
        HISTORY_TEST(test_size_is_bounded),
        HISTORY_TEST(test_size_with_a_clock_that_leaps),
        HISTORY_TEST(test_room_goes_back),
        HISTORY_TEST(test_kills_in_the_middle),
        HISTORY_TEST(test_plans),
    };
    return cmocka_run_group_tests_name("history_retain", tests, NULL, NULL);
}
