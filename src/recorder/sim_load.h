/* Load for measurements: many tags at a steady rate, evenly spread over time. */
#ifndef RECORDER_SIM_LOAD_H
#define RECORDER_SIM_LOAD_H

#include "recorder/sim_link.h"

#include <stdint.h>

struct sim_load {
    const char *prefix;
    uint32_t tags;
    double rate; /* messages a second in all */
    int qos;
    int64_t start_us; /* when message 0 was due */
    uint64_t next;    /* number of the next message */
    uint64_t skipped; /* were due while the broker did not take them */
};

/* Topics "prefix/unitUU/tagNNNNN", a hundred tags a unit. `prefix` is borrowed. */
void sim_load_init(struct sim_load *load, const char *prefix, uint32_t tags, double rate, int qos,
                   int64_t now_mono_us);

/* Publishes what is due. */
void sim_load_step(struct sim_load *load, struct sim_link *link, int64_t now_mono_us);

/* When the next message is due. */
int64_t sim_load_due_us(const struct sim_load *load);

#endif
