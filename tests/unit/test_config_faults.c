/* Faulty files and what is said of them, word for word: these lines are what an engineer works by. */
#include "config_fixture.h"

struct fault_case {
    const char *text;
    const char *fault; /* NULL: none */
};

#define TAG   "tags = ( { name = \"a\"; topic = \"p/a\"; "
#define ALARM TAG "alarms = ( { "

static void check_cases(const struct fault_case *cases, size_t count, bool check)
{
    struct config_fixture fixture;
    config_fixture_open(&fixture);
    for (size_t i = 0; i < count; i++) {
        config_fixture_load(&fixture, cases[i].text, check);
        const char *found =
            fixture.report.count ? config_fixture_short(&fixture, fixture.report.faults[0]) : "(none)";
        const char *expected = cases[i].fault ? cases[i].fault : "(none)";
        if (strcmp(found, expected) != 0 || fixture.report.count > 1)
            fail_msg("case %zu\n%s\nexpected: %s\nfound %zu: %s\n", i, cases[i].text, expected,
                     fixture.report.count, found);
        config_fixture_release(&fixture);
    }
    config_fixture_close(&fixture);
}

#define CHECK(cases) check_cases(cases, sizeof(cases) / sizeof *(cases), false)

static void test_grammar(void **state)
{
    (void)state;
    static const struct fault_case CASES[] = {
        {"", NULL},
        {"# nothing\n// at\n/* all\n */\n", NULL},
        {"\xEF\xBB\xBFplant = \"a\";", NULL},
        {"plant = \"a\"\nmax_tags = 3", NULL},
        {"plant : \"a\" \"b\",", NULL},
        {"tags = ( );\nsubscribe = (\n  { filter = \"#\"; },\n);\n",
         "hmi.cfg:3: the comma before ) must go: a list may not end with one"},
        {"subscribe = ( { filter = \"a\"; }\n { filter = \"b\"; } );",
         "hmi.cfg:1: a comma is missing between two values of a list"},
        {"plant = Works;", "hmi.cfg:1: texts stand in quotes: write \"Works\""},
        {"broker = { clean = yes; };",
         "hmi.cfg:1: yes is not a value; write true or false (or \"yes\", a text)"},
        {"\nplant = \"Works;\nmax_tags = 3;\ntheme = \"dark\";",
         "hmi.cfg:2: the text that begins here has no closing quote (\") on its line"},
        {"plant = ;", "hmi.cfg:1: the value of plant is missing"},
        {"plant \"a\";", "hmi.cfg:1: a = is missing behind the name plant"},
        {"broker = {\n host = \"a\";\n", "hmi.cfg:1: the { that opens here is never closed"},
        {"broker = { host = \"a\"; );", "hmi.cfg:1: ) here, where } should close the group"},
        {"tags = ( ];", "hmi.cfg:1: ] here, where a value is expected"},
        {"plant = °C;", "hmi.cfg:1: texts stand in quotes: \"°C\""},
        {"plant = 'x';", "hmi.cfg:1: ' here, where a value is expected: texts stand in \"double\" quotes"},
        {"tags = ( 1 ];", "hmi.cfg:1: ] here, where ) should close the list"},
        {"tags = ( 1, , 2 );", "hmi.cfg:1: two commas: a value is missing between them"},
        {"tags = ( name = 1 );", "hmi.cfg:1: texts stand in quotes: write \"name\""},
        {"max_tags = 3; };", "hmi.cfg:1: } closes nothing: there is one too many"},
        {"max_tags = 3;;", "hmi.cfg:1: ; here without a setting before it; take it away"},
        {"lock_after = 10s;",
         "hmi.cfg:1: 10s is not a number; numbers stand alone without a unit, texts stand in quotes"},
        {"/* no end\nplant = 1;", "hmi.cfg:1: the comment that begins here has no end; write */ behind it"},
        {"max_tags = 3;\nmax_tags = 4;",
         "hmi.cfg:2: max_tags is set twice, first in line 1; once is allowed"},
        {"broker = { host = \"a\"; };\ntags = ( { name = \"a\"; topic = \"a\"; }, { name = \"b\";\n name = \"c\"; } );",
         "hmi.cfg:3: name is set twice, first in line 2; once is allowed"},
        {TAG "range = [0, 5°C]; } );",
         "hmi.cfg:1: 5°C is not a number; numbers stand alone without a unit, texts stand in quotes"},
        {TAG "decimals = 5 °C; } );", "hmi.cfg:1: °C here, where a name = value is expected"},
        {"broker = { password = \"x\"; };",
         "hmi.cfg:1: broker.password is not an option; did you mean password_file?"},
        {TAG "states = [\"OFF\", \"ON\"]; } );",
         "hmi.cfg:1: tags.states is a text; it must be a list such as ( (0, \"STOPPED\"), (1, \"RUNNING\") )"},
        {"$", "hmi.cfg:1: $ here, where a name = value is expected"},
        {"a = ((((((((((((((((((1))))))))))))))))));", "hmi.cfg:1: more than 16 brackets inside each other"},
    };
    CHECK(CASES);
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct fault_case CASES[] = {
        {"broker = { session_expiry = 3000000000; };",
         "hmi.cfg:1: 3000000000 would lose its value, it does not fit 32 bits; write it with an L behind it, "
         "or with a point"},
        {"broker = { session_expiry = 3000000000L; };", NULL},
        {"broker = { session_expiry = 3000000000.0; };", NULL},
        {"broker = { session_expiry = 0xFFFFFFFF; };",
         "hmi.cfg:1: 0xFFFFFFFF would lose its value, it does not fit 32 bits; write it with an L behind it, "
         "or with a point"},
        {TAG "range = [0, 99999999999999999999L]; } );",
         "hmi.cfg:1: 99999999999999999999L would lose its value, it "
         "does not fit 64 bits; write it with a point"},
        {"broker = { port = 1883.0; };", NULL},
        {TAG "deviation = 1e400; } );", "hmi.cfg:1: 1e400 is too large for a number"},
        {"broker = { port = 1883.5; };",
         "hmi.cfg:1: broker.port is 1883.5; it must be a whole number from 1 to 65535"},
        {"broker = { port = 70000; };",
         "hmi.cfg:1: broker.port is 70000; it must be a whole number from 1 to 65535"},
        {"broker = { port = \"1883\"; };",
         "hmi.cfg:1: broker.port is a text; it must be a whole number from 1 to 65535"},
        {"broker = { keepalive = 4; };",
         "hmi.cfg:1: broker.keepalive is 4; it must be a whole number (s) from 5 to 65535"},
        {TAG "range = [0, 150.0]; } );", NULL},
        {TAG "range = (0.0, 150); } );", NULL},
        {TAG "range = [0]; } );",
         "hmi.cfg:1: tags.range has 1 value; it must be a list of two numbers, such as [0, 100], with decimal "
         "points"},
        {TAG "range = [0, \"x\"]; } );",
         "hmi.cfg:1: tags.range is a text; it must be a list of two numbers, such as [0, 100]"},
        {TAG "range = [5, 5]; } );",
         "hmi.cfg:1: tag \"a\": range must be [lowest, highest], the lowest first"},
        {TAG "scale = [0, 1]; } );",
         "hmi.cfg:1: tag \"a\": scale has the factor 0, which makes all values equal; it must not be 0"},
        {TAG "decimals = 10; } );", "hmi.cfg:1: tags.decimals is 10; it must be a whole number from -1 to 9"},
        {TAG "stale_after = -1; } );",
         "hmi.cfg:1: tags.stale_after is -1; it must be a number (s) from 0 to 316224000"},
    };
    CHECK(CASES);
}

static void test_names(void **state)
{
    (void)state;
    static const struct fault_case CASES[] = {
        {"broker = {\n prot = 1883; };", "hmi.cfg:2: broker.prot is not an option; did you mean port?"},
        {"brokre = { };", "hmi.cfg:1: brokre is not an option; did you mean broker?"},
        {"keep_days = 3;", "hmi.cfg:1: keep_days is not an option; it belongs into history"},
        {"history = { plant = \"a\"; };",
         "hmi.cfg:1: history.plant is not an option; it belongs to the outermost level"},
        {"subscribe = ( { filter = \"#\"; xyzzy = 1; } );",
         "hmi.cfg:1: subscribe.xyzzy is not an option; known here are filter, format, local_times, qos"},
        {"history = { durability = \"ful\"; };", "hmi.cfg:1: history.durability is \"ful\"; it must be one "
                                                 "of \"full\", \"normal\"; did you mean \"full\"?"},
        {"theme = \"pink\";",
         "hmi.cfg:1: theme is \"pink\"; it must be one of \"dark\", \"light\", \"mono\""},
        {"broker = { protocol = 5; };",
         "hmi.cfg:1: broker.protocol is a number; it must be one of \"5\", \"3.1.1\""},
        {"broker = { clean = 1; };", "hmi.cfg:1: broker.clean is a number; it must be true or false"},
        {"broker = 5;", "hmi.cfg:1: broker is a number; it must be a group { ... }"},
        {"tags = { };", "hmi.cfg:1: tags is a group; it must be a list of groups ( { ... }, ... )"},
        {"tags = ( 1 );", "hmi.cfg:1: tags is a number; it must be a list of groups ( { ... }, ... )"},
        {"tags = (\n{ name = \"a\"; } );", "hmi.cfg:2: tags: topic is missing; every one needs it"},
        {"plant = \"\";", "hmi.cfg:1: plant is empty; it must be a text"},
        {"plant = \"a\\x1b[31m\";", "hmi.cfg:1: plant holds a control or invisible character (U+001B) at its "
                                    "byte 2; only printable text is allowed"},
        {"plant = \"caf\xE9\";", "hmi.cfg:1: plant is not UTF-8 at its byte 4; save the file as UTF-8"},
        {TAG "unit = \"0123456789012345678901234567890123456789\"; } );",
         "hmi.cfg:1: tags.unit is 40 bytes long; at most 31 are allowed"},
        {"timezone = \"Europe/Wien\";", "hmi.cfg:1: timezone \"Europe/Wien\" is not known; it must be one of "
                                        "the names below /usr/share/zoneinfo, such as \"Europe/Vienna\""},
        {"timezone = \"../passwd\";", "hmi.cfg:1: timezone \"../passwd\" is not known; it must be one of the "
                                      "names below /usr/share/zoneinfo, such as \"Europe/Vienna\""},
        {"access = { operator = [ \"a b\" ]; };",
         "hmi.cfg:1: access.operator names \"a b\"; it must be a Unix user, \"uid NUMBER\", \"@group\" or \"*\""},
        {"access = { };",
         "hmi.cfg:1: access names nobody, so nobody could attach; name users, \"@group\" or \"*\""},
        {"access = { operator = \"a\"; };", "hmi.cfg:1: access.operator is a text; it must be a list of "
                                            "texts, such as [\"alice\", \"@control\"]"},
        {"displays = ( { name = \"a\"; file = \"f\"; },\n { name = \"a\"; file = \"g\"; } );",
         "hmi.cfg:2: the display \"a\" stands in line 1 already; names are unique"},
        {"displays = ( { name = \"a\"; file = \"f\"; key = \"1\"; },\n { name = \"b\"; file = \"g\"; key = "
         "\"1\"; } );",
         "hmi.cfg:2: the key \"1\" opens the display \"a\" already; keys are unique"},
    };
    CHECK(CASES);
}

static void test_broker(void **state)
{
    (void)state;
    static const struct fault_case CASES[] = {
        {"broker = { tls = { cert = \"x\"; }; };",
         "hmi.cfg:1: broker.tls.cert without broker.tls.key; both or none"},
        {"broker = { tls = {\n key = \"x\"; }; };",
         "hmi.cfg:2: broker.tls.key without broker.tls.cert; both or none"},
        {"broker = { password_file = \"x\"; };",
         "hmi.cfg:1: broker.password_file without broker.username; MQTT takes a password only with a name"},
        {"broker = { host = \"mqtt://a\"; };", "hmi.cfg:1: broker.host \"mqtt://a\" is not a host's name or "
                                               "address; host, port and tls are options of their own"},
        {"subscribe = ( );", "hmi.cfg:1: subscribe names no filter, so nothing would be received; name one, "
                             "such as { filter = \"#\"; }"},
        {"subscribe = ( { filter = \"a\"; },\n { filter = \"a\"; } );",
         "hmi.cfg:2: subscribe.filter \"a\" stands in line 1 already; once is enough"},
        {"subscribe = ( { filter = \"a\"; qos = 3; } );",
         "hmi.cfg:1: subscribe.qos is 3; it must be a whole number from 0 to 2"},
    };
    CHECK(CASES);
}

static void test_filters(void **state)
{
    (void)state;
    static const char *const BAD[] = {"a/#/b", "a#", "a+/b", "+a"};
    static const char *const GOOD[] = {"#", "+", "a/+/b/#", "/a", "a//b"};
    struct config_fixture fixture;
    config_fixture_open(&fixture);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        char *text = mem_format("\nsubscribe = ( { filter = \"%s\"; } );", BAD[i]);
        char *start = mem_format("hmi.cfg:2: subscribe.filter \"%s\": ", BAD[i]);
        config_fixture_load(&fixture, text, false);
        assert_int_equal(fixture.report.count, 1);
        assert_memory_equal(config_fixture_short(&fixture, fixture.report.faults[0]), start, strlen(start));
        config_fixture_release(&fixture);
        free(text);
        free(start);
    }
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        char *text = mem_format("subscribe = ( { filter = \"%s\"; } );", GOOD[i]);
        config_fixture_load(&fixture, text, false);
        assert_true(fixture.good);
        assert_string_equal(fixture.config.subscriptions[0].filter, GOOD[i]);
        config_fixture_release(&fixture);
        free(text);
    }
    config_fixture_load(&fixture, "tags = ( { name = \"a\"; topic = \"p/+\"; } );", false);
    assert_false(fixture.good);
    config_fixture_release(&fixture);
    config_fixture_close(&fixture);
}

static void test_tags(void **state)
{
    (void)state;
    static const struct fault_case CASES[] = {
        {TAG "},\n{ name = \"a\"; topic = \"p/b\"; } );",
         "hmi.cfg:2: the tag \"a\" stands in line 1 already; names are unique"},
        {TAG "},\n{ name = \"b\"; topic = \"p/a\"; } );",
         "hmi.cfg:2: the tag \"b\" has the same topic and path as \"a\" in line 1; a value has one tag"},
        {TAG "},\n{ name = \"b\"; topic = \"p/a\"; path = \"v\"; } );", NULL},
        {TAG "path = \"motor.temp[0]\"; } );", NULL},
        {TAG "path = \"[0].a\"; } );", NULL},
        {TAG "path = \"a..b\"; } );", "hmi.cfg:1: tag \"a\": path \"a..b\" cannot be followed; write members "
                                      "and indexes as in \"motor.temp[0]\""},
        {TAG "path = \"a[x]\"; } );", "hmi.cfg:1: tag \"a\": path \"a[x]\" cannot be followed; write members "
                                      "and indexes as in \"motor.temp[0]\""},
        {TAG "states = ( (0, \"OFF\"), (0, \"ON\") ); } );",
         "hmi.cfg:1: tag \"a\": states gives 0 two texts, \"OFF\" and \"ON\"; values are unique"},
        {TAG "states = ( (0, \"ON\"), (1, \"on\") ); } );",
         "hmi.cfg:1: tag \"a\": states names \"on\" twice; texts are unique"},
        {TAG "states = ( (0, \"ON\"), 1 ); } );", "hmi.cfg:1: tags.states is a number; it must be a list "
                                                  "such as ( (0, \"STOPPED\"), (1, \"RUNNING\") )"},
        {TAG "states = ( (\"x\", \"ON\") ); } );",
         "hmi.cfg:1: tags.states names a state whose value is a text; it must be a number"},
        {TAG "states = [ [false, \"OFF\"], [true, \"ON\"] ]; } );", NULL},
        {TAG "kind = \"analog\"; states = ( (0, \"OFF\") ); } );",
         "hmi.cfg:1: tag \"a\": states are for kind = \"discrete\""},
        {TAG "record = \"compressed\"; } );",
         "hmi.cfg:1: tag \"a\": record = \"compressed\" needs a deviation above 0"},
        {TAG "record = \"compressed\"; deviation = 0; } );",
         "hmi.cfg:1: tag \"a\": deviation must be above 0 with record = \"compressed\""},
        {TAG "record = \"compressed\"; deviation = 1; kind = \"text\"; } );",
         "hmi.cfg:1: tag \"a\": record = \"compressed\" is for kind = \"analog\"; use \"change\""},
        {TAG "min_time = 5; max_time = 5; } );",
         "hmi.cfg:1: tag \"a\": max_time must be longer than min_time"},
        {"max_tags = 1;\n" TAG "}, { name = \"b\"; topic = \"p/b\"; } );",
         "hmi.cfg:1: max_tags is 1, but 2 tags are configured"},
    };
    CHECK(CASES);
}

static void test_alarms(void **state)
{
    (void)state;
    static const struct fault_case CASES[] = {
        {ALARM "type = \"hi\"; } ); } );", "hmi.cfg:1: tag \"a\": an alarm of type hi needs a limit"},
        {ALARM "limit = 1; } ); } );", "hmi.cfg:1: tags.alarms: type is missing; every one needs it"},
        {ALARM "type = \"hi\"; limit = 1; priority = \"hgih\"; } ); } );",
         "hmi.cfg:1: tags.alarms.priority is \"hgih\"; it must be one of \"journal\", \"low\", \"medium\", "
         "\"high\", \"critical\"; did you mean \"high\"?"},
        {ALARM "type = \"hi\"; limit = 10; },\n{ type = \"lo\"; limit = 20; } ); } );",
         "hmi.cfg:2: tag \"a\": the limit of lo must be below that of hi; the order is lolo, lo, hi, hihi"},
        {ALARM "type = \"hihi\"; limit = 10; },\n{ type = \"hi\"; limit = 10; } ); } );",
         "hmi.cfg:2: tag \"a\": the limit of hi must be below that of hihi; the order is lolo, lo, hi, hihi"},
        {ALARM "type = \"lo\"; limit = 10; },\n{ type = \"hi\"; limit = 20; deadband = 10; } ); } );",
         "hmi.cfg:2: tag \"a\": the deadband is as wide as the band between lo and hi, so that the alarm "
         "would never clear"},
        {ALARM "type = \"hi\"; limit = 10; },\n{ type = \"hi\"; limit = 20; } ); } );",
         "hmi.cfg:2: tag \"a\": two alarms have the address a/hi (the other in line 1); give each a name of "
         "its own"},
        {ALARM "type = \"hi\"; limit = 10; },\n{ type = \"hi\"; name = \"hi2\"; limit = 20; } ); } );", NULL},
        {ALARM "type = \"hi\"; limit = \"b\"; } ); } );",
         "hmi.cfg:1: tag \"a\": limit names the tag \"b\", which does not exist"},
        {ALARM "type = \"hi\"; limit = \"b\"; } ); }, { name = \"b\"; topic = \"p/b\"; } );", NULL},
        {ALARM "type = \"deviation\"; limit = 5; } ); } );",
         "hmi.cfg:1: tag \"a\": an alarm of type deviation needs a reference (a tag)"},
        {ALARM
         "type = \"deviation\"; limit = 0; reference = \"b\"; } ); }, { name = \"b\"; topic = \"p/b\"; } );",
         "hmi.cfg:1: tag \"a\": the limit of an alarm of type deviation must be above 0"},
        {ALARM
         "type = \"discrepancy\"; reference = \"boler\"; } ); }, { name = \"boiler\"; topic = \"p/b\"; } );",
         "hmi.cfg:1: tag \"a\": reference names the tag \"boler\", which does not exist; did you mean "
         "\"boiler\"?"},
        {ALARM "type = \"deviation\"; limit = 1; reference = \"a\"; } ); } );",
         "hmi.cfg:1: tag \"a\": reference names the tag itself, so that the alarm would never come"},
        {ALARM "type = \"hi\";\nlimit = \"a\"; } ); } );",
         "hmi.cfg:2: tag \"a\": limit names the tag itself, so that the alarm would never come"},
        {ALARM "type = \"hi\"; limit = \"bb\"; } ); }, { name = \"b\"; topic = \"p/b\"; } );",
         "hmi.cfg:1: tag \"a\": limit names the tag \"bb\", which does not exist; did you mean \"b\"?"},
        {ALARM "type = \"high\"; limit = 1; } ); } );",
         "hmi.cfg:1: tags.alarms.type is \"high\"; it must be one of \"lolo\", \"lo\", \"hi\", \"hihi\", "
         "\"deviation\", \"rate\", \"state\", \"discrepancy\", \"stale\", \"bad\"; did you mean \"hi\"?"},
        {TAG "range = [0, 100]; alarms = ( { type = \"hi\"; limit = 60;\ndeadband = 61; } ); } );",
         "hmi.cfg:2: tag \"a\": the deadband of hi (61) is wider than what lies behind its limit, so that the "
         "alarm would never clear"},
        {TAG "range = [0, 100]; alarms = ( { type = \"hi\"; limit = 60; deadband = 60; } ); } );", NULL},
        {TAG "range = [0, 100]; alarms = ( { type = \"lo\"; limit = 60;\ndeadband = 41; } ); } );",
         "hmi.cfg:2: tag \"a\": the deadband of lo (41) is wider than what lies behind its limit, so that the "
         "alarm would never clear"},
        {ALARM "type = \"rate\"; limit = 5; deadband = 5; } ); } );",
         "hmi.cfg:1: tag \"a\": the deadband of rate (5) is wider than what lies behind its limit, so that the "
         "alarm would never clear"},
        {ALARM "type = \"stale\"; } ); } );",
         "hmi.cfg:1: tag \"a\": an alarm of type stale needs the tag's stale_after"},
        {ALARM "type = \"bad\"; limit = 1; } ); } );",
         "hmi.cfg:1: tag \"a\": an alarm of type bad has no limit"},
        {ALARM "type = \"hi\"; limit = 1; reference = \"a\"; } ); } );",
         "hmi.cfg:1: tag \"a\": an alarm of type hi has no reference"},
        {ALARM "type = \"state\"; limit = \"FAULT\"; } ); } );",
         "hmi.cfg:1: tag \"a\": limit \"FAULT\" is not one of its states"},
        {ALARM "type = \"hi\"; limit = 1; deadband = -1; } ); } );",
         "hmi.cfg:1: tags.alarms.deadband is -1; it must be a number, 0 or more"},
        {ALARM "type = \"hi\"; limit = 1; on_delay = -1; } ); } );",
         "hmi.cfg:1: tags.alarms.on_delay is -1; it must be a number (s) from 0 to 86400"},
        {ALARM "type = \"hi\"; limit = 1; display = \"x\"; } ); } );",
         "hmi.cfg:1: tag \"a\": the alarm's display \"x\" is not among the displays"},
        {ALARM "type = \"hi\"; limit = 1; name = \"x/y\"; } ); } );",
         "hmi.cfg:1: tag \"a\": the alarm's name \"x/y\" must not hold a /"},
    };
    CHECK(CASES);
}

static void test_setpoints(void **state)
{
    (void)state;
#define SET TAG "setpoint = { topic = \"p/a/set\"; "
    static const struct fault_case CASES[] = {
        {SET "}; } );",
         "hmi.cfg:1: tag \"a\": the setpoint needs min and max (or the tag a range, or states)"},
        {SET "min = 1; max = 2; }; } );", NULL},
        {SET "}; range = [0, 1]; } );", NULL},
        {SET "}; states = ( (0, \"OFF\"), (1, \"ON\") ); } );", NULL},
        {SET "min = 2; max = 1; }; } );", "hmi.cfg:1: tag \"a\": the setpoint's min must be below its max"},
        {SET "min = \"x\"; max = 1; }; } );", "hmi.cfg:1: tags.setpoint.min is a text; it must be a number"},
        {SET "min = 0; max = 1; step = 2; }; } );",
         "hmi.cfg:1: tag \"a\": the setpoint's step is wider than min to max"},
        {SET "min = 0; max = 1; readback = \"b\"; }; } );",
         "hmi.cfg:1: tag \"a\": readback names the tag \"b\", which does not exist"},
        {SET "min = 0; max = 1; permit = \"nowhere\"; }; } );",
         "hmi.cfg:1: tag \"a\": permit names the tag \"nowhere\", which does not exist"},
        {SET
         "min = 0; max = 1;\npermit = \"b\"; }; }, { name = \"b\"; topic = \"p/b\"; kind = \"text\"; } );",
         "hmi.cfg:2: tag \"a\": its permit \"b\" is a text, which is never true; name a number or a tag with states, "
         "where all but 0 permits"},
        {SET
         "min = 0; max = 1;\nreadback = \"b\"; }; }, { name = \"b\"; topic = \"p/b\"; kind = \"text\"; } );",
         "hmi.cfg:2: tag \"a\": its readback \"b\" is a text, which never equals a number; name the tag that reports "
         "what was given, or give both the same kind"},
        {SET
         "readback = \"b\"; }; kind = \"text\"; },\n{ name = \"b\"; topic = \"p/b\"; kind = \"analog\"; } );",
         "hmi.cfg:1: tag \"a\": its readback \"b\" is a number, which never equals a text; name the tag that reports "
         "what was given, or give both the same kind"},
        {SET "readback = \"b\"; }; kind = \"text\"; },\n{ name = \"b\"; topic = \"p/b\"; } );", NULL},
        {SET "min = 0; max = 1; payload = \"{\\\"v\\\": {value}, \\\"t\\\": {ts}}\"; }; } );", NULL},
        {SET "min = 0; max = 1; payload = \"{value} {time}\"; }; } );",
         "hmi.cfg:1: tag \"a\": the setpoint's payload holds {time}; known are {value}, {raw}, {text}, {ts}, "
         "{operator}, {id}"},
        {SET "min = 0; max = 1; payload = \"1\"; }; } );",
         "hmi.cfg:1: tag \"a\": the setpoint's payload holds neither {value} nor {raw} nor {text}, so that every "
         "command would be the same (allowed with pulse)"},
        {SET "min = 0; max = 1; payload = \"1\"; pulse = 0.5; }; } );", NULL},
        {SET "payload = \"{text}\"; }; states = ( (0, \"OFF\"), (1, \"ON\") ); } );", NULL},
        {SET "min = 0; max = 1;\npayload = \"{text}\"; }; } );",
         "hmi.cfg:2: tag \"a\": {text} in the setpoint's payload is the text of a state, but there are no states; write "
         "states = ( (0, \"OFF\"), (1, \"ON\") ), or {value}"},
        {SET "pulse = 1;\npayload = \"{text}\"; }; states = ( (2, \"OFF\"), (1, \"ON\") ); } );",
         "hmi.cfg:2: tag \"a\": a button (pulse) is let go with 0, for which there is no state whose {text} could be sent; "
         "add one to states"},
        {SET "min = 0; max = 1; role = \"viewer\"; }; } );",
         "hmi.cfg:1: tags.setpoint.role is \"viewer\"; it must be one of \"operator\", \"supervisor\", "
         "\"engineer\""},
        {SET "min = 0; max = 1; timeout = 0; }; } );",
         "hmi.cfg:1: tags.setpoint.timeout is 0; it must be a number (s) from 0.1 to 3600"},
        {SET "min = 0; max = 1; };\n}, { name = \"b\"; topic = \"p/a/set\"; } );",
         "hmi.cfg:1: tag \"a\": the setpoint's topic \"p/a/set\" is the topic of the tag \"b\"; a setpoint's "
         "topic never becomes a tag"},
    };
    CHECK(CASES);
}

/* Thirty lines, each with one fault, and thirty reports in the order of the lines. */
static void test_all_at_once(void **state)
{
    (void)state;
    struct config_fixture fixture;
    config_fixture_open(&fixture);
    config_fixture_load(
        &fixture,
        "plnt = \"a\";\ntimezone = 3;\nbroker = { host = 1;\nport = 0;\nusername = \"\";\nkeepalive = 1;\n"
        "receive_maximum = 0;\nclean = 0;\nprotocol = \"4\"; };\nhistory = { file = 1;\n"
        "durability = \"x\";\nkeep_days = -1;\nkeep_mb = 1.5;\nkeep_weeks = 1; };\nmax_tags = 0;\n"
        "max_payload = 1;\nsource_time_past = -1;\nsource_time_future = true;\nlock_after = \"a\";\n"
        "theme = \"x\";\nglyphs = 1;\nsocket = 1;\ndisplays = 1;\nsubscribe = ( { qos = 0; },\n"
        "{ filter = \"a\"; qos = 9; },\n{ filter = \"b#\"; } );\naccess = { viewr = [ ];\n"
        "viewer = 1;\noperator = [ \"@\" ]; };\ntags = ( 1 );\n",
        false);
    assert_int_equal(fixture.report.count, 30);
    for (size_t i = 0; i < 30; i++) {
        char start[32];
        snprintf(start, sizeof start, "hmi.cfg:%zu: ", i + 1);
        assert_memory_equal(config_fixture_short(&fixture, fixture.report.faults[i]), start, strlen(start));
    }
    config_fixture_release(&fixture);
    config_fixture_close(&fixture);
}

#define PUMP "{ name = \"b\"; topic = \"p/b\"; states = ( (0, \"OFF\"), (1, \"ON\") ); "

static void test_suppression(void **state)
{
    (void)state;
    static const struct fault_case CASES[] = {
        {ALARM "type = \"lo\"; limit = 5; suppress_by = \"b\"; suppress_when = \"off\"; } ); }, " PUMP "} );",
         NULL},
        {ALARM "type = \"lo\"; limit = 5; suppress_by = \"b\"; suppress_when = 1; } ); }, " PUMP "} );",
         NULL},
        {ALARM "type = \"lo\"; limit = 5; suppress_by = \"c\"; } ); }, " PUMP "} );",
         "hmi.cfg:1: tag \"a\": suppress_by names the tag \"c\", which does not exist"},
        {ALARM "type = \"lo\"; limit = 5; suppress_when = 1; } ); } );",
         "hmi.cfg:1: tag \"a\": suppress_when needs suppress_by (a tag)"},
        {ALARM "type = \"lo\"; limit = 5; suppress_by = \"b\";\nsuppress_when = \"AWAY\"; } ); }, " PUMP
               "} );",
         "hmi.cfg:2: tag \"a\": suppress_when \"AWAY\" is neither a number nor one of the states of \"b\""},
        {ALARM "type = \"lo\"; limit = 5;\nsuppress_by = \"a\"; } ); } );",
         "hmi.cfg:2: tag \"a\": suppression goes in a circle: \"a\" suppresses the alarm lo, and \"a\" suppresses "
         "alarms of \"a\""},
        {"alarm_groups = ( { name = \"g\"; suppress_by = \"b\"; suppress_when = \"OFF\"; } );\n" ALARM
         "type = \"lo\"; limit = 5; group = \"g\"; } ); }, " PUMP "} );",
         NULL},
        {"alarm_groups = ( { name = \"g\";\nsuppress_by = \"z\"; } );\n" TAG "} );",
         "hmi.cfg:2: alarm group \"g\": suppress_by names the tag \"z\", which does not exist"},
        {"alarm_groups = ( { name = \"g\"; suppress_by = \"a\"; },\n{ name = \"g\"; suppress_by = \"a\"; } );\n" TAG
         "} );",
         "hmi.cfg:2: alarm group \"g\" stands in line 1 already; names are unique"},
        {ALARM "type = \"hi\"; limit = 5; count = 3; } ); } );",
         "hmi.cfg:1: tag \"a\": count needs an on_delay, within which the condition comes so often"},
        {ALARM "type = \"rate\"; limit = 5; exclusive = true; } ); } );",
         "hmi.cfg:1: tag \"a\": exclusive is for lo and hi, which give way to lolo and hihi"},
        {ALARM "type = \"hi\"; limit = 5; on_delay = -1; } ); } );",
         "hmi.cfg:1: tags.alarms.on_delay is -1; it must be a number (s) from 0 to 86400"},
        {"tags = ( { name = \"system\"; topic = \"s\"; alarms = ( { type = \"hi\"; limit = 5; } ); } );",
         "hmi.cfg:1: the tag \"system\" cannot have alarms: those of hmi itself have its name"},
    };
    CHECK(CASES);
}

/* Two tags whose alarms suppress each other: each of them is named with its line. */
static void test_suppression_loop(void **state)
{
    (void)state;
    struct config_fixture fixture;
    config_fixture_open(&fixture);
    config_fixture_load(
        &fixture,
        "tags = ( { name = \"a\"; topic = \"a\"; alarms = ( { type = \"hi\"; limit = 1;\n"
        "suppress_by = \"b\"; } ); },\n{ name = \"b\"; topic = \"b\"; alarms = ( { type = \"lo\"; "
        "limit = 1;\nsuppress_by = \"c\"; } ); },\n{ name = \"c\"; topic = \"c\"; alarms = ( { type = "
        "\"bad\";\nsuppress_by = \"a\"; } ); } );",
        false);
    assert_int_equal(fixture.report.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_non_null(strstr(fixture.report.faults[i], "suppression goes in a circle"));
    assert_non_null(strstr(fixture.report.faults[0], "hmi.cfg:2: "));
    assert_non_null(strstr(fixture.report.faults[1], "hmi.cfg:4: "));
    assert_non_null(strstr(fixture.report.faults[2], "hmi.cfg:6: "));
    config_fixture_release(&fixture);
    config_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grammar),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_broker),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_alarms),
        cmocka_unit_test(test_setpoints),
        cmocka_unit_test(test_all_at_once),
        cmocka_unit_test(test_suppression),
        cmocka_unit_test(test_suppression_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
