/* How many there were lately: a ring of counters, one for each stretch of time, so that it takes the same little
 * memory however many they are. Pure; times are monotonic, in µs, and never go back. */
#ifndef PLANT_TALLY_H
#define PLANT_TALLY_H

#include <stddef.h>
#include <stdint.h>

/* The ring's memory is its owner's, and begins as zero bytes. */
struct tally {
    int64_t stretch_us; /* of one counter */
    size_t count; /* counters: one more than the stretches that are asked for, as the newest is not over */
};

/* The newest stretch that has a counter is kept in *newest. */
void tally_add(const struct tally *tally, uint32_t *counters, int64_t *newest, int64_t now_us);

/* How many there were in the last (count - 1) stretches, and up to one stretch before: never fewer than there
 * were. */
uint32_t tally_sum(const struct tally *tally, const uint32_t *counters, int64_t newest, int64_t now_us);

#endif
