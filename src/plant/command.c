#include "plant/command.h"

#include "base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const COMMAND_STATE_WORDS[COMMAND_STATES] = {
    [COMMAND_CHECKED] = "checked",     [COMMAND_JOURNALED] = "journaled",
    [COMMAND_PUBLISHED] = "published", [COMMAND_ACKNOWLEDGED] = "acknowledged",
    [COMMAND_DONE] = "done",           [COMMAND_UNVERIFIED] = "unverified",
    [COMMAND_MISMATCH] = "mismatch",   [COMMAND_TIMED_OUT] = "timed out",
    [COMMAND_UNREACHED] = "unreached", [COMMAND_REJECTED] = "rejected",
    [COMMAND_CANCELLED] = "cancelled", [COMMAND_UNKNOWN] = "unknown",
    [COMMAND_REFUSED] = "refused",     [COMMAND_FOREIGN] = "foreign",
};

const char *const COMMAND_STATE_TEXTS[COMMAND_STATES] = {
    [COMMAND_CHECKED] = "allowed; being put on record",
    [COMMAND_JOURNALED] = "on record; about to be sent",
    [COMMAND_PUBLISHED] = "sent; the broker has not acknowledged it yet",
    [COMMAND_ACKNOWLEDGED] = "the broker has it; waiting for the readback",
    [COMMAND_DONE] = "the plant reports the new value",
    [COMMAND_UNVERIFIED] = "the broker has it; no readback is configured, so look at the plant",
    [COMMAND_MISMATCH] = "the plant reports another value",
    [COMMAND_TIMED_OUT] = "no answer in time; look at the plant before you try again",
    [COMMAND_UNREACHED] = "nobody listens on the setpoint's topic: the device is not connected",
    [COMMAND_REJECTED] = "the broker refused it",
    [COMMAND_CANCELLED] = "not sent",
    [COMMAND_UNKNOWN] = "nothing tells any more what became of it; check the readback, it is not sent again",
    [COMMAND_REFUSED] = "not allowed; nothing was sent",
    [COMMAND_FOREIGN] = "somebody else published on the setpoint's topic, not through this recorder",
};

/* [state][event] -> the next state. What the table does not hold (0 is COMMAND_CHECKED, to which nothing leads)
 * changes nothing: a second acknowledgement, a readback before anything was sent, whatever comes after the end. */
static const enum command_state TRANSITIONS[COMMAND_STATES][COMMAND_EVENTS] = {
    [COMMAND_CHECKED] =
        {
            [COMMAND_COMMITTED] = COMMAND_JOURNALED,
            [COMMAND_LATE] = COMMAND_CANCELLED,
            [COMMAND_LOST] = COMMAND_CANCELLED,
            [COMMAND_WITHDRAWN] = COMMAND_CANCELLED,
        },
    [COMMAND_JOURNALED] =
        {
            [COMMAND_SENT] = COMMAND_PUBLISHED,
            [COMMAND_LATE] = COMMAND_CANCELLED,
            [COMMAND_LOST] = COMMAND_CANCELLED,
            [COMMAND_WITHDRAWN] = COMMAND_CANCELLED,
        },
    [COMMAND_PUBLISHED] =
        {
            [COMMAND_BROKER_TOOK] = COMMAND_ACKNOWLEDGED,
            [COMMAND_BROKER_ENDS] = COMMAND_UNVERIFIED,
            [COMMAND_BROKER_ALONE] = COMMAND_UNREACHED,
            [COMMAND_BROKER_NO] = COMMAND_REJECTED,
            /* A device may be quicker than the broker's acknowledgement. */
            [COMMAND_EQUAL] = COMMAND_DONE,
            [COMMAND_LATE] = COMMAND_TIMED_OUT,
            [COMMAND_LATE_OTHER] = COMMAND_MISMATCH,
            [COMMAND_LOST] = COMMAND_UNKNOWN,
        },
    [COMMAND_ACKNOWLEDGED] =
        {
            [COMMAND_EQUAL] = COMMAND_DONE,
            [COMMAND_LATE] = COMMAND_TIMED_OUT,
            [COMMAND_LATE_OTHER] = COMMAND_MISMATCH,
            [COMMAND_LOST] = COMMAND_UNKNOWN,
        },
};

void command_set_value(struct command_value *to, const struct value *from)
{
    to->type = from->type;
    to->number = from->number;
    to->text_length = 0;
    if (from->type == VALUE_TEXT) {
        to->text_length = from->text_length < COMMAND_VALUE_MAX ? from->text_length : COMMAND_VALUE_MAX;
        memcpy(to->text, from->text, to->text_length);
    }
    to->text[to->text_length] = '\0';
}

struct value command_value(const struct command_value *from)
{
    return (struct value){
        .type = from->type, .number = from->number, .text = from->text, .text_length = from->text_length};
}

bool command_values_are_equal(const struct value *a, const struct value *b, double tolerance)
{
    if (a->type != b->type || a->type == VALUE_NONE)
        return false;
    if (a->type == VALUE_TEXT)
        return a->text_length == b->text_length && !memcmp(a->text, b->text, a->text_length);
    /* Whole numbers are never rounded on the way; a device that stores single precision gives back 24 bits. */
    bool whole = a->number == floor(a->number) && b->number == floor(b->number);
    double hair = whole ? 0 : fmax(fabs(a->number), fabs(b->number)) * 1e-7;
    return fabs(a->number - b->number) <= tolerance + hair;
}

static void command_time_stage(struct command *command, int64_t now_us)
{
    switch (command->state) {
    case COMMAND_JOURNALED:
        command->journaled_us = now_us;
        break;
    case COMMAND_PUBLISHED:
        command->published_us = now_us;
        command->due_us = now_us + command->timeout_us;
        command->release_us = command->pulse_us ? now_us + command->pulse_us : 0;
        break;
    case COMMAND_ACKNOWLEDGED:
    case COMMAND_UNVERIFIED:
    case COMMAND_UNREACHED:
    case COMMAND_REJECTED:
        command->acknowledged_us = now_us;
        break;
    default:
        break;
    }
    if (command_is_ended(command)) {
        command->ended_us = now_us;
        command->due_us = 0;
    }
}

bool command_step(struct command *command, enum command_event event, int64_t now_us, const char *detail)
{
    enum command_state next = TRANSITIONS[command->state][event];
    if (next == COMMAND_CHECKED)
        return false;
    command->state = next;
    command->changed = true;
    if (detail)
        snprintf(command->detail, sizeof command->detail, "%s", detail);
    command_time_stage(command, now_us);
    return true;
}

/* MQTT 5, section 3.4.2.1: reason codes of a PUBACK. */
#define COMMAND_REASON_NO_SUBSCRIBERS 16
#define COMMAND_REASON_FAILURE        128

enum command_event command_broker_event(int reason_code)
{
    if (reason_code >= COMMAND_REASON_FAILURE)
        return COMMAND_BROKER_NO;
    return reason_code == COMMAND_REASON_NO_SUBSCRIBERS ? COMMAND_BROKER_ALONE : COMMAND_BROKER_TOOK;
}

bool command_acknowledge(struct command *command, int reason_code, const char *reason_text, int64_t now_us)
{
    enum command_event event = command_broker_event(reason_code);
    if (event == COMMAND_BROKER_TOOK && !command->readback_id)
        event = COMMAND_BROKER_ENDS;
    if (command->state == COMMAND_DONE && !command->acknowledged_us) {
        command->acknowledged_us = now_us; /* the device was quicker */
        command->changed = true;
        return false;
    }
    return command_step(command, event, now_us, event == COMMAND_BROKER_NO ? reason_text : NULL);
}

bool command_read_back(struct command *command, const struct value *value, int64_t now_us)
{
    struct value wanted = command_value(&command->new);
    if (command->state != COMMAND_PUBLISHED && command->state != COMMAND_ACKNOWLEDGED)
        return false;
    command_set_value(&command->readback, value);
    command->readback_fresh = command->changed = true;
    if (!command_values_are_equal(&wanted, value, command->tolerance))
        return false;
    command->readback_us = now_us;
    return command_step(command, COMMAND_EQUAL, now_us, NULL);
}

bool command_answer(struct command *command, const char *bytes, size_t length)
{
    static const char CUT[] = " ...";
    char text[COMMAND_ANSWER_MAX] = "(nothing)";
    if (!command->published_us || command->answers >= COMMAND_ANSWERS)
        return false;
    if (length && !utf8_make_safe(text, sizeof text - sizeof CUT + 1, bytes, length))
        strcat(text, CUT); /* room was left for it */
    if (!strcmp(text, command->answer))
        return false;
    snprintf(command->answer, sizeof command->answer, "%s", text);
    command->answers++;
    command->changed = true;
    return true;
}

bool command_expire(struct command *command, int64_t now_us)
{
    if (!command->due_us || now_us < command->due_us)
        return false;
    const char *detail = NULL;
    struct value old = command_value(&command->old), wanted = command_value(&command->new);
    if (command->state < COMMAND_PUBLISHED)
        detail = "it could not be put on record and sent in time";
    else if (command->state == COMMAND_PUBLISHED && !command->readback_fresh)
        detail = "the broker did not acknowledge it";
    else if (!command->readback_fresh && command_values_are_equal(&old, &wanted, command->tolerance))
        detail = "it was that value before: a device that reports only changes says nothing";
    return command_step(command, command->readback_fresh ? COMMAND_LATE_OTHER : COMMAND_LATE, now_us, detail);
}

int64_t command_stage_ms(const struct command *command, int64_t stage_us)
{
    return stage_us ? (stage_us - command->asked_us + 500) / 1000 : -1;
}
