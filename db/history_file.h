/* The history file as a file: its directory, its rights, and how a new one comes into being. */
#ifndef DB_HISTORY_FILE_H
#define DB_HISTORY_FILE_H

#include "base/err.h"

#include <stdbool.h>

/* Makes a history file with its tables, mode 0640 (less what the umask takes away), where there is none or an
 * empty one. It appears whole or not at all: it is built under the name PATH.new and then renamed. */
bool history_file_create(const char *path, struct err *err);

#endif
