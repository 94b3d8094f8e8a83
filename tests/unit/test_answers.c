/* What tells that a message belongs to a command of ours. */
#include "db/chain.h"
#include "recorder/answers.h"
#include "unit.h"

#include <string.h>

static int answers_setup(void **state)
{
    static struct answers answers;
    assert_true(chain_library_init());
    answers_init(&answers, "00112233445566778899aabbccddeeff", "hmi-1");
    *state = &answers;
    return 0;
}

static void test_finds_its_own(void **state)
{
    const uint64_t numbers[] = {1, 17, UINT64_MAX};
    char text[ANSWERS_CORRELATION_MAX];
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        answers_print_correlation(*state, numbers[i], text);
        assert_int_equal(answers_find_command(*state, text, strlen(text)), numbers[i]);
    }
}

static void test_finds_nothing_in_what_is_changed(void **state)
{
    char text[ANSWERS_CORRELATION_MAX], changed[ANSWERS_CORRELATION_MAX];
    answers_print_correlation(*state, 17, text);
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        for (int bit = 0; bit < 8; bit++) {
            memcpy(changed, text, sizeof text);
            changed[i] = (char)(changed[i] ^ 1 << bit);
            assert_int_equal(answers_find_command(*state, changed, length), 0);
        }
        assert_int_equal(answers_find_command(*state, text, i), 0);
    }
    assert_int_equal(answers_find_command(*state, text, length + 1), 0); /* with its NUL */
    assert_int_equal(answers_find_command(*state, NULL, 0), 0);
    assert_int_equal(answers_find_command(*state, "hmi-017-", 8), 0);
}

static void test_another_secret_finds_nothing(void **state)
{
    struct answers other;
    char text[ANSWERS_CORRELATION_MAX];
    answers_print_correlation(*state, 17, text);
    answers_init(&other, "00112233445566778899aabbccddeefe", "hmi-1");
    assert_int_equal(answers_find_command(&other, text, strlen(text)), 0);
    assert_string_not_equal(other.topic, ((struct answers *)*state)->topic);
}

static void test_the_topic_holds_nothing_with_a_meaning(void **state)
{
    struct answers answers;
    char longest[300];
    (void)state;
    answers_init(&answers, "s", "a/b+c#d\x1b");
    assert_memory_equal(answers.topic, "hmi/a_b_c_d\xef\xbf\xbd/answer/", 22);
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    answers_init(&answers, longest, longest);
    assert_int_equal(strlen(answers.topic), 4 + 64 + 8 + 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_finds_its_own, answers_setup),
        cmocka_unit_test_setup(test_finds_nothing_in_what_is_changed, answers_setup),
        cmocka_unit_test_setup(test_another_secret_finds_nothing, answers_setup),
        cmocka_unit_test_setup(test_the_topic_holds_nothing_with_a_meaning, answers_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
