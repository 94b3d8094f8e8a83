/* The version of a history file: recognising one, making one, and bringing an older one up to date. */
#ifndef DB_SCHEMA_H
#define DB_SCHEMA_H

#include "base/err.h"

#include <sqlite3.h>
#include <stdbool.h>

/* What PRAGMA application_id says of a history file: "hmiH". */
#define SCHEMA_APPLICATION_ID 0x686d6948

/* The version that this program writes (PRAGMA user_version). */
#define SCHEMA_VERSION 10

/* One step of the migrations: SQL that brings a file from version `to - 1` to version `to`. It deals with
 * tables only: the views are made anew afterwards. */
struct schema_step {
    int to;
    const char *sql;
};

/* Looks at a file's first bytes without SQLite, so that a file that is not ours is not touched at all. Sets
 * *is_new when there is no file or an empty one. Refuses what is no history (EX_DATAERR) and what a newer
 * program made (EX_CONFIG). */
bool schema_check_file(const char *path, bool *is_new, struct err *err);

/* Fills an empty database with the tables and views in one transaction. */
bool schema_create(sqlite3 *db, struct err *err);

/* Runs the steps that the file lacks, in the order of the list (its end has `to` 0) and each in a transaction
 * of its own together with its new version and the views. After a failure the file is at the last version
 * that was reached. `version` is the one that the last step leads to; a file that is newer is refused. */
bool schema_upgrade(sqlite3 *db, const struct schema_step *steps, int version, struct err *err);

/* schema_upgrade() with this program's own steps. */
bool schema_migrate(sqlite3 *db, struct err *err);

/* Says whether the open file can be read: a history of exactly this version. */
bool schema_check_readable(sqlite3 *db, struct err *err);

#endif
