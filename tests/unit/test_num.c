/* Numbers as text. */
#include "base/num.h"

#include "unit.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

struct parse_row {
    const char *text;
    bool good;
    double value;
};

static const struct parse_row PARSE_ROWS[] = {
    {"0", true, 0},
    {"-0", true, -0.0},
    {"12", true, 12},
    {"+12", true, 12},
    {"-12.5", true, -12.5},
    {"1.", true, 1},
    {".5", true, 0.5},
    {"-.5", true, -0.5},
    {"+.5e1", true, 5},
    {"007", true, 7},
    {" 1 ", true, 1},
    {"\t1\r\n", true, 1},
    {"1e3", true, 1000},
    {"1E-3", true, 0.001},
    {"1e+3", true, 1000},
    {"999999999999999", true, 999999999999999.0},
    {"0.000000000000001", true, 1e-15},
    {"9007199254740993", true, 9007199254740992.0},
    {"1.7976931348623157e308", true, DBL_MAX},
    {"4.9406564584124654e-324", true, 4.9406564584124654e-324},
    {"1e-400", true, 0},
    {"1e400", true, INFINITY},
    {"-1e400", true, -INFINITY},
    {"inf", true, INFINITY},
    {"-Infinity", true, -INFINITY},
    {"+INF", true, INFINITY},
    {"", false, 0},
    {" ", false, 0},
    {"-", false, 0},
    {"+", false, 0},
    {".", false, 0},
    {"-.", false, 0},
    {"e5", false, 0},
    {"1e", false, 0},
    {"1e+", false, 0},
    {"1.5.2", false, 0},
    {"--1", false, 0},
    {"+-1", false, 0},
    {"1-", false, 0},
    {"1 2", false, 0},
    {"- 1", false, 0},
    {"1,5", false, 0},
    {"1'000", false, 0},
    {"1_000", false, 0},
    {"0x10", false, 0},
    {"0x1p3", false, 0},
    {"1f", false, 0},
    {"12 C", false, 0},
    {"12%", false, 0},
    {"nan(1)", false, 0},
    {"infinite", false, 0},
    {"1.#INF", false, 0},
    {"\xC2\xA0"
     "1",
     false, 0},
    {"\xEF\xBC\x91", false, 0},
    {"192.168.1.10", false, 0},
    {"2024-01-01", false, 0},
};

static void test_parse_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(PARSE_ROWS); i++) {
        const struct parse_row *row = &PARSE_ROWS[i];
        double value = 77;
        bool good = num_parse(row->text, strlen(row->text), &value);
        if (good != row->good || (good && (value != row->value || signbit(value) != signbit(row->value))))
            fail_msg("\"%s\": %s %.17g", row->text, good ? "read as" : "refused", value);
    }
}

static void test_parse_nan(void **state)
{
    static const char *const TEXTS[] = {"nan", "NaN", "-nan", "+NAN", " nan\n"};
    (void)state;
    for (size_t i = 0; i < COUNT(TEXTS); i++) {
        double value = 0;
        assert_true(num_parse(TEXTS[i], strlen(TEXTS[i]), &value));
        assert_true(isnan(value));
    }
}

/* Only `length` bytes count, and a NUL is not an end. */
static void test_parse_bounds(void **state)
{
    double value = 0;
    (void)state;
    assert_true(num_parse("12345", 2, &value));
    assert_true(value == 12);
    assert_false(num_parse("12\0", 3, &value));
    assert_false(num_parse("1\0"
                           "2",
                           3, &value));
    assert_false(num_parse("+1\0"
                           "2",
                           4, &value));
    assert_false(num_parse("12", 0, &value));
}

/* As printf("%f") writes a great number, and as a high-precision library writes a third. */
static void test_parse_long(void **state)
{
    char text[2048];
    double value = 0;
    (void)state;
    snprintf(text, sizeof text, "%f", DBL_MAX);
    assert_true(num_parse(text, strlen(text), &value));
    assert_true(value == DBL_MAX);
    snprintf(text, sizeof text, "%.100f", 1.0 / 3);
    assert_true(num_parse(text, strlen(text), &value));
    assert_true(value == 1.0 / 3);
    memset(text, '1', sizeof text);
    assert_false(num_parse(text, sizeof text, &value));
}

/* Random decimals in all shapes, against the C library. */
static void test_parse_agrees_with_strtod(void **state)
{
    uint64_t seed = 11;
    (void)state;
    for (int round = 0; round < 50000; round++) {
        char text[64] = "";
        size_t used = 0, before = unit_random_below(&seed, 18), behind = unit_random_below(&seed, 18);
        if (unit_random_below(&seed, 3) == 0)
            text[used++] = "+-"[unit_random_below(&seed, 2)];
        for (size_t i = 0; i < before; i++)
            text[used++] = (char)('0' + unit_random_below(&seed, 10));
        if (behind)
            text[used++] = '.';
        for (size_t i = 0; i < behind; i++)
            text[used++] = (char)('0' + unit_random_below(&seed, 10));
        if (!before && !behind)
            text[used++] = '0';
        text[used] = '\0';
        if (unit_random_below(&seed, 3) == 0)
            snprintf(text + used, sizeof text - used, "e%d", (int)unit_random_below(&seed, 660) - 330);
        double value;
        if (!num_parse(text, strlen(text), &value) || value != strtod(text, NULL))
            fail_msg("\"%s\" read as %.17g", text, value);
    }
}

/* Random bit patterns survive the exact form; the blank ones are shown as what they are. */
static void test_exact_round_trip(void **state)
{
    static const double VALUES[] = {
        0.0, -0.0, 0.1, 1.0 / 3, 1e23, DBL_MAX, DBL_MIN, 5e-324, 123456789012345678.0};
    uint64_t seed = 5;
    (void)state;
    for (size_t i = 0; i < 30000; i++) {
        char text[NUM_TEXT_MAX];
        double value, back;
        uint64_t bits = unit_random(&seed);
        memcpy(&value, &bits, sizeof value);
        if (i < COUNT(VALUES))
            value = VALUES[i];
        if (!isfinite(value))
            continue;
        num_format_exact(text, sizeof text, value);
        assert_true(num_parse(text, strlen(text), &back));
        assert_memory_equal(&back, &value, sizeof value);
    }
    char text[NUM_TEXT_MAX];
    num_format_exact(text, sizeof text, 0.1);
    assert_string_equal(text, "0.1");
    num_format_exact(text, sizeof text, NAN);
    assert_string_equal(text, "nan");
    num_format_exact(text, sizeof text, -INFINITY);
    assert_string_equal(text, "-inf");
}

/* With the tag's decimals, unless these hide something. */
static void test_whole_numbers_for_a_person(void **state)
{
    static const struct {
        double value;
        int decimals;
        const char *text;
    } ROWS[] = {
        {20.35, 1, "20.35"},
        {42.5, 1, "42.5"},
        {40, 1, "40.0"},
        {-0.04, 1, "-0.04"},
        {0.1 + 0.2, -1, "0.30000000000000004"},
        {12345678.5, -1, "12345678.5"},
        {1234567.25, 0, "1234567.25"},
        {1e300, 2, "1e+300"},
        {NAN, 1, "nan"},
    };
    char text[NUM_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        num_format_whole(text, sizeof text, ROWS[i].value, ROWS[i].decimals);
        assert_string_equal(text, ROWS[i].text);
    }
}

struct format_row {
    double value;
    int decimals;
    const char *text;
};

static const struct format_row FORMAT_ROWS[] = {
    {0, -1, "0"},
    {-0.0, -1, "0"},
    {-0.0, 2, "0.00"},
    {-0.04, 1, "0.0"},
    {-0.06, 1, "-0.1"},
    {-0.4, 0, "0"},
    {-0.001, 2, "0.00"},
    {-10, 0, "-10"},
    {20.5, 1, "20.5"},
    {20.55, 0, "21"},
    {1.0 / 3, -1, "0.3333333"},
    {1234567, -1, "1234567"},
    {12345678.4, -1, "12345678"},
    {1e14, -1, "100000000000000"},
    {1e15, -1, "1000000000000000"},
    {1e15, 2, "1e+15"},
    {-999999999999999, 2, "-999999999999999.00"},
    {9007199254740991, -1, "9007199254740991"},
    {-9007199254740992, 0, "-9007199254740992"},
    {9007199254740994, 0, "9.0072e+15"},
    {12345678901234567890.0, -1, "1.23457e+19"},
    {-1e300, 2, "-1e+300"},
    {1e-5, -1, "1e-05"},
    {0.0001, -1, "0.0001"},
    {NAN, 2, "nan"},
    {INFINITY, 2, "inf"},
    {-INFINITY, -1, "-inf"},
};

static void test_format_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(FORMAT_ROWS); i++) {
        char text[NUM_TEXT_MAX];
        num_format(text, sizeof text, FORMAT_ROWS[i].value, FORMAT_ROWS[i].decimals);
        if (strcmp(text, FORMAT_ROWS[i].text) != 0)
            fail_msg("%g with %d: \"%s\"", FORMAT_ROWS[i].value, FORMAT_ROWS[i].decimals, text);
    }
}

static void test_format_fit(void **state)
{
    static const struct {
        double value;
        int decimals, columns;
        const char *text;
    } ROWS[] = {
        {12345678901234567890.0, -1, 11, "1.23457e+19"},
        {12345678901234567890.0, -1, 9, "1.235e+19"},
        {12345678901234567890.0, -1, 7, "1.2e+19"},
        {12345678901234567890.0, 0, 6, "1e+19"},
        {12345678901234567890.0, 2, 5, "1e+19"},
        {12345678901234567890.0, 2, 4, "####"},
        {9007199254740991, 0, 16, "9007199254740991"},
        {9007199254740991, 0, 15, "9.007199e+15"},
        {-1e300, 0, 7, "-1e+300"},
        {1234.56789, 5, 8, "1234.568"},
        {1234.56789, 5, 5, "1235"},
        {1234.56789, 5, 3, "###"},
        {9.9996, 4, 5, "10.00"},
        {0.00012345, 8, 7, "0.00012"},
        {0.00012345, 8, 5, "1e-04"},
        {-0.00012, 5, 4, "####"},
        {0.000000001, 3, 4, "0.00"}, /* its configuration says that three decimals are enough */
        {-0.0004, 3, 3, "0.0"},
        {INFINITY, 2, 2, "##"},
        {NAN, 2, 3, "nan"},
        {5, 0, 0, ""},
        {5, 0, -1, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        char text[NUM_TEXT_MAX];
        num_format_fit(text, sizeof text, ROWS[i].value, ROWS[i].decimals, ROWS[i].columns);
        if (strcmp(text, ROWS[i].text) != 0)
            fail_msg("%.17g with %d in %d: \"%s\", not \"%s\"", ROWS[i].value, ROWS[i].decimals,
                     ROWS[i].columns, text, ROWS[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_table),
        cmocka_unit_test(test_parse_nan),
        cmocka_unit_test(test_parse_bounds),
        cmocka_unit_test(test_parse_long),
        cmocka_unit_test(test_parse_agrees_with_strtod),
        cmocka_unit_test(test_exact_round_trip),
        cmocka_unit_test(test_whole_numbers_for_a_person),
        cmocka_unit_test(test_format_table),
        cmocka_unit_test(test_format_fit),
    };
    return cmocka_run_group_tests_name("num", tests, NULL, NULL);
}
