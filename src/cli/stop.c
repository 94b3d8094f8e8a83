/* hmi stop, hmi reload: one request to the running recorder. */
#include "cli/client.h"
#include "cli/commands.h"

#include <stdio.h>

static const struct cli_option STOP_OPTIONS[] = {
    CLI_OPTION_CONFIG,
    {0},
};

static int stop_ask(const struct cli_command *command, int argc, char **argv, enum wire_action action)
{
    const char *config = NULL, *value;
    for (int key; (key = cli_next_option(command, argc, argv, &value)) != -1;) {
        if (key != 'c')
            return EX_USAGE;
        config = value;
    }
    struct client client;
    struct err err = {0};
    if (client_open(&client, config, &err) && client_ask(&client, action, NULL, &err)) {
        const struct wire_answer *answer = &client.mirror.answer;
        if (answer->good)
            printf("%s\n", answer->text);
        else
            err_set(&err, EX_NOPERM, "%s", answer->text);
    }
    if (err.code)
        fprintf(stderr, "hmi %s: %s\n", command->name, err.text);
    client_close(&client);
    return err.code;
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
