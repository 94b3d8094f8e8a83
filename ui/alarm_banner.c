#include "ui/alarm_banner.h"

#include "base/timefmt.h"
#include "plant/alarm_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *alarm_banner_mark(enum alarm_priority priority)
{
    static const char *const MARKS[] = {
        [PRIORITY_JOURNAL] = " - ", [PRIORITY_LOW] = " 4 ",      [PRIORITY_MEDIUM] = "(3)",
        [PRIORITY_HIGH] = "<2>",    [PRIORITY_CRITICAL] = "[1]",
    };
    return MARKS[priority];
}

/* Of one that waits: " RETURNED" where its condition has gone, "" where it stands. */
static const char *banner_gone(const struct wire_alarm *alarm)
{
    return alarm->state == ALARM_RETURNED ? " RETURNED" : alarm->state == ALARM_LATCHED ? " LATCHED" : "";
}

static bool banner_is_worse(const struct wire_alarm *alarm, const struct mirror_alarm *than)
{
    if (!than || alarm->priority != than->record.priority)
        return !than || alarm->priority > than->record.priority;
    bool gone = *banner_gone(alarm);
    if (gone != (*banner_gone(&than->record) != '\0'))
        return !gone;
    return alarm->activated_us > than->record.activated_us;
}

static void banner_count(struct alarm_banner *banner, const struct mirror_alarm *alarm)
{
    const struct wire_alarm *record = &alarm->record;
    enum alarm_state state = (enum alarm_state)record->state;
    banner->shelved += state == ALARM_SHELVED;
    banner->suppressed += state == ALARM_SUPPRESSED;
    banner->out_of_service += state == ALARM_OUT_OF_SERVICE;
    if (alarm_state_is_withheld(state) || record->priority == PRIORITY_JOURNAL)
        return;
    banner->standing[record->priority]++;
    if (!alarm_state_waits(state))
        return;
    banner->waiting[record->priority]++;
    if (banner_is_worse(record, banner->worst))
        banner->worst = alarm;
}

bool alarm_banner_update(struct alarm_banner *banner, const struct mirror *mirror)
{
    if (banner->seen != mirror->alarms_changes + 1) {
        *banner = (struct alarm_banner){.seen = mirror->alarms_changes + 1};
        for (size_t i = 0; i < mirror->alarm_count; i++)
            banner_count(banner, mirror->alarms[i]);
    }
    banner->flood = mirror->attached && mirror->status.alarm_flood_since_us;
    banner->lately = mirror->status.alarms_lately;
    bool due = banner->shelved > 0 || banner->flood;
    for (int i = PRIORITY_LOW; i <= PRIORITY_CRITICAL; i++)
        due |= banner->standing[i] > 0;
    return due;
}

enum meaning alarm_banner_meaning(enum alarm_priority priority, bool waits)
{
    static const enum meaning MEANINGS[] = {
        [PRIORITY_JOURNAL] = MEANING_DIM,
        [PRIORITY_LOW] = MEANING_ALARM_LOW,
        [PRIORITY_MEDIUM] = MEANING_ALARM_MEDIUM,
        [PRIORITY_HIGH] = MEANING_ALARM_HIGH,
        [PRIORITY_CRITICAL] = MEANING_ALARM_CRITICAL,
    };
    return waits ? MEANINGS[priority] : MEANING_DIM;
}

/* What stands at the right. In a narrow window the same in fewer columns, for the worst alarm comes first. */
struct banner_piece {
    char text[48];
    enum meaning meaning;
    int columns;
};

#define BANNER_PIECES_MAX 8
#define BANNER_TIME_FROM  45 /* columns for the worst one that have room for its time */

struct banner_pieces {
    struct banner_piece list[BANNER_PIECES_MAX];
    size_t count;
    int columns;
};

static void __attribute__((format(printf, 3, 4)))
banner_add(struct banner_pieces *pieces, enum meaning meaning, const char *format, ...)
{
    struct banner_piece *piece = &pieces->list[pieces->count++];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(piece->text, sizeof piece->text, format, arguments);
    va_end(arguments);
    piece->meaning = meaning;
    piece->columns = (int)strlen(piece->text);
    pieces->columns += piece->columns + 1;
}

/* Of a priority "[1] 2/5": so many of so many wait to be acknowledged. */
static void banner_collect(struct banner_pieces *pieces, const struct alarm_banner *banner, int64_t silent_us,
                           bool brief)
{
    char left[TIMEFMT_MAX];
    pieces->count = 0;
    pieces->columns = 0;
    if (banner->flood)
        banner_add(pieces, MEANING_BANNER, brief ? "FLOOD %llu" : " FLOOD: %llu in 10 min ",
                   (unsigned long long)banner->lately);
    for (int i = PRIORITY_CRITICAL; i >= PRIORITY_LOW; i--)
        if (banner->standing[i])
            banner_add(pieces, alarm_banner_meaning((enum alarm_priority)i, banner->waiting[i] > 0),
                       "%s%s%zu/%zu", alarm_banner_mark((enum alarm_priority)i), brief ? "" : " ",
                       banner->waiting[i], banner->standing[i]);
    if (silent_us > 0) {
        timefmt_age(left, sizeof left, silent_us);
        banner_add(pieces, MEANING_STRONG, brief ? "mute %s" : "bell off %s", left);
    }
    if (banner->shelved)
        banner_add(pieces, MEANING_DIM, "shelved %zu", banner->shelved);
}

/* From the right; returns where they begin. */
static int banner_draw_pieces(const struct pane *pane, const struct banner_pieces *pieces)
{
    int x = pane->columns - pieces->columns;
    x = x > 0 ? x : 0;
    for (size_t i = 0, at = (size_t)x; i < pieces->count; i++) {
        pane_text(pane, (int)at, 0, -1, pieces->list[i].meaning, pieces->list[i].text);
        at += (size_t)pieces->list[i].columns + 1;
    }
    return x;
}

/* Mark, whether it stands, time, address, value now and message of the worst one; where a flood leaves little room, no
 * time. One that has gone says so, and only its mark has the colour: it is to be acknowledged, and no more. */
static void banner_draw_worst(const struct pane *pane, int columns, const struct wire_alarm *alarm,
                              const struct mirror *mirror)
{
    const struct mirror_tag *tag = mirror_find(mirror, alarm->tag);
    char when[TIMEFMT_MAX] = "", value[256], message[1024], text[2048];
    const char *mark = alarm_banner_mark((enum alarm_priority)alarm->priority), *gone = banner_gone(alarm);
    enum meaning loud = alarm_banner_meaning((enum alarm_priority)alarm->priority, true);
    enum meaning meaning = *gone ? MEANING_TEXT : loud;
    const char *unit = tag ? tag->unit : "";
    if (columns >= BANNER_TIME_FROM)
        timefmt_local(when, sizeof when, alarm->activated_us, 0);
    mirror_alarm_value_now(mirror, alarm, value, sizeof value);
    mirror_alarm_message(mirror, alarm, message, sizeof message);
    snprintf(text, sizeof text, "%s %s %s%s%.255s%s%s%s%s%.60s  %s", mark,
             glyph_sign(*gone ? SIGN_OFF : SIGN_ON, pane_level(pane)), when, *when ? " " : "", alarm->address,
             gone,
             !*value ? ""
             : *gone ? ", now "
                     : " ",
             value, *value && *unit ? " " : "", *value ? unit : "", message);
    pane_fill(pane, 0, 0, columns, 1, meaning);
    pane_text(pane, 0, 0, columns, meaning, text);
    pane_text(pane, 0, 0, columns, loud, mark);
}

void alarm_banner_draw(const struct pane *pane, const struct alarm_banner *banner,
                       const struct mirror *mirror, int64_t silent_us)
{
    struct banner_pieces pieces;
    pane_fill(pane, 0, 0, -1, 1, MEANING_TEXT);
    banner_collect(&pieces, banner, silent_us, false);
    if (pieces.columns > pane->columns / 2)
        banner_collect(&pieces, banner, silent_us, true);
    int end = banner_draw_pieces(pane, &pieces) - 1;
    if (banner->worst && end > 12)
        banner_draw_worst(pane, end, &banner->worst->record, mirror);
    else if (end > 12)
        pane_text(pane, 0, 0, end, MEANING_DIM, "alarms: all are acknowledged");
}
