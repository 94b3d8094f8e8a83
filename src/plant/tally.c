#include "plant/tally.h"

#include <string.h>

void tally_add(const struct tally *tally, uint32_t *counters, int64_t *newest, int64_t now_us)
{
    int64_t stretch = now_us / tally->stretch_us, count = (int64_t)tally->count;
    if (stretch - *newest >= count)
        memset(counters, 0, tally->count * sizeof *counters);
    else
        for (int64_t passed = *newest + 1; passed <= stretch; passed++)
            counters[passed % count] = 0;
    *newest = stretch;
    counters[stretch % count]++;
}

uint32_t tally_sum(const struct tally *tally, const uint32_t *counters, int64_t newest, int64_t now_us)
{
    int64_t count = (int64_t)tally->count, oldest = now_us / tally->stretch_us - count + 1;
    uint32_t sum = 0;
    for (int64_t stretch = newest; stretch >= oldest && stretch > newest - count && stretch >= 0; stretch--)
        sum += counters[stretch % count];
    return sum;
}
