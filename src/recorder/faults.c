#include "recorder/faults.h"

#include "base/clock.h"
#include "base/log.h"
#include "recorder/writer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FAULT_MEMORY_US        (5 * CLOCK_US_PER_MINUTE) /* a fault of single messages stands so long after it */
#define FAULT_CLOCK_US         (10 * CLOCK_US_PER_MINUTE)
#define FAULT_SILENCE_US       (30 * CLOCK_US_PER_SECOND) /* connected, and nothing came */
#define FAULT_NEVER_US         CLOCK_US_PER_MINUTE        /* connected so long, and a tag never came */
#define FAULT_UNHEARD_MESSAGES 3 /* publishers send parts: one payload without a member says nothing */
#define FAULT_DISK_LOW         (UINT64_C(1) << 30)
#define FAULT_DISK_VERY_LOW    (UINT64_C(100) << 20)
#define FAULT_WAL_LARGE        (UINT64_C(512) << 20)
#define FAULT_WAL_HELD         (UINT64_C(48) << 20) /* by one reader, and twice what it has else */

/* What a row looks at. */
struct fault_view {
    const struct status *status;
    const struct status_sources *sources;
    int64_t now_us; /* wall */
    bool stood;     /* it did when it was last looked at */
    char *what, *cure;
};

__attribute__((format(printf, 2, 0))) static void fault_print(char *out, const char *format, va_list args)
{
    vsnprintf(out, STATUS_TEXT_MAX, format, args); /* a text that is too long is cut at its end */
}

__attribute__((format(printf, 2, 3))) static void fault_what(const struct fault_view *view,
                                                             const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault_print(view->what, format, args);
    va_end(args);
}

__attribute__((format(printf, 2, 3))) static void fault_cure(const struct fault_view *view,
                                                             const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault_print(view->cure, format, args);
    va_end(args);
}

/* Stands steadily while connections come and go. */
static bool fault_kicked(const struct fault_view *view)
{
    const char *why;
    bool id_shared;
    if (!uplink_is_kicked(view->sources->uplink, &why, &id_shared))
        return false;
    fault_what(view, "%s: connections end within seconds", why);
    if (id_shared)
        fault_cure(view, "run one recorder for each history file; else give each client its own "
                         "broker.client_id, then restart this recorder");
    else
        fault_cure(view, "look at the broker's log");
    return true;
}

static bool fault_no_broker(const struct fault_view *view)
{
    const struct config *config = view->sources->config;
    struct uplink *uplink = view->sources->uplink;
    enum wire_link state = uplink_state(uplink);
    const char *failure = uplink_failure(uplink), *why;
    bool id_shared;
    if ((state != WIRE_LINK_DOWN && state != WIRE_LINK_CONNECTING) || !*failure ||
        uplink_is_kicked(uplink, &why, &id_shared)) /* then fault_kicked() tells it */
        return false;
    fault_what(view, "no connection to the broker %s: %s", view->status->broker, failure);
    cause_print_cure(uplink_cause(uplink), config, !config->path, view->cure, STATUS_TEXT_MAX);
    return true;
}

static bool fault_id_taken(const struct fault_view *view)
{
    if (uplink_state(view->sources->uplink) != WIRE_LINK_STOPPED)
        return false;
    fault_what(view, "another client uses the id '%s': recording has stopped", view->sources->client_id);
    fault_cure(view, "give each client its own broker.client_id, then restart this recorder");
    return true;
}

static bool fault_filter_refused(const struct fault_view *view)
{
    const char *filter = uplink_refused_filter(view->sources->uplink);
    if (!filter || !uplink_stands(view->sources->uplink))
        return false;
    fault_what(view, "the broker refuses the filter '%s'", filter);
    fault_cure(view, "allow this user to read it (the broker's access list), or take it out of subscribe");
    return true;
}

/* With QoS 0 the broker neither keeps what comes while the link is down nor waits for the commit. */
static bool fault_qos_lowered(const struct fault_view *view)
{
    int asked, granted;
    const char *filter = uplink_lowered_filter(view->sources->uplink, &asked, &granted);
    if (!filter || granted > 0 || !uplink_stands(view->sources->uplink))
        return false;
    fault_what(view, "the broker grants QoS %d, not %d, for '%s': samples can be lost without a sign",
               granted, asked, filter);
    fault_cure(
        view,
        "let the broker grant QoS %d (mosquitto: max_qos), or set qos = %d in subscribe if that will do",
        asked, granted);
    return true;
}

static bool fault_silence(const struct fault_view *view)
{
    const struct wire_status *wire = &view->status->wire;
    if (wire->link != WIRE_LINK_UP || wire->messages || view->now_us - wire->link_since_us < FAULT_SILENCE_US)
        return false;
    fault_what(view, "connected, but nothing has come on %s", wire->subscriptions);
    fault_cure(view,
               "check the filters against the plant's topics (mosquitto_sub -t '#' -v) and the user's rights "
               "at the broker");
    return true;
}

static bool fault_disk_failed(const struct fault_view *view)
{
    const struct pipeline *pipeline = view->sources->pipeline;
    if (pipeline->disk.mode != DISK_FAILED)
        return false;
    fault_what(view, "writing to the history fails: %s", pipeline->error.text);
    fault_cure(view, "free space, check the file's rights and the disk; samples wait in memory meanwhile");
    return true;
}

static bool fault_history_gone(const struct fault_view *view)
{
    if (!writer_file_is_gone(view->sources->pipeline->writer))
        return false;
    fault_what(view, "the history file was deleted or replaced while it was written: %.300s",
               view->sources->config->history.file);
    fault_cure(view,
               "copy it back, then start the recorder again; to move a history stop the recorder first");
    return true;
}

static bool fault_disk_slow(const struct fault_view *view)
{
    if (view->sources->pipeline->disk.mode != DISK_SLOW)
        return false;
    fault_what(view, "the disk is slow: a commit takes seconds, samples wait in memory");
    fault_cure(view, "see what else writes to this disk (iotop), or move history.file to another one");
    return true;
}

static bool fault_samples_lost(const struct fault_view *view)
{
    uint64_t lost = view->sources->pipeline->spool.lost;
    if (!lost)
        return false;
    fault_what(view, "%" PRIu64 " samples were lost while the disk was away", lost);
    fault_cure(view, "the view gap says when; this stays until the recorder is started again");
    return true;
}

static bool fault_entries_lost(const struct fault_view *view)
{
    uint64_t lost = view->sources->pipeline->spool.lost_entries;
    if (!lost)
        return false;
    fault_what(view,
               "%" PRIu64 " entries of the journal were lost while the disk was away: %" PRIu64
               " have room in memory",
               lost, SPOOL_ENTRIES_MAX);
    fault_cure(
        view,
        "where each alarm stands is not lost; the journal says when (journal overflow); this stays until "
        "the recorder is started again");
    return true;
}

static bool fault_disk_full(const struct fault_view *view)
{
    uint64_t bytes = view->status->wire.disk_free_bytes;
    if (bytes >= FAULT_DISK_VERY_LOW)
        return false;
    fault_what(view, "only %" PRIu64 " MB are free on the history's disk", bytes >> 20);
    fault_cure(view, "free space now, or recording stops; history.keep_mb bounds the history");
    return true;
}

static bool fault_disk_low(const struct fault_view *view)
{
    uint64_t bytes = view->status->wire.disk_free_bytes;
    if (bytes >= FAULT_DISK_LOW || bytes < FAULT_DISK_VERY_LOW)
        return false;
    fault_what(view, "only %" PRIu64 " MB are free on the history's disk", bytes >> 20);
    fault_cure(view, "free space, or set history.keep_days or keep_mb");
    return true;
}

static bool fault_buttons(const struct fault_view *view)
{
    const struct buttons *buttons = view->sources->buttons;
    const struct button *first = &buttons->rows[0];
    uint64_t all = buttons->count + buttons->left_out;
    if (!all)
        return false;
    if (!buttons->count)
        fault_what(view, "%" PRIu64 " buttons may stand pressed, which the journal names (kind release)",
                   all);
    else if (all == 1)
        fault_what(view, "%.100s may stand pressed: command %" PRIu64 ": %s", first->tag, first->command,
                   first->why);
    else
        fault_what(view, "%.100s may stand pressed: command %" PRIu64 ": %s; others: %" PRIu64, first->tag,
                   first->command, first->why, all - 1);
    fault_cure(view, "look at the plant; this stays until the button's next press has ended with its "
                     "release, or the recorder is started again");
    return true;
}

static bool fault_tag_cap(const struct fault_view *view)
{
    const struct wire_status *wire = &view->status->wire;
    if (!wire->tags_over_cap)
        return false;
    fault_what(view, "the cap of %" PRIu64 " tags is reached: %" PRIu64 " values of others were left out",
               wire->tags_max, wire->tags_over_cap);
    fault_cure(view, "narrow the filters in subscribe, or raise max_tags");
    return true;
}

static bool fault_long_topics(const struct fault_view *view)
{
    if (!view->status->wire.long_topics)
        return false;
    fault_what(view, "%" PRIu64 " messages on topics of more than %d bytes were left out",
               view->status->wire.long_topics, PLANT_TOPIC_MAX);
    fault_cure(view, "narrow the filters in subscribe, or name their topics in tags");
    return true;
}

/* A tag whose topic is heard but whose member never is: most often a path that is written another way. */
static bool fault_is_unheard(const struct tag *tag)
{
    return tag->configured && *tag->def.path && !tag->heard && tag->topic->messages >= FAULT_UNHEARD_MESSAGES;
}

static bool fault_unheard(const struct fault_view *view)
{
    const struct plant *plant = view->sources->plant;
    const struct tag *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < plant->tag_count; i++)
        if (fault_is_unheard(plant->tags[i])) {
            first = first ? first : plant->tags[i];
            count++;
        }
    if (!first)
        return false;
    fault_what(
        view,
        "%zu tag%s never heard although messages come; the first is %s: no payload on %s has a member '%s'",
        count, count == 1 ? " was" : "s were", first->def.name, first->topic->name, first->def.path);
    fault_cure(view, "its faceplate shows the payload; a path is written as in motor.temp[0]");
    return true;
}

/* Most often a mistyped topic. What was heard in former days is no fault here: it becomes stale, if it is to. Once it is
 * told it stays over a lost link, until each has come. */
static bool fault_never(const struct fault_view *view)
{
    const struct status_sources *sources = view->sources;
    const struct tag *first;
    size_t count =
        plant_count_unheard(sources->plant, view->stood ? 0 : FAULT_NEVER_US, sources->now_mono_us, &first);
    if (!count || !sources->plant->counters.messages)
        return false; /* with none at all fault_silence() tells it */
    fault_what(view, "%zu tag%s of the configuration %s never heard; the first is %s on the topic %s", count,
               count == 1 ? "" : "s", count == 1 ? "was" : "were", first->def.name, first->topic->name);
    fault_cure(view,
               "compare the topic with those that come (hmi tags); let a device that reports seldom publish "
               "with the retain flag");
    return true;
}

static bool fault_payloads_refused(const struct fault_view *view)
{
    const struct status *status = view->status;
    if (!status->refused_us || view->now_us - status->refused_us > FAULT_MEMORY_US || !status->refusal_count)
        return false;
    fault_what(view, "payloads cannot be used, most of them on '%s': %s", status->refusals[0].topic,
               status->refusals[0].reason);
    fault_cure(view, "look at the list of refused payloads; set format, path or kind, or mend the sender");
    return true;
}

static bool fault_times_refused(const struct fault_view *view)
{
    int64_t last_us = view->status->times_us;
    if (!last_us || view->now_us - last_us > FAULT_MEMORY_US)
        return false;
    fault_what(view, "%" PRIu64 " samples came with a time out of bounds", view->status->wire.refused_times);
    fault_cure(view,
               "set the sender's clock; or local_times, where its times have no zone (hmi.cfg(5), Times)");
    return true;
}

static bool fault_clock_stepped(const struct fault_view *view)
{
    const struct status_sources *sources = view->sources;
    if (!sources->clock_stepped_us || view->now_us - sources->clock_stepped_us > FAULT_CLOCK_US)
        return false;
    fault_what(view, "the machine's clock was set by %+.1f s: times in the history jump there",
               (double)sources->clock_step_us / 1e6);
    fault_cure(view, "let a time service (chrony, systemd-timesyncd) keep the clock");
    return true;
}

static bool fault_housekeeping(const struct fault_view *view)
{
    if (!*view->status->tidy_error || view->sources->pipeline->disk.mode != DISK_GOOD)
        return false;
    fault_what(view, "housekeeping of the history fails: %s", view->status->tidy_error);
    fault_cure(view, "recording goes on; check the disk and who else has the file open");
    return true;
}

static bool fault_wal_large(const struct fault_view *view)
{
    uint64_t bytes = view->status->wire.wal_bytes;
    long holder = view->status->wal_holder;
    if (bytes < (holder ? FAULT_WAL_HELD : FAULT_WAL_LARGE))
        return false;
    if (holder) {
        fault_what(view,
                   "process %ld (%s) reads the history without an end: its write-ahead log grows, %" PRIu64
                   " MB",
                   holder, view->status->wal_holder_name, bytes >> 20);
        fault_cure(view, "recording goes on; end that process, or its transaction");
        return true;
    }
    fault_what(view, "the write-ahead log of the history has grown to %" PRIu64 " MB", bytes >> 20);
    fault_cure(view, "somebody reads the file for long without an end: close long sqlite3 transactions");
    return true;
}

static bool fault_notify_failed(const struct fault_view *view)
{
    const char *failure = view->sources->program->failure;
    if (!*failure)
        return false;
    fault_what(view, "alarms are not told: the program of notify, %.200s: %s",
               view->sources->config->notify.program, failure);
    fault_cure(view,
               "run it by hand as the recorder's user with an alarm as its input; this ends with the next "
               "run that is good");
    return true;
}

static bool fault_notify_dropped(const struct fault_view *view)
{
    int64_t last_us = view->status->untold_us;
    if (!last_us || view->now_us - last_us > FAULT_MEMORY_US)
        return false;
    fault_what(view, "%" PRIu64 " alarms were not told to the program of notify: more came than it may take",
               view->status->wire.notify_dropped);
    fault_cure(view, "see hmi alarms; notify.rate is %d runs a minute, notify.priorities says which alarms",
               view->sources->config->notify.per_minute);
    return true;
}

static bool fault_reload(const struct fault_view *view)
{
    if (!view->sources->reload_fault)
        return false;
    fault_what(view, "the new configuration was not taken: %s", view->sources->reload_fault);
    fault_cure(view, "hmi check names every fault; then: hmi reload");
    return true;
}

/* Errors first; the order is that of the list that people see. */
static const struct fault_row {
    uint32_t severity;
    bool logged;                                   /* where it happens: not once more here */
    bool (*stands)(const struct fault_view *view); /* also writes the texts */
} FAULTS[] = {
    {2, true, fault_id_taken},          {2, false, fault_kicked},        {2, true, fault_no_broker},
    {2, true, fault_disk_failed},       {2, true, fault_disk_slow},      {2, false, fault_history_gone},
    {2, false, fault_samples_lost},     {2, false, fault_entries_lost},  {2, false, fault_disk_full},
    {2, true, fault_filter_refused},    {1, false, fault_qos_lowered},   {1, false, fault_disk_low},
    {1, true, fault_buttons},           {1, false, fault_silence},       {1, false, fault_tag_cap},
    {1, false, fault_long_topics},      {1, false, fault_unheard},       {1, false, fault_never},
    {1, false, fault_payloads_refused}, {1, false, fault_times_refused}, {1, true, fault_clock_stepped},
    {1, false, fault_housekeeping},     {1, false, fault_wal_large},     {1, false, fault_notify_failed},
    {1, false, fault_notify_dropped},   {1, true, fault_reload},
};

#define FAULT_COUNT (sizeof FAULTS / sizeof *FAULTS)

_Static_assert(FAULT_COUNT <= STATUS_FAULTS_MAX, "every row has room in the list");

/* Which of them are alarms of hmi's own. */
static const struct {
    bool (*stands)(const struct fault_view *view);
    enum alarm_system alarm;
} FAULT_ALARMS[] = {
    {fault_disk_failed, ALARM_SYSTEM_HISTORIAN},
    {fault_disk_slow, ALARM_SYSTEM_HISTORIAN},
    {fault_history_gone, ALARM_SYSTEM_HISTORIAN},
    {fault_housekeeping, ALARM_SYSTEM_HISTORIAN},
    {fault_wal_large, ALARM_SYSTEM_DISK},
    {fault_disk_full, ALARM_SYSTEM_DISK},
    {fault_disk_low, ALARM_SYSTEM_DISK},
    {fault_samples_lost, ALARM_SYSTEM_SPOOL},
    {fault_entries_lost, ALARM_SYSTEM_SPOOL},
    {fault_clock_stepped, ALARM_SYSTEM_CLOCK},
    {fault_payloads_refused, ALARM_SYSTEM_PAYLOADS},
    {fault_tag_cap, ALARM_SYSTEM_TAG_CAP},
    {fault_buttons, ALARM_SYSTEM_BUTTONS},
};

#define FAULT_ALARM_COUNT (sizeof FAULT_ALARMS / sizeof *FAULT_ALARMS)

bool faults_has_alarm(enum alarm_system alarm)
{
    for (size_t i = 0; i < FAULT_ALARM_COUNT; i++)
        if (FAULT_ALARMS[i].alarm == alarm)
            return true;
    return false;
}

const char *faults_alarm(const struct status *status, enum alarm_system alarm)
{
    for (size_t row = 0; row < FAULT_COUNT; row++)
        for (size_t i = 0; i < FAULT_ALARM_COUNT; i++)
            if (FAULT_ALARMS[i].alarm == alarm && FAULT_ALARMS[i].stands == FAULTS[row].stands &&
                status->standing[row].since_us)
                return status->standing[row].what;
    return NULL;
}

/* What comes from elsewhere may end in a point of its own. */
static void fault_log(const struct status_fault *fault)
{
    size_t length = strlen(fault->what);
    log_warning("%s%s %s", fault->what, length && fault->what[length - 1] == '.' ? "" : ".", fault->cure);
}

static void fault_update(struct status *status, const struct status_sources *sources, size_t row,
                         int64_t now_us)
{
    struct status_fault *fault = &status->standing[row];
    bool stood = fault->since_us != 0;
    const struct fault_view view = {status, sources, now_us, stood, fault->what, fault->cure};
    if (!FAULTS[row].stands(&view)) {
        if (stood && !FAULTS[row].logged)
            log_info("over: %s", fault->what);
        fault->since_us = 0;
        return;
    }
    if (!stood) {
        fault->since_us = now_us;
        if (!FAULTS[row].logged)
            fault_log(fault);
    }
    status->faults[status->fault_count++] = (struct wire_fault){.severity = FAULTS[row].severity,
                                                                .since_us = fault->since_us,
                                                                .what = fault->what,
                                                                .cure = fault->cure};
    status->wire.errors += FAULTS[row].severity == 2;
    status->wire.warnings += FAULTS[row].severity == 1;
}

void faults_update(struct status *status, const struct status_sources *sources, int64_t now_wall_us)
{
    status->fault_count = 0;
    status->wire.errors = status->wire.warnings = 0;
    for (size_t row = 0; row < FAULT_COUNT; row++)
        fault_update(status, sources, row, now_wall_us);
}
