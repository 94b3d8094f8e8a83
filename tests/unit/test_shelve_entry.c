/* Entering what shelves an alarm: fields, choices, and what sends. */
#include "unit.h"

#include "base/clock.h"
#include "ui/shelve_entry.h"

static enum shelve_result press(struct shelve_entry *entry, uint32_t key)
{
    return shelve_entry_key(entry, &(struct input){.type = INPUT_KEY, .key = key});
}

static void type(struct shelve_entry *entry, const char *text)
{
    for (; *text; text++)
        press(entry, (unsigned char)*text);
}

static void test_spans_end_where_the_configuration_says(void **state)
{
    (void)state;
    struct shelve_entry entry;
    shelve_entry_open(&entry, 90 * CLOCK_US_PER_MINUTE);
    assert_int_equal(entry.spans_us[entry.span], 30 * CLOCK_US_PER_MINUTE);
    for (int i = 0; i < 20; i++)
        press(&entry, INPUT_RIGHT);
    assert_int_equal(entry.spans_us[entry.span], 90 * CLOCK_US_PER_MINUTE);
    assert_int_equal(entry.spans_us[entry.span - 1], CLOCK_US_PER_HOUR);
    for (int i = 0; i < 20; i++)
        press(&entry, INPUT_LEFT);
    assert_int_equal(entry.spans_us[entry.span], 5 * CLOCK_US_PER_MINUTE);
    shelve_entry_open(&entry, CLOCK_US_PER_MINUTE); /* less than any choice */
    assert_int_equal(entry.span_count, 1);
    assert_int_equal(entry.spans_us[entry.span], CLOCK_US_PER_MINUTE);
    shelve_entry_open(&entry, 0); /* an older recorder does not tell */
    assert_true(entry.span_count > 5 && entry.span_count <= SHELVE_SPANS_MAX);
    shelve_entry_open(&entry, 30 * CLOCK_US_PER_DAY);
    assert_true(entry.span_count <= SHELVE_SPANS_MAX);
}

static void test_a_reason_is_needed(void **state)
{
    (void)state;
    struct shelve_entry entry;
    shelve_entry_open(&entry, CLOCK_US_PER_DAY);
    assert_int_equal(press(&entry, INPUT_ENTER), SHELVE_CHANGED);
    assert_int_equal(entry.field, SHELVE_ONCE);
    press(&entry, ' ');
    assert_true(entry.once);
    press(&entry, INPUT_ENTER);
    assert_int_equal(entry.field, SHELVE_REASON);
    assert_int_equal(press(&entry, INPUT_ENTER), SHELVE_CHANGED);
    assert_string_not_equal(entry.message, "");
    type(&entry, "  ");
    assert_int_equal(press(&entry, INPUT_ENTER), SHELVE_CHANGED);
    type(&entry, "sensor");
    assert_string_equal(entry.message, "");
    assert_int_equal(press(&entry, INPUT_ENTER), SHELVE_SEND);
    assert_string_equal(entry.reason.text, "  sensor");
}

static void test_escape_and_pasting_never_send(void **state)
{
    (void)state;
    struct shelve_entry entry;
    shelve_entry_open(&entry, CLOCK_US_PER_DAY);
    const struct input newline = {.type = INPUT_KEY, .key = INPUT_ENTER, .pasted = true};
    assert_int_equal(shelve_entry_key(&entry, &newline), SHELVE_IGNORED);
    assert_int_equal(entry.field, SHELVE_SPAN);
    press(&entry, INPUT_TAB);
    press(&entry, INPUT_TAB);
    press(&entry, INPUT_TAB); /* there is no further field */
    assert_int_equal(entry.field, SHELVE_REASON);
    type(&entry, "x");
    assert_int_equal(shelve_entry_key(&entry, &newline), SHELVE_IGNORED);
    assert_int_equal(press(&entry, INPUT_BACK_TAB), SHELVE_CHANGED);
    assert_int_equal(entry.field, SHELVE_ONCE);
    assert_int_equal(press(&entry, INPUT_ESCAPE), SHELVE_CLOSE);
    assert_int_equal(shelve_entry_key(&entry, &(struct input){.type = INPUT_CLICK}), SHELVE_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spans_end_where_the_configuration_says),
        cmocka_unit_test(test_a_reason_is_needed),
        cmocka_unit_test(test_escape_and_pasting_never_send),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
