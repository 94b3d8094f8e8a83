#include "recorder/commit_rule.h"
#include "unit.h"

#define MS INT64_C(1000)

/* A broker with a window of unacknowledged messages, a publisher behind it, and the loop's use of the rule;
 * everything on a clock of its own. */
struct plant {
    struct commit_rule rule;
    uint64_t window;    /* of the broker; 0: unlimited */
    int64_t spacing_us; /* between two messages of the publisher */
    int64_t commit_us;  /* how long a commit takes */
    int64_t trip_us;    /* acknowledgement -> next message */
    int64_t now_us, published_us, free_us, committed_us;
    uint64_t queued, unacknowledged, delivered, commits, longest_queue;
    bool committing;
};

static struct plant plant_make(uint64_t window, int64_t spacing_us)
{
    struct plant plant = {.window = window,
                          .spacing_us = spacing_us,
                          .commit_us = 2 * MS,
                          .trip_us = 1 * MS,
                          .now_us = 1000000,
                          .published_us = 1000000};
    commit_rule_init(&plant.rule);
    return plant;
}

/* The broker sends what its window allows; the loop reads all of it. */
static void plant_read(struct plant *plant)
{
    uint64_t room = plant->window ? plant->window - plant->unacknowledged : plant->queued;
    uint64_t count = plant->queued < room ? plant->queued : room;
    if (!count || plant->now_us < plant->free_us)
        return;
    plant->queued -= count;
    plant->unacknowledged += count;
    plant->delivered += count;
    commit_rule_note_read(&plant->rule, count, count, true, plant->now_us);
}

static void plant_commit(struct plant *plant)
{
    if (plant->committing && plant->now_us >= plant->committed_us) {
        plant->committing = false;
        if (!plant->rule.first_us) { /* nothing uncommitted was read meanwhile */
            commit_rule_note_acknowledged(&plant->rule, plant->now_us);
            plant->unacknowledged = 0;
            plant->free_us = plant->now_us + plant->trip_us;
        }
    }
    if (!plant->committing && commit_rule_due_us(&plant->rule) <= plant->now_us) {
        commit_rule_note_commit(&plant->rule, plant->now_us);
        plant->committing = true;
        plant->committed_us = plant->now_us + plant->commit_us;
        plant->commits++;
    }
}

static void plant_run(struct plant *plant, int64_t span_us)
{
    for (int64_t end_us = plant->now_us + span_us; plant->now_us < end_us; plant->now_us += 100) {
        for (; plant->published_us <= plant->now_us; plant->published_us += plant->spacing_us)
            plant->queued++;
        plant_read(plant);
        plant_commit(plant);
        if (plant->queued > plant->longest_queue)
            plant->longest_queue = plant->queued;
    }
}

static void test_commits_100_ms_after_the_first_sample(void **state)
{
    (void)state;
    struct commit_rule rule;
    commit_rule_init(&rule);
    assert_true(commit_rule_due_us(&rule) == INT64_MAX);
    commit_rule_note_read(&rule, 5, 5, true, 1000 * MS);
    commit_rule_note_read(&rule, 5, 5, true, 1090 * MS);
    assert_int_equal(commit_rule_due_us(&rule), 1100 * MS);
    commit_rule_note_commit(&rule, 1100 * MS);
    assert_true(commit_rule_due_us(&rule) == INT64_MAX);
}

static void test_messages_without_samples_need_no_commit(void **state)
{
    (void)state;
    struct commit_rule rule;
    commit_rule_init(&rule);
    commit_rule_note_read(&rule, 0, 7, true, 1000 * MS);
    assert_true(commit_rule_due_us(&rule) == INT64_MAX);
    assert_int_equal(rule.waiting, 7);
    commit_rule_note_acknowledged(&rule, 1001 * MS);
    assert_int_equal(rule.waiting, 0);
}

/* One full window: the timed commit of q messages after silence,
 * the acknowledgements, an answer after `answer_us`. */
static int64_t rule_window(struct commit_rule *rule, uint64_t q, int64_t start_us, int64_t answer_us)
{
    commit_rule_note_read(rule, q, q, true, start_us);
    int64_t due_us = commit_rule_due_us(rule);
    commit_rule_note_commit(rule, due_us);
    commit_rule_note_acknowledged(rule, due_us + 3 * MS);
    return due_us + 3 * MS + answer_us;
}

static void test_learns_a_window_from_two_equal_full_ones(void **state)
{
    (void)state;
    struct commit_rule rule;
    commit_rule_init(&rule);
    int64_t at_us = rule_window(&rule, 5, 1000 * MS, 2 * MS);
    assert_int_equal(rule.window, 0);
    at_us = rule_window(&rule, 5, at_us, 2 * MS);
    assert_int_equal(rule.window, 0);
    commit_rule_note_read(&rule, 5, 5, true, at_us);
    assert_int_equal(rule.window, 5);
    assert_true(commit_rule_due_us(&rule) <= at_us); /* at once */
}

static void test_learns_nothing_from_unequal_or_unanswered_ones(void **state)
{
    (void)state;
    static const struct {
        uint64_t first, second;
        int64_t answer_us;
    } CASES[] = {{5, 6, 2 * MS}, {6, 5, 2 * MS}, {5, 5, 11 * MS}, {1, 1, 500 * MS}};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct commit_rule rule;
        commit_rule_init(&rule);
        int64_t at_us = rule_window(&rule, CASES[i].first, 1000 * MS, CASES[i].answer_us);
        at_us = rule_window(&rule, CASES[i].second, at_us, CASES[i].answer_us);
        commit_rule_note_read(&rule, 1, 1, true, at_us);
        assert_int_equal(rule.window, 0);
    }
}

static void test_messages_before_the_acknowledgements_prove_that_the_window_was_open(void **state)
{
    (void)state;
    struct commit_rule rule;
    commit_rule_init(&rule);
    for (int64_t i = 0, at_us = 1000 * MS; i < 5; i++, at_us += 200 * MS) {
        commit_rule_note_read(&rule, 3, 3, true, at_us);
        commit_rule_note_commit(&rule, at_us + 100 * MS);
        commit_rule_note_read(&rule, 1, 1, true, at_us + 101 * MS); /* while the commit is under way */
        commit_rule_note_commit(&rule, at_us + 102 * MS);
        commit_rule_note_acknowledged(&rule, at_us + 103 * MS);
    }
    assert_int_equal(rule.window, 0);
}

static void test_forgets_a_window_that_is_exceeded(void **state)
{
    (void)state;
    struct commit_rule rule;
    commit_rule_init(&rule);
    rule.window = 4;
    commit_rule_note_read(&rule, 4, 4, false, 1000 * MS);
    assert_int_equal(commit_rule_due_us(&rule), 1100 * MS); /* more waits in the socket: not yet */
    commit_rule_note_read(&rule, 1, 1, true, 1001 * MS);
    assert_int_equal(rule.window, 0);
    assert_int_equal(commit_rule_due_us(&rule), 1100 * MS);
}

static void test_a_new_connection_keeps_the_window_but_owes_nothing(void **state)
{
    (void)state;
    struct commit_rule rule;
    commit_rule_init(&rule);
    rule.window = 4;
    commit_rule_note_read(&rule, 3, 3, true, 1000 * MS);
    commit_rule_note_connection(&rule);
    assert_int_equal(rule.waiting, 0);
    assert_int_equal(rule.window, 4);
    assert_int_equal(commit_rule_due_us(&rule), 1100 * MS); /* what was read is still to be committed */
}

/* With any strict window the plant's messages come through: the queue at the broker stays short (mosquitto
 * drops over 1,000). */
static void test_strict_windows_do_not_stall(void **state)
{
    (void)state;
    static const int64_t SPACINGS_US[] = {125000, 20000, 8333, 2000, 1000};
    for (uint64_t window = 1; window <= 20; window++) {
        for (size_t i = 0; i < COUNT(SPACINGS_US); i++) {
            struct plant plant = plant_make(window, SPACINGS_US[i]);
            plant_run(&plant, 20 * 1000 * MS);
            double possible = (double)window / (double)(plant.commit_us + plant.trip_us + 200);
            if (possible * (double)SPACINGS_US[i] < 1.1)
                continue; /* more than any rule could bring through with this disk */
            assert_true(plant.longest_queue < 1000);
            assert_true(plant.queued < 100);
        }
    }
}

/* Without a strict window there are about ten commits a second, whatever the rate. */
static void test_floods_do_not_commit_too_often(void **state)
{
    (void)state;
    static const int64_t SPACINGS_US[] = {100, 1000, 8333, 50000};
    for (size_t i = 0; i < COUNT(SPACINGS_US); i++) {
        struct plant plant = plant_make(0, SPACINGS_US[i]);
        plant_run(&plant, 10 * 1000 * MS);
        assert_true(plant.commits <= 110);
        assert_true(plant.delivered > 0);
        assert_true(plant.queued <= 1 + (uint64_t)(100 / SPACINGS_US[i]));
    }
}

/* A broker whose window is larger than learned,
 * after a time of a small one, is not committed for in small pieces. */
static void test_a_widened_window_ends_small_commits(void **state)
{
    (void)state;
    struct plant plant = plant_make(3, 1000);
    plant_run(&plant, 2 * 1000 * MS);
    assert_int_equal(plant.rule.window, 3);
    plant.window = 0;
    plant_run(&plant, 1000 * MS);
    uint64_t before = plant.commits;
    plant_run(&plant, 5 * 1000 * MS);
    assert_int_equal(plant.rule.window, 0);
    assert_true(plant.commits - before <= 55);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commits_100_ms_after_the_first_sample),
        cmocka_unit_test(test_messages_without_samples_need_no_commit),
        cmocka_unit_test(test_learns_a_window_from_two_equal_full_ones),
        cmocka_unit_test(test_learns_nothing_from_unequal_or_unanswered_ones),
        cmocka_unit_test(test_messages_before_the_acknowledgements_prove_that_the_window_was_open),
        cmocka_unit_test(test_forgets_a_window_that_is_exceeded),
        cmocka_unit_test(test_a_new_connection_keeps_the_window_but_owes_nothing),
        cmocka_unit_test(test_strict_windows_do_not_stall),
        cmocka_unit_test(test_floods_do_not_commit_too_often),
        cmocka_unit_test(test_a_widened_window_ends_small_commits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
