#include "wire/wire.h"

#include <string.h>

/* ---- the messages' fields, from wire/fields.h ---- */

#define WIRE_TABLE(upper, lower, fields)                                                                     \
    static const struct wire_field WIRE_FIELDS_OF_##upper[] = {fields(WIRE_ROW_##upper)};
#define WIRE_FIELD_ROW(lower, field_kind, member, text)                                                      \
    {.kind = WIRE_KIND_##field_kind,                                                                         \
     .name = #member,                                                                                        \
     .help = text,                                                                                           \
     .offset = offsetof(struct wire_##lower, member)},

#define WIRE_ROW_HELLO(kind, name, help)        WIRE_FIELD_ROW(hello, kind, name, help)
#define WIRE_ROW_WELCOME(kind, name, help)      WIRE_FIELD_ROW(welcome, kind, name, help)
#define WIRE_ROW_REFUSED(kind, name, help)      WIRE_FIELD_ROW(refused, kind, name, help)
#define WIRE_ROW_TAG(kind, name, help)          WIRE_FIELD_ROW(tag, kind, name, help)
#define WIRE_ROW_STATE(kind, name, help)        WIRE_FIELD_ROW(state, kind, name, help)
#define WIRE_ROW_LIMIT(kind, name, help)        WIRE_FIELD_ROW(limit, kind, name, help)
#define WIRE_ROW_SAMPLE(kind, name, help)       WIRE_FIELD_ROW(sample, kind, name, help)
#define WIRE_ROW_SNAPSHOT_END(kind, name, help) WIRE_FIELD_ROW(snapshot_end, kind, name, help)
#define WIRE_ROW_STATUS(kind, name, help)       WIRE_FIELD_ROW(status, kind, name, help)
#define WIRE_ROW_FAULT(kind, name, help)        WIRE_FIELD_ROW(fault, kind, name, help)
#define WIRE_ROW_REFUSAL(kind, name, help)      WIRE_FIELD_ROW(refusal, kind, name, help)
#define WIRE_ROW_CONSOLE(kind, name, help)      WIRE_FIELD_ROW(console, kind, name, help)
#define WIRE_ROW_WANT_DETAIL(kind, name, help)  WIRE_FIELD_ROW(want_detail, kind, name, help)
#define WIRE_ROW_DETAIL(kind, name, help)       WIRE_FIELD_ROW(detail, kind, name, help)
#define WIRE_ROW_ASK(kind, name, help)          WIRE_FIELD_ROW(ask, kind, name, help)
#define WIRE_ROW_ANSWER(kind, name, help)       WIRE_FIELD_ROW(answer, kind, name, help)
#define WIRE_ROW_ALARM(kind, name, help)        WIRE_FIELD_ROW(alarm, kind, name, help)
#define WIRE_ROW_SETPOINT(kind, name, help)     WIRE_FIELD_ROW(setpoint, kind, name, help)
#define WIRE_ROW_COMMAND(kind, name, help)      WIRE_FIELD_ROW(command, kind, name, help)
#define WIRE_ROW_EDIT(kind, name, help)         WIRE_FIELD_ROW(edit, kind, name, help)
#define WIRE_ROW_RESERVATION(kind, name, help)  WIRE_FIELD_ROW(reservation, kind, name, help)
#define WIRE_ROW_LOCK(kind, name, help)         WIRE_FIELD_ROW(lock, kind, name, help)
#define WIRE_ROW_BYE(kind, name, help)          WIRE_FIELD_ROW(bye, kind, name, help)
#define WIRE_ROW_RULES(kind, name, help)        WIRE_FIELD_ROW(rules, kind, name, help)
WIRE_MESSAGES(WIRE_TABLE)

#define WIRE_MESSAGE_ROW(upper, lower, fields_macro)                                                         \
    [WIRE_##upper] = {.name = #lower,                                                                        \
                      .fields = WIRE_FIELDS_OF_##upper,                                                      \
                      .field_count = sizeof WIRE_FIELDS_OF_##upper / sizeof *WIRE_FIELDS_OF_##upper,         \
                      .size = sizeof(struct wire_##lower)},
static const struct wire_message MESSAGES[WIRE_TYPE_COUNT] = {WIRE_MESSAGES(WIRE_MESSAGE_ROW)};

const struct wire_message *wire_message(enum wire_type type)
{
    return (unsigned)type < WIRE_TYPE_COUNT ? &MESSAGES[type] : NULL;
}

/* ---- integers of fixed size, little endian ---- */

static void wire_store(uint8_t *to, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t wire_fetch(const uint8_t *from, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return value;
}

static size_t wire_kind_size(enum wire_kind kind)
{
    return kind == WIRE_KIND_U32 || kind == WIRE_KIND_TEXT ? 4 : 8;
}

/* ---- encode ---- */

static void wire_append_number(struct buf *out, uint64_t value, size_t size)
{
    uint8_t bytes[8];
    wire_store(bytes, value, size);
    buf_append(out, bytes, size);
}

static void wire_append_field(struct buf *out, const struct wire_field *field, const void *record)
{
    const uint8_t *member = (const uint8_t *)record + field->offset;
    uint64_t value = 0;
    switch (field->kind) {
    case WIRE_KIND_U32: {
        uint32_t small;
        memcpy(&small, member, sizeof small);
        wire_append_number(out, small, 4);
        break;
    }
    case WIRE_KIND_U64:
    case WIRE_KIND_I64:
    case WIRE_KIND_F64:
        memcpy(&value, member, sizeof value);
        wire_append_number(out, value, 8);
        break;
    case WIRE_KIND_TEXT: {
        const char *text;
        memcpy(&text, member, sizeof text);
        size_t length = text ? strlen(text) : 0;
        wire_append_number(out, length, 4);
        buf_append(out, text ? text : "", length + 1);
        break;
    }
    }
}

struct wire_writer wire_begin(struct buf *out, enum wire_type type)
{
    struct wire_writer writer = {.out = out, .start = out->length, .type = type};
    wire_append_number(out, 0, 4); /* the length, set by wire_end() */
    wire_append_number(out, (uint64_t)type, 2);
    wire_append_number(out, 0, 2);
    return writer;
}

void wire_end(struct wire_writer *writer)
{
    size_t body = writer->out->length - writer->start - WIRE_HEADER_SIZE;
    wire_store(writer->out->data + writer->start, body, 4);
}

void wire_add_record(struct wire_writer *writer, const void *record)
{
    const struct wire_message *message = &MESSAGES[writer->type];
    struct buf *out = writer->out;
    size_t start = out->length;
    wire_append_number(out, 0, 4);
    for (size_t i = 0; i < message->field_count; i++)
        wire_append_field(out, &message->fields[i], record);
    wire_store(out->data + start, out->length - start - 4, 4);
    bool full = out->length - writer->start - WIRE_HEADER_SIZE > WIRE_FRAME_MAX;
    if (full && start > writer->start + WIRE_HEADER_SIZE) { /* the record begins a frame of its own instead */
        out->length = start;
        wire_end(writer);
        *writer = wire_begin(out, writer->type);
        wire_add_record(writer, record);
    }
}

void wire_put(struct buf *out, enum wire_type type, const void *record)
{
    struct wire_writer writer = wire_begin(out, type);
    wire_add_record(&writer, record);
    wire_end(&writer);
}

/* ---- decode ---- */

enum wire_result wire_next_frame(const uint8_t *bytes, size_t length, struct wire_frame *frame, size_t *used)
{
    if (length < WIRE_HEADER_SIZE)
        return WIRE_MORE;
    size_t body = (size_t)wire_fetch(bytes, 4);
    if (body > WIRE_FRAME_MAX || wire_fetch(bytes + 6, 2) != 0)
        return WIRE_BROKEN;
    if (length < WIRE_HEADER_SIZE + body)
        return WIRE_MORE;
    *frame = (struct wire_frame){
        .type = (uint16_t)wire_fetch(bytes + 4, 2), .body = bytes + WIRE_HEADER_SIZE, .length = body};
    *used = WIRE_HEADER_SIZE + body;
    return WIRE_OK;
}

/* Reads one field at *p and steps over it; false when it is broken. */
static bool wire_read_field(const uint8_t **p, const uint8_t *end, const struct wire_field *field,
                            void *record)
{
    uint8_t *member = (uint8_t *)record + field->offset;
    size_t size = wire_kind_size(field->kind);
    if ((size_t)(end - *p) < size)
        return false;
    uint64_t value = wire_fetch(*p, size);
    *p += size;
    if (field->kind == WIRE_KIND_U32) {
        uint32_t small = (uint32_t)value;
        memcpy(member, &small, sizeof small);
    } else if (field->kind == WIRE_KIND_TEXT) {
        size_t room = (size_t)(end - *p);
        const char *text = (const char *)*p;
        if (value >= room || text[value] != '\0' || memchr(text, '\0', (size_t)value))
            return false;
        memcpy(member, &text, sizeof text);
        *p += value + 1;
    } else {
        memcpy(member, &value, sizeof value);
    }
    return true;
}

static void wire_set_default(const struct wire_field *field, void *record)
{
    if (field->kind == WIRE_KIND_TEXT) {
        const char *empty = "";
        memcpy((uint8_t *)record + field->offset, &empty, sizeof empty);
    }
}

enum wire_result wire_next_record(struct wire_frame *frame, void *record)
{
    const struct wire_message *message = wire_message((enum wire_type)frame->type);
    if (!frame->length)
        return WIRE_MORE;
    if (!message || frame->length < 4)
        return WIRE_BROKEN;
    size_t length = (size_t)wire_fetch(frame->body, 4);
    if (length > frame->length - 4)
        return WIRE_BROKEN;
    const uint8_t *p = frame->body + 4, *end = p + length;
    memset(record, 0, message->size);
    for (size_t i = 0; i < message->field_count; i++) {
        const struct wire_field *field = &message->fields[i];
        if (p == end)
            wire_set_default(field, record);
        else if (!wire_read_field(&p, end, field, record))
            return WIRE_BROKEN;
    }
    frame->body = end;
    frame->length -= 4 + length;
    return WIRE_OK;
}
