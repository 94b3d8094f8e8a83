/* What the history thread (ui/history_reader.c) reads from the file for each purpose. */
#ifndef UI_HISTORY_READ_H
#define UI_HISTORY_READ_H

#include "base/err.h"
#include "db/query.h"
#include "ui/history_reader.h"

#include <stdbool.h>

/* Fills the result's part for the request's purpose; purpose, ticket, span and tags are filled in already. False
 * on a failure, and when query_interrupt() ended it (EX_TEMPFAIL). */
bool history_read(struct query *query, const struct history_request *request, struct history_result *result,
                  struct err *err);

#endif
