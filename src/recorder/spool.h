/* Batches that wait in memory while the disk is slow or fails: a bounded queue. What does not fit is counted
 * and becomes a gap as soon as there is room again; what happened to alarms is bounded by itself; definitions of tags
 * and gaps are kept even then, for they are few. Pure. */
#ifndef RECORDER_SPOOL_H
#define RECORDER_SPOOL_H

#include "plant/batch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPOOL_SAMPLES_MAX UINT64_C(1000000)
#define SPOOL_TEXT_MAX    (UINT64_C(64) << 20) /* bytes of text values */

/* Entries of the journal, and states of alarms: each; 60 MB at most. At a rate that operators can follow (12 alarms an
 * hour, of some three entries each) that is weeks; in a flood of 10,000 alarms, one that comes and goes. What does not fit
 * is counted and told. */
#define SPOOL_ENTRIES_MAX UINT64_C(50000)

struct spool {
    struct batch **batches; /* owned; the oldest first */
    size_t count, capacity;
    uint64_t samples, text_bytes;
    uint64_t entries;      /* of the journal */
    uint64_t lost_entries; /* of the journal, since the start */
    bool lost_states;      /* of alarms; false again once the owner has stored them anew */
    uint64_t lost;         /* samples since the start */
    uint64_t lost_now;     /* samples since the gap that is open began; 0: none is open */
    int64_t lost_from_us;  /* wall */
};

/* Releases the batches; a spool begins as zero bytes. */
void spool_free(struct spool *spool);

/* Takes the batch over at the end of the queue; it began to fill at `since_wall_us`.
 * What does not fit of its entries of the journal, the latest of them, is dropped and counted, and with it its states of
 * alarms are.
 * When its samples do not fit they are dropped and counted, and a gap begins there;
 * a gap that ended before is noted in it. */
void spool_put(struct spool *spool, struct batch *batch, int64_t since_wall_us);

/* The oldest batch, which stays where it is; NULL when the spool is empty. */
static inline const struct batch *spool_first(const struct spool *spool)
{
    return spool->count ? spool->batches[0] : NULL;
}

/* The oldest batch, which the caller then owns; NULL when the spool is empty. */
struct batch *spool_take(struct spool *spool);

/* True when one of the bounds is reached: samples or bytes of texts. */
bool spool_is_full(const struct spool *spool);

/* Ends the gap that is open, if any: writes it into `batch`. Returns whether there was one. */
bool spool_end_gap(struct spool *spool, struct batch *batch, int64_t now_wall_us);

#endif
