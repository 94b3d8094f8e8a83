/* What a tag's recording policy (src/plant/door.h) keeps of the samples that are merged.
 *
 * The last sample that was merged is always in the archive, whether or not it will stay: minutes, views and
 * `latest` build on it, and it is there after a kill or a stop like everything else. What the policy does not
 * need is removed when the next sample says so, usually from the rows that were not written yet.
 *
 * A sample that comes late, between two that are kept, is kept as well unless these say the same already: an
 * equal value on both sides, or for compressed recording a line that passes it within the deviation. It holds
 * until the next kept sample. What was left out around it before it came is then told by the lines to and
 * from it, so that the bound of the deviation is for samples that are merged in the order of time. For the
 * same reason a late sample may come to stand before one of its own stamp that was merged long before it, when
 * compressed recording left out others between the two; `all` and `change` keep the order of arrival. */
#include "db/history_internal.h"

#include <math.h>
#include <string.h>

void history_policy_free(struct history_policy *policy)
{
    buf_free(&policy->last_text);
}

static void policy_set_last(struct history_policy *policy, int64_t ts_us, const struct value *value,
                            uint32_t quality)
{
    policy->has_last = true;
    policy->last = rollup_sample_of(ts_us, value, quality);
    policy->last_quality = quality;
    policy->last_value = *value;
    if (policy->rule.record == RECORD_ALL || value->type != VALUE_TEXT)
        return;
    buf_clear(&policy->last_text);
    buf_append(&policy->last_text, value->text, value->text_length);
    policy->last_value.text = (const char *)policy->last_text.data;
}

/* ---- what the file knows ---- */

static bool policy_read_rule(struct history *history, struct history_policy *policy)
{
    sqlite3_stmt *row = history->statements[HISTORY_RULE];
    policy->rule = (struct door_rule){.record = RECORD_ALL};
    policy->sloped = false;
    sqlite3_bind_int64(row, 1, policy->tag_id);
    if (sqlite3_step(row) == SQLITE_ROW) {
        const char *word = sql_column_text(row, 0);
        for (int i = 0; word && TAG_RECORD_WORDS[i]; i++)
            if (!strcmp(word, TAG_RECORD_WORDS[i]))
                policy->rule.record = (enum tag_record)i;
        policy->rule.deviation = sqlite3_column_double(row, 1);
        policy->rule.min_time_us = sqlite3_column_int64(row, 2);
        policy->rule.max_time_us = sqlite3_column_int64(row, 3);
        policy->sloped = sqlite3_column_int(row, 4) != 0;
    }
    return sqlite3_reset(row) == SQLITE_OK;
}

static bool policy_read_last(struct history *history, struct history_policy *policy)
{
    sqlite3_stmt *row = history->statements[HISTORY_ARCHIVE_BEFORE];
    policy->has_last = false;
    sqlite3_bind_int64(row, 1, policy->tag_id);
    sqlite3_bind_int64(row, 2, INT64_MAX);
    if (sqlite3_step(row) == SQLITE_ROW) {
        struct value value;
        sql_column_value(row, 1, &value);
        policy_set_last(policy, sqlite3_column_int64(row, 0), &value, (uint32_t)sqlite3_column_int64(row, 2));
    }
    return sqlite3_reset(row) == SQLITE_OK;
}

static bool policy_column_point(sqlite3_stmt *row, int column, struct door_point *point)
{
    *point = (struct door_point){sqlite3_column_int64(row, column), sqlite3_column_double(row, column + 1)};
    return sqlite3_column_type(row, column) != SQLITE_NULL;
}

static double policy_column_slope(sqlite3_stmt *row, int column, double unbounded)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? unbounded : sqlite3_column_double(row, column);
}

static bool policy_read_door(struct history *history, struct history_policy *policy)
{
    struct door *door = &policy->door;
    sqlite3_stmt *row = history->statements[HISTORY_DOOR];
    *door = (struct door){.has_start = false};
    if (!policy->has_last || policy->rule.record == RECORD_ALL)
        return true;
    door_restart(door, policy->last.ts_us, policy->last.number);
    sqlite3_bind_int64(row, 1, policy->tag_id);
    if (sqlite3_step(row) == SQLITE_ROW && sqlite3_column_int(row, 0) == (int)policy->rule.record &&
        sqlite3_column_int64(row, 1) == policy->last.ts_us) {
        policy_column_point(row, 2, &door->start);
        door->slope_min = policy_column_slope(row, 4, -INFINITY);
        door->slope_max = policy_column_slope(row, 5, INFINITY);
        door->has_held = policy_column_point(row, 6, &door->held);
        door->has_waiting = policy_column_point(row, 8, &door->waiting);
    }
    return sqlite3_reset(row) == SQLITE_OK;
}

bool history_policy_open(struct history *history, struct history_policy *policy, int64_t tag_id)
{
    policy->tag_id = tag_id;
    return policy_read_rule(history, policy) && policy_read_last(history, policy) &&
           policy_read_door(history, policy);
}

static void policy_bind_point(sqlite3_stmt *put, int index, bool there, const struct door_point *point)
{
    sqlite3_bind_null(put, index);
    sqlite3_bind_null(put, index + 1);
    if (there) {
        sqlite3_bind_int64(put, index, point->ts_us);
        sqlite3_bind_double(put, index + 1, point->number);
    }
}

bool history_policy_save(struct history *history, const struct history_policy *policy)
{
    sqlite3_stmt *put = history->statements[HISTORY_DOOR_PUT];
    const struct door *door = &policy->door;
    if (!door->has_start || door->outside_count || policy->rule.record == RECORD_ALL)
        return true; /* samples outside of the door are not written down: the next merge begins behind them */
    sqlite3_bind_int64(put, 1, policy->tag_id);
    sqlite3_bind_int(put, 2, (int)policy->rule.record);
    sqlite3_bind_int64(put, 3, policy->last.ts_us);
    policy_bind_point(put, 4, true, &door->start);
    sqlite3_bind_null(put, 6);
    sqlite3_bind_null(put, 7);
    if (isfinite(door->slope_min))
        sqlite3_bind_double(put, 6, door->slope_min);
    if (isfinite(door->slope_max))
        sqlite3_bind_double(put, 7, door->slope_max);
    policy_bind_point(put, 8, door->has_held, &door->held);
    policy_bind_point(put, 10, door->has_waiting, &door->waiting);
    return sql_run(put);
}

/* ---- samples ---- */

static enum door_relation policy_relation(const struct history *history, const struct history_policy *policy,
                                          int64_t ts_us, const struct value *value, uint32_t quality)
{
    if (!policy->has_last || policy->last_quality != quality || policy->last_value.type != value->type ||
        gaps_until_us(&history->gaps, policy->last.ts_us) <= ts_us)
        return DOOR_APART;
    return history_is_same(&policy->last_value, policy->last_quality, value, quality) ? DOOR_EQUAL
                                                                                      : DOOR_DIFFERENT;
}

static bool policy_leave_out(struct history *history, const struct history_policy *policy, struct batch *rows,
                             int64_t ts_us)
{
    size_t i = rows->count;
    while (i && rows->samples[i - 1].ts_us > ts_us)
        i--;
    if (i && rows->samples[i - 1].ts_us == ts_us) {
        memmove(rows->samples + i - 1, rows->samples + i, (rows->count - i) * sizeof *rows->samples);
        rows->count--;
        return true;
    }
    sqlite3_stmt *drop = history->statements[HISTORY_ARCHIVE_DROP];
    sqlite3_bind_int64(drop, 1, policy->tag_id);
    sqlite3_bind_int64(drop, 2, ts_us);
    return sql_run(drop);
}

bool history_policy_take(struct history *history, struct history_policy *policy, struct batch *rows,
                         int64_t ts_us, const struct value *value, uint32_t quality)
{
    bool done = true;
    if (policy->rule.record != RECORD_ALL) {
        int64_t left_out_us[DOOR_LEFT_OUT_MAX];
        struct rollup_sample sample = rollup_sample_of(ts_us, value, quality);
        size_t count = door_take(
            &policy->door, &policy->rule,
            &(struct door_sample){.ts_us = ts_us,
                                  .number = sample.number,
                                  .is_sloped = policy->sloped && sample.good && !sample.text,
                                  .relation = policy_relation(history, policy, ts_us, value, quality)},
            left_out_us);
        for (size_t i = 0; i < count && done; i++)
            done = policy_leave_out(history, policy, rows, left_out_us[i]);
    }
    batch_add_sample(rows, (uint32_t)policy->tag_id, ts_us, value, quality);
    policy_set_last(policy, ts_us, value, quality);
    return done;
}

/* Do the two rows beside a late sample say what it says? */
static bool policy_is_told(const struct history *history, const struct history_policy *policy,
                           sqlite3_stmt *before, sqlite3_stmt *after, int64_t ts_us,
                           const struct value *value, uint32_t quality)
{
    struct value left, right;
    sql_column_value(before, 1, &left);
    sql_column_value(after, 1, &right);
    struct door_point start = {sqlite3_column_int64(before, 0), left.number};
    struct door_point end = {sqlite3_column_int64(after, 0), right.number};
    if (left.type != value->type || right.type != value->type ||
        (uint32_t)sqlite3_column_int64(before, 2) != quality ||
        (uint32_t)sqlite3_column_int64(after, 2) != quality ||
        gaps_until_us(&history->gaps, start.ts_us) <= end.ts_us)
        return false;
    struct rollup_sample sample = rollup_sample_of(ts_us, value, quality);
    if (policy->rule.record == RECORD_COMPRESSED && sample.good && !sample.text)
        return ts_us < policy->door.start.ts_us &&
               door_line_passes(&policy->rule, &start, &end, &(struct door_point){ts_us, sample.number});
    return history_is_same(&left, quality, value, quality) &&
           history_is_same(&right, quality, value, quality);
}

bool history_policy_take_late(struct history *history, struct history_policy *policy, int64_t ts_us,
                              const struct value *value, uint32_t quality, bool *kept)
{
    *kept = true;
    if (policy->rule.record == RECORD_ALL)
        return true;
    sqlite3_stmt *before = history->statements[HISTORY_ARCHIVE_BEFORE];
    sqlite3_stmt *after = history->statements[HISTORY_ARCHIVE_AFTER];
    sqlite3_bind_int64(before, 1, policy->tag_id);
    sqlite3_bind_int64(before, 2, ts_us);
    sqlite3_bind_int64(after, 1, policy->tag_id);
    sqlite3_bind_int64(after, 2, ts_us);
    if (sqlite3_step(before) == SQLITE_ROW && sqlite3_step(after) == SQLITE_ROW)
        *kept = !policy_is_told(history, policy, before, after, ts_us, value, quality);
    if (*kept && policy->door.has_start && ts_us > policy->door.start.ts_us)
        door_restart(&policy->door, policy->last.ts_us, policy->last.number);
    bool done = sqlite3_reset(before) == SQLITE_OK;
    return sqlite3_reset(after) == SQLITE_OK && done;
}
