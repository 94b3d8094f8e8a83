/* Consoles that come and go, only look, are locked, or give a setpoint: what the server makes of it, and how much of it
 * the journal takes. */
#include "server_fixture.h"

#include "recorder/session_limit.h"

static void ask(struct fixture *f, struct client *client, uint32_t request, enum wire_action action)
{
    client_put(client, WIRE_ASK,
               &(struct wire_ask){.request = request, .action = (uint32_t)action, .argument = "x"});
    fixture_turns(f, client, 4);
    assert_int_equal(client->last_request, request);
}

static struct client *attach_to_look(struct fixture *f)
{
    struct client *client = client_connect(f);
    client_put(
        client, WIRE_HELLO,
        &(struct wire_hello){.version = WIRE_VERSION, .program = "test", .station = "pts/7", .view = 1});
    for (int i = 0; i < 1000 && !client->counts[WIRE_SNAPSHOT_END]; i++)
        fixture_turns(f, client, 1);
    return client;
}

/* Whatever role its user has; the gate is told, so that the journal knows what was wanted. */
static void test_who_only_looks_changes_nothing(void **state)
{
    static const enum wire_action ACTIONS[] = {WIRE_ACTION_STOP, WIRE_ACTION_RELOAD, WIRE_ACTION_ACKNOWLEDGE,
                                               WIRE_ACTION_SHELVE, WIRE_ACTION_UNSHELVE};
    struct fixture *f = *state;
    fixture_grant(f, ROLE_ENGINEER);
    struct client *client = attach_to_look(f);
    assert_int_equal(client->welcome.view, 1);
    assert_int_equal(client->welcome.role, ROLE_VIEWER);
    assert_true(f->last_session.view);
    for (uint32_t i = 0; i < COUNT(ACTIONS); i++) {
        ask(f, client, i + 1, ACTIONS[i]);
        assert_non_null(strstr(client->answer, "--view"));
        assert_int_equal(f->refused, i + 1);
    }
    assert_int_equal(f->asked, 0);
    ask(f, client, 20, WIRE_ACTION_SET);
    assert_int_equal(f->asked, 1);
    assert_non_null(strstr(f->last_barred, "--view"));
    client_put(client, WIRE_EDIT, &(struct wire_edit){.tag = 5});
    fixture_turns(f, client, 4);
    assert_int_equal(f->edited, 0);
    fixture_grant(f, ROLE_ENGINEER); /* a reload gives it no more */
    ask(f, client, 21, WIRE_ACTION_STOP);
    assert_int_equal(f->asked, 1);
    client_free(client);
}

static void test_a_locked_console_changes_nothing_until_it_is_unlocked(void **state)
{
    struct fixture *f = *state;
    struct client *client = client_attach(f);
    client_put(client, WIRE_EDIT, &(struct wire_edit){.tag = 5});
    fixture_turns(f, client, 4);
    assert_int_equal(f->edited, 5);
    client_put(client, WIRE_LOCK, &(struct wire_lock){.locked = 1});
    client_put(client, WIRE_LOCK, &(struct wire_lock){.locked = 1});
    fixture_turns(f, client, 4);
    assert_int_equal(f->sessions[SERVER_LOCKED], 1);
    assert_int_equal(f->edited, 0); /* its edit is over */
    ask(f, client, 1, WIRE_ACTION_STOP);
    assert_string_equal(client->answer, "this console is locked");
    assert_int_equal(f->asked, 0);
    client_put(client, WIRE_LOCK, &(struct wire_lock){.locked = 0});
    ask(f, client, 2, WIRE_ACTION_STOP);
    assert_int_equal(f->sessions[SERVER_UNLOCKED], 1);
    assert_int_equal(f->asked, 1);
    client_free(client);
}

static void test_all_are_told_who_gives_a_setpoint(void **state)
{
    struct fixture *f = *state;
    struct client *one = client_attach(f), *other = client_attach(f);
    client_put(one, WIRE_EDIT, &(struct wire_edit){.tag = 5});
    fixture_turns(f, one, 4);
    assert_int_equal(f->edited, 5);
    client_read(other);
    uint32_t before = other->counts[WIRE_RESERVATION], mine = one->counts[WIRE_RESERVATION];
    const struct reservation_wish wish = {
        .tag_id = 5, .holder = f->last_session.console, .name = "alice", .station = "pts/3"};
    assert_null(reservation_take(&f->reservations, &wish, f->now_us));
    for (int i = 0; i < 4; i++) {
        f->now_us += 100 * MS;
        fixture_turns(f, one, 1);
        client_read(other);
    }
    assert_int_equal(other->counts[WIRE_RESERVATION], before + 1);
    assert_int_equal(one->counts[WIRE_RESERVATION], mine + 1);
    client_free(one);
    client_free(other);
}

static void test_why_a_console_has_gone(void **state)
{
    struct fixture *f = *state;
    struct client *client = client_attach(f);
    uint32_t console = f->last_session.console;
    assert_int_equal(f->sessions[SERVER_ATTACHED], 1);
    client_put(client, WIRE_BYE, &(struct wire_bye){.reason = "its operator left\033[2J"});
    client_free(client);
    fixture_turns(f, NULL, 4);
    assert_int_equal(f->sessions[SERVER_DETACHED], 1);
    assert_non_null(strstr(f->last_why, "its operator left"));
    assert_null(strchr(f->last_why, '\033'));
    assert_int_equal(f->last_session.console, console);
    client = client_attach(f);
    assert_int_not_equal(f->last_session.console, console);
    client_free(client);
    fixture_turns(f, NULL, 4);
    assert_string_equal(f->last_why, "it was lost");
    client = client_connect(f); /* one that never said who it is leaves no word */
    fixture_turns(f, NULL, 2);
    client_free(client);
    fixture_turns(f, NULL, 4);
    assert_int_equal(f->sessions[SERVER_DETACHED], 2);
}

/* ---- how much of it the journal takes ---- */

static unsigned count(struct session_limit *limit, uid_t uid, unsigned times, int64_t now_us)
{
    unsigned entered = 0;
    while (times--)
        entered += session_limit_count(limit, SESSION_LIMIT_ENTRIES, uid, "alice", now_us);
    return entered;
}

static void test_a_flood_of_consoles_is_entered_as_a_number(void **unused)
{
    struct session_limit *limit = mem_new(1, sizeof *limit);
    uint64_t left_out = 0;
    (void)unused;
    assert_int_equal(count(limit, 7, 1000, SECOND), SESSION_LIMIT_ENTRIES);
    assert_int_equal(count(limit, 8, 3, SECOND), 3); /* nobody else suffers from it */
    assert_int_equal(count(limit, 7, 1000, 60 * SECOND), 0);
    assert_null(session_limit_next(limit, 60 * SECOND, &left_out));
    assert_string_equal(session_limit_next(limit, 61 * SECOND, &left_out), "alice");
    assert_int_equal(left_out, 2000 - SESSION_LIMIT_ENTRIES);
    assert_null(session_limit_next(limit, 61 * SECOND, &left_out));
    assert_int_equal(count(limit, 7, 1000, 62 * SECOND), SESSION_LIMIT_ENTRIES);
    free(limit);
}

static void test_more_users_than_are_told_apart(void **unused)
{
    struct session_limit *limit = mem_new(1, sizeof *limit);
    uint64_t left_out = 0;
    (void)unused;
    for (uid_t uid = 1; uid <= SESSION_LIMIT_USERS; uid++)
        assert_int_equal(count(limit, uid, 1, SECOND), 1);
    unsigned entered = 0;
    for (uid_t uid = 1000; uid < 2000; uid++)
        entered += count(limit, uid, 1, SECOND);
    assert_int_equal(entered, SESSION_LIMIT_ENTRIES);
    assert_string_equal(session_limit_next(limit, INT64_MAX, &left_out), "other users");
    assert_int_equal(left_out, 1000 - SESSION_LIMIT_ENTRIES);
    assert_int_equal(count(limit, 5000, 1, 62 * SECOND), 1); /* their spans are over: there is room again */
    assert_null(session_limit_next(limit, INT64_MAX, &left_out));
    free(limit);
}

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_who_only_looks_changes_nothing, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_locked_console_changes_nothing_until_it_is_unlocked,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_all_are_told_who_gives_a_setpoint, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_why_a_console_has_gone, fixture_setup, fixture_teardown),
        cmocka_unit_test(test_a_flood_of_consoles_is_entered_as_a_number),
        cmocka_unit_test(test_more_users_than_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
