/* hmi: chooses the subcommand. */
#include "base/version.h"
#include "cli/cli.h"
#include "cli/commands.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

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
    const struct cli_command *command = cli_find_command(named ? first : "");
    if (!command)
        return EX_USAGE;
    if (named) /* getopt skips the name */
        return command->run(command, argc - 1, argv + 1);
    return command->run(command, argc, argv);
}
