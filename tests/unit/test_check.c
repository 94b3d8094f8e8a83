/* The check of a history: sound in every state that the recorder leaves it in, and each rule finds what
 * breaks it. */
#include "base/clock.h"
#include "db/check.h"

#include "history_fixture.h"

#include <fcntl.h>

#define NOW (T0 + DAY)

struct watch {
    struct buf found; /* one a line, notes with "note: " before them */
    int looks, stop_at;
};

static void watch_found(void *context, bool fault, const char *text)
{
    struct watch *watch = context;
    buf_printf(&watch->found, "%s%s\n", fault ? "" : "note: ", text);
}

static bool watch_progress(void *context, const char *doing, uint64_t done, uint64_t total)
{
    struct watch *watch = context;
    assert_non_null(doing);
    assert_true(!total || done <= total);
    return ++watch->looks != watch->stop_at;
}

/* Everything that is found, as text; the caller frees it. */
static char *check_all(const struct fixture *f, bool full)
{
    struct err err = {0};
    struct watch watch = {.stop_at = -1};
    struct check_watcher watcher = {&watch, watch_found, watch_progress};
    struct check_figures figures;
    buf_init(&watch.found, 0);
    struct check *check = check_open(f->path, &watcher, &err);
    if (!check)
        fail_msg("%s", err.text);
    if (!check_structure(check, full, &err) || !check_measure(check, &figures, &err) ||
        !check_contents(check, full, NOW, &err))
        fail_msg("%s", err.text);
    check_close(check);
    char *found = mem_copy_text(buf_text(&watch.found));
    buf_free(&watch.found);
    return found;
}

static void expect_sound(const struct fixture *f, bool full)
{
    char *found = check_all(f, full);
    assert_string_equal(found, "");
    free(found);
}

static void break_it(const struct fixture *f, const char *sql)
{
    sqlite3 *db;
    char *message = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(db);
}

/* Samples of three tags, `count` of each, a second apart; some of them hours late. */
static void append_samples(struct fixture *f, int64_t from_us, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (uint32_t id = 1; id <= 3; id++) {
            int64_t late_us = i % 50 == 7 ? 3 * 3600 * SECOND + 5 : 0;
            fixture_add_number(f, id, from_us + (int64_t)i * SECOND - late_us, (double)(i % 100) + id);
        }
    fixture_append(f, from_us + (int64_t)count * SECOND);
}

/* Samples in every stage: archived, in a run of each set, and as they came. */
static void fill_stages(struct fixture *f)
{
    for (uint32_t id = 1; id <= 3; id++) {
        char *name = mem_format("tag%u", id);
        fixture_add_tag(f, id, name, name);
        free(name);
    }
    append_samples(f, T0, 7000);
    fixture_tidy(f);
    batch_add_gap(f->batch, T0 + 8000 * SECOND, T0 + 9000 * SECOND, "recorder stopped");
    batch_add_gap(f->batch, T0 + 9000 * SECOND, T0 + 9100 * SECOND, "broker away");
    append_samples(f, T0 + 10000 * SECOND, 1000);
    struct err err = {0};
    for (bool more = true; more;) /* the gaps */
        assert_true(history_tidy(f->history, 10000, &more, &err));
}

static void test_sound_after_every_slice(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    for (uint32_t id = 1; id <= 3; id++) {
        char *name = mem_format("tag%u", id);
        fixture_add_tag(f, id, name, name);
        free(name);
    }
    expect_sound(f, true);
    size_t slices = 0;
    for (int round = 0; round < 6; round++) {
        append_samples(f, T0 + round * 4000 * SECOND, 4000);
        bool more = true;
        for (size_t i = 0; more; i++, slices++) {
            assert_true(history_tidy(f->history, 100, &more, &err));
            char *found = i % 7 ? NULL : check_all(f, true);
            /* a run that is being sorted is told, and nothing else */
            if (found && *found &&
                (strncmp(found, "note: 1 run is being sorted", 27) || strchr(found, '\n')[1]))
                fail_msg("round %d, slice %zu: %s", round, i, found);
            free(found);
        }
        append_samples(f, T0 + round * 4000 * SECOND + 500000, 200);
    }
    assert_true(slices > 100);
    expect_sound(f, true);
}

static void test_each_rule(void **state)
{
    static const struct {
        const char *sql, *found;
        bool full;
    } ROWS[] = {
        {"INSERT INTO archive VALUES (77, 5, 1, 0)", "rows in archive are not in tag", false},
        {"INSERT INTO tail VALUES (77, 5, 1, 0)", "rows of tail belong to tags that are not in tag", false},
        {"INSERT INTO minute VALUES (77, 60000000, 1, 1, 1, 1, 1, 1, 1, 1)", "rows in minute are not in tag",
         false},
        {"INSERT INTO hour_open VALUES (77, 0, 1, 1, 1, 1, 1, 1, 1, 1)",
         "rows of hour_open belong to tags that are not in tag", false},
        {"INSERT INTO tag_state VALUES (77, 1, 'ON')", "rows of tag_state", false},
        {"INSERT INTO latest_flushed VALUES (77, 1, 1, 0)", "rows of latest_flushed", false},
        {"DELETE FROM tag WHERE id = 3", "(the first: 3)", false},
        {"DELETE FROM store", "breach of the form of store", false},
        {"INSERT INTO store SELECT * FROM store", "breach of the form of store", false},
        {"UPDATE store SET mark_a = 2, mark_a_ts = 2 WHERE active = 0;"
         "UPDATE store SET mark_b = 2, mark_b_ts = 2 WHERE active = 1",
         "that is being filled: it hides new samples", false},
        {"UPDATE store SET mark_a = 2 WHERE active = 1; UPDATE store SET mark_b = 2 WHERE active = 0",
         "that holds nothing: it will hide new samples", false},
        {"INSERT INTO run_b VALUES (9, 100, 200, 1, 5); INSERT INTO fresh_b VALUES (9, 1, 300, 1, 0)",
         "outside the span that run_b gives", false},
        {"INSERT INTO run_b VALUES (9, 100, 200, 2, 5); INSERT INTO fresh_b VALUES (9, 1, 150, 1, 0)",
         "another number of samples than run_b says", false},
        {"UPDATE store SET active = 1; INSERT INTO fresh_a VALUES (9, 1, 150, 1, 0)",
         "runs with rows in fresh_a were never registered", false},
        {"UPDATE store SET active = 1; INSERT INTO run_b VALUES (9, 100, 200, 0, 5);"
         "INSERT INTO fresh_b VALUES (8, 1, 150, 1, 0)",
         "runs with rows in fresh_b were never registered", false},
        {"UPDATE store SET active = 1; INSERT INTO fresh_b VALUES (8, 1, 150, 1, 0)",
         "note: 1 run is being sorted in fresh_b", false},
        {"INSERT INTO minute SELECT * FROM minute_open WHERE tag_id = 1",
         "rows in minute that are not before their last one", false},
        {"DELETE FROM hour_open WHERE tag_id = 2", "tags lack the hour of their last archived sample", false},
        {"UPDATE latest_flushed SET ts = ts - 10000000000 WHERE tag_id = 2",
         "newer sample in the archive than latest shows", false},
        {"DELETE FROM latest_flushed WHERE tag_id = 2", "samples in the archive and none in latest", false},
        {"INSERT INTO unrecorded VALUES (500, 400, 'x', 1)", "1 gaps end before they begin (the first: 500)",
         false},
        {"INSERT INTO unrecorded VALUES (400, 500, 'x', 1), (450, 550, 'x', 1)",
         "note: 1 gaps overlap another one of the same reason", false},
        {"INSERT INTO unrecorded VALUES (400, 9000000000000000, 'x', 1)", "note: 1 gaps end in the future",
         false},
        {"INSERT INTO tail VALUES (1, 9000000000000000, 1, 0)", "note: 1 tags have their last sample in the",
         false},
        {"DELETE FROM minute WHERE tag_id = 1 AND ts = (SELECT ts FROM minute WHERE tag_id = 1 ORDER BY ts"
         " LIMIT 1 OFFSET 5)",
         "1 minutes of a tag count fewer samples than the archive holds (tag1, the first at ", true},
        {"UPDATE hour_open SET n = n - 1 WHERE tag_id = 2",
         "1 hours of a tag count fewer samples than their minutes (tag2", true},
    };
    struct fixture *f = *state;
    fill_stages(f);
    expect_sound(f, true);
    history_close(f->history, NOW);
    f->history = NULL;
    char *sound = mem_format("%s.sound", f->path);
    char *keep = mem_format("cp %s %s", f->path, sound), *back = mem_format("cp %s %s", sound, f->path);
    break_it(f, "PRAGMA journal_mode = DELETE");
    assert_int_equal(system(keep), 0);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        break_it(f, ROWS[i].sql);
        char *found = check_all(f, ROWS[i].full);
        if (!strstr(found, ROWS[i].found))
            fail_msg("%s\nwanted: %s\nfound: %s", ROWS[i].sql, ROWS[i].found, found);
        free(found);
        assert_int_equal(system(back), 0);
    }
    expect_sound(f, true);
    unlink(sound);
    free(sound);
    free(keep);
    free(back);
    f->history = fixture_open(f);
}

static void test_damaged_pages(void **state)
{
    struct fixture *f = *state;
    fill_stages(f);
    history_close(f->history, NOW);
    f->history = NULL;
    break_it(f, "PRAGMA journal_mode = DELETE");
    char junk[4096];
    memset(junk, 'x', sizeof junk);
    struct stat status;
    assert_int_equal(stat(f->path, &status), 0);
    int fd = open(f->path, O_WRONLY);
    assert_true(fd >= 0);
    for (off_t at = status.st_size / 8192 * 4096; at < status.st_size / 2 + 40960; at += 4096)
        assert_int_equal(pwrite(fd, junk, sizeof junk, at), sizeof junk);
    close(fd);
    struct err err = {0};
    struct watch watch = {.stop_at = -1};
    struct check_watcher watcher = {&watch, watch_found, watch_progress};
    buf_init(&watch.found, 0);
    struct check *check = check_open(f->path, &watcher, &err);
    assert_non_null(check);
    assert_true(check_structure(check, false, &err));
    assert_true(check_faults(check) > 1); /* each told by itself, without a headline */
    assert_null(strstr(buf_text(&watch.found), "***"));
    check_close(check);
    buf_free(&watch.found);
    unlink(f->path);
}

static void test_ended_by_its_watcher(void **state)
{
    struct fixture *f = *state;
    fill_stages(f);
    for (int stop_at = 1; stop_at < 4; stop_at++) {
        struct err err = {0};
        struct watch watch = {.stop_at = stop_at};
        struct check_watcher watcher = {&watch, watch_found, watch_progress};
        struct check *check = check_open(f->path, &watcher, &err);
        assert_non_null(check);
        assert_false(check_structure(check, true, &err) && check_contents(check, true, NOW, &err));
        assert_int_equal(err.code, EX_TEMPFAIL);
        assert_non_null(strstr(err.text, "ended before it was complete"));
        check_close(check);
    }
}

static void test_what_cannot_be_checked(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct watch watch = {.stop_at = -1};
    struct check_watcher watcher = {&watch, watch_found, watch_progress};
    assert_null(check_open("/nonexistent/history.db", &watcher, &err));
    assert_int_equal(err.code, EX_NOINPUT);
    assert_null(check_open("/dev/null", &watcher, &err));
    assert_int_equal(err.code, EX_DATAERR);
    break_it(f, "PRAGMA user_version = 99");
    assert_null(check_open(f->path, &watcher, &err));
    assert_int_equal(err.code, EX_CONFIG);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_sound_after_every_slice), TEST(test_each_rule),
        TEST(test_damaged_pages),           TEST(test_ended_by_its_watcher),
        TEST(test_what_cannot_be_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
