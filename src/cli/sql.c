/* hmi sql: the plain sqlite3 program on the configured history, unable to change it. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/sql_terminal.h"

#include "config/config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { SQL_KEY_CSV = 256 };

static const struct cli_option SQL_OPTIONS[] = {
    CLI_OPTION_CONFIG,
    {SQL_KEY_CSV, "csv", NULL, "comma-separated, as spreadsheets read it (RFC 4180)"},
    {'j', "json", NULL, "a JSON array of objects"},
    {.key = 0},
};

static int sql_run_command(const struct cli_command *command, int argc, char **argv);

const struct cli_command CLI_SQL = {
    .name = "sql",
    .arguments = "[SQL]",
    .summary = "query the history with sqlite3, read-only; man hmi-history lists the views",
    .options = SQL_OPTIONS,
    .run = sql_run_command,
};

/* Runs the sqlite3 program, or becomes it where no terminal sees what it prints. `mode` is its option for how rows
 * look; NULL: columns for people, else its own list. */
static int sql_run_sqlite(const char *file, const char *sql, const char *mode)
{
    if (access(file, R_OK)) {
        fprintf(stderr, "hmi sql: %s: cannot open the history: %s.%s\n", file, strerror(errno),
                errno == ENOENT ? " It is made when a recorder first runs." : "");
        return errno == EACCES ? EX_NOPERM : EX_NOINPUT;
    }
    bool terminal = isatty(STDOUT_FILENO);
    /* The lock of a recovery after a crash is waited for;
     * the recorder's own writing never blocks a reader. */
    if (!mode)
        mode = terminal ? "-column" : "-list";
    const char *const arguments[] = {"sqlite3",       "-readonly", "-header", mode, "-cmd",
                                     ".timeout 1000", file,        sql,       NULL};
    int status;
    if (!terminal)
        status = execvp(arguments[0], (char *const *)arguments) < 0 ? -errno : 0;
    else
        status = !sql && isatty(STDIN_FILENO) ? sql_terminal_talk(arguments) : sql_terminal_run(arguments);
    if (status >= 0)
        return status;
    if (status == -ENOENT)
        fprintf(stderr, "hmi sql: the program sqlite3 is not installed: apt install sqlite3\n");
    else
        fprintf(stderr, "hmi sql: cannot start sqlite3: %s\n", strerror(-status));
    return EX_UNAVAILABLE;
}

static int sql_run_command(const struct cli_command *command, int argc, char **argv)
{
    const char *given = NULL, *mode = NULL, *value;
    for (int key; (key = cli_next_option(command, argc, argv, &value)) != -1;) {
        if (key == '?')
            return EX_USAGE;
        if (key == 'c')
            given = value;
        else
            mode = key == 'j' ? "-json" : "-csv";
    }
    if (argc - optind > 1) {
        fprintf(stderr, "hmi sql: one SQL text at most; put it in quotes\n");
        return EX_USAGE;
    }
    struct config config;
    int status;
    if (!cli_load_config(command, given, &config, &status))
        return status;
    status = sql_run_sqlite(config.history.file, argv[optind], mode);
    config_free(&config);
    return status;
}
