/* From messages to the disk: the accumulating batch, the one at the writer, the spool, and the answer to the
 * one question that matters: may the acknowledgements leave now?
 *
 *   loop -> batch (accumulates) -> writer (one at a time) -> committed -> acknowledgements may leave
 *                               \-> spool (memory, bounded) while the disk is slow or fails
 *
 * What must stay true:
 * - pipeline_may_write() is false while anything that was read is neither committed nor, in spool mode, given
 *   up waiting for.
 * - At most one batch is at the writer and one accumulates. Beyond PIPELINE_BATCH_MAX samples, or when
 *   acknowledgements have been owed for long, pipeline_may_read() is false until everything is committed: so a
 *   flood has moments when acknowledgements and pings leave. While the disk hangs that pause is given up soon,
 *   for screens must go on, and tried again, unless the broker's window is half used up.
 * - Spool mode begins when a commit takes longer than the link can wait, or fails, and ends after a calm
 *   (disk_rule.h). Meanwhile acknowledgements leave at once and batches wait in memory, in order, until the disk
 *   is back; what does not fit is counted and becomes a gap. */
#ifndef RECORDER_PIPELINE_H
#define RECORDER_PIPELINE_H

#include "plant/batch.h"
#include "recorder/commit_rule.h"
#include "recorder/disk_rule.h"
#include "recorder/rates.h"
#include "recorder/spool.h"
#include "recorder/writer.h"

#include <stdbool.h>
#include <stdint.h>

#define PIPELINE_BATCH_MAX 65536            /* samples and entries of the journal that accumulate */
#define PIPELINE_RUN       16384            /* in a flood the writer gets so many before the rule's time */
#define PIPELINE_TEXT_MAX  (16u << 20)      /* bytes of text values that accumulate */
#define PIPELINE_OWED_US   INT64_C(500000)  /* acknowledgements wait so long at most in a flood */
#define PIPELINE_HELD_US   INT64_C(60000)   /* reading pauses so long at most: screens must not freeze */
#define PIPELINE_PAUSE_US  INT64_C(250000)  /* and not again for so long, when the disk was slow meanwhile */
#define PIPELINE_SLOW_US   INT64_C(2000000) /* a commit this long means a slow disk */
#define PIPELINE_HURRY_US  INT64_C(250000)  /* shorter ones never do, whatever the broker's window */
#define PIPELINE_RETRY_US  INT64_C(1000000) /* between attempts while writing fails */

/* Told of each batch that has been committed, before it is emptied. */
typedef void pipeline_committed_function(void *context, const struct batch *batch);

struct pipeline {
    pipeline_committed_function *committed; /* NULL: nobody wants to know */
    void *committed_context;
    struct writer *writer;
    struct batch *current;  /* accumulates */
    struct batch *spare;    /* to accumulate next; NULL while at the writer */
    struct batch *retry;    /* came back uncommitted; goes first */
    bool busy;              /* a batch is at the writer */
    int64_t given_us;       /* since then */
    int64_t given_since_us; /* when it began to fill */
    size_t given_samples;   /* in it */
    int64_t retry_us;       /* not before then */
    struct spool spool;
    struct commit_rule rule;
    int64_t owed_us;       /* the first message whose acknowledgement has not left came; 0: none */
    bool held;             /* no reading until everything is committed */
    int64_t held_us;       /* since then */
    int64_t hold_from_us;  /* not held again before then */
    uint64_t window;       /* the broker's: receive maximum of MQTT 5; 0: not known (3.1.1) */
    double messages_per_s; /* how fast they come */

    struct disk_rule disk;
    struct err error; /* the last failure; kept until the disk is back */
    struct durations commits_us;
    uint64_t commits, stored, write_errors, gaps;
};

/* Nothing waits. The writer is borrowed and must run. Release with pipeline_free(). */
void pipeline_init(struct pipeline *pipeline, struct writer *writer);

/* Releases what it owns, not the writer. Samples that were never written are gone: count them before. */
void pipeline_free(struct pipeline *pipeline);

/* Where messages and gaps go. */
static inline struct batch *pipeline_batch(struct pipeline *pipeline)
{
    return pipeline->current;
}

/* Whether the accumulating batch takes more. One message may take it beyond its bounds. */
bool pipeline_has_room(const struct pipeline *pipeline);

/* A stretch of time that was not recorded. */
void pipeline_add_gap(struct pipeline *pipeline, int64_t start_us, int64_t end_us, const char *reason);

/* After something was added to the batch:
 * a read of so many messages of QoS 1 or 2 (0 for other additions). */
void pipeline_note_read(struct pipeline *pipeline, uint64_t qos_messages, bool dry, int64_t now_mono_us);

/* Whether messages may be read, and whether what is queued for the broker (acknowledgements!) may leave. */
bool pipeline_may_read(const struct pipeline *pipeline);
bool pipeline_may_write(const struct pipeline *pipeline);

/* What `commits` will be once all that was read until now is on the disk, and up to which number such waiting is over:
 * `commits`, or UINT64_MAX while the disk is away and nobody shall wait for it. */
uint64_t pipeline_next_commit(const struct pipeline *pipeline);
uint64_t pipeline_released(const struct pipeline *pipeline);

/* Something has to leave soon (a ping, subscriptions): what was read is committed now, and reading pauses
 * until it may. */
void pipeline_hold(struct pipeline *pipeline, int64_t now_mono_us);

/* Everything queued for the broker has left. */
void pipeline_note_written(struct pipeline *pipeline, int64_t now_mono_us);

/* Another connection with this window (0: not known): nothing is owed there. */
void pipeline_note_connection(struct pipeline *pipeline, uint64_t window);

/* Takes back what the writer has done and hands over what is due; to be called when writer_fd() is readable
 * and at pipeline_due_us(). */
void pipeline_step(struct pipeline *pipeline, int64_t now_mono_us, int64_t now_wall_us);

/* When pipeline_step() has something to do without the writer (monotonic); INT64_MAX: nothing. */
int64_t pipeline_due_us(const struct pipeline *pipeline);

/* Hands everything over at once, whatever the rule says; true when nothing is left uncommitted. For the stop,
 * called again after each pipeline_step(). */
bool pipeline_flush(struct pipeline *pipeline, int64_t now_mono_us, int64_t now_wall_us);

/* Until when (wall) everything that was acknowledged is in the file; INT64_MAX: there is nothing else. */
int64_t pipeline_whole_until_us(const struct pipeline *pipeline, int64_t now_mono_us, int64_t now_wall_us);

/* Samples in memory that are not committed. */
uint64_t pipeline_uncommitted(const struct pipeline *pipeline);

#endif
