/* The files of a demo: a folder of its own with the configurations
 * of broker and recorder, their passwords and logs. */
#ifndef CLI_DEMO_FILES_H
#define CLI_DEMO_FILES_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define DEMO_USER "demo"

struct demo_files {
    char *folder;                    /* absolute; 0700 */
    bool keep;                       /* it stays */
    char *config, *history, *socket; /* of the recorder */
    char *password;                  /* its first line is the password */
    char *broker_config, *broker_passwords;
    char *broker_log, *sim_log, *recorder_log;
};

/* Makes the folder, a fresh one below $TMPDIR, or `keep_path` (which may hold an earlier demo, but nothing
 * else's configuration), and the password in both forms. False with `err` set; release in any case. */
bool demo_files_make(struct demo_files *files, const char *keep_path, struct err *err);

/* Writes both configurations for a broker on this loopback port. */
bool demo_files_configure(const struct demo_files *files, int port, struct err *err);

/* Removes the folder with all that is in it, unless it is to be kept. May be called twice. */
void demo_files_remove(const struct demo_files *files);
void demo_files_free(struct demo_files *files);

/* Puts the last lines of a log, made safe for a terminal, behind the text in `out`. */
void demo_files_add_tail(const char *log_path, char *out, size_t size);

/* Whether the log has this text in it. */
bool demo_files_log_has(const char *log_path, const char *text);

#endif
