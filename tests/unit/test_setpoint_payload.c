/* What a setpoint publishes, and that nothing filled in can change what it says. */
#include "plant/setpoint_payload.h"
#include "unit.h"

#include <stdio.h>

#define OPERATOR "alice \"the boss\" \\"

static void fill(const char *payload, const struct value *value, const char *expected)
{
    struct setpoint_fields fields = {.value = *value,
                                     .scale_factor = 0.1,
                                     .scale_offset = -10,
                                     .ts_us = INT64_C(1700000000123456),
                                     .operator_name = OPERATOR,
                                     .id = 4711};
    struct buf out;
    struct err err = {0};
    buf_init(&out, 0);
    bool good = setpoint_payload_fill(payload, &fields, &out, &err);
    if (expected) {
        assert_true(good);
        assert_string_equal(buf_text(&out), expected);
    } else {
        assert_false(good);
        assert_true(err.text[0]);
    }
    assert_int_equal(out.limit, 0);
    buf_free(&out);
}

static void test_numbers(void **unused)
{
    (void)unused;
    static const struct {
        const char *payload;
        double value;
        const char *expected;
    } ROWS[] = {
        {"{value}", 42.5, "42.5"},
        {"{value}", 0.1, "0.1"},
        {"{value}", 1.0 / 3, "0.3333333333333333"},
        {"{value}", -40, "-40"},
        {"{value}", 1e21, "1e+21"},
        {"{raw}", 42.5, "525"},
        {"{raw}", 0.3, "103"},
        {"{value} {raw}", 0, "0 100"},
        {"SET {value} AT {ts} BY {operator} #{id}", 1, "SET 1 AT 1700000000123 BY " OPERATOR " #4711"},
        {"{}", 1, "{}"},
        {"{ value }", 1, "{ value }"},
        {"{value", 1, "{value"},
        {"}{value}{", 1, "}1{"},
        {"{{value}}", 1, "{1}"},
        {"{\"v\": {value}}", 42.5, "{\"v\": 42.5}"},
        {"{\"v\":\"{value}\"}", 42.5, "{\"v\":\"42.5\"}"},
        {"{\"v\":{raw},\"t\":{ts},\"by\":\"{operator}\",\"id\":{id}}", 0,
         "{\"v\":100,\"t\":1700000000123,\"by\":\"alice \\\"the boss\\\" \\\\\",\"id\":4711}"},
        {"{\"by\":{operator},\"v\":{value}}", 1, "{\"by\":\"alice \\\"the boss\\\" \\\\\",\"v\":1}"},
        {"{\"a \\\" {operator}\":{value}}", 1, "{\"a \\\" alice \\\"the boss\\\" \\\\\":1}"},
        {" [ {value} ]", 2, " [ 2 ]"},
        {"{value} \"{operator}\"", 2, "2 \"" OPERATOR "\""}, /* begins like no JSON */
    };
    for (size_t i = 0; i < COUNT(ROWS); i++)
        fill(ROWS[i].payload, &(struct value){.type = VALUE_NUMBER, .number = ROWS[i].value},
             ROWS[i].expected);
}

static void test_texts(void **unused)
{
    (void)unused;
    static const struct {
        const char *payload, *value, *expected;
    } ROWS[] = {
        {"{value}", "Standard", "Standard"},
        {"{\"recipe\":{value}}", "Standard", "{\"recipe\":\"Standard\"}"},
        {"{\"recipe\":\"{value}\"}", "Standard", "{\"recipe\":\"Standard\"}"},
        {"{\"recipe\":\"{value}\"}", "x\",\"setpoint\":999,\"y\":\"",
         "{\"recipe\":\"x\\\",\\\"setpoint\\\":999,\\\"y\\\":\\\"\"}"},
        {"{\"recipe\":{value}}", "1,\"setpoint\":999", "{\"recipe\":\"1,\\\"setpoint\\\":999\"}"},
        {"{\"recipe\":{value}}", "a\nb\x7f\x01", "{\"recipe\":\"a\\u000ab\\u007f\\u0001\"}"},
        {"{\"recipe\":{value}}", "{operator}", "{\"recipe\":\"{operator}\"}"}, /* not filled in twice */
        {"{value}", "{id}", "{id}"},
        {"{\"recipe\":{value}}", "Grün", "{\"recipe\":\"Grün\"}"},
        {"{raw}", "Standard", NULL},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++)
        fill(ROWS[i].payload,
             &(struct value){.type = VALUE_TEXT, .text = ROWS[i].value, .text_length = strlen(ROWS[i].value)},
             ROWS[i].expected);
}

/* The state's text, never the number's, and nothing in it can change what the payload says. */
static void test_states(void **unused)
{
    (void)unused;
    static const struct {
        const char *payload, *state, *expected;
    } ROWS[] = {
        {"{text}", "ON", "ON"},
        {"CMD {text}", "half open", "CMD half open"},
        {"{\"state\":{text},\"v\":{value}}", "ON", "{\"state\":\"ON\",\"v\":1}"},
        {"{\"state\":\"{text}\"}", "a\",\"b\":\"\\", "{\"state\":\"a\\\",\\\"b\\\":\\\"\\\\\"}"},
        {"{text}", NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct setpoint_fields fields = {
            .value = {.type = VALUE_NUMBER, .number = 1}, .state = ROWS[i].state, .operator_name = ""};
        struct buf out;
        struct err err = {0};
        buf_init(&out, 0);
        assert_int_equal(setpoint_payload_fill(ROWS[i].payload, &fields, &out, &err),
                         ROWS[i].expected != NULL);
        if (ROWS[i].expected)
            assert_string_equal(buf_text(&out), ROWS[i].expected);
        else
            assert_string_equal(err.text, "{text} of the payload needs one of the tag's states");
        buf_free(&out);
    }
    assert_true(setpoint_payload_has_state("a {text}"));
    assert_false(setpoint_payload_has_state("{value} text"));
}

static void test_what_is_too_long_is_refused(void **unused)
{
    (void)unused;
    char payload[SETPOINT_PAYLOAD_MAX + 2];
    memset(payload, 'x', sizeof payload);
    payload[SETPOINT_PAYLOAD_MAX] = '\0';
    fill(payload, &(struct value){.type = VALUE_NUMBER}, payload);
    memcpy(payload, "{value}", 7);
    payload[SETPOINT_PAYLOAD_MAX] = 'x';
    payload[SETPOINT_PAYLOAD_MAX + 1] = '\0';
    fill(payload, &(struct value){.type = VALUE_NUMBER, .number = 12345678}, NULL);
}

static void test_check(void **unused)
{
    (void)unused;
    static const struct {
        const char *payload;
        bool carries_value;
        const char *fault; /* NULL: none */
    } ROWS[] = {
        {"{value}", true, NULL},
        {"{raw}", true, NULL},
        {"ON", false, NULL},
        {"{text}", true, NULL},
        {"{\"v\":{text}}", true, NULL},
        {"{}", false, NULL},
        {"{\"v\":{value}}", true, NULL},
        {"{\"by\":{operator}}", false, NULL},
        {"{time}", false, "holds {time}; known are"},
        {"{\"v\":{value}", true, "begins like JSON"},
        {"{\"v\":{value},}", true, "begins like JSON"},
        {"{'v':{value}}", true, "begins like JSON"},
        {"{v:{value}}", true,
         "begins like JSON"}, /* nearly always a slip; a device that wants it is yet to be seen */
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        bool carries_value;
        struct err err = {0};
        assert_int_equal(setpoint_payload_check(ROWS[i].payload, &carries_value, &err), !ROWS[i].fault);
        if (ROWS[i].fault && !strstr(err.text, ROWS[i].fault))
            fail_msg("%s: %s", ROWS[i].payload, err.text);
        if (!ROWS[i].fault)
            assert_int_equal(carries_value, ROWS[i].carries_value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_texts),
        cmocka_unit_test(test_states),  cmocka_unit_test(test_what_is_too_long_is_refused),
        cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
