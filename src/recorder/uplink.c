#include "recorder/uplink.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "recorder/uplink_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#define UPLINK_STRICT_DRY_US (20 * CLOCK_US_PER_MS) /* silence that ends a strict broker's backlog */
#define UPLINK_LOOK_US       (5 * CLOCK_US_PER_MS)  /* between two looks whether the backlog is over */

struct uplink *uplink_new(const struct config *config, const char *client_id, const char *password,
                          const struct uplink_handler *handler, void *context)
{
    struct uplink *uplink = mem_new(1, sizeof *uplink);
    uplink->config = config;
    uplink->handler = handler;
    uplink->context = context;
    uplink->client_id = mem_copy_text(client_id);
    uplink->password = mem_copy_text(password);
    uplink->version5 = config->broker.protocol == PROTOCOL_MQTT5;
    uplink->state = WIRE_LINK_CONNECTING;
    uplink->since_us = clock_wall_us();
    snprintf(uplink->text, sizeof uplink->text, "connecting for the first time");
    filters_init(&uplink->filters, config);
    return uplink;
}

bool uplink_free(struct uplink *uplink)
{
    bool left_thread = uplink->left_thread;
    if (uplink->connector)
        left_thread |= connector_abandon(uplink->connector);
    mqtt_free(uplink->mqtt);
    filters_free(&uplink->filters);
    free(uplink->client_id);
    uplink_wipe(uplink->password);
    free(uplink);
    return left_thread;
}

void uplink_set_state(struct uplink *uplink, enum wire_link state, const char *text)
{
    if (uplink->state != state)
        uplink->since_us = clock_wall_us();
    uplink->state = state;
    snprintf(uplink->text, sizeof uplink->text, "%s", text);
    uplink->changed = true;
}

void uplink_tell_change(struct uplink *uplink)
{
    if (!uplink->changed)
        return;
    uplink->changed = false;
    uplink->handler->changed(uplink->context);
}

/* ---- the loop's calls ---- */

/* Whether what the broker kept for us has arrived: the socket was dry after the subscriptions' answers. A
 * broker with a small window (3.1.1) pauses for acknowledgements meanwhile: there it has to stay dry after
 * they have left. */
static bool uplink_has_settled(const struct uplink *uplink, uint64_t unacknowledged, int64_t now_us)
{
    if (now_us >= uplink->deadline_us)
        return true;
    if (uplink->filters.unanswered || !uplink->dry || now_us - uplink->answered_us < UPLINK_QUIET_US)
        return false;
    bool strict = !uplink->version5 && uplink->session;
    return !strict || (!unacknowledged && now_us - uplink->message_us >= UPLINK_STRICT_DRY_US);
}

void uplink_tick(struct uplink *uplink, uint64_t unacknowledged, int64_t now_us)
{
    if (uplink->phase == UPLINK_WAITING && now_us >= uplink->retry_us)
        uplink_start(uplink, now_us);
    if (uplink->phase == UPLINK_CONNECTING && now_us >= uplink->again_us)
        uplink_start_another(uplink, now_us);
    if (uplink->phase == UPLINK_GREETING && now_us >= uplink->deadline_us) {
        snprintf(uplink->failure, sizeof uplink->failure, "connected, but no answer: is it an MQTT broker%s?",
                 uplink->config->broker.tls.enabled ? " with TLS" : " without TLS");
        uplink_end(uplink, true, now_us);
        uplink->cause = CAUSE_SILENT;
    }
    if (uplink->phase == UPLINK_STANDING && now_us - uplink->stood_us >= UPLINK_KICK_US)
        uplink->kicks = 0;
    uplink->looked_us = now_us;
    if (uplink->state == WIRE_LINK_BACKLOG && uplink_has_settled(uplink, unacknowledged, now_us)) {
        uplink_set_state(uplink, WIRE_LINK_UP, "connected");
        uplink->handler->settled(uplink->context);
    }
    uplink_tell_change(uplink);
}

int64_t uplink_due_us(const struct uplink *uplink)
{
    if (uplink->phase == UPLINK_WAITING)
        return uplink->retry_us;
    if (uplink->phase == UPLINK_CONNECTING)
        return uplink->again_us;
    if (uplink->phase == UPLINK_GREETING)
        return uplink->deadline_us;
    if (uplink->state != WIRE_LINK_BACKLOG)
        return INT64_MAX;
    int64_t quiet_us = uplink->answered_us + UPLINK_QUIET_US,
            silent_us = uplink->message_us + UPLINK_STRICT_DRY_US;
    int64_t due_us = quiet_us > silent_us ? quiet_us : silent_us;
    if (due_us < uplink->looked_us + UPLINK_LOOK_US) /* it waits for acknowledgements to leave */
        due_us = uplink->looked_us + UPLINK_LOOK_US;
    return !uplink->filters.unanswered && uplink->dry && due_us < uplink->deadline_us ? due_us
                                                                                      : uplink->deadline_us;
}

struct pollfd uplink_poll(struct uplink *uplink, bool may_read, bool may_write)
{
    struct pollfd entry = {.fd = -1};
    if (uplink->phase == UPLINK_CONNECTING) {
        entry.fd = connector_fd(uplink->connector);
        entry.events = POLLIN;
    } else if (uplink->mqtt) {
        bool greeting = uplink->phase == UPLINK_GREETING;
        entry.fd = mqtt_socket(uplink->mqtt);
        if (may_read || greeting)
            entry.events |= POLLIN;
        if ((may_write || greeting) && mqtt_wants_write(uplink->mqtt))
            entry.events |= POLLOUT;
        /* poll() reports errors and hang-ups even when nothing is asked for: it would spin. */
        if (!entry.events)
            entry.fd = -1;
    }
    return entry;
}

bool uplink_has_buffered(struct uplink *uplink)
{
    return uplink->mqtt && mqtt_has_buffered(uplink->mqtt);
}

void uplink_read(struct uplink *uplink, size_t max_messages, int64_t until_us, bool *dry, int64_t now_us)
{
    struct err err = {0};
    *dry = true;
    if (uplink->phase == UPLINK_CONNECTING) {
        uplink_take_handle(uplink, now_us);
        return;
    }
    if (!uplink->mqtt)
        return;
    uplink->heard_us = clock_wall_us();
    bool good = mqtt_read(uplink->mqtt, max_messages, until_us, dry, &err);
    if (!good) {
        uplink_end(uplink, false, now_us);
        return;
    }
    uplink->dry |= *dry && uplink->phase == UPLINK_STANDING && !uplink->filters.unanswered;
    if (uplink->phase == UPLINK_STANDING)
        uplink->message_us = now_us;
    uplink_tell_change(uplink);
}

bool uplink_wants_write(struct uplink *uplink)
{
    return uplink->mqtt && (uplink->leaving || mqtt_wants_write(uplink->mqtt));
}

void uplink_close(struct uplink *uplink, int64_t linger_us, int64_t now_us)
{
    if (uplink->phase == UPLINK_STANDING)
        mqtt_part(uplink->mqtt, now_us + linger_us);
    mqtt_free(uplink->mqtt);
    uplink->mqtt = NULL;
    if (uplink->connector)
        uplink->left_thread |= connector_abandon(uplink->connector);
    uplink->connector = NULL;
    uplink->leaving = false;
    uplink->phase = UPLINK_WAITING;
    uplink->retry_us = now_us;
}

/* Ends what there is of a connection and begins another one at once. */
static void uplink_renew(struct uplink *uplink, int64_t now_us)
{
    bool stood = uplink->phase == UPLINK_STANDING;
    uplink_close(uplink, 0, now_us);
    uplink->version5 = uplink->config->broker.protocol == PROTOCOL_MQTT5;
    uplink->told_old = false;
    uplink->early_ends = uplink->kicks = 0;
    backoff_reset(&uplink->backoff);
    uplink_set_state(uplink, uplink->connects ? WIRE_LINK_DOWN : WIRE_LINK_CONNECTING,
                     "connecting anew after a reload");
    if (stood)
        uplink->handler->lost(uplink->context, clock_wall_us(), "reload");
    uplink_tell_change(uplink);
}

bool uplink_write(struct uplink *uplink, int64_t now_us)
{
    struct err err = {0};
    if (!uplink->mqtt)
        return true;
    if (uplink->leaving) {
        uplink_renew(uplink, now_us);
        return true;
    }
    if (!mqtt_write(uplink->mqtt, &err)) {
        uplink_end(uplink, false, now_us);
        return true;
    }
    return !mqtt_wants_write(uplink->mqtt);
}

bool uplink_publish(struct uplink *uplink, const struct mqtt_publication *publication, int *message_id,
                    struct err *err)
{
    if (uplink->phase != UPLINK_STANDING)
        return err_set(err, EX_TEMPFAIL, "not connected to the broker");
    return mqtt_publish(uplink->mqtt, publication, message_id, err);
}

void uplink_keepalive(struct uplink *uplink, int64_t now_us)
{
    struct err err = {0};
    if (uplink->phase == UPLINK_STANDING && !mqtt_misc(uplink->mqtt, &err))
        uplink_end(uplink, true, now_us);
}

void uplink_take_answers(struct uplink *uplink, const char *topic)
{
    uplink->answers = topic;
}

const char *uplink_answers(const struct uplink *uplink)
{
    bool granted = uplink->phase == UPLINK_STANDING && uplink->version5 && uplink->answers_granted;
    return granted ? uplink->answers : NULL;
}

static bool uplink_has_setpoints(const struct uplink *uplink)
{
    for (size_t i = 0; i < uplink->config->tag_count; i++)
        if (uplink->config->tags[i].setpoint)
            return true;
    return false;
}

void uplink_subscribe(struct uplink *uplink)
{
    struct err err = {0};
    filters_subscribe(&uplink->filters, uplink->config, uplink->mqtt);
    if (uplink->answers && uplink->version5 && uplink_has_setpoints(uplink) &&
        !mqtt_subscribe(uplink->mqtt, uplink->answers, 1, &err))
        log_warning("devices cannot answer commands: %s", err.text);
}

void uplink_set_config(struct uplink *uplink, const struct config *config, bool reconnect, int64_t now_us)
{
    bool stood = uplink->phase == UPLINK_STANDING;
    uplink->config = config;
    filters_change(&uplink->filters, config, stood ? uplink->mqtt : NULL);
    if (reconnect && stood) {
        uplink->leaving =
            true; /* DISCONNECT takes all queued acknowledgements along: not before uplink_write() */
    } else if (reconnect || uplink->phase == UPLINK_STOPPED) {
        uplink_renew(uplink, now_us);
    } else if (stood) {
        uplink_subscribe(uplink);
    }
    uplink_tell_change(uplink);
}

/* ---- figures ---- */

enum wire_link uplink_state(const struct uplink *uplink)
{
    return uplink->state;
}

bool uplink_stands(const struct uplink *uplink)
{
    return uplink->phase == UPLINK_STANDING;
}

int64_t uplink_since_us(const struct uplink *uplink)
{
    return uplink->since_us;
}

const char *uplink_text(const struct uplink *uplink)
{
    return uplink->text;
}

const char *uplink_failure(const struct uplink *uplink)
{
    return uplink->failure;
}

enum cause uplink_cause(const struct uplink *uplink)
{
    return uplink->cause;
}

bool uplink_version5(const struct uplink *uplink)
{
    return uplink->version5;
}

uint64_t uplink_connects(const struct uplink *uplink)
{
    return uplink->connects;
}

bool uplink_is_kicked(const struct uplink *uplink, const char **why, bool *id_shared)
{
    *why = uplink->kicked;
    *id_shared = uplink->id_shared;
    return uplink->kicks >= UPLINK_KICKS_SUSPECT;
}

uint64_t uplink_window(const struct uplink *uplink)
{
    return uplink->version5 ? (uint64_t)uplink->config->broker.receive_maximum : 0;
}

const char *uplink_refused_filter(const struct uplink *uplink)
{
    return filters_refused(&uplink->filters);
}

const char *uplink_lowered_filter(const struct uplink *uplink, int *asked_qos, int *granted_qos)
{
    return filters_lowered(&uplink->filters, asked_qos, granted_qos);
}

const char *uplink_subscriptions(struct uplink *uplink)
{
    return filters_print(&uplink->filters);
}
