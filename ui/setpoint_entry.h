/* Giving a setpoint at the console: type or choose the value, look at the summary, confirm. The part that decides what
 * a key means; ui/screens/setpoint.c draws it. Pure; time is an argument.
 *
 * What must stay true: nothing is sent but by the confirming key, and that key counts only after SETPOINT_QUIET_US in
 * which no key came. So what was typed ahead, what a slow line delivers late and what is pasted never confirm. */
#ifndef UI_SETPOINT_ENTRY_H
#define UI_SETPOINT_ENTRY_H

#include "plant/tagdef.h"
#include "plant/value.h"
#include "ui/line_editor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SETPOINT_QUIET_US    INT64_C(300000)
#define SETPOINT_CONFIRM_KEY 'y'
#define SETPOINT_MESSAGE_MAX 160
#define SETPOINT_CHOICES_MAX 64

struct setpoint_choice {
    double value;
    const char *text; /* borrowed, safe */
};

/* What is known of the setpoint; the caller keeps it up to date while the entry is open. */
struct setpoint_form {
    enum tag_kind kind;
    double min,
        max; /* engineering units; those of this moment where that is less than the configuration allows */
    double max_step; /* that is why: one command moves it by no more; 0: it is not why */
    double step;     /* of the step keys; 0: one unit of the last digit shown */
    int decimals;    /* shown; -1: as needed */
    const char *unit;
    struct setpoint_choice choices[SETPOINT_CHOICES_MAX]; /* a discrete setpoint: what it may be set to */
    size_t choice_count;
    bool has_present;
    double present; /* the setpoint's present value, where it is a number */
    bool confirm;   /* a summary is to be confirmed; else Enter sends */
};

enum setpoint_stage { SETPOINT_TYPING, SETPOINT_CONFIRMING, SETPOINT_SENT };

struct setpoint_entry {
    enum setpoint_stage stage;
    struct line_editor editor;
    struct line_editor reason; /* why, for the journal; may be empty */
    bool on_reason;            /* keys go there: Tab leads there and back */
    size_t choice;             /* of form.choices */
    bool chosen;               /* the operator has moved to it; nothing is chosen for him */
    double number;             /* what is to be sent, from the summary on; of a text tag the editor's text */
    int64_t quiet_from_us;     /* the last key before which the confirming key does not count */
    char message[SETPOINT_MESSAGE_MAX]; /* what was wrong with the last key; "" */
};

/* What the caller is to do. */
enum setpoint_effect {
    SETPOINT_NOTHING,
    SETPOINT_CHANGED,   /* paint; the reservation is to be prolonged */
    SETPOINT_SUMMARISE, /* the summary has opened: drop what was typed ahead and not read yet */
    SETPOINT_SEND,      /* the one that changes the plant */
    SETPOINT_CLOSE,
    SETPOINT_LEAVE /* close; the key is a function key, which leads to another screen */
};

/* Nothing is typed and nothing chosen. */
void setpoint_entry_open(struct setpoint_entry *entry);

/* Takes a key. `now_us` on the clock that never steps. */
enum setpoint_effect setpoint_entry_key(struct setpoint_entry *entry, const struct setpoint_form *form,
                                        const struct input *input, int64_t now_us);

/* Whether the confirming key would count now. */
bool setpoint_entry_is_armed(const struct setpoint_entry *entry, int64_t now_us);

/* The value to be sent; a text is the editor's. */
struct value setpoint_entry_value(const struct setpoint_entry *entry, const struct setpoint_form *form);

/* The recorder refused it: back to typing, with its reason as the message. */
void setpoint_entry_refused(struct setpoint_entry *entry, const char *reason);

#endif
