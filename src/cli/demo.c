/* hmi demo: a private broker, the simulator,
 * a recorder and the console, all ended together (cli/demo_keeper.h). */
#include "base/clock.h"
#include "base/num.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/demo_files.h"
#include "cli/demo_keeper.h"
#include "cli/demo_process.h"
#include "db/query.h"
#include "ui/terminal.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static const int DEMO_SECONDS = 10, CONSOLE_STOP_MS = 3000, LOOK_MS = 100;

enum { DEMO_HEADLESS = 256, DEMO_SECONDS_KEY, DEMO_KEEP, DEMO_SEED, DEMO_SPEED };

static const struct cli_option DEMO_OPTIONS[] = {
    {DEMO_HEADLESS, "headless", NULL, "no console: a summary of what was received and stored"},
    {DEMO_SECONDS_KEY, "seconds", "N", "with --headless: for so long (10)"},
    {DEMO_KEEP, "keep", "DIR", "keep configuration, history and logs in this folder"},
    {DEMO_SEED, "seed", "N", "the same seed gives the same plant (1)"},
    {DEMO_SPEED, "speed", "X", "the plant's time runs so many times faster (1)"},
    {.key = 0},
};

static int demo_run_command(const struct cli_command *command, int argc, char **argv);

const struct cli_command CLI_DEMO = {
    .name = "demo",
    .arguments = "",
    .summary = "see a simulated water works: broker, simulator, recorder and console in one",
    .options = DEMO_OPTIONS,
    .run = demo_run_command,
};

struct demo {
    struct demo_options options;
    struct demo_files files;
    struct demo_keeper keeper;
    struct demo_process console;
    int signals;
    int signal; /* the one that ended it; 0: none did */
};

/* ---- waiting ---- */

enum demo_event { DEMO_TIMEOUT, DEMO_READY, DEMO_OVER, DEMO_SIGNAL, DEMO_CONSOLE_ENDED };

/* A signal that ends the demo? While the console has the terminal, Ctrl-C is its key. */
static bool demo_take_signal(struct demo *demo)
{
    struct signalfd_siginfo info;
    if (read(demo->signals, &info, sizeof info) != sizeof info || info.ssi_signo == SIGCHLD)
        return false;
    if (info.ssi_signo == SIGINT && demo->console.pid > 0)
        return false;
    demo->signal = (int)info.ssi_signo;
    return true;
}

static enum demo_event demo_wait(struct demo *demo, int64_t until_mono_us)
{
    for (;;) {
        struct pollfd fds[] = {{.fd = demo->keeper.fd, .events = POLLIN},
                               {.fd = demo->signals, .events = POLLIN}};
        int64_t left_us = until_mono_us - clock_mono_us();
        if (left_us <= 0)
            return DEMO_TIMEOUT;
        int64_t wait_ms = left_us / CLOCK_US_PER_MS + 1;
        if (poll(fds, 2, wait_ms > LOOK_MS * 100 ? LOOK_MS * 100 : (int)wait_ms) < 0 && errno != EINTR)
            return DEMO_OVER;
        if (fds[1].revents && demo_take_signal(demo))
            return DEMO_SIGNAL;
        if (demo->console.pid > 0 && !demo_process_runs(&demo->console))
            return DEMO_CONSOLE_ENDED;
        char byte;
        if (fds[0].revents)
            return read(demo->keeper.fd, &byte, 1) == 1 ? DEMO_READY : DEMO_OVER;
    }
}

/* ---- headless ---- */

struct demo_figures {
    uint64_t messages, samples_stored, refused, commits, tags, samples_in_file;
    double commit_ms_median, commit_ms_p99, seconds;
};

/* What the recorder says of itself; false with `err` set also when that is not good. */
static bool demo_ask_recorder(const struct demo *demo, struct demo_figures *figures, struct err *err)
{
    struct client client;
    bool good = client_open(&client, demo->files.config, err) && client_snapshot(&client, err);
    const struct wire_status *status = &client.mirror.status;
    if (good && !client.mirror.has_status)
        good = err_set(err, EX_SOFTWARE, "the recorder tells nothing of its health");
    if (good && status->link != WIRE_LINK_UP && status->link != WIRE_LINK_BACKLOG)
        good = err_set(err, EX_UNAVAILABLE, "the recorder is not connected: %s", status->link_text);
    if (good && (status->recording != WIRE_RECORDING_GOOD || status->write_errors || status->spool_lost))
        good = err_set(err, EX_IOERR, "the recorder cannot record: %s", status->recording_text);
    if (good) {
        figures->messages = status->messages;
        figures->samples_stored = status->stored;
        figures->refused = status->refused_payloads;
        figures->commits = status->commits;
        figures->commit_ms_median = status->commit_ms_median;
        figures->commit_ms_p99 = status->commit_ms_p99;
    }
    client_close(&client);
    return good;
}

/* What is in the file, read after the recorder has ended. */
static bool demo_read_history(const struct demo *demo, struct demo_figures *figures, struct err *err)
{
    struct query *query = query_open(demo->files.history, err);
    bool good = query && query_counts(query, &figures->samples_in_file, &figures->tags, err);
    query_close(query);
    if (good && (figures->samples_in_file == 0 || figures->samples_in_file < figures->samples_stored))
        good = err_set(err, EX_IOERR,
                       "the history holds %" PRIu64 " samples, but the recorder said that it stored %" PRIu64,
                       figures->samples_in_file, figures->samples_stored);
    return good;
}

static void demo_print_figures(const struct demo *demo, const struct demo_figures *figures)
{
    printf("a simulated water works, %.1f s:\n", figures->seconds);
    printf("  received  %8" PRIu64 " messages, %.1f a second; %" PRIu64 " payloads refused\n",
           figures->messages, (double)figures->messages / figures->seconds, figures->refused);
    printf("  stored    %8" PRIu64 " samples of %" PRIu64 " tags, %.1f a second\n", figures->samples_in_file,
           figures->tags, (double)figures->samples_in_file / figures->seconds);
    printf("  commits   %8" PRIu64 ", median %.1f ms, 99 %% within %.1f ms\n", figures->commits,
           figures->commit_ms_median, figures->commit_ms_p99);
    if (demo->files.keep)
        printf("  kept in   %s\n  see it:   hmi sql -c %s 'SELECT * FROM latest'\n", demo->files.folder,
               demo->files.config);
}

static bool demo_headless(struct demo *demo, struct err *err)
{
    struct demo_figures figures = {0};
    int64_t start_us = clock_mono_us();
    if (demo_wait(demo, start_us + demo->options.seconds * CLOCK_US_PER_SECOND) != DEMO_TIMEOUT)
        return false;
    bool good = demo_ask_recorder(demo, &figures, err);
    figures.seconds = (double)(clock_mono_us() - start_us) / 1e6;
    demo_keeper_stop(&demo->keeper);
    const struct demo_process *recorder = &demo->keeper.shared->children[DEMO_RECORDER];
    if (good && (!WIFEXITED(recorder->status) || WEXITSTATUS(recorder->status) != EX_OK)) {
        char how[200];
        demo_process_describe(recorder, how, sizeof how);
        good = err_set(err, EX_SOFTWARE, "%s", how);
    }
    good = good && demo_read_history(demo, &figures, err);
    if (good)
        demo_print_figures(demo, &figures);
    return good;
}

/* ---- with the console ---- */

static bool demo_console(struct demo *demo, struct err *err)
{
    const char *argv[] = {"hmi", "-c", demo->files.config, "--of-demo", NULL};
    demo->console = (struct demo_process){.name = "the console"};
    if (!demo_process_start(&demo->console, NULL, argv, NULL, err))
        return false;
    enum demo_event event = demo_wait(demo, INT64_MAX);
    demo_process_stop(&demo->console, CONSOLE_STOP_MS);
    if (event != DEMO_CONSOLE_ENDED ||
        (WIFEXITED(demo->console.status) && WEXITSTATUS(demo->console.status) == EX_OK))
        return event == DEMO_CONSOLE_ENDED;
    char how[200];
    demo_process_describe(&demo->console, how, sizeof how);
    return err_set(err, EX_SOFTWARE, "%s", how);
}

/* ---- all of it ---- */

static bool demo_watch_signals(struct demo *demo, struct err *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGQUIT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    demo->signals = signalfd(-1, &set, SFD_CLOEXEC);
    return demo->signals >= 0 || err_set(err, EX_OSERR, "cannot watch signals: %s", strerror(errno));
}

static bool demo_run(struct demo *demo, const char *mosquitto, struct err *err)
{
    bool good = demo_files_make(&demo->files, demo->options.keep, err) &&
                demo_keeper_start(&demo->keeper, mosquitto, &demo->files, &demo->options, err);
    if (good) {
        if (!demo->options.seconds)
            fprintf(stderr, "starting a broker, the simulator and a recorder ...\n");
        good = demo_wait(demo, INT64_MAX) == DEMO_READY;
    }
    if (good)
        good = demo->options.seconds ? demo_headless(demo, err) : demo_console(demo, err);
    demo_keeper_stop(&demo->keeper);
    if (!good && !err->code && demo->signal)
        err_set(err, 128 + demo->signal, "ended by signal %d (%s)", demo->signal, strsignal(demo->signal));
    else if (!good && !err->code && demo->keeper.shared && demo->keeper.shared->failure.code)
        *err = demo->keeper.shared->failure;
    else if (!good && !err->code)
        err_set(err, EX_SOFTWARE, "ended without a reason");
    demo_files_remove(&demo->files);
    demo_files_free(&demo->files);
    return good;
}

static bool demo_take_option(struct demo_options *options, int key, const char *value)
{
    double number = 0;
    char *end;
    switch (key) {
    case DEMO_HEADLESS:
        if (!options->seconds)
            options->seconds = DEMO_SECONDS;
        return true;
    case DEMO_SECONDS_KEY:
        if (!num_parse(value, strlen(value), &number) || !(number >= 1 && number <= 86400))
            break;
        options->seconds = (int)number;
        return true;
    case DEMO_KEEP:
        options->keep = value;
        return true;
    case DEMO_SEED:
        errno = 0;
        options->seed = strtoull(value, &end, 10);
        if (errno || end == value || *end || *value == '-')
            break;
        return true;
    case DEMO_SPEED:
        if (!num_parse(value, strlen(value), &options->speed) ||
            !(options->speed >= 0.01 && options->speed <= 1000))
            break;
        return true;
    default:
        return false;
    }
    fprintf(stderr,
            "hmi demo: '%s' will not do: --seconds 1 to 86400, --seed a whole number, --speed 0.01 to 1000\n",
            value);
    return false;
}

static bool demo_parse(const struct cli_command *command, int argc, char **argv, struct demo_options *options)
{
    bool headless = false;
    const char *value;
    for (int key; (key = cli_next_option(command, argc, argv, &value)) != -1;) {
        headless = headless || key == DEMO_HEADLESS;
        if (!demo_take_option(options, key, value))
            return false;
    }
    if (options->seconds && !headless)
        fprintf(stderr, "hmi demo: --seconds goes with --headless\n");
    else if (!headless && (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)))
        fprintf(stderr, "hmi demo: the console needs a terminal; without one: hmi demo --headless\n");
    else
        return true;
    return false;
}

static int demo_run_command(const struct cli_command *command, int argc, char **argv)
{
    struct demo demo = {.options = {.seed = 1, .speed = 1}, .keeper.fd = -1, .signals = -1};
    struct err err = {0};
    if (!demo_parse(command, argc, argv, &demo.options))
        return EX_USAGE;
    char *mosquitto = demo_process_find("mosquitto");
    bool good = (demo.options.seconds || terminal_check(&err)) &&
                (mosquitto || err_set(&err, EX_UNAVAILABLE,
                                      "the broker mosquitto is not installed: apt install mosquitto"));
    good = good && demo_watch_signals(&demo, &err) && demo_run(&demo, mosquitto, &err);
    if (!good)
        fprintf(stderr, "hmi demo: %s\n", err.text);
    free(mosquitto);
    return good ? EX_OK : err.code;
}
