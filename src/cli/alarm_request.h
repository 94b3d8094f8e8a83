/* What hmi ack, shelve and unshelve share: a request about the alarms on the command line. */
#ifndef CLI_ALARM_REQUEST_H
#define CLI_ALARM_REQUEST_H

#include "cli/cli.h"
#include "wire/wire.h"

/* Sends `ask` about the addresses (a list that ends in NULL) to the running recorder and prints the answer.
 * Returns the exit status: the code of the first refusal when not all of it was done, EX_USAGE without an address. */
int alarm_request_run(const struct cli_command *command, const char *config, char *const *addresses,
                      struct wire_ask ask);

/* The same for a subcommand that has no options but -c: reads them and sends the action. */
extern const struct cli_option ALARM_REQUEST_OPTIONS[];
int alarm_request_parse(const struct cli_command *command, int argc, char **argv, enum wire_action action);

#endif
