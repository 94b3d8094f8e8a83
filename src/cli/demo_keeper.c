#include "cli/demo_keeper.h"

#include "base/clock.h"
#include "base/mem.h"
#include "cli/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const int PORT_TRIES = 10;
static const int BROKER_START_MS = 5000, RECORDER_START_MS = 20000;
static const int LOOK_MS = 20;
static const int STOP_MS = 5000;         /* for one of the three */
static const int KEEPER_STOP_MS = 20000; /* for the keeper with all of them */

/* ---- in the keeper ---- */

struct keeping {
    struct demo_shared *shared;
    const struct demo_files *files;
    const struct demo_options *options;
    const char *mosquitto;
    int front, signals;
    bool told; /* the front said stop, or a signal did: the front removes the folder if it still lives */
};

/* Waits so long for the front or a signal (a child's end among them). False when it is time to stop. */
static bool keeping_wait(struct keeping *keeping, int timeout_ms)
{
    struct pollfd fds[] = {{.fd = keeping->front, .events = POLLIN},
                           {.fd = keeping->signals, .events = POLLIN}};
    if (poll(fds, 2, timeout_ms) <= 0)
        return true;
    if (fds[0].revents) {
        char byte;
        keeping->told = read(keeping->front, &byte, 1) == 1;
        return false;
    }
    struct signalfd_siginfo info;
    if (read(keeping->signals, &info, sizeof info) == sizeof info && info.ssi_signo != SIGCHLD) {
        err_set(&keeping->shared->failure, EX_TEMPFAIL, "the demo was told to end by signal %u",
                info.ssi_signo);
        return false;
    }
    return true;
}

static const char *keeping_log(const struct keeping *keeping, enum demo_child child)
{
    const char *const logs[] = {[DEMO_BROKER] = keeping->files->broker_log,
                                [DEMO_SIM] = keeping->files->sim_log,
                                [DEMO_RECORDER] = keeping->files->recorder_log};
    return logs[child];
}

/* The child has ended though it should not: how, and what it said last. */
static bool keeping_blame(struct keeping *keeping, enum demo_child child)
{
    char how[200];
    struct err *failure = &keeping->shared->failure;
    demo_process_describe(&keeping->shared->children[child], how, sizeof how);
    err_set(failure, EX_UNAVAILABLE, "%s; its last words:", how);
    demo_files_add_tail(keeping_log(keeping, child), failure->text, sizeof failure->text);
    return false;
}

/* A loopback port that is free now. Somebody may take it before the broker does; then the broker ends and
 * another port is tried. 0 with `err` set on a fault. */
static int keeping_free_port(struct err *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), port = 0;
    if (fd >= 0 && !bind(fd, (struct sockaddr *)&address, length) &&
        !getsockname(fd, (struct sockaddr *)&address, &length))
        port = ntohs(address.sin_port);
    if (!port)
        err_set(err, EX_OSERR, "no free loopback port: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return port;
}

enum outcome { OUTCOME_STANDS, OUTCOME_ENDED, OUTCOME_STOP };

/* The broker says in its log when it listens. (A connection that is accepted would prove nothing: another
 * program may have taken the port.) A broker with other words, alive for so long, listens too. */
static enum outcome keeping_await_broker(struct keeping *keeping)
{
    int64_t until_us = clock_mono_us() + BROKER_START_MS * CLOCK_US_PER_MS;
    while (clock_mono_us() < until_us && !demo_files_log_has(keeping->files->broker_log, " running")) {
        if (!demo_process_runs(&keeping->shared->children[DEMO_BROKER]))
            return OUTCOME_ENDED;
        if (!keeping_wait(keeping, LOOK_MS))
            return OUTCOME_STOP;
    }
    return OUTCOME_STANDS;
}

static bool keeping_start_broker(struct keeping *keeping)
{
    struct demo_shared *shared = keeping->shared;
    for (int i = 0; i < PORT_TRIES; i++) {
        shared->port = keeping_free_port(&shared->failure);
        if (!shared->port || !demo_files_configure(keeping->files, shared->port, &shared->failure))
            return false;
        const char *argv[] = {"mosquitto", "-c", keeping->files->broker_config, NULL};
        if (!demo_process_start(&shared->children[DEMO_BROKER], keeping->mosquitto, argv,
                                keeping->files->broker_log, &shared->failure))
            return false;
        switch (keeping_await_broker(keeping)) {
        case OUTCOME_STANDS:
            return true;
        case OUTCOME_STOP:
            return false;
        case OUTCOME_ENDED:
            if (!demo_files_log_has(keeping->files->broker_log, "Address already in use"))
                return keeping_blame(keeping, DEMO_BROKER);
        }
    }
    return keeping_blame(keeping, DEMO_BROKER);
}

static bool keeping_start_sim(struct keeping *keeping)
{
    char port[16], seed[24], speed[32];
    snprintf(port, sizeof port, "%d", keeping->shared->port);
    snprintf(seed, sizeof seed, "%" PRIu64, keeping->options->seed);
    snprintf(speed, sizeof speed, "%g", keeping->options->speed);
    const char *argv[] = {"hmi",
                          "sim",
                          "-H",
                          "127.0.0.1",
                          "-p",
                          port,
                          "-u",
                          DEMO_USER,
                          "--password-file",
                          keeping->files->password,
                          "--seed",
                          seed,
                          "--speed",
                          speed,
                          "-v",
                          NULL};
    return demo_process_start(&keeping->shared->children[DEMO_SIM], NULL, argv, keeping->files->sim_log,
                              &keeping->shared->failure);
}

/* Whether the recorder answers and has its connection to the broker: then it misses nothing of what the
 * simulator says first. */
static bool keeping_recorder_stands(const struct keeping *keeping)
{
    struct client client;
    bool stands = client_open(&client, keeping->files->config, NULL) && client_snapshot(&client, NULL) &&
                  client.mirror.has_status && client.mirror.status.link == WIRE_LINK_UP;
    client_close(&client);
    return stands;
}

static bool keeping_start_recorder(struct keeping *keeping)
{
    struct demo_process *recorder = &keeping->shared->children[DEMO_RECORDER];
    const char *argv[] = {"hmi", "record", "-c", keeping->files->config, NULL};
    if (!demo_process_start(recorder, NULL, argv, keeping->files->recorder_log, &keeping->shared->failure))
        return false;
    int64_t until_us = clock_mono_us() + RECORDER_START_MS * CLOCK_US_PER_MS;
    while (!keeping_recorder_stands(keeping)) {
        if (!demo_process_runs(recorder))
            return keeping_blame(keeping, DEMO_RECORDER);
        if (clock_mono_us() > until_us) {
            err_set(&keeping->shared->failure, EX_TEMPFAIL,
                    "the recorder is not connected after %d s; its last words:", RECORDER_START_MS / 1000);
            demo_files_add_tail(keeping->files->recorder_log, keeping->shared->failure.text, ERR_TEXT_MAX);
            return false;
        }
        if (!keeping_wait(keeping, LOOK_MS))
            return false;
    }
    return true;
}

/* Until the front or a signal says stop, or one of the three has ended. */
static void keeping_watch(struct keeping *keeping)
{
    do {
        for (int child = 0; child < DEMO_CHILDREN; child++)
            if (!demo_process_runs(&keeping->shared->children[child])) {
                keeping_blame(keeping, (enum demo_child)child);
                return;
            }
    } while (keeping_wait(keeping, -1));
}

static bool keeping_watch_signals(struct keeping *keeping)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_SETMASK, &set, NULL);
    keeping->signals = signalfd(-1, &set, SFD_CLOEXEC);
    return keeping->signals >= 0 ||
           err_set(&keeping->shared->failure, EX_OSERR, "signalfd: %s", strerror(errno));
}

/* The whole life of the keeper; returns its exit status. The front may be gone at any moment, so nothing here
 * writes to the terminal. */
static int keeping_run(struct keeping *keeping)
{
    setsid();
    bool good = keeping_watch_signals(keeping) && keeping_start_broker(keeping) &&
                keeping_start_recorder(keeping) && keeping_start_sim(keeping);
    if (good && send(keeping->front, "r", 1, MSG_NOSIGNAL) == 1)
        keeping_watch(keeping);
    for (int child = DEMO_CHILDREN - 1; child >= 0;
         child--) /* the recorder first: it has nothing to miss then */
        demo_process_stop(&keeping->shared->children[child], STOP_MS);
    struct pollfd front = {.fd = keeping->front, .events = POLLIN | POLLRDHUP};
    if (!keeping->told && poll(&front, 1, 0) > 0 && (front.revents & (POLLHUP | POLLRDHUP)))
        demo_files_remove(keeping->files);
    return keeping->shared->failure.code ? EX_UNAVAILABLE : EX_OK;
}

/* ---- in the front ---- */

static struct demo_shared *keeper_share(void)
{
    static const char *const NAMES[] = {
        [DEMO_BROKER] = "the broker", [DEMO_SIM] = "the simulator", [DEMO_RECORDER] = "the recorder"};
    struct demo_shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return NULL;
    memset(shared, 0, sizeof *shared);
    for (int child = 0; child < DEMO_CHILDREN; child++)
        shared->children[child].name = NAMES[child];
    return shared;
}

bool demo_keeper_start(struct demo_keeper *keeper, const char *mosquitto, const struct demo_files *files,
                       const struct demo_options *options, struct err *err)
{
    int pair[2];
    *keeper =
        (struct demo_keeper){.process = {.name = "the demo's keeper"}, .shared = keeper_share(), .fd = -1};
    if (!keeper->shared || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return err_set(err, EX_OSERR, "cannot start the demo: %s", strerror(errno));
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(pair[0]);
        struct keeping keeping = {.shared = keeper->shared,
                                  .files = files,
                                  .options = options,
                                  .mosquitto = mosquitto,
                                  .front = pair[1],
                                  .signals = -1};
        _exit(keeping_run(&keeping));
    }
    int error = errno;
    close(pair[1]);
    keeper->fd = pair[0];
    if (pid > 0) {
        keeper->process.pid = pid;
        return true;
    }
    return err_set(err, EX_OSERR, "cannot start the demo: %s", strerror(error));
}

/* The keeper was killed: what it left has had its SIGTERM and has become ours. */
static void keeper_take_orphans(struct demo_shared *shared)
{
    for (int child = 0; child < DEMO_CHILDREN; child++)
        demo_process_stop(&shared->children[child], STOP_MS);
}

void demo_keeper_stop(struct demo_keeper *keeper)
{
    if (keeper->fd >= 0 && demo_process_runs(&keeper->process)) {
        int64_t until_us = clock_mono_us() + KEEPER_STOP_MS * CLOCK_US_PER_MS;
        send(keeper->fd, "q", 1, MSG_NOSIGNAL);
        while (demo_process_runs(&keeper->process) && clock_mono_us() < until_us)
            poll(NULL, 0, LOOK_MS);
        demo_process_stop(&keeper->process, 0);
    }
    if (keeper->shared && WIFSIGNALED(keeper->process.status)) {
        keeper_take_orphans(keeper->shared);
        if (!keeper->shared->failure.code)
            demo_process_describe(&keeper->process, keeper->shared->failure.text, ERR_TEXT_MAX);
        keeper->shared->failure.code = EX_UNAVAILABLE;
    }
    if (keeper->fd >= 0)
        close(keeper->fd);
    keeper->fd = -1;
}
