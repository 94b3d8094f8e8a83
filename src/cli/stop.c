/* hmi stop, hmi reload: one request to the running recorder. */
#include "cli/client.h"
#include "cli/commands.h"

#include <sysexits.h>

static const struct cli_option STOP_OPTIONS[] = {
    CLI_OPTION_CONFIG,
    {0},
};

static int stop_ask(const struct cli_command *command, int argc, char **argv, enum wire_action action)
{
    struct cli_given given;
    if (!cli_read_given(command, argc, argv, &given))
        return EX_USAGE;
    return client_tell(command->name, given.config, &(struct wire_ask){.action = (uint32_t)action});
}

static int stop_run(const struct cli_command *command, int argc, char **argv)
{
    return stop_ask(command, argc, argv, WIRE_ACTION_STOP);
}

static int reload_run(const struct cli_command *command, int argc, char **argv)
{
    return stop_ask(command, argc, argv, WIRE_ACTION_RELOAD);
}

const struct cli_command CLI_STOP = {
    .name = "stop",
    .arguments = "",
    .summary = "end the running recorder, with everything committed",
    .options = STOP_OPTIONS,
    .run = stop_run,
};

const struct cli_command CLI_RELOAD = {
    .name = "reload",
    .arguments = "",
    .summary = "let the running recorder read its configuration again",
    .options = STOP_OPTIONS,
    .run = reload_run,
};
