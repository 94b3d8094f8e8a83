/* Fuzzes what a console reads from its socket: whatever the bytes are, the mirror must neither crash nor grow
 * without bound, and every text in it must be fit for a terminal.
 *
 * `make fuzz` runs it on a session made here, changed in many ways that a fixed number starts.
 * For libFuzzer compile all with clang's -fsanitize=fuzzer and -DHMI_LIBFUZZER. */
#include "base/utf8.h"
#include "plant/quality.h"
#include "tests/fuzz/mutate.h"
#include "ui/mirror.h"
#include "wire/wire.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define FUZZ_NOW_US INT64_C(1700000000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_check_text(const char *text)
{
    size_t length = strlen(text);
    if (length > MIRROR_TEXT_MAX + 4)
        abort();
    for (size_t at = 0; at < length;) {
        uint32_t code_point;
        at += utf8_decode(text + at, length - at, &code_point);
        if (utf8_is_unsafe(code_point))
            abort();
    }
}

static void fuzz_check_tag(struct mirror_tag *tag)
{
    struct series_span spans[24];
    char text[64];
    fuzz_check_text(tag->name);
    fuzz_check_text(tag->topic);
    fuzz_check_text(tag->path);
    fuzz_check_text(tag->area);
    fuzz_check_text(tag->unit);
    fuzz_check_text(tag->description);
    for (size_t i = 0; i < tag->state_count; i++)
        fuzz_check_text(tag->states[i].text);
    mirror_tag_value(tag, text, sizeof text);
    fuzz_check_text(text);
    mirror_tag_columns(tag, FUZZ_NOW_US, spans, sizeof spans / sizeof *spans);
    if (tag->state_count > MIRROR_STATES_MAX || tag->limit_count > MIRROR_LIMITS_MAX)
        abort();
}

static void fuzz_check_mirror(struct mirror *mirror)
{
    for (size_t i = 0; i < mirror->tag_count; i++) {
        if (mirror->tags[i]->index != i || mirror_find(mirror, mirror->tags[i]->id) != mirror->tags[i])
            abort();
        fuzz_check_tag(mirror->tags[i]);
    }
    fuzz_check_text(mirror->welcome.plant);
    fuzz_check_text(mirror->status.link_text);
    fuzz_check_text(mirror->refused.reason);
    fuzz_check_text(mirror->detail.excerpt);
    for (size_t i = 0; i < mirror->fault_count; i++)
        fuzz_check_text(mirror->faults[i].what);
    if (mirror->fault_count > MIRROR_LIST_MAX || mirror->recent.count > RECENT_MAX)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mirror mirror;
    struct wire_frame frame;
    size_t at = 0, used;
    mirror_init(&mirror);
    while (wire_next_frame(data + at, size - at, &frame, &used) == WIRE_OK) {
        if (!mirror_apply(&mirror, &frame, FUZZ_NOW_US + (int64_t)at * 1000))
            break;
        if (!mirror.watched && mirror.tag_count)
            mirror_watch(&mirror, mirror.tags[0]);
        at += used;
    }
    fuzz_check_mirror(&mirror);
    mirror_recorder_lost(&mirror, FUZZ_NOW_US);
    fuzz_check_mirror(&mirror);
    mirror_free(&mirror);
    return 0;
}

#ifndef HMI_LIBFUZZER

static void fuzz_put_tag(struct buf *out, uint32_t id)
{
    struct wire_tag tag = {
        .tag = id, .name = "boiler.temp", .topic = "plant/boiler/temp", .has_range = 1, .high = 150};
    wire_put(out, WIRE_TAG, &tag);
    wire_put(out, WIRE_STATE, &(struct wire_state){id, 1, "RUNNING"});
    wire_put(out, WIRE_LIMIT, &(struct wire_limit){id, ALARM_HI, PRIORITY_HIGH, 95});
    for (int i = 0; i < 3; i++) {
        struct wire_sample sample = {.tag = id,
                                     .type = VALUE_NUMBER,
                                     .number = i,
                                     .ts_us = FUZZ_NOW_US + i * 1000000,
                                     .quality = i == 1 ? QUALITY_BAD : QUALITY_GOOD};
        wire_put(out, WIRE_SAMPLE, &sample);
    }
    wire_put(out, WIRE_SAMPLE, &(struct wire_sample){.tag = id, .type = VALUE_TEXT, .text = "auto"});
}

/* What a recorder says to a console: each kind of message, an attach, and a second one. */
static void fuzz_put_session(struct buf *out)
{
    for (int round = 0; round < 2; round++) {
        wire_put(out, WIRE_WELCOME, &(struct wire_welcome){.version = WIRE_VERSION, .plant = "Water Works"});
        for (uint32_t id = 1; id < 4; id++)
            fuzz_put_tag(out, id + (uint32_t)round);
        wire_put(out, WIRE_SNAPSHOT_END, &(struct wire_snapshot_end){3});
        wire_put(out, WIRE_STATUS, &(struct wire_status){.link = WIRE_LINK_UP, .link_text = "connected"});
        wire_put(out, WIRE_FAULT,
                 &(struct wire_fault){.severity = 2, .what = "disk full", .cure = "make room"});
        wire_put(out, WIRE_REFUSAL, &(struct wire_refusal){.topic = "plant/x", .reason = "no number"});
        wire_put(out, WIRE_CONSOLE, &(struct wire_console){.user = "anna", .station = "pts/1"});
        wire_put(out, WIRE_DETAIL, &(struct wire_detail){.tag = 1, .excerpt = "{\"value\": 1}"});
        wire_put(out, WIRE_ANSWER, &(struct wire_answer){.request = 1, .text = "done"});
        wire_put(out, WIRE_REFUSED, &(struct wire_refused){.reason = "too many consoles"});
    }
}

int main(int argc, char **argv)
{
    static uint8_t data[FUZZ_SIZE_MAX];
    if (argc != 2) {
        fprintf(stderr, "usage: fuzz_wire RUNS\n");
        return EX_USAGE;
    }
    struct buf session;
    buf_init(&session, FUZZ_SIZE_MAX);
    fuzz_put_session(&session);
    uint32_t state = 1;
    for (long run = strtol(argv[1], NULL, 10); run > 0; run--) {
        memcpy(data, session.data, session.length);
        LLVMFuzzerTestOneInput(data, fuzz_mutate(data, session.length, &state));
    }
    buf_free(&session);
    puts("fuzz_wire: done");
    return EXIT_SUCCESS;
}

#endif
