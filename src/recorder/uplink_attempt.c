#include "base/log.h"
#include "base/mem.h"
#include "recorder/uplink_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define UPLINK_GREETING_US (10 * CLOCK_US_PER_SECOND)
#define UPLINK_AGAIN_US    (15 * CLOCK_US_PER_SECOND) /* an attempt without an outcome: one more beside it */

void uplink_wipe(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

static struct mqtt *uplink_make_handle(struct uplink *uplink, enum cause *cause, struct err *err)
{
    *cause = CAUSE_PASSWORD_FILE;
    const struct config_broker *broker = &uplink->config->broker;
    char *password = mem_copy_text(uplink->password);
    if (!password && broker->password_file) {
        password = config_read_password(uplink->config, err);
        if (!password && err->code)
            return NULL;
    }
    const struct mqtt_options options = {
        .host = broker->host,
        .port = broker->port,
        .client_id = uplink->client_id,
        .username = broker->username,
        .password = password,
        .version5 = uplink->version5,
        .clean = broker->clean,
        .keepalive_s = broker->keepalive_s,
        .receive_maximum = broker->receive_maximum,
        .session_expiry_s = broker->session_expiry_s,
        .tls = broker->tls.enabled,
        .ca = broker->tls.ca,
        .cert = broker->tls.cert,
        .key = broker->tls.key,
    };
    struct mqtt *mqtt = mqtt_new(&options, &UPLINK_EVENTS, uplink, err);
    *cause = err->code == EX_NOINPUT ? CAUSE_TLS_FILE : CAUSE_SETTINGS;
    uplink_wipe(password);
    return mqtt;
}

void uplink_start(struct uplink *uplink, int64_t now_us)
{
    struct err err = {0};
    uplink->id_taken = uplink->refused_version = false;
    enum cause cause;
    struct mqtt *mqtt = uplink_make_handle(uplink, &cause, &err);
    uplink->connector = mqtt ? connector_start(mqtt, &err) : NULL;
    if (!uplink->connector) {
        uplink_fail(uplink, mqtt ? CAUSE_OTHER : cause, &err, now_us);
        return;
    }
    uplink->phase = UPLINK_CONNECTING;
    uplink->connecting_us = now_us;
    uplink->again_us = now_us + UPLINK_AGAIN_US;
}

void uplink_start_another(struct uplink *uplink, int64_t now_us)
{
    struct err err = {0};
    char text[ERR_TEXT_MAX];
    snprintf(text, sizeof text, "no answer from %.200s:%d for %lld s", uplink->config->broker.host,
             uplink->config->broker.port,
             (long long)((now_us - uplink->connecting_us) / CLOCK_US_PER_SECOND));
    snprintf(uplink->failure, sizeof uplink->failure, "%s", text);
    uplink->cause = CAUSE_UNREACHABLE;
    uplink_set_state(uplink, uplink->connects ? WIRE_LINK_DOWN : WIRE_LINK_CONNECTING, text);
    log_warning("%s", text);
    uplink->again_us = now_us + UPLINK_AGAIN_US;
    enum cause cause;
    struct mqtt *mqtt =
        connector_has_room(uplink->connector) ? uplink_make_handle(uplink, &cause, &err) : NULL;
    if (mqtt)
        connector_add(uplink->connector, mqtt);
}

void uplink_take_handle(struct uplink *uplink, int64_t now_us)
{
    struct err err = {0};
    enum cause cause = CAUSE_OTHER;
    bool left = false;
    uplink->mqtt = connector_finish(uplink->connector, &cause, &left, &err);
    uplink->connector = NULL;
    uplink->left_thread |= left;
    if (!uplink->mqtt) {
        uplink_fail(uplink, cause, &err, now_us);
        return;
    }
    uplink->phase = UPLINK_GREETING;
    uplink->failure[0] = '\0';
    uplink->deadline_us = now_us + UPLINK_GREETING_US;
    uplink_write(uplink, now_us);
}
