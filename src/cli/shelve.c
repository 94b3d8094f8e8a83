/* hmi shelve, hmi unshelve: takes alarms out of sight for a while, and back. */
#include "base/clock.h"
#include "base/num.h"
#include "cli/alarm_request.h"
#include "cli/commands.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const struct cli_option SHELVE_OPTIONS[] = {
    CLI_OPTION_CONFIG,
    {'f', "for", "TIME", "for how long, such as 90s, 30m or 2h"},
    {'1', "once", NULL, "until the condition goes the next time (with --for: then at the latest)"},
    {'r', "reason", "TEXT", "why; it is asked for by the recorder and stands in the journal"},
    {0},
};

/* "90s", "30m", "2h", "1d"; a number alone is refused, for nobody knows what it means. */
static bool shelve_read_span(const char *text, int64_t *span_us)
{
    static const struct {
        char letter;
        int64_t us;
    } UNITS[] = {{'s', CLOCK_US_PER_SECOND},
                 {'m', CLOCK_US_PER_MINUTE},
                 {'h', CLOCK_US_PER_HOUR},
                 {'d', CLOCK_US_PER_DAY}};
    size_t length = strlen(text);
    double number;
    if (length < 2 || !num_parse(text, length - 1, &number) || !(number > 0 && number < 1e6))
        return false;
    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++)
        if (text[length - 1] == UNITS[i].letter) {
            *span_us = (int64_t)(number * (double)UNITS[i].us);
            return true;
        }
    return false;
}

static int shelve_run(const struct cli_command *command, int argc, char **argv)
{
    const char *config = NULL, *value;
    struct wire_ask ask = {.action = WIRE_ACTION_SHELVE};
    for (int key; (key = cli_next_option(command, argc, argv, &value)) != -1;) {
        if (key == 'c') {
            config = value;
        } else if (key == 'f') {
            if (!shelve_read_span(value, &ask.span_us)) {
                fprintf(stderr, "hmi shelve: '%s' is not a time; write 90s, 30m or 2h\n", value);
                return EX_USAGE;
            }
        } else if (key == '1') {
            ask.once = 1;
        } else if (key == 'r') {
            ask.reason = value;
        } else {
            return EX_USAGE;
        }
    }
    return alarm_request_run(command, config, argv + optind, ask);
}

static int unshelve_run(const struct cli_command *command, int argc, char **argv)
{
    return alarm_request_parse(command, argc, argv, WIRE_ACTION_UNSHELVE);
}

const struct cli_command CLI_SHELVE = {
    .name = "shelve",
    .arguments = "ADDRESS...",
    .summary = "take alarms out of sight for a while; an ADDRESS is TAG/type, or TAG for all of a tag",
    .options = SHELVE_OPTIONS,
    .run = shelve_run,
};

const struct cli_command CLI_UNSHELVE = {
    .name = "unshelve",
    .arguments = "ADDRESS...",
    .summary = "show shelved alarms again before their time is over",
    .options = ALARM_REQUEST_OPTIONS,
    .run = unshelve_run,
};
