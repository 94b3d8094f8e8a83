#include "recorder/backoff.h"

int64_t backoff_next_us(struct backoff *backoff, uint32_t random)
{
    backoff->wait_us = backoff->wait_us ? backoff->wait_us * 2 : BACKOFF_FIRST_US;
    if (backoff->wait_us > BACKOFF_LAST_US)
        backoff->wait_us = BACKOFF_LAST_US;
    int64_t jitter_us = backoff->wait_us / 4 * (int64_t)(random % 1024) / 1024;
    return backoff->wait_us - jitter_us;
}

void backoff_reset(struct backoff *backoff)
{
    backoff->wait_us = 0;
}
