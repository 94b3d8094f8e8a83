/* What can be wrong with the recorder, each with its cure:
 * a table of rows, looked at one by one. A part of status.h. */
#ifndef RECORDER_FAULTS_H
#define RECORDER_FAULTS_H

#include "recorder/status.h"

/* Looks at every row, after the figures in status->wire: fills in `faults`, errors first, and counts them in
 * `wire`. A fault that begins or ends is logged. */
void faults_update(struct status *status, const struct status_sources *sources, int64_t now_wall_us);

/* What is wrong now, for one of hmi's own alarms; NULL: nothing. */
const char *faults_alarm(const struct status *status, enum alarm_system alarm);

/* Whether faults decide about it at all. */
bool faults_has_alarm(enum alarm_system alarm);

#endif
