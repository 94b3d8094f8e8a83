/* The console's first step: is a recorder running, and if not, start one as a process of its own, so that a
 * lost terminal never stops recording. Before the screen starts: messages go to standard error. */
#ifndef CLI_ATTACH_H
#define CLI_ATTACH_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* True when somebody accepts connections on one of these paths (the list ends in NULL). */
bool attach_is_running(const char *const *socket_paths);

/* Where the output of a recorder goes that has this history file: beside it, or, where that folder is not
 * ours to write, in $XDG_STATE_HOME/hmi (~/.local/state/hmi), which is made. NULL with `err` set when there
 * is no such place. The caller frees it. */
char *attach_log_path(const char *history_path, struct err *err);

struct attach_start {
    const char *const *arguments; /* behind `hmi record --from-console`, such as "-c", FILE; ends in NULL */
    const char *const *socket_paths; /* where it is awaited; ends in NULL */
    const char *log_path;
    int timeout_ms; /* to wait for its socket */
};

/* Starts `hmi record` in a session of its own and waits until its socket answers or it ends. False with `err`
 * set when it ended (the last lines of its log) or did not answer in time. *pid (may be NULL) is its process;
 * it stays our child: wait for it where its end matters. */
bool attach_start_recorder(const struct attach_start *start, pid_t *pid, struct err *err);

#endif
