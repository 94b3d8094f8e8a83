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

/* What the journal takes in the file. */
struct journal_size {
    int64_t first_id, last_id; /* 0: no rows */
    double row_bytes;          /* of a row with its indexes, on average: from the texts of 256 rows */
};

/* False on a failure. */
bool journal_measure(struct journal *journal, struct journal_size *size);

/* When the oldest row is from (µs UTC); INT64_MAX: there is none. False on a failure. */
bool journal_begins_at(struct journal *journal, int64_t *ts_us);

/* Deleting rows from the beginning on. */
struct journal_shortening {
    /* Which go: those older than this, until one is not, however old those behind it are; INT64_MIN: none for their age. */
    int64_t older_us;
    int64_t last_id;   /* and all up to this one, whatever their time, because of the file's size; 0: none */
    int64_t target_id; /* the last row that goes, as the journal itself has been told; 0: not yet, or done */
    uint64_t deleted;  /* rows that went */
};

/* Inside the open transaction: a slice of that. The first slice enters up to which row it will go, at `now_us` (wall); the
 * following delete some rows each, until about `until_us` (clock_mono_us()), and note in meta where the journal begins now.
 * So the chain itself tells how far it is shortened, and journal_verify() finds it whole after each slice. *more: there is
 * more to do. journal_note_commit() afterwards; after a failure the caller goes back to what `shortening` was before. */
bool journal_shorten(struct journal *journal, struct journal_shortening *shortening, int64_t now_us,
                     int64_t until_us, bool *more);

/* The newest committed row and its hash, to be kept elsewhere; *id 0: there is none yet. */
struct chain_hash journal_head(const struct journal *journal, int64_t *id);

#endif
