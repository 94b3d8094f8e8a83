/* What is going on with the tag on the faceplate (ui/screens/detail.c): its alarms, and what it is set to. */
#ifndef UI_SCREENS_DETAIL_STATE_H
#define UI_SCREENS_DETAIL_STATE_H

#include "ui/canvas.h"
#include "ui/mirror.h"

/* A row for its alarms, where it has limits or an alarm, and one for its setpoint, where it has or reads back one, from row
 * `y` on. Returns the row behind them. */
int detail_draw_state(const struct pane *pane, const struct mirror *mirror, const struct mirror_tag *tag,
                      int y);

/* What the tag is set to, for the bar; NaN where nothing that can be trusted tells that besides its own value. */
double detail_setpoint(const struct mirror *mirror, const struct mirror_tag *tag);

#endif
