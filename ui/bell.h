/* When the terminal's bell rings for alarms. Pure: time is an argument, and whoever asks rings.
 *
 *   A new alarm rings at once. While any alarm waits to be acknowledged the bell rings again, the sooner the graver
 *   the gravest of them is. It is silent once all are acknowledged, and for ten minutes at most when an operator
 *   silences it.
 *   Silence is for what has been heard: a new alarm graver than low ends it, but for one that chatters.
 *   Two rings are never closer than BELL_GAP_US, however many alarms come: a flood is no siren, and a slow line has
 *   other things to carry. */
#ifndef UI_BELL_H
#define UI_BELL_H

#include "plant/tagdef.h"
#include "ui/alarm_banner.h"
#include "ui/mirror.h"

#include <stdbool.h>
#include <stdint.h>

#define BELL_GAP_US     INT64_C(2000000)
#define BELL_SILENCE_US INT64_C(600000000)
#define BELL_NEVER      INT64_MAX

/* Begins as zero bytes. Times are monotonic. */
struct bell {
    int64_t rung_us;                        /* 0: never */
    int64_t silent_until_us;                /* 0: it is not silenced */
    uint64_t called[PRIORITY_CRITICAL + 1]; /* of mirror.alarm_calls: what it has heard of */
    enum alarm_priority gravest;            /* of those that wait; PRIORITY_JOURNAL: none does */
    bool news;                              /* one has come that it has not rung for */
};

/* Looks at what has come. True: ring now. The banner is up to date with the mirror. */
bool bell_step(struct bell *bell, const struct mirror *mirror, const struct alarm_banner *banner,
               int64_t now_us);

/* When bell_step() is to be called without news; BELL_NEVER: not before. */
int64_t bell_due_us(const struct bell *bell);

/* Silences it; one that is silent rings again. Returns whether it is silent now. */
bool bell_toggle_silence(struct bell *bell, int64_t now_us);

/* For how long it is still silent; 0: it is not. */
int64_t bell_silent_us(const struct bell *bell, int64_t now_us);

#endif
