/* Where the history begins in a trend's picture. */
#ifndef UI_SCREENS_TREND_BEGIN_H
#define UI_SCREENS_TREND_BEGIN_H

#include "ui/screens/trend_draw.h"

#include <stddef.h>

/* Says why the left of the picture is empty, in its last row, quietly: nothing is older. Nothing is said while it is not
 * known, or where there is no room. `pane` is that of the chart, which has been drawn. */
void trend_begin_draw(const struct trend_picture *picture, size_t pen_count, const struct pane *pane);

#endif
