/* Transitions by the table of alarm_state.c, with what follows from them: journal, status, timers. */
#include "plant/alarm_internal.h"

#include "base/mem.h"

/* A rate that stood when the recorder was stopped, and of which nothing is heard any more, is over after so long: the
 * samples that it was reckoned from are not known any more. */
#define TRANSITION_RATE_US INT64_C(60000000)

/* ---- deadlines ---- */

/* What is about the plant stands still while nobody knows the plant; a shelf's end was promised to an operator. */
static const bool DEADLINE_STANDS_STILL[ALARM_DEADLINES] = {
    [ALARM_DEADLINE_RATE] = true,
    [ALARM_DEADLINE_REALARM] = true,
    [ALARM_DEADLINE_ESCALATE] = true,
    [ALARM_DEADLINE_RELEASE] = true,
};

bool alarm_stands_still(const struct alarms *alarms, const struct alarm *alarm, enum alarm_deadline which)
{
    return alarms->frozen && alarm->tag && DEADLINE_STANDS_STILL[which];
}

/* The alarm's timer goes with the first of its deadlines that run. */
static void alarm_set_timer(struct alarms *alarms, struct alarm *alarm)
{
    int64_t first_us = ALARM_NEVER;
    for (int i = 0; i < ALARM_DEADLINES; i++)
        if (alarm->due_us[i] < first_us && !alarm_stands_still(alarms, alarm, (enum alarm_deadline)i))
            first_us = alarm->due_us[i];
    alarm_timers_set(&alarms->timers, &alarm->timer, first_us);
}

void alarm_set_deadline(struct alarms *alarms, struct alarm *alarm, enum alarm_deadline which, int64_t due_us)
{
    if (alarm->due_us[which] == due_us)
        return;
    alarm->due_us[which] = due_us;
    alarm_set_timer(alarms, alarm);
}

void alarm_set_span(const struct alarm_pass *pass, struct alarm *alarm, enum alarm_deadline which,
                    int64_t span_us)
{
    const struct alarms *alarms = pass->alarms;
    int64_t now_us = alarm_stands_still(alarms, alarm, which) ? alarms->frozen_us : pass->time.mono_us;
    alarm_set_deadline(pass->alarms, alarm, which, span_us > 0 ? now_us + span_us : ALARM_NEVER);
}

void alarm_move_deadlines(struct alarms *alarms, struct alarm *alarm, int64_t span_us)
{
    for (int i = 0; i < ALARM_DEADLINES; i++)
        if (alarm->tag && DEADLINE_STANDS_STILL[i] && alarm->due_us[i] != ALARM_NEVER)
            alarm->due_us[i] += span_us;
    alarm_set_timer(alarms, alarm);
}

bool alarm_is_waiting(const struct alarm *alarm, enum alarm_deadline which)
{
    return alarm->due_us[which] != ALARM_NEVER;
}

/* Re-alarm and escalation follow from the state; called when it changes. */
static void alarm_follow_state(const struct alarm_pass *pass, struct alarm *alarm)
{
    const struct alarm_def *def = alarm->def;
    enum alarm_state state = alarm->status.state;
    bool announced = alarm->status.active && def->priority != PRIORITY_JOURNAL &&
                     (state == ALARM_UNACKNOWLEDGED || state == ALARM_ACKNOWLEDGED);
    alarm_set_span(pass, alarm, ALARM_DEADLINE_REALARM,
                   announced && state == ALARM_ACKNOWLEDGED ? def->realarm_us : 0);
    bool rises = announced && alarm->status.priority < PRIORITY_CRITICAL;
    if (!rises || !alarm_is_waiting(alarm, ALARM_DEADLINE_ESCALATE))
        alarm_set_span(pass, alarm, ALARM_DEADLINE_ESCALATE, rises ? def->escalate_us : 0);
}

static int64_t alarm_left_us(int64_t span_us, int64_t since_us, int64_t now_us)
{
    int64_t passed_us = since_us && now_us > since_us ? now_us - since_us : 0;
    return !span_us ? 0 : passed_us < span_us ? span_us - passed_us : 1;
}

/* Until when an alarm may be said to have stood: no recorder has seen it after that. */
static int64_t alarm_known_us(const struct alarm_pass *pass)
{
    const struct alarms *alarms = pass->alarms;
    bool restart = alarms->generation == 1 && alarms->known_until_us;
    return restart && alarms->known_until_us < pass->time.wall_us ? alarms->known_until_us
                                                                  : pass->time.wall_us;
}

void alarm_restore_deadlines(const struct alarm_pass *pass, struct alarm *alarm)
{
    const struct alarm_status *status = &alarm->status;
    int64_t now_us = pass->time.wall_us, known_us = alarm_known_us(pass);
    int rises = (int)status->priority - (int)alarm->def->priority; /* so many times it has risen already */
    alarm_follow_state(pass, alarm);
    if (alarm_is_waiting(alarm, ALARM_DEADLINE_REALARM))
        alarm_set_span(pass, alarm, ALARM_DEADLINE_REALARM,
                       alarm_left_us(alarm->def->realarm_us, status->changed_us, known_us));
    if (alarm_is_waiting(alarm, ALARM_DEADLINE_ESCALATE))
        alarm_set_span(pass, alarm, ALARM_DEADLINE_ESCALATE,
                       alarm_left_us((rises + 1) * alarm->def->escalate_us, status->activated_us, known_us));
    if (status->withheld & ALARM_BY_SHELF)
        alarm_set_span(pass, alarm, ALARM_DEADLINE_SHELF,
                       status->shelf_until_us > now_us ? status->shelf_until_us - now_us : 1);
    if (alarm->def->type == ALARM_RATE && alarm->condition && !alarm_is_waiting(alarm, ALARM_DEADLINE_RATE))
        alarm_set_span(pass, alarm, ALARM_DEADLINE_RATE, TRANSITION_RATE_US);
    if (status->chattering && !alarm_is_waiting(alarm, ALARM_DEADLINE_CHATTER))
        alarm_set_span(pass, alarm, ALARM_DEADLINE_CHATTER, ALARM_CHATTER_SPAN_US);
}

/* ---- transitions ---- */

struct alarm_texts *alarm_own_texts(struct alarm *alarm)
{
    if (!alarm->texts)
        alarm->texts = mem_new(1, sizeof *alarm->texts);
    return alarm->texts;
}

const struct alarm_texts *alarm_texts(const struct alarm *alarm)
{
    static const struct alarm_texts NONE;
    return alarm->texts ? alarm->texts : &NONE;
}

const char *alarm_tag_name(const struct alarm *alarm)
{
    if (alarm->tag)
        return alarm->tag->def.name;
    return alarm->tag_name ? alarm->tag_name : ALARM_SYSTEM_TAG;
}

void alarm_store(const struct alarm_pass *pass, const struct alarm *alarm)
{
    batch_add_alarm(pass->batch,
                    &(struct batch_alarm){
                        .alarm_id = alarm->id,
                        .tag_id = alarm->tag_id,
                        .type = alarm->def->type,
                        .gone = alarm->gone,
                        .status = alarm->status,
                        .texts = *alarm_texts(alarm),
                    },
                    alarm_def_word(alarm->def), alarm->def->message);
}

/* The change of status that the caller has made, as an entry of the journal and as what the alarm is now. */
static void alarm_note_change(const struct alarm_pass *pass, struct alarm *alarm, enum alarm_state before,
                              const struct alarm_cause *cause)
{
    struct alarms *alarms = pass->alarms;
    alarm->status.sequence = ++alarms->sequence;
    alarms->counters.transitions++;
    batch_add_event(pass->batch, &(struct alarm_event){
                                     .ts_us = pass->time.wall_us,
                                     .kind = cause->who ? JOURNAL_OPERATOR : JOURNAL_ALARM,
                                     .event = cause->event,
                                     .tag = alarm_tag_name(alarm),
                                     .alarm = alarm->address,
                                     .has_alarm = true,
                                     .type = alarm->def->type,
                                     .priority = alarm->status.priority,
                                     .before = before,
                                     .after = alarm->status.state,
                                     .value = alarm->status.value,
                                     .limit = alarm->status.limit,
                                     .operator= cause->who ? cause->who->user : NULL,
                                     .station = cause->who ? cause->who->station : NULL,
                                     .detail = cause->detail,
                                 });
    alarm_store(pass, alarm);
}

void alarm_apply(const struct alarm_pass *pass, struct alarm *alarm, enum alarm_trigger trigger,
                 const struct alarm_cause *cause)
{
    struct alarm_status *status = &alarm->status;
    enum alarm_state before = status->state, after = alarm_state_after(before, trigger);
    if (after != ALARM_SAME && after != before) {
        status->state = after;
        status->changed_us = pass->time.wall_us;
    }
    if (status->state == ALARM_NORMAL) {
        status->priority = alarm->def->priority;
        status->activations = 0;
    }
    alarm_follow_state(pass, alarm);
    alarm_note_change(pass, alarm, before, cause);
}

enum alarm_trigger alarm_withheld_trigger(const struct alarm *alarm)
{
    const struct alarm_status *status = &alarm->status;
    if (status->withheld & (ALARM_BY_SERVICE | ALARM_BY_OPERATOR))
        return ALARM_IS_REMOVED;
    if (status->withheld & ALARM_BY_DESIGN)
        return ALARM_IS_SUPPRESSED;
    if (status->withheld & ALARM_BY_SHELF)
        return ALARM_IS_SHELVED;
    if (!status->active)
        return ALARM_RELEASED_CLEAR;
    return alarm->def->priority == PRIORITY_JOURNAL ? ALARM_RELEASED_NOTED : ALARM_RELEASED_ACTIVE;
}

void alarm_withhold(const struct alarm_pass *pass, struct alarm *alarm, enum alarm_withheld why, bool on,
                    const struct alarm_cause *cause)
{
    struct alarm_status *status = &alarm->status;
    uint8_t withheld = (uint8_t)(on ? status->withheld | why : status->withheld & ~why);
    bool superseded = alarm->inferior && alarm_is_superseded(alarm->inferior);
    bool acknowledged = status->state == ALARM_ACKNOWLEDGED;
    if (withheld == status->withheld)
        return;
    status->withheld = withheld;
    alarm_apply(pass, alarm, alarm_withheld_trigger(alarm), cause);
    if (alarm->inferior)
        alarm_settle_pair(pass, alarm->inferior, superseded, acknowledged);
}
