/* The cursor of a list and the window that follows it. */
#include "ui/rows.h"

#include "unit.h"

static void test_steps_end_at_the_ends(void **state)
{
    (void)state;
    static const struct {
        size_t cursor;
        long step;
        size_t count, row;
    } ROWS[] = {
        {0, 1, 5, 1},    {0, -1, 5, 0},       {3, 10, 5, 4}, {3, -10, 5, 0},
        {2, 0, 5, 2},    {0, 1, 0, 0},        {7, 0, 5, 4}, /* the list has become shorter */
        {4, 1000, 1, 0}, {0, -1000000, 9, 0},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++)
        assert_int_equal(rows_step(ROWS[i].cursor, ROWS[i].step, ROWS[i].count), ROWS[i].row);
}

static void test_the_window_moves_no_further_than_it_takes(void **state)
{
    (void)state;
    static const struct {
        size_t top, cursor, count, room, wanted;
    } ROWS[] = {
        {0, 9, 100, 10, 0},    {0, 10, 100, 10, 1},   {50, 40, 100, 10, 40},
        {50, 55, 100, 10, 50}, {95, 99, 100, 10, 90}, /* no row stays empty */
        {5, 0, 3, 10, 0},      {7, 8, 100, 0, 7},     /* no room: nothing to move */
    };
    for (size_t i = 0; i < COUNT(ROWS); i++)
        assert_int_equal(rows_scroll(ROWS[i].top, ROWS[i].cursor, ROWS[i].count, ROWS[i].room),
                         ROWS[i].wanted);
}

static void test_which_actions_move(void **state)
{
    long step = 0;
    (void)state;
    assert_true(rows_step_of_action(ACTION_PAGE_DOWN, 20, 100, &step));
    assert_int_equal(step, 19); /* one row of the last page stays in sight */
    assert_true(rows_step_of_action(ACTION_PAGE_UP, 0, 100, &step));
    assert_int_equal(step, -1);
    assert_true(rows_step_of_action(ACTION_END, 20, 100, &step));
    assert_int_equal(rows_step(3, step, 100), 99);
    assert_true(rows_step_of_action(ACTION_HOME, 20, 100, &step));
    assert_int_equal(rows_step(99, step, 100), 0);
    assert_false(rows_step_of_action(ACTION_FILTER, 20, 100, &step));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_end_at_the_ends),
        cmocka_unit_test(test_the_window_moves_no_further_than_it_takes),
        cmocka_unit_test(test_which_actions_move),
    };
    return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
