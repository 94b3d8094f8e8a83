/* Recording by change keeps the first and the last sample of each run of equal ones. Steps between the kept
 * samples give back the whole series exactly, straight lines do as well (without the last of a run they would
 * climb to the next value through all of it), and the last tells until when the value was confirmed.
 *
 * Compressed recording keeps the corners of a chain of straight lines which passes every Good number within
 * the deviation: the swinging door of Bristol (US patent 4,669,097, expired) in its bounded form. From the
 * last kept sample, the start, every sample narrows the slopes that a line may have to pass it:
 *
 *     slope_max = min(slope_max, (v + deviation - start) / (t - start's t))
 *     slope_min = max(slope_min, (v - deviation - start) / (t - start's t))
 *
 * The newest sample to which the line has an allowed slope is held, and what came between the start and it is
 * left out. A sample outside of the door narrows it as well, and waits: a later one may lie inside again. When
 * no slope is left, or too many wait, the held sample becomes the start and those that wait are taken anew. The
 * line to a held sample was within the bounds of all before it, so the error is never above the deviation. (To
 * begin anew at the first sample outside kept 1.8 times as many of the demo plant's. The common form with two
 * parallel doors moves its corners off the samples and reached 1.97 times the deviation in a simulation of
 * 3,000 series; this one 1.00.)
 *
 * Before the door stands the exception test of process data systems, in use when min_time is given: a sample
 * that comes sooner than that after the last one that passed, and lies near it, does not pass; when one passes
 * again, the sample just before it passes first. The line between two passed samples is then off by at most
 * the door's deviation at both ends, and what did not pass in between by 2 times the test's nearness more: the
 * two shares below add up to the whole deviation. A sample further off passes at any time, so that no
 * excursion is lost.
 *
 * What is not a Good number (a text, a Bad value) is recorded by change. A change of quality or type and a gap
 * keep everything before and begin anew: no line leads across them. */
#include "plant/door.h"

#include <math.h>
#include <string.h>

#define DOOR_NEARNESS      0.125 /* of the deviation: the exception test */
#define DOOR_BEHIND_A_TEST 0.75  /* of the deviation: the door behind it; 1 - 2 * DOOR_NEARNESS */
#define DOOR_US_PER_SECOND 1e6

/* What may be left out so far. */
struct door_left_out {
    int64_t *ts_us;
    size_t count;
};

static double door_seconds(int64_t from_us, int64_t to_us)
{
    return (double)(to_us - from_us) / DOOR_US_PER_SECOND;
}

static void door_begin(struct door *door, struct door_point start)
{
    *door = (struct door){.has_start = true, .start = start, .slope_min = -INFINITY, .slope_max = INFINITY};
}

void door_restart(struct door *door, int64_t ts_us, double number)
{
    door_begin(door, (struct door_point){ts_us, number});
}

static bool door_is_long(const struct door *door, const struct door_rule *rule, int64_t ts_us)
{
    return rule->max_time_us && ts_us - door->start.ts_us >= rule->max_time_us;
}

/* The held sample is left out, or becomes the start when `keep` says so. */
static void door_settle(struct door *door, bool keep, struct door_left_out *left_out)
{
    if (door->has_held && keep)
        door_begin(door, door->held);
    else if (door->has_held)
        left_out->ts_us[left_out->count++] = door->held.ts_us;
    door->has_held = false;
}

static void door_hold(struct door *door, struct door_point point)
{
    door->held = point;
    door->has_held = true;
}

/* The samples outside of the door are no longer outside of anything. */
static void door_leave_out_outside(struct door *door, struct door_left_out *left_out)
{
    for (size_t i = 0; i < door->outside_count; i++)
        left_out->ts_us[left_out->count++] = door->outside[i].ts_us;
    door->outside_count = 0;
}

/* Takes a sample while a line from the start can pass it and all since; false when none can. */
static bool door_swing_on(struct door *door, const struct door_rule *rule, struct door_point point,
                          struct door_left_out *left_out)
{
    double deviation = rule->deviation * (rule->min_time_us ? DOOR_BEHIND_A_TEST : 1);
    double rise = point.number - door->start.number, run_s = door_seconds(door->start.ts_us, point.ts_us);
    double slope_min = fmax(door->slope_min, (rise - deviation) / run_s);
    double slope_max = fmin(door->slope_max, (rise + deviation) / run_s);
    bool inside = rise / run_s >= door->slope_min && rise / run_s <= door->slope_max;
    if (!inside && (slope_min > slope_max || door->outside_count == DOOR_OUTSIDE_MAX))
        return false;
    door->slope_min = slope_min;
    door->slope_max = slope_max;
    if (inside) {
        door_settle(door, false, left_out);
        door_leave_out_outside(door, left_out);
        door_hold(door, point);
    } else {
        door->outside[door->outside_count++] = point;
    }
    return true;
}

static bool door_takes(struct door *door, const struct door_rule *rule, struct door_point point,
                       struct door_left_out *left_out)
{
    return !(door->has_held && door_is_long(door, rule, point.ts_us)) &&
           door_swing_on(door, rule, point, left_out);
}

/* When no line from the start can pass the sample too, the held one becomes the start, and what lay outside
 * behind it is taken anew. The first sample after a start always lies inside and is held. */
static void door_swing(struct door *door, const struct door_rule *rule, struct door_point point,
                       struct door_left_out *left_out)
{
    struct door_point again[DOOR_OUTSIDE_MAX + 1];
    size_t count = door->outside_count, next = 0;
    if (door_takes(door, rule, point, left_out))
        return;
    memcpy(again, door->outside, count * sizeof *again);
    again[count++] = point;
    door_begin(door, door->held);
    while (next < count) {
        if (door_takes(door, rule, again[next], left_out)) {
            next++;
        } else {
            next -= door->outside_count;
            door_begin(door, door->held);
        }
    }
}

static bool door_is_exception(const struct door *door, const struct door_rule *rule, struct door_point point)
{
    const struct door_point *passed = door->outside_count ? &door->outside[door->outside_count - 1]
                                      : door->has_held    ? &door->held
                                                          : &door->start;
    return point.ts_us - passed->ts_us >= rule->min_time_us ||
           fabs(point.number - passed->number) > DOOR_NEARNESS * rule->deviation ||
           door_is_long(door, rule, point.ts_us);
}

static void door_take_sloped(struct door *door, const struct door_rule *rule, struct door_point point,
                             struct door_left_out *left_out)
{
    struct door_point waiting = door->waiting;
    bool had_waiting = door->has_waiting, passes = door_is_exception(door, rule, point);
    door->has_waiting = !passes;
    door->waiting = point;
    if (had_waiting && passes)
        door_swing(door, rule, waiting, left_out);
    else if (had_waiting)
        left_out->ts_us[left_out->count++] = waiting.ts_us;
    if (passes)
        door_swing(door, rule, point, left_out);
}

size_t door_take(struct door *door, const struct door_rule *rule, const struct door_sample *sample,
                 int64_t left_out_us[DOOR_LEFT_OUT_MAX])
{
    struct door_left_out left_out = {.ts_us = left_out_us};
    struct door_point point = {sample->ts_us, sample->number};
    bool sloped = rule->record == RECORD_COMPRESSED && sample->is_sloped;
    if (!door->has_start || rule->record == RECORD_ALL || sample->relation == DOOR_APART ||
        (sample->relation == DOOR_DIFFERENT && !sloped)) {
        door_begin(door, point);
        return 0;
    }
    if (sloped) {
        door_take_sloped(door, rule, point, &left_out);
    } else {
        door_settle(door, door_is_long(door, rule, point.ts_us), &left_out);
        door_hold(door, point);
    }
    return left_out.count;
}

bool door_line_passes(const struct door_rule *rule, const struct door_point *before,
                      const struct door_point *after, const struct door_point *point)
{
    double share = door_seconds(before->ts_us, point->ts_us) / door_seconds(before->ts_us, after->ts_us);
    return fabs(before->number + share * (after->number - before->number) - point->number) <= rule->deviation;
}
