#include "recorder/uplink.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "recorder/filters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define UPLINK_GREETING_US (10 * CLOCK_US_PER_SECOND)
#define UPLINK_AGAIN_US    (15 * CLOCK_US_PER_SECOND) /* an attempt without an outcome: one more beside it */
#define UPLINK_STEADY_US   (10 * CLOCK_US_PER_SECOND) /* after so long the next backoff starts anew */
/* One that ends sooner counts as a kick. Longer than BACKOFF_LAST_US: so long does a twin wait between kicks. */
#define UPLINK_KICK_US       (60 * CLOCK_US_PER_SECOND)
#define UPLINK_EARLY_ENDS    2 /* MQTT 5 connections that end before CONNACK: try 3.1.1 */
#define UPLINK_STRICT_DRY_US (20 * CLOCK_US_PER_MS) /* silence that ends a strict broker's backlog */
#define UPLINK_LOOK_US       (5 * CLOCK_US_PER_MS)  /* between two looks whether the backlog is over */

enum uplink_phase { UPLINK_WAITING, UPLINK_CONNECTING, UPLINK_GREETING, UPLINK_STANDING, UPLINK_STOPPED };

struct uplink {
    const struct config *config;
    const struct uplink_handler *handler;
    void *context;
    char *client_id, *password;

    enum uplink_phase phase;
    enum wire_link state;
    int64_t since_us; /* wall */
    char text[ERR_TEXT_MAX + 64], failure[ERR_TEXT_MAX];
    enum cause cause; /* of `failure` */
    bool changed;     /* `handler->changed` is owed; told outside of callbacks */

    struct connector *connector; /* CONNECTING */
    struct mqtt *mqtt;           /* GREETING, STANDING */
    bool version5;
    unsigned early_ends, kicks;
    bool id_shared;                          /* uplink_is_kicked() */
    char kicked[ERR_TEXT_MAX];               /* how the last kick was told */
    bool refused, refused_version, id_taken; /* said by the handle that is ending */
    bool told_old;                           /* the broker has said that it does not speak MQTT 5 */
    bool leaving; /* after a reload: the connection is to be made anew, once writing is allowed */
    struct backoff backoff;
    int64_t connecting_us, again_us; /* monotonic: since when, and when there is one more attempt */
    int64_t retry_us, deadline_us, stood_us, answered_us, message_us; /* monotonic */
    int64_t heard_us;                                                 /* wall: bytes came from the broker */
    int64_t looked_us; /* monotonic: uplink_tick() was called */
    bool session, dry, left_thread;
    uint64_t connects;

    struct filters filters;
};

static void uplink_set_state(struct uplink *uplink, enum wire_link state, const char *text)
{
    if (uplink->state != state)
        uplink->since_us = clock_wall_us();
    uplink->state = state;
    snprintf(uplink->text, sizeof uplink->text, "%s", text);
    uplink->changed = true;
}

static void uplink_tell_change(struct uplink *uplink)
{
    if (!uplink->changed)
        return;
    uplink->changed = false;
    uplink->handler->changed(uplink->context);
}

/* ---- what the handle tells ---- */

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
    filters_subscribe(&uplink->filters, uplink->config, uplink->mqtt);
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

static const struct mqtt_handler UPLINK_HANDLER = {
    .connected = uplink_on_connected,
    .disconnected = uplink_on_disconnected,
    .message = uplink_on_message,
    .subscribed = uplink_on_subscribed,
    .published = uplink_on_published,
};

/* ---- making and ending connections ---- */

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

static void uplink_wipe(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
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

/* The handle's connection is gone. `hung`: by silence, so that it ended when the broker was last heard. */
static void uplink_end(struct uplink *uplink, bool hung, int64_t now_us)
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

/* An attempt came to nothing before there was a connection. */
static void uplink_fail(struct uplink *uplink, enum cause cause, const struct err *err, int64_t now_us)
{
    snprintf(uplink->failure, sizeof uplink->failure, "%s", err->text);
    uplink->cause = cause;
    uplink->kicks = 0; /* a broker that is away has other reasons to end connections */
    uplink_wait(uplink, now_us);
    uplink_tell_change(uplink);
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
    struct mqtt *mqtt = mqtt_new(&options, &UPLINK_HANDLER, uplink, err);
    *cause = err->code == EX_NOINPUT ? CAUSE_TLS_FILE : CAUSE_SETTINGS;
    uplink_wipe(password);
    return mqtt;
}

static void uplink_start(struct uplink *uplink, int64_t now_us)
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

/* Nothing has come of the attempts for long: says so, and makes one more. */
static void uplink_start_another(struct uplink *uplink, int64_t now_us)
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

static void uplink_take_handle(struct uplink *uplink, int64_t now_us)
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
        filters_subscribe(&uplink->filters, uplink->config, uplink->mqtt);
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
