#include "base/log.h"
#include "recorder/uplink_internal.h"

#include <stdio.h>
#include <time.h>

#define UPLINK_STEADY_US  (10 * CLOCK_US_PER_SECOND) /* after so long the next backoff starts anew */
#define UPLINK_EARLY_ENDS 2 /* MQTT 5 connections that end before CONNACK: try 3.1.1 */

static uint32_t uplink_random(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)now.tv_nsec * UINT32_C(2654435761) >> 7;
}

/* The attempt or the connection has ended: when to try again. */
static void uplink_wait(struct uplink *uplink, int64_t now_us)
{
    uplink->phase = UPLINK_WAITING;
    int64_t wait_us = backoff_next_us(&uplink->backoff, uplink_random());
    uplink->retry_us = now_us + wait_us;
    char text[ERR_TEXT_MAX + 64];
    snprintf(text, sizeof text, "%s; next attempt in %.0f s", uplink->failure, (double)wait_us / 1e6);
    uplink_set_state(uplink, uplink->connects ? WIRE_LINK_DOWN : WIRE_LINK_CONNECTING, text);
    log_warning("no connection to %s:%d: %s", uplink->config->broker.host, uplink->config->broker.port, text);
}

static void uplink_stop(struct uplink *uplink)
{
    uplink->phase = UPLINK_STOPPED;
    uplink_set_state(uplink, WIRE_LINK_STOPPED, "another client uses this id");
    log_error("another client uses the id '%s': stopped. Give each recorder its own broker.client_id, then "
              "reload or restart",
              uplink->client_id ? uplink->client_id : "");
}

/* Before CONNACK, or with it: the version is refused in words, or by closing the connection. That may have other
 * reasons (a proxy whose broker is away), so both versions are tried in turn. */
static void uplink_note_early_end(struct uplink *uplink)
{
    bool may_fall_back = uplink->config->broker.protocol == PROTOCOL_MQTT5;
    uplink->kicks = 0;
    if (uplink->refused_version && uplink->version5) {
        uplink->version5 = false;
        uplink->told_old = true;
        backoff_reset(&uplink->backoff);
        log_info("the broker does not speak MQTT 5: trying 3.1.1");
    } else if (may_fall_back && !uplink->refused && ++uplink->early_ends >= UPLINK_EARLY_ENDS) {
        uplink->early_ends = 0;
        uplink->version5 = !uplink->version5;
    }
}

static void uplink_note_end_of_standing(struct uplink *uplink, int64_t now_us)
{
    int64_t lasted_us = now_us - uplink->stood_us;
    if (lasted_us >= UPLINK_STEADY_US)
        backoff_reset(&uplink->backoff);
    if (!uplink->told_old) /* 3.1.1 was a guess: the better version is tried first again */
        uplink->version5 = uplink->config->broker.protocol == PROTOCOL_MQTT5;
    if (lasted_us >= UPLINK_KICK_US) {
        uplink->kicks = 0;
        return;
    }
    uplink->id_shared = (!uplink->kicks || uplink->id_shared) && uplink->cause == CAUSE_ENDED &&
                        uplink->client_id && !uplink->config->broker.clean;
    uplink->kicks++;
    if (uplink->kicks >= UPLINK_KICKS_SUSPECT && uplink->id_shared)
        snprintf(uplink->failure, sizeof uplink->failure, "another client seems to use the id '%s'",
                 uplink->client_id);
    snprintf(uplink->kicked, sizeof uplink->kicked, "%s", uplink->failure);
}

void uplink_end(struct uplink *uplink, bool hung, int64_t now_us)
{
    bool stood = uplink->phase == UPLINK_STANDING;
    uplink->cause = mqtt_cause(uplink->mqtt);
    mqtt_free(uplink->mqtt);
    uplink->mqtt = NULL;
    if (stood)
        uplink_note_end_of_standing(uplink, now_us);
    else
        uplink_note_early_end(uplink);
    uplink->refused = uplink->refused_version = uplink->leaving = false;
    if (uplink->id_taken)
        uplink_stop(uplink);
    else
        uplink_wait(uplink, now_us);
    if (stood)
        uplink->handler->lost(uplink->context, hung ? uplink->heard_us : clock_wall_us(), uplink->failure);
    uplink_tell_change(uplink);
}

void uplink_fail(struct uplink *uplink, enum cause cause, const struct err *err, int64_t now_us)
{
    snprintf(uplink->failure, sizeof uplink->failure, "%s", err->text);
    uplink->cause = cause;
    uplink->kicks = 0; /* a broker that is away has other reasons to end connections */
    uplink_wait(uplink, now_us);
    uplink_tell_change(uplink);
}
