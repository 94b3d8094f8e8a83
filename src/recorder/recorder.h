/* The recorder: from a configuration to a running process that connects, records and serves consoles until it
 * is told to stop. */
#ifndef RECORDER_RECORDER_H
#define RECORDER_RECORDER_H

#include "base/err.h"
#include "config/config.h"

#include <stdbool.h>

struct recorder_options {
    struct config *config; /* made with mem_new(); the recorder owns it from now on */
    const char *password;  /* NULL: from broker.password_file */
    bool from_console;     /* a console started this recorder */
    bool look;             /* a look at any broker: a random client id, nothing is kept at the broker */
};

/* Runs until SIGTERM, SIGINT or a console's request; returns EX_OK after a clean stop, else a sysexits code
 * with `err` set. *left_thread: a thread hangs in the network or the disk; the process must end with _exit().
 * Call it once in a process, before any other thread exists. */
int recorder_run(const struct recorder_options *options, bool *left_thread, struct err *err);

#endif
