/* What is known of one alarm, in words: a row or more for each fact, a fact that says nothing left out. */
#ifndef UI_SCREENS_ALARM_FACTS_H
#define UI_SCREENS_ALARM_FACTS_H

#include "ui/canvas.h"
#include "ui/mirror.h"

#include <stdint.h>

/* What the facts are about; valid during the call. */
struct alarm_subject {
    const struct mirror *mirror;
    const struct wire_alarm *record; /* with state ALARM_NORMAL: as it last was, and it is over */
    int64_t wall_us;
};

/* A rule in row `y` with the alarm's mark, address and, where there is room, area. */
void alarm_facts_draw_title(const struct pane *pane, const struct alarm_subject *subject, int y);

/* From row `y` on; returns the row behind them. */
int alarm_facts_draw(const struct pane *pane, const struct alarm_subject *subject, int y);

#endif
