/* The journal and the states of alarms in the file: written with the samples, append-only, read at the start. */
#include "db/history_internal.h"

#include "history_fixture.h"

#include <math.h>

static struct alarm_event event_of(const char *word)
{
    return (struct alarm_event){.ts_us = T0 + SECOND / 2,
                                .kind = JOURNAL_ALARM,
                                .event = word,
                                .tag = "t",
                                .alarm = "t/hi",
                                .has_alarm = true,
                                .type = ALARM_HI,
                                .priority = PRIORITY_HIGH,
                                .before = ALARM_NORMAL,
                                .after = ALARM_UNACKNOWLEDGED,
                                .value = 95.5,
                                .limit = 90};
}

static struct batch_alarm alarm_of(uint32_t tag_id, enum alarm_state state)
{
    return (struct batch_alarm){
        .tag_id = tag_id,
        .type = ALARM_HI,
        .status = {.state = state,
                   .priority = PRIORITY_HIGH,
                   .active = true,
                   .withheld = ALARM_BY_SHELF,
                   .shelf_once = true,
                   .activations = 7,
                   .value = 95.5,
                   .limit = NAN,
                   .activated_us = T0,
                   .changed_us = T0 + 1,
                   .cleared_us = T0 + 2,
                   .acknowledged_us = T0 + 3,
                   .shelf_until_us = T0 + 4,
                   .sequence = 42},
        .texts = {.acknowledged_by = "alice", .shelf_reason = "sensor at the 'workshop'"}};
}

static void put_alarm(struct fixture *f, uint32_t tag_id, const char *word, enum alarm_state state)
{
    const struct batch_alarm alarm = alarm_of(tag_id, state);
    batch_add_alarm(f->batch, &alarm, word, "Drum hot");
}

static void test_entries(void **state)
{
    struct fixture *f = *state;
    struct alarm_event event = event_of("activated");
    batch_add_event(f->batch, &event);
    event = event_of("acknowledged");
    event.kind = JOURNAL_OPERATOR;
    event.before = ALARM_UNACKNOWLEDGED;
    event.after = ALARM_ACKNOWLEDGED;
    event.operator= "alice";
    event.station = "pts/1 from 10.0.0.7";
    event.detail = "seen";
    batch_add_event(f->batch, &event);
    batch_add_event(
        f->batch,
        &(struct alarm_event){
            .ts_us = T0 + SECOND, .kind = JOURNAL_CONFIG, .event = "reloaded", .value = NAN, .limit = NAN});
    fixture_append(f, T0);
    fixture_expect(
        f, "SELECT * FROM journal",
        "1|2023-11-14T22:13:20.500Z|1700000000500000|alarm|t|t/hi|activated|high|95.5|90.0|NULL|NULL|"
        "NULL|hi|normal|unacknowledged\n"
        "2|2023-11-14T22:13:20.500Z|1700000000500000|operator|t|t/hi|acknowledged|high|95.5|90.0|"
        "alice|pts/1 from 10.0.0.7|seen|hi|unacknowledged|acknowledged\n"
        "3|2023-11-14T22:13:21.000Z|1700000001000000|config|NULL|NULL|reloaded|NULL|NULL|NULL|NULL|"
        "NULL|NULL|NULL|NULL|NULL\n");
}

/* What a sqlite3 user could try with write access. */
static void test_append_only(void **state)
{
    static const char *const ATTEMPTS[] = {
        "UPDATE journal_entry SET operator = 'nobody'",
        "UPDATE OR IGNORE journal_entry SET ts = 0",
        "DELETE FROM journal_entry",
        "DELETE FROM journal_entry WHERE id = 1",
        "REPLACE INTO journal_entry (id, ts, kind, event) VALUES (1, 0, 'alarm', 'nothing')",
        "INSERT OR REPLACE INTO journal_entry (id, ts, kind, event) VALUES (2, 0, 'alarm', 'nothing')",
    };
    struct fixture *f = *state;
    struct alarm_event event = event_of("activated");
    for (int i = 0; i < 3; i++) {
        event.ts_us = T0 + i * DAY;
        batch_add_event(f->batch, &event);
    }
    fixture_append(f, T0);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof ATTEMPTS / sizeof *ATTEMPTS; i++) {
        assert_int_equal(sqlite3_exec(db, ATTEMPTS[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
        assert_string_equal(sqlite3_errmsg(db), "the journal is append-only");
    }
    /* Retention says first how far it goes. */
    assert_int_equal(
        sqlite3_exec(db,
                     "BEGIN; INSERT INTO meta VALUES ('journal_from_us', 1700000000000000 + 86400000000);"
                     "DELETE FROM journal_entry WHERE ts < 1700000000000000 + 86400000000; COMMIT",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DELETE FROM journal_entry", NULL, NULL, NULL), SQLITE_CONSTRAINT);
    sqlite3_close(db);
    fixture_expect(f, "SELECT id FROM journal", "2\n3\n");
}

static void test_alarm_view(void **state)
{
    struct fixture *f = *state;
    fixture_add_tag(f, 5, "boiler", "plant/boiler");
    put_alarm(f, 5, "hi", ALARM_SHELVED);
    put_alarm(f, 5, "lo", ALARM_UNACKNOWLEDGED);
    put_alarm(f, 0, "broker", ALARM_RETURNED);
    fixture_append(f, T0);
    fixture_expect(
        f, "SELECT tag, alarm, type, priority, state, time, ts, value, limit_value, message FROM alarms",
        "boiler|boiler/hi|hi|high|shelved|2023-11-14T22:13:20.000Z|1700000000000000|95.5|NULL|Drum hot\n"
        "boiler|boiler/lo|hi|high|unacknowledged|2023-11-14T22:13:20.000Z|1700000000000000|95.5|NULL|"
        "Drum hot\n"
        "system|system/broker|hi|high|returned|2023-11-14T22:13:20.000Z|1700000000000000|95.5|NULL|"
        "Drum hot\n");
    struct batch_alarm normal =
        alarm_of(5, ALARM_NORMAL); /* leaves, and of two changes the later one counts */
    normal.status.withheld = 0;
    put_alarm(f, 5, "lo", ALARM_ACKNOWLEDGED);
    batch_add_alarm(f->batch, &normal, "lo", NULL);
    batch_add_alarm(f->batch, &normal, "hi", NULL);
    put_alarm(f, 5, "hi", ALARM_UNACKNOWLEDGED);
    struct batch_alarm gone = alarm_of(0, ALARM_NORMAL);
    gone.gone = true;
    batch_add_alarm(f->batch, &gone, "broker", NULL);
    fixture_append(f, T0);
    fixture_expect(f, "SELECT alarm, state FROM alarms", "boiler/hi|unacknowledged\n");
}

static void count_alarm(void *context, const struct history_alarm *alarm)
{
    const struct batch_alarm wanted = alarm_of(5, ALARM_LATCHED);
    const struct alarm_status *a = &alarm->status, *b = &wanted.status;
    ++*(int *)context;
    assert_int_equal(alarm->tag_id, 5);
    assert_string_equal(alarm->word, "hi");
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->priority, b->priority);
    assert_int_equal(a->active, b->active);
    assert_int_equal(a->withheld, b->withheld);
    assert_int_equal(a->shelf_once, b->shelf_once);
    assert_int_equal(a->activations, b->activations);
    assert_true(a->value == b->value);
    assert_true(isnan(a->limit));
    assert_int_equal(a->activated_us, b->activated_us);
    assert_int_equal(a->changed_us, b->changed_us);
    assert_int_equal(a->cleared_us, b->cleared_us);
    assert_int_equal(a->acknowledged_us, b->acknowledged_us);
    assert_int_equal(a->shelf_until_us, b->shelf_until_us);
    assert_int_equal(a->sequence, b->sequence);
    assert_string_equal(alarm->texts.acknowledged_by, "alice");
    assert_string_equal(alarm->texts.shelf_reason, "sensor at the 'workshop'");
    assert_string_equal(alarm->texts.detail, "");
}

static void test_read_back(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    int count = 0;
    fixture_add_tag(f, 5, "boiler", "plant/boiler");
    put_alarm(f, 5, "hi", ALARM_LATCHED);
    fixture_append(f, T0);
    fixture_reopen(f);
    assert_true(history_each_alarm(f->history, count_alarm, &count, &err));
    assert_int_equal(count, 1);
}

/* Samples and journal stand or fall together. */
static void test_one_transaction(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct alarm_event event = event_of("activated");
    fixture_add_tag(f, 5, "boiler", "plant/boiler");
    fixture_add_number(f, 5, T0, 95);
    batch_add_event(f->batch, &event);
    put_alarm(f, 5, "hi", ALARM_UNACKNOWLEDGED);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE TRIGGER broken BEFORE INSERT ON alarm_state BEGIN"
                                  " SELECT RAISE(FAIL, 'as if'); END",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_false(history_append(f->history, f->batch, T0, &err));
    fixture_expect(f, "SELECT (SELECT count(*) FROM history), (SELECT count(*) FROM journal)", "0|0\n");
    assert_int_equal(sqlite3_exec(db, "DROP TRIGGER broken", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    fixture_append(f, T0);
    fixture_expect(f, "SELECT (SELECT count(*) FROM history), (SELECT count(*) FROM journal)", "1|1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_entries, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_append_only, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_alarm_view, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_read_back, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_one_transaction, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
