#include "recorder/writer.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "recorder/syslog.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define WRITER_IDLE_US       CLOCK_US_PER_SECOND /* between two looks at housekeeping and the proof of life */
#define WRITER_TIDY_AT_LEAST CLOCK_US_PER_SECOND /* a slice this often even while batches wait all the time */
#define WRITER_BEHIND_US     INT64_C(100000)     /* a batch waits so long for what has fallen behind */
#define WRITER_HEAD_US       (3600 * CLOCK_US_PER_SECOND) /* between two hashes of the journal in the log */

struct writer {
    struct history *history;
    char *path;
    pthread_t thread;
    int fd;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    /* under the mutex */
    struct batch *given; /* waits for the thread */
    bool stop, ended;
    int64_t alive_limit_us, stopped_us; /* wall */
    bool done;                          /* `result` is there */
    struct writer_result result;
    struct history_stats stats;
    uint64_t free_bytes;
    bool file_is_gone;
    char tidy_error[ERR_TEXT_MAX];
    atomic_bool hurry; /* a batch was given and not taken yet; not under the mutex */
    /* the thread's own */
    struct stat file; /* as it was at the start */
    int64_t tidied_us;
    int64_t head_id, head_us; /* the row of the journal that the log was told last, and when */
    bool more;                /* housekeeping is left over */
};

/* UINT64_MAX: not known. */
static uint64_t writer_free_bytes(const struct writer *writer)
{
    struct statvfs status;
    return statvfs(writer->path, &status) == 0 ? (uint64_t)status.f_bavail * status.f_frsize : UINT64_MAX;
}

/* Whether the path leads to another file than at the start, or to none. */
static bool writer_look_for_file(const struct writer *writer)
{
    struct stat now;
    return stat(writer->path, &now) != 0 || now.st_dev != writer->file.st_dev ||
           now.st_ino != writer->file.st_ino;
}

/* The time of which it may be said that everything until then is in the file. */
static int64_t writer_alive_us(struct writer *writer)
{
    int64_t now_us = clock_wall_us();
    pthread_mutex_lock(&writer->mutex);
    int64_t limit_us = writer->alive_limit_us;
    pthread_mutex_unlock(&writer->mutex);
    return now_us < limit_us ? now_us : limit_us;
}

static void writer_commit(struct writer *writer, struct batch *batch)
{
    struct writer_result result = {.batch = batch};
    int64_t start_us = clock_mono_us();
    result.good = history_append(writer->history, batch, writer_alive_us(writer), &result.err);
    result.commit_us = clock_mono_us() - start_us;
    struct history_stats stats;
    history_get_stats(writer->history, &stats);
    pthread_mutex_lock(&writer->mutex);
    writer->result = result;
    writer->done = true;
    writer->stats = stats;
    pthread_mutex_unlock(&writer->mutex);
    eventfd_write(writer->fd, 1);
    writer->more = true;
}

static void writer_tidy(struct writer *writer)
{
    struct err err = {0};
    bool good = history_mark_alive(writer->history, writer_alive_us(writer), &err) &&
                history_tidy(writer->history, WRITER_SLICE_US, &writer->more, &err);
    if (!good)
        writer->more = false; /* again after the next batch, or when idle */
    writer->tidied_us = clock_mono_us();
    struct history_stats stats;
    history_get_stats(writer->history, &stats);
    uint64_t free_bytes = writer_free_bytes(writer);
    bool file_is_gone = writer_look_for_file(writer);
    pthread_mutex_lock(&writer->mutex);
    writer->stats = stats;
    writer->free_bytes = free_bytes;
    writer->file_is_gone = file_is_gone;
    snprintf(writer->tidy_error, sizeof writer->tidy_error, "%s", good ? "" : err.text);
    pthread_mutex_unlock(&writer->mutex);
}

/* Slices that a batch has to wait for: in a load that never rests housekeeping would otherwise have no turn,
 * and what is fresh would grow without bound. Ordinarily none; one a second for what is never urgent. */
static void writer_tidy_first(struct writer *writer)
{
    int64_t start_us = clock_mono_us();
    if (writer->more && start_us - writer->tidied_us > WRITER_TIDY_AT_LEAST)
        writer_tidy(writer);
    while (writer->more && history_is_behind(writer->history) &&
           clock_mono_us() - start_us < WRITER_BEHIND_US)
        writer_tidy(writer);
}

/* Where the journal stands, for the system's log: who rewrites the file and all its hashes has to rewrite that, too. A
 * service's own log is the system's; of any other the file's owner is the owner, too. */
static void writer_tell_head(struct writer *writer, int64_t now_us)
{
    int64_t id;
    char hash[CHAIN_TEXT_BYTES];
    if (!history_journal_head(writer->history, &id, hash) || id == writer->head_id)
        return;
    writer->head_id = id;
    writer->head_us = now_us;
    char words[128 + CHAIN_TEXT_BYTES];
    snprintf(words, sizeof words, "row %lld of the journal has the hash %s", (long long)id, hash);
    log_info("%s", words);
    int error = getenv("JOURNAL_STREAM") ? 0 : syslog_notice(words);
    if (error)
        log_info("syslog was not told that: %s", strerror(error));
}

/* Waits for a batch, the end, or until idle housekeeping is due. Called and left with the mutex held. */
static void writer_wait(struct writer *writer)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += WRITER_IDLE_US / CLOCK_US_PER_SECOND;
    while (!writer->given && !writer->stop && !writer->more) {
        if (pthread_cond_timedwait(&writer->wake, &writer->mutex, &until) == ETIMEDOUT)
            writer->more = true;
    }
}

static void *writer_run(void *argument)
{
    struct writer *writer = argument;
    pthread_mutex_lock(&writer->mutex);
    for (;;) {
        writer_wait(writer);
        struct batch *batch = writer->given;
        if (!batch && writer->stop)
            break;
        writer->given = NULL;
        atomic_store(&writer->hurry, false);
        pthread_mutex_unlock(&writer->mutex);
        if (batch) {
            writer_tidy_first(writer);
            writer_commit(writer, batch);
        } else {
            writer_tidy(writer);
        }
        int64_t now_us = clock_mono_us();
        if (!writer->head_id || now_us - writer->head_us >= WRITER_HEAD_US)
            writer_tell_head(writer, now_us);
        pthread_mutex_lock(&writer->mutex);
    }
    int64_t stopped_us = writer->stopped_us;
    pthread_mutex_unlock(&writer->mutex);
    writer_tell_head(writer, clock_mono_us());
    history_close(writer->history, stopped_us); /* here, for it may wait for the disk as well */
    pthread_mutex_lock(&writer->mutex);
    writer->ended = true;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->mutex);
    return NULL;
}

struct writer *writer_start(struct history *history, const char *path, struct err *err)
{
    struct writer *writer = mem_new(1, sizeof *writer);
    writer->history = history;
    history_set_hurry(history, &writer->hurry);
    writer->tidied_us = clock_mono_us();
    writer->alive_limit_us = INT64_MAX;
    writer->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&writer->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    history_get_stats(history, &writer->stats);
    writer->path = mem_copy_text(path);
    writer->free_bytes = writer_free_bytes(writer);
    writer->file_is_gone = stat(path, &writer->file) != 0;
    int code = writer->fd < 0 ? errno : pthread_create(&writer->thread, NULL, writer_run, writer);
    if (code) {
        err_set(err, EX_OSERR, "cannot start the writer thread: %s", strerror(code));
        if (writer->fd >= 0)
            close(writer->fd);
        free(writer->path);
        free(writer);
        return NULL;
    }
    return writer;
}

int writer_fd(const struct writer *writer)
{
    return writer->fd;
}

void writer_give(struct writer *writer, struct batch *batch)
{
    pthread_mutex_lock(&writer->mutex);
    writer->given = batch;
    atomic_store(&writer->hurry, true);
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->mutex);
}

bool writer_take(struct writer *writer, struct writer_result *result)
{
    eventfd_t count;
    eventfd_read(writer->fd, &count);
    pthread_mutex_lock(&writer->mutex);
    bool done = writer->done;
    if (done)
        *result = writer->result;
    writer->done = false;
    pthread_mutex_unlock(&writer->mutex);
    return done;
}

void writer_get_stats(struct writer *writer, struct history_stats *stats, uint64_t *free_bytes)
{
    pthread_mutex_lock(&writer->mutex);
    *stats = writer->stats;
    *free_bytes = writer->free_bytes;
    pthread_mutex_unlock(&writer->mutex);
}

bool writer_file_is_gone(struct writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    bool gone = writer->file_is_gone;
    pthread_mutex_unlock(&writer->mutex);
    return gone;
}

void writer_get_tidy_error(struct writer *writer, char *text)
{
    pthread_mutex_lock(&writer->mutex);
    memcpy(text, writer->tidy_error, ERR_TEXT_MAX);
    pthread_mutex_unlock(&writer->mutex);
}

void writer_limit_alive(struct writer *writer, int64_t limit_us)
{
    pthread_mutex_lock(&writer->mutex);
    writer->alive_limit_us = limit_us;
    pthread_mutex_unlock(&writer->mutex);
}

bool writer_stop(struct writer *writer, int64_t stopped_us, int64_t wait_us)
{
    int64_t end_us = clock_mono_us() + wait_us;
    const struct timespec until = {.tv_sec = end_us / CLOCK_US_PER_SECOND,
                                   .tv_nsec = end_us % CLOCK_US_PER_SECOND * 1000};
    int code = 0;
    pthread_mutex_lock(&writer->mutex);
    writer->stop = true;
    writer->stopped_us = stopped_us;
    pthread_cond_broadcast(&writer->wake);
    while (!writer->ended && code != ETIMEDOUT)
        code = pthread_cond_timedwait(&writer->wake, &writer->mutex, &until);
    bool ended = writer->ended;
    pthread_mutex_unlock(&writer->mutex);
    if (!ended)
        return false;
    pthread_join(writer->thread, NULL);
    close(writer->fd);
    pthread_cond_destroy(&writer->wake);
    pthread_mutex_destroy(&writer->mutex);
    free(writer->path);
    free(writer);
    return true;
}
