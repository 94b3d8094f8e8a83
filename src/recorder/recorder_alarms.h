/* The alarm engine in the recorder's loop; between the files of the recorder only. */
#ifndef RECORDER_RECORDER_ALARMS_H
#define RECORDER_RECORDER_ALARMS_H

#include "recorder/recorder_internal.h"

/* The states that the file knows, before anybody else has the history; false with `err` set. */
bool recorder_alarms_load(struct recorder *recorder, struct err *err);

/* The alarms of the configuration, once the plant has its tags. `alive_us`: until when another recorder ran with this file
 * (wall); 0: it is new. */
void recorder_alarms_start(struct recorder *recorder, int64_t alive_us);
void recorder_alarms_reconfigure(struct recorder *recorder);

/* The end begins: the program of notify is not run any more. */
void recorder_alarms_stop(struct recorder *recorder);

/* Returns whether a thread was left behind. */
bool recorder_alarms_free(struct recorder *recorder);

/* After each message, and after everything else that changes tags. */
void recorder_alarms_evaluate(struct recorder *recorder);

/* The link was lost; its backlog is there. */
void recorder_alarms_lost(struct recorder *recorder, const char *reason);
void recorder_alarms_settled(struct recorder *recorder);

/* Timers; returns when the next one is due (monotonic). */
int64_t recorder_alarms_tick(struct recorder *recorder);

/* hmi's own alarms, once a second. */
void recorder_alarms_second(struct recorder *recorder);

/* What the batch says of alarms may be shown now. */
void recorder_alarms_committed(struct recorder *recorder, const struct batch *batch);

/* A request about alarms: `argument` is a list of addresses, one a line. */
bool recorder_alarms_ask(struct recorder *recorder, const struct server_request *request, char *text,
                         size_t size);

/* Puts a refused request into the journal (part of server_handler). */
void recorder_alarms_refused(void *context, const struct server_request *request, const char *text);

#endif
