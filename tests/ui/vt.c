/* The pty and the screen. One descriptor is polled: the pty's master side; the program's end is seen through
 * a pidfd, because a child that it left behind may keep the pty open.
 *
 * libvterm 0.1.4 knows no "dim" (SGR 2): it is ignored, everything else that ncurses sends is understood. Its
 * answers to queries and its key encodings arrive through one output callback and are queued to the program,
 * as typed bytes are. */
#include "vt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vterm.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"

struct vt {
    int master; /* -1 once hung up, or the program's side was closed */
    int pidfd;
    pid_t pid;
    bool ended; /* reaped; `status` is valid */
    int status;
    bool is_linux; /* TERM=linux: some keys differ */
    int rows, cols;
    VTerm *vterm;
    VTermScreen *screen;
    struct vt_cursor cursor;
    bool alternate, mouse;
    char *title; /* "" until the program sets one */
    size_t bells;
    struct buf raw;    /* everything the program wrote */
    struct buf typed;  /* not yet taken by the program */
    struct buf answer; /* text handed out by vt_row() and vt_text() */
    int64_t output_us;
};

/* --- what libvterm tells us --- */

static void vt_reply(const char *bytes, size_t length, void *user)
{
    struct vt *terminal = user;
    vt_type(terminal, bytes, length);
}

static int vt_moved(VTermPos at, VTermPos from, int visible, void *user)
{
    struct vt *terminal = user;
    (void)from;
    (void)visible; /* comes with its own property */
    terminal->cursor.row = at.row;
    terminal->cursor.col = at.col;
    return 1;
}

static int vt_property(VTermProp property, VTermValue *value, void *user)
{
    struct vt *terminal = user;
    switch (property) {
    case VTERM_PROP_CURSORVISIBLE:
        terminal->cursor.visible = value->boolean;
        break;
    case VTERM_PROP_ALTSCREEN:
        terminal->alternate = value->boolean;
        break;
    case VTERM_PROP_MOUSE:
        terminal->mouse = value->number != VTERM_PROP_MOUSE_NONE;
        break;
    case VTERM_PROP_TITLE:
        free(terminal->title);
        terminal->title = mem_copy_text(value->string ? value->string : "");
        break;
    default:
        break;
    }
    return 1;
}

static int vt_rang(void *user)
{
    struct vt *terminal = user;
    terminal->bells++;
    return 1;
}

static const VTermScreenCallbacks vt_callbacks = {
    .movecursor = vt_moved,
    .settermprop = vt_property,
    .bell = vt_rang,
};

static void vt_make_screen(struct vt *terminal)
{
    terminal->vterm = vterm_new(terminal->rows, terminal->cols);
    vterm_set_utf8(terminal->vterm, 1);
    vterm_output_set_callback(terminal->vterm, vt_reply, terminal);
    terminal->screen = vterm_obtain_screen(terminal->vterm);
    vterm_screen_set_callbacks(terminal->screen, &vt_callbacks, terminal);
    vterm_screen_enable_altscreen(terminal->screen, 1);
    vterm_screen_reset(terminal->screen, 1);
}

/* --- start and end --- */

/* In the child, between fork and exec. Tests are single-threaded, so setenv is safe here. */
static void vt_exec(const struct vt_options *options)
{
    static const char *const forgotten[] = {"LC_ALL", "LC_CTYPE", "LINES", "COLUMNS"};
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (size_t i = 0; i < sizeof forgotten / sizeof *forgotten; i++)
        unsetenv(forgotten[i]);
    setenv("TERM", VT_TERM, 1);
    setenv("LANG", VT_LOCALE, 1);
    for (const char *const *pair = options->env; pair && *pair; pair++)
        putenv(mem_copy_text(*pair));
    execvp(options->argv[0], (char *const *)options->argv);
    fprintf(stderr, "cannot run %s: %s\n", options->argv[0], strerror(errno));
    _exit(127);
}

static bool vt_is_linux(const char *const *env)
{
    for (; env && *env; env++)
        if (strcmp(*env, "TERM=linux") == 0)
            return true;
    return false;
}

struct vt *vt_start(const struct vt_options *options, struct err *err)
{
    struct winsize size = {.ws_row = (unsigned short)options->rows, .ws_col = (unsigned short)options->cols};
    int master = -1;
    pid_t pid = forkpty(&master, NULL, NULL, &size);
    if (pid < 0) {
        err_set(err, EX_OSERR, "cannot open a pty: %s", strerror(errno));
        return NULL;
    }
    if (pid == 0)
        vt_exec(options);
    struct vt *terminal = mem_new(1, sizeof *terminal);
    terminal->master = master;
    terminal->pid = pid;
    terminal->pidfd = pidfd_open(pid, 0);
    terminal->rows = options->rows;
    terminal->cols = options->cols;
    terminal->is_linux = vt_is_linux(options->env);
    terminal->title = mem_copy_text("");
    terminal->cursor.visible = true;
    terminal->output_us = clock_mono_us();
    buf_init(&terminal->raw, 0);
    buf_init(&terminal->typed, 0);
    buf_init(&terminal->answer, 0);
    fcntl(master, F_SETFL, O_NONBLOCK);
    fcntl(master, F_SETFD, FD_CLOEXEC);
    vt_make_screen(terminal);
    return terminal;
}

bool vt_close(struct vt *terminal, int grace_ms)
{
    if (!terminal)
        return true;
    int status;
    vt_hangup(terminal);
    bool by_itself = vt_wait_end(terminal, grace_ms, &status);
    if (!by_itself) {
        kill(terminal->pid, SIGKILL);
        waitpid(terminal->pid, &status, 0);
    }
    close(terminal->pidfd);
    vterm_free(terminal->vterm);
    free(terminal->title);
    buf_free(&terminal->raw);
    buf_free(&terminal->typed);
    buf_free(&terminal->answer);
    free(terminal);
    return by_itself;
}

void vt_hangup(struct vt *terminal)
{
    if (terminal->master >= 0)
        close(terminal->master);
    terminal->master = -1;
}

void vt_signal(struct vt *terminal, int signal)
{
    if (!terminal->ended)
        kill(terminal->pid, signal);
}

/* --- bytes to and from the program --- */

void vt_type(struct vt *terminal, const void *bytes, size_t length)
{
    if (terminal->master >= 0)
        buf_append(&terminal->typed, bytes, length);
}

static void vt_send(struct vt *terminal)
{
    ssize_t sent = write(terminal->master, terminal->typed.data, terminal->typed.length);
    if (sent > 0)
        buf_consume(&terminal->typed, (size_t)sent);
    else if (sent < 0 && errno != EAGAIN && errno != EINTR)
        vt_hangup(terminal);
}

/* Returns true when bytes came. The master reads EIO once nobody holds the other side. */
static bool vt_receive(struct vt *terminal)
{
    uint8_t bytes[65536];
    ssize_t got = read(terminal->master, bytes, sizeof bytes);
    if (got > 0) {
        buf_append(&terminal->raw, bytes, (size_t)got);
        terminal->output_us = clock_mono_us();
        vterm_input_write(terminal->vterm, (const char *)bytes, (size_t)got);
        return true;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR))
        vt_hangup(terminal);
    return false;
}

static void vt_reap(struct vt *terminal)
{
    if (!terminal->ended && waitpid(terminal->pid, &terminal->status, WNOHANG) == terminal->pid)
        terminal->ended = true;
}

int vt_descriptor(const struct vt *terminal, short *events)
{
    if (events)
        *events = (short)(POLLIN | (terminal->typed.length ? POLLOUT : 0));
    return terminal->master;
}

bool vt_pump(struct vt *terminal, int timeout_ms)
{
    struct pollfd waits[2] = {{.fd = terminal->master},
                              {.fd = terminal->ended ? -1 : terminal->pidfd, .events = POLLIN}};
    if (waits[0].fd < 0 && waits[1].fd < 0)
        return false;
    vt_descriptor(terminal, &waits[0].events);
    /* An ended program's last bytes are still in the pty: look once, do not wait for more. */
    if (poll(waits, 2, terminal->ended ? 0 : timeout_ms) <= 0)
        return false;
    bool came = false;
    if (waits[0].revents & POLLOUT)
        vt_send(terminal);
    if (terminal->master >= 0 && waits[0].revents & (POLLIN | POLLHUP | POLLERR))
        came = vt_receive(terminal);
    if (waits[1].revents) {
        vt_reap(terminal);
        came = true; /* something happened: the caller looks again */
    }
    return came;
}

/* --- waits --- */

static int vt_left_ms(int64_t until_us)
{
    int64_t left_us = until_us - clock_mono_us();
    return left_us <= 0 ? 0 : (int)(left_us / CLOCK_US_PER_MS) + 1;
}

/* Nothing can appear on the screen any more. */
static bool vt_is_over(const struct vt *terminal)
{
    return terminal->master < 0;
}

/* Pumps until `holds` does, or the time is over.
 * The condition is looked at before the first byte, and after each. */
static bool vt_wait(struct vt *terminal, bool (*holds)(struct vt *, const void *), const void *about,
                    int timeout_ms)
{
    int64_t until_us = clock_mono_us() + timeout_ms * CLOCK_US_PER_MS;
    while (!holds(terminal, about)) {
        int left_ms = vt_left_ms(until_us);
        bool came = vt_pump(terminal, left_ms);
        if (!came && (left_ms == 0 || vt_is_over(terminal) || terminal->ended))
            return holds(terminal, about);
    }
    return true;
}

static bool vt_shows(struct vt *terminal, const void *text)
{
    return strstr(vt_text(terminal), text) != NULL;
}

static bool vt_shows_not(struct vt *terminal, const void *text)
{
    return !vt_shows(terminal, text);
}

static bool vt_matches(struct vt *terminal, const void *regex)
{
    return regexec(regex, vt_text(terminal), 0, NULL, 0) == 0;
}

bool vt_wait_text(struct vt *terminal, const char *text, int timeout_ms)
{
    return vt_wait(terminal, vt_shows, text, timeout_ms);
}

bool vt_wait_gone(struct vt *terminal, const char *text, int timeout_ms)
{
    return vt_wait(terminal, vt_shows_not, text, timeout_ms);
}

bool vt_wait_regex(struct vt *terminal, const char *regex, int timeout_ms, struct err *err)
{
    regex_t compiled;
    int fault = regcomp(&compiled, regex, REG_EXTENDED | REG_NOSUB | REG_NEWLINE);
    if (fault) {
        char why[200];
        regerror(fault, &compiled, why, sizeof why);
        return err_set(err, EX_USAGE, "bad expression %s: %s", regex, why);
    }
    bool found = vt_wait(terminal, vt_matches, &compiled, timeout_ms);
    regfree(&compiled);
    return found || err_set(err, EX_TEMPFAIL, "no match of %s within %d ms", regex, timeout_ms);
}

bool vt_wait_quiet(struct vt *terminal, int quiet_ms, int timeout_ms)
{
    int64_t start_us = clock_mono_us();
    int64_t until_us = start_us + timeout_ms * CLOCK_US_PER_MS;
    for (;;) {
        int64_t since_us = terminal->output_us > start_us ? terminal->output_us : start_us;
        int64_t quiet_us = since_us + quiet_ms * CLOCK_US_PER_MS;
        int64_t now_us = clock_mono_us();
        if (now_us >= quiet_us || vt_is_over(terminal))
            return true;
        if (now_us >= until_us)
            return false;
        if (!vt_pump(terminal, vt_left_ms(quiet_us < until_us ? quiet_us : until_us)) && terminal->ended)
            return true;
    }
}

void vt_run(struct vt *terminal, int span_ms)
{
    int64_t until_us = clock_mono_us() + span_ms * CLOCK_US_PER_MS;
    int left_ms;
    while ((left_ms = vt_left_ms(until_us)) > 0 && !vt_is_over(terminal))
        if (!vt_pump(terminal, left_ms) && terminal->ended)
            return;
}

bool vt_wait_end(struct vt *terminal, int timeout_ms, int *status)
{
    int64_t until_us = clock_mono_us() + timeout_ms * CLOCK_US_PER_MS;
    int left_ms;
    do {
        left_ms = vt_left_ms(until_us);
        vt_pump(terminal, left_ms);
        vt_reap(terminal);
    } while (!terminal->ended && left_ms > 0);
    if (!terminal->ended)
        return false;
    while (vt_pump(terminal, 0))
        ; /* its last words */
    *status = terminal->status;
    return true;
}

/* --- what is on the screen --- */

int vt_rows(const struct vt *terminal)
{
    return terminal->rows;
}

int vt_cols(const struct vt *terminal)
{
    return terminal->cols;
}

void vt_resize(struct vt *terminal, int rows, int cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    terminal->rows = rows;
    terminal->cols = cols;
    vterm_set_size(terminal->vterm, rows, cols);
    if (terminal->master >= 0)
        ioctl(terminal->master, TIOCSWINSZ, &size);
}

static int vt_colour(const VTermColor *colour, int default_flag)
{
    if (colour->type & default_flag)
        return VT_DEFAULT;
    if (VTERM_COLOR_IS_INDEXED(colour))
        return colour->indexed.idx;
    return VT_RGB | colour->rgb.red << 16 | colour->rgb.green << 8 | colour->rgb.blue;
}

bool vt_cell(const struct vt *terminal, int row, int col, struct vt_cell *out)
{
    VTermScreenCell cell;
    if (row < 0 || col < 0 || row >= terminal->rows || col >= terminal->cols ||
        !vterm_screen_get_cell(terminal->screen, (VTermPos){.row = row, .col = col}, &cell))
        return false;
    *out = (struct vt_cell){
        .width = cell.width,
        .fg = vt_colour(&cell.fg, VTERM_COLOR_DEFAULT_FG),
        .bg = vt_colour(&cell.bg, VTERM_COLOR_DEFAULT_BG),
        .bold = cell.attrs.bold,
        .reverse = cell.attrs.reverse,
        .blink = cell.attrs.blink,
        .underline = cell.attrs.underline,
    };
    if (cell.chars[0] == UINT32_MAX) /* the right half of a wide character */
        return true;
    if (cell.chars[0] == 0) { /* never written; the further members are not set */
        memcpy(out->text, " ", 2);
        return true;
    }
    char *at = out->text;
    for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++)
        at += utf8_encode(at, cell.chars[i]);
    return true;
}

static void vt_append_row(struct vt *terminal, int row)
{
    struct vt_cell cell;
    size_t end = terminal->answer.length;
    for (int col = 0; vt_cell(terminal, row, col, &cell); col++) {
        buf_append_text(&terminal->answer, cell.text);
        if (strcmp(cell.text, " ") != 0)
            end = terminal->answer.length;
    }
    terminal->answer.length = end;
}

const char *vt_row(struct vt *terminal, int row)
{
    buf_clear(&terminal->answer);
    vt_append_row(terminal, row);
    return buf_text(&terminal->answer);
}

const char *vt_text(struct vt *terminal)
{
    buf_clear(&terminal->answer);
    for (int row = 0; row < terminal->rows; row++) {
        vt_append_row(terminal, row);
        buf_append_text(&terminal->answer, "\n");
    }
    return buf_text(&terminal->answer);
}

bool vt_find(struct vt *terminal, const char *text, int *row, int *col)
{
    for (*row = 0; *row < terminal->rows; ++*row) {
        const char *line = vt_row(terminal, *row);
        const char *found = strstr(line, text);
        if (!found)
            continue;
        ptrdiff_t bytes = found - line;
        struct vt_cell cell;
        for (*col = 0; bytes > 0 && vt_cell(terminal, *row, *col, &cell); ++*col)
            bytes -= (ptrdiff_t)strlen(cell.text);
        if (vt_cell(terminal, *row, *col, &cell) && !cell.text[0])
            ++*col; /* past the right half of a wide character */
        return true;
    }
    return false;
}

struct vt_cursor vt_cursor(const struct vt *terminal)
{
    return terminal->cursor;
}

bool vt_alternate(const struct vt *terminal)
{
    return terminal->alternate;
}

bool vt_mouse(const struct vt *terminal)
{
    return terminal->mouse;
}

const char *vt_title(const struct vt *terminal)
{
    return terminal->title;
}

size_t vt_bells(const struct vt *terminal)
{
    return terminal->bells;
}

pid_t vt_pid(const struct vt *terminal)
{
    return terminal->pid;
}

const uint8_t *vt_raw(const struct vt *terminal, size_t *length)
{
    *length = terminal->raw.length;
    return terminal->raw.data;
}

int64_t vt_output_us(const struct vt *terminal)
{
    return terminal->output_us;
}

/* --- keys --- */

struct vt_key_name {
    const char *name;
    VTermKey key;
    const char *linux_bytes; /* what the Linux console sends where it differs from an xterm */
};

static const struct vt_key_name vt_keys[] = {
    {.name = "Enter", .key = VTERM_KEY_ENTER},
    {.name = "Tab", .key = VTERM_KEY_TAB},
    {.name = "Backspace", .key = VTERM_KEY_BACKSPACE},
    {.name = "Escape", .key = VTERM_KEY_ESCAPE},
    {.name = "Up", .key = VTERM_KEY_UP},
    {.name = "Down", .key = VTERM_KEY_DOWN},
    {.name = "Left", .key = VTERM_KEY_LEFT},
    {.name = "Right", .key = VTERM_KEY_RIGHT},
    {.name = "Insert", .key = VTERM_KEY_INS},
    {.name = "Delete", .key = VTERM_KEY_DEL},
    {.name = "Home", .key = VTERM_KEY_HOME, .linux_bytes = "\033[1~"},
    {.name = "End", .key = VTERM_KEY_END, .linux_bytes = "\033[4~"},
    {.name = "PageUp", .key = VTERM_KEY_PAGEUP},
    {.name = "PageDown", .key = VTERM_KEY_PAGEDOWN},
    {.name = "F1", .key = VTERM_KEY_FUNCTION(1), .linux_bytes = "\033[[A"},
    {.name = "F2", .key = VTERM_KEY_FUNCTION(2), .linux_bytes = "\033[[B"},
    {.name = "F3", .key = VTERM_KEY_FUNCTION(3), .linux_bytes = "\033[[C"},
    {.name = "F4", .key = VTERM_KEY_FUNCTION(4), .linux_bytes = "\033[[D"},
    {.name = "F5", .key = VTERM_KEY_FUNCTION(5), .linux_bytes = "\033[[E"},
    {.name = "F6", .key = VTERM_KEY_FUNCTION(6)},
    {.name = "F7", .key = VTERM_KEY_FUNCTION(7)},
    {.name = "F8", .key = VTERM_KEY_FUNCTION(8)},
    {.name = "F9", .key = VTERM_KEY_FUNCTION(9)},
    {.name = "F10", .key = VTERM_KEY_FUNCTION(10)},
    {.name = "F11", .key = VTERM_KEY_FUNCTION(11)},
    {.name = "F12", .key = VTERM_KEY_FUNCTION(12)},
};

/* Takes "C-", "M-" and "S-" off the front of a name. */
static VTermModifier vt_modifiers(const char **name)
{
    static const struct {
        char letter;
        VTermModifier modifier;
    } prefixes[] = {{'C', VTERM_MOD_CTRL}, {'M', VTERM_MOD_ALT}, {'S', VTERM_MOD_SHIFT}};
    VTermModifier modifiers = VTERM_MOD_NONE;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if ((*name)[0] == prefixes[i].letter && (*name)[1] == '-' && (*name)[2]) {
            modifiers |= prefixes[i].modifier;
            *name += 2;
        }
    }
    return modifiers;
}

bool vt_key(struct vt *terminal, const char *name)
{
    VTermModifier modifiers = vt_modifiers(&name);
    for (size_t i = 0; i < sizeof vt_keys / sizeof *vt_keys; i++) {
        const struct vt_key_name *known = &vt_keys[i];
        if (strcmp(known->name, name) != 0)
            continue;
        if (terminal->is_linux && known->linux_bytes && !modifiers)
            vt_type(terminal, known->linux_bytes, strlen(known->linux_bytes));
        else if (known->key == VTERM_KEY_BACKSPACE && !modifiers)
            vt_type(terminal, "\177", 1);
        else
            vterm_keyboard_key(terminal->vterm, known->key, modifiers);
        return true;
    }
    if (strcmp(name, "Space") == 0)
        name = " ";
    uint32_t code_point;
    size_t length = strlen(name);
    if (length == 0 || utf8_decode(name, length, &code_point) != length)
        return false;
    vterm_keyboard_unichar(terminal->vterm, code_point, modifiers);
    return true;
}

void vt_click(struct vt *terminal, int row, int col, int button)
{
    if (!terminal->mouse) /* libvterm would send it all the same */
        return;
    vterm_mouse_move(terminal->vterm, row, col, VTERM_MOD_NONE);
    vterm_mouse_button(terminal->vterm, button, true, VTERM_MOD_NONE);
    if (button <= 3) /* a wheel is never released */
        vterm_mouse_button(terminal->vterm, button, false, VTERM_MOD_NONE);
}
