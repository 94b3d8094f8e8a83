/* Commands in the recorder's loop: from the request to the outcome. */
#include "recorder/recorder_commands.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "plant/command_gate.h"
#include "plant/setpoint_payload.h"
#include "recorder/recorder_buttons.h"
#include "recorder/recorder_commands_internal.h"
#include "recorder/recorder_sessions.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define COMMANDS_AGAIN_US (5 * CLOCK_US_PER_MS) /* what is due waits for a moment to write: look again */

/* ---- the journal ---- */

void recorder_commands_enter(struct recorder *recorder, const struct commands_entry *entry)
{
    const struct alarm_event event = {
        .ts_us = recorder->time.wall_us,
        .kind = entry->kind,
        .event = entry->event,
        .tag = entry->tag,
        .value = NAN,
        .limit = NAN,
        .operator= entry->operator_name,
        .station = entry->station,
        .detail = entry->detail,
        .command = entry->record,
    };
    batch_add_event(recorder->pipeline.current, &event);
    pipeline_note_read(&recorder->pipeline, 0, recorder->pipeline.rule.dry, recorder->time.mono_us);
}

const struct tag *recorder_commands_tag(const struct recorder *recorder, const struct command *command)
{
    return recorder->plant.tags[command->tag_index];
}

static struct command_record commands_record(const struct command *command)
{
    return (struct command_record){
        .id = command->id,
        .old = command->old,
        .new = command->new,
        .readback = command->readback,
        .ms_recorded = command_stage_ms(command, command->journaled_us),
        .ms_sent = command_stage_ms(command, command->published_us),
        .ms_broker = command_stage_ms(command, command->acknowledged_us),
        .ms_readback = command_stage_ms(command, command->readback_us),
    };
}

/* An entry about a command; `record` NULL where it is neither its request nor what became of it. */
static void commands_note(struct recorder *recorder, enum journal_kind kind, const char *event,
                          const struct command *command, const char *detail,
                          const struct command_record *record)
{
    const struct tag *tag = command->tag_id ? recorder_commands_tag(recorder, command) : NULL;
    const struct commands_entry entry = {
        .kind = kind,
        .event = event,
        .tag = tag ? tag->def.name : NULL,
        .operator_name = command->operator_name,
        .station = command->station,
        .detail = detail,
        .record = record,
    };
    recorder_commands_enter(recorder, &entry);
}

/* Its request, its refusal or its outcome. */
static void commands_note_whole(struct recorder *recorder, enum journal_kind kind, const char *event,
                                const struct command *command, const char *detail)
{
    const struct command_record record = commands_record(command);
    commands_note(recorder, kind, event, command, detail, &record);
}

void recorder_commands_note_release(struct recorder *recorder, const char *event,
                                    const struct command *command, const char *detail)
{
    const struct command_record record = {
        .id = command->id, .ms_recorded = -1, .ms_sent = -1, .ms_broker = -1, .ms_readback = -1};
    commands_note(recorder, JOURNAL_RELEASE, event, command, detail, &record);
}

void recorder_commands_note(struct recorder *recorder, const char *event, const struct command *command,
                            const char *detail)
{
    char text[ERR_TEXT_MAX + 32];
    snprintf(text, sizeof text, "command %" PRIu64 "%s%s", command->id, detail ? ": " : "",
             detail ? detail : "");
    commands_note(recorder, JOURNAL_OUTCOME, event, command, text, NULL);
}

void recorder_commands_free(struct recorder *recorder)
{
    batch_free(recorder->open_commands);
    commands_free(&recorder->commands);
    foreign_free(&recorder->foreign);
}

/* ---- the request ---- */

static bool commands_link_is_up(const struct recorder *recorder)
{
    return uplink_state(recorder->uplink) == WIRE_LINK_UP && !recorder->stop;
}

static void commands_fill(struct recorder *recorder, const struct server_request *request,
                          const struct tag *tag, struct command *command)
{
    command->id = ++recorder->last_command;
    command->ts_us = recorder->time.wall_us;
    command->holder = request->console;
    snprintf(command->operator_name, sizeof command->operator_name, "%s", request->user);
    snprintf(command->station, sizeof command->station, "%s", request->station);
    utf8_make_safe(command->reason, sizeof command->reason, request->reason, strlen(request->reason));
    command_set_value(&command->new, &request->value);
    if (!tag)
        return;
    command->tag_id = tag->id;
    command->tag_index = tag->index;
    const struct setpoint_def *setpoint = tag->def.setpoint;
    const struct tag *present = setpoint ? command_present_tag(&recorder->plant, tag) : NULL;
    if (!present)
        return;
    const struct value old = plant_tag_value(present);
    command_set_value(&command->old, &old);
    command->tolerance = setpoint->tolerance;
    command->timeout_us = setpoint->timeout_us;
    command->pulse_us = setpoint->pulse_us;
    if (setpoint->readback) {
        command->readback_id = present->id;
        command->readback_index = present->index;
        command->readback_factor = present->def.scale_factor;
        command->readback_offset = present->def.scale_offset;
    }
}

static bool commands_pass_gate(const struct recorder *recorder, const struct server_request *request,
                               const struct tag *tag, const char *safe_name, struct err *err)
{
    int64_t now_us = recorder->time.mono_us;
    const struct reservation *reserved =
        tag ? reservation_of(&recorder->reservations, tag->id, now_us) : NULL;
    const struct command_request wish = {
        .role = request->role,
        .user = request->user,
        .barred = request->barred,
        .tag = tag,
        .tag_name = safe_name,
        .value = request->value,
        .shown = request->shown,
        .has_shown = request->has_shown,
    };
    const struct command_surroundings around = {
        .plant = &recorder->plant,
        .link_up = commands_link_is_up(recorder),
        .recording = recorder->pipeline.disk.mode == DISK_GOOD,
        .room = commands_have_room(&recorder->commands, now_us),
        .under_way = tag && commands_by_tag(&recorder->commands, tag->id),
        .reserved = reserved && reserved->holder != request->console ? reserved : NULL,
        .moved = tag ? commands_moved(&recorder->commands, tag->id, now_us) : 0,
    };
    return command_gate(&wish, &around, err);
}

void recorder_commands_show_other(struct recorder *recorder, struct command *command,
                                  enum command_state state, const char *detail)
{
    command->state = state;
    snprintf(command->detail, sizeof command->detail, "%.*s", COMMAND_DETAIL_MAX - 1, detail);
    command_board_put(&recorder->command_board, command);
}

bool recorder_commands_try(struct recorder *recorder, const struct server_request *request, char *text,
                           size_t size)
{
    struct err err = {0};
    char safe_name[COMMAND_TEXT_MAX];
    recorder_read_clocks(recorder);
    const struct tag *tag = plant_tag_by_name(&recorder->plant, request->argument);
    utf8_make_safe(safe_name, sizeof safe_name, request->argument, strlen(request->argument));
    bool good = commands_pass_gate(recorder, request, tag, safe_name, &err);
    snprintf(text, size, "%s", good ? "" : err.text);
    request->reply->code = good ? 0 : (uint32_t)err.code;
    return good;
}

bool recorder_commands_ask(struct recorder *recorder, const struct server_request *request, char *text,
                           size_t size)
{
    struct command command = {0};
    struct err err = {0};
    char safe_name[COMMAND_TEXT_MAX];
    recorder_read_clocks(recorder);
    const struct tag *tag = plant_tag_by_name(&recorder->plant, request->argument);
    utf8_make_safe(safe_name, sizeof safe_name, request->argument, strlen(request->argument));
    commands_fill(recorder, request, tag, &command);
    if (!commands_pass_gate(recorder, request, tag, safe_name, &err)) {
        if (recorder_sessions_count_refusal(recorder, request, err.text)) {
            commands_note_whole(recorder, JOURNAL_REFUSAL, "refused", &command, err.text);
            recorder_commands_show_other(recorder, &command, COMMAND_REFUSED, err.text);
        }
        snprintf(text, size, "%s", err.text);
        request->reply->code = (uint32_t)err.code;
        return false;
    }
    commands_note_whole(recorder, JOURNAL_COMMAND,
                        command.pulse_us ? COMMAND_EVENT_PRESS : COMMAND_EVENT_REQUEST, &command,
                        command.reason);
    commands_add(&recorder->commands, &command, recorder->time.mono_us);
    pipeline_hold(&recorder->pipeline, recorder->time.mono_us); /* so that it is committed now */
    recorder->status.wire.commands++;
    request->reply->command = command.id;
    snprintf(text, size, "command %" PRIu64, command.id);
    return true;
}

/* ---- who gives what at the moment ---- */

void recorder_commands_edit(struct recorder *recorder, const struct server_session *session, uint32_t tag_id)
{
    const struct tag *tag = plant_tag_by_id(&recorder->plant, tag_id);
    const struct setpoint_def *setpoint = tag ? tag->def.setpoint : NULL;
    const struct reservation_wish wish = {.tag_id = tag_id,
                                          .holder = session->console,
                                          .name = session->user,
                                          .station = session->station,
                                          .wall_us = recorder->time.wall_us};
    /* Who may not give it keeps nobody from it. */
    if (setpoint && session->role >= setpoint->role)
        reservation_take(&recorder->reservations, &wish, recorder->time.mono_us);
    else
        reservation_release(&recorder->reservations, session->console);
}

void recorder_commands_abandon(struct recorder *recorder, uint32_t console, char *text, size_t size)
{
    const struct tag *tag =
        plant_tag_by_id(&recorder->plant, reservation_release(&recorder->reservations, console));
    size_t withdrawn =
        commands_withdraw(&recorder->commands, console, recorder->time.mono_us, "its console went away");
    int used = tag ? snprintf(text, size, "; it was giving %.100s", tag->def.name) : 0;
    snprintf(text + used, size - (size_t)used, "%s",
             withdrawn ? "; what it had asked for was withdrawn" : "");
}

/* ---- on its way ---- */

void recorder_commands_committed(struct recorder *recorder, const struct batch *batch)
{
    for (size_t i = 0; i < batch->event_count && recorder->commands.count; i++) {
        const struct batch_event *entry = &batch->events[i];
        struct command *command = entry->event.kind == JOURNAL_COMMAND && entry->command
                                      ? commands_by_id(&recorder->commands, entry->command->id)
                                      : NULL;
        if (command)
            command_step(command, COMMAND_COMMITTED, clock_mono_us(), NULL);
    }
}

bool recorder_commands_publish(struct recorder *recorder, const struct command *command,
                               const struct value *value, bool prompt, int *message_id, struct err *err)
{
    const struct tag *tag = recorder_commands_tag(recorder, command);
    const struct setpoint_def *setpoint = tag->def.setpoint;
    if (!setpoint)
        return err_set(err, EX_CONFIG, "the configuration has no setpoint for it any more");
    const struct setpoint_fields fields = {
        .value = *value,
        .state =
            value->type == VALUE_NUMBER ? command_state_text(&recorder->plant, tag, value->number) : NULL,
        .scale_factor = tag->def.scale_factor,
        .scale_offset = tag->def.scale_offset,
        .ts_us = command->ts_us,
        .operator_name = command->operator_name,
        .id = command->id,
    };
    char correlation[ANSWERS_CORRELATION_MAX];
    answers_print_correlation(&recorder->answers, command->id, correlation);
    struct buf payload;
    buf_init(&payload, 0);
    bool good = setpoint_payload_fill(setpoint->payload, &fields, &payload, err);
    const struct mqtt_publication publication = {
        .topic = setpoint->topic,
        .payload = payload.data,
        .length = payload.length,
        .qos = 1,
        .retain = setpoint->retain,
        .prompt = prompt,
        .expiry_s = (uint32_t)((command->timeout_us + CLOCK_US_PER_SECOND - 1) / CLOCK_US_PER_SECOND),
        .correlation = correlation,
        .correlation_length = strlen(correlation),
        .response_topic = uplink_answers(recorder->uplink),
        .operator_name = command->operator_name,
        .station = command->station,
        .reason = command->reason,
    };
    good = good && uplink_publish(recorder->uplink, &publication, message_id, err);
    if (good)
        foreign_note_own(&recorder->foreign, setpoint->topic, payload.data, payload.length,
                         recorder->time.mono_us);
    buf_free(&payload);
    return good;
}

static void commands_send_one(struct recorder *recorder, struct command *command)
{
    struct err err = {0};
    const struct value value = command_value(&command->new);
    int64_t now_us = clock_mono_us();
    if (command->readback_id)
        command->readback_samples = recorder_commands_samples(recorder->plant.tags[command->readback_index]);
    if (recorder_commands_publish(recorder, command, &value, true, &command->message_id, &err))
        command_step(command, COMMAND_SENT, now_us, NULL);
    else
        command_step(command, COMMAND_WITHDRAWN, now_us, err.text);
}

void recorder_commands_send(struct recorder *recorder)
{
    struct command *command;
    if (!recorder->commands.count || !commands_link_is_up(recorder) || recorder->draining)
        return;
    while ((command = commands_next_unsent(&recorder->commands)))
        commands_send_one(recorder, command);
    recorder_buttons_let_go(recorder, recorder->time.mono_us);
}

void recorder_commands_lost(struct recorder *recorder)
{
    recorder_buttons_lost(recorder);
    commands_link_lost(&recorder->commands, clock_mono_us());
}

/* ---- the loop ---- */

void recorder_commands_tick(struct recorder *recorder)
{
    int64_t now_us = recorder->time.mono_us;
    reservation_tick(&recorder->reservations, now_us);
    if (!recorder->commands.count)
        return;
    commands_tick(&recorder->commands, now_us);
    recorder_buttons_tick(recorder);
    if (commands_next_unsent(&recorder->commands) || commands_due_us(&recorder->commands) <= now_us)
        pipeline_hold(&recorder->pipeline, now_us); /* a moment to write has to come */
}

/* Enters what became of it. Nobody is told before that is committed, for a power cut could take it back; while the disk
 * is away that may be long, and operators must know. */
static void commands_enter_end(struct recorder *recorder, struct command *command)
{
    command->end_is_noted = true;
    command->end_commit = pipeline_next_commit(&recorder->pipeline);
    commands_note_whole(recorder, JOURNAL_OUTCOME, COMMAND_STATE_WORDS[command->state], command,
                        command->detail);
}

static void commands_show(struct recorder *recorder, struct command *command)
{
    if (command_is_ended(command) && !command->end_is_noted)
        commands_enter_end(recorder, command);
    if (!command->end_commit)
        command_board_put(&recorder->command_board, command);
}

static void commands_show_end(struct recorder *recorder, struct command *command)
{
    static const char NOT_YET[] = "not on record yet: the disk is away";
    size_t used = strlen(command->detail);
    if (recorder->pipeline.disk.mode != DISK_GOOD)
        snprintf(command->detail + used, sizeof command->detail - used, "%s%s", used ? "; " : "", NOT_YET);
    command_board_put(&recorder->command_board, command);
}

int64_t recorder_commands_settle(struct recorder *recorder)
{
    struct command *command;
    if (!recorder->commands.count)
        return INT64_MAX;
    while ((command = commands_next_changed(&recorder->commands)))
        commands_show(recorder, command);
    while ((command = commands_next_committed(&recorder->commands, pipeline_released(&recorder->pipeline))))
        commands_show_end(recorder, command);
    commands_sweep(&recorder->commands);
    int64_t due_us = commands_due_us(&recorder->commands), soon_us = clock_mono_us() + COMMANDS_AGAIN_US;
    return due_us < soon_us ? soon_us : due_us;
}

void recorder_commands_reload(struct recorder *recorder)
{
    recorder_buttons_let_go(recorder, INT64_MAX);
    for (size_t i = 0; i < COMMANDS_MAX && recorder->commands.count; i++)
        if (recorder->commands.rows[i])
            command_step(recorder->commands.rows[i], COMMAND_WITHDRAWN, recorder->time.mono_us,
                         "the configuration was read again before it was sent");
}

void recorder_commands_stop(struct recorder *recorder)
{
    struct command *command;
    recorder_buttons_stop(recorder);
    for (size_t i = 0; i < COMMANDS_MAX && recorder->commands.count; i++) {
        command = recorder->commands.rows[i];
        if (command)
            command_step(command, COMMAND_LOST, recorder->time.mono_us,
                         "the recorder was stopped while it was under way");
    }
    recorder_commands_settle(recorder);
}
