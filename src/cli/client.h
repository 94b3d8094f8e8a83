/* A subcommand that asks the running recorder something, once, and ends: finds it by the configuration,
 * attaches, waits for the whole snapshot or for one answer. Blocks, with a time-out. */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include "base/err.h"
#include "config/config.h"
#include "ui/mirror.h"
#include "wire/wire.h"

#include <stdbool.h>

#define CLIENT_TIMEOUT_MS 10000

/* Said, with a count, where a running recorder is looked for nevertheless. */
#define CLIENT_FAULTS "the configuration has faults (%zu): run hmi check"

struct client {
    struct config config;
    char **socket_paths;
    struct mirror mirror; /* filled by client_snapshot() and client_request() */
};

/* Finds and reads the configuration (`given` from -c, or NULL) and sets the plant's time zone. Faults in it are
 * told on standard error and do not stop it. Release with client_close(), also after a failure. */
bool client_open(struct client *client, const char *given, struct err *err);
void client_close(struct client *client);

/* Fills the mirror with all tags and the recorder's health.
 * EX_UNAVAILABLE: no recorder; EX_NOPERM: refused. */
bool client_snapshot(struct client *client, struct err *err);

/* Asks for an action and waits for the answer, which is in mirror.answer. False only when there was no answer. */
bool client_request(struct client *client, const struct wire_ask *ask, struct err *err);

/* All of it for a subcommand that is no more than a request: opens, asks, prints the answer, or what is wrong behind
 * "hmi NAME:". After a stop the history file is free for others. Returns the exit status: when the recorder says no, the
 * code of its answer, else EX_NOPERM. */
int client_tell(const char *name, const char *given, const struct wire_ask *ask);

/* Gives a command (WIRE_ACTION_SET) and, unless it is refused (mirror.answer), waits until it has come to its end; `told`
 * is called at each step of it. False only when there was no answer, or no end in `wait_us`. The tags of an earlier
 * snapshot stay. */
typedef void client_command_function(void *context, const struct wire_command *command);
bool client_command(struct client *client, const struct wire_ask *ask, int64_t wait_us,
                    client_command_function *told, void *context, struct err *err);

#endif
