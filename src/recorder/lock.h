/* Exactly one recorder per history file:
 * a lock file beside it (FILE.lock, 0600), held with F_SETLK for the life of the process,
 * so that the kernel releases it whatever happens and F_GETLK names the holder. The file itself stays. */
#ifndef RECORDER_LOCK_H
#define RECORDER_LOCK_H

#include "base/err.h"

#include <sys/types.h>

/* Takes the lock; returns its descriptor, to be closed at the end; -1 with `err` set, EX_TEMPFAIL and the
 * holder's process id when somebody else has it. */
int lock_take(const char *history_path, struct err *err);

/* Writes into the lock file where the recorder's socket is, so that consoles find it whatever their
 * environment says of runtime folders. */
void lock_note_socket(int fd, const char *socket_path);

/* The path that was noted there last; NULL when there is none or this user may not read it. The caller frees
 * it. Never call it in the process that holds the lock, as with lock_holder(). */
char *lock_socket(const char *history_path);

/* The process that holds the lock; 0 when none does (or one may not look). Never call it in the process that
 * holds it: closing any descriptor of the file would release it. */
pid_t lock_holder(const char *history_path);

#endif
