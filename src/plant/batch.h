/* A batch: what the loop hands over to the writer whole, to be committed in one transaction: samples, tags
 * that are new or newly described, gaps, what happened to alarms. Nobody but its holder touches it. */
#ifndef PLANT_BATCH_H
#define PLANT_BATCH_H

#include "base/buf.h"
#include "plant/alarm_event.h"
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

/* The reason of a gap that a clock which was set ahead has left. */
#define BATCH_GAP_CLOCK "clock set ahead"

struct batch_gap {
    int64_t start_us, end_us;
    char reason[96]; /* "recorder stopped", "broker away", "spool overflow: 1234 samples" */
};

/* An entry of the journal; its texts lie in batch.words (see batch_event()). */
struct batch_event {
    struct alarm_event event;
    uint32_t tag, alarm, operator, station, detail; /* 0: none */
    struct command_record *command;                 /* owned; NULL: none */
};

/* Where an alarm stands; one that is normal and one that is gone leave the file. */
struct batch_alarm {
    uint32_t alarm_id; /* in the engine */
    uint32_t tag_id;   /* 0: of hmi itself */
    enum alarm_type type;
    bool gone;
    uint32_t word, message; /* in batch.words; see batch_word() */
    struct alarm_status status;
    struct alarm_texts texts;
};

/* What the configuration says of an alarm (plant/alarm_terms.h). */
struct batch_terms {
    uint32_t tag_id;
    uint32_t word, terms; /* in batch.words; `terms` 0: nothing any more */
};

struct batch {
    struct batch_sample *samples;
    size_t count, capacity;
    struct buf texts;
    struct batch_tag *tags;
    size_t tag_count, tag_capacity;
    struct batch_gap *gaps;
    size_t gap_count, gap_capacity;
    struct batch_event *events;
    size_t event_count, event_capacity;
    struct batch_alarm *alarms; /* of two of one alarm the later one counts */
    size_t alarm_count, alarm_capacity;
    struct batch_terms *terms; /* likewise */
    size_t terms_count, terms_capacity;
    struct buf words;      /* texts of events, alarms and terms, each with its NUL */
    int64_t first_mono_us; /* when the first sample came, on the clock that never steps; 0: empty */
    uint64_t qos_messages; /* messages with QoS 1 or 2 whose acknowledgement waits for this batch */
};

/* An empty batch. Release with batch_free(), which takes NULL, too. */
struct batch *batch_new(void);
void batch_free(struct batch *batch);

/* Empties it for reuse, keeping the memory (but not more than a busy second's worth). */
void batch_clear(struct batch *batch);

/* Forgets the samples alone, with the memory beyond the same bound: all else stays. */
void batch_drop_samples(struct batch *batch);

/* Forgets the entries of the journal behind the first `kept`, and with them the states of alarms and their terms, for these
 * are what came of the entries. */
void batch_cut_journal(struct batch *batch, size_t kept);

/* Forgets the entries of the journal, the states of alarms and their terms. */
void batch_drop_journal(struct batch *batch);

/* True when there is nothing to commit: no samples, tags, gaps, events, alarms or terms. */
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

/* The clock was set back to `now_us`: what was told as a gap beyond it, because the clock was ahead, is none. */
void batch_cut_gaps(struct batch *batch, int64_t now_us);

/* An entry for the journal; texts and command are copied, but for `event`, which is a literal. */
void batch_add_event(struct batch *batch, const struct alarm_event *event);

/* Where an alarm stands now; `word` and `message` (may be NULL) are copied. */
void batch_add_alarm(struct batch *batch, const struct batch_alarm *alarm, const char *word,
                     const char *message);

/* What the configuration says of an alarm now; copied. `terms` NULL: nothing any more. */
void batch_add_terms(struct batch *batch, uint32_t tag_id, const char *word, const char *terms);

/* An entry with its texts, which point into the batch. */
struct alarm_event batch_event(const struct batch *batch, size_t index);

/* A text of batch.words; NULL for 0. */
const char *batch_word(const struct batch *batch, uint32_t offset);

/* The value of a sample; a text points into the batch. */
struct value batch_sample_value(const struct batch *batch, const struct batch_sample *sample);

#endif
