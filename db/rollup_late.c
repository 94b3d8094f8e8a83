/* Minutes and hours around samples that come late, and around gaps.
 *
 * A minute is computed anew from the archive when the archive has all of its samples: as many as the minute
 * counts, together with the late ones at hand. So is the minute of the next sample, into which the late one
 * may hold. Such minutes come out the same in whatever order their samples came.
 *
 * Otherwise samples were left out by the tag's recording policy, or retention has deleted them, and computing
 * anew would spoil what is there. Then n, min and max take the late sample in and stay exact; first, last, avg
 * and the share of good time remain those of the samples that came in time. For how long the late value held
 * cannot be known: the sample that ended it is gone.
 *
 * Hours are folded anew when they count as many samples as their minutes do, so when no minute of theirs was
 * deleted; else they are treated like the minutes just described.
 *
 * A gap that becomes known late cuts the time that values held. The recorder tells of a gap before it merges
 * what came after it, so what it cuts is as a rule the tag's last minute, whose last sample is at hand; a
 * minute in the middle that is not complete stays as it is. */
#include "db/rollup_internal.h"

#include "db/sql.h"

/* So many minutes are brought up to date with a gap in one go: some milliseconds even at 10 samples a second. */
#define ROLLUP_GAP_MINUTES 8

/* Takes the late samples of `added` into a minute or an hour that cannot be computed anew. */
static void rollup_patch(struct rollup_bucket *bucket, const struct rollup_bucket *added)
{
    double last = bucket->has_numbers ? bucket->last : added->last;
    bucket->n += added->n;
    if (!added->has_numbers)
        return;
    rollup_add_numbers(bucket, added->min, added->max, added->first, added->last);
    bucket->last = last;
}

/* What the archive's samples make of a minute; *next_us is the first one after it (INT64_MAX: none). */
static bool rollup_compute_minute(struct rollup *rollup, int64_t tag_id, int64_t minute_us,
                                  struct rollup_bucket *minute, struct rollup_value *last, int64_t *next_us)
{
    sqlite3_stmt *rows = rollup->statements[ROLLUP_SAMPLES];
    int64_t end_us = minute_us + ROLLUP_MINUTE_US;
    *minute = (struct rollup_bucket){.ts_us = minute_us, .width_us = ROLLUP_MINUTE_US};
    *next_us = INT64_MAX;
    if (!rollup_read_before(rollup, tag_id, minute_us, last))
        return false;
    sqlite3_bind_int64(rows, 1, tag_id);
    sqlite3_bind_int64(rows, 2, minute_us);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        struct rollup_value sample = rollup_read_sample(rollup, rows);
        if (sample.ts_us >= end_us) {
            *next_us = sample.ts_us;
            break;
        }
        rollup_add_sample(minute, last, &sample);
        *last = sample;
    }
    rollup_close(minute, last, last->ts_us > minute_us ? last->ts_us : minute_us);
    return sqlite3_reset(rows) == SQLITE_OK;
}

/* The tag's last minute, not complete: a gap has come to lie behind its last sample. */
static void rollup_cut(struct rollup_bucket *minute, const struct rollup_value *last)
{
    int64_t end_us = minute->ts_us + minute->width_us;
    if (!minute->held || !last->good || last->ts_us < minute->ts_us || last->until_us >= end_us)
        return;
    minute->good_us -= end_us - last->until_us;
    minute->area -= last->number * ((double)(end_us - last->until_us) / (double)minute->width_us);
    minute->held = false;
}

/* Brings a minute up to date with the late samples `added` (NULL: none), or with gaps. *complete says that it
 * has been computed anew; *next_us is then the first sample after it. */
static bool rollup_rebuild(struct rollup *rollup, int64_t tag_id, int64_t minute_us, int64_t last_us,
                           const struct rollup_bucket *added, bool *complete, int64_t *next_us)
{
    struct rollup_bucket stored, computed;
    struct rollup_value last;
    bool open = minute_us == rollup_bucket_us(last_us, ROLLUP_MINUTE_US);
    if (!rollup_read_bucket(rollup, tag_id, minute_us, ROLLUP_MINUTE_US, &stored) ||
        !rollup_compute_minute(rollup, tag_id, minute_us, &computed, &last, next_us))
        return false;
    *complete = computed.n && computed.n == stored.n + (added ? added->n : 0);
    if (*complete)
        return rollup_put(rollup, tag_id, &computed, open);
    if (added && !stored.n) { /* it was deleted, or none of these is kept: the archive is all there is */
        stored = computed;
        stored.n = computed.n > added->n ? computed.n - added->n : 0;
    }
    if (added)
        rollup_patch(&stored, added);
    else if (open)
        rollup_cut(&stored, &last);
    return !stored.n || rollup_put(rollup, tag_id, &stored, open);
}

/* Brings an hour up to date with its minutes, among them late samples `added` (NULL: none). */
static bool rollup_refold(struct rollup *rollup, int64_t tag_id, int64_t hour_us, int64_t last_us,
                          const struct rollup_bucket *added)
{
    struct rollup_bucket stored, computed;
    struct rollup_value before;
    if (!rollup_read_bucket(rollup, tag_id, hour_us, ROLLUP_HOUR_US, &stored) ||
        !rollup_read_before(rollup, tag_id, hour_us, &before) ||
        !rollup_fold(rollup, tag_id, hour_us, &before, &computed))
        return false;
    if (computed.n == stored.n + (added ? added->n : 0))
        stored = computed;
    else if (added)
        rollup_patch(&stored, added);
    return !stored.n ||
           rollup_put(rollup, tag_id, &stored, hour_us == rollup_bucket_us(last_us, ROLLUP_HOUR_US));
}

/* ---- late samples ---- */

/* The minute whose late samples are at hand, and that of the next sample. */
static bool rollup_settle_minute(struct rollup *rollup)
{
    const struct rollup_late *late = &rollup->late;
    bool complete;
    int64_t next_us, after_us;
    if (!rollup_rebuild(rollup, late->tag_id, late->minute.ts_us, late->last_us, &late->minute, &complete,
                        &next_us))
        return false;
    if (!complete || next_us == INT64_MAX)
        return true;
    int64_t minute_us = rollup_bucket_us(next_us, ROLLUP_MINUTE_US),
            hour_us = rollup_bucket_us(next_us, ROLLUP_HOUR_US);
    return rollup_rebuild(rollup, late->tag_id, minute_us, late->last_us, NULL, &complete, &after_us) &&
           (hour_us == late->hour.ts_us || rollup_refold(rollup, late->tag_id, hour_us, late->last_us, NULL));
}

static bool rollup_settle_hour(struct rollup *rollup)
{
    const struct rollup_late *late = &rollup->late;
    return rollup_refold(rollup, late->tag_id, late->hour.ts_us, late->last_us, &late->hour);
}

static void rollup_count_late(struct rollup_bucket *bucket, const struct rollup_sample *sample)
{
    bucket->n++;
    if (sample->good && !sample->text)
        rollup_add_numbers(bucket, sample->number, sample->number, sample->number, sample->number);
}

bool rollup_add_late(struct rollup *rollup, int64_t tag_id, const struct rollup_sample *sample,
                     int64_t last_us)
{
    struct rollup_late *late = &rollup->late;
    int64_t minute_us = rollup_bucket_us(sample->ts_us, ROLLUP_MINUTE_US);
    int64_t hour_us = rollup_bucket_us(sample->ts_us, ROLLUP_HOUR_US);
    if (late->begun && minute_us != late->minute.ts_us && !rollup_settle_minute(rollup))
        return false;
    if (late->begun && hour_us != late->hour.ts_us && !rollup_settle_hour(rollup))
        return false;
    if (!late->begun || minute_us != late->minute.ts_us)
        late->minute = (struct rollup_bucket){.ts_us = minute_us, .width_us = ROLLUP_MINUTE_US};
    if (!late->begun || hour_us != late->hour.ts_us)
        late->hour = (struct rollup_bucket){.ts_us = hour_us, .width_us = ROLLUP_HOUR_US};
    late->begun = true;
    late->tag_id = tag_id;
    late->last_us = last_us;
    rollup_count_late(&late->minute, sample);
    rollup_count_late(&late->hour, sample);
    return true;
}

bool rollup_end_late(struct rollup *rollup)
{
    bool done = !rollup->late.begun || (rollup_settle_minute(rollup) && rollup_settle_hour(rollup));
    rollup->late.begun = false;
    return done;
}

/* ---- gaps ---- */

/* The first minute from a moment on that has a row; INT64_MAX: none. */
static bool rollup_find_minute(struct rollup *rollup, int64_t tag_id, int64_t from_us, int64_t *minute_us)
{
    sqlite3_stmt *row = rollup->statements[ROLLUP_MINUTE_FROM];
    sqlite3_bind_int64(row, 1, tag_id);
    sqlite3_bind_int64(row, 2, from_us);
    *minute_us = sqlite3_step(row) == SQLITE_ROW ? sqlite3_column_int64(row, 0) : INT64_MAX;
    return sqlite3_reset(row) == SQLITE_OK;
}

/* The minutes from the gap's start to the first one behind its end, and the hours of these. */
bool rollup_add_gap(struct rollup *rollup, int64_t tag_id, int64_t end_us, int64_t last_us, int64_t *from_us)
{
    int64_t hour_us = rollup_bucket_us(*from_us, ROLLUP_HOUR_US),
            last_hour_us = rollup_bucket_us(end_us, ROLLUP_HOUR_US);
    int64_t minute_us, next_us, after_us = rollup_bucket_us(end_us, ROLLUP_MINUTE_US) + ROLLUP_MINUTE_US;
    bool done = rollup_find_minute(rollup, tag_id, rollup_bucket_us(*from_us, ROLLUP_MINUTE_US), &minute_us);
    bool complete, inside = true;
    for (int minutes = 0; done && minute_us != INT64_MAX && inside && minutes < ROLLUP_GAP_MINUTES;
         minutes++) {
        inside = minute_us < after_us;
        int64_t its_hour_us = rollup_bucket_us(minute_us, ROLLUP_HOUR_US);
        if (its_hour_us != hour_us)
            done = rollup_refold(rollup, tag_id, hour_us, last_us, NULL);
        hour_us = its_hour_us;
        done = done && rollup_rebuild(rollup, tag_id, minute_us, last_us, NULL, &complete, &next_us) &&
               rollup_find_minute(rollup, tag_id, minute_us + ROLLUP_MINUTE_US, &minute_us);
    }
    done = done && rollup_refold(rollup, tag_id, hour_us, last_us, NULL);
    *from_us = inside ? minute_us : INT64_MAX;
    return done && (*from_us != INT64_MAX || hour_us == last_hour_us ||
                    rollup_refold(rollup, tag_id, last_hour_us, last_us, NULL));
}
