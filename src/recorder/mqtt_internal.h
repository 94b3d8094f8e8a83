/* Between the files of the MQTT client only: the handle, and the parts that they call of each other.
 *
 *   mqtt.c          bytes in and out, subscriptions
 *   mqtt_connect.c  making, connecting and releasing a handle
 *   mqtt_events.c   what libmosquitto calls
 *   mqtt_publish.c  messages of ours, with their properties
 *   mqtt_blame.c    why there is no connection
 *   mqtt_reasons.c  its reason codes in words */
#ifndef RECORDER_MQTT_INTERNAL_H
#define RECORDER_MQTT_INTERNAL_H

#include "recorder/gather.h"
#include "recorder/mqtt.h"
#include "recorder/mqtt_reasons.h"
#include "recorder/openssl.h"
#include "recorder/readahead.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MQTT_SEND_MAXIMUM 1000 /* our own QoS 1 messages under way */
#define MQTT_NAMES_MAX    128  /* of a certificate: it is for a line on the screen */

struct mosquitto;

/* One that the broker has not answered yet. */
struct mqtt_subscription {
    int message_id;
    char *filter;
};

struct mqtt {
    struct mosquitto *handle;
    const struct mqtt_handler *handler;
    void *context;
    char *host;
    int port, keepalive_s;
    bool version5, tls, has_user;
    int64_t session_expiry_s;

    bool answered; /* CONNACK came */
    bool standing; /* it said yes and nothing ended it since */
    bool parting;  /* DISCONNECT is queued */
    bool ended;    /* `disconnected` was told */

    uint64_t messages;                 /* received */
    bool enough;                       /* the handler has said so in this pass */
    struct mqtt_subscription *waiting; /* for the broker's answer */
    size_t waiting_count, waiting_capacity;
    unsigned window;    /* messages of ours that the broker takes before it acknowledges */
    unsigned under_way; /* those that wait for it */

    struct openssl openssl;
    struct readahead ahead;
    struct gather gather;

    char log_text[256];         /* the library's last error while connecting */
    long certificate;           /* OpenSSL's verdict on the broker's certificate then, 0: good */
    char names[MQTT_NAMES_MAX]; /* whose certificate it is then, when the verdict is bad */
    enum cause cause;           /* mqtt_cause() */
    char reason[ERR_TEXT_MAX];  /* why it ended */
};

/* Has the library call what stands in mqtt_events.c. */
void mqtt_set_callbacks(struct mqtt *mqtt);

/* The connection is gone: puts down why and tells the owner, once. `code` is libmosquitto's (MOSQ_ERR_*, with
 * errno), or a reason code of MQTT 5. */
void mqtt_end(struct mqtt *mqtt, int code);

/* Puts down why it failed or ended: `reason` and `cause`. */
__attribute__((format(printf, 3, 4))) void mqtt_blame(struct mqtt *mqtt, enum cause cause, const char *format,
                                                      ...);
void mqtt_blame_reason(struct mqtt *mqtt, struct mqtt_reason reason);
/* TLS failed, as the library has logged it; `in_handshake`: while it was agreed on. */
void mqtt_blame_tls(struct mqtt *mqtt, bool in_handshake);
/* The connection ended, with libmosquitto's code (or a reason code of MQTT 5) and errno. */
void mqtt_blame_end(struct mqtt *mqtt, int code, int number);

#endif
