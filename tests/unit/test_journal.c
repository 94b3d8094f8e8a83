/* The journal and the states of alarms in the file: written with the samples, append-only, read at the start. */
#include "db/history_internal.h"
#include "db/journal_verify.h"

#include "history_fixture.h"
#include "unit.h"

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
        "NULL|hi|normal|unacknowledged|NULL\n"
        "2|2023-11-14T22:13:20.500Z|1700000000500000|operator|t|t/hi|acknowledged|high|95.5|90.0|"
        "alice|pts/1 from 10.0.0.7|seen|hi|unacknowledged|acknowledged|NULL\n"
        "3|2023-11-14T22:13:21.000Z|1700000001000000|config|NULL|NULL|reloaded|NULL|NULL|NULL|NULL|"
        "NULL|NULL|NULL|NULL|NULL|NULL\n");
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

static void note_terms(void *context, uint32_t tag_id, const char *tag, const char *word, const char *terms)
{
    struct buf *text = context;
    buf_printf(text, "%u %s [%s] %s; ", tag_id, tag ? tag : "-", word, terms);
}

static void expect_terms(struct fixture *f, const char *expected)
{
    struct err err = {0};
    struct buf text;
    buf_init(&text, 0);
    fixture_reopen(f);
    assert_true(history_each_terms(f->history, note_terms, &text, &err));
    assert_string_equal(buf_text(&text), expected);
    buf_free(&text);
}

static void test_terms(void **state)
{
    struct fixture *f = *state;
    expect_terms(f, "");
    fixture_add_tag(f, 5, "boiler", "plant/boiler");
    batch_add_terms(f->batch, 0, "", "");
    batch_add_terms(f->batch, 5, "hi", "limit\t90\n");
    batch_add_terms(f->batch, 6, "hi", "limit\t1\n");
    fixture_append(f, T0);
    expect_terms(f, "0 - [] ; 5 boiler [hi] limit\t90\n; 6 - [hi] limit\t1\n; ");
    batch_add_terms(f->batch, 5, "hi", "limit\t91\n");
    batch_add_terms(f->batch, 6, "hi", NULL);
    batch_add_terms(f->batch, 7, "hi", NULL);
    fixture_append(f, T0);
    expect_terms(f, "0 - [] ; 5 boiler [hi] limit\t91\n; ");
}

static void note_activation(void *context, int64_t ts_us)
{
    struct buf *text = context;
    buf_printf(text, "%lld ", (long long)((ts_us - T0) / SECOND));
}

static void put_event(struct fixture *f, const char *name, int64_t at_s, enum alarm_priority priority,
                      enum alarm_state after)
{
    struct alarm_event event = event_of(name);
    event.ts_us = T0 + at_s * SECOND;
    event.priority = priority;
    event.after = after;
    batch_add_event(f->batch, &event);
}

/* What a flood is made of: what operators were told of, between two moments. */
static void test_activations(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct buf text;
    buf_init(&text, 0);
    put_event(f, "activated", 50, PRIORITY_LOW, ALARM_UNACKNOWLEDGED); /* the clock was set back */
    put_event(f, "activated", 10, PRIORITY_LOW, ALARM_UNACKNOWLEDGED);
    put_event(f, "activated", 11, PRIORITY_LOW, ALARM_UNACKNOWLEDGED);
    put_event(f, "activated", 12, PRIORITY_CRITICAL, ALARM_ACKNOWLEDGED); /* taken over from a worse one */
    put_event(f, "activated", 13, PRIORITY_JOURNAL, ALARM_ACKNOWLEDGED);
    put_event(f, "activated", 14, PRIORITY_HIGH, ALARM_SHELVED);
    put_event(f, "activated", 15, PRIORITY_HIGH, ALARM_SUPPRESSED);
    put_event(f, "activated", 16, PRIORITY_HIGH, ALARM_OUT_OF_SERVICE);
    put_event(f, "cleared", 17, PRIORITY_HIGH, ALARM_RETURNED);
    put_event(f, "activated", 20, PRIORITY_HIGH, ALARM_UNACKNOWLEDGED);
    put_event(f, "activated", 61, PRIORITY_HIGH, ALARM_UNACKNOWLEDGED);
    fixture_append(f, T0);
    assert_true(history_each_activation(f->history, T0 + 10 * SECOND, T0 + 60 * SECOND, note_activation,
                                        &text, &err));
    assert_string_equal(buf_text(&text), "11 12 20 50 ");
    buf_free(&text);
}

static void expect_flood(struct fixture *f, int64_t expected_us)
{
    struct err err = {0};
    int64_t since_us = -1;
    assert_true(history_read_flood(f->history, &since_us, &err));
    assert_true(since_us == expected_us);
}

static void test_flood_that_was_cut_off(void **state)
{
    struct fixture *f = *state;
    expect_flood(f, 0);
    for (int i = 0; i < 3; i++) {
        put_event(f, "flood began", 1000 * i, PRIORITY_LOW, ALARM_NORMAL);
        put_event(f, "activated", 1000 * i + 10, PRIORITY_LOW, ALARM_UNACKNOWLEDGED);
        fixture_append(f, T0);
        expect_flood(f, T0 + 1000 * i * SECOND);
        put_event(f, "flood ended", 1000 * i + 700, PRIORITY_LOW, ALARM_NORMAL);
        fixture_append(f, T0);
        expect_flood(f, 0);
    }
    char *plan = fixture_sql(f, "EXPLAIN QUERY PLAN SELECT ts FROM journal_entry"
                                " WHERE event IN ('flood began', 'flood ended') ORDER BY id DESC LIMIT 1");
    assert_non_null(strstr(plan, "journal_entry_flood")); /* not through the whole journal */
    free(plan);
}

/* Samples, journal, states and terms stand or fall together: here with the last that is written. */
static void test_one_transaction(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct alarm_event event = event_of("activated");
    fixture_add_tag(f, 5, "boiler", "plant/boiler");
    fixture_add_number(f, 5, T0, 95);
    batch_add_event(f->batch, &event);
    put_alarm(f, 5, "hi", ALARM_UNACKNOWLEDGED);
    batch_add_terms(f->batch, 5, "hi", "limit\t90\n");
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE TRIGGER broken BEFORE INSERT ON alarm_terms BEGIN"
                                  " SELECT RAISE(FAIL, 'as if'); END",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_false(history_append(f->history, f->batch, T0, &err));
    static const char COUNTS[] = "SELECT (SELECT count(*) FROM history), (SELECT count(*) FROM journal),"
                                 " (SELECT count(*) FROM alarm_state), (SELECT count(*) FROM alarm_terms)";
    fixture_expect(f, COUNTS, "0|0|0|0\n");
    assert_int_equal(sqlite3_exec(db, "DROP TRIGGER broken", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    fixture_append(f, T0);
    fixture_expect(f, COUNTS, "1|1|1|1\n");
}

static void expect_verdict(const struct fixture *f, uint64_t rows, int64_t broken_id, const char *text)
{
    struct journal_verdict verdict;
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_true(journal_verify(db, &verdict));
    sqlite3_close(db);
    assert_int_equal(verdict.rows, rows);
    assert_int_equal(verdict.broken_id, broken_id);
    if (!strstr(verdict.text, text))
        fail_msg("%s", verdict.text);
}

/* As the file's owner can, going around the triggers. */
static void tamper(const struct fixture *f, const char *sql)
{
    sqlite3 *db;
    char *message = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    sqlite3_exec(db,
                 "DROP TRIGGER journal_entry_update; DROP TRIGGER journal_entry_delete;"
                 "DROP TRIGGER journal_entry_insert",
                 NULL, NULL, NULL);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(db);
}

static void put_events(struct fixture *f, int count)
{
    for (int i = 0; i < count; i++) {
        struct alarm_event event = event_of("activated");
        event.value = i;
        event.detail = i % 2 ? "" : "what was said";
        batch_add_event(f->batch, &event);
    }
    fixture_append(f, T0 + SECOND);
}

static void test_the_chain_holds(void **state)
{
    struct fixture *f = *state;
    expect_verdict(f, 0, 0, "");
    put_events(f, 5);
    put_events(f, 1);
    expect_verdict(f, 6, 0, "");
    int64_t id;
    struct chain_hash before = journal_head(f->history->journal, &id), after;
    assert_int_equal(id, 6);
    history_close(f->history, T0 + 2 * SECOND); /* and over a restart */
    f->history = fixture_open(f);
    after = journal_head(f->history->journal, &id);
    assert_true(chain_is_equal(&before, &after));
    put_events(f, 3);
    expect_verdict(f, 9, 0, "");
}

static void test_a_failed_commit_leaves_no_hole(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    put_events(f, 2);
    struct alarm_event event = event_of("activated");
    batch_add_event(f->batch, &event);
    tamper(f, "CREATE TRIGGER no BEFORE INSERT ON journal_entry BEGIN SELECT RAISE(ABORT, 'no'); END");
    assert_false(history_append(f->history, f->batch, T0 + SECOND, &err));
    assert_false(history_append(f->history, f->batch, T0 + SECOND, &err));
    tamper(f, "DROP TRIGGER no");
    assert_true(history_append(f->history, f->batch, T0 + SECOND, &err));
    batch_clear(f->batch);
    expect_verdict(f, 3, 0, "");
}

static void test_tampering_is_found(void **state)
{
    static const struct {
        const char *sql;
        uint64_t rows;
        int64_t broken_id;
        const char *text;
    } ROWS[] = {
        {"UPDATE journal_entry SET operator = 'mallory' WHERE id = 4", 9, 4, "was changed"},
        {"UPDATE journal_entry SET value = 3.0000001 WHERE id = 4", 9, 4, "was changed"},
        {"UPDATE journal_entry SET ts = ts + 1 WHERE id = 1", 9, 1, "was changed"},
        {"UPDATE journal_entry SET detail = NULL WHERE id = 9", 9, 9, "was changed"},
        {"UPDATE journal_entry SET hash = zeroblob(32) WHERE id = 4", 9, 4, "was changed"},
        {"UPDATE journal_entry SET hash = NULL WHERE id = 4", 9, 4, "was changed"},
        {"DELETE FROM journal_entry WHERE id = 4", 8, 5, "rows 4 to 4 are missing"},
        {"DELETE FROM journal_entry WHERE id < 4", 6, 4, "rows 1 to 3 are missing"},
        {"DELETE FROM journal_entry WHERE id = 4; UPDATE journal_entry SET id = id - 1 WHERE id > 4", 8, 4,
         "was changed"},
        {"UPDATE journal_entry SET id = -4 WHERE id = 4; UPDATE journal_entry SET id = 4 WHERE id = 5;"
         "UPDATE journal_entry SET id = 5 WHERE id = -4",
         9, 4, "was changed"},
        {"UPDATE journal_entry SET ms_sent = 4 WHERE id = 4", 9, 4, "was changed"},
        {"INSERT INTO journal_entry (id, ts, kind, event) VALUES (10, 1, 'operator', 'acknowledged')", 10, 10,
         "was changed"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        put_events(f, 9);
        tamper(f, ROWS[i].sql);
        expect_verdict(f, ROWS[i].rows, ROWS[i].broken_id, ROWS[i].text);
        fixture_teardown(state);
        fixture_setup(state);
        f = *state;
    }
}

static struct command_value number_of(double number)
{
    struct command_value value;
    command_set_value(&value, &(struct value){.type = VALUE_NUMBER, .number = number});
    return value;
}

static void test_commands(void **state)
{
    struct fixture *f = *state;
    struct command_record command = {
        .id = 7, .ms_recorded = -1, .ms_sent = -1, .ms_broker = -1, .ms_readback = -1};
    command.old = number_of(40);
    command.new = number_of(42.5);
    struct alarm_event event = {.ts_us = T0,
                                .kind = JOURNAL_COMMAND,
                                .event = "requested",
                                .tag = "boiler.temp",
                                .value = NAN,
                                .limit = NAN,
                                .operator= "alice",
                                .station = "pts/3",
                                .detail = "cold morning",
                                .command = &command};
    batch_add_event(f->batch, &event);
    command.id = 8;
    command_set_value(&command.new, &(struct value){.type = VALUE_TEXT, .text = "007", .text_length = 3});
    batch_add_event(f->batch, &event);
    command.id = 9;
    event.kind = JOURNAL_REFUSAL;
    batch_add_event(f->batch, &event);
    command.id = 7;
    command.readback = number_of(42.4);
    command.ms_recorded = 2;
    command.ms_sent = 3;
    command.ms_broker = 12;
    command.ms_readback = 345;
    event.kind = JOURNAL_OUTCOME;
    event.event = COMMAND_STATE_WORDS[COMMAND_DONE];
    event.detail = NULL;
    batch_add_event(f->batch, &event);
    fixture_append(f, T0 + SECOND);
    fixture_expect(
        f,
        "SELECT id, tag, operator, station, old, new, readback, outcome, ms_recorded, ms_sent, ms_broker, ms_readback,"
        " reason, detail FROM commands ORDER BY id",
        "7|boiler.temp|alice|pts/3|40.0|42.5|42.4|done|2|3|12|345|cold morning|NULL\n"
        "8|boiler.temp|alice|pts/3|40.0|007|NULL|under way|NULL|NULL|NULL|NULL|cold morning|NULL\n"
        "9|boiler.temp|alice|pts/3|40.0|007|NULL|refused|NULL|NULL|NULL|NULL|cold morning|NULL\n");
    expect_verdict(f, 4, 0, "");
    tamper(f, "UPDATE journal_entry SET ms_recorded = NULL, ms_sent = NULL WHERE id = 4");
    expect_verdict(f, 4, 4, "was changed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_entries, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_append_only, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_alarm_view, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_read_back, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_terms, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_activations, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_flood_that_was_cut_off, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_one_transaction, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_the_chain_holds, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_failed_commit_leaves_no_hole, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_tampering_is_found, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_commands, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
