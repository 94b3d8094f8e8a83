#include "ui/screens/alarm_shelve.h"

#include "base/mem.h"
#include "base/timefmt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHELVE_COLUMNS 66
#define SHELVE_ROWS    11
#define SHELVE_LABEL   10 /* columns of the labels */

void alarm_shelve_open(struct alarm_shelve *shelve, const struct screen_host *host, enum wire_action action,
                       const char *addresses, size_t count)
{
    alarm_shelve_close(shelve);
    *shelve = (struct alarm_shelve){
        .open = true, .action = action, .addresses = mem_copy_text(addresses), .count = count};
    if (action == WIRE_ACTION_SHELVE)
        shelve_entry_open(&shelve->entry, host->mirror->welcome.shelve_max_us);
    else
        shelve_entry_open_reason(&shelve->entry);
}

void alarm_shelve_close(struct alarm_shelve *shelve)
{
    free(shelve->addresses);
    *shelve = (struct alarm_shelve){.open = false};
}

static void shelve_send(struct alarm_shelve *shelve, struct screen_host *host)
{
    const struct shelve_entry *entry = &shelve->entry;
    screen_host_request(host, &(struct wire_ask){.action = (uint32_t)shelve->action,
                                                 .argument = shelve->addresses,
                                                 .span_us = entry->spans_us[entry->span],
                                                 .once = entry->once,
                                                 .reason = entry->reason.text});
    alarm_shelve_close(shelve);
}

unsigned alarm_shelve_input(struct alarm_shelve *shelve, struct screen_host *host, const struct input *input,
                            bool *sent)
{
    *sent = false;
    switch (shelve_entry_key(&shelve->entry, input)) {
    case SHELVE_SEND:
        *sent = true;
        shelve_send(shelve, host);
        return SCREEN_PAINT;
    case SHELVE_CLOSE:
        alarm_shelve_close(shelve);
        return SCREEN_PAINT;
    case SHELVE_CHANGED:
        return SCREEN_PAINT;
    default:
        return SCREEN_HANDLED; /* no key reaches what lies below */
    }
}

static void shelve_draw_label(const struct pane *pane, int y, const struct shelve_entry *entry,
                              enum shelve_field field, const char *label)
{
    bool here = entry->field == field;
    pane_printf(pane, 1, y, SHELVE_LABEL, here ? MEANING_STRONG : MEANING_DIM, "%s %s", here ? ">" : " ",
                label);
}

static void shelve_draw_span(const struct pane *pane, int y, const struct shelve_entry *entry,
                             int64_t wall_us)
{
    char span[TIMEFMT_MAX], max[TIMEFMT_MAX], until[TIMEFMT_MAX];
    int64_t span_us = entry->spans_us[entry->span];
    timefmt_age(span, sizeof span, span_us);
    timefmt_age(max, sizeof max, entry->max_us);
    timefmt_local(until, sizeof until, wall_us + span_us, TIMEFMT_DATE);
    shelve_draw_label(pane, y, entry, SHELVE_SPAN, "for");
    pane_printf(pane, 2 + SHELVE_LABEL, y, -1, MEANING_STRONG, "%s %-5s %s", entry->span ? "<" : " ", span,
                entry->span + 1 < entry->span_count ? ">" : " ");
    pane_printf(pane, 13 + SHELVE_LABEL, y, -1, MEANING_DIM, "until %.16s%s%s%s", until,
                entry->max_us ? "   (at most " : "", entry->max_us ? max : "", entry->max_us ? ")" : "");
}

/* For how long: what is entered of it, or that it has no end of its own. */
static void shelve_draw_duration(const struct pane *pane, const struct shelve_entry *entry, int64_t wall_us)
{
    if (entry->only_reason) {
        pane_text(pane, 2, 1, -1, MEANING_TEXT, "Nobody is told of it until a supervisor puts it back (u),");
        pane_text(pane, 2, 2, -1, MEANING_TEXT, "restarts of the recorder included.");
        return;
    }
    shelve_draw_span(pane, 1, entry, wall_us);
    shelve_draw_label(pane, 2, entry, SHELVE_ONCE, "one-shot");
    pane_text(pane, 2 + SHELVE_LABEL, 2, -1, entry->once ? MEANING_STRONG : MEANING_TEXT,
              entry->once ? "[x] ends when the condition goes, then at the latest"
                          : "[ ] lasts, whatever the condition does");
}

static void shelve_draw_fields(const struct pane *pane, const struct shelve_entry *entry, int64_t wall_us)
{
    shelve_draw_duration(pane, entry, wall_us);
    shelve_draw_label(pane, 3, entry, SHELVE_REASON, "reason");
    if (entry->field == SHELVE_REASON)
        line_editor_draw(&entry->reason, pane, 2 + SHELVE_LABEL, 3, pane->columns - SHELVE_LABEL - 4);
    else
        pane_text(pane, 2 + SHELVE_LABEL, 3, pane->columns - SHELVE_LABEL - 4, MEANING_TEXT,
                  *entry->reason.text ? entry->reason.text : "...");
    pane_text(pane, 2 + SHELVE_LABEL, 5, -1, MEANING_ERROR, entry->message);
    pane_text(pane, 2, 7, -1, MEANING_DIM,
              entry->only_reason ? "Enter: take out of service   Escape: nothing is done"
              : entry->field == SHELVE_REASON
                  ? "Enter: shelve   Escape: nothing is done"
                  : "Left, Right: choose   Enter: next   Escape: nothing is done");
}

void alarm_shelve_draw(const struct alarm_shelve *shelve, const struct screen_host *host,
                       const struct pane *pane)
{
    char title[96];
    const char *verb = shelve->action == WIRE_ACTION_SHELVE ? "Shelve" : "Out of service:";
    if (shelve->count == 1)
        snprintf(title, sizeof title, "%s %.46s", verb, shelve->addresses);
    else
        snprintf(title, sizeof title, "%s %zu alarms", verb, shelve->count);
    struct pane inside = pane_dialogue(pane, SHELVE_COLUMNS, SHELVE_ROWS, title);
    shelve_draw_fields(&inside, &shelve->entry, host->wall_us);
}

const struct screen_key *alarm_shelve_keys(void)
{
    static const struct screen_key KEYS[] = {{"Escape", "Back"}, {0}};
    return KEYS;
}
