#include "recorder/mqtt_internal.h"

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <sysexits.h>

static int mqtt_add_user_property(mosquitto_property **properties, const char *name, const char *value)
{
    if (!value || !*value)
        return MOSQ_ERR_SUCCESS;
    return mosquitto_property_add_string_pair(properties, MQTT_PROP_USER_PROPERTY, name, value);
}

static int mqtt_make_properties(const struct mqtt_publication *publication, mosquitto_property **properties)
{
    int code = MOSQ_ERR_SUCCESS;
    if (publication->expiry_s)
        code = mosquitto_property_add_int32(properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL,
                                            publication->expiry_s);
    if (code == MOSQ_ERR_SUCCESS && publication->correlation)
        code = mosquitto_property_add_binary(properties, MQTT_PROP_CORRELATION_DATA, publication->correlation,
                                             (uint16_t)publication->correlation_length);
    if (code == MOSQ_ERR_SUCCESS && publication->response_topic)
        code =
            mosquitto_property_add_string(properties, MQTT_PROP_RESPONSE_TOPIC, publication->response_topic);
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
