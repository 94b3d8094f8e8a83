#include "cli/client.h"

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/sockets.h"
#include "plant/command.h"
#include "recorder/lock.h"
#include "ui/link.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENT_LOOK_MS 10 /* between two looks whether a recorder has ended */

bool client_open(struct client *client, const char *given, struct err *err)
{
    memset(client, 0, sizeof *client);
    config_init_defaults(&client->config);
    mirror_init(&client->mirror);
    char *path = config_find(given, err);
    if (!path)
        return false;
    config_free(&client->config);
    struct config_report report;
    /* A recorder that runs on what was good stays within reach while somebody edits the file. */
    if (!config_load(&client->config, path, &report))
        fprintf(stderr, "hmi: " CLIENT_FAULTS "\n", report.count);
    config_report_free(&report);
    free(path);
    cli_use_timezone(&client->config);
    client->socket_paths = sockets_of(&client->config);
    return true;
}

void client_close(struct client *client)
{
    config_free(&client->config);
    if (client->socket_paths)
        config_free_list(client->socket_paths);
    mirror_free(&client->mirror);
}

/* Why the link does not come to an end, as an error. */
static bool client_fail(const struct link *link, struct err *err)
{
    switch (link_state(link)) {
    case LINK_REFUSED:
        return err_set(err, EX_NOPERM, "%s", link_text(link));
    case LINK_SEARCHING:
        return err_set(err, EX_UNAVAILABLE, "%s", link_text(link));
    case LINK_ENDED:
        return err_set(err, EX_TEMPFAIL, "the recorder has ended the connection without an answer");
    case LINK_OLD:
        return err_set(err, EX_UNAVAILABLE, "%s", link_text(link));
    default:
        return err_set(err, EX_TEMPFAIL, "the recorder does not answer");
    }
}

struct client_wish {
    enum wire_purpose purpose;
    struct wire_ask ask;           /* WIRE_PURPOSE_ASK */
    uint32_t request;              /* 0: not asked yet */
    int64_t wait_us;               /* beyond CLIENT_TIMEOUT_MS */
    client_command_function *told; /* of the command that was asked for; NULL: only the answer counts */
    void *context;
};

static bool client_has_ended(const struct client_wish *wish, const struct mirror *mirror)
{
    const struct wire_command *command = mirror_find_command(mirror, mirror->answer.command);
    if (command)
        wish->told(wish->context, command);
    return command && command->state >= COMMAND_DONE;
}

/* True when all that was wished for has come. After a stop that is the end of the recorder, too. */
static bool client_is_done(const struct client_wish *wish, const struct mirror *mirror, enum link_state state)
{
    if (wish->purpose == WIRE_PURPOSE_SNAPSHOT)
        return state == LINK_ENDED;
    if (!wish->request || mirror->answer.request != wish->request)
        return false;
    if (wish->told && mirror->answer.good)
        return client_has_ended(wish, mirror);
    return wish->ask.action != WIRE_ACTION_STOP || !mirror->answer.good || state == LINK_ENDED;
}

static bool client_is_hopeless(const struct link *link, const struct client_wish *wish)
{
    switch (link_state(link)) {
    case LINK_REFUSED:
    case LINK_ENDED:
        return true;
    case LINK_SEARCHING:
        return link_fd(link) < 0;
    case LINK_OLD:
        return wish->purpose == WIRE_PURPOSE_ASK && !wish->request;
    default:
        return false;
    }
}

static bool client_run(struct client *client, struct client_wish wish, struct err *err)
{
    struct link *link = link_new((const char *const *)client->socket_paths, wish.purpose, &client->mirror);
    int64_t until_us = clock_mono_us() + wish.wait_us + CLIENT_TIMEOUT_MS * CLOCK_US_PER_MS, now_us;
    struct pollfd fd = {0};
    bool done = false, hopeless = false;
    while (!done && !hopeless && (now_us = clock_mono_us()) < until_us) {
        link_step(link, fd.revents, now_us, clock_wall_us());
        if (wish.purpose == WIRE_PURPOSE_ASK && !wish.request && client->mirror.attached)
            wish.request = link_request(link, &wish.ask);
        done = client_is_done(&wish, &client->mirror, link_state(link));
        hopeless = client_is_hopeless(link, &wish);
        if (done || hopeless)
            continue;
        fd = (struct pollfd){.fd = link_fd(link), .events = link_events(link)};
        poll(&fd, 1, (int)((until_us - now_us) / CLOCK_US_PER_MS) + 1);
    }
    if (!done)
        client_fail(link, err);
    link_free(link);
    return done;
}

bool client_snapshot(struct client *client, struct err *err)
{
    return client_run(client, (struct client_wish){.purpose = WIRE_PURPOSE_SNAPSHOT}, err);
}

/* The socket of a recorder that ends is gone before its last commit: until the file is free for others. */
static void client_wait_end(const struct client *client)
{
    int64_t until_us = clock_mono_us() + CLIENT_TIMEOUT_MS * CLOCK_US_PER_MS;
    pid_t recorder = (pid_t)client->mirror.welcome.pid;
    while (lock_holder(client->config.history.file) == recorder && clock_mono_us() < until_us)
        poll(NULL, 0, CLIENT_LOOK_MS);
}

int client_tell(const char *name, const char *given, const struct wire_ask *ask)
{
    struct client client;
    struct err err = {0};
    if (client_open(&client, given, &err) && client_request(&client, ask, &err)) {
        const struct wire_answer *answer = &client.mirror.answer;
        if (answer->good && ask->action == WIRE_ACTION_STOP)
            client_wait_end(&client);
        if (answer->good)
            printf("%s\n", answer->text);
        else
            err_set(&err, answer->code ? (int)answer->code : EX_NOPERM, "%s", answer->text);
    }
    if (err.code)
        fprintf(stderr, "hmi %s: %s\n", name, err.text);
    client_close(&client);
    return err.code;
}

bool client_command(struct client *client, const struct wire_ask *ask, int64_t wait_us,
                    client_command_function *told, void *context, struct err *err)
{
    return client_run(
        client,
        (struct client_wish){
            .purpose = WIRE_PURPOSE_ASK, .ask = *ask, .wait_us = wait_us, .told = told, .context = context},
        err);
}

bool client_request(struct client *client, const struct wire_ask *ask, struct err *err)
{
    return client_run(client, (struct client_wish){.purpose = WIRE_PURPOSE_ASK, .ask = *ask}, err);
}
