/* hmi ack: acknowledges alarms. */
#include "cli/alarm_request.h"
#include "cli/commands.h"

static int ack_run(const struct cli_command *command, int argc, char **argv)
{
    return alarm_request_parse(command, argc, argv, WIRE_ACTION_ACKNOWLEDGE);
}

const struct cli_command CLI_ACK = {
    .name = "ack",
    .arguments = "ADDRESS...",
    .summary =
        "acknowledge alarms, and reset those that have latched; an ADDRESS is TAG/type, or TAG for all "
        "of a tag",
    .options = ALARM_REQUEST_OPTIONS,
    .run = ack_run,
};
