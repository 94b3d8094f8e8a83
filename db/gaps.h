/* The gaps of a history as one list without overlaps, to ask how long a value may be taken to hold. */
#ifndef DB_GAPS_H
#define DB_GAPS_H

#include <stddef.h>
#include <stdint.h>

struct gaps_span {
    int64_t start_us, end_us;
};

struct gaps {
    struct gaps_span *spans; /* owned; ascending, apart from each other */
    size_t count, capacity;
};

/* Releases the spans and leaves an empty list, which may be used again. The list begins as zero bytes. */
void gaps_free(struct gaps *gaps);

/* Adds a span whose start is not before that of the last one added. */
void gaps_add(struct gaps *gaps, int64_t start_us, int64_t end_us);

/* Until when a value that came at `ts_us` may be taken to hold: the start of the next gap, `ts_us` itself
 * inside a gap, INT64_MAX when no gap follows. */
int64_t gaps_until_us(const struct gaps *gaps, int64_t ts_us);

#endif
