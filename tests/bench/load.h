/* What the programs that load a history have in common: its tags and samples, and the figures about steps. */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include "base/clock.h"
#include "base/mem.h"
#include "plant/batch.h"
#include "plant/quality.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The first sample's time. */
#define LOAD_T0 (INT64_C(1700000000) * CLOCK_US_PER_SECOND)

/* The times of one kind of step. */
struct load_times {
    double *wall_ms; /* owned */
    size_t count, capacity;
    double cpu_s, bytes; /* used; written */
};

static inline double load_cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A number of /proc/self/io: "wchar" is what was given to write calls,
 * "write_bytes" what dirtied the page cache. */
static inline double load_io(const char *name)
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

static inline void load_times_add(struct load_times *times, double wall_ms)
{
    times->wall_ms = mem_grow(times->wall_ms, &times->capacity, times->count + 1, sizeof *times->wall_ms);
    times->wall_ms[times->count++] = wall_ms;
}

static inline int load_compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Sorts the times; 0 without any. */
static inline double load_percentile(struct load_times *times, double share)
{
    if (!times->count)
        return 0;
    qsort(times->wall_ms, times->count, sizeof *times->wall_ms, load_compare);
    return times->wall_ms[(size_t)(share * (double)(times->count - 1))];
}

static inline void load_add_tags(struct batch *batch, uint32_t tags)
{
    for (uint32_t id = 1; id <= tags; id++) {
        struct tag_def def;
        tag_def_init(&def);
        def.topic = mem_format("plant/area%u/device%u/value", id % 20, id);
        def.name = mem_copy_text(def.topic);
        def.path = mem_copy_text("");
        def.area = tag_def_area_of_topic(def.topic);
        def.record = RECORD_ALL;
        batch_add_tag(batch, id, &def);
        tag_def_free(&def);
    }
}

/* The i-th sample of a load of `samples_per_s` in all: slow waves with three decimals, as instruments send them,
 * each tag at its own phase. */
static inline void load_add_sample(struct batch *batch, uint32_t tags, double samples_per_s, uint64_t i,
                                   int64_t late_us)
{
    double at_s = (double)i / samples_per_s;
    uint32_t id = 1 + (uint32_t)((i * 7919) % tags);
    struct value value = {.type = VALUE_NUMBER,
                          .number = round(1000 * (50 + 40 * sin(at_s / 60 + id))) / 1000};
    batch_add_sample(batch, id, LOAD_T0 + (int64_t)(at_s * 1e6) - late_us, &value, QUALITY_GOOD);
}

/* Deletes a history and what lies beside it. */
static inline void load_remove(const char *path)
{
    static const char *const SUFFIXES[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof SUFFIXES / sizeof *SUFFIXES; i++) {
        char *name = mem_format("%s%s", path, SUFFIXES[i]);
        unlink(name);
        free(name);
    }
}

#endif
