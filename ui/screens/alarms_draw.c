#include "ui/screens/alarms_internal.h"

#include "base/timefmt.h"
#include "ui/alarm_filter.h"
#include "ui/link.h"
#include "ui/screens/alarm_cells.h"
#include "ui/screens/alarm_journal.h"

#include <stdio.h>
#include <string.h>

static void alarms_draw_tabs(struct alarms_screen *screen, const struct pane *pane)
{
    static const char *const TITLES[ALARMS_TABS] = {"Standing", "Shelved and suppressed", "Journal"};
    int x = 1;
    for (int i = 0; i < ALARMS_TABS; i++) {
        bool here = screen->tab == (enum alarms_tab)i;
        char title[64], count[24] = "";
        if (i < ALARMS_LISTS)
            snprintf(count, sizeof count, " %zu", screen->lists[i].all_count);
        snprintf(title, sizeof title, "%s%s%s%s", here ? "[" : " ", TITLES[i], count, here ? "]" : " ");
        x += pane_text(pane, x, 0, -1, here ? MEANING_SORTED : MEANING_DIM, title);
        screen->tab_x[i] = x;
    }
    /* The key bar has no room for these. */
    const char *hint = alarms_list(screen) ? "Tab next list  Space mark" : "Tab next list";
    if (pane->columns - x > (int)strlen(hint) + 2)
        pane_text_right(pane, 0, 0, pane->columns - 1, MEANING_DIM, hint);
}

/* Why there is nothing to see, and what would change that. */
static void alarms_draw_empty(const struct alarm_list *list, const struct screen_host *host,
                              const struct pane *pane)
{
    const struct mirror *mirror = host->mirror;
    if (link_is_starting(host->link, host->mono_us)) {
        pane_text(pane, 2, 1, -1, MEANING_DIM, "attaching…");
    } else if (!mirror->attached) {
        pane_paragraph(pane, 2, 1, pane->columns - 4, pane->rows - 1, MEANING_TEXT, link_text(host->link));
    } else if (!mirror->complete) {
        pane_text(pane, 2, 1, -1, MEANING_DIM, "The recorder sends its alarms ...");
    } else if (list->all_count) {
        pane_printf(pane, 2, 1, -1, MEANING_TEXT, "No alarm matches \"%s\".", list->filter);
        pane_printf(pane, 2, 2, -1, MEANING_DIM, "Escape shows all %zu again.", list->all_count);
    } else {
        pane_text(pane, 2, 1, -1, MEANING_DIM,
                  list->withheld ? "No alarm is shelved, suppressed or out of service." : "No alarms stand.");
    }
}

/* What the row of the cursor has no room for. */
static void alarms_draw_current(const struct screen_host *host, const struct alarm_list *list,
                                const struct pane *pane, int x, int y, int room)
{
    const struct mirror_alarm *alarm = alarm_list_current(list, host->mirror);
    if (alarm_list_current_group(list))
        pane_text(pane, x, y, room, MEANING_DIM, "Enter folds and unfolds, - and + all; g one list");
    char since[TIMEFMT_MAX], limit[256], advice[512], message[1024];
    if (!alarm || room < 1)
        return;
    const struct wire_alarm *record = &alarm->record;
    alarm_cells_advice(record, advice, sizeof advice);
    if (*advice) {
        int used = pane_text(pane, x, y, room, MEANING_WARNING, advice) + 2;
        x += used;
        room -= used;
    }
    if (room < 1)
        return;
    mirror_alarm_limit(host->mirror, record, limit, sizeof limit);
    timefmt_local(since, sizeof since, record->activated_us, TIMEFMT_DATE | TIMEFMT_MS);
    mirror_alarm_message(host->mirror, record, message, sizeof message);
    pane_printf(pane, x, y, room, MEANING_TEXT, "%s  %s%s%s%s", message, *limit ? "limit " : "", limit,
                *limit ? "  " : "", record->activated_us ? since : "");
}

/* Where the cursor is in the list, and what is wrong with the filter. */
static void alarms_describe_place(struct alarms_screen *screen, char *out, size_t size)
{
    const struct alarm_list *list = alarms_list(screen);
    const struct journal_list *journal = &screen->journal;
    out[0] = '\0';
    if (list ? !list->row_count && !*list->filter : !journal->count && !journal->more)
        return; /* nothing to have a place in */
    if (!list)
        snprintf(out, size, "%zu/%zu%s", journal->count ? journal->cursor + 1 : 0, journal->count,
                 journal->more ? "+" : "");
    else if (list->grouped)
        snprintf(out, size, "%zu in %zu area%s", list->found_count, list->groups.count,
                 list->groups.count == 1 ? "" : "s");
    else if (*list->filter)
        snprintf(out, size, "%zu/%zu of %zu", list->row_count ? list->cursor + 1 : 0, list->row_count,
                 list->all_count);
    else
        snprintf(out, size, "%zu/%zu", list->row_count ? list->cursor + 1 : 0, list->row_count);
}

static const char *alarms_filter_fault(struct alarms_screen *screen)
{
    return alarms_list(screen) ? alarm_filter_fault(alarms_list(screen)->filter)
                               : screen->journal.search.fault;
}

/* What can be typed (ui/alarm_filter.h, ui/journal_entry.h), as long as nothing is. */
#define ALARMS_FILTER_HINT "words, and area:boiler priority:2 state:unack"
#define ALARMS_SEARCH_HINT "words, and from:14:30 to:yesterday from:-8h tag:boiler operator:alice"

/* The line at the foot: what is typed, how many are marked, or what the cursor is on; and the place in the list. */
static void alarms_draw_foot(struct alarms_screen *screen, const struct screen_host *host,
                             const struct pane *pane, int y)
{
    const struct alarm_list *list = alarms_list(screen);
    const char *fault = alarms_filter_fault(screen), *filter = alarms_filter(screen);
    char place[64];
    alarms_describe_place(screen, place, sizeof place);
    pane_text_right(pane, 0, y, pane->columns - 1, MEANING_DIM, place);
    int room = pane->columns - (int)strlen(place) - 3, x = 1;
    if (*fault) {
        room -= (int)strlen(fault) + 2;
        pane_text(pane, room + 2, y, -1, MEANING_WARNING, fault);
    }
    if (screen->typing) {
        x += pane_text(pane, x, y, room, MEANING_KEY, "/");
        line_editor_draw(&screen->filter, pane, x, y, room - 1);
        if (!*screen->filter.text)
            pane_text(pane, x + 2, y, room - 3, MEANING_DIM, list ? ALARMS_FILTER_HINT : ALARMS_SEARCH_HINT);
        return;
    }
    if (*filter)
        x += pane_printf(pane, x, y, room, MEANING_MATCH, "/%s", filter) + 2;
    if (list && list->mark_count && x < room)
        x += pane_printf(pane, x, y, room - x + 1, MEANING_STRONG, "%zu marked", list->mark_count) + 2;
    if (list)
        alarms_draw_current(host, list, pane, x, y, room - x + 1);
    else
        alarm_journal_draw_current(&screen->journal, host->mirror, pane, x, y, room - x + 1);
}

static void alarms_draw_list(struct alarms_screen *screen, struct screen_host *host, const struct pane *body)
{
    struct alarm_list *list = alarms_list(screen);
    alarm_list_scroll(list, (size_t)screen->rows);
    if (list->row_count)
        alarm_cells_draw(&(struct alarm_cells){.mirror = host->mirror,
                                               .list = list,
                                               .wall_us = host->wall_us,
                                               .memory = &screen->widths[screen->tab]},
                         body);
    else
        alarms_draw_empty(list, host, body);
    alarm_list_show(list, (size_t)screen->rows, host->mono_us);
}

void alarms_draw_all(struct alarms_screen *screen, struct screen_host *host, const struct pane *pane)
{
    struct pane body = pane_part(pane, 0, 1, -1, pane->rows - 2);
    screen->rows = body.rows > 1 ? body.rows - 1 : 0;
    alarms_draw_tabs(screen, pane);
    if (alarms_list(screen))
        alarms_draw_list(screen, host, &body);
    else
        alarm_journal_draw(&screen->journal, host, &screen->widths[ALARMS_JOURNAL], &body);
    alarms_draw_foot(screen, host, pane, pane->rows - 1);
    if (screen->shelve.open)
        alarm_shelve_draw(&screen->shelve, host, &body);
}
