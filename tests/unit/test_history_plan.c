/* The promise to sqlite3 users: conditions on tag and ts reach the keys of everything that has one, and
 * people's queries stay quick. A plan line that begins with SCAN is a whole table; which ones may be is
 * listed with each query. */
#include "db/history_internal.h"

#include "history_fixture.h"

struct plan_case {
    const char *sql;
    const char *must;     /* a line that has to be there ... */
    int must_count;       /* ... so many times */
    const char *scans[6]; /* the tables that may be read whole; ends in NULL */
};

/* r: the runs, one row each for 16,384 samples; s: the tail, which is bounded; store: one row. */
#define PLAN_RUN_KEY "SEARCH s USING PRIMARY KEY (run=? AND tag_id=? AND ts>? AND ts<?)"
#define PLAN_SMALL                                                                                           \
    {                                                                                                        \
        "SCAN r", "SCAN s", "SCAN store", "SCAN sample", NULL                                                \
    }

/* Minutes and hours: what is fresh of one tag passes through several steps, each reading what the one before it
 * gave. */
#define PLAN_FRESH                                                                                           \
    {                                                                                                        \
        "SCAN r", "SCAN s", "SCAN store", "SCAN (subquery", "SCAN fresh_", NULL                              \
    }

static const struct plan_case PLAN_CASES[] = {
    {.sql = "SELECT ts, value FROM history WHERE tag = 't7' AND ts BETWEEN 5 AND 9",
     .must = PLAN_RUN_KEY,
     .must_count = 2,
     .scans = PLAN_SMALL},
    {.sql = "SELECT * FROM history WHERE tag = 't7' AND ts BETWEEN 5 AND 9 ORDER BY ts",
     .must = PLAN_RUN_KEY,
     .must_count = 2,
     .scans = PLAN_SMALL},
    {.sql =
         "SELECT max(value), avg(value) FROM history WHERE tag = 't7' AND ts >= 5 AND ts < 9 AND quality = 0",
     .must = PLAN_RUN_KEY,
     .must_count = 2,
     .scans = PLAN_SMALL},
    {.sql = "SELECT time, value, text FROM history WHERE tag = 't7' AND ts BETWEEN"
            " unixepoch('2023-11-14') * 1000000 AND unixepoch('2023-11-15') * 1000000",
     .must = PLAN_RUN_KEY,
     .must_count = 2,
     .scans = PLAN_SMALL},
    {.sql = "SELECT ts, value FROM history WHERE tag = 't7'",
     .must = "SEARCH s USING PRIMARY KEY (run=? AND tag_id=?)",
     .must_count = 2,
     .scans = PLAN_SMALL},
    {.sql = "SELECT tag FROM history WHERE tag = 't7' AND ts BETWEEN 5 AND 9",
     .must = "SEARCH t USING COVERING INDEX sqlite_autoindex_tag_1 (name=?)",
     .must_count = 4,
     .scans = PLAN_SMALL},
    /* latest may read whole: the tail, one row a tag, and what these two gave */
    {.sql = "SELECT ts, value FROM history WHERE tag = 't7' AND ts BETWEEN 5 AND 9",
     .must = "SEARCH s USING PRIMARY KEY (tag_id=? AND ts>? AND ts<?)",
     .must_count = 1,
     .scans = PLAN_SMALL},
    {.sql = "SELECT ts, avg FROM history_minute WHERE tag = 't7' AND ts BETWEEN 5 AND 9",
     .must = "SEARCH s USING PRIMARY KEY (tag_id=? AND ts>? AND ts<?)",
     .must_count = 1,
     .scans = PLAN_FRESH},
    {.sql = "SELECT * FROM history_minute WHERE tag = 't7' AND ts >= 5 AND ts < 9 ORDER BY ts",
     .must = "SEARCH s USING PRIMARY KEY (run=? AND tag_id=?)",
     .must_count = 2,
     .scans = PLAN_FRESH},
    {.sql = "SELECT time, avg, good FROM history_hour WHERE tag = 't7' AND ts BETWEEN 5 AND 9",
     .must = "SEARCH s USING PRIMARY KEY (tag_id=? AND ts>? AND ts<?)",
     .must_count = 1,
     .scans = PLAN_FRESH},
    {.sql = "SELECT max(max) FROM history_hour WHERE tag = 't7' AND ts BETWEEN 5 AND 9",
     .must = "SEARCH t USING COVERING INDEX sqlite_autoindex_tag_1 (name=?)",
     .must_count = 6, /* hour, hour_open, the archive's last sample, two sets of runs, the tail */
     .scans = PLAN_FRESH},
    {.sql = "SELECT * FROM latest WHERE tag = 't7'",
     .must = "SEARCH t USING INDEX sqlite_autoindex_tag_1 (name=?)",
     .must_count = 1,
     .scans = {"SCAN tail", "SCAN latest_flushed", "SCAN (subquery", "SCAN l", NULL}},
    {.sql = "SELECT * FROM tags WHERE tag = 't7'",
     .must = "SEARCH tag USING INDEX sqlite_autoindex_tag_1 (name=?)",
     .must_count = 1,
     .scans = {NULL}},
    {.sql = "SELECT * FROM tags WHERE topic = 't/7' AND path = ''",
     .must = "SEARCH tag USING INDEX sqlite_autoindex_tag_2 (topic=? AND path=?)",
     .must_count = 1,
     .scans = {NULL}},
    {.sql = "SELECT time, event FROM journal WHERE tag = 't7' AND ts BETWEEN 5 AND 9 ORDER BY ts",
     .must = "SEARCH journal_entry USING INDEX journal_entry_tag (tag=? AND ts>? AND ts<?)",
     .must_count = 1,
     .scans = {NULL}},
    {.sql = "SELECT * FROM journal WHERE ts BETWEEN 5 AND 9 AND operator = 'alice'",
     .must = "SEARCH journal_entry USING INDEX journal_entry_operator (ts>? AND ts<?)",
     .must_count = 1,
     .scans = {NULL}},
    {.sql = "SELECT * FROM alarms WHERE tag = 't7' AND ts BETWEEN 5 AND 9",
     .must = "SEARCH a USING PRIMARY KEY (tag_id=?)",
     .must_count = 2, /* the plant's, and those of hmi itself */
     .scans = {"SCAN (subquery", NULL}},
    {.sql = "SELECT * FROM commands WHERE tag = 't7' AND ts BETWEEN 5 AND 9",
     .must = "SEARCH q USING INDEX journal_entry_tag (tag=? AND ts>? AND ts<?)",
     .must_count = 1,
     .scans = {NULL}},
    {.sql = "SELECT * FROM commands WHERE id = 7",
     .must = "SEARCH q USING INDEX journal_entry_command (command=? AND kind=?)",
     .must_count = 1,
     .scans = {NULL}},
    {.sql = "SELECT * FROM gap WHERE ts_start BETWEEN 5 AND 9",
     .must = "SEARCH unrecorded USING PRIMARY KEY (ts_start>? AND ts_start<?)",
     .must_count = 1,
     .scans = {NULL}},
};

/* A name counts whole, one that ends in '_' or begins with '(' as a beginning. */
static bool plan_is_scan_of(const char *line, const char *scan)
{
    size_t length = strlen(scan);
    return !strncmp(line, scan, length) &&
           (strchr(scan, '(') || scan[length - 1] == '_' || !line[length] || line[length] == ' ');
}

static bool plan_scan_is_allowed(const struct plan_case *plan, const char *line)
{
    for (size_t i = 0; plan->scans[i]; i++)
        if (plan_is_scan_of(line, plan->scans[i]))
            return true;
    return false;
}

static void plan_check(const struct fixture *f, const struct plan_case *plan)
{
    char *sql = mem_format("EXPLAIN QUERY PLAN %s", plan->sql);
    char *rows = fixture_sql(f, sql);
    int found = 0;
    for (char *rest = rows, *row; (row = strsep(&rest, "\n")) != NULL;) {
        const char *line = strrchr(row, '|') ? strrchr(row, '|') + 1 : row;
        found += !strcmp(line, plan->must);
        if (!strncmp(line, "SCAN", 4) && !plan_scan_is_allowed(plan, line))
            fail_msg("%s: %s", plan->sql, line);
    }
    if (found != plan->must_count)
        fail_msg("%s: '%s' %d times, not %d", plan->sql, plan->must, found, plan->must_count);
    free(rows);
    free(sql);
}

static void test_plans(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    char name[16];
    for (uint32_t id = 1; id <= 100; id++) {
        snprintf(name, sizeof name, "t%u", id);
        fixture_add_tag(f, id, name, name);
        fixture_add_number(f, id, T0 + id, id);
    }
    fixture_append(f, T0);
    assert_true(history_flush(f->history, &err));
    for (size_t i = 0; i < sizeof PLAN_CASES / sizeof *PLAN_CASES; i++)
        plan_check(f, &PLAN_CASES[i]);
}

/* The contract of the views: these columns, in this order. */
static void test_columns(void **state)
{
    static const struct {
        const char *view, *columns;
    } VIEWS[] = {
        {"history", "tag\ntime\nts\nvalue\nquality\ntext\n"},
        {"history_minute", "tag\ntime\nts\nn\nmin\nmax\navg\nfirst\nlast\ngood\n"},
        {"history_hour", "tag\ntime\nts\nn\nmin\nmax\navg\nfirst\nlast\ngood\n"},
        {"latest", "tag\ntime\nts\nvalue\nquality\nunit\ndescription\ntext\n"},
        {"tags", "tag\ntopic\npath\narea\nkind\nunit\ndescription\nlow\nhigh\n"},
        {"journal", "id\ntime\nts\nkind\ntag\nalarm\nevent\npriority\nvalue\nlimit_value\noperator\nstation\n"
                    "detail\ntype\nstate_before\nstate_after\ncommand\n"},
        {"alarms", "tag\nalarm\ntype\npriority\nstate\ntime\nts\nvalue\nlimit_value\nmessage\nactive\n"
                   "changed_us\ncleared_us\nacknowledged_us\nacknowledged_by\nshelf_until_us\nshelved_by\n"
                   "shelf_reason\ndetail\n"},
        {"commands", "id\ntime\nts\ntag\noperator\nstation\nold\nnew\nreadback\noutcome\nms_broker\n"
                     "ms_readback\nreason\ndetail\nms_recorded\nms_sent\nbutton\n"},
        {"gap", "start\nend\nts_start\nts_end\nreason\n"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof VIEWS / sizeof *VIEWS; i++) {
        char *sql = mem_format("SELECT name FROM pragma_table_info('%s')", VIEWS[i].view);
        fixture_expect(f, sql, VIEWS[i].columns);
        free(sql);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plans, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_columns, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("history_plan", tests, NULL, NULL);
}
