/* The rows of the journal, read from a real file by the thread that reads for the screens. */
#include "ui/journal_list.h"

#include "db/query_internal.h"

#include "history_fixture.h"

#include <math.h>
#include <poll.h>

#define ROWS     10
#define TRIES_MS 20000

static void add(struct fixture *f, int64_t ts_us, const char *tag, const char *event, const char *operator)
{
    char alarm[64];
    snprintf(alarm, sizeof alarm, "%s/hi", tag);
    batch_add_event(f->batch, &(struct alarm_event){.ts_us = ts_us,
                                                    .kind = operator? JOURNAL_OPERATOR : JOURNAL_ALARM,
                                                    .event = event,
                                                    .tag = tag,
                                                    .alarm = alarm,
                                                    .value = 95.5,
                                                    .limit = NAN,
                                                    .operator= operator,
                                                    .detail = "Drum\x1b[2J hot"});
}

/* 500 entries of two tags, a second apart; each hundredth is alice's. */
static void fill(struct fixture *f)
{
    for (int i = 0; i < 500; i++)
        add(f, T0 + i * SECOND, i % 5 ? "one" : "two", "activated", i % 100 == 99 ? "alice" : NULL);
    fixture_append(f, T0);
}

struct scene {
    struct history_reader *reader;
    struct journal_list list;
    int64_t now_us; /* monotonic */
    int questions;
};

static void begin(struct scene *scene, const struct fixture *f)
{
    *scene = (struct scene){.reader = history_reader_new(f->path), .now_us = SECOND};
    journal_list_init(&scene->list);
}

static void end(struct scene *scene)
{
    journal_list_free(&scene->list);
    history_reader_free(scene->reader);
}

/* Asks and takes answers until the list wants no more just now. */
static void settle(struct scene *scene)
{
    struct history_request *request = mem_new(1, sizeof *request);
    journal_list_scroll(&scene->list, ROWS);
    while (journal_list_request(&scene->list, ROWS, scene->now_us, request)) {
        history_reader_ask(scene->reader, request);
        scene->questions++;
        struct pollfd fd = {.fd = history_reader_fd(scene->reader), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, TRIES_MS), 1);
        struct history_result *result = history_reader_take(scene->reader);
        assert_non_null(result);
        assert_true(journal_list_take(&scene->list, result));
        if (*scene->list.error)
            fail_msg("%s", scene->list.error);
        history_result_free(result);
        journal_list_scroll(&scene->list, ROWS);
    }
    free(request);
}

static void search(struct scene *scene, const char *words)
{
    journal_list_set_filter(&scene->list, words, T0 + 500 * SECOND);
    settle(scene);
}

static void test_pages_come_as_they_are_needed(void **state)
{
    struct scene scene;
    fill(*state);
    begin(&scene, *state);
    settle(&scene);
    assert_int_equal(scene.list.count, 200);
    assert_true(scene.list.more);
    assert_int_equal(scene.list.entries[0].place.ts_us, T0 + 499 * SECOND);
    assert_string_equal(scene.list.entries[0].texts[JOURNAL_TEXT_OPERATOR], "alice");
    assert_null(strchr(scene.list.entries[0].texts[JOURNAL_TEXT_DETAIL], '\x1b')); /* safe for a terminal */
    assert_string_equal(journal_entry_subject(&scene.list.entries[0]), "one/hi");
    assert_true(scene.list.entries[0].value == 95.5);
    assert_true(isnan(scene.list.entries[0].limit));
    int questions = scene.questions;
    for (int i = 0; i < 60; i++) {
        journal_list_move(&scene.list, ROWS);
        settle(&scene);
    }
    assert_int_equal(scene.list.count, 500); /* all of them, each once */
    assert_false(scene.list.more);
    assert_true(scene.questions - questions <= 3);
    for (size_t i = 0; i < 500; i++)
        assert_int_equal(scene.list.entries[i].place.ts_us, T0 + (int64_t)(499 - i) * SECOND);
    end(&scene);
}

static void test_newer_ones_come_above(void **state)
{
    struct fixture *f = *state;
    struct scene scene;
    fill(f);
    begin(&scene, f);
    settle(&scene);
    add(f, T0 + 500 * SECOND, "new", "activated", NULL);
    fixture_append(f, T0);
    settle(&scene); /* not at once: once a second */
    assert_int_equal(scene.list.count, 200);
    scene.now_us += JOURNAL_LIST_NEW_US;
    settle(&scene);
    assert_int_equal(scene.list.cursor, 0); /* on the first row, which is always the newest */
    assert_string_equal(journal_list_current(&scene.list)->texts[JOURNAL_TEXT_TAG], "new");
    journal_list_move(&scene.list, 3);
    int64_t id = journal_list_current(&scene.list)->place.id;
    add(f, T0 + 501 * SECOND, "newer", "activated", NULL);
    add(f, T0 + 100 * SECOND, "clock set back", "activated", NULL);
    fixture_append(f, T0);
    scene.now_us += JOURNAL_LIST_NEW_US;
    settle(&scene);
    assert_int_equal(journal_list_current(&scene.list)->place.id, id);
    assert_int_equal(scene.list.cursor, 4);
    /* More than a page in a second: whoever looks at the newest has them at once. */
    journal_list_move(&scene.list, -10);
    for (int i = 0; i < 1000; i++)
        add(f, T0 + 600 * SECOND, "flood", "activated", NULL);
    fixture_append(f, T0);
    scene.now_us += JOURNAL_LIST_NEW_US;
    settle(&scene);
    assert_string_equal(scene.list.entries[0].texts[JOURNAL_TEXT_TAG], "flood");
    for (size_t i = 1; i < scene.list.count; i++)
        assert_true(scene.list.entries[i - 1].place.id > scene.list.entries[i].place.id);
    end(&scene);
}

static void test_search_by_time_tag_and_operator(void **state)
{
    struct scene scene;
    char words[128];
    fill(*state);
    begin(&scene, *state);
    search(&scene, "tag:two");
    assert_int_equal(scene.list.count, 100);
    search(&scene, "operator:ALICE");
    assert_int_equal(scene.list.count, 5);
    search(&scene, "operator:alice tag:two");
    assert_int_equal(scene.list.count, 0);
    assert_false(scene.list.more);
    search(&scene, "kind:operator");
    assert_int_equal(scene.list.count, 5);
    search(&scene, "drum activated two/hi");
    assert_int_equal(scene.list.count, 100);
    snprintf(words, sizeof words, "from:%lld to:%lld", (long long)(T0 + 100 * SECOND),
             (long long)(T0 + 102 * SECOND));
    search(&scene, words);
    assert_int_equal(scene.list.count, 3);
    assert_int_equal(scene.list.entries[0].place.ts_us, T0 + 102 * SECOND);
    search(&scene, "from:-9s");
    assert_int_equal(scene.list.count, 9); /* 491 to 499 s, and no question for what is older */
    assert_string_equal(scene.list.search.fault, "");
    search(&scene, "from:yesteryear");
    assert_string_equal(scene.list.search.fault, "unknown time");
    end(&scene);
}

/* A search through a long journal goes on in stretches, and says how far it is. */
static void test_long_searches_come_in_stretches(void **state)
{
    struct fixture *f = *state;
    struct scene scene;
    sqlite3 *db;
    add(f, T0, "rare", "activated", "bob");
    fixture_append(f, T0);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n LIMIT 120000)"
                     " INSERT INTO journal_entry (id, ts, kind, tag, event)"
                     " SELECT i, 1700000000000000 + i * 1000, 'alarm', 't', 'activated' FROM n",
                     NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    begin(&scene, f);
    search(&scene, "rare");
    assert_int_equal(scene.list.count, 1);
    assert_false(scene.list.more);
    assert_int_equal(scene.questions, 4); /* three stretches, and one for newer ones */
    /* By index: in one go. */
    search(&scene, "operator:bob");
    assert_int_equal(scene.list.count, 1);
    assert_false(scene.list.more);
    assert_int_equal(scene.questions, 5);
    struct history_request *request = mem_new(1, sizeof *request);
    journal_list_set_filter(&scene.list, "tag:rare", T0);
    assert_true(journal_list_request(&scene.list, ROWS, scene.now_us, request));
    snprintf(request->journal.tag, sizeof request->journal.tag, "rare");
    history_reader_ask(scene.reader, request);
    struct pollfd fd = {.fd = history_reader_fd(scene.reader), .events = POLLIN};
    assert_int_equal(poll(&fd, 1, TRIES_MS), 1);
    struct history_result *result = history_reader_take(scene.reader);
    assert_int_equal(result->entry_count, 1);
    assert_false(result->more);
    history_result_free(result);
    free(request);
    end(&scene);
}

static void test_memory_is_bounded(void **state)
{
    struct fixture *f = *state;
    struct scene scene;
    for (int i = 0; i < JOURNAL_LIST_MAX + 500; i++)
        add(f, T0 + i * SECOND, "t", "activated", NULL);
    fixture_append(f, T0);
    begin(&scene, f);
    for (int i = 0; i < 100; i++) {
        journal_list_move(&scene.list, 100);
        settle(&scene);
    }
    assert_int_equal(scene.list.count, JOURNAL_LIST_MAX);
    add(f, T0 + 9999 * SECOND, "new", "activated", NULL);
    fixture_append(f, T0);
    scene.now_us += JOURNAL_LIST_NEW_US;
    settle(&scene);
    assert_int_equal(scene.list.count, JOURNAL_LIST_MAX);
    assert_string_equal(scene.list.entries[0].texts[JOURNAL_TEXT_TAG], "new");
    end(&scene);
}

/* Whatever the journal's length, a page costs what a page costs: no sorting, no walk through the table. */
static void test_plans(void **state)
{
    static const struct {
        enum query_statement statement;
        const char *plan;
    } PLANS[] = {
        {QUERY_JOURNAL, "SEARCH journal_entry USING INDEX journal_entry_ts (ts>? AND ts<?)"},
        {QUERY_JOURNAL_OF_TAG,
         "SEARCH journal_entry USING INDEX journal_entry_tag (tag=? AND ts>? AND ts<?)"},
        {QUERY_JOURNAL_OF_OPERATORS,
         "SEARCH journal_entry USING INDEX journal_entry_operator (ts>? AND ts<?)"},
        {QUERY_JOURNAL_SINCE, "SEARCH journal_entry USING INTEGER PRIMARY KEY (rowid>?)"},
    };
    struct fixture *f = *state;
    struct err err = {0};
    fill(f);
    struct query *query = query_open(f->path, &err);
    assert_non_null(query);
    for (size_t i = 0; i < sizeof PLANS / sizeof *PLANS; i++) {
        sqlite3_stmt *plan;
        char *sql = mem_format("EXPLAIN QUERY PLAN %s",
                               sqlite3_sql(query_statement(query, PLANS[i].statement, &err)));
        assert_int_equal(sqlite3_prepare_v2(query->db, sql, -1, &plan, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(plan), SQLITE_ROW);
        assert_string_equal((const char *)sqlite3_column_text(plan, 3), PLANS[i].plan);
        assert_int_equal(sqlite3_step(plan), SQLITE_DONE);
        sqlite3_finalize(plan);
        free(sql);
    }
    query_close(query);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pages_come_as_they_are_needed, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_newer_ones_come_above, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_search_by_time_tag_and_operator, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_long_searches_come_in_stretches, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_memory_is_bounded, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_plans, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("journal_list", tests, NULL, NULL);
}
