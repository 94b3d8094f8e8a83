/* The program of `notify`: it is run once for each alarm of the chosen priorities that wants somebody, with the alarm on
 * its standard input as a JSON object.
 *
 *   loop -- alarm_program_tell() --> queue (bounded) -- thread: one run at a time, at most `rate` a minute --> program
 *
 * What must stay true:
 * - The loop never waits for the program: it puts a text into the queue under a mutex that nobody holds while a program
 *   runs, starts or is waited for. Starting a program blocks (its file may lie on a disk that hangs), and so the thread
 *   does that, not the loop.
 * - Whatever the program does, it costs the recorder one process, one thread that sleeps, and ALARM_QUEUE_MAX texts. What
 *   does not fit into the queue is counted, and the next run is told how many there were (`untold`).
 * - What waits when the recorder ends is not told: alarms themselves are in the history, and stand after the next start
 *   as they did. */
#ifndef RECORDER_ALARM_PROGRAM_H
#define RECORDER_ALARM_PROGRAM_H

#include "config/config.h"
#include "recorder/program_run.h"

#include <stdbool.h>
#include <stdint.h>

struct alarm_program;

struct alarm_program_figures {
    uint64_t runs;                  /* that ended well */
    uint64_t failed;                /* that did not */
    uint64_t waiting;               /* alarms in the queue */
    uint64_t dropped;               /* alarms that were not told, for the queue was full */
    char failure[PROGRAM_TEXT_MAX]; /* of the last run; "": it ended well, or there was none */
};

/* No program yet. Release with alarm_program_free(). */
struct alarm_program *alarm_program_new(void);

/* Which one, and for what; copied. One without a program forgets what waits. SIGTERM and its like have to be blocked:
 * the thread that this starts inherits that. */
void alarm_program_set(struct alarm_program *program, const struct config_notify *notify);

/* Whether one of that priority is to be told and there is room for it; one that is dropped is counted. */
bool alarm_program_wants(struct alarm_program *program, enum alarm_priority priority);

/* Queues a JSON object ("{...}"), which is copied; never blocks. */
void alarm_program_tell(struct alarm_program *program, enum alarm_priority priority, const char *object);

/* Copies what has been counted since the start, and the last failure, into `figures`. Never waits for a program. */
void alarm_program_get_figures(struct alarm_program *program, struct alarm_program_figures *figures);

/* The end begins: no further run; one that goes on has PROGRAM_GRACE_US left. Never blocks. */
void alarm_program_stop(struct alarm_program *program);

/* Ends all of it; waits for a run that goes on, but not for long. Returns whether the thread was left behind, for a program that cannot be
 * ended or started holds it; NULL is taken, too. */
bool alarm_program_free(struct alarm_program *program);

#endif
