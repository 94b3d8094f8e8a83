/* hmi out-of-service, hmi in-service: alarms that make no sense for a while, such as those of a device that is away. */
#include "cli/alarm_request.h"
#include "cli/commands.h"

#include <getopt.h>
#include <sysexits.h>

static const struct cli_option SERVICE_OPTIONS[] = {
    CLI_OPTION_CONFIG,
    {'r', "reason", "TEXT", "why; it is asked for by the recorder and stands in the journal"},
    {0},
};

static int service_take_out(const struct cli_command *command, int argc, char **argv)
{
    const char *config = NULL, *value;
    struct wire_ask ask = {.action = WIRE_ACTION_OUT_OF_SERVICE};
    for (int key; (key = cli_next_option(command, argc, argv, &value)) != -1;) {
        if (key == 'c')
            config = value;
        else if (key == 'r')
            ask.reason = value;
        else
            return EX_USAGE;
    }
    return alarm_request_run(command, config, argv + optind, ask);
}

static int service_put_back(const struct cli_command *command, int argc, char **argv)
{
    return alarm_request_parse(command, argc, argv, WIRE_ACTION_IN_SERVICE);
}

const struct cli_command CLI_OUT_OF_SERVICE = {
    .name = "out-of-service",
    .arguments = "ADDRESS...",
    .summary =
        "take alarms out of service until they are put back; an ADDRESS is TAG/type, or TAG for all of a tag",
    .options = SERVICE_OPTIONS,
    .run = service_take_out,
};

const struct cli_command CLI_IN_SERVICE = {
    .name = "in-service",
    .arguments = "ADDRESS...",
    .summary = "put alarms that were taken out of service back",
    .options = ALARM_REQUEST_OPTIONS,
    .run = service_put_back,
};
