/* The list of subcommands, in the order of `hmi help`. Each is defined in the file of its name; add a row
 * here and a declaration below with it. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cli.h"

/* clang-format off */
#define CLI_COMMANDS(X) \
    X(CLI_CONSOLE)      \
    X(CLI_RECORD)       \
    X(CLI_STOP)         \
    X(CLI_RELOAD)       \
    X(CLI_STATUS)       \
    X(CLI_TAGS)         \
    X(CLI_SET)          \
    X(CLI_ALARMS)       \
    X(CLI_ACK)          \
    X(CLI_SHELVE)       \
    X(CLI_UNSHELVE)     \
    X(CLI_OUT_OF_SERVICE) \
    X(CLI_IN_SERVICE)   \
    X(CLI_CHECK)        \
    X(CLI_SQL)          \
    X(CLI_EXPORT)       \
    X(CLI_IMPORT)       \
    X(CLI_BACKUP)       \
    X(CLI_SIM)          \
    X(CLI_DEMO)         \
    X(CLI_HELP)
/* clang-format on */

extern const struct cli_command CLI_CONSOLE;
extern const struct cli_command CLI_RECORD;
extern const struct cli_command CLI_STOP;
extern const struct cli_command CLI_RELOAD;
extern const struct cli_command CLI_STATUS;
extern const struct cli_command CLI_TAGS;
extern const struct cli_command CLI_SET;
extern const struct cli_command CLI_ALARMS;
extern const struct cli_command CLI_ACK;
extern const struct cli_command CLI_SHELVE;
extern const struct cli_command CLI_UNSHELVE;
extern const struct cli_command CLI_OUT_OF_SERVICE;
extern const struct cli_command CLI_IN_SERVICE;
extern const struct cli_command CLI_CHECK;
extern const struct cli_command CLI_SQL;
extern const struct cli_command CLI_EXPORT;
extern const struct cli_command CLI_IMPORT;
extern const struct cli_command CLI_BACKUP;
extern const struct cli_command CLI_SIM;
extern const struct cli_command CLI_DEMO;
extern const struct cli_command CLI_HELP;

/* All rows. */
const struct cli_command *const *cli_commands(size_t *count);

/* The command of that name ("": the console); NULL after a message, with the name that was probably meant. */
const struct cli_command *cli_find_command(const char *name);

#endif
