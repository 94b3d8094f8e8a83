/* Who gets into the console server, and what it makes of those who do not speak its protocol, or another version. */
#include "server_fixture.h"

#include "plant/tag_live.h"
#include "recorder/server_internal.h"

#include <grp.h>

/* ---- what is not the protocol ---- */

static void test_pieces(void **state)
{
    struct fixture *f = *state;
    struct client *client = client_connect(f);
    struct buf out;
    buf_init(&out, 0);
    wire_put(&out, WIRE_HELLO,
             &(struct wire_hello){.version = WIRE_VERSION, .program = "test", .station = "here"});
    for (size_t i = 0; i < out.length; i++) {
        assert_int_equal(client->counts[WIRE_WELCOME], 0);
        client_send(client, out.data + i, 1);
        fixture_turns(f, client, 1);
    }
    fixture_turns(f, client, 2);
    assert_int_equal(client->counts[WIRE_WELCOME], 1);
    buf_free(&out);
    client_free(client);
}

static void expect_refused(struct fixture *f, struct client *client, const char *reason)
{
    fixture_turns(f, client, 5);
    assert_true(client->ended);
    if (!strstr(client->refused, reason))
        fail_msg("refused with \"%s\", not \"%s\"", client->refused, reason);
    client_free(client);
}

static void test_garbage(void **state)
{
    static const char *const GARBAGE[] = {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "\x1b[A\x1b[B",
                                          "\xff\xff\xff\xff\xff\xff\xff\xff\xff"};
    struct fixture *f = *state;
    struct client *good = client_attach(f);
    for (size_t i = 0; i < COUNT(GARBAGE); i++) {
        struct client *client = client_connect(f);
        client_send(client, GARBAGE[i], strlen(GARBAGE[i]));
        if (strlen(GARBAGE[i]) < WIRE_HEADER_SIZE) { /* not yet a header: time tells */
            fixture_turns(f, client, 3);
            assert_false(client->ended);
            f->now_us += SERVER_STUCK_US + 1;
            fixture_turns(f, client, 1);
            assert_true(client->ended);
            client_free(client);
        } else {
            expect_refused(f, client, "not the console protocol");
        }
    }
    fixture_set(f, 0, 5);
    f->now_us += SECOND;
    fixture_turns(f, good, 3);
    assert_true(good->numbers[1] == 5);
    client_free(good);
}

/* Random bytes behind a good HELLO, many times. */
static void test_random_bytes(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = 31;
    for (int round = 0; round < 300; round++) {
        uint8_t bytes[256];
        struct client *client = client_connect(f);
        if (round & 1)
            client_hello(client, (enum wire_purpose)(round % 5));
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] =
                (uint8_t)(unit_random_below(&seed, 4) ? unit_random_below(&seed, 20) : unit_random(&seed));
        if (round & 2) { /* a plausible header */
            const uint8_t header[] = {(uint8_t)(round % 64), 0, 0, 0, (uint8_t)(round % 20), 0, 0, 0};
            memcpy(bytes, header, sizeof header);
        }
        client_send(client, bytes, sizeof bytes);
        fixture_turns(f, client, 3);
        client_free(client);
        fixture_turns(f, NULL, 2);
    }
    assert_int_equal(server_console_count(f->server), 0);
}

static void test_frames_that_are_too_long(void **state)
{
    static const uint8_t TEN_MB[] = {0, 0, 0xA0, 0, WIRE_ASK, 0, 0, 0},
                         HALF_MB[] = {0, 0, 8, 0, WIRE_ASK, 0, 0, 0};
    static uint8_t body[512 << 10];
    struct fixture *f = *state;
    struct client *client = client_attach(f);
    client_send(client, TEN_MB, sizeof TEN_MB);
    expect_refused(f, client, "not the console protocol");
    client = client_attach(f);
    client_send(client, HALF_MB, sizeof HALF_MB);
    for (size_t sent = 0; sent < sizeof body && !client->ended;) {
        sent += client_send(client, body + sent, sizeof body - sent);
        fixture_turns(f, client, 1);
    }
    assert_true(client->ended); /* no console sends so much in one request */
    client_free(client);
}

static void test_unknown_frames_are_ignored(void **state)
{
    static const uint8_t UNKNOWN[] = {3, 0, 0, 0, 200, 1, 0, 0, 'a', 'b', 'c'};
    struct fixture *f = *state;
    struct client *client = client_attach(f);
    client_send(client, UNKNOWN, sizeof UNKNOWN);
    client_put(client, WIRE_STATUS, &(struct wire_status){0}); /* known, but not for a console to send */
    client_hello(client, WIRE_PURPOSE_SCREEN);                 /* twice */
    client_put(client, WIRE_ASK, &(struct wire_ask){.request = 4, .action = 999});
    fixture_turns(f, client, 3);
    assert_false(client->ended);
    assert_int_equal(client->counts[WIRE_WELCOME], 1);
    assert_int_equal(client->last_request, 4);
    assert_non_null(strstr(client->answer, "does not know"));
    assert_int_equal(f->asked, 0);
    client_free(client);
}

static void test_hello_comes_first(void **state)
{
    struct fixture *f = *state;
    struct client *client = client_connect(f), *silent = client_connect(f);
    client_put(client, WIRE_ASK, &(struct wire_ask){.request = 1, .action = WIRE_ACTION_STOP});
    expect_refused(f, client, "not the console protocol");
    assert_int_equal(f->asked, 0);
    fixture_turns(f, silent, 3);
    assert_false(silent->ended);
    f->now_us += SERVER_STUCK_US + 1;
    fixture_turns(f, silent, 2);
    assert_true(silent->ended);
    client_free(silent);
}

static void test_no_room_for_another(void **state)
{
    struct fixture *f = *state;
    struct client *clients[SERVER_CONSOLES_MAX];
    for (size_t i = 0; i < SERVER_CONSOLES_MAX; i++)
        clients[i] = client_attach(f);
    assert_int_equal(f->consoles, SERVER_CONSOLES_MAX);
    struct client *further = client_connect(f);
    client_hello(further, WIRE_PURPOSE_SCREEN);
    expect_refused(f, further, "64 are attached");
    client_free(clients[7]);
    fixture_turns(f, NULL, 3);
    clients[7] = client_attach(f); /* one left: there is room again */
    for (size_t i = 0; i < SERVER_CONSOLES_MAX; i++)
        client_free(clients[i]);
    fixture_turns(f, NULL, 3);
    assert_int_equal(f->consoles, 0);
}

/* Another user fills neither everything nor what is kept for the recorder's own; nor do all others together. */
static void test_room_is_shared(void **state)
{
    enum { OWN = 1000, USERS = 4 };
    struct server server = {.access.own_uid = OWN};
    struct console consoles[SERVER_CONSOLES_MAX] = {{.fd = -1}};
    size_t had[USERS] = {0};
    (void)state;
    for (bool more = true; more;) { /* users 1 to 3 take what they get, in turn */
        more = false;
        for (uid_t uid = 1; uid < USERS; uid++) {
            if (!server_has_room(&server, uid))
                continue;
            consoles[server.count].uid = uid;
            server.consoles[server.count] = &consoles[server.count];
            server.count++;
            had[uid]++;
            more = true;
        }
    }
    assert_int_equal(server.count, SERVER_CONSOLES_MAX - SERVER_CONSOLES_OWN);
    for (uid_t uid = 1; uid < USERS; uid++)
        assert_int_equal(had[uid], (SERVER_CONSOLES_MAX - SERVER_CONSOLES_OWN) / (USERS - 1));
    while (server_has_room(&server, OWN)) {
        consoles[server.count].uid = OWN;
        server.consoles[server.count] = &consoles[server.count];
        server.count++;
    }
    assert_int_equal(server.count, SERVER_CONSOLES_MAX);
    for (server.count = 0; server_has_room(&server, 7); server.count++) {
        consoles[server.count].uid = 7;
        server.consoles[server.count] = &consoles[server.count];
    }
    assert_int_equal(server.count, SERVER_CONSOLES_ONE);
}

/* ---- who may do what ---- */

static void check_stop(struct fixture *f, enum role role, bool allowed)
{
    fixture_grant(f, role);
    struct client *client = client_connect(f);
    client_hello(client, WIRE_PURPOSE_ASK);
    client_put(client, WIRE_ASK, &(struct wire_ask){.request = 9, .action = WIRE_ACTION_STOP});
    f->asked = 0;
    fixture_turns(f, client, 3);
    assert_int_equal(client->counts[WIRE_ANSWER], 1);
    assert_int_equal(client->answers_good, allowed);
    assert_int_equal(f->asked, allowed);
    if (!allowed)
        assert_non_null(strstr(client->answer, "access = { engineer = "));
    client_free(client);
    fixture_turns(f, NULL, 2);
}

static void test_stop_is_for_engineers(void **state)
{
    check_stop(*state, ROLE_VIEWER, false);
    check_stop(*state, ROLE_OPERATOR, false);
    check_stop(*state, ROLE_SUPERVISOR, false);
    check_stop(*state, ROLE_ENGINEER, true);
}

/* A console of before or after an upgrade sees everything, and changes nothing but that the recorder ends. */
static void test_other_versions_look_on(void **state)
{
    static const uint32_t VERSIONS[] = {WIRE_VERSION + 1, WIRE_VERSION - 1, 0, UINT32_MAX};
    struct fixture *f = *state;
    fixture_set(f, 0, 4.5);
    for (size_t i = 0; i < COUNT(VERSIONS); i++) {
        struct client *client = client_connect(f);
        client_hello_of(client, WIRE_PURPOSE_SCREEN, VERSIONS[i]);
        fixture_turns(f, client, 4);
        assert_int_equal(client->welcome.version, WIRE_VERSION);
        assert_int_equal(client->counts[WIRE_SNAPSHOT_END], 1);
        assert_true(client->numbers[1] == 4.5);
        f->asked = 0;
        client_put(client, WIRE_ASK, &(struct wire_ask){.request = 1, .action = WIRE_ACTION_RELOAD});
        fixture_turns(f, client, 3);
        assert_int_equal(client->answers_good, 0);
        assert_non_null(strstr(client->answer, "restart the recorder"));
        assert_int_equal(f->asked, 0);
        client_put(client, WIRE_ASK, &(struct wire_ask){.request = 2, .action = WIRE_ACTION_STOP});
        fixture_turns(f, client, 3);
        assert_int_equal(client->answers_good, 1);
        assert_int_equal(f->asked, 1);
        client_free(client);
        fixture_turns(f, NULL, 2);
    }
}

static void test_no_access(void **state)
{
    struct fixture *f = *state;
    struct client *attached = client_attach(f), *client;
    fixture_grant(f, ROLE_NONE);
    fixture_turns(f, attached, 2);
    assert_true(attached->ended); /* a reload took its role */
    client_free(attached);
    client = client_connect(f);
    client_hello(client, WIRE_PURPOSE_SCREEN);
    expect_refused(f, client, "access = { viewer = ");
}

static void add_name(struct config *config, enum role role, const char *name)
{
    struct config_names *names = &config->access[role];
    names->names = mem_resize(names->names, names->count + 1, sizeof *names->names);
    names->names[names->count++] = mem_copy_text(name);
    config->has_access = true;
}

static void test_access_rules(void **state)
{
    struct config config;
    struct access access;
    const gid_t daemons[] = {getgrnam("daemon")->gr_gid}, others[] = {54321, 54322};
    uid_t nobody = getpwnam("nobody")->pw_uid;
    (void)state;
    config_init_defaults(&config);
    access_init(&access, config.has_access, config.access); /* nothing configured */
    assert_int_equal(access_role(&access, geteuid(), others, 2), ROLE_ENGINEER);
    assert_int_equal(access_role(&access, 54321, daemons, 1), ROLE_NONE);
    access_free(&access);
    add_name(&config, ROLE_OPERATOR, "nobody");
    add_name(&config, ROLE_SUPERVISOR, "@daemon");
    add_name(&config, ROLE_ENGINEER, "no-such-user-here");
    add_name(&config, ROLE_ENGINEER, "@no-such-group-here");
    access_init(&access, config.has_access, config.access);
    assert_int_equal(access_role(&access, nobody, others, 2), ROLE_OPERATOR);
    assert_int_equal(access_role(&access, nobody, daemons, 1), ROLE_SUPERVISOR); /* the highest */
    assert_int_equal(access_role(&access, 54321, others, 2), ROLE_NONE);
    assert_int_equal(access_role(&access, (uid_t)-1, others, 0), ROLE_NONE); /* not the missing names */
    assert_int_equal(access_role(&access, geteuid(), others, 2),
                     ROLE_ENGINEER); /* nobody locks himself out */
    access_free(&access);
    add_name(&config, ROLE_VIEWER, getpwuid(geteuid())->pw_name);
    access_init(&access, config.has_access, config.access);
    assert_int_equal(access_role(&access, geteuid(), others, 2), ROLE_VIEWER); /* unless he is named */
    access_free(&access);
    add_name(&config, ROLE_VIEWER, "*");
    access_init(&access, config.has_access, config.access);
    assert_int_equal(access_role(&access, 54321, others, 2), ROLE_VIEWER);
    assert_int_equal(access_role(&access, nobody, NULL, 0), ROLE_OPERATOR);
    access_free(&access);
    config_free(&config);
}

/* ---- the socket ---- */

static void test_socket_in_use(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    assert_null(fixture_listen(f, &err));
    assert_int_equal(err.code, EX_UNAVAILABLE);
    assert_non_null(strstr(err.text, f->path));
    client_free(client_attach(f)); /* the first one is not harmed */
}

static void test_socket_left_over(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    server_free(f->server);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", f->path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    close(fd); /* a crash: the file stays */
    f->server = fixture_listen(f, &err);
    assert_non_null(f->server);
    client_free(client_attach(f));
}

/* A wrong line in a configuration must not cost anybody a file. */
static void test_socket_path_of_a_file(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct stat status;
    server_free(f->server);
    int fd = open(f->path, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(write(fd, "precious", 8), 8);
    close(fd);
    f->server = fixture_listen(f, &err);
    assert_null(f->server);
    assert_int_equal(err.code, EX_CONFIG);
    assert_int_equal(stat(f->path, &status), 0);
    assert_int_equal(status.st_size, 8);
}

static void test_socket_rights(void **state)
{
    struct fixture *f = *state;
    struct stat status;
    assert_int_equal(stat(f->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600); /* without access: its user alone */
    fixture_grant(f, ROLE_VIEWER);
    assert_int_equal(stat(f->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0666); /* the kernel says who it is, the server decides */
}

/* The answer to "stop" arrives although the recorder ends at once. */
static void test_goodbye(void **state)
{
    struct fixture *f = *state;
    struct pollfd fds[SERVER_POLL_MAX];
    struct client *client = client_attach(f);
    client_put(client, WIRE_ASK, &(struct wire_ask){.request = 3, .action = WIRE_ACTION_STOP});
    size_t count = server_poll_set(f->server, fds, COUNT(fds));
    assert_true(poll(fds, count, 0) > 0);
    server_serve(f->server, fds, count, f->now_us);
    assert_int_equal(f->last_action, WIRE_ACTION_STOP);
    server_free(f->server);
    f->server = NULL;
    client_read(client);
    assert_int_equal(client->last_request, 3);
    assert_true(client->ended);
    client_free(client);
}

/* A reload changes what WELCOME said: whoever is attached is told, once, what holds for him. */
static void test_rules_of_a_reload(void **state)
{
    struct fixture *f = *state;
    f->config.lock_after_us = 60 * SECOND;
    f->config.shelve_max_us = 3600 * SECOND;
    server_set_config(f->server, &f->config);
    struct client *client = client_attach(f);
    assert_int_equal(client->welcome.lock_after_us, 60 * SECOND);
    assert_int_equal(client->welcome.shelve_max_us, 3600 * SECOND);
    fixture_turns(f, client, 3);
    uint32_t told = client->counts[WIRE_RULES];
    f->config.lock_after_us = 5 * SECOND;
    fixture_grant(f, ROLE_OPERATOR);
    for (int i = 0; i < 5; i++) {
        f->now_us += SECOND;
        fixture_turns(f, client, 2);
    }
    assert_true(client->counts[WIRE_RULES] > told && client->counts[WIRE_RULES] <= told + 2);
    assert_int_equal(client->rules.lock_after_us, 5 * SECOND);
    assert_int_equal(client->rules.shelve_max_us, 3600 * SECOND);
    assert_int_equal(client->rules.role, ROLE_OPERATOR);
    client_free(client);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_pieces),
        WITH_SERVER(test_garbage),
        WITH_SERVER(test_random_bytes),
        WITH_SERVER(test_frames_that_are_too_long),
        WITH_SERVER(test_unknown_frames_are_ignored),
        WITH_SERVER(test_hello_comes_first),
        cmocka_unit_test(test_room_is_shared),
        WITH_SERVER(test_no_room_for_another),
        WITH_SERVER(test_stop_is_for_engineers),
        WITH_SERVER(test_other_versions_look_on),
        WITH_SERVER(test_no_access),
        cmocka_unit_test(test_access_rules),
        WITH_SERVER(test_socket_in_use),
        WITH_SERVER(test_socket_left_over),
        WITH_SERVER(test_socket_path_of_a_file),
        WITH_SERVER(test_socket_rights),
        WITH_SERVER(test_goodbye),
        WITH_SERVER(test_rules_of_a_reload),
    };
    log_set_level(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("server_access", tests, NULL, NULL);
}
