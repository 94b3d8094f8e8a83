/* The MQTT client: the files mqtt*.c are the only ones that know libmosquitto. Driven by hand from the
 * recorder's loop: one thread at a time owns the handle; the connector thread until mqtt_connect() returns, the
 * loop from then on. One handle lives for one connection.
 *
 * What must stay true: nothing that was read is acknowledged before the owner calls mqtt_write(), for
 * libmosquitto in threaded mode only queues acknowledgements while reading. So mqtt_write() is called only
 * while nothing is uncommitted, and a publish or subscribe may be queued at any time but leaves with the next
 * mqtt_write(). */
#ifndef RECORDER_MQTT_H
#define RECORDER_MQTT_H

#include "base/err.h"
#include "recorder/cause.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mqtt;

struct mqtt_options {
    const char *host;
    int port;
    const char *client_id;           /* NULL: a random one, with `clean` */
    const char *username, *password; /* NULL: none */
    bool version5;                   /* else 3.1.1 */
    bool clean;                      /* no session is kept at the broker */
    int keepalive_s;
    int receive_maximum;      /* MQTT 5 */
    int64_t session_expiry_s; /* MQTT 5 */
    bool tls;
    const char *ca, *cert, *key;           /* files; ca NULL: the system's authorities */
    const char *will_topic, *will_payload; /* last will, QoS 1 and retained; NULL: none */
};

struct mqtt_message {
    const char *topic;
    const uint8_t *payload;
    size_t length;
    int qos;
    bool retained;
    const void *correlation; /* correlation data (MQTT 5); NULL: none */
    size_t correlation_length;
    const char *response_topic; /* where the sender wants an answer (MQTT 5); NULL: nowhere */
};

/* What is to be published; borrowed during the call. */
struct mqtt_publication {
    const char *topic;
    const void *payload;
    size_t length;
    int qos;
    bool retain;
    bool prompt; /* refused while the broker's window is full: else it would wait here and leave later */
    /* MQTT 5 only; with 3.1.1 they are left out */
    uint32_t expiry_s;                            /* the broker forgets it after so long; 0: never */
    const void *correlation;                      /* correlation data; NULL: none */
    size_t correlation_length;                    /* at most 65,535 */
    const char *response_topic;                   /* where a device may answer; NULL: nowhere */
    const char *operator_name, *station, *reason; /* user properties; NULL or "": none */
};

/* Called from within mqtt_read(), mqtt_write() and mqtt_misc(). They may call mqtt_subscribe() and
 * mqtt_publish(), and must not block. */
struct mqtt_handler {
    /* The broker's answer. `good`: the connection stands; `session` whether the broker still knew us. Else
     * `reason` says why in words, and `refused_version` that MQTT 5 is not spoken here. */
    void (*connected)(void *context, bool good, bool session, bool refused_version, const char *reason);
    void (*disconnected)(void *context, bool id_taken, const char *reason);
    /* False: enough for this pass of mqtt_read(). */
    bool (*message)(void *context, const struct mqtt_message *message);
    /* The answer to a subscription; `good` false: the broker refused this filter. */
    void (*subscribed)(void *context, const char *filter, bool good, int granted_qos);
    /* QoS 0: sent; QoS 1: acknowledged. `reason` tells the code (0 with 3.1.1) in words, the broker's own where it
     * has some. */
    void (*published)(void *context, int message_id, int reason_code, const char *reason);
};

/* mosquitto_lib_init and _cleanup; once a process. */
void mqtt_library_init(void);
void mqtt_library_cleanup(void);

/* A handle, not yet connected; checks the TLS files. NULL with `err` set on a fault. Copies the options. */
struct mqtt *mqtt_new(const struct mqtt_options *options, const struct mqtt_handler *handler, void *context,
                      struct err *err);

/* Looks the name up, opens the TCP connection and queues CONNECT, which leaves with the first mqtt_write().
 * BLOCKS for 20 s and more: on the connector thread. */
bool mqtt_connect(struct mqtt *mqtt, struct err *err);

/* Ends the connection without a word (its unacknowledged messages come again) and releases the handle. */
void mqtt_free(struct mqtt *mqtt);

/* Sends DISCONNECT; the session stays at the broker unless `clean`. Write out with mqtt_write(). */
void mqtt_disconnect(struct mqtt *mqtt);

/* Sends DISCONNECT with all that is queued, then waits until the broker has closed, `until_mono_us` at most.
 * A socket that is closed with unread bytes sends a reset, which takes acknowledgements from the broker that
 * it has not read yet: it would send those messages again. */
void mqtt_part(struct mqtt *mqtt, int64_t until_mono_us);

/* Of what kind the failure or the end was, for the cure. */
enum cause mqtt_cause(const struct mqtt *mqtt);

/* The socket for poll(), -1 when there is none. */
int mqtt_socket(const struct mqtt *mqtt);
bool mqtt_wants_write(struct mqtt *mqtt);

/* Whether bytes from the broker wait in memory, read ahead or decrypted: poll() does not tell of them. */
bool mqtt_has_buffered(struct mqtt *mqtt);

/* Reads until the socket is dry, `max_messages`, `until_mono_us`, or the handler has enough. *dry says that
 * nothing more waits (also in memory). False: the connection is gone (`err`). */
bool mqtt_read(struct mqtt *mqtt, size_t max_messages, int64_t until_mono_us, bool *dry, struct err *err);

/* Sends what is queued, acknowledgements included. False: the connection is gone. */
bool mqtt_write(struct mqtt *mqtt, struct err *err);

/* Keepalive; about once a second. NOTE: may send a PINGREQ and with it the whole queue:
 * only while nothing is uncommitted. */
bool mqtt_misc(struct mqtt *mqtt, struct err *err);

/* Queues a subscription; `subscribed` tells the answer. False with `err` set when it cannot be asked for. */
bool mqtt_subscribe(struct mqtt *mqtt, const char *filter, int qos, struct err *err);

/* The session forgets the filter; not answered to the owner. */
void mqtt_unsubscribe(struct mqtt *mqtt, const char *filter);

/* Queues a message; *message_id (may be NULL) matches `published`. Refused while not connected. */
bool mqtt_publish(struct mqtt *mqtt, const struct mqtt_publication *publication, int *message_id,
                  struct err *err);

#endif
