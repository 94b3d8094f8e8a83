#include "recorder/mqtt_internal.h"
#include "recorder/tls_words.h"

#include <errno.h>
#include <mosquitto.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void mqtt_blame(struct mqtt *mqtt, enum cause cause, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(mqtt->reason, sizeof mqtt->reason, format, args);
    va_end(args);
    mqtt->cause = cause;
}

void mqtt_blame_reason(struct mqtt *mqtt, struct mqtt_reason reason)
{
    bool no_user = reason.cause == CAUSE_PASSWORD && !mqtt->has_user;
    mqtt_blame(mqtt, no_user ? CAUSE_NO_USER : reason.cause, "%s", reason.text);
}

void mqtt_blame_tls(struct mqtt *mqtt, bool in_handshake)
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

/* The broker has not said a word of MQTT: most often a matter of TLS. */
static void mqtt_blame_early_end(struct mqtt *mqtt)
{
    if (mqtt->tls)
        mqtt_blame_tls(mqtt, false);
    else
        mqtt_blame(mqtt, CAUSE_CLOSED, "the broker ended the connection before it answered");
}

void mqtt_blame_end(struct mqtt *mqtt, int code, int number)
{
    bool reset = number == ECONNRESET || number == EPROTO;
    if (!mqtt->answered &&
        (code == MOSQ_ERR_CONN_LOST || code == MOSQ_ERR_NO_CONN || (code == MOSQ_ERR_ERRNO && reset)))
        mqtt_blame_early_end(mqtt);
    else if (mqtt->answered && !mqtt->standing)
        return; /* the broker has refused us and said why: the end that follows says no more */
    else if (code == MOSQ_ERR_ERRNO)
        mqtt_blame(mqtt, reset || number == EPIPE ? CAUSE_ENDED : CAUSE_UNREACHABLE,
                   "the connection broke: %s", strerror(number));
    else if (code == MOSQ_ERR_TLS)
        mqtt_blame_tls(mqtt, true);
    else
        mqtt_blame_reason(mqtt, mqtt_reasons_of_end(code));
}
