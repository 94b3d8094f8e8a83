/* The console server: what consoles get, and that a slow one, or many, can harm neither it nor another. */
#include "server_fixture.h"

#include "plant/tag_live.h"
#include "recorder/server_internal.h"

#include <malloc.h>
#include <sys/resource.h>

/* ---- the snapshot and changes ---- */

static void check_snapshot(struct fixture *f, size_t tags)
{
    for (size_t i = 0; i < tags; i++)
        fixture_set(f, i, (double)i + 0.5);
    struct client *client = client_attach(f);
    assert_int_equal(client->counts[WIRE_WELCOME], 1);
    assert_int_equal(client->snapshot_tags, tags);
    assert_int_equal(client->counts[WIRE_TAG], tags);
    assert_int_equal(client->counts[WIRE_SAMPLE], tags);
    for (size_t i = 0; i < tags; i++)
        assert_true(client->numbers[i + 1] == (double)i + 0.5);
    client_free(client);
}

static void test_snapshot_of_nothing(void **state)
{
    check_snapshot(*state, 0);
}

static void test_snapshot_of_one(void **state)
{
    check_snapshot(*state, 1);
}

static void test_snapshot_of_many(void **state)
{
    check_snapshot(*state, 10000);
}

/* All tags change between any two turns: the snapshot ends, and ends complete. */
static void test_snapshot_in_a_flood(void **state)
{
    struct fixture *f = *state;
    struct client *client = client_connect(f);
    for (size_t i = 0; i < 10000; i++)
        fixture_set(f, i, 1);
    client_hello(client, WIRE_PURPOSE_SCREEN);
    for (int turn = 0; turn < 30; turn++) {
        for (size_t i = 0; i < 10000; i++)
            plant_mark_changed(&f->plant, f->plant.tags[i]);
        fixture_turns(f, client, 1);
    }
    assert_int_equal(client->counts[WIRE_SNAPSHOT_END], 1);
    for (size_t i = 1; i <= 10000; i++)
        assert_true(client->defined[i] && client->samples[i] > 0);
    client_free(client);
}

/* 5,000 tags change 200 times a second for a second: each is sent 20 times at most, none much less often,
 * and the last value arrives. */
static void test_changes_are_conflated(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < 5000; i++)
        fixture_set(f, i, 0);
    struct client *client = client_attach(f);
    memset(client->samples, 0, sizeof client->samples);
    for (int ms = 5; ms <= 1000; ms += 5) {
        f->now_us += 5 * MS;
        for (size_t i = 0; i < 5000; i++)
            plant_mark_changed(&f->plant, f->plant.tags[i]);
        for (size_t i = 0; i < 5000; i += 999)
            fixture_set(f, i, ms);
        fixture_turns(f, client, 1);
    }
    f->now_us += 50 * MS;
    fixture_turns(f, client, 3);
    for (size_t i = 1; i <= 5000; i++)
        assert_in_range(client->samples[i], 15, 22);
    for (size_t i = 0; i < 5000; i += 999)
        assert_true(client->numbers[i + 1] == 1000);
    client_free(client);
}

static void test_definitions_are_sent_again(void **state)
{
    struct fixture *f = *state;
    struct tag_def def;
    fixture_set(f, 0, 1);
    struct client *client = client_attach(f);
    fixture_set(f, 1, 2); /* a new tag */
    f->now_us += 50 * MS;
    fixture_turns(f, client, 2);
    assert_int_equal(client->counts[WIRE_TAG], 2);
    assert_true(client->numbers[2] == 2);
    tag_def_init(&def);
    def.name = mem_copy_text("boiler.temp");
    def.topic = mem_copy_text("plant/0");
    def.path = mem_copy_text("");
    def.area = mem_copy_text("");
    plant_add_configured(&f->plant, &def, f->batch); /* a new name */
    tag_def_free(&def);
    f->now_us += 50 * MS;
    fixture_turns(f, client, 2);
    assert_int_equal(client->counts[WIRE_TAG], 3);
    assert_string_equal(client->name, "boiler.temp");
    client_free(client);
}

static void test_snapshot_only_then_the_end(void **state)
{
    struct fixture *f = *state;
    struct client *client = client_connect(f);
    fixture_set(f, 0, 1);
    server_set_status(f->server, &(struct wire_status){.messages = 5});
    client_hello(client, WIRE_PURPOSE_SNAPSHOT);
    fixture_turns(f, client, 10);
    assert_true(client->ended);
    assert_int_equal(client->counts[WIRE_SAMPLE], 1);
    assert_int_equal(client->counts[WIRE_STATUS], 1);
    assert_int_equal(client->counts[WIRE_SNAPSHOT_END], 1);
    assert_int_equal(f->consoles, 0); /* it never was a screen */
    client_free(client);
}

static void test_detail(void **state)
{
    struct fixture *f = *state;
    fixture_set(f, 0, 1);
    struct client *client = client_attach(f);
    client_put(client, WIRE_WANT_DETAIL, &(struct wire_want_detail){.tag = 1});
    fixture_turns(f, client, 3);
    assert_int_equal(client->counts[WIRE_DETAIL], 1);
    for (int i = 0; i < 100; i++) {
        f->now_us += 100 * MS;
        fixture_turns(f, client, 1);
    }
    assert_in_range(client->counts[WIRE_DETAIL], 10, 11); /* once a second */
    client_put(client, WIRE_WANT_DETAIL, &(struct wire_want_detail){.tag = 0});
    fixture_turns(f, client, 2);
    uint32_t before = client->counts[WIRE_DETAIL];
    f->now_us += 5 * SECOND;
    fixture_turns(f, client, 3);
    assert_int_equal(client->counts[WIRE_DETAIL], before);
    client_put(client, WIRE_WANT_DETAIL, &(struct wire_want_detail){.tag = 12345}); /* there is none */
    fixture_turns(f, client, 3);
    assert_false(client->ended);
    client_free(client);
}

/* ---- consoles that do not read ---- */

static void change_texts(struct fixture *f, size_t tags, int round)
{
    char topic[32], payload[1025];
    memset(payload, 'a' + round % 26, sizeof payload - 1);
    payload[sizeof payload - 1] = '\0';
    for (size_t i = 0; i < tags; i++) {
        snprintf(topic, sizeof topic, "plant/%zu", i);
        fixture_say(f, topic, payload);
    }
}

static void test_stuck_console_is_cut_off_alone(void **state)
{
    struct fixture *f = *state;
    change_texts(f, 100, 0);
    struct client *reader = client_attach(f), *stuck = client_attach(f);
    assert_int_equal(f->consoles, 2);
    size_t memory = 0;
    int64_t start_us = f->now_us;
    while (server_console_count(f->server) == 2) {
        f->now_us += 200 * MS;
        change_texts(f, 100, (int)(f->now_us / (200 * MS)));
        uint32_t before = reader->counts[WIRE_SAMPLE];
        fixture_turns(f, reader, 12); /* the socket takes a part a turn */
        assert_int_equal(reader->counts[WIRE_SAMPLE] - before, 100);
        if (!memory)
            memory = mallinfo2().uordblks;
        /* Not a byte more for what it does not read. */
        assert_true(mallinfo2().uordblks < memory + (4u << 20));
        assert_true(f->now_us - start_us < SERVER_STUCK_US + 2 * SECOND);
    }
    assert_true(f->now_us - start_us > SERVER_STUCK_US);
    assert_int_equal(server_consoles_cut(f->server), 1);
    assert_int_equal(f->consoles, 1);
    client_read(stuck);
    assert_true(stuck->ended);
    assert_false(reader->ended);
    client_free(reader);
    client_free(stuck);
}

/* A plant that stands still for a minute is no reason to cut anybody off. */
static void test_quiet_is_not_stuck(void **state)
{
    struct fixture *f = *state;
    fixture_set(f, 0, 1);
    struct client *client = client_attach(f);
    fixture_turns(f, client, 3);
    f->now_us += 6 * SERVER_STUCK_US; /* nobody calls while nothing is due */
    client_put(client, WIRE_ASK, &(struct wire_ask){.request = 1, .action = WIRE_ACTION_RELOAD});
    fixture_turns(f, client, 3);
    assert_int_equal(client->counts[WIRE_ANSWER], 1);
    f->now_us += 6 * SERVER_STUCK_US;
    fixture_set(f, 0, 2);
    fixture_turns(f, client, 3);
    assert_true(client->numbers[1] == 2);
    assert_int_equal(server_consoles_cut(f->server), 0);
    assert_false(client->ended);
    client_free(client);
}

/* Thousands of requests and no answer read: the rest waits; when the console reads, each is answered once. */
static void test_flood_of_requests(void **state)
{
    struct fixture *f = *state;
    struct client *client = client_connect(f);
    struct buf out;
    uint32_t requests = 20000;
    client_hello(client, WIRE_PURPOSE_ASK);
    buf_init(&out, 0);
    for (uint32_t i = 1; i <= requests; i++)
        wire_put(&out, WIRE_ASK,
                 &(struct wire_ask){.request = i, .action = WIRE_ACTION_RELOAD, .argument = ""});
    size_t sent = 0;
    for (int turn = 0; turn < 200; turn++) {
        sent += client_send(client, out.data + sent, out.length - sent);
        fixture_turn(f);
    }
    assert_true(f->asked < requests); /* it does not pile up answers */
    assert_true(sent < out.length);
    for (int turn = 0; turn < 20000 && client->counts[WIRE_ANSWER] < requests; turn++) {
        sent += client_send(client, out.data + sent, out.length - sent);
        fixture_turns(f, client, 1);
    }
    assert_int_equal(sent, out.length);
    assert_int_equal(client->counts[WIRE_ANSWER], requests);
    assert_int_equal(client->answers_good, requests);
    assert_int_equal(client->last_request, requests);
    assert_int_equal(f->asked, requests);
    buf_free(&out);
    client_free(client);
}

/* Requests that came in one piece and whose answers fill the line: the console need not say more for the rest
 * to be answered. */
static void test_requests_left_over_go_on(void **state)
{
    struct fixture *f = *state;
    struct client *client = client_connect(f);
    struct buf out;
    uint32_t requests = 0;
    client_hello(client, WIRE_PURPOSE_ASK);
    fixture_turns(f, client, 3);
    buf_init(&out, 0);
    while (out.length < 4000)
        wire_put(&out, WIRE_ASK,
                 &(struct wire_ask){.request = ++requests, .action = WIRE_ACTION_RELOAD, .argument = "w"});
    assert_int_equal(client_send(client, out.data, out.length), out.length);
    fixture_turns(f, client, 10);
    assert_int_equal(client->counts[WIRE_ANSWER], requests);
    buf_free(&out);
    client_free(client);
}

/* What was asked for is on record before anybody is told that it is done; other consoles do not wait for it. */
static void test_answers_wait_for_the_commit(void **state)
{
    struct fixture *f = *state;
    struct client *first = client_connect(f), *second = client_connect(f);
    client_hello(first, WIRE_PURPOSE_ASK);
    client_hello(second, WIRE_PURPOSE_ASK);
    f->commit = 7;
    client_put(first, WIRE_ASK, &(struct wire_ask){.request = 1, .action = WIRE_ACTION_ACKNOWLEDGE});
    client_put(first, WIRE_ASK, &(struct wire_ask){.request = 2, .action = WIRE_ACTION_ACKNOWLEDGE});
    fixture_turns(f, first, 5);
    f->commit = 0;
    client_put(second, WIRE_ASK, &(struct wire_ask){.request = 1, .action = WIRE_ACTION_RELOAD});
    fixture_turns(f, second, 5);
    server_release_answers(f->server, 6);
    fixture_turns(f, first, 5);
    assert_int_equal(f->asked, 3);
    assert_int_equal(first->counts[WIRE_ANSWER], 0);
    assert_int_equal(second->counts[WIRE_ANSWER], 1);
    server_release_answers(f->server, 7);
    fixture_turns(f, first, 5);
    assert_int_equal(first->counts[WIRE_ANSWER], 2);
    assert_int_equal(first->last_request, 2);
    /* none is sent twice; and nobody waits for a disk that is away */
    f->commit = 8;
    client_put(first, WIRE_ASK, &(struct wire_ask){.request = 3, .action = WIRE_ACTION_ACKNOWLEDGE});
    fixture_turns(f, first, 5);
    assert_int_equal(first->counts[WIRE_ANSWER], 2);
    server_release_answers(f->server, UINT64_MAX);
    fixture_turns(f, first, 5);
    assert_int_equal(first->counts[WIRE_ANSWER], 3);
    /* one that needs no commit waits for those that do: they leave in the order of the requests */
    f->commit = 9;
    client_put(first, WIRE_ASK, &(struct wire_ask){.request = 4, .action = WIRE_ACTION_ACKNOWLEDGE});
    fixture_turns(f, first, 5);
    f->commit = 0;
    client_put(first, WIRE_ASK, &(struct wire_ask){.request = 5, .action = WIRE_ACTION_RELOAD});
    fixture_turns(f, first, 5);
    assert_int_equal(first->counts[WIRE_ANSWER], 3);
    server_release_answers(f->server, 9);
    fixture_turns(f, first, 5);
    assert_int_equal(first->counts[WIRE_ANSWER], 5);
    assert_int_equal(first->last_request, 5);
    client_free(first);
    client_free(second);
}

/* ---- no busy loop ---- */

/* The recorder's loop in a minute of an injected clock in which nothing happens: how often it turns. */
static unsigned count_turns(struct fixture *f, struct client *client)
{
    unsigned turns = 0;
    for (int64_t end_us = f->now_us + 60 * SECOND; f->now_us < end_us; turns++) {
        struct pollfd fds[SERVER_POLL_MAX];
        fixture_turns(f, client, 1);
        size_t count = server_poll_set(f->server, fds, COUNT(fds));
        bool ready = poll(fds, count, 0) > 0;
        assert_true(turns < 100000);
        if (!ready)
            f->now_us += f->wait_us < 60 * SECOND ? f->wait_us : 60 * SECOND;
    }
    return turns;
}

static void test_idle_server_sleeps(void **state)
{
    struct fixture *f = *state;
    assert_true(count_turns(f, NULL) <= 2);
    fixture_set(f, 0, 1);
    struct client *client = client_attach(f);
    assert_true(count_turns(f, client) <= 10);
    client_put(client, WIRE_WANT_DETAIL, &(struct wire_want_detail){.tag = 1});
    assert_true(count_turns(f, client) <= 130); /* a detail a second */
    client_put(client, WIRE_WANT_DETAIL, &(struct wire_want_detail){.tag = 777});
    assert_true(count_turns(f, client) <= 130);
    struct client *asker = client_connect(f);
    client_hello(asker, WIRE_PURPOSE_ASK);
    assert_true(count_turns(f, client) <= 260);
    client_free(asker);
    client_free(client);
}

/* A detail that is due while the frame is not: the loop waits for the frame and does not turn for nothing. */
static void test_detail_does_not_spin(void **state)
{
    struct fixture *f = *state;
    fixture_set(f, 0, 1);
    struct client *client = client_attach(f);
    client_put(client, WIRE_WANT_DETAIL, &(struct wire_want_detail){.tag = 1});
    fixture_turns(f, client, 3);
    f->now_us += 990 * MS; /* a frame just before the next detail */
    fixture_set(f, 1, 2);
    fixture_turns(f, client, 2);
    f->now_us += 11 * MS;
    fixture_turns(f, client, 1);
    assert_in_range(f->wait_us, 1, 50 * MS);
    client_free(client);
}

static void test_out_of_descriptors(void **state)
{
    struct fixture *f = *state;
    struct rlimit before, none;
    struct pollfd fds[SERVER_POLL_MAX];
    struct client *client = client_connect(f);
    client_hello(client, WIRE_PURPOSE_SCREEN);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = (rlim_t)client->fd + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    fixture_turn(f);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_in_range(f->wait_us, 1, SECOND);
    size_t count = server_poll_set(f->server, fds, COUNT(fds));
    assert_int_equal(poll(fds, count, 0), 0); /* does not report the same again at once */
    f->now_us += SECOND;
    fixture_turns(f, client, 5);
    assert_int_equal(client->counts[WIRE_WELCOME], 1); /* and lets it in when there is room again */
    client_free(client);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_snapshot_of_nothing),
        WITH_SERVER(test_snapshot_of_one),
        WITH_SERVER(test_snapshot_of_many),
        WITH_SERVER(test_snapshot_in_a_flood),
        WITH_SERVER(test_changes_are_conflated),
        WITH_SERVER(test_definitions_are_sent_again),
        WITH_SERVER(test_snapshot_only_then_the_end),
        WITH_SERVER(test_detail),
        WITH_SERVER(test_stuck_console_is_cut_off_alone),
        WITH_SERVER(test_quiet_is_not_stuck),
        WITH_SERVER(test_flood_of_requests),
        WITH_SERVER(test_requests_left_over_go_on),
        WITH_SERVER(test_answers_wait_for_the_commit),
        WITH_SERVER(test_idle_server_sleeps),
        WITH_SERVER(test_detail_does_not_spin),
        WITH_SERVER(test_out_of_descriptors),
    };
    log_set_level(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
