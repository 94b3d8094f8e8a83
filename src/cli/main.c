/* hmi: chooses the subcommand. */
#include "base/version.h"
#include "cli/cli.h"
#include "cli/commands.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const struct cli_command *main_find(const char *name)
{
    size_t count;
    const struct cli_command *const *commands = cli_commands(&count);
    for (size_t i = 0; i < count; i++)
        if (!strcmp(commands[i]->name, name))
            return commands[i];
    return NULL;
}

int main(int argc, char **argv)
{
    /* Only the character set: numbers keep their point whatever the locale says. */
    setlocale(LC_CTYPE, "");
    const char *first = argc > 1 ? argv[1] : "";
    if (!strcmp(first, "--version")) {
        printf("hmi %s\n", HMI_VERSION);
        return EX_OK;
    }
    if (!strcmp(first, "--help"))
        first = "help";
    bool named = *first && *first != '-';
    const struct cli_command *command = main_find(named ? first : "");
    if (!command) {
        fprintf(stderr, "hmi: there is no command '%s'; 'hmi help' lists them\n", first);
        return EX_USAGE;
    }
    if (named) /* getopt skips the name */
        return command->run(command, argc - 1, argv + 1);
    return command->run(command, argc, argv);
}
