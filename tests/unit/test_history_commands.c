/* What the start reads of commands in the journal: numbers, missing outcomes, buttons, moves of the last minute. */
#include "db/query.h"

#include "history_fixture.h"
#include "unit.h"

#include <math.h>

#define KEEP (10 * DAY)

static void put(struct fixture *f, uint64_t id, int64_t ts_us, enum journal_kind kind, const char *event)
{
    struct command_record record = {
        .id = id, .ms_recorded = -1, .ms_sent = -1, .ms_broker = -1, .ms_readback = -1};
    command_set_value(&record.old, &(struct value){.type = VALUE_NUMBER, .number = 10});
    command_set_value(&record.new, &(struct value){.type = VALUE_NUMBER, .number = 10.0 - (double)id});
    const struct alarm_event entry = {.ts_us = ts_us,
                                      .kind = kind,
                                      .event = event,
                                      .tag = "horn",
                                      .value = NAN,
                                      .limit = NAN,
                                      .operator= "alice",
                                      .station = "pts/3",
                                      .detail = kind == JOURNAL_RELEASE ? "the link was lost" : NULL,
                                      .command = &record};
    batch_add_event(f->batch, &entry);
}

/* ---- what is missing ---- */

static void note_open(void *context, const struct history_command *open)
{
    struct buf *out = context;
    buf_printf(out, "%d%s%s %s %s %s\n", (int)open->id, open->has_outcome ? "" : " open",
               open->pressed ? " pressed" : "", open->tag, open->operator, open->station);
}

static uint64_t expect_open(struct fixture *f, const char *expected)
{
    struct err err = {0};
    struct buf out;
    uint64_t last;
    buf_init(&out, 0);
    if (!history_each_open_command(f->history, note_open, &out, &last, &err))
        fail_msg("%s", err.text);
    assert_string_equal(buf_text(&out), expected);
    buf_free(&out);
    return last;
}

static void test_what_nobody_knows_the_end_of(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(expect_open(f, ""), 0);
    put(f, 1, T0, JOURNAL_COMMAND, COMMAND_EVENT_REQUEST);
    put(f, 2, T0, JOURNAL_COMMAND, COMMAND_EVENT_REQUEST);
    put(f, 2, T0, JOURNAL_OUTCOME, "done");
    put(f, 3, T0, JOURNAL_COMMAND, COMMAND_EVENT_PRESS);
    put(f, 4, T0, JOURNAL_COMMAND, COMMAND_EVENT_PRESS);
    put(f, 4, T0, JOURNAL_OUTCOME, "unverified");
    put(f, 5, T0, JOURNAL_COMMAND, COMMAND_EVENT_PRESS);
    put(f, 5, T0, JOURNAL_OUTCOME, "unverified");
    put(f, 5, T0, JOURNAL_RELEASE, COMMAND_EVENT_RELEASED);
    put(f, 6, T0, JOURNAL_COMMAND, COMMAND_EVENT_PRESS); /* told already */
    put(f, 6, T0, JOURNAL_OUTCOME, "unverified");
    put(f, 6, T0, JOURNAL_RELEASE, COMMAND_EVENT_NOT_RELEASED);
    put(f, 7, T0, JOURNAL_COMMAND, COMMAND_EVENT_PRESS); /* never sent */
    put(f, 7, T0, JOURNAL_OUTCOME, "cancelled");
    put(f, 8, T0, JOURNAL_REFUSAL, "refused");
    fixture_append(f, T0 + SECOND);
    assert_int_equal(expect_open(f, "1 open horn alice pts/3\n"
                                    "3 open pressed horn alice pts/3\n"
                                    "4 pressed horn alice pts/3\n"),
                     8);
    fixture_expect(f, "SELECT id, outcome, button FROM commands WHERE id BETWEEN 4 AND 7 ORDER BY id",
                   "4|unverified|NULL\n5|unverified|released\n6|unverified|not released\n7|cancelled|NULL\n");
    fixture_expect(f, "SELECT command, event FROM journal WHERE kind = 'release'",
                   "5|released\n6|not released\n");
}

/* ---- for the screen ---- */

static bool note_detail(void *context, const struct query_command *command)
{
    buf_printf(context, "%d %s\n", (int)command->id, command->detail ? command->detail : "-");
    return true;
}

static void test_a_button_that_was_not_let_go_is_shown(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct buf out;
    buf_init(&out, 0);
    for (uint64_t id = 1; id <= 2; id++) {
        put(f, id, T0, JOURNAL_COMMAND, COMMAND_EVENT_PRESS);
        put(f, id, T0, JOURNAL_OUTCOME, "unverified");
        put(f, id, T0, JOURNAL_RELEASE, id == 1 ? COMMAND_EVENT_RELEASED : COMMAND_EVENT_NOT_RELEASED);
    }
    fixture_append(f, T0 + SECOND);
    struct query *query = query_open(f->path, &err);
    assert_non_null(query);
    assert_true(query_each_command(query, 10, note_detail, &out, &err));
    assert_string_equal(buf_text(&out), "2 the button was not let go: the link was lost\n1 -\n");
    query_close(query);
    buf_free(&out);
}

/* ---- numbers ---- */

/* Retention takes every command; numbers go on. */
static void test_numbers_are_never_given_twice(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    for (int round = 1; round <= 3; round++) {
        int64_t ts_us = T0 + round * 3 * KEEP;
        if (round < 3) /* a round without any leaves the number as it is */
            put(f, (uint64_t)(40 + round), ts_us, JOURNAL_REFUSAL, "refused");
        fixture_append(f, ts_us);
        f->options.keep = (struct history_keep){.journal_us = KEEP};
        fixture_reopen(f);
        for (int64_t at_us = ts_us + 2 * KEEP; at_us <= ts_us + 2 * KEEP + DAY; at_us += DAY / 2) {
            assert_true(history_mark_alive(f->history, at_us, &err));
            fixture_tidy(f);
        }
        fixture_expect(f, "SELECT count(*) FROM commands", "0\n");
        assert_int_equal(expect_open(f, ""), round < 3 ? 40 + round : 42);
    }
}

/* ---- moves ---- */

static void note_move(void *context, const struct history_move *move)
{
    buf_printf(context, "%d %+d s %.1f\n", (int)move->tag_id, (int)((move->ts_us - T0) / SECOND), move->by);
}

static void expect_moves(struct fixture *f, int64_t since_us, size_t most, const char *expected)
{
    struct err err = {0};
    struct buf out;
    buf_init(&out, 0);
    if (!history_each_move(f->history, since_us, most, note_move, &out, &err))
        fail_msg("%s", err.text);
    assert_string_equal(buf_text(&out), expected);
    buf_free(&out);
}

static void test_moves_of_late(void **state)
{
    struct fixture *f = *state;
    fixture_add_tag(f, 3, "horn", "plant/horn");
    for (uint64_t id = 1; id <= 4; id++)
        put(f, id, T0 + (int64_t)id * 20 * SECOND, JOURNAL_COMMAND, COMMAND_EVENT_REQUEST);
    put(f, 5, T0 + 90 * SECOND, JOURNAL_REFUSAL, "refused");
    fixture_append(f, T0 + 100 * SECOND);
    expect_moves(f, T0 + 40 * SECOND, 256, "3 +60 s 3.0\n3 +80 s 4.0\n");
    expect_moves(f, T0, 3, "3 +40 s 2.0\n3 +60 s 3.0\n3 +80 s 4.0\n");
}

int main(void)
{
#define COMMANDS_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        COMMANDS_TEST(test_what_nobody_knows_the_end_of),
        COMMANDS_TEST(test_a_button_that_was_not_let_go_is_shown),
        COMMANDS_TEST(test_numbers_are_never_given_twice),
        COMMANDS_TEST(test_moves_of_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
