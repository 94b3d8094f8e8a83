#include "cli/alarm_request.h"

#include "base/buf.h"
#include "cli/client.h"

#include <getopt.h>
#include <stdio.h>

const struct cli_option ALARM_REQUEST_OPTIONS[] = {
    CLI_OPTION_CONFIG,
    {0},
};

int alarm_request_run(const struct cli_command *command, const char *config, char *const *addresses,
                      struct wire_ask ask)
{
    struct buf list;
    if (!*addresses) {
        fprintf(stderr, "hmi %s: which alarm? TAG/type, or TAG for all of a tag (hmi alarms lists them)\n",
                command->name);
        return EX_USAGE;
    }
    buf_init(&list, 0);
    for (size_t i = 0; addresses[i]; i++)
        buf_printf(&list, "%s%s", i ? "\n" : "", addresses[i]);
    ask.argument = buf_text(&list);
    int status = client_tell(command->name, config, &ask);
    buf_free(&list);
    return status;
}

int alarm_request_parse(const struct cli_command *command, int argc, char **argv, enum wire_action action)
{
    struct cli_given given;
    if (!cli_read_given(command, argc, argv, &given))
        return EX_USAGE;
    return alarm_request_run(command, given.config, argv + optind,
                             (struct wire_ask){.action = (uint32_t)action});
}
