/* What alarms cost: messages taken by the plant with and without four limits on each of 10,000 tags, and 10,000 alarms
 * that change in one second. Prints one line of JSON: {"plain_ns":...,"limits_ns":...,"percent":...,"raise_ns":...}, the
 * processor time of a message: the best of the rounds of each kind, taken in turn, because a busy machine only ever makes
 * them longer.
 *
 *   alarms [ROUNDS] */
#include "base/clock.h"
#include "base/mem.h"
#include "plant/alarm.h"
#include "plant/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TAGS 10000

struct bench {
    struct plant plant;
    struct alarms alarms;
    struct batch *batch;
    struct plant_time now;
    char (*topics)[32];
};

static void bench_add_limits(struct tag_def *def)
{
    static const struct {
        enum alarm_type type;
        double limit;
    } LIMITS[] = {{ALARM_LOLO, 5}, {ALARM_LO, 10}, {ALARM_HI, 90}, {ALARM_HIHI, 95}};
    def->alarms = mem_new(4, sizeof *def->alarms);
    def->alarm_count = 4;
    for (size_t i = 0; i < 4; i++)
        def->alarms[i] = (struct alarm_def){.type = LIMITS[i].type,
                                            .has_limit = true,
                                            .limit = LIMITS[i].limit,
                                            .deadband = 1,
                                            .priority = PRIORITY_MEDIUM};
}

static struct alarm_pass bench_pass(struct bench *bench)
{
    return (struct alarm_pass){.alarms = &bench->alarms, .time = bench->now, .batch = bench->batch};
}

static void bench_make(struct bench *bench, bool limits)
{
    memset(bench, 0, sizeof *bench);
    plant_init(&bench->plant, &(struct plant_options){.max_tags = 2 * TAGS, .max_payload = 4096});
    alarms_init(&bench->alarms, &bench->plant, CLOCK_US_PER_HOUR);
    bench->batch = batch_new();
    bench->topics = mem_new(TAGS, sizeof *bench->topics);
    bench->now = (struct plant_time){.wall_us = clock_wall_us(), .mono_us = clock_mono_us()};
    plant_add_subscription(&bench->plant, "plant/#", (struct payload_rule){.format = FORMAT_AUTO});
    for (int i = 0; i < TAGS; i++) {
        struct tag_def def;
        snprintf(bench->topics[i], sizeof *bench->topics, "plant/area%d/tag%d", i / 100, i);
        tag_def_init(&def);
        def.name = mem_copy_text(bench->topics[i]);
        def.topic = mem_copy_text(bench->topics[i]);
        def.path = mem_copy_text("");
        def.area = mem_copy_text("");
        if (limits)
            bench_add_limits(&def);
        plant_add_configured(&bench->plant, &def, bench->batch);
        tag_def_free(&def);
    }
    struct alarm_pass pass = bench_pass(bench);
    alarms_configure(&pass);
    plant_link_up(&bench->plant, &bench->now);
    plant_backlog_end(&bench->plant, &bench->now);
    alarms_thaw(&pass);
}

static void bench_free(struct bench *bench)
{
    alarms_free(&bench->alarms);
    plant_free(&bench->plant);
    batch_free(bench->batch);
    free(bench->topics);
}

/* Processor time: others share the machine. */
static int64_t bench_cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return used.tv_sec * INT64_C(1000000000) + used.tv_nsec;
}

/* One message to each tag; returns nanoseconds a message. */
static double bench_round(struct bench *bench, double base, unsigned salt)
{
    struct tag **changed;
    char payload[32];
    bench->now.wall_us += CLOCK_US_PER_SECOND;
    bench->now.mono_us += CLOCK_US_PER_SECOND;
    int64_t start_ns = bench_cpu_ns();
    for (unsigned i = 0; i < TAGS; i++) {
        int length = snprintf(payload, sizeof payload, "%.2f", base + (double)((i * 7 + salt) % 400) / 100);
        const struct plant_message message = {.topic = bench->topics[i],
                                              .payload = (const uint8_t *)payload,
                                              .length = (size_t)length,
                                              .qos = 1};
        plant_receive(&bench->plant, &message, &bench->now, bench->batch);
        if (bench->plant.touched_count) {
            struct alarm_pass pass = bench_pass(bench);
            alarms_evaluate(&pass);
        }
    }
    double ns = (double)(bench_cpu_ns() - start_ns) / TAGS;
    plant_take_changed(&bench->plant, &changed);
    batch_clear(bench->batch);
    return ns;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 60;
    struct bench plain, limits;
    double plain_ns = 1e9, limits_ns = 1e9;
    bench_make(&plain, false);
    bench_make(&limits, true);
    for (int i = 0; i < rounds; i++) {
        double ns = bench_round(&plain, 50, (unsigned)i);
        plain_ns = ns < plain_ns ? ns : plain_ns;
        ns = bench_round(&limits, 50, (unsigned)i);
        limits_ns = ns < limits_ns ? ns : limits_ns;
    }
    double change_ns = bench_round(&limits, 91, 0);
    printf("{\"plain_ns\":%.0f,\"limits_ns\":%.0f,\"percent\":%.1f,\"raise_ns\":%.0f}\n", plain_ns, limits_ns,
           (limits_ns / plain_ns - 1) * 100, change_ns);
    bench_free(&plain);
    bench_free(&limits);
    return 0;
}
