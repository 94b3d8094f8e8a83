#include "db/sql.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Advice by SQLite's primary result code. */
struct sql_advice {
    int code;
    int exit_code;
    const char *text;
};

static const struct sql_advice SQL_ADVICE[] = {
    {SQLITE_FULL, EX_IOERR, "The disk is full: free space on its file system; nothing else needs to be done"},
    {SQLITE_READONLY, EX_NOPERM,
     "The file or its directory cannot be written: check the owner, the rights and how it is mounted"},
    {SQLITE_PERM, EX_NOPERM, "Check the owner and the rights of the file and its directory"},
    {SQLITE_AUTH, EX_NOPERM, "Check the owner and the rights of the file and its directory"},
    {SQLITE_CANTOPEN, EX_CANTCREAT,
     "Check that the file and its directory exist and may be opened by this user"},
    {SQLITE_IOERR, EX_IOERR,
     "The disk gave an error: look at the kernel's log (dmesg) and at the free space"},
    {SQLITE_BUSY, EX_TEMPFAIL, "Another process is writing to it: end that process"},
    {SQLITE_LOCKED, EX_TEMPFAIL, "Another statement is using it: try again"},
    {SQLITE_CORRUPT, EX_DATAERR,
     "The file is damaged: move it away (with its -wal and -shm files) and put a backup in its place"},
    {SQLITE_NOTADB, EX_DATAERR, "It is not a history file: give another name in the configuration"},
    {SQLITE_INTERRUPT, EX_TEMPFAIL, "The query was ended before it was complete"},
    {SQLITE_TOOBIG, EX_DATAERR, "A text is too long"},
};

static const struct sql_advice *sql_advice_find(int code)
{
    for (size_t i = 0; i < sizeof SQL_ADVICE / sizeof *SQL_ADVICE; i++)
        if (SQL_ADVICE[i].code == (code & 0xff))
            return &SQL_ADVICE[i];
    return NULL;
}

/* In the -shm file SQLite's WAL locks are the bytes from here on (its file format, "WAL-index locks"). */
#define SQL_WAL_LOCKS 120

long sql_find_holder(int shm_fd, int first, int count)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = SQL_WAL_LOCKS + first, .l_len = count};
    if (shm_fd < 0 || fcntl(shm_fd, F_GETLK, &lock) || lock.l_type == F_UNLCK || lock.l_pid <= 0)
        return 0;
    return lock.l_pid;
}

void sql_name_process(long pid, char *out, size_t size)
{
    char path[64], name[64] = "?";
    snprintf(path, sizeof path, "/proc/%ld/comm", pid);
    FILE *file = fopen(path, "re");
    if (file) {
        if (fgets(name, sizeof name, file))
            name[strcspn(name, "\n")] = '\0';
        fclose(file);
    }
    utf8_make_safe(out, size, name, strlen(name));
}

/* " (process 1234, sqlite3)" for whoever keeps others from writing; "" when that cannot be found. */
static void sql_describe_holder(int shm_fd, char *out, size_t size)
{
    long pid = sql_find_holder(shm_fd, 0, 8);
    char name[64];
    *out = '\0';
    if (!pid)
        return;
    sql_name_process(pid, name, sizeof name);
    snprintf(out, size, " (process %ld, %s)", pid, name);
}

bool sql_fail_code(const char *path, int code, const char *message, int shm_fd, const char *doing,
                   struct err *err)
{
    const struct sql_advice *advice = sql_advice_find(code);
    char holder[128] = "";
    if ((code & 0xff) == SQLITE_BUSY)
        sql_describe_holder(shm_fd, holder, sizeof holder);
    return err_set(err, advice ? advice->exit_code : EX_SOFTWARE, "%s: cannot %s: %s%s%s%s.", path, doing,
                   message, advice ? ". " : "", advice ? advice->text : "", holder);
}

bool sql_fail(sqlite3 *db, int shm_fd, const char *doing, struct err *err)
{
    const char *path = sqlite3_db_filename(db, "main");
    char message[256];
    int system = sqlite3_system_errno(db);
    int code = sqlite3_extended_errcode(db);
    bool tell_system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
    snprintf(message, sizeof message, "%s%s%s%s", sqlite3_errmsg(db), tell_system && system ? " (" : "",
             tell_system && system ? strerror(system) : "", tell_system && system ? ")" : "");
    return sql_fail_code(path && *path ? path : "history", code, message, shm_fd, doing, err);
}

int sql_exec(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

sqlite3_stmt *sql_prepare(sqlite3 *db, const char *sql, bool keep)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(db, sql, -1, keep ? SQLITE_PREPARE_PERSISTENT : 0, &statement, NULL) != SQLITE_OK)
        return NULL;
    return statement;
}

bool sql_run(sqlite3_stmt *statement)
{
    sqlite3_step(statement);
    return sqlite3_reset(statement) == SQLITE_OK;
}

bool sql_read_int(sqlite3 *db, const char *sql, sqlite3_int64 fallback, sqlite3_int64 *value)
{
    sqlite3_stmt *statement = sql_prepare(db, sql, false);
    *value = fallback;
    if (!statement)
        return false;
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        *value = sqlite3_column_int64(statement, 0);
    return sqlite3_finalize(statement) == SQLITE_OK;
}

void sql_bind_value(sqlite3_stmt *statement, int index, const struct value *value)
{
    switch (value->type) {
    case VALUE_NONE:
        sqlite3_bind_null(statement, index);
        break;
    case VALUE_NUMBER:
        sqlite3_bind_double(statement, index, value->number);
        break;
    case VALUE_TEXT: /* a NULL pointer would bind NULL: an empty text is a value too */
        sqlite3_bind_blob64(statement, index, value->text_length ? value->text : "", value->text_length,
                            SQLITE_STATIC);
        break;
    }
}

void sql_column_value(sqlite3_stmt *statement, int column, struct value *value)
{
    *value = (struct value){.type = VALUE_NONE};
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
    case SQLITE_FLOAT:
        value->type = VALUE_NUMBER;
        value->number = sqlite3_column_double(statement, column);
        break;
    case SQLITE_BLOB:
    case SQLITE_TEXT:
        value->type = VALUE_TEXT;
        value->text = sqlite3_column_blob(statement, column);
        value->text_length = (size_t)sqlite3_column_bytes(statement, column);
        if (!value->text)
            value->text = ""; /* SQLite's empty blob has no address */
        break;
    default:
        break;
    }
}

const char *sql_column_text(sqlite3_stmt *statement, int column)
{
    return (const char *)sqlite3_column_text(statement, column);
}
