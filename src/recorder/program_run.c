#include "recorder/program_run.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUN_SAID_MAX 128 /* bytes of its output that are kept, for the first line */
#define RUN_ROUND_US CLOCK_US_PER_SECOND

/* What is ours alone, and would tell systemd of another process than it asked. */
static const char *const RUN_HIDDEN[] = {"NOTIFY_SOCKET=", "WATCHDOG_PID=", "WATCHDOG_USEC="};

/* One run; descriptors are -1 when there is none. */
struct run {
    const struct program *program;
    int input, output, pid_fd;
    pid_t pid;
    int64_t until_us;
    size_t written; /* bytes of output */
    char said[RUN_SAID_MAX];
    size_t said_length;
    enum { RUN_GOES_ON, RUN_ENDED, RUN_LATE, RUN_STOPPED, RUN_FLOODS } end;
};

static void run_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- what it is given ---- */

/* The input as a file that lies at its beginning. */
static bool run_make_input(struct run *run)
{
    const struct program *program = run->program;
    run->input = memfd_create("hmi input", MFD_CLOEXEC);
    size_t done = 0;
    while (run->input >= 0 && done < program->input_length) {
        ssize_t written = write(run->input, program->input + done, program->input_length - done);
        if (written <= 0)
            return false;
        done += (size_t)written;
    }
    return run->input >= 0 && lseek(run->input, 0, SEEK_SET) == 0;
}

static bool run_is_hidden(const char *variable)
{
    for (size_t i = 0; i < sizeof RUN_HIDDEN / sizeof *RUN_HIDDEN; i++)
        if (!strncmp(variable, RUN_HIDDEN[i], strlen(RUN_HIDDEN[i])))
            return true;
    return false;
}

/* Our environment without what is hidden; the caller frees the list alone. NULL: there is no memory. */
static char **run_make_environment(void)
{
    size_t count = 0, kept = 0;
    while (environ[count])
        count++;
    char **list = calloc(count + 1, sizeof *list);
    for (size_t i = 0; list && i < count; i++)
        if (!run_is_hidden(environ[i]))
            list[kept++] = environ[i];
    return list;
}

static int run_set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    return posix_spawnattr_setflags(attributes,
                                    POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int run_set_descriptors(posix_spawn_file_actions_t *actions, int input, int output)
{
    int error = posix_spawn_file_actions_adddup2(actions, input, STDIN_FILENO);
    error = error ? error : posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
    error = error ? error : posix_spawn_file_actions_adddup2(actions, output, STDERR_FILENO);
    error = error ? error : posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    return error ? error : posix_spawn_file_actions_addchdir_np(actions, "/");
}

/* An errno; 0: it runs. Waits until the program is loaded, which may lie on a slow disk. */
static int run_spawn(struct run *run, int output)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    char **environment = run_make_environment();
    if (!environment)
        return ENOMEM;
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    int error = run_set_attributes(&attributes);
    error = error ? error : run_set_descriptors(&actions, run->input, output);
    error = error ? error
                  : posix_spawn(&run->pid, run->program->argv[0], &actions, &attributes, run->program->argv,
                                environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    free(environment);
    return error;
}

static int run_start(struct run *run)
{
    int output[2];
    if (!run_make_input(run))
        return errno ? errno : EIO;
    if (pipe2(output, O_CLOEXEC))
        return errno;
    run->output = output[0];
    fcntl(run->output, F_SETFL, O_NONBLOCK);
    int error = run_spawn(run, output[1]);
    close(output[1]);
    run_close(&run->input);
    if (error)
        return error;
    run->pid_fd = pidfd_open(run->pid, 0);
    return run->pid_fd < 0 ? errno : 0;
}

/* ---- while it runs ---- */

static void run_keep(struct run *run, const char *bytes, size_t length)
{
    size_t room = sizeof run->said - run->said_length;
    size_t kept = length < room ? length : room;
    memcpy(run->said + run->said_length, bytes, kept);
    run->said_length += kept;
}

/* Takes what it has written. */
static void run_read(struct run *run)
{
    char bytes[4096];
    ssize_t got = 0;
    while (run->written <= PROGRAM_OUTPUT_MAX && (got = read(run->output, bytes, sizeof bytes)) > 0) {
        run_keep(run, bytes, (size_t)got);
        run->written += (size_t)got;
    }
    if (run->written > PROGRAM_OUTPUT_MAX)
        run->end = RUN_FLOODS;
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        run_close(&run->output);
}

static void run_watch(struct run *run)
{
    struct pollfd fds[] = {
        {.fd = run->pid_fd, .events = POLLIN},
        {.fd = run->output, .events = POLLIN},
        {.fd = run->program->stop_fd, .events = POLLIN},
    };
    bool stopping = false;
    while (run->end == RUN_GOES_ON) {
        int64_t left_us = run->until_us - clock_mono_us();
        if (left_us <= 0) {
            run->end = stopping ? RUN_STOPPED : RUN_LATE;
            return;
        }
        int64_t wait_us = left_us < RUN_ROUND_US ? left_us : RUN_ROUND_US;
        if (poll(fds, 3, (int)(wait_us / CLOCK_US_PER_MS) + 1) < 0)
            continue;
        if (fds[2].revents) {
            int64_t grace_us = clock_mono_us() + PROGRAM_GRACE_US;
            run->until_us = grace_us < run->until_us ? grace_us : run->until_us;
            stopping = true;
            fds[2].fd = -1;
        }
        bool ended = fds[0].revents != 0;
        if (run->output >= 0 && (fds[1].revents || ended))
            run_read(run);
        fds[1].fd = run->output;
        if (ended && run->end == RUN_GOES_ON)
            run->end = RUN_ENDED;
    }
}

/* Ends what is left of its group, then takes its status: until then nobody else can have its number. */
static int run_finish(struct run *run)
{
    int status = 0;
    kill(-run->pid, SIGKILL);
    while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

/* ---- what came of it ---- */

/* Behind `why`: the first line of what it wrote that holds more than blanks. */
static void run_quote(const struct run *run, char *why)
{
    const char *line = run->said, *end = run->said + run->said_length;
    while (line < end && (unsigned char)*line <= ' ')
        line++;
    const char *newline = memchr(line, '\n', (size_t)(end - line));
    size_t length = (size_t)((newline ? newline : end) - line), used = strlen(why);
    if (!length || used + 3 >= PROGRAM_TEXT_MAX)
        return;
    memcpy(why + used, ": ", 3);
    utf8_make_safe(why + used + 2, PROGRAM_TEXT_MAX - used - 2, line, length);
}

static bool run_judge(const struct run *run, int status, char *why)
{
    if (run->end == RUN_ENDED && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (run->end == RUN_LATE)
        snprintf(why, PROGRAM_TEXT_MAX, "it was ended after %.1f s",
                 (double)run->program->timeout_us / CLOCK_US_PER_SECOND);
    else if (run->end == RUN_STOPPED)
        snprintf(why, PROGRAM_TEXT_MAX, "it was ended because the recorder stops");
    else if (run->end == RUN_FLOODS)
        snprintf(why, PROGRAM_TEXT_MAX, "it wrote more than %d bytes and was ended", PROGRAM_OUTPUT_MAX);
    else if (WIFSIGNALED(status))
        snprintf(why, PROGRAM_TEXT_MAX, "it was ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(why, PROGRAM_TEXT_MAX, "it ended with status %d", WEXITSTATUS(status));
    run_quote(run, why);
    return false;
}

bool program_run(const struct program *program, char why[PROGRAM_TEXT_MAX])
{
    struct run run = {.program = program, .input = -1, .output = -1, .pid_fd = -1};
    bool good = false;
    why[0] = '\0';
    run.until_us = clock_mono_us() + program->timeout_us;
    int error = run_start(&run);
    if (error)
        snprintf(why, PROGRAM_TEXT_MAX, "it cannot be run: %s", strerror(error));
    else
        run_watch(&run);
    if (run.pid > 0) {
        int status = run_finish(&run);
        good = !error && run_judge(&run, status, why);
    }
    run_close(&run.input);
    run_close(&run.output);
    run_close(&run.pid_fd);
    return good;
}
