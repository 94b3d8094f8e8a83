/* What one console still has to be told: a mark per tag, and the frames made from the marked ones. */
#ifndef RECORDER_FEED_H
#define RECORDER_FEED_H

#include "base/buf.h"
#include "plant/plant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum feed_mark { FEED_VALUE = 1, FEED_DEFINITION = 2 };

struct feed {
    uint8_t *marks; /* by tag index: enum feed_mark, or-ed */
    size_t capacity;
    size_t first, end; /* all marks lie in [first, end) */
};

void feed_free(struct feed *feed);

/* Marks one tag. */
void feed_mark(struct feed *feed, size_t index, enum feed_mark mark);

/* Marks everything: a snapshot is nothing else. */
void feed_mark_all(struct feed *feed, const struct plant *plant);

bool feed_is_empty(const struct feed *feed);

/* Appends the frames for at most `max_tags` marked tags and takes their marks away; returns how many it was.
 */
size_t feed_encode(struct feed *feed, const struct plant *plant, size_t max_tags, struct buf *out);

#endif
