/* The recorder's loop: one poll() over the broker's socket, the writer, the signals and the consoles.
 *
 * A turn of the loop:
 *
 *   1. poll until something happens or a timer is due
 *   2. signals; consoles' requests
 *   3. a read pass: until the socket is dry, 10,000 messages, 50 ms, or the batch is full; decode, live values; samples into the
 *      batch that accumulates (with one reading of the clock)
 *   4. pipeline_step(): takes a committed batch back, hands the next one to the writer when it is due
 *   5. when nothing that was read is uncommitted: everything queued for the broker leaves, acknowledgements
 *      and pings included
 *   6. consoles get what changed; once a second staleness, health, watchdog
 *
 * What must stay true:
 * - nothing is written to the broker while anything that was read is uncommitted (mqtt_write() and
 *   mqtt_misc() send the acknowledgements too), except in spool mode (pipeline.h) and before the broker's
 *   first answer (uplink.h);
 * - after a partial write nothing is read until the rest has left;
 * - a ping is never late: while a flood never leaves a moment without uncommitted samples, reading pauses for
 *   one (pipeline_hold);
 * - no call here blocks: name look-ups and connects belong to the connector, the disk to the writer;
 * - wall time is for stamps only; a step of it is noticed, logged and counted. */
#include "recorder/recorder.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "recorder/notify.h"
#include "recorder/recorder_alarms.h"
#include "recorder/recorder_answers.h"
#include "recorder/recorder_commands.h"
#include "recorder/recorder_internal.h"
#include "recorder/recorder_sessions.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define READ_MESSAGES_MAX  10000
#define READ_SPAN_US       (50 * CLOCK_US_PER_MS)
#define STOP_SPAN_US       (1600 * CLOCK_US_PER_MS) /* for the last commit: a stop takes 2 s at most */
#define STOP_LINGER_US     (100 * CLOCK_US_PER_MS)  /* for the broker to take the last acknowledgements */
#define KEEPALIVE_EVERY_US CLOCK_US_PER_SECOND
#define KEEPALIVE_LATE_US  (3 * CLOCK_US_PER_SECOND) /* so long no moment to write: reading pauses for one */
#define CLOCK_STEP_US      CLOCK_US_PER_SECOND /* more than what a time service slews between two readings */
#define GAP_GROWS_US       (10 * CLOCK_US_PER_SECOND) /* an open gap is noted so often: we may be killed */
#define GAP_LEAST_US       CLOCK_US_PER_SECOND        /* between start and first connection */
#define LOOK_ALONE_US      (10 * CLOCK_US_PER_SECOND) /* a look ends when no console is there for so long */

/* The time that a clock which was set ahead has skipped was not recorded. Set back, it comes to that time again:
 * what was told to last longer ends now. */
static void recorder_note_step(struct recorder *recorder, int64_t step_us)
{
    recorder->clock_step_us = step_us;
    recorder->clock_stepped_us = recorder->time.wall_us;
    if (recorder->away_since_us) {
        recorder->away_since_us += step_us;
        recorder->gap_until_us += step_us;
    }
    if (recorder->pipeline_made && step_us > 0)
        pipeline_add_gap(&recorder->pipeline, recorder->time.wall_us - step_us, recorder->time.wall_us,
                         BATCH_GAP_CLOCK);
    else if (recorder->pipeline_made)
        batch_cut_gaps(pipeline_batch(&recorder->pipeline), recorder->time.wall_us);
    log_warning("the clock was set by %+.3f s", (double)step_us / 1e6);
}

/* The wall clock must not move against the other one, but for what a time service slews. Looked at with each
 * reading, so that no sample comes between the step and its gap. */
void recorder_read_clocks(struct recorder *recorder)
{
    bool first = !recorder->time.mono_us;
    recorder->time = (struct plant_time){.wall_us = clock_wall_us(), .mono_us = clock_mono_us()};
    int64_t offset_us = recorder->time.wall_us - recorder->time.mono_us;
    int64_t step_us = offset_us - recorder->clock_offset_us;
    recorder->clock_offset_us = offset_us;
    if (!first && (step_us >= CLOCK_STEP_US || step_us <= -CLOCK_STEP_US))
        recorder_note_step(recorder, step_us);
}

/* ---- what the link tells ---- */

static bool recorder_on_message(void *context, const struct mqtt_message *message)
{
    struct recorder *recorder = context;
    const struct plant_message taken = {
        .topic = message->topic,
        .payload = message->payload,
        .length = message->length,
        .qos = message->qos,
        .retained = message->retained,
    };
    recorder->pass_qos_messages += message->qos > 0;
    if (!recorder_answers_take(recorder, message) &&
        !plant_receive(&recorder->plant, &taken, &recorder->time, recorder->pipeline.current))
        recorder_commands_overheard(recorder, message);
    recorder_alarms_evaluate(recorder);
    recorder_commands_received(recorder);
    recorder->time.wall_us++; /* one clock reading serves a pass, yet each message has a stamp of its own */
    return pipeline_has_room(&recorder->pipeline);
}

/* Puts the gap that is open into the history as far as it has come. */
static void recorder_note_gap(struct recorder *recorder, const char *reason, bool more_to_come)
{
    if (!recorder->away_since_us)
        return;
    uint64_t gaps = recorder->pipeline.gaps;
    pipeline_add_gap(&recorder->pipeline, recorder->away_since_us, recorder->time.wall_us, reason);
    if (more_to_come)
        recorder->pipeline.gaps = gaps; /* counted when it ends */
    recorder->gap_noted_us = recorder->time.mono_us;
    recorder->gap_until_us = recorder->time.wall_us;
}

static void recorder_on_connected(void *context, bool session)
{
    struct recorder *recorder = context;
    recorder_read_clocks(recorder);
    bool forgotten = !session && recorder->had_session && !recorder->config->broker.clean;
    bool brief = uplink_connects(recorder->uplink) == 1 &&
                 recorder->time.wall_us - recorder->away_since_us < GAP_LEAST_US;
    if (forgotten) /* one interruption is one gap: these words begin as those of the gap while it grew */
        recorder_note_gap(
            recorder, brief ? "session forgotten by the broker" : "broker away, session forgotten", false);
    else if (!brief)
        recorder_note_gap(recorder, "broker away", false);
    recorder->away_since_us = 0;
    recorder->had_session = true;
    pipeline_note_connection(&recorder->pipeline, uplink_window(recorder->uplink));
    pipeline_hold(&recorder->pipeline, recorder->time.mono_us); /* so that the subscriptions leave at once */
    plant_link_up(&recorder->plant, &recorder->time);
}

static void recorder_on_settled(void *context)
{
    struct recorder *recorder = context;
    plant_backlog_end(&recorder->plant, &recorder->time);
    recorder_alarms_settled(recorder);
}

static void recorder_on_lost(void *context, int64_t heard_us, const char *reason)
{
    struct recorder *recorder = context;
    recorder->away_since_us = heard_us ? heard_us : recorder->time.wall_us;
    recorder->gap_noted_us = recorder->time.mono_us;
    recorder->gap_until_us = recorder->away_since_us;
    recorder->draining = false;
    pipeline_note_connection(&recorder->pipeline, 0);
    plant_link_down(&recorder->plant);
    recorder_alarms_lost(recorder, reason);
    recorder_commands_lost(recorder);
}

static void recorder_on_published(void *context, int message_id, int reason_code, const char *reason)
{
    recorder_commands_published(context, message_id, reason_code, reason);
}

static void recorder_on_changed(void *context)
{
    struct recorder *recorder = context;
    recorder->status_due = true;
}

const struct uplink_handler RECORDER_UPLINK_EVENTS = {
    .message = recorder_on_message,
    .connected = recorder_on_connected,
    .settled = recorder_on_settled,
    .lost = recorder_on_lost,
    .changed = recorder_on_changed,
    .published = recorder_on_published,
};

/* ---- what the writer tells ---- */

void recorder_on_committed(void *context, const struct batch *batch)
{
    recorder_alarms_committed(context, batch);
    recorder_commands_committed(context, batch);
}

/* ---- what consoles ask ---- */

static void recorder_on_welcome(void *context, struct wire_welcome *welcome)
{
    struct recorder *recorder = context;
    welcome->plant = recorder->config->plant;
    welcome->timezone = recorder->config->timezone;
    welcome->history_path = recorder->config->history.file;
    welcome->config_path = recorder->config->path;
    welcome->started_us = recorder->started_us;
    welcome->pid = (uint32_t)getpid();
    welcome->look = recorder->look && recorder->config->history.temporary;
    welcome->look_kept = recorder->look && !recorder->config->history.temporary;
    welcome->started_by_console = recorder->from_console;
    recorder->status_due = true;
}

static bool recorder_on_ask(void *context, const struct server_request *request, char *text, size_t size)
{
    struct recorder *recorder = context;
    switch (request->action) {
    case WIRE_ACTION_STOP:
        log_info("%s asks to stop", request->user);
        recorder_read_clocks(recorder);
        recorder_sessions_enter(recorder, JOURNAL_CONFIG, "stopped", request->user, request->station,
                                "hmi stop");
        recorder->stop = true;
        snprintf(text, size, "the recorder stops");
        return true;
    case WIRE_ACTION_RELOAD:
        log_info("%s asks to read the configuration again", request->user);
        if (recorder_reload(recorder, request->user, request->station, text, size))
            return true;
        request->reply->code = EX_CONFIG;
        return false;
    case WIRE_ACTION_ACKNOWLEDGE:
    case WIRE_ACTION_SHELVE:
    case WIRE_ACTION_UNSHELVE:
    case WIRE_ACTION_OUT_OF_SERVICE:
    case WIRE_ACTION_IN_SERVICE:
        return recorder_alarms_ask(recorder, request, text, size);
    case WIRE_ACTION_SET:
        return recorder_commands_ask(recorder, request, text, size);
    case WIRE_ACTION_TRY_SET:
        return recorder_commands_try(recorder, request, text, size);
    default:
        snprintf(text, size, "this recorder does not know that request: restart it after an upgrade");
        return false;
    }
}

static void recorder_on_edits(void *context, const struct server_session *session, uint32_t tag_id)
{
    struct recorder *recorder = context;
    recorder_read_clocks(recorder);
    recorder_commands_edit(recorder, session, tag_id);
}

static void recorder_on_session(void *context, const struct server_session *session,
                                enum server_session_event event, const char *why)
{
    struct recorder *recorder = context;
    recorder_read_clocks(recorder);
    recorder_sessions_note(recorder, session, event, why);
}

static void recorder_on_consoles(void *context, size_t count)
{
    struct recorder *recorder = context;
    recorder->status_due = true;
    recorder->alone_us = count ? 0 : clock_mono_us();
}

const struct server_handler RECORDER_SERVER_EVENTS = {
    .welcome = recorder_on_welcome,
    .ask = recorder_on_ask,
    .refused = recorder_alarms_refused,
    .edits = recorder_on_edits,
    .session = recorder_on_session,
    .consoles = recorder_on_consoles,
};

/* ---- the turns of the loop ---- */

static void recorder_serve_signals(struct recorder *recorder)
{
    struct signalfd_siginfo info;
    while (read(recorder->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            recorder->reload = true;
            snprintf(recorder->reload_station, sizeof recorder->reload_station,
                     "SIGHUP of process %u, uid %u", info.ssi_pid, info.ssi_uid);
        } else
            recorder->stop = true;
    }
}

static void recorder_read(struct recorder *recorder)
{
    bool dry;
    uint64_t before = recorder->plant.counters.messages;
    recorder_read_clocks(recorder);
    recorder->pass_qos_messages = 0;
    int64_t now_us = recorder->time.mono_us;
    uplink_read(recorder->uplink, READ_MESSAGES_MAX, now_us + READ_SPAN_US, &dry, now_us);
    if (recorder->plant.counters.messages != before)
        recorder->last_message_us = recorder->time.wall_us;
    recorder->qos_messages += recorder->pass_qos_messages;
    pipeline_note_read(&recorder->pipeline, recorder->pass_qos_messages, dry, now_us);
}

/* Everything queued for the broker leaves, when nothing is uncommitted. */
static void recorder_write(struct recorder *recorder)
{
    struct pipeline *pipeline = &recorder->pipeline;
    if (!pipeline_may_write(pipeline))
        return;
    int64_t now_us = recorder->time.mono_us;
    if (now_us - recorder->kept_alive_us >= KEEPALIVE_EVERY_US) {
        recorder->kept_alive_us = now_us;
        uplink_keepalive(recorder->uplink, now_us);
    }
    recorder_commands_send(recorder);
    if (!uplink_wants_write(recorder->uplink) && !pipeline->held && !pipeline->owed_us && !recorder->draining)
        return;
    recorder->draining = !uplink_write(recorder->uplink, now_us);
    if (!recorder->draining)
        pipeline_note_written(pipeline, clock_mono_us());
}

static struct status_sources recorder_sources(struct recorder *recorder)
{
    return (struct status_sources){
        .config = recorder->config,
        .plant = &recorder->plant,
        .alarms = &recorder->alarms,
        .board = &recorder->board,
        .program = &recorder->program_figures,
        .buttons = &recorder->buttons,
        .pipeline = &recorder->pipeline,
        .uplink = recorder->uplink,
        .server = recorder->server,
        .client_id = recorder->client_id,
        .now_mono_us = recorder->time.mono_us,
        .started_us = recorder->started_us,
        .no_data_since_us = recorder->away_since_us,
        .last_message_us = recorder->last_message_us,
        .clock_step_us = recorder->clock_step_us,
        .clock_stepped_us = recorder->clock_stepped_us,
        .reload_fault = *recorder->reload_fault ? recorder->reload_fault : NULL,
    };
}

static void recorder_publish_status(struct recorder *recorder)
{
    struct status *status = &recorder->status;
    const struct status_sources sources = recorder_sources(recorder);
    recorder->status_due = false;
    alarm_program_get_figures(recorder->program, &recorder->program_figures);
    status_update(status, &sources, recorder->time.wall_us);
    server_set_status(recorder->server, &status->wire);
    server_set_faults(recorder->server, status->faults, status->fault_count);
    server_set_refusals(recorder->server, status->refusals, status->refusal_count);
}

static void recorder_tick_second(struct recorder *recorder)
{
    int64_t now_us = recorder->time.mono_us;
    recorder->second_us = now_us + CLOCK_US_PER_SECOND;
    plant_tick(&recorder->plant, &recorder->time, recorder->pipeline.current);
    recorder_alarms_evaluate(recorder);
    recorder_alarms_second(recorder);
    recorder_sessions_second(recorder);
    if (recorder->away_since_us && uplink_connects(recorder->uplink) + recorder->had_session > 0 &&
        now_us - recorder->gap_noted_us >= GAP_GROWS_US)
        recorder_note_gap(recorder, "broker away", true);
    pipeline_note_read(&recorder->pipeline, 0, recorder->pipeline.rule.dry, now_us);
    rate_note(&recorder->qos_rate, recorder->qos_messages, now_us);
    recorder->pipeline.messages_per_s = rate_per_s(&recorder->qos_rate);
    if (uplink_stands(recorder->uplink) && now_us - recorder->kept_alive_us >= KEEPALIVE_LATE_US)
        pipeline_hold(&recorder->pipeline, recorder->time.mono_us);
    const struct status_sources sources = recorder_sources(recorder);
    status_note_second(&recorder->status, &sources, now_us);
    recorder->status_due = true;
    if (recorder->watchdog_every_us && now_us >= recorder->watchdog_us) {
        notify_send("WATCHDOG=1");
        recorder->watchdog_us = now_us + recorder->watchdog_every_us;
    }
    if (recorder->look && recorder->from_console && recorder->alone_us &&
        now_us - recorder->alone_us >= LOOK_ALONE_US)
        recorder->stop = true;
}

/* The proof of life in the file says that all is recorded until then: not while the broker is away or samples
 * wait in memory, for a kill would leave a hole that no gap tells of. */
static void recorder_limit_alive(struct recorder *recorder)
{
    int64_t limit_us =
        pipeline_whole_until_us(&recorder->pipeline, recorder->time.mono_us, recorder->time.wall_us);
    if (recorder->away_since_us && recorder->gap_until_us < limit_us)
        limit_us = recorder->gap_until_us;
    if (limit_us == recorder->alive_limit_us)
        return;
    recorder->alive_limit_us = limit_us;
    writer_limit_alive(recorder->writer, limit_us);
}

/* Timers, in the order in which they depend on each other; returns when the next one is due (monotonic). */
static int64_t recorder_tick(struct recorder *recorder)
{
    recorder_read_clocks(recorder);
    int64_t now_us = recorder->time.mono_us;
    uplink_tick(recorder->uplink, recorder->pipeline.rule.waiting, now_us);
    if (now_us >= recorder->second_us)
        recorder_tick_second(recorder);
    int64_t alarms_us = recorder_alarms_tick(recorder);
    pipeline_step(&recorder->pipeline, now_us, recorder->time.wall_us);
    server_release_answers(recorder->server, pipeline_released(&recorder->pipeline));
    recorder_commands_tick(recorder);
    recorder_write(recorder);
    int64_t commands_us = recorder_commands_settle(recorder);
    recorder_limit_alive(recorder);
    if (recorder->status_due)
        recorder_publish_status(recorder);
    int64_t server_us = server_tick(recorder->server, now_us);
    int64_t due_us = recorder->second_us;
    if (server_us < due_us - now_us)
        due_us = now_us + server_us;
    if (uplink_due_us(recorder->uplink) < due_us)
        due_us = uplink_due_us(recorder->uplink);
    if (pipeline_due_us(&recorder->pipeline) < due_us)
        due_us = pipeline_due_us(&recorder->pipeline);
    if (alarms_us < due_us)
        due_us = alarms_us;
    if (commands_us < due_us)
        due_us = commands_us;
    return due_us;
}

static int recorder_poll(struct pollfd *fds, size_t count, int64_t due_us)
{
    int64_t wait_us = due_us - clock_mono_us();
    if (wait_us < 0)
        wait_us = 0;
    const struct timespec wait = {.tv_sec = wait_us / CLOCK_US_PER_SECOND,
                                  .tv_nsec = wait_us % CLOCK_US_PER_SECOND * 1000};
    int ready = ppoll(fds, count, &wait, NULL);
    if (ready < 0)
        for (size_t i = 0; i < count; i++)
            fds[i].revents = 0;
    return ready;
}

enum { POLL_SIGNALS, POLL_WRITER, POLL_UPLINK, POLL_SERVER, POLL_COUNT = POLL_SERVER + SERVER_POLL_MAX };

static void recorder_turn(struct recorder *recorder)
{
    struct pollfd fds[POLL_COUNT];
    int64_t due_us = recorder_tick(recorder);
    const struct pipeline *pipeline = &recorder->pipeline;
    fds[POLL_SIGNALS] = (struct pollfd){.fd = recorder->signal_fd, .events = POLLIN};
    fds[POLL_WRITER] = (struct pollfd){.fd = writer_fd(recorder->writer), .events = POLLIN};
    bool may_read = pipeline_may_read(pipeline) && !recorder->draining;
    bool input_waits = may_read && uplink_has_buffered(recorder->uplink);
    fds[POLL_UPLINK] = uplink_poll(recorder->uplink, may_read, pipeline_may_write(pipeline));
    size_t served = server_poll_set(recorder->server, fds + POLL_SERVER, POLL_COUNT - POLL_SERVER);
    recorder_poll(fds, POLL_SERVER + served, input_waits ? 0 : due_us);
    if (fds[POLL_SIGNALS].revents)
        recorder_serve_signals(recorder);
    if (input_waits || fds[POLL_UPLINK].revents & (POLLIN | POLLHUP | POLLERR))
        recorder_read(recorder);
    else if (fds[POLL_UPLINK].revents & POLLOUT)
        recorder->draining |= !uplink_write(recorder->uplink, recorder->time.mono_us);
    server_serve(recorder->server, fds + POLL_SERVER, served, recorder->time.mono_us);
    if (recorder->reload) {
        char text[STATUS_TEXT_MAX];
        recorder->reload = false;
        recorder_reload(recorder, NULL, recorder->reload_station, text, sizeof text);
    }
}

/* ---- stop ---- */

/* Everything that was read is committed, then acknowledged. */
static void recorder_finish_writing(struct recorder *recorder)
{
    recorder_read_clocks(recorder);
    int64_t end_us = recorder->time.mono_us + STOP_SPAN_US;
    recorder->stopping_us = recorder->time.mono_us;
    recorder_alarms_stop(recorder);
    recorder_sessions_stop(recorder);
    recorder_commands_stop(recorder);
    if (uplink_connects(recorder->uplink) + recorder->had_session > 0)
        recorder_note_gap(recorder, "broker away", false);
    for (;;) {
        recorder_read_clocks(recorder);
        int64_t now_us = recorder->time.mono_us;
        pipeline_step(&recorder->pipeline, now_us, recorder->time.wall_us);
        if (pipeline_flush(&recorder->pipeline, now_us, recorder->time.wall_us))
            break;
        if (now_us >= end_us) {
            log_error("the disk does not answer: %llu samples in memory were not written",
                      (unsigned long long)pipeline_uncommitted(&recorder->pipeline));
            return; /* what was not acknowledged comes again; all else lies in the gap of the next start */
        }
        struct pollfd writer = {.fd = writer_fd(recorder->writer), .events = POLLIN};
        int64_t due_us = pipeline_due_us(&recorder->pipeline);
        recorder_poll(&writer, 1, due_us < end_us ? due_us : end_us);
    }
    recorder->all_written = true;
    uplink_write(recorder->uplink, recorder->time.mono_us);
    uplink_close(recorder->uplink, STOP_LINGER_US, clock_mono_us());
}

int recorder_run(const struct recorder_options *options, bool *left_thread, struct err *err)
{
    struct recorder *recorder = mem_new(1, sizeof *recorder);
    recorder->config = options->config;
    recorder->from_console = options->from_console;
    recorder->look = options->look;
    recorder->lock_fd = recorder->signal_fd = -1;
    bool started = recorder_start(recorder, options, err);
    if (started) {
        printf("recording to %s, socket %s\n", recorder->config->history.file, recorder->socket_path);
        fflush(stdout);
        notify_send("READY=1");
        while (!recorder->stop)
            recorder_turn(recorder);
        log_info("stopping");
        notify_send("STOPPING=1");
        recorder_finish_writing(recorder);
    }
    *left_thread = recorder_free(recorder);
    return started ? EX_OK : err->code;
}
