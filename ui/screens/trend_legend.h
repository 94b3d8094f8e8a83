/* The foot of the Trends screen: a row for each pen. */
#ifndef UI_SCREENS_TREND_LEGEND_H
#define UI_SCREENS_TREND_LEGEND_H

#include "ui/screens/trend_draw.h"

/* Draws headings and pens into the pane, as many as it has rows for, the selected one among them. */
void trend_legend_draw(struct trend_picture *picture, struct trend_data *data, struct screen_host *host,
                       const struct pane *pane);

/* Digit and meaning of a pen. */
char trend_legend_digit(size_t pen);
enum meaning trend_legend_meaning(size_t pen);

#endif
