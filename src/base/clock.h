/* The two clocks, read here and handed on as arguments: nothing below the loops asks for the time itself. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_US_PER_MS     INT64_C(1000)
#define CLOCK_US_PER_SECOND INT64_C(1000000)
#define CLOCK_US_PER_MINUTE (60 * CLOCK_US_PER_SECOND)
#define CLOCK_US_PER_HOUR   (60 * CLOCK_US_PER_MINUTE)
#define CLOCK_US_PER_DAY    (24 * CLOCK_US_PER_HOUR)

/* Microseconds since 1970 UTC; may be stepped by an administrator. For time stamps. */
int64_t clock_wall_us(void);

/* Microseconds on a clock that never steps. For delays, time-outs and rates. */
int64_t clock_mono_us(void);

/* Processor time that the calling thread has used. For figures about work. */
int64_t clock_thread_cpu_us(void);

#endif
