/* The pty and the screen. One descriptor is polled: the pty's master side; the program's end is seen through
 * a pidfd, because a child that it left behind may keep the pty open.
 *
 * libvterm 0.1.4 knows no "dim" (SGR 2): it is ignored, everything else that ncurses sends is understood. Its
 * answers to queries and its key encodings arrive through one output callback and are queued to the program,
 * as typed bytes are. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "tests/ui/vt_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

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

void vt_reap(struct vt *terminal)
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
