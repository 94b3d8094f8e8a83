/* Giving a setpoint: type or choose the value, look at the summary, confirm, watch what becomes of it. What a key means
 * is decided by ui/setpoint_entry; here it is drawn, and sent.
 *
 * Nobody shall confirm what will be refused: the entry takes what max_step leaves of the limits now, and while the
 * summary stands the recorder is asked once a second whether its gate would let the value through (WIRE_ACTION_TRY_SET:
 * rate, permit, quality, link, who else is at it). Its answer stands above the confirming key, which works all the same:
 * the recorder decides when it is asked in earnest, and keeps that on record.
 *
 * What must stay true: the request leaves in one place only, setpoint_send(), for SETPOINT_SEND of the entry; the key bar
 * offers no key that confirms, for a click on it would be one. */
#include "base/mem.h"
#include "base/num.h"
#include "base/timefmt.h"
#include "base/utf8.h"
#include "plant/command.h"
#include "plant/quality.h"
#include "ui/link.h"
#include "ui/screens/screens.h"
#include "ui/setpoint_entry.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETPOINT_COLUMNS       62
#define SETPOINT_ROWS          16
#define SETPOINT_LABEL         10 /* columns of the labels */
#define SETPOINT_CHOICES       6  /* rows of the list of states */
#define SETPOINT_CHANGE_ROWS   6  /* of the change that is confirmed: the longest text has room */
#define SETPOINT_TRIAL_US      INT64_C(1000000) /* between looks ahead */
#define SETPOINT_TRIAL_LOST_US INT64_C(5000000) /* without an answer */

struct setpoint_screen {
    uint32_t tag;
    struct setpoint_entry entry;
    struct command_value shown; /* what was present when the operator began */
    struct link *link;          /* outlives the screen */
    uint32_t request;           /* 0: none was sent */
    uint64_t command;           /* that the recorder has let through; 0: none */
    uint32_t trial;             /* the last look ahead; 0: none of this summary */
    int64_t trial_us;           /* when it was asked for (monotonic) */
    bool trial_answered, trial_good;
    char objection[SETPOINT_MESSAGE_MAX]; /* why it would be refused now, safe */
};

/* ---- the setpoint ---- */

/* NULL: it is gone, or can no longer be set. */
static const struct mirror_tag *setpoint_tag(const struct setpoint_screen *screen,
                                             const struct mirror *mirror)
{
    const struct mirror_tag *tag = mirror_find(mirror, screen->tag);
    return tag && tag->setpoint ? tag : NULL;
}

/* One command moves it by so much at most: what that leaves of the limits, from where it is now. */
static void setpoint_narrow(struct setpoint_form *form, double max_step)
{
    if (!(max_step > 0) || !form->has_present || form->kind == TAG_TEXT)
        return;
    double low = fmax(form->min, form->present - max_step), high = fmin(form->max, form->present + max_step);
    if (low > high || (low == form->min && high == form->max))
        return; /* it is out of its limits: the recorder says what may be done */
    form->min = low;
    form->max = high;
    form->max_step = max_step;
}

static void setpoint_make_form(const struct mirror *mirror, const struct mirror_tag *tag,
                               struct setpoint_form *form)
{
    const struct mirror_tag *present = mirror_tag_present(mirror, tag);
    const struct mirror_tag *stated = present->state_count ? present : tag; /* START before RUNNING */
    *form = (struct setpoint_form){.kind = tag->kind,
                                   .min = tag->setpoint->low,
                                   .max = tag->setpoint->high,
                                   .step = tag->setpoint->step,
                                   .decimals = tag->decimals,
                                   .unit = tag->unit,
                                   .confirm = tag->setpoint->confirm,
                                   .has_present = present->live && present->type == VALUE_NUMBER,
                                   .present = present->number};
    for (size_t i = 0; tag->kind == TAG_DISCRETE && i < stated->state_count; i++) {
        const struct mirror_state *state = &stated->states[i];
        if (state->value >= form->min && state->value <= form->max &&
            form->choice_count < SETPOINT_CHOICES_MAX)
            form->choices[form->choice_count++] =
                (struct setpoint_choice){.value = state->value, .text = state->text};
    }
    if (!form->choice_count)
        setpoint_narrow(form, tag->setpoint->max_step);
}

static void setpoint_note_shown(struct setpoint_screen *screen, const struct mirror *mirror)
{
    const struct mirror_tag *tag = setpoint_tag(screen, mirror);
    if (!tag)
        return;
    const struct mirror_tag *present = mirror_tag_present(mirror, tag);
    const struct value value = {.type = present->type,
                                .number = present->number,
                                .text = present->text,
                                .text_length = present->text ? strlen(present->text) : 0};
    command_set_value(&screen->shown, &value);
}

static void *setpoint_open(struct screen_host *host, uint32_t argument)
{
    struct setpoint_screen *screen = mem_new(1, sizeof *screen);
    screen->tag = argument;
    screen->link = host->link;
    setpoint_entry_open(&screen->entry);
    setpoint_note_shown(screen, host->mirror);
    link_edit(host->link, screen->tag, host->mono_us);
    return screen;
}

static void setpoint_close(void *state)
{
    struct setpoint_screen *screen = state;
    link_edit(screen->link, 0, 0);
    free(screen);
}

/* ---- sending ---- */

static void setpoint_refuse(struct setpoint_screen *screen, const struct mirror *mirror, const char *reason)
{
    screen->request = 0;
    setpoint_entry_refused(&screen->entry, reason);
    setpoint_note_shown(screen, mirror); /* he sees it now, and decides anew */
}

static uint32_t setpoint_ask(const struct setpoint_screen *screen, enum wire_action action,
                             const struct mirror_tag *tag, const struct setpoint_form *form)
{
    const struct value value = setpoint_entry_value(&screen->entry, form);
    const struct wire_ask ask = {
        .action = action,
        .argument = tag->name,
        .reason = screen->entry.reason.text,
        .value_type = value.type,
        .number = value.number,
        .text = value.type == VALUE_TEXT ? value.text : "",
        .has_shown = 1,
        .shown_type = screen->shown.type,
        .shown_number = screen->shown.number,
        .shown_text = screen->shown.text,
    };
    return link_request(screen->link, &ask);
}

static void setpoint_send(struct setpoint_screen *screen, struct screen_host *host,
                          const struct mirror_tag *tag, const struct setpoint_form *form)
{
    screen->request = setpoint_ask(screen, WIRE_ACTION_SET, tag, form);
    link_edit(host->link, 0, host->mono_us);
    if (!screen->request)
        setpoint_refuse(screen, host->mirror, "no recorder of this version is attached");
}

/* Asks whether it would be let through, for as long as the summary stands, and takes the answer. */
static void setpoint_look_ahead(struct setpoint_screen *screen, struct screen_host *host,
                                const struct mirror_tag *tag, const struct setpoint_form *form)
{
    const struct wire_answer *answer = &host->mirror->answer;
    if (screen->trial && answer->request == screen->trial) {
        screen->trial_answered = true;
        screen->trial_good = answer->good;
        snprintf(screen->objection, sizeof screen->objection, "%s", answer->text);
    }
    int64_t wait_us = screen->trial_answered ? SETPOINT_TRIAL_US : SETPOINT_TRIAL_LOST_US;
    if (screen->trial && host->mono_us - screen->trial_us < wait_us)
        return;
    screen->trial = setpoint_ask(screen, WIRE_ACTION_TRY_SET, tag, form);
    screen->trial_us = host->mono_us;
}

/* The summary is left, or a new one opens: he has seen the present value, and each is asked for by itself. */
static void setpoint_forget_trial(struct setpoint_screen *screen, const struct mirror *mirror)
{
    if (screen->trial_answered && !screen->trial_good)
        setpoint_note_shown(screen, mirror);
    screen->trial = 0;
    screen->trial_answered = screen->trial_good = false;
}

/* Takes the recorder's answer. */
static void setpoint_follow(struct setpoint_screen *screen, const struct mirror *mirror)
{
    const struct wire_answer *answer = &mirror->answer;
    if (!screen->request || screen->command || answer->request != screen->request)
        return;
    if (answer->good)
        screen->command = answer->command;
    else
        setpoint_refuse(screen, mirror, answer->text);
}

static unsigned setpoint_input(void *state, struct screen_host *host, const struct input *input)
{
    struct setpoint_screen *screen = state;
    const struct mirror_tag *tag = setpoint_tag(screen, host->mirror);
    struct setpoint_form form;
    if (!tag)
        return SCREEN_CLOSE;
    setpoint_follow(screen, host->mirror);
    setpoint_make_form(host->mirror, tag, &form);
    switch (setpoint_entry_key(&screen->entry, &form, input, host->mono_us)) {
    case SETPOINT_SUMMARISE:
        setpoint_forget_trial(screen, host->mirror);
        screen_host_drop_input(host);
        link_edit(host->link, screen->tag, host->mono_us);
        return SCREEN_PAINT;
    case SETPOINT_SEND:
        setpoint_send(screen, host, tag, &form);
        return SCREEN_PAINT;
    case SETPOINT_CLOSE:
        return SCREEN_CLOSE;
    case SETPOINT_LEAVE: /* unless the recorder has still to say whether it lets the command through */
        return screen->command ? SCREEN_LEAVE : SCREEN_HANDLED;
    case SETPOINT_CHANGED:
        setpoint_forget_trial(screen, host->mirror);
        link_edit(host->link, screen->tag, host->mono_us);
        return SCREEN_PAINT;
    default:
        return SCREEN_HANDLED;
    }
}

/* ---- drawing ---- */

static void setpoint_draw_present(const struct pane *pane, const struct mirror *mirror,
                                  const struct mirror_tag *tag, const struct setpoint_form *form)
{
    char value[MIRROR_TEXT_MAX], low[NUM_TEXT_MAX], high[NUM_TEXT_MAX];
    const struct mirror_tag *present = mirror_tag_present(mirror, tag);
    mirror_tag_value(present, value, sizeof value);
    pane_text(pane, 2, 1, -1, MEANING_DIM, tag->description);
    pane_text(pane, 2, 2, SETPOINT_LABEL, MEANING_DIM, "now");
    pane_printf(pane, 2 + SETPOINT_LABEL, 2, -1,
                mirror_tag_trust(present) == MIRROR_GOOD ? MEANING_VALUE : MEANING_VALUE_UNCERTAIN,
                present == tag ? "%s %s %s" : "%s %s %s (%s)", *value ? value : "nothing", tag->unit,
                mirror_tag_word(present), present->name);
    if (!isfinite(tag->setpoint->low) || tag->kind == TAG_DISCRETE)
        return;
    num_format(low, sizeof low, tag->setpoint->low, -1);
    num_format(high, sizeof high, tag->setpoint->high, -1);
    pane_text(pane, 2, 3, SETPOINT_LABEL, MEANING_DIM, "limits");
    int x = 2 + SETPOINT_LABEL;
    x += pane_printf(pane, x, 3, -1, MEANING_TEXT, "%s to %s %s", low, high, tag->unit);
    if (form->max_step <= 0)
        return;
    num_format(low, sizeof low, form->min, -1);
    num_format(high, sizeof high, form->max, -1);
    pane_printf(pane, x, 3, -1, MEANING_STRONG, "; now %s to %s", low, high);
}

/* Somebody else gives it now: one may look, and type, but the recorder lets him finish first. */
static void setpoint_draw_other(const struct pane *pane, const struct mirror *mirror, uint32_t tag)
{
    char since[TIMEFMT_MAX];
    const struct wire_reservation *other = mirror_find_reservation(mirror, tag);
    if (!other || other->self)
        return;
    timefmt_local(since, sizeof since, other->since_us, 0);
    pane_printf(pane, 2, 4, pane->columns - 4, MEANING_WARNING, "%.64s (%.80s) is editing this since %s",
                other->operator_name, other->station, since);
}

static void setpoint_draw_reason(const struct pane *pane, const struct setpoint_entry *entry)
{
    int y = SETPOINT_ROWS - 5;
    pane_text(pane, 2, y, SETPOINT_LABEL, MEANING_DIM, "reason");
    if (entry->on_reason)
        line_editor_draw(&entry->reason, pane, 2 + SETPOINT_LABEL, y, 40);
    else
        pane_text(pane, 2 + SETPOINT_LABEL, y, -1, *entry->reason.text ? MEANING_TEXT : MEANING_DIM,
                  *entry->reason.text ? entry->reason.text : "none; Tab goes there");
}

static void setpoint_draw_typing(const struct pane *pane, const struct setpoint_entry *entry,
                                 const struct setpoint_form *form)
{
    size_t first = entry->choice >= SETPOINT_CHOICES ? entry->choice - SETPOINT_CHOICES + 1 : 0;
    pane_text(pane, 2, 5, SETPOINT_LABEL, MEANING_DIM, "new");
    for (size_t i = first; i < form->choice_count && i < first + SETPOINT_CHOICES; i++) {
        bool chosen = entry->chosen && i == entry->choice;
        pane_printf(pane, 2 + SETPOINT_LABEL, 5 + (int)(i - first), -1,
                    chosen ? MEANING_STRONG : MEANING_TEXT, "%s %s", chosen ? ">" : " ",
                    form->choices[i].text);
    }
    if (!form->choice_count && !entry->on_reason)
        line_editor_draw(&entry->editor, pane, 2 + SETPOINT_LABEL, 5, 40);
    else if (!form->choice_count)
        pane_text(pane, 2 + SETPOINT_LABEL, 5, 40, MEANING_TEXT, entry->editor.text);
    setpoint_draw_reason(pane, entry);
    pane_text(pane, 2, SETPOINT_ROWS - 4, pane->columns - 4, MEANING_ERROR, entry->message);
    pane_text(pane, 2, SETPOINT_ROWS - 3, -1, MEANING_DIM,
              form->confirm ? "Enter: look at it once more   arrow keys: choose, step"
                            : "Enter sends it   arrow keys: choose, step");
}

/* What is about to be sent, as the operator reads it. */
static void setpoint_describe(const struct setpoint_screen *screen, const struct mirror *mirror,
                              const struct mirror_tag *tag, const struct setpoint_form *form, char *out,
                              size_t size)
{
    const struct mirror_tag *present = mirror_tag_present(mirror, tag);
    if (form->kind == TAG_TEXT)
        snprintf(out, size, "%s", screen->entry.editor.text);
    else
        mirror_tag_number_whole(tag->state_count && !present->state_count ? tag : present,
                                screen->entry.number, out, size);
}

/* What he confirms stands there whole: in lines of its own where name, old and new value are too long for one. Returns
 * the rows taken. */
static int setpoint_draw_change(const struct pane *pane, int y, const char *name, const char *old,
                                const char *new)
{
    int columns = pane->columns - 4;
    char *line = mem_format("%s  %s -> %s", name, old, new);
    int rows = 1;
    if (utf8_columns(line) <= columns) {
        pane_text(pane, 2, y, columns, MEANING_STRONG, line);
    } else {
        pane_printf(pane, 2, y, columns, MEANING_DIM, "%s ->", old);
        rows += pane_paragraph(pane, 2, y + 1, columns, SETPOINT_CHANGE_ROWS - 1, MEANING_STRONG, new);
    }
    free(line);
    return rows;
}

static void setpoint_draw_summary(const struct setpoint_screen *screen, struct screen_host *host,
                                  const struct pane *pane, const struct mirror_tag *tag,
                                  const struct setpoint_form *form)
{
    char old[MIRROR_TEXT_MAX], value[MIRROR_TEXT_MAX];
    bool armed = setpoint_entry_is_armed(&screen->entry, host->mono_us);
    mirror_tag_value(mirror_tag_present(host->mirror, tag), old, sizeof old);
    setpoint_describe(screen, host->mirror, tag, form, value, sizeof value);
    char *new = mem_format("%s%s%s", value, *tag->unit ? " " : "", tag->unit);
    int y = 5 + setpoint_draw_change(pane, 5, tag->name, *old ? old : "nothing", new);
    free(new);
    if (*screen->entry.reason.text)
        pane_printf(pane, 2, y++, pane->columns - 4, MEANING_DIM, "because: %s", screen->entry.reason.text);
    if (screen->trial_answered && !screen->trial_good) {
        pane_text(pane, 2, y++, -1, MEANING_ERROR, "It would be refused now:");
        y += pane_paragraph(pane, 2, y, pane->columns - 4, 2, MEANING_ERROR, screen->objection);
    }
    if (!armed)
        host->paint_due_us = screen->entry.quiet_from_us + SETPOINT_QUIET_US;
    pane_printf(pane, 2, y, -1, armed ? MEANING_STRONG : MEANING_DIM,
                armed ? "%c sends it      n goes back" : "%c sends it, in a moment", SETPOINT_CONFIRM_KEY);
}

static void setpoint_draw_stage(const struct pane *pane, int y, const char *what, int64_t ms)
{
    if (ms < 0)
        return;
    pane_text(pane, 2, y, 20, MEANING_DIM, what);
    pane_printf(pane, 22, y, -1, MEANING_TEXT, "%6" PRId64 " ms", ms);
}

static void setpoint_draw_command(const struct setpoint_screen *screen, const struct mirror *mirror,
                                  const struct pane *pane)
{
    const struct wire_command *command =
        screen->command ? mirror_find_command(mirror, screen->command) : NULL;
    if (!command) {
        pane_text(pane, 2, 5, -1, MEANING_TEXT,
                  mirror->attached ? "asking the recorder ..."
                                   : "the recorder is lost: the view commands will tell");
        return;
    }
    bool bad = command->state > COMMAND_UNVERIFIED;
    setpoint_draw_stage(pane, 5, "on record", command->ms_journaled);
    setpoint_draw_stage(pane, 6, "sent", command->ms_published);
    setpoint_draw_stage(pane, 7, "broker answered", command->ms_broker);
    setpoint_draw_stage(pane, 8, "read back", command->ms_readback);
    if (*command->answer) {
        pane_text(pane, 2, 9, 20, MEANING_DIM, "device answered");
        pane_text(pane, 22, 9, pane->columns - 24, MEANING_TEXT, command->answer);
    }
    pane_text(pane, 2, 10, -1, bad ? MEANING_ERROR : MEANING_STRONG, COMMAND_STATE_WORDS[command->state]);
    pane_paragraph(pane, 2, 11, pane->columns - 4, 2, MEANING_TEXT, COMMAND_STATE_TEXTS[command->state]);
    pane_text(pane, 2, 13, pane->columns - 4, MEANING_DIM, command->detail);
}

static void setpoint_draw(void *state, struct screen_host *host, const struct pane *pane)
{
    struct setpoint_screen *screen = state;
    const struct mirror_tag *tag = setpoint_tag(screen, host->mirror);
    struct setpoint_form form;
    char title[160];
    snprintf(title, sizeof title, "Set %.140s", tag ? tag->name : "");
    struct pane inside = pane_dialogue(pane, SETPOINT_COLUMNS, SETPOINT_ROWS, title);
    if (!tag) {
        pane_text(&inside, 2, 1, -1, MEANING_ERROR, "it can no longer be set");
        return;
    }
    setpoint_follow(screen, host->mirror);
    setpoint_make_form(host->mirror, tag, &form);
    if (screen->entry.stage == SETPOINT_CONFIRMING)
        setpoint_look_ahead(screen, host, tag, &form);
    setpoint_draw_present(&inside, host->mirror, tag, &form);
    if (screen->entry.stage != SETPOINT_SENT)
        setpoint_draw_other(&inside, host->mirror, tag->id);
    if (screen->entry.stage == SETPOINT_TYPING)
        setpoint_draw_typing(&inside, &screen->entry, &form);
    else if (screen->entry.stage == SETPOINT_CONFIRMING)
        setpoint_draw_summary(screen, host, &inside, tag, &form);
    else
        setpoint_draw_command(screen, host->mirror, &inside);
}

static const struct screen_key *setpoint_keys(const void *state)
{
    static const struct screen_key KEYS[][6] = {
        [SETPOINT_TYPING] = {{"Tab", "Reason"}, {"Escape", "Back"}, {0}},
        [SETPOINT_CONFIRMING] = {{"Escape", "Back"}, {0}},
        [SETPOINT_SENT] = {{"Escape", "Close"},
                           {"F2", "Tags"},
                           {"F3", "Trends"},
                           {"F4", "Alarms"},
                           {"F7", "Commands"},
                           {0}},
    };
    return KEYS[((const struct setpoint_screen *)state)->entry.stage];
}

const struct screen_class SCREEN_CLASS_SETPOINT = {
    .id = SCREEN_SETPOINT,
    .title = "Set",
    .overlay = true,
    .open = setpoint_open,
    .close = setpoint_close,
    .draw = setpoint_draw,
    .input = setpoint_input,
    .keys = setpoint_keys,
};
