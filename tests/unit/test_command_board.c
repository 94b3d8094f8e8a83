/* What consoles are told of commands, and what counts as somebody else's. */
#include "base/mem.h"
#include "recorder/command_board.h"
#include "recorder/foreign.h"
#include "unit.h"
#include "wire/wire.h"

#include <string.h>

#define SECOND_US INT64_C(1000000)

struct board_fixture {
    struct plant plant;
    struct command_board board;
    struct buf out;
};

static int board_setup(void **state)
{
    struct board_fixture *f = mem_new(1, sizeof *f);
    const struct plant_options options = {.max_tags = 10, .max_payload = 1000};
    struct tag_def def;
    struct batch *batch = batch_new();
    plant_init(&f->plant, &options);
    tag_def_init(&def);
    def.name = mem_copy_text("sp");
    def.topic = mem_copy_text("plant/sp");
    def.path = mem_copy_text("");
    def.area = mem_copy_text("");
    plant_add_configured(&f->plant, &def, batch);
    tag_def_free(&def);
    batch_free(batch);
    buf_init(&f->out, 0);
    *state = f;
    return 0;
}

static int board_teardown(void **state)
{
    struct board_fixture *f = *state;
    plant_free(&f->plant);
    buf_free(&f->out);
    free(f);
    return 0;
}

static void put(struct board_fixture *f, uint64_t id, enum command_state state)
{
    struct command command = {.id = id, .tag_id = 1, .state = state, .asked_us = SECOND_US};
    command.published_us = state >= COMMAND_PUBLISHED ? 2 * SECOND_US : 0;
    command_board_put(&f->board, &command);
}

/* The commands that a console with this mark is told of: how many, and the last one. */
static size_t tell(struct board_fixture *f, uint64_t *mark, struct wire_command *last)
{
    size_t used, count = 0;
    struct wire_frame frame;
    buf_clear(&f->out);
    command_board_encode(&f->board, &f->plant, mark, &f->out);
    if (!f->out.length)
        return 0;
    assert_int_equal(wire_next_frame(f->out.data, f->out.length, &frame, &used), WIRE_OK);
    assert_int_equal(frame.type, WIRE_COMMAND);
    while (wire_next_record(&frame, last) == WIRE_OK)
        count++;
    return count;
}

static void test_a_console_gets_what_changed_since_its_mark(void **state)
{
    struct board_fixture *f = *state;
    struct wire_command last;
    uint64_t early = 0, late = 0;
    assert_int_equal(tell(f, &early, &last), 0);
    put(f, 1, COMMAND_CHECKED);
    put(f, 2, COMMAND_PUBLISHED);
    assert_int_equal(tell(f, &early, &last), 2);
    assert_int_equal(last.command, 2);
    assert_string_equal(last.tag_name, "sp");
    assert_int_equal(last.ms_published, 1000);
    assert_int_equal(last.ms_readback, -1);
    assert_int_equal(tell(f, &early, &last), 0);
    put(f, 1, COMMAND_DONE);
    assert_int_equal(tell(f, &early, &last), 1);
    assert_int_equal(last.command, 1);
    assert_int_equal(last.state, COMMAND_DONE);
    /* Who comes later is told of each once, as it is now. */
    assert_int_equal(tell(f, &late, &last), 2);
    assert_int_equal(last.command, 1);
}

static void test_the_oldest_give_way(void **state)
{
    struct board_fixture *f = *state;
    struct wire_command last;
    uint64_t mark = 0;
    for (uint64_t id = 1; id <= COMMAND_BOARD_MAX + 10; id++)
        put(f, id, COMMAND_DONE);
    assert_int_equal(tell(f, &mark, &last), COMMAND_BOARD_MAX);
    assert_int_equal(last.command, COMMAND_BOARD_MAX + 10);
}

/* Refusals and what others publish can be brought forth by anybody. */
static void test_a_flood_leaves_the_commands_where_they_are(void **state)
{
    struct board_fixture *f = *state;
    put(f, 1, COMMAND_PUBLISHED);
    for (uint64_t id = 2; id <= 30; id++)
        put(f, id, COMMAND_DONE);
    for (uint64_t id = 100; id < 1100; id++)
        put(f, id, id % 2 ? COMMAND_REFUSED : COMMAND_FOREIGN);
    for (uint64_t id = 1; id <= 30; id++)
        assert_non_null(command_board_find(&f->board, id));
    assert_null(command_board_find(&f->board, 1099 - COMMAND_BOARD_CHEAP));
    assert_non_null(command_board_find(&f->board, 1100 - COMMAND_BOARD_CHEAP));
    /* And no number of commands drives out one that is under way. */
    for (uint64_t id = 2000; id < 3000; id++)
        put(f, id, COMMAND_DONE);
    assert_non_null(command_board_find(&f->board, 1));
    assert_null(command_board_find(&f->board, 2));
}

static void test_our_own_echo_is_not_foreign(void **state)
{
    (void)state;
    struct foreign foreign = {0};
    foreign_note_own(&foreign, "cmd/sp", "42.5", 4, SECOND_US);
    assert_true(foreign_is_own(&foreign, "cmd/sp", "42.5", 4, 2 * SECOND_US));
    assert_false(foreign_is_own(&foreign, "cmd/sp", "42.6", 4, 2 * SECOND_US));
    assert_false(foreign_is_own(&foreign, "cmd/sp", "42", 2, 2 * SECOND_US));
    assert_false(foreign_is_own(&foreign, "cmd/other", "42.5", 4, 2 * SECOND_US));
    assert_false(foreign_is_own(&foreign, "cmd/sp", "42.5", 4, SECOND_US + FOREIGN_OWN_US));
    for (int i = 0; i < FOREIGN_OWN_MAX; i++) /* only so many are kept */
        foreign_note_own(&foreign, "cmd/other", "1", 1, 2 * SECOND_US);
    assert_false(foreign_is_own(&foreign, "cmd/sp", "42.5", 4, 2 * SECOND_US));
    foreign_free(&foreign);
}

static void test_a_flood_of_others_is_counted_and_noted_once_a_second(void **state)
{
    (void)state;
    struct foreign foreign = {0};
    uint64_t left_out = 99;
    assert_true(foreign_count(&foreign, 5 * SECOND_US, &left_out));
    assert_int_equal(left_out, 0);
    for (int i = 0; i < 1000; i++)
        assert_false(foreign_count(&foreign, 5 * SECOND_US + i, &left_out));
    assert_true(foreign_count(&foreign, 5 * SECOND_US + FOREIGN_NOTICE_US, &left_out));
    assert_int_equal(left_out, 1000);
    assert_int_equal(foreign.count, 1002);
    foreign_free(&foreign);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_console_gets_what_changed_since_its_mark, board_setup,
                                        board_teardown),
        cmocka_unit_test_setup_teardown(test_the_oldest_give_way, board_setup, board_teardown),
        cmocka_unit_test_setup_teardown(test_a_flood_leaves_the_commands_where_they_are, board_setup,
                                        board_teardown),
        cmocka_unit_test(test_our_own_echo_is_not_foreign),
        cmocka_unit_test(test_a_flood_of_others_is_counted_and_noted_once_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
