/* The history file as its writer and its readers see it. */
#include "db/history.h"
#include "db/query.h"

#include "history_fixture.h"

#define ID "boiler.temp"

static void test_round_trip(void **state)
{
    struct fixture *f = *state;
    fixture_add_tag(f, 1, ID, "plant/boiler/temp");
    fixture_add_tag(f, 2, "mode", "plant/mode");
    fixture_add_number(f, 1, T0, 20.5);
    fixture_add_number(f, 1, T0 + 1234567, -3);
    fixture_add_text(f, 2, T0, "007", 3);
    fixture_add_text(f, 2, T0 + 1, "", 0);
    batch_add_sample(f->batch, 1, T0 + 2 * SECOND, &(struct value){.type = VALUE_NONE}, QUALITY_BAD_NO_DATA);
    fixture_append(f, T0);
    static const char EXPECTED[] =
        "boiler.temp|2023-11-14T22:13:20.000Z|1700000000000000|20.5|0|NULL|real\n"
        "boiler.temp|2023-11-14T22:13:21.234Z|1700000001234567|-3.0|0|NULL|real\n"
        "boiler.temp|2023-11-14T22:13:22.000Z|1700000002000000|NULL|2157641728|NULL|null\n"
        "mode|2023-11-14T22:13:20.000Z|1700000000000000|007|0|NULL|text\n"
        "mode|2023-11-14T22:13:20.000Z|1700000000000001||0|NULL|text\n";
    static const char QUERY[] = "SELECT *, typeof(value) FROM history ORDER BY tag, ts";
    fixture_expect(f, QUERY, EXPECTED);
    fixture_reopen(f);
    fixture_expect(f, QUERY, EXPECTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
