/* Fuzzes the decoder and the live plant: any payloads into the decoder and into a live plant. The input is a
 * row of messages:
 *
 *     u8 what (topic and flags, or something that happens) | u8 length | payload...
 *
 * and, as one payload, what each of the three formats makes of the whole. `make fuzz` runs it under
 * libFuzzer; built without HMI_LIBFUZZER it runs the inputs in the files named, or standard input. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "plant/decode.h"
#include "plant/plant.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run when something that must always hold does not. */
#define MUST(what)                                                                                           \
    do {                                                                                                     \
        if (!(what))                                                                                         \
            abort();                                                                                         \
    } while (0)

/* ---- the decoder ---- */

static void check_item(void *context, const struct decode_item *item)
{
    size_t *items = context;
    ++*items;
    MUST(strlen(item->path) < DECODE_PATH_MAX);
    MUST(item->kind != DECODE_NUMBER || isfinite(item->number));
    MUST(item->kind != DECODE_BOOLEAN || (item->spelling && (item->number == 0 || item->number == 1)));
    MUST(item->kind != DECODE_TEXT || item->text);
    if (item->text && item->text_length) { /* all of it may be read */
        char *copy = mem_copy_bytes(item->text, item->text_length);
        MUST(strlen(copy) == item->text_length || item->kind != DECODE_TEXT);
        free(copy);
    }
}

static void fuzz_formats(const uint8_t *data, size_t size)
{
    static const enum payload_format FORMATS[] = {FORMAT_AUTO, FORMAT_PLAIN, FORMAT_JSON};
    char escaped[64], safe[64];
    for (size_t i = 0; i < sizeof FORMATS / sizeof *FORMATS; i++) {
        char reason[DECODE_REASON_MAX] = "";
        size_t items = 0, left_out = 0;
        if (decode_payload((struct payload_rule){.format = FORMATS[i]}, data, size, check_item, &items,
                           &left_out, reason))
            MUST(items <= DECODE_MEMBERS_MAX);
        else
            MUST(!items && *reason);
    }
    decode_escape(escaped, sizeof escaped, data, size);
    utf8_make_safe(safe, sizeof safe, escaped, strlen(escaped));
    MUST(strcmp(safe, escaped) == 0); /* an excerpt may be shown as it is */
}

/* ---- the live plant ---- */

static void add_tag(struct plant *plant, struct batch *batch, const char *name, const char *topic,
                    const char *path, bool fixed, enum tag_kind kind)
{
    struct tag_def def;
    tag_def_init(&def);
    def.name = mem_copy_text(name);
    def.topic = mem_copy_text(topic);
    def.path = mem_copy_text(path);
    def.area = mem_copy_text("");
    def.kind_fixed = fixed;
    def.kind = kind;
    def.scale_factor = 1e10;
    def.stale_after_us = SECOND;
    plant_add_configured(plant, &def, batch);
    tag_def_free(&def);
}

static void check_plant(const struct plant *plant, const struct batch *batch)
{
    uint64_t bad = 0, stale = 0;
    for (size_t i = 0; i < plant->tag_count; i++) {
        const struct tag *tag = plant->tags[i];
        bad += quality_is_bad(tag->quality);
        stale += tag->quality == QUALITY_UNCERTAIN_LAST_USABLE;
        MUST(tag->type != VALUE_NUMBER || isfinite(tag->number));
        MUST(plant_tag_by_name(plant, tag->def.name) == tag);
    }
    MUST(plant->counters.bad == bad && plant->counters.stale == stale);
    for (size_t i = 0; i < batch->count; i++)
        MUST(isfinite(batch->samples[i].number) && plant_tag_by_id(plant, batch->samples[i].tag_id));
}

static void happen(struct plant *plant, unsigned what, struct plant_time *now, struct batch *batch)
{
    if (what == 0) {
        plant_link_down(plant);
    } else if (what == 1) {
        plant_link_up(plant, now);
    } else if (what == 2) {
        plant_backlog_end(plant, now);
    } else if (what == 3) {
        now->mono_us += 2 * SECOND;
        now->wall_us += 2 * SECOND;
    } else {
        plant_tick(plant, now, batch);
    }
}

static void fuzz_plant(const uint8_t *data, size_t size)
{
    static const char *const TOPICS[] = {"p/free", "p/whole", "p/path", "p/text", "raw/x", "json/x", "p/set"};
    struct plant plant;
    struct plant_time now = {.wall_us = INT64_C(1700000000) * SECOND, .mono_us = SECOND};
    struct batch *batch = batch_new();
    plant_init(&plant, &(struct plant_options){.max_tags = 40,
                                               .max_payload = 200,
                                               .source_time_past_us = 86400 * SECOND,
                                               .source_time_future_us = SECOND});
    plant_add_subscription(&plant, "p/#", (struct payload_rule){.format = FORMAT_AUTO});
    plant_add_subscription(&plant, "raw/#", (struct payload_rule){.format = FORMAT_PLAIN});
    plant_add_subscription(&plant, "json/#", (struct payload_rule){.format = FORMAT_JSON});
    add_tag(&plant, batch, "whole", "p/whole", "", true, TAG_ANALOG);
    add_tag(&plant, batch, "path", "p/path", "a.b", false, TAG_ANALOG);
    add_tag(&plant, batch, "text", "p/text", "", true, TAG_TEXT);
    plant_ignore_topic(&plant, "p/set");
    for (size_t i = 0; i + 2 <= size;) {
        unsigned what = data[i] & 0x0F;
        size_t length = data[i + 1] < size - i - 2 ? data[i + 1] : size - i - 2;
        if (what >= sizeof TOPICS / sizeof *TOPICS) {
            happen(&plant, what - (unsigned)(sizeof TOPICS / sizeof *TOPICS), &now, batch);
            i += 2;
            continue;
        }
        plant_receive(
            &plant,
            &(struct plant_message){
                .topic = TOPICS[what], .payload = data + i + 2, .length = length, .retained = data[i] & 0x10},
            &now, batch);
        i += 2 + length;
    }
    check_plant(&plant, batch);
    plant_free(&plant);
    batch_free(batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_formats(data, size);
    fuzz_plant(data, size);
    return 0;
}

#ifndef HMI_LIBFUZZER

static int fuzz_run_file(FILE *file)
{
    uint8_t bytes[4096];
    size_t got;
    struct buf input;
    buf_init(&input, 0);
    while ((got = fread(bytes, 1, sizeof bytes, file)) > 0)
        buf_append(&input, bytes, got);
    LLVMFuzzerTestOneInput(input.data, input.length);
    buf_free(&input);
    return ferror(file) ? 1 : 0;
}

int main(int argc, char **argv)
{
    int status = argc > 1 ? 0 : fuzz_run_file(stdin);
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (!file) {
            perror(argv[i]);
            return 1;
        }
        status |= fuzz_run_file(file);
        fclose(file);
    }
    return status;
}
#endif
