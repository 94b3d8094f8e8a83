#include "recorder/readahead.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A variable, because read() has no argument for it; of the thread, so that no other one ever sees it. */
static _Thread_local struct readahead *readahead_armed;

void readahead_begin(struct readahead *ahead, int fd)
{
    if (ahead->fd != fd)
        ahead->used = ahead->length = 0;
    ahead->fd = fd;
    readahead_armed = ahead;
}

void readahead_end(void)
{
    readahead_armed = NULL;
}

size_t readahead_waiting(const struct readahead *ahead)
{
    return ahead->length - ahead->used;
}

ssize_t readahead_read(int fd, void *to, size_t size)
{
    struct readahead *ahead = readahead_armed;
    if (!ahead || ahead->fd != fd)
        return syscall(SYS_read, fd, to, size);
    if (!readahead_waiting(ahead)) {
        ssize_t count = recv(fd, ahead->bytes, sizeof ahead->bytes, MSG_DONTWAIT);
        if (count <= 0)
            return count;
        ahead->used = 0;
        ahead->length = (size_t)count;
    }
    size_t count = readahead_waiting(ahead) < size ? readahead_waiting(ahead) : size;
    memcpy(to, ahead->bytes + ahead->used, count);
    ahead->used += count;
    return (ssize_t)count;
}
