/* Another configuration while the recorder runs (SIGHUP, or a console's request). */
#include "base/log.h"
#include "base/mem.h"
#include "config/compare.h"
#include "recorder/recorder_alarms.h"
#include "recorder/recorder_commands.h"
#include "recorder/recorder_internal.h"
#include "recorder/recorder_sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool recorder_texts_differ(const char *left, const char *right)
{
    return strcmp(left ? left : "", right ? right : "") != 0;
}

/* Whether the connection itself depends on what changed. */
static bool recorder_broker_differs(const struct config_broker *old, const struct config_broker *new)
{
    return recorder_texts_differ(old->host, new->host) || old->port != new->port ||
           recorder_texts_differ(old->username, new->username) ||
           recorder_texts_differ(old->password_file, new->password_file) || old->protocol != new->protocol ||
           old->keepalive_s != new->keepalive_s || old->receive_maximum != new->receive_maximum ||
           old->session_expiry_s != new->session_expiry_s || old->clean != new->clean ||
           old->tls.enabled != new->tls.enabled || recorder_texts_differ(old->tls.ca, new->tls.ca) ||
           recorder_texts_differ(old->tls.cert, new->tls.cert) ||
           recorder_texts_differ(old->tls.key, new->tls.key);
}

static void recorder_swap_texts(char **left, char **right)
{
    char *text = *left;
    *left = *right;
    *right = text;
}

/* What a running recorder cannot change stays as it was; returns whether there was any of it. */
static bool recorder_keep_fixed(struct config *old, struct config *new)
{
    bool differs = recorder_texts_differ(old->history.file, new->history.file) ||
                   recorder_texts_differ(old->socket, new->socket) ||
                   recorder_texts_differ(old->timezone, new->timezone) ||
                   recorder_texts_differ(old->broker.client_id, new->broker.client_id) ||
                   old->history.durability != new->history.durability ||
                   old->history.keep_days != new->history.keep_days ||
                   old->history.keep_mb != new->history.keep_mb ||
                   old->history.keep_minutes_days != new->history.keep_minutes_days ||
                   old->history.keep_hours_days != new->history.keep_hours_days ||
                   old->history.keep_journal_days != new->history.keep_journal_days;
    recorder_swap_texts(&old->history.file, &new->history.file);
    recorder_swap_texts(&old->socket, &new->socket);
    recorder_swap_texts(&old->timezone, &new->timezone);
    recorder_swap_texts(&old->broker.client_id, &new->broker.client_id);
    new->history.durability = old->history.durability;
    new->history.keep_days = old->history.keep_days;
    new->history.keep_mb = old->history.keep_mb;
    new->history.keep_minutes_days = old->history.keep_minutes_days;
    new->history.keep_hours_days = old->history.keep_hours_days;
    new->history.keep_journal_days = old->history.keep_journal_days;
    return differs;
}

static void recorder_swap_config(struct recorder *recorder, struct config *config)
{
    struct config *old = recorder->config;
    struct batch *batch = recorder->pipeline.current;
    bool reconnect = recorder_broker_differs(&old->broker, &config->broker);
    recorder_read_clocks(recorder);
    recorder_commands_reload(recorder);
    recorder->config = config;
    recorder->plant.options = recorder_plant_options(config);
    plant_reload_begin(&recorder->plant, batch);
    recorder_configure_plant(recorder, batch);
    plant_reload_end(&recorder->plant);
    recorder_alarms_reconfigure(recorder);
    pipeline_note_read(&recorder->pipeline, 0, recorder->pipeline.rule.dry, recorder->time.mono_us);
    pipeline_hold(&recorder->pipeline, recorder->time.mono_us); /* so that the subscriptions leave at once */
    server_set_config(recorder->server, config);
    uplink_set_config(recorder->uplink, config, reconnect, recorder->time.mono_us);
    config_free(old);
    free(old);
}

/* The file is good. */
static void recorder_take_config(struct recorder *recorder, struct config *config, const char *user,
                                 const char *station, char *text, size_t size)
{
    char changes[512], detail[1024];
    config_describe_changes(recorder->config, config, changes, sizeof changes);
    bool fixed = recorder_keep_fixed(recorder->config, config);
    recorder_swap_config(recorder, config);
    snprintf(detail, sizeof detail, "%.400s: %s", config->path, changes);
    recorder_sessions_enter(recorder, JOURNAL_CONFIG, "reloaded", user, station, detail);
    snprintf(text, size, "the configuration was read again%s",
             fixed ? "; history, socket, timezone or client_id changed: that takes a restart" : "");
    recorder->reload_fault[0] = '\0';
    log_info("%s; changed: %s", text, changes);
}

/* The file has faults. */
static void recorder_leave_config(struct recorder *recorder, const struct config_report *report,
                                  const char *user, const char *station, char *text, size_t size)
{
    snprintf(text, size, "nothing was changed: %zu fault%s, the first: %s", report->count,
             report->count == 1 ? "" : "s", report->count ? report->faults[0] : "the file cannot be read");
    snprintf(recorder->reload_fault, sizeof recorder->reload_fault, "%s", text);
    recorder_read_clocks(recorder);
    recorder_sessions_enter(recorder, JOURNAL_CONFIG, "not reloaded", user, station, text);
    log_error("the new configuration is not taken: %s", text);
}

bool recorder_reload(struct recorder *recorder, const char *user, const char *station, char *text,
                     size_t size)
{
    struct config *config = mem_new(1, sizeof *config);
    struct config_report report = {0};
    if (!recorder->config->path) {
        snprintf(text, size, "there is no configuration file to read again");
        free(config);
        return false;
    }
    bool good = config_load(config, recorder->config->path, &report);
    for (size_t i = 0; i < report.count; i++)
        log_error("%s", report.faults[i]);
    if (good) {
        recorder_take_config(recorder, config, user, station, text, size);
    } else {
        recorder_leave_config(recorder, &report, user, station, text, size);
        config_free(config);
        free(config);
    }
    config_report_free(&report);
    recorder->status_due = true;
    return good;
}
