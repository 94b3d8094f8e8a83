/* One poll, then in this order: signals, what the operator did (answered on the screen at once), the
 * recorder's news, answers of the history, one frame. Everything is bounded a round, so that a flood of news
 * never keeps a key waiting:
 *
 *   a key      paints in the same round, but frames keep APP_KEY_GAP_US apart (a held key repeats at 30 Hz)
 *   news       paint as they come, at least APP_FRAME_US apart; the recorder sends them 20 times a second
 *   a second   paints what tells the time
 *   slow line  a frame is left out while the terminal takes nothing; the next one shows the newest state */
#include "ui/app.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/timefmt.h"
#include "ui/frame.h"
#include "ui/history_reader.h"
#include "ui/link.h"
#include "ui/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define APP_FRAME_US     (25 * CLOCK_US_PER_MS)
#define APP_KEY_GAP_US   (10 * CLOCK_US_PER_MS)
#define APP_MESSAGE_US   (6 * CLOCK_US_PER_SECOND)
#define APP_STOP_US      (10 * CLOCK_US_PER_SECOND) /* how long we wait for a recorder that was asked to stop */
#define APP_INPUTS_MAX   64                         /* a round */
#define APP_STACK_MAX    8
#define APP_LEAST_WIDTH  20
#define APP_LEAST_HEIGHT 4

struct app_layer {
    const struct screen_class *class;
    void *state;
};

struct app {
    struct terminal *terminal;
    struct canvas canvas;
    struct mirror mirror;
    struct link *link;
    struct history_reader *history;
    int signal_fd;
    struct screen_host host;
    struct app_layer stack[APP_STACK_MAX];
    size_t depth;

    bool dirty;     /* something is to be painted with the next frame */
    bool dirty_key; /* at once: an operator waits for it */
    int64_t painted_us, second;
    uint64_t seen_changes;
    bool zone_set;

    char message[FRAME_TEXT_MAX];
    enum meaning message_meaning;
    int64_t message_until_us;

    /* what a screen asked for, done after its operation has returned */
    enum screen_id want_screen;
    uint32_t want_argument;
    enum action want_action;
    bool want_quit, want_stop;

    uint32_t stop_request; /* waiting for its answer, 0: not */
    int64_t stop_until_us;
    bool ended;
};

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
    app->dirty = true;
}

void screen_host_do(struct screen_host *host, enum action action)
{
    host->app->want_action = action;
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

static struct app_layer *app_top(struct app *app)
{
    return &app->stack[app->depth - 1];
}

static void app_pop(struct app *app)
{
    struct app_layer *layer = app_top(app);
    app->depth--;
    app->host.below = app->depth > 1 ? app->stack[app->depth - 1].class->id : SCREEN_NONE;
    layer->class->close(layer->state);
    app->dirty = app->dirty_key = true;
}

/* Opens a screen on top. One that is open already, below others, is gone back to;
 * a full stack loses its second layer. */
static void app_open(struct app *app, enum screen_id id, uint32_t argument)
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
static void app_check_stop(struct app *app)
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

/* ---- input ---- */

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
    case ACTION_SYSTEM:
        app_open(app, SCREEN_SYSTEM, 0);
        break;
    case ACTION_PALETTE:
        app_open(app, SCREEN_PALETTE, 0);
        break;
    case ACTION_BACK:
        if (app->depth > 1)
            app_pop(app);
        else
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

static void app_apply(struct app *app, unsigned effect)
{
    if (effect & SCREEN_CLOSE && app->depth > 1)
        app_pop(app);
    if (effect & (SCREEN_PAINT | SCREEN_CLOSE))
        app->dirty = app->dirty_key = true;
}

static void app_dispatch(struct app *app, enum action action)
{
    if (action == ACTION_NONE)
        return;
    const struct action_row *row = action_row(action);
    if (row->who > ROLE_VIEWER && app->mirror.welcome.role < row->who) {
        screen_host_say(&app->host, MEANING_WARNING, "%s: needs the role %s", row->name,
                        ROLE_WORDS[row->who]);
        return;
    }
    struct app_layer *top = app_top(app);
    unsigned effect = top->class->act ? top->class->act(top->state, &app->host, action) : SCREEN_IGNORED;
    if (effect == SCREEN_IGNORED)
        app_act(app, action);
    else
        app_apply(app, effect);
}

static void app_do_wants(struct app *app)
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

struct app_areas {
    struct pane header, banner, body, keys;
    bool has_banner;
    char banner_text[FRAME_TEXT_MAX];
};

static struct app_areas app_layout(struct app *app)
{
    struct app_areas areas;
    struct pane all = pane_whole(&app->canvas);
    areas.has_banner = frame_banner_text(&app->mirror, app->link, areas.banner_text);
    int top = areas.has_banner ? 2 : 1;
    areas.header = pane_part(&all, 0, 0, -1, 1);
    areas.banner = pane_part(&all, 0, 1, -1, areas.has_banner ? 1 : 0);
    areas.body = pane_part(&all, 0, top, -1, all.rows - top - 1);
    areas.keys = pane_part(&all, 0, all.rows - 1, -1, 1);
    return areas;
}

static unsigned app_where(const struct app *app)
{
    const struct screen_class *class = app->stack[app->depth - 1].class;
    return class->overlay && app->depth > 1 ? app->stack[app->depth - 2].class->where : class->where;
}

static void app_take_input(struct app *app, struct input input)
{
    struct app_layer *top = app_top(app);
    struct app_areas areas = app_layout(app);
    bool on_keys = input.type == INPUT_CLICK && input.y == areas.keys.y;
    struct input inside = input;
    inside.x -= areas.body.x;
    inside.y -= areas.body.y;
    unsigned effect = SCREEN_IGNORED;
    if (top->class->input && !on_keys)
        effect = top->class->input(top->state, &app->host, &inside);
    if (effect != SCREEN_IGNORED) {
        app_apply(app, effect);
    } else if (on_keys) {
        app_dispatch(app, frame_key_at(&areas.keys, app_where(app), app->depth == 1, input.x));
    } else if (input.type == INPUT_KEY && !input.pasted) {
        bool interrupt = input.key == 'c' - 0x60; /* Ctrl-C: what people press who want to leave */
        app_dispatch(app, interrupt ? ACTION_BACK : action_of_key(input.key, top->class->where));
    }
    app_do_wants(app);
}

static void app_read_inputs(struct app *app)
{
    for (int i = 0; i < APP_INPUTS_MAX && !app->ended; i++) {
        bool gone = false;
        struct input input = terminal_read(app->terminal, app->host.mono_us, &gone);
        if (gone)
            app->ended = true;
        if (input.type == INPUT_NOTHING)
            return;
        app_take_input(app, input);
    }
}

/* ---- painting ---- */

static void app_draw_small(struct app *app)
{
    struct pane all = pane_whole(&app->canvas);
    pane_text(&all, 0, 0, -1, MEANING_TEXT, "too small");
}

static void app_draw(struct app *app)
{
    canvas_clear(&app->canvas);
    if (app->canvas.columns < APP_LEAST_WIDTH || app->canvas.rows < APP_LEAST_HEIGHT) {
        app_draw_small(app);
        return;
    }
    struct app_areas areas = app_layout(app);
    const struct screen_class *titled = app_top(app)->class;
    size_t first = app->depth - 1;
    if (titled->overlay && first > 0)
        titled = app->stack[--first].class;
    frame_draw_header(&areas.header, &app->mirror, titled->title, app->host.wall_us);
    if (areas.has_banner)
        frame_draw_banner(&areas.banner, areas.banner_text);
    for (size_t i = first; i < app->depth; i++)
        app->stack[i].class->draw(app->stack[i].state, &app->host, &areas.body);
    if (app->message_until_us && areas.body.rows > 1) {
        int y = areas.body.rows - 1;
        pane_fill(&areas.body, 0, y, -1, 1, MEANING_MESSAGE);
        pane_text(&areas.body, 1, y, -1,
                  app->message_meaning == MEANING_ERROR ? MEANING_BANNER : MEANING_MESSAGE, app->message);
    }
    frame_draw_keys(&areas.keys, app_where(app), app->depth == 1);
}

static void app_paint(struct app *app)
{
    bool due = app->dirty && app->host.mono_us - app->painted_us >= APP_FRAME_US;
    due |= app->dirty_key && app->host.mono_us - app->painted_us >= APP_KEY_GAP_US;
    if (!due || app->ended || !terminal_writable(app->terminal))
        return;
    app_draw(app);
    terminal_show(app->terminal, &app->canvas);
    app->dirty = app->dirty_key = false;
    app->painted_us = app->host.mono_us;
}

/* ---- news ---- */

static void app_set_zone(struct app *app)
{
    /* Once, before the history thread runs: setenv() is not for programs with threads. */
    if (app->zone_set || !app->mirror.attached)
        return;
    app->zone_set = true;
    if (*app->mirror.welcome.timezone) {
        setenv("TZ", app->mirror.welcome.timezone, 1);
        tzset();
    }
}

static void app_follow_history(struct app *app)
{
    const char *path = app->mirror.attached ? app->mirror.welcome.history_path : "";
    if (!*path)
        return;
    if (!app->history) {
        app->history = history_reader_new(path);
        app->host.history = app->history;
    } else {
        history_reader_set_path(app->history, path);
    }
}

static void app_take_news(struct app *app, short revents)
{
    bool was_attached = app->mirror.attached;
    link_step(app->link, revents, app->host.mono_us, app->host.wall_us);
    app_set_zone(app);
    if (app->mirror.attached && !was_attached)
        app_follow_history(app);
    app_check_stop(app);
    if (app->mirror.changes == app->seen_changes && app->mirror.attached == was_attached)
        return;
    app->seen_changes = app->mirror.changes;
    app->dirty = true;
}

static void app_take_history(struct app *app)
{
    struct history_result *result;
    while (app->history && (result = history_reader_take(app->history))) {
        for (size_t i = 0; i < app->depth; i++)
            if (app->stack[i].class->history)
                app->stack[i].class->history(app->stack[i].state, &app->host, result);
        history_result_free(result);
        app->dirty = true;
    }
}

static void app_take_second(struct app *app)
{
    int64_t second = app->host.wall_us / CLOCK_US_PER_SECOND;
    if (app->message_until_us && app->host.mono_us >= app->message_until_us) {
        app->message_until_us = 0;
        app->dirty = true;
    }
    if (second == app->second)
        return;
    app->second = second;
    app->dirty = true;
}

static void app_take_signals(struct app *app)
{
    struct signalfd_siginfo info;
    while (read(app->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo != SIGWINCH) {
            app->ended = true;
            continue;
        }
        int columns, rows;
        if (terminal_resize(app->terminal, &columns, &rows))
            canvas_resize(&app->canvas, columns, rows);
        app->dirty = app->dirty_key = true;
    }
}

/* ---- the loop ---- */

static void app_read_clocks(struct app *app)
{
    app->host.wall_us = clock_wall_us();
    app->host.mono_us = clock_mono_us();
}

static int app_timeout_ms(const struct app *app)
{
    int64_t now = app->host.mono_us;
    int64_t wait = CLOCK_US_PER_SECOND - app->host.wall_us % CLOCK_US_PER_SECOND;
    int64_t link_wait = link_due_us(app->link) - now;
    int64_t frame = app->painted_us + (app->dirty_key ? APP_KEY_GAP_US : APP_FRAME_US) - now;
    if (link_wait < wait)
        wait = link_wait;
    if ((app->dirty || app->dirty_key) && frame < wait)
        wait = frame;
    return wait <= 0 ? 0 : (int)(wait / CLOCK_US_PER_MS) + 1;
}

static void app_round(struct app *app)
{
    enum { TERMINAL, SIGNALS, LINK, HISTORY, COUNT };
    /* A frame that is due but cannot leave waits for the terminal, not for the clock. */
    bool blocked = (app->dirty || app->dirty_key) && !terminal_writable(app->terminal);
    struct pollfd fds[COUNT] = {
        [TERMINAL] = {.fd = terminal_fd(app->terminal), .events = (short)(POLLIN | (blocked ? POLLOUT : 0))},
        [SIGNALS] = {.fd = app->signal_fd, .events = POLLIN},
        [LINK] = {.fd = link_fd(app->link), .events = link_events(app->link)},
        [HISTORY] = {.fd = app->history ? history_reader_fd(app->history) : -1, .events = POLLIN},
    };
    int timeout_ms = app_timeout_ms(app);
    if (poll(fds, COUNT, blocked && timeout_ms < 20 ? 20 : timeout_ms) < 0 && errno != EINTR) {
        app->ended = true;
        return;
    }
    app_read_clocks(app);
    if (fds[SIGNALS].revents)
        app_take_signals(app);
    if (fds[TERMINAL].revents & (POLLHUP | POLLERR | POLLNVAL))
        app->ended = true;
    else if (fds[TERMINAL].revents & POLLIN)
        app_read_inputs(app);
    app_paint(app);
    app_take_news(app, fds[LINK].revents);
    app_take_history(app);
    app_take_second(app);
    app_paint(app);
}

void app_block_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    static const int OURS[] = {SIGWINCH, SIGHUP, SIGTERM, SIGINT, SIGQUIT};
    for (size_t i = 0; i < sizeof OURS / sizeof *OURS; i++)
        sigaddset(&signals, OURS[i]);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static int app_open_signals(void)
{
    sigset_t signals;
    sigprocmask(SIG_BLOCK, NULL, &signals);
    return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void app_free(struct app *app)
{
    while (app->depth)
        app_pop(app);
    terminal_close(app->terminal);
    canvas_free(&app->canvas);
    if (app->history)
        history_reader_free(app->history);
    link_free(app->link);
    mirror_free(&app->mirror);
    if (app->signal_fd >= 0)
        close(app->signal_fd);
    free(app);
}

int app_run(const struct app_options *options, struct err *err)
{
    struct app *app = mem_new(1, sizeof *app);
    mirror_init(&app->mirror);
    app->signal_fd = app_open_signals();
    app->link = link_new(options->socket_paths, WIRE_PURPOSE_SCREEN, &app->mirror);
    app->terminal = terminal_open(&options->terminal, err);
    if (!app->terminal) {
        app_free(app);
        return err->code;
    }
    terminal_init_canvas(app->terminal, &app->canvas);
    app->host = (struct screen_host){.app = app, .mirror = &app->mirror, .link = app->link};
    app_read_clocks(app);
    app_open(app, SCREEN_TAGS, 0);
    while (!app->ended)
        app_round(app);
    app_free(app);
    return EX_OK;
}
