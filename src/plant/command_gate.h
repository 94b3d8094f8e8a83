/* The gate: whether a command may be given, whoever asks (console or command line). It runs in the recorder, just
 * before the command is put on record; what a console greys out is courtesy. Pure.
 *
 * The checks are a table, in the order in which an operator wants to hear of them; the first that fails is the answer.
 */
#ifndef PLANT_COMMAND_GATE_H
#define PLANT_COMMAND_GATE_H

#include "base/err.h"
#include "plant/command.h"
#include "plant/plant.h"
#include "plant/reservation.h"

#include <stdbool.h>

/* What is asked for, and by whom. */
struct command_request {
    enum role role;
    const char *user;
    const char *barred;    /* why his console may change nothing (--view); NULL: it may */
    const struct tag *tag; /* NULL: there is none of that name */
    const char *tag_name;
    struct value value; /* engineering units, a state's value, or a text */
    struct value shown; /* what was shown as present when the operator began to type; VALUE_NONE: nothing */
    bool has_shown;     /* false: not asked (the command line) */
};

/* How things stand. */
struct command_surroundings {
    const struct plant *plant;
    bool link_up;                       /* connected, and the backlog has settled */
    bool recording;                     /* the disk takes journal rows */
    bool room;                          /* fewer commands are under way than may be */
    bool under_way;                     /* one for this tag */
    const struct reservation *reserved; /* by somebody else; NULL: no */
    double moved; /* what commands moved this setpoint in the last minute, engineering units */
};

/* The tag that tells the setpoint's present value: its readback, else the tag itself. NULL: the readback names no tag.
 */
const struct tag *command_present_tag(const struct plant *plant, const struct tag *tag);

/* The text by which an operator chooses that value: a state of the tag that tells its present value, where that has states,
 * else of the tag itself. NULL: it is none. */
const char *command_state_text(const struct plant *plant, const struct tag *tag, double value);

/* False with the reason, and what to do, in `err`. */
bool command_gate(const struct command_request *request, const struct command_surroundings *around,
                  struct err *err);

#endif
