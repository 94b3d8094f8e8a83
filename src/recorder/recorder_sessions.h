/* Consoles that come and go, in the recorder's loop: their entries in the journal, and what ends with them. */
#ifndef RECORDER_RECORDER_SESSIONS_H
#define RECORDER_RECORDER_SESSIONS_H

#include "recorder/recorder_internal.h"

/* A console was let in or turned away, was locked or unlocked, or has gone. `hmi status` and its like leave no entry: what they ask for does,
 * where it changes anything. */
void recorder_sessions_note(struct recorder *recorder, const struct server_session *session,
                            enum server_session_event event, const char *why);

/* Counts and logs a request that was refused, with the answer; false: its user has had so many that this one is neither
 * logged nor to be entered in the journal by itself. */
bool recorder_sessions_count_refusal(struct recorder *recorder, const struct server_request *request,
                                     const char *text);

/* An entry about no tag: by whom (NULL: by nobody who is attached), from where, what. */
void recorder_sessions_enter(struct recorder *recorder, enum journal_kind kind, const char *word,
                             const char *user, const char *station, const char *detail);

/* Once a second: enters how many entries were left out (session_limit.h). */
void recorder_sessions_second(struct recorder *recorder);

/* Before the end: enters those that have not been entered yet. */
void recorder_sessions_stop(struct recorder *recorder);

#endif
