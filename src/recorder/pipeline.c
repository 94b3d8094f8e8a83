#include "recorder/pipeline.h"

#include "base/log.h"

#include <inttypes.h>
#include <string.h>

void pipeline_init(struct pipeline *pipeline, struct writer *writer)
{
    memset(pipeline, 0, sizeof *pipeline);
    pipeline->writer = writer;
    pipeline->current = batch_new();
    pipeline->spare = batch_new();
    commit_rule_init(&pipeline->rule);
    disk_rule_init(&pipeline->disk);
}

void pipeline_free(struct pipeline *pipeline)
{
    batch_free(pipeline->current);
    batch_free(pipeline->spare);
    batch_free(pipeline->retry);
    spool_free(&pipeline->spool);
}

void pipeline_add_gap(struct pipeline *pipeline, int64_t start_us, int64_t end_us, const char *reason)
{
    if (end_us <= start_us)
        return;
    batch_add_gap(pipeline->current, start_us, end_us, reason);
    pipeline->gaps++;
}

bool pipeline_has_room(const struct pipeline *pipeline)
{
    return pipeline->current->count + pipeline->current->event_count < PIPELINE_BATCH_MAX &&
           pipeline->current->texts.length < PIPELINE_TEXT_MAX;
}

/* Whether anything that was read is not on the disk. */
static bool pipeline_has_uncommitted(const struct pipeline *pipeline)
{
    return pipeline->busy || pipeline->retry || pipeline->spool.count || !batch_is_empty(pipeline->current);
}

static bool pipeline_window_is_half_full(const struct pipeline *pipeline)
{
    return pipeline->window && pipeline->rule.waiting >= pipeline->window / 2;
}

void pipeline_note_read(struct pipeline *pipeline, uint64_t qos_messages, bool dry, int64_t now_us)
{
    struct batch *batch = pipeline->current;
    bool empty = batch_is_empty(batch);
    if (!empty && !batch->first_mono_us)
        batch->first_mono_us = now_us;
    batch->qos_messages += qos_messages;
    commit_rule_note_read(&pipeline->rule, empty ? 0 : 1, qos_messages, dry, now_us);
    if (qos_messages && !pipeline->owed_us)
        pipeline->owed_us = now_us;
    bool owed_long = pipeline->owed_us && now_us - pipeline->owed_us > PIPELINE_OWED_US;
    if (owed_long || pipeline_window_is_half_full(pipeline))
        pipeline_hold(pipeline, now_us);
}

void pipeline_hold(struct pipeline *pipeline, int64_t now_us)
{
    bool may = now_us >= pipeline->hold_from_us || pipeline_window_is_half_full(pipeline);
    if (pipeline->disk.mode != DISK_GOOD || pipeline->held || !may)
        return;
    pipeline->held = true;
    pipeline->held_us = now_us;
}

/* The pause gives way when the disk is slow: the acknowledgements can wait, operators cannot. */
static void pipeline_release(struct pipeline *pipeline, int64_t now_us)
{
    if (!pipeline->held || now_us - pipeline->held_us < PIPELINE_HELD_US ||
        pipeline_window_is_half_full(pipeline))
        return;
    pipeline->held = false;
    pipeline->hold_from_us = now_us + PIPELINE_PAUSE_US;
}

bool pipeline_may_read(const struct pipeline *pipeline)
{
    return pipeline->disk.mode != DISK_GOOD || (!pipeline->held && pipeline_has_room(pipeline));
}

bool pipeline_may_write(const struct pipeline *pipeline)
{
    return pipeline->disk.mode != DISK_GOOD || !pipeline_has_uncommitted(pipeline);
}

uint64_t pipeline_next_commit(const struct pipeline *pipeline)
{
    uint64_t before = (pipeline->busy || pipeline->retry) + pipeline->spool.count;
    return pipeline->commits + before + 1;
}

uint64_t pipeline_released(const struct pipeline *pipeline)
{
    return pipeline->disk.mode == DISK_GOOD ? pipeline->commits : UINT64_MAX;
}

void pipeline_note_written(struct pipeline *pipeline, int64_t now_us)
{
    commit_rule_note_acknowledged(&pipeline->rule, now_us);
    pipeline->owed_us = 0;
    pipeline->held = false;
}

void pipeline_note_connection(struct pipeline *pipeline, uint64_t window)
{
    commit_rule_note_connection(&pipeline->rule);
    pipeline->owed_us = 0;
    pipeline->held = false;
    pipeline->window = window;
}

/* To be called after whatever may have changed what the disk is taken to be. */
static void pipeline_note_mode(struct pipeline *pipeline, enum disk_mode before)
{
    static const char *const TEXTS[] = {
        [DISK_GOOD] = "the disk is back: recording as usual",
        [DISK_SLOW] = "the disk is slow: samples wait in memory",
        [DISK_FAILED] = "writing to the history fails: samples wait in memory",
    };
    if (pipeline->disk.mode == before)
        return;
    if (pipeline->disk.mode == DISK_GOOD) {
        pipeline->error = (struct err){0};
        log_info("%s", TEXTS[DISK_GOOD]);
    } else {
        log_error("%s%s%s", TEXTS[pipeline->disk.mode], pipeline->error.code ? ": " : "",
                  pipeline->error.text);
    }
    pipeline->held = false;
}

/* How long the link can wait for a commit before the broker begins to drop messages: until half of the window
 * is used up, or all of it where it is small and only learned. */
static int64_t pipeline_patience_us(const struct pipeline *pipeline)
{
    int64_t patience_us = PIPELINE_SLOW_US;
    if (pipeline->window && pipeline->messages_per_s > 0) {
        double half_us = (double)pipeline->window / 2 / pipeline->messages_per_s * 1e6;
        if (half_us < (double)patience_us)
            patience_us = (int64_t)half_us;
    } else if (pipeline->rule.window && pipeline->rule.waiting >= pipeline->rule.window) {
        patience_us = PIPELINE_HURRY_US;
    }
    return patience_us < PIPELINE_HURRY_US ? PIPELINE_HURRY_US : patience_us;
}

static void pipeline_give(struct pipeline *pipeline, struct batch *batch, int64_t now_us)
{
    pipeline->busy = true;
    pipeline->given_us = now_us;
    pipeline->given_since_us = batch->first_mono_us;
    pipeline->given_samples = batch->count;
    writer_give(pipeline->writer, batch);
}

/* The accumulating batch gives way to an empty one. */
static struct batch *pipeline_turn(struct pipeline *pipeline, int64_t now_us)
{
    struct batch *batch = pipeline->current;
    pipeline->current = pipeline->spare ? pipeline->spare : batch_new();
    pipeline->spare = NULL;
    commit_rule_note_commit(&pipeline->rule, now_us);
    return batch;
}

static void pipeline_committed(struct pipeline *pipeline, const struct writer_result *result)
{
    pipeline->commits++;
    pipeline->stored += result->batch->count;
    if (pipeline->committed)
        pipeline->committed(pipeline->committed_context, result->batch);
    batch_clear(result->batch);
    if (pipeline->spare)
        batch_free(result->batch);
    else
        pipeline->spare = result->batch;
}

static void pipeline_take_back(struct pipeline *pipeline, int64_t now_us)
{
    struct writer_result result;
    if (!writer_take(pipeline->writer, &result))
        return;
    pipeline->busy = false;
    durations_note(&pipeline->commits_us, result.commit_us);
    if (result.good) {
        disk_rule_note_commit(&pipeline->disk, result.commit_us, pipeline_patience_us(pipeline), now_us);
        pipeline_committed(pipeline, &result);
        return;
    }
    pipeline->write_errors++;
    pipeline->retry = result.batch;
    pipeline->retry_us = now_us + PIPELINE_RETRY_US;
    pipeline->error = result.err;
    disk_rule_note_failure(&pipeline->disk, now_us);
}

/* When the batch began to fill, on the wall clock: where a gap before it ends. */
static int64_t pipeline_filling_since(const struct batch *batch, int64_t now_us, int64_t now_wall_us)
{
    return batch->first_mono_us ? now_wall_us - (now_us - batch->first_mono_us) : now_wall_us;
}

/* While the disk is away the accumulating batch goes to the spool whenever it is full. */
static void pipeline_spool(struct pipeline *pipeline, int64_t now_us, int64_t now_wall_us)
{
    uint64_t lost = pipeline->spool.lost_now;
    int64_t since_us = pipeline_filling_since(pipeline->current, now_us, now_wall_us);
    spool_put(&pipeline->spool, pipeline_turn(pipeline, now_us), since_us);
    if (!lost && pipeline->spool.lost_now)
        log_error("the memory for waiting samples is full (%" PRIu64 "): new samples are lost",
                  SPOOL_SAMPLES_MAX);
}

/* The next batch for the writer by age: what failed, what was spooled, what accumulates once it is due. */
static struct batch *pipeline_next(struct pipeline *pipeline, int64_t now_us, int64_t now_wall_us)
{
    struct batch *batch = pipeline->retry;
    pipeline->retry = NULL;
    if (!batch)
        batch = spool_take(&pipeline->spool);
    /* A flood keeps the writer busy beside the loop:
     * so little is left to commit when reading has to pause. */
    bool due = pipeline->held || pipeline->current->count >= PIPELINE_RUN || !pipeline_has_room(pipeline) ||
               commit_rule_due_us(&pipeline->rule) <= now_us;
    if (!batch && due && !batch_is_empty(pipeline->current)) {
        pipeline->gaps += spool_end_gap(&pipeline->spool, pipeline->current,
                                        pipeline_filling_since(pipeline->current, now_us, now_wall_us));
        batch = pipeline_turn(pipeline, now_us);
    }
    return batch;
}

void pipeline_step(struct pipeline *pipeline, int64_t now_us, int64_t now_wall_us)
{
    enum disk_mode before = pipeline->disk.mode;
    if (pipeline->busy)
        pipeline_take_back(pipeline, now_us);
    if (pipeline->busy)
        disk_rule_note_wait(&pipeline->disk, now_us - pipeline->given_us, pipeline_patience_us(pipeline),
                            now_us);
    else if (!pipeline->retry && !pipeline->spool.count)
        disk_rule_note_idle(&pipeline->disk, now_us);
    pipeline_note_mode(pipeline, before);
    if (pipeline->busy)
        pipeline_release(pipeline, now_us);
    if (!pipeline->busy && (!pipeline->retry || now_us >= pipeline->retry_us)) {
        struct batch *batch = pipeline_next(pipeline, now_us, now_wall_us);
        if (batch)
            pipeline_give(pipeline, batch, now_us);
    }
    if (pipeline->disk.mode != DISK_GOOD && !pipeline_has_room(pipeline))
        pipeline_spool(pipeline, now_us, now_wall_us);
}

int64_t pipeline_due_us(const struct pipeline *pipeline)
{
    if (pipeline->busy && pipeline->held && !pipeline_window_is_half_full(pipeline))
        return pipeline->held_us + PIPELINE_HELD_US;
    if (pipeline->busy)
        return pipeline->disk.mode == DISK_GOOD ? pipeline->given_us + pipeline_patience_us(pipeline)
                                                : INT64_MAX;
    if (pipeline->retry)
        return pipeline->retry_us;
    if (pipeline->spool.count || (pipeline->held && !batch_is_empty(pipeline->current)))
        return 0;
    int64_t commit_us = commit_rule_due_us(&pipeline->rule), calm_us = disk_rule_due_us(&pipeline->disk);
    return commit_us < calm_us ? commit_us : calm_us;
}

bool pipeline_flush(struct pipeline *pipeline, int64_t now_us, int64_t now_wall_us)
{
    if (!pipeline->busy && !pipeline->retry) {
        struct batch *batch = spool_take(&pipeline->spool);
        if (!batch && !batch_is_empty(pipeline->current)) {
            spool_end_gap(&pipeline->spool, pipeline->current,
                          pipeline_filling_since(pipeline->current, now_us, now_wall_us));
            batch = pipeline_turn(pipeline, now_us);
        }
        if (batch)
            pipeline_give(pipeline, batch, now_us);
    }
    return !pipeline_has_uncommitted(pipeline);
}

int64_t pipeline_whole_until_us(const struct pipeline *pipeline, int64_t now_us, int64_t now_wall_us)
{
    if (pipeline->disk.mode == DISK_GOOD)
        return INT64_MAX; /* what is not committed is not acknowledged: it comes again */
    const struct batch *oldest = pipeline->retry ? pipeline->retry : spool_first(&pipeline->spool);
    int64_t since_us = pipeline->busy ? pipeline->given_since_us
                       : oldest       ? oldest->first_mono_us
                                      : pipeline->current->first_mono_us;
    return now_wall_us - (since_us ? now_us - since_us : 0);
}

uint64_t pipeline_uncommitted(const struct pipeline *pipeline)
{
    uint64_t count = pipeline->current->count + pipeline->spool.samples;
    return count + (pipeline->retry ? pipeline->retry->count : 0) +
           (pipeline->busy ? pipeline->given_samples : 0);
}
