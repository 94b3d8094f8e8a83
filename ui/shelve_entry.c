#include "ui/shelve_entry.h"

#include "base/clock.h"

#include <string.h>

static const int64_t SPANS_US[] = {
    5 * CLOCK_US_PER_MINUTE, 15 * CLOCK_US_PER_MINUTE, 30 * CLOCK_US_PER_MINUTE, CLOCK_US_PER_HOUR,
    2 * CLOCK_US_PER_HOUR,   4 * CLOCK_US_PER_HOUR,    8 * CLOCK_US_PER_HOUR,    12 * CLOCK_US_PER_HOUR,
    CLOCK_US_PER_DAY,        7 * CLOCK_US_PER_DAY};

#define FIRST_CHOICE_US (30 * CLOCK_US_PER_MINUTE)

void shelve_entry_open(struct shelve_entry *entry, int64_t max_us)
{
    *entry = (struct shelve_entry){.max_us = max_us, .message = ""};
    for (size_t i = 0; i < sizeof SPANS_US / sizeof *SPANS_US; i++)
        if (!max_us || SPANS_US[i] < max_us)
            entry->spans_us[entry->span_count++] = SPANS_US[i];
    if (max_us)
        entry->spans_us[entry->span_count++] = max_us;
    while (entry->span + 1 < entry->span_count && entry->spans_us[entry->span] < FIRST_CHOICE_US)
        entry->span++;
}

void shelve_entry_open_reason(struct shelve_entry *entry)
{
    *entry = (struct shelve_entry){.field = SHELVE_REASON, .only_reason = true, .message = ""};
}

static void shelve_go_field(struct shelve_entry *entry, int step)
{
    int field = (int)entry->field + step;
    if (!entry->only_reason && field >= 0 && field < SHELVE_FIELDS)
        entry->field = (enum shelve_field)field;
}

static void shelve_choose(struct shelve_entry *entry, int step)
{
    if (step > 0 && entry->span + 1 < entry->span_count)
        entry->span++;
    else if (step < 0 && entry->span > 0)
        entry->span--;
}

static enum shelve_result shelve_enter(struct shelve_entry *entry)
{
    if (entry->field != SHELVE_REASON) {
        shelve_go_field(entry, 1);
        return SHELVE_CHANGED;
    }
    if (!entry->reason.text[strspn(entry->reason.text, " ")]) {
        entry->message = "a reason is needed: it stands in the journal";
        return SHELVE_CHANGED;
    }
    return SHELVE_SEND;
}

/* Keys of the field that the cursor is in. */
static enum shelve_result shelve_field_key(struct shelve_entry *entry, const struct input *input)
{
    bool left = input->key == INPUT_LEFT, right = input->key == INPUT_RIGHT;
    if (entry->field == SHELVE_REASON)
        return line_editor_input(&entry->reason, input, NULL) ? SHELVE_CHANGED : SHELVE_IGNORED;
    if (entry->field == SHELVE_SPAN && (left || right))
        shelve_choose(entry, right ? 1 : -1);
    else if (entry->field == SHELVE_ONCE && (left || right || input->key == ' '))
        entry->once = !entry->once;
    else
        return SHELVE_IGNORED;
    return SHELVE_CHANGED;
}

enum shelve_result shelve_entry_key(struct shelve_entry *entry, const struct input *input)
{
    if (input->type != INPUT_KEY)
        return SHELVE_IGNORED;
    if (input->pasted) /* text, never a command: a newline in it sends nothing */
        return entry->field == SHELVE_REASON && line_editor_input(&entry->reason, input, NULL)
                   ? SHELVE_CHANGED
                   : SHELVE_IGNORED;
    entry->message = "";
    switch (input->key) {
    case INPUT_ESCAPE:
        return SHELVE_CLOSE;
    case INPUT_ENTER:
        return shelve_enter(entry);
    case INPUT_TAB:
    case INPUT_DOWN:
        shelve_go_field(entry, 1);
        return SHELVE_CHANGED;
    case INPUT_BACK_TAB:
    case INPUT_UP:
        shelve_go_field(entry, -1);
        return SHELVE_CHANGED;
    default:
        return shelve_field_key(entry, input);
    }
}
