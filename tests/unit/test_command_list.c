/* The rows of the Commands screen: which, in which order, where the cursor is. */
#include "base/clock.h"
#include "base/mem.h"
#include "mirror_fixture.h"
#include "plant/command.h"
#include "ui/command_list.h"
#include "unit.h"

#define SECOND CLOCK_US_PER_SECOND

struct rows {
    struct mirror mirror;
    struct command_list list;
};

static void open_rows(struct rows *rows)
{
    mirror_init(&rows->mirror);
    command_list_init(&rows->list);
}

static void close_rows(struct rows *rows)
{
    command_list_free(&rows->list);
    mirror_free(&rows->mirror);
}

static struct wire_command record(uint64_t id, enum command_state state, int64_t at_us)
{
    return (struct wire_command){.command = id,
                                 .state = state,
                                 .asked_us = at_us,
                                 .tag_name = id % 2 ? "pump.odd" : "pump.even",
                                 .operator_name = "alice",
                                 .station = "pts/3",
                                 .reason = "test run"};
}

static void tell(struct rows *rows, uint64_t id, enum command_state state)
{
    const struct wire_command command = record(id, state, (int64_t)id * SECOND);
    fixture_apply(&rows->mirror, WIRE_COMMAND, &command, 0);
    command_list_update(&rows->list, &rows->mirror);
}

static void remember(struct rows *rows, const struct wire_command *commands, size_t count)
{
    struct wire_command *old = mem_new(count, sizeof *old);
    for (size_t i = 0; i < count; i++)
        mirror_keep(WIRE_COMMAND, &old[i], &commands[i]);
    command_list_take_old(&rows->list, old, count);
    command_list_update(&rows->list, &rows->mirror);
}

static void expect_rows(struct rows *rows, size_t count, const uint64_t *ids)
{
    assert_int_equal(rows->list.row_count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(rows->list.rows[i]->command, ids[i]);
}

static void test_the_newest_first_and_each_once(void **state)
{
    struct rows rows;
    (void)state;
    open_rows(&rows);
    tell(&rows, 3, COMMAND_DONE);
    tell(&rows, 5, COMMAND_ACKNOWLEDGED);
    tell(&rows, 4, COMMAND_REFUSED);
    expect_rows(&rows, 3, (const uint64_t[]){5, 4, 3});
    assert_int_equal(rows.list.pending, 1);
    /* The history has some of them, too, and a foreign one that has another number there. */
    const struct wire_command old[] = {record(3, COMMAND_DONE, 3 * SECOND),
                                       record(1, COMMAND_UNKNOWN, 1 * SECOND),
                                       record(2 * COMMAND_FOREIGN_ID + 9, COMMAND_FOREIGN, 6 * SECOND)};
    remember(&rows, old, 3);
    expect_rows(&rows, 5, (const uint64_t[]){2 * COMMAND_FOREIGN_ID + 9, 5, 4, 3, 1});
    struct wire_command foreign = record(COMMAND_FOREIGN_ID + 1, COMMAND_FOREIGN, 6 * SECOND);
    fixture_apply(&rows.mirror, WIRE_COMMAND, &foreign, 0);
    command_list_update(&rows.list, &rows.mirror);
    expect_rows(&rows, 5, (const uint64_t[]){COMMAND_FOREIGN_ID + 1, 5, 4, 3, 1});
    tell(&rows, 5, COMMAND_DONE);
    assert_int_equal(rows.list.pending, 0);
    close_rows(&rows);
}

static void test_the_cursor_stays_on_its_command(void **state)
{
    struct rows rows;
    (void)state;
    open_rows(&rows);
    for (uint64_t id = 1; id <= 20; id++)
        tell(&rows, id, COMMAND_DONE);
    assert_int_equal(command_list_current(&rows.list)->command, 20); /* nobody has touched it */
    command_list_move(&rows.list, 3);
    command_list_scroll(&rows.list, 10);
    assert_int_equal(command_list_current(&rows.list)->command, 17);
    tell(&rows, 21, COMMAND_CHECKED);
    command_list_scroll(&rows.list, 10);
    assert_int_equal(command_list_current(&rows.list)->command, 17);
    assert_int_equal(rows.list.cursor - rows.list.top, 3); /* and its row where it was */
    command_list_move(&rows.list, 1000);
    assert_int_equal(command_list_current(&rows.list)->command, 1);
    command_list_move(&rows.list, -1000);
    assert_int_equal(command_list_current(&rows.list)->command, 21);
    command_list_set_filter(&rows.list, "nothing like this");
    command_list_update(&rows.list, &rows.mirror);
    assert_null(command_list_current(&rows.list));
    close_rows(&rows);
}

static void test_filters(void **state)
{
    static const struct {
        const char *filter;
        size_t rows;
    } ROWS[] = {{"", 4},          {"odd", 2},      {"ALICE run", 4}, {"outcome:ref", 1},
                {"timed", 1},     {"pump.e", 2},   {"even done", 1}, {"outcome:done odd", 0},
                {"outcome:x", 0}, {"\xc3\xa4", 0}, {"outcome:", 4}};
    struct rows rows;
    (void)state;
    open_rows(&rows);
    tell(&rows, 1, COMMAND_REFUSED);
    tell(&rows, 2, COMMAND_DONE);
    tell(&rows, 3, COMMAND_TIMED_OUT);
    tell(&rows, 4, COMMAND_PUBLISHED);
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        command_list_set_filter(&rows.list, ROWS[i].filter);
        command_list_update(&rows.list, &rows.mirror);
        assert_int_equal(rows.list.row_count, ROWS[i].rows);
        assert_int_equal(rows.list.all_count, 4);
    }
    assert_string_equal(command_list_fault("pump outcome:x"), "unknown outcome");
    assert_string_equal(command_list_fault("pump outcome:un"), "");
    close_rows(&rows);
}

/* What anybody can bring forth takes the place of nothing but its like. */
static void test_a_flood_of_refusals_drives_no_command_out(void **state)
{
    struct rows rows;
    (void)state;
    open_rows(&rows);
    for (uint64_t id = 1; id <= 40; id++)
        tell(&rows, id, COMMAND_DONE);
    tell(&rows, 41, COMMAND_PUBLISHED);
    for (uint64_t id = 100; id < 1100; id++)
        tell(&rows, id, id % 2 ? COMMAND_REFUSED : COMMAND_FOREIGN);
    assert_int_equal(rows.mirror.command_count, 41 + MIRROR_COMMANDS_CHEAP);
    for (uint64_t id = 1; id <= 41; id++)
        assert_non_null(mirror_find_command(&rows.mirror, id));
    /* And commands drive out those that have ended, never one that is under way. */
    for (uint64_t id = 2000; id < 3000; id++)
        tell(&rows, id, COMMAND_DONE);
    assert_int_equal(rows.mirror.command_count, MIRROR_COMMANDS_MAX);
    assert_non_null(mirror_find_command(&rows.mirror, 41));
    close_rows(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_newest_first_and_each_once),
        cmocka_unit_test(test_the_cursor_stays_on_its_command),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_a_flood_of_refusals_drives_no_command_out),
    };
    return cmocka_run_group_tests_name("command_list", tests, NULL, NULL);
}
