#include "ui/screens/alarm_facts.h"

#include "base/num.h"
#include "base/timefmt.h"
#include "plant/alarm_event.h"
#include "plant/alarm_state.h"
#include "ui/alarm_banner.h"
#include "ui/screens/alarm_cells.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FACT_MAX   4608 /* bytes: more than the longest text of a record */
#define FACT_LABEL 13   /* columns */
#define FACT_ROWS  8    /* of one fact */

typedef void fact_text(const struct alarm_subject *subject, char *out, size_t size);

static const struct mirror_tag *fact_tag(const struct alarm_subject *subject)
{
    return subject->record->tag ? mirror_find(subject->mirror, subject->record->tag) : NULL;
}

/* A number with the unit; as the tag shows numbers. */
static void fact_number(const struct alarm_subject *subject, double number, char *out, size_t size)
{
    const struct mirror_tag *tag = fact_tag(subject);
    char text[256];
    if (!tag) {
        num_format(out, size, number, -1);
        return;
    }
    mirror_tag_number(tag, number, text, sizeof text);
    snprintf(out, size, "%.200s%s%.50s", text, *tag->unit ? " " : "", tag->unit);
}

/* "2026-11-22 03:12:40.123" */
static void fact_time(int64_t ts_us, char out[TIMEFMT_MAX])
{
    timefmt_local(out, TIMEFMT_MAX, ts_us, TIMEFMT_DATE | TIMEFMT_MS);
}

static void fact_span(int64_t span_us, char out[TIMEFMT_MAX])
{
    timefmt_age(out, TIMEFMT_MAX, span_us > 0 ? span_us : 0);
}

/* ---- the facts ---- */

static void fact_state(const struct alarm_subject *subject, char *out, size_t size)
{
    static const char *const WORDS[ALARM_STATES] = {
        [ALARM_NORMAL] = "over: it is normal again",
        [ALARM_UNACKNOWLEDGED] = "UNACKNOWLEDGED: it stands, and nobody has acknowledged it",
        [ALARM_ACKNOWLEDGED] = "acknowledged: it stands",
        [ALARM_RETURNED] = "RETURNED: it has gone, and still is to be acknowledged",
        [ALARM_LATCHED] = "LATCHED: it has gone, and is to be acknowledged, then reset",
        [ALARM_LATCHED_ACKNOWLEDGED] = "latched, acknowledged: it has gone, and is to be reset",
        [ALARM_SHELVED] = "shelved",
        [ALARM_SUPPRESSED] = "suppressed by design",
        [ALARM_OUT_OF_SERVICE] = "out of service",
    };
    const struct wire_alarm *record = subject->record;
    bool withheld = alarm_state_is_withheld((enum alarm_state)record->state);
    snprintf(out, size, "%s%s%s%s", WORDS[record->state], withheld ? ": nobody is told; underneath, it " : "",
             !withheld        ? ""
             : record->active ? "stands"
                              : "is normal",
             mirror_alarm_is_stale(subject->mirror, record) ? " (may be out of date)" : "");
}

static void fact_came(const struct alarm_subject *subject, char *out, size_t size)
{
    const struct wire_alarm *record = subject->record;
    char came[TIMEFMT_MAX], span[TIMEFMT_MAX], cleared[TIMEFMT_MAX];
    out[0] = '\0';
    if (!record->activated_us)
        return;
    fact_time(record->activated_us, came);
    if (record->active) {
        fact_span(subject->wall_us - record->activated_us, span);
        snprintf(out, size, "%s, stands for %s", came, span);
    } else if (record->cleared_us >= record->activated_us && record->cleared_us) {
        enum { DAY = 10 }; /* columns of a date; the same one is not said twice */
        fact_time(record->cleared_us, cleared);
        fact_span(record->cleared_us - record->activated_us, span);
        snprintf(out, size, "%s, went at %s, after %s", came,
                 cleared + (strncmp(came, cleared, DAY) ? 0 : DAY + 1), span);
    } else {
        snprintf(out, size, "%s", came);
    }
}

static void fact_value(const struct alarm_subject *subject, char *out, size_t size)
{
    const struct wire_alarm *record = subject->record;
    const struct mirror_tag *tag = fact_tag(subject);
    char then[256] = "", now[256];
    out[0] = '\0';
    if (!tag)
        return;
    mirror_alarm_value_now(subject->mirror, record, now, sizeof now);
    if (!isnan(record->value))
        fact_number(subject, record->value, then, sizeof then);
    snprintf(out, size, "%s%s%s%s%s now", then,
             *then ? (record->active ? " when it came, " : " when it went, ") : "", *now ? now : "no value",
             *now && *tag->unit ? " " : "", *now ? tag->unit : "");
}

/* What it takes for it to come and to go. */
static void fact_terms(const struct alarm_subject *subject, char *out, size_t size)
{
    const struct wire_alarm *record = subject->record;
    char limit[256] = "", deadband[256] = "", on[TIMEFMT_MAX], off[TIMEFMT_MAX];
    out[0] = '\0';
    if (!record->tag)
        return; /* hmi sets it itself */
    size_t used = (size_t)snprintf(out, size, "%s", alarm_type_word((enum alarm_type)record->type));
    if (!isnan(record->limit)) {
        fact_number(subject, record->limit, limit, sizeof limit);
        used += (size_t)snprintf(out + used, size - used, " %s", limit);
    }
    if (*record->compared_with)
        used += (size_t)snprintf(out + used, size - used, " (of %.255s)", record->compared_with);
    if (record->deadband > 0) {
        fact_number(subject, record->deadband, deadband, sizeof deadband);
        used += (size_t)snprintf(out + used, size - used, ", deadband %s", deadband);
    }
    fact_span(record->on_delay_us, on);
    fact_span(record->off_delay_us, off);
    if (record->on_delay_us)
        used += (size_t)snprintf(out + used, size - used, ", comes after %s", on);
    if (record->off_delay_us)
        used += (size_t)snprintf(out + used, size - used, ", goes after %s", off);
    if (record->latching)
        snprintf(out + used, size - used, ", latching");
}

static void fact_priority(const struct alarm_subject *subject, char *out, size_t size)
{
    snprintf(out, size, "%s", ALARM_PRIORITY_WORDS[subject->record->priority]);
}

static void fact_message(const struct alarm_subject *subject, char *out, size_t size)
{
    mirror_alarm_message(subject->mirror, subject->record, out, size);
}

static void fact_guidance(const struct alarm_subject *subject, char *out, size_t size)
{
    snprintf(out, size, "%s", subject->record->guidance);
}

static void fact_acknowledged(const struct alarm_subject *subject, char *out, size_t size)
{
    const struct wire_alarm *record = subject->record;
    char when[TIMEFMT_MAX], after[TIMEFMT_MAX];
    if (alarm_state_waits((enum alarm_state)record->state) || !record->acknowledged_us ||
        record->acknowledged_us < record->activated_us) {
        snprintf(out, size, "%s", alarm_state_waits((enum alarm_state)record->state) ? "not yet" : "");
        return;
    }
    timefmt_local(when, sizeof when, record->acknowledged_us, TIMEFMT_DATE);
    fact_span(record->acknowledged_us - record->activated_us, after);
    snprintf(out, size, "by %s at %s, after %s", record->acknowledged_by, when, after);
}

static void fact_chatter(const struct alarm_subject *subject, char *out, size_t size)
{
    const struct wire_alarm *record = subject->record;
    char rate[64] = "again and again";
    out[0] = '\0';
    if (!record->chattering)
        return;
    if (record->chatter_rate)
        snprintf(rate, sizeof rate, "%u times a minute", record->chatter_rate);
    snprintf(out, size, "comes %s: %sa wider deadband or longer delays would mend it", rate,
             record->shelf_until_us ? "" : "z shelves it until it is seen to; ");
}

static void fact_first(const struct alarm_subject *subject, char *out, size_t size)
{
    const struct wire_alarm *record = subject->record;
    out[0] = '\0';
    if (record->first_out)
        snprintf(out, size, "of %s %s: the others may follow from it", *record->group ? "group" : "area",
                 *record->group ? record->group : record->area);
}

static void fact_shelf(const struct alarm_subject *subject, char *out, size_t size)
{
    const struct wire_alarm *record = subject->record;
    char until[TIMEFMT_MAX], left[TIMEFMT_MAX];
    out[0] = '\0';
    if (!record->shelf_until_us)
        return;
    timefmt_local(until, sizeof until, record->shelf_until_us, TIMEFMT_DATE);
    fact_span(record->shelf_until_us - subject->wall_us, left);
    snprintf(out, size, "until %s, for %s yet%s, by %s: %s", until, left,
             record->shelf_once ? ", or until it clears" : "", record->shelved_by, record->shelf_reason);
}

static void fact_suppression(const struct alarm_subject *subject, char *out, size_t size)
{
    const struct wire_alarm *record = subject->record;
    out[0] = '\0';
    if (*record->suppressed_by)
        snprintf(out, size, "%s%s", record->withheld & ALARM_BY_DESIGN ? "because " : "when ",
                 record->suppressed_by);
}

static void fact_picture(const struct alarm_subject *subject, char *out, size_t size)
{
    snprintf(out, size, "%s", subject->record->display);
}

/* Where the alarm is written: "/etc/hmi/hmi.cfg:123". */
static void fact_origin(const struct alarm_subject *subject, char *out, size_t size)
{
    const struct wire_alarm *record = subject->record;
    const char *path = subject->mirror->welcome.config_path;
    out[0] = '\0';
    if (!record->tag)
        snprintf(out, size, "hmi itself");
    else if (record->line)
        snprintf(out, size, "%s:%u", path ? path : "", record->line);
}

static const struct {
    const char *label;
    fact_text *text;
} FACTS[] = {
    {"state", fact_state},       {"message", fact_message},
    {"guidance", fact_guidance}, {"came", fact_came},
    {"value", fact_value},       {"acknowledged", fact_acknowledged},
    {"shelved", fact_shelf},     {"chattering", fact_chatter},
    {"came first", fact_first},  {"suppressed", fact_suppression},
    {"condition", fact_terms},   {"priority", fact_priority},
    {"picture", fact_picture},   {"written in", fact_origin},
};

/* ---- drawing ---- */

void alarm_facts_draw_title(const struct pane *pane, const struct alarm_subject *subject, int y)
{
    const struct wire_alarm *record = subject->record;
    enum alarm_state state = (enum alarm_state)record->state;
    const char *mark = alarm_banner_mark((enum alarm_priority)record->priority);
    char title[1024];
    snprintf(title, sizeof title, "%s %s", mark, record->address);
    pane_rule(pane, 0, y, -1, title);
    enum meaning meaning =
        alarm_banner_meaning((enum alarm_priority)record->priority, alarm_state_waits(state));
    int used = 4 + pane_text_columns(pane, title);
    pane_text(pane, 3, y, -1, meaning, mark);
    int columns = pane_text_columns(pane, record->area) + 2, x = pane->columns - columns - 2;
    if (*record->area && x > used + 1)
        pane_printf(pane, x, y, columns, MEANING_DIM, " %s ", record->area);
}

int alarm_facts_draw(const struct pane *pane, const struct alarm_subject *subject, int y)
{
    for (size_t i = 0; i < sizeof FACTS / sizeof *FACTS; i++) {
        char text[FACT_MAX];
        FACTS[i].text(subject, text, sizeof text);
        if (!*text)
            continue;
        pane_text(pane, 2, y, FACT_LABEL, MEANING_DIM, FACTS[i].label);
        y += pane_paragraph(pane, 2 + FACT_LABEL, y, pane->columns - FACT_LABEL - 3, FACT_ROWS,
                            i ? MEANING_TEXT : MEANING_STRONG, text);
    }
    return y;
}
