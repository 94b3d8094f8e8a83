/* A console server on a real Unix socket in a folder of its own, and consoles that speak the wire protocol to
 * it. The clock is the test's. */
#ifndef TESTS_SERVER_FIXTURE_H
#define TESTS_SERVER_FIXTURE_H

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "recorder/server.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MS          CLOCK_US_PER_MS
#define SECOND      CLOCK_US_PER_SECOND
#define CLIENT_TAGS 10001

struct fixture {
    char directory[64], path[96];
    struct config config;
    struct plant plant;
    struct batch *batch;
    struct server *server;
    int64_t now_us;  /* both clocks */
    int64_t wait_us; /* what the last tick wanted */
    unsigned asked, refused;
    uint64_t commit; /* that answers wait for; 0: for none */
    struct alarms alarms;
    struct alarm_board board;
    struct command_board commands;
    struct reservations reservations;
    uint32_t edited;                        /* the tag that a console said last to be edited */
    unsigned sessions[SERVER_UNLOCKED + 1]; /* by enum server_session_event */
    struct server_session last_session;     /* its texts do not count */
    char last_why[256], last_barred[256];
    enum wire_action last_action;
    size_t consoles;
};

/* A console and what it has been told. */
struct client {
    int fd;
    bool ended;
    struct buf in;
    uint64_t bytes;
    uint32_t counts[WIRE_TYPE_COUNT]; /* records by type; for a list without records the frame counts */
    struct wire_welcome welcome;
    struct wire_rules rules;
    char refused[512];
    char answer[512];
    uint32_t answers_good, last_request;
    uint32_t snapshot_tags;
    double numbers[CLIENT_TAGS]; /* by tag id */
    uint32_t samples[CLIENT_TAGS];
    bool defined[CLIENT_TAGS];
    char name[128]; /* of the last TAG */
};

static inline void fixture_on_welcome(void *context, struct wire_welcome *welcome)
{
    (void)context;
    welcome->plant = "Water Works";
}

static inline bool fixture_on_ask(void *context, const struct server_request *request, char *text,
                                  size_t size)
{
    struct fixture *f = context;
    f->asked++;
    f->last_action = request->action;
    request->reply->commit = f->commit;
    snprintf(f->last_barred, sizeof f->last_barred, "%s", request->barred ? request->barred : "");
    snprintf(text, size, "done for %s%*s", request->user, strcmp(request->argument, "w") ? 0 : 480, "");
    return true;
}

static inline void fixture_on_refused(void *context, const struct server_request *request, const char *text)
{
    struct fixture *f = context;
    (void)text;
    f->refused++;
    f->last_action = request->action;
}

static inline void fixture_on_edits(void *context, const struct server_session *session, uint32_t tag_id)
{
    struct fixture *f = context;
    f->last_session = *session;
    f->edited = tag_id;
}

static inline void fixture_on_session(void *context, const struct server_session *session,
                                      enum server_session_event event, const char *why)
{
    struct fixture *f = context;
    f->sessions[event]++;
    f->last_session = *session;
    snprintf(f->last_why, sizeof f->last_why, "%s", why ? why : "");
}

static inline void fixture_on_consoles(void *context, size_t count)
{
    ((struct fixture *)context)->consoles = count;
}

static const struct server_handler FIXTURE_HANDLER = {.welcome = fixture_on_welcome,
                                                      .ask = fixture_on_ask,
                                                      .refused = fixture_on_refused,
                                                      .edits = fixture_on_edits,
                                                      .session = fixture_on_session,
                                                      .consoles = fixture_on_consoles};

static inline struct server *fixture_listen(struct fixture *f, struct err *err)
{
    const struct server_options options = {.socket_path = f->path,
                                           .config = &f->config,
                                           .plant = &f->plant,
                                           .alarms = &f->alarms,
                                           .board = &f->board,
                                           .commands = &f->commands,
                                           .reservations = &f->reservations};
    return server_new(&options, &FIXTURE_HANDLER, f, err);
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = mem_new(1, sizeof *f);
    struct err err = {0};
    snprintf(f->directory, sizeof f->directory, "/tmp/hmi-server-XXXXXX");
    if (!mkdtemp(f->directory))
        return -1;
    snprintf(f->path, sizeof f->path, "%s/hmi.sock", f->directory);
    config_init_defaults(&f->config);
    plant_init(&f->plant, &(struct plant_options){.max_tags = 20000,
                                                  .max_payload = 1 << 20,
                                                  .source_time_past_us = SECOND,
                                                  .source_time_future_us = SECOND});
    alarms_init(&f->alarms, &f->plant, SECOND);
    f->batch = batch_new();
    f->now_us = 1000 * SECOND;
    plant_link_up(&f->plant, &(struct plant_time){.wall_us = f->now_us, .mono_us = f->now_us});
    plant_backlog_end(&f->plant, &(struct plant_time){.wall_us = f->now_us, .mono_us = f->now_us});
    f->server = fixture_listen(f, &err);
    if (!f->server)
        fail_msg("%s", err.text);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    server_free(f->server);
    alarms_free(&f->alarms);
    alarm_board_free(&f->board);
    plant_free(&f->plant);
    batch_free(f->batch);
    for (size_t i = 0; i < f->config.access[ROLE_NONE].count; i++) /* a rule that no file can give */
        free(f->config.access[ROLE_NONE].names[i]);
    free(f->config.access[ROLE_NONE].names);
    config_free(&f->config);
    unlink(f->path);
    int left = rmdir(f->directory);
    free(f);
    return left; /* the server leaves nothing behind */
}

static inline void fixture_say(struct fixture *f, const char *topic, const char *payload)
{
    const struct plant_message message = {
        .topic = topic, .payload = (const uint8_t *)payload, .length = strlen(payload)};
    plant_receive(&f->plant, &message, &(struct plant_time){.wall_us = f->now_us, .mono_us = f->now_us},
                  f->batch);
    batch_clear(f->batch);
}

/* Sets the number of tag n (its id is n + 1), which comes to be with that. */
static inline void fixture_set(struct fixture *f, size_t n, double number)
{
    char topic[32], payload[32];
    snprintf(topic, sizeof topic, "plant/%zu", n);
    snprintf(payload, sizeof payload, "%g", number);
    fixture_say(f, topic, payload);
}

/* One turn of the recorder's loop, which never waits. */
static inline void fixture_turn(struct fixture *f)
{
    struct pollfd fds[SERVER_POLL_MAX];
    size_t count = server_poll_set(f->server, fds, COUNT(fds));
    assert_true(poll(fds, count, 0) >= 0);
    server_serve(f->server, fds, count, f->now_us);
    f->wait_us = server_tick(f->server, f->now_us);
    assert_true(f->wait_us >= 0);
}

/* Gives the user who runs the test a role, and nobody else. */
static inline void fixture_grant(struct fixture *f, enum role role)
{
    const struct passwd *user = getpwuid(geteuid());
    for (int r = 0; r <= ROLE_ENGINEER; r++) {
        for (size_t i = 0; i < f->config.access[r].count; i++)
            free(f->config.access[r].names[i]);
        free(f->config.access[r].names);
        f->config.access[r] = (struct config_names){0};
    }
    f->config.has_access = true;
    f->config.access[role] = (struct config_names){.names = mem_new(1, sizeof(char *)), .count = 1};
    f->config.access[role].names[0] = mem_copy_text(user ? user->pw_name : "*");
    server_set_config(f->server, &f->config);
    while (server_awaits_names(f->server)) { /* a thread looks them up */
        struct timespec moment = {.tv_nsec = 100000};
        nanosleep(&moment, NULL);
        fixture_turn(f);
    }
}

/* ---- consoles ---- */

static inline struct client *client_connect(const struct fixture *f)
{
    struct client *client = mem_new(1, sizeof *client);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", f->path);
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    buf_init(&client->in, 0);
    assert_true(client->fd >= 0);
    assert_int_equal(connect(client->fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(fcntl(client->fd, F_SETFL, O_NONBLOCK), 0);
    return client;
}

static inline void client_free(struct client *client)
{
    close(client->fd);
    buf_free(&client->in);
    free(client);
}

/* Sends as much as the socket takes; returns how much. */
static inline size_t client_send(const struct client *client, const void *bytes, size_t length)
{
    ssize_t sent = send(client->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? 0 : (size_t)sent;
}

static inline void client_put(const struct client *client, enum wire_type type, const void *record)
{
    struct buf out;
    buf_init(&out, 0);
    wire_put(&out, type, record);
    assert_int_equal(client_send(client, out.data, out.length), out.length);
    buf_free(&out);
}

static inline void client_hello_of(const struct client *client, enum wire_purpose purpose, uint32_t version)
{
    client_put(client, WIRE_HELLO,
               &(struct wire_hello){
                   .version = version, .program = "test", .station = "pts/7 \x1b[31m", .purpose = purpose});
}

static inline void client_hello(const struct client *client, enum wire_purpose purpose)
{
    client_hello_of(client, purpose, WIRE_VERSION);
}

static inline void client_take(struct client *client, enum wire_type type, const void *record)
{
    if (type == WIRE_WELCOME) {
        client->welcome = *(const struct wire_welcome *)record;
    } else if (type == WIRE_RULES) {
        client->rules = *(const struct wire_rules *)record;
    } else if (type == WIRE_REFUSED) {
        snprintf(client->refused, sizeof client->refused, "%s",
                 ((const struct wire_refused *)record)->reason);
    } else if (type == WIRE_TAG) {
        const struct wire_tag *tag = record;
        assert_in_range(tag->tag, 1, CLIENT_TAGS - 1);
        client->defined[tag->tag] = true;
        snprintf(client->name, sizeof client->name, "%s", tag->name);
    } else if (type == WIRE_SAMPLE) {
        const struct wire_sample *sample = record;
        assert_in_range(sample->tag, 1, CLIENT_TAGS - 1);
        assert_true(client->defined[sample->tag]);
        client->numbers[sample->tag] = sample->number;
        client->samples[sample->tag]++;
    } else if (type == WIRE_SNAPSHOT_END) {
        client->snapshot_tags = ((const struct wire_snapshot_end *)record)->tags;
    } else if (type == WIRE_ANSWER) {
        const struct wire_answer *answer = record;
        client->answers_good += answer->good;
        client->last_request = answer->request;
        snprintf(client->answer, sizeof client->answer, "%s", answer->text);
    }
}

static inline void client_take_frame(struct client *client, struct wire_frame *frame)
{
    union {
        struct wire_welcome welcome;
        struct wire_tag tag;
        struct wire_status status;
        struct wire_detail detail;
        uint64_t room[64];
    } record;
    enum wire_result result = WIRE_MORE;
    assert_in_range(frame->type, 0, WIRE_TYPE_COUNT - 1);
    assert_true(wire_message(frame->type)->size <= sizeof record);
    if (!frame->length)
        client->counts[frame->type]++;
    while ((result = wire_next_record(frame, &record)) == WIRE_OK) {
        client->counts[frame->type]++;
        client_take(client, frame->type, &record);
    }
    assert_int_equal(result, WIRE_MORE);
}

/* Reads all that has come. */
static inline void client_read(struct client *client)
{
    static uint8_t bytes[1 << 16];
    ssize_t got;
    while ((got = recv(client->fd, bytes, sizeof bytes, 0)) > 0) {
        client->bytes += (uint64_t)got;
        buf_append(&client->in, bytes, (size_t)got);
    }
    client->ended |= got == 0 || (got < 0 && errno != EAGAIN);
    size_t position = 0, used;
    struct wire_frame frame;
    enum wire_result result;
    while ((result = wire_next_frame(client->in.data + position, client->in.length - position, &frame,
                                     &used)) == WIRE_OK) {
        position += used;
        client_take_frame(client, &frame);
    }
    assert_int_equal(result, WIRE_MORE);
    buf_consume(&client->in, position);
}

/* Turns of the loop in which this console (may be NULL) reads, at a clock that stands. */
static inline void fixture_turns(struct fixture *f, struct client *client, int turns)
{
    while (turns--) {
        fixture_turn(f);
        if (client)
            client_read(client);
    }
}

/* A console that has its snapshot and the lists behind it. */
static inline struct client *client_attach(struct fixture *f)
{
    struct client *client = client_connect(f);
    client_hello(client, WIRE_PURPOSE_SCREEN);
    for (int i = 0; i < 1000 && !client->counts[WIRE_SNAPSHOT_END]; i++)
        fixture_turns(f, client, 1);
    assert_int_equal(client->counts[WIRE_SNAPSHOT_END], 1);
    return client;
}

#endif
