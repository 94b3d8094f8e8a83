/* hmi record: the recorder alone, in the foreground. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "config/config.h"
#include "recorder/recorder.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define RECORD_PASSWORD_MAX 4096

enum { RECORD_FROM_CONSOLE = 256, RECORD_LOOK, RECORD_KEEP, RECORD_PASSWORD_FD, RECORD_SOCKET };

static const struct cli_option RECORD_OPTIONS[] = {
    CLI_OPTION_CONFIG,
    {'v', "verbose", NULL, "say more on standard error"},
    {RECORD_FROM_CONSOLE, "from-console", NULL, NULL},
    {RECORD_LOOK, "look", NULL, NULL},
    {'H', "host", "HOST", NULL},
    {'p', "port", "PORT", NULL},
    {'L', "url", "URL", NULL},
    {'u', "user", "USER", NULL},
    {'t', "filter", "FILTER", NULL},
    {RECORD_KEEP, "keep", "FILE", NULL},
    {RECORD_PASSWORD_FD, "password-fd", "N", NULL},
    {RECORD_SOCKET, "socket", "PATH", NULL},
    {0, NULL, NULL, NULL},
};

struct record {
    const char *config_path, *host, *port, *url, *user, *keep, *socket;
    char *password; /* owned */
    const char *filters[64];
    size_t filter_count;
    bool from_console, look;
};

static void record_set_text(char **target, const char *text)
{
    free(*target);
    *target = mem_copy_text(text);
}

static bool record_set_port(struct config *config, const char *text, struct err *err)
{
    char *end;
    errno = 0;
    long port = strtol(text, &end, 10);
    if (errno || end == text || *end || port < 1 || port > 65535)
        return err_set(err, EX_USAGE, "the port must be a number from 1 to 65535, not '%s'", text);
    config->broker.port = (int)port;
    return true;
}

/* mqtt://[user[:password]@]host[:port] or mqtts://... */
static bool record_set_url(struct record *record, struct config *config, struct err *err)
{
    const char *rest = record->url;
    if (!strncmp(rest, "mqtts://", 8)) {
        config->broker.tls.enabled = true;
        config->broker.port = 8883;
        rest += 8;
    } else if (!strncmp(rest, "mqtt://", 7)) {
        rest += 7;
    } else {
        return err_set(err, EX_USAGE, "the address must begin with mqtt:// or mqtts://, not '%s'",
                       record->url);
    }
    char *text = mem_copy_bytes(rest, strcspn(rest, "/")), *host = text;
    char *at = strrchr(text, '@');
    if (at) {
        *at = '\0';
        host = at + 1;
        char *colon = strchr(text, ':');
        if (colon) {
            *colon = '\0';
            record_set_text(&record->password, colon + 1);
        }
        record_set_text(&config->broker.username, text);
    }
    char *bracket = *host == '[' ? strchr(host, ']') : NULL; /* an IPv6 address */
    char *colon = strchr(bracket ? bracket : host, ':');
    bool good = true;
    if (colon) {
        *colon = '\0';
        good = record_set_port(config, colon + 1, err);
    }
    if (bracket) {
        *bracket = '\0';
        host++;
    }
    if (good && *host)
        record_set_text(&config->broker.host, host);
    free(text);
    return good;
}

static void record_set_filters(const struct record *record, struct config *config)
{
    static const char *const EVERYTHING[] = {"#"};
    const char *const *filters = record->filter_count ? record->filters : EVERYTHING;
    size_t count = record->filter_count ? record->filter_count : 1;
    config->subscriptions = mem_new(count, sizeof *config->subscriptions);
    config->subscription_count = count;
    for (size_t i = 0; i < count; i++)
        config->subscriptions[i] = (struct config_subscription){
            .filter = mem_copy_text(filters[i]), .payload = {.format = FORMAT_AUTO}, .qos = 0};
}

/* The history of a look lies beside its socket, in a folder that the console has made. */
static bool record_set_files(const struct record *record, struct config *config, struct err *err)
{
    const char *slash = record->socket ? strrchr(record->socket, '/') : NULL;
    if (record->socket)
        record_set_text(&config->socket, record->socket);
    if (record->keep) {
        record_set_text(&config->history.file, record->keep);
        return true;
    }
    if (!slash)
        return err_set(err, EX_USAGE, "a look without --keep needs --socket");
    free(config->history.file);
    config->history.file = mem_format("%.*s/history.db", (int)(slash - record->socket), record->socket);
    config->history.temporary = true;
    return true;
}

static bool record_configure_look(struct record *record, struct config *config, struct err *err)
{
    config_init_defaults(config);
    config->broker.clean = true;
    config->history.durability = DURABILITY_NORMAL;
    if (record->url && !record_set_url(record, config, err))
        return false;
    if (record->host)
        record_set_text(&config->broker.host, record->host);
    if (record->port && !record_set_port(config, record->port, err))
        return false;
    if (record->user)
        record_set_text(&config->broker.username, record->user);
    record_set_text(&config->plant, config->broker.host);
    record_set_filters(record, config);
    return record_set_files(record, config, err);
}

static bool record_configure(struct record *record, struct config *config, struct err *err)
{
    if (record->look)
        return record_configure_look(record, config, err);
    char *path = config_find(record->config_path, err);
    if (!path) {
        config_init_defaults(config);
        return false;
    }
    struct config_report report;
    bool good = config_load(config, path, &report);
    for (size_t i = 0; i < report.warning_count; i++)
        fprintf(stderr, "hmi: warning: %s\n", report.warnings[i]);
    for (size_t i = 0; i < report.count; i++)
        fprintf(stderr, "hmi: %s\n", report.faults[i]);
    if (!good)
        err_set(err, EX_CONFIG, "the configuration %s is not good (%zu fault%s)", path, report.count,
                report.count == 1 ? "" : "s");
    config_report_free(&report);
    free(path);
    return good;
}

/* The password comes over a descriptor so that no process list shows it. */
static bool record_read_password(struct record *record, const char *number, struct err *err)
{
    char text[RECORD_PASSWORD_MAX];
    size_t length = 0;
    ssize_t got;
    int fd = atoi(number);
    while (length < sizeof text - 1 && (got = read(fd, text + length, sizeof text - 1 - length)) > 0)
        length += (size_t)got;
    if (got < 0)
        return err_set(err, EX_IOERR, "cannot read the password: %s", strerror(errno));
    close(fd);
    text[length] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    record->password = mem_copy_text(text);
    explicit_bzero(text, sizeof text);
    return true;
}

/* EX_OK, or why not with `err` set (a wrong option has been told already: then err->code is 0). */
static int record_parse(const struct cli_command *command, int argc, char **argv, struct record *record,
                        struct err *err)
{
    const char *value;
    int key;
    while ((key = cli_next_option(command, argc, argv, &value)) != -1) {
        switch (key) {
        case 'c':
            record->config_path = value;
            break;
        case 'v':
            log_set_level(LOG_LEVEL_DEBUG);
            break;
        case 'H':
            record->host = value;
            break;
        case 'p':
            record->port = value;
            break;
        case 'L':
            record->url = value;
            break;
        case 'u':
            record->user = value;
            break;
        case 't':
            if (record->filter_count < sizeof record->filters / sizeof *record->filters)
                record->filters[record->filter_count++] = value;
            break;
        case RECORD_FROM_CONSOLE:
            record->from_console = true;
            break;
        case RECORD_LOOK:
            record->look = true;
            break;
        case RECORD_KEEP:
            record->keep = value;
            break;
        case RECORD_SOCKET:
            record->socket = value;
            break;
        case RECORD_PASSWORD_FD:
            if (!record_read_password(record, value, err))
                return err->code;
            break;
        default:
            return EX_USAGE;
        }
    }
    return EX_OK;
}

static int record_run(const struct cli_command *command, int argc, char **argv)
{
    struct record record = {0};
    struct err err = {0};
    bool left_thread = false;
    struct config *config = NULL;
    int code = record_parse(command, argc, argv, &record, &err);
    if (code == EX_OK) {
        config = mem_new(1, sizeof *config);
        if (!record_configure(&record, config, &err)) {
            code = err.code;
            config_free(config);
            free(config);
        }
    }
    if (code == EX_OK) {
        cli_use_timezone(config);
        const struct recorder_options options = {
            .config = config,
            .password = record.password,
            .from_console = record.from_console,
            .look = record.look,
        };
        code = recorder_run(&options, &left_thread, &err);
    }
    if (code != EX_OK && err.code)
        fprintf(stderr, "hmi: %s\n", err.text);
    if (record.password)
        explicit_bzero(record.password, strlen(record.password));
    free(record.password);
    if (left_thread) {
        fflush(NULL);
        _exit(code); /* a thread still hangs in the network or the disk: no clean-up under its feet */
    }
    return code;
}

const struct cli_command CLI_RECORD = {
    .name = "record",
    .arguments = "",
    .summary = "the recorder alone, in the foreground (for a service)",
    .options = RECORD_OPTIONS,
    .run = record_run,
};
