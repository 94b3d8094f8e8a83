/* libmosquitto 2.0.11 driven by hand. What this file must know of it (read in its source, and measured):
 *
 * - in "threaded" mode without a thread, packets that the library makes while reading are queued, and leave
 *   only in mosquitto_loop_write(), which drains the whole queue with one write() a packet: on plain connections
 *   they are gathered (gather.h), with TLS TCP_CORK is around it;
 * - mosquitto_loop_read() ignores its packet count: it reads one packet, or as many as QoS 2 messages are
 *   under way, and stops on a stale errno == EAGAIN (hence errno = 0 before it and at the end of the
 *   callback);
 * - it reads each packet by three or more small read()s: on plain connections they are served from memory
 *   (readahead.h);
 * - a DISCONNECT of the broker and the end of the socket are told separately: the first one counts. */
#include "recorder/mqtt.h"

#include "base/clock.h"
#include "base/mem.h"
#include "recorder/gather.h"
#include "recorder/mqtt_reasons.h"
#include "recorder/openssl.h"
#include "recorder/readahead.h"
#include "recorder/tls_words.h"

#include <errno.h>
#include <fcntl.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MQTT_CLOCK_EVERY  256  /* messages between two looks at the clock */
#define MQTT_SEND_MAXIMUM 1000 /* our own QoS 1 messages under way */
#define MQTT_SYSTEM_CA    "/etc/ssl/certs"
#define MQTT_NAMES_MAX    128 /* of a certificate: it is for a line on the screen */

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
    bool version5, tls;
    int64_t session_expiry_s;
    bool answered;              /* CONNACK came */
    bool standing;              /* it said yes and nothing ended it since */
    bool ended;                 /* `disconnected` was told */
    uint64_t messages;          /* received */
    bool enough;                /* the handler has said so in this pass */
    char log_text[256];         /* the library's last error while connecting */
    long certificate;           /* OpenSSL's verdict on the broker's certificate then, 0: good */
    char names[MQTT_NAMES_MAX]; /* whose certificate it is then, when the verdict is bad */
    enum cause cause;           /* mqtt_cause() */
    bool has_user;
    char reason[ERR_TEXT_MAX];         /* why it ended */
    struct mqtt_subscription *waiting; /* for the broker's answer */
    size_t waiting_count, waiting_capacity;
    struct openssl openssl;
    struct readahead ahead;
    struct gather gather;
    bool parting; /* DISCONNECT is queued */
    unsigned window,
        under_way; /* messages of ours that the broker takes before it acknowledges; that wait for it */
};

/* Puts down why it failed or ended. */
__attribute__((format(printf, 3, 4))) static void mqtt_blame(struct mqtt *mqtt, enum cause cause,
                                                             const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(mqtt->reason, sizeof mqtt->reason, format, args);
    va_end(args);
    mqtt->cause = cause;
}

static void mqtt_blame_reason(struct mqtt *mqtt, struct mqtt_reason reason)
{
    bool no_user = reason.cause == CAUSE_PASSWORD && !mqtt->has_user;
    mqtt_blame(mqtt, no_user ? CAUSE_NO_USER : reason.cause, "%s", reason.text);
}

void mqtt_library_init(void)
{
    mosquitto_lib_init();
}

void mqtt_library_cleanup(void)
{
    mosquitto_lib_cleanup();
}

static void mqtt_on_log(struct mosquitto *handle, void *context, int level, const char *text)
{
    struct mqtt *mqtt = context;
    if (level != MOSQ_LOG_ERR)
        return;
    snprintf(mqtt->log_text, sizeof mqtt->log_text, "%s", text);
    /* The TLS state still lives while the library tells of its failure, and no longer. */
    const void *ssl = mqtt->tls ? mosquitto_ssl_get(handle) : NULL;
    long verdict = openssl_verdict(&mqtt->openssl, ssl);
    if (!verdict)
        return;
    mqtt->certificate = verdict;
    openssl_print_names(&mqtt->openssl, ssl, mqtt->names, sizeof mqtt->names);
}

static void mqtt_blame_tls(struct mqtt *mqtt, bool in_handshake)
{
    const struct tls_failure failure = {
        .in_handshake = in_handshake,
        .verdict = mqtt->certificate,
        .names = mqtt->names,
        .host = mqtt->host,
        .message = mqtt->log_text,
    };
    mqtt->cause = tls_words_explain(&failure, mqtt->reason, sizeof mqtt->reason);
}

/* The connection ended before the broker said a word of MQTT: most often a matter of TLS. */
static void mqtt_blame_early_end(struct mqtt *mqtt)
{
    if (mqtt->tls)
        mqtt_blame_tls(mqtt, false);
    else
        mqtt_blame(mqtt, CAUSE_CLOSED, "the broker ended the connection before it answered");
}

static void mqtt_on_connect(struct mosquitto *handle, void *context, int code, int flags,
                            const mosquitto_property *properties)
{
    struct mqtt *mqtt = context;
    uint16_t window = MQTT_SEND_MAXIMUM;
    mosquitto_property_read_int16(properties, MQTT_PROP_RECEIVE_MAXIMUM, &window, false);
    mqtt->window = window < MQTT_SEND_MAXIMUM ? window : MQTT_SEND_MAXIMUM;
    mosquitto_log_callback_set(handle, NULL); /* it would cost a formatted text for every packet */
    mqtt->answered = true;
    mqtt->standing = code == 0;
    bool refused_version = mqtt->version5 && (code == MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION || code == 1);
    if (code)
        mqtt_blame_reason(mqtt, mqtt_reasons_of_refusal(code));
    if (mqtt->handler->connected)
        mqtt->handler->connected(mqtt->context, code == 0, flags & 1, refused_version,
                                 code ? mqtt->reason : "connected");
    errno = 0;
}

static void mqtt_on_disconnect(struct mosquitto *handle, void *context, int code,
                               const mosquitto_property *properties)
{
    (void)handle;
    (void)properties;
    struct mqtt *mqtt = context;
    int number = errno;
    if (mqtt->ended)
        return;
    bool refused = mqtt->answered && !mqtt->standing; /* it has said why: the end that follows says no more */
    mqtt->ended = true;
    mqtt->standing = false;
    bool early = !mqtt->answered && (code == MOSQ_ERR_CONN_LOST || code == MOSQ_ERR_NO_CONN ||
                                     (code == MOSQ_ERR_ERRNO && (number == EPROTO || number == ECONNRESET)));
    if (early)
        mqtt_blame_early_end(mqtt);
    else if (!refused && code == MOSQ_ERR_ERRNO)
        mqtt_blame(mqtt,
                   number == ECONNRESET || number == EPIPE || number == EPROTO ? CAUSE_ENDED
                                                                               : CAUSE_UNREACHABLE,
                   "the connection broke: %s", strerror(number));
    else if (!refused && code == MOSQ_ERR_TLS)
        mqtt_blame_tls(mqtt, true);
    else if (!refused)
        mqtt_blame_reason(mqtt, mqtt_reasons_of_end(code));
    if (mqtt->handler->disconnected)
        mqtt->handler->disconnected(mqtt->context, code == MQTT_RC_SESSION_TAKEN_OVER, mqtt->reason);
    errno = 0;
}

static void mqtt_on_message(struct mosquitto *handle, void *context, const struct mosquitto_message *message,
                            const mosquitto_property *properties)
{
    (void)handle;
    struct mqtt *mqtt = context;
    void *correlation = NULL;
    uint16_t correlation_length = 0;
    mqtt->messages++;
    if (properties)
        mosquitto_property_read_binary(properties, MQTT_PROP_CORRELATION_DATA, &correlation,
                                       &correlation_length, false);
    if (mqtt->handler->message) {
        const struct mqtt_message taken = {
            .topic = message->topic,
            .payload = message->payload,
            .length = (size_t)message->payloadlen,
            .qos = message->qos,
            .retained = message->retain,
            .correlation = correlation,
            .correlation_length = correlation_length,
        };
        mqtt->enough |= !mqtt->handler->message(mqtt->context, &taken);
    }
    free(correlation);
    errno = 0; /* a stale EAGAIN would end mosquitto_loop_read() early */
}

static void mqtt_on_subscribe(struct mosquitto *handle, void *context, int message_id, int count,
                              const int *granted, const mosquitto_property *properties)
{
    (void)handle;
    (void)properties;
    struct mqtt *mqtt = context;
    for (size_t i = 0; i < mqtt->waiting_count; i++) {
        struct mqtt_subscription answered = mqtt->waiting[i];
        if (answered.message_id != message_id)
            continue;
        mqtt->waiting[i] = mqtt->waiting[--mqtt->waiting_count];
        int qos = count > 0 ? granted[0] : 128;
        if (mqtt->handler->subscribed)
            mqtt->handler->subscribed(mqtt->context, answered.filter, qos < 128, qos);
        free(answered.filter);
        break;
    }
    errno = 0;
}

static void mqtt_on_publish(struct mosquitto *handle, void *context, int message_id, int code,
                            const mosquitto_property *properties)
{
    (void)handle;
    struct mqtt *mqtt = context;
    char *reason = NULL;
    mqtt->under_way -= mqtt->under_way > 0;
    mosquitto_property_read_string(properties, MQTT_PROP_REASON_STRING, &reason, false);
    if (mqtt->handler->published)
        mqtt->handler->published(mqtt->context, message_id, code,
                                 reason ? reason : mosquitto_reason_string(code));
    free(reason);
    errno = 0;
}

/* Keeps the library from asking for a passphrase on the terminal. */
static int mqtt_no_passphrase(char *text, int size, int writing, void *context)
{
    (void)writing;
    (void)context;
    if (size > 0)
        text[0] = '\0';
    return 0;
}

static bool mqtt_check_readable(const char *path, const char *what, struct err *err)
{
    if (path && access(path, R_OK) != 0)
        return err_set(err, EX_NOINPUT, "cannot read %s '%s': %s", what, path, strerror(errno));
    return true;
}

static bool mqtt_set_tls(struct mqtt *mqtt, const struct mqtt_options *options, struct err *err)
{
    if (!options->tls)
        return true;
    if (!mqtt_check_readable(options->ca, "the TLS authority (tls.ca)", err) ||
        !mqtt_check_readable(options->cert, "the TLS certificate (tls.cert)", err) ||
        !mqtt_check_readable(options->key, "the TLS key (tls.key)", err))
        return false;
    int code = mosquitto_tls_set(mqtt->handle, options->ca, options->ca ? NULL : MQTT_SYSTEM_CA,
                                 options->cert, options->key, mqtt_no_passphrase);
    if (code == MOSQ_ERR_SUCCESS)
        /* 1: the certificate is verified, its name too. */
        code = mosquitto_tls_opts_set(mqtt->handle, 1, NULL, NULL);
    if (code != MOSQ_ERR_SUCCESS)
        return err_set(err, EX_CONFIG, "cannot set TLS up: %s (tls.cert and tls.key go together)",
                       mosquitto_strerror(code));
    openssl_find(&mqtt->openssl);
    mqtt->tls = true;
    return true;
}

static bool mqtt_set_will(struct mqtt *mqtt, const struct mqtt_options *options, struct err *err)
{
    if (!options->will_topic)
        return true;
    const char *payload = options->will_payload ? options->will_payload : "";
    int code = mosquitto_will_set(mqtt->handle, options->will_topic, (int)strlen(payload), payload, 1, true);
    if (code != MOSQ_ERR_SUCCESS)
        return err_set(err, EX_USAGE, "cannot set the last will: %s", mosquitto_strerror(code));
    return true;
}

static bool mqtt_set_options(struct mqtt *mqtt, const struct mqtt_options *options, struct err *err)
{
    mosquitto_threaded_set(mqtt->handle, true);
    /* What mqtt_write() uncorks leaves at once. */
    mosquitto_int_option(mqtt->handle, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_int_option(mqtt->handle, MOSQ_OPT_PROTOCOL_VERSION,
                         options->version5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
    if (options->version5) {
        if (options->receive_maximum > 0)
            mosquitto_int_option(mqtt->handle, MOSQ_OPT_RECEIVE_MAXIMUM, options->receive_maximum);
        mosquitto_int_option(mqtt->handle, MOSQ_OPT_SEND_MAXIMUM, MQTT_SEND_MAXIMUM);
    } else {
        mosquitto_max_inflight_messages_set(mqtt->handle, MQTT_SEND_MAXIMUM);
    }
    if (options->username) {
        int code = mosquitto_username_pw_set(mqtt->handle, options->username, options->password);
        if (code != MOSQ_ERR_SUCCESS)
            return err_set(err, EX_CONFIG, "cannot use this user name or password: %s",
                           mosquitto_strerror(code));
    }
    return mqtt_set_tls(mqtt, options, err) && mqtt_set_will(mqtt, options, err);
}

static void mqtt_set_callbacks(struct mqtt *mqtt)
{
    mosquitto_log_callback_set(mqtt->handle, mqtt_on_log);
    mosquitto_connect_v5_callback_set(mqtt->handle, mqtt_on_connect);
    mosquitto_disconnect_v5_callback_set(mqtt->handle, mqtt_on_disconnect);
    mosquitto_message_v5_callback_set(mqtt->handle, mqtt_on_message);
    mosquitto_subscribe_v5_callback_set(mqtt->handle, mqtt_on_subscribe);
    mosquitto_publish_v5_callback_set(mqtt->handle, mqtt_on_publish);
}

struct mqtt *mqtt_new(const struct mqtt_options *options, const struct mqtt_handler *handler, void *context,
                      struct err *err)
{
    struct mqtt *mqtt = mem_new(1, sizeof *mqtt);
    mqtt->handler = handler;
    mqtt->context = context;
    mqtt->has_user = options->username != NULL;
    mqtt->host = mem_copy_text(options->host);
    mqtt->port = options->port;
    mqtt->keepalive_s = options->keepalive_s;
    mqtt->version5 = options->version5;
    mqtt->session_expiry_s = options->clean ? 0 : options->session_expiry_s;
    mqtt->handle = mosquitto_new(options->client_id, options->clean || !options->client_id, mqtt);
    if (!mqtt->handle) {
        err_set(err, EX_CONFIG, "cannot make an MQTT client with the id '%s': %s",
                options->client_id ? options->client_id : "", strerror(errno));
        mqtt_free(mqtt);
        return NULL;
    }
    if (!mqtt_set_options(mqtt, options, err)) {
        mqtt_free(mqtt);
        return NULL;
    }
    mqtt_set_callbacks(mqtt);
    return mqtt;
}

static int mqtt_connect_call(struct mqtt *mqtt)
{
    if (!mqtt->version5)
        return mosquitto_connect(mqtt->handle, mqtt->host, mqtt->port, mqtt->keepalive_s);
    mosquitto_property *properties = NULL;
    uint32_t expiry_s = mqtt->session_expiry_s > UINT32_MAX ? UINT32_MAX : (uint32_t)mqtt->session_expiry_s;
    int code = MOSQ_ERR_SUCCESS;
    if (expiry_s)
        code = mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL, expiry_s);
    if (code == MOSQ_ERR_SUCCESS)
        code = mosquitto_connect_bind_v5(mqtt->handle, mqtt->host, mqtt->port, mqtt->keepalive_s, NULL,
                                         properties);
    int number = errno;
    mosquitto_property_free_all(&properties);
    errno = number;
    return code;
}

bool mqtt_connect(struct mqtt *mqtt, struct err *err)
{
    errno = 0;
    int code = mqtt_connect_call(mqtt);
    int number = errno;
    if (code == MOSQ_ERR_SUCCESS)
        return true;
    if (code == MOSQ_ERR_EAI)
        mqtt_blame(mqtt, CAUSE_NAME_UNKNOWN, "cannot find the host '%s'", mqtt->host);
    else if (code == MOSQ_ERR_ERRNO && number == ECONNREFUSED)
        mqtt_blame(mqtt, CAUSE_NOTHING_LISTENS, "nothing listens at %s:%d", mqtt->host, mqtt->port);
    else if (code == MOSQ_ERR_ERRNO)
        mqtt_blame(mqtt, CAUSE_UNREACHABLE, "cannot reach %s:%d: %s", mqtt->host, mqtt->port,
                   strerror(number));
    else if (code == MOSQ_ERR_TLS || *mqtt->log_text)
        mqtt_blame_tls(mqtt, true);
    else
        mqtt_blame(mqtt, CAUSE_OTHER, "cannot connect to %s:%d: %s", mqtt->host, mqtt->port,
                   mosquitto_strerror(code));
    return err_set(err, EX_UNAVAILABLE, "%s", mqtt->reason);
}

void mqtt_free(struct mqtt *mqtt)
{
    if (!mqtt)
        return;
    if (mqtt->handle)
        mosquitto_destroy(mqtt->handle);
    for (size_t i = 0; i < mqtt->waiting_count; i++)
        free(mqtt->waiting[i].filter);
    free(mqtt->waiting);
    free(mqtt->host);
    free(mqtt);
}

void mqtt_disconnect(struct mqtt *mqtt)
{
    mqtt->parting = true;
    mosquitto_disconnect_v5(mqtt->handle, 0, NULL);
}

enum cause mqtt_cause(const struct mqtt *mqtt)
{
    return mqtt->cause;
}

int mqtt_socket(const struct mqtt *mqtt)
{
    return mosquitto_socket(mqtt->handle);
}

bool mqtt_wants_write(struct mqtt *mqtt)
{
    return mosquitto_want_write(mqtt->handle) || gather_waiting(&mqtt->gather);
}

/* What a call left behind: false with the reason when the connection ended in it. */
static bool mqtt_check(struct mqtt *mqtt, int code, struct err *err)
{
    if (code == MOSQ_ERR_SUCCESS && !mqtt->ended && mqtt_socket(mqtt) >= 0)
        return true;
    if (!mqtt->ended)
        mqtt_on_disconnect(mqtt->handle, mqtt, code ? code : MOSQ_ERR_NO_CONN, NULL);
    return err_set(err, EX_UNAVAILABLE, "%s", mqtt->reason);
}

/* Until the broker closes; what it still sends is thrown away, unacknowledged. */
static void mqtt_linger(int fd, int64_t until_mono_us)
{
    struct pollfd end = {.fd = fd, .events = POLLIN};
    uint8_t unread[4096];
    int64_t left_us;
    while ((left_us = until_mono_us - clock_mono_us()) > 0) {
        if (poll(&end, 1, (int)(left_us / CLOCK_US_PER_MS) + 1) > 0 &&
            recv(fd, unread, sizeof unread, MSG_DONTWAIT) <= 0)
            return;
    }
}

void mqtt_part(struct mqtt *mqtt, int64_t until_mono_us)
{
    /* The library closes its descriptor as soon as DISCONNECT is written:
     * the connection needs another one. */
    int fd = mqtt_socket(mqtt) >= 0 ? fcntl(mqtt_socket(mqtt), F_DUPFD_CLOEXEC, 0) : -1;
    struct err err = {0};
    mqtt_disconnect(mqtt);
    mqtt_write(mqtt, &err); /* that it fails is the end, too */
    if (fd < 0)
        return;
    mqtt_linger(fd, until_mono_us);
    close(fd);
}

bool mqtt_has_buffered(struct mqtt *mqtt)
{
    return readahead_waiting(&mqtt->ahead) ||
           (mqtt->tls && openssl_has_input(&mqtt->openssl, mosquitto_ssl_get(mqtt->handle)));
}

/* Whether bytes wait, in memory or in the socket;
 * also true at its end, which the next read then tells. */
static bool mqtt_has_input(struct mqtt *mqtt)
{
    if (mqtt_has_buffered(mqtt))
        return true;
    char byte;
    return recv(mqtt_socket(mqtt), &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

static int mqtt_loop_read(struct mqtt *mqtt)
{
    if (!mqtt->tls)
        readahead_begin(&mqtt->ahead, mqtt_socket(mqtt));
    errno = 0;
    int code = mosquitto_loop_read(mqtt->handle, 1);
    readahead_end();
    return code;
}

bool mqtt_read(struct mqtt *mqtt, size_t max_messages, int64_t until_mono_us, bool *dry, struct err *err)
{
    uint64_t start = mqtt->messages, clock_at = start + MQTT_CLOCK_EVERY;
    *dry = mqtt->enough = false;
    for (;;) {
        uint64_t before = mqtt->messages;
        if (!mqtt_check(mqtt, mqtt_loop_read(mqtt), err))
            return false;
        if (mqtt->messages == before && !mqtt_has_input(mqtt)) {
            *dry = true;
            return true;
        }
        if (mqtt->enough || mqtt->messages - start >= max_messages)
            return true;
        if (mqtt->messages >= clock_at || mqtt->messages == before) {
            if (clock_mono_us() >= until_mono_us)
                return true;
            clock_at = mqtt->messages + MQTT_CLOCK_EVERY;
        }
    }
}

static int mqtt_loop_write(struct mosquitto *handle)
{
    return mosquitto_loop_write(handle, 1);
}

/* Thousands of acknowledgements of four bytes each become a few segments. */
static int mqtt_send_corked(struct mqtt *mqtt, int (*function)(struct mosquitto *handle), int fd)
{
    int on = 1, off = 0;
    setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
    errno = 0;
    int code = function(mqtt->handle);
    if (mqtt_socket(mqtt) == fd) {
        int number = errno;
        setsockopt(fd, IPPROTO_TCP, TCP_CORK, &off, sizeof off);
        errno = number;
    }
    return code;
}

/* The same, and one system call for many of them. */
static int mqtt_send_gathered(struct mqtt *mqtt, int (*function)(struct mosquitto *handle), int fd)
{
    gather_begin(&mqtt->gather, fd);
    errno = 0;
    int code = function(mqtt->handle);
    gather_end();
    if (code == MOSQ_ERR_SUCCESS && mqtt_socket(mqtt) == fd && !gather_flush(&mqtt->gather))
        code = MOSQ_ERR_ERRNO;
    return code;
}

/* Calls a function of the library that sends what is queued. What was gathered before leaves first. */
static bool mqtt_send(struct mqtt *mqtt, int (*function)(struct mosquitto *handle), struct err *err)
{
    int fd = mqtt_socket(mqtt), code;
    if (fd < 0)
        code = function(mqtt->handle);
    else if (!gather_flush(&mqtt->gather))
        code = MOSQ_ERR_ERRNO;
    else if (mqtt->tls || (mqtt->parting && !gather_waiting(&mqtt->gather)))
        code = mqtt_send_corked(mqtt, function, fd);
    else if (mqtt->parting)
        code = MOSQ_ERR_SUCCESS; /* again when the socket takes more */
    else
        code = mqtt_send_gathered(mqtt, function, fd);
    return mqtt_check(mqtt, code, err);
}

bool mqtt_write(struct mqtt *mqtt, struct err *err)
{
    return mqtt_send(mqtt, mqtt_loop_write, err);
}

bool mqtt_misc(struct mqtt *mqtt, struct err *err)
{
    return mqtt_send(mqtt, mosquitto_loop_misc, err);
}

bool mqtt_subscribe(struct mqtt *mqtt, const char *filter, int qos, struct err *err)
{
    int message_id = 0;
    int code = mosquitto_subscribe_v5(mqtt->handle, &message_id, filter, qos, 0, NULL);
    if (code != MOSQ_ERR_SUCCESS)
        return err_set(err, EX_UNAVAILABLE, "cannot subscribe to '%s': %s", filter, mosquitto_strerror(code));
    mqtt->waiting =
        mem_grow(mqtt->waiting, &mqtt->waiting_capacity, mqtt->waiting_count + 1, sizeof *mqtt->waiting);
    mqtt->waiting[mqtt->waiting_count++] =
        (struct mqtt_subscription){.message_id = message_id, .filter = mem_copy_text(filter)};
    return true;
}

void mqtt_unsubscribe(struct mqtt *mqtt, const char *filter)
{
    mosquitto_unsubscribe(mqtt->handle, NULL, filter);
}

static int mqtt_add_user_property(mosquitto_property **properties, const char *name, const char *value)
{
    if (!value || !*value)
        return MOSQ_ERR_SUCCESS;
    return mosquitto_property_add_string_pair(properties, MQTT_PROP_USER_PROPERTY, name, value);
}

static int mqtt_make_properties(const struct mqtt_publication *publication, mosquitto_property **properties)
{
    const char *correlation = publication->correlation;
    int code = MOSQ_ERR_SUCCESS;
    if (publication->expiry_s)
        code = mosquitto_property_add_int32(properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL,
                                            publication->expiry_s);
    if (code == MOSQ_ERR_SUCCESS && correlation)
        code = mosquitto_property_add_binary(properties, MQTT_PROP_CORRELATION_DATA, correlation,
                                             (uint16_t)strlen(correlation));
    if (code == MOSQ_ERR_SUCCESS)
        code = mqtt_add_user_property(properties, "operator", publication->operator_name);
    if (code == MOSQ_ERR_SUCCESS)
        code = mqtt_add_user_property(properties, "station", publication->station);
    if (code == MOSQ_ERR_SUCCESS)
        code = mqtt_add_user_property(properties, "reason", publication->reason);
    return code;
}

bool mqtt_publish(struct mqtt *mqtt, const struct mqtt_publication *publication, int *message_id,
                  struct err *err)
{
    mosquitto_property *properties = NULL;
    int code = MOSQ_ERR_SUCCESS;
    if (!mqtt->standing)
        return err_set(err, EX_TEMPFAIL, "not connected to the broker");
    if (publication->prompt && mqtt->under_way >= mqtt->window)
        return err_set(err, EX_TEMPFAIL, "the broker takes no more before it has acknowledged what was sent");
    if (mqtt->version5)
        code = mqtt_make_properties(publication, &properties);
    if (code == MOSQ_ERR_SUCCESS)
        code = mosquitto_publish_v5(mqtt->handle, message_id, publication->topic, (int)publication->length,
                                    publication->payload, publication->qos, publication->retain, properties);
    mosquitto_property_free_all(&properties);
    if (code != MOSQ_ERR_SUCCESS)
        return err_set(err, EX_UNAVAILABLE, "cannot publish on '%s': %s", publication->topic,
                       mosquitto_strerror(code));
    mqtt->under_way++;
    return true;
}
