/* What happened before the console attached: asks the history reader for the last minutes of the tags on the
 * screen, and puts what it answers into the mirror, so that no trend is empty after a restart. */
#ifndef UI_BACKFILL_H
#define UI_BACKFILL_H

#include "ui/history_reader.h"
#include "ui/mirror.h"

#include <stddef.h>
#include <stdint.h>

#define BACKFILL_TREND_US INT64_C(600000000) /* the faceplate's trend: 10 minutes */

/* Asks for the small trends of those tags that have none from the history yet. Call it with the tags on the
 * screen as often as they are drawn; it asks seldom. `reader` may be NULL. */
void backfill_visible(struct history_reader *reader, struct mirror *mirror, struct mirror_tag *const *tags,
                      size_t count, int64_t now_us);

/* Asks for the samples of the watched tag. */
void backfill_watched(struct history_reader *reader, struct mirror *mirror, int64_t now_us);

/* Puts in what the reader has. Call it when its descriptor is readable; true when something changed. */
bool backfill_take(struct history_reader *reader, struct mirror *mirror);

#endif
