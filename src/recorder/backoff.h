/* How long to wait before the next attempt: 1 s doubling to 30 s, each between three quarters and the whole
 * of it, so that many clients do not come back to a restarted broker at the same moment. Pure. */
#ifndef RECORDER_BACKOFF_H
#define RECORDER_BACKOFF_H

#include <stdint.h>

#define BACKOFF_FIRST_US INT64_C(1000000)
#define BACKOFF_LAST_US  INT64_C(30000000)

struct backoff {
    int64_t wait_us; /* the last wait without its jitter; 0: none yet */
};

/* The wait before the next attempt in µs; `random` is any number, the jitter comes from it. */
int64_t backoff_next_us(struct backoff *backoff, uint32_t random);

/* After a success that lasted. */
void backoff_reset(struct backoff *backoff);

#endif
