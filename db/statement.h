/* SQL text by itself, without a database. */
#ifndef DB_STATEMENT_H
#define DB_STATEMENT_H

#include <stdbool.h>

/* Does the text end in a whole statement, its semicolon included? */
bool statement_is_complete(const char *sql);

#endif
