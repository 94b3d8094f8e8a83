#include "recorder/lock.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOCK_SOCKET_MAX 108 /* bytes: what fits a socket address */

static char *lock_path(const char *history_path)
{
    return mem_format("%s.lock", history_path);
}

static struct flock lock_whole_file(void)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

static pid_t lock_holder_of(int fd)
{
    struct flock lock = lock_whole_file();
    return fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? lock.l_pid : 0;
}

int lock_take(const char *history_path, struct err *err)
{
    char *path = lock_path(history_path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct flock lock = lock_whole_file();
    if (fd < 0) {
        err_set(err, errno == ENOENT ? EX_NOINPUT : EX_CANTCREAT, "cannot make the lock file '%s': %s", path,
                strerror(errno));
    } else if (fcntl(fd, F_SETLK, &lock) != 0) {
        if (errno == EAGAIN || errno == EACCES)
            err_set(
                err, EX_TEMPFAIL,
                "another recorder (process %ld) already records to '%s': attach with hmi, or end it with hmi stop",
                (long)lock_holder_of(fd), history_path);
        else
            err_set(err, EX_OSERR, "cannot lock '%s': %s (is it on a network file system?)", path,
                    strerror(errno));
        close(fd);
        fd = -1;
    }
    free(path);
    return fd;
}

void lock_note_socket(int fd, const char *socket_path)
{
    size_t length = strlen(socket_path);
    /* Only a help for consoles: without it they look in the usual places. */
    if (ftruncate(fd, 0) != 0 || pwrite(fd, socket_path, length, 0) != (ssize_t)length)
        log_warning("cannot note the socket in the lock file: %s", strerror(errno));
}

char *lock_socket(const char *history_path)
{
    char *path = lock_path(history_path), text[LOCK_SOCKET_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (fd >= 0)
        close(fd);
    free(path);
    bool good =
        length > 0 && length < LOCK_SOCKET_MAX && text[0] == '/' && !memchr(text, '\0', (size_t)length);
    return good ? mem_copy_bytes(text, (size_t)length) : NULL;
}

pid_t lock_holder(const char *history_path)
{
    char *path = lock_path(history_path);
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    pid_t holder = fd < 0 ? 0 : lock_holder_of(fd);
    if (fd >= 0)
        close(fd);
    free(path);
    return holder;
}
