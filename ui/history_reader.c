/* One slot for each purpose holds the request that waits; one place for each purpose holds the result that
 * nobody has taken yet; so memory is bounded whatever the console asks. `lock` guards everything in the
 * struct but the thread's own work. The connection is only used by the thread, except for query_interrupt(),
 * which is called under the lock: the thread clears `query` under the lock before it closes.
 *
 * A disk that hangs can keep the thread in the kernel for as long as it likes. Whoever leaves the console does not
 * wait for that: the thread is abandoned, and releases what is left when the disk lets it go. */
#include "ui/history_reader.h"

#include "base/clock.h"
#include "base/mem.h"
#include "ui/history_commands.h"
#include "ui/history_read.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* How long the end waits for the thread: an answer that is interrupted takes milliseconds. */
#define HISTORY_END_US (1 * CLOCK_US_PER_SECOND)

struct history_slot {
    bool waiting;
    struct history_request request;
};

struct history_reader {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake, ended;
    int event_fd;
    char *path;
    uint64_t path_changes;
    bool quit;
    bool over;      /* the thread has nothing more to do */
    bool abandoned; /* nobody waits for it: it releases the reader */
    struct history_slot slots[HISTORY_PURPOSE_COUNT];
    struct history_result *results[HISTORY_PURPOSE_COUNT];
    enum history_purpose running; /* HISTORY_PURPOSE_COUNT: none */
    struct query *query;
    dev_t device; /* of the file that is open; the thread's own */
    ino_t inode;
};

/* ---- results ---- */

static struct history_result *history_result_new(const struct history_request *request)
{
    struct history_result *result = mem_new(1, sizeof *result);
    result->purpose = request->purpose;
    result->ticket = request->ticket;
    result->from_us = request->from_us;
    result->to_us = request->to_us;
    result->grid = request->grid;
    result->tag_count =
        request->tag_count < HISTORY_READER_TAGS_MAX ? request->tag_count : HISTORY_READER_TAGS_MAX;
    memcpy(result->tags, request->tags, result->tag_count * sizeof *result->tags);
    return result;
}

void history_result_free(struct history_result *result)
{
    if (!result)
        return;
    free(result->samples);
    free(result->spans);
    free(result->columns);
    free(result->texts);
    free(result->instants);
    for (size_t i = 0; i < result->entry_count; i++)
        journal_entry_free(&result->entries[i]);
    free(result->entries);
    free(result->occurrences);
    history_free_commands(result->commands, result->command_count);
    free(result);
}

/* ---- the thread ---- */

static void history_reader_close(struct history_reader *reader)
{
    pthread_mutex_lock(&reader->lock);
    struct query *query = reader->query;
    reader->query = NULL;
    pthread_mutex_unlock(&reader->lock);
    query_close(query);
}

/* Is the file that is open no longer the one of that name? A backup has been restored, and the open one, moved
 * away, would be read for ever. While there is none of that name it does. */
static bool history_reader_is_outdated(const struct history_reader *reader, const char *path)
{
    struct stat status;
    return reader->query && stat(path, &status) == 0 &&
           (status.st_dev != reader->device || status.st_ino != reader->inode);
}

/* The connection, opened when there is none. */
static struct query *history_reader_open(struct history_reader *reader, const char *path, struct err *err)
{
    if (!reader->query) { /* only this thread changes it */
        struct stat status = {0};
        stat(path, &status); /* before it is opened: one that is replaced just now is noticed the next time */
        reader->device = status.st_dev;
        reader->inode = status.st_ino;
        struct query *query = query_open(path, err);
        pthread_mutex_lock(&reader->lock);
        reader->query = query;
        pthread_mutex_unlock(&reader->lock);
    }
    return reader->query;
}

static struct history_result *history_work(struct history_reader *reader,
                                           const struct history_request *request, const char *path)
{
    struct history_result *result = history_result_new(request);
    struct err err = {0};
    struct query *query = history_reader_open(reader, path, &err);
    if (query)
        result->good = history_read(query, request, result, &err);
    if (!result->good) {
        snprintf(result->error, sizeof result->error, "%.*s", (int)sizeof result->error - 1, err.text);
        if (query && err.code != EX_TEMPFAIL)
            history_reader_close(reader);
    }
    return result;
}

/* Waits for a request and takes it with the path; false: the end. Called with the lock held. */
static bool history_await(struct history_reader *reader, struct history_request *request, char **path)
{
    for (;;) {
        if (reader->quit)
            return false;
        for (int i = 0; i < HISTORY_PURPOSE_COUNT; i++) {
            if (!reader->slots[i].waiting)
                continue;
            reader->slots[i].waiting = false;
            *request = reader->slots[i].request;
            *path = mem_copy_text(reader->path);
            reader->running = request->purpose;
            return true;
        }
        pthread_cond_wait(&reader->wake, &reader->lock);
    }
}

/* Lays a result out for the console, unless something newer was asked meanwhile.
 * Called with the lock held. */
static void history_deliver(struct history_reader *reader, struct history_result *result, bool same_path)
{
    enum history_purpose purpose = result->purpose;
    reader->running = HISTORY_PURPOSE_COUNT;
    if (reader->slots[purpose].waiting || !same_path) {
        history_result_free(result);
        return;
    }
    history_result_free(reader->results[purpose]);
    reader->results[purpose] = result;
    eventfd_write(reader->event_fd, 1);
}

static void history_reader_destroy(struct history_reader *reader)
{
    for (int i = 0; i < HISTORY_PURPOSE_COUNT; i++)
        history_result_free(reader->results[i]);
    close(reader->event_fd);
    pthread_cond_destroy(&reader->wake);
    pthread_cond_destroy(&reader->ended);
    pthread_mutex_destroy(&reader->lock);
    free(reader->path);
    free(reader);
}

/* Tells who waits that the thread is over; when nobody does any more, the thread is the last one. */
static void history_reader_end(struct history_reader *reader)
{
    history_reader_close(reader);
    pthread_mutex_lock(&reader->lock);
    reader->over = true;
    bool abandoned = reader->abandoned;
    pthread_cond_signal(&reader->ended);
    pthread_mutex_unlock(&reader->lock);
    if (abandoned)
        history_reader_destroy(reader);
}

static void *history_thread(void *context)
{
    struct history_reader *reader = context;
    struct history_request request;
    char *path;
    uint64_t opened_path = 0;
    pthread_mutex_lock(&reader->lock);
    while (history_await(reader, &request, &path)) {
        uint64_t path_changes = reader->path_changes;
        pthread_mutex_unlock(&reader->lock);
        if (opened_path != path_changes || history_reader_is_outdated(reader, path))
            history_reader_close(reader);
        opened_path = path_changes;
        struct history_result *result = history_work(reader, &request, path);
        free(path);
        pthread_mutex_lock(&reader->lock);
        history_deliver(reader, result, reader->path_changes == path_changes);
    }
    pthread_mutex_unlock(&reader->lock);
    history_reader_end(reader);
    return NULL;
}

/* ---- the console's side ---- */

struct history_reader *history_reader_new(const char *path)
{
    struct history_reader *reader = mem_new(1, sizeof *reader);
    pthread_mutex_init(&reader->lock, NULL);
    pthread_cond_init(&reader->wake, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&reader->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
    reader->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    reader->path = mem_copy_text(path);
    reader->running = HISTORY_PURPOSE_COUNT;
    sigset_t every, before; /* signals are the main thread's */
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    int error = pthread_create(&reader->thread, NULL, history_thread, reader);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error || reader->event_fd < 0) { /* like memory that is not there */
        fprintf(stderr, "hmi: no thread for reading the history: %s\n", strerror(error));
        exit(EX_OSERR);
    }
    return reader;
}

/* Waits until the thread is over, but not for ever. Called with the lock held. */
static void history_reader_await_end(struct history_reader *reader)
{
    int64_t until_us = clock_mono_us() + HISTORY_END_US;
    struct timespec until = {.tv_sec = until_us / CLOCK_US_PER_SECOND,
                             .tv_nsec = until_us % CLOCK_US_PER_SECOND * 1000};
    while (!reader->over && pthread_cond_timedwait(&reader->ended, &reader->lock, &until) != ETIMEDOUT)
        continue;
}

void history_reader_free(struct history_reader *reader)
{
    if (!reader)
        return;
    pthread_mutex_lock(&reader->lock);
    reader->quit = true;
    if (reader->query)
        query_interrupt(reader->query);
    pthread_cond_signal(&reader->wake);
    history_reader_await_end(reader);
    bool over = reader->over;
    reader->abandoned = !over;
    pthread_t thread = reader->thread; /* an abandoned reader may be gone at any moment */
    pthread_mutex_unlock(&reader->lock);
    if (!over) {
        pthread_detach(thread);
        return;
    }
    pthread_join(thread, NULL);
    history_reader_destroy(reader);
}

void history_reader_set_path(struct history_reader *reader, const char *path)
{
    pthread_mutex_lock(&reader->lock);
    if (strcmp(reader->path, path)) {
        free(reader->path);
        reader->path = mem_copy_text(path);
        reader->path_changes++;
        for (int i = 0; i < HISTORY_PURPOSE_COUNT; i++) {
            history_result_free(reader->results[i]);
            reader->results[i] = NULL;
        }
    }
    pthread_mutex_unlock(&reader->lock);
}

int history_reader_fd(const struct history_reader *reader)
{
    return reader->event_fd;
}

void history_reader_ask(struct history_reader *reader, const struct history_request *request)
{
    struct history_slot *slot = &reader->slots[request->purpose];
    pthread_mutex_lock(&reader->lock);
    slot->request = *request;
    slot->waiting = true;
    if (reader->running == request->purpose && reader->query)
        query_interrupt(reader->query);
    pthread_cond_signal(&reader->wake);
    pthread_mutex_unlock(&reader->lock);
}

struct history_result *history_reader_take(struct history_reader *reader)
{
    struct history_result *result = NULL;
    eventfd_t ignored;
    pthread_mutex_lock(&reader->lock);
    eventfd_read(reader->event_fd, &ignored);
    for (int i = 0; i < HISTORY_PURPOSE_COUNT && !result; i++) {
        result = reader->results[i];
        reader->results[i] = NULL;
    }
    for (int i = 0; i < HISTORY_PURPOSE_COUNT; i++)
        if (reader->results[i])
            eventfd_write(reader->event_fd, 1);
    pthread_mutex_unlock(&reader->lock);
    return result;
}
