/* What the texts of tags were, for the history's thread. */
#ifndef UI_HISTORY_TEXTS_H
#define UI_HISTORY_TEXTS_H

#include "db/query.h"
#include "ui/history_reader.h"

#include <stdbool.h>

/* Adds to result->texts what those tags of the request were that request->text_tags names, over the request's grid.
 * False with `err` set on a failure. */
bool history_read_texts(struct query *query, const struct history_request *request,
                        struct history_result *result, struct err *err);

#endif
