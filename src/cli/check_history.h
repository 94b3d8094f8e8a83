/* hmi check --history: what is in the file, how large it is, and whether it is sound. */
#ifndef CLI_CHECK_HISTORY_H
#define CLI_CHECK_HISTORY_H

#include <stdbool.h>

/* Checks the file and prints what it found. The exit status: 0, EX_DATAERR when something is wrong with it,
 * another of sysexits.h when it could not be checked. */
int check_history(const char *path, bool full);

#endif
