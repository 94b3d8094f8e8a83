/* The faceplate: everything known of one tag, always at the same place.
 *
 *     row 0     name, description, area
 *     rows 1-4  value, large, with its place in the range; quality and times beside it
 *     rows 5-13 definition, alarms and setpoint where it has such, payload
 *     the rest  the last minutes: figures and trend
 *
 * What does not fit a low window is left out from below. */
#include "ui/screens/detail_state.h"
#include "ui/screens/detail_trend.h"
#include "ui/screens/screens.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/timefmt.h"
#include "base/utf8.h"
#include "plant/quality.h"
#include "ui/history_reader.h"
#include "ui/link.h"
#include "ui/widgets/bar.h"
#include "ui/widgets/digits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DETAIL_HISTORY_US (10 * CLOCK_US_PER_SECOND) /* how often the history is asked again */
#define DETAIL_VALUE_MAX  30                         /* columns of a value that is written large */
#define DETAIL_BAR_MAX    60

struct detail {
    uint32_t tag;
    struct mirror *mirror; /* both outlive the screen */
    struct link *link;
    int64_t history_asked_us; /* monotonic; 0: not yet */
    uint64_t tag_changes, recent_changes;
    int64_t second;
    char history_error[256]; /* safe; "" when the history could be read */
};

/* ---- one tag, another tag ---- */

static void detail_show(struct detail *detail, struct screen_host *host, uint32_t tag)
{
    detail->tag = tag;
    detail->history_asked_us = 0;
    link_want_detail(host->link, tag);
}

/* From the history comes what was before this screen was opened, and what was conflated on the way to it. */
static void detail_ask_history(struct detail *detail, struct screen_host *host)
{
    if (!host->history)
        return;
    detail->history_asked_us = host->mono_us;
    struct history_request *request = mem_new(1, sizeof *request);
    request->purpose = HISTORY_TREND;
    request->ticket = detail->tag;
    request->from_us = host->wall_us - DETAIL_TREND_US;
    request->to_us = host->wall_us;
    request->tags[0] = detail->tag;
    request->tag_count = 1;
    history_reader_ask(host->history, request);
    free(request);
}

static void detail_history(void *state, struct screen_host *host, const struct history_result *result)
{
    struct detail *detail = state;
    if (result->purpose != HISTORY_TREND || result->ticket != detail->tag)
        return;
    utf8_make_safe(detail->history_error, sizeof detail->history_error, result->error, strlen(result->error));
    if (result->good && host->mirror->watched && host->mirror->watched->id == detail->tag)
        recent_replace(&host->mirror->recent, result->samples, result->sample_count);
}

/* The tag; watched from now on, also when it has come back after the recorder was away. NULL: gone. */
static struct mirror_tag *detail_tag(struct detail *detail, struct screen_host *host)
{
    struct mirror_tag *tag = mirror_find(host->mirror, detail->tag);
    if (host->mirror->watched != tag) {
        mirror_watch(host->mirror, tag);
        detail->history_asked_us = 0;
    }
    if (tag && (!detail->history_asked_us || host->mono_us - detail->history_asked_us >= DETAIL_HISTORY_US))
        detail_ask_history(detail, host);
    return tag;
}

static void *detail_open(struct screen_host *host, uint32_t argument)
{
    struct detail *detail = mem_new(1, sizeof *detail);
    detail->mirror = host->mirror;
    detail->link = host->link;
    detail_show(detail, host, argument);
    return detail;
}

static void detail_close(void *state)
{
    struct detail *detail = state;
    link_want_detail(detail->link, 0);
    mirror_watch(detail->mirror, NULL);
    free(detail);
}

static unsigned detail_act(void *state, struct screen_host *host, enum action action)
{
    struct detail *detail = state;
    if (action != ACTION_NEXT_TAG && action != ACTION_PREVIOUS_TAG)
        return SCREEN_IGNORED;
    uint32_t other = screen_host_neighbour(host, detail->tag, action == ACTION_NEXT_TAG ? 1 : -1);
    if (!other || other == detail->tag)
        return SCREEN_HANDLED;
    detail_show(detail, host, other);
    return SCREEN_PAINT;
}

static bool detail_offers(const void *state, enum action action)
{
    const struct detail *detail = state;
    const struct mirror_tag *tag = mirror_find(detail->mirror, detail->tag);
    return action != ACTION_EDIT || (tag && mirror_tag_giver(detail->mirror, tag));
}

static bool detail_refresh(void *state, struct screen_host *host)
{
    struct detail *detail = state;
    const struct mirror_tag *tag = detail_tag(detail, host);
    uint64_t changes = tag ? tag->changes : 0;
    int64_t second = host->wall_us / CLOCK_US_PER_SECOND;
    bool paint = changes != detail->tag_changes || second != detail->second ||
                 host->mirror->recent.changes != detail->recent_changes;
    detail->tag_changes = changes;
    detail->recent_changes = host->mirror->recent.changes;
    detail->second = second;
    return paint;
}

static uint32_t detail_tag_id(void *state, struct screen_host *host)
{
    (void)host;
    return ((struct detail *)state)->tag;
}

/* ---- value ---- */

/* How the value and the words on its quality are drawn. */
static const struct {
    enum meaning value, quality;
} DETAIL_TRUSTS[] = {
    [MIRROR_BAD] = {MEANING_VALUE_BAD, MEANING_ERROR},
    [MIRROR_UNCERTAIN] = {MEANING_VALUE_UNCERTAIN, MEANING_WARNING},
    [MIRROR_RETAINED] = {MEANING_TEXT, MEANING_TEXT},
    [MIRROR_GOOD] = {MEANING_STRONG, MEANING_TEXT},
    [MIRROR_NO_VALUE] = {MEANING_DIM, MEANING_TEXT},
};

/* Returns the columns taken. */
static int detail_draw_value(const struct pane *pane, const struct mirror_tag *tag, int y)
{
    char value[256];
    int most = pane->columns - 2 < DETAIL_VALUE_MAX ? pane->columns - 2 : DETAIL_VALUE_MAX;
    mirror_tag_value_fit(tag, value, sizeof value, most);
    enum meaning meaning = DETAIL_TRUSTS[mirror_tag_trust(tag)].value;
    int taken;
    if (*value && digits_can_show(value) && digits_columns(value) <= DETAIL_VALUE_MAX) {
        taken = digits_draw(pane, 2, y, meaning, value);
        pane_text(pane, 3 + taken, y + 2, -1, MEANING_DIM, tag->unit);
        return 3 + taken + tag->unit_columns;
    }
    taken = pane_text(pane, 2, y + 1, DETAIL_VALUE_MAX, meaning, *value ? value : "no value");
    pane_text(pane, 3 + taken, y + 1, -1, MEANING_DIM, tag->unit);
    return 3 + taken + tag->unit_columns;
}

/* Lowest of the upper limits, highest of the lower ones: between them is normal. */
static void detail_set_normal_band(const struct mirror_tag *tag, struct bar *bar)
{
    bar->normal_low = bar->normal_high = NAN;
    for (size_t i = 0; i < tag->limit_count; i++) {
        enum alarm_type type = tag->limits[i].type;
        double limit = tag->limits[i].limit;
        if ((type == ALARM_LO || type == ALARM_LOLO) && !(limit <= bar->normal_low))
            bar->normal_low = limit;
        if ((type == ALARM_HI || type == ALARM_HIHI) && !(limit >= bar->normal_high))
            bar->normal_high = limit;
    }
}

static void detail_draw_bar(const struct pane *pane, const struct mirror *mirror,
                            const struct mirror_tag *tag, int y)
{
    char low[NUM_TEXT_MAX], high[NUM_TEXT_MAX];
    double limits[MIRROR_LIMITS_MAX];
    if (!tag->has_range)
        return;
    struct bar bar = {.low = tag->low,
                      .high = tag->high,
                      .value = mirror_tag_pointer(tag),
                      .setpoint = detail_setpoint(mirror, tag),
                      .uncertain = mirror_tag_trust(tag) < MIRROR_RETAINED,
                      .limits = limits};
    for (size_t i = 0; i < tag->limit_count; i++)
        if (tag->limits[i].type <= ALARM_HIHI)
            limits[bar.limit_count++] = tag->limits[i].limit;
    detail_set_normal_band(tag, &bar);
    num_format(low, sizeof low, tag->low, tag->decimals);
    num_format(high, sizeof high, tag->high, tag->decimals);
    int x = 2 + pane_text(pane, 2, y, -1, MEANING_DIM, low) + 1;
    int columns = pane->columns - x - pane_text_columns(pane, high) - 3;
    columns = columns > DETAIL_BAR_MAX ? DETAIL_BAR_MAX : columns;
    bar_draw(pane, x, y, columns, &bar);
    if (columns > 0)
        pane_printf(pane, x + columns + 1, y, -1, MEANING_DIM, "%s %s", high, tag->unit);
}

/* ---- facts ---- */

static void detail_fact(const struct pane *pane, int x, int y, int columns, enum meaning meaning,
                        const char *label, const char *text)
{
    pane_text(pane, x, y, DETAIL_LABEL - 1, MEANING_DIM, label);
    pane_text(pane, x + DETAIL_LABEL, y, columns < 0 ? -1 : columns - DETAIL_LABEL, meaning, text);
}

static void detail_describe_quality(const struct mirror *mirror, const struct mirror_tag *tag, char *out,
                                    size_t size)
{
    char since[TIMEFMT_MAX];
    if (tag->live && tag->quality == QUALITY_UNCERTAIN_INITIAL && tag->type == VALUE_NONE) {
        snprintf(out, size, "never heard"); /* the words of the quality are about a value from the history */
    } else if (mirror_tag_trust(tag) == MIRROR_RETAINED) {
        snprintf(out, size, "retained: the broker kept it%s",
                 mirror_tag_age_is_known(tag) ? "" : ", its age is not known");
    } else if (tag->live) {
        snprintf(out, size, "%s", quality_text(tag->quality));
    } else if (mirror->lost_us) {
        timefmt_local(since, sizeof since, mirror->lost_us, 0);
        snprintf(out, size, "not live: recorder lost at %s", since);
    } else {
        snprintf(out, size, "not live: the snapshot is not complete");
    }
}

static void detail_describe_time(const struct mirror_tag *tag, char *out, size_t size)
{
    char time[TIMEFMT_MAX];
    timefmt_local(time, sizeof time, tag->ts_us, TIMEFMT_DATE | TIMEFMT_MS);
    snprintf(out, size, "%s %s", time, tag->flags & WIRE_FLAG_SOURCE_TIME ? "by source" : "by arrival");
}

static void detail_describe_arrival(const struct screen_host *host, const struct mirror_tag *tag, char *out,
                                    size_t size)
{
    char time[TIMEFMT_MAX], age[TIMEFMT_MAX];
    int64_t span_us = host->wall_us - tag->arrival_us;
    if (!tag->arrival_us) {
        snprintf(out, size, "not since the recorder's start");
        return;
    }
    timefmt_local(time, sizeof time, tag->arrival_us, TIMEFMT_MS);
    timefmt_age(age, sizeof age, span_us > 0 ? span_us : 0);
    snprintf(out, size, "%s, %s ago%s", time, age,
             tag->flags & WIRE_FLAG_BACKLOG ? "; from the backlog" : "");
}

static void detail_draw_now(const struct pane *pane, const struct screen_host *host,
                            const struct mirror_tag *tag, int x, int y)
{
    char text[256];
    enum meaning meaning = DETAIL_TRUSTS[mirror_tag_trust(tag)].quality;
    detail_describe_quality(host->mirror, tag, text, sizeof text);
    detail_fact(pane, x, y, 0, meaning, "quality", "");
    /* A long explanation takes the row of the time, and a time of the source that of the arrival. */
    bool fits = x + DETAIL_LABEL + pane_text_columns(pane, text) <= pane->columns;
    bool timed = tag->ts_us && mirror_tag_age_is_known(tag);
    bool by_source = tag->flags & WIRE_FLAG_SOURCE_TIME;
    pane_paragraph(pane, x + DETAIL_LABEL, y, -1, timed && fits ? 1 : 2, meaning, text);
    if (!tag->ts_us)
        return;
    if (timed && (fits || by_source)) {
        detail_describe_time(tag, text, sizeof text);
        detail_fact(pane, x, fits ? y + 1 : y + 2, -1, MEANING_TEXT, "time", text);
        if (!fits)
            return;
    }
    detail_describe_arrival(host, tag, text, sizeof text);
    detail_fact(pane, x, y + 2, -1, MEANING_TEXT, "arrived", text);
}

static void detail_describe_limits(const struct mirror_tag *tag, char *out, size_t size)
{
    size_t used = 0;
    snprintf(out, size, "none");
    for (size_t i = 0; i < tag->limit_count && used + 1 < size; i++) {
        char number[256];
        mirror_tag_number(tag, tag->limits[i].limit, number, sizeof number);
        int wrote = snprintf(out + used, size - used, "%s%s %s (%s)", i ? ", " : "",
                             ALARM_TYPE_WORDS[tag->limits[i].type], number,
                             ALARM_PRIORITY_WORDS[tag->limits[i].priority]);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
}

static void detail_describe_kind(const struct mirror_tag *tag, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "%s", TAG_KIND_WORDS[tag->kind]);
    for (size_t i = 0; i < tag->state_count && used + 1 < size; i++) {
        char number[NUM_TEXT_MAX];
        num_format(number, sizeof number, tag->states[i].value, -1);
        int wrote =
            snprintf(out + used, size - used, "%s%s %s", i ? ", " : ": ", number, tag->states[i].text);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
}

static void detail_describe_recording(const struct mirror_tag *tag, char *out, size_t size)
{
    char stale[TIMEFMT_MAX] = "never";
    if (tag->stale_after_us)
        timefmt_age(stale, sizeof stale, tag->stale_after_us);
    snprintf(out, size, "%s; stale %s%s", TAG_RECORD_WORDS[tag->record], tag->stale_after_us ? "after " : "",
             stale);
}

/* Where the tag belongs and where its definition comes from. */
static void detail_describe_origin(const struct mirror_tag *tag, char *out, size_t size)
{
    char origin[64] = "discovered";
    if (tag->configured)
        snprintf(origin, sizeof origin, tag->line ? "configured, line %d" : "configured", tag->line);
    snprintf(out, size, " %.200s%s%s%s ", tag->area, *tag->area ? "; " : "", origin,
             tag->writable ? "; has a setpoint" : "");
}

/* Name, description; at the right area and origin where there is room. */
static void detail_draw_title(const struct pane *pane, const struct mirror *mirror,
                              const struct mirror_tag *tag)
{
    char origin[512];
    const struct wire_reservation *edit = mirror_find_reservation(mirror, tag->id);
    pane_rule(pane, 0, 0, -1, tag->name);
    int used = 4 + pane_text_columns(pane, tag->name);
    if (edit && !edit->self)
        used += pane_printf(pane, used, 0, -1, MEANING_WARNING, " %.64s (%.80s) is editing this ",
                            edit->operator_name, edit->station);
    else if (*tag->description)
        used += pane_printf(pane, used, 0, -1, MEANING_DIM, " %s ", tag->description);
    detail_describe_origin(tag, origin, sizeof origin);
    int columns = pane_text_columns(pane, origin), x = pane->columns - columns - 2;
    if (x > used + 1)
        pane_text(pane, x, 0, columns, MEANING_DIM, origin);
}

static int detail_draw_definition(const struct pane *pane, const struct mirror_tag *tag, int y)
{
    char text[1024];
    int half = pane->columns / 2;
    detail_fact(pane, 2, y, -1, MEANING_TEXT, "topic", tag->topic);
    detail_fact(pane, 2, y + 1, half - 3, MEANING_TEXT, "path",
                *tag->path ? tag->path : "(the whole payload)");
    detail_describe_recording(tag, text, sizeof text);
    detail_fact(pane, half, y + 1, -1, MEANING_TEXT, "recorded", text);
    detail_describe_kind(tag, text, sizeof text);
    detail_fact(pane, 2, y + 2, -1, MEANING_TEXT, "kind", text);
    detail_describe_limits(tag, text, sizeof text);
    detail_fact(pane, 2, y + 3, -1, MEANING_TEXT, "limits", text);
    return y + 4;
}

static int detail_draw_payload(const struct pane *pane, const struct screen_host *host,
                               const struct mirror_tag *tag, int y)
{
    const struct wire_detail *detail = &host->mirror->detail;
    char text[256];
    if (detail->tag != tag->id || !tag->live) {
        detail_fact(pane, 2, y, -1, MEANING_DIM, "payload", "");
        detail_fact(pane, 2, y + 1, -1, MEANING_DIM, "messages", "");
        return y + 2;
    }
    detail_fact(pane, 2, y, -1, MEANING_TEXT, "payload", detail->excerpt);
    snprintf(text, sizeof text, "%llu with QoS %u%s, last %llu bytes; %llu samples, %llu late",
             (unsigned long long)detail->messages, detail->qos, detail->retained ? " retained" : "",
             (unsigned long long)detail->payload_bytes, (unsigned long long)detail->samples,
             (unsigned long long)detail->late_samples);
    int taken = DETAIL_LABEL + pane_text_columns(pane, text);
    detail_fact(pane, 2, y + 1, -1, MEANING_TEXT, "messages", text);
    if (detail->refused)
        pane_printf(pane, 2 + taken, y + 1, -1, MEANING_WARNING, "; %llu refused: %s",
                    (unsigned long long)detail->refused, detail->refused_reason);
    return y + 2;
}

/* ---- the screen ---- */

static void detail_draw(void *state, struct screen_host *host, const struct pane *pane)
{
    struct detail *detail = state;
    struct mirror_tag *tag = detail_tag(detail, host);
    if (!tag) {
        pane_text(pane, 2, 1, -1, MEANING_WARNING, "this tag is gone");
        return;
    }
    detail_draw_title(pane, host->mirror, tag);
    int beside = detail_draw_value(pane, tag, 1) + 2;
    if (beside < pane->columns * 2 / 5)
        beside = pane->columns * 2 / 5;
    detail_draw_now(pane, host, tag, beside, 1);
    detail_draw_bar(pane, host->mirror, tag, 4);
    int y = detail_draw_definition(pane, tag, 5);
    y = detail_draw_state(pane, host->mirror, tag, y);
    y = detail_draw_payload(pane, host, tag, y);
    detail_draw_figures(pane, host, tag, detail->history_error, y);
    struct pane trend = pane_part(pane, 0, y + 1, -1, -1);
    detail_draw_trend(&trend, host, tag);
}

const struct screen_class SCREEN_CLASS_DETAIL = {
    .id = SCREEN_DETAIL,
    .title = "Tag",
    .where = ACTION_ON_DETAIL,
    .open = detail_open,
    .close = detail_close,
    .draw = detail_draw,
    .act = detail_act,
    .offers = detail_offers,
    .refresh = detail_refresh,
    .history = detail_history,
    .tag = detail_tag_id,
};
