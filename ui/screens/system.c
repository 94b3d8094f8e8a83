/* The health of recorder, broker and disk. What is wrong stands on top with its cure; below, quiet figures in
 * groups, then the refused payloads and the consoles. Scrolls. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/timefmt.h"
#include "ui/link.h"
#include "ui/rows.h"
#include "ui/screens/screens.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYSTEM_LABEL       15 /* columns of a label */
#define SYSTEM_TEXT_ROWS   4  /* of a long text */
#define SYSTEM_TWO_COLUMNS 76 /* from this width on the groups stand side by side */

struct system {
    int scroll;    /* rows above the pane */
    int rows;      /* of the whole content, as last drawn */
    int pane_rows; /* likewise */
    int64_t second;
};

enum system_format {
    SYSTEM_TEXT,
    SYSTEM_COUNT,
    SYSTEM_RATE,
    SYSTEM_MS,
    SYSTEM_BYTES,
    SYSTEM_SINCE,
    SYSTEM_SHARE
};

struct system_figure {
    const char *label;
    enum system_format format;
    size_t offset;  /* in struct wire_status */
    bool long_text; /* over several rows where it has to */
    bool loss;      /* not zero: something was lost or left out */
};

struct system_group {
    const char *title;
    const struct system_figure *figures;
    size_t count;
};

#define SYSTEM_FIGURE(text, how, member)                                                                     \
    {                                                                                                        \
        .label = text, .format = SYSTEM_##how, .offset = offsetof(struct wire_status, member)                \
    }
#define SYSTEM_LOSS(text, member)                                                                            \
    {                                                                                                        \
        .label = text, .format = SYSTEM_COUNT, .offset = offsetof(struct wire_status, member), .loss = true  \
    }

static const struct system_figure SYSTEM_BROKER[] = {
    SYSTEM_FIGURE("link", TEXT, link_text),
    SYSTEM_FIGURE("since", SINCE, link_since_us),
    SYSTEM_FIGURE("broker", TEXT, broker),
    SYSTEM_FIGURE("protocol", TEXT, protocol),
    SYSTEM_FIGURE("client id", TEXT, client_id),
    {.label = "subscriptions",
     .format = SYSTEM_TEXT,
     .offset = offsetof(struct wire_status, subscriptions),
     .long_text = true},
    SYSTEM_FIGURE("connections", COUNT, connects),
};

static const struct system_figure SYSTEM_TRAFFIC[] = {
    SYSTEM_FIGURE("messages", RATE, messages_per_s), SYSTEM_FIGURE("in all", COUNT, messages),
    SYSTEM_FIGURE("payloads", BYTES, message_bytes), SYSTEM_FIGURE("last message", SINCE, last_message_us),
    SYSTEM_FIGURE("samples", COUNT, samples),
};

static const struct system_figure SYSTEM_LEFT_OUT[] = {
    SYSTEM_LOSS("not decoded", refused_payloads),       SYSTEM_LOSS("too large", oversize_payloads),
    SYSTEM_LOSS("wrong times", refused_times),          SYSTEM_FIGURE("late samples", COUNT, late_samples),
    SYSTEM_FIGURE("texts cut", COUNT, truncated_texts), SYSTEM_LOSS("long topics", long_topics),
};

/* The program of notify. */
static const struct system_figure SYSTEM_NOTIFY[] = {
    SYSTEM_FIGURE("alarms told", COUNT, notify_runs),
    SYSTEM_LOSS("failed", notify_failed),
    SYSTEM_FIGURE("waiting", COUNT, notify_waiting),
    SYSTEM_LOSS("not told", notify_dropped),
};

static const struct system_figure SYSTEM_RECORDING[] = {
    SYSTEM_FIGURE("state", TEXT, recording_text),
    SYSTEM_FIGURE("stored", RATE, stored_per_s),
    SYSTEM_FIGURE("in all", COUNT, stored),
    SYSTEM_FIGURE("waiting", COUNT, spool_samples),
    SYSTEM_LOSS("lost", spool_lost),
    SYSTEM_LOSS("entries lost", spool_entries_lost),
    SYSTEM_FIGURE("gaps", COUNT, gaps),
    SYSTEM_FIGURE("deleted", COUNT, deleted_rows),
};

static const struct system_figure SYSTEM_DISK[] = {
    SYSTEM_FIGURE("commits", COUNT, commits),
    SYSTEM_FIGURE("last commit", MS, commit_ms_last),
    SYSTEM_FIGURE("median", MS, commit_ms_median),
    SYSTEM_FIGURE("99th percentile", MS, commit_ms_p99),
    SYSTEM_LOSS("failed", write_errors),
    SYSTEM_FIGURE("history file", BYTES, history_bytes),
    SYSTEM_FIGURE("write-ahead log", BYTES, wal_bytes),
    SYSTEM_FIGURE("not merged yet", COUNT, fresh_samples),
    SYSTEM_FIGURE("longest slice", MS, slice_ms_most),
    SYSTEM_FIGURE("longest ckpt.", MS, checkpoint_ms_most),
    SYSTEM_FIGURE("free", BYTES, disk_free_bytes),
};

static const struct system_figure SYSTEM_TAGS[] = {
    SYSTEM_FIGURE("tags", COUNT, tags),        SYSTEM_FIGURE("discovered", COUNT, tags_discovered),
    SYSTEM_FIGURE("at most", COUNT, tags_max), SYSTEM_LOSS("over the cap", tags_over_cap),
    SYSTEM_LOSS("stale now", tags_stale),      SYSTEM_LOSS("bad now", tags_bad),
};

static const struct system_figure SYSTEM_PROCESS[] = {
    SYSTEM_FIGURE("memory", BYTES, memory_bytes),
    SYSTEM_FIGURE("processor", SHARE, cpu_share),
    SYSTEM_FIGURE("consoles", COUNT, consoles),
    SYSTEM_LOSS("cut off", consoles_cut),
};

#define SYSTEM_GROUP(name, array)                                                                            \
    {                                                                                                        \
        .title = name, .figures = array, .count = sizeof array / sizeof *array                               \
    }

/* Side by side where there is room: the left column, then the right one. */
static const struct system_group SYSTEM_LEFT[] = {
    SYSTEM_GROUP("Broker", SYSTEM_BROKER),
    SYSTEM_GROUP("Traffic", SYSTEM_TRAFFIC),
    SYSTEM_GROUP("Left out", SYSTEM_LEFT_OUT),
    SYSTEM_GROUP("Notify", SYSTEM_NOTIFY),
};
static const struct system_group SYSTEM_RIGHT[] = {
    SYSTEM_GROUP("Recording", SYSTEM_RECORDING),
    SYSTEM_GROUP("Disk", SYSTEM_DISK),
    SYSTEM_GROUP("Tags", SYSTEM_TAGS),
    SYSTEM_GROUP("Recorder", SYSTEM_PROCESS),
};

/* ---- figures as text ---- */

/* Digits in groups of three: "123 456 789". */
static void system_format_count(char *out, size_t size, uint64_t count)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    size_t used = 0;
    for (int i = 0; i < length && used + 2 < size; i++) {
        if (i && (length - i) % 3 == 0)
            out[used++] = ' ';
        out[used++] = digits[i];
    }
    out[used] = '\0';
}

static void system_format_bytes(char *out, size_t size, uint64_t bytes)
{
    static const char *const UNITS[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    size_t unit = 0;
    double number = (double)bytes;
    for (; number >= 999.5 && unit + 1 < sizeof UNITS / sizeof *UNITS; unit++)
        number /= 1000;
    snprintf(out, size, unit && number < 99.95 ? "%.1f %s" : "%.0f %s", number, UNITS[unit]);
}

static void system_format_since(char *out, size_t size, int64_t ts_us, int64_t now_us)
{
    char time[TIMEFMT_MAX], age[TIMEFMT_MAX];
    if (!ts_us) {
        snprintf(out, size, "never");
        return;
    }
    int64_t span_us = now_us > ts_us ? now_us - ts_us : 0;
    if (span_us < CLOCK_US_PER_DAY / 2) {
        timefmt_local(time, sizeof time, ts_us, 0);
        timefmt_age(age, sizeof age, span_us);
        snprintf(out, size, "%s (%s)", time, age);
    } else {
        timefmt_local(out, size, ts_us, TIMEFMT_DATE);
        if (strlen(out) > 16)
            out[16] = '\0'; /* the minute is enough */
    }
}

/* Returns whether the figure is not zero. */
static bool system_format(const struct system_figure *figure, const struct wire_status *status,
                          int64_t now_us, char *out, size_t size)
{
    const char *at = (const char *)status + figure->offset, *text;
    uint64_t count = 0;
    double number = 0;
    int64_t ts_us;
    switch (figure->format) {
    case SYSTEM_TEXT:
        memcpy(&text, at, sizeof text);
        snprintf(out, size, "%s", text);
        return *text;
    case SYSTEM_COUNT:
        memcpy(&count, at, sizeof count);
        system_format_count(out, size, count);
        return count;
    case SYSTEM_BYTES:
        memcpy(&count, at, sizeof count);
        system_format_bytes(out, size, count);
        return count;
    case SYSTEM_SINCE:
        memcpy(&ts_us, at, sizeof ts_us);
        system_format_since(out, size, ts_us, now_us);
        return ts_us;
    case SYSTEM_RATE:
        memcpy(&number, at, sizeof number);
        snprintf(out, size, "%.1f a second", number);
        return number > 0;
    case SYSTEM_MS:
        memcpy(&number, at, sizeof number);
        snprintf(out, size, "%.1f ms", number);
        return number > 0;
    case SYSTEM_SHARE:
        memcpy(&number, at, sizeof number);
        snprintf(out, size, "%.1f %%", number * 100);
        return number > 0;
    }
    return false;
}

/* ---- parts; each returns the row behind it ---- */

static int system_draw_group(const struct pane *pane, const struct screen_host *host,
                             const struct system_group *group, int y)
{
    const struct mirror *mirror = host->mirror;
    pane_text(pane, 0, y++, -1, MEANING_HEADING, group->title);
    for (size_t i = 0; i < group->count; i++) {
        const struct system_figure *figure = &group->figures[i];
        char text[512];
        bool there = system_format(figure, &mirror->status, host->wall_us, text, sizeof text);
        enum meaning meaning = !mirror->attached       ? MEANING_VALUE_UNCERTAIN
                               : figure->loss && there ? MEANING_WARNING
                                                       : MEANING_TEXT;
        int x = 3 + SYSTEM_LABEL;
        pane_text(pane, 2, y, SYSTEM_LABEL, MEANING_DIM, figure->label);
        int rows = 1;
        if (figure->long_text) /* others that change while one looks must not move the rows below */
            rows = pane_paragraph(pane, x, y, pane->columns - x, SYSTEM_TEXT_ROWS, meaning, text);
        else
            pane_text(pane, x, y, -1, meaning, text);
        y += rows > 0 ? rows : 1;
    }
    return y + 1;
}

static int system_draw_groups(const struct pane *pane, const struct screen_host *host, int y)
{
    bool beside = pane->columns >= SYSTEM_TWO_COLUMNS;
    int half = pane->columns / 2;
    struct pane left = pane_part(pane, 2, 0, beside ? half - 3 : -1, -1);
    struct pane right = pane_part(pane, beside ? half : 2, 0, -1, -1);
    int left_y = y, right_y;
    for (size_t i = 0; i < sizeof SYSTEM_LEFT / sizeof *SYSTEM_LEFT; i++)
        left_y = system_draw_group(&left, host, &SYSTEM_LEFT[i], left_y);
    right_y = beside ? y : left_y;
    for (size_t i = 0; i < sizeof SYSTEM_RIGHT / sizeof *SYSTEM_RIGHT; i++)
        right_y = system_draw_group(&right, host, &SYSTEM_RIGHT[i], right_y);
    return left_y > right_y ? left_y : right_y;
}

static int system_draw_fault(const struct pane *pane, const struct wire_fault *fault, int64_t now_us, int y)
{
    bool error = fault->severity >= 2;
    enum meaning meaning = error ? MEANING_ERROR : MEANING_WARNING;
    char since[2 * TIMEFMT_MAX + 8];
    system_format_since(since, sizeof since, fault->since_us, now_us);
    int x = 2 + pane_text(pane, 2, y, -1, meaning, error ? "! ERROR" : "! warning") + 1;
    pane_printf(pane, x, y, -1, MEANING_DIM, "since %s", since);
    y++;
    y += pane_paragraph(pane, 4, y, pane->columns - 6, 3, meaning, fault->what);
    pane_text(pane, 4, y, -1, MEANING_DIM, "cure:");
    int rows = pane_paragraph(pane, 10, y, pane->columns - 12, 3, MEANING_TEXT, fault->cure);
    return y + (rows > 0 ? rows : 1) + 1;
}

static int system_draw_faults(const struct pane *pane, const struct screen_host *host, int y)
{
    const struct mirror *mirror = host->mirror;
    if (!mirror->attached) {
        struct wire_fault lost = {.severity = 2,
                                  .since_us = mirror->lost_us,
                                  .what = link_text(host->link),
                                  .cure = "the figures below are old; this console attaches again by itself"};
        y = system_draw_fault(pane, &lost, host->wall_us, y);
    } else if (!mirror->fault_count) {
        pane_text(pane, 2, y, -1, MEANING_TEXT, "no faults");
        return y + 2;
    }
    for (size_t i = 0; i < mirror->fault_count; i++)
        y = system_draw_fault(pane, &mirror->faults[i], host->wall_us, y);
    return y;
}

static int system_draw_refusals(const struct pane *pane, const struct screen_host *host, int y)
{
    const struct mirror *mirror = host->mirror;
    if (!mirror->refusal_count)
        return y;
    pane_text(pane, 2, y++, -1, MEANING_HEADING, "Refused payloads, by topic");
    for (size_t i = 0; i < mirror->refusal_count; i++) {
        const struct wire_refusal *refusal = &mirror->refusals[i];
        char count[32], last[2 * TIMEFMT_MAX + 8];
        system_format_count(count, sizeof count, refusal->count);
        system_format_since(last, sizeof last, refusal->last_us, host->wall_us);
        int x = 4 + pane_text(pane, 4, y, pane->columns / 2, MEANING_TEXT, refusal->topic) + 2;
        pane_printf(pane, x, y++, -1, MEANING_DIM, "%s times, last at %s", count, last);
        x = 6 + pane_text(pane, 6, y, -1, MEANING_WARNING, refusal->reason) + 2;
        pane_text(pane, x, y++, -1, MEANING_DIM, refusal->excerpt);
    }
    return y + 1;
}

static int system_draw_consoles(const struct pane *pane, const struct screen_host *host, int y)
{
    const struct mirror *mirror = host->mirror;
    pane_text(pane, 2, y++, -1, MEANING_HEADING, "Consoles");
    for (size_t i = 0; i < mirror->console_count; i++, y++) {
        const struct wire_console *console = &mirror->consoles[i];
        char since[2 * TIMEFMT_MAX + 8], sent[32];
        system_format_since(since, sizeof since, console->since_us, host->wall_us);
        system_format_bytes(sent, sizeof sent, console->sent_bytes);
        pane_text(pane, 4, y, 14, MEANING_TEXT, console->user);
        pane_text(pane, 19, y, 10, MEANING_DIM,
                  console->role <= ROLE_ENGINEER ? ROLE_WORDS[console->role] : "?");
        pane_text(pane, 30, y, 26, MEANING_TEXT, console->station);
        pane_printf(pane, 57, y, -1, MEANING_DIM, "%s%s  %s", console->self ? "this one, " : "", since, sent);
    }
    return y + 1;
}

static int system_draw_recorder(const struct pane *pane, const struct screen_host *host, int y)
{
    const struct wire_welcome *welcome = &host->mirror->welcome;
    char started[2 * TIMEFMT_MAX + 8];
    system_format_since(started, sizeof started, welcome->started_us, host->wall_us);
    const struct {
        const char *label, *text;
    } rows[] = {
        {"program", welcome->program},
        {"started", started},
        {"history", welcome->history_path},
        {"configuration", *welcome->config_path ? welcome->config_path : "none"},
    };
    pane_printf(pane, 2, y++, -1, MEANING_HEADING, "Recorder process %u", welcome->pid);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++, y++) {
        pane_text(pane, 4, y, SYSTEM_LABEL, MEANING_DIM, rows[i].label);
        pane_text(pane, 5 + SYSTEM_LABEL, y, -1, MEANING_TEXT, rows[i].text);
    }
    return y;
}

/* ---- the screen ---- */

static void *system_open(struct screen_host *host, uint32_t argument)
{
    (void)host;
    (void)argument;
    return mem_new(1, sizeof(struct system));
}

static void system_clamp(struct system *system)
{
    int most = system->rows - system->pane_rows;
    if (system->scroll > most)
        system->scroll = most;
    if (system->scroll < 0)
        system->scroll = 0;
}

/* Draws everything `scroll` rows higher; the pane clips. Returns the rows of the whole. */
static int system_draw_content(const struct screen_host *host, const struct pane *pane, int scroll)
{
    int y = -scroll;
    y = system_draw_faults(pane, host, y);
    if (host->mirror->has_status)
        y = system_draw_groups(pane, host, y);
    y = system_draw_refusals(pane, host, y);
    y = system_draw_consoles(pane, host, y);
    y = system_draw_recorder(pane, host, y);
    return y + scroll;
}

/* Where we are in what does not fit. */
static void system_draw_handle(const struct system *system, const struct pane *pane)
{
    if (system->rows <= pane->rows || pane->rows < 2)
        return;
    int room = system->rows - pane->rows;
    int y = (pane->rows - 1) * system->scroll / room;
    for (int row = 0; row < pane->rows; row++)
        pane_sign(pane, pane->columns - 1, row, MEANING_FRAME, row == y ? SIGN_SCROLL : SIGN_VERTICAL);
}

static void system_draw(void *state, struct screen_host *host, const struct pane *pane)
{
    struct system *system = state;
    struct pane content = pane_part(pane, 0, 0, pane->columns > 1 ? pane->columns - 1 : 0, -1);
    system->pane_rows = pane->rows;
    int rows = system_draw_content(host, &content, system->scroll);
    bool moved = rows != system->rows;
    system->rows = rows;
    int before = system->scroll;
    system_clamp(system);
    if (moved && before != system->scroll) { /* it became shorter under the cursor */
        pane_fill(&content, 0, 0, content.columns, content.rows, MEANING_TEXT);
        system_draw_content(host, &content, system->scroll);
    }
    system_draw_handle(system, pane);
}

static unsigned system_act(void *state, struct screen_host *host, enum action action)
{
    (void)host;
    struct system *system = state;
    long step;
    if (!rows_step_of_action(action, system->pane_rows, (size_t)system->rows, &step))
        return SCREEN_IGNORED;
    system->scroll += (int)step;
    system_clamp(system);
    return SCREEN_PAINT;
}

static unsigned system_input(void *state, struct screen_host *host, const struct input *input)
{
    if (input->type == INPUT_WHEEL_UP)
        return system_act(state, host, ACTION_UP);
    if (input->type == INPUT_WHEEL_DOWN)
        return system_act(state, host, ACTION_DOWN);
    return SCREEN_IGNORED;
}

/* Once a second: STATUS comes as often. */
static bool system_refresh(void *state, struct screen_host *host)
{
    struct system *system = state;
    int64_t second = host->wall_us / CLOCK_US_PER_SECOND;
    bool paint = second != system->second;
    system->second = second;
    return paint;
}

const struct screen_class SCREEN_CLASS_SYSTEM = {
    .id = SCREEN_SYSTEM,
    .title = "System",
    .where = ACTION_ON_SYSTEM,
    .open = system_open,
    .close = free,
    .draw = system_draw,
    .act = system_act,
    .input = system_input,
    .refresh = system_refresh,
};
