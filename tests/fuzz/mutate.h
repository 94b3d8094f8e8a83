/* Changes in samples of the console protocol, for the fuzzers' own runs: repeatable, from a number that starts them. */
#ifndef TESTS_FUZZ_MUTATE_H
#define TESTS_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FUZZ_SIZE_MAX 65536

static inline uint32_t fuzz_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* A few of: a byte changed, one made extreme, a stretch removed,
 * a stretch repeated, a terminal's control put in. */
static inline size_t fuzz_mutate(uint8_t *data, size_t size, uint32_t *state)
{
    static const uint8_t MARKS[] = {0x00, 0x01, 0x07, 0x0A, 0x1B, 0x7F, 0x80, 0x9B, 0xC2, 0xE2, 0xFF};
    for (uint32_t changes = 1 + fuzz_random(state) % 6; changes && size > 2; changes--) {
        size_t at = fuzz_random(state) % size;
        size_t length = 1 + fuzz_random(state) % 64;
        length = length < size - at ? length : size - at;
        switch (fuzz_random(state) % 6) {
        case 0:
            memmove(data + at, data + at + length, size - at - length);
            size -= length;
            break;
        case 1:
            if (size + length <= FUZZ_SIZE_MAX) {
                memmove(data + at + length, data + at, size - at);
                size += length;
            }
            break;
        case 2:
            data[at] = (uint8_t)fuzz_random(state);
            break;
        default:
            data[at] = MARKS[fuzz_random(state) % sizeof MARKS];
        }
    }
    return size;
}

#endif
