/* The idle lock. */
#include "base/clock.h"
#include "ui/lock.h"
#include "unit.h"

#include <string.h>

#define SECOND CLOCK_US_PER_SECOND
#define AFTER  (600 * SECOND)

static const struct lock_context ALICE = {.user = "alice"};

static enum lock_effect press(struct lock *lock, uint32_t key, int64_t mono_us)
{
    return lock_input(lock, &(struct input){.type = INPUT_KEY, .key = key}, &ALICE, mono_us);
}

static enum lock_effect say(struct lock *lock, const char *text, bool pasted)
{
    enum lock_effect effect = LOCK_TAKES;
    for (; *text; text++)
        effect =
            lock_input(lock, &(struct input){.type = INPUT_KEY, .key = (uint32_t)*text, .pasted = pasted},
                       &ALICE, 1000 * SECOND);
    return effect;
}

static struct lock a_locked_one(void)
{
    struct lock lock;
    lock_init(&lock, 0);
    assert_true(lock_tick(&lock, AFTER, AFTER, 77));
    return lock;
}

static void test_it_locks_after_the_time_without_a_key(void **state)
{
    struct lock lock;
    (void)state;
    lock_init(&lock, 10 * SECOND);
    assert_false(lock_tick(&lock, AFTER, 610 * SECOND - 1, 0));
    assert_int_equal(press(&lock, 'j', 600 * SECOND), LOCK_PASSES);
    assert_false(lock_tick(&lock, AFTER, 610 * SECOND, 0));
    assert_int_equal(lock_input(&lock, &(struct input){.type = INPUT_WHEEL_UP}, &ALICE, 700 * SECOND),
                     LOCK_PASSES);
    assert_false(lock_tick(&lock, AFTER, 1300 * SECOND - 1, 0));
    assert_true(lock_tick(&lock, AFTER, 1300 * SECOND, 5));
    assert_int_equal(lock.locked_us, 5);
    assert_false(lock_tick(&lock, AFTER, 1301 * SECOND, 6)); /* once */
}

static void test_without_a_time_it_never_locks(void **state)
{
    struct lock lock;
    (void)state;
    lock_init(&lock, 0);
    assert_false(lock_tick(&lock, 0, INT64_MAX - 1, 0));
}

static void test_only_the_name_unlocks(void **state)
{
    struct lock lock = a_locked_one();
    (void)state;
    assert_int_equal(say(&lock, "bob\n", false), LOCK_TAKES);
    assert_true(lock.wrong);
    assert_int_equal(say(&lock, "alice\n", true), LOCK_TAKES); /* pasted */
    assert_int_equal(say(&lock, "\n", false), LOCK_PASSES);    /* nothing of it was taken */
    assert_true(lock.locked);
    assert_int_equal(say(&lock, "alicex", false), LOCK_TAKES);
    assert_int_equal(press(&lock, INPUT_BACKSPACE, SECOND), LOCK_TAKES);
    assert_int_equal(say(&lock, "\n", false), LOCK_OPENS);
    assert_int_equal(say(&lock, "j", false), LOCK_PASSES);
}

/* Function keys, arrows and the mouse are the screens'; no letter is, for letters are verbs there. */
static void test_looking_goes_on(void **state)
{
    struct lock lock = a_locked_one();
    const struct lock_context filter = {.user = "alice", .typing = true};
    (void)state;
    for (uint32_t key = INPUT_UP; key < INPUT_KEY_END; key++)
        assert_int_equal(press(&lock, key, SECOND), LOCK_PASSES);
    assert_int_equal(press(&lock, INPUT_ENTER, SECOND), LOCK_PASSES);
    assert_int_equal(press(&lock, INPUT_ESCAPE, SECOND), LOCK_PASSES);
    assert_int_equal(press(&lock, '/', SECOND), LOCK_PASSES);
    assert_int_equal(lock_input(&lock, &(struct input){.type = INPUT_CLICK}, &ALICE, SECOND), LOCK_PASSES);
    assert_int_equal(lock_input(&lock, &(struct input){.type = INPUT_KEY, .key = 'a'}, &filter, SECOND),
                     LOCK_PASSES);
    for (uint32_t key = ' '; key < 0x7F; key++) {
        struct lock other = lock;
        bool looks = strchr(LOCK_LOOKS, (int)key) != NULL;
        assert_int_equal(press(&other, key, SECOND), looks ? LOCK_PASSES : LOCK_TAKES);
    }
    /* A name that is begun is edited; what an editor has no use for is still the screens'. */
    say(&lock, "al/", false);
    assert_int_equal(press(&lock, INPUT_LEFT, SECOND), LOCK_TAKES);
    assert_int_equal(press(&lock, INPUT_F1 + 3, SECOND), LOCK_PASSES);
    assert_int_equal(press(&lock, INPUT_DOWN, SECOND), LOCK_PASSES);
    assert_int_equal(press(&lock, INPUT_ESCAPE, SECOND), LOCK_TAKES);
    assert_int_equal(lock.name.length, 0);
    assert_true(lock.locked);
}

static void test_nobody_known_unlocks_nothing(void **state)
{
    struct lock lock = a_locked_one();
    (void)state;
    const struct lock_context nobody = {.user = ""};
    static const uint32_t KEYS[] = {INPUT_ENTER, 'x', INPUT_BACKSPACE, INPUT_ENTER};
    for (size_t i = 0; i < COUNT(KEYS); i++)
        lock_input(&lock, &(struct input){.type = INPUT_KEY, .key = KEYS[i]}, &nobody, SECOND);
    assert_true(lock.locked);
}

/* Unlocked, it is used: the next time begins anew. */
static void test_it_locks_again(void **state)
{
    struct lock lock = a_locked_one();
    (void)state;
    say(&lock, "alice\n", false);
    assert_false(lock_tick(&lock, AFTER, 1600 * SECOND - 1, 0));
    assert_true(lock_tick(&lock, AFTER, 1600 * SECOND, 0));
    assert_int_equal(lock.name.length, 0);
}

static void test_the_line(void **state)
{
    struct lock lock = a_locked_one();
    struct canvas canvas;
    (void)state;
    for (int columns = 1; columns < 120; columns++) { /* no size hurts */
        canvas_init(&canvas, columns, 1, GLYPH_ASCII);
        struct pane pane = pane_whole(&canvas);
        lock_draw(&lock, &pane, &ALICE);
        canvas_free(&canvas);
    }
    canvas_init(&canvas, 80, 1, GLYPH_ASCII);
    struct pane pane = pane_whole(&canvas);
    say(&lock, "ali", false);
    lock_draw(&lock, &pane, &ALICE);
    char *row = canvas_row_text(&canvas, 0);
    assert_non_null(strstr(row, "Type your name, alice, and Enter:"));
    assert_string_equal(row + strlen(row) - 3, "ali");
    free(row);
    canvas_free(&canvas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_locks_after_the_time_without_a_key),
        cmocka_unit_test(test_without_a_time_it_never_locks),
        cmocka_unit_test(test_only_the_name_unlocks),
        cmocka_unit_test(test_looking_goes_on),
        cmocka_unit_test(test_nobody_known_unlocks_nothing),
        cmocka_unit_test(test_it_locks_again),
        cmocka_unit_test(test_the_line),
    };
    return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
