/* How a span is read.
 *
 * What happened in it follows from the samples and the gaps. Most samples lie in the archive, by time; the fresh
 * ones (runs and tail) of one tag are few and are read first, all at once. Reading samples means: the archive's
 * rows of a stretch, with the fresh ones put between them in their place.
 *
 * Whole hours and minutes inside the span may stand for their samples when the target accepts them. A stretch is
 * read hour by hour as far as hours are accepted; what lies between those, minute by minute; what lies between
 * minutes, sample by sample. Hours and minutes are those of the archive: one that a fresh sample or a gap not
 * yet rolled would change is not taken. Such a sample or gap changes the bucket in which it lies and those up to
 * the next sample of the archive, into which a value holds; archive_us says since when there was none.
 *
 * Where retention has deleted samples and kept minutes, or deleted minutes and kept hours, these have to be
 * taken, whatever the target likes.
 *
 * The last value holds no longer than the recorder is known to have lived. */
#include "db/query_walk.h"

#include "db/rollup.h"

#include "base/mem.h"

#include <stdlib.h>

/* ---- what has to be known beforehand ---- */

/* The gaps that end after `from_us` and begin up to `to_us`. */
static bool query_walk_load_gaps(struct query_walk *walk, int64_t from_us, int64_t to_us)
{
    struct query *query = walk->query;
    bool found;
    sqlite3_stmt *row = query_statement(query, QUERY_ALIVE, walk->err);
    if (!row || !query_step(query, row, &found, walk->err))
        return false;
    walk->recorded_until_us = found ? sqlite3_column_int64(row, 0) + QUERY_ALIVE_SLACK_US : INT64_MAX;
    sqlite3_reset(row);
    row = query_bind(query, QUERY_GAP_SPANS, (int64_t[]){from_us, to_us}, 2, walk->err);
    if (!row)
        return false;
    for (;;) {
        if (!query_step(query, row, &found, walk->err))
            return false;
        if (!found)
            break;
        int64_t start_us = sqlite3_column_int64(row, 0), end_us = sqlite3_column_int64(row, 1);
        gaps_add(&walk->gaps, start_us, end_us);
        if (!sqlite3_column_int(row, 2))
            gaps_add(&walk->unrolled, start_us, end_us);
    }
    return sqlite3_reset(row) == SQLITE_OK;
}

/* Copies the texts of the fresh samples behind each other: pointers are set when the last one is there. */
static void query_walk_add_fresh(struct query_walk *walk, const struct query_sample *sample)
{
    walk->fresh = mem_grow(walk->fresh, &walk->fresh_capacity, walk->fresh_count + 1, sizeof *walk->fresh);
    walk->fresh[walk->fresh_count++] = *sample;
    if (sample->value.type == VALUE_TEXT)
        buf_append(&walk->texts, sample->value.text, sample->value.text_length);
}

static void query_walk_place_texts(struct query_walk *walk)
{
    size_t offset = 0;
    for (size_t i = 0; i < walk->fresh_count; i++) {
        struct value *value = &walk->fresh[i].value;
        if (value->type != VALUE_TEXT)
            continue;
        value->text = walk->texts.data ? (const char *)walk->texts.data + offset : "";
        offset += value->text_length;
    }
}

static bool query_walk_load_fresh(struct query_walk *walk, int64_t from_us, int64_t to_us)
{
    struct query_sample sample;
    bool found;
    sqlite3_stmt *rows =
        query_bind(walk->query, QUERY_FRESH_SPAN, (int64_t[]){walk->tag_id, from_us, to_us}, 3, walk->err);
    if (!rows)
        return false;
    for (;;) {
        if (!query_step(walk->query, rows, &found, walk->err))
            return false;
        if (!found)
            break;
        query_read_sample(rows, &sample);
        query_walk_add_fresh(walk, &sample);
    }
    query_walk_place_texts(walk);
    return sqlite3_reset(rows) == SQLITE_OK;
}

/* The first ts of a statement with the tag and perhaps a moment for parameters; `fallback` without a row. */
static bool query_walk_read_ts(struct query_walk *walk, enum query_statement which, int64_t ts_us,
                               int64_t fallback_us, int64_t *found_us)
{
    bool found;
    size_t count = which == QUERY_FIRST_MINUTE ? 1 : 2;
    sqlite3_stmt *row = query_bind(walk->query, which, (int64_t[]){walk->tag_id, ts_us}, count, walk->err);
    if (!row || !query_step(walk->query, row, &found, walk->err))
        return false;
    *found_us = found ? sqlite3_column_int64(row, 0) : fallback_us;
    sqlite3_reset(row);
    return true;
}

/* ---- the value as it stands ---- */

/* A copy that outlives the row in which a text lies. */
static struct value query_walk_keep_value(struct buf *text, const struct value *value)
{
    struct value kept = *value;
    if (value->type != VALUE_TEXT)
        return kept;
    buf_clear(text);
    buf_append(text, value->text, value->text_length);
    kept.text = buf_text(text);
    return kept;
}

static void query_walk_set_good_before(struct query_walk *walk, const struct value *value)
{
    walk->good_before = query_walk_keep_value(&walk->good_text, value);
}

static void query_walk_set_now(struct query_walk *walk, const struct query_sample *sample)
{
    walk->now.state = query_sample_is_good(sample) ? QUERY_HELD : QUERY_NOT_GOOD;
    walk->now.value = query_walk_keep_value(&walk->now_text, &sample->value);
    walk->since_us = sample->ts_us;
    walk->until_us = gaps_until_us(&walk->gaps, sample->ts_us);
    walk->exact = true;
}

/* What is left when a bucket ends. */
static void query_walk_set_after(struct query_walk *walk, const struct query_bucket *bucket)
{
    int64_t end_us = bucket->ts_us + bucket->width_us;
    if (bucket->held) {
        walk->now.state = QUERY_HELD;
        walk->now.value = bucket->texts ? (struct value){.type = VALUE_TEXT, .text = ""}
                                        : (struct value){.type = VALUE_NUMBER, .number = bucket->last};
    } else {
        bool gap = gaps_until_us(&walk->gaps, bucket->ts_us) < end_us;
        walk->now.state = gap ? QUERY_UNKNOWN : QUERY_NOT_GOOD;
    }
    walk->since_us = end_us;
    walk->until_us = gaps_until_us(&walk->gaps, end_us - 1);
    walk->exact = false;
}

static bool query_walk_is_stopped(const struct query_walk *walk)
{
    return walk->stop && *walk->stop;
}

static void query_walk_tell(struct query_walk *walk, struct query_hold *hold, int64_t to_us)
{
    if (to_us <= walk->at_us || query_walk_is_stopped(walk))
        return;
    hold->from_us = walk->at_us;
    hold->to_us = walk->at_us = to_us;
    walk->target.hold(walk->target.context, hold);
}

/* Does the value move straight to the next sample's? */
static bool query_walk_slopes(const struct query_walk *walk, const struct query_sample *next)
{
    return walk->sloped && walk->exact && next && walk->now.value.type == VALUE_NUMBER &&
           next->value.type == VALUE_NUMBER && query_sample_is_good(next) && walk->until_us >= next->ts_us &&
           next->ts_us > walk->since_us;
}

/* Tells what holds up to a moment; `next` is the sample that ends it, then or later (NULL: none or unknown). */
static void query_walk_tell_to(struct query_walk *walk, int64_t to_us, const struct query_sample *next)
{
    struct query_hold hold = walk->now;
    to_us = to_us < walk->to_us ? to_us : walk->to_us;
    int64_t held_us = walk->until_us < to_us ? walk->until_us : to_us;
    if (hold.state == QUERY_HELD && query_walk_slopes(walk, next)) {
        struct query_hold whole = hold;
        whole.from_us = walk->since_us;
        whole.to_us = next->ts_us;
        whole.to_number = next->value.number;
        hold.value.number = query_hold_at(&whole, walk->at_us);
        hold.to_number = query_hold_at(&whole, held_us);
    } else {
        hold.to_number = hold.value.number;
    }
    if (hold.state >= QUERY_NOT_GOOD) {
        query_walk_tell(walk, &hold, held_us);
        hold = (struct query_hold){.state = QUERY_UNKNOWN};
    }
    query_walk_tell(walk, &hold, to_us);
}

/* ---- samples ---- */

/* The last sample before a moment, of the archive and of the fresh ones, becomes what holds. */
static bool query_walk_find_before(struct query_walk *walk, int64_t ts_us)
{
    bool found;
    sqlite3_stmt *row =
        query_bind(walk->query, QUERY_ARCHIVE_BEFORE, (int64_t[]){walk->tag_id, ts_us}, 2, walk->err);
    if (!row || !query_step(walk->query, row, &found, walk->err))
        return false;
    struct query_sample before = {.ts_us = INT64_MIN};
    if (found)
        query_read_sample(row, &before);
    walk->archive_us = before.ts_us;
    size_t fresh = walk->fresh_next;
    while (fresh && walk->fresh[fresh - 1].ts_us >= ts_us)
        fresh--;
    if (fresh && walk->fresh[fresh - 1].ts_us >= before.ts_us) {
        before = walk->fresh[fresh - 1];
        found = true;
    }
    if (found)
        query_walk_set_now(walk, &before);
    sqlite3_reset(row);
    return true;
}

/* The first sample from a moment on, when a slope has to be known. */
static bool query_walk_find_next(struct query_walk *walk, int64_t ts_us, struct query_sample *next,
                                 bool *found)
{
    *found = false;
    if (!walk->sloped || !walk->exact || walk->now.state != QUERY_HELD ||
        walk->now.value.type != VALUE_NUMBER)
        return true;
    sqlite3_stmt *row =
        query_bind(walk->query, QUERY_ARCHIVE_AFTER, (int64_t[]){walk->tag_id, ts_us}, 2, walk->err);
    if (!row || !query_step(walk->query, row, found, walk->err))
        return false;
    if (*found)
        query_read_sample(row, next);
    sqlite3_reset(row);
    if (walk->fresh_next < walk->fresh_count &&
        (!*found || walk->fresh[walk->fresh_next].ts_us < next->ts_us)) {
        *next = walk->fresh[walk->fresh_next];
        *found = true;
    }
    return true;
}

static void query_walk_take(struct query_walk *walk, const struct query_sample *sample)
{
    query_walk_tell_to(walk, sample->ts_us, sample);
    if (query_walk_is_stopped(walk))
        return;
    walk->target.sample(walk->target.context, sample);
    query_walk_set_now(walk, sample);
}

/* Fresh samples before a moment. */
static void query_walk_take_fresh(struct query_walk *walk, int64_t before_us)
{
    while (walk->fresh_next < walk->fresh_count && walk->fresh[walk->fresh_next].ts_us < before_us &&
           !query_walk_is_stopped(walk))
        query_walk_take(walk, &walk->fresh[walk->fresh_next++]);
}

static bool query_walk_samples(struct query_walk *walk, int64_t from_us, int64_t to_us)
{
    struct query_sample sample;
    bool found;
    if (!walk->exact && from_us > walk->raw_from_us && !query_walk_find_before(walk, from_us))
        return false;
    sqlite3_stmt *rows =
        query_bind(walk->query, QUERY_ARCHIVE_SPAN, (int64_t[]){walk->tag_id, from_us, to_us}, 3, walk->err);
    if (!rows)
        return false;
    while (!query_walk_is_stopped(walk)) {
        if (!query_step(walk->query, rows, &found, walk->err))
            return false;
        if (!found)
            break;
        query_read_sample(rows, &sample);
        query_walk_take_fresh(walk, sample.ts_us);
        query_walk_take(walk, &sample);
        walk->archive_us = sample.ts_us;
    }
    query_walk_take_fresh(walk, to_us);
    return sqlite3_reset(rows) == SQLITE_OK;
}

/* ---- minutes and hours ---- */

/* Would a fresh sample, a gap that is not rolled or the end of recording change the bucket? */
static bool query_walk_is_behind(const struct query_walk *walk, const struct query_bucket *bucket)
{
    int64_t end_us = bucket->ts_us + bucket->width_us;
    if (end_us > walk->recorded_until_us)
        return true;
    if (walk->fresh_next < walk->fresh_count && walk->fresh[walk->fresh_next].ts_us < end_us)
        return true;
    if (walk->fresh_next && walk->fresh[walk->fresh_next - 1].ts_us >= walk->archive_us)
        return true;
    return gaps_until_us(&walk->unrolled, walk->archive_us) < end_us;
}

static void query_walk_read_bucket(sqlite3_stmt *row, int64_t width_us, struct query_bucket *bucket)
{
    *bucket = (struct query_bucket){
        .ts_us = sqlite3_column_int64(row, 0),
        .width_us = width_us,
        .n = (uint64_t)sqlite3_column_int64(row, 1),
        .good_us = sqlite3_column_int64(row, 7),
        .has_numbers = sqlite3_column_type(row, 2) != SQLITE_NULL,
        .held = sqlite3_column_int(row, 8),
        .min = sqlite3_column_double(row, 2),
        .average = sqlite3_column_double(row, 6),
    };
    bool equal = sqlite3_column_type(row, 3) == SQLITE_NULL;
    bucket->max = equal ? bucket->min : sqlite3_column_double(row, 3);
    equal = sqlite3_column_type(row, 4) == SQLITE_NULL;
    bucket->first = equal ? bucket->min : sqlite3_column_double(row, 4);
    equal = sqlite3_column_type(row, 5) == SQLITE_NULL;
    bucket->last = equal ? bucket->max : sqlite3_column_double(row, 5);
    bucket->texts = bucket->good_us && sqlite3_column_type(row, 6) == SQLITE_NULL;
}

static bool query_walk_accepts(const struct query_walk *walk, const struct query_bucket *bucket,
                               const struct query_hold *carried)
{
    return bucket->forced || walk->target.accept(walk->target.context, bucket, carried);
}

static bool query_walk_level(struct query_walk *walk, enum query_source level, int64_t from_us,
                             int64_t to_us);

/* Takes one bucket if it may stand for its samples. *done_us is how far all has been read; *skipped: since then
 * a bucket has been passed over, or nothing is known of buckets. */
static bool query_walk_bucket(struct query_walk *walk, enum query_source level,
                              const struct query_bucket *bucket, int64_t *done_us, bool *skipped)
{
    struct query_sample next;
    bool found;
    if (!query_walk_accepts(walk, bucket, NULL)) {
        *skipped = true;
        return true;
    }
    /* between two buckets that follow each other nothing came */
    bool nothing =
        !*skipped && *done_us == walk->at_us && (walk->rough || !walk->sloped) &&
        (walk->fresh_next == walk->fresh_count || walk->fresh[walk->fresh_next].ts_us >= bucket->ts_us);
    *skipped = true;
    if (!nothing && !query_walk_level(walk, level - 1, *done_us, bucket->ts_us))
        return false;
    *done_us = bucket->ts_us;
    if (!bucket->forced &&
        (query_walk_is_behind(walk, bucket) || !query_walk_accepts(walk, bucket, &walk->now)))
        return true;
    if (!query_walk_find_next(walk, bucket->ts_us, &next, &found))
        return false;
    query_walk_tell_to(walk, bucket->ts_us, found ? &next : NULL);
    if (query_walk_is_stopped(walk))
        return true;
    walk->target.bucket(walk->target.context, bucket, &walk->now);
    query_walk_set_after(walk, bucket);
    walk->at_us = *done_us = bucket->ts_us + bucket->width_us;
    walk->archive_us = bucket->ts_us;
    *skipped = false;
    while (bucket->forced && walk->fresh_next < walk->fresh_count &&
           walk->fresh[walk->fresh_next].ts_us < walk->at_us)
        walk->fresh_next++;
    return true;
}

static bool query_walk_buckets(struct query_walk *walk, enum query_source level, int64_t first_us,
                               int64_t end_us, int64_t *done_us)
{
    struct query_bucket bucket;
    bool found, hours = level == QUERY_HOUR, skipped = true;
    int64_t width_us = hours ? ROLLUP_HOUR_US : ROLLUP_MINUTE_US;
    int64_t kept_us = hours ? walk->minutes_from_us : walk->raw_from_us;
    sqlite3_stmt *rows = query_bind(walk->query, hours ? QUERY_HOURS : QUERY_MINUTES,
                                    (int64_t[]){walk->tag_id, first_us, end_us}, 3, walk->err);
    if (!rows)
        return false;
    while (!query_walk_is_stopped(walk)) {
        if (!query_step(walk->query, rows, &found, walk->err))
            return false;
        if (!found)
            break;
        query_walk_read_bucket(rows, width_us, &bucket);
        bucket.forced = bucket.ts_us + width_us <= kept_us;
        if ((bucket.forced || level <= walk->coarsest) &&
            !query_walk_bucket(walk, level, &bucket, done_us, &skipped)) {
            sqlite3_reset(rows);
            return false;
        }
    }
    return sqlite3_reset(rows) == SQLITE_OK;
}

/* Reads a stretch with nothing coarser than `level`. */
static bool query_walk_level(struct query_walk *walk, enum query_source level, int64_t from_us, int64_t to_us)
{
    if (from_us >= to_us || query_walk_is_stopped(walk))
        return true;
    if (level == QUERY_RAW)
        return query_walk_samples(walk, from_us, to_us);
    int64_t width_us = level == QUERY_HOUR ? ROLLUP_HOUR_US : ROLLUP_MINUTE_US;
    int64_t kept_us = level == QUERY_HOUR ? walk->minutes_from_us : walk->raw_from_us;
    int64_t first_us = rollup_bucket_us(from_us + width_us - 1, width_us);
    int64_t end_us = rollup_bucket_us(to_us, width_us), done_us = from_us;
    bool wanted = first_us < end_us && (level <= walk->coarsest || first_us < kept_us);
    if (wanted && !query_walk_buckets(walk, level, first_us, end_us, &done_us))
        return false;
    return query_walk_level(walk, level - 1, done_us, to_us);
}

/* Since when samples and minutes are kept; a sample from before the span says that they are in all of it. */
static bool query_walk_find_kept(struct query_walk *walk)
{
    walk->raw_from_us = walk->minutes_from_us = walk->archive_us;
    return walk->archive_us != INT64_MIN ||
           (query_walk_read_ts(walk, QUERY_ARCHIVE_AFTER, INT64_MIN, INT64_MAX, &walk->raw_from_us) &&
            query_walk_read_ts(walk, QUERY_FIRST_MINUTE, 0, INT64_MAX, &walk->minutes_from_us));
}

/* Where the samples before the span are no longer kept: what a bucket before it left. */
static bool query_walk_find_bucket_before(struct query_walk *walk, enum query_statement which,
                                          int64_t width_us)
{
    bool found;
    if (walk->now.state != QUERY_NOTHING_YET)
        return true;
    sqlite3_stmt *row =
        query_bind(walk->query, which, (int64_t[]){walk->tag_id, walk->from_us}, 2, walk->err);
    if (!row || !query_step(walk->query, row, &found, walk->err))
        return false;
    if (found)
        query_walk_set_after(walk, &(struct query_bucket){.ts_us = sqlite3_column_int64(row, 0),
                                                          .width_us = width_us,
                                                          .texts = sqlite3_column_type(row, 1) == SQLITE_NULL,
                                                          .last = sqlite3_column_double(row, 1),
                                                          .held = sqlite3_column_int(row, 3)});
    sqlite3_reset(row);
    return true;
}

/* Since when fresh samples have a say in what was before the span: the archive's last sample before it, or its
 * last Good one when that is wanted. */
static bool query_walk_find_good_before(struct query_walk *walk, int64_t *first_us)
{
    struct query_sample sample;
    bool found;
    *first_us = walk->archive_us;
    if (!walk->wants_good_before)
        return true;
    sqlite3_stmt *row =
        query_bind(walk->query, QUERY_GOOD_BEFORE, (int64_t[]){walk->tag_id, walk->from_us}, 2, walk->err);
    if (!row || !query_step(walk->query, row, &found, walk->err))
        return false;
    *first_us = INT64_MIN;
    if (found) {
        query_read_sample(row, &sample);
        *first_us = sample.ts_us;
        query_walk_set_good_before(walk, &sample.value);
    }
    sqlite3_reset(row);
    return true;
}

/* The same of the fresh samples, which come later. */
static void query_walk_note_good_before(struct query_walk *walk)
{
    for (size_t i = walk->fresh_next; walk->wants_good_before && i > 0; i--)
        if (query_sample_is_good(&walk->fresh[i - 1])) {
            query_walk_set_good_before(walk, &walk->fresh[i - 1].value);
            return;
        }
}

bool query_walk_run(struct query_walk *walk, struct err *err)
{
    struct query_sample next;
    bool found;
    int64_t next_us = walk->to_us - 1, first_us;
    walk->err = err;
    walk->at_us = walk->from_us;
    walk->until_us = INT64_MAX;
    if (!query_walk_read_ts(walk, QUERY_ARCHIVE_BEFORE, walk->from_us, INT64_MIN, &walk->archive_us) ||
        !query_walk_find_kept(walk) ||
        (walk->sloped && !query_walk_read_ts(walk, QUERY_ARCHIVE_AFTER, walk->to_us, INT64_MAX, &next_us)) ||
        !query_walk_find_good_before(walk, &first_us) || !query_walk_load_fresh(walk, first_us, next_us))
        return false;
    walk->fresh_next = walk->fresh_count;
    if (!query_walk_load_gaps(walk, first_us, next_us) || !query_walk_find_before(walk, walk->from_us) ||
        !query_walk_find_bucket_before(walk, QUERY_MINUTE_BEFORE, ROLLUP_MINUTE_US) ||
        !query_walk_find_bucket_before(walk, QUERY_HOUR_BEFORE, ROLLUP_HOUR_US))
        return false;
    while (walk->fresh_next && walk->fresh[walk->fresh_next - 1].ts_us >= walk->from_us)
        walk->fresh_next--;
    query_walk_note_good_before(walk);
    if (!query_walk_level(walk, QUERY_HOUR, walk->from_us, walk->to_us) ||
        !query_walk_find_next(walk, walk->to_us, &next, &found))
        return false;
    if (!found && walk->since_us <= walk->recorded_until_us && walk->until_us > walk->recorded_until_us)
        walk->until_us = walk->recorded_until_us;
    query_walk_tell_to(walk, walk->to_us, found ? &next : NULL);
    return true;
}

void query_walk_free(struct query_walk *walk)
{
    gaps_free(&walk->gaps);
    gaps_free(&walk->unrolled);
    free(walk->fresh);
    buf_free(&walk->texts);
    buf_free(&walk->now_text);
    buf_free(&walk->good_text);
}
