/* The console protocol: every message there and back, from older and newer writers, in pieces, and broken. */
#include "wire/wire.h"

#include "unit.h"

#include <stdio.h>

/* Room for a record of any kind. */
union any {
#define ANY(upper, lower, fields) struct wire_##lower lower;
    WIRE_MESSAGES(ANY)
#undef ANY
    uint8_t bytes[512];
};

static char texts[128][32]; /* of the record made last */

/* Gives each field a value of its own. */
static void make_record(enum wire_type type, union any *record)
{
    const struct wire_message *message = wire_message(type);
    memset(record, 0, sizeof *record);
    assert_true(message->size <= sizeof *record);
    assert_true(message->field_count <= COUNT(texts));
    for (size_t i = 0; i < message->field_count; i++) {
        uint8_t *at = record->bytes + message->fields[i].offset;
        uint32_t small = (uint32_t)(0xA0000000u + type * 256 + i);
        uint64_t big = UINT64_C(0xFEDCBA9800000000) + type * 256 + i;
        double number = -1.5 - (double)i;
        const char *text = texts[i];
        snprintf(texts[i], sizeof texts[i], "text %zu °C", i);
        switch (message->fields[i].kind) {
        case WIRE_KIND_U32:
            memcpy(at, &small, sizeof small);
            break;
        case WIRE_KIND_U64:
        case WIRE_KIND_I64:
            memcpy(at, &big, sizeof big);
            break;
        case WIRE_KIND_F64:
            memcpy(at, &number, sizeof number);
            break;
        case WIRE_KIND_TEXT:
            memcpy(at, &text, sizeof text);
            break;
        }
    }
}

static void assert_field_equal(const struct wire_field *field, const union any *one, const union any *two)
{
    const uint8_t *a = one->bytes + field->offset, *b = two->bytes + field->offset;
    if (field->kind == WIRE_KIND_TEXT) {
        const char *text_a, *text_b;
        memcpy(&text_a, a, sizeof text_a);
        memcpy(&text_b, b, sizeof text_b);
        assert_string_equal(text_a, text_b);
    } else {
        assert_memory_equal(a, b, field->kind == WIRE_KIND_U32 ? 4 : 8);
    }
}

static void assert_field_empty(const struct wire_field *field, const union any *record)
{
    static const union any nothing;
    if (field->kind == WIRE_KIND_TEXT) {
        const char *text;
        memcpy(&text, record->bytes + field->offset, sizeof text);
        assert_string_equal(text, "");
    } else {
        assert_memory_equal(record->bytes + field->offset, nothing.bytes,
                            field->kind == WIRE_KIND_U32 ? 4 : 8);
    }
}

static size_t field_size(const struct wire_field *field, const union any *record)
{
    const char *text;
    if (field->kind != WIRE_KIND_TEXT)
        return field->kind == WIRE_KIND_U32 ? 4 : 8;
    memcpy(&text, record->bytes + field->offset, sizeof text);
    return 4 + strlen(text) + 1;
}

static struct wire_frame only_frame(const struct buf *bytes)
{
    struct wire_frame frame;
    size_t used;
    assert_int_equal(wire_next_frame(bytes->data, bytes->length, &frame, &used), WIRE_OK);
    assert_int_equal(used, bytes->length);
    return frame;
}

static void store_u32(uint8_t *at, size_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* ---- tests ---- */

static void test_every_field_comes_back(void **state)
{
    (void)state;
    for (int type = 0; type < WIRE_TYPE_COUNT; type++) {
        const struct wire_message *message = wire_message((enum wire_type)type);
        union any record, back;
        struct buf bytes;
        buf_init(&bytes, 0);
        make_record((enum wire_type)type, &record);
        wire_put(&bytes, (enum wire_type)type, &record);
        struct wire_frame frame = only_frame(&bytes);
        assert_int_equal(frame.type, type);
        assert_int_equal(wire_next_record(&frame, &back), WIRE_OK);
        for (size_t i = 0; i < message->field_count; i++)
            assert_field_equal(&message->fields[i], &record, &back);
        assert_int_equal(wire_next_record(&frame, &back), WIRE_MORE);
        buf_free(&bytes);
    }
}

static void test_unset_text_is_empty(void **state)
{
    (void)state;
    struct buf bytes;
    buf_init(&bytes, 0);
    struct wire_refused refused = {0}, back;
    wire_put(&bytes, WIRE_REFUSED, &refused);
    struct wire_frame frame = only_frame(&bytes);
    assert_int_equal(wire_next_record(&frame, &back), WIRE_OK);
    assert_string_equal(back.reason, "");
    buf_free(&bytes);
}

/* An older writer ends its record after any field; one that ends inside a field is broken. */
static void test_record_of_an_older_writer(void **state)
{
    (void)state;
    for (int type = 0; type < WIRE_TYPE_COUNT; type++) {
        const struct wire_message *message = wire_message((enum wire_type)type);
        union any record, back;
        struct buf bytes;
        buf_init(&bytes, 0);
        make_record((enum wire_type)type, &record);
        wire_put(&bytes, (enum wire_type)type, &record);
        size_t length = 0;
        for (size_t known = 0; known < message->field_count; known++) {
            struct wire_frame frame = {(uint16_t)type, bytes.data + WIRE_HEADER_SIZE, 4 + length};
            store_u32(bytes.data + WIRE_HEADER_SIZE, length);
            assert_int_equal(wire_next_record(&frame, &back), WIRE_OK);
            for (size_t i = 0; i < message->field_count; i++) {
                if (i < known)
                    assert_field_equal(&message->fields[i], &record, &back);
                else
                    assert_field_empty(&message->fields[i], &back);
            }
            size_t size = field_size(&message->fields[known], &record);
            for (size_t part = 1; part < size; part++) {
                frame = (struct wire_frame){(uint16_t)type, bytes.data + WIRE_HEADER_SIZE, 4 + length + part};
                store_u32(bytes.data + WIRE_HEADER_SIZE, length + part);
                assert_int_equal(wire_next_record(&frame, &back), WIRE_BROKEN);
            }
            length += size;
        }
        buf_free(&bytes);
    }
}

static void test_record_of_a_newer_writer(void **state)
{
    (void)state;
    struct buf bytes;
    buf_init(&bytes, 0);
    struct wire_writer writer = wire_begin(&bytes, WIRE_ANSWER);
    struct wire_answer answer = {.request = 7, .good = 1, .text = "done"}, back;
    wire_add_record(&writer, &answer);
    size_t length = bytes.length - WIRE_HEADER_SIZE - 4;
    buf_append(&bytes, "more fields", 11);
    store_u32(bytes.data + WIRE_HEADER_SIZE, length + 11);
    answer.request = 8;
    wire_add_record(&writer, &answer);
    wire_end(&writer);
    struct wire_frame frame = only_frame(&bytes);
    assert_int_equal(wire_next_record(&frame, &back), WIRE_OK);
    assert_int_equal(back.request, 7);
    assert_string_equal(back.text, "done");
    assert_int_equal(wire_next_record(&frame, &back), WIRE_OK);
    assert_int_equal(back.request, 8);
    buf_free(&bytes);
}

static void test_frames_in_pieces(void **state)
{
    (void)state;
    struct buf bytes;
    buf_init(&bytes, 0);
    struct wire_snapshot_end end = {.tags = 3};
    wire_put(&bytes, WIRE_SNAPSHOT_END, &end);
    size_t first = bytes.length, used;
    struct wire_writer empty = wire_begin(&bytes, WIRE_FAULT);
    wire_end(&empty);
    struct wire_frame frame;
    for (size_t length = 0; length < first; length++)
        assert_int_equal(wire_next_frame(bytes.data, length, &frame, &used), WIRE_MORE);
    assert_int_equal(wire_next_frame(bytes.data, bytes.length, &frame, &used), WIRE_OK);
    assert_int_equal(used, first);
    assert_int_equal(wire_next_frame(bytes.data + used, bytes.length - used, &frame, &used), WIRE_OK);
    assert_int_equal(frame.type, WIRE_FAULT);
    union any record;
    assert_int_equal(wire_next_record(&frame, &record), WIRE_MORE); /* an empty list */
    buf_free(&bytes);
}

static void test_broken_headers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t header[WIRE_HEADER_SIZE];
        enum wire_result result;
    } ROWS[] = {
        {"longest frame", {0, 0, 0x10, 0, 3, 0, 0, 0}, WIRE_MORE},
        {"a byte more", {1, 0, 0x10, 0, 3, 0, 0, 0}, WIRE_BROKEN},
        {"huge", {0xFF, 0xFF, 0xFF, 0xFF, 3, 0, 0, 0}, WIRE_BROKEN},
        {"reserved bytes in use", {0, 0, 0, 0, 3, 0, 1, 0}, WIRE_BROKEN},
        {"another protocol", {'G', 'E', 'T', ' ', '/', ' ', 'H', 'T'}, WIRE_BROKEN},
        {"a type of the future", {0, 0, 0, 0, 0xFF, 0x7F, 0, 0}, WIRE_OK},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct wire_frame frame;
        size_t used;
        enum wire_result result = wire_next_frame(ROWS[i].header, WIRE_HEADER_SIZE, &frame, &used);
        if (result != ROWS[i].result)
            fail_msg("%s: %d", ROWS[i].name, (int)result);
    }
}

static void test_broken_records(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t length;
        const char *body;
    } ROWS[] = {
        {"no room for the length", 3, "\1\0\0"},
        {"longer than the frame", 8, "\5\0\0\0\0\0\0\0"},
        {"huge", 8, "\377\377\377\377\0\0\0\0"},
        {"text longer than the record", 12, "\10\0\0\0\5\0\0\0abc\0"},
        {"text of huge length", 12, "\10\0\0\0\377\377\377\377abc\0"},
        {"text without its end", 12, "\10\0\0\0\3\0\0\0abcd"},
        {"text with an end inside", 12, "\10\0\0\0\3\0\0\0a\0c\0"},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct wire_frame frame = {WIRE_REFUSED, (const uint8_t *)ROWS[i].body, ROWS[i].length};
        struct wire_refused refused;
        if (wire_next_record(&frame, &refused) != WIRE_BROKEN)
            fail_msg("%s: not seen", ROWS[i].name);
    }
}

static void test_long_lists_are_split(void **state)
{
    (void)state;
    char *text = malloc(60001);
    memset(text, 'x', 60000);
    text[60000] = '\0';
    struct buf bytes;
    buf_init(&bytes, 0);
    struct wire_writer writer = wire_begin(&bytes, WIRE_REFUSED);
    for (int i = 0; i < 50; i++)
        wire_add_record(&writer, &(struct wire_refused){.reason = text});
    wire_end(&writer);
    size_t at = 0, used, frames = 0, records = 0;
    struct wire_frame frame;
    struct wire_refused refused;
    for (; wire_next_frame(bytes.data + at, bytes.length - at, &frame, &used) == WIRE_OK;
         at += used, frames++) {
        assert_true(frame.length <= WIRE_FRAME_MAX);
        for (; wire_next_record(&frame, &refused) == WIRE_OK; records++)
            assert_string_equal(refused.reason, text);
    }
    assert_int_equal(at, bytes.length);
    assert_int_equal(records, 50);
    assert_int_equal(frames, 3);
    buf_free(&bytes);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_comes_back),
        cmocka_unit_test(test_unset_text_is_empty),
        cmocka_unit_test(test_record_of_an_older_writer),
        cmocka_unit_test(test_record_of_a_newer_writer),
        cmocka_unit_test(test_frames_in_pieces),
        cmocka_unit_test(test_broken_headers),
        cmocka_unit_test(test_broken_records),
        cmocka_unit_test(test_long_lists_are_split),
    };
    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
