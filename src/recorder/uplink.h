/* The link to the broker: one state machine over the connector thread and the MQTT handle that it brings. It
 * connects for ever (backoff.h), speaks MQTT 5 and falls back to 3.1.1, subscribes on each connection, and
 * tells the recorder what it means for the plant's data.
 *
 *   phase      what happens                                   then
 *   WAITING    until retry_us                                 CONNECTING
 *   CONNECTING the connector's threads work                   GREETING, or WAITING
 *   GREETING   CONNECT has left, CONNACK is awaited (10 s)    STANDING, or WAITING
 *   STANDING   backlog until first dry, then up               WAITING
 *   STOPPED    another client uses our id: not tried again
 *
 * It does not know about commits: the recorder says when it may read and write. While GREETING nothing that
 * is written can acknowledge anything, so that writing is always allowed. */
#ifndef RECORDER_UPLINK_H
#define RECORDER_UPLINK_H

#include "config/config.h"
#include "recorder/backoff.h"
#include "recorder/cause.h"
#include "recorder/connector.h"
#include "recorder/mqtt.h"
#include "wire/wire.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UPLINK_BACKLOG_MAX_US INT64_C(10000000) /* should a flood never let it end */
#define UPLINK_QUIET_US       INT64_C(50000) /* after the subscriptions' answers: retained ones may follow */
#define UPLINK_KICKS_SUSPECT  2              /* short connections in a row, no attempt failing between them */

struct uplink_handler {
    /* False: enough for this pass of uplink_read(). */
    bool (*message)(void *context, const struct mqtt_message *message);
    /* The connection stands; `session`: the broker kept our session. */
    void (*connected)(void *context, bool session);
    /* The broker's answer to what uplink_publish() sent, as in mqtt.h. */
    void (*published)(void *context, int message_id, int reason_code, const char *reason);
    /* What was kept for us has arrived. */
    void (*settled)(void *context);
    /* The connection that stood is gone; when the broker was last heard (wall). */
    void (*lost)(void *context, int64_t heard_us, const char *reason);
    /* uplink_state() or uplink_text() changed. */
    void (*changed)(void *context);
};

struct uplink;

/* Nothing happens before uplink_tick(). `client_id` NULL: a random one (with broker.clean). `password` NULL:
 * read from broker.password_file at each connection. The configuration is borrowed, the texts are copied. */
struct uplink *uplink_new(const struct config *config, const char *client_id, const char *password,
                          const struct uplink_handler *handler, void *context);

/* Where a setpoint is configured, this topic is subscribed to as well, on each MQTT 5 connection; the text is borrowed.
 * uplink_answers() gives it back while the broker grants it; NULL: no device can answer. */
void uplink_take_answers(struct uplink *uplink, const char *topic);
const char *uplink_answers(const struct uplink *uplink);

/* Releases everything without a word to the broker.
 * Returns whether a thread that connects was left behind. */
bool uplink_free(struct uplink *uplink);

/* Timers: attempts, time-outs, the end of the backlog. `unacknowledged`: messages read whose acknowledgement
 * has not left. */
void uplink_tick(struct uplink *uplink, uint64_t unacknowledged, int64_t now_mono_us);

/* When uplink_tick() has something to do (monotonic). */
int64_t uplink_due_us(const struct uplink *uplink);

/* What to poll; fd -1 for nothing. */
struct pollfd uplink_poll(struct uplink *uplink, bool may_read, bool may_write);

/* Whether uplink_read() has something to take that poll() does not tell of. */
bool uplink_has_buffered(struct uplink *uplink);

/* The connector or the socket is readable: takes the handle, or reads until dry, `max_messages`,
 * `until_mono_us`, or the handler has enough. *dry says that nothing more waits. */
void uplink_read(struct uplink *uplink, size_t max_messages, int64_t until_mono_us, bool *dry,
                 int64_t now_mono_us);

/* Sends what is queued, acknowledgements included; true when all of it left. */
bool uplink_write(struct uplink *uplink, int64_t now_mono_us);
bool uplink_wants_write(struct uplink *uplink);

/* Queues a message, as mqtt_publish() does; it leaves with the next uplink_write(), or never: a connection that is
 * lost takes it along. */
bool uplink_publish(struct uplink *uplink, const struct mqtt_publication *publication, int *message_id,
                    struct err *err);

/* Keepalive: about once a second, only while writing is allowed. */
void uplink_keepalive(struct uplink *uplink, int64_t now_mono_us);

/* Sends DISCONNECT and closes; a session stays at the broker. Only while writing is allowed. Blocks for
 * `linger_us` at most, so that the broker takes every acknowledgement (mqtt_part()). */
void uplink_close(struct uplink *uplink, int64_t linger_us, int64_t now_mono_us);

/* Another configuration: filters that are gone are unsubscribed, all others subscribed (again); with
 * `reconnect` the connection is made anew at the next uplink_write(). To be called while the old configuration
 * still exists. */
void uplink_set_config(struct uplink *uplink, const struct config *config, bool reconnect,
                       int64_t now_mono_us);

/* What status, faults and screens say of the link. Texts are valid until the next call. */
enum wire_link uplink_state(const struct uplink *uplink);
bool uplink_stands(const struct uplink *uplink);
int64_t uplink_since_us(const struct uplink *uplink); /* wall */
const char *uplink_text(const struct uplink *uplink); /* the state in words */
bool uplink_version5(const struct uplink *uplink);
uint64_t uplink_connects(const struct uplink *uplink);
/* Whether connections end soon after they stood, again and again; stands until one has lasted for a minute.
 * `why` tells how they end; *id_shared that the broker just closes them, as it does when another client connects
 * with our id (mosquitto 2.0 has no other words for that, not even in MQTT 5). */
bool uplink_is_kicked(const struct uplink *uplink, const char **why, bool *id_shared);
const char *uplink_refused_filter(const struct uplink *uplink); /* one that the broker refused; NULL: none */
/* A filter that the broker serves with a lower QoS than was asked for; NULL: none. */
const char *uplink_lowered_filter(const struct uplink *uplink, int *asked_qos, int *granted_qos);
/* The window of unacknowledged messages that the broker was told; 0: not known (3.1.1). */
uint64_t uplink_window(const struct uplink *uplink);
/* "plant/#, other/+ (refused)"; valid until the next call. */
const char *uplink_subscriptions(struct uplink *uplink);
/* Why the last attempt failed, "" after a success. */
const char *uplink_failure(const struct uplink *uplink);
enum cause uplink_cause(const struct uplink *uplink);

#endif
