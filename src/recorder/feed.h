/* What one console still has to be told: a mark per tag, and the frames made from the marked ones. They are
 * told in a ring: a tag that changes all the time goes to the end, so that none waits behind busier ones. Of
 * the `count` tags marked at one moment each is among the next `count` that are encoded. */
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
    size_t count;  /* tags that carry a mark */
    size_t cursor; /* where the search for marked tags goes on */
};

/* Releases the marks; a feed begins as zero bytes. */
void feed_free(struct feed *feed);

/* Marks one tag. */
void feed_mark(struct feed *feed, size_t index, enum feed_mark mark);

/* Marks everything: a snapshot is nothing else. */
void feed_mark_all(struct feed *feed, const struct plant *plant);

/* The next marked ones, at most `room`, whose marks are taken away; the search goes on behind the last one the next
 * time. Returns how many. */
size_t feed_take(struct feed *feed, uint32_t *indexes, size_t room);

/* Appends the frames for at most `max_tags` marked tags and takes their marks away;
 * returns how many it was. */
size_t feed_encode(struct feed *feed, const struct plant *plant, size_t max_tags, struct buf *out);

#endif
