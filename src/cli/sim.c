/* hmi sim: the demo plant, or load, for a broker. */
#include "cli/cli.h"
#include "cli/commands.h"

#include "base/num.h"
#include "recorder/sim.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { SIM_SEED = 256, SIM_PREFIX, SIM_SPEED, SIM_TAGS, SIM_RATE, SIM_QOS, SIM_CALM, SIM_PASSWORD_FILE };

static const struct cli_option SIM_CLI_OPTIONS[] = {
    {'H', "host", "HOST", "the broker (localhost)"},
    {'p', "port", "PORT", "its port (1883)"},
    {'u', "user", "USER", "user name at the broker"},
    {SIM_PASSWORD_FILE, "password-file", "FILE", "its first line is the password"},
    {SIM_PREFIX, "prefix", "TOPIC", "first levels of all topics (plant)"},
    {SIM_QOS, "qos", "0|1", "quality of service (1)"},
    {SIM_SEED, "seed", "N", "the same seed gives the same run (1)"},
    {SIM_SPEED, "speed", "X", "the plant's time runs so many times faster (1)"},
    {SIM_CALM, "calm", NULL, "no disturbances"},
    {SIM_TAGS, "tags", "N", "load instead of the plant: so many tags"},
    {SIM_RATE, "rate", "R", "with --tags: messages a second in all (one a tag)"},
    {'v', "verbose", NULL, "tell each disturbance and command"},
    {.key = 0},
};

static int sim_run_command(const struct cli_command *command, int argc, char **argv);

const struct cli_command CLI_SIM = {
    .name = "sim",
    .arguments = "",
    .summary = "simulate a water works with a boiler house, or load, for a broker",
    .options = SIM_CLI_OPTIONS,
    .run = sim_run_command,
};

/* A number within its bounds, or a message. */
static bool sim_number(const char *name, const char *text, double low, double high, double *out)
{
    if (num_parse(text, strlen(text), out) && *out >= low && *out <= high)
        return true;
    fprintf(stderr, "hmi sim: --%s takes a number from %g to %g, not '%s'\n", name, low, high, text);
    return false;
}

static bool sim_take_option(struct sim_options *options, const char **password_file, int key,
                            const char *value)
{
    double number = 0;
    switch (key) {
    case 'H':
        options->host = value;
        return true;
    case 'u':
        options->username = value;
        return true;
    case SIM_PASSWORD_FILE:
        *password_file = value;
        return true;
    case SIM_PREFIX:
        options->prefix = value;
        return true;
    case SIM_CALM:
        options->calm = true;
        return true;
    case 'v':
        options->verbose = true;
        return true;
    case SIM_SEED: {
        char *end;
        errno = 0;
        options->seed = strtoull(value, &end, 10);
        if (!errno && end != value && !*end && *value != '-')
            return true;
        fprintf(stderr, "hmi sim: --seed takes a whole number, not '%s'\n", value);
        return false;
    }
    case 'p':
        if (!sim_number("port", value, 1, 65535, &number))
            return false;
        options->port = (int)number;
        return true;
    case SIM_QOS:
        if (!sim_number("qos", value, 0, 1, &number))
            return false;
        options->qos = (int)number;
        return true;
    case SIM_SPEED:
        return sim_number("speed", value, 0.01, 1000, &options->speed);
    case SIM_RATE:
        return sim_number("rate", value, 0.001, 1e6, &options->rate);
    case SIM_TAGS:
        if (!sim_number("tags", value, 1, 1e6, &number))
            return false;
        options->tags = (uint32_t)number;
        return true;
    default:
        return false;
    }
}

/* The first line of the file; NULL after a message. The caller frees it. */
static char *sim_read_password(const char *path)
{
    char *line = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "re");
    if (!file || getline(&line, &size, file) < 0) {
        fprintf(stderr, "hmi sim: cannot read the password from %s: %s\n", path,
                file ? "it is empty" : strerror(errno));
        free(line);
        line = NULL;
    } else {
        line[strcspn(line, "\r\n")] = '\0';
    }
    if (file)
        fclose(file);
    return line;
}

static bool sim_check_prefix(const char *prefix)
{
    size_t length = strlen(prefix);
    if (length > 0 && length <= 64 && !strpbrk(prefix, "#+") && prefix[length - 1] != '/')
        return true;
    fprintf(stderr, "hmi sim: --prefix takes 1 to 64 bytes of topic without # and +, and no / at its end\n");
    return false;
}

static int sim_run_command(const struct cli_command *command, int argc, char **argv)
{
    struct sim_options options = {
        .host = "localhost", .port = 1883, .prefix = "plant", .qos = 1, .seed = 1, .speed = 1};
    const char *password_file = NULL, *value;
    for (int key; (key = cli_next_option(command, argc, argv, &value)) != -1;)
        if (!sim_take_option(&options, &password_file, key, value))
            return EX_USAGE;
    if (!sim_check_prefix(options.prefix))
        return EX_USAGE;
    if (options.rate > 0 && !options.tags) {
        fprintf(stderr, "hmi sim: --rate goes with --tags\n");
        return EX_USAGE;
    }
    if (options.tags && options.rate <= 0)
        options.rate = options.tags;
    char *password = NULL;
    if (password_file && !(password = sim_read_password(password_file)))
        return EX_NOINPUT;
    options.password = password;
    int status = sim_run(&options);
    free(password);
    return status;
}
