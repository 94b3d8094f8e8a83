/* Runs another program to its end on the calling thread, whatever that program does: for threads that may wait.
 *
 * - No shell: what is run is the list of arguments.
 * - Its standard input is a file in memory that holds the whole input, so that it does not matter whether, when and how
 *   much of it is read. Standard output and error are one pipe, of which so much is read as a person can use; a program
 *   that writes on and on is ended.
 * - It leads a session and so a process group of its own, works in /, has no other descriptor of ours and no signal
 *   blocked or ignored. When its time is over, or it ends, its whole group is killed: nothing is left behind, but for a
 *   process that has made itself a session of its own. */
#ifndef RECORDER_PROGRAM_RUN_H
#define RECORDER_PROGRAM_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRAM_OUTPUT_MAX 65536 /* bytes that it may write before it is ended */
#define PROGRAM_TEXT_MAX   256
#define PROGRAM_GRACE_US   INT64_C(500000) /* that it still gets once `stop_fd` is readable */

struct program {
    char *const *argv; /* ends in NULL; argv[0] is the program's path */
    const char *input;
    size_t input_length;
    int64_t timeout_us;
    int stop_fd; /* readable: we stop, and it has PROGRAM_GRACE_US left at most; -1: none */
};

/* Returns true when it ended with status 0 in time. Else `why` says what went wrong, with the first line of what it
 * wrote; safe for a terminal. SIGPIPE has to be ignored in this process, or nothing it does may depend on it. */
bool program_run(const struct program *program, char why[PROGRAM_TEXT_MAX]);

#endif
