/* The subcommands: one file each, one row each. A row gives the name, the help text and the options; `hmi
 * help`, the parsing and the manual page hmi(1) are made from the rows. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

struct cli_option {
    int key;              /* the letter, or a number over 255 for an option without one */
    const char *name;     /* without "--" */
    const char *argument; /* NULL: it takes none */
    const char *help;     /* NULL: not shown (for our own use between processes) */
};

/* Words that an option takes, told below the options and in the manual page: what `word` says for 0, 1, ... until
 * it returns NULL. */
struct cli_words {
    const char *title;
    const char *(*word)(size_t index, const char **help);
};

struct cli_command {
    const char *name;                 /* "" for the console, which needs no name */
    const char *arguments;            /* behind the options, such as "[FILE]" */
    const char *summary;              /* one line */
    const struct cli_option *options; /* ends in a row with key 0 */
    const struct cli_words *words;    /* NULL: none */
    /* argv[0] is the name; returns the exit status (sysexits.h) */
    int (*run)(const struct cli_command *command, int argc, char **argv);
};

/* The next option of the command line: its key, with *value for one that takes an argument; -1 when only
 * operands are left (from argv[optind] on); '?' after a message about a wrong one, or about an operand of a command
 * that takes none (return EX_USAGE then).
 * --help prints the command's help and ends the program. */
int cli_next_option(const struct cli_command *command, int argc, char **argv, const char **value);

/* What the options -c and --json say. */
struct cli_given {
    const char *config; /* NULL: not given */
    bool json;
};

/* Reads the command line of a command that has no options but these (CLI_OPTION_CONFIG, CLI_OPTION_JSON). False
 * after a message about a wrong one: return EX_USAGE then. */
bool cli_read_given(const struct cli_command *command, int argc, char **argv, struct cli_given *given);

/* Prints the help of one command to standard output. */
void cli_print_help(const struct cli_command *command);

/* Finds and loads the configuration in force (`given` from -c, or NULL). False after telling what is wrong
 * with it, with the exit status in *status; else release it with config_free(). */
struct config;
bool cli_load_config(const struct cli_command *command, const char *given, struct config *config,
                     int *status);

/* The same for those who only look for a running recorder, whose configuration may be under somebody's hands:
 * true also when it has faults, which are then in `report`, and *status is EX_CONFIG. Release both. */
struct config_report;
bool cli_find_config(const struct cli_command *command, const char *given, struct config *config,
                     struct config_report *report, int *status);
void cli_print_faults(const struct config_report *report);

/* From now on local times are the plant's: of its `timezone`, else of the machine. */
void cli_use_timezone(const struct config *config);

/* Whether a name is asked for by the operands of the command line (ending in NULL): there are none, or it matches one as a
 * pattern of the shell. */
bool cli_is_wanted(const char *name, char *const *patterns);

/* The row of an option that every command has. */
#define CLI_OPTION_CONFIG                                                                                    \
    {                                                                                                        \
        'c', "config", "FILE", "configuration (else ./hmi.cfg, ~/.config/hmi/hmi.cfg, /etc/hmi/hmi.cfg)"     \
    }

/* The row of --json, for the commands that print a list. */
#define CLI_OPTION_JSON                                                                                      \
    {                                                                                                        \
        'j', "json", NULL, "a JSON array, times in UTC"                                                      \
    }

#endif
