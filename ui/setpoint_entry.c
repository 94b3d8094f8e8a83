#include "ui/setpoint_entry.h"

#include "base/num.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SETPOINT_LEAP 10 /* steps of PgUp and PgDn */

void setpoint_entry_open(struct setpoint_entry *entry)
{
    memset(entry, 0, sizeof *entry);
    line_editor_clear(&entry->editor);
    line_editor_clear(&entry->reason);
}

bool setpoint_entry_is_armed(const struct setpoint_entry *entry, int64_t now_us)
{
    return entry->stage == SETPOINT_CONFIRMING && now_us - entry->quiet_from_us >= SETPOINT_QUIET_US;
}

struct value setpoint_entry_value(const struct setpoint_entry *entry, const struct setpoint_form *form)
{
    if (form->kind == TAG_TEXT)
        return (struct value){
            .type = VALUE_TEXT, .text = entry->editor.text, .text_length = entry->editor.length};
    return (struct value){.type = VALUE_NUMBER, .number = entry->number};
}

void setpoint_entry_refused(struct setpoint_entry *entry, const char *reason)
{
    entry->stage = SETPOINT_TYPING;
    snprintf(entry->message, sizeof entry->message, "%s", reason);
}

static double setpoint_step(const struct setpoint_form *form)
{
    if (form->step > 0)
        return form->step;
    return form->decimals > 0 ? pow(10, -form->decimals) : 1;
}

/* Without the digits that multiplying by a step leaves behind, but with all of the step's and the limits': what the
 * editor says is what is sent. */
static void setpoint_format(const struct setpoint_form *form, double value, char out[NUM_TEXT_MAX])
{
    double shown;
    num_format(out, NUM_TEXT_MAX, value, form->decimals);
    if (!num_parse(out, strlen(out), &shown) || fabs(shown - value) > setpoint_step(form) * 1e-6)
        snprintf(out, NUM_TEXT_MAX, "%.12g", value);
}

static void setpoint_say_limits(struct setpoint_entry *entry, const struct setpoint_form *form)
{
    char low[NUM_TEXT_MAX], high[NUM_TEXT_MAX], step[NUM_TEXT_MAX] = "";
    setpoint_format(form, form->min, low);
    setpoint_format(form, form->max, high);
    if (form->max_step > 0)
        num_format(step, sizeof step, form->max_step, -1);
    snprintf(entry->message, sizeof entry->message, "%s to %s %s%s%s%s", low, high, form->unit,
             *step ? " now, by at most " : "", step, *step ? " at once" : "");
}

/* Reads what was typed or chosen into entry->number; false with a message when it is nothing to send. */
static bool setpoint_read(struct setpoint_entry *entry, const struct setpoint_form *form)
{
    entry->message[0] = '\0';
    if (form->choice_count) {
        if (entry->chosen)
            entry->number = form->choices[entry->choice].value;
        else
            snprintf(entry->message, sizeof entry->message, "choose with the arrow keys");
        return entry->chosen;
    }
    if (form->kind == TAG_TEXT) {
        if (!entry->editor.length)
            snprintf(entry->message, sizeof entry->message, "type a text");
        return entry->editor.length > 0;
    }
    if (!num_parse(entry->editor.text, entry->editor.length, &entry->number) || !isfinite(entry->number)) {
        bool comma = strchr(entry->editor.text, ',') != NULL;
        snprintf(entry->message, sizeof entry->message, "%s",
                 comma ? "a number with a point, not a comma" : "type a number");
        return false;
    }
    double slack = form->max_step * 1e-9; /* as the gate's, for the limits of the moment are sums */
    if (entry->number >= form->min - slack && entry->number <= form->max + slack)
        return true;
    setpoint_say_limits(entry, form);
    return false;
}

/* From what is typed, or else from the present value, on the grid of the step, within the limits. */
static void setpoint_move(struct setpoint_entry *entry, const struct setpoint_form *form, int steps)
{
    double value, step = setpoint_step(form);
    char number[NUM_TEXT_MAX];
    if (!num_parse(entry->editor.text, entry->editor.length, &value) || !isfinite(value)) {
        if (entry->editor.length)
            return;
        value = form->has_present ? form->present : form->min;
    }
    value = round(value / step + steps) * step;
    value = fmin(fmax(value, form->min), form->max);
    setpoint_format(form, value, number);
    line_editor_clear(&entry->editor);
    for (const char *at = number; *at; at++)
        line_editor_input(&entry->editor, &(struct input){.type = INPUT_KEY, .key = (uint32_t)*at}, NULL);
}

static void setpoint_choose(struct setpoint_entry *entry, const struct setpoint_form *form, int steps)
{
    if (!entry->chosen) {
        /* Begins beside the present one, so that one key is one change. */
        for (size_t i = 0; i < form->choice_count; i++)
            if (form->has_present && form->choices[i].value == form->present)
                entry->choice = i;
        if (!form->has_present)
            steps = 0;
    }
    long next = (long)entry->choice + steps, last = (long)form->choice_count - 1;
    entry->choice = (size_t)(next < 0 ? 0 : next > last ? last : next);
    entry->chosen = true;
}

/* Up is more: a higher value, or the choice before. */
static enum setpoint_effect setpoint_arrow(struct setpoint_entry *entry, const struct setpoint_form *form,
                                           uint32_t key)
{
    static const struct {
        uint32_t key;
        int steps;
    } ARROWS[] = {
        {INPUT_UP, 1}, {INPUT_DOWN, -1}, {INPUT_PAGE_UP, SETPOINT_LEAP}, {INPUT_PAGE_DOWN, -SETPOINT_LEAP}};
    for (size_t i = 0; i < sizeof ARROWS / sizeof *ARROWS; i++) {
        if (ARROWS[i].key != key)
            continue;
        entry->message[0] = '\0';
        if (form->choice_count)
            setpoint_choose(entry, form, -ARROWS[i].steps);
        else if (form->kind != TAG_TEXT)
            setpoint_move(entry, form, ARROWS[i].steps);
        return SETPOINT_CHANGED;
    }
    return SETPOINT_NOTHING;
}

static enum setpoint_effect setpoint_type(struct setpoint_entry *entry, const struct setpoint_form *form,
                                          const struct input *input, int64_t now_us)
{
    bool changed = false;
    if (input->pasted && input->key < ' ')
        return SETPOINT_NOTHING; /* a pasted line end is no Enter */
    if (input->key == INPUT_ESCAPE || input->key == INPUT_F1 + 9)
        return SETPOINT_CLOSE;
    if (input->key == INPUT_ENTER) {
        if (!setpoint_read(entry, form))
            return SETPOINT_CHANGED;
        entry->stage = form->confirm ? SETPOINT_CONFIRMING : SETPOINT_SENT;
        entry->quiet_from_us = now_us;
        return form->confirm ? SETPOINT_SUMMARISE : SETPOINT_SEND;
    }
    if (input->key == INPUT_TAB || input->key == INPUT_BACK_TAB) {
        entry->on_reason = !entry->on_reason;
        return SETPOINT_CHANGED;
    }
    if (entry->on_reason)
        return line_editor_input(&entry->reason, input, NULL) ? SETPOINT_CHANGED : SETPOINT_NOTHING;
    enum setpoint_effect effect = input->pasted ? SETPOINT_NOTHING : setpoint_arrow(entry, form, input->key);
    if (effect != SETPOINT_NOTHING || form->choice_count)
        return effect;
    if (!line_editor_input(&entry->editor, input, &changed))
        return SETPOINT_NOTHING;
    if (changed)
        entry->message[0] = '\0';
    return SETPOINT_CHANGED;
}

static enum setpoint_effect setpoint_confirm(struct setpoint_entry *entry, const struct input *input,
                                             int64_t now_us)
{
    bool armed = setpoint_entry_is_armed(entry, now_us);
    entry->quiet_from_us = now_us;
    if (input->pasted)
        return SETPOINT_NOTHING;
    if (input->key == INPUT_ESCAPE || input->key == 'n' || input->key == INPUT_F1 + 9) {
        entry->stage = SETPOINT_TYPING;
        entry->message[0] = '\0';
        return SETPOINT_CHANGED;
    }
    if (!armed || input->key != SETPOINT_CONFIRM_KEY)
        return SETPOINT_NOTHING;
    entry->stage = SETPOINT_SENT;
    return SETPOINT_SEND;
}

enum setpoint_effect setpoint_entry_key(struct setpoint_entry *entry, const struct setpoint_form *form,
                                        const struct input *input, int64_t now_us)
{
    if (input->type != INPUT_KEY)
        return SETPOINT_NOTHING; /* no click commands the plant */
    if (entry->stage == SETPOINT_TYPING)
        return setpoint_type(entry, form, input, now_us);
    if (entry->stage == SETPOINT_CONFIRMING)
        return setpoint_confirm(entry, input, now_us);
    bool away = input->key == INPUT_ESCAPE || input->key == INPUT_ENTER || input->key == INPUT_F1 + 9;
    bool leads_on = input->key >= INPUT_F1 && input->key <= INPUT_F12;
    if (input->pasted)
        return SETPOINT_NOTHING;
    return away ? SETPOINT_CLOSE : leads_on ? SETPOINT_LEAVE : SETPOINT_NOTHING;
}
