#include "cli/attach.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "ui/link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ATTACH_LOG_MODE      0640
#define ATTACH_TRY_MS        50  /* between two looks at the socket */
#define ATTACH_TAIL_BYTES    800 /* of the log, shown when the recorder ends at once */
#define ATTACH_ARGUMENTS_MAX 64

extern char **environ;

bool attach_is_running(const char *const *socket_paths)
{
    for (size_t i = 0; socket_paths[i]; i++) {
        int fd = link_connect_path(socket_paths[i]);
        if (fd >= 0)
            close(fd);
        if (fd >= 0 || errno == EAGAIN) /* EAGAIN: there, and very busy */
            return true;
    }
    return false;
}

/* ---- the log ---- */

/* Makes the folder and those above it. */
static bool attach_make_folders(char *path)
{
    for (char *p = path + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        bool good = mkdir(path, 0755) == 0 || errno == EEXIST;
        *p = '/';
        if (!good)
            return false;
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static char *attach_state_folder(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (state && *state == '/')
        return mem_format("%s/hmi", state);
    return home && *home == '/' ? mem_format("%s/.local/state/hmi", home) : NULL;
}

char *attach_log_path(const char *history_path, struct err *err)
{
    const char *slash = strrchr(history_path, '/');
    const char *name = slash ? slash + 1 : history_path;
    char *folder = slash ? mem_copy_bytes(history_path, (size_t)(slash - history_path)) : mem_copy_text(".");
    bool beside = access(*folder ? folder : "/", W_OK | X_OK) == 0;
    if (!beside) {
        free(folder);
        folder = attach_state_folder();
        if (!folder || !attach_make_folders(folder)) {
            err_set(err, EX_CANTCREAT, "no place for the recorder's log: neither beside %s nor in %s",
                    history_path, folder ? folder : "$HOME/.local/state/hmi");
            free(folder);
            return NULL;
        }
    }
    char *path = mem_format("%s/%s.log", folder, name);
    free(folder);
    return path;
}

/* The end of the log from `start` on, safe to print, from the beginning of a line. */
static void attach_read_tail(int log, off_t start, char *out, size_t size)
{
    char raw[ATTACH_TAIL_BYTES + 1];
    off_t end = lseek(log, 0, SEEK_END);
    off_t from = end - ATTACH_TAIL_BYTES > start ? end - ATTACH_TAIL_BYTES : start;
    ssize_t got = pread(log, raw, ATTACH_TAIL_BYTES, from);
    size_t length = got > 0 ? (size_t)got : 0;
    const char *text = raw;
    if (from > start) {
        const char *line = memchr(raw, '\n', length);
        if (line) {
            length -= (size_t)(line + 1 - raw);
            text = line + 1;
        }
    }
    size_t used = 0;
    out[0] = '\0';
    while (length && used + 4 < size) { /* line by line, for a line feed is not safe by itself */
        const char *line_end = memchr(text, '\n', length);
        size_t line = line_end ? (size_t)(line_end - text) : length;
        out[used++] = '\n';
        utf8_make_safe(out + used, size - used, text, line);
        used += strlen(out + used);
        line += line_end != NULL;
        text += line;
        length -= line;
    }
}

/* ---- the process ---- */

/* Signals as a program expects them at its start, a session of its own, nothing shared with the terminal. */
static int attach_spawn(const struct attach_start *start, int log, pid_t *pid)
{
    const char *arguments[ATTACH_ARGUMENTS_MAX + 4] = {"hmi", "record", "--from-console"};
    for (size_t i = 0; i < ATTACH_ARGUMENTS_MAX && start->arguments[i]; i++)
        arguments[3 + i] = start->arguments[i];
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t files;
    sigset_t every, none;
    sigfillset(&every);
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes,
                             (short)(POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK));
    posix_spawnattr_setsigdefault(&attributes, &every);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, log, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, log, STDERR_FILENO);
    int error = posix_spawn(pid, "/proc/self/exe", &files, &attributes, (char *const *)arguments, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return error;
}

enum attach_outcome { ATTACH_ANSWERS, ATTACH_ENDED, ATTACH_TIMEOUT };

static enum attach_outcome attach_wait(const struct attach_start *start, pid_t pid)
{
    int64_t until_us = clock_mono_us() + start->timeout_ms * CLOCK_US_PER_MS;
    struct pollfd ended = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    enum attach_outcome outcome = ATTACH_TIMEOUT;
    while (clock_mono_us() < until_us) {
        if (attach_is_running(start->socket_paths)) {
            outcome = ATTACH_ANSWERS;
            break;
        }
        if (poll(&ended, 1, ATTACH_TRY_MS) > 0) {
            /* It may have found another recorder that was a moment faster: that one is as good. */
            outcome = attach_is_running(start->socket_paths) ? ATTACH_ANSWERS : ATTACH_ENDED;
            break;
        }
    }
    if (ended.fd >= 0)
        close(ended.fd);
    return outcome;
}

/* Takes the end of a child that has ended; its exit status, or EX_SOFTWARE after a signal. */
static int attach_reap(pid_t pid)
{
    int status;
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || !WEXITSTATUS(status))
        return EX_SOFTWARE;
    return WEXITSTATUS(status);
}

bool attach_start_recorder(const struct attach_start *start, pid_t *pid, struct err *err)
{
    int log = open(start->log_path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, ATTACH_LOG_MODE);
    if (log < 0)
        return err_set(err, EX_CANTCREAT, "cannot write the recorder's log %s: %s", start->log_path,
                       strerror(errno));
    off_t begin = lseek(log, 0, SEEK_END);
    pid_t child = -1;
    int error = attach_spawn(start, log, &child);
    bool good = false;
    char tail[2 * ATTACH_TAIL_BYTES];
    if (error) {
        err_set(err, EX_OSERR, "cannot start the recorder: %s", strerror(error));
    } else {
        switch (attach_wait(start, child)) {
        case ATTACH_ANSWERS:
            good = true;
            break;
        case ATTACH_ENDED:
            attach_read_tail(log, begin, tail, sizeof tail);
            err_set(err, attach_reap(child), "the recorder ended at once:%s",
                    *tail ? tail : " it said nothing");
            break;
        case ATTACH_TIMEOUT:
            err_set(err, EX_TEMPFAIL, "the recorder (process %d) does not answer after %d s; its log is %s",
                    (int)child, start->timeout_ms / 1000, start->log_path);
            break;
        }
    }
    close(log);
    if (pid)
        *pid = child;
    return good;
}
