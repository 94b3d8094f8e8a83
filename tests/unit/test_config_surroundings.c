/* What stands around a configuration: where it is found, whose files it may be, secrets, folders, the socket. */
#include "config_fixture.h"

static void test_unreadable_files(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    assert_false(config_load(&config, "/nowhere/hmi.cfg", &report));
    assert_string_equal(report.faults[0], "/nowhere/hmi.cfg: cannot be read: No such file or directory");
    config_report_free(&report);
    config_free(&config);
    assert_false(config_load(&config, "/tmp", &report));
    assert_string_equal(report.faults[0], "/tmp: cannot be read: it is not a file of text");
    config_report_free(&report);
    config_free(&config);
}

static void test_foreign_owner(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip(); /* only root can give a file away */
    struct config_fixture fixture;
    config_fixture_open(&fixture);
    char *path = config_fixture_write(&fixture, "other.cfg", "", 0644);
    assert_int_equal(chown(path, 12345, 12345), 0);
    struct err err = {0};
    assert_null(config_find(path, &err));
    assert_int_equal(err.code, EX_NOPERM);
    config_fixture_load(&fixture, "@include \"other.cfg\"\n", false);
    assert_false(fixture.good);
    assert_non_null(strstr(fixture.report.faults[0], "belongs to another user"));
    config_fixture_release(&fixture);
    free(path);
    config_fixture_close(&fixture);
}

static void check_surroundings(struct config_fixture *fixture, const char *text, const char *fault)
{
    config_fixture_load(fixture, text, true);
    if (!fault) {
        assert_int_equal(fixture->report.count, 0);
    } else {
        assert_int_equal(fixture->report.count, 1);
        if (!strstr(fixture->report.faults[0], fault))
            fail_msg("expected ...%s...\nfound %s", fault, fixture->report.faults[0]);
    }
    config_fixture_release(fixture);
    config_fixture_load(fixture, text, false); /* a console never looks at secrets */
    assert_true(fixture->good);
    config_fixture_release(fixture);
}

static void test_secrets(void **state)
{
    (void)state;
#define LOGIN "broker = { username = \"u\";\n password_file = \"secret\"; };"
    struct config_fixture fixture;
    struct err err;
    config_fixture_open(&fixture);
    check_surroundings(&fixture, LOGIN, "hmi.cfg:2: broker.password_file: ");
    free(config_fixture_write(&fixture, "secret", "open sesame\nrest\n", 0644));
    check_surroundings(&fixture, LOGIN, "may be read by everyone");
    free(config_fixture_write(&fixture, "secret", "\n", 0600));
    check_surroundings(&fixture, LOGIN, "its first line is empty");
    free(config_fixture_write(&fixture, "secret", "open sesame\nrest\n", 0640));
    check_surroundings(&fixture, LOGIN, NULL);
    config_fixture_load(&fixture, LOGIN, false);
    char *password = config_read_password(&fixture.config, &err);
    assert_string_equal(password, "open sesame");
    free(password);
    config_fixture_release(&fixture);
    free(config_fixture_write(&fixture, "ca.pem", "hello\n", 0644));
    check_surroundings(&fixture, "broker = { tls = { ca = \"ca.pem\"; }; };",
                       "holds no CERTIFICATE----- in PEM form");
    check_surroundings(&fixture, "broker = { tls = { ca = \"none.pem\"; }; };",
                       "none.pem cannot be read: No such file");
    config_fixture_close(&fixture);
}

static void test_warnings(void **state)
{
    (void)state;
    struct config_fixture fixture;
    config_fixture_open(&fixture);
    config_fixture_load(
        &fixture,
        "subscribe = ( { filter = \"plant/+\"; } );\n"
        "tags = ( { name = \"a\"; topic = \"plant/a\"; },\n{ name = \"b\"; topic = \"works/b\"; } );\n"
        "access = { operator = [ \"*\", \"no-such-user\", \"@no-such-group\" ]; };\n"
        "displays = ( { name = \"d\"; file = \"d.mimic\"; } );\n",
        true);
    assert_true(fixture.good);
    assert_int_equal(fixture.report.warning_count, 4);
    assert_string_equal(config_fixture_short(&fixture, fixture.report.warnings[0]),
                        "hmi.cfg:3: tag \"b\": no filter of subscribe covers its topic \"works/b\"");
    assert_string_equal(
        config_fixture_short(&fixture, fixture.report.warnings[1]),
        "hmi.cfg:4: access.operator names the user \"no-such-user\", unknown on this machine");
    config_fixture_release(&fixture);
    config_fixture_close(&fixture);
}

struct warning_case {
    const char *text;
    const char *warning; /* NULL: none */
};

/* Each file is good, and draws this one warning. */
static void check_warnings(const struct warning_case *cases, size_t count)
{
    struct config_fixture fixture;
    config_fixture_open(&fixture);
    for (size_t i = 0; i < count; i++) {
        config_fixture_load(&fixture, cases[i].text, false);
        assert_true(fixture.good);
        assert_int_equal(fixture.report.warning_count, cases[i].warning != NULL);
        if (cases[i].warning)
            assert_string_equal(config_fixture_short(&fixture, fixture.report.warnings[0]), cases[i].warning);
        config_fixture_release(&fixture);
    }
    config_fixture_close(&fixture);
}

/* Allowed, and most likely not what was meant: what to write stands there, too. */
static void test_what_was_most_likely_not_meant(void **state)
{
#define TAG_WITH "tags = ( { name = \"a\"; topic = \"a\";\n"
#define NOT_MEANT(path, meant)                                                                               \
    "hmi.cfg:2: tag \"a\": path \"" path "\" is a member of exactly that name; write \"" meant               \
    "\" if that is meant"
#define SETS(set) "range = [0, 1]; setpoint = { topic = \"s\"; " set "}; }"
#define SETS_WORDS(own, read)                                                                                \
    "states = ((0, \"OFF\"), (1, \"" own                                                                     \
    "\")); setpoint = { topic = \"s\"; payload = \"{text}\"; readback = \"b\"; }; },"                        \
    "{ name = \"b\"; topic = \"b\"; states = ((0, \"OFF\"), (1, \"" read "\")); }"
    static const struct warning_case CASES[] = {
        {TAG_WITH "path = \"value\"; } );", NULL},
        {TAG_WITH "path = \"a$.b/c d\"; } );", NULL},
        {TAG_WITH "path = \"$.value\"; } );", NOT_MEANT("$.value", "value")},
        {TAG_WITH "path = \"/value/temp\"; } );", NOT_MEANT("/value/temp", "value.temp")},
        {TAG_WITH "path = \"value.temp \"; } );", NOT_MEANT("value.temp ", "value.temp")},
        {TAG_WITH "path = \" value\"; } );", NOT_MEANT(" value", "value")},
        {"broker = { host = \"a\";\nport = 8883; };",
         "hmi.cfg:2: broker.port is 8883, where brokers speak TLS, but there is no broker.tls; write tls = { }; for the "
         "machine's authorities, or tls = { ca = \"FILE\"; };"},
        {"broker = { host = \"a\";\nport = 8883; tls = { }; };", NULL},
        {TAG_WITH SETS("") ",\n{ name = \"b\"; topic = \"b\"; " SETS("") " );",
         "hmi.cfg:3: tag \"b\": the setpoint publishes the same payload on the same topic as that of \"a\" in line 1: the "
         "device cannot tell them apart; one of them has a topic or a payload of its own"},
        {TAG_WITH SETS("") ",\n{ name = \"b\"; topic = \"b\"; " SETS("payload = \"b={value}\"; ") " );",
         NULL},
        {TAG_WITH SETS_WORDS("START", "RUNNING") " );",
         "hmi.cfg:2: tag \"a\": {text} in the setpoint's payload sends \"RUNNING\", a state of its readback \"b\", not its own "
         "\"START\"; where the device expects that one, name the readback's states so"},
        {TAG_WITH SETS_WORDS("ON", "ON") " );", NULL},
    };
    (void)state;
    check_warnings(CASES, sizeof CASES / sizeof *CASES);
}

static void test_what_is_kept_too_shortly(void **state)
{
    static const struct warning_case CASES[] = {
        {"history = { keep_days = 400;\nkeep_minutes_days = 400; };", NULL},
        {"history = { keep_days = 100;\nkeep_minutes_days = 0; };", NULL},
        {"history = { keep_days = 400;\nkeep_minutes_days = 30; };",
         "hmi.cfg:2: history.keep_minutes_days = 30, but keep_days = 400: the coarser values would go first; give as "
         "many days or more, or 0 (never)"},
        {"history = {\nkeep_days = 3650; };",
         "hmi.cfg:2: history.keep_minutes_days = 1200 (the default), but keep_days = 3650: the coarser values would go "
         "first; give as many days or more, or 0 (never)"},
        {"history = {\nkeep_hours_days = 9; keep_minutes_days = 0; };",
         "hmi.cfg:2: history.keep_hours_days = 9, but keep_minutes_days = 0 (never): the coarser values would go first; "
         "give 0 (never)"},
    };
    (void)state;
    check_warnings(CASES, sizeof CASES / sizeof *CASES);
}

static void test_exclusive_without_effect(void **state)
{
    static const struct warning_case CASES[] = {
        {"tags = ( { name = \"a\"; topic = \"p/a\"; alarms = ( { type = \"hi\"; limit = 1;\nexclusive = true; } ); } );",
         "hmi.cfg:2: tag \"a\": exclusive has no effect: hi has no hihi to give way to"},
        {"tags = ( { name = \"a\"; topic = \"p/a\"; alarms = ( { type = \"hihi\"; limit = 9; },\n"
         "{ type = \"lo\"; limit = 1; exclusive = true; } ); } );",
         "hmi.cfg:2: tag \"a\": exclusive has no effect: lo has no lolo to give way to"},
        {"tags = ( { name = \"a\"; topic = \"p/a\"; alarms = ( { type = \"lo\"; limit = 2; exclusive = true; },\n"
         "{ type = \"lolo\"; limit = 1; } ); } );",
         NULL},
    };
    (void)state;
    check_warnings(CASES, sizeof CASES / sizeof *CASES);
}

static void check_history_warning(struct config_fixture *fixture, const char *file, const char *warning)
{
    char *text = mem_format("history = {\n file = \"%s\"; };\n", file);
    config_fixture_load(fixture, text, true);
    assert_true(fixture->good);
    if (!warning)
        assert_int_equal(fixture->report.warning_count, 0);
    else if (fixture->report.warning_count != 1 ||
             !strstr(fixture->report.warnings[0], "hmi.cfg:2: history.file: ") ||
             !strstr(fixture->report.warnings[0], warning))
        fail_msg("%s: %zu warnings, expected ...%s...", file, fixture->report.warning_count, warning);
    config_fixture_release(fixture);
    free(text);
}

/* What would keep a recorder from starting is told before. */
static void test_history_that_cannot_be_made(void **state)
{
    (void)state;
    struct config_fixture fixture;
    config_fixture_open(&fixture);
    free(config_fixture_write(&fixture, "file", "", 0600));
    check_history_warning(&fixture, "new.db", NULL);
    check_history_warning(&fixture, "folder/new.db", NULL); /* the recorder makes one folder */
    check_history_warning(&fixture, "no/folder/new.db", "/no: No such file or directory");
    check_history_warning(&fixture, "file/new.db", "/file: Not a directory");
    check_history_warning(&fixture, "file", NULL); /* what is in it is the recorder's to judge */
    check_history_warning(&fixture, "/tmp", "it is not a file");
    check_history_warning(&fixture, "/proc/hmi/new.db", geteuid() ? "/proc: Permission denied" : NULL);
    config_fixture_close(&fixture);
}

static void test_socket_paths(void **state)
{
    (void)state;
    struct config_fixture fixture;
    struct err err = {0};
    config_fixture_open(&fixture);
    assert_int_equal(setenv("XDG_RUNTIME_DIR", fixture.folder, 1), 0);
    config_fixture_load(&fixture, "", false);
    char *path = config_socket_path(&fixture.config, &err);
    assert_non_null(path);
    char *folder = mem_format("%s/hmi/test-config-", fixture.folder); /* made of the history's path */
    assert_memory_equal(path, folder, strlen(folder));
    struct stat status;
    *strrchr(path, '/') = '\0';
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    path[strlen(path)] = '/';
    char **candidates = config_socket_candidates(&fixture.config);
    assert_string_equal(candidates[0], path);
    config_free_list(candidates);
    free(path);
    free(folder);
    config_fixture_release(&fixture);
    config_fixture_load(&fixture, "socket = \"here.sock\";", false);
    path = config_socket_path(&fixture.config, &err);
    assert_string_equal(config_fixture_short(&fixture, path), "here.sock");
    free(path);
    config_fixture_release(&fixture);
    unsetenv("XDG_RUNTIME_DIR");
    config_fixture_close(&fixture);
}

/* A folder that somebody else could have put there is never used. */
static void test_socket_folder_not_trusted(void **state)
{
    (void)state;
    struct config_fixture fixture;
    config_fixture_open(&fixture);
    assert_int_equal(setenv("XDG_RUNTIME_DIR", fixture.folder, 1), 0);
    char *folder = mem_format("%s/hmi", fixture.folder);
    config_fixture_load(&fixture, "", false);
    assert_int_equal(symlink("/tmp", folder), 0);
    char **candidates = config_socket_candidates(&fixture.config);
    for (size_t i = 0; candidates[i]; i++)
        assert_null(strstr(candidates[i], folder));
    config_free_list(candidates);
    assert_int_equal(unlink(folder), 0);
    assert_int_equal(mkdir(folder, 0777), 0);
    assert_int_equal(chmod(folder, 0777), 0);
    candidates = config_socket_candidates(&fixture.config);
    for (size_t i = 0; candidates[i]; i++)
        assert_null(strstr(candidates[i], folder));
    config_free_list(candidates);
    free(folder);
    config_fixture_release(&fixture);
    unsetenv("XDG_RUNTIME_DIR");
    config_fixture_close(&fixture);
}

static bool socket_is_candidate(const struct config *config, const char *socket)
{
    char **candidates = config_socket_candidates(config);
    bool found = false;
    for (size_t i = 0; candidates[i]; i++)
        found = found || !strcmp(candidates[i], socket);
    config_free_list(candidates);
    return found;
}

/* The recorder of a file is found by the file alone, whatever it says by now. */
static void test_socket_is_noted(void **state)
{
    static const char *const LATER[] = {"socket = \"here.sock\";", "history = { fil = 1; };",
                                        "history = { file = \"a", "history = { file = \"other.db\"; };"};
    (void)state;
    struct config_fixture fixture;
    struct err err = {0};
    config_fixture_open(&fixture);
    assert_int_equal(setenv("XDG_RUNTIME_DIR", fixture.folder, 1), 0);
    config_fixture_load(&fixture, "", false);
    char *socket = config_socket_path(&fixture.config, &err);
    config_note_socket(&fixture.config, "/elsewhere/a.sock");
    config_note_socket(&fixture.config, socket); /* the newest holds */
    for (size_t i = 0; i < sizeof LATER / sizeof *LATER; i++) {
        config_fixture_release(&fixture);
        config_fixture_load(&fixture, LATER[i], false);
        assert_true(socket_is_candidate(&fixture.config, socket));
    }
    config_forget_socket(&fixture.config, "/elsewhere/a.sock"); /* not its note any more */
    assert_true(socket_is_candidate(&fixture.config, socket));
    config_forget_socket(&fixture.config, socket);
    assert_false(socket_is_candidate(&fixture.config, socket));
    free(socket);
    config_fixture_release(&fixture);
    unsetenv("XDG_RUNTIME_DIR");
    config_fixture_close(&fixture);
}

static void test_find(void **state)
{
    (void)state;
    struct config_fixture fixture;
    struct err err = {0};
    config_fixture_open(&fixture);
    char *folder = mem_format("%s/hmi", fixture.folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    char *path = config_fixture_write(&fixture, "hmi/hmi.cfg", "", 0600);
    assert_int_equal(setenv("XDG_CONFIG_HOME", fixture.folder, 1), 0);
    char *found = config_find(NULL, &err);
    assert_string_equal(found, path);
    free(found);
    assert_null(config_find("/nowhere/a.cfg", &err));
    assert_int_equal(err.code, EX_NOINPUT);
    assert_string_equal(err.text, "/nowhere/a.cfg is not there");
    unsetenv("XDG_CONFIG_HOME");
    free(path);
    free(folder);
    config_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unreadable_files),
        cmocka_unit_test(test_foreign_owner),
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_what_was_most_likely_not_meant),
        cmocka_unit_test(test_what_is_kept_too_shortly),
        cmocka_unit_test(test_exclusive_without_effect),
        cmocka_unit_test(test_history_that_cannot_be_made),
        cmocka_unit_test(test_socket_paths),
        cmocka_unit_test(test_socket_folder_not_trusted),
        cmocka_unit_test(test_socket_is_noted),
        cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
