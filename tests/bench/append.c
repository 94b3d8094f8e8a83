/* What storing a sample costs: processor time, bytes written, and how long the steps take. Plant time runs as
 * fast as the disk allows.
 *
 *   append [-t TAGS] [-r SAMPLES/S PER TAG] [-c COMMITS/S] [-s SECONDS OF PLANT TIME] [-l SHARE] [-n] FILE
 *
 * -l: so many of the samples come hours late, 0.05 for 5 %. -m: merge when the runs hold so many samples a
 * tag. -n: durability "normal". FILE must not exist; it is removed afterwards unless -k is given. -j: the last
 * line is JSON. */
#include "load.h"
#include "db/history.h"

struct append_load {
    uint32_t tags;
    double rate;
    double commits;
    double seconds;
    double late;
    uint64_t merge_rows_per_tag;
    bool normal, keep, json;
    const char *path;
};

static void append_times_add(struct load_times *times, int64_t start_us, double start_cpu_s,
                             double start_bytes)
{
    load_times_add(times, (double)(clock_mono_us() - start_us) / 1000);
    times->cpu_s += load_cpu_s() - start_cpu_s;
    times->bytes += load_io("wchar") - start_bytes;
}

static void append_print(const char *name, struct load_times *times, double samples)
{
    printf("%-8s %6zu times, ms median %7.2f  99 %% %7.2f  most %7.2f, a sample: CPU us %6.3f, bytes %6.1f\n",
           name, times->count, load_percentile(times, 0.5), load_percentile(times, 0.99),
           load_percentile(times, 1), times->cpu_s * 1e6 / samples, times->bytes / samples);
}

static _Noreturn void append_die(const struct err *err)
{
    fprintf(stderr, "append: %s\n", err->text);
    exit(err->code);
}

/* The samples from one moment to the next. */
static void append_fill(struct batch *batch, const struct append_load *load, double from_s, double to_s)
{
    double samples_per_s = load->rate * load->tags;
    for (uint64_t i = (uint64_t)(from_s * samples_per_s); i < (uint64_t)(to_s * samples_per_s); i++) {
        bool late = fmod((double)i * 0.6180339887, 1) < load->late;
        load_add_sample(batch, load->tags, samples_per_s, i, late ? 3 * CLOCK_US_PER_HOUR + 7 : 0);
    }
}

/* The steps: an append, and each kind of housekeeping. */
enum { APPEND_STEP = HISTORY_WORK_NONE, APPEND_STEPS = HISTORY_WORKS };

static const char *const APPEND_NAMES[APPEND_STEPS] = {
    [APPEND_STEP] = "append",         [HISTORY_WORK_FLUSH] = "flush", [HISTORY_WORK_MERGE] = "merge",
    [HISTORY_WORK_EMPTY] = "empty",   [HISTORY_WORK_GAP] = "gap",     [HISTORY_WORK_CHECKPOINT] = "ckpt",
    [HISTORY_WORK_RETAIN] = "retain",
};

/* Housekeeping: at most `slices` of it, as many as a writer has time for between two batches (0: all). */
static void append_tidy(struct history *history, struct load_times *times, int slices)
{
    struct err err = {0};
    bool more = true;
    for (int slice = 0; more && (!slices || slice < slices); slice++) {
        struct history_stats stats;
        double bytes = load_io("wchar");
        int64_t start_us = clock_mono_us();
        double cpu_s = load_cpu_s();
        if (!history_tidy(history, 10000, &more, &err))
            append_die(&err);
        int64_t end_us = clock_mono_us();
        history_get_stats(history, &stats);
        if (stats.work != HISTORY_WORK_NONE)
            append_times_add(&times[stats.work], start_us + clock_mono_us() - end_us, cpu_s, bytes);
    }
}

static void append_run(struct history *history, const struct append_load *load, struct load_times *times)
{
    struct err err = {0};
    struct batch *batch = batch_new();
    for (double at_s = 0; at_s < load->seconds; at_s += 1 / load->commits) {
        append_fill(batch, load, at_s, at_s + 1 / load->commits);
        double bytes = load_io("wchar");
        int64_t start_us = clock_mono_us(), now_us = LOAD_T0 + (int64_t)(at_s * 1e6);
        double cpu_s = load_cpu_s();
        if (!history_append(history, batch, now_us, &err))
            append_die(&err);
        append_times_add(&times[APPEND_STEP], start_us, cpu_s, bytes);
        batch_clear(batch);
        append_tidy(history, times, 4);
    }
    append_tidy(history, times, 0);
    batch_free(batch);
}

/* What was measured since the tags were written; releases the times. */
static void append_report(struct history *history, const struct append_load *load, struct load_times *times,
                          double wrote, double dirtied)
{
    struct history_stats stats;
    history_get_stats(history, &stats);
    double samples = (double)stats.samples_written, cpu_s = 0;
    printf("%u tags x %g /s, %g commits/s, durability %s: %.0f samples, %.0f of them merged in %.0f merges\n",
           load->tags, load->rate, load->commits, load->normal ? "normal" : "full", samples,
           (double)stats.merged_rows, (double)stats.merges);
    for (int i = 0; i < APPEND_STEPS; i++) {
        append_print(APPEND_NAMES[i], &times[i], samples);
        cpu_s += times[i].cpu_s;
        free(times[i].wall_ms);
    }
    printf("CPU us a sample: %.2f; bytes a sample: written %.1f, page cache %.1f, stored %.1f; WAL %.1f MB\n",
           cpu_s * 1e6 / samples, wrote / samples, dirtied / samples, (double)stats.file_bytes / samples,
           (double)stats.wal_bytes / 1e6);
    if (load->json)
        printf("{\"bytes\": %.1f, \"cpu_us\": %.3f, \"merged\": %.0f, \"merges\": %.0f}\n", wrote / samples,
               cpu_s * 1e6 / samples, (double)stats.merged_rows, (double)stats.merges);
}

static bool append_parse(int argc, char **argv, struct append_load *load)
{
    *load = (struct append_load){.tags = 10000, .rate = 1, .commits = 4, .seconds = 60};
    for (int key; (key = getopt(argc, argv, "t:r:c:s:l:m:nkj")) != -1;) {
        switch (key) {
        case 't':
            load->tags = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'r':
            load->rate = strtod(optarg, NULL);
            break;
        case 'c':
            load->commits = strtod(optarg, NULL);
            break;
        case 's':
            load->seconds = strtod(optarg, NULL);
            break;
        case 'l':
            load->late = strtod(optarg, NULL);
            break;
        case 'm':
            load->merge_rows_per_tag = strtoul(optarg, NULL, 10);
            break;
        case 'n':
            load->normal = true;
            break;
        case 'k':
            load->keep = true;
            break;
        case 'j':
            load->json = true;
            break;
        default:
            return false;
        }
    }
    load->path = argv[optind];
    return load->path && load->tags && load->rate > 0 && load->commits > 0;
}

int main(int argc, char **argv)
{
    struct append_load load;
    struct err err = {0};
    if (!append_parse(argc, argv, &load)) {
        fprintf(stderr, "usage: append [-t TAGS] [-r RATE] [-c COMMITS/S] [-s SECONDS] [-l SHARE] [-m ROWS] "
                        "[-n] [-k] [-j] FILE\n");
        return EX_USAGE;
    }
    struct history *history =
        history_open(&(struct history_options){.path = load.path,
                                               .durability_full = !load.normal,
                                               .merge_rows_per_tag = load.merge_rows_per_tag},
                     &err);
    if (!history)
        append_die(&err);
    struct batch *batch = batch_new();
    load_add_tags(batch, load.tags);
    if (!history_append(history, batch, LOAD_T0, &err))
        append_die(&err);
    batch_free(batch);

    struct load_times times[APPEND_STEPS] = {{0}};
    double wrote = load_io("wchar"), dirtied = load_io("write_bytes");
    append_run(history, &load, times);
    wrote = load_io("wchar") - wrote;
    dirtied = load_io("write_bytes") - dirtied;
    append_report(history, &load, times, wrote, dirtied);
    history_close(history, LOAD_T0);
    if (!load.keep)
        load_remove(load.path);
    return EX_OK;
}
