/* Frames for a mirror, as a recorder sends them. */
#ifndef TESTS_MIRROR_FIXTURE_H
#define TESTS_MIRROR_FIXTURE_H

#include "ui/mirror.h"
#include "wire/wire.h"

#define FIXTURE_SECOND_US INT64_C(1000000)
#define FIXTURE_NOW_US    INT64_C(1700000000000000)

static inline bool fixture_apply_bytes(struct mirror *mirror, const struct buf *bytes, int64_t now_us)
{
    struct wire_frame frame;
    size_t at = 0, used;
    while (wire_next_frame(bytes->data + at, bytes->length - at, &frame, &used) == WIRE_OK) {
        if (!mirror_apply(mirror, &frame, now_us))
            return false;
        at += used;
    }
    return true;
}

static inline bool fixture_apply(struct mirror *mirror, enum wire_type type, const void *record,
                                 int64_t now_us)
{
    struct buf bytes;
    buf_init(&bytes, 0);
    wire_put(&bytes, type, record);
    bool good = fixture_apply_bytes(mirror, &bytes, now_us);
    buf_free(&bytes);
    return good;
}

static inline void fixture_welcome(struct mirror *mirror)
{
    struct wire_welcome welcome = {.version = WIRE_VERSION, .plant = "Water Works", .role = ROLE_OPERATOR};
    fixture_apply(mirror, WIRE_WELCOME, &welcome, FIXTURE_NOW_US);
}

static inline void fixture_tag(struct mirror *mirror, uint32_t id, const char *name)
{
    struct wire_tag tag = {.tag = id, .name = name, .topic = name, .unit = "bar", .decimals = 1};
    fixture_apply(mirror, WIRE_TAG, &tag, FIXTURE_NOW_US);
}

static inline void fixture_number(struct mirror *mirror, uint32_t id, double number, uint32_t quality,
                                  int64_t ts_us)
{
    struct wire_sample sample = {.tag = id,
                                 .type = VALUE_NUMBER,
                                 .number = number,
                                 .ts_us = ts_us,
                                 .arrival_us = ts_us,
                                 .quality = quality};
    fixture_apply(mirror, WIRE_SAMPLE, &sample, ts_us);
}

static inline void fixture_snapshot_end(struct mirror *mirror)
{
    fixture_apply(mirror, WIRE_SNAPSHOT_END, &(struct wire_snapshot_end){0}, FIXTURE_NOW_US);
}

#endif
