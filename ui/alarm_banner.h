/* The line under the header that says which alarm needs somebody first, and how many there are: on every screen
 * while any alarm is not normal. Pure drawing from the mirror. */
#ifndef UI_ALARM_BANNER_H
#define UI_ALARM_BANNER_H

#include "ui/canvas.h"
#include "ui/mirror.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the mirror's alarms come to; begins as zero bytes. */
struct alarm_banner {
    const struct mirror_alarm
        *worst; /* to be acknowledged first: the gravest, of those one that stands, the newest; NULL: none */
    size_t waiting[PRIORITY_CRITICAL + 1];  /* by priority: not acknowledged */
    size_t standing[PRIORITY_CRITICAL + 1]; /* by priority: neither normal nor withheld */
    size_t shelved, suppressed, out_of_service;
    bool flood;      /* alarms come faster than anybody can see to them */
    uint64_t lately; /* how many came in the last 10 minutes */
    uint64_t seen;   /* mirror.alarms_changes plus 1; 0: never looked */
};

/* Counts again when an alarm has changed. Returns whether the line is due. */
bool alarm_banner_update(struct alarm_banner *banner, const struct mirror *mirror);

/* `silent_us`: for how long the bell is silenced still; 0: it is not. */
void alarm_banner_draw(const struct pane *pane, const struct alarm_banner *banner,
                       const struct mirror *mirror, int64_t silent_us);

/* Number and shape of a priority, for all who show alarms: "[1]" critical, "<2>" high, "(3)" medium, " 4 " low,
 * " - " journal. */
const char *alarm_banner_mark(enum alarm_priority priority);

/* The colour of a priority; quiet where nobody has to acknowledge it (any more). */
enum meaning alarm_banner_meaning(enum alarm_priority priority, bool waits);

#endif
