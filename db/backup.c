/* The copy is made by SQLite's online backup in steps, all inside one read transaction: without it each
 * commit of the recorder would start the copy again from its beginning, and under load it would never end.
 * The recorder is not held up, but its write-ahead log cannot begin anew before the transaction ends; so the
 * copy is made as fast as the disks allow, without an fsync until the transaction is over, and is given up
 * when the log has grown by BACKUP_WAL_MAX. */
#include "db/backup.h"

#include "db/schema.h"
#include "db/sql.h"

#include "base/mem.h"

#include <stdlib.h>
#include <sys/stat.h>

#define BACKUP_STEP_PAGES 2048 /* of 4 KiB: some 10 ms of work from memory */
#define BACKUP_BUSY_MS    1000 /* a recovery after a crash is waited for */

struct backup {
    sqlite3 *from, *to;
    sqlite3_backup *copy; /* NULL: ended */
    char *wal_path;
    uint64_t wal_bytes; /* at the beginning */
    uint64_t page_bytes, pages;
};

static uint64_t backup_wal_bytes(const struct backup *backup)
{
    struct stat status;
    return stat(backup->wal_path, &status) ? 0 : (uint64_t)status.st_size;
}

/* Opens the history and begins the transaction that its state is read in. */
static bool backup_open_source(struct backup *backup, const char *path, struct err *err)
{
    sqlite3_int64 page_bytes, pages;
    bool is_new;
    if (!schema_check_file(path, &is_new, err))
        return false;
    if (is_new)
        return err_set(err, EX_NOINPUT, "%s: there is no history yet. It is made when a recorder first runs.",
                       path);
    if (sqlite3_open_v2(path, &backup->from, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return sql_fail(backup->from, -1, "open it", err);
    sqlite3_extended_result_codes(backup->from, 1);
    sqlite3_busy_timeout(backup->from, BACKUP_BUSY_MS);
    if (sql_exec(backup->from, "BEGIN") != SQLITE_OK ||
        !sql_read_int(backup->from, "PRAGMA page_size", 0, &page_bytes) ||
        !sql_read_int(backup->from, "PRAGMA page_count", 0, &pages))
        return sql_fail(backup->from, -1, "read it", err);
    backup->page_bytes = (uint64_t)page_bytes;
    backup->pages = (uint64_t)pages;
    backup->wal_path = mem_format("%s-wal", sqlite3_db_filename(backup->from, "main"));
    backup->wal_bytes = backup_wal_bytes(backup);
    return true;
}

/* Neither journal nor fsync: a copy that does not become complete is thrown away. */
static bool backup_open_target(struct backup *backup, const char *path, struct err *err)
{
    if (sqlite3_open_v2(path, &backup->to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return sql_fail(backup->to, -1, "write the copy", err);
    sqlite3_extended_result_codes(backup->to, 1);
    if (sql_exec(backup->to, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF;"
                             "PRAGMA synchronous = OFF") != SQLITE_OK)
        return sql_fail(backup->to, -1, "write the copy", err);
    backup->copy = sqlite3_backup_init(backup->to, "main", backup->from, "main");
    return backup->copy || sql_fail(backup->to, -1, "write the copy", err);
}

struct backup *backup_open(const char *from, const char *to, struct err *err)
{
    struct backup *backup = mem_new(1, sizeof *backup);
    if (backup_open_source(backup, from, err) && backup_open_target(backup, to, err))
        return backup;
    backup_close(backup);
    return NULL;
}

uint64_t backup_bytes(const struct backup *backup)
{
    return backup->page_bytes * backup->pages;
}

/* The copied header says that a write-ahead log belongs to the file: set right, so that the copy can be read
 * where nothing can be written. A recorder that opens it makes a log again. */
static bool backup_complete(struct backup *backup, struct err *err)
{
    int code = sqlite3_backup_finish(backup->copy);
    backup->copy = NULL;
    sql_exec(backup->from, "COMMIT"); /* from here on the recorder's log may begin anew */
    if (code != SQLITE_OK || sql_exec(backup->to, "PRAGMA journal_mode = DELETE") != SQLITE_OK)
        return sql_fail(backup->to, -1, "complete the copy", err);
    return true;
}

bool backup_step(struct backup *backup, uint64_t *done_bytes, uint64_t *total_bytes, struct err *err)
{
    int code = sqlite3_backup_step(backup->copy, BACKUP_STEP_PAGES);
    if (code != SQLITE_OK && code != SQLITE_DONE)
        return sql_fail_code(sqlite3_db_filename(backup->to, "main"), code, sqlite3_errstr(code), -1,
                             "write the copy", err);
    uint64_t left = (uint64_t)sqlite3_backup_remaining(backup->copy);
    *total_bytes = backup_bytes(backup);
    *done_bytes = *total_bytes - (left < backup->pages ? left : backup->pages) * backup->page_bytes;
    if (code == SQLITE_DONE) {
        *done_bytes = *total_bytes;
        return backup_complete(backup, err);
    }
    if (*done_bytes == *total_bytes)
        *done_bytes -= backup->page_bytes;
    if (backup_wal_bytes(backup) > backup->wal_bytes + BACKUP_WAL_MAX)
        return err_set(
            err, EX_TEMPFAIL,
            "%s: given up: the recorder's log has grown by a gigabyte before the copy was complete. "
            "Copy to a faster disk, or when the plant sends less.",
            sqlite3_db_filename(backup->from, "main"));
    return true;
}

void backup_close(struct backup *backup)
{
    if (!backup)
        return;
    sqlite3_backup_finish(backup->copy);
    sqlite3_close(backup->to);
    sqlite3_close(backup->from);
    free(backup->wal_path);
    free(backup);
}
