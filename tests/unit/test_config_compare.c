/* What the journal says of a configuration that is taken in the place of another. */
#include "config_fixture.h"

#include "config/compare.h"

#define SUBSCRIBE "subscribe = ( { filter = \"plant/#\"; } );\n"
#define HISTORY   "history = { file = \"h.db\"; };\n"
#define BASE      HISTORY SUBSCRIBE
#define TAG(name, more)                                                                                      \
    "{ name = \"" name "\"; topic = \"plant/" name                                                           \
    "\"; range = [ 0, 10 ]; alarms = ( { type = \"hi\"; limit = 5; " more "} ); }"

/* Loads both, in one folder so that paths agree, and describes what differs. */
static void expect(const char *old_text, const char *new_text, const char *words)
{
    struct config_fixture fixture;
    struct config old;
    char changes[512];
    config_fixture_open(&fixture);
    config_fixture_load(&fixture, old_text, false);
    assert_true(fixture.good);
    old = fixture.config;
    fixture.config = (struct config){0};
    config_report_free(&fixture.report);
    config_fixture_load(&fixture, new_text, false);
    if (!fixture.good)
        fail_msg("%s", fixture.report.faults[0]);
    config_describe_changes(&old, &fixture.config, changes, sizeof changes);
    assert_string_equal(changes, words);
    config_describe_changes(&old, &fixture.config, changes, 8); /* cut, not overrun */
    assert_true(strlen(changes) < 8);
    config_free(&old);
    config_fixture_release(&fixture);
    config_fixture_close(&fixture);
}

static void test_nothing(void **state)
{
    (void)state;
    expect(BASE, BASE, "nothing");
    expect(BASE "# a remark\n\nmax_tags = 200000;\n", BASE "max_tags = 200000;\n", "nothing");
    expect(BASE "tags = ( " TAG("a", "") " );", BASE "\n\ntags = ( " TAG("a", "") " );", "nothing");
}

static void test_options_at_the_top_and_in_groups(void **state)
{
    (void)state;
    expect(BASE, BASE "lock_after = 600;\n", "lock_after");
    expect(BASE, "history = { file = \"h.db\"; keep_days = 3; };\n" SUBSCRIBE, "history");
    expect(BASE "access = { viewer = [ \"a\" ]; };\n", BASE "access = { viewer = [ \"a\", \"b\" ]; };\n",
           "access");
    expect(HISTORY "broker = { host = \"one\"; };\nsubscribe = ( { filter = \"a/#\"; } );\n",
           HISTORY "broker = { host = \"two\"; };\nsubscribe = ( { filter = \"a/#\"; qos = 0; } );\n",
           "broker, subscribe");
}

static void test_tags_are_named(void **state)
{
    (void)state;
    expect(BASE "tags = ( " TAG("a", "") ", " TAG("b", "") ", " TAG("c", "") " );\n",
           BASE
           "max_tags = 50;\ntags = ( " TAG("c", "deadband = 1;") ", " TAG("d", "") ", " TAG("a", "") " );\n",
           "max_tags; tags: 1 new (d), 1 gone (b), 1 changed (c)");
    expect(BASE "tags = ( { name = \"s\"; topic = \"s\"; states = ( (0, \"OFF\"), (1, \"ON\") ); } );",
           BASE "tags = ( { name = \"s\"; topic = \"s\"; states = ( (0, \"OFF\"), (1, \"RUN\") ); } );",
           "tags: 1 changed (s)");
    expect(BASE,
           BASE "tags = ( " TAG("a", "") ", " TAG("b", "") ", " TAG("c", "") ", " TAG("d", "") ", " TAG(
               "e", "") ", " TAG("f", "") " );",
           "tags: 6 new (a, b, c, d, e, ...)");
}

static void test_a_setpoint_that_comes_or_goes(void **state)
{
    static const char WITH[] = BASE "tags = ( { name = \"s\"; topic = \"s\"; range = [ 0, 10 ];"
                                    " setpoint = { topic = \"s/set\"; }; } );";
    static const char OTHER[] = BASE "tags = ( { name = \"s\"; topic = \"s\"; range = [ 0, 10 ];"
                                     " setpoint = { topic = \"s/set\"; max = 9; }; } );";
    static const char WITHOUT[] = BASE "tags = ( { name = \"s\"; topic = \"s\"; range = [ 0, 10 ]; } );";
    (void)state;
    expect(WITH, WITHOUT, "tags: 1 changed (s)");
    expect(WITHOUT, WITH, "tags: 1 changed (s)");
    expect(WITH, OTHER, "tags: 1 changed (s)");
    expect(WITH, WITH, "nothing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_options_at_the_top_and_in_groups),
        cmocka_unit_test(test_tags_are_named),
        cmocka_unit_test(test_a_setpoint_that_comes_or_goes),
    };
    return cmocka_run_group_tests_name("config_compare", tests, NULL, NULL);
}
