/* Is the journal as it was written? Follows the hash chain (db/chain.h) from its first row to its last. */
#ifndef DB_JOURNAL_VERIFY_H
#define DB_JOURNAL_VERIFY_H

#include "db/chain.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#define JOURNAL_VERDICT_MAX 200

struct journal_verdict {
    uint64_t rows;                  /* followed */
    uint64_t unhashed;              /* at the beginning, from before there was a chain */
    int64_t broken_id;              /* the first row that is not as it was written; 0: none */
    char text[JOURNAL_VERDICT_MAX]; /* what is wrong with it; "" */
    int64_t head_id;                /* the last row, */
    struct chain_hash head; /* and its hash as it stands in the file, to compare with one kept elsewhere */
};

/* The columns of a row in the order in which they are hashed: a promise (hmi-history(5)). */
#define JOURNAL_COLUMNS                                                                                      \
    "id, ts, kind, tag, alarm, event, type, priority, value, limit_value, state_before, state_after,"        \
    " operator, station, detail, command, value_old, value_new, value_readback, ms_broker, ms_readback,"     \
    " ms_recorded, ms_sent"

/* Of these the last two, which came later; they are not hashed in a row where both are NULL. */
#define JOURNAL_LATER_COLUMNS 2

/* The event of the entry by which retention tells how far it shortens the journal: `value` is the id of the last row that
 * goes. */
#define JOURNAL_SHORTENED "shortened"

/* Follows the chain from where retention left off. That beginning must not lie behind what the journal's own last entry
 * about it tells: whoever takes rows from the front and moves the beginning would have to add an entry, or to make every
 * later row anew; the latter only a hash that is kept elsewhere can tell.
 * False on a failure, which is left in the connection. chain_library_init() comes before. */
bool journal_verify(sqlite3 *db, struct journal_verdict *verdict);

#endif
