/* Alarms: those that stand, those that are withheld, and the journal; what operators do to them.
 * Order, cursor, marks and what a key means are those of ui/alarm_list.c and ui/journal_list.c.
 *
 * What must stay true: a request leaves in one place only, alarms_request(), and names what alarm_list_pick() gives:
 * alarms that were on the screen. While somebody types, letters are letters. */
#include "base/mem.h"
#include "ui/rows.h"
#include "ui/screens/alarm_journal.h"
#include "ui/screens/alarms_internal.h"
#include "ui/screens/screens.h"
#include "ui/trend_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALARMS_WHEEL_ROWS 3

static void *alarms_open(struct screen_host *host, uint32_t argument)
{
    (void)host;
    (void)argument;
    struct alarms_screen *screen = mem_new(1, sizeof *screen);
    alarm_list_init(&screen->lists[ALARMS_STANDING], false);
    alarm_list_init(&screen->lists[ALARMS_WITHHELD], true);
    journal_list_init(&screen->journal);
    buf_init(&screen->lines, 0);
    return screen;
}

static void alarms_close(void *state)
{
    struct alarms_screen *screen = state;
    for (int i = 0; i < ALARMS_LISTS; i++)
        alarm_list_free(&screen->lists[i]);
    journal_list_free(&screen->journal);
    buf_free(&screen->lines);
    alarm_shelve_close(&screen->shelve);
    free(screen);
}

static void alarms_update(struct alarms_screen *screen, const struct screen_host *host)
{
    for (int i = 0; i < ALARMS_LISTS; i++)
        alarm_list_update(&screen->lists[i], host->mirror, host->mono_us);
}

static void alarms_draw(void *state, struct screen_host *host, const struct pane *pane)
{
    struct alarms_screen *screen = state;
    alarms_update(screen, host);
    alarms_draw_all(screen, host, pane);
}

/* ---- requests ---- */

/* Puts what is meant into screen->lines, and says what is left out. Returns how many alarms that are. */
static size_t alarms_pick(struct alarms_screen *screen, struct screen_host *host, enum alarm_pick_from from,
                          enum alarm_pick_for purpose)
{
    struct alarm_pick pick =
        alarm_list_pick(alarms_list(screen), host->mirror, from, purpose, host->mono_us, &screen->lines);
    if (pick.left_out)
        screen_host_say(host, MEANING_WARNING, "%s%s", pick.count ? "Not all: " : "Not done: ", pick.why);
    else if (!pick.count)
        screen_host_say(host, MEANING_MESSAGE, "Nothing on this page waits to be acknowledged.");
    return pick.count;
}

static void alarms_request(struct alarms_screen *screen, struct screen_host *host, enum alarm_pick_from from,
                           enum alarm_pick_for purpose, enum wire_action action)
{
    if (!alarms_pick(screen, host, from, purpose))
        return;
    screen_host_request(host,
                        &(struct wire_ask){.action = (uint32_t)action, .argument = buf_text(&screen->lines)});
    alarm_list_unmark_picked(alarms_list(screen));
}

/* Which alarms is settled now; the marks go when they are asked for, not when the operator gives up. */
static void alarms_shelve(struct alarms_screen *screen, struct screen_host *host, enum wire_action action)
{
    size_t count = alarms_pick(screen, host, ALARM_PICK_CURSOR, ALARM_PICK_SHELVE);
    if (count)
        alarm_shelve_open(&screen->shelve, host, action, buf_text(&screen->lines), count);
}

/* What an operator withholds: those that are shelved, and where none of them is, those that are out of service. Of marks
 * of both kinds the second stay, for the next press of the key. */
static void alarms_put_back(struct alarms_screen *screen, struct screen_host *host)
{
    struct alarm_pick shelved = alarm_list_pick(alarms_list(screen), host->mirror, ALARM_PICK_CURSOR,
                                                ALARM_PICK_UNSHELVE, host->mono_us, &screen->lines);
    if (shelved.count)
        alarms_request(screen, host, ALARM_PICK_CURSOR, ALARM_PICK_UNSHELVE, WIRE_ACTION_UNSHELVE);
    else
        alarms_request(screen, host, ALARM_PICK_CURSOR, ALARM_PICK_IN_SERVICE, WIRE_ACTION_IN_SERVICE);
}

static unsigned alarms_shelve_input(struct alarms_screen *screen, struct screen_host *host,
                                    const struct input *input)
{
    bool sent = false;
    unsigned effect = alarm_shelve_input(&screen->shelve, host, input, &sent);
    if (sent)
        alarm_list_unmark_picked(alarms_list(screen));
    return effect;
}

static bool alarms_is_operation(enum action action)
{
    return action == ACTION_ACKNOWLEDGE || action == ACTION_ACKNOWLEDGE_PAGE || action == ACTION_SHELVE ||
           action == ACTION_UNSHELVE || action == ACTION_OUT_OF_SERVICE || action == ACTION_MARK;
}

/* What an operator does to alarms. */
static unsigned alarms_operate(struct alarms_screen *screen, struct screen_host *host, enum action action)
{
    bool standing = screen->tab == ALARMS_STANDING;
    if (!alarms_list(screen)) {
        screen_host_say(host, MEANING_WARNING,
                        "The journal tells what happened; alarms are on the first list.");
        return SCREEN_PAINT;
    }
    switch (action) {
    case ACTION_ACKNOWLEDGE:
    case ACTION_ACKNOWLEDGE_PAGE:
        if (standing)
            alarms_request(screen, host, action == ACTION_ACKNOWLEDGE ? ALARM_PICK_CURSOR : ALARM_PICK_PAGE,
                           ALARM_PICK_ACKNOWLEDGE, WIRE_ACTION_ACKNOWLEDGE);
        else
            screen_host_say(host, MEANING_WARNING, "What is withheld waits for no acknowledgement.");
        return SCREEN_PAINT;
    case ACTION_SHELVE:
        alarms_shelve(screen, host, WIRE_ACTION_SHELVE);
        return SCREEN_PAINT;
    case ACTION_OUT_OF_SERVICE:
        alarms_shelve(screen, host, WIRE_ACTION_OUT_OF_SERVICE);
        return SCREEN_PAINT;
    case ACTION_UNSHELVE:
        alarms_put_back(screen, host);
        return SCREEN_PAINT;
    case ACTION_MARK:
        if (alarm_list_current_group(alarms_list(screen)))
            alarm_list_fold(alarms_list(screen));
        else if (alarm_list_mark(alarms_list(screen)))
            alarm_list_move(alarms_list(screen), 1);
        return SCREEN_PAINT;
    default:
        return SCREEN_IGNORED;
    }
}

/* ---- moving, filtering ---- */

static void alarms_step(struct alarms_screen *screen, long step)
{
    if (alarms_list(screen))
        alarm_list_move(alarms_list(screen), step);
    else
        journal_list_move(&screen->journal, step);
}

static bool alarms_move(struct alarms_screen *screen, enum action action)
{
    const struct alarm_list *list = alarms_list(screen);
    long step;
    if (!rows_step_of_action(action, screen->rows, list ? list->row_count : screen->journal.count, &step))
        return false;
    alarms_step(screen, step);
    return true;
}

static void alarms_set_filter(struct alarms_screen *screen, const struct screen_host *host,
                              const char *filter)
{
    if (alarms_list(screen))
        alarm_list_set_filter(alarms_list(screen), filter);
    else
        journal_list_set_filter(&screen->journal, filter, host->wall_us);
    screen->widths[screen->tab] = (struct grid_memory){.window = 0};
}

static void alarms_clear_filter(struct alarms_screen *screen, const struct screen_host *host)
{
    screen->typing = false;
    line_editor_clear(&screen->filter);
    alarms_set_filter(screen, host, "");
}

static unsigned alarms_go_tab(struct alarms_screen *screen, int tab)
{
    screen->tab = (enum alarms_tab)((tab + ALARMS_TABS) % ALARMS_TABS);
    screen->typing = false;
    line_editor_clear(&screen->filter);
    return SCREEN_TURN;
}

/* Escape takes back one thing at a time: marks, then the filter, then it leaves the screen. */
static unsigned alarms_escape(struct alarms_screen *screen, const struct screen_host *host)
{
    struct alarm_list *list = alarms_list(screen);
    if (list && list->mark_count)
        alarm_list_unmark_all(list);
    else if (*alarms_filter(screen))
        alarms_clear_filter(screen, host);
    else
        return SCREEN_IGNORED;
    return SCREEN_PAINT;
}

/* The tag of what the cursor is on; 0: none that is there. */
static uint32_t alarms_tag(void *state, struct screen_host *host)
{
    struct alarms_screen *screen = state;
    alarms_update(screen, host);
    if (!alarms_list(screen))
        return alarm_journal_tag(&screen->journal, host->mirror);
    const struct mirror_alarm *alarm = alarm_list_current(alarms_list(screen), host->mirror);
    return alarm && mirror_find(host->mirror, alarm->record.tag) ? alarm->record.tag : 0;
}

static unsigned alarms_open_tag(struct alarms_screen *screen, struct screen_host *host)
{
    uint32_t tag = alarms_tag(screen, host);
    if (tag)
        screen_host_open(host, SCREEN_DETAIL, tag);
    else
        screen_host_say(host, MEANING_MESSAGE, "This is about no tag.");
    return SCREEN_PAINT;
}

/* The alarm that the cursor is on; in the journal the entry's, while it is not normal. NULL: none. */
static const struct mirror_alarm *alarms_current(struct alarms_screen *screen, const struct mirror *mirror)
{
    if (alarms_list(screen))
        return alarm_list_current(alarms_list(screen), mirror);
    const struct journal_entry *entry = journal_list_current(&screen->journal);
    const char *address = entry ? journal_entry_subject(entry) : "";
    for (size_t i = 0; i < mirror->alarm_count; i++)
        if (!strcmp(mirror->alarms[i]->record.address, address))
            return mirror->alarms[i];
    return NULL;
}

static unsigned alarms_open_alarm(struct alarms_screen *screen, struct screen_host *host)
{
    const struct mirror_alarm *alarm = alarms_current(screen, host->mirror);
    if (alarm)
        screen_host_open(host, SCREEN_ALARM, alarm->record.alarm + 1);
    else if (alarms_list(screen))
        alarm_list_fold(alarms_list(screen));
    else
        return alarms_open_tag(screen, host);
    return SCREEN_PAINT;
}

/* Areas; the journal has none. */
static unsigned alarms_group(struct alarms_screen *screen, enum action action)
{
    struct alarm_list *list = alarms_list(screen);
    if (!list)
        return SCREEN_HANDLED;
    if (action == ACTION_GROUP)
        alarm_list_group(list, !list->grouped);
    else
        alarm_list_fold_all(list, action == ACTION_FOLD_ALL);
    return SCREEN_PAINT;
}

/* The trend of the entry's tag at the time of the entry. What stands now is shown live, as on every screen. */
static unsigned alarms_show_trend(struct alarms_screen *screen, struct screen_host *host)
{
    const struct journal_entry *entry = journal_list_current(&screen->journal);
    uint32_t tag = alarms_tag(screen, host);
    if (alarms_list(screen))
        return SCREEN_IGNORED;
    if (!tag) {
        screen_host_say(host, MEANING_MESSAGE, "This is about no tag.");
        return SCREEN_HANDLED;
    }
    trend_view_show(host->trends, tag, entry->place.ts_us, host->wall_us);
    screen_host_open(host, SCREEN_TRENDS, 0);
    return SCREEN_HANDLED;
}

/* ---- actions ---- */

static unsigned alarms_act(void *state, struct screen_host *host, enum action action)
{
    struct alarms_screen *screen = state;
    alarms_update(screen, host);
    bool opens = action == ACTION_ALARMS || action == ACTION_JOURNAL; /* which touches no row */
    if (alarms_list(screen) && !opens)
        alarms_list(screen)->touched = true;
    if (alarms_is_operation(action))
        return alarms_operate(screen, host, action);
    if (alarms_move(screen, action))
        return SCREEN_PAINT;
    switch (action) {
    case ACTION_OPEN_ALARM:
        return alarms_open_alarm(screen, host);
    case ACTION_FACEPLATE:
        return alarms_open_tag(screen, host);
    case ACTION_TREND:
        return alarms_show_trend(screen, host);
    case ACTION_ALARMS:
    case ACTION_JOURNAL:
        return alarms_go_tab(screen, action == ACTION_JOURNAL ? ALARMS_JOURNAL : ALARMS_STANDING);
    case ACTION_NEXT_TAB:
    case ACTION_PREVIOUS_TAB:
        return alarms_go_tab(screen, (int)screen->tab + (action == ACTION_NEXT_TAB ? 1 : -1));
    case ACTION_GROUP:
    case ACTION_FOLD_ALL:
    case ACTION_UNFOLD_ALL:
        return alarms_group(screen, action);
    case ACTION_FILTER:
        line_editor_set(&screen->filter, alarms_filter(screen));
        screen->typing = true;
        return SCREEN_PAINT;
    case ACTION_ESCAPE:
        return alarms_escape(screen, host);
    default:
        return SCREEN_IGNORED;
    }
}

/* ---- typing and the mouse ---- */

static unsigned alarms_type(struct alarms_screen *screen, struct screen_host *host, const struct input *input)
{
    bool changed = false;
    if (input->key == INPUT_ENTER) {
        screen->typing = false;
    } else if (input->key == INPUT_ESCAPE) {
        alarms_clear_filter(screen, host);
    } else if (line_editor_input(&screen->filter, input, &changed)) {
        if (changed)
            alarms_set_filter(screen, host, screen->filter.text);
    } else {
        /* Arrows up and down, pages and function keys do what they always do; letters never come here. */
        return alarms_move(screen, action_of_key(input->key, ACTION_ON_ALARMS)) ? SCREEN_PAINT
                                                                                : SCREEN_IGNORED;
    }
    return SCREEN_PAINT;
}

static unsigned alarms_click(struct alarms_screen *screen, struct screen_host *host,
                             const struct input *input)
{
    const struct alarm_list *list = alarms_list(screen);
    for (int i = 0; input->y == 0 && i < ALARMS_TABS; i++)
        if (input->x < screen->tab_x[i])
            return alarms_go_tab(screen, i);
    size_t top = list ? list->top : screen->journal.top, at = list ? list->cursor : screen->journal.cursor;
    size_t row = top + (size_t)(input->y - 2), count = list ? list->row_count : screen->journal.count;
    if (input->y < 2 || input->y >= screen->rows + 2 || row >= count)
        return SCREEN_HANDLED;
    alarms_step(screen, (long)row - (long)at);
    return input->type == INPUT_DOUBLE_CLICK ? alarms_open_alarm(screen, host) : SCREEN_PAINT;
}

static unsigned alarms_input(void *state, struct screen_host *host, const struct input *input)
{
    struct alarms_screen *screen = state;
    alarms_update(screen, host);
    if (screen->shelve.open)
        return alarms_shelve_input(screen, host, input);
    switch (input->type) {
    case INPUT_KEY:
        return screen->typing ? alarms_type(screen, host, input) : SCREEN_IGNORED;
    case INPUT_WHEEL_UP:
    case INPUT_WHEEL_DOWN:
        alarms_step(screen, input->type == INPUT_WHEEL_UP ? -ALARMS_WHEEL_ROWS : ALARMS_WHEEL_ROWS);
        return SCREEN_PAINT;
    case INPUT_CLICK:
    case INPUT_DOUBLE_CLICK:
        return alarms_click(screen, host, input);
    case INPUT_NOTHING:
        break;
    }
    return SCREEN_IGNORED;
}

static bool alarms_types(const void *state)
{
    return ((const struct alarms_screen *)state)->typing;
}

static const struct screen_key *alarms_keys(const void *state)
{
    static const struct screen_key TYPING[] = {{"Enter", "Keep"}, {"Escape", "Show all"}, {0}};
    const struct alarms_screen *screen = state;
    if (screen->shelve.open)
        return alarm_shelve_keys();
    return screen->typing ? TYPING : NULL;
}

/* What can be done to alarms depends on the list, and on whether there is any in it. */
static bool alarms_offers(const void *state, enum action action)
{
    const struct alarms_screen *screen = state;
    bool any = screen->tab < ALARMS_LISTS && screen->lists[screen->tab].row_count > 0;
    switch (action) {
    case ACTION_ACKNOWLEDGE:
    case ACTION_ACKNOWLEDGE_PAGE:
        return any && screen->tab == ALARMS_STANDING;
    case ACTION_UNSHELVE:
        return any && screen->tab == ALARMS_WITHHELD;
    case ACTION_SHELVE:
    case ACTION_OUT_OF_SERVICE:
    case ACTION_GROUP:
        return any;
    default:
        return true;
    }
}

static void alarms_lock(void *state)
{
    struct alarms_screen *screen = state;
    alarm_shelve_close(&screen->shelve);
    screen->typing = false;
}

static void alarms_history(void *state, struct screen_host *host, const struct history_result *result)
{
    (void)host;
    struct alarms_screen *screen = state;
    journal_list_take(&screen->journal, result);
}

const struct screen_class SCREEN_CLASS_ALARMS = {
    .id = SCREEN_ALARMS,
    .title = "Alarms",
    .where = ACTION_ON_ALARMS,
    .open = alarms_open,
    .close = alarms_close,
    .draw = alarms_draw,
    .act = alarms_act,
    .input = alarms_input,
    .keys = alarms_keys,
    .types = alarms_types,
    .offers = alarms_offers,
    .history = alarms_history,
    .lock = alarms_lock,
    .tag = alarms_tag,
};
