/* The journal, the third list of the Alarms screen. */
#ifndef UI_SCREENS_ALARM_JOURNAL_H
#define UI_SCREENS_ALARM_JOURNAL_H

#include "ui/canvas.h"
#include "ui/journal_list.h"
#include "ui/screen.h"
#include "ui/widgets/grid.h"

/* Heading in row 0 of `pane`, then the rows, or why there are none; asks for what is missing. */
void alarm_journal_draw(struct journal_list *list, struct screen_host *host, struct grid_memory *widths,
                        const struct pane *pane);

/* What the row of the cursor has no room for, in one line; values in the words of the tag's states. */
void alarm_journal_draw_current(const struct journal_list *list, const struct mirror *mirror,
                                const struct pane *pane, int x, int y, int columns);

/* The tag that the entry under the cursor is about; 0: none that is there. */
uint32_t alarm_journal_tag(const struct journal_list *list, const struct mirror *mirror);

#endif
