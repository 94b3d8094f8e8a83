/* When the disk counts as slow and when as good again, on a clock of its own. */
#include "recorder/disk_rule.h"

#include "unit.h"

#define MS     INT64_C(1000)
#define SECOND (1000 * MS)

#define PATIENCE_US (250 * MS) /* of a broker with a small window */

/* A disk under the loop's use of the rule: commits one after the other, one each 100 ms where they are quicker. */
struct run {
    struct disk_rule rule;
    int64_t now_us;
    int changes;
};

static struct run run_make(void)
{
    struct run run = {.now_us = SECOND};
    disk_rule_init(&run.rule);
    return run;
}

static void run_idle(struct run *run)
{
    enum disk_mode before = run->rule.mode;
    disk_rule_note_idle(&run->rule, run->now_us);
    run->changes += run->rule.mode != before;
}

static void run_commit(struct run *run, int64_t took_us)
{
    enum disk_mode before = run->rule.mode;
    int64_t given_us = run->now_us;
    if (took_us > PATIENCE_US) {
        run->now_us = given_us + PATIENCE_US;
        disk_rule_note_wait(&run->rule, PATIENCE_US, PATIENCE_US, run->now_us);
    }
    run->now_us = given_us + took_us;
    disk_rule_note_commit(&run->rule, took_us, PATIENCE_US, run->now_us);
    run->changes += run->rule.mode != before;
    run_idle(run);
    if (took_us < 100 * MS)
        run->now_us = given_us + 100 * MS;
}

static void test_one_slow_commit_counts_until_the_disk_is_calm(void **state)
{
    (void)state;
    struct run run = run_make();
    run_commit(&run, 20 * MS);
    assert_int_equal(run.rule.mode, DISK_GOOD);
    assert_int_equal(disk_rule_due_us(&run.rule), INT64_MAX);
    run_commit(&run, 300 * MS);
    assert_int_equal(run.rule.mode, DISK_SLOW);
    int64_t end_us = run.now_us;
    while (run.now_us < end_us + DISK_RULE_CALM_US) {
        assert_int_equal(run.rule.mode, DISK_SLOW);
        run_commit(&run, 20 * MS);
    }
    run_commit(&run, 20 * MS);
    assert_int_equal(run.rule.mode, DISK_GOOD);
    assert_int_equal(run.changes, 2);
}

/* Nothing more comes: the calm ends by the clock. */
static void test_a_plant_that_rests(void **state)
{
    (void)state;
    struct run run = run_make();
    disk_rule_note_wait(&run.rule, PATIENCE_US, PATIENCE_US, run.now_us);
    assert_int_equal(disk_rule_due_us(&run.rule), INT64_MAX); /* it still hangs */
    run.now_us += 9 * SECOND;
    disk_rule_note_commit(&run.rule, 9 * SECOND, PATIENCE_US, run.now_us);
    assert_int_equal(disk_rule_due_us(&run.rule), run.now_us + DISK_RULE_CALM_US);
    run.now_us = disk_rule_due_us(&run.rule) - 1;
    run_idle(&run);
    assert_int_equal(run.rule.mode, DISK_SLOW);
    run.now_us++;
    run_idle(&run);
    assert_int_equal(run.rule.mode, DISK_GOOD);
}

static void test_a_failed_disk(void **state)
{
    (void)state;
    struct run run = run_make();
    for (int i = 0; i < 5; i++) { /* every other attempt fails */
        disk_rule_note_failure(&run.rule, run.now_us);
        assert_int_equal(run.rule.mode, DISK_FAILED);
        run.now_us += SECOND;
        run_commit(&run, 20 * MS);
        assert_int_equal(run.rule.mode, DISK_FAILED);
        run.now_us += SECOND;
    }
    run.now_us += DISK_RULE_CALM_US;
    run_idle(&run);
    assert_int_equal(run.rule.mode, DISK_GOOD);
}

/* However commits around the bound are mixed, an hour brings few changes:
 * with each relapse the next calm has to be longer, up to about a minute. */
static void test_it_does_not_flap(void **state)
{
    static const int64_t EVERY[] = {1, 2, 7, 25, 100, 400}; /* of so many commits one is slow */
    (void)state;
    for (size_t i = 0; i < COUNT(EVERY); i++) {
        struct run run = run_make();
        for (int64_t n = 0; run.now_us < 3600 * SECOND; n++)
            run_commit(&run, n % EVERY[i] ? 20 * MS : 260 * MS);
        assert_in_range(run.changes, 1, 120);
    }
    uint64_t random = 11;
    for (size_t i = 0; i < 20; i++) {
        struct run run = run_make();
        size_t rare = 1 + unit_random_below(&random, 300);
        while (run.now_us < 3600 * SECOND)
            run_commit(&run, unit_random_below(&random, rare)
                                 ? 30 * MS
                                 : (int64_t)unit_random_below(&random, 2000) * MS);
        assert_in_range(run.changes, 1, 240);
    }
}

/* Long after a relapse a slow commit is the first one again. */
static void test_relapses_are_forgotten(void **state)
{
    (void)state;
    struct run run = run_make();
    for (int i = 0; i < 8; i++) {
        run_commit(&run, 300 * MS);
        run.now_us += run.rule.calm_us;
        run_idle(&run);
        assert_int_equal(run.rule.mode, DISK_GOOD);
    }
    assert_int_equal(run.rule.calm_us, DISK_RULE_CALM_MAX_US);
    run.now_us += DISK_RULE_RELAPSE_US;
    run_commit(&run, 300 * MS);
    assert_int_equal(run.rule.calm_us, DISK_RULE_CALM_US);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_slow_commit_counts_until_the_disk_is_calm),
        cmocka_unit_test(test_a_plant_that_rests),
        cmocka_unit_test(test_a_failed_disk),
        cmocka_unit_test(test_it_does_not_flap),
        cmocka_unit_test(test_relapses_are_forgotten),
    };
    return cmocka_run_group_tests_name("disk_rule", tests, NULL, NULL);
}
