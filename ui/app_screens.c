/* The stack of screens: opening and closing, what keys do, what screens ask of their host, leaving. */
#include "ui/app_internal.h"

#include "base/clock.h"
#include "ui/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define APP_MESSAGE_US (6 * CLOCK_US_PER_SECOND)
#define APP_STOP_US    (10 * CLOCK_US_PER_SECOND) /* how long we wait for a recorder that was asked to stop */

/* ---- what screens ask for ---- */

void screen_host_open(struct screen_host *host, enum screen_id id, uint32_t argument)
{
    host->app->want_screen = id;
    host->app->want_argument = argument;
}

void screen_host_say(struct screen_host *host, enum meaning meaning, const char *format, ...)
{
    struct app *app = host->app;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(app->message, sizeof app->message, format, arguments);
    va_end(arguments);
    app->message_meaning = meaning;
    app->message_until_us = host->mono_us + APP_MESSAGE_US;
    app->message_fresh = true;
    app->dirty = true;
}

void screen_host_request(struct screen_host *host, const struct wire_ask *ask)
{
    struct app *app = host->app;
    size_t i = 0;
    while (i < APP_REQUESTS_MAX && app->requests[i])
        i++;
    if (i == APP_REQUESTS_MAX) {
        screen_host_say(host, MEANING_ERROR,
                        "The recorder has not answered what was asked before: not done.");
        return;
    }
    app->requests[i] = link_request(app->link, ask);
    if (!app->requests[i])
        screen_host_say(host, MEANING_ERROR, "Not done: no recorder of this version is attached.");
}

void screen_host_do(struct screen_host *host, enum action action)
{
    host->app->want_action = action;
}

void screen_host_drop_input(struct screen_host *host)
{
    terminal_drop_input(host->app->terminal);
}

void screen_host_quit(struct screen_host *host, bool stop_recorder)
{
    host->app->want_quit = true;
    host->app->want_stop = stop_recorder;
}

uint32_t screen_host_neighbour(struct screen_host *host, uint32_t tag, int step)
{
    struct app *app = host->app;
    for (size_t i = app->depth; i-- > 0;)
        if (app->stack[i].class->neighbour)
            return app->stack[i].class->neighbour(app->stack[i].state, tag, step);
    return 0;
}

/* ---- the stack of screens ---- */

struct app_layer *app_top(struct app *app)
{
    return &app->stack[app->depth - 1];
}

/* It means nothing where another screen, or another list, is in sight. */
static void app_drop_message(struct app *app)
{
    if (!app->message_fresh)
        app->message_until_us = 0;
}

void app_pop(struct app *app)
{
    struct app_layer *layer = app_top(app);
    app->depth--;
    app->host.below = app->depth > 1 ? app->stack[app->depth - 1].class->id : SCREEN_NONE;
    layer->class->close(layer->state);
    app_drop_message(app);
    app->dirty = app->dirty_key = true;
}

void app_open(struct app *app, enum screen_id id, uint32_t argument)
{
    const struct screen_class *class = screen_class_of(id);
    if (!class)
        return;
    while (app->depth && app_top(app)->class->overlay)
        app_pop(app);
    for (size_t i = 0; i < app->depth; i++)
        if (app->stack[i].class == class && !argument) {
            while (app->depth > i + 1)
                app_pop(app);
            return;
        }
    if (app->depth && app_top(app)->class == class)
        app_pop(app);
    if (app->depth == APP_STACK_MAX) {
        app->stack[1].class->close(app->stack[1].state);
        memmove(&app->stack[1], &app->stack[2], (APP_STACK_MAX - 2) * sizeof app->stack[0]);
        app->depth--;
    }
    app->host.below = app->depth ? app_top(app)->class->id : SCREEN_NONE;
    app->stack[app->depth] = (struct app_layer){.class = class, .state = class->open(&app->host, argument)};
    app->depth++;
    app_drop_message(app);
    app->dirty = app->dirty_key = true;
}

/* ---- leaving ---- */

static void app_quit(struct app *app)
{
    app->want_quit = false;
    uint32_t request = app->want_stop ? link_ask(app->link, WIRE_ACTION_STOP, "") : 0;
    if (!request) {
        app->ended = true;
        return;
    }
    app->stop_request = request;
    app->stop_until_us = app->host.mono_us + APP_STOP_US;
    screen_host_say(&app->host, MEANING_MESSAGE, "Stopping the recorder: everything is committed first ...");
}

/* The recorder says yes and goes, or just goes, or says why not. */
void app_check_stop(struct app *app)
{
    if (!app->stop_request)
        return;
    bool answered = app->mirror.answer.request == app->stop_request;
    if ((answered && app->mirror.answer.good) || !app->mirror.attached ||
        app->host.mono_us > app->stop_until_us)
        app->ended = true;
    else if (answered)
        screen_host_say(&app->host, MEANING_ERROR, "The recorder goes on: %s", app->mirror.answer.text);
    if (answered)
        app->stop_request = 0;
}

/* ---- requests ---- */

void app_check_requests(struct app *app)
{
    const struct wire_answer *answer = &app->mirror.answer;
    for (size_t i = 0; i < APP_REQUESTS_MAX; i++) {
        /* Answers come in the order of the requests; of two that came together the mirror keeps the last. */
        bool answered = answer->request && (int32_t)(answer->request - app->requests[i]) >= 0;
        if (!app->requests[i] || (app->mirror.attached && !answered))
            continue;
        if (app->requests[i] == answer->request)
            screen_host_say(&app->host, answer->good ? MEANING_MESSAGE : MEANING_ERROR, "%s", answer->text);
        else if (!answered)
            screen_host_say(&app->host, MEANING_ERROR,
                            "The recorder went before it answered: look whether it was done.");
        app->requests[i] = 0;
    }
}

/* ---- actions ---- */

/* The tag at hand on the screen on top; NULL: none. */
static const struct mirror_tag *app_tag(struct app *app)
{
    struct app_layer *top = app_top(app);
    return top->class->tag ? mirror_find(&app->mirror, top->class->tag(top->state, &app->host)) : NULL;
}

/* The tag's trend, alone, on the last hour. */
static void app_show_trend(struct app *app)
{
    const struct mirror_tag *tag = app_tag(app);
    if (!tag)
        return;
    trend_view_show(&app->trends, tag->id, 0, app->host.wall_us);
    app_open(app, SCREEN_TRENDS, 0);
}

static void app_add_pen(struct app *app)
{
    const struct mirror_tag *tag = app_tag(app);
    if (!tag)
        return;
    switch (trend_view_add(&app->trends, tag->id)) {
    case TREND_ADDED:
        screen_host_say(&app->host, MEANING_MESSAGE, "%s is pen %zu of the trend; F3 shows it.", tag->name,
                        app->trends.pen_count);
        break;
    case TREND_THERE:
        screen_host_say(&app->host, MEANING_MESSAGE, "%s is on the trend already; F3 shows it.", tag->name);
        break;
    case TREND_FULL:
        screen_host_say(&app->host, MEANING_WARNING,
                        "The trend has its %d pens: take one away there (F3, X), or begin anew with t.",
                        TREND_PENS_MAX);
        break;
    }
}

static void app_silence(struct app *app)
{
    if (app->bell.gravest == PRIORITY_JOURNAL)
        screen_host_say(&app->host, MEANING_MESSAGE, "Nothing rings: no alarm waits to be acknowledged.");
    else if (bell_toggle_silence(&app->bell, app->host.mono_us))
        screen_host_say(
            &app->host, MEANING_MESSAGE,
            "The bell is silent for 10 minutes, or until an alarm graver than low comes; m ends it.");
    else
        screen_host_say(&app->host, MEANING_MESSAGE, "The bell rings again until all is acknowledged.");
}

/* Says that this takes another role, and which line of hmi.cfg would give it. */
static void app_say_role(struct app *app, const char *what, enum role role)
{
    const struct wire_welcome *welcome = &app->mirror.welcome;
    if (welcome->view)
        screen_host_say(&app->host, MEANING_WARNING,
                        "%s: this console only looks: it was started with --view.", what);
    else
        screen_host_say(&app->host, MEANING_WARNING,
                        "%s needs the role %s; you are %s. In hmi.cfg: access = { %s = [ \"%s\" ]; };", what,
                        ROLE_WORDS[role], ROLE_WORDS[welcome->role], ROLE_WORDS[role], welcome->user);
}

/* The dialogue that gives the tag's setpoint, or the one that it reads back; the recorder decides once more. */
static void app_edit(struct app *app)
{
    const struct mirror_tag *tag = app_tag(app);
    if (!tag)
        return;
    const struct mirror_tag *giver = mirror_tag_giver(&app->mirror, tag);
    if (!giver)
        screen_host_say(&app->host, MEANING_WARNING,
                        "%s is read-only: hmi.cfg gives it no setpoint, or more than one.", tag->name);
    else if (app->mirror.welcome.role < giver->setpoint->role)
        app_say_role(app, giver->name, (enum role)giver->setpoint->role);
    else
        app_open(app, SCREEN_SETPOINT, giver->id);
}

/* What an action does on every screen that does not do something else with it. */
static void app_act(struct app *app, enum action action)
{
    switch (action) {
    case ACTION_HELP:
        app_open(app, SCREEN_HELP, 0);
        break;
    case ACTION_TAGS:
        app_open(app, SCREEN_TAGS, 0);
        break;
    case ACTION_TRENDS:
        app_open(app, SCREEN_TRENDS, 0);
        break;
    case ACTION_TREND:
        app_show_trend(app);
        break;
    case ACTION_EDIT:
        app_edit(app);
        break;
    case ACTION_TREND_ADD:
        app_add_pen(app);
        break;
    case ACTION_SILENCE:
        app_silence(app);
        break;
    case ACTION_ALARMS:
    case ACTION_JOURNAL: /* lists of one screen, which knows what to do once it is there */
        app_open(app, SCREEN_ALARMS, 0);
        app_dispatch(app, action);
        break;
    case ACTION_COMMANDS:
        app_open(app, SCREEN_COMMANDS, 0);
        break;
    case ACTION_SYSTEM:
        app_open(app, SCREEN_SYSTEM, 0);
        break;
    case ACTION_PALETTE:
        app_open(app, SCREEN_PALETTE, 0);
        break;
    case ACTION_BACK:
        if (app->depth > 1)
            app_pop(app);
        else if (!app->lock.locked) /* an idle console is not left by a stray key either */
            app_open(app, SCREEN_QUIT, 0);
        break;
    case ACTION_ESCAPE:
        if (app->depth > 1)
            app_pop(app);
        app->message_until_us = 0;
        break;
    case ACTION_REDRAW:
        terminal_repaint(app->terminal);
        break;
    default:
        break;
    }
    app->dirty = app->dirty_key = true;
}

void app_apply(struct app *app, unsigned effect)
{
    if (effect & (SCREEN_CLOSE | SCREEN_LEAVE) && app->depth > 1)
        app_pop(app);
    if (effect & SCREEN_TURN)
        app_drop_message(app);
    if (effect & (SCREEN_PAINT | SCREEN_CLOSE | SCREEN_TURN | SCREEN_LEAVE))
        app->dirty = app->dirty_key = true;
}

void app_dispatch(struct app *app, enum action action)
{
    if (action == ACTION_NONE)
        return;
    const struct action_row *row = action_row(action);
    if (app->lock.locked && action_role(action) > ROLE_VIEWER)
        return; /* the line that says how to unlock it stands there */
    if (row->who > ROLE_VIEWER && app->mirror.welcome.role < row->who) {
        app_say_role(app, row->name, row->who);
        return;
    }
    /* A console that only looks is told at once, not after a look at the alarms: the recorder refuses it anyway. */
    if (app->mirror.welcome.view && action_role(action) > ROLE_VIEWER) {
        app_say_role(app, row->name, action_role(action));
        return;
    }
    struct app_layer *top = app_top(app);
    unsigned effect = top->class->act ? top->class->act(top->state, &app->host, action) : SCREEN_IGNORED;
    if (effect == SCREEN_IGNORED)
        app_act(app, action);
    else
        app_apply(app, effect);
}

void app_do_wants(struct app *app)
{
    if (app->want_screen) {
        enum screen_id id = app->want_screen;
        app->want_screen = SCREEN_NONE;
        app_open(app, id, app->want_argument);
    }
    if (app->want_action) {
        enum action action = app->want_action;
        app->want_action = ACTION_NONE;
        app_dispatch(app, action);
    }
    if (app->want_quit)
        app_quit(app);
}
