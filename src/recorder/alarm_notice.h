/* What the program of `notify` is told of an alarm, and when. Pure. */
#ifndef RECORDER_ALARM_NOTICE_H
#define RECORDER_ALARM_NOTICE_H

#include "base/buf.h"
#include "plant/alarm.h"

/* Why an alarm that stood `before` wants somebody now: "activated", "escalated", "realarmed", "released" (it was
 * shelved, suppressed or out of service); NULL when it does not. One that chatters is told when that begins, not each
 * time it comes. */
const char *alarm_notice_event(const struct alarm_status *before, const struct alarm_status *after);

/* Appends one JSON object on one line; its members are those of `hmi alarms --json`, with the event, the plant, the
 * tag and its unit. */
void alarm_notice_write(struct buf *out, const struct alarm *alarm, const struct alarm_status *status,
                        const char *event, const char *plant);

#endif
