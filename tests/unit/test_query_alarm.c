/* The occurrences of an alarm, out of the journal. */
#include "db/query_alarm.h"

#include "history_fixture.h"
#include "unit.h"

#include <math.h>

struct entry {
    int at_s;
    const char *event, *operator;
    const char *alarm;
    enum alarm_state after;
};

static void write_entries(struct fixture *f, const struct entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct entry *entry = &entries[i];
        batch_add_event(f->batch, &(struct alarm_event){.ts_us = T0 + entry->at_s * SECOND,
                                                        .kind = entry->operator? JOURNAL_OPERATOR : JOURNAL_ALARM,
                                                        .event = entry->event,
                                                        .tag = "t",
                                                        .alarm = entry->alarm ? entry->alarm : "t/hi",
                                                        .has_alarm = true,
                                                        .type = ALARM_HI,
                                                        .after = entry->after,
                                                        .value = 95.5,
                                                        .limit = NAN,
                                                        .operator= entry->operator});
    }
    fixture_append(f, T0 + 1000 * SECOND);
}

static size_t read_back(struct fixture *f, struct query_occurrence *out, size_t most)
{
    struct err err = {0};
    size_t count;
    struct query *query = query_open(f->path, &err);
    if (!query || !query_occurrences(query, "t", "t/hi", out, most, &count, &err))
        fail_msg("%s", err.text);
    query_close(query);
    return count;
}

static void expect_times(const struct query_occurrence *occurrence, int activated_s, int cleared_s,
                         int acknowledged_s, const char *by)
{
    assert_int_equal((occurrence->activated_us - T0) / SECOND, activated_s);
    assert_int_equal(occurrence->cleared_us ? (occurrence->cleared_us - T0) / SECOND : 0, cleared_s);
    assert_int_equal(occurrence->acknowledged_us ? (occurrence->acknowledged_us - T0) / SECOND : 0,
                     acknowledged_s);
    assert_string_equal(occurrence->acknowledged_by, by);
}

static void test_occurrences(void **state)
{
    static const struct entry ENTRIES[] = {
        {1, "activated", NULL, NULL, ALARM_UNACKNOWLEDGED},
        {5, "acknowledged", "alice", NULL, ALARM_ACKNOWLEDGED},
        {6, "activated", NULL, "t/lo", ALARM_UNACKNOWLEDGED}, /* another alarm of the tag */
        {8, "realarmed", NULL, NULL, ALARM_UNACKNOWLEDGED},
        {9, "acknowledged", "bob", NULL, ALARM_ACKNOWLEDGED}, /* once more: the first counts */
        {10, "cleared", NULL, NULL, ALARM_NORMAL},
        {20, "activated", NULL, NULL, ALARM_UNACKNOWLEDGED}, /* comes and goes: one acknowledges the last */
        {21, "cleared", NULL, NULL, ALARM_RETURNED},
        {22, "activated", NULL, NULL, ALARM_UNACKNOWLEDGED},
        {23, "cleared", NULL, NULL, ALARM_RETURNED},
        {25, "acknowledged", "bob", NULL, ALARM_NORMAL},
        {30, "shelved", "bob", NULL, ALARM_SHELVED},
        {31, "activated", NULL, NULL, ALARM_SHELVED},
        {32, "superseded", NULL, NULL, ALARM_SHELVED},
        {40, "activated", NULL, NULL, ALARM_UNACKNOWLEDGED},
    };
    struct query_occurrence found[8];
    write_entries(*state, ENTRIES, COUNT(ENTRIES));
    assert_int_equal(read_back(*state, found, COUNT(found)), 5);
    expect_times(&found[0], 40, 0, 0, "");
    expect_times(&found[1], 31, 32, 0, "");
    expect_times(&found[2], 22, 23, 25, "bob");
    expect_times(&found[3], 20, 21, 0, "");
    expect_times(&found[4], 1, 10, 5, "alice");
    assert_true(found[1].withheld);
    assert_false(found[0].withheld);
    assert_true(found[0].value == 95.5 && isnan(found[0].limit));
    assert_int_equal(read_back(*state, found, 2), 2);
    expect_times(&found[1], 31, 32, 0, "");
}

/* Retention has taken the beginning: what is left of that occurrence is none. */
static void test_no_beginning(void **state)
{
    static const struct entry ENTRIES[] = {{3, "acknowledged", "alice", NULL, ALARM_ACKNOWLEDGED},
                                           {4, "cleared", NULL, NULL, ALARM_NORMAL}};
    struct query_occurrence found[2];
    write_entries(*state, ENTRIES, COUNT(ENTRIES));
    assert_int_equal(read_back(*state, found, COUNT(found)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_occurrences, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_no_beginning, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
