#include "cli/outfile.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile sig_atomic_t outfile_signal; /* what a handler may write */

static void outfile_on_signal(int number)
{
    outfile_signal = number;
}

void outfile_watch_signals(void)
{
    static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = outfile_on_signal};
    for (size_t i = 0; i < sizeof SIGNALS / sizeof *SIGNALS; i++)
        sigaction(SIGNALS[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int outfile_interrupted(void)
{
    return outfile_signal;
}

static bool outfile_fail(const struct outfile *file, const char *doing, struct err *err)
{
    int code = errno == EACCES || errno == EPERM ? EX_NOPERM : errno == ENOSPC ? EX_IOERR : EX_CANTCREAT;
    return err_set(err, code, "%s: cannot %s: %s.", file->path, doing, strerror(errno));
}

static void outfile_free(struct outfile *file)
{
    free(file->path);
    free(file->draft);
    *file = (struct outfile){0};
}

/* A name of its own in the same folder, so that the rename stays inside one file system. */
static int outfile_make_draft(struct outfile *file, mode_t mode)
{
    mode_t mask = umask(0);
    umask(mask);
    file->draft = mem_format("%s.XXXXXX", file->path);
    int fd = mkostemp(file->draft, O_CLOEXEC);
    if (fd >= 0 && fchmod(fd, mode & ~mask) == 0)
        return fd;
    if (fd >= 0) {
        close(fd);
        unlink(file->draft);
    }
    return -1;
}

static bool outfile_is(const struct stat *status, const char *path)
{
    struct stat other;
    return stat(path, &other) == 0 && status->st_dev == other.st_dev && status->st_ino == other.st_ino;
}

bool outfile_spares_plant(const char *path, const struct config *config, struct err *err)
{
    static const char *const SUFFIXES[] = {"", "-wal", "-shm", ".lock"};
    struct stat status;
    bool taken = false;
    if (stat(path, &status) != 0)
        return true;
    for (size_t i = 0; !taken && i < sizeof SUFFIXES / sizeof *SUFFIXES; i++) {
        char *own = mem_format("%s%s", config->history.file, SUFFIXES[i]);
        taken = outfile_is(&status, own);
        free(own);
    }
    if (taken)
        return err_set(err, EX_USAGE, "%s: this is the history, or belongs to it; give another name.", path);
    return !outfile_is(&status, config->path) ||
           err_set(err, EX_USAGE, "%s: this is the configuration; give another name.", path);
}

bool outfile_open(struct outfile *file, const char *path, mode_t mode, bool replace, struct err *err)
{
    struct stat status;
    char *target = realpath(path, NULL); /* a rename would replace a symbolic link, not what it leads to */
    *file = (struct outfile){.path = target ? target : mem_copy_text(path), .replace = replace};
    bool exists = stat(path, &status) == 0, ordinary = !exists || S_ISREG(status.st_mode);
    int fd = -1;
    if (exists && S_ISDIR(status.st_mode))
        err_set(err, EX_CANTCREAT, "%s: a folder; name a file in it.", path);
    else if (exists && ordinary && !replace)
        err_set(err, EX_CANTCREAT, "%s: exists already; --force replaces it.", path);
    else {
        fd = ordinary ? outfile_make_draft(file, mode) : open(path, O_WRONLY | O_CLOEXEC);
        file->stream = fd < 0 ? NULL : fdopen(fd, "w");
        if (!file->stream)
            outfile_fail(file, "make it", err);
    }
    if (!file->stream)
        outfile_free(file);
    return file->stream != NULL;
}

/* Makes the new name durable. */
static void outfile_sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder =
        slash ? mem_copy_bytes(path, slash == path ? 1 : (size_t)(slash - path)) : mem_copy_text(".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd); /* not every file system can: then there is nothing to do about it */
        close(fd);
    }
    free(folder);
}

static bool outfile_rename(const struct outfile *file)
{
    if (file->replace)
        return rename(file->draft, file->path) == 0;
    if (renameat2(AT_FDCWD, file->draft, AT_FDCWD, file->path, RENAME_NOREPLACE) == 0)
        return true;
    /* A file system without that: its files were looked for when this one was begun. */
    return errno == EINVAL && access(file->path, F_OK) != 0 && rename(file->draft, file->path) == 0;
}

bool outfile_finish(struct outfile *file, struct err *err)
{
    FILE *stream = file->stream;
    bool written = fflush(stream) == 0 && !ferror(stream);
    written = written && (!file->draft || fsync(fileno(stream)) == 0);
    int failure = errno;
    file->stream = NULL;
    if (fclose(stream) != 0 && written) {
        written = false;
        failure = errno;
    }
    errno = failure;
    bool done = written && (!file->draft || outfile_rename(file));
    if (done) {
        outfile_sync_folder(file->path);
        outfile_free(file);
        return true;
    }
    outfile_fail(file, "write it", err);
    outfile_drop(file);
    return false;
}

void outfile_drop(struct outfile *file)
{
    if (file->stream)
        fclose(file->stream);
    if (file->draft)
        unlink(file->draft);
    outfile_free(file);
}
