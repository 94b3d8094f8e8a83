/* What storing a sample costs: processor time, bytes written, and how long the steps take. Plant time runs as
 * fast as the disk allows.
 *
 *   append [-t TAGS] [-r SAMPLES/S PER TAG] [-c COMMITS/S] [-s SECONDS OF PLANT TIME] [-l SHARE] [-n] FILE
 *
 * -l: so many of the samples come hours late, 0.05 for 5 %. -m: merge when the runs hold so many samples a
 * tag. -n: durability "normal". FILE must not exist; it is removed afterwards unless -k is given. */
#include "base/clock.h"
#include "base/mem.h"
#include "db/history.h"
#include "plant/quality.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define APPEND_T0 (INT64_C(1700000000) * CLOCK_US_PER_SECOND)

struct append_load {
    uint32_t tags;
    double rate;
    double commits;
    double seconds;
    double late;
    uint64_t merge_rows_per_tag;
    bool normal, keep;
    const char *path;
};

/* The times of one kind of step. */
struct append_times {
    double *wall_ms; /* owned */
    size_t count, capacity;
    double cpu_s, bytes; /* used; written */
};

static double append_cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A number of /proc/self/io: "wchar" is what was given to write calls,
 * "write_bytes" what dirtied the page cache. */
static double append_io(const char *name)
{
    char line[128];
    double value = 0;
    FILE *file = fopen("/proc/self/io", "re");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
            value = strtod(line + strlen(name) + 1, NULL);
    if (file)
        fclose(file);
    return value;
}

static void append_times_add(struct append_times *times, int64_t start_us, double start_cpu_s,
                             double start_bytes)
{
    times->wall_ms = mem_grow(times->wall_ms, &times->capacity, times->count + 1, sizeof *times->wall_ms);
    times->wall_ms[times->count++] = (double)(clock_mono_us() - start_us) / 1000;
    times->cpu_s += append_cpu_s() - start_cpu_s;
    times->bytes += append_io("wchar") - start_bytes;
}

static int append_compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double append_percentile(struct append_times *times, double share)
{
    if (!times->count)
        return 0;
    qsort(times->wall_ms, times->count, sizeof *times->wall_ms, append_compare);
    return times->wall_ms[(size_t)(share * (double)(times->count - 1))];
}

static void append_print(const char *name, struct append_times *times, double samples)
{
    printf("%-8s %6zu times, ms median %7.2f  99 %% %7.2f  most %7.2f, a sample: CPU us %6.3f, bytes %6.1f\n",
           name, times->count, append_percentile(times, 0.5), append_percentile(times, 0.99),
           append_percentile(times, 1), times->cpu_s * 1e6 / samples, times->bytes / samples);
}

static _Noreturn void append_die(const struct err *err)
{
    fprintf(stderr, "append: %s\n", err->text);
    exit(err->code);
}

static void append_add_tags(struct batch *batch, uint32_t tags)
{
    for (uint32_t id = 1; id <= tags; id++) {
        struct tag_def def;
        tag_def_init(&def);
        def.topic = mem_format("plant/area%u/device%u/value", id % 20, id);
        def.name = mem_copy_text(def.topic);
        def.path = mem_copy_text("");
        def.area = tag_def_area_of_topic(def.topic);
        batch_add_tag(batch, id, &def);
        tag_def_free(&def);
    }
}

/* The samples from one moment to the next, each tag at its own phase. */
static void append_fill(struct batch *batch, const struct append_load *load, double from_s, double to_s)
{
    uint64_t first = (uint64_t)(from_s * load->rate * load->tags),
             end = (uint64_t)(to_s * load->rate * load->tags);
    for (uint64_t i = first; i < end; i++) {
        double at_s = (double)i / (load->rate * load->tags);
        uint32_t id = 1 + (uint32_t)((i * 7919) % load->tags);
        struct value value = {.type = VALUE_NUMBER,
                              .number = round(1000 * (50 + 40 * sin(at_s / 60 + id))) / 1000};
        int64_t late_us = fmod((double)i * 0.6180339887, 1) < load->late ? 3 * CLOCK_US_PER_HOUR + 7 : 0;
        batch_add_sample(batch, id, APPEND_T0 + (int64_t)(at_s * 1e6) - late_us, &value, QUALITY_GOOD);
    }
}

/* The steps: an append, and each kind of housekeeping. */
enum { APPEND_STEP = HISTORY_WORK_NONE, APPEND_STEPS = HISTORY_WORKS };

static const char *const APPEND_NAMES[APPEND_STEPS] = {
    [APPEND_STEP] = "append",       [HISTORY_WORK_FLUSH] = "flush", [HISTORY_WORK_MERGE] = "merge",
    [HISTORY_WORK_EMPTY] = "empty", [HISTORY_WORK_GAP] = "gap",     [HISTORY_WORK_CHECKPOINT] = "ckpt",
};

/* Housekeeping: at most `slices` of it, as many as a writer has time for between two batches (0: all). */
static void append_tidy(struct history *history, struct append_times *times, int slices)
{
    struct err err = {0};
    bool more = true;
    for (int slice = 0; more && (!slices || slice < slices); slice++) {
        struct history_stats stats;
        double bytes = append_io("wchar");
        int64_t start_us = clock_mono_us();
        double cpu_s = append_cpu_s();
        if (!history_tidy(history, 10000, &more, &err))
            append_die(&err);
        int64_t end_us = clock_mono_us();
        history_get_stats(history, &stats);
        if (stats.work != HISTORY_WORK_NONE)
            append_times_add(&times[stats.work], start_us + clock_mono_us() - end_us, cpu_s, bytes);
    }
}

static void append_run(struct history *history, const struct append_load *load, struct append_times *times)
{
    struct err err = {0};
    struct batch *batch = batch_new();
    for (double at_s = 0; at_s < load->seconds; at_s += 1 / load->commits) {
        append_fill(batch, load, at_s, at_s + 1 / load->commits);
        double bytes = append_io("wchar");
        int64_t start_us = clock_mono_us(), now_us = APPEND_T0 + (int64_t)(at_s * 1e6);
        double cpu_s = append_cpu_s();
        if (!history_append(history, batch, now_us, &err))
            append_die(&err);
        append_times_add(&times[APPEND_STEP], start_us, cpu_s, bytes);
        batch_clear(batch);
        append_tidy(history, times, 4);
    }
    append_tidy(history, times, 0);
    batch_free(batch);
}

static bool append_parse(int argc, char **argv, struct append_load *load)
{
    *load = (struct append_load){.tags = 10000, .rate = 1, .commits = 4, .seconds = 60};
    for (int key; (key = getopt(argc, argv, "t:r:c:s:l:m:nk")) != -1;) {
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
                        "[-n] [-k] FILE\n");
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
    append_add_tags(batch, load.tags);
    if (!history_append(history, batch, APPEND_T0, &err))
        append_die(&err);
    batch_free(batch);

    struct append_times times[APPEND_STEPS] = {{0}};
    double wrote = append_io("wchar"), dirtied = append_io("write_bytes");
    append_run(history, &load, times);
    wrote = append_io("wchar") - wrote;
    dirtied = append_io("write_bytes") - dirtied;
    struct history_stats stats;
    history_get_stats(history, &stats);
    double samples = (double)stats.samples_written, cpu_s = 0;
    printf("%u tags x %g /s, %g commits/s, durability %s: %.0f samples, %.0f of them merged in %.0f merges\n",
           load.tags, load.rate, load.commits, load.normal ? "normal" : "full", samples,
           (double)stats.merged_rows, (double)stats.merges);
    for (int i = 0; i < APPEND_STEPS; i++) {
        append_print(APPEND_NAMES[i], &times[i], samples);
        cpu_s += times[i].cpu_s;
        free(times[i].wall_ms);
    }
    printf("CPU us a sample: %.2f; bytes a sample: written %.1f, page cache %.1f, stored %.1f; WAL %.1f MB\n",
           cpu_s * 1e6 / samples, wrote / samples, dirtied / samples, (double)stats.file_bytes / samples,
           (double)stats.wal_bytes / 1e6);
    history_close(history, APPEND_T0);
    static const char *const SUFFIXES[] = {"", "-wal", "-shm"};
    for (size_t i = 0; !load.keep && i < 3; i++) {
        char *name = mem_format("%s%s", load.path, SUFFIXES[i]);
        unlink(name);
        free(name);
    }
    return EX_OK;
}
