/* hmi help: the list of subcommands, and from the same rows the manual page hmi(1). */
#include "base/roff.h"
#include "base/version.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "config/suggest.h"
#include "ui/action.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const struct cli_command *const COMMANDS[] = {
#define CLI_ROW(symbol) &symbol,
    CLI_COMMANDS(CLI_ROW)
#undef CLI_ROW
};

const struct cli_command *const *cli_commands(size_t *count)
{
    *count = sizeof COMMANDS / sizeof *COMMANDS;
    return COMMANDS;
}

const struct cli_command *cli_find_command(const char *name)
{
    const char *near = NULL;
    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++) {
        if (!strcmp(COMMANDS[i]->name, name))
            return COMMANDS[i];
        if (*COMMANDS[i]->name && suggest_is_nearer(name, COMMANDS[i]->name, near))
            near = COMMANDS[i]->name;
    }
    if (near)
        fprintf(stderr, "hmi: there is no command '%s'; did you mean %s?\n", name, near);
    else
        fprintf(stderr, "hmi: there is no command '%s'; 'hmi help' lists them\n", name);
    return NULL;
}

static void help_print_list(void)
{
    size_t count;
    const struct cli_command *const *commands = cli_commands(&count);
    int width = 0;
    for (size_t i = 0; i < count; i++)
        if ((int)strlen(commands[i]->name) > width)
            width = (int)strlen(commands[i]->name);
    printf("hmi: a SCADA-style monitor for the terminal: MQTT topics, SQLite history, live screens\n\n");
    for (size_t i = 0; i < count; i++)
        printf("  hmi %-*s  %s\n", width, commands[i]->name, commands[i]->summary);
    printf("\n  hmi COMMAND --help   the options of one of them\n  hmi --version\n\n");
    printf("More: man hmi, man hmi.cfg, man hmi-history\n");
}

/* ---- the manual page ---- */

static const char MANUAL_HEAD[] =
    ".SH NAME\n"
    "hmi \\- SCADA-style monitor for the terminal: MQTT topics, SQLite history, live screens\n"
    ".SH DESCRIPTION\n"
    "A recorder subscribes to the topics of a plant and keeps every sample in an SQLite file; it "
    "acknowledges nothing to the broker before it is committed. Consoles attach to the recorder and show "
    "live tags. Quitting or killing a console never stops the recording.\n"
    ".PP\n"
    "Called without a command, hmi opens a console; when no recorder of its configuration runs, it starts "
    "one first. With\n.B \\-H\n"
    "it looks at any broker without a configuration, changes nothing there and keeps nothing.\n"
    ".PP\n"
    "One plant is one configuration and one recorder. Several brokers are joined by a bridge of mosquitto.\n";

static const char MANUAL_FOOT[] =
    ".SH FILES\n"
    ".TP\n.I hmi.cfg\nthe configuration, see\n.BR hmi.cfg (5).\n"
    "Looked for in the working directory, in\n.IR $XDG_CONFIG_HOME/hmi ,\nand in\n.IR /etc/hmi .\n"
    ".TP\n.I history.db\nthe history (its name is in the configuration), see\n.BR hmi-history (5).\n"
    ".SH ENVIRONMENT\n"
    ".TP\n.B NO_COLOR\nwhen set, the console draws without colours.\n"
    ".TP\n.B XDG_RUNTIME_DIR\nfolder of the socket by which recorder and consoles find each other.\n"
    ".SH SIGNALS\n"
    "SIGTERM and SIGINT end the recorder within two seconds with everything committed. SIGHUP makes it read "
    "its configuration again; a faulty one changes nothing. To a console SIGHUP means that its terminal is "
    "gone.\n"
    ".SH EXIT STATUS\n"
    "0 for success, else a code of\n.BR sysexits.h (3):\n"
    "64 wrong usage, 65 bad data, or no such tag or alarm, 66 no such file, 69 no recorder or broker, 73 or 74 a file "
    "cannot be made or written, 75 not now, try later, 76 the other side did something else, 77 not allowed, 78 a fault "
    "in the configuration.\n.B hmi status\nexits with 0 (good), 1 (warning) or 2 (critical).\n"
    ".PP\n.B hmi set\ntells by it what became of the command:\n"
    ".TP\n.B 0\ndone: it was read back; or unverified: the broker has it, and the setpoint has no readback\n"
    ".TQ\n.B 64\nwrong usage: no \\-\\-yes, or a VALUE that is neither a number nor a state; nothing was sent\n"
    ".TQ\n.B 65\nrefused for its value (range, type, max_step), or there is no such tag\n"
    ".TQ\n.B 69\nno recorder; or unreached: nobody subscribes to the topic\n"
    ".TQ\n.B 75\nrefused as things are now (permit, max_rate, no broker, value not known, another command); or timed out, "
    "cancelled, or unknown: look at the plant\n"
    ".TQ\n.B 76\nmismatch: the readback says another value\n"
    ".TQ\n.B 77\nrefused for the role, or a tag that is read-only; or rejected by the broker\n"
    ".SH SEE ALSO\n"
    ".BR hmi.cfg (5),\n.BR hmi-history (5),\n.BR mosquitto (8),\n.BR sqlite3 (1)\n";

static void manual_put_option(const struct cli_option *option)
{
    printf(".TP\n.B ");
    if (option->key < 256)
        printf("\\-%c, ", option->key);
    printf("\\-\\-");
    roff_print(option->name, false);
    if (option->argument)
        printf(" \\fI%s\\fR", option->argument);
    printf("\n");
    roff_print_prose(option->help);
    printf("\n");
}

static void manual_put_words(const struct cli_words *words)
{
    const char *word, *help;
    roff_print_prose(words->title);
    printf(":\n");
    for (size_t i = 0; (word = words->word(i, &help)); i++) {
        printf(".TP\n.B ");
        roff_print(word, false);
        printf("\n");
        roff_print_prose(help);
        printf("\n");
    }
}

static void manual_put_command(const struct cli_command *command)
{
    printf(".SS hmi %s%s[\\fIOPTION\\fR]... \\fI%s\\fR\n", command->name, *command->name ? " " : "",
           command->arguments);
    roff_print_prose(command->summary);
    printf("\n");
    for (const struct cli_option *option = command->options; option->key; option++)
        if (option->help)
            manual_put_option(option);
    if (command->words) {
        printf(".PP\n");
        manual_put_words(command->words);
    }
}

static void manual_put_action(const struct action_row *row)
{
    printf(".TP\n.B ");
    for (const char *key = row->keys; *key; key += strspn(key, " ")) {
        char name[16];
        size_t length = strcspn(key, " ");
        snprintf(name, sizeof name, "%.*s", (int)length, key);
        key += length;
        roff_print(name, false);
        fputs(*key ? ", " : "\n", stdout);
    }
    roff_print_prose(row->help);
    printf("\n");
}

static void manual_put_keys(void)
{
    static const struct {
        unsigned where;
        const char *title;
    } SCREENS[] = {
        {ACTION_ON_ALL, "On every screen"},
        {ACTION_ON_TAGS, "Tags"},
        {ACTION_ON_DETAIL, "The faceplate of a tag"},
        {ACTION_ON_TRENDS, "Trends"},
        {ACTION_ON_ALARMS, "Alarms and the journal"},
        {ACTION_ON_COMMANDS, "Commands"},
        {ACTION_ON_ALARM, "An alarm"},
        {ACTION_ON_COMMANDS, "Commands"},
        {ACTION_ON_SYSTEM, "System"},
        {ACTION_ON_HELP, "Help"},
    };
    printf(".SH KEYS\n");
    for (size_t i = 0; i < sizeof SCREENS / sizeof *SCREENS; i++) {
        bool titled = false;
        for (int action = ACTION_NONE + 1; action < ACTION_COUNT; action++) {
            const struct action_row *row = action_row((enum action)action);
            bool everywhere = (row->where & ACTION_ON_ROWS) == ACTION_ON_ROWS;
            if (i == 0 ? !everywhere : everywhere || !(row->where & SCREENS[i].where))
                continue;
            if (!titled)
                printf(".SS %s\n", SCREENS[i].title);
            titled = true;
            manual_put_action(row);
        }
    }
}

static void help_print_manual(void)
{
    size_t count;
    const struct cli_command *const *commands = cli_commands(&count);
    printf(".TH HMI 1 \"\" \"hmi %s\" \"User Commands\"\n", HMI_VERSION);
    fputs(MANUAL_HEAD, stdout);
    printf(".SH COMMANDS\n");
    for (size_t i = 0; i < count; i++)
        manual_put_command(commands[i]);
    manual_put_keys();
    fputs(MANUAL_FOOT, stdout);
}

static int help_run(const struct cli_command *command, int argc, char **argv)
{
    const char *value;
    bool manual = false;
    for (int key; (key = cli_next_option(command, argc, argv, &value)) != -1;) {
        if (key == '?')
            return EX_USAGE;
        manual = true;
    }
    if (manual) {
        help_print_manual();
    } else if (optind < argc) {
        const struct cli_command *about = cli_find_command(argv[optind]);
        if (!about)
            return EX_USAGE;
        cli_print_help(about);
    } else {
        help_print_list();
    }
    return EX_OK;
}

const struct cli_command CLI_HELP = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "this list, or the options of a command",
    .options = (const struct cli_option[]){{256, "manual", NULL, NULL}, {0}},
    .run = help_run,
};
