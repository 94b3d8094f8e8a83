#include "cli/demo_process.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const int LOOK_MS = 5; /* between two looks at a process that shall end */

/* What the child does with what it inherits; then it is another program. Never returns. */
static void process_become(const char *program, const char *const *argv, int log, pid_t parent, int failed)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) /* it ended before the line above */
        _exit(EX_UNAVAILABLE);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (log >= 0) {
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 ||
            dup2(log, STDERR_FILENO) < 0)
            _exit(EX_OSERR);
    }
    execv(program ? program : "/proc/self/exe", (char *const *)argv);
    int error = errno;
    ssize_t written = write(failed, &error, sizeof error);
    (void)written;
    _exit(EX_OSERR);
}

static bool process_fork(struct demo_process *process, const char *program, const char *const *argv, int log,
                         struct err *err)
{
    int failed[2], error = 0;
    pid_t parent = getpid();
    if (pipe2(failed, O_CLOEXEC))
        return err_set(err, EX_OSERR, "cannot start %s: %s", process->name, strerror(errno));
    pid_t pid = fork(); /* `process` may lie in memory that the child shares: only the parent writes it */
    if (pid == 0)
        process_become(program, argv, log, parent, failed[1]);
    int fork_error = errno;
    close(failed[1]);
    /* Ends without a byte when the program stands, for exec closes the other end. */
    ssize_t got = process->pid > 0 ? read(failed[0], &error, sizeof error) : 0;
    close(failed[0]);
    if (pid > 0 && got == 0) {
        process->pid = pid;
        return true;
    }
    if (pid > 0)
        waitpid(pid, NULL, 0);
    else
        error = fork_error;
    return err_set(err, EX_OSERR, "cannot start %s: %s", process->name, strerror(error));
}

bool demo_process_start(struct demo_process *process, const char *program, const char *const *argv,
                        const char *log_path, struct err *err)
{
    int log = -1;
    if (log_path && (log = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600)) < 0)
        return err_set(err, EX_CANTCREAT, "cannot write %s: %s", log_path, strerror(errno));
    bool good = process_fork(process, program, argv, log, err);
    if (log >= 0)
        close(log);
    return good;
}

bool demo_process_runs(struct demo_process *process)
{
    if (process->pid > 0 && waitpid(process->pid, &process->status, WNOHANG) != 0)
        process->pid = 0;
    return process->pid > 0;
}

void demo_process_stop(struct demo_process *process, int timeout_ms)
{
    if (!demo_process_runs(process))
        return;
    int64_t until_us = clock_mono_us() + timeout_ms * CLOCK_US_PER_MS;
    kill(process->pid, SIGTERM);
    while (demo_process_runs(process) && clock_mono_us() < until_us)
        poll(NULL, 0, LOOK_MS);
    if (process->pid > 0) {
        kill(process->pid, SIGKILL);
        waitpid(process->pid, &process->status, 0);
        process->pid = 0;
    }
}

void demo_process_describe(const struct demo_process *process, char *out, size_t size)
{
    if (WIFSIGNALED(process->status))
        snprintf(out, size, "%s was ended by signal %d (%s)", process->name, WTERMSIG(process->status),
                 strsignal(WTERMSIG(process->status)));
    else
        snprintf(out, size, "%s ended with status %d", process->name, WEXITSTATUS(process->status));
}

char *demo_process_find(const char *name)
{
    static const char SERVERS[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const char *path = getenv("PATH");
    char *folders = mem_format("%s:%s", path ? path : "", SERVERS), *rest = folders, *found = NULL;
    for (char *folder; !found && (folder = strsep(&rest, ":"));) {
        char *candidate = mem_format("%s/%s", *folder ? folder : ".", name);
        if (*folder == '/' && !access(candidate, X_OK))
            found = candidate;
        else
            free(candidate);
    }
    free(folders);
    return found;
}
