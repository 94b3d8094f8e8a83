/* Which values the axis of a pen reaches over. Pens of one unit share a scale, so that they can be compared. */
#ifndef UI_SCREENS_TREND_SCALE_H
#define UI_SCREENS_TREND_SCALE_H

#include "ui/screens/trend_draw.h"

/* Sets the scales of all pens for a plot of so many rows: by their tags' ranges, or by what is visible. */
void trend_scale_set(struct trend_picture *picture, const struct trend_view *view, int rows);

/* Where a pen with texts is drawn on its scale from 0 to 1: a text has no height, and several pens lie apart. */
double trend_scale_text_level(size_t pen);

/* True when both are drawn on one scale. */
bool trend_scale_is_shared(const struct mirror_tag *one, const struct mirror_tag *other);

#endif
