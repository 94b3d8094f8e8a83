/* The progress bar as text: it never claims more than is done and never passes the line's end. */
#include "base/clock.h"
#include "cli/progress.h"

#include "unit.h"

#include <stdio.h>

static void expect(int columns, enum progress_unit unit, uint64_t done, uint64_t total, double seconds,
                   const char *expected)
{
    char line[160];
    struct progress progress = {.what = "copying", .unit = unit, .start_us = 5 * CLOCK_US_PER_SECOND};
    progress_format(line, sizeof line, columns, &progress, done, total,
                    progress.start_us + (int64_t)(seconds * 1e6));
    assert_string_equal(line, expected);
}

static void test_lines(void **state)
{
    (void)state;
    expect(79, PROGRESS_BYTES, 0, 5000, 0, "copying  [--------------------]   0 %  0 B of 5.0 kB");
    expect(79, PROGRESS_BYTES, 1310000000, 5000000000, 4,
           "copying  [#####---------------]  26 %  1.3 GB of 5.0 GB  11 s left");
    expect(79, PROGRESS_ROWS, 999, 1000, 10,
           "copying  [###################-]  99 %  999 of 1000 rows  0 s left");
    expect(79, PROGRESS_ROWS, 1000, 1000, 1, "copying  [####################] 100 %  1000 of 1000 rows");
    expect(79, PROGRESS_ROWS, 2000, 1000, 1, "copying  [####################] 100 %  2000 of 1000 rows");
    expect(79, PROGRESS_ROWS, 12, 0, 100, "copying  12 rows");
    expect(79, PROGRESS_SECONDS, 1, 4, 600, "copying  [#####---------------]  25 %  30 min left");
    expect(79, PROGRESS_SECONDS, 1, 100, 600, "copying  [--------------------]   1 %  16 h left");
}

static void test_narrow_terminals(void **state)
{
    (void)state;
    expect(40, PROGRESS_BYTES, 1, 4, 0, "copying  [#####---------------]  25 %");
    expect(33, PROGRESS_BYTES, 1, 4, 0, "copying  [#####---------------]");
    expect(20, PROGRESS_BYTES, 1, 4, 0, "copying  25 %");
    expect(3, PROGRESS_BYTES, 1, 4, 0, "");
    for (int columns = 0; columns < 100; columns++) {
        char line[160];
        struct progress progress = {.what = "copying", .unit = PROGRESS_ROWS};
        progress_format(line, sizeof line, columns, &progress, UINT64_MAX / 3, UINT64_MAX, 9000000);
        assert_true((int)strlen(line) <= columns);
    }
}

static void test_bytes(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } ROWS[] = {
        {0, "0 B"},
        {999, "999 B"},
        {1000, "1.0 kB"},
        {9949, "9.9 kB"},
        {9999, "10 kB"},
        {999499, "999 kB"},
        {999500, "1.0 MB"},
        {17000000, "17 MB"},
        {UINT64_MAX, "18 EB"},
        {2500000000, "2.5 GB"},
        {3000000000000, "3.0 TB"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        char text[24];
        progress_format_bytes(text, sizeof text, ROWS[i].bytes);
        assert_string_equal(text, ROWS[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_narrow_terminals),
        cmocka_unit_test(test_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
