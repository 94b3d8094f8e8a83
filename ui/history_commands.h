/* What the history thread reads of commands (HISTORY_COMMANDS). */
#ifndef UI_HISTORY_COMMANDS_H
#define UI_HISTORY_COMMANDS_H

#include "base/err.h"
#include "db/query.h"
#include "ui/history_reader.h"

#include <stdbool.h>
#include <stddef.h>

/* Fills result->commands. False on a failure. */
bool history_read_commands(struct query *query, struct history_result *result, struct err *err);

/* Releases them. */
void history_free_commands(struct wire_command *commands, size_t count);

#endif
