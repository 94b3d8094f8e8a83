#include "ui/screens/alarm_past.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/timefmt.h"
#include "base/utf8.h"
#include "ui/screens/tag_chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAST_SPAN_US                                                                                         \
    (10 * CLOCK_US_PER_MINUTE) /* of the trend; the activation in its middle, once it is over */
#define PAST_AGAIN_US      (5 * CLOCK_US_PER_SECOND) /* a picture that reaches to the present is asked for again */
#define PAST_LOST_US       (60 * CLOCK_US_PER_SECOND) /* no answer will come any more: the file is another one */
#define PAST_LABEL_COLUMNS 9

void alarm_past_free(struct alarm_past *past)
{
    free(past->occurrences);
    free(past->columns);
    *past = (struct alarm_past){0};
}

/* ---- asking ---- */

/* The tag's name as the journal has it. */
static const char *past_tag_name(const struct screen_host *host, const struct wire_alarm *record)
{
    const struct mirror_tag *tag = mirror_find(host->mirror, record->tag);
    return !record->tag ? "system" : tag ? tag->name : "";
}

static void past_ask(struct alarm_past *past, struct screen_host *host, const struct wire_alarm *record,
                     const struct plot_grid *grid)
{
    struct history_request *request = mem_new(1, sizeof *request);
    *request = (struct history_request){
        .purpose = HISTORY_ALARM, .ticket = ++past->ticket, .grid = *grid, .tag_count = grid->count ? 1 : 0};
    request->tags[0] = record->tag;
    request->to_us = host->wall_us < plot_grid_end_us(grid) ? host->wall_us : plot_grid_end_us(grid);
    snprintf(request->tag_name, sizeof request->tag_name, "%s", past_tag_name(host, record));
    snprintf(request->alarm, sizeof request->alarm, "%s", record->address);
    history_reader_ask(host->history, request);
    free(request);
    past->waiting = true;
    past->asked_us = host->mono_us;
    past->asked = *grid;
    past->seen_activated_us = record->activated_us;
    past->seen_state = record->state;
}

static void past_follow(struct alarm_past *past, struct screen_host *host, const struct wire_alarm *record,
                        const struct plot_grid *grid)
{
    int64_t age_us = host->mono_us - past->asked_us;
    bool same = past->asked.start_us == grid->start_us && past->asked.width_us == grid->width_us &&
                past->asked.count == grid->count;
    bool news = past->seen_activated_us != record->activated_us || past->seen_state != record->state;
    if (!host->history)
        return;
    /* A live picture moves on by a column now and then; news is written before it is told, so that one question
     * is enough. */
    if (!past->asked_us || news || (!same && past->asked.count != grid->count) ||
        (!past->waiting && age_us >= PAST_AGAIN_US) || age_us >= PAST_LOST_US)
        past_ask(past, host, record, grid);
}

bool alarm_past_answer(struct alarm_past *past, const struct history_result *result)
{
    if (result->purpose != HISTORY_ALARM || result->ticket != past->ticket)
        return false;
    past->waiting = false;
    utf8_make_safe(past->error, sizeof past->error, result->error, strlen(result->error));
    if (!result->good)
        return true;
    free(past->occurrences);
    past->occurrence_count = result->occurrence_count;
    past->occurrences = mem_new(result->occurrence_count + 1, sizeof *past->occurrences);
    memcpy(past->occurrences, result->occurrences, result->occurrence_count * sizeof *past->occurrences);
    free(past->columns);
    past->grid = result->grid;
    past->columns = mem_new(result->grid.count + 1, sizeof *past->columns);
    if (result->columns)
        memcpy(past->columns, result->columns, result->grid.count * sizeof *past->columns);
    return true;
}

/* ---- trend ---- */

static struct plot_grid past_grid(const struct screen_host *host, const struct wire_alarm *record,
                                  size_t count)
{
    int64_t end_us = record->activated_us + PAST_SPAN_US / 2;
    return plot_grid_ending(end_us < host->wall_us ? end_us : host->wall_us, PAST_SPAN_US, count);
}

/* The limit as it was then, where it is not one of the tag's. */
static void past_mark_limit(struct tag_chart *tag_chart, const struct wire_alarm *record)
{
    struct chart *chart = &tag_chart->chart;
    for (size_t i = 0; i < chart->mark_count; i++)
        if (chart->marks[i].value == record->limit)
            return;
    if (isnan(record->limit) || chart->mark_count == MIRROR_LIMITS_MAX || record->type > ALARM_HIHI)
        return;
    tag_chart->marks[chart->mark_count++] =
        (struct chart_mark){record->limit, ALARM_TYPE_WORDS[record->type]};
}

static void past_draw_chart(const struct alarm_past *past, struct tag_chart *tag_chart,
                            struct mirror_tag *tag, const struct wire_alarm *record, const struct pane *pane)
{
    struct series_span spans[CHART_SPANS_MAX];
    uint8_t faults[CHART_SPANS_MAX];
    struct chart_pen pen = {.spans = spans, .faults = faults, .meaning = MEANING_CHART};
    struct chart *chart = &tag_chart->chart;
    plot_line(past->columns, &past->grid, mirror_tag_is_sloped(tag), spans);
    tag_chart_find_faults(past->columns, spans, past->grid.count, faults);
    past_mark_limit(tag_chart, record);
    int64_t column = plot_grid_column(&past->grid, record->activated_us);
    chart->pens = &pen;
    chart->pen_count = 1;
    tag_chart_set_names(tag_chart, tag, past->grid.count, record->limit); /* of a state alarm: the state */
    chart->from_us = past->grid.start_us;
    chart->to_us = plot_grid_end_us(&past->grid);
    chart->has_cursor = column >= 0 && column < (int64_t)past->grid.count;
    chart->cursor = chart->has_cursor ? (size_t)column : 0;
    chart_draw(pane, chart);
}

bool alarm_past_draw_trend(struct alarm_past *past, struct screen_host *host, const struct wire_alarm *record,
                           const struct pane *pane)
{
    struct mirror_tag *tag = mirror_find(host->mirror, record->tag);
    struct plot_grid grid = {0};
    struct tag_chart tag_chart;
    struct chart_area area = {0};
    char title[256];
    struct pane plot = pane_part(pane, 0, 1, -1, -1);
    bool drawn = tag && tag->kind != TAG_TEXT && record->activated_us;
    if (drawn) {
        tag_chart_init(&tag_chart, tag, PAST_LABEL_COLUMNS);
        area = chart_area(&plot, &tag_chart.chart);
    }
    if (area.spans)
        grid = past_grid(host, record, area.spans);
    past_follow(past, host, record, &grid);
    if (!area.spans)
        return false;
    snprintf(title, sizeof title, "%.180s around that time%s", tag->name, past->columns ? "" : ": loading");
    pane_rule(pane, 0, 0, -1, title);
    if (past->columns && past->grid.count == area.spans)
        past_draw_chart(past, &tag_chart, tag, record, &plot);
    return true;
}

/* ---- occurrences ---- */

enum { PAST_CAME = 2, PAST_STOOD = 27, PAST_WHO = 36 };

/* What became of it, in words. */
static void past_describe_acknowledgement(const struct query_occurrence *occurrence, bool newest, char *out,
                                          size_t size)
{
    char after[TIMEFMT_MAX];
    if (!occurrence->acknowledged_us) {
        snprintf(out, size, "%s",
                 occurrence->withheld ? "nobody was told: it was withheld"
                 : newest             ? "not yet"
                                      : "not acknowledged");
        return;
    }
    int64_t span_us = occurrence->acknowledged_us - occurrence->activated_us;
    timefmt_age(after, sizeof after, span_us > 0 ? span_us : 0);
    snprintf(out, size, "%s, after %s", occurrence->acknowledged_by, after);
}

static void past_draw_occurrence(const struct query_occurrence *occurrence, bool newest,
                                 const struct pane *pane, int y)
{
    char came[TIMEFMT_MAX], stood[TIMEFMT_MAX], who[QUERY_OPERATOR_MAX + TIMEFMT_MAX + 16];
    timefmt_local(came, sizeof came, occurrence->activated_us, TIMEFMT_DATE | TIMEFMT_MS);
    if (occurrence->cleared_us)
        timefmt_age(stood, sizeof stood, occurrence->cleared_us - occurrence->activated_us);
    else
        snprintf(stood, sizeof stood, "%s", newest ? "stands" : "?");
    past_describe_acknowledgement(occurrence, newest, who, sizeof who);
    pane_text(pane, PAST_CAME, y, PAST_STOOD - PAST_CAME - 1, MEANING_TEXT, came);
    pane_text(pane, PAST_STOOD, y, PAST_WHO - PAST_STOOD - 1, MEANING_TEXT, stood);
    pane_text(pane, PAST_WHO, y, -1, occurrence->acknowledged_us ? MEANING_TEXT : MEANING_DIM, who);
}

int alarm_past_draw_occurrences(const struct alarm_past *past, const struct pane *pane, int y)
{
    const char *why = past->occurrences ? "none is in the journal yet" : past->asked_us ? "loading" : "";
    pane_rule(pane, 0, y++, -1, "Last occurrences");
    if (*past->error)
        pane_printf(pane, PAST_CAME, y++, -1, MEANING_WARNING, "history: %s", past->error);
    else if (!past->occurrence_count)
        pane_text(pane, PAST_CAME, y++, -1, MEANING_DIM, why);
    if (!past->occurrence_count)
        return y;
    pane_text(pane, PAST_CAME, y, -1, MEANING_HEADING, "CAME");
    pane_text(pane, PAST_STOOD, y, -1, MEANING_HEADING, "STOOD");
    pane_text(pane, PAST_WHO, y++, -1, MEANING_HEADING, "ACKNOWLEDGED");
    for (size_t i = 0; i < past->occurrence_count; i++)
        past_draw_occurrence(&past->occurrences[i], i == 0, pane, y++);
    return y;
}
