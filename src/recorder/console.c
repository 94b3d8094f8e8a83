/* One attached console: its snapshot, and then what changed, a frame at a time. What it asks for: console_requests.c. */
#include "recorder/server_internal.h"

#include "base/log.h"
#include "plant/decode.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONSOLE_FRAME_INTERVAL_US (50 * CLOCK_US_PER_MS) /* 20 a second: what a screen can show */
#define CONSOLE_TAGS_A_ROUND      4096                   /* encoded before the loop looks at anything else */
#define CONSOLE_ALARMS_A_ROUND    2048
#define CONSOLE_DETAIL_US         CLOCK_US_PER_SECOND

/* ---- coming and going ---- */

bool console_identify(struct console *console)
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
    return true;
}

void console_take_name(struct console *console, struct names *names)
{
    console->named = console->named || names_find_user(names, console->uid, console->user);
}

bool console_may_greet(const struct console *console, int64_t now_us)
{
    return console->named || now_us >= console->name_until_us;
}

void console_take_role(struct console *console, const struct access *access)
{
    console->role = access_role(access, console->uid, console->groups, console->group_count);
    if (console->view && console->role > ROLE_VIEWER)
        console->role = ROLE_VIEWER;
}

struct server_session console_session(const struct console *console)
{
    return (struct server_session){.console = console->number,
                                   .uid = console->uid,
                                   .pid = console->pid,
                                   .user = console->user,
                                   .station = console->station,
                                   .role = console->role,
                                   .purpose = console->purpose,
                                   .view = console->view,
                                   .since_us = console->since_us};
}

void console_free(struct console *console)
{
    close(console->fd);
    feed_free(&console->feed);
    feed_free(&console->alarm_feed);
    buf_free(&console->in);
    buf_free(&console->out);
    buf_free(&console->held);
    free(console);
}

bool console_is_stuck(const struct console *console, int64_t now_us)
{
    bool waiting = console_unsent(console) || !console->greeted;
    return waiting && now_us - console->progress_us > SERVER_STUCK_US;
}

/* ---- sending ---- */

size_t console_unsent(const struct console *console)
{
    return console->out.length - console->out_sent;
}

void console_release_answers(struct console *console, uint64_t commits)
{
    if (!console->held.length || console->held_commit > commits)
        return;
    buf_append(&console->out, console->held.data, console->held.length);
    buf_clear(&console->held);
}

void console_flush(struct console *console, int64_t now_us)
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

static void console_put_reservations(struct console *console, const struct server *server, int64_t now_us)
{
    struct wire_writer writer = wire_begin(&console->out, WIRE_RESERVATION);
    for (size_t i = 0; i < RESERVATION_MAX; i++) {
        const struct reservation *row = &server->reservations->rows[i];
        if (row->tag_id && now_us < row->until_us)
            wire_add_record(&writer, &(struct wire_reservation){.tag = row->tag_id,
                                                                .operator_name = row->name,
                                                                .station = row->station,
                                                                .since_us = row->since_us,
                                                                .self = row->holder == console->number});
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

static void console_put_due(struct console *console, const struct server *server, int64_t now_us)
{
    if (console->due & CONSOLE_DUE_STATUS && server->has_status)
        wire_put(&console->out, WIRE_STATUS, &server->status);
    if (console->due & CONSOLE_DUE_RULES)
        wire_put(&console->out, WIRE_RULES,
                 &(struct wire_rules){.role = console->role,
                                      .lock_after_us = server->rules.lock_after_us,
                                      .shelve_max_us = server->rules.shelve_max_us});
    if (console->due & CONSOLE_DUE_FAULTS)
        console_put_list(console, WIRE_FAULT, server->faults, server->fault_count, sizeof *server->faults);
    if (console->due & CONSOLE_DUE_REFUSALS)
        console_put_list(console, WIRE_REFUSAL, server->refusals, server->refusal_count,
                         sizeof *server->refusals);
    if (console->due & CONSOLE_DUE_CONSOLES)
        console_put_consoles(console, server);
    if (console->due & CONSOLE_DUE_RESERVATIONS)
        console_put_reservations(console, server, now_us);
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

void console_fill(struct console *console, const struct server *server, int64_t now_us)
{
    if (!console->greeted || console->closing || console_unsent(console) || now_us < console->next_frame_us)
        return;
    console->progress_us = now_us; /* nothing waited for it until now */
    if (console->purpose != WIRE_PURPOSE_ASK) {
        if (!console->frame_left)
            console->frame_left = console->feed.count;
        size_t round =
            console->frame_left < CONSOLE_TAGS_A_ROUND ? console->frame_left : CONSOLE_TAGS_A_ROUND;
        console->frame_left -= feed_encode(&console->feed, server->plant, round, &console->out);
        if (!console->frame_left)
            alarm_feed_encode(&console->alarm_feed, server->alarms, server->board, CONSOLE_ALARMS_A_ROUND,
                              &console->out);
        if (!console->frame_left && !console->alarm_feed.count)
            command_board_encode(server->commands, server->plant, &console->command_mark, &console->out);
        if (!console->snapshot_done && !console->frame_left && !console->alarm_feed.count) {
            console->snapshot_done = true;
            console->due |= CONSOLE_DUE_ALL;
            wire_put(&console->out, WIRE_SNAPSHOT_END,
                     &(struct wire_snapshot_end){.tags = (uint32_t)server->plant->tag_count});
        }
        if (console->snapshot_done)
            console_put_due(console, server, now_us);
        if (console->snapshot_done && console->purpose == WIRE_PURPOSE_SNAPSHOT)
            console->closing = true;
    } else if (console->follows) {
        command_board_encode(server->commands, server->plant, &console->command_mark, &console->out);
    }
    if (console->detail_tag && now_us >= console->detail_due_us) {
        console_put_detail(console, server);
        console->detail_due_us = now_us + CONSOLE_DETAIL_US;
    }
    /* What is left of a frame goes on at once, further changes wait for the next one. */
    if (console->out.length)
        console->next_frame_us =
            console->frame_left || console->alarm_feed.count ? now_us : now_us + CONSOLE_FRAME_INTERVAL_US;
}

/* ---- receiving ---- */

void console_read(struct console *console, struct server *server, int64_t now_us)
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

/* ---- the loop's side ---- */

void console_go_on(struct console *console, struct server *server, int64_t now_us)
{
    console_flush(console, now_us);
    if (console->in.length && !console->gone)
        console_obey_all(console, server, now_us);
}

/* Whether commands have changed that it has still to be told of. */
static bool console_awaits_commands(const struct console *console, const struct server *server)
{
    return (console->purpose != WIRE_PURPOSE_ASK || console->follows) &&
           server->commands->sequence > console->command_mark;
}

int64_t console_wait_us(const struct console *console, const struct server *server, int64_t now_us)
{
    if (console_unsent(console)) /* poll() says when it goes on; look after stuck ones now and then */
        return CLOCK_US_PER_SECOND;
    if (!console_may_greet(console, now_us))
        return console->name_until_us - now_us;
    bool commands = console->greeted && console_awaits_commands(console, server);
    if (!console->greeted || (console->purpose == WIRE_PURPOSE_ASK && !commands))
        return CLOCK_US_PER_SECOND;
    int64_t due_us = INT64_MAX;
    if (console->feed.count || console->alarm_feed.count || commands || console->due ||
        (!console->snapshot_done && console->purpose != WIRE_PURPOSE_ASK))
        due_us = console->next_frame_us;
    /* The detail comes with a frame, never before it. */
    if (console->detail_tag && console->detail_due_us < due_us)
        due_us =
            console->detail_due_us > console->next_frame_us ? console->detail_due_us : console->next_frame_us;
    if (due_us == INT64_MAX)
        return INT64_MAX;
    return due_us > now_us ? due_us - now_us : 0;
}
