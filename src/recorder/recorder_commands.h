/* Commands (setpoints) in the recorder's loop; between the files of the recorder only.
 *
 *   request -> gate -> journal -> committed -> published -> acknowledged -> read back -> outcome into the journal
 *
 *   recorder_commands_start.c  what the start takes from the journal, and the entries that are missing there
 *   recorder_commands.c        request, sending, outcome
 *   recorder_commands_heard.c  what the broker brings
 *   recorder_buttons.c         buttons: letting them go
 *
 * What must stay true:
 * - a command leaves only after the batch with its request was committed, only while the link stands and its backlog
 *   is over, and only once: what cannot leave in time is cancelled, what was under way when the link or the recorder
 *   went away is unknown, and neither is ever sent again;
 * - nobody is told of an outcome before it is committed, unless the disk is away;
 * - every request comes to exactly one outcome, also across a kill: the next start writes those that are missing. */
#ifndef RECORDER_RECORDER_COMMANDS_H
#define RECORDER_RECORDER_COMMANDS_H

#include "recorder/recorder_internal.h"

/* Reads what the file knows, before anybody else has the history; then writes the outcomes that are missing there. */
bool recorder_commands_load(struct recorder *recorder, struct err *err);
void recorder_commands_start(struct recorder *recorder);
void recorder_commands_free(struct recorder *recorder);

/* A request to set a tag (WIRE_ACTION_SET). */
bool recorder_commands_ask(struct recorder *recorder, const struct server_request *request, char *text,
                           size_t size);

/* Whether it would be let through now, and why not (WIRE_ACTION_TRY_SET): a look ahead, before somebody confirms. */
bool recorder_commands_try(struct recorder *recorder, const struct server_request *request, char *text,
                           size_t size);

/* An operator gives the tag's setpoint at his console: it is shown to the others. 0: no longer. */
void recorder_commands_edit(struct recorder *recorder, const struct server_session *session, uint32_t tag_id);

/* His console has gone: its edit is over, and what it asked for and has not been sent is not sent. Says in `text`
 * what that was; "" when it was nothing. */
void recorder_commands_abandon(struct recorder *recorder, uint32_t console, char *text, size_t size);

/* The batch is on the disk: its requests may be sent. */
void recorder_commands_committed(struct recorder *recorder, const struct batch *batch);

/* Queues what is on record for the broker; only while writing is allowed and just before it. */
void recorder_commands_send(struct recorder *recorder);

/* The broker's answer; a message has reached the plant; one came on a topic that never becomes a tag; the link is
 * lost. */
void recorder_commands_published(struct recorder *recorder, int message_id, int reason_code,
                                 const char *reason);
void recorder_commands_received(struct recorder *recorder);
void recorder_commands_overheard(struct recorder *recorder, const struct mqtt_message *message);
void recorder_commands_lost(struct recorder *recorder);

/* An entry in the journal about a command that is neither its request nor its outcome; `event` is a literal. */
void recorder_commands_note(struct recorder *recorder, const char *event, const struct command *command,
                            const char *detail);

/* Timers; then, after what was due was sent: shows what has changed and writes outcomes. Returns when the next timer
 * is due (monotonic). */
void recorder_commands_tick(struct recorder *recorder);
int64_t recorder_commands_settle(struct recorder *recorder);

/* Another configuration is about to come, which may know other topics and limits: buttons are let go, and what has
 * not been sent is not sent. */
void recorder_commands_reload(struct recorder *recorder);

/* The recorder ends: buttons are let go, nothing else is sent any more. */
void recorder_commands_stop(struct recorder *recorder);

#endif
