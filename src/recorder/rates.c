#include "recorder/rates.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RATE_SLOTS (RATE_SECONDS + 1)

void rate_note(struct rate *rate, uint64_t counter, int64_t now_mono_us)
{
    rate->counts[rate->next] = counter;
    rate->times_us[rate->next] = now_mono_us;
    rate->next = (rate->next + 1) % RATE_SLOTS;
    if (rate->count < RATE_SLOTS)
        rate->count++;
}

double rate_per_s(const struct rate *rate)
{
    if (rate->count < 2)
        return 0;
    size_t newest = (rate->next + RATE_SLOTS - 1) % RATE_SLOTS;
    size_t oldest = (rate->next + RATE_SLOTS - rate->count) % RATE_SLOTS;
    int64_t span_us = rate->times_us[newest] - rate->times_us[oldest];
    if (span_us <= 0)
        return 0;
    return (double)(rate->counts[newest] - rate->counts[oldest]) * 1e6 / (double)span_us;
}

void durations_note(struct durations *durations, int64_t us)
{
    durations->us[durations->next] = us;
    durations->next = (durations->next + 1) % DURATIONS_KEPT;
    if (durations->count < DURATIONS_KEPT)
        durations->count++;
}

static int durations_compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

int64_t durations_percentile_us(const struct durations *durations, double share)
{
    if (!durations->count)
        return 0;
    int64_t sorted[DURATIONS_KEPT];
    memcpy(sorted, durations->us, durations->count * sizeof *sorted);
    qsort(sorted, durations->count, sizeof *sorted, durations_compare);
    double rank = ceil(share * (double)durations->count); /* nearest-rank percentile */
    size_t index = rank < 1 ? 0 : (size_t)rank - 1;
    return sorted[index < durations->count ? index : durations->count - 1];
}

int64_t durations_last_us(const struct durations *durations)
{
    return durations->count ? durations->us[(durations->next + DURATIONS_KEPT - 1) % DURATIONS_KEPT] : 0;
}
