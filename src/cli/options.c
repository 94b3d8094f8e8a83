#include "cli/cli.h"

#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define CLI_OPTIONS_MAX 40
#define CLI_KEY_HELP    1 /* no letter, not used by any command */

static void cli_print_option(const struct cli_option *option)
{
    char letter[8] = "    ", left[64];
    if (option->key < 256)
        snprintf(letter, sizeof letter, "-%c, ", option->key);
    snprintf(left, sizeof left, "%s--%s%s%s", letter, option->name, option->argument ? " " : "",
             option->argument ? option->argument : "");
    printf("  %-26s %s\n", left, option->help);
}

void cli_print_help(const struct cli_command *command)
{
    printf("hmi %s%s[OPTION]...%s%s\n%s\n\n", command->name, *command->name ? " " : "",
           *command->arguments ? " " : "", command->arguments, command->summary);
    for (const struct cli_option *option = command->options; option->key; option++)
        if (option->help)
            cli_print_option(option);
    cli_print_option(&(struct cli_option){256, "help", NULL, "this text"});
}

int cli_next_option(const struct cli_command *command, int argc, char **argv, const char **value)
{
    struct option longs[CLI_OPTIONS_MAX + 2] = {{0}};
    char letters[2 * CLI_OPTIONS_MAX + 2] = "";
    size_t count = 0, used = 0;
    for (const struct cli_option *option = command->options; option->key && count < CLI_OPTIONS_MAX;
         option++) {
        int takes = option->argument ? required_argument : no_argument;
        longs[count++] = (struct option){option->name, takes, NULL, option->key};
        if (option->key < 256)
            letters[used++] = (char)option->key;
        if (option->key < 256 && option->argument)
            letters[used++] = ':';
    }
    longs[count] = (struct option){"help", no_argument, NULL, CLI_KEY_HELP};
    int key = getopt_long(argc, argv, letters, longs, NULL);
    *value = optarg;
    if (key == CLI_KEY_HELP) {
        cli_print_help(command);
        exit(EXIT_SUCCESS);
    }
    if (key == '?')
        fprintf(stderr, "try: hmi %s%s--help\n", command->name, *command->name ? " " : "");
    return key;
}

bool cli_is_wanted(const char *name, char *const *patterns)
{
    bool wanted = !*patterns;
    for (; *patterns && !wanted; patterns++)
        wanted = !fnmatch(*patterns, name, 0);
    return wanted;
}
