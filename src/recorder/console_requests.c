/* What an attached console asks for: whether it is let in, whether its user may, and who does it then. */
#include "recorder/server_internal.h"

#include "base/utf8.h"
#include "base/version.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void console_tell_session(const struct console *console, const struct server *server,
                                 enum server_session_event event, const char *why)
{
    const struct server_session session = console_session(console);
    server->handler->session(server->context, &session, event, why);
}

static void console_refuse(struct console *console, const struct server *server, const char *reason)
{
    wire_put(&console->out, WIRE_REFUSED, &(struct wire_refused){.reason = reason});
    console->closing = true;
    console_tell_session(console, server, SERVER_REFUSED, reason);
}

static void console_greet(struct console *console, struct server *server, const struct wire_hello *hello,
                          int64_t now_us)
{
    struct wire_welcome welcome = {0};
    char reason[SERVER_TEXT_MAX];
    utf8_make_safe(console->station, sizeof console->station, hello->station, strlen(hello->station));
    if (console->role == ROLE_NONE) {
        snprintf(reason, sizeof reason,
                 "user %s has no access. In the recorder's configuration: access = { viewer = [ \"%s\" ]; };",
                 console->user, console->user);
        console_refuse(console, server, reason);
        return;
    }
    console->purpose =
        hello->purpose <= WIRE_PURPOSE_ASK ? (enum wire_purpose)hello->purpose : WIRE_PURPOSE_SCREEN;
    console->view = hello->view != 0;
    console_take_role(console, &server->access);
    console->greeted = true;
    console->other_version = hello->version != WIRE_VERSION;
    console->progress_us = now_us;
    server->handler->welcome(server->context, &welcome);
    welcome.version = WIRE_VERSION;
    welcome.program = "hmi " HMI_VERSION;
    welcome.user = console->user;
    welcome.role = console->role;
    welcome.view = console->view;
    welcome.lock_after_us = server->rules.lock_after_us;
    welcome.shelve_max_us = server->rules.shelve_max_us;
    wire_put(&console->out, WIRE_WELCOME, &welcome);
    if (console->purpose != WIRE_PURPOSE_ASK) {
        feed_mark_all(&console->feed, server->plant);
        alarm_feed_mark_all(&console->alarm_feed, server->board);
    }
    console->next_frame_us = now_us;
    console_tell_session(console, server, SERVER_ATTACHED, NULL);
}

/* Which role an action asks for; further actions get their rows with their issues. */
static enum role console_role_for(enum wire_action action)
{
    static const enum role ROLES[] = {
        [WIRE_ACTION_STOP] = ROLE_ENGINEER,
        [WIRE_ACTION_RELOAD] = ROLE_ENGINEER,
        [WIRE_ACTION_ACKNOWLEDGE] = ROLE_OPERATOR,
        [WIRE_ACTION_SHELVE] = ROLE_OPERATOR,
        [WIRE_ACTION_UNSHELVE] = ROLE_OPERATOR,
        [WIRE_ACTION_SET] = ROLE_VIEWER, /* the gate asks for more */
        [WIRE_ACTION_TRY_SET] = ROLE_VIEWER,
        [WIRE_ACTION_OUT_OF_SERVICE] = ROLE_SUPERVISOR,
        [WIRE_ACTION_IN_SERVICE] = ROLE_SUPERVISOR,
    };
    return action > 0 && (size_t)action < sizeof ROLES / sizeof *ROLES ? ROLES[action] : ROLE_NONE;
}

static struct value console_value(uint32_t type, double number, const char *text)
{
    if (type == VALUE_NUMBER && isfinite(number))
        return (struct value){.type = VALUE_NUMBER, .number = number};
    if (type == VALUE_TEXT)
        return (struct value){.type = VALUE_TEXT, .text = text, .text_length = strlen(text)};
    return (struct value){.type = VALUE_NONE};
}

/* Why this console may change nothing, whoever sits there; NULL: it may. */
static const char *console_barred(const struct console *console)
{
    return console->view     ? "this console only looks: it was started with --view"
           : console->locked ? "this console is locked"
                             : NULL;
}

/* Whether the request may go to the recorder, which may still refuse it; else `text` says why not. */
static bool console_may_ask(const struct console *console, const struct wire_ask *ask, enum role needed,
                            char *text, size_t size)
{
    const char *barred = console_barred(console);
    if (needed == ROLE_NONE)
        snprintf(text, size, "this recorder does not know that request: restart it after an upgrade");
    else if (console->other_version && ask->action != WIRE_ACTION_STOP)
        snprintf(text, size,
                 "console and recorder are of different versions: restart the recorder (hmi stop ends it)");
    else if (barred &&
             ask->action != WIRE_ACTION_SET && /* the gate refuses that, and records what was wanted */
             ask->action != WIRE_ACTION_TRY_SET)
        snprintf(text, size, "%s", barred);
    else if (console->role < needed)
        snprintf(text, size,
                 "this needs the role %s; %s is %s. In the configuration: access = { %s = [ \"%s\" ]; };",
                 ROLE_WORDS[needed], console->user, ROLE_WORDS[console->role], ROLE_WORDS[needed],
                 console->user);
    else
        return true;
    return false;
}

static void console_ask(struct console *console, struct server *server, const struct wire_ask *ask)
{
    struct server_reply reply = {0};
    char text[SERVER_TEXT_MAX] = "";
    enum role needed = console_role_for((enum wire_action)ask->action);
    const struct server_request request = {
        .action = (enum wire_action)ask->action,
        .argument = ask->argument,
        .span_us = ask->span_us,
        .once = ask->once,
        .reason = ask->reason,
        .user = console->user,
        .uid = console->uid,
        .station = console->station,
        .role = console->role,
        .console = console->number,
        .barred = console_barred(console),
        .value = console_value(ask->value_type, ask->number, ask->text),
        .shown = console_value(ask->shown_type, ask->shown_number, ask->shown_text),
        .has_shown = ask->has_shown,
        .reply = &reply,
    };
    bool may = console_may_ask(console, ask, needed, text, sizeof text);
    bool good = may && server->handler->ask(server->context, &request, text, sizeof text);
    if (!may && needed != ROLE_NONE && (console->role < needed || request.barred))
        server->handler->refused(server->context, &request, text);
    console->follows |= reply.command != 0;
    if (reply.commit)
        console->held_commit = reply.commit;
    /* Answers leave in the order of the requests: one that could leave waits behind those that are held. */
    wire_put(console->held.length || reply.commit ? &console->held : &console->out, WIRE_ANSWER,
             &(struct wire_answer){.request = ask->request,
                                   .good = good,
                                   .text = text,
                                   .command = reply.command,
                                   .code = reply.code});
}

/* The last one of what came at once counts: a flood costs no more than one. */
static void console_edit(struct console *console, const struct server *server)
{
    const struct server_session session = console_session(console);
    if (console->edit_due && !console->other_version && !console_barred(console))
        server->handler->edits(server->context, &session, console->edit_tag);
    console->edit_due = false;
}

/* A locked console gives no setpoint any more. */
static void console_lock(struct console *console, const struct server *server, bool locked)
{
    if (locked == console->locked)
        return;
    console->edit_due |= locked;
    console->edit_tag = locked ? 0 : console->edit_tag;
    console_edit(console, server);
    console->locked = locked;
    console_tell_session(console, server, locked ? SERVER_LOCKED : SERVER_UNLOCKED, NULL);
}

/* What consoles send; everything else is ours to send. */
static bool console_is_request(uint16_t type)
{
    return type == WIRE_HELLO || type == WIRE_WANT_DETAIL || type == WIRE_EDIT || type == WIRE_LOCK ||
           type == WIRE_BYE || type == WIRE_ASK;
}

/* One frame from a console; false: it does not speak our protocol. */
static bool console_obey(struct console *console, struct server *server, struct wire_frame *frame,
                         int64_t now_us)
{
    union {
        struct wire_hello hello;
        struct wire_want_detail want;
        struct wire_ask ask;
        struct wire_edit edit;
        struct wire_lock lock;
        struct wire_bye bye;
    } record;
    if (!console->greeted && frame->type != WIRE_HELLO)
        return false;
    if (!console_is_request(frame->type))
        return true; /* a newer console may know more */
    if (wire_next_record(frame, &record) != WIRE_OK)
        return false;
    switch (frame->type) {
    case WIRE_HELLO:
        if (!console->greeted)
            console_greet(console, server, &record.hello, now_us);
        break;
    case WIRE_WANT_DETAIL:
        console->detail_tag = record.want.tag;
        console->detail_due_us = console->next_frame_us = now_us;
        break;
    case WIRE_EDIT:
        console->edit_due = true;
        console->edit_tag = record.edit.tag;
        break;
    case WIRE_LOCK:
        console_lock(console, server, record.lock.locked != 0);
        break;
    case WIRE_BYE:
        utf8_make_safe(console->bye, sizeof console->bye, record.bye.reason, strlen(record.bye.reason));
        break;
    default:
        console_ask(console, server, &record.ask);
    }
    return true;
}

void console_obey_all(struct console *console, struct server *server, int64_t now_us)
{
    size_t position = 0, used;
    struct wire_frame frame;
    enum wire_result result = WIRE_MORE;
    if (!console_may_greet(console, now_us))
        return;
    if (console->greeted && !console_unsent(console))
        console->progress_us = now_us; /* nothing waited for it until now */
    /* A console that asks without reading the answers waits until it has read them. */
    while (!console->closing && console_unsent(console) + console->held.length < SERVER_REQUESTS_MAX &&
           (result = wire_next_frame(console->in.data + position, console->in.length - position, &frame,
                                     &used)) == WIRE_OK) {
        position += used;
        if (!console_obey(console, server, &frame, now_us)) {
            result = WIRE_BROKEN;
            break;
        }
    }
    buf_consume(&console->in, position);
    server->cut += result == WIRE_BROKEN && !console->closing;
    console_edit(console, server);
    if (result == WIRE_BROKEN && !console->closing)
        console_refuse(console, server, "this is not the console protocol");
}
