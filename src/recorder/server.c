#include "recorder/server_internal.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SERVER_POLL_FIRST 2 /* what is polled before the consoles: the listener, the names */

#define SERVER_DEAF_US CLOCK_US_PER_SECOND /* no descriptors were left: nobody is let in for so long */

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

/* What consoles have to know of the configuration. */
static void server_take_rules(struct server *server, const struct config *config)
{
    server->rules =
        (struct wire_rules){.lock_after_us = config->lock_after_us, .shelve_max_us = config->shelve_max_us};
    for (size_t i = 0; i < server->count; i++)
        server->consoles[i]->due |= CONSOLE_DUE_RULES;
}

struct server *server_new(const struct server_options *options, const struct server_handler *handler,
                          void *context, struct err *err)
{
    struct server *server = mem_new(1, sizeof *server);
    server->fd = -1;
    server->plant = options->plant;
    server->alarms = options->alarms;
    server->board = options->board;
    server->commands = options->commands;
    server->reservations = options->reservations;
    server->handler = handler;
    server->context = context;
    access_init(&server->access, options->config->has_access, options->config->access);
    server_take_rules(server, options->config);
    server->names = names_new(err);
    if (!server->names || !server_listen(server, options->socket_path, err)) {
        server_free(server);
        return NULL;
    }
    return server;
}

void server_set_config(struct server *server, const struct config *config)
{
    names_want_access(server->names, config);
    server->access_due = true;
    server_take_rules(server, config);
}

bool server_awaits_names(const struct server *server)
{
    return server->access_due;
}

static void server_take_access(struct server *server)
{
    struct access access;
    if (!names_take_access(server->names, &access))
        return;
    access_free(&server->access);
    server->access = access;
    server->access_due = false;
    chmod(server->path, server->access.configured ? 0666 : 0600);
    for (size_t i = 0; i < server->count; i++) {
        struct console *console = server->consoles[i];
        console_take_role(console, &server->access);
        console->due |= CONSOLE_DUE_RULES;
        if (console->role != ROLE_NONE)
            continue;
        snprintf(console->bye, sizeof console->bye, "its access was taken away");
        console->gone = true;
    }
}

/* Names were found. */
static void server_take_names(struct server *server)
{
    names_note_found(server->names);
    server_take_access(server);
    for (size_t i = 0; i < server->count; i++)
        console_take_name(server->consoles[i], server->names);
}

bool server_free(struct server *server)
{
    if (!server)
        return false;
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
    bool left_thread = names_free(server->names);
    free(server);
    return left_thread;
}

/* ---- coming and going ---- */

/* One user may neither keep the others out, nor all the others the recorder's own. */
bool server_has_room(const struct server *server, uid_t uid)
{
    size_t same = 0, others = 0;
    for (size_t i = 0; i < server->count; i++) {
        same += server->consoles[i]->uid == uid;
        others += server->consoles[i]->uid != server->access.own_uid;
    }
    if (server->count == SERVER_CONSOLES_MAX)
        return false;
    return uid == server->access.own_uid ||
           (same < SERVER_CONSOLES_ONE && others < SERVER_CONSOLES_MAX - SERVER_CONSOLES_OWN);
}

/* Tells a console that there is no room for it, as far as that goes without waiting. */
static void server_turn_away(const struct server *server, const struct console *console)
{
    const struct server_session session = console_session(console);
    char reason[SERVER_TEXT_MAX];
    struct buf out;
    snprintf(reason, sizeof reason, "no room for another console of %s (%zu are attached): close one of them",
             console->user, server->count);
    server->handler->session(server->context, &session, SERVER_REFUSED, reason);
    buf_init(&out, 0);
    wire_put(&out, WIRE_REFUSED, &(struct wire_refused){.reason = reason});
    ssize_t sent = send(console->fd, out.data, out.length, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent; /* it sees the end of the connection in any case */
    buf_free(&out);
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
    struct console *console = mem_new(1, sizeof *console);
    console->fd = fd;
    buf_init(&console->in, SERVER_REQUESTS_MAX);
    bool identified = console_identify(console);
    if (identified)
        console_take_name(console, server->names);
    if (!identified || !server_has_room(server, console->uid)) {
        if (identified)
            server_turn_away(server, console);
        console_free(console);
        return;
    }
    console->name_until_us = now_us + SERVER_NAME_US;
    console_take_role(console, &server->access);
    console->number = ++server->last_number;
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

static void server_end_session(const struct server *server, const struct console *console, const char *why)
{
    const struct server_session session = console_session(console);
    if (console->greeted)
        server->handler->session(server->context, &session, SERVER_DETACHED, why);
}

void server_end_sessions(struct server *server, const char *why)
{
    for (size_t i = 0; i < server->count; i++)
        server_end_session(server, server->consoles[i], why);
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
            snprintf(console->bye, sizeof console->bye, "cut off: it did not read");
        }
        server_end_session(server, console, *console->bye ? console->bye : "it was lost");
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

size_t server_poll_set(struct server *server, struct pollfd *fds, size_t room)
{
    size_t count = 0;
    if (room < SERVER_POLL_FIRST)
        return 0;
    fds[count++] = (struct pollfd){.fd = server->deaf_until_us ? -1 : server->fd, .events = POLLIN};
    fds[count++] = (struct pollfd){.fd = names_fd(server->names), .events = POLLIN};
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
    if (count && fds[1].revents & POLLIN)
        server_take_names(server);
    for (size_t i = SERVER_POLL_FIRST; i < count && i < known + SERVER_POLL_FIRST; i++) {
        struct console *console = server->consoles[i - SERVER_POLL_FIRST];
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
        for (size_t i = 0; i < server->count; i++) {
            struct console *console = server->consoles[i];
            if (!console->greeted || console->purpose == WIRE_PURPOSE_ASK)
                continue;
            feed_mark(&console->feed, tag->index, mark);
            if (console->detail_tag == tag->id)
                console->detail_due_us =
                    0; /* a faceplate's payload belongs to its value: in the same frame */
        }
    }
}

static void server_spread_reservations(struct server *server)
{
    if (server->reservations->changes == server->reservation_changes)
        return;
    server->reservation_changes = server->reservations->changes;
    server_owe(server, CONSOLE_DUE_RESERVATIONS);
}

static void server_spread_alarms(struct server *server)
{
    const uint32_t *ids;
    size_t count = alarm_board_take_changed(server->board, &ids);
    for (size_t n = 0; n < count; n++)
        for (size_t i = 0; i < server->count; i++)
            if (server->consoles[i]->greeted && server->consoles[i]->purpose != WIRE_PURPOSE_ASK)
                feed_mark(&server->consoles[i]->alarm_feed, ids[n], FEED_VALUE);
}

void server_release_answers(struct server *server, uint64_t commits)
{
    for (size_t i = 0; i < server->count; i++)
        console_release_answers(server->consoles[i], commits);
}

int64_t server_tick(struct server *server, int64_t now_mono_us)
{
    int64_t wait_us = INT64_MAX;
    if (server->deaf_until_us && now_mono_us >= server->deaf_until_us)
        server->deaf_until_us = 0;
    if (server->deaf_until_us)
        wait_us = server->deaf_until_us - now_mono_us;
    server_spread_changes(server);
    server_spread_alarms(server);
    server_spread_reservations(server);
    for (size_t i = 0; i < server->count; i++) {
        struct console *console = server->consoles[i];
        console_fill(console, server, now_mono_us);
        console_go_on(console, server, now_mono_us);
        int64_t wanted_us = console_wait_us(console, server, now_mono_us);
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
