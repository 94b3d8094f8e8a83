/* hmi: the table of subcommands, and the choice among them. */
#include "base/version.h"
#include "cli/cli.h"
#include "cli/commands.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const struct cli_command *const COMMANDS[] = {
#define CLI_ROW(symbol) &symbol,
    CLI_COMMANDS(CLI_ROW)
#undef CLI_ROW
};

#define COMMAND_COUNT (sizeof COMMANDS / sizeof *COMMANDS)

static const struct cli_command *main_find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (!strcmp(COMMANDS[i]->name, name))
            return COMMANDS[i];
    return NULL;
}

static void main_print_help(void)
{
    printf("hmi: a SCADA-style monitor for the terminal: MQTT topics, SQLite history, live screens\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  hmi %-10s %s\n", COMMANDS[i]->name, COMMANDS[i]->summary);
    printf("\n  hmi COMMAND --help   the options of one of them\n  hmi --version\n\n");
    printf("More: man hmi, man hmi.cfg, man hmi-history\n");
}

int main(int argc, char **argv)
{
    /* Only the character set: numbers keep their point whatever the locale says. */
    setlocale(LC_CTYPE, "");
    const char *first = argc > 1 ? argv[1] : "";
    if (!strcmp(first, "help") || !strcmp(first, "--help")) {
        main_print_help();
        return EX_OK;
    }
    if (!strcmp(first, "--version")) {
        printf("hmi %s\n", HMI_VERSION);
        return EX_OK;
    }
    bool named = *first && *first != '-';
    const struct cli_command *command = main_find(named ? first : "");
    if (!command) {
        fprintf(stderr, "hmi: there is no command '%s'; 'hmi help' lists them\n", first);
        return EX_USAGE;
    }
    return named ? command->run(command, argc - 1, argv + 1) : command->run(command, argc, argv);
}
