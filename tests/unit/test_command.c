/* The life of a command: every cell of its table, the stopwatch, and what may never happen. */
#include "plant/commands.h"
#include "unit.h"

#define MS     INT64_C(1000)
#define SECOND INT64_C(1000000)
#define STAYS  COMMAND_STATES

/* The whole table once more, as the operator's manual would tell it: rows are states, columns events in the order of
 * the enum. */
static const enum command_state EXPECTED[COMMAND_STATES][COMMAND_EVENTS] = {
#define NO STAYS
    /*                    committed          sent               took                  ends                alone              no                equal         late               late_other        link lost          withdrawn */
    [COMMAND_CHECKED] = {COMMAND_JOURNALED, NO, NO, NO, NO, NO, NO, COMMAND_CANCELLED, NO, COMMAND_CANCELLED,
                         COMMAND_CANCELLED},
    [COMMAND_JOURNALED] = {NO, COMMAND_PUBLISHED, NO, NO, NO, NO, NO, COMMAND_CANCELLED, NO,
                           COMMAND_CANCELLED, COMMAND_CANCELLED},
    [COMMAND_PUBLISHED] = {NO, NO, COMMAND_ACKNOWLEDGED, COMMAND_UNVERIFIED, COMMAND_UNREACHED,
                           COMMAND_REJECTED, COMMAND_DONE, COMMAND_TIMED_OUT, COMMAND_MISMATCH,
                           COMMAND_UNKNOWN, NO},
    [COMMAND_ACKNOWLEDGED] = {NO, NO, NO, NO, NO, NO, COMMAND_DONE, COMMAND_TIMED_OUT, COMMAND_MISMATCH,
                              COMMAND_UNKNOWN, NO},
    [COMMAND_DONE] = {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
    [COMMAND_UNVERIFIED] = {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
    [COMMAND_MISMATCH] = {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
    [COMMAND_TIMED_OUT] = {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
    [COMMAND_UNREACHED] = {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
    [COMMAND_REJECTED] = {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
    [COMMAND_CANCELLED] = {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
    [COMMAND_UNKNOWN] = {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
    [COMMAND_REFUSED] = {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
    [COMMAND_FOREIGN] = {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
#undef NO
};

static struct command a_command(void)
{
    struct command command = {
        .id = 7, .tag_id = 1, .readback_id = 2, .holder = 3, .tolerance = 0.1, .timeout_us = 5 * SECOND};
    command_set_value(&command.old, &(struct value){.type = VALUE_NUMBER, .number = 40});
    command_set_value(&command.new, &(struct value){.type = VALUE_NUMBER, .number = 42.5});
    return command;
}

static struct value number(double number)
{
    return (struct value){.type = VALUE_NUMBER, .number = number};
}

static struct value text(const char *text)
{
    return (struct value){.type = VALUE_TEXT, .text = text, .text_length = strlen(text)};
}

static void test_every_cell(void **unused)
{
    (void)unused;
    for (size_t state = 0; state < COMMAND_STATES; state++)
        for (size_t event = 0; event < COMMAND_EVENTS; event++) {
            struct command command = a_command();
            command.state = (enum command_state)state;
            enum command_state expected = EXPECTED[state][event];
            bool stays = expected == STAYS;
            assert_int_equal(command_step(&command, (enum command_event)event, SECOND, NULL), !stays);
            assert_int_equal(command.state, stays ? (enum command_state)state : expected);
            assert_int_equal(command.changed, !stays);
        }
}

/* A device that reports by exception has nothing to say when it is told the value that it has. */
static void test_the_value_that_it_was_before_says_why_nothing_came(void **unused)
{
    (void)unused;
    struct command command = {.readback_id = 2, .state = COMMAND_ACKNOWLEDGED, .due_us = SECOND};
    struct value same = number(40), other = number(41);
    command_set_value(&command.new, &same);
    command_set_value(&command.old, &same);
    struct command moved = command;
    command_set_value(&moved.old, &other);
    assert_false(command_expire(&command, SECOND - 1));
    assert_true(command_expire(&command, SECOND));
    assert_int_equal(command.state, COMMAND_TIMED_OUT);
    assert_non_null(strstr(command.detail, "that value before"));
    assert_true(command_expire(&moved, SECOND));
    assert_string_equal(moved.detail, "");
}

static void test_every_state_has_words(void **unused)
{
    (void)unused;
    for (size_t state = 0; state < COMMAND_STATES; state++) {
        assert_non_null(COMMAND_STATE_WORDS[state]);
        assert_non_null(COMMAND_STATE_TEXTS[state]);
    }
}

/* Under way: committed after 4 ms, sent after 6. */
static struct command *sent(struct commands *commands, const struct command *what, int64_t now_us)
{
    struct command *command = commands_add(commands, what, now_us);
    assert_non_null(command);
    assert_true(command_step(command, COMMAND_COMMITTED, now_us + 4 * MS, NULL));
    command->message_id = 11;
    assert_true(command_step(command, COMMAND_SENT, now_us + 6 * MS, NULL));
    return command;
}

static void test_the_stopwatch(void **unused)
{
    (void)unused;
    struct commands commands = {0};
    struct command what = a_command();
    int64_t t = 1000 * SECOND;
    struct command *command = sent(&commands, &what, t);
    assert_ptr_equal(commands_by_message(&commands, 11), command);
    assert_true(command_acknowledge(command, 0, NULL, t + 20 * MS));
    struct value other = number(41), equal = number(42.58);
    commands_read_back(&commands, 2, &other, t + 100 * MS);
    assert_int_equal(command->state, COMMAND_ACKNOWLEDGED);
    commands_read_back(&commands, 1, &equal, t + 150 * MS); /* the tag itself is not its readback */
    assert_int_equal(command->state, COMMAND_ACKNOWLEDGED);
    commands_read_back(&commands, 2, &equal, t + 200 * MS);
    assert_int_equal(command->state, COMMAND_DONE);
    assert_int_equal(command_stage_ms(command, command->journaled_us), 4);
    assert_int_equal(command_stage_ms(command, command->published_us), 6);
    assert_int_equal(command_stage_ms(command, command->acknowledged_us), 20);
    assert_int_equal(command_stage_ms(command, command->readback_us), 200);
    assert_int_equal(commands_due_us(&commands), INT64_MAX);
    assert_ptr_equal(commands_next_changed(&commands), command);
    assert_null(commands_next_changed(&commands));
    commands_sweep(&commands);
    assert_null(commands_by_tag(&commands, 1));
    commands_free(&commands);
}

/* An end that waits for its commit is kept until it was told, however often others ask. */
static void test_an_end_is_told_once_it_is_committed(void **unused)
{
    (void)unused;
    struct commands commands = {0};
    struct command what = a_command(), *command = sent(&commands, &what, SECOND);
    assert_null(commands_next_committed(&commands, UINT64_MAX));
    struct value equal = number(42.5);
    commands_read_back(&commands, 2, &equal, SECOND + 10 * MS);
    assert_ptr_equal(commands_next_changed(&commands), command);
    command->end_commit = 8;
    commands_sweep(&commands);
    assert_null(commands_next_committed(&commands, 7));
    assert_ptr_equal(commands_by_id(&commands, what.id), command);
    assert_ptr_equal(commands_next_committed(&commands, 8), command);
    assert_null(commands_next_committed(&commands, 8));
    commands_sweep(&commands);
    assert_null(commands_by_id(&commands, what.id));
    commands_free(&commands);
}

static void test_a_device_quicker_than_the_broker(void **unused)
{
    (void)unused;
    struct commands commands = {0};
    struct command what = a_command(), *command = sent(&commands, &what, SECOND);
    struct value equal = number(42.5);
    commands_read_back(&commands, 2, &equal, SECOND + 10 * MS);
    assert_int_equal(command->state, COMMAND_DONE);
    assert_false(command_acknowledge(command, 0, NULL, SECOND + 12 * MS));
    assert_int_equal(command->state, COMMAND_DONE);
    assert_int_equal(command_stage_ms(command, command->acknowledged_us), 12);
    commands_free(&commands);
}

static void test_how_it_may_end(void **unused)
{
    (void)unused;
    static const struct {
        int reason_code; /* -1: the broker says nothing */
        bool has_readback;
        double reported; /* 0: nothing */
        enum command_state end;
        const char *detail;
    } ENDS[] = {
        {0, true, 0, COMMAND_TIMED_OUT, ""},
        {0, true, 41, COMMAND_MISMATCH, ""},
        {0, false, 0, COMMAND_UNVERIFIED, ""},
        {16, true, 0, COMMAND_UNREACHED, ""},
        {16, false, 0, COMMAND_UNREACHED, ""},
        {135, true, 0, COMMAND_REJECTED, "not authorised"},
        {-1, true, 0, COMMAND_TIMED_OUT, "the broker did not acknowledge it"},
        {-1, true, 41, COMMAND_MISMATCH, ""},
        {-1, false, 0, COMMAND_TIMED_OUT, "the broker did not acknowledge it"},
    };
    for (size_t i = 0; i < COUNT(ENDS); i++) {
        struct commands commands = {0};
        struct command what = a_command();
        what.readback_id = ENDS[i].has_readback ? 2 : 0;
        struct command *command = sent(&commands, &what, SECOND);
        if (ENDS[i].reason_code >= 0)
            command_acknowledge(command, ENDS[i].reason_code, "not authorised", SECOND + 10 * MS);
        struct value reported = number(ENDS[i].reported);
        if (ENDS[i].reported != 0)
            commands_read_back(&commands, 2, &reported, SECOND + 20 * MS);
        commands_tick(&commands, SECOND + 6 * MS + 5 * SECOND - 1);
        if (command->due_us) {
            assert_false(command_is_ended(command));
            assert_int_equal(commands_due_us(&commands), SECOND + 6 * MS + 5 * SECOND);
        }
        commands_tick(&commands, SECOND + 6 * MS + 5 * SECOND);
        assert_int_equal(command->state, ENDS[i].end);
        assert_string_equal(command->detail, ENDS[i].detail);
        commands_free(&commands);
    }
}

static void test_what_cannot_be_put_on_record_is_not_sent(void **unused)
{
    (void)unused;
    struct commands commands = {0};
    struct command what = a_command(), *command = commands_add(&commands, &what, SECOND);
    commands_tick(&commands, 6 * SECOND);
    assert_int_equal(command->state, COMMAND_CANCELLED);
    assert_false(command_step(command, COMMAND_COMMITTED, 7 * SECOND, NULL));
    assert_false(command_step(command, COMMAND_SENT, 7 * SECOND, NULL));
    commands_free(&commands);
}

static void test_a_lost_link(void **unused)
{
    (void)unused;
    struct commands commands = {0};
    struct command what = a_command(), *waiting, *under_way, *pressed;
    under_way = sent(&commands, &what, SECOND);
    what.tag_id = 5;
    waiting = commands_add(&commands, &what, SECOND);
    what.tag_id = 6;
    what.pulse_us = 2 * SECOND;
    pressed = sent(&commands, &what, SECOND);
    commands_link_lost(&commands, 2 * SECOND);
    assert_int_equal(under_way->state, COMMAND_UNKNOWN);
    assert_int_equal(waiting->state, COMMAND_CANCELLED);
    assert_int_equal(pressed->state, COMMAND_UNKNOWN);
    assert_null(commands_next_release(&commands, 10 * SECOND)); /* never late */
    commands_free(&commands);
}

static void test_a_button(void **unused)
{
    (void)unused;
    struct commands commands = {0};
    struct command what = a_command();
    what.pulse_us = SECOND / 2;
    struct command *command = sent(&commands, &what, SECOND);
    struct value equal = number(42.5);
    commands_read_back(&commands, 2, &equal, SECOND + 20 * MS);
    assert_ptr_equal(commands_next_changed(&commands), command);
    commands_sweep(&commands);
    assert_ptr_equal(commands_by_tag(&commands, 1), command); /* still pressed */
    assert_null(commands_next_release(&commands, SECOND + 505 * MS));
    assert_int_equal(commands_due_us(&commands), SECOND + 506 * MS);
    assert_ptr_equal(commands_next_release(&commands, SECOND + 506 * MS), command);
    assert_null(commands_next_release(&commands, SECOND + 507 * MS));
    /* On its way up until the broker has acknowledged that, or its time is over. */
    command->release_message_id = 9;
    command->release_due_us = 2 * SECOND;
    commands_sweep(&commands);
    assert_ptr_equal(commands_by_release(&commands, 9), command);
    assert_null(commands_by_release(&commands, command->message_id));
    assert_int_equal(commands_due_us(&commands), 2 * SECOND);
    assert_null(commands_next_unreleased(&commands, 2 * SECOND - 1));
    assert_ptr_equal(commands_next_unreleased(&commands, 2 * SECOND), command);
    assert_null(commands_by_release(&commands, 9));
    commands_sweep(&commands);
    assert_int_equal(commands.count, 0);
    commands_free(&commands);
}

static void test_a_console_that_goes_away(void **unused)
{
    (void)unused;
    struct commands commands = {0};
    struct command what = a_command(), *under_way = sent(&commands, &what, SECOND);
    what.tag_id = 5;
    struct command *waiting = commands_add(&commands, &what, SECOND);
    what.tag_id = 6;
    what.holder = 4;
    struct command *other = commands_add(&commands, &what, SECOND);
    commands_withdraw(&commands, 3, 2 * SECOND, "the console is gone");
    assert_int_equal(waiting->state, COMMAND_CANCELLED);
    assert_string_equal(waiting->detail, "the console is gone");
    assert_int_equal(under_way->state, COMMAND_PUBLISHED); /* too late */
    assert_int_equal(other->state, COMMAND_CHECKED);
    commands_free(&commands);
}

static void test_bounds(void **unused)
{
    (void)unused;
    struct commands commands = {0};
    struct command what = a_command();
    for (uint32_t tag = 1; tag <= COMMANDS_MAX; tag++) {
        what.tag_id = tag;
        assert_non_null(commands_add(&commands, &what, SECOND));
    }
    what.tag_id = 1000;
    assert_false(commands_have_room(&commands, SECOND));
    assert_null(commands_add(&commands, &what, SECOND));
    commands_free(&commands);
}

static void test_moves_are_summed_over_a_minute(void **unused)
{
    (void)unused;
    struct commands commands = {0};
    struct command what = a_command();
    for (int i = 0; i < 4; i++) {
        struct command *command = commands_add(&commands, &what, i * 20 * SECOND + SECOND);
        command_step(command, COMMAND_WITHDRAWN, i * 20 * SECOND + SECOND, NULL);
        commands_next_changed(&commands);
        commands_sweep(&commands);
    }
    /* at 61 s: those of 21, 41 and 61 s, 2.5 each; that of 1 s is a minute old */
    assert_float_equal(commands_moved(&commands, 1, 61 * SECOND), 7.5, 1e-9);
    assert_float_equal(commands_moved(&commands, 2, 61 * SECOND), 0, 1e-9);
    /* Nobody can push a setpoint's moves out of the list by many others. */
    for (int i = 0; i < 2 * COMMANDS_MOVES_MAX; i++) {
        what.tag_id = 100 + (uint32_t)i;
        struct command *command = commands_add(&commands, &what, 62 * SECOND);
        if (!command)
            break;
        command_step(command, COMMAND_WITHDRAWN, 62 * SECOND, NULL);
        commands_next_changed(&commands);
        commands_sweep(&commands);
    }
    assert_float_equal(commands_moved(&commands, 1, 62 * SECOND), 7.5, 1e-9);
    commands_free(&commands);
}

static void test_equal_values(void **unused)
{
    (void)unused;
    static const struct {
        double a, b, tolerance;
        bool equal;
    } NUMBERS[] = {
        {42.5, 42.5, 0, true},
        {42.5, 42.6, 0, false},
        {40.0, 40.1, 0.1, true},             /* 40.1 - 40 is a little more than 0.1 */
        {0.1, 0.10000000149011612, 0, true}, /* single precision */
        {100000001, 100000002, 0, false},
        {1, 0, 0, false},
        {0, 0, 0, true},
    };
    for (size_t i = 0; i < COUNT(NUMBERS); i++) {
        struct value a = number(NUMBERS[i].a), b = number(NUMBERS[i].b);
        assert_int_equal(command_values_are_equal(&a, &b, NUMBERS[i].tolerance), NUMBERS[i].equal);
        assert_int_equal(command_values_are_equal(&b, &a, NUMBERS[i].tolerance), NUMBERS[i].equal);
    }
    struct value a = text("Standard"), b = text("Standar"), none = {0}, one = number(1);
    assert_true(command_values_are_equal(&a, &a, 0));
    assert_false(command_values_are_equal(&a, &b, 1));
    assert_false(command_values_are_equal(&none, &none, 0));
    assert_false(command_values_are_equal(&a, &one, 1));
}

/* Whatever happens in whatever order: on record before it is sent, sent at most once, an end is an end. */
static void test_storms(void **unused)
{
    (void)unused;
    uint64_t seed = 20261123;
    for (int run = 0; run < 20000; run++) {
        struct command command = a_command();
        bool journaled = false, ended = false;
        int published = 0;
        enum command_state end = COMMAND_CHECKED;
        for (int64_t t = 1; t < 30; t++) {
            enum command_event event = (enum command_event)unit_random_below(&seed, COMMAND_EVENTS);
            command_step(&command, event, t * MS, NULL);
            journaled = journaled || command.state == COMMAND_JOURNALED;
            published +=
                event == COMMAND_SENT && command.state == COMMAND_PUBLISHED && command.published_us == t * MS;
            assert_true(journaled || command.state == COMMAND_CHECKED || command.state == COMMAND_CANCELLED);
            assert_true(published <= 1);
            assert_true(published || (command.state != COMMAND_DONE && command.state != COMMAND_UNVERIFIED));
            if (ended)
                assert_int_equal(command.state, end);
            ended = command_is_ended(&command);
            end = command.state;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cell),
        cmocka_unit_test(test_the_value_that_it_was_before_says_why_nothing_came),
        cmocka_unit_test(test_every_state_has_words),
        cmocka_unit_test(test_the_stopwatch),
        cmocka_unit_test(test_an_end_is_told_once_it_is_committed),
        cmocka_unit_test(test_a_device_quicker_than_the_broker),
        cmocka_unit_test(test_how_it_may_end),
        cmocka_unit_test(test_what_cannot_be_put_on_record_is_not_sent),
        cmocka_unit_test(test_a_lost_link),
        cmocka_unit_test(test_a_button),
        cmocka_unit_test(test_a_console_that_goes_away),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_moves_are_summed_over_a_minute),
        cmocka_unit_test(test_equal_values),
        cmocka_unit_test(test_storms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
