#include "db/statement.h"

#include <sqlite3.h>

bool statement_is_complete(const char *sql)
{
    return sqlite3_complete(sql) == 1;
}
