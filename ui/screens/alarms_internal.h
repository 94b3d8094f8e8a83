/* What the files of the Alarms screen share; nobody else includes it.
 *
 *   alarms.c         keys, requests, which list is shown
 *   alarms_draw.c    the picture: titles, rows or why there are none, the line at the foot
 *   alarm_cells.c    rows of alarms
 *   alarm_journal.c  rows of the journal
 *   alarm_shelve.c   the dialogue that shelves, or takes out of service
 */
#ifndef UI_SCREENS_ALARMS_INTERNAL_H
#define UI_SCREENS_ALARMS_INTERNAL_H

#include "base/buf.h"
#include "ui/alarm_list.h"
#include "ui/journal_list.h"
#include "ui/line_editor.h"
#include "ui/screen.h"
#include "ui/screens/alarm_shelve.h"
#include "ui/widgets/grid.h"

#include <stdbool.h>

enum alarms_tab {
    ALARMS_STANDING,
    ALARMS_WITHHELD,
    ALARMS_LISTS, /* of alarms */
    ALARMS_JOURNAL = ALARMS_LISTS,
    ALARMS_TABS
};

struct alarms_screen {
    enum alarms_tab tab;
    struct alarm_list lists[ALARMS_LISTS];
    struct journal_list journal;
    struct grid_memory widths[ALARMS_TABS];
    struct line_editor filter;
    bool typing;            /* into the filter */
    int rows;               /* of alarms that the last picture had room for */
    int tab_x[ALARMS_TABS]; /* where the tabs' titles end in the last picture */
    struct buf lines;       /* of the request that is being made */
    struct alarm_shelve shelve;
};

/* The list of this tab; NULL: it is the journal. */
static inline struct alarm_list *alarms_list(struct alarms_screen *screen)
{
    return screen->tab < ALARMS_LISTS ? &screen->lists[screen->tab] : NULL;
}

/* The filter of this tab; "" when there is none. */
static inline const char *alarms_filter(struct alarms_screen *screen)
{
    return alarms_list(screen) ? alarms_list(screen)->filter : screen->journal.filter;
}

/* Draws the screen into the whole pane; its lists are up to date. Notes what is to be seen, for keys to mean it. */
void alarms_draw_all(struct alarms_screen *screen, struct screen_host *host, const struct pane *pane);

#endif
