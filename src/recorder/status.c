#include "recorder/status.h"

#include "plant/decode.h"
#include "recorder/faults.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t status_memory_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long total = 0, resident = 0;
    if (!file)
        return 0;
    int count = fscanf(file, "%lu %lu", &total, &resident);
    fclose(file);
    return count == 2 ? (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static uint64_t status_cpu_us(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000u + (uint64_t)used.tv_nsec / 1000u;
}

void status_note_second(struct status *status, const struct status_sources *sources, int64_t now_mono_us)
{
    status->wire.alarms_lately = alarm_flood_count(&sources->alarms->flood, now_mono_us);
    status->wire.alarms_lately = alarm_flood_count(&sources->alarms->flood, now_mono_us);
    rate_note(&status->messages, sources->plant->counters.messages, now_mono_us);
    rate_note(&status->stored, sources->pipeline->stored, now_mono_us);
    rate_note(&status->cpu_us, status_cpu_us(), now_mono_us);
}

static void status_update_link(struct status *status, const struct status_sources *sources)
{
    struct wire_status *wire = &status->wire;
    const struct config_broker *broker = &sources->config->broker;
    snprintf(status->broker, sizeof status->broker, "%s:%d%s", broker->host, broker->port,
             broker->tls.enabled ? ", TLS" : "");
    wire->link = uplink_state(sources->uplink);
    wire->link_since_us = uplink_since_us(sources->uplink);
    wire->link_text = uplink_text(sources->uplink);
    wire->no_data_since_us = sources->no_data_since_us;
    wire->broker = status->broker;
    wire->protocol = uplink_version5(sources->uplink) ? "MQTT 5" : "MQTT 3.1.1";
    wire->client_id = sources->client_id;
    wire->subscriptions = uplink_subscriptions(sources->uplink);
    wire->connects = uplink_connects(sources->uplink);
    wire->last_message_us = sources->last_message_us;
}

static void status_update_plant(struct status *status, const struct plant *plant)
{
    struct wire_status *wire = &status->wire;
    const struct plant_counters *counters = &plant->counters;
    wire->messages = counters->messages;
    wire->message_bytes = counters->message_bytes;
    wire->messages_per_s = rate_per_s(&status->messages);
    wire->samples = counters->samples;
    wire->refused_payloads = counters->refused_payloads;
    wire->oversize_payloads = counters->oversize_payloads;
    wire->refused_times = counters->refused_times;
    wire->late_samples = counters->late_samples;
    wire->truncated_texts = counters->truncated_texts;
    wire->tags = plant->by_name.count;
    wire->tags_discovered = counters->discovered;
    wire->tags_max = plant->options.max_tags;
    wire->tags_over_cap = counters->over_cap;
    wire->long_topics = counters->long_topics;
    wire->tags_stale = counters->stale;
    wire->tags_bad = counters->bad;
}

static void status_update_alarms(struct status *status, const struct status_sources *sources)
{
    struct wire_status *wire = &status->wire;
    wire->alarms = sources->alarms->by_address.count;
    wire->alarms_standing = sources->board->standing;
    wire->alarms_waiting = sources->board->waiting;
    wire->alarms_withheld = sources->board->withheld;
    wire->alarm_flood_since_us = sources->alarms->flood_since_us;
    wire->alarm_activations = sources->alarms->counters.activations;
}

static void status_update_notify(struct status *status, const struct alarm_program_figures *program,
                                 int64_t now_us)
{
    struct wire_status *wire = &status->wire;
    wire->notify_runs = program->runs;
    wire->notify_failed = program->failed;
    wire->notify_waiting = program->waiting;
    wire->notify_dropped = program->dropped;
    if (program->dropped != status->untold_before)
        status->untold_us = now_us;
    status->untold_before = program->dropped;
}

static void status_update_recording(struct status *status, struct pipeline *pipeline)
{
    static const enum wire_recording RECORDING[] = {
        [DISK_GOOD] = WIRE_RECORDING_GOOD,
        [DISK_SLOW] = WIRE_RECORDING_SPOOLING,
        [DISK_FAILED] = WIRE_RECORDING_FAILED,
    };
    struct wire_status *wire = &status->wire;
    wire->recording = RECORDING[pipeline->disk.mode];
    uint64_t waiting = pipeline->disk.mode == DISK_GOOD ? 0 : pipeline_uncommitted(pipeline);
    if (pipeline->disk.mode == DISK_GOOD)
        snprintf(status->recording_text, sizeof status->recording_text, "recording");
    else
        snprintf(status->recording_text, sizeof status->recording_text,
                 "%.400s: %" PRIu64 " samples wait in memory",
                 pipeline->disk.mode == DISK_FAILED ? pipeline->error.text : "the disk is slow", waiting);
    wire->recording_text = status->recording_text;
    wire->stored = pipeline->stored;
    wire->stored_per_s = rate_per_s(&status->stored);
    wire->commits = pipeline->commits;
    wire->commit_ms_last = (double)durations_last_us(&pipeline->commits_us) / 1e3;
    wire->commit_ms_median = (double)durations_percentile_us(&pipeline->commits_us, 0.5) / 1e3;
    wire->commit_ms_p99 = (double)durations_percentile_us(&pipeline->commits_us, 0.99) / 1e3;
    wire->write_errors = pipeline->write_errors;
    wire->spool_samples = waiting;
    wire->spool_lost = pipeline->spool.lost;
    wire->spool_entries_lost = pipeline->spool.lost_entries;
    wire->gaps = pipeline->gaps;
}

static void status_update_machine(struct status *status, const struct status_sources *sources)
{
    struct wire_status *wire = &status->wire;
    struct history_stats stats;
    writer_get_stats(sources->pipeline->writer, &stats, &wire->disk_free_bytes);
    writer_get_tidy_error(sources->pipeline->writer, status->tidy_error);
    wire->history_bytes = stats.file_bytes;
    wire->wal_bytes = stats.wal_bytes;
    wire->deleted_rows = stats.deleted_rows;
    wire->returned_bytes = stats.returned_bytes;
    wire->slice_ms_most = (double)stats.slice_most_us / 1e3;
    wire->checkpoint_ms_most = (double)stats.costs[HISTORY_WORK_CHECKPOINT].most_us / 1e3;
    wire->fresh_samples = stats.fresh_rows + stats.tail_rows;
    status->wal_holder = stats.wal_holder;
    snprintf(status->wal_holder_name, sizeof status->wal_holder_name, "%s", stats.wal_holder_name);
    wire->memory_bytes = status_memory_bytes();
    wire->cpu_share = rate_per_s(&status->cpu_us) / 1e6;
    wire->consoles = sources->server ? server_console_count(sources->server) : 0;
    wire->consoles_cut = sources->server ? server_consoles_cut(sources->server) : 0;
}

/* The topics with the most refusals, the worst first, by insertion into a short list. */
static size_t status_worst_topics(const struct plant *plant, const struct plant_topic **worst)
{
    size_t count = 0, position = 0;
    const struct plant_topic *topic;
    while ((topic = map_next(&plant->topics, &position))) {
        if (!topic->refused || (count == STATUS_REFUSALS_MAX && topic->refused <= worst[count - 1]->refused))
            continue;
        if (count < STATUS_REFUSALS_MAX)
            count++;
        size_t at = count - 1;
        for (; at > 0 && worst[at - 1]->refused < topic->refused; at--)
            worst[at] = worst[at - 1];
        worst[at] = topic;
    }
    return count;
}

static void status_update_refusals(struct status *status, const struct plant *plant)
{
    const struct plant_topic *worst[STATUS_REFUSALS_MAX];
    status->refusal_count = status_worst_topics(plant, worst);
    for (size_t i = 0; i < status->refusal_count; i++) {
        const struct plant_topic *topic = worst[i];
        size_t length = topic->refused_length < PLANT_EXCERPT_MAX ? topic->refused_length : PLANT_EXCERPT_MAX;
        decode_escape(status->excerpts[i], STATUS_EXCERPT_MAX, topic->refused_excerpt,
                      topic->refused_excerpt ? length : 0);
        status->refusals[i] = (struct wire_refusal){
            .topic = topic->name,
            .count = topic->refused,
            .last_us = topic->refused_us,
            .reason = topic->refused_reason,
            .excerpt = status->excerpts[i],
        };
    }
}

void status_update(struct status *status, const struct status_sources *sources, int64_t now_wall_us)
{
    const struct plant_counters *counters = &sources->plant->counters;
    status->wire.now_us = now_wall_us;
    status_update_link(status, sources);
    status_update_plant(status, sources->plant);
    status_update_alarms(status, sources);
    status_update_notify(status, sources->program, now_wall_us);
    status_update_recording(status, sources->pipeline);
    status_update_machine(status, sources);
    if (counters->refused_payloads != status->refused_before) {
        status_update_refusals(status, sources->plant);
        status->refused_us = now_wall_us;
    }
    if (counters->refused_times != status->times_before)
        status->times_us = now_wall_us;
    status->refused_before = counters->refused_payloads;
    status->times_before = counters->refused_times;
    faults_update(status, sources, now_wall_us);
}
