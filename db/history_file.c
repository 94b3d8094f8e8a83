#include "db/history_file.h"

#include "db/history.h"
#include "db/schema.h"
#include "db/sql.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HISTORY_FILE_MODE      0640
#define HISTORY_DIRECTORY_MODE 02750 /* new files get the directory's group: the people who may read */

/* The directory part of a path; the caller frees it. */
static char *history_file_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return mem_copy_text(".");
    return mem_copy_bytes(path, slash == path ? 1 : (size_t)(slash - path));
}

bool history_make_directory(const char *path, struct err *err)
{
    bool done = true;
    char *directory = history_file_directory(path);
    if (mkdir(directory, HISTORY_DIRECTORY_MODE & 0777) == 0)
        done = chmod(directory, HISTORY_DIRECTORY_MODE) == 0; /* mkdir() does not set the group bit */
    else
        done = errno == EEXIST;
    if (!done)
        err_set(err, EX_CANTCREAT,
                "%s: cannot make the directory of the history: %s. Make it, or name another one.", directory,
                strerror(errno));
    free(directory);
    return done;
}

/* A -wal file that outlived its database would be taken for the new one's and spoil it. */
static void history_file_remove_companions(const char *path)
{
    static const char *const SUFFIXES[] = {"-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof SUFFIXES / sizeof *SUFFIXES; i++) {
        char *companion = mem_format("%s%s", path, SUFFIXES[i]);
        unlink(companion);
        free(companion);
    }
}

/* Puts the tables into the empty file at `path` and makes it a WAL database, which it then stays. */
static bool history_file_fill(const char *path, struct err *err)
{
    sqlite3 *db = NULL;
    bool done = false;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        sql_fail(db, -1, "make the history file", err);
    else if (schema_create(db, err)) {
        done = sql_exec(db, "PRAGMA journal_mode = WAL") == SQLITE_OK;
        if (!done)
            sql_fail(db, -1, "make the history file", err);
    }
    sqlite3_close(db);
    return done;
}

/* Renames the finished file and makes the new name durable. */
static bool history_file_publish(const char *from, const char *to, struct err *err)
{
    char *directory = history_file_directory(to);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(directory);
    history_file_remove_companions(to);
    bool done = rename(from, to) == 0 && fd >= 0 && fsync(fd) == 0;
    if (!done)
        err_set(err, EX_CANTCREAT, "%s: cannot make the history file: %s.", to, strerror(errno));
    if (fd >= 0)
        close(fd);
    return done;
}

/* Builds the file under the name `draft` and lets it appear as `path`. */
static bool history_file_build(const char *draft, const char *path, struct err *err)
{
    unlink(draft);
    history_file_remove_companions(draft);
    int fd = open(draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, HISTORY_FILE_MODE);
    if (fd < 0)
        return err_set(err, errno == EACCES ? EX_NOPERM : EX_CANTCREAT,
                       "%s: cannot make the history file: %s. Check the directory.", path, strerror(errno));
    close(fd);
    bool done = history_file_fill(draft, err) && history_file_publish(draft, path, err);
    if (!done)
        unlink(draft);
    return done;
}

/* Where the file is to be: a rename would replace a symbolic
 * link instead of going where it leads. The caller frees it. */
static char *history_file_target(const char *path, struct err *err)
{
    struct stat status;
    char *target = realpath(path, NULL);
    if (target)
        return target;
    if (lstat(path, &status) == 0) {
        err_set(err, EX_CANTCREAT,
                "%s: a symbolic link that leads nowhere. Make an empty file where it points to.", path);
        return NULL;
    }
    return mem_copy_text(path);
}

bool history_file_create(const char *path, struct err *err)
{
    char *target = history_file_target(path, err);
    if (!target || !history_make_directory(target, err)) {
        free(target);
        return false;
    }
    char *draft = mem_format("%s.new", target);
    bool done = history_file_build(draft, target, err);
    free(draft);
    free(target);
    return done;
}
