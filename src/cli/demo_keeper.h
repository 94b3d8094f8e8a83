/* The keeper of a demo: a process of its own, in a session of its own, that starts broker, simulator and
 * recorder, and ends all three when one of them ends, when it is told to, or when the process that made it is
 * gone for whatever reason.
 *
 *   front (terminal, console) ── socket pair ── keeper ── broker, simulator, recorder
 *
 * - The front is killed: its end of the pair closes; the keeper ends the three and removes the folder.
 * - The keeper is killed: the three get SIGTERM by PR_SET_PDEATHSIG and become the front's children
 *   (PR_SET_CHILD_SUBREAPER), which waits for them, kills what is left, and removes the folder.
 * - One of the three is killed: the keeper says which, ends the others and itself; the front ends the
 *   console. */
#ifndef CLI_DEMO_KEEPER_H
#define CLI_DEMO_KEEPER_H

#include "cli/demo_files.h"
#include "cli/demo_process.h"

#include <stdint.h>
#include <stdbool.h>

enum demo_child { DEMO_BROKER, DEMO_SIM, DEMO_RECORDER, DEMO_CHILDREN };

/* Lies in memory that front and keeper share;
 * the front reads `children` for good only when the keeper has ended. */
struct demo_shared {
    struct demo_process children[DEMO_CHILDREN];
    int port;
    struct err failure; /* code 0: none */
};

struct demo_keeper {
    struct demo_process process;
    struct demo_shared *shared;
    int fd; /* readable: all stands (a byte), or the keeper is gone (end of file) */
};

struct demo_options {
    uint64_t seed;
    double speed;
    int seconds; /* headless; 0: with the console */
    const char *keep;
};

/* Starts the keeper. Call it from a process with one thread. */
bool demo_keeper_start(struct demo_keeper *keeper, const char *mosquitto, const struct demo_files *files,
                       const struct demo_options *options, struct err *err);

/* Tells the keeper to end all, and waits until everything has ended. The folder stays. */
void demo_keeper_stop(struct demo_keeper *keeper);

#endif
