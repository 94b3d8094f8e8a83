/* latency: how soon an operator sees what happened. Runs a console on a terminal (tests/ui/vt.h) and
 * prints one line of JSON: {"count":N,"median_ms":...,"p99_ms":...,"max_ms":...}.
 *
 *   latency paint ROW COUNT -- PROGRAM [ARG]...
 *       Publish to painted. Standard input is what `flood --marker` prints ("marker NUMBER MONOTONIC_US").
 *       ROW is a text that stands in the marker's row; the number shown there is looked for after every
 *       byte that the console writes. A number that was overtaken before it was painted counts with the
 *       later one that replaced it.
 *
 *   latency keys COUNT KEY TEXT BACK-KEY BACK-TEXT -- PROGRAM [ARG]...
 *       Key to answer: presses KEY until TEXT is on the screen, then BACK-KEY until BACK-TEXT is, COUNT
 *       times.
 *
 *   latency command COUNT -- PROGRAM [ARG]...
 *       Confirming key to PUBLISH at the broker, of setpoints of the tag that the cursor is on. Standard input is what
 *       `flood` prints ("taken MONOTONIC_US"). Also tells what the screen says of the recorder's stages, in whole ms from
 *       the request's arrival there: "record" (committed), "sent".
 *
 * Before the mode:
 *   --keys K,K,...      keys that are pressed first (a filter, say)
 *   --size COLSxROWS    the terminal's size */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "tests/ui/vt.h"

#define LATENCY_READY_MS   20000
#define LATENCY_ANSWER_MS  5000
#define LATENCY_SETTLE_MS  2000    /* not measured at first: the console is still filling its screen */
#define LATENCY_MARKER_MIN 100000u /* as flood counts */
#define LATENCY_MARKER_MAX 999999u

struct latency {
    struct vt *terminal;
    int64_t *spans_us; /* the measured ones */
    size_t count, capacity;
};

static void latency_add(struct latency *latency, int64_t span_us)
{
    latency->spans_us =
        mem_grow(latency->spans_us, &latency->capacity, latency->count + 1, sizeof *latency->spans_us);
    latency->spans_us[latency->count++] = span_us;
}

static int latency_compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void latency_sort(struct latency *latency)
{
    qsort(latency->spans_us, latency->count, sizeof *latency->spans_us, latency_compare);
}

/* Of sorted spans, at least one. */
static double latency_quantile_ms(const struct latency *latency, double share)
{
    size_t at = (size_t)(share * (double)(latency->count - 1) + 0.5);
    return (double)latency->spans_us[at] / CLOCK_US_PER_MS;
}

static int latency_report(struct latency *latency)
{
    if (!latency->count) {
        fprintf(stderr, "latency: nothing was measured; the screen:\n%s", vt_text(latency->terminal));
        return 1;
    }
    latency_sort(latency);
    printf("{\"count\":%zu,\"median_ms\":%.1f,\"p99_ms\":%.1f,\"max_ms\":%.1f}\n", latency->count,
           latency_quantile_ms(latency, 0.5), latency_quantile_ms(latency, 0.99),
           latency_quantile_ms(latency, 1));
    return 0;
}

/* --- publish to painted --- */

struct latency_marks {
    struct buf input;
    uint32_t first; /* number of sent_us[0]; 0 before the first */
    int64_t *sent_us;
    size_t count, capacity;
    uint32_t painted; /* the highest number seen on the screen */
    bool is_ended;    /* the publisher's output is over */
};

static void latency_read_marks(struct latency_marks *marks)
{
    char bytes[4096];
    ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
    if (got <= 0) {
        marks->is_ended = got == 0 || errno != EINTR;
        return;
    }
    buf_append(&marks->input, bytes, (size_t)got);
    uint8_t *end;
    while (marks->input.length && (end = memchr(marks->input.data, '\n', marks->input.length))) {
        unsigned number;
        long long sent_us;
        *end = '\0';
        if (sscanf((const char *)marks->input.data, "marker %u %lld", &number, &sent_us) == 2) {
            if (!marks->count)
                marks->first = number;
            marks->sent_us =
                mem_grow(marks->sent_us, &marks->capacity, marks->count + 1, sizeof *marks->sent_us);
            marks->sent_us[marks->count++] = sent_us;
        }
        buf_consume(&marks->input, (size_t)(end - marks->input.data) + 1);
    }
}

/* The number in the marker's row; 0 when there is none. */
static uint32_t latency_shown(struct vt *terminal, const char *row_text)
{
    for (int row = 0; row < vt_rows(terminal); row++) {
        const char *text = vt_row(terminal, row);
        if (!strstr(text, row_text))
            continue;
        while (*text) {
            size_t digits = strspn(text, "0123456789");
            unsigned long number = digits ? strtoul(text, NULL, 10) : 0;
            if (digits == 6 && number >= LATENCY_MARKER_MIN && number <= LATENCY_MARKER_MAX)
                return (uint32_t)number;
            text += digits ? digits : 1;
        }
    }
    return 0;
}

static void latency_note_painted(struct latency *latency, struct latency_marks *marks, const char *row_text,
                                 int64_t from_us)
{
    uint32_t shown = latency_shown(latency->terminal, row_text);
    if (!marks->count || shown < marks->first)
        return;
    uint32_t next = marks->painted ? marks->painted + 1 : marks->first;
    for (; next <= shown && next - marks->first < marks->count; next++) {
        int64_t sent_us = marks->sent_us[next - marks->first];
        if (sent_us >= from_us)
            latency_add(latency, vt_output_us(latency->terminal) - sent_us);
        marks->painted = next;
    }
}

static int latency_paint(struct latency *latency, const char *row_text, size_t wanted)
{
    struct latency_marks marks = {0};
    buf_init(&marks.input, 0);
    if (!vt_wait_text(latency->terminal, row_text, LATENCY_READY_MS))
        return latency_report(latency);
    int64_t from_us = clock_mono_us() + LATENCY_SETTLE_MS * CLOCK_US_PER_MS;
    while (latency->count < wanted && !marks.is_ended) {
        struct pollfd waits[2] = {{.fd = STDIN_FILENO, .events = POLLIN}};
        waits[1].fd = vt_descriptor(latency->terminal, &waits[1].events);
        if (waits[1].fd < 0 || poll(waits, 2, LATENCY_READY_MS) <= 0)
            break;
        if (waits[0].revents)
            latency_read_marks(&marks);
        if (waits[1].revents && vt_pump(latency->terminal, 0))
            latency_note_painted(latency, &marks, row_text, from_us);
    }
    free(marks.sent_us);
    buf_free(&marks.input);
    return latency_report(latency);
}

/* --- key to answer --- */

static bool latency_press(struct latency *latency, const char *key, const char *text)
{
    int64_t pressed_us = clock_mono_us();
    if (!vt_key(latency->terminal, key) || !vt_wait_text(latency->terminal, text, LATENCY_ANSWER_MS)) {
        fprintf(stderr, "latency: %s did not bring \"%s\"; the screen:\n%s", key, text,
                vt_text(latency->terminal));
        return false;
    }
    latency_add(latency, clock_mono_us() - pressed_us);
    return true;
}

static int latency_keys(struct latency *latency, size_t count, char *const *words)
{
    const char *key = words[0], *text = words[1], *back_key = words[2], *back_text = words[3];
    if (!vt_wait_text(latency->terminal, back_text, LATENCY_READY_MS))
        return latency_report(latency);
    vt_run(latency->terminal, LATENCY_SETTLE_MS);
    for (size_t i = 0; i < count; i++) {
        if (!latency_press(latency, key, text) || !latency_press(latency, back_key, back_text))
            return 1;
        vt_run(latency->terminal, 50 + (int)(i % 7) * 10); /* not in step with the console's frames */
    }
    return latency_report(latency);
}

/* --- confirming key to PUBLISH --- */

struct latency_command {
    struct latency record, sent;
};

/* When the broker took it; 0: it did not. */
static int64_t latency_wait_taken(struct vt *terminal, struct buf *input)
{
    int64_t until_us = clock_mono_us() + LATENCY_ANSWER_MS * CLOCK_US_PER_MS;
    long long taken_us = 0;
    while (!taken_us && clock_mono_us() < until_us) {
        char bytes[4096];
        struct pollfd wait = {.fd = STDIN_FILENO, .events = POLLIN};
        vt_pump(terminal, 1); /* the key leaves, and the program is never held up */
        ssize_t got = poll(&wait, 1, 0) > 0 ? read(STDIN_FILENO, bytes, sizeof bytes) : 0;
        if (got > 0)
            buf_append(input, bytes, (size_t)got);
        uint8_t *end = input->length ? memchr(input->data, '\n', input->length) : NULL;
        if (!end)
            continue;
        *end = '\0';
        if (sscanf((const char *)input->data, "taken %lld", &taken_us) != 1)
            taken_us = 0;
        buf_consume(input, (size_t)(end - input->data) + 1);
    }
    return taken_us;
}

/* A stage as the screen tells it: "on record       3 ms". */
static void latency_note_stage(struct latency *stage, struct vt *terminal, const char *what)
{
    for (int row = 0; row < vt_rows(terminal); row++) {
        const char *at = strstr(vt_row(terminal, row), what);
        long ms;
        if (at && sscanf(at + strlen(what), "%ld ms", &ms) == 1) {
            latency_add(stage, ms * CLOCK_US_PER_MS);
            return;
        }
    }
}

static bool latency_give(struct latency *latency, struct latency_command *stages, struct buf *input,
                         const char *value)
{
    struct vt *terminal = latency->terminal;
    if (!vt_key(terminal, "e") || !vt_wait_text(terminal, "Set ", LATENCY_ANSWER_MS))
        return false;
    vt_type(terminal, value, strlen(value));
    if (!vt_key(terminal, "Enter") || !vt_wait_text(terminal, "y sends it      n", LATENCY_ANSWER_MS))
        return false;
    int64_t pressed_us = clock_mono_us();
    vt_key(terminal, "y");
    int64_t taken_us = latency_wait_taken(terminal, input);
    if (!taken_us || !vt_wait_text(terminal, "broker answered", LATENCY_ANSWER_MS))
        return false;
    latency_add(latency, taken_us - pressed_us);
    latency_note_stage(&stages->record, terminal, "on record");
    latency_note_stage(&stages->sent, terminal, "sent");
    return vt_key(terminal, "Escape") && vt_wait_gone(terminal, "broker answered", LATENCY_ANSWER_MS);
}

static void latency_report_stage(struct latency *stage, const char *name)
{
    if (!stage->count)
        return;
    latency_sort(stage);
    printf(",\"%s\":{\"median_ms\":%.0f,\"p99_ms\":%.0f}", name, latency_quantile_ms(stage, 0.5),
           latency_quantile_ms(stage, 0.99));
}

static int latency_command(struct latency *latency, size_t count)
{
    struct latency_command stages = {0};
    struct buf input;
    bool good = true;
    buf_init(&input, 0);
    vt_run(latency->terminal, LATENCY_SETTLE_MS);
    for (size_t i = 0; i < count && good; i++) {
        char value[16];
        snprintf(value, sizeof value, "%zu", i % 100);
        good = latency_give(latency, &stages, &input, value);
        vt_run(latency->terminal, 20 + (int)(i % 13) * 7); /* not in step with the recorder's commits */
    }
    if (!good)
        fprintf(stderr, "latency: a setpoint did not go through; the screen:\n%s",
                vt_text(latency->terminal));
    bool measured = good && latency->count;
    if (measured)
        printf("{\"all\":");
    int status = good ? latency_report(latency) : 1;
    if (measured) {
        latency_report_stage(&stages.record, "record");
        latency_report_stage(&stages.sent, "sent");
        printf("}\n");
    }
    free(stages.record.spans_us);
    free(stages.sent.spans_us);
    buf_free(&input);
    return status;
}

/* --- the program --- */

static int latency_usage(void)
{
    fprintf(stderr,
            "usage: latency [--keys K,K,...] [--size COLSxROWS] paint ROW COUNT -- PROGRAM [ARG]...\n"
            "       latency [--keys K,K,...] [--size COLSxROWS] keys COUNT KEY TEXT BACK-KEY BACK-TEXT -- "
            "PROGRAM [ARG]...\n"
            "       latency [--keys K,K,...] [--size COLSxROWS] command COUNT -- PROGRAM [ARG]...\n");
    return 64;
}

static void latency_prepare(struct latency *latency, char *keys)
{
    for (char *key; keys && (key = strsep(&keys, ","));) {
        vt_wait_quiet(latency->terminal, 100, 1000);
        vt_key(latency->terminal, key);
    }
}

int main(int argc, char **argv)
{
    int at = 1, cols = 80, rows = 24;
    char *keys = NULL;
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        if (strcmp(argv[at], "--keys") == 0)
            keys = argv[at + 1];
        else if (strcmp(argv[at], "--size") != 0 || sscanf(argv[at + 1], "%dx%d", &cols, &rows) != 2)
            return latency_usage();
    }
    int program = at;
    while (program < argc && strcmp(argv[program], "--") != 0)
        program++;
    bool is_paint = at < argc && strcmp(argv[at], "paint") == 0 && program == at + 3;
    bool is_keys = at < argc && strcmp(argv[at], "keys") == 0 && program == at + 6;
    bool is_command = at < argc && strcmp(argv[at], "command") == 0 && program == at + 2;
    if (program + 1 >= argc || (!is_paint && !is_keys && !is_command))
        return latency_usage();
    struct err err = {0};
    struct latency latency = {0};
    struct vt_options options = {.argv = (const char *const *)argv + program + 1, .rows = rows, .cols = cols};
    latency.terminal = vt_start(&options, &err);
    if (!latency.terminal) {
        fprintf(stderr, "latency: %s\n", err.text);
        return err.code;
    }
    vt_wait_quiet(latency.terminal, 300, LATENCY_READY_MS / 10);
    latency_prepare(&latency, keys);
    size_t count = strtoul(argv[at + (is_paint ? 2 : 1)], NULL, 10);
    int status = is_paint     ? latency_paint(&latency, argv[at + 1], count)
                 : is_command ? latency_command(&latency, count)
                              : latency_keys(&latency, count, argv + at + 2);
    vt_close(latency.terminal, 2000);
    free(latency.spans_us);
    return status;
}
