/* What the start takes from the journal of commands: the last number, how far setpoints were moved within the last minute,
 * and the entries that are missing there: of commands without an outcome and of buttons that nobody let go. Nothing is sent:
 * nothing is ever sent late. */
#include "recorder/recorder_buttons.h"
#include "recorder/recorder_commands.h"

#include <math.h>

/* It may have left: only its entry was lost then. */
#define COMMANDS_NOT_RELEASED "the recorder ended before its release was on record; none is sent now"

static void commands_add_missing(struct recorder *recorder, enum journal_kind kind, const char *event,
                                 const struct history_command *open, const char *detail)
{
    const struct command_record record = {
        .id = open->id, .ms_recorded = -1, .ms_sent = -1, .ms_broker = -1, .ms_readback = -1};
    const struct alarm_event entry = {
        .ts_us = recorder->time.wall_us,
        .kind = kind,
        .event = event,
        .tag = open->tag,
        .value = NAN,
        .limit = NAN,
        .operator= open->operator,
        .station = open->station,
        .detail = detail,
        .command = &record,
    };
    batch_add_event(recorder->open_commands, &entry);
}

static void commands_take_open(void *context, const struct history_command *open)
{
    struct recorder *recorder = context;
    if (!open->has_outcome)
        commands_add_missing(recorder, JOURNAL_OUTCOME, COMMAND_STATE_WORDS[COMMAND_UNKNOWN], open,
                             "the recorder ended while it was under way");
    if (!open->pressed)
        return;
    commands_add_missing(recorder, JOURNAL_RELEASE, COMMAND_EVENT_NOT_RELEASED, open, COMMANDS_NOT_RELEASED);
    recorder_buttons_tell(recorder, open->tag ? open->tag : "", open->id, COMMANDS_NOT_RELEASED);
}

/* A move of the future was made before the clock was set back: as one of now it bounds the rate for a minute more. */
static void commands_take_move(void *context, const struct history_move *move)
{
    struct recorder *recorder = context;
    int64_t age_us = recorder->time.wall_us - move->ts_us;
    commands_note_move(&recorder->commands, move->tag_id, move->by,
                       recorder->time.mono_us - (age_us > 0 ? age_us : 0));
}

bool recorder_commands_load(struct recorder *recorder, struct err *err)
{
    recorder->open_commands = batch_new();
    return history_each_open_command(recorder->history, commands_take_open, recorder, &recorder->last_command,
                                     err) &&
           history_each_move(recorder->history, recorder->time.wall_us - COMMANDS_MOVE_US, COMMANDS_MOVES_MAX,
                             commands_take_move, recorder, err);
}

void recorder_commands_start(struct recorder *recorder)
{
    for (size_t i = 0; i < recorder->open_commands->event_count; i++) {
        const struct alarm_event event = batch_event(recorder->open_commands, i);
        batch_add_event(recorder->pipeline.current, &event);
    }
    batch_free(recorder->open_commands);
    recorder->open_commands = NULL;
}
