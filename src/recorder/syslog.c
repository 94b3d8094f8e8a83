#include "recorder/syslog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SYSLOG_SOCKET   "/dev/log"
#define SYSLOG_PRIORITY 85 /* LOG_AUTHPRIV | LOG_NOTICE; syslog() itself would wait for a syslog that hangs */

int syslog_notice(const char *words)
{
    const char *given = getenv("HMI_SYSLOG"), *path = given ? given : SYSLOG_SOCKET;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char stamp[32], line[1024];
    time_t now = time(NULL);
    struct tm local;
    if (strlen(path) >= sizeof address.sun_path)
        return ENAMETOOLONG;
    strcpy(address.sun_path, path); /* its length is checked above */
    localtime_r(&now, &local);
    strftime(stamp, sizeof stamp, "%b %e %H:%M:%S", &local); /* RFC 3164; the locale of times stays "C" */
    snprintf(line, sizeof line, "<%d>%s hmi[%ld]: %s", SYSLOG_PRIORITY, stamp, (long)getpid(), words);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    ssize_t sent =
        sendto(fd, line, strlen(line), MSG_NOSIGNAL, (const struct sockaddr *)&address, sizeof address);
    int error = sent < 0 ? errno : 0;
    close(fd);
    return error;
}
