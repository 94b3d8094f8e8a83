/* A history file carries two numbers in its header: application_id says that it is one, user_version which
 * schema it has. A new file gets the current tables at once (schema.sql). An older one walks the steps below;
 * each step is one transaction, so that a crash leaves a file of some version, never one between two. The
 * views are dropped and made again whenever the version changes, so that steps deal with tables only. */
#include "db/schema.h"

#include "db/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What people did is a small part of the journal: whoever looks for an operator does not walk through the rest. */
#define SCHEMA_OPERATORS                                                                                     \
    "CREATE INDEX journal_entry_operator ON journal_entry (ts) WHERE operator IS NOT NULL;"

static const char SCHEMA_TABLES[] =
#include "schema.sql.inc"
#include "journal.sql.inc"
#include "commands.sql.inc"
#include "stages.sql.inc"
#include "restart.sql.inc"
    SCHEMA_OPERATORS;

static const char SCHEMA_JOURNAL[] =
#include "journal.sql.inc"
    ;

static const char SCHEMA_COMMANDS[] =
#include "commands.sql.inc"
    ;

static const char SCHEMA_STAGES[] =
#include "stages.sql.inc"
    ;

static const char SCHEMA_RESTART[] =
#include "restart.sql.inc"
    ;

static const char SCHEMA_VIEWS[] =
#include "views.sql.inc"
#include "minute_views.sql.inc"
#include "hour_views.sql.inc"
    ;

#define SCHEMA_BUCKETS                                                                                       \
    "ts INTEGER NOT NULL, n INTEGER NOT NULL, min REAL, max REAL, first REAL, last REAL, avg REAL,"          \
    " good_us INTEGER NOT NULL, held INTEGER NOT NULL"

/* To change the tables: the step here, such as {.to = 7, .sql = "ALTER TABLE ..."}, its result in schema.sql,
 * and one more in SCHEMA_VERSION. Version 1 was the first; 2 brought the archive, minutes and hours,
 * 3 the journal and the states of alarms, 4 recording policies,
 * 5 commands in the journal,
 * 6 analog tags that are stepped,
 * 7 the index for operators,
 * 8 when a command was on record and sent,
 * 9 the terms of alarms, and where floods are in the journal,
 * 10 views of minutes and hours that sort less. */
static const struct schema_step SCHEMA_STEPS[] = {
    {.to = 2,
     .sql = "ALTER TABLE run_a ADD COLUMN rows INTEGER NOT NULL DEFAULT 16384;"
            "ALTER TABLE run_a ADD COLUMN filled_us INTEGER NOT NULL DEFAULT 0;"
            "ALTER TABLE run_b ADD COLUMN rows INTEGER NOT NULL DEFAULT 16384;"
            "ALTER TABLE run_b ADD COLUMN filled_us INTEGER NOT NULL DEFAULT 0;"
            "ALTER TABLE store ADD COLUMN mark_a_ts INTEGER NOT NULL DEFAULT 0;"
            "ALTER TABLE store ADD COLUMN mark_b_ts INTEGER NOT NULL DEFAULT 0;"
            "ALTER TABLE unrecorded ADD COLUMN rolled INTEGER NOT NULL DEFAULT 0;"
            "CREATE INDEX unrecorded_end ON unrecorded (ts_end, ts_start);"
            "CREATE TABLE archive (tag_id INTEGER NOT NULL, ts INTEGER NOT NULL, value REAL, quality INTEGER"
            " NOT NULL, PRIMARY KEY (tag_id, ts)) WITHOUT ROWID;"
            "CREATE TABLE minute (tag_id INTEGER NOT NULL, " SCHEMA_BUCKETS
            ", PRIMARY KEY (tag_id, ts)) WITHOUT ROWID;"
            "CREATE TABLE hour (tag_id INTEGER NOT NULL, " SCHEMA_BUCKETS
            ", PRIMARY KEY (tag_id, ts)) WITHOUT ROWID;"
            "CREATE TABLE minute_open (tag_id INTEGER PRIMARY KEY, " SCHEMA_BUCKETS ");"
            "CREATE TABLE hour_open (tag_id INTEGER PRIMARY KEY, " SCHEMA_BUCKETS ");"},
    {.to = 3, .sql = SCHEMA_JOURNAL},
    {.to = 4,
     .sql =
         "ALTER TABLE tag ADD COLUMN record TEXT NOT NULL DEFAULT 'change';"
         "ALTER TABLE tag ADD COLUMN deviation REAL NOT NULL DEFAULT 0;"
         "ALTER TABLE tag ADD COLUMN min_time_us INTEGER NOT NULL DEFAULT 0;"
         "ALTER TABLE tag ADD COLUMN max_time_us INTEGER NOT NULL DEFAULT 0;"
         "CREATE TABLE door (tag_id INTEGER PRIMARY KEY, record INTEGER NOT NULL, last_us INTEGER NOT NULL,"
         " start_us INTEGER NOT NULL, start REAL NOT NULL, slope_min REAL, slope_max REAL,"
         " held_us INTEGER, held REAL, waiting_us INTEGER, waiting REAL);"},
    {.to = 5, .sql = SCHEMA_COMMANDS},
    {.to = 6, .sql = "ALTER TABLE tag ADD COLUMN stepped INTEGER NOT NULL DEFAULT 0;"},
    {.to = 7, .sql = SCHEMA_OPERATORS},
    {.to = 8, .sql = SCHEMA_STAGES},
    {.to = 9, .sql = SCHEMA_RESTART},
    {.to = 10, .sql = ""},
    {.to = 0},
};

static uint32_t schema_big_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool schema_refuse_newer(const char *path, int version, int known, struct err *err)
{
    return err_set(err, EX_CONFIG,
                   "%s: written by a newer hmi (its schema is version %d, this program knows %d). "
                   "Use the newer program, or give another history file.",
                   path, version, known);
}

static bool schema_refuse_foreign(const char *path, struct err *err)
{
    return err_set(
        err, EX_DATAERR,
        "%s: not a history file of hmi; it is left as it is. Give another name in the configuration.", path);
}

bool schema_check_file(const char *path, bool *is_new, struct err *err)
{
    *is_new = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        *is_new = true;
        return true;
    }
    if (fd < 0)
        return err_set(err, errno == EACCES ? EX_NOPERM : EX_NOINPUT, "%s: cannot open the history file: %s.",
                       path, strerror(errno));
    struct stat status; /* a device or a pipe must not pass for an empty file */
    if (fstat(fd, &status) || !S_ISREG(status.st_mode)) {
        close(fd);
        return err_set(err, EX_DATAERR, "%s: not a file that can hold a history. Give another name.", path);
    }
    unsigned char header[100]; /* SQLite's; application_id and user_version lie at 68 and 60 */
    ssize_t length = read(fd, header, sizeof header);
    int failure = errno;
    close(fd);
    if (length < 0)
        return err_set(err, EX_IOERR, "%s: cannot read the history file: %s.", path, strerror(failure));
    *is_new = length == 0;
    if (*is_new)
        return true;
    if (length < (ssize_t)sizeof header || memcmp(header, "SQLite format 3", 16) ||
        schema_big_endian(header + 68) != SCHEMA_APPLICATION_ID)
        return schema_refuse_foreign(path, err);
    int version = (int)schema_big_endian(header + 60);
    if (version > SCHEMA_VERSION)
        return schema_refuse_newer(path, version, SCHEMA_VERSION, err);
    return true;
}

/* Runs SQL, sets the version, makes the views and commits; rolls all of it back on a failure. */
static bool schema_apply(sqlite3 *db, const char *sql, int version, struct err *err)
{
    char pragma[64];
    snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", version);
    if (sql_exec(db, "BEGIN IMMEDIATE") == SQLITE_OK && sql_exec(db, sql) == SQLITE_OK &&
        sql_exec(db, SCHEMA_VIEWS) == SQLITE_OK && sql_exec(db, pragma) == SQLITE_OK &&
        sql_exec(db, "COMMIT") == SQLITE_OK)
        return true;
    sql_fail(db, -1, "write its tables", err);
    if (!sqlite3_get_autocommit(db))
        sql_exec(db, "ROLLBACK");
    return false;
}

bool schema_create(sqlite3 *db, struct err *err)
{
    /* These two only take effect while the file is empty; the id is the first thing written. */
    char settings[128];
    snprintf(settings, sizeof settings, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = %d",
             SCHEMA_APPLICATION_ID);
    if (sql_exec(db, settings) != SQLITE_OK)
        return sql_fail(db, -1, "make the file", err);
    return schema_apply(db, SCHEMA_TABLES, SCHEMA_VERSION, err);
}

bool schema_upgrade(sqlite3 *db, const struct schema_step *steps, int version, struct err *err)
{
    sqlite3_int64 found;
    if (!sql_read_int(db, "PRAGMA user_version", 0, &found))
        return sql_fail(db, -1, "read its version", err);
    if (found > version)
        return schema_refuse_newer(sqlite3_db_filename(db, "main"), (int)found, version, err);
    for (; steps->to; steps++)
        if (steps->to > found && !schema_apply(db, steps->sql, steps->to, err))
            return err_prefix(err, "bringing the history from version %d to %d", steps->to - 1, steps->to);
    return true;
}

bool schema_migrate(sqlite3 *db, struct err *err)
{
    return schema_upgrade(db, SCHEMA_STEPS, SCHEMA_VERSION, err);
}

bool schema_check_readable(sqlite3 *db, struct err *err)
{
    sqlite3_int64 application, version;
    const char *path = sqlite3_db_filename(db, "main");
    if (!sql_read_int(db, "PRAGMA application_id", 0, &application) ||
        !sql_read_int(db, "PRAGMA user_version", 0, &version))
        return sql_fail(db, -1, "read it", err);
    if (application != SCHEMA_APPLICATION_ID)
        return schema_refuse_foreign(path, err);
    if (version > SCHEMA_VERSION)
        return schema_refuse_newer(path, (int)version, SCHEMA_VERSION, err);
    if (version < SCHEMA_VERSION)
        return err_set(err, EX_TEMPFAIL,
                       "%s: written by an older hmi (its schema is version %d, this program reads %d). "
                       "Start the recorder of this version once: it brings the file up to date.",
                       path, (int)version, SCHEMA_VERSION);
    return true;
}
