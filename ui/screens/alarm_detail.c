/* One alarm: what it means and what to do, its last occurrences, the trend of its tag around that time.
 *
 *     facts (alarm_facts.c)   trend (alarm_past.c)      in a wide window beside each other, else below
 *     last occurrences
 *
 * It is drawn on a sheet of its own, as long as it takes, of which the window shows a part. The alarm is kept when it is
 * over, so that nothing vanishes from under the reader.
 *
 * What must stay true: what is acknowledged is the occurrence that the last picture showed. */
#include "base/clock.h"
#include "base/mem.h"
#include "plant/alarm_event.h"
#include "plant/alarm_state.h"
#include "ui/rows.h"
#include "ui/screens/alarm_facts.h"
#include "ui/screens/alarm_past.h"
#include "ui/screens/alarm_shelve.h"
#include "ui/screens/screens.h"
#include "ui/trend_view.h"
#include "ui/widgets/grid.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DETAIL_WIDE        110 /* columns from which on the trend stands beside the facts */
#define DETAIL_SHEET_ROWS  140 /* facts of some rows each, the trend, HISTORY_OCCURRENCES_MAX */
#define DETAIL_WHEEL_ROWS  3
#define DETAIL_TREND_LEAST 10 /* rows of the trend with its rule and its axis */
#define DETAIL_TREND_MOST  24

struct alarm_detail {
    struct wire_alarm record;   /* a copy; with state ALARM_NORMAL once it is over */
    int64_t shown_activated_us; /* of the last picture */
    struct alarm_past past;
    struct alarm_shelve shelve;
    struct canvas sheet;
    int scroll, rows, pane_rows; /* first row shown, rows of the sheet that are drawn, rows of the window */
    bool at_end;                 /* stays there while the sheet grows */
    uint64_t seen_changes;       /* of the mirror's alarms, plus 1; 0: never looked */
    int64_t second;
};

/* ---- the alarm ---- */

/* By its number; a recorder that was started again may have given that to another one. */
static const struct mirror_alarm *detail_find(const struct alarm_detail *detail, const struct mirror *mirror)
{
    const struct mirror_alarm *alarm = mirror_find_alarm(mirror, detail->record.alarm);
    if (alarm && (!detail->record.address || !strcmp(alarm->record.address, detail->record.address)))
        return alarm;
    for (size_t i = 0; detail->record.address && i < mirror->alarm_count; i++)
        if (!strcmp(mirror->alarms[i]->record.address, detail->record.address))
            return mirror->alarms[i];
    return NULL;
}

static void detail_follow(struct alarm_detail *detail, const struct mirror *mirror)
{
    if (detail->seen_changes == mirror->alarms_changes + 1)
        return;
    detail->seen_changes = mirror->alarms_changes + 1;
    const struct mirror_alarm *alarm = detail_find(detail, mirror);
    if (alarm)
        mirror_hold_alarm(&detail->record, &alarm->record);
    else if (mirror->complete && detail->record.address)
        detail->record.state = ALARM_NORMAL;
}

/* `argument` is the alarm's number plus 1. */
static void *detail_open(struct screen_host *host, uint32_t argument)
{
    struct alarm_detail *detail = mem_new(1, sizeof *detail);
    detail->record.alarm = argument - 1;
    detail_follow(detail, host->mirror);
    canvas_init(&detail->sheet, 0, 0, GLYPH_ASCII); /* takes its form from the window */
    return detail;
}

static void detail_close(void *state)
{
    struct alarm_detail *detail = state;
    mirror_hold_alarm(&detail->record, NULL);
    alarm_past_free(&detail->past);
    alarm_shelve_close(&detail->shelve);
    canvas_free(&detail->sheet);
    free(detail);
}

/* ---- drawing ---- */

static int detail_trend_rows(const struct alarm_detail *detail)
{
    int rows = detail->pane_rows / 2;
    return rows < DETAIL_TREND_LEAST  ? DETAIL_TREND_LEAST
           : rows > DETAIL_TREND_MOST ? DETAIL_TREND_MOST
                                      : rows;
}

/* Returns the row behind all. */
static int detail_draw_sheet(struct alarm_detail *detail, struct screen_host *host, const struct pane *sheet)
{
    const struct alarm_subject subject = {
        .mirror = host->mirror, .record = &detail->record, .wall_us = host->wall_us};
    bool wide = sheet->columns >= DETAIL_WIDE;
    struct pane left = pane_part(sheet, 0, 0, wide ? sheet->columns / 2 : -1, -1);
    int rows = detail_trend_rows(detail);
    alarm_facts_draw_title(sheet, &subject, 0);
    int y = alarm_facts_draw(&left, &subject, 1);
    rows = wide && rows < y - 1 ? y - 1 : rows;
    struct pane trend =
        wide ? pane_part(sheet, left.columns + 1, 1, -1, rows) : pane_part(sheet, 0, y, -1, rows);
    if (alarm_past_draw_trend(&detail->past, host, &detail->record, &trend))
        y = wide ? rows + 1 : y + rows;
    return alarm_past_draw_occurrences(&detail->past, sheet, y);
}

static void detail_clamp(struct alarm_detail *detail)
{
    int most = detail->rows - detail->pane_rows;
    if (detail->scroll > most || detail->at_end)
        detail->scroll = most;
    if (detail->scroll < 0)
        detail->scroll = 0;
}

static void detail_draw(void *state, struct screen_host *host, const struct pane *pane)
{
    struct alarm_detail *detail = state;
    detail_follow(detail, host->mirror);
    if (!detail->record.address) {
        pane_text(pane, 2, 1, -1, MEANING_DIM, "This alarm is over.");
        return;
    }
    struct pane inside = pane_part(pane, 0, 0, pane->columns > 1 ? pane->columns - 1 : 0, -1);
    detail->sheet.level = pane->canvas->level;
    detail->sheet.ascii = pane->canvas->ascii;
    canvas_resize(&detail->sheet, inside.columns, DETAIL_SHEET_ROWS);
    struct pane sheet = pane_whole(&detail->sheet);
    detail->pane_rows = pane->rows;
    detail->rows = detail_draw_sheet(detail, host, &sheet);
    detail_clamp(detail);
    pane_paste(&inside, &detail->sheet, detail->scroll);
    grid_draw_scroll_bar(pane, (size_t)detail->scroll, (size_t)detail->rows);
    detail->shown_activated_us = detail->record.activated_us;
    if (detail->shelve.open)
        alarm_shelve_draw(&detail->shelve, host, pane);
}

/* ---- what keys do ---- */

static void detail_acknowledge(const struct alarm_detail *detail, struct screen_host *host)
{
    const struct wire_alarm *record = &detail->record;
    enum alarm_state state = (enum alarm_state)record->state;
    char line[HISTORY_NAME_MAX + 32];
    if (state == ALARM_NORMAL || alarm_state_is_withheld(state)) {
        screen_host_say(host, MEANING_WARNING, "It is %s: there is nothing to acknowledge.",
                        alarm_state_word(state));
        return;
    }
    if (!detail->shown_activated_us) {
        screen_host_say(host, MEANING_WARNING, "It is not on the screen yet: look, then press again.");
        return;
    }
    snprintf(line, sizeof line, "%s\t%" PRId64 "%s", record->address, detail->shown_activated_us,
             state == ALARM_LATCHED_ACKNOWLEDGED ? "\treset" : "");
    screen_host_request(host, &(struct wire_ask){.action = WIRE_ACTION_ACKNOWLEDGE, .argument = line});
}

static void detail_shelve(struct alarm_detail *detail, struct screen_host *host, enum wire_action action)
{
    if (detail->record.state == ALARM_NORMAL)
        screen_host_say(host, MEANING_WARNING, "It is normal: only alarms that stand are withheld here.");
    else
        alarm_shelve_open(&detail->shelve, host, action, detail->record.address, 1);
}

/* From the shelf; when it is not there, into service. */
static void detail_put_back(const struct alarm_detail *detail, struct screen_host *host)
{
    const struct wire_alarm *record = &detail->record;
    enum wire_action action = record->shelf_until_us ? WIRE_ACTION_UNSHELVE : WIRE_ACTION_IN_SERVICE;
    if (!record->shelf_until_us && !(record->withheld & ALARM_BY_OPERATOR))
        screen_host_say(host, MEANING_WARNING,
                        "It is not shelved, and no operator has taken it out of service.");
    else
        screen_host_request(host,
                            &(struct wire_ask){.action = (uint32_t)action, .argument = record->address});
}

/* The tag's trend when it came. */
static void detail_show_trend(const struct alarm_detail *detail, struct screen_host *host)
{
    const struct mirror_tag *tag = mirror_find(host->mirror, detail->record.tag);
    if (!tag) {
        screen_host_say(host, MEANING_MESSAGE, "It is an alarm of hmi itself: it has no trend.");
        return;
    }
    trend_view_show(host->trends, tag->id, detail->record.activated_us, host->wall_us);
    screen_host_open(host, SCREEN_TRENDS, 0);
}

static bool detail_move(struct alarm_detail *detail, enum action action)
{
    long step;
    if (!rows_step_of_action(action, detail->pane_rows, (size_t)detail->rows, &step))
        return false;
    detail->at_end = action == ACTION_END;
    detail->scroll += (int)step;
    detail_clamp(detail);
    return true;
}

static unsigned detail_act(void *state, struct screen_host *host, enum action action)
{
    struct alarm_detail *detail = state;
    if (detail_move(detail, action))
        return SCREEN_PAINT;
    switch (action) {
    case ACTION_ACKNOWLEDGE:
        detail_acknowledge(detail, host);
        return SCREEN_PAINT;
    case ACTION_SHELVE:
        detail_shelve(detail, host, WIRE_ACTION_SHELVE);
        return SCREEN_PAINT;
    case ACTION_OUT_OF_SERVICE:
        detail_shelve(detail, host, WIRE_ACTION_OUT_OF_SERVICE);
        return SCREEN_PAINT;
    case ACTION_UNSHELVE:
        detail_put_back(detail, host);
        return SCREEN_PAINT;
    case ACTION_TREND:
        detail_show_trend(detail, host);
        return SCREEN_PAINT;
    case ACTION_FACEPLATE:
        if (mirror_find(host->mirror, detail->record.tag))
            screen_host_open(host, SCREEN_DETAIL, detail->record.tag);
        else
            screen_host_say(host, MEANING_MESSAGE, "It is an alarm of hmi itself: it has no tag.");
        return SCREEN_PAINT;
    default:
        return SCREEN_IGNORED;
    }
}

static unsigned detail_input(void *state, struct screen_host *host, const struct input *input)
{
    struct alarm_detail *detail = state;
    bool sent;
    if (detail->shelve.open)
        return alarm_shelve_input(&detail->shelve, host, input, &sent);
    if (input->type != INPUT_WHEEL_UP && input->type != INPUT_WHEEL_DOWN)
        return SCREEN_IGNORED;
    detail->at_end = false;
    detail->scroll += input->type == INPUT_WHEEL_UP ? -DETAIL_WHEEL_ROWS : DETAIL_WHEEL_ROWS;
    detail_clamp(detail);
    return SCREEN_PAINT;
}

/* Spans and the live end of the trend move with the seconds. */
static bool detail_refresh(void *state, struct screen_host *host)
{
    struct alarm_detail *detail = state;
    int64_t second = host->wall_us / CLOCK_US_PER_SECOND;
    bool paint = second != detail->second || detail->seen_changes != host->mirror->alarms_changes + 1;
    detail->second = second;
    return paint;
}

static void detail_lock(void *state)
{
    alarm_shelve_close(&((struct alarm_detail *)state)->shelve);
}

static void detail_history(void *state, struct screen_host *host, const struct history_result *result)
{
    (void)host;
    alarm_past_answer(&((struct alarm_detail *)state)->past, result);
}

static const struct screen_key *detail_keys(const void *state)
{
    return ((const struct alarm_detail *)state)->shelve.open ? alarm_shelve_keys() : NULL;
}

/* What can be done to it the way it stands. */
static bool detail_offers(const void *state, enum action action)
{
    const struct wire_alarm *record = &((const struct alarm_detail *)state)->record;
    enum alarm_state is = (enum alarm_state)record->state;
    switch (action) {
    case ACTION_ACKNOWLEDGE:
        return alarm_state_waits(is) || is == ALARM_LATCHED_ACKNOWLEDGED;
    case ACTION_SHELVE:
    case ACTION_OUT_OF_SERVICE:
        return is != ALARM_NORMAL;
    case ACTION_UNSHELVE:
        return record->shelf_until_us || record->withheld & ALARM_BY_OPERATOR;
    case ACTION_FACEPLATE:
    case ACTION_TREND:
        return record->tag != 0;
    default:
        return true;
    }
}

static uint32_t detail_tag(void *state, struct screen_host *host)
{
    (void)host;
    return ((const struct alarm_detail *)state)->record.tag;
}

const struct screen_class SCREEN_CLASS_ALARM = {
    .id = SCREEN_ALARM,
    .title = "Alarm",
    .where = ACTION_ON_ALARM,
    .open = detail_open,
    .close = detail_close,
    .draw = detail_draw,
    .act = detail_act,
    .input = detail_input,
    .keys = detail_keys,
    .offers = detail_offers,
    .refresh = detail_refresh,
    .history = detail_history,
    .lock = detail_lock,
    .tag = detail_tag,
};
