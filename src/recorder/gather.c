#include "recorder/gather.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A variable, because write() has no argument for it; of the thread, so that no other one ever sees it. */
static _Thread_local struct gather *gather_armed;

void gather_begin(struct gather *gather, int fd)
{
    if (gather->fd != fd)
        gather->length = 0;
    gather->fd = fd;
    gather_armed = gather;
}

void gather_end(void)
{
    gather_armed = NULL;
}

size_t gather_waiting(const struct gather *gather)
{
    return gather->length;
}

bool gather_flush(struct gather *gather)
{
    size_t sent = 0;
    bool good = true;
    while (good && sent < gather->length) {
        ssize_t count =
            send(gather->fd, gather->bytes + sent, gather->length - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        good = count > 0;
        sent += good ? (size_t)count : 0;
    }
    gather->length -= sent;
    memmove(gather->bytes, gather->bytes + sent, gather->length);
    return good || errno == EAGAIN || errno == EINTR;
}

ssize_t gather_write(int fd, const void *from, size_t size)
{
    struct gather *gather = gather_armed;
    if (!gather || gather->fd != fd)
        return syscall(SYS_write, fd, from, size);
    if (size > sizeof gather->bytes - gather->length && !gather_flush(gather))
        return -1;
    if (size > sizeof gather->bytes && !gather->length)
        return syscall(SYS_write, fd, from, size);
    if (size > sizeof gather->bytes - gather->length) {
        errno = EAGAIN;
        return -1;
    }
    memcpy(gather->bytes + gather->length, from, size);
    gather->length += size;
    return (ssize_t)size;
}
