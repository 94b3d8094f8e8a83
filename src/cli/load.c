#include "cli/cli.h"

#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

bool cli_load_config(const struct cli_command *command, const char *given, struct config *config, int *status)
{
    struct err err = {0};
    struct config_report report;
    char *path = config_find(given, &err);
    if (!path) {
        fprintf(stderr, "hmi %s: %s\n", command->name, err.text);
        *status = err.code;
        return false;
    }
    bool good = config_load(config, path, &report);
    for (size_t i = 0; i < report.count; i++)
        fprintf(stderr, "%s\n", report.faults[i]);
    config_report_free(&report);
    free(path);
    if (!good)
        config_free(config);
    *status = good ? EX_OK : EX_CONFIG;
    return good;
}
