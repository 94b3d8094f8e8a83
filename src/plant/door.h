/* Which samples of a tag are needed: recording by change, and the swinging door. Pure: samples go in, in the
 * order of time, and it says which of the earlier ones may be left out. */
#ifndef PLANT_DOOR_H
#define PLANT_DOOR_H

#include "plant/tagdef.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A tag's recording policy: the members of struct tag_def with these names. */
struct door_rule {
    enum tag_record record;
    double deviation;    /* RECORD_COMPRESSED: engineering units, above 0 */
    int64_t min_time_us; /* RECORD_COMPRESSED; 0: none */
    int64_t max_time_us; /* 0: none */
};

/* How a sample relates to the one before it. */
enum door_relation {
    DOOR_APART,     /* another quality or type, or a gap between the two */
    DOOR_DIFFERENT, /* another value */
    DOOR_EQUAL
};

struct door_sample {
    int64_t ts_us; /* later than every sample before it */
    double number;
    bool is_sloped; /* a Good number: a straight line may lead to it and from it */
    enum door_relation relation;
};

struct door_point {
    int64_t ts_us;
    double number;
};

/* So many samples may lie behind the held one, outside of its door, until one lies inside again. */
#define DOOR_OUTSIDE_MAX 32

/* What has to be known of the samples so far. All bytes 0: none yet. The last sample is always one of these
 * points, the last of those that are there. */
struct door {
    bool has_start, has_held, has_waiting;
    struct door_point start; /* the last sample that is kept for good */
    struct door_point held;  /* may still be left out */
    struct door_point
        outside[DOOR_OUTSIDE_MAX]; /* newer than `held`; a line from the start passes them, too */
    size_t outside_count;
    struct door_point waiting;   /* newer than all of these; did not pass the exception test */
    double slope_min, slope_max; /* of lines from `start`, units a second, that pass everything since */
};

#define DOOR_LEFT_OUT_MAX (DOOR_OUTSIDE_MAX + 4)

/* Takes the next sample and writes the stamps of earlier ones that need not be kept to `left_out_us`; returns
 * how many. What is not left out here is kept: the start for ever, the others until a later call says
 * otherwise. */
size_t door_take(struct door *door, const struct door_rule *rule, const struct door_sample *sample,
                 int64_t left_out_us[DOOR_LEFT_OUT_MAX]);

/* Everything so far is kept, and the last sample, given here, is where it goes on. */
void door_restart(struct door *door, int64_t ts_us, double number);

/* Does the straight line between two kept points pass a point between them within the deviation? */
bool door_line_passes(const struct door_rule *rule, const struct door_point *before,
                      const struct door_point *after, const struct door_point *point);

#endif
