/* The runs of one set, read as one stream in the order of tag, time and arrival: what a merge takes from. The
 * set must not change meanwhile, but transactions may come and go: nothing is held open between two calls. */
#ifndef DB_RUNS_H
#define DB_RUNS_H

#include "plant/batch.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct runs;

/* Begins after (tag_id, ts_us) in the set of that letter, a or b. NULL on a failure, which is left in the
 * connection, as all of them are. */
struct runs *runs_new(sqlite3 *db, char set, int64_t tag_id, int64_t ts_us);
void runs_free(struct runs *runs);

/* Reads the beginning of each run, until `until_us` (clock_mono_us()); *ready says that all are there. */
bool runs_load(struct runs *runs, int64_t until_us, bool *ready);

/* The first sample that was not taken yet, and in *batch where its text lies; NULL at the end. Valid until
 * runs_take(). */
const struct batch_sample *runs_peek(struct runs *runs, const struct batch **batch);

/* Of the first one's tag and those up to `ts_us`: the sample of the earliest run, which arrived before the
 * others. There must be one. */
const struct batch_sample *runs_peek_earliest(struct runs *runs, int64_t ts_us, const struct batch **batch);

/* Takes the sample that was looked at last. */
bool runs_take(struct runs *runs);

#endif
