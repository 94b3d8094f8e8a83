#include "recorder/spool.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void spool_free(struct spool *spool)
{
    for (size_t i = 0; i < spool->count; i++)
        batch_free(spool->batches[i]);
    free(spool->batches);
    memset(spool, 0, sizeof *spool);
}

bool spool_is_full(const struct spool *spool)
{
    return spool->samples >= SPOOL_SAMPLES_MAX || spool->text_bytes >= SPOOL_TEXT_MAX;
}

bool spool_end_gap(struct spool *spool, struct batch *batch, int64_t now_wall_us)
{
    if (!spool->lost_now)
        return false;
    char reason[64];
    snprintf(reason, sizeof reason, "spool overflow: %" PRIu64 " samples", spool->lost_now);
    batch_add_gap(batch, spool->lost_from_us, now_wall_us, reason);
    spool->lost_now = 0;
    return true;
}

/* The earlier entries say how it began; where alarms stand is stored anew once the disk is back. */
static void spool_cut_journal(struct spool *spool, struct batch *batch)
{
    size_t room = (size_t)(SPOOL_ENTRIES_MAX - spool->entries);
    if (batch->event_count <= room && batch->alarm_count <= SPOOL_ENTRIES_MAX)
        return;
    spool->lost_states = true;
    spool->lost_entries += batch->event_count > room ? batch->event_count - room : 0;
    batch_cut_journal(batch, room);
}

void spool_put(struct spool *spool, struct batch *batch, int64_t since_wall_us)
{
    spool_cut_journal(spool, batch);
    if (spool_is_full(spool)) {
        if (!spool->lost_now)
            spool->lost_from_us = since_wall_us;
        spool->lost += batch->count;
        spool->lost_now += batch->count;
        batch_drop_samples(batch);
        if (batch_is_empty(batch)) {
            batch_free(batch);
            return;
        }
    } else {
        spool_end_gap(spool, batch, since_wall_us);
    }
    spool->batches = mem_grow(spool->batches, &spool->capacity, spool->count + 1, sizeof *spool->batches);
    spool->batches[spool->count++] = batch;
    spool->samples += batch->count;
    spool->entries += batch->event_count;
    spool->text_bytes += batch->texts.length;
}

struct batch *spool_take(struct spool *spool)
{
    if (!spool->count)
        return NULL;
    struct batch *batch = spool->batches[0];
    memmove(spool->batches, spool->batches + 1, --spool->count * sizeof *spool->batches);
    spool->samples -= batch->count;
    spool->entries -= batch->event_count;
    spool->text_bytes -= batch->texts.length;
    return batch;
}
