/* Buttons (setpoints with a pulse) in the recorder's loop: 0 follows the value when the pulse is over, and a row of kind
 * release says in the journal what came of that; between the files of the recorder only.
 *
 * What must stay true: a press is on record as one (COMMAND_EVENT_PRESS) before it leaves, and whatever ends it, a kill
 * included, one row of kind release follows; "released" is only said once the broker has acknowledged the 0, but for a stop,
 * which does not wait for that and says so. As long as the connection stands the 0 may come late rather than never; once it
 * or the recorder has gone nothing is sent: what has happened to the device since is not known. */
#ifndef RECORDER_RECORDER_BUTTONS_H
#define RECORDER_RECORDER_BUTTONS_H

#include "recorder/recorder_internal.h"

/* Queues the 0 of those whose time is over at `now_us` (monotonic; INT64_MAX: of all that are pressed); it leaves with the
 * next write. */
void recorder_buttons_let_go(struct recorder *recorder, int64_t now_us);

/* The broker's answer to what recorder_buttons_let_go() sent. False: that message was none of it. */
bool recorder_buttons_published(struct recorder *recorder, int message_id, int reason_code,
                                const char *reason);

/* Timers: the broker has not acknowledged a 0 in time. */
void recorder_buttons_tick(struct recorder *recorder);

/* The link is lost, the recorder ends: enters what is known of each that was pressed. */
void recorder_buttons_lost(struct recorder *recorder);
void recorder_buttons_stop(struct recorder *recorder);

/* That tag's button may stand pressed, and why: people are told, until it is let go by another press. */
void recorder_buttons_tell(struct recorder *recorder, const char *tag, uint64_t command, const char *why);

#endif
