/* What a setpoint publishes: the template of hmi.cfg with its placeholders filled in.
 *
 * Braces around one of the known words are a placeholder; all other braces are the payload's own. A template that
 * begins like JSON is JSON: inside a string what is filled in is escaped, outside a text gets its quotation marks, so
 * that neither an operator's name nor a text value can change what the payload says. Pure. */
#ifndef PLANT_SETPOINT_PAYLOAD_H
#define PLANT_SETPOINT_PAYLOAD_H

#include "base/buf.h"
#include "base/err.h"
#include "plant/value.h"

#include <stdbool.h>
#include <stdint.h>

#define SETPOINT_PAYLOAD_MAX 8192 /* bytes when filled in */

struct setpoint_fields {
    struct value value;                /* engineering units, or a text */
    const char *state;                 /* the text of the state that the value is; NULL: it is none */
    double scale_factor, scale_offset; /* of the tag: engineering = factor × raw + offset */
    int64_t ts_us;                     /* of the command, UTC */
    const char *operator_name;
    uint64_t id; /* of the command */
};

/* Appends the payload. Numbers always have a point, whatever the locale, and read back exactly ({raw}: to 15
 * digits); {ts} is in milliseconds. False when it is longer than SETPOINT_PAYLOAD_MAX, or a text does not fit where it
 * is to stand ({raw} of a text, {text} of what is no state). */
bool setpoint_payload_fill(const char *payload, const struct setpoint_fields *fields, struct buf *out,
                           struct err *err);

/* Is the template a good one? Tells unknown placeholders, and JSON that is none once it is filled in. *carries_value:
 * whether it holds {value}, {raw} or {text}. */
bool setpoint_payload_check(const char *payload, bool *carries_value, struct err *err);

/* Whether it holds {text}: such a setpoint takes states only. */
bool setpoint_payload_has_state(const char *payload);

#endif
