#include "base/log.h"
#include "recorder/uplink_internal.h"

#include <stdio.h>
#include <string.h>

static void uplink_on_connected(void *context, bool good, bool session, bool refused_version,
                                const char *reason)
{
    struct uplink *uplink = context;
    if (!good) {
        uplink->refused = true;
        uplink->refused_version = refused_version;
        snprintf(uplink->failure, sizeof uplink->failure, "%s", reason);
        return;
    }
    uplink->phase = UPLINK_STANDING;
    uplink->stood_us = uplink->answered_us = clock_mono_us();
    uplink->deadline_us = uplink->stood_us + UPLINK_BACKLOG_MAX_US;
    uplink->session = session;
    uplink->early_ends = 0;
    uplink->dry = false;
    uplink->failure[0] = '\0';
    uplink->connects++;
    uplink_set_state(uplink, WIRE_LINK_BACKLOG, "connected; what was kept for us is arriving");
    log_info("connected to %s:%d with %s%s", uplink->config->broker.host, uplink->config->broker.port,
             uplink->version5 ? "MQTT 5" : "MQTT 3.1.1", session ? ", the session was kept" : "");
    uplink->answers_granted = false;
    uplink_subscribe(uplink);
    uplink->handler->connected(uplink->context, session);
}

static void uplink_on_disconnected(void *context, bool id_taken, const char *reason)
{
    struct uplink *uplink = context;
    uplink->id_taken = id_taken;
    if (uplink->phase == UPLINK_STANDING || !*uplink->failure)
        snprintf(uplink->failure, sizeof uplink->failure, "%s", reason);
}

static bool uplink_on_message(void *context, const struct mqtt_message *message)
{
    struct uplink *uplink = context;
    return uplink->handler->message(uplink->context, message);
}

static void uplink_on_subscribed(void *context, const char *filter, bool good, int granted_qos)
{
    struct uplink *uplink = context;
    if (uplink->answers && !strcmp(filter, uplink->answers)) {
        uplink->answers_granted = good;
        if (!good)
            log_info("the broker refuses '%s': devices cannot answer commands", filter);
        return;
    }
    if (filters_note_answer(&uplink->filters, filter, good, granted_qos))
        uplink->answered_us = clock_mono_us();
    if (good)
        log_debug("subscribed to '%s' with QoS %d", filter, granted_qos);
    else
        log_error("the broker refuses the filter '%s' (code %d): is the user allowed to read it?", filter,
                  granted_qos);
    uplink->changed = true;
}

static void uplink_on_published(void *context, int message_id, int reason_code, const char *reason)
{
    struct uplink *uplink = context;
    uplink->handler->published(uplink->context, message_id, reason_code, reason);
}

const struct mqtt_handler UPLINK_EVENTS = {
    .connected = uplink_on_connected,
    .disconnected = uplink_on_disconnected,
    .message = uplink_on_message,
    .subscribed = uplink_on_subscribed,
    .published = uplink_on_published,
};
