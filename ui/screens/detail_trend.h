/* The last minutes of the tag on the faceplate (ui/screens/detail.c): figures, and the trend. Drawn from the
 * mirror's samples of the tag that is watched. */
#ifndef UI_SCREENS_DETAIL_TREND_H
#define UI_SCREENS_DETAIL_TREND_H

#include "base/clock.h"
#include "ui/canvas.h"
#include "ui/mirror.h"
#include "ui/screen.h"

#define DETAIL_TREND_US (10 * CLOCK_US_PER_MINUTE) /* the most that the trend and its figures cover */
#define DETAIL_LABEL    12                         /* columns of a label */

/* A rule in row `y` with the figures of the time that the trend covers; `history_error` ("": none) below it. */
void detail_draw_figures(const struct pane *pane, const struct screen_host *host,
                         const struct mirror_tag *tag, const char *history_error, int y);

/* The trend, over the whole pane; nothing for a text tag or in fewer than three rows. */
void detail_draw_trend(const struct pane *pane, const struct screen_host *host, struct mirror_tag *tag);

#endif
