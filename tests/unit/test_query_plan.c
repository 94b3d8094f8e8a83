/* The statements of the reading side use keys: nothing but the tail, which is bounded, the rows of the runs, and
 * small tables is ever read whole. */
#include "db/query_internal.h"

#include "history_fixture.h"

/* What may be read whole by any statement: r is a set of runs, one row each for 16,384 samples. */
static const char *const SMALL[] = {"r", "tail", "store", "meta", "CONSTANT ROW", NULL};

/* By these only: one row a tag, all of which are asked for, and counting, which is for people who wait. */
static const struct {
    enum query_statement statement;
    const char *tables[6];
} WHOLE[] = {
    {QUERY_BEFORE, {"(subquery", NULL}}, /* of one row */
    {QUERY_FIRST_MINUTE, {"(subquery", NULL}},
    {QUERY_LATEST, {"t", "latest_flushed", "(subquery", "tail", NULL}},
    {QUERY_COUNT_SAMPLES, {"hour", "hour_open", "s", NULL}},
    {QUERY_COUNT_TAGS, {"tag", NULL}},
    {QUERY_TAGS, {"t", NULL}},
    {QUERY_TAG_IDS, {"t", NULL}},
    {QUERY_FLUSHED_UNTIL, {"latest_flushed", NULL}},
    {QUERY_RUNS_UNTIL, {"run_a", "run_b", NULL}},
};

static bool is_in(const char *const *tables, const char *table)
{
    for (; *tables; tables++)
        if (!strncmp(table, *tables, strlen(*tables)) &&
            (**tables == '(' || !table[strlen(*tables)] || table[strlen(*tables)] == ' '))
            return true;
    return false;
}

static bool may_scan(enum query_statement statement, const char *table)
{
    if (is_in(SMALL, table))
        return true;
    for (size_t i = 0; i < sizeof WHOLE / sizeof *WHOLE; i++)
        if (WHOLE[i].statement == statement && is_in(WHOLE[i].tables, table))
            return true;
    return false;
}

static int check_plan(struct query *query, enum query_statement statement)
{
    struct err err = {0};
    sqlite3_stmt *prepared = query_statement(query, statement, &err), *plan;
    if (!prepared)
        fail_msg("%s", err.text);
    char *sql = mem_format("EXPLAIN QUERY PLAN %s", sqlite3_sql(prepared));
    assert_int_equal(sqlite3_prepare_v2(query->db, sql, -1, &plan, NULL), SQLITE_OK);
    int searches = 0;
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(plan, 3);
        searches += !strncmp(line, "SEARCH ", 7);
        if (!strncmp(line, "SCAN ", 5) && !may_scan(statement, line + 5))
            fail_msg("%s: %s", sql, line);
        if (strstr(line, "AUTOMATIC") && statement != QUERY_LATEST) /* there of what has been read whole */
            fail_msg("%s: %s", sql, line);
    }
    sqlite3_finalize(plan);
    free(sql);
    return searches;
}

static void test_plans(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    char name[16];
    int searches = 0;
    for (uint32_t id = 1; id <= 100; id++) {
        snprintf(name, sizeof name, "t%u", id);
        fixture_add_tag(f, id, name, name);
        fixture_add_number(f, id, T0 + id, id);
    }
    fixture_append(f, T0);
    struct query *query = query_open(f->path, &err);
    assert_non_null(query);
    for (int statement = QUERY_END + 1; statement < QUERY_STATEMENTS; statement++)
        searches += check_plan(query, (enum query_statement)statement);
    assert_true(searches > QUERY_STATEMENTS);
    query_close(query);
}

/* After every kind of call the connection holds no transaction: a checkpoint empties the WAL. */
static bool stop_at_once(void *context, const struct query_latest *latest)
{
    (void)context;
    return !latest->tag;
}

static void test_no_transaction_is_left(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct query_tag tag;
    fixture_add_tag(f, 1, "t", "t");
    fixture_add_number(f, 1, T0, 1);
    fixture_append(f, T0);
    struct query *query = query_open(f->path, &err);
    assert_non_null(query);
    assert_true(query_each_at(query, T0, stop_at_once, NULL, &err));
    assert_true(query_find_tag(query, "t", &tag, &err));
    query_tag_free(&tag);
    assert_false(query_find_tag(query, "u", &tag, &err));
    for (int statement = 0; statement < QUERY_STATEMENTS; statement++)
        assert_false(query->statements[statement] && sqlite3_stmt_busy(query->statements[statement]));
    assert_true(sqlite3_get_autocommit(query->db));
    query_close(query);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plans, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_no_transaction_is_left, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("query_plan", tests, NULL, NULL);
}
