#include "plant/command_gate.h"

#include "base/num.h"
#include "base/utf8.h"
#include "plant/setpoint_payload.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef bool gate_check(const struct command_request *request, const struct command_surroundings *around,
                        struct err *err);

const struct tag *command_present_tag(const struct plant *plant, const struct tag *tag)
{
    const char *readback = tag->def.setpoint->readback;
    return readback ? plant_tag_by_name(plant, readback) : tag;
}

const char *command_state_text(const struct plant *plant, const struct tag *tag, double value)
{
    const struct tag *present = command_present_tag(plant, tag);
    return tag_def_state_text(present && present->def.state_count ? &present->def : &tag->def, value);
}

/* A value for a person: with its unit or state, safe for a terminal. */
static void gate_describe(const struct tag *tag, const struct value *value, char *out, size_t size)
{
    char number[NUM_TEXT_MAX];
    const char *state = NULL;
    if (value->type == VALUE_TEXT) {
        utf8_make_safe(out, size, value->text, value->text_length);
        return;
    }
    if (value->type == VALUE_NONE) {
        snprintf(out, size, "nothing");
        return;
    }
    state = tag_def_state_text(&tag->def, value->number);
    num_format_whole(number, sizeof number, value->number, tag->def.decimals);
    snprintf(out, size, "%s%s%s", state ? state : number, !state && tag->def.unit ? " " : "",
             !state && tag->def.unit ? tag->def.unit : "");
}

static bool gate_is_writable(const struct command_request *request, const struct command_surroundings *around,
                             struct err *err)
{
    (void)around;
    if (!request->tag)
        return err_set(err, EX_DATAERR, "there is no tag \"%s\"; hmi tags lists them", request->tag_name);
    if (!request->tag->def.setpoint)
        return err_set(err, EX_NOPERM, "%s is read-only: it has no setpoint in the configuration",
                       request->tag->def.name);
    return true;
}

static bool gate_is_allowed(const struct command_request *request, const struct command_surroundings *around,
                            struct err *err)
{
    (void)around;
    enum role needed = request->tag->def.setpoint->role;
    if (request->barred)
        return err_set(err, EX_NOPERM, "%s", request->barred);
    return request->role >= needed ||
           err_set(err, EX_NOPERM,
                   "this needs the role %s; %s is %s. In the configuration: access = { %s = [ \"%s\" ]; };",
                   ROLE_WORDS[needed], request->user, ROLE_WORDS[request->role], ROLE_WORDS[needed],
                   request->user);
}

static bool gate_is_connected(const struct command_request *request,
                              const struct command_surroundings *around, struct err *err)
{
    (void)request;
    return around->link_up ||
           err_set(err, EX_TEMPFAIL, "the broker is not connected: a command now would come late or never");
}

static bool gate_is_recorded(const struct command_request *request, const struct command_surroundings *around,
                             struct err *err)
{
    (void)request;
    return around->recording ||
           err_set(err, EX_TEMPFAIL, "the disk takes no records now, and no command leaves without one");
}

static bool gate_is_free(const struct command_request *request, const struct command_surroundings *around,
                         struct err *err)
{
    if (around->under_way)
        return err_set(err, EX_TEMPFAIL, "another command for %s is under way", request->tag->def.name);
    if (around->reserved)
        return err_set(err, EX_TEMPFAIL, "%s is being edited by %s", request->tag->def.name,
                       around->reserved->name);
    return around->room || err_set(err, EX_TEMPFAIL, "too many commands are under way");
}

static bool gate_fits_type(const struct command_request *request, const struct command_surroundings *around,
                           struct err *err)
{
    (void)around;
    const struct tag *tag = request->tag;
    const struct value *value = &request->value;
    bool wants_text = tag->def.kind == TAG_TEXT;
    if (wants_text != (value->type == VALUE_TEXT) || value->type == VALUE_NONE)
        return err_set(err, EX_DATAERR, "%s takes %s", tag->def.name, wants_text ? "a text" : "a number");
    if (!wants_text)
        return isfinite(value->number) ||
               err_set(err, EX_DATAERR, "%s takes a number that is finite", tag->def.name);
    char safe[COMMAND_VALUE_MAX + 1];
    if (value->text_length > COMMAND_VALUE_MAX)
        return err_set(err, EX_DATAERR, "%s takes texts of at most %d bytes", tag->def.name,
                       COMMAND_VALUE_MAX);
    utf8_make_safe(safe, sizeof safe, value->text, value->text_length);
    return (strlen(safe) == value->text_length && !memcmp(safe, value->text, value->text_length)) ||
           err_set(err, EX_DATAERR, "%s takes texts without control characters", tag->def.name);
}

static bool gate_is_in_range(const struct command_request *request, const struct command_surroundings *around,
                             struct err *err)
{
    (void)around;
    const struct tag *tag = request->tag;
    const struct setpoint_def *setpoint = tag->def.setpoint;
    double wanted = request->value.number;
    if (tag->def.kind == TAG_TEXT || (wanted >= setpoint->min && wanted <= setpoint->max))
        return true;
    char low[NUM_TEXT_MAX], high[NUM_TEXT_MAX];
    num_format(low, sizeof low, setpoint->min, -1);
    num_format(high, sizeof high, setpoint->max, -1);
    return err_set(err, EX_DATAERR, "%s takes %s to %s%s%s", tag->def.name, low, high,
                   tag->def.unit ? " " : "", tag->def.unit ? tag->def.unit : "");
}

/* A device that is told the state's text can be told nothing else. */
static bool gate_has_its_text(const struct command_request *request,
                              const struct command_surroundings *around, struct err *err)
{
    const struct tag *tag = request->tag;
    char number[NUM_TEXT_MAX];
    if (!setpoint_payload_has_state(tag->def.setpoint->payload) ||
        command_state_text(around->plant, tag, request->value.number))
        return true;
    num_format_exact(number, sizeof number, request->value.number);
    return err_set(err, EX_DATAERR, "%s takes one of its states; %s is none", tag->def.name, number);
}

/* The state of the plant has to be known before it is changed, and a value that only the history knows is of any age.
 * What was never heard at all may be commanded: there are devices that report only once they have been told something. */
static bool gate_is_known(const struct command_request *request, const struct command_surroundings *around,
                          struct err *err)
{
    const struct tag *present = command_present_tag(around->plant, request->tag);
    if (!present)
        return err_set(err, EX_CONFIG, "the readback \"%s\" of %s is no tag",
                       request->tag->def.setpoint->readback, request->tag->def.name);
    const struct tag *tags[] = {request->tag, present};
    for (size_t i = 0; i < 2; i++) {
        uint32_t quality = tags[i]->quality;
        if (quality_is_bad(quality) || quality == QUALITY_UNCERTAIN_NO_COMM ||
            quality == QUALITY_UNCERTAIN_LAST_USABLE)
            return err_set(err, EX_TEMPFAIL, "%s is not known now (%s)", tags[i]->def.name,
                           quality_text(quality));
        if (!tags[i]->heard && tags[i]->type != VALUE_NONE)
            return err_set(err, EX_TEMPFAIL,
                           "%s has not reported since the recorder was started: its value is from before",
                           tags[i]->def.name);
    }
    return true;
}

/* The operator saw a text made safe, and a console gives back as much of it as a value of a command holds. */
static bool gate_was_shown(const struct value *shown, const struct value *now, double tolerance)
{
    char safe[3 * PLANT_TEXT_SHOWN_MAX + 1];
    if (now->type != VALUE_TEXT)
        return command_values_are_equal(shown, now, tolerance);
    utf8_make_safe(safe, sizeof safe, now->text, now->text_length);
    const struct value seen = {
        .type = VALUE_TEXT, .text = safe, .text_length = strnlen(safe, COMMAND_VALUE_MAX)};
    return command_values_are_equal(shown, &seen, tolerance);
}

/* A measured value moves by itself: only a readback, a state or a text tells that somebody else was quicker. */
static bool gate_is_unchanged(const struct command_request *request,
                              const struct command_surroundings *around, struct err *err)
{
    const struct tag *present = command_present_tag(around->plant, request->tag);
    struct value now = plant_tag_value(present);
    bool measured = present == request->tag && present->def.kind == TAG_ANALOG;
    if (!request->has_shown || measured || (request->shown.type == VALUE_NONE && now.type == VALUE_NONE) ||
        gate_was_shown(&request->shown, &now, request->tag->def.setpoint->tolerance))
        return true;
    char before[128], after[128];
    gate_describe(present, &request->shown, before, sizeof before);
    gate_describe(present, &now, after, sizeof after);
    return err_set(err, EX_TEMPFAIL, "it changed from %s to %s while you typed", before, after);
}

static bool gate_refuse_move(const struct tag *tag, int code, double bound, const char *when, struct err *err)
{
    char text[NUM_TEXT_MAX];
    const char *unit = tag->def.unit ? tag->def.unit : "";
    num_format(text, sizeof text, bound, -1);
    return err_set(err, code, "%s may be changed by at most %s%s%s %s", tag->def.name, text, *unit ? " " : "",
                   unit, when);
}

static bool gate_moves_gently(const struct command_request *request,
                              const struct command_surroundings *around, struct err *err)
{
    const struct setpoint_def *setpoint = request->tag->def.setpoint;
    const struct tag *present = command_present_tag(around->plant, request->tag);
    struct value now = plant_tag_value(present);
    if (request->value.type != VALUE_NUMBER || (setpoint->max_step <= 0 && setpoint->max_rate <= 0))
        return true;
    if (now.type != VALUE_NUMBER) /* how far it would move nobody knows */
        return err_set(err, EX_TEMPFAIL, "%s has never reported a number, and %s bounds how far %s may move",
                       present->def.name, setpoint->max_step > 0 ? "max_step" : "max_rate",
                       request->tag->def.name);
    double move = fabs(request->value.number - now.number);
    if (setpoint->max_step > 0 && move > setpoint->max_step * (1 + 1e-9))
        return gate_refuse_move(request->tag, EX_DATAERR, setpoint->max_step, "at once", err);
    if (setpoint->max_rate > 0 && around->moved + move > setpoint->max_rate * (1 + 1e-9))
        return gate_refuse_move(request->tag, EX_TEMPFAIL, setpoint->max_rate, "a minute", err);
    return true;
}

static bool gate_is_permitted(const struct command_request *request,
                              const struct command_surroundings *around, struct err *err)
{
    const char *name = request->tag->def.setpoint->permit;
    if (!name)
        return true;
    const struct tag *permit = plant_tag_by_name(around->plant, name);
    if (!permit || !quality_is_good(permit->quality) || permit->type != VALUE_NUMBER)
        return err_set(err, EX_TEMPFAIL, "interlock: whether %s permits it is not known", name);
    return permit->number != 0 || err_set(err, EX_TEMPFAIL, "interlock: %s does not permit it now", name);
}

static gate_check *const CHECKS[] = {
    gate_is_writable,  gate_is_allowed,   gate_fits_type,    gate_is_in_range,
    gate_has_its_text, gate_is_connected, gate_is_recorded,  gate_is_free,
    gate_is_known,     gate_is_unchanged, gate_moves_gently, gate_is_permitted,
};

bool command_gate(const struct command_request *request, const struct command_surroundings *around,
                  struct err *err)
{
    for (size_t i = 0; i < sizeof CHECKS / sizeof *CHECKS; i++)
        if (!CHECKS[i](request, around, err))
            return false;
    return true;
}
