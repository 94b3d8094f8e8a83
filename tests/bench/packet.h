/* What flood knows of MQTT's control packets (3.1.1 and 5): as much as playing a broker to one client takes. */
#ifndef TESTS_BENCH_PACKET_H
#define TESTS_BENCH_PACKET_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The upper half of the first byte. */
enum packet_type {
    PACKET_CONNECT = 1,
    PACKET_PUBLISH = 3,
    PACKET_PUBACK = 4,
    PACKET_SUBSCRIBE = 8,
    PACKET_UNSUBSCRIBE = 10,
    PACKET_PINGREQ = 12,
    PACKET_DISCONNECT = 14,
};

static inline void packet_put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline uint16_t packet_get_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

/* A variable byte integer; returns its bytes, 0 when it is not whole yet or too long. */
static inline size_t packet_read_varint(const uint8_t *at, size_t length, uint32_t *value)
{
    *value = 0;
    for (size_t i = 0; i < 4 && i < length; i++) {
        *value |= (uint32_t)(at[i] & 0x7f) << (7 * i);
        if (!(at[i] & 0x80))
            return i + 1;
    }
    return 0;
}

/* A short PUBLISH (remaining length under 128) appended to `out`. */
static inline void packet_add_publish(struct buf *out, const char *topic, const char *payload, int qos,
                                      uint16_t id, bool is_v5)
{
    uint8_t packet[130];
    size_t topic_length = strlen(topic), payload_length = strlen(payload), at = 4 + topic_length;
    packet[0] = (uint8_t)(PACKET_PUBLISH << 4 | qos << 1);
    packet_put_u16(packet + 2, (uint16_t)topic_length);
    memcpy(packet + 4, topic, topic_length);
    if (qos) {
        packet_put_u16(packet + at, id);
        at += 2;
    }
    if (is_v5)
        packet[at++] = 0; /* no properties */
    memcpy(packet + at, payload, payload_length);
    at += payload_length;
    packet[1] = (uint8_t)(at - 2);
    buf_append(out, packet, at);
}

/* Bytes of a property of CONNECT behind its identifier; 0 for one that does not belong there. */
static inline size_t packet_property_size(uint8_t identifier, const uint8_t *at, size_t length)
{
    switch (identifier) {
    case 0x17: /* request problem information */
    case 0x19: /* request response information */
        return 1;
    case 0x21: /* receive maximum */
    case 0x22: /* topic alias maximum */
        return 2;
    case 0x11: /* session expiry */
    case 0x27: /* maximum packet size */
        return 4;
    case 0x15: /* authentication method, data */
    case 0x16:
        return length < 2 ? 0 : 2u + packet_get_u16(at);
    case 0x26: { /* user property: two texts */
        if (length < 2)
            return 0;
        size_t name = 2u + packet_get_u16(at);
        return length < name + 2 ? 0 : name + 2u + packet_get_u16(at + name);
    }
    default:
        return 0;
    }
}

/* The receive maximum among the properties of an MQTT 5 CONNECT; 65535 when it says nothing. */
static inline uint32_t packet_receive_maximum(const uint8_t *at, size_t length)
{
    uint32_t properties;
    size_t used = packet_read_varint(at, length, &properties);
    if (!used || properties > length - used)
        return 65535;
    const uint8_t *end = at + used + properties;
    for (at += used; at < end;) {
        uint8_t identifier = *at++;
        size_t size = packet_property_size(identifier, at, (size_t)(end - at));
        if (!size || size > (size_t)(end - at))
            break;
        if (identifier == 0x21)
            return packet_get_u16(at);
        at += size;
    }
    return 65535;
}

#endif
