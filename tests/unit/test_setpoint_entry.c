/* Giving a setpoint: what keys mean, and that nothing but the whole sequence ever sends. */
#include "ui/setpoint_entry.h"
#include "unit.h"

#define MS INT64_C(1000)

static const struct setpoint_form TEMPERATURE = {.kind = TAG_ANALOG,
                                                 .min = 20,
                                                 .max = 110,
                                                 .step = 0.5,
                                                 .decimals = 1,
                                                 .unit = "°C",
                                                 .has_present = true,
                                                 .present = 40,
                                                 .confirm = true};
static const struct setpoint_form PUMP = {.kind = TAG_DISCRETE,
                                          .max = 1,
                                          .unit = "",
                                          .choices = {{0, "STOP"}, {1, "START"}},
                                          .choice_count = 2,
                                          .has_present = true,
                                          .confirm = true};
static const struct setpoint_form RECIPE = {.kind = TAG_TEXT, .unit = "", .confirm = true};

static enum setpoint_effect key(struct setpoint_entry *entry, const struct setpoint_form *form, uint32_t key,
                                int64_t now_us)
{
    return setpoint_entry_key(entry, form, &(struct input){.type = INPUT_KEY, .key = key}, now_us);
}

static void type(struct setpoint_entry *entry, const struct setpoint_form *form, const char *text)
{
    for (; *text; text++)
        key(entry, form, (uint32_t)(unsigned char)*text, 0);
}

static void test_type_look_confirm(void **unused)
{
    (void)unused;
    struct setpoint_entry entry;
    setpoint_entry_open(&entry);
    type(&entry, &TEMPERATURE, "42.5");
    assert_int_equal(key(&entry, &TEMPERATURE, INPUT_ENTER, 1000 * MS), SETPOINT_SUMMARISE);
    assert_false(setpoint_entry_is_armed(&entry, 1299 * MS));
    assert_true(setpoint_entry_is_armed(&entry, 1300 * MS));
    assert_int_equal(key(&entry, &TEMPERATURE, INPUT_ENTER, 2000 * MS),
                     SETPOINT_NOTHING); /* Enter is no yes */
    assert_int_equal(key(&entry, &TEMPERATURE, 'y', 2400 * MS), SETPOINT_SEND);
    struct value value = setpoint_entry_value(&entry, &TEMPERATURE);
    assert_int_equal(value.type, VALUE_NUMBER);
    assert_float_equal(value.number, 42.5, 0);
    assert_int_equal(key(&entry, &TEMPERATURE, 'y', 3000 * MS), SETPOINT_NOTHING); /* once */
    assert_int_equal(key(&entry, &TEMPERATURE, INPUT_F1 + 3, 3050 * MS), SETPOINT_LEAVE);
    assert_int_equal(key(&entry, &TEMPERATURE, INPUT_ESCAPE, 3100 * MS), SETPOINT_CLOSE);
}

static void test_what_was_typed_ahead_does_not_confirm(void **unused)
{
    (void)unused;
    struct setpoint_entry entry;
    setpoint_entry_open(&entry);
    type(&entry, &TEMPERATURE, "42");
    key(&entry, &TEMPERATURE, INPUT_ENTER, 0);
    /* Each key of the storm begins the quiet time anew, however long it lasts. */
    for (int64_t t = 0; t < 100; t++)
        assert_int_equal(key(&entry, &TEMPERATURE, 'y', t * 299 * MS), SETPOINT_NOTHING);
    assert_int_equal(key(&entry, &TEMPERATURE, 'y', 99 * 299 * MS + 300 * MS), SETPOINT_SEND);
}

static void test_what_is_pasted_does_nothing_but_fill_in(void **unused)
{
    (void)unused;
    struct setpoint_entry entry;
    setpoint_entry_open(&entry);
    for (const char *at = "42\n"; *at; at++)
        assert_int_not_equal(
            setpoint_entry_key(&entry, &TEMPERATURE,
                               &(struct input){.type = INPUT_KEY, .key = (uint32_t)*at, .pasted = true}, 0),
            SETPOINT_SUMMARISE);
    assert_string_equal(entry.editor.text, "42");
    key(&entry, &TEMPERATURE, INPUT_ENTER, 0);
    struct input yes = {.type = INPUT_KEY, .key = 'y', .pasted = true};
    assert_int_equal(setpoint_entry_key(&entry, &TEMPERATURE, &yes, 10000 * MS), SETPOINT_NOTHING);
    assert_int_equal(entry.stage, SETPOINT_CONFIRMING);
    struct input click = {.type = INPUT_CLICK};
    assert_int_equal(setpoint_entry_key(&entry, &TEMPERATURE, &click, 20000 * MS), SETPOINT_NOTHING);
}

static void test_escape_goes_back_a_step(void **unused)
{
    (void)unused;
    struct setpoint_entry entry;
    setpoint_entry_open(&entry);
    type(&entry, &TEMPERATURE, "42");
    key(&entry, &TEMPERATURE, INPUT_ENTER, 0);
    assert_int_equal(key(&entry, &TEMPERATURE, INPUT_ESCAPE, 0), SETPOINT_CHANGED);
    assert_int_equal(entry.stage, SETPOINT_TYPING);
    assert_string_equal(entry.editor.text, "42");
    assert_int_equal(key(&entry, &TEMPERATURE, INPUT_ESCAPE, 0), SETPOINT_CLOSE);
}

static void test_what_cannot_be_sent_is_said(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *message;
    } ROWS[] = {
        {"", "type a number"},
        {"hot", "type a number"},
        {"42,5", "a number with a point, not a comma"},
        {"19.9", "20.0 to 110.0 °C"},
        {"110.1", "20.0 to 110.0 °C"},
        {"nan", "type a number"},
        {"1e400", "type a number"},
        {"0x20", "type a number"},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct setpoint_entry entry;
        setpoint_entry_open(&entry);
        type(&entry, &TEMPERATURE, ROWS[i].text);
        assert_int_equal(key(&entry, &TEMPERATURE, INPUT_ENTER, 0), SETPOINT_CHANGED);
        assert_int_equal(entry.stage, SETPOINT_TYPING);
        assert_string_equal(entry.message, ROWS[i].message);
    }
}

static void test_step_keys(void **unused)
{
    (void)unused;
    struct setpoint_entry entry;
    setpoint_entry_open(&entry);
    static const struct {
        uint32_t key;
        const char *text;
    } ROWS[] = {{INPUT_UP, "40.5"},      {INPUT_UP, "41.0"},        {INPUT_DOWN, "40.5"},
                {INPUT_PAGE_UP, "45.5"}, {INPUT_PAGE_DOWN, "40.5"}, {INPUT_PAGE_DOWN, "35.5"}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        assert_int_equal(key(&entry, &TEMPERATURE, ROWS[i].key, 0), SETPOINT_CHANGED);
        assert_string_equal(entry.editor.text, ROWS[i].text);
    }
    for (int i = 0; i < 100; i++)
        key(&entry, &TEMPERATURE, INPUT_PAGE_DOWN, 0);
    assert_string_equal(entry.editor.text, "20.0");
    for (int i = 0; i < 100; i++)
        key(&entry, &TEMPERATURE, INPUT_PAGE_UP, 0);
    assert_string_equal(entry.editor.text, "110.0");
}

/* What the editor says is what is sent, also where the tag shows fewer decimals than its step has. */
static void test_steps_and_limits_finer_than_the_decimals(void **unused)
{
    (void)unused;
    struct setpoint_form form = TEMPERATURE;
    struct setpoint_entry entry;
    form.step = 0.05;
    form.max = 40.125;
    setpoint_entry_open(&entry);
    key(&entry, &form, INPUT_UP, 0);
    assert_string_equal(entry.editor.text, "40.05");
    key(&entry, &form, INPUT_UP, 0);
    assert_string_equal(entry.editor.text, "40.1"); /* not 40.1000000000000014 */
    key(&entry, &form, INPUT_UP, 0);
    assert_string_equal(entry.editor.text, "40.125");
    assert_int_equal(key(&entry, &form, INPUT_ENTER, 0), SETPOINT_SUMMARISE);
    assert_true(entry.number == form.max);
    setpoint_entry_open(&entry);
    type(&entry, &form, "41");
    key(&entry, &form, INPUT_ENTER, 0);
    assert_string_equal(entry.message, "20.0 to 40.125 °C");
}

static void test_states_by_name(void **unused)
{
    (void)unused;
    struct setpoint_entry entry;
    setpoint_entry_open(&entry);
    assert_int_equal(key(&entry, &PUMP, INPUT_ENTER, 0), SETPOINT_CHANGED); /* nothing is chosen for him */
    assert_string_equal(entry.message, "choose with the arrow keys");
    key(&entry, &PUMP, INPUT_DOWN, 0);
    assert_int_equal(entry.choice, 1);
    assert_int_equal(key(&entry, &PUMP, '7', 0), SETPOINT_NOTHING);
    assert_int_equal(key(&entry, &PUMP, INPUT_ENTER, 0), SETPOINT_SUMMARISE);
    assert_float_equal(setpoint_entry_value(&entry, &PUMP).number, 1, 0);
    assert_int_equal(key(&entry, &PUMP, 'y', 300 * MS), SETPOINT_SEND);
}

static void test_texts(void **unused)
{
    (void)unused;
    struct setpoint_entry entry;
    setpoint_entry_open(&entry);
    assert_int_equal(key(&entry, &RECIPE, INPUT_ENTER, 0), SETPOINT_CHANGED);
    type(&entry, &RECIPE, "Winter 2");
    assert_int_equal(key(&entry, &RECIPE, INPUT_ENTER, 0), SETPOINT_SUMMARISE);
    struct value value = setpoint_entry_value(&entry, &RECIPE);
    assert_int_equal(value.type, VALUE_TEXT);
    assert_int_equal(value.text_length, 8);
    setpoint_entry_refused(&entry, "it changed while you typed");
    assert_int_equal(entry.stage, SETPOINT_TYPING);
    assert_string_equal(entry.message, "it changed while you typed");
}

static void test_a_reason_beside_the_value(void **unused)
{
    (void)unused;
    struct setpoint_entry entry;
    setpoint_entry_open(&entry);
    type(&entry, &TEMPERATURE, "42\tstart 7");
    assert_string_equal(entry.reason.text, "start 7");
    assert_string_equal(entry.editor.text, "42");
    assert_int_equal(key(&entry, &TEMPERATURE, INPUT_UP, 0),
                     SETPOINT_NOTHING); /* no step while it is typed */
    type(&entry, &TEMPERATURE, "\t5");
    assert_string_equal(entry.editor.text, "425");
    key(&entry, &TEMPERATURE, INPUT_BACKSPACE, 0);
    type(&entry, &TEMPERATURE, "\t");
    assert_int_equal(key(&entry, &TEMPERATURE, INPUT_ENTER, 1000 * MS), SETPOINT_SUMMARISE);
    setpoint_entry_refused(&entry, "no");
    assert_string_equal(entry.reason.text, "start 7"); /* he tries again for the same reason */
    /* States are chosen, not typed; a reason can be typed all the same. */
    setpoint_entry_open(&entry);
    assert_string_equal(entry.reason.text, "");
    key(&entry, &PUMP, INPUT_UP, 0);
    type(&entry, &PUMP, "\twash");
    assert_string_equal(entry.reason.text, "wash");
}

/* 100,000 keys with pauses of up to a second: whatever is sent was preceded by Enter on a value within the limits, and
 * by 300 ms without a key. */
static void test_storm(void **unused)
{
    (void)unused;
    static const uint32_t KEYS[] = {
        'y',          'y',         'n',          '4',      '2',        '.',           ',',
        'e',          INPUT_ENTER, INPUT_ESCAPE, INPUT_UP, INPUT_DOWN, INPUT_PAGE_UP, INPUT_BACKSPACE,
        INPUT_F1 + 9, ' ',         'a'};
    const struct setpoint_form *forms[] = {&TEMPERATURE, &PUMP, &RECIPE};
    uint64_t seed = 5;
    int sent = 0;
    for (size_t f = 0; f < COUNT(forms); f++) {
        struct setpoint_entry entry;
        setpoint_entry_open(&entry);
        bool summary = false;
        int64_t now = 0, last = 0;
        for (int i = 0; i < 100000; i++) {
            now += (int64_t)unit_random_below(&seed, unit_random_below(&seed, 2) ? 1000 : 20) * MS;
            uint32_t which = KEYS[unit_random_below(&seed, COUNT(KEYS))];
            enum setpoint_effect effect = key(&entry, forms[f], which, now);
            if (effect == SETPOINT_SEND) {
                sent++;
                assert_true(summary);
                assert_int_equal(which, 'y');
                assert_true(now - last >= SETPOINT_QUIET_US);
                if (forms[f]->kind == TAG_ANALOG)
                    assert_true(entry.number >= 20 && entry.number <= 110);
            }
            summary = entry.stage == SETPOINT_CONFIRMING;
            last = now;
            if (effect == SETPOINT_CLOSE)
                setpoint_entry_open(&entry);
        }
    }
    assert_true(sent > 100); /* the storm reaches it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_type_look_confirm),
        cmocka_unit_test(test_what_was_typed_ahead_does_not_confirm),
        cmocka_unit_test(test_what_is_pasted_does_nothing_but_fill_in),
        cmocka_unit_test(test_escape_goes_back_a_step),
        cmocka_unit_test(test_what_cannot_be_sent_is_said),
        cmocka_unit_test(test_step_keys),
        cmocka_unit_test(test_steps_and_limits_finer_than_the_decimals),
        cmocka_unit_test(test_states_by_name),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_a_reason_beside_the_value),
        cmocka_unit_test(test_storm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
