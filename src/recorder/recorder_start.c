/* Making the recorder and releasing it. */
#include "base/clock.h"
#include "base/mem.h"
#include "recorder/lock.h"
#include "recorder/notify.h"
#include "recorder/recorder_alarms.h"
#include "recorder/recorder_commands.h"
#include "recorder/recorder_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define STOP_LATEST_US (1800 * CLOCK_US_PER_MS) /* then the disk is left alone: a stop takes 2 s at most */

static void recorder_adopt_tag(void *context, const struct history_tag *tag)
{
    struct recorder *recorder = context;
    plant_adopt(&recorder->plant, tag->id, tag->name, tag->topic, tag->path, tag->kind,
                tag->has_value ? &tag->value : NULL, tag->ts_us);
    if (tag->has_value && tag->ts_us <= recorder->time.wall_us && tag->ts_us > recorder->last_stored_us)
        recorder->last_stored_us = tag->ts_us;
}

/* The tags of the configuration into the plant, after what the file knows. */
void recorder_configure_plant(struct recorder *recorder, struct batch *batch)
{
    const struct config *config = recorder->config;
    for (size_t i = 0; i < config->subscription_count; i++)
        plant_add_subscription(&recorder->plant, config->subscriptions[i].filter,
                               config->subscriptions[i].payload);
    for (size_t i = 0; i < config->tag_count; i++) {
        plant_add_configured(&recorder->plant, &config->tags[i], batch);
        if (config->tags[i].setpoint)
            plant_ignore_topic(&recorder->plant, config->tags[i].setpoint->topic);
    }
    plant_restore_discovered(&recorder->plant);
}

struct plant_options recorder_plant_options(const struct config *config)
{
    return (struct plant_options){
        .max_tags = (size_t)config->max_tags,
        .max_payload = (size_t)config->max_payload,
        .source_time_past_us = config->source_time_past_us,
        .source_time_future_us = config->source_time_future_us,
    };
}

static bool recorder_make_plant(struct recorder *recorder, struct err *err)
{
    const struct plant_options options = recorder_plant_options(recorder->config);
    plant_init(&recorder->plant, &options);
    recorder->plant_made = true;
    return history_each_tag(recorder->history, recorder_adopt_tag, recorder, err) &&
           recorder_alarms_load(recorder, err) && recorder_commands_load(recorder, err);
}

static char *recorder_make_client_id(const struct recorder *recorder)
{
    if (recorder->config->broker.client_id)
        return mem_copy_text(recorder->config->broker.client_id);
    if (!recorder->look)
        return mem_copy_text(history_client_id(recorder->history));
    uint32_t random = 0;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        random = (uint32_t)clock_wall_us() ^ (uint32_t)getpid();
    return mem_format("hmi-look-%08x", random);
}

/* The file: the lock first, so that nobody else has it open for writing. */
static bool recorder_open_history(struct recorder *recorder, struct err *err)
{
    const struct config_history *file = &recorder->config->history;
    const struct history_options options = {
        .path = file->file,
        .durability_full = file->durability == DURABILITY_FULL,
        .keep = {.samples_us = file->keep_days * CLOCK_US_PER_DAY,
                 .minutes_us = file->keep_minutes_days * CLOCK_US_PER_DAY,
                 .hours_us = file->keep_hours_days * CLOCK_US_PER_DAY,
                 .journal_us = file->keep_journal_days * CLOCK_US_PER_DAY,
                 .bytes = (uint64_t)file->keep_mb * 1000000},
    };
    if (!history_make_directory(file->file, err))
        return false;
    recorder->lock_fd = lock_take(file->file, err);
    if (recorder->lock_fd < 0)
        return false;
    recorder->history = history_open(&options, err);
    return recorder->history != NULL;
}

/* SIGTERM, SIGINT and SIGHUP come through a descriptor; threads inherit the mask. */
static bool recorder_open_signals(struct recorder *recorder, struct err *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit of the file's size is a failed write, which the pipeline bears */
    recorder->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return recorder->signal_fd >= 0 || err_set(err, EX_OSERR, "cannot receive signals: %s", strerror(errno));
}

static bool recorder_start_threads(struct recorder *recorder, int64_t alive_us, struct err *err)
{
    recorder->writer = writer_start(recorder->history, recorder->config->history.file, err);
    if (!recorder->writer)
        return false;
    pipeline_init(&recorder->pipeline, recorder->writer);
    recorder->pipeline_made = true;
    recorder->pipeline.committed = recorder_on_committed;
    recorder->pipeline.committed_context = recorder;
    recorder_configure_plant(recorder, recorder->pipeline.current);
    recorder_alarms_start(recorder, alive_us);
    recorder_commands_start(recorder);
    if (alive_us) {
        pipeline_add_gap(&recorder->pipeline, alive_us, recorder->time.wall_us, "recorder stopped");
        recorder->had_session = true;
    }
    pipeline_note_read(&recorder->pipeline, 0, true, recorder->time.mono_us);
    return true;
}

static bool recorder_open_server(struct recorder *recorder, struct err *err)
{
    recorder->socket_path = config_socket_path(recorder->config, err);
    if (!recorder->socket_path)
        return false;
    const struct server_options options = {
        .socket_path = recorder->socket_path,
        .config = recorder->config,
        .plant = &recorder->plant,
        .alarms = &recorder->alarms,
        .board = &recorder->board,
        .commands = &recorder->command_board,
        .reservations = &recorder->reservations,
    };
    recorder->server = server_new(&options, &RECORDER_SERVER_EVENTS, recorder, err);
    if (!recorder->server)
        return false;
    lock_note_socket(recorder->lock_fd, recorder->socket_path);
    config_note_socket(recorder->config, recorder->socket_path);
    return true;
}

bool recorder_start(struct recorder *recorder, const struct recorder_options *options, struct err *err)
{
    recorder_read_clocks(recorder);
    recorder->started_us = recorder->away_since_us = recorder->gap_until_us = recorder->time.wall_us;
    recorder->kept_alive_us = recorder->gap_noted_us = recorder->alone_us = recorder->time.mono_us;
    recorder->watchdog_every_us = notify_watchdog_us();
    if (!recorder_open_signals(recorder, err) || !recorder_open_history(recorder, err) ||
        !recorder_make_plant(recorder, err))
        return false;
    int64_t alive_us = history_alive_us(recorder->history);
    if (alive_us && recorder->last_stored_us > alive_us)
        alive_us = recorder->last_stored_us; /* the proof of life is written every few seconds only */
    recorder->client_id = recorder_make_client_id(recorder);
    answers_init(&recorder->answers, history_secret(recorder->history), recorder->client_id);
    if (!recorder_start_threads(recorder, alive_us, err) || !recorder_open_server(recorder, err))
        return false;
    mqtt_library_init();
    recorder->uplink = uplink_new(recorder->config, recorder->client_id, options->password,
                                  &RECORDER_UPLINK_EVENTS, recorder);
    if (!recorder->look)
        uplink_take_answers(recorder->uplink, recorder->answers.topic);
    return true;
}

/* ---- the end ---- */

static void recorder_remove_files(const struct config_history *file)
{
    static const char *const SUFFIXES[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < sizeof SUFFIXES / sizeof *SUFFIXES; i++) {
        char *path = mem_format("%s%s", file->file, SUFFIXES[i]);
        unlink(path);
        free(path);
    }
}

/* The folder that a console has made for a look's socket, its log and its history: the console may be gone. */
static void recorder_remove_folder(const char *socket_path)
{
    char *folder = mem_copy_text(socket_path);
    char *slash = strrchr(folder, '/');
    if (slash && slash != folder) {
        *slash = '\0';
        char *log_path = mem_format("%s/log", folder);
        unlink(log_path);
        rmdir(folder); /* only when nothing else is in it */
        free(log_path);
    }
    free(folder);
}

/* False: the disk hangs, and the thread with it. A start that failed, or a stop that left samples behind, proves
 * no life: the gap of the next start begins where it would have. */
static bool recorder_stop_writer(struct recorder *recorder)
{
    int64_t now_us = clock_mono_us();
    int64_t end_us = (recorder->stopping_us ? recorder->stopping_us : now_us) + STOP_LATEST_US;
    return writer_stop(recorder->writer, recorder->all_written ? clock_wall_us() : 0, end_us - now_us);
}

/* Releases whatever was made, in the reverse order. Returns whether a thread was left behind. */
bool recorder_free(struct recorder *recorder)
{
    bool left_thread = false;
    if (recorder->uplink) {
        left_thread = uplink_free(recorder->uplink);
        if (!left_thread)
            mqtt_library_cleanup();
    }
    if (recorder->server)
        config_forget_socket(recorder->config, recorder->socket_path);
    left_thread |= server_free(recorder->server);
    bool hung = recorder->writer && !recorder_stop_writer(recorder);
    if (!recorder->writer)
        history_close(recorder->history, 0);
    if (recorder->pipeline_made)
        pipeline_free(&recorder->pipeline);
    left_thread |= recorder_alarms_free(recorder);
    recorder_commands_free(recorder);
    if (recorder->plant_made)
        plant_free(&recorder->plant);
    if (recorder->config->history.temporary && recorder->lock_fd >= 0)
        recorder_remove_files(&recorder->config->history);
    if (recorder->look && recorder->socket_path)
        recorder_remove_folder(recorder->socket_path);
    if (recorder->lock_fd >= 0)
        close(recorder->lock_fd);
    if (recorder->signal_fd >= 0)
        close(recorder->signal_fd);
    config_free(recorder->config);
    free(recorder->config);
    free(recorder->socket_path);
    free(recorder->client_id);
    free(recorder);
    return left_thread || hung;
}
