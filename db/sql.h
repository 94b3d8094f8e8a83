/* What the files of this room share to talk to SQLite: statements, and errors that say what to do. */
#ifndef DB_SQL_H
#define DB_SQL_H

#include "base/err.h"
#include "plant/value.h"

#include <sqlite3.h>

/* Turns the connection's last failure into an error: "PATH: cannot DOING: SQLite's message. What to do." A
 * busy file names the process that holds it where that can be found (`shm_fd`, an open descriptor of the -shm
 * file, or -1). Returns false. */
bool sql_fail(sqlite3 *db, int shm_fd, const char *doing, struct err *err);

/* The same for a result code without a connection that remembers it. */
bool sql_fail_code(const char *path, int code, const char *message, int shm_fd, const char *doing,
                   struct err *err);

/* A process that keeps WAL locks from `first` on, `count` of them (0: writer, 1: checkpointer, 2: recovery, 3
 * to 7: readers), or 0. This process itself is never found. */
long sql_find_holder(int shm_fd, int first, int count);

/* What the process is called, safe to show; "?" when it has ended. `size` of 64 is enough. */
void sql_name_process(long pid, char *out, size_t size);

/* Runs SQL text whose rows do not matter. Returns SQLite's result code. */
int sql_exec(sqlite3 *db, const char *sql);

/* Prepares one statement, for repeated use when `keep`. NULL on a failure, which sql_fail() then tells. */
sqlite3_stmt *sql_prepare(sqlite3 *db, const char *sql, bool keep);

/* Steps a statement that gives no row, resets it, and says whether it succeeded. */
bool sql_run(sqlite3_stmt *statement);

/* The first column of the first row of a query as an integer; `fallback` when there is no row or it is NULL.
 * False on a failure. */
bool sql_read_int(sqlite3 *db, const char *sql, sqlite3_int64 fallback, sqlite3_int64 *value);

/* A value as the sample tables hold it: NULL, REAL, or a text as BLOB.
 * A text must live until the statement is reset. */
void sql_bind_value(sqlite3_stmt *statement, int index, const struct value *value);
void sql_column_value(sqlite3_stmt *statement, int column, struct value *value);

/* A text column, NULL for SQL's NULL; valid until the next step. */
const char *sql_column_text(sqlite3_stmt *statement, int column);

#endif
