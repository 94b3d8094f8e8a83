/* What storing a sample costs: processor time, bytes written, and how long the steps take. Plant time runs as
 * fast as the disk allows.
 *
 *   append [-t TAGS] [-r SAMPLES/S PER TAG] [-c COMMITS/S] [-s SECONDS OF PLANT TIME] [-n] FILE
 *
 * -n: durability "normal". FILE must not exist; it is removed afterwards unless -k is given. */
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
    bool normal, keep;
    const char *path;
};

/* The times of one kind of step. */
struct append_times {
    double *wall_ms; /* owned */
    size_t count, capacity;
    double cpu_s;
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

static void append_times_add(struct append_times *times, int64_t start_us, double start_cpu_s)
{
    times->wall_ms = mem_grow(times->wall_ms, &times->capacity, times->count + 1, sizeof *times->wall_ms);
    times->wall_ms[times->count++] = (double)(clock_mono_us() - start_us) / 1000;
    times->cpu_s += append_cpu_s() - start_cpu_s;
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
    printf("%-8s %6zu times, ms median %7.2f  99 %% %7.2f  most %7.2f, CPU us/sample %6.3f\n", name,
           times->count, append_percentile(times, 0.5), append_percentile(times, 0.99),
           append_percentile(times, 1), times->cpu_s * 1e6 / samples);
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
        batch_add_sample(batch, id, APPEND_T0 + (int64_t)(at_s * 1e6), &value, QUALITY_GOOD);
    }
}

static void append_run(struct history *history, const struct append_load *load, struct append_times *append,
                       struct append_times *flush, struct append_times *checkpoint)
{
    struct err err = {0};
    struct batch *batch = batch_new();
    for (double at_s = 0; at_s < load->seconds; at_s += 1 / load->commits) {
        append_fill(batch, load, at_s, at_s + 1 / load->commits);
        int64_t start_us = clock_mono_us(), now_us = APPEND_T0 + (int64_t)(at_s * 1e6);
        double cpu_s = append_cpu_s();
        if (!history_append(history, batch, now_us, &err))
            append_die(&err);
        append_times_add(append, start_us, cpu_s);
        batch_clear(batch);
        for (bool more = true; more;) {
            struct history_stats before, after;
            history_get_stats(history, &before);
            start_us = clock_mono_us();
            cpu_s = append_cpu_s();
            if (!history_tidy(history, 10000, &more, &err))
                append_die(&err);
            history_get_stats(history, &after);
            append_times_add(after.tail_rows < before.tail_rows ? flush : checkpoint, start_us, cpu_s);
        }
    }
    batch_free(batch);
}

static bool append_parse(int argc, char **argv, struct append_load *load)
{
    *load = (struct append_load){.tags = 10000, .rate = 1, .commits = 4, .seconds = 60};
    for (int key; (key = getopt(argc, argv, "t:r:c:s:nk")) != -1;) {
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
        fprintf(stderr, "usage: append [-t TAGS] [-r RATE] [-c COMMITS/S] [-s SECONDS] [-n] [-k] FILE\n");
        return EX_USAGE;
    }
    struct history *history =
        history_open(&(struct history_options){.path = load.path, .durability_full = !load.normal}, &err);
    if (!history)
        append_die(&err);
    struct batch *batch = batch_new();
    append_add_tags(batch, load.tags);
    if (!history_append(history, batch, APPEND_T0, &err))
        append_die(&err);
    batch_free(batch);

    struct append_times append = {0}, flush = {0}, checkpoint = {0};
    double wrote = append_io("wchar"), dirtied = append_io("write_bytes");
    append_run(history, &load, &append, &flush, &checkpoint);
    wrote = append_io("wchar") - wrote;
    dirtied = append_io("write_bytes") - dirtied;
    struct history_stats stats;
    history_get_stats(history, &stats);
    double samples = (double)stats.samples_written;
    printf("%u tags x %g /s, %g commits/s, durability %s: %.0f samples\n", load.tags, load.rate, load.commits,
           load.normal ? "normal" : "full", samples);
    append_print("append", &append, samples);
    append_print("flush", &flush, samples);
    append_print("other", &checkpoint, samples);
    printf("bytes a sample: written %.1f, page cache %.1f, stored %.1f; WAL %.1f MB\n", wrote / samples,
           dirtied / samples, (double)stats.file_bytes / samples, (double)stats.wal_bytes / 1e6);
    history_close(history, APPEND_T0);
    free(append.wall_ms);
    free(flush.wall_ms);
    free(checkpoint.wall_ms);
    static const char *const SUFFIXES[] = {"", "-wal", "-shm"};
    for (size_t i = 0; !load.keep && i < 3; i++) {
        char *name = mem_format("%s%s", load.path, SUFFIXES[i]);
        unlink(name);
        free(name);
    }
    return EX_OK;
}
