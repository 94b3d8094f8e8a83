/* Figures for people about what just happened:
 * a rate over the last seconds, percentiles of the last durations. Pure. */
#ifndef RECORDER_RATES_H
#define RECORDER_RATES_H

#include <stddef.h>
#include <stdint.h>

#define RATE_SECONDS   5
#define DURATIONS_KEPT 512

/* How fast a counter rises, over the last RATE_SECONDS. */
struct rate {
    uint64_t counts[RATE_SECONDS + 1];
    int64_t times_us[RATE_SECONDS + 1];
    size_t count, next;
};

/* Notes the counter; to be called about once a second. */
void rate_note(struct rate *rate, uint64_t counter, int64_t now_mono_us);

/* Per second between the oldest and the newest note; 0 with fewer than two. */
double rate_per_s(const struct rate *rate);

/* The last DURATIONS_KEPT durations. */
struct durations {
    int64_t us[DURATIONS_KEPT];
    size_t count, next;
};

/* Notes a duration; the oldest of DURATIONS_KEPT goes. */
void durations_note(struct durations *durations, int64_t us);

/* The duration in µs that `share` (0 to 1) of the kept ones do not exceed; 0 without any. */
int64_t durations_percentile_us(const struct durations *durations, double share);

/* The newest one, 0 without any. */
int64_t durations_last_us(const struct durations *durations);

#endif
