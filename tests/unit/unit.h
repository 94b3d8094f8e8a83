/* What every unit test starts with: cmocka, and random numbers that are the same in each run. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* xorshift64*: a property test must fail again when it failed once. `state` starts at anything but 0. */
static inline uint64_t unit_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545F4914F6CDD1D);
}

/* 0 to below - 1 */
static inline size_t unit_random_below(uint64_t *state, size_t below)
{
    return (size_t)(unit_random(state) >> 11) % below;
}

#endif
