#include "config/options.h"

#include <stdio.h>
#include <stdlib.h>

void config_init_defaults(struct config *config)
{
    *config = (struct config){0};
    options_set_defaults(&OPTIONS_TOP, config);
}

void config_free(struct config *config)
{
    free(config->path);
    options_release(&OPTIONS_TOP, config);
    *config = (struct config){0};
}

static void config_free_lines(char **lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(lines[i]);
    free(lines);
}

void config_report_free(struct config_report *report)
{
    config_free_lines(report->faults, report->count);
    config_free_lines(report->warnings, report->warning_count);
    *report = (struct config_report){0};
}

void config_free_list(char **list)
{
    size_t count = 0;
    while (list && list[count])
        count++;
    config_free_lines(list, count);
}

bool config_is_uid(const char *name, unsigned *uid)
{
    char more;
    return sscanf(name, "uid %u%c", uid, &more) == 1;
}
