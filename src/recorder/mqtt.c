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
#include "base/clock.h"
#include "base/mem.h"
#include "recorder/mqtt_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <mosquitto.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#define MQTT_CLOCK_EVERY 256 /* messages between two looks at the clock */

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
        mqtt_end(mqtt, code ? code : MOSQ_ERR_NO_CONN);
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
