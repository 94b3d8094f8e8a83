/* The console protocol: what recorder and consoles say to each other over the Unix socket. Pure encode and
 * decode.
 *
 * A frame is a header and records of one kind:
 *
 *     u32 body length | u16 type | u16 reserved (0) | record... | record...
 *     record: u32 length | fields one after the other, in the order of wire/fields.h
 *     field:  u32 | u64 | i64 | f64 (little endian), or text: u32 length without the NUL, bytes, NUL
 *
 * A record may be longer than the reader knows (a newer writer: the rest is ignored) or shorter (an older
 * one: the missing fields are 0 or ""). So consoles and recorders of neighbouring versions understand each
 * other; WIRE_VERSION counts the changes that break this.
 *
 * The first frame each way is HELLO and WELCOME (or REFUSED). After WELCOME the recorder sends:
 *
 *   the snapshot   TAG, STATE, LIMIT, SETPOINT and SAMPLE for every tag, ALARM for every alarm that is not normal,
 *                  COMMAND for the last commands, then SNAPSHOT_END
 *   changes        TAG, STATE, LIMIT   tags that are new or described anew
 *                  SAMPLE              changed values: the last one only, at most 20 times a second
 *                  ALARM               alarms whose state has changed, once that is committed
 *                  COMMAND             commands that have come further; also to who asked for one (SET)
 *                  STATUS              once a second, and at each change of the link
 *                  FAULT, REFUSAL, CONSOLE, RESERVATION   the whole list when it changes; an empty frame is an
 *                                            empty list
 *
 * A frame of more than WIRE_FRAME_MAX bytes is refused. */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include "base/buf.h"
#include "wire/fields.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_VERSION     1
#define WIRE_HEADER_SIZE 8
#define WIRE_FRAME_MAX   (1u << 20) /* bytes of body; wire_add_record() splits a list before */

enum wire_type {
#define WIRE_ENUM(upper, lower, fields) WIRE_##upper,
    WIRE_MESSAGES(WIRE_ENUM)
#undef WIRE_ENUM
        WIRE_TYPE_COUNT
};

/* One struct for each message: struct wire_hello, struct wire_tag, ... Texts are never NULL after decoding;
 * they point into the frame. When encoding, a NULL text is written as "". */
#define WIRE_MEMBER_U32(name)         uint32_t name;
#define WIRE_MEMBER_U64(name)         uint64_t name;
#define WIRE_MEMBER_I64(name)         int64_t name;
#define WIRE_MEMBER_F64(name)         double name;
#define WIRE_MEMBER_TEXT(name)        const char *name;
#define WIRE_MEMBER(kind, name, help) WIRE_MEMBER_##kind(name)
#define WIRE_STRUCT(upper, lower, fields)                                                                    \
    struct wire_##lower {                                                                                    \
        fields(WIRE_MEMBER)                                                                                  \
    };
WIRE_MESSAGES(WIRE_STRUCT)
#undef WIRE_STRUCT

/* The fields of a message, for those who print them all (hmi status --json, the System screen). */
enum wire_kind { WIRE_KIND_U32, WIRE_KIND_U64, WIRE_KIND_I64, WIRE_KIND_F64, WIRE_KIND_TEXT };

struct wire_field {
    enum wire_kind kind;
    const char *name;
    const char *help; /* what it says, with its unit */
    size_t offset;    /* in the struct */
};

struct wire_message {
    const char *name; /* "hello" */
    const struct wire_field *fields;
    size_t field_count;
    size_t size; /* of the struct */
};

/* The description of a message; NULL for a type that this version does not know. */
const struct wire_message *wire_message(enum wire_type type);

/* A frame under construction at the end of `out`. */
struct wire_writer {
    struct buf *out;
    size_t start;
    enum wire_type type;
};

/* Begins a frame of records of one type, or several where they do not fit into one; wire_end() closes the last. Until
 * then nothing else may be appended to `out`, which is borrowed. */
struct wire_writer wire_begin(struct buf *out, enum wire_type type);

/* Adds one record, `record` being the struct of the writer's type;
 * starts a further frame when this one is full. */
void wire_add_record(struct wire_writer *writer, const void *record);
void wire_end(struct wire_writer *writer);

/* A frame with one record. */
void wire_put(struct buf *out, enum wire_type type, const void *record);

struct wire_frame {
    uint16_t type; /* may be one that this version does not know: to be ignored */
    const uint8_t *body;
    size_t length;
};

enum wire_result {
    WIRE_OK,
    WIRE_MORE,  /* the frame is not complete yet */
    WIRE_BROKEN /* not this protocol, or longer than WIRE_FRAME_MAX: close the connection */
};

/* The first frame of `bytes`; *used is what it takes of them. */
enum wire_result wire_next_frame(const uint8_t *bytes, size_t length, struct wire_frame *frame, size_t *used);

/* Takes the next record off the frame into the struct of the frame's type. WIRE_MORE: no more records. */
enum wire_result wire_next_record(struct wire_frame *frame, void *record);

#endif
