/* hmi: the console. Finds the recorder of the configuration, starts one where none runs, and shows the plant.
 * With -H or -L a look at any broker: its recorder keeps a history of its own in a folder of its own, and
 * both end with the last console. */
#include "base/clock.h"
#include "base/mem.h"
#include "cli/attach.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/sockets.h"
#include "config/config.h"
#include "recorder/lock.h"
#include "ui/app.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#define CONSOLE_START_MS     15000
#define CONSOLE_TRY_MS       50
#define CONSOLE_FILTERS_MAX  32
#define CONSOLE_PASSWORD_MAX 1024

enum { CONSOLE_KEEP = 256, CONSOLE_VIEW, CONSOLE_THEME, CONSOLE_GLYPHS, CONSOLE_SOCKET, CONSOLE_OF_DEMO };

static const struct cli_option CONSOLE_OPTIONS[] = {
    CLI_OPTION_CONFIG,
    {'H', "host", "HOST", "a look at this broker, with no configuration: read-only, nothing is kept"},
    {'p', "port", "PORT", "its port (1883, with TLS 8883)"},
    {'L', "url", "URL", "the same as mqtt://HOST or mqtts://HOST"},
    {'u', "user", "USER", "user name there; the password is asked for"},
    {'t', "filter", "FILTER", "topics to look at (#); may be repeated"},
    {CONSOLE_KEEP, "keep", "FILE", "keep the look's history in this file"},
    {CONSOLE_VIEW, "view", NULL, "only look: nothing can be changed from this console, whoever sits there"},
    {CONSOLE_THEME, "theme", "THEME", "dark, light or mono (chosen by the terminal)"},
    {CONSOLE_GLYPHS, "glyphs", "LEVEL", "braille, blocks, line or ascii (chosen by locale and terminal)"},
    {CONSOLE_SOCKET, "socket", "PATH", NULL},
    {CONSOLE_OF_DEMO, "of-demo", NULL, NULL},
    {0},
};

struct console {
    const char *config_path, *socket;
    const char *host, *port, *url, *user, *keep;
    const char *filters[CONSOLE_FILTERS_MAX];
    size_t filter_count;
    const char *theme, *glyphs;
    bool view;    /* it only looks */
    bool of_demo; /* hmi demo started it, and ends with it */
    char *folder; /* of a look; owned */
    pid_t recorder;
};

static bool console_is_look(const struct console *console)
{
    return console->host || console->url;
}

static int console_parse(const struct cli_command *command, int argc, char **argv, struct console *console)
{
    const char *value;
    int key;
    while ((key = cli_next_option(command, argc, argv, &value)) != -1) {
        switch (key) {
        case 'c':
            console->config_path = value;
            break;
        case 'H':
            console->host = value;
            break;
        case 'p':
            console->port = value;
            break;
        case 'L':
            console->url = value;
            break;
        case 'u':
            console->user = value;
            break;
        case 't':
            if (console->filter_count == CONSOLE_FILTERS_MAX) {
                fprintf(stderr, "hmi: at most %d filters\n", CONSOLE_FILTERS_MAX);
                return EX_USAGE;
            }
            console->filters[console->filter_count++] = value;
            break;
        case CONSOLE_KEEP:
            console->keep = value;
            break;
        case CONSOLE_VIEW:
            console->view = true;
            break;
        case CONSOLE_THEME:
            console->theme = value;
            break;
        case CONSOLE_GLYPHS:
            console->glyphs = value;
            break;
        case CONSOLE_SOCKET:
            console->socket = value;
            break;
        case CONSOLE_OF_DEMO:
            console->of_demo = true;
            break;
        default:
            return EX_USAGE;
        }
    }
    bool of_look = console->port || console->user || console->filter_count || console->keep;
    if (of_look && !console_is_look(console)) {
        fprintf(stderr, "hmi: -p, -u, -t and --keep belong to a look at a broker: give its name with -H\n");
        return EX_USAGE;
    }
    return EX_OK;
}

/* ---- a recorder for a configuration ---- */

/* Only the one whom the history belongs to becomes its recorder. */
static bool console_may_start(const struct config *config, struct err *err)
{
    struct stat status;
    if (stat(config->history.file, &status) != 0 || status.st_uid == geteuid())
        return true;
    char owner_name[64] = "another user";
    const struct passwd *owner = getpwuid(status.st_uid);
    if (owner)
        snprintf(owner_name, sizeof owner_name, "%s", owner->pw_name);
    const struct passwd *self = getpwuid(geteuid());
    return err_set(
        err, EX_UNAVAILABLE,
        "no recorder of %s can be reached, and its history belongs to %s. If none runs, it is started there (hmi record). "
        "If one runs, its configuration has to name you: access = { viewer = [ \"%s\" ]; };",
        config->path, owner_name, self ? self->pw_name : "your user");
}

/* Where the recorder will listen: its folder is made now, for only folders that are there are looked into. */
static bool console_prepare_folder(const struct config *config, char ***paths, struct err *err)
{
    char *socket = config_socket_path(config, err);
    if (!socket)
        return false;
    free(socket);
    config_free_list(*paths);
    *paths = config_socket_candidates(config);
    return true;
}

/* `paths` is made anew. */
static bool console_start_configured(struct console *console, const struct config *config, char ***paths,
                                     struct err *err)
{
    if (!console_may_start(config, err) || !console_prepare_folder(config, paths, err))
        return false;
    char *log_path = attach_log_path(config->history.file, err);
    if (!log_path)
        return false;
    const char *arguments[] = {"-c", config->path, NULL};
    const struct attach_start start = {.arguments = arguments,
                                       .socket_paths = (const char *const *)*paths,
                                       .log_path = log_path,
                                       .timeout_ms = CONSOLE_START_MS};
    fprintf(stderr, "hmi: no recorder runs; starting one (log: %s)\n", log_path);
    bool good = attach_start_recorder(&start, &console->recorder, err);
    free(log_path);
    return good;
}

/* Another recorder holds the history but does not answer yet: it is just starting. */
static bool console_await_other(const struct config *config, char ***paths)
{
    int64_t until_us = clock_mono_us() + CONSOLE_START_MS * CLOCK_US_PER_MS;
    while (clock_mono_us() < until_us && lock_holder(config->history.file)) {
        config_free_list(*paths);
        *paths = sockets_of(config); /* it may have noted its socket meanwhile */
        if (attach_is_running((const char *const *)*paths))
            return true;
        poll(NULL, 0, CONSOLE_TRY_MS);
    }
    return false;
}

/* ---- a recorder for a look ---- */

/* Asks on the terminal without showing what is typed. Returns a descriptor from which the recorder reads it,
 * so that no list of processes shows it; -1 with `err` set. */
static int console_ask_password(const char *user, struct err *err)
{
    char password[CONSOLE_PASSWORD_MAX] = "";
    struct termios shown, hidden;
    int ends[2];
    if (tcgetattr(STDIN_FILENO, &shown) != 0 || pipe2(ends, 0) != 0) {
        err_set(err, EX_OSERR, "cannot ask for the password: %s", strerror(errno));
        return -1;
    }
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    hidden = shown;
    hidden.c_lflag &= (tcflag_t)~ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH,
              &hidden); /* first: a program or a quick hand answers the prompt at once */
    fprintf(stderr, "Password of %s: ", user);
    bool got = fgets(password, sizeof password, stdin) != NULL;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    fprintf(stderr, "\n");
    size_t length = strcspn(password, "\r\n");
    bool written = got && write(ends[1], password, length) == (ssize_t)length;
    explicit_bzero(password, sizeof password);
    close(ends[1]);
    if (written)
        return ends[0];
    close(ends[0]);
    err_set(err, EX_NOINPUT, "no password was given");
    return -1;
}

struct console_arguments {
    const char *list[2 * CONSOLE_FILTERS_MAX + 24];
    size_t count;
};

static void console_add(struct console_arguments *arguments, const char *option, const char *value)
{
    if (!value)
        return;
    arguments->list[arguments->count++] = option;
    arguments->list[arguments->count++] = value;
}

static bool console_make_folder(struct console *console, struct err *err)
{
    const char *base = getenv("TMPDIR");
    console->folder = mem_format("%s/hmi-look-XXXXXX", base && *base == '/' ? base : "/tmp");
    if (mkdtemp(console->folder))
        return true;
    return err_set(err, EX_CANTCREAT, "cannot make the folder %s: %s", console->folder, strerror(errno));
}

static bool console_start_look(struct console *console, const char *socket, struct err *err)
{
    int password_fd = console->user ? console_ask_password(console->user, err) : -1;
    if (console->user && password_fd < 0)
        return false;
    char fd_text[16], *log_path = mem_format("%s/log", console->folder);
    snprintf(fd_text, sizeof fd_text, "%d", password_fd);
    struct console_arguments arguments = {.list = {"--look"}, .count = 1};
    console_add(&arguments, "--socket", socket);
    console_add(&arguments, "-H", console->host);
    console_add(&arguments, "-p", console->port);
    console_add(&arguments, "-L", console->url);
    console_add(&arguments, "-u", console->user);
    console_add(&arguments, "--keep", console->keep);
    console_add(&arguments, "--password-fd", password_fd >= 0 ? fd_text : NULL);
    for (size_t i = 0; i < console->filter_count; i++)
        console_add(&arguments, "-t", console->filters[i]);
    const char *const paths[] = {socket, NULL};
    const struct attach_start start = {.arguments = arguments.list,
                                       .socket_paths = paths,
                                       .log_path = log_path,
                                       .timeout_ms = CONSOLE_START_MS};
    bool good = attach_start_recorder(&start, &console->recorder, err);
    if (password_fd >= 0)
        close(password_fd);
    free(log_path);
    return good;
}

/* What the recorder of a look leaves behind when it has ended; while it still runs nothing can be removed. */
static void console_remove_folder(const struct console *console)
{
    char *log_path = mem_format("%s/log", console->folder);
    if (access(console->folder, F_OK) == 0) {
        unlink(log_path);
        rmdir(console->folder);
    }
    free(log_path);
}

/* ---- the console ---- */

/* Whatever is said while the screen is up would spoil it.
 * A standard error that leads elsewhere is left alone. */
static int console_hide_stderr(void)
{
    if (!isatty(STDERR_FILENO))
        return -1;
    int kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0)
        dup2(nowhere, STDERR_FILENO);
    close(nowhere);
    return kept;
}

static const char *first_of(const char *a, const char *b, const char *c)
{
    return a && *a ? a : b && *b ? b : c && *c ? c : NULL;
}

/* `notice` is said on the screen for a while; NULL: nothing. */
static int console_show(const struct console *console, const struct config *config, const char *const *paths,
                        const char *notice, struct err *err)
{
    const struct app_options options = {
        .terminal = {.theme = first_of(console->theme, getenv("HMI_THEME"), config ? config->theme : NULL),
                     .glyphs =
                         first_of(console->glyphs, getenv("HMI_GLYPHS"), config ? config->glyphs : NULL)},
        .socket_paths = paths,
        .demo = console->of_demo,
        .view = console->view && !console_is_look(console), /* a look changes nothing in any case */
        .notice = notice,
    };
    int kept = console_hide_stderr();
    int status = app_run(&options, err);
    if (kept >= 0) {
        dup2(kept, STDERR_FILENO);
        close(kept);
    }
    return status;
}

static int console_run_look(struct console *console, struct err *err)
{
    if (!console_make_folder(console, err))
        return err->code;
    char *socket = mem_format("%s/look.sock", console->folder);
    const char *const paths[] = {socket, NULL};
    int status =
        console_start_look(console, socket, err) ? console_show(console, NULL, paths, NULL, err) : err->code;
    console_remove_folder(console);
    free(socket);
    free(console->folder);
    return status;
}

/* No recorder is started with a faulty configuration, but one that runs is watched. */
static int console_run_faulty(const struct console *console, const struct config *config,
                              const struct config_report *report, struct err *err)
{
    char **paths = sockets_of(config), *notice = mem_format(CLIENT_FAULTS, report->count);
    int status = EX_CONFIG;
    if (attach_is_running((const char *const *)paths)) {
        fprintf(stderr, "hmi: %s\n", notice);
        status = console_show(console, config, (const char *const *)paths, notice, err);
    } else {
        cli_print_faults(report);
    }
    free(notice);
    config_free_list(paths);
    return status;
}

static int console_run_good(struct console *console, const struct config *config, struct err *err)
{
    char **paths = sockets_of(config);
    bool ready = attach_is_running((const char *const *)paths) ||
                 console_start_configured(console, config, &paths, err) ||
                 (err->code == EX_TEMPFAIL && console_await_other(config, &paths));
    int status = ready ? console_show(console, config, (const char *const *)paths, NULL, err) : err->code;
    config_free_list(paths);
    return status;
}

static int console_run_configured(const struct cli_command *command, struct console *console, struct err *err)
{
    struct config config;
    struct config_report report;
    int status;
    if (!cli_find_config(command, console->config_path, &config, &report, &status))
        return status;
    if (config.timezone)
        setenv("TZ", config.timezone, 1);
    status = status == EX_OK ? console_run_good(console, &config, err)
                             : console_run_faulty(console, &config, &report, err);
    config_report_free(&report);
    config_free(&config);
    return status;
}

static int console_run(const struct cli_command *command, int argc, char **argv)
{
    struct console console = {.socket = getenv("HMI_SOCKET"), .recorder = -1};
    struct err err = {0};
    int status = console_parse(command, argc, argv, &console);
    if (status != EX_OK)
        return status;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        fprintf(stderr,
                "hmi: the console needs a terminal; without one use hmi status, hmi tags or hmi record\n");
        return EX_USAGE;
    }
    if (!terminal_check(&err)) { /* before a recorder is started for a console that cannot be shown */
        fprintf(stderr, "hmi: %s\n", err.text);
        return err.code;
    }
    app_block_signals();
    if (console_is_look(&console)) {
        status = console_run_look(&console, &err);
    } else if (console.socket && *console.socket) {
        const char *const paths[] = {console.socket, NULL};
        status = console_show(&console, NULL, paths, NULL, &err);
    } else {
        status = console_run_configured(command, &console, &err);
    }
    if (err.code)
        fprintf(stderr, "hmi: %s\n", err.text);
    return status;
}

const struct cli_command CLI_CONSOLE = {
    .name = "",
    .arguments = "",
    .summary = "the console: the live plant on this terminal",
    .options = CONSOLE_OPTIONS,
    .run = console_run,
};
