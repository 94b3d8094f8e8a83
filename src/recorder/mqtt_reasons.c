#include "recorder/mqtt_reasons.h"

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stddef.h>

/* CONNACK of MQTT 3.1.1 (1 to 5) and reason codes of MQTT 5 (128 and more). */
static const struct mqtt_reason MQTT_REASONS_REFUSALS[] = {
    {1, CAUSE_VERSION, "the broker does not speak this protocol version"},
    {2, CAUSE_CLIENT_ID, "the broker refuses our client id"},
    {3, CAUSE_BUSY, "the broker is not available now"},
    {4, CAUSE_PASSWORD, "wrong user name or password"},
    {5, CAUSE_PASSWORD, "not authorised"},
    {MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION, CAUSE_VERSION, "the broker does not speak MQTT 5"},
    {MQTT_RC_CLIENTID_NOT_VALID, CAUSE_CLIENT_ID, "the broker refuses our client id"},
    {MQTT_RC_BAD_USERNAME_OR_PASSWORD, CAUSE_PASSWORD, "wrong user name or password"},
    {MQTT_RC_NOT_AUTHORIZED, CAUSE_PASSWORD, "not authorised"},
    {MQTT_RC_SERVER_UNAVAILABLE, CAUSE_BUSY, "the broker is not available now"},
    {MQTT_RC_SERVER_BUSY, CAUSE_BUSY, "the broker is busy"},
    {MQTT_RC_BANNED, CAUSE_BANNED, "the broker has banned this client"},
    {MQTT_RC_BAD_AUTHENTICATION_METHOD, CAUSE_OTHER, "the broker wants another way to authenticate"},
    {MQTT_RC_QUOTA_EXCEEDED, CAUSE_QUOTA, "the broker's quota is used up"},
    {MQTT_RC_USE_ANOTHER_SERVER, CAUSE_MOVED, "the broker says: use another server"},
    {MQTT_RC_SERVER_MOVED, CAUSE_MOVED, "the broker has moved"},
    {MQTT_RC_CONNECTION_RATE_EXCEEDED, CAUSE_BUSY, "too many connections in a short time"},
};

static const struct mqtt_reason MQTT_REASONS_ENDS[] = {
    {MOSQ_ERR_SUCCESS, CAUSE_OTHER, "disconnected"},
    {MOSQ_ERR_CONN_LOST, CAUSE_ENDED, "the broker closed the connection"},
    {MOSQ_ERR_NO_CONN, CAUSE_OTHER, "the connection is gone"},
    {MOSQ_ERR_KEEPALIVE, CAUSE_UNREACHABLE, "the broker did not answer within the keepalive time"},
    {MOSQ_ERR_PROTOCOL, CAUSE_OTHER, "the broker broke the MQTT protocol"},
    {MOSQ_ERR_MALFORMED_PACKET, CAUSE_OTHER, "the broker sent a malformed packet"},
    {MQTT_RC_NOT_AUTHORIZED, CAUSE_PASSWORD, "the broker no longer lets us in (not authorised)"},
    {MQTT_RC_SERVER_BUSY, CAUSE_BUSY, "the broker is busy"},
    {MQTT_RC_SERVER_SHUTTING_DOWN, CAUSE_BUSY, "the broker is shutting down"},
    {MQTT_RC_KEEP_ALIVE_TIMEOUT, CAUSE_OTHER, "the broker heard nothing from us within the keepalive time"},
    {MQTT_RC_SESSION_TAKEN_OVER, CAUSE_OTHER, "another client uses this id"},
    {MQTT_RC_RECEIVE_MAXIMUM_EXCEEDED, CAUSE_OTHER,
     "the broker says that more was sent than it accepts at a time"},
    {MQTT_RC_PACKET_TOO_LARGE, CAUSE_OTHER, "the broker says that a packet was too large"},
    {MQTT_RC_MESSAGE_RATE_TOO_HIGH, CAUSE_QUOTA, "the broker says that the message rate is too high"},
    {MQTT_RC_QUOTA_EXCEEDED, CAUSE_QUOTA, "the broker's quota is used up"},
    {MQTT_RC_ADMINISTRATIVE_ACTION, CAUSE_OTHER, "the broker's administrator ended the connection"},
    {MQTT_RC_WILDCARD_SUBS_NOT_SUPPORTED, CAUSE_OTHER, "the broker allows no wildcards in filters"},
};

static struct mqtt_reason mqtt_reasons_find(const struct mqtt_reason *reasons, size_t count, int code)
{
    for (size_t i = 0; i < count; i++) {
        if (reasons[i].code == code)
            return reasons[i];
    }
    const char *text = code >= 128 ? mosquitto_reason_string(code) : mosquitto_strerror(code);
    return (struct mqtt_reason){.code = code, .cause = CAUSE_OTHER, .text = text};
}

struct mqtt_reason mqtt_reasons_of_refusal(int code)
{
    return mqtt_reasons_find(MQTT_REASONS_REFUSALS,
                             sizeof MQTT_REASONS_REFUSALS / sizeof *MQTT_REASONS_REFUSALS, code);
}

struct mqtt_reason mqtt_reasons_of_end(int code)
{
    return mqtt_reasons_find(MQTT_REASONS_ENDS, sizeof MQTT_REASONS_ENDS / sizeof *MQTT_REASONS_ENDS, code);
}
