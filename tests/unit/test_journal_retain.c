/* Retention of the journal: what is older than it is kept goes from the beginning, and the chain is whole at every moment:
 * for who verifies meanwhile, after a kill, and for who looks for what somebody else has taken. */
#include "db/history_internal.h"
#include "db/journal_verify.h"

#include "history_fixture.h"
#include "unit.h"

#include <math.h>
#include <signal.h>
#include <sys/mman.h>

#define MINUTE (60 * SECOND)
#define HOUR   (3600 * SECOND)
#define KEEP   (10 * DAY)

/* `count` entries, one every `step_us` from `from_us` on. */
static void put_entries(struct fixture *f, int count, int64_t from_us, int64_t step_us)
{
    for (int i = 0; i < count; i++) {
        const struct alarm_event event = {.ts_us = from_us + i * step_us,
                                          .kind = JOURNAL_ALARM,
                                          .event = "activated",
                                          .tag = "boiler.temp",
                                          .alarm = "boiler.temp/hi",
                                          .value = i,
                                          .limit = NAN,
                                          .detail = i % 3 ? "Drum hot" : NULL};
        batch_add_event(f->batch, &event);
    }
    fixture_append(f, from_us + count * step_us);
}

/* Housekeeping as of that moment, in slices as short as can be; the clock is believed after six hours. */
static void retain_at(struct fixture *f, int64_t now_us)
{
    struct err err = {0};
    for (int64_t at_us = now_us - 7 * HOUR; at_us <= now_us; at_us += 7 * HOUR) {
        if (!history_mark_alive(f->history, at_us, &err))
            fail_msg("%s", err.text);
        for (bool more = true; more;)
            if (!history_tidy(f->history, 1, &more, &err))
                fail_msg("%s", err.text);
    }
}

static struct journal_verdict verify(const struct fixture *f)
{
    struct journal_verdict verdict;
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    sqlite3_busy_timeout(db, 1000);
    assert_true(journal_verify(db, &verdict));
    sqlite3_close(db);
    return verdict;
}

static void expect_whole(const struct fixture *f)
{
    struct journal_verdict verdict = verify(f);
    if (verdict.broken_id)
        fail_msg("row %lld: %s", (long long)verdict.broken_id, verdict.text);
}

static void keep(struct fixture *f, int64_t journal_us)
{
    f->options.keep = (struct history_keep){.journal_us = journal_us};
    fixture_reopen(f);
}

static void test_what_is_old_goes(void **state)
{
    struct fixture *f = *state;
    put_entries(f, 1000, T0, HOUR);
    keep(f, KEEP);
    int64_t now_us = T0 + 1000 * HOUR;
    retain_at(f, now_us);
    char *sql = mem_format("SELECT count(*) FROM journal WHERE ts < %lld", (long long)(now_us - KEEP));
    fixture_expect(f, sql, "0\n");
    free(sql);
    fixture_expect(f, "SELECT count(*), min(id) FROM journal WHERE event = 'activated'", "240|761\n");
    fixture_expect(
        f, "SELECT kind, value, detail FROM journal WHERE event = 'shortened' ORDER BY id DESC LIMIT 1",
        "config|760.0|rows up to 760, from before 2023-12-16T14:13:20.000Z, are not kept any longer\n");
    fixture_expect(f, "SELECT count(*) FROM meta WHERE key LIKE 'journal_from_%'", "3\n");
    expect_whole(f);
    /* The chain goes on, also over a restart. */
    put_entries(f, 3, now_us, SECOND);
    fixture_reopen(f);
    put_entries(f, 3, now_us, SECOND);
    expect_whole(f);
    char *last = fixture_sql(f, "SELECT max(id) FROM journal");
    assert_int_equal(verify(f).head_id, atoi(last));
    free(last);
}

static void test_a_day_is_waited_for(void **state)
{
    struct fixture *f = *state;
    put_entries(f, 100, T0, HOUR);
    keep(f, KEEP);
    retain_at(f, T0 + KEEP + DAY - HOUR);
    fixture_expect(f, "SELECT count(*) FROM journal", "100\n");
    retain_at(f, T0 + KEEP + DAY + 6 * HOUR);
    fixture_expect(f, "SELECT count(*), sum(event = 'shortened') FROM journal", "71|1\n");
    expect_whole(f);
}

/* All of it is old: the chain goes on from what was noted. */
static void test_nothing_is_left(void **state)
{
    struct fixture *f = *state;
    put_entries(f, 10, T0, SECOND);
    keep(f, KEEP);
    retain_at(f, T0 + 3 * KEEP);
    fixture_expect(f, "SELECT id, event FROM journal", "11|shortened\n");
    expect_whole(f);
    retain_at(f, T0 + 6 * KEEP);
    fixture_expect(f, "SELECT id, event FROM journal", "12|shortened\n");
    fixture_reopen(f);
    put_entries(f, 2, T0 + 6 * KEEP, SECOND);
    fixture_expect(f, "SELECT max(id) FROM journal", "14\n");
    expect_whole(f);
}

/* ---- by size ---- */

/* Four tags, a sample each of them every `step_us` for so many days, sorted and merged. */
static void put_samples(struct fixture *f, int64_t from_us, int days, int64_t step_us)
{
    struct err err = {0};
    for (uint32_t tag = 1; tag <= 4; tag++) {
        char name[16];
        snprintf(name, sizeof name, "t%u", tag);
        fixture_add_tag(f, tag, name, name);
    }
    for (int64_t ts_us = from_us; ts_us < from_us + days * DAY; ts_us += step_us)
        for (uint32_t tag = 1; tag <= 4; tag++)
            fixture_add_number(f, tag, ts_us, (double)(ts_us / SECOND % 1000));
    fixture_append(f, from_us + days * DAY);
    assert_true(history_flush(f->history, &err));
    fixture_tidy(f);
}

static void bound(struct fixture *f, uint64_t bytes)
{
    f->options.keep = (struct history_keep){.bytes = bytes};
    f->options.merge_rows = 1;
    fixture_reopen(f);
}

static uint64_t used(const struct fixture *f)
{
    return (f->history->retain.pages - f->history->retain.free_pages) * HISTORY_PAGE_BYTES;
}

static int count(const struct fixture *f, const char *sql)
{
    char *text = fixture_sql(f, sql);
    int value = atoi(text);
    free(text);
    return value;
}

/* Samples and minutes go before it, and where it alone is too large, it does; where each alarm stands always stays. */
static void test_size_takes_the_journal_last(void **state)
{
    struct fixture *f = *state;
    const int64_t end_us = T0 + 6 * DAY;
    const struct batch_alarm shelved = {
        .tag_id = 1,
        .status = {.state = ALARM_SHELVED, .withheld = ALARM_BY_SHELF, .value = NAN, .limit = NAN}};
    batch_add_alarm(f->batch, &shelved, "hi", NULL);
    bound(f, 0);
    put_entries(f, 15000, T0, 30 * SECOND);
    put_samples(f, T0, 6, 10 * SECOND);
    bound(f, 8000000); /* 45 % of it are the journal's */
    retain_at(f, end_us);
    assert_true(used(f) <= 8000000);
    fixture_expect(f, "SELECT count(*), min(id) FROM journal", "15000|1\n");
    int samples = count(f, "SELECT count(*) FROM archive");
    assert_in_range(samples, 10000, 4 * 6 * 8640 - 10000);
    bound(f, 4500000); /* hardly any samples are left now, and then the journal is too large */
    retain_at(f, end_us + DAY);
    assert_true(used(f) <= 4500000);
    assert_in_range(count(f, "SELECT count(*) FROM journal WHERE event = 'activated'"), 10000, 14000);
    fixture_expect(f, "SELECT min(id) > 1000, count(DISTINCT ts / 3600000000) > 80 FROM journal", "1|1\n");
    expect_whole(f);
    fixture_expect(f, "SELECT state FROM alarm_state", "shelved\n");
    fixture_expect(f,
                   "SELECT detail LIKE 'rows up to % are not kept any longer: the file is as large as keep_mb"
                   " allows' FROM journal WHERE event = 'shortened' LIMIT 1",
                   "1\n");
    assert_true(f->history->stats.deleted_rows > 1000);
}

/* It has flooded a file that had room for samples: these are not squeezed out. */
static void test_size_takes_a_flooded_journal_first(void **state)
{
    struct fixture *f = *state;
    bound(f, 0);
    put_samples(f, T0, 1, 10 * SECOND);
    put_entries(f, 60000, T0, SECOND);
    int samples = count(f, "SELECT count(*) FROM archive");
    bound(f, 9000000);
    retain_at(f, T0 + DAY);
    assert_true(used(f) <= 9000000);
    assert_int_equal(count(f, "SELECT count(*) FROM archive"), samples);
    assert_in_range(count(f, "SELECT count(*) FROM journal"), 20000, 50000);
    expect_whole(f);
    /* A bound that cannot be kept: the newest stay. */
    bound(f, 1000000);
    retain_at(f, T0 + 10 * DAY);
    assert_in_range(count(f, "SELECT count(*) FROM journal"), 10000, 11000);
    fixture_expect(f, "SELECT max(id) - min(id) + 1 = count(*) FROM journal", "1\n");
    expect_whole(f);
    fixture_expect(f, "PRAGMA integrity_check", "ok\n");
}

/* A row from a clock that was years ahead keeps none behind it in the file, and lets nobody else delete. */
static void test_size_and_a_clock_that_was_ahead(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db;
    put_entries(f, 1, T0 + 5000 * DAY, SECOND);
    put_entries(f, 25000, T0, SECOND);
    bound(f, 4000000);
    retain_at(f, T0 + DAY);
    assert_true(used(f) <= 4000000);
    assert_true(count(f, "SELECT min(id) FROM journal") > 1000);
    expect_whole(f);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DELETE FROM journal_entry", NULL, NULL, NULL), SQLITE_CONSTRAINT);
    sqlite3_close(db);
}

/* The last hour of a tag that is silent for long stays, and keeps nothing else in the file. */
static void test_size_with_a_dead_tag(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    bound(f, 0);
    fixture_add_tag(f, 9, "dead", "dead");
    for (int i = 0; i < 300; i++)
        fixture_add_number(f, 9, T0 - 30 * DAY + i * 10 * SECOND, i);
    fixture_append(f, T0);
    assert_true(history_flush(f->history, &err));
    put_samples(f, T0, 10, MINUTE);
    put_entries(f, 1000, T0, SECOND);
    int minutes = count(f, "SELECT count(*) FROM minute WHERE tag_id < 9");
    char *last = fixture_sql(f, "SELECT count(*) FROM minute m JOIN hour_open h USING (tag_id)"
                                " WHERE tag_id = 9 AND m.ts >= h.ts");
    bound(f, 2000000);
    retain_at(f, T0 + 10 * DAY);
    assert_true(used(f) <= 2000000);
    assert_in_range(count(f, "SELECT count(*) FROM minute WHERE tag_id < 9"), minutes / 8, minutes / 8 * 7);
    fixture_expect(f, "SELECT count(*) FROM minute WHERE tag_id = 9", last);
    fixture_expect(f, "SELECT count(*) FROM journal", "1000\n");
    free(last);
}

/* ---- by age again ---- */

static void test_for_ever(void **state)
{
    struct fixture *f = *state;
    put_entries(f, 10, T0, SECOND);
    keep(f, 0);
    retain_at(f, T0 + 10000 * DAY);
    fixture_expect(f, "SELECT count(*) FROM journal", "10\n");
}

/* Rows from before there was a chain, as an older version left them. */
static void test_rows_without_a_hash(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db;
    history_close(f->history, T0);
    f->history = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
                     " INSERT INTO journal_entry (id, ts, kind, event) SELECT i,"
                     " 1700000000000000 + i * 3600000000, 'alarm', 'activated' FROM n",
                     NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    f->history = fixture_open(f);
    keep(f, KEEP);
    retain_at(f, T0 + KEEP + 200 * HOUR); /* in the middle of them */
    fixture_expect(f, "SELECT min(id) FROM journal", "200\n");
    assert_int_equal(verify(f).unhashed, 101);
    expect_whole(f);
    put_entries(f, 100, T0 + 400 * HOUR, HOUR);
    retain_at(f, T0 + KEEP + 450 * HOUR);
    expect_whole(f);
    assert_int_equal(verify(f).unhashed, 0);
}

/* What a sqlite3 user with write access may not do, before and after. */
static void test_nobody_else_deletes(void **state)
{
    static const char *const ATTEMPTS[] = {
        "DELETE FROM journal_entry WHERE id = (SELECT max(id) FROM journal_entry)",
        "DELETE FROM journal_entry WHERE id = 800", "DELETE FROM journal_entry",
        "UPDATE journal_entry SET operator = 'nobody' WHERE id = 800"};
    struct fixture *f = *state;
    put_entries(f, 1000, T0, HOUR);
    keep(f, KEEP);
    for (int round = 0; round < 2; round++) {
        sqlite3 *db;
        assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
        for (size_t i = 0; i < COUNT(ATTEMPTS); i++) {
            assert_int_equal(sqlite3_exec(db, ATTEMPTS[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
            assert_string_equal(sqlite3_errmsg(db), "the journal is append-only");
        }
        sqlite3_close(db);
        retain_at(f, T0 + 1000 * HOUR);
    }
    expect_whole(f);
}

/* As the file's owner can, going around the triggers. */
static void tamper(const struct fixture *f, const char *sql)
{
    sqlite3 *db;
    char *message = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    sqlite3_exec(db, "DROP TRIGGER journal_entry_update; DROP TRIGGER journal_entry_delete", NULL, NULL,
                 NULL);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(db);
}

#define FORGE(id)                                                                                            \
    "REPLACE INTO meta SELECT 'journal_from_hash', hash FROM journal_entry WHERE id = " id                   \
    "; REPLACE INTO meta VALUES ('journal_from_id', " id "); DELETE FROM journal_entry WHERE id <= " id

static void test_tampering_is_found(void **state)
{
    static const struct {
        const char *sql;
        int64_t broken_id;
        const char *text;
    } ROWS[] = {
        {"UPDATE journal_entry SET operator = 'mallory' WHERE id = 800", 800, "was changed"},
        {"UPDATE journal_entry SET detail = 'x' WHERE id = 761", 761, "was changed"},
        {"DELETE FROM journal_entry WHERE id = 800", 801, "rows 800 to 800 are missing"},
        {"DELETE FROM journal_entry WHERE id < 800", 800, "rows 761 to 799 are missing"},
        {"UPDATE meta SET value = zeroblob(32) WHERE key = 'journal_from_hash'", 761, "was changed"},
        {"DELETE FROM meta WHERE key LIKE 'journal_from_%'", 761, "rows 1 to 760 are missing"},
        /* A beginning that fits the rows behind it, but that retention never made. */
        {FORGE("800"), 801, "begins behind row 800, but by its own entries retention takes those up to 760"},
        {FORGE("1000"), 1001, "begins behind row 1000"},
        {FORGE("(SELECT max(id) FROM journal_entry)"), 0, "by its own entries"}, /* none is left */
        {"UPDATE journal_entry SET value = 800 WHERE event = 'shortened'; " FORGE("800"), 1001,
         "was changed"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        put_entries(f, 1000, T0, HOUR);
        f->options.keep = (struct history_keep){.journal_us = KEEP};
        fixture_reopen(f);
        retain_at(f, T0 + 1000 * HOUR);
        expect_whole(f);
        tamper(f, ROWS[i].sql);
        struct journal_verdict verdict = verify(f);
        if (ROWS[i].broken_id)
            assert_int_equal(verdict.broken_id, ROWS[i].broken_id);
        assert_true(verdict.broken_id > 0);
        if (!strstr(verdict.text, ROWS[i].text))
            fail_msg("%s", verdict.text);
        fixture_forget(f);
    }
}

/* In a child: shortens a long journal until it is killed, or to its end. */
static _Noreturn void shorten(struct fixture *f, volatile int *slices)
{
    struct err err = {0};
    bool more = true;
    f->history = fixture_open(f);
    for (int64_t at_us = T0 + 20000 * HOUR - 7 * HOUR; at_us <= T0 + 20000 * HOUR; at_us += 7 * HOUR) {
        history_mark_alive(f->history, at_us, &err);
        for (more = true; more && !err.code; ++*slices)
            history_tidy(f->history, 1, &more, &err);
    }
    history_close(f->history, 0);
    _exit(err.code);
}

static void test_kills_and_who_verifies_meanwhile(void **state)
{
    struct fixture *f = *state;
    volatile int *slices =
        mmap(NULL, sizeof *slices, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(slices != MAP_FAILED);
    put_entries(f, 20000, T0, HOUR);
    keep(f, KEEP);
    history_close(f->history, 0);
    f->history = NULL;
    for (int kills = 0; kills < 6; kills++) {
        int before = *slices;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (!pid)
            shorten(f, slices);
        while (*slices - before < 4 + 3 * kills)
            usleep(100);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        expect_whole(f);
    }
    int verified = 0, status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (!pid)
        shorten(f, slices);
    for (; !waitpid(pid, &status, WNOHANG); verified++)
        expect_whole(f);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    print_message("verified %d times meanwhile, %d slices\n", verified, *slices);
    /* what a kill left of less than a day waits for the next round */
    fixture_expect(f, "SELECT count(*) BETWEEN 240 AND 264 FROM journal WHERE event = 'activated'", "1\n");
    fixture_expect(f, "PRAGMA integrity_check", "ok\n");
    f->history = fixture_open(f);
    munmap((void *)slices, sizeof *slices);
}

int main(void)
{
#define JOURNAL_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        JOURNAL_TEST(test_what_is_old_goes),
        JOURNAL_TEST(test_a_day_is_waited_for),
        JOURNAL_TEST(test_nothing_is_left),
        JOURNAL_TEST(test_for_ever),
        JOURNAL_TEST(test_size_takes_the_journal_last),
        JOURNAL_TEST(test_size_takes_a_flooded_journal_first),
        JOURNAL_TEST(test_size_and_a_clock_that_was_ahead),
        JOURNAL_TEST(test_size_with_a_dead_tag),
        JOURNAL_TEST(test_rows_without_a_hash),
        JOURNAL_TEST(test_nobody_else_deletes),
        JOURNAL_TEST(test_tampering_is_found),
        JOURNAL_TEST(test_kills_and_who_verifies_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
