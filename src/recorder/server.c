#include "recorder/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/version.h"
#include "plant/decode.h"
#include "recorder/access.h"
#include "recorder/feed.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SERVER_FRAME_INTERVAL_US (50 * CLOCK_US_PER_MS) /* 20 a second: what a screen can show */
#define SERVER_TAGS_A_ROUND      4096                   /* encoded before the loop looks at anything else */
#define SERVER_REQUESTS_MAX      65536 /* bytes a console may have sent without a whole frame */
#define SERVER_DETAIL_US         CLOCK_US_PER_SECOND
#define SERVER_DEAF_US           CLOCK_US_PER_SECOND
#define SERVER_GROUPS_MAX        256
#define SERVER_TEXT_MAX          512

enum console_due {
    CONSOLE_DUE_STATUS = 1,
    CONSOLE_DUE_FAULTS = 2,
    CONSOLE_DUE_REFUSALS = 4,
    CONSOLE_DUE_CONSOLES = 8,
    CONSOLE_DUE_ALL = 15
};

struct console {
    int fd;
    uid_t uid;
    pid_t pid;
    gid_t groups[SERVER_GROUPS_MAX]; /* by the kernel's word, kept for a reload */
    size_t group_count;
    char user[64];
    char station[128];
    enum role role;
    enum wire_purpose purpose;
    bool greeted;       /* HELLO came and WELCOME is on its way */
    bool snapshot_done; /* SNAPSHOT_END is on its way */
    bool closing;       /* close when everything has been sent */
    bool gone;          /* to be removed at the end of the round */
    struct buf in, out;
    size_t out_sent;
    struct feed feed;
    size_t frame_left;   /* tags of this frame (at first: of the snapshot) that have still to be encoded */
    unsigned due;        /* enum console_due, or-ed */
    uint32_t detail_tag; /* 0: none wanted */
    int64_t detail_due_us;
    int64_t next_frame_us; /* not before: SERVER_FRAME_INTERVAL_US */
    int64_t progress_us;   /* when it last took something, or had nothing to take */
    int64_t since_us;      /* wall clock */
    uint64_t sent_bytes;
};

struct server {
    int fd;
    int64_t deaf_until_us; /* no descriptors were left: nobody is let in before; 0: listening */
    char *path;
    struct access access;
    struct plant *plant;
    const struct server_handler *handler;
    void *context;
    struct console *consoles[SERVER_CONSOLES_MAX];
    size_t count;
    uint64_t cut;
    struct wire_status status;
    bool has_status;
    const struct wire_fault *faults;
    size_t fault_count;
    const struct wire_refusal *refusals;
    size_t refusal_count;
};

/* ---- the socket ---- */

static bool server_is_served(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* EAGAIN: it is there, but busy. */
    bool served =
        fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN);
    if (fd >= 0)
        close(fd);
    return served;
}

/* Removes the socket that a recorder left when it crashed; nothing else that may have that name. */
static bool server_remove_old(const char *path, struct err *err)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return true;
    if (!S_ISSOCK(status.st_mode))
        return err_set(err, EX_CONFIG, "%s is not a socket: choose another name for the socket", path);
    unlink(path);
    return true;
}

static bool server_listen(struct server *server, const char *path, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return err_set(err, EX_CONFIG, "the socket path %s is longer than %zu bytes", path,
                       sizeof address.sun_path - 1);
    strcpy(address.sun_path, path); /* its length is checked above */
    if (server_is_served(&address))
        return err_set(err, EX_UNAVAILABLE, "another recorder already serves %s", path);
    if (!server_remove_old(path, err))
        return false;
    server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server->fd < 0 || bind(server->fd, (const struct sockaddr *)&address, sizeof address) != 0)
        return err_set(err, EX_CANTCREAT, "cannot make the socket %s: %s", path, strerror(errno));
    server->path = mem_copy_text(path);
    /* Whoever `access` names may connect: the kernel tells who it is, and the server decides. */
    if (chmod(path, server->access.configured ? 0666 : 0600) != 0 || listen(server->fd, 16) != 0)
        return err_set(err, EX_OSERR, "cannot listen on %s: %s", path, strerror(errno));
    return true;
}

struct server *server_new(const struct server_options *options, const struct server_handler *handler,
                          void *context, struct err *err)
{
    struct server *server = mem_new(1, sizeof *server);
    server->fd = -1;
    server->plant = options->plant;
    server->handler = handler;
    server->context = context;
    access_init(&server->access, options->config);
    if (!server_listen(server, options->socket_path, err)) {
        server_free(server);
        return NULL;
    }
    return server;
}

static void console_free(struct console *console)
{
    close(console->fd);
    feed_free(&console->feed);
    buf_free(&console->in);
    buf_free(&console->out);
    free(console);
}

void server_set_config(struct server *server, const struct config *config)
{
    access_free(&server->access);
    access_init(&server->access, config);
    chmod(server->path, server->access.configured ? 0666 : 0600);
    for (size_t i = 0; i < server->count; i++) {
        struct console *console = server->consoles[i];
        console->role = access_role(&server->access, console->uid, console->groups, console->group_count);
        if (console->role == ROLE_NONE)
            console->gone = true;
    }
}

/* ---- sending ---- */

static size_t console_unsent(const struct console *console)
{
    return console->out.length - console->out_sent;
}

static void console_flush(struct console *console, int64_t now_us)
{
    while (console_unsent(console)) {
        ssize_t sent = send(console->fd, console->out.data + console->out_sent, console_unsent(console),
                            MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (sent <= 0) {
            console->gone = true;
            return;
        }
        console->out_sent += (size_t)sent;
        console->sent_bytes += (uint64_t)sent;
        console->progress_us = now_us;
    }
    buf_clear(&console->out);
    console->out_sent = 0;
    console->progress_us = now_us;
    if (console->closing)
        console->gone = true;
}

void server_free(struct server *server)
{
    if (!server)
        return;
    for (size_t i = 0; i < server->count; i++) {
        console_flush(server->consoles[i], 0); /* the answer to "stop" may still be on its way */
        console_free(server->consoles[i]);
    }
    if (server->fd >= 0)
        close(server->fd);
    if (server->path)
        unlink(server->path);
    free(server->path);
    access_free(&server->access);
    free(server);
}

static void console_refuse(struct console *console, const char *reason)
{
    log_warning("console of %s (pid %d) refused: %s", console->user, (int)console->pid, reason);
    wire_put(&console->out, WIRE_REFUSED, &(struct wire_refused){.reason = reason});
    console->closing = true;
}

static void console_put_consoles(struct console *console, const struct server *server)
{
    struct wire_writer writer = wire_begin(&console->out, WIRE_CONSOLE);
    for (size_t i = 0; i < server->count; i++) {
        const struct console *other = server->consoles[i];
        if (!other->greeted || other->purpose != WIRE_PURPOSE_SCREEN)
            continue;
        wire_add_record(&writer, &(struct wire_console){.user = other->user,
                                                        .role = other->role,
                                                        .station = other->station,
                                                        .since_us = other->since_us,
                                                        .pid = (uint32_t)other->pid,
                                                        .sent_bytes = other->sent_bytes,
                                                        .self = other == console});
    }
    wire_end(&writer);
}

static void console_put_list(struct console *console, enum wire_type type, const void *records, size_t count,
                             size_t size)
{
    struct wire_writer writer = wire_begin(&console->out, type);
    for (size_t i = 0; i < count; i++)
        wire_add_record(&writer, (const uint8_t *)records + i * size);
    wire_end(&writer);
}

static void console_put_due(struct console *console, const struct server *server)
{
    if (console->due & CONSOLE_DUE_STATUS && server->has_status)
        wire_put(&console->out, WIRE_STATUS, &server->status);
    if (console->due & CONSOLE_DUE_FAULTS)
        console_put_list(console, WIRE_FAULT, server->faults, server->fault_count, sizeof *server->faults);
    if (console->due & CONSOLE_DUE_REFUSALS)
        console_put_list(console, WIRE_REFUSAL, server->refusals, server->refusal_count,
                         sizeof *server->refusals);
    if (console->due & CONSOLE_DUE_CONSOLES)
        console_put_consoles(console, server);
    console->due = 0;
}

static void console_put_detail(struct console *console, const struct server *server)
{
    const struct tag *tag = plant_tag_by_id(server->plant, console->detail_tag);
    char excerpt[4 * PLANT_EXCERPT_MAX + 1];
    if (!tag)
        return;
    const struct plant_topic *topic = tag->topic;
    size_t kept = topic->payload_length < PLANT_EXCERPT_MAX ? topic->payload_length : PLANT_EXCERPT_MAX;
    decode_escape(excerpt, sizeof excerpt, topic->excerpt, kept);
    wire_put(&console->out, WIRE_DETAIL,
             &(struct wire_detail){.tag = tag->id,
                                   .topic = topic->name,
                                   .excerpt = excerpt,
                                   .payload_bytes = topic->payload_length,
                                   .payload_us = topic->payload_us,
                                   .qos = topic->qos,
                                   .retained = topic->retained,
                                   .messages = topic->messages,
                                   .refused = topic->refused,
                                   .refused_reason = topic->refused_reason,
                                   .samples = tag->samples,
                                   .late_samples = tag->late_samples});
}

/* Makes the next frames, once everything before has left:
 * so a console never has more than one round in memory. */
static void console_fill(struct console *console, const struct server *server, int64_t now_us)
{
    if (!console->greeted || console->closing || console_unsent(console) || now_us < console->next_frame_us)
        return;
    console->progress_us = now_us; /* nothing waited for it until now */
    if (console->purpose != WIRE_PURPOSE_ASK) {
        if (!console->frame_left)
            console->frame_left = console->feed.count;
        size_t round = console->frame_left < SERVER_TAGS_A_ROUND ? console->frame_left : SERVER_TAGS_A_ROUND;
        console->frame_left -= feed_encode(&console->feed, server->plant, round, &console->out);
        if (!console->snapshot_done && !console->frame_left) {
            console->snapshot_done = true;
            console->due = CONSOLE_DUE_ALL;
            wire_put(&console->out, WIRE_SNAPSHOT_END,
                     &(struct wire_snapshot_end){.tags = (uint32_t)server->plant->tag_count});
        }
        if (console->snapshot_done)
            console_put_due(console, server);
        if (console->snapshot_done && console->purpose == WIRE_PURPOSE_SNAPSHOT)
            console->closing = true;
    }
    if (console->detail_tag && now_us >= console->detail_due_us) {
        console_put_detail(console, server);
        console->detail_due_us = now_us + SERVER_DETAIL_US;
    }
    /* What is left of a frame goes on at once, further changes wait for the next one. */
    if (console->out.length)
        console->next_frame_us = console->frame_left ? now_us : now_us + SERVER_FRAME_INTERVAL_US;
}

/* ---- requests ---- */

static void console_greet(struct console *console, struct server *server, const struct wire_hello *hello,
                          int64_t now_us)
{
    struct wire_welcome welcome = {0};
    char reason[SERVER_TEXT_MAX];
    if (console->role == ROLE_NONE) {
        snprintf(reason, sizeof reason,
                 "user %s has no access. In the recorder's configuration: access = { viewer = [ \"%s\" ]; };",
                 console->user, console->user);
        console_refuse(console, reason);
        return;
    }
    utf8_make_safe(console->station, sizeof console->station, hello->station, strlen(hello->station));
    console->purpose =
        hello->purpose <= WIRE_PURPOSE_ASK ? (enum wire_purpose)hello->purpose : WIRE_PURPOSE_SCREEN;
    console->greeted = true;
    console->progress_us = now_us;
    server->handler->welcome(server->context, &welcome);
    welcome.version = WIRE_VERSION;
    welcome.program = "hmi " HMI_VERSION;
    welcome.user = console->user;
    welcome.role = console->role;
    wire_put(&console->out, WIRE_WELCOME, &welcome);
    if (console->purpose != WIRE_PURPOSE_ASK)
        feed_mark_all(&console->feed, server->plant);
    console->next_frame_us = now_us;
}

/* Which role an action asks for; further actions get their rows with their issues. */
static enum role server_role_for(enum wire_action action)
{
    static const enum role ROLES[] = {
        [WIRE_ACTION_STOP] = ROLE_ENGINEER,
        [WIRE_ACTION_RELOAD] = ROLE_ENGINEER,
    };
    return action > 0 && (size_t)action < sizeof ROLES / sizeof *ROLES ? ROLES[action] : ROLE_NONE;
}

static void console_ask(struct console *console, struct server *server, const struct wire_ask *ask)
{
    char text[SERVER_TEXT_MAX] = "";
    enum role needed = server_role_for((enum wire_action)ask->action);
    bool good = false;
    if (needed == ROLE_NONE)
        snprintf(text, sizeof text, "this recorder does not know that request: restart it after an upgrade");
    else if (console->role < needed)
        snprintf(text, sizeof text,
                 "this needs the role %s; %s is %s. In the configuration: access = { %s = [ \"%s\" ]; };",
                 ROLE_WORDS[needed], console->user, ROLE_WORDS[console->role], ROLE_WORDS[needed],
                 console->user);
    else
        good = server->handler->ask(server->context, (enum wire_action)ask->action, ask->argument,
                                    console->user, text, sizeof text);
    if (!good)
        log_warning("request of %s refused: %s", console->user, text);
    wire_put(&console->out, WIRE_ANSWER,
             &(struct wire_answer){.request = ask->request, .good = good, .text = text});
}

/* One frame from a console; false: it does not speak our protocol. */
static bool console_obey(struct console *console, struct server *server, struct wire_frame *frame,
                         int64_t now_us)
{
    union {
        struct wire_hello hello;
        struct wire_want_detail want;
        struct wire_ask ask;
    } record;
    if (!console->greeted && frame->type != WIRE_HELLO)
        return false;
    if (frame->type != WIRE_HELLO && frame->type != WIRE_WANT_DETAIL && frame->type != WIRE_ASK)
        return true; /* a newer console may know more */
    if (wire_next_record(frame, &record) != WIRE_OK)
        return false;
    if (frame->type == WIRE_HELLO) {
        if (!console->greeted)
            console_greet(console, server, &record.hello, now_us);
    } else if (frame->type == WIRE_WANT_DETAIL) {
        console->detail_tag = record.want.tag;
        console->detail_due_us = console->next_frame_us = now_us;
    } else {
        console_ask(console, server, &record.ask);
    }
    return true;
}

static void console_obey_all(struct console *console, struct server *server, int64_t now_us)
{
    size_t position = 0, used;
    struct wire_frame frame;
    enum wire_result result = WIRE_MORE;
    if (console->greeted && !console_unsent(console))
        console->progress_us = now_us; /* nothing waited for it until now */
    /* A console that asks without reading the answers waits until it has read them. */
    while (!console->closing && console_unsent(console) < SERVER_REQUESTS_MAX &&
           (result = wire_next_frame(console->in.data + position, console->in.length - position, &frame,
                                     &used)) == WIRE_OK) {
        position += used;
        if (!console_obey(console, server, &frame, now_us)) {
            result = WIRE_BROKEN;
            break;
        }
    }
    buf_consume(&console->in, position);
    if (result == WIRE_BROKEN && !console->closing)
        console_refuse(console, "this is not the console protocol");
}

static void console_read(struct console *console, struct server *server, int64_t now_us)
{
    uint8_t bytes[4096];
    ssize_t got = recv(console->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
        console->gone = true;
    } else if (got > 0 && !buf_append(&console->in, bytes, (size_t)got)) {
        /* More than SERVER_REQUESTS_MAX without a whole request: nobody we know does that. */
        console->gone = true;
        server->cut++;
    } else if (got > 0) {
        console_obey_all(console, server, now_us);
    }
}

/* ---- coming and going ---- */

/* Who is at the other end, by the kernel's word: user, process and groups. */
static bool console_identify(struct console *console)
{
    struct ucred peer;
    socklen_t size = sizeof peer, groups_size = sizeof console->groups;
    if (getsockopt(console->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return false;
    console->uid = peer.uid;
    console->pid = peer.pid;
    if (getsockopt(console->fd, SOL_SOCKET, SO_PEERGROUPS, console->groups, &groups_size) == 0)
        console->group_count = groups_size / sizeof *console->groups;
    if (console->group_count < SERVER_GROUPS_MAX)
        console->groups[console->group_count++] = peer.gid;
    const struct passwd *user = getpwuid(peer.uid);
    if (user)
        utf8_make_safe(console->user, sizeof console->user, user->pw_name, strlen(user->pw_name));
    else
        snprintf(console->user, sizeof console->user, "uid %u", (unsigned)peer.uid);
    return true;
}

/* Tells a console that there is no room for it, as far as that goes without waiting. */
static void server_turn_away(int fd)
{
    char reason[SERVER_TEXT_MAX];
    struct buf out;
    snprintf(reason, sizeof reason, "%d consoles are attached already: close one of them",
             SERVER_CONSOLES_MAX);
    log_warning("a console was turned away: %s", reason);
    buf_init(&out, 0);
    wire_put(&out, WIRE_REFUSED, &(struct wire_refused){.reason = reason});
    ssize_t sent = send(fd, out.data, out.length, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent; /* it sees the end of the connection in any case */
    buf_free(&out);
    close(fd);
}

static void server_accept(struct server *server, int64_t now_us)
{
    int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            log_warning("a console cannot attach now: %s", strerror(errno));
            server->deaf_until_us = now_us + SERVER_DEAF_US; /* poll() would report it again at once */
        }
        return;
    }
    if (server->count == SERVER_CONSOLES_MAX) {
        server_turn_away(fd);
        return;
    }
    struct console *console = mem_new(1, sizeof *console);
    console->fd = fd;
    buf_init(&console->in, SERVER_REQUESTS_MAX);
    if (!console_identify(console)) {
        console_free(console);
        return;
    }
    console->role = access_role(&server->access, console->uid, console->groups, console->group_count);
    console->since_us = clock_wall_us();
    console->progress_us = now_us;
    server->consoles[server->count++] = console;
}

static size_t server_screens(const struct server *server)
{
    size_t screens = 0;
    for (size_t i = 0; i < server->count; i++)
        screens += server->consoles[i]->greeted && server->consoles[i]->purpose == WIRE_PURPOSE_SCREEN;
    return screens;
}

static void server_owe(struct server *server, enum console_due due)
{
    for (size_t i = 0; i < server->count; i++)
        server->consoles[i]->due |= due;
}

/* A console that takes nothing, or connects and says nothing, is cut off. */
static bool console_is_stuck(const struct console *console, int64_t now_us)
{
    bool waiting = console_unsent(console) || !console->greeted;
    return waiting && now_us - console->progress_us > SERVER_STUCK_US;
}

static void server_bury(struct server *server, int64_t now_us)
{
    size_t kept = 0, before = server_screens(server);
    for (size_t i = 0; i < server->count; i++) {
        struct console *console = server->consoles[i];
        bool stuck = console_is_stuck(console, now_us);
        if (!console->gone && !stuck) {
            server->consoles[kept++] = console;
            continue;
        }
        if (stuck && !console->gone) {
            server->cut++;
            log_warning("console of %s (pid %d) cut off: it does not read", console->user, (int)console->pid);
        }
        console_free(console);
    }
    server->count = kept;
    size_t now = server_screens(server);
    if (now != before) {
        server_owe(server, CONSOLE_DUE_CONSOLES);
        server->handler->consoles(server->context, now);
    }
}

/* ---- the loop's side ---- */

/* Sends what waits; then there may be room for the answers to further requests. */
static void console_go_on(struct console *console, struct server *server, int64_t now_us)
{
    console_flush(console, now_us);
    if (console->in.length && !console->gone)
        console_obey_all(console, server, now_us);
}

size_t server_poll_set(struct server *server, struct pollfd *fds, size_t room)
{
    size_t count = 0;
    if (!room)
        return 0;
    fds[count++] = (struct pollfd){.fd = server->deaf_until_us ? -1 : server->fd, .events = POLLIN};
    for (size_t i = 0; i < server->count && count < room; i++) {
        const struct console *console = server->consoles[i];
        bool reads = console_unsent(console) < SERVER_REQUESTS_MAX;
        fds[count++] = (struct pollfd){
            .fd = console->fd,
            .events = (short)((reads ? POLLIN : 0) | (console_unsent(console) ? POLLOUT : 0))};
    }
    return count;
}

void server_serve(struct server *server, const struct pollfd *fds, size_t count, int64_t now_mono_us)
{
    size_t known = server->count, screens = server_screens(server);
    for (size_t i = 1; i < count && i <= known; i++) {
        struct console *console = server->consoles[i - 1];
        if (fds[i].revents & (POLLIN | POLLHUP | POLLERR))
            console_read(console, server, now_mono_us);
        if (fds[i].revents & POLLOUT && !console->gone)
            console_go_on(console, server, now_mono_us);
    }
    if (count && fds[0].revents & POLLIN)
        server_accept(server, now_mono_us);
    if (server_screens(server) != screens) {
        server_owe(server, CONSOLE_DUE_CONSOLES);
        server->handler->consoles(server->context, server_screens(server));
    }
    server_bury(server, now_mono_us);
}

static void server_spread_changes(struct server *server)
{
    struct tag **changed;
    size_t count = plant_take_changed(server->plant, &changed);
    for (size_t n = 0; n < count; n++) {
        struct tag *tag = changed[n];
        enum feed_mark mark = tag->def_changed ? FEED_VALUE | FEED_DEFINITION : FEED_VALUE;
        tag->def_changed = false;
        for (size_t i = 0; i < server->count; i++)
            if (server->consoles[i]->greeted && server->consoles[i]->purpose != WIRE_PURPOSE_ASK)
                feed_mark(&server->consoles[i]->feed, tag->index, mark);
    }
}

/* When this console wants the next tick. */
static int64_t console_wait_us(const struct console *console, int64_t now_us)
{
    if (console_unsent(console)) /* poll() says when it goes on; look after stuck ones now and then */
        return CLOCK_US_PER_SECOND;
    if (!console->greeted || console->purpose == WIRE_PURPOSE_ASK)
        return CLOCK_US_PER_SECOND;
    int64_t due_us = INT64_MAX;
    if (console->feed.count || !console->snapshot_done || console->due)
        due_us = console->next_frame_us;
    /* The detail comes with a frame, never before it. */
    if (console->detail_tag && console->detail_due_us < due_us)
        due_us =
            console->detail_due_us > console->next_frame_us ? console->detail_due_us : console->next_frame_us;
    if (due_us == INT64_MAX)
        return INT64_MAX;
    return due_us > now_us ? due_us - now_us : 0;
}

int64_t server_tick(struct server *server, int64_t now_mono_us)
{
    int64_t wait_us = INT64_MAX;
    if (server->deaf_until_us && now_mono_us >= server->deaf_until_us)
        server->deaf_until_us = 0;
    if (server->deaf_until_us)
        wait_us = server->deaf_until_us - now_mono_us;
    server_spread_changes(server);
    for (size_t i = 0; i < server->count; i++) {
        struct console *console = server->consoles[i];
        console_fill(console, server, now_mono_us);
        console_go_on(console, server, now_mono_us);
        int64_t wanted_us = console_wait_us(console, now_mono_us);
        if (wanted_us < wait_us)
            wait_us = wanted_us;
    }
    server_bury(server, now_mono_us);
    return wait_us;
}

void server_set_status(struct server *server, const struct wire_status *status)
{
    server->status = *status;
    server->has_status = true;
    server_owe(server, CONSOLE_DUE_STATUS | CONSOLE_DUE_CONSOLES);
}

void server_set_faults(struct server *server, const struct wire_fault *faults, size_t count)
{
    server->faults = faults;
    server->fault_count = count;
    server_owe(server, CONSOLE_DUE_FAULTS);
}

void server_set_refusals(struct server *server, const struct wire_refusal *refusals, size_t count)
{
    server->refusals = refusals;
    server->refusal_count = count;
    server_owe(server, CONSOLE_DUE_REFUSALS);
}

size_t server_console_count(const struct server *server)
{
    return server_screens(server);
}

uint64_t server_consoles_cut(const struct server *server)
{
    return server->cut;
}
