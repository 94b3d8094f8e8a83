/* Good files: the example's values, defaults, files that are included, the option table and the manual page. */
#include "config_fixture.h"

#include "base/clock.h"
#include "base/num.h"
#include "config/options.h"
#include "config/suggest.h"

#include <glob.h>
#include <math.h>

static void test_defaults(void **state)
{
    (void)state;
    struct config config;
    config_init_defaults(&config);
    assert_string_equal(config.broker.host, "localhost");
    assert_int_equal(config.broker.port, 1883);
    assert_int_equal(config.broker.receive_maximum, 65535);
    assert_int_equal(config.broker.protocol, PROTOCOL_MQTT5);
    assert_int_equal(config.history.keep_days, 400);
    assert_int_equal(config.history.durability, DURABILITY_FULL);
    assert_int_equal(config.max_payload, 262144);
    assert_int_equal(config.source_time_past_us, 7 * CLOCK_US_PER_DAY);
    assert_int_equal(config.source_time_future_us, CLOCK_US_PER_MINUTE);
    assert_null(config.theme);
    assert_int_equal(config.subscription_count, 0);
    config_free(&config);
}

/* Discovered tags take their defaults from tag_def_init,
 * configured ones from the table: both must say the same. */
static void test_defaults_of_tags_agree(void **state)
{
    (void)state;
    struct config_fixture fixture;
    struct tag_def discovered;
    tag_def_init(&discovered);
    config_fixture_open(&fixture);
    config_fixture_load(&fixture, "tags = ( { name = \"a\"; topic = \"p/q/a\"; } );", false);
    assert_true(fixture.good);
    const struct tag_def *tag = &fixture.config.tags[0];
    assert_true(tag->scale_factor == discovered.scale_factor && tag->scale_offset == discovered.scale_offset);
    assert_int_equal(tag->decimals, discovered.decimals);
    assert_int_equal(tag->record, discovered.record);
    assert_int_equal(tag->kind, discovered.kind);
    assert_int_equal(tag->kind_fixed, discovered.kind_fixed);
    assert_int_equal(tag->signal, discovered.signal);
    assert_int_equal(tag->stale_after_us, discovered.stale_after_us);
    assert_int_equal(tag->max_time_us, discovered.max_time_us);
    assert_string_equal(tag->path, "");
    assert_string_equal(tag->area, "p/q");
    assert_int_equal(tag->line, 1);
    config_fixture_release(&fixture);
    config_fixture_close(&fixture);
    tag_def_free(&discovered);
}

static void check_example_boiler(const struct tag_def *tag)
{
    assert_string_equal(tag->name, "boiler.temp");
    assert_string_equal(tag->topic, "plant/boiler/temp");
    assert_string_equal(tag->path, "value");
    assert_string_equal(tag->unit, "\xC2\xB0"
                                   "C");
    assert_string_equal(tag->area, "boiler");
    assert_true(tag->has_range && tag->low == 0 && tag->high == 150);
    assert_int_equal(tag->decimals, 1);
    assert_int_equal(tag->stale_after_us, 10 * CLOCK_US_PER_SECOND);
    assert_int_equal(tag->record, RECORD_COMPRESSED);
    assert_true(tag->deviation == 0.2);
    assert_int_equal(tag->alarm_count, 4);
    assert_int_equal(tag->alarms[0].type, ALARM_HI);
    assert_true(tag->alarms[0].has_limit && tag->alarms[0].limit == 95 && tag->alarms[0].deadband == 1);
    assert_int_equal(tag->alarms[0].on_delay_us, 5 * CLOCK_US_PER_SECOND);
    assert_int_equal(tag->alarms[0].priority, PRIORITY_HIGH);
    assert_string_equal(tag->alarms[0].message, "Drum hot");
    /* From the signal: 1 % of the range, 60 s. */
    assert_true(fabs(tag->alarms[1].deadband - 1.5) < 1e-12);
    assert_int_equal(tag->alarms[1].on_delay_us, 60 * CLOCK_US_PER_SECOND);
    assert_true(tag->alarms[1].latching);
    assert_string_equal(tag->alarms[2].reference, "boiler.temp_sp");
    assert_int_equal(tag->alarms[3].on_delay_us, 0);
    assert_null(tag->setpoint);
}

static void test_example(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    bool good = config_check(&config, "config/example.cfg", &report);
    for (size_t i = 0; i < report.count; i++)
        print_error("%s\n", report.faults[i]);
    assert_true(good);
    for (size_t i = 0; i < report.warning_count; i++)
        assert_non_null(strstr(report.warnings[i], "unknown on this machine")); /* its people are invented */
    assert_string_equal(config.plant, "Water Works");
    assert_string_equal(config.timezone, "Europe/Vienna");
    assert_int_equal(config.subscription_count, 1);
    assert_string_equal(config.subscriptions[0].filter, "plant/#");
    assert_int_equal(config.subscriptions[0].qos, 1);
    assert_int_equal(config.tag_count, 4);
    check_example_boiler(&config.tags[0]);
    const struct setpoint_def *setpoint = config.tags[1].setpoint;
    assert_string_equal(setpoint->topic, "plant/boiler/temp/set");
    assert_true(setpoint->min == 20 && setpoint->max == 110 && setpoint->tolerance == 0.1);
    assert_int_equal(setpoint->role, ROLE_OPERATOR);
    assert_true(setpoint->confirm && !setpoint->retain);
    const struct tag_def *pump = &config.tags[3];
    assert_int_equal(pump->kind, TAG_DISCRETE);
    assert_true(pump->kind_fixed);
    assert_int_equal(pump->state_count, 3);
    assert_string_equal(pump->states[2].text, "FAULT");
    assert_true(pump->alarms[0].limit == 2 && !pump->alarms[0].limit_tag);
    assert_true(pump->setpoint->min == 0 && pump->setpoint->max == 2);
    assert_true(config.has_access);
    assert_string_equal(config.access[ROLE_VIEWER].names[0], "*");
    assert_true(*config.history.file == '/');
    assert_string_equal(strrchr(config.history.file, '/'), "/history.db");
    config_report_free(&report);
    config_free(&config);
}

static void test_samples(void **state)
{
    (void)state;
    glob_t files;
    assert_int_equal(glob("config/*.cfg", 0, NULL, &files), 0);
    assert_true(files.gl_pathc >= 2);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct config config;
        struct config_report report;
        if (!config_check(&config, files.gl_pathv[i], &report))
            fail_msg("%s", report.faults[0]);
        config_report_free(&report);
        config_free(&config);
    }
    globfree(&files);
}

/* A large plant's file is read without anybody waiting, also when all of it is wrong. */
static void test_large_file(void **state)
{
    (void)state;
    struct config_fixture fixture;
    struct buf text;
    config_fixture_open(&fixture);
    buf_init(&text, 0);
    buf_append_text(&text, "tags = (\n");
    for (int i = 0; i < 10000; i++)
        buf_printf(&text,
                   "%s{ name = \"area%d.unit%d.value\"; topic = \"plant/%d/value\"; range = [0, 100]; "
                   "decimals = 1;\n"
                   "alarms = ( { type = \"hi\"; limit = 90; }, { type = \"lo\"; limit = "
                   "\"area%d.unit.missing\"; } ); }\n",
                   i ? "," : "", i / 100, i, i, i);
    buf_append_text(&text, ");\n");
    int64_t start = clock_mono_us();
    config_fixture_load(&fixture, buf_text(&text), true);
    /* It takes about 1 s; this leaves room for a slow machine and for sanitizers. */
    assert_true(clock_mono_us() - start < 30 * CLOCK_US_PER_SECOND);
    assert_int_equal(fixture.config.tag_count, 10000);
    assert_int_equal(fixture.report.count, 1001);
    assert_string_equal(
        config_fixture_short(&fixture, fixture.report.faults[999]),
        "hmi.cfg:2001: tag \"area9.unit999.value\": limit names the tag \"area999.unit.missing\", which does "
        "not exist");
    assert_string_equal(fixture.report.faults[1000], "... and 9000 more");
    config_fixture_release(&fixture);
    buf_free(&text);
    config_fixture_close(&fixture);
}

static void test_subscriptions_by_default(void **state)
{
    (void)state;
    struct config_fixture fixture;
    config_fixture_open(&fixture);
    config_fixture_load(&fixture, "", false);
    assert_int_equal(fixture.config.subscription_count, 1);
    assert_string_equal(fixture.config.subscriptions[0].filter, "#");
    config_fixture_release(&fixture);
    config_fixture_load(
        &fixture,
        "broker = { tls = { }; };\n"
        "tags = ( { name = \"a\"; topic = \"t\"; path = \"a\"; },\n"
        "         { name = \"b\"; topic = \"t\"; path = \"b\"; }, { name = \"c\"; topic = \"u\"; } );",
        false);
    assert_true(fixture.good);
    assert_int_equal(fixture.config.broker.port, 8883);
    assert_int_equal(fixture.config.subscription_count, 2);
    assert_string_equal(fixture.config.subscriptions[0].filter, "t");
    assert_string_equal(fixture.config.subscriptions[1].filter, "u");
    config_fixture_release(&fixture);
    config_fixture_close(&fixture);
}

/* What tells a setpoint stands until somebody gives another one, unless the configuration says that it does not. */
static void test_readbacks_are_stepped(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool stepped;
    } TAGS[] = {{"a", false}, {"a.sp", true}, {"b", false}, {"b.sp", false},
                {"c", true},  {"d", true},    {"e", true},  {"f", false}};
    struct config_fixture fixture;
    config_fixture_open(&fixture);
    config_fixture_load(
        &fixture,
        "tags = (\n"
        "{ name = \"a\"; topic = \"a\"; range = [0, 1]; setpoint = { topic = \"s/a\"; readback = \"a.sp\"; }; },\n"
        "{ name = \"a.sp\"; topic = \"a/sp\"; },\n"
        "{ name = \"b\"; topic = \"b\"; range = [0, 1]; setpoint = { topic = \"s/b\"; readback = \"b.sp\"; }; },\n"
        "{ name = \"b.sp\"; topic = \"b/sp\"; stepped = false; },\n"
        "{ name = \"c\"; topic = \"c\"; range = [0, 1]; setpoint = { topic = \"s/c\"; readback = \"c\"; }; },\n"
        "{ name = \"d\"; topic = \"d\"; stepped = true; },\n"
        "{ name = \"e\"; topic = \"e\"; range = [0, 1]; setpoint = { topic = \"s/e\"; }; },\n"
        "{ name = \"f\"; topic = \"f\"; range = [0, 1]; stepped = false;\n"
        "  setpoint = { topic = \"s/f\"; readback = \"f\"; }; } );",
        true);
    assert_true(fixture.good);
    assert_int_equal(fixture.config.tag_count, sizeof TAGS / sizeof *TAGS);
    for (size_t i = 0; i < sizeof TAGS / sizeof *TAGS; i++) {
        assert_string_equal(fixture.config.tags[i].name, TAGS[i].name);
        assert_int_equal(fixture.config.tags[i].stepped, TAGS[i].stepped);
    }
    config_fixture_release(&fixture);
    config_fixture_close(&fixture);
}

/* What a signal's limits have when nothing else is said: deadbands as shares of the range, and delays. */
static void test_signals(void **state)
{
    static const struct {
        const char *signal;
        double deadband;
        int64_t delay_s;
    } ROWS[] = {
        {"none", 0, 0}, {"flow", 10, 15}, {"level", 10, 60}, {"pressure", 4, 15}, {"temperature", 2, 60},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct config_fixture fixture;
        config_fixture_open(&fixture);
        char *text = mem_format(
            "tags = ( { name = \"a\"; topic = \"p/a\"; signal = \"%s\"; range = [100, 300]; stale_after = 5; alarms = ("
            " { type = \"hi\"; limit = 250; }, { type = \"deviation\"; limit = 50; reference = \"b\"; },"
            " { type = \"lo\"; limit = 150; deadband = 1; on_delay = 2; off_delay = 3; },"
            " { type = \"stale\"; }, { type = \"rate\"; limit = 5; } ); }, { name = \"b\"; topic = \"p/b\"; } );",
            ROWS[i].signal);
        config_fixture_load(&fixture, text, false);
        assert_int_equal(fixture.report.count, 0);
        const struct alarm_def *alarms = fixture.config.tags[0].alarms;
        for (size_t n = 0; n < 2; n++) {
            assert_true(fabs(alarms[n].deadband - ROWS[i].deadband) < 1e-9);
            assert_int_equal(alarms[n].on_delay_us, ROWS[i].delay_s * CLOCK_US_PER_SECOND);
            assert_int_equal(alarms[n].off_delay_us, ROWS[i].delay_s * CLOCK_US_PER_SECOND);
        }
        assert_true(alarms[2].deadband == 1 && alarms[2].on_delay_us == 2 * CLOCK_US_PER_SECOND &&
                    alarms[2].off_delay_us == 3 * CLOCK_US_PER_SECOND);
        for (size_t n = 3; n < 5; n++) /* no limits of the signal's value */
            assert_true(alarms[n].deadband == 0 && alarms[n].on_delay_us == 0 && alarms[n].off_delay_us == 0);
        free(text);
        config_fixture_release(&fixture);
        config_fixture_close(&fixture);
    }
}

/* An alarm has its own suppression, and that of its group with the state's text as a value. */
static void test_suppression_by_group(void **state)
{
    struct config_fixture fixture;
    (void)state;
    config_fixture_open(&fixture);
    config_fixture_load(
        &fixture,
        "alarm_groups = ( { name = \"g\"; suppress_by = \"b\"; suppress_when = \"OFF\"; } );\n"
        "tags = ( { name = \"a\"; topic = \"p/a\"; alarms = ("
        " { type = \"lo\"; limit = 5; group = \"g\"; suppress_by = \"c\"; suppress_when = 7; },"
        " { type = \"hi\"; limit = 9; } ); },"
        " { name = \"b\"; topic = \"p/b\"; states = ( (3, \"OFF\"), (4, \"ON\") ); },"
        " { name = \"c\"; topic = \"p/c\"; } );",
        false);
    assert_int_equal(fixture.report.count, 0);
    const struct alarm_def *alarms = fixture.config.tags[0].alarms;
    assert_string_equal(alarms[0].suppress[0].tag, "c");
    assert_true(alarms[0].suppress[0].value == 7);
    assert_string_equal(alarms[0].suppress[1].tag, "b");
    assert_true(alarms[0].suppress[1].value == 3);
    assert_null(alarms[1].suppress[0].tag);
    assert_null(alarms[1].suppress[1].tag);
    config_fixture_release(&fixture);
    config_fixture_close(&fixture);
}

static void test_includes(void **state)
{
    (void)state;
    struct config_fixture fixture;
    config_fixture_open(&fixture);
    free(config_fixture_write(&fixture, "tags.cfg",
                              "tags = (\n { name = \"a\"; topic = \"t\"; decimals = 99; }\n);", 0600));
    config_fixture_load(&fixture, "plant = \"x\";\n@include \"tags.cfg\"\nmax_tags = 0;\n", false);
    assert_int_equal(fixture.report.count, 2);
    assert_string_equal(config_fixture_short(&fixture, fixture.report.faults[0]),
                        "hmi.cfg:3: max_tags is 0; it must be a whole number from 1 to 1000000");
    assert_string_equal(config_fixture_short(&fixture, fixture.report.faults[1]),
                        "tags.cfg:2: tags.decimals is 99; it must be a whole number from -1 to 9");
    config_fixture_release(&fixture);
    /* Not in a comment, nor in itself for ever;
     * and a folder is not a file (libconfig ends the program there). */
    config_fixture_load(&fixture, "/*\n@include \"none\"\n*/\n# @include \"none\"\n", false);
    assert_true(fixture.good);
    config_fixture_release(&fixture);
    config_fixture_load(&fixture, "\n@include \"hmi.cfg\"\n", false);
    assert_int_equal(fixture.report.count, 1);
    assert_non_null(
        strstr(fixture.report.faults[0], "hmi.cfg:2: @include \"hmi.cfg\": files include each other"));
    config_fixture_release(&fixture);
    config_fixture_load(&fixture, "@include \".\"\n", false);
    assert_int_equal(fixture.report.count, 1);
    assert_non_null(strstr(fixture.report.faults[0], "cannot be read: it is not a file of text"));
    config_fixture_release(&fixture);
    config_fixture_close(&fixture);
}

/* Everything a row promises to people and to the loader. */
static void test_option_rows(void **state)
{
    (void)state;
    for (size_t i = 0; OPTIONS_GROUPS[i]; i++) {
        const struct option_group *group = OPTIONS_GROUPS[i];
        assert_true(strlen(group->help) > 10);
        for (size_t j = 0; j < group->count; j++) {
            const struct option *option = &group->options[j];
            double value = NAN;
            assert_non_null(option->help);
            assert_true(strlen(option->help) > 7 && option->help[strlen(option->help) - 1] == '.');
            assert_ptr_equal(options_find(group, option->name), option); /* no name twice */
            assert_true(option->offset < group->size && option->offset_more < group->size);
            bool number = option->type == OPTION_INTEGER || option->type == OPTION_LARGE ||
                          option->type == OPTION_NUMBER || option->type == OPTION_SECONDS;
            if (number && option->standard)
                assert_true(num_parse(option->standard, strlen(option->standard), &value));
            if (number && option->standard && !option->whole_range && !isnan(value))
                assert_true(value >= option->least && value <= option->most);
            if (option->type == OPTION_CHOICE && option->standard)
                assert_true(options_find_word(option->choices, option->standard) >= option->first_choice);
        }
    }
}

static void test_manual(void **state)
{
    (void)state;
    char name[] = "/tmp/test_config.XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    fflush(stdout);
    int before = dup(STDOUT_FILENO);
    dup2(fd, STDOUT_FILENO);
    config_print_manual();
    fflush(stdout);
    dup2(before, STDOUT_FILENO);
    close(before);
    off_t size = lseek(fd, 0, SEEK_END);
    char *page = mem_new((size_t)size + 1, 1);
    assert_int_equal(pread(fd, page, (size_t)size, 0), size);
    close(fd);
    unlink(name);
    for (size_t i = 0; OPTIONS_GROUPS[i]; i++) {
        const struct option_group *group = OPTIONS_GROUPS[i];
        char *title = mem_format(".SS %s\n", *group->label ? group->label : "Outermost level");
        const char *section = strstr(page, title);
        assert_non_null(section);
        for (size_t j = 0; j < group->count; j++) {
            char *entry = mem_format(".TP\n.BR %s ", group->options[j].name);
            section = strstr(section, entry); /* each in its section, in the table's order */
            assert_non_null(section);
            free(entry);
        }
        free(title);
    }
    assert_non_null(strstr(page, "Water Works"));
    assert_null(strstr(page, "@VERSION@"));
    free(page);
}

static void test_suggestions(void **state)
{
    (void)state;
    assert_int_equal(suggest_distance("filter", "filter"), 0);
    assert_int_equal(suggest_distance("fitler", "filter"), 1);
    assert_int_equal(suggest_distance("fliter", "filter"), 1);
    assert_int_equal(suggest_distance("filte", "filter"), 1);
    assert_int_equal(suggest_distance("FILTER", "filter"), 0);
    assert_int_equal(suggest_distance("", "abc"), 3);
    assert_int_equal(suggest_distance("kitten", "sitting"), 3);
    assert_true(suggest_is_near("desciption", "description"));
    assert_false(suggest_is_near("host", "port"));
    assert_false(suggest_is_near("xyzzy", "format"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_defaults_of_tags_agree),
        cmocka_unit_test(test_example),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_large_file),
        cmocka_unit_test(test_subscriptions_by_default),
        cmocka_unit_test(test_readbacks_are_stepped),
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_suppression_by_group),
        cmocka_unit_test(test_includes),
        cmocka_unit_test(test_option_rows),
        cmocka_unit_test(test_manual),
        cmocka_unit_test(test_suggestions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
