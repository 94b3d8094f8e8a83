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
    struct client client;
    struct err err = {0};
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
    if (client_open(&client, config, &err) && client_request(&client, &ask, &err)) {
        const struct wire_answer *answer = &client.mirror.answer;
        if (answer->good)
            printf("%s\n", answer->text);
        else
            err_set(&err, EX_NOPERM, "%s", answer->text);
    }
    if (err.code)
        fprintf(stderr, "hmi %s: %s\n", command->name, err.text);
    client_close(&client);
    buf_free(&list);
    return err.code;
}

int alarm_request_parse(const struct cli_command *command, int argc, char **argv, enum wire_action action)
{
    const char *config = NULL, *value;
    for (int key; (key = cli_next_option(command, argc, argv, &value)) != -1;) {
        if (key != 'c')
            return EX_USAGE;
        config = value;
    }
    return alarm_request_run(command, config, argv + optind, (struct wire_ask){.action = (uint32_t)action});
}
