/* A copy of a history file as it is at one moment, while the recorder goes on writing. */
#ifndef DB_BACKUP_H
#define DB_BACKUP_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct backup;

/* Opens the history `from` read-only, at its state of now, and the empty file `to` that becomes the copy. */
struct backup *backup_open(const char *from, const char *to, struct err *err);

/* Copies the next few megabytes; sets how much is done of how much (bytes). When *done_bytes has reached
 * *total_bytes the copy is complete: an ordinary file that needs no other one beside it. It has not been
 * brought to the disk (fsync) yet. EX_TEMPFAIL when the recorder had to write so much meanwhile that the copy
 * was given up (BACKUP_WAL_MAX). */
bool backup_step(struct backup *backup, uint64_t *done_bytes, uint64_t *total_bytes, struct err *err);

/* How much room the copy takes. */
uint64_t backup_bytes(const struct backup *backup);

/* Lets go of both files; without a complete copy `to` is to be removed. `backup` may be NULL. */
void backup_close(struct backup *backup);

/* How far the recorder's write-ahead log may grow for the sake of a copy. */
#define BACKUP_WAL_MAX (UINT64_C(1) << 30)

#endif
