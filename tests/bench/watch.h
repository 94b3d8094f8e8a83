/* What the machine adds to the processor time of a program: beside the measured one a process does the same piece
 * of arithmetic again and again. A virtual machine counts what its host takes away as time of whoever was running;
 * a slice that seems long is the program's fault only when this piece never is. */
#ifndef TESTS_BENCH_WATCH_H
#define TESTS_BENCH_WATCH_H

#include "load.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define WATCH_EVERY_MS 10
#define WATCH_STEPS    500000 /* about a millisecond */

struct watch {
    pid_t pid;
    int fd;
};

/* Of one piece. */
struct watch_result {
    double median_ms, most_ms;
};

static inline double watch_work_ms(uint32_t *number)
{
    int64_t start_us = clock_thread_cpu_us();
    for (int i = 0; i < WATCH_STEPS; i++)
        *number = *number * 1664525 + 1013904223;
    return (double)(clock_thread_cpu_us() - start_us) / 1e3;
}

/* In a child: until its parent has nothing more to say. */
static inline _Noreturn void watch_run(int fd)
{
    struct load_times times = {0};
    struct pollfd end = {.fd = fd, .events = POLLIN};
    volatile uint32_t result = 1;
    while (!poll(&end, 1, WATCH_EVERY_MS)) {
        uint32_t number = result;
        load_times_add(&times, watch_work_ms(&number));
        result = number;
    }
    struct watch_result told = {load_percentile(&times, 0.5), load_percentile(&times, 1)};
    _exit(write(fd, &told, sizeof told) == sizeof told ? 0 : 1);
}

/* To be called before there are threads. */
static inline struct watch watch_begin(void)
{
    int fds[2];
    pid_t pid = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) ? -1 : fork();
    if (pid < 0) {
        perror("watch the machine");
        exit(EX_OSERR);
    }
    if (!pid) {
        close(fds[0]);
        watch_run(fds[1]);
    }
    close(fds[1]);
    return (struct watch){.pid = pid, .fd = fds[0]};
}

static inline struct watch_result watch_end(const struct watch *watch)
{
    struct watch_result result = {0};
    shutdown(watch->fd, SHUT_WR);
    if (read(watch->fd, &result, sizeof result) != sizeof result)
        fprintf(stderr, "nothing is known of the machine\n");
    close(watch->fd);
    waitpid(watch->pid, NULL, 0);
    return result;
}

#endif
