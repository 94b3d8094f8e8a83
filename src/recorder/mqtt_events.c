/* What libmosquitto calls, from within its calls in mqtt.c. Each callback ends with errno = 0: a stale EAGAIN
 * would end mosquitto_loop_read() early. */
#include "recorder/mqtt_internal.h"

#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stdio.h>
#include <stdlib.h>

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

void mqtt_end(struct mqtt *mqtt, int code)
{
    int number = errno;
    if (mqtt->ended)
        return;
    mqtt_blame_end(mqtt, code, number);
    mqtt->ended = true;
    mqtt->standing = false;
    if (mqtt->handler->disconnected)
        mqtt->handler->disconnected(mqtt->context, code == MQTT_RC_SESSION_TAKEN_OVER, mqtt->reason);
    errno = 0;
}

static void mqtt_on_disconnect(struct mosquitto *handle, void *context, int code,
                               const mosquitto_property *properties)
{
    (void)handle;
    (void)properties;
    mqtt_end(context, code);
}

static void mqtt_on_message(struct mosquitto *handle, void *context, const struct mosquitto_message *message,
                            const mosquitto_property *properties)
{
    (void)handle;
    struct mqtt *mqtt = context;
    void *correlation = NULL;
    char *response_topic = NULL;
    uint16_t correlation_length = 0;
    mqtt->messages++;
    if (properties) {
        mosquitto_property_read_binary(properties, MQTT_PROP_CORRELATION_DATA, &correlation,
                                       &correlation_length, false);
        mosquitto_property_read_string(properties, MQTT_PROP_RESPONSE_TOPIC, &response_topic, false);
    }
    if (mqtt->handler->message) {
        const struct mqtt_message taken = {
            .topic = message->topic,
            .payload = message->payload,
            .length = (size_t)message->payloadlen,
            .qos = message->qos,
            .retained = message->retain,
            .correlation = correlation,
            .correlation_length = correlation_length,
            .response_topic = response_topic,
        };
        mqtt->enough |= !mqtt->handler->message(mqtt->context, &taken);
    }
    free(correlation);
    free(response_topic);
    errno = 0;
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

void mqtt_set_callbacks(struct mqtt *mqtt)
{
    mosquitto_log_callback_set(mqtt->handle, mqtt_on_log);
    mosquitto_connect_v5_callback_set(mqtt->handle, mqtt_on_connect);
    mosquitto_disconnect_v5_callback_set(mqtt->handle, mqtt_on_disconnect);
    mosquitto_message_v5_callback_set(mqtt->handle, mqtt_on_message);
    mosquitto_subscribe_v5_callback_set(mqtt->handle, mqtt_on_subscribe);
    mosquitto_publish_v5_callback_set(mqtt->handle, mqtt_on_publish);
}
