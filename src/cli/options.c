#include "cli/cli.h"

#include "config/suggest.h"

#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    if (!command->words)
        return;
    printf("\n%s:\n", command->words->title);
    const char *word, *help;
    for (size_t i = 0; (word = command->words->word(i, &help)); i++)
        printf("  %-26s %s\n", word, help);
}

/* ---- what is wrong ---- */

static void cli_refuse_operand(const struct cli_command *command, const char *operand)
{
    if (*command->name)
        fprintf(stderr, "hmi %s: what is '%s'? Only options may follow\n", command->name, operand);
    else
        fprintf(stderr,
                "hmi: '%s' is not expected here: a command comes before its options (hmi COMMAND -c FILE)\n",
                operand);
}

static const struct cli_option *cli_option_of(const struct cli_command *command, int key)
{
    const struct cli_option *option = command->options;
    while (option->key && option->key != key)
        option++;
    return option->key ? option : NULL;
}

/* The long option that was probably meant by "--wrod" or "--wrod=VALUE"; NULL: none. */
static const char *cli_suggest_option(const struct cli_command *command, const char *word)
{
    const char *near = NULL;
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    for (const struct cli_option *option = command->options; option->key; option++)
        if (option->help && suggest_is_nearer(name, option->name, near))
            near = option->name;
    return near;
}

/* `key` is what getopt_long() said: ':' for a missing argument, '?' for all else, with the option in optopt, but for an
 * unknown long one. */
static void cli_refuse_option(const struct cli_command *command, int key, const char *word)
{
    const struct cli_option *option = optopt ? cli_option_of(command, optopt) : NULL;
    fprintf(stderr, "hmi%s%s: ", *command->name ? " " : "", command->name);
    if (option && key == ':') {
        fprintf(stderr, "--%s needs a %s\n", option->name, option->argument);
    } else if (option || optopt == CLI_KEY_HELP) {
        fprintf(stderr, "'%s': this option takes no argument\n", word);
    } else if (optopt) {
        fprintf(stderr, "there is no option -%c\n", optopt);
    } else {
        const char *near = cli_suggest_option(command, word + 2);
        fprintf(stderr, "there is no option %s%s%s%s\n", word, near ? "; did you mean --" : "",
                near ? near : "", near ? "?" : "");
    }
}

/* ---- reading ---- */

int cli_next_option(const struct cli_command *command, int argc, char **argv, const char **value)
{
    struct option longs[CLI_OPTIONS_MAX + 2] = {{0}};
    char letters[2 * CLI_OPTIONS_MAX + 3] = ":";
    size_t count = 0, used = 1;
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
    opterr = 0; /* cli_refuse_option() says more */
    int key = getopt_long(argc, argv, letters, longs, NULL);
    *value = optarg;
    if (key == CLI_KEY_HELP) {
        cli_print_help(command);
        exit(EXIT_SUCCESS);
    }
    bool stray = key == -1 && optind < argc && !*command->arguments;
    if (stray)
        cli_refuse_operand(command, argv[optind]);
    else if (key == '?' || key == ':')
        cli_refuse_option(command, key, argv[optind - 1]);
    else
        return key;
    fprintf(stderr, "try: hmi %s%s--help\n", command->name, *command->name ? " " : "");
    return '?';
}

bool cli_read_given(const struct cli_command *command, int argc, char **argv, struct cli_given *given)
{
    const char *value;
    *given = (struct cli_given){0};
    for (int key; (key = cli_next_option(command, argc, argv, &value)) != -1;) {
        if (key == 'c')
            given->config = value;
        else if (key == 'j')
            given->json = true;
        else
            return false;
    }
    return true;
}

bool cli_is_wanted(const char *name, char *const *patterns)
{
    bool wanted = !*patterns;
    for (; *patterns && !wanted; patterns++)
        wanted = !fnmatch(*patterns, name, 0);
    return wanted;
}
