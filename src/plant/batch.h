/* A batch: what the loop hands over to the writer whole, to be committed in one transaction: samples, tags
 * that are new or newly described, gaps. Nobody but its holder touches it. */
#ifndef PLANT_BATCH_H
#define PLANT_BATCH_H

#include "base/buf.h"
#include "plant/tagdef.h"
#include "plant/value.h"

#include <stdint.h>

struct batch_sample {
    int64_t ts_us; /* source time where the payload had one, else arrival */
    double number;
    uint32_t tag_id;
    uint32_t quality;
    uint32_t text_offset, text_length; /* VALUE_TEXT: bytes inside `texts` */
    uint8_t type;                      /* enum value_type; VALUE_NONE is stored as NULL */
};

struct batch_tag {
    uint32_t id;
    struct tag_def def; /* owned copy */
};

struct batch_gap {
    int64_t start_us, end_us;
    char reason[96]; /* "recorder stopped", "broker away", "spool overflow: 1234 samples" */
};

struct batch {
    struct batch_sample *samples;
    size_t count, capacity;
    struct buf texts;
    struct batch_tag *tags;
    size_t tag_count, tag_capacity;
    struct batch_gap *gaps;
    size_t gap_count, gap_capacity;
    int64_t first_mono_us; /* when the first sample came, on the clock that never steps; 0: empty */
    uint64_t qos_messages; /* messages with QoS 1 or 2 whose acknowledgement waits for this batch */
};

/* An empty batch. Release with batch_free(), which takes NULL, too. */
struct batch *batch_new(void);
void batch_free(struct batch *batch);

/* Empties it for reuse, keeping the memory (but not more than a busy second's worth). */
void batch_clear(struct batch *batch);

/* Forgets the samples alone, with the memory beyond the same bound: tags and gaps stay. */
void batch_drop_samples(struct batch *batch);

/* True when there is nothing to commit: no samples, tags or gaps. */
bool batch_is_empty(const struct batch *batch);

/* A sample of the tag with that id at `ts_us` (UTC); a text is copied. */
void batch_add_sample(struct batch *batch, uint32_t tag_id, int64_t ts_us, const struct value *value,
                      uint32_t quality);

/* Copies all samples of another batch behind those of this one. */
void batch_add_samples(struct batch *batch, const struct batch *from);

/* Registers or describes a tag:
 * its row is written (inserted or updated, by id) before the samples. Copies `def`. */
void batch_add_tag(struct batch *batch, uint32_t id, const struct tag_def *def);

/* A stretch of time that was not recorded.
 * Given again with the same start and reason and a later end, it grows. */
void batch_add_gap(struct batch *batch, int64_t start_us, int64_t end_us, const char *reason);

/* The value of a sample; a text points into the batch. */
struct value batch_sample_value(const struct batch *batch, const struct batch_sample *sample);

#endif
