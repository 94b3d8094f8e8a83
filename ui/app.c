/* One poll, then in this order: signals, what the operator did (answered on the screen at once), the
 * recorder's news, answers of the history, one frame. Everything is bounded a round, so that a flood of news
 * never keeps a key waiting:
 *
 *   a key      paints in the same round, but frames keep APP_KEY_GAP_US apart (a held key repeats at 30 Hz)
 *   news       paint as they come, at least APP_FRAME_US apart; the recorder sends them 20 times a second
 *   a second   paints what tells the time
 *   slow line  a frame is left out while the terminal takes nothing; the next one shows the newest state */
#include "ui/app_internal.h"

#include "base/clock.h"
#include "base/mem.h"
#include "ui/key_bar.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define APP_FRAME_US     (25 * CLOCK_US_PER_MS)
#define APP_KEY_GAP_US   (10 * CLOCK_US_PER_MS)
#define APP_NOTICE_US    (20 * CLOCK_US_PER_SECOND) /* unless a key is pressed before */
#define APP_INPUTS_MAX   64                         /* a round */
#define APP_LEAST_WIDTH  20
#define APP_LEAST_HEIGHT 4

#define APP_TERMINAL_GONE "its terminal went away"

static void app_end(struct app *app, const char *reason)
{
    app->ended = true;
    if (!app->end_reason)
        app->end_reason = reason;
}

/* ---- input ---- */

struct app_areas {
    struct pane header, banner, alarms, body, message, keys;
    bool has_banner, has_alarms, has_message;
    char banner_text[FRAME_TEXT_MAX];
};

static bool app_is_starting(const struct app *app)
{
    return link_is_starting(app->link, app->host.mono_us);
}

static struct app_areas app_layout(struct app *app)
{
    struct app_areas areas;
    struct pane all = pane_whole(&app->canvas);
    areas.has_banner = frame_banner_text(&app->mirror, app->link, app_is_starting(app), areas.banner_text);
    areas.has_alarms = alarm_banner_update(&app->alarm_banner, &app->mirror);
    int top = 1 + areas.has_banner + areas.has_alarms;
    areas.header = pane_part(&all, 0, 0, -1, 1);
    areas.banner = pane_part(&all, 0, 1, -1, areas.has_banner ? 1 : 0);
    areas.alarms = pane_part(&all, 0, 1 + areas.has_banner, -1, areas.has_alarms ? 1 : 0);
    int foot = all.rows - 1; /* the message takes a row of the body, and hides none */
    areas.has_message = (app->message_until_us || app->lock.locked) && foot - top > 1;
    foot -= areas.has_message;
    areas.body = pane_part(&all, 0, top, -1, foot - top);
    areas.message = pane_part(&all, 0, foot, -1, areas.has_message ? 1 : 0);
    areas.keys = pane_part(&all, 0, all.rows - 1, -1, 1);
    return areas;
}

/* The keys that the screen on top takes itself; NULL: none. */
static const struct screen_key *app_screen_keys(struct app *app)
{
    const struct app_layer *top = app_top(app);
    return top->class->keys ? top->class->keys(top->state) : NULL;
}

static bool app_types(struct app *app)
{
    const struct app_layer *top = app_top(app);
    return top->class->types && top->class->types(top->state);
}

/* What the key bar shows instead of the table's actions; NULL: nothing else. While it is locked that is what leads on to
 * see something else. */
static const struct screen_key *app_own_keys(struct app *app)
{
    static const struct screen_key LOCKED[] = {
        {"/", "Filter"},   {"F2", "Tags"},     {"F3", "Trends"}, {"F4", "Alarms"},
        {"F6", "Journal"}, {"F7", "Commands"}, {"F9", "System"}, {0}};
    if (!app->lock.locked || app_types(app))
        return app_screen_keys(app);
    return app_top(app)->class->where & ACTION_ON_LIST ? LOCKED : LOCKED + 1;
}

/* What the role allows, and the screen on top can do; a console that only looks can do nothing to the plant. A setpoint
 * is offered on the faceplate alone: on a list only some rows have one. */
static bool app_offers(const void *context, enum action action)
{
    const struct app *app = context;
    const struct wire_welcome *welcome = &app->mirror.welcome;
    const struct app_layer *top = &app->stack[app->depth - 1];
    bool looks = welcome->view || welcome->look || welcome->look_kept;
    enum role role = looks ? ROLE_VIEWER : (enum role)welcome->role;
    bool allowed = !app->mirror.attached || action_role(action) <= ROLE_VIEWER || action_role(action) <= role;
    if (action == ACTION_EDIT && top->class->id != SCREEN_DETAIL)
        return false;
    return allowed && (!top->class->offers || top->class->offers(top->state, action));
}

static struct key_bar_screen app_key_bar(struct app *app)
{
    return (struct key_bar_screen){
        .where = app_top(app)->class->where, .top = app->depth == 1, .offers = app_offers, .context = app};
}

/* What the idle lock leaves to the screens. */
static bool app_unlocks(struct app *app, const struct input *input)
{
    const struct lock_context context = {.user = app->mirror.welcome.user, .typing = app_types(app)};
    enum lock_effect effect = lock_input(&app->lock, input, &context, app->host.mono_us);
    if (effect == LOCK_OPENS)
        link_lock(app->link, false);
    app->dirty_key |= effect != LOCK_PASSES;
    return effect == LOCK_PASSES;
}

/* What a key means by the table, on the screen on top. */
static void app_press(struct app *app, const struct input *input)
{
    bool interrupt = input->key == 'c' - 0x60; /* Ctrl-C: what people press who want to leave */
    if (input->type == INPUT_KEY && !input->pasted)
        app_dispatch(app, interrupt ? ACTION_BACK : action_of_key(input->key, app_top(app)->class->where));
}

static void app_take_input(struct app *app, struct input input)
{
    if (!app_unlocks(app, &input))
        return;
    app->message_fresh = false;
    struct app_layer *top = app_top(app);
    struct app_areas areas = app_layout(app);
    bool on_keys = input.type == INPUT_CLICK && input.y == areas.keys.y;
    if (areas.has_message && !app->lock.locked && input.type == INPUT_CLICK && input.y == areas.message.y) {
        app->message_until_us = 0; /* read */
        app->dirty_key = true;
        return;
    }
    const struct screen_key *own_keys = app_own_keys(app);
    if (on_keys && own_keys) {
        input = (struct input){.type = INPUT_KEY, .key = key_bar_own_at(own_keys, input.x)};
        on_keys = false;
    }
    struct input inside = input;
    inside.x -= areas.body.x;
    inside.y -= areas.body.y;
    unsigned effect = SCREEN_IGNORED;
    if (top->class->input && !on_keys)
        effect = top->class->input(top->state, &app->host, &inside);
    app_apply(app, effect);
    if (effect & SCREEN_LEAVE || (effect == SCREEN_IGNORED && !on_keys))
        app_press(app, &input);
    else if (effect == SCREEN_IGNORED) {
        struct key_bar_screen bar = app_key_bar(app);
        app_dispatch(app, key_bar_action_at(&areas.keys, &bar, input.x));
    }
    app_do_wants(app);
}

static void app_read_inputs(struct app *app)
{
    for (int i = 0; i < APP_INPUTS_MAX && !app->ended; i++) {
        bool gone = false;
        struct input input = terminal_read(app->terminal, app->host.mono_us, &gone);
        if (gone)
            app_end(app, APP_TERMINAL_GONE);
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
    app->host.paint_due_us = 0;
    if (app->canvas.columns < APP_LEAST_WIDTH || app->canvas.rows < APP_LEAST_HEIGHT) {
        app_draw_small(app);
        return;
    }
    struct app_areas areas = app_layout(app);
    const struct screen_class *titled = app_top(app)->class;
    size_t first = app->depth - 1;
    if (titled->overlay && first > 0)
        titled = app->stack[--first].class;
    frame_draw_header(&areas.header, &app->mirror, app_is_starting(app), titled->title, app->host.wall_us);
    if (areas.has_banner)
        frame_draw_banner(&areas.banner, areas.banner_text);
    if (areas.has_alarms)
        alarm_banner_draw(&areas.alarms, &app->alarm_banner, &app->mirror,
                          bell_silent_us(&app->bell, app->host.mono_us));
    for (size_t i = first; i < app->depth; i++)
        app->stack[i].class->draw(app->stack[i].state, &app->host, &areas.body);
    if (app->lock.locked) {
        const struct lock_context context = {.user = app->mirror.welcome.user, .typing = app_types(app)};
        lock_draw(&app->lock, &areas.message, &context);
    } else if (areas.has_message) {
        enum meaning meaning = app->message_meaning == MEANING_ERROR ? MEANING_BANNER : MEANING_MESSAGE;
        pane_fill(&areas.message, 0, 0, -1, 1, MEANING_MESSAGE);
        pane_text(&areas.message, 1, 0, -1, meaning, app->message);
    }
    const struct screen_key *own_keys = app_own_keys(app);
    struct key_bar_screen bar = app_key_bar(app);
    if (own_keys)
        key_bar_draw_own(&areas.keys, own_keys);
    else
        key_bar_draw(&areas.keys, &bar);
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
    app_check_requests(app);
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

/* So long a console may stay unused; 0: for ever. One that can change nothing needs no lock. */
static int64_t app_lock_after_us(const struct app *app)
{
    const struct wire_welcome *welcome = &app->mirror.welcome;
    return welcome->role > ROLE_VIEWER ? welcome->lock_after_us : 0;
}

/* Questions and dialogues close with it, of screens that lie below as well: what was typed there is gone, and nothing of it
 * is sent. */
static void app_check_lock(struct app *app)
{
    if (!lock_tick(&app->lock, app_lock_after_us(app), app->host.mono_us, app->host.wall_us))
        return;
    while (app->depth > 1 && app_top(app)->class->overlay)
        app_pop(app);
    for (size_t i = 0; i < app->depth; i++)
        if (app->stack[i].class->lock)
            app->stack[i].class->lock(app->stack[i].state);
    link_lock(app->link, true);
    app->dirty = true;
}

static void app_take_second(struct app *app)
{
    if (app->host.paint_due_us && app->host.mono_us >= app->host.paint_due_us)
        app->dirty = true;
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
            app_end(app, info.ssi_signo == SIGHUP ? APP_TERMINAL_GONE : "it was told to end");
            continue;
        }
        int columns, rows;
        if (terminal_resize(app->terminal, &columns, &rows))
            canvas_resize(&app->canvas, columns, rows);
        app->dirty = app->dirty_key = true;
    }
}

/* Alarms ring on every screen, whoever sits there: what the plant does is for all to hear. */
static void app_ring(struct app *app)
{
    alarm_banner_update(&app->alarm_banner, &app->mirror);
    if (bell_step(&app->bell, &app->mirror, &app->alarm_banner, app->host.mono_us))
        terminal_ring(app->terminal);
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
    int64_t link_wait = link_due_us(app->link) - now, bell_us = bell_due_us(&app->bell);
    int64_t frame = app->painted_us + (app->dirty_key ? APP_KEY_GAP_US : APP_FRAME_US) - now;
    if (link_wait < wait)
        wait = link_wait;
    if (bell_us - now < wait)
        wait = bell_us - now;
    if (app->host.paint_due_us && app->host.paint_due_us - now < wait)
        wait = app->host.paint_due_us - now;
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
        app_end(app, APP_TERMINAL_GONE);
    else if (fds[TERMINAL].revents & POLLIN)
        app_read_inputs(app);
    app_paint(app);
    app_take_news(app, fds[LINK].revents);
    app_take_history(app);
    app_take_second(app);
    app_check_lock(app);
    app_ring(app);
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
    /* First: of what ends with the console the recorder shall know that it did. */
    link_say_bye(app->link, app->end_reason ? app->end_reason : "its operator left");
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
    if (options->view)
        link_only_look(app->link);
    app->terminal = terminal_open(&options->terminal, err);
    if (!app->terminal) {
        app_free(app);
        return err->code;
    }
    terminal_init_canvas(app->terminal, &app->canvas);
    trend_view_init(&app->trends);
    app->host = (struct screen_host){
        .app = app, .mirror = &app->mirror, .link = app->link, .demo = options->demo, .trends = &app->trends};
    app_read_clocks(app);
    lock_init(&app->lock, app->host.mono_us);
    app_open(app, SCREEN_TAGS, 0);
    if (options->notice) {
        screen_host_say(&app->host, MEANING_ERROR, "%s", options->notice);
        app->message_until_us = app->host.mono_us + APP_NOTICE_US;
    }
    while (!app->ended)
        app_round(app);
    app_free(app);
    return EX_OK;
}
