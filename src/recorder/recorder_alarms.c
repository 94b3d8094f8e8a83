/* The alarm engine in the recorder's loop: what it hears of, whom it answers, and hmi's own alarms. */
#include "recorder/recorder_alarms.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/timefmt.h"
#include "recorder/alarm_notice.h"
#include "recorder/faults.h"
#include "recorder/recorder_sessions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALARMS_START_US                                                                                      \
    (10 * CLOCK_US_PER_SECOND) /* so long the first connection may take without an alarm */

static struct alarm_pass alarms_pass(struct recorder *recorder)
{
    return (struct alarm_pass){
        .alarms = &recorder->alarms, .time = recorder->time, .batch = recorder->pipeline.current};
}

/* What was added to the batch outside a read pass has to be committed in time, too. */
static void alarms_note_batch(struct recorder *recorder)
{
    pipeline_note_read(&recorder->pipeline, 0, recorder->pipeline.rule.dry, recorder->time.mono_us);
}

/* ---- notify ---- */

/* What consoles are shown now, and somebody is to be told of (an alarm_board_function). */
static void alarms_notify(void *context, uint32_t id, const struct alarm_status *before,
                          const struct alarm_status *after)
{
    struct recorder *recorder = context;
    const struct alarm *alarm = recorder->alarms.list[id];
    const char *event = alarm->gone ? NULL : alarm_notice_event(before, after);
    if (!event || !alarm_program_wants(recorder->program, after->priority))
        return;
    struct buf object;
    buf_init(&object, 0);
    alarm_notice_write(&object, alarm, after, event, recorder->config->plant);
    alarm_program_tell(recorder->program, after->priority, buf_text(&object));
    buf_free(&object);
}

/* ---- start, reload ---- */

static void alarms_adopt_row(void *context, const struct history_alarm *alarm)
{
    struct recorder *recorder = context;
    alarms_adopt(&recorder->alarms, alarm->tag_id, alarm->word, &alarm->status, &alarm->texts);
}

static void alarms_adopt_terms_row(void *context, uint32_t tag_id, const char *tag, const char *word,
                                   const char *terms)
{
    struct recorder *recorder = context;
    alarms_adopt_terms(&recorder->alarms, tag_id, tag, word, terms);
}

static void alarms_adopt_activation_row(void *context, int64_t ts_us)
{
    struct recorder *recorder = context;
    alarms_adopt_activation(&recorder->alarms, &recorder->time, ts_us);
}

/* A flood goes on with what there was of it in the last ten minutes. */
static bool alarms_load_flood(struct recorder *recorder, struct err *err)
{
    int64_t now_us = recorder->time.wall_us, since_us;
    if (!history_each_activation(recorder->history, now_us - ALARM_FLOOD_SPAN_US, now_us,
                                 alarms_adopt_activation_row, recorder, err) ||
        !history_read_flood(recorder->history, &since_us, err))
        return false;
    alarms_adopt_flood(&recorder->alarms, since_us);
    return true;
}

bool recorder_alarms_load(struct recorder *recorder, struct err *err)
{
    alarms_init(&recorder->alarms, &recorder->plant, recorder->config->shelve_max_us);
    return history_each_alarm(recorder->history, alarms_adopt_row, recorder, err) &&
           history_each_terms(recorder->history, alarms_adopt_terms_row, recorder, err) &&
           alarms_load_flood(recorder, err);
}

void recorder_alarms_start(struct recorder *recorder, int64_t alive_us)
{
    struct alarm_pass pass = alarms_pass(recorder);
    recorder->alarms.known_until_us = alive_us;
    alarms_configure(&pass);
    if (alive_us) { /* an event, not a condition: it is over as it comes */
        alarms_set_system(&pass, ALARM_SYSTEM_RESTARTED, true, NULL);
        alarms_set_system(&pass, ALARM_SYSTEM_RESTARTED, false, NULL);
    }
    alarm_board_refresh(&recorder->board, &recorder->alarms); /* what was stored before is the operators' */
    recorder->program = alarm_program_new();
    alarm_program_set(recorder->program, &recorder->config->notify);
    recorder->board.moved = alarms_notify; /* not what stood before: that was told then */
    recorder->board.moved_context = recorder;
}

void recorder_alarms_reconfigure(struct recorder *recorder)
{
    struct alarm_pass pass = alarms_pass(recorder);
    recorder->alarms.shelf_max_us = recorder->config->shelve_max_us;
    alarms_configure(&pass);
    alarm_board_refresh(&recorder->board, &recorder->alarms);
    alarm_program_set(recorder->program, &recorder->config->notify);
}

void recorder_alarms_stop(struct recorder *recorder)
{
    alarm_program_stop(recorder->program);
}

bool recorder_alarms_free(struct recorder *recorder)
{
    bool left_thread = alarm_program_free(recorder->program);
    alarms_free(&recorder->alarms);
    alarm_board_free(&recorder->board);
    return left_thread;
}

/* ---- the plant ---- */

void recorder_alarms_evaluate(struct recorder *recorder)
{
    if (!recorder->plant.touched_count)
        return;
    struct alarm_pass pass = alarms_pass(recorder);
    alarms_evaluate(&pass);
}

void recorder_alarms_lost(struct recorder *recorder, const char *reason)
{
    struct alarm_pass pass = alarms_pass(recorder);
    alarms_freeze(&pass);
    alarms_set_system(&pass, ALARM_SYSTEM_BROKER, true, reason);
    alarms_note_batch(recorder);
}

void recorder_alarms_settled(struct recorder *recorder)
{
    struct alarm_pass pass = alarms_pass(recorder);
    alarms_set_system(&pass, ALARM_SYSTEM_BROKER, false, NULL);
    alarms_thaw(&pass);
    alarms_note_batch(recorder);
}

int64_t recorder_alarms_tick(struct recorder *recorder)
{
    if (alarms_due_us(&recorder->alarms) <= recorder->time.mono_us) {
        struct alarm_pass pass = alarms_pass(recorder);
        alarms_tick(&pass);
        alarms_note_batch(recorder);
    }
    return alarms_due_us(&recorder->alarms);
}

/* The disk was away for so long that entries of the journal were lost: what alarms are now is stored anew. */
static void alarms_make_good(struct recorder *recorder, const struct alarm_pass *pass)
{
    struct spool *spool = &recorder->pipeline.spool;
    char text[96];
    if (!spool->lost_states || recorder->pipeline.disk.mode != DISK_GOOD)
        return;
    snprintf(text, sizeof text, "%" PRIu64 " entries were lost while the disk was away",
             spool->lost_entries - recorder->lost_entries);
    spool->lost_states = false;
    recorder->lost_entries = spool->lost_entries;
    alarms_note(pass, JOURNAL_ALARM, "journal overflow", NULL, NULL, text);
    alarms_store_all(pass);
}

void recorder_alarms_second(struct recorder *recorder)
{
    struct alarm_pass pass = alarms_pass(recorder);
    bool never = uplink_connects(recorder->uplink) == 0;
    if (never && recorder->time.wall_us - recorder->started_us >= ALARMS_START_US) {
        /* Why, not when it is tried again: the alarm stands longer than that is true. */
        const char *failure = uplink_failure(recorder->uplink);
        alarms_set_system(&pass, ALARM_SYSTEM_BROKER, true,
                          *failure ? failure : uplink_text(recorder->uplink));
    }
    for (int i = 0; i < ALARM_SYSTEMS; i++) {
        enum alarm_system which = (enum alarm_system)i;
        const char *what = faults_alarm(&recorder->status, which);
        if (faults_has_alarm(which))
            alarms_set_system(&pass, which, what != NULL, what);
    }
    alarms_make_good(recorder, &pass);
    /* Nothing is committed while the disk is away, and operators must see the plant. */
    if (recorder->pipeline.disk.mode != DISK_GOOD)
        alarm_board_refresh(&recorder->board, &recorder->alarms);
}

void recorder_alarms_committed(struct recorder *recorder, const struct batch *batch)
{
    alarm_board_take(&recorder->board, batch);
}

/* ---- what people ask ---- */

/* "ADDRESS" or "ADDRESS<tab>ACTIVATED_US": the latter only while that is the occurrence that stands, so that
 * nobody acknowledges what he was not shown. "<tab>reset" behind that: he was shown one that is acknowledged and has
 * latched; else an acknowledgement that comes just behind another's would reset it. */
struct alarms_wish {
    const struct server_request *request;
    const struct alarm_pass *pass;
    size_t done, refused;
    struct err first; /* of what was refused */
};

static bool alarms_do(const struct alarms_wish *wish, struct alarm *alarm, struct err *err)
{
    const struct server_request *request = wish->request;
    const struct alarm_operator who = {.user = request->user, .station = request->station};
    switch (request->action) {
    case WIRE_ACTION_ACKNOWLEDGE:
        return alarm_acknowledge(wish->pass, alarm, &who, err);
    case WIRE_ACTION_SHELVE:
        return alarm_shelve(wish->pass, alarm, request->span_us, request->once, request->reason, &who, err);
    case WIRE_ACTION_OUT_OF_SERVICE:
        return alarm_take_out_of_service(wish->pass, alarm, request->reason, &who, err);
    case WIRE_ACTION_IN_SERVICE:
        return alarm_put_in_service(wish->pass, alarm, &who, err);
    default:
        return alarm_unshelve(wish->pass, alarm, &who, err);
    }
}

static void alarms_note_result(struct alarms_wish *wish, bool good, const struct err *err)
{
    wish->done += good;
    wish->refused += !good;
    if (!good && !wish->first.code)
        wish->first = *err;
}

/* All of a tag: those to which the request means something. False with `err` set when it means nothing to any. */
static bool alarms_do_tag(struct alarms_wish *wish, const char *name, struct err *err)
{
    const struct tag *tag = plant_tag_by_name(wish->pass->alarms->plant, name);
    bool any = false, told_of_standing = false;
    if (!tag || !tag->def.alarm_count)
        return err_set(err, EX_DATAERR, "there is no alarm %.200s; hmi alarms lists those that stand", name);
    for (size_t i = 0; i < tag->def.alarm_count; i++) {
        char address[512];
        snprintf(address, sizeof address, "%s/%s", name, alarm_def_word(&tag->def.alarms[i]));
        struct alarm *alarm = alarms_find(wish->pass->alarms, address);
        struct err why = {0};
        bool good = alarm && alarms_do(wish, alarm, &why);
        bool stands = alarm && alarm->status.state != ALARM_NORMAL;
        any |= good;
        if (good) {
            alarms_note_result(wish, true, NULL);
        } else if (!err->code || (stands && !told_of_standing)) { /* what is normal explains least */
            *err = why;
            told_of_standing = stands;
        }
    }
    return any;
}

static void alarms_do_line(struct alarms_wish *wish, char *line)
{
    struct err err = {0};
    char *tab = strchr(line, '\t');
    char *behind = NULL;
    int64_t seen_us = tab ? strtoll(tab + 1, &behind, 10) : 0;
    if (tab)
        *tab = '\0';
    struct alarm *alarm = alarms_find(wish->pass->alarms, line);
    bool good = false;
    if (!alarm) {
        if (!alarms_do_tag(wish, line, &err))
            alarms_note_result(wish, false, &err);
        return;
    }
    if (seen_us && seen_us != alarm->status.activated_us)
        err_set(&err, EX_DATAERR, "%s has come again since it was shown: look at it first", line);
    else if (seen_us && strcmp(behind, "\treset") != 0 && wish->request->action == WIRE_ACTION_ACKNOWLEDGE &&
             alarm->status.state == ALARM_LATCHED_ACKNOWLEDGED)
        err_set(&err, EX_DATAERR, "%s is acknowledged already, by %s", line,
                alarm_texts(alarm)->acknowledged_by);
    else
        good = alarms_do(wish, alarm, &err);
    alarms_note_result(wish, good, &err);
}

/* What was done, and for how long: a shelf is never longer than the configuration allows. */
static void alarms_tell_done(const struct alarms_wish *wish, char *text, size_t size)
{
    static const char *const DONE[] = {
        [WIRE_ACTION_ACKNOWLEDGE] = "acknowledged",
        [WIRE_ACTION_UNSHELVE] = "unshelved",
        [WIRE_ACTION_OUT_OF_SERVICE] = "taken out of service",
        [WIRE_ACTION_IN_SERVICE] = "back in service",
    };
    const struct server_request *request = wish->request;
    int64_t most_us = wish->pass->alarms->shelf_max_us;
    const char *alarms = wish->done == 1 ? "alarm" : "alarms";
    if (request->action != WIRE_ACTION_SHELVE) {
        snprintf(text, size, "%zu %s %s", wish->done, alarms, DONE[request->action]);
        return;
    }
    bool cut = request->span_us > most_us;
    char span[TIMEFMT_MAX];
    timefmt_age(span, sizeof span, cut || !request->span_us ? most_us : request->span_us);
    snprintf(text, size, "%zu %s shelved for %s%s%s", wish->done, alarms, span,
             request->once ? ", or until it clears" : "", cut ? ": shelve_max allows no longer" : "");
}

bool recorder_alarms_ask(struct recorder *recorder, const struct server_request *request, char *text,
                         size_t size)
{
    recorder_read_clocks(recorder);
    struct alarm_pass pass = alarms_pass(recorder);
    struct alarms_wish wish = {.request = request, .pass = &pass};
    char *lines = mem_copy_text(request->argument), *rest = lines;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (*line)
            alarms_do_line(&wish, line);
    free(lines);
    request->reply->code = wish.refused ? (uint32_t)wish.first.code : 0;
    if (wish.refused)
        snprintf(text, size, "%s%s", wish.done ? "not all were done; the first that was not: " : "",
                 wish.first.text);
    else
        alarms_tell_done(&wish, text, size);
    if (wish.refused && recorder_sessions_count_refusal(recorder, request, text)) {
        const struct alarm_operator who = {.user = request->user, .station = request->station};
        alarms_note(&pass, JOURNAL_REFUSAL, "refused", NULL, &who, text);
    }
    alarms_note_batch(recorder);
    request->reply->commit = pipeline_next_commit(&recorder->pipeline);
    pipeline_hold(&recorder->pipeline,
                  recorder->time.mono_us); /* committed at once: the other consoles wait */
    return wish.done && !wish.refused;
}

void recorder_alarms_refused(void *context, const struct server_request *request, const char *text)
{
    struct recorder *recorder = context;
    recorder_read_clocks(recorder);
    if (!recorder_sessions_count_refusal(recorder, request, text))
        return;
    struct alarm_pass pass = alarms_pass(recorder);
    const struct alarm_operator who = {.user = request->user, .station = request->station};
    alarms_note(&pass, JOURNAL_REFUSAL, "refused", NULL, &who, text);
    alarms_note_batch(recorder);
}
