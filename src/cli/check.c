/* hmi check: every fault of a configuration in one run, or a few lines that say what it means. */
#include "base/utf8.h"
#include "cli/check_history.h"
#include "cli/commands.h"
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHECK_KEY_MANUAL = 256, CHECK_KEY_HISTORY, CHECK_KEY_FULL };

static const char *check_plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void check_print_tags(const struct config *config)
{
    size_t alarms = 0, writable = 0;
    for (size_t i = 0; i < config->tag_count; i++) {
        alarms += config->tags[i].alarm_count;
        writable += config->tags[i].setpoint != NULL;
    }
    printf("  tags      %zu (%zu writable), %zu alarm%s, %zu display%s\n", config->tag_count, writable,
           alarms, check_plural(alarms), config->display_count, check_plural(config->display_count));
    if (config->display_count)
        printf("            (displays are checked; this version does not show them yet)\n");
}

static void check_print_filters(const struct config *config)
{
    size_t count = config->subscription_count, shown = count < 3 ? count : 3;
    printf("  receives  %zu filter%s:", count, check_plural(count));
    for (size_t i = 0; i < shown; i++)
        printf("%s %s", i ? "," : "", config->subscriptions[i].filter);
    puts(shown < count ? ", ..." : "");
}

static void check_print_summary(const struct config *config)
{
    const struct config_broker *broker = &config->broker;
    const struct config_history *history = &config->history;
    char path[ERR_TEXT_MAX];
    utf8_make_safe(path, sizeof path, config->path, strlen(config->path));
    printf("%s is good\n", path);
    printf("  plant     %s\n", config->plant);
    printf("  broker    %s://%s:%d%s%s\n", broker->tls.enabled ? "mqtts" : "mqtt", broker->host, broker->port,
           broker->username ? " as " : "", broker->username ? broker->username : "");
    check_print_filters(config);
    check_print_tags(config);
    printf("  history   %s\n", history->file);
    printf("  access    %s\n",
           config->has_access ? "as listed" : "only the recorder's own user (no access group is given)");
}

static int check_run_file(const char *path)
{
    struct config config;
    struct config_report report;
    bool good = config_check(&config, path, &report);
    for (size_t i = 0; i < report.count; i++)
        puts(report.faults[i]);
    for (size_t i = 0; i < report.warning_count; i++)
        printf("%s (a warning)\n", report.warnings[i]);
    if (good)
        check_print_summary(&config);
    else
        fprintf(stderr, "%zu fault%s\n", report.count, check_plural(report.count));
    config_report_free(&report);
    config_free(&config);
    return good ? EXIT_SUCCESS : EX_CONFIG;
}

/* The history of the configuration, or a file that is named: a backup, say. */
static int check_run_history(const struct cli_command *command, const char *given, const char *file,
                             bool full)
{
    struct config config;
    int status;
    if (file)
        return check_history(file, full);
    if (!cli_load_config(command, given, &config, &status))
        return status;
    cli_use_timezone(&config);
    status = check_history(config.history.file, full);
    config_free(&config);
    return status;
}

/* A file that is named is shown in messages as it was typed. */
static int check_run_config(const char *file)
{
    struct err err;
    char *found = config_find(file, &err);
    if (!found) {
        fprintf(stderr, "hmi check: %s\n", err.text);
        return err.code;
    }
    int status = check_run_file(file ? file : found);
    free(found);
    return status;
}

static int check_run(const struct cli_command *command, int argc, char **argv)
{
    const char *given = NULL, *value;
    bool history = false, full = false;
    for (int key; (key = cli_next_option(command, argc, argv, &value)) != -1;) {
        if (key == '?')
            return EX_USAGE;
        if (key == CHECK_KEY_MANUAL) {
            config_print_manual();
            return fflush(stdout) ? EX_IOERR : EXIT_SUCCESS;
        }
        given = key == 'c' ? value : given;
        history |= key == CHECK_KEY_HISTORY || key == CHECK_KEY_FULL;
        full |= key == CHECK_KEY_FULL;
    }
    if (argc - optind > 1 || (given && optind < argc)) {
        fprintf(stderr, "hmi check: one file at a time\n");
        return EX_USAGE;
    }
    const char *file = optind < argc ? argv[optind] : NULL;
    return history ? check_run_history(command, given, file, full) : check_run_config(given ? given : file);
}

static const struct cli_option CHECK_OPTIONS[] = {
    CLI_OPTION_CONFIG,
    {CHECK_KEY_HISTORY, "history", NULL, "the history instead, or a FILE that is one or a backup of one"},
    {CHECK_KEY_FULL, "full", NULL, "the history with all its indexes, minutes and hours: takes longer"},
    {CHECK_KEY_MANUAL, "manual", NULL, NULL}, /* prints the source of hmi.cfg(5), for the Makefile */
    {0},
};

const struct cli_command CLI_CHECK = {
    .name = "check",
    .arguments = "[FILE]",
    .summary = "check a configuration, every fault with its line; or the history",
    .options = CHECK_OPTIONS,
    .run = check_run,
};
