/* How much compressed recording leaves out: the demo plant's analog signals, with the noise of their sensors and
 * with disturbances, recorded at a share of their range. The plant's time runs as fast as the machine can.
 *
 *   compress [-d SHARE] [-h HOURS OF PLANT TIME] CONFIGURATION FILE
 *
 * SHARE 0.005 is half a per cent. FILE must not exist; it is removed afterwards. Prints one line of JSON. */
#include "base/clock.h"
#include "base/mem.h"
#include "config/config.h"
#include "db/history.h"
#include "plant/plant.h"
#include "recorder/sim_plant.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMPRESS_T0 (INT64_C(1790000000) * CLOCK_US_PER_SECOND)

struct compress {
    struct config config;
    struct plant plant;
    struct sim_plant *sim;
    struct batch *batch;
    struct history *history;
    int64_t now_us; /* of the plant, from 0 */
};

static _Noreturn void compress_die(const char *text)
{
    fprintf(stderr, "compress: %s\n", text);
    exit(EX_SOFTWARE);
}

static void compress_receive(void *context, const struct sim_message *message)
{
    struct compress *compress = context;
    const struct plant_message in = {.topic = message->topic,
                                     .payload = (const uint8_t *)message->payload,
                                     .length = message->length,
                                     .qos = 1};
    const struct plant_time time = {.wall_us = COMPRESS_T0 + compress->now_us, .mono_us = compress->now_us};
    plant_receive(&compress->plant, &in, &time, compress->batch);
}

/* The configuration, with another recording policy for every number that has a range. */
static void compress_configure(struct compress *compress, const char *path, double share)
{
    struct config_report report;
    if (!config_load(&compress->config, path, &report))
        compress_die(report.faults[0]);
    config_report_free(&report);
    const struct plant_options options = {.max_tags = 1000,
                                          .max_payload = 65536,
                                          .source_time_past_us = compress->config.source_time_past_us,
                                          .source_time_future_us = compress->config.source_time_future_us};
    plant_init(&compress->plant, &options);
    for (size_t i = 0; i < compress->config.subscription_count; i++)
        plant_add_subscription(&compress->plant, compress->config.subscriptions[i].filter,
                               compress->config.subscriptions[i].payload);
    for (size_t i = 0; i < compress->config.tag_count; i++) {
        struct tag_def *def = &compress->config.tags[i];
        if (def->kind == TAG_ANALOG && def->has_range) {
            def->record = RECORD_COMPRESSED;
            def->deviation = share * (def->high - def->low);
        }
        plant_add_configured(&compress->plant, def, compress->batch);
    }
    const struct plant_time start = {.wall_us = COMPRESS_T0};
    plant_link_up(&compress->plant, &start);
    plant_backlog_end(&compress->plant, &start);
}

static void compress_append(struct compress *compress)
{
    struct err err = {0};
    bool more = true;
    if (!history_append(compress->history, compress->batch, COMPRESS_T0 + compress->now_us, &err))
        compress_die(err.text);
    batch_clear(compress->batch);
    while (more)
        if (!history_tidy(compress->history, 10000, &more, &err))
            compress_die(err.text);
}

static void compress_run(struct compress *compress, double hours)
{
    const int64_t end_us = (int64_t)(hours * 3600) * CLOCK_US_PER_SECOND;
    for (; compress->now_us < end_us; compress->now_us += CLOCK_US_PER_SECOND) {
        sim_plant_advance(compress->sim, compress->now_us, COMPRESS_T0 + compress->now_us, compress_receive,
                          compress);
        if (compress->now_us % (60 * CLOCK_US_PER_SECOND) == 0)
            compress_append(compress);
    }
    compress_append(compress);
}

/* One figure of each compressed tag that has been merged: how many samples came for each that was kept. */
static void compress_print(const char *path, double share, double hours)
{
    sqlite3 *db;
    sqlite3_stmt *row;
    double came = 0, kept = 0, least = INFINITY;
    char least_tag[128] = "";
    int tags = 0;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db,
                           "SELECT t.name, (SELECT total(n) FROM hour h WHERE h.tag_id = t.id)"
                           " + (SELECT total(n) FROM hour_open h WHERE h.tag_id = t.id),"
                           " (SELECT count(*) FROM archive a WHERE a.tag_id = t.id)"
                           " FROM tag t WHERE t.record = 'compressed'",
                           -1, &row, NULL) != SQLITE_OK)
        compress_die(sqlite3_errmsg(db));
    while (sqlite3_step(row) == SQLITE_ROW) {
        double n = sqlite3_column_double(row, 1), archived = sqlite3_column_double(row, 2);
        if (archived <= 0)
            continue;
        came += n;
        kept += archived;
        tags++;
        if (n / archived < least) {
            least = n / archived;
            snprintf(least_tag, sizeof least_tag, "%s", (const char *)sqlite3_column_text(row, 0));
        }
    }
    sqlite3_finalize(row);
    sqlite3_close(db);
    printf("{\"share\": %g, \"hours\": %g, \"tags\": %d, \"came\": %.0f, \"kept\": %.0f, \"ratio\": %.1f,"
           " \"least\": %.1f, \"least_tag\": \"%s\"}\n",
           share, hours, tags, came, kept, kept > 0 ? came / kept : 0, least, least_tag);
}

int main(int argc, char **argv)
{
    static struct compress compress;
    double share = 0.005, hours = 6;
    for (int key; (key = getopt(argc, argv, "d:h:")) != -1;) {
        if (key == 'd')
            share = strtod(optarg, NULL);
        else if (key == 'h')
            hours = strtod(optarg, NULL);
        else
            return EX_USAGE;
    }
    if (argc - optind != 2) {
        fprintf(stderr, "usage: compress [-d SHARE] [-h HOURS] CONFIGURATION FILE\n");
        return EX_USAGE;
    }
    const char *path = argv[optind + 1];
    struct err err = {0};
    compress.history = history_open(&(struct history_options){.path = path}, &err);
    if (!compress.history)
        compress_die(err.text);
    compress.batch = batch_new();
    compress_configure(&compress, argv[optind], share);
    compress.sim = sim_plant_new(
        &(struct sim_plant_options){.seed = 1, .prefix = "plant", .clock_s = 6 * 3600, .speed = 1});
    compress_run(&compress, hours);
    history_close(compress.history, COMPRESS_T0 + compress.now_us);
    compress_print(path, share, hours);
    sim_plant_free(compress.sim);
    plant_free(&compress.plant);
    batch_free(compress.batch);
    config_free(&compress.config);
    static const char *const SUFFIXES[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char *name = mem_format("%s%s", path, SUFFIXES[i]);
        unlink(name);
        free(name);
    }
    return EX_OK;
}
