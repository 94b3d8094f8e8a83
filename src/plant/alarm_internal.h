/* What the files of the alarm engine share; nobody else includes it.
 *
 *   alarm.c            conditions and timers become triggers
 *   alarm_transition.c triggers become transitions: journal, status, the timers that follow
 *   alarm_condition.c  does the condition of an alarm stand, by its type
 *   alarm_set.c        which alarms there are, and who looks at which tag
 *   alarm_audit.c      what the configuration has changed of them, for the journal
 *   alarm_action.c     what operators do
 *   alarm_trip.c       which of a group came first
 *   alarm_system.c     hmi's own alarms
 */
#ifndef PLANT_ALARM_INTERNAL_H
#define PLANT_ALARM_INTERNAL_H

#include "plant/alarm.h"
#include "plant/batch.h"

enum alarm_truth { ALARM_FALSE, ALARM_TRUE, ALARM_UNKNOWN };

/* What an alarm looked at. */
struct alarm_reading {
    double value, limit;   /* NaN: none */
    int64_t rate_clear_us; /* ALARM_RATE that stands: with nothing new it is over after so long */
};

/* Whether the condition stands, with the deadband where it stood before. ALARM_UNKNOWN: what it looks at cannot
 * be used now. For ALARM_RATE a new sample moves alarm->rate on. */
enum alarm_truth alarm_condition(struct alarm *alarm, struct alarm_reading *reading);

/* Whether something suppresses the alarm by design now. */
enum alarm_truth alarm_suppression(const struct alarm *alarm);

/* What a transition is called in the journal, and whose it is. */
struct alarm_cause {
    const char *event; /* a literal */
    const struct alarm_operator *who;
    const char *detail;
};

/* One transition: state by the table, journal, status into the batch, timers that follow from the state. */
void alarm_apply(const struct alarm_pass *pass, struct alarm *alarm, enum alarm_trigger trigger,
                 const struct alarm_cause *cause);

/* The trigger of the reason that decides, of those that withhold the alarm; a release when there is none. */
enum alarm_trigger alarm_withheld_trigger(const struct alarm *alarm);

/* Adds or takes away a reason to withhold the alarm. */
void alarm_withhold(const struct alarm_pass *pass, struct alarm *alarm, enum alarm_withheld why, bool on,
                    const struct alarm_cause *cause);

/* Whether the more severe limit of an exclusive pair stands in the alarm's place. */
bool alarm_is_superseded(const struct alarm *alarm);

/* The more severe one has cleared, is withheld now, or no more: `inferior` gives way or takes over. `before`: whether
 * it was superseded until now; `acknowledged`: whether the more severe one was. */
void alarm_settle_pair(const struct alarm_pass *pass, struct alarm *inferior, bool before, bool acknowledged);

/* Evaluates condition and suppression of one alarm. */
void alarm_evaluate(const struct alarm_pass *pass, struct alarm *alarm);

/* Takes the condition as it is now known, through the delays. */
void alarm_set_condition(const struct alarm_pass *pass, struct alarm *alarm, bool stands,
                         const struct alarm_reading *reading);

/* When one of its delays is over (monotonic), ALARM_NEVER: it does not run; the alarm's timer goes with the first. */
void alarm_set_deadline(struct alarms *alarms, struct alarm *alarm, enum alarm_deadline which,
                        int64_t due_us);

/* The same, `span_us` from now; 0: never. Of one that stands still: as if now were when the link was lost, for
 * alarm_move_deadlines() adds the time since then. */
void alarm_set_span(const struct alarm_pass *pass, struct alarm *alarm, enum alarm_deadline which,
                    int64_t span_us);

/* Whether this delay of the alarm does not run now, because the link is away. */
bool alarm_stands_still(const struct alarms *alarms, const struct alarm *alarm, enum alarm_deadline which);

/* The link was lost (0), or came back: those that stood still are due `span_us` later. */
void alarm_move_deadlines(struct alarms *alarms, struct alarm *alarm, int64_t span_us);

bool alarm_is_waiting(const struct alarm *alarm, enum alarm_deadline which);

/* The deadlines that follow from the alarm's status as its times tell it: after a restart, or with other terms. The time
 * in which no recorder ran counts for a shelf only. */
void alarm_restore_deadlines(const struct alarm_pass *pass, struct alarm *alarm);

/* Texts that may be written. */
struct alarm_texts *alarm_own_texts(struct alarm *alarm);

/* Puts the status into the batch. */
void alarm_store(const struct alarm_pass *pass, const struct alarm *alarm);

/* The alarm of that key, made where there is none yet. */
struct alarm *alarms_of_key(struct alarms *alarms, uint32_t tag_id, const char *word);

/* The configuration names the alarm, or does not any more: entries of the journal about what differs from before, and its
 * terms into the batch. True: something differs. */
bool alarm_note_terms(const struct alarm_pass *pass, struct alarm *alarm);
void alarm_note_removed(const struct alarm_pass *pass, struct alarm *alarm);

/* After both for all alarms. */
void alarms_note_terms_known(const struct alarm_pass *pass);

/* Puts the terms into the batch, or that there are none. */
void alarm_store_terms(const struct alarm_pass *pass, const struct alarm *alarm);

/* Once, at the start: the flood that stood before may be over. */
void alarms_resume_flood(const struct alarm_pass *pass);

/* Whether operators are told of it when its condition comes. */
bool alarm_is_announced(const struct alarm *alarm);

/* Takes note that the alarm has become active, or does no more, for its group; before the transition. */
void alarm_trip_join(const struct alarm_pass *pass, struct alarm *alarm);
void alarm_trip_leave(struct alarm *alarm);

/* The definition of one of hmi's own. */
const struct alarm_def *alarm_system_def(enum alarm_system which);

#endif
