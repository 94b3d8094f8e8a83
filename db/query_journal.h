/* The journal, the newest first, a stretch at a time: for screens and searches that must not wait for millions of rows. */
#ifndef DB_QUERY_JOURNAL_H
#define DB_QUERY_JOURNAL_H

#include "db/query.h"

#include <stdbool.h>
#include <stdint.h>

/* The order of the journal for people: by time, of equal ones by number. */
struct query_journal_place {
    int64_t ts_us, id;
};

#define QUERY_JOURNAL_NEWEST ((struct query_journal_place){.ts_us = INT64_MAX, .id = INT64_MAX})

/* One row; NULL and NaN where there is nothing. Texts are valid during the callback only, and not made safe. */
struct query_journal_entry {
    struct query_journal_place place;
    const char *kind, *event, *tag, *alarm, *type, *priority, *before, *after, *operator, * station, *detail;
    const char *old, *new, *readback; /* of commands, their outcomes and refusals */
    double value, limit;
};

/* Which entries are looked at: each of these by an index. */
enum query_journal_of {
    QUERY_JOURNAL_OF_ALL,
    QUERY_JOURNAL_OF_ONE_TAG,
    QUERY_JOURNAL_OF_PEOPLE /* that name an operator */
};

/* The entries that are older than `before` and not older than from_us; `tag` for QUERY_JOURNAL_OF_ONE_TAG, else NULL. The
 * callback returns false to stop. At most `most` of them. Each costs a search by index and no more, whatever the journal's
 * length. False on a failure: EX_TEMPFAIL after query_interrupt(). */
typedef bool query_journal_function(void *context, const struct query_journal_entry *entry);
bool query_journal(struct query *query, enum query_journal_of of, const char *tag,
                   struct query_journal_place before, int64_t from_us, uint64_t most,
                   query_journal_function *function, void *context, struct err *err);

/* The entries that were committed after the one with that number, in the order in which they were: `most` at most. */
bool query_journal_since(struct query *query, int64_t id, uint64_t most, query_journal_function *function,
                         void *context, struct err *err);

#endif
