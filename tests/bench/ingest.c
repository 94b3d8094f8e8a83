/* How long batches wait for housekeeping, and whether it keeps up: the recorder's writer thread under a load in
 * real time. Each tenth of a second what has come meanwhile is handed over, later when the writer is not free.
 *
 *   ingest [-t TAGS] [-r SAMPLES/S] [-s SECONDS] [-m MERGE AT ROWS A TAG] [-n] FILE
 *
 * machine_cpu_ms_...: what an equal piece of arithmetic beside it took, at the median and at most (watch.h).
 * -r 0: a load that never rests, batches of 16,384 as fast as they are taken. -n: durability "normal". FILE
 * must not exist; it is removed afterwards. The result is one line of JSON. */
#include "recorder/writer.h"
#include "watch.h"

#include <inttypes.h>

#define INGEST_TICK_US   INT64_C(100000)
#define INGEST_BATCH_MAX 65536
#define INGEST_BATCH     16384

struct ingest {
    uint32_t tags;
    double rate; /* samples a second in all; 0: as many as are taken */
    double seconds;
    uint64_t merge_rows_per_tag;
    bool normal;
    const char *path;

    struct writer *writer;
    uint64_t given;
    int64_t start_us;
    struct load_times waits, commits,
        cpus;                          /* of a batch; cpus: what the writer worked until it was committed */
    uint64_t fresh_most, backlog_most; /* rows in runs; samples that waited to be handed over */
    int64_t commits_us;
};

static _Noreturn void ingest_die(const struct err *err)
{
    fprintf(stderr, "ingest: %s\n", err->text);
    exit(err->code);
}

static struct writer *ingest_open(const struct ingest *load)
{
    struct err err = {0};
    const struct history_options options = {
        .path = load->path, .durability_full = !load->normal, .merge_rows_per_tag = load->merge_rows_per_tag};
    struct history *history = history_open(&options, &err);
    struct writer *writer = history ? writer_start(history, load->path, &err) : NULL;
    if (!writer)
        ingest_die(&err);
    return writer;
}

/* Hands a batch over, waits until it is committed, and notes what it waited for before. */
static void ingest_write(struct ingest *load, struct batch *batch)
{
    struct writer_result result;
    struct history_stats stats;
    uint64_t free_bytes;
    struct pollfd done = {.fd = writer_fd(load->writer), .events = POLLIN};
    int64_t given_us = clock_mono_us();
    double given_cpu_s = load_cpu_s();
    writer_give(load->writer, batch);
    do
        poll(&done, 1, -1);
    while (!writer_take(load->writer, &result));
    int64_t took_us = clock_mono_us() - given_us;
    if (!result.good)
        ingest_die(&result.err);
    load_times_add(&load->cpus, (load_cpu_s() - given_cpu_s) * 1e3);
    load_times_add(&load->waits, (double)(took_us - result.commit_us) / 1e3);
    load_times_add(&load->commits, (double)result.commit_us / 1e3);
    load->commits_us += result.commit_us;
    writer_get_stats(load->writer, &stats, &free_bytes);
    load->fresh_most = stats.fresh_rows > load->fresh_most ? stats.fresh_rows : load->fresh_most;
    batch_clear(batch);
}

/* Fills the batch with what has come until now. */
static void ingest_fill(struct ingest *load, struct batch *batch, int64_t now_us)
{
    double rate = load->rate > 0 ? load->rate : 1e6;
    uint64_t due = (uint64_t)((double)(now_us - load->start_us) / 1e6 * load->rate);
    uint64_t backlog = load->rate > 0 ? due - load->given : 0;
    uint64_t count = load->rate <= 0 ? INGEST_BATCH : backlog < INGEST_BATCH_MAX ? backlog : INGEST_BATCH_MAX;
    load->backlog_most = backlog > load->backlog_most ? backlog : load->backlog_most;
    for (uint64_t end = load->given + count; load->given < end; load->given++)
        load_add_sample(batch, load->tags, rate, load->given, 0);
}

static void ingest_run(struct ingest *load)
{
    struct batch *batch = batch_new();
    load_add_tags(batch, load->tags);
    ingest_write(load, batch);
    load->waits.count = load->commits.count = load->cpus.count = 0; /* the tags' */
    load->commits_us = 0;
    load->start_us = clock_mono_us();
    int64_t end_us = load->start_us + (int64_t)(load->seconds * 1e6), next_us = load->start_us;
    for (int64_t now_us; (now_us = clock_mono_us()) < end_us;) {
        if (load->rate > 0 && now_us < next_us) {
            poll(NULL, 0, 1 + (int)((next_us - now_us) / 1000));
            continue;
        }
        next_us = now_us + INGEST_TICK_US;
        ingest_fill(load, batch, now_us);
        if (!batch_is_empty(batch))
            ingest_write(load, batch);
    }
    batch_free(batch);
}

static const char *const INGEST_NAMES[HISTORY_WORKS] = {
    [HISTORY_WORK_NONE] = "nothing",  [HISTORY_WORK_FLUSH] = "flush",
    [HISTORY_WORK_MERGE] = "merge",   [HISTORY_WORK_EMPTY] = "empty",
    [HISTORY_WORK_GAP] = "gap",       [HISTORY_WORK_CHECKPOINT] = "checkpoint",
    [HISTORY_WORK_RETAIN] = "retain",
};

/* On standard error, for people: which kind of slice costs what. */
static void ingest_print_costs(const struct history_stats *stats)
{
    for (int work = 0; work < HISTORY_WORKS; work++) {
        const struct history_cost *cost = &stats->costs[work];
        if (cost->count)
            fprintf(stderr, "%-10s %7" PRIu64 " slices, %8.1f ms, most %7.2f; CPU %8.1f ms, most %7.2f\n",
                    INGEST_NAMES[work], cost->count, (double)cost->us / 1e3, (double)cost->most_us / 1e3,
                    (double)cost->cpu_us / 1e3, (double)cost->cpu_most_us / 1e3);
    }
}

/* The costs of all kinds but checkpoints together. */
static struct history_cost ingest_sum(const struct history_stats *stats)
{
    struct history_cost sum = {0};
    for (int work = HISTORY_WORK_NONE + 1; work < HISTORY_WORKS; work++) {
        const struct history_cost *cost = &stats->costs[work];
        if (work == HISTORY_WORK_CHECKPOINT)
            continue;
        sum.count += cost->count;
        sum.us += cost->us;
        sum.cpu_most_us = cost->cpu_most_us > sum.cpu_most_us ? cost->cpu_most_us : sum.cpu_most_us;
    }
    return sum;
}

static void ingest_report(struct ingest *load, double cpu_s, const struct watch_result *machine)
{
    struct history_stats stats;
    uint64_t free_bytes;
    double seconds = (double)(clock_mono_us() - load->start_us) / 1e6;
    writer_get_stats(load->writer, &stats, &free_bytes);
    const struct history_cost sum = ingest_sum(&stats), *checkpoints = &stats.costs[HISTORY_WORK_CHECKPOINT];
    ingest_print_costs(&stats);
    printf("{\"offered_per_s\": %.0f, \"stored_per_s\": %.0f, \"seconds\": %.1f, \"batches\": %zu,"
           " \"wait_ms_median\": %.2f, \"wait_ms_p99\": %.2f, \"wait_ms_most\": %.2f,"
           " \"cpu_ms_median\": %.2f, \"cpu_ms_p99\": %.2f, \"cpu_ms_most\": %.2f,"
           " \"commit_ms_median\": %.2f, \"commit_ms_p99\": %.2f, \"commit_share\": %.3f,"
           " \"backlog_most\": %" PRIu64 ", \"fresh_most\": %" PRIu64 ", \"fresh\": %" PRIu64
           ", \"merges\": %" PRIu64 ", \"merged\": %" PRIu64 ", \"slices\": %" PRIu64
           ", \"slice_ms_most\": %.2f, \"slice_cpu_ms_most\": %.2f, \"checkpoint_ms_most\": %.2f,"
           " \"checkpoint_cpu_ms_most\": %.2f, \"tidy_share\": %.3f, \"cpu_us\": %.2f,"
           " \"machine_cpu_ms_median\": %.2f, \"machine_cpu_ms_most\": %.2f}\n",
           load->rate, (double)load->given / seconds, seconds, load->waits.count,
           load_percentile(&load->waits, 0.5), load_percentile(&load->waits, 0.99),
           load_percentile(&load->waits, 1), load_percentile(&load->cpus, 0.5),
           load_percentile(&load->cpus, 0.99), load_percentile(&load->cpus, 1),
           load_percentile(&load->commits, 0.5), load_percentile(&load->commits, 0.99),
           (double)load->commits_us / 1e6 / seconds, load->backlog_most, load->fresh_most, stats.fresh_rows,
           stats.merges, stats.merged_rows, sum.count, (double)stats.slice_most_us / 1e3,
           (double)sum.cpu_most_us / 1e3, (double)checkpoints->most_us / 1e3,
           (double)checkpoints->cpu_most_us / 1e3, (double)sum.us / 1e6 / seconds,
           cpu_s * 1e6 / (double)load->given, machine->median_ms, machine->most_ms);
}

static bool ingest_parse(int argc, char **argv, struct ingest *load)
{
    *load = (struct ingest){.tags = 10000, .rate = 50000, .seconds = 60};
    for (int key; (key = getopt(argc, argv, "t:r:s:m:n")) != -1;) {
        switch (key) {
        case 't':
            load->tags = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'r':
            load->rate = strtod(optarg, NULL);
            break;
        case 's':
            load->seconds = strtod(optarg, NULL);
            break;
        case 'm':
            load->merge_rows_per_tag = strtoul(optarg, NULL, 10);
            break;
        case 'n':
            load->normal = true;
            break;
        default:
            return false;
        }
    }
    load->path = argv[optind];
    return load->path && load->tags;
}

int main(int argc, char **argv)
{
    struct ingest load;
    if (!ingest_parse(argc, argv, &load)) {
        fprintf(stderr, "usage: ingest [-t TAGS] [-r SAMPLES/S] [-s SECONDS] [-m ROWS] [-n] FILE\n");
        return EX_USAGE;
    }
    struct watch watch = watch_begin();
    load.writer = ingest_open(&load);
    double cpu_s = load_cpu_s();
    ingest_run(&load);
    cpu_s = load_cpu_s() - cpu_s;
    struct watch_result machine = watch_end(&watch);
    ingest_report(&load, cpu_s, &machine);
    bool ended = writer_stop(load.writer, LOAD_T0, 60 * CLOCK_US_PER_SECOND);
    load_remove(load.path);
    free(load.waits.wall_ms);
    free(load.commits.wall_ms);
    free(load.cpus.wall_ms);
    return ended ? EX_OK : EX_TEMPFAIL;
}
