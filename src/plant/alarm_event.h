/* What leaves the alarm engine: where an alarm stands (to be stored, and shown once it is), and what happened
 * (for the journal). */
#ifndef PLANT_ALARM_EVENT_H
#define PLANT_ALARM_EVENT_H

#include "plant/alarm_state.h"
#include "plant/command.h"
#include "plant/tagdef.h"

#include <stdbool.h>
#include <stdint.h>

#define ALARM_USER_MAX   64
#define ALARM_REASON_MAX 256
#define ALARM_DETAIL_MAX 256

/* What withholds an alarm; or-ed. Of several the last one decides its state. */
enum alarm_withheld {
    ALARM_BY_SHELF = 1,
    ALARM_BY_DESIGN = 2,
    ALARM_BY_SERVICE = 4, /* the configuration has it out of service */
    ALARM_BY_OPERATOR = 8 /* somebody has taken it out of service */
};

/* Where an alarm stands: what survives a restart. Times are wall clock, 0: never. */
struct alarm_status {
    enum alarm_state state;
    enum alarm_priority priority; /* now: escalation raises it, until it comes anew or is normal */
    bool active;      /* the condition stands (delays included), also underneath a withheld state */
    uint8_t withheld; /* enum alarm_withheld, or-ed */
    bool shelf_once;  /* one-shot: ends when the condition clears */
    bool first_out;   /* the first of its group or area that tripped, others having followed */
    bool chattering;
    uint32_t
        chatter_rate; /* of one that chatters: activations in the minute up to the last one; 0: not known */
    uint32_t activations; /* since it was normal for the last time */
    double value, limit;  /* when it last became active or cleared; NaN: none */
    int64_t activated_us; /* began to stand */
    int64_t changed_us;   /* took this state */
    int64_t cleared_us;
    int64_t acknowledged_us;
    int64_t shelf_until_us;
    uint64_t
        sequence; /* rises with each change of any alarm: of two of the same alarm the greater is newer */
};

/* Seldom any of it, so kept apart; safe for a terminal. */
struct alarm_texts {
    char acknowledged_by[ALARM_USER_MAX];
    char shelved_by[ALARM_USER_MAX];
    char shelf_reason[ALARM_REASON_MAX];
    /* Of hmi's own alarms: what is wrong, in words; of one with ALARM_BY_OPERATOR: who took it out of service, and why. */
    char detail[ALARM_DETAIL_MAX];
};

enum journal_kind {
    JOURNAL_ALARM,
    JOURNAL_OPERATOR,
    JOURNAL_REFUSAL,
    JOURNAL_CONFIG,
    JOURNAL_COMMAND, /* a setpoint was asked for, and the gate let it through */
    JOURNAL_OUTCOME, /* what became of it */
    JOURNAL_RELEASE, /* a button was let go, or could not be */
    JOURNAL_FOREIGN, /* somebody else published on a setpoint's topic */
    JOURNAL_SESSION, /* a console came or went */
    JOURNAL_KINDS
};

/* "alarm", "operator", "refusal", "config", "command", "outcome", "release", "foreign", "session". */
const char *journal_kind_word(enum journal_kind kind);

/* Events of the journal that the history is asked for at a start. */
#define ALARM_EVENT_ACTIVATED   "activated"
#define ALARM_EVENT_FLOOD_BEGAN "flood began"
#define ALARM_EVENT_FLOOD_ENDED "flood ended"

/* One entry of the journal; texts are borrowed, NULL: none. */
struct alarm_event {
    int64_t ts_us; /* wall */
    enum journal_kind kind;
    const char *event; /* "activated", "acknowledged", ...: a literal, it outlives everything */
    const char *tag, *alarm;
    bool has_alarm; /* type, priority, states count */
    enum alarm_type type;
    enum alarm_priority priority;
    enum alarm_state before, after;
    double value, limit; /* NaN: none */
    const char *operator, * station, *detail;
    const struct command_record *command; /* of commands, their outcomes and refusals; NULL: none */
};

#endif
