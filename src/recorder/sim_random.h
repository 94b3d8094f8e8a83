/* Random numbers that are the same for the same seed on every machine:
 * the simulator's runs can be repeated. */
#ifndef RECORDER_SIM_RANDOM_H
#define RECORDER_SIM_RANDOM_H

#include <stdint.h>

struct sim_random {
    uint64_t state;
};

/* Streams of one seed: different `stream` numbers give independent sequences. */
void sim_random_init(struct sim_random *random, uint64_t seed, uint64_t stream);

/* 64 random bits. */
uint64_t sim_random_bits(struct sim_random *random);

/* Evenly spread over low ≤ x < high. */
double sim_random_between(struct sim_random *random, double low, double high);

/* One of 0 … count - 1. */
unsigned sim_random_choice(struct sim_random *random, unsigned count);

/* Bell-shaped around 0 with the standard deviation 1; never beyond ±3.5, as a sum of four even ones. */
double sim_random_bell(struct sim_random *random);

#endif
