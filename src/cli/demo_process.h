/* The processes of the demo:
 * started so that none can outlive the one that started it, whatever kills that. */
#ifndef CLI_DEMO_PROCESS_H
#define CLI_DEMO_PROCESS_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct demo_process {
    const char *name; /* for messages, such as "the broker" */
    pid_t pid;        /* 0: not started, or its end has been taken */
    int status;       /* as waitpid() gives it, once it has ended */
};

/* Starts `program` (a path; NULL: this program) with its signals as at a login, and SIGTERM for it when this
 * process ends (PR_SET_PDEATHSIG; so call it from a process with one thread). Output goes to `log_path`,
 * NULL: the terminal is shared. */
bool demo_process_start(struct demo_process *process, const char *program, const char *const *argv,
                        const char *log_path, struct err *err);

/* False when it has ended (its status is then taken) or was never started. */
bool demo_process_runs(struct demo_process *process);

/* SIGTERM, and SIGKILL after `timeout_ms`; returns when it has ended. */
void demo_process_stop(struct demo_process *process, int timeout_ms);

/* How it ended, in words. */
void demo_process_describe(const struct demo_process *process, char *out, size_t size);

/* The path of a program in $PATH or one of the folders where servers lie;
 * NULL when there is none. The caller frees it. */
char *demo_process_find(const char *name);

#endif
