/* The texts of a pen that has texts: each stands over the pen's line, from where it became valid. */
#ifndef UI_SCREENS_TREND_TEXTS_H
#define UI_SCREENS_TREND_TEXTS_H

#include "ui/screens/trend_draw.h"

/* Draws what has room beside the others and covers nothing; a sign alone where there is none for the text. After the
 * chart. */
void trend_texts_draw(const struct trend_picture *picture, const struct trend_data *data, size_t pen,
                      const struct pane *pane);

#endif
