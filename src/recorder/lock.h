/* Exactly one recorder per history file: a lock file beside it (FILE.lock, 0600), held with F_SETLK for the
 * life of the process, so that the kernel releases it whatever happens and F_GETLK names the holder. The file
 * itself stays. */
#ifndef RECORDER_LOCK_H
#define RECORDER_LOCK_H

#include "base/err.h"

#include <sys/types.h>

/* Takes the lock; returns its descriptor, to be closed at the end; -1 with `err` set, EX_TEMPFAIL and the
 * holder's process id when somebody else has it. */
int lock_take(const char *history_path, struct err *err);

/* The process that holds the lock; 0 when none does (or one may not look). Never call it in the process that
 * holds it: closing any descriptor of the file would release it. */
pid_t lock_holder(const char *history_path);

#endif
