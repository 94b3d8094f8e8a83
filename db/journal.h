/* The journal and the states of alarms, writing side: inside the transaction that stores the samples they came
 * with, so that nothing is shown that a power cut could take back. */
#ifndef DB_JOURNAL_H
#define DB_JOURNAL_H

#include "plant/batch.h"

#include <sqlite3.h>
#include <stdbool.h>

struct journal;

/* Prepares its statements on the writing connection; NULL on a failure, which sql_fail() then tells. */
struct journal *journal_new(sqlite3 *db);
void journal_free(struct journal *journal);

/* Inside the open transaction: appends the batch's entries, and brings the states of its alarms up to date; one
 * that is normal leaves the table. False on a failure, which is left in the connection. */
bool journal_write(struct journal *journal, const struct batch *batch);

#endif
