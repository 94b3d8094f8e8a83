/* The list of buttons that may stand pressed. */
#include "recorder/buttons.h"

#include "unit.h"

#include <stdio.h>

static void test_each_tag_once(void **unused)
{
    (void)unused;
    struct buttons buttons = {0};
    buttons_remove(&buttons, "horn");
    buttons_add(&buttons, "horn", 1, "the link was lost");
    buttons_add(&buttons, "bell", 2, "the link was lost");
    buttons_add(&buttons, "horn", 3, "the broker did not acknowledge it");
    assert_int_equal(buttons.count, 2);
    assert_string_equal(buttons.rows[0].tag, "horn");
    assert_int_equal(buttons.rows[0].command, 3);
    assert_string_equal(buttons.rows[0].why, "the broker did not acknowledge it");
    buttons_remove(&buttons, "horn");
    assert_int_equal(buttons.count, 1);
    assert_string_equal(buttons.rows[0].tag, "bell");
    buttons_remove(&buttons, "bell");
    assert_int_equal(buttons.count, 0);
}

static void test_more_than_there_is_room_for_are_counted(void **unused)
{
    (void)unused;
    struct buttons buttons = {0};
    char tag[16];
    for (int i = 0; i < BUTTONS_MAX + 3; i++) {
        snprintf(tag, sizeof tag, "b%d", i);
        buttons_add(&buttons, tag, (uint64_t)i, "");
    }
    assert_int_equal(buttons.count, BUTTONS_MAX);
    assert_int_equal(buttons.left_out, 3);
    buttons_remove(&buttons, "b0");
    assert_string_equal(buttons.rows[BUTTONS_MAX - 2].tag, "b15");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_tag_once),
        cmocka_unit_test(test_more_than_there_is_room_for_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
