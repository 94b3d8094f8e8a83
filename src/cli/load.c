#include "cli/cli.h"

#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>

bool cli_find_config(const struct cli_command *command, const char *given, struct config *config,
                     struct config_report *report, int *status)
{
    struct err err = {0};
    char *path = config_find(given, &err);
    if (!path) {
        fprintf(stderr, "hmi %s: %s\n", command->name, err.text);
        *status = err.code;
        return false;
    }
    *status = config_load(config, path, report) ? EX_OK : EX_CONFIG;
    free(path);
    return true;
}

void cli_print_faults(const struct config_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        fprintf(stderr, "%s\n", report->faults[i]);
}

bool cli_load_config(const struct cli_command *command, const char *given, struct config *config, int *status)
{
    struct config_report report;
    if (!cli_find_config(command, given, config, &report, status))
        return false;
    cli_print_faults(&report);
    config_report_free(&report);
    if (*status != EX_OK)
        config_free(config);
    return *status == EX_OK;
}

void cli_use_timezone(const struct config *config)
{
    if (!config->timezone)
        return;
    setenv("TZ", config->timezone, 1);
    tzset();
}
