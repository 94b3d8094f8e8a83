/* The simulator: publishes the demo plant, or mere load, to a broker until it is told to stop. */
#ifndef RECORDER_SIM_H
#define RECORDER_SIM_H

#include <stdbool.h>
#include <stdint.h>

struct sim_options {
    const char *host;
    int port;
    const char *username, *password; /* NULL: none */
    const char *prefix;              /* first topic levels, without a slash at the end */
    int qos;
    uint64_t seed;
    double speed;  /* model seconds for each second */
    bool calm;     /* no disturbances */
    bool verbose;  /* names each disturbance in the log */
    uint32_t tags; /* 0: the plant; else so many tags … */
    double rate;   /* … at so many messages a second in all */
};

/* Runs until SIGTERM, SIGINT or SIGHUP; reconnects for ever. Must be called while the process has one thread.
 * Returns the exit status. */
int sim_run(const struct sim_options *options);

#endif
