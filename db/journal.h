/* The journal and the states of alarms, writing side: inside the transaction that stores the samples they came
 * with, so that nothing is shown that a power cut could take back. */
#ifndef DB_JOURNAL_H
#define DB_JOURNAL_H

#include "db/chain.h"
#include "plant/batch.h"

#include <sqlite3.h>
#include <stdbool.h>

struct journal;

/* Prepares its statements on the writing connection and finds the end of the chain (db/chain.h); NULL on a failure,
 * which sql_fail() then tells. */
struct journal *journal_new(sqlite3 *db);
void journal_free(struct journal *journal);

/* Inside the open transaction: appends the batch's entries, and brings the states of its alarms up to date; one
 * that is normal leaves the table. The same for their terms. False on a failure, which is left in the connection. */
bool journal_write(struct journal *journal, const struct batch *batch);

/* The transaction of the last journal_write() was committed; without this the next one begins where that began. */
void journal_note_commit(struct journal *journal);

/* When the oldest row is from (µs UTC); INT64_MAX: there is none. False on a failure. */
bool journal_begins_at(struct journal *journal, int64_t *ts_us);

/* Inside the open transaction: a slice of deleting rows from the beginning on, until one is not older than `cut_us`. The
 * first slice enters up to which row it will go, at `now_us` (wall), and leaves that in *target_id (0 before, and again when
 * it is done); the following delete some rows each, until about `until_us` (clock_mono_us()), and note in meta where the
 * journal begins now. So the chain itself tells how far it is shortened, and journal_verify() finds it whole after each
 * slice. *more: there is more to do. journal_note_commit() afterwards.
 * A row whose time lies ahead keeps those behind it until it is old itself. */
bool journal_shorten(struct journal *journal, int64_t cut_us, int64_t now_us, int64_t until_us,
                     int64_t *target_id, bool *more);

/* The newest committed row and its hash, to be kept elsewhere; *id 0: there is none yet. */
struct chain_hash journal_head(const struct journal *journal, int64_t *id);

#endif
