/* One slot for each purpose holds the request that waits; one place for each purpose holds the result that
 * nobody has taken yet; so memory is bounded whatever the console asks. `lock` guards everything in the
 * struct but the thread's own work. The connection is only used by the thread, except for query_interrupt(),
 * which is called under the lock: the thread clears `query` under the lock before it closes. */
#include "ui/history_reader.h"

#include "base/mem.h"
#include "db/query.h"
#include "plant/quality.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define HISTORY_READER_BINS_MAX 4096

struct history_slot {
    bool waiting;
    struct history_request request;
};

struct history_reader {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int event_fd;
    char *path;
    uint64_t path_changes;
    bool quit;
    struct history_slot slots[HISTORY_PURPOSE_COUNT];
    struct history_result *results[HISTORY_PURPOSE_COUNT];
    enum history_purpose running; /* HISTORY_PURPOSE_COUNT: none */
    struct query *query;
};

/* ---- samples of one tag ---- */

struct history_samples {
    struct recent_sample *samples;
    size_t count, capacity;
};

/* Keeps the lowest and the highest of every four, in their order,
 * with what they stand for; ends of values stay. */
static void history_thin_out(struct history_samples *all)
{
    size_t kept = 0, i = 0;
    for (; i + 4 <= all->count; i += 4) {
        struct recent_sample *four = &all->samples[i], pair[2];
        size_t low = 0, high = 0;
        bool values = true;
        for (size_t j = 0; j < 4; j++) {
            values = values && !isnan(four[j].value);
            low = four[j].value < four[low].value ? j : low;
            high = four[j].value >= four[high].value ? j : high;
        }
        if (!values || low == high) {
            memmove(&all->samples[kept], four, 4 * sizeof *four);
            kept += 4;
            continue;
        }
        uint32_t count = four[0].count + four[1].count + four[2].count + four[3].count;
        pair[0] = four[low < high ? low : high];
        pair[1] = four[low < high ? high : low];
        pair[0].count = count / 2;
        pair[1].count = count - count / 2;
        memcpy(&all->samples[kept], pair, sizeof pair);
        kept += 2;
    }
    memmove(&all->samples[kept], &all->samples[i], (all->count - i) * sizeof *all->samples);
    all->count = kept + (all->count - i);
    size_t most = RECENT_MAX - RECENT_MAX / 4;
    if (all->count > most) { /* pauses everywhere: the oldest go */
        memmove(all->samples, all->samples + (all->count - most), most * sizeof *all->samples);
        all->count = most;
    }
}

static void history_push(struct history_samples *all, int64_t ts_us, double value)
{
    if (all->count >= RECENT_MAX)
        history_thin_out(all);
    all->samples = mem_grow(all->samples, &all->capacity, all->count + 1, sizeof *all->samples);
    all->samples[all->count++] = (struct recent_sample){.ts_us = ts_us, .value = value, .count = 1};
}

static bool history_take_sample(void *context, const struct query_sample *sample)
{
    bool drawn = sample->value.type == VALUE_NUMBER &&
                 (quality_is_good(sample->quality) || sample->quality == QUALITY_UNCERTAIN);
    history_push(context, sample->ts_us, drawn ? sample->value.number : NAN);
    return true;
}

static bool history_take_gap(void *context, int64_t start_us, int64_t end_us, const char *reason)
{
    (void)end_us; /* the next sample ends it */
    (void)reason;
    history_push(context, start_us, NAN);
    return true;
}

/* By time; the end of values before a sample of the same moment. */
static int history_compare(const void *a, const void *b)
{
    const struct recent_sample *one = a, *two = b;
    if (one->ts_us != two->ts_us)
        return one->ts_us < two->ts_us ? -1 : 1;
    return isnan(two->value) - isnan(one->value);
}

/* The samples of a tag with the gaps of the recording as ends of values. */
static bool history_collect(struct query *query, uint32_t tag, int64_t from_us, int64_t to_us,
                            struct history_samples *all, struct err *err)
{
    all->count = 0;
    if (!query_range(query, tag, from_us, to_us, 0, history_take_sample, all, err) ||
        !query_gaps(query, from_us, to_us, history_take_gap, all, err))
        return false;
    if (all->count)
        qsort(all->samples, all->count, sizeof *all->samples, history_compare);
    return true;
}

/* ---- results ---- */

static struct history_result *history_result_new(const struct history_request *request)
{
    struct history_result *result = mem_new(1, sizeof *result);
    result->purpose = request->purpose;
    result->ticket = request->ticket;
    result->from_us = request->from_us;
    result->to_us = request->to_us;
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
    free(result);
}

static bool history_read_trend(struct query *query, const struct history_request *request,
                               struct history_result *result, struct err *err)
{
    struct history_samples all = {0};
    bool good = !request->tag_count ||
                history_collect(query, request->tags[0], request->from_us, request->to_us, &all, err);
    result->samples = all.samples;
    result->sample_count = all.count;
    return good;
}

static bool history_read_series(struct query *query, const struct history_request *request,
                                struct history_result *result, struct err *err)
{
    if (request->bin_us <= 0 || request->to_us < request->from_us)
        return err_set(err, EX_SOFTWARE, "a request for small trends without a span");
    int64_t last_bin = request->to_us / request->bin_us;
    int64_t bins = last_bin - request->from_us / request->bin_us + 1;
    if (bins > HISTORY_READER_BINS_MAX)
        bins = HISTORY_READER_BINS_MAX;
    result->bins = (size_t)bins;
    result->first_bin = last_bin - bins + 1;
    result->spans = mem_new(result->tag_count * result->bins + 1, sizeof *result->spans);
    struct series *series = series_new(request->bin_us, (uint32_t)bins);
    struct history_samples all = {0};
    bool good = true;
    for (size_t tag = 0; good && tag < result->tag_count; tag++) {
        good = history_collect(query, result->tags[tag], request->from_us, request->to_us, &all, err);
        series_clear(series);
        for (size_t i = 0; good && i < all.count; i++) {
            if (!isnan(all.samples[i].value))
                series_add(series, all.samples[i].ts_us, all.samples[i].value);
            series_hold(series, all.samples[i].ts_us, all.samples[i].value);
        }
        series_advance(series, request->to_us);
        series_columns(series, request->to_us, 1, result->spans + tag * result->bins, result->bins);
    }
    free(all.samples);
    free(series);
    return good;
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

/* The connection, opened when there is none. */
static struct query *history_reader_open(struct history_reader *reader, const char *path, struct err *err)
{
    if (!reader->query) { /* only this thread changes it */
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
        result->good = request->purpose == HISTORY_TREND ? history_read_trend(query, request, result, &err)
                                                         : history_read_series(query, request, result, &err);
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
        if (opened_path != path_changes)
            history_reader_close(reader);
        opened_path = path_changes;
        struct history_result *result = history_work(reader, &request, path);
        free(path);
        pthread_mutex_lock(&reader->lock);
        history_deliver(reader, result, reader->path_changes == path_changes);
    }
    pthread_mutex_unlock(&reader->lock);
    history_reader_close(reader);
    return NULL;
}

/* ---- the console's side ---- */

struct history_reader *history_reader_new(const char *path)
{
    struct history_reader *reader = mem_new(1, sizeof *reader);
    pthread_mutex_init(&reader->lock, NULL);
    pthread_cond_init(&reader->wake, NULL);
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

void history_reader_free(struct history_reader *reader)
{
    if (!reader)
        return;
    pthread_mutex_lock(&reader->lock);
    reader->quit = true;
    if (reader->query)
        query_interrupt(reader->query);
    pthread_cond_signal(&reader->wake);
    pthread_mutex_unlock(&reader->lock);
    pthread_join(reader->thread, NULL);
    for (int i = 0; i < HISTORY_PURPOSE_COUNT; i++)
        history_result_free(reader->results[i]);
    close(reader->event_fd);
    pthread_cond_destroy(&reader->wake);
    pthread_mutex_destroy(&reader->lock);
    free(reader->path);
    free(reader);
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
