/* A file that a command writes for its user: it appears whole under its name or not at all. It is written
 * under a name of its own beside it, brought to the disk and renamed; whatever fails or is interrupted before
 * that leaves nothing behind and an older file as it was. */
#ifndef CLI_OUTFILE_H
#define CLI_OUTFILE_H

#include "base/err.h"
#include "config/config.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct outfile {
    char *path;   /* what it will be called; NULL: not open */
    char *draft;  /* what it is called meanwhile; NULL: `path` is a device or a pipe and written directly */
    FILE *stream; /* for writing; NULL after outfile_finish() */
    bool replace;
};

/* Refuses (EX_USAGE) what the plant lives on, its configuration and its history with the files beside it: with --force
 * a slip of the hand would put something else in their place while they are used. */
bool outfile_spares_plant(const char *path, const struct config *config, struct err *err);

/* Begins to write. `mode` is less what the umask takes away. A file that exists is refused (EX_CANTCREAT)
 * unless `replace`. */
bool outfile_open(struct outfile *file, const char *path, mode_t mode, bool replace, struct err *err);

/* Ends it under its name, durably. On false it is dropped. */
bool outfile_finish(struct outfile *file, struct err *err);

/* Removes what was written. Nothing happens when it is not open or was finished. */
void outfile_drop(struct outfile *file);

/* From now on SIGINT, SIGTERM and SIGHUP do not end the program at once: outfile_is_interrupted() tells that
 * one came, so that whoever writes a file can remove it. SIGPIPE is ignored: writing then fails with EPIPE. */
void outfile_watch_signals(void);

/* The signal that came, or 0. */
int outfile_interrupted(void);

#endif
