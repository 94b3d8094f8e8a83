/* The life of one command (a setpoint given by an operator), from the gate to what became of it:
 *
 *     checked -> journaled -> published -> acknowledged -> done
 *
 * and the other ends it may come to. The recorder tells what happened; this file says what follows from it, and how
 * long each stage took. Pure; time is an argument.
 *
 * What must stay true: a command is journaled before it is published, it is published at most once, and an end is
 * final: nothing that comes later changes what the operator was told. */
#ifndef PLANT_COMMAND_H
#define PLANT_COMMAND_H

#include "plant/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COMMAND_NAME_MAX   64   /* bytes of a user's name */
#define COMMAND_TEXT_MAX   256  /* of station and reason */
#define COMMAND_VALUE_MAX  1024 /* of a text value */
#define COMMAND_DETAIL_MAX 256
#define COMMAND_ANSWER_MAX 256 /* bytes kept of a device's answer */
#define COMMAND_ANSWERS    4   /* answers taken of one command */

enum command_state {
    COMMAND_CHECKED,      /* the gate let it through; its row waits to be committed */
    COMMAND_JOURNALED,    /* on record, not yet sent */
    COMMAND_PUBLISHED,    /* sent, the broker has not said anything yet */
    COMMAND_ACKNOWLEDGED, /* the broker has it; the readback is waited for */
    /* the ends */
    COMMAND_DONE,       /* read back: equal within the tolerance */
    COMMAND_UNVERIFIED, /* the broker has it, and there is no readback to tell more */
    COMMAND_MISMATCH,   /* the readback reported another value until the time was over */
    COMMAND_TIMED_OUT,  /* the readback, or the broker, did not report in time */
    COMMAND_UNREACHED,  /* the broker says that nobody subscribes to the topic */
    COMMAND_REJECTED,   /* the broker refuses it */
    COMMAND_CANCELLED,  /* never sent */
    COMMAND_UNKNOWN,    /* nothing will tell any more what became of it: look at the readback */
    /* what never was a command of ours, and is only shown with them */
    COMMAND_REFUSED, /* the gate did not let it through */
    COMMAND_FOREIGN, /* somebody else published on the setpoint's topic */
    COMMAND_STATES
};

/* Numbers from here on are no commands of the journal: they tell foreign ones apart. */
#define COMMAND_FOREIGN_ID (UINT64_C(1) << 62)

enum command_event {
    COMMAND_COMMITTED,    /* its journal row is on the disk */
    COMMAND_SENT,         /* handed to the connection, which is about to write */
    COMMAND_BROKER_TOOK,  /* acknowledged, and a readback will tell */
    COMMAND_BROKER_ENDS,  /* acknowledged, and nothing will tell more */
    COMMAND_BROKER_ALONE, /* MQTT 5, reason code 16: no matching subscribers */
    COMMAND_BROKER_NO,    /* MQTT 5, another reason code from 128 on */
    COMMAND_EQUAL,        /* a fresh readback within the tolerance */
    COMMAND_LATE,         /* the time is over, no fresh readback */
    COMMAND_LATE_OTHER,   /* the time is over, the fresh readback is another value */
    COMMAND_LOST, /* nothing will tell any more: the link, the recorder, or what its readback meant has gone */
    COMMAND_WITHDRAWN, /* by the operator, a lost console, or because it cannot be put on record */
    COMMAND_EVENTS
};

/* Words for states and outcomes, as stored in `commands` and shown; indexed by the enum. */
extern const char *const COMMAND_STATE_WORDS[COMMAND_STATES];

/* A sentence for the operator on what the state means and what to do. */
extern const char *const COMMAND_STATE_TEXTS[COMMAND_STATES];

/* A value that owns its text. */
struct command_value {
    enum value_type type;
    double number;
    char text[COMMAND_VALUE_MAX + 1];
    size_t text_length;
};

struct command {
    uint64_t id;                             /* its row in the journal's `commands`; unique for ever */
    uint32_t tag_id;                         /* the writable tag */
    uint32_t readback_id;                    /* 0: none */
    uint32_t tag_index, readback_index;      /* their places in plant.tags */
    uint64_t readback_samples;               /* that the readback had when it was last looked at */
    double readback_factor, readback_offset; /* its scale when the command was given */
    char operator_name[COMMAND_NAME_MAX + 1], station[COMMAND_TEXT_MAX + 1], reason[COMMAND_TEXT_MAX + 1];
    uint32_t holder; /* the console that asked */
    struct command_value old, new, readback;
    double tolerance;
    int64_t timeout_us, pulse_us;
    int64_t ts_us; /* when it was asked for, UTC */
    /* the stopwatch, on the clock that never steps; 0: not (yet) */
    int64_t asked_us, journaled_us, published_us, acknowledged_us, readback_us, ended_us;
    int64_t due_us;         /* when its time is over; 0: never */
    int64_t release_us;     /* when the button is to be let go (0 is published); 0: it is not pressed */
    int64_t release_due_us; /* when the broker is to have acknowledged that; 0: it is not waited for */
    int release_message_id;
    int message_id; /* of the PUBLISH, to know its acknowledgement */
    bool readback_fresh;
    bool changed;        /* since the owner last looked and cleared it */
    bool end_is_noted;   /* its end is in the journal, or on its way there */
    uint64_t end_commit; /* the commit that its end waits for before anybody is told; 0: none */
    enum command_state state;
    char detail[COMMAND_DETAIL_MAX];         /* what the broker or the recorder added; "" */
    char release_detail[COMMAND_DETAIL_MAX]; /* why the button was not let go; "" */
    char answer[COMMAND_ANSWER_MAX];         /* what the device answered last, made safe; "" */
    unsigned answers;
};

/* Whether anybody outside can bring forth as many of this state as he likes: those give way to real commands. */
static inline bool command_state_is_cheap(enum command_state state)
{
    return state == COMMAND_REFUSED || state == COMMAND_FOREIGN;
}

/* Whether its outcome is settled: nothing that comes later changes it. */
static inline bool command_is_ended(const struct command *command)
{
    return command->state >= COMMAND_DONE;
}

/* The journal's event of a request; one for a button says that 0 is to follow: until a row of kind release tells what came
 * of that, the button may stand pressed. */
#define COMMAND_EVENT_REQUEST "requested"
#define COMMAND_EVENT_PRESS   "press requested"

/* And those of kind release; the words that lead in why it was not, where the command is shown. */
#define COMMAND_EVENT_RELEASED     "released"
#define COMMAND_EVENT_NOT_RELEASED "not released"
#define COMMAND_NOT_RELEASED       "the button was not let go: "

/* What the journal keeps of a command, in its request and in its outcome. */
struct command_record {
    uint64_t id;
    struct command_value old, new, readback;
    int64_t ms_recorded, ms_sent, ms_broker, ms_readback; /* from the request; -1: it never came to that */
};

/* Copies a value; a text longer than COMMAND_VALUE_MAX is cut (the gate refuses those before). */
void command_set_value(struct command_value *to, const struct value *from);
struct value command_value(const struct command_value *from);

/* Equal numbers within `tolerance` (≥ 0; a hair more where rounding may have come in), or equal texts. */
bool command_values_are_equal(const struct value *a, const struct value *b, double tolerance);

/* What happens next, by the table; true when the state changed. `detail` (may be NULL) is noted with the change. */
bool command_step(struct command *command, enum command_event event, int64_t now_us, const char *detail);

/* What the broker's answer to a PUBLISH says, a reason code of MQTT 5, 0 with 3.1.1: it took it, it did but nobody listens
 * (COMMAND_BROKER_ALONE), or it refused it (COMMAND_BROKER_NO). */
enum command_event command_broker_event(int reason_code);

/* That answer came. */
bool command_acknowledge(struct command *command, int reason_code, const char *reason_text, int64_t now_us);

/* The readback tag reported a value of Good quality that is live: neither retained, nor older than the PUBLISH. */
bool command_read_back(struct command *command, const struct value *value, int64_t now_us);

/* The device answers in words, which change nothing but what is shown, also after the end. Made safe and cut; false
 * when nothing was ever sent, it has answered COMMAND_ANSWERS times, or says the same again (a broker may send a message
 * once for each subscription that it fits). */
bool command_answer(struct command *command, const char *bytes, size_t length);

/* The time has come (due_us); true when the state changed. */
bool command_expire(struct command *command, int64_t now_us);

/* From being asked for to a stage, in ms; -1: it never came to that. */
int64_t command_stage_ms(const struct command *command, int64_t stage_us);

#endif
