/* The life of an alarm as ISA-18.2 and IEC 62682 have it: one table, from a state and what happens to the next
 * state. Pure; what a transition means besides (journal, times, timers) is alarm.c's.
 *
 * The condition is evaluated in every state, also underneath the three withheld ones (shelved, suppressed, out
 * of service); so whoever applies the table knows whether it stands, and chooses the row that says so. */
#ifndef PLANT_ALARM_STATE_H
#define PLANT_ALARM_STATE_H

#include <stdbool.h>

enum alarm_state {
    ALARM_SAME, /* in the table only: nothing changes */
    ALARM_NORMAL,
    ALARM_UNACKNOWLEDGED,
    ALARM_ACKNOWLEDGED,
    ALARM_RETURNED, /* to normal, and nobody has acknowledged it */
    ALARM_LATCHED,  /* likewise, but it stays until it is reset */
    ALARM_LATCHED_ACKNOWLEDGED,
    ALARM_SHELVED,
    ALARM_SUPPRESSED,
    ALARM_OUT_OF_SERVICE,
    ALARM_STATES
};

enum alarm_trigger {
    ALARM_ACTIVATES, /* the condition has stood for the on-delay */
    ALARM_IS_NOTED,  /* the same for one that nobody has to acknowledge: priority journal, a lesser limit
                              that takes over from an acknowledged one */
    ALARM_CLEARS,    /* the condition is gone: deadband, off-delay */
    ALARM_CLEARS_LATCHING, /* the same for a latching one */
    ALARM_IS_SUPERSEDED,   /* a more severe exclusive limit takes its place */
    ALARM_IS_ACKNOWLEDGED,
    ALARM_IS_RESET,
    ALARM_RISES_AGAIN, /* its severity rose, or the re-alarm time is over */
    ALARM_IS_SHELVED,
    ALARM_IS_SUPPRESSED,
    ALARM_IS_REMOVED,      /* from service */
    ALARM_RELEASED_CLEAR,  /* from all three, with the condition gone */
    ALARM_RELEASED_ACTIVE, /* from all three, with the condition standing */
    ALARM_RELEASED_NOTED,  /* the same for priority journal */
    ALARM_TRIGGERS
};

/* What the table says; ALARM_SAME where the trigger means nothing in that state (for an operator's trigger: it
 * is refused). */
enum alarm_state alarm_state_after(enum alarm_state state, enum alarm_trigger trigger);

/* "unacknowledged", "out of service": as the views and programs have it; never NULL. */
const char *alarm_state_word(enum alarm_state state);

/* The state of that word; ALARM_SAME when there is none. */
enum alarm_state alarm_state_of_word(const char *word);

/* What happens, for people: "the condition has stood for the on-delay". */
const char *alarm_trigger_text(enum alarm_trigger trigger);

/* Whether somebody has to acknowledge it. */
static inline bool alarm_state_waits(enum alarm_state state)
{
    return state == ALARM_UNACKNOWLEDGED || state == ALARM_RETURNED || state == ALARM_LATCHED;
}

/* Whether it is kept from operators: shelved, suppressed, out of service. */
static inline bool alarm_state_is_withheld(enum alarm_state state)
{
    return state == ALARM_SHELVED || state == ALARM_SUPPRESSED || state == ALARM_OUT_OF_SERVICE;
}

#endif
