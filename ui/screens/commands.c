/* Commands: those that are under way, with the time that runs, what became of the others, what was refused, and what
 * somebody else published on setpoints' topics. The list is ui/command_list.c, what is said command_cells.c.
 * Nothing here gives a command; `e` on a row opens the dialogue of its tag. */
#include "base/mem.h"
#include "base/utf8.h"
#include "plant/command.h"
#include "ui/command_list.h"
#include "ui/history_reader.h"
#include "ui/line_editor.h"
#include "ui/link.h"
#include "ui/rows.h"
#include "ui/screens/command_cells.h"
#include "ui/screens/screens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMANDS_WHEEL_ROWS 3
#define COMMANDS_CLOCK_US   INT64_C(100000) /* how often the clock of one under way is painted */
#define COMMANDS_COLUMNS    76              /* of one in full */
#define COMMANDS_ROWS       20

struct commands_screen {
    struct command_list list;
    struct grid_memory widths;
    struct line_editor filter;
    bool typing;   /* into the filter */
    bool whole;    /* the one under the cursor is shown in full */
    int rows;      /* of commands that the last picture had room for */
    bool asked;    /* for those of the history, of this attachment */
    bool awaiting; /* its answer */
    uint32_t snapshot;
    char history_error[256]; /* safe; "" when the history could be read */
};

static void *commands_open(struct screen_host *host, uint32_t argument)
{
    (void)host;
    (void)argument;
    struct commands_screen *screen = mem_new(1, sizeof *screen);
    command_list_init(&screen->list);
    return screen;
}

static void commands_close(void *state)
{
    struct commands_screen *screen = state;
    command_list_free(&screen->list);
    free(screen);
}

/* ---- the history ---- */

/* Once for each attachment: whatever comes after its snapshot the recorder tells by itself. */
static void commands_ask_history(struct commands_screen *screen, struct screen_host *host)
{
    if (!host->history || !host->mirror->complete ||
        (screen->asked && screen->snapshot == host->mirror->snapshot))
        return;
    screen->asked = screen->awaiting = true;
    screen->snapshot = host->mirror->snapshot;
    struct history_request *request = mem_new(1, sizeof *request);
    request->purpose = HISTORY_COMMANDS;
    request->ticket = screen->snapshot;
    history_reader_ask(host->history, request);
    free(request);
}

static void commands_history(void *state, struct screen_host *host, const struct history_result *result)
{
    struct commands_screen *screen = state;
    (void)host;
    if (result->purpose != HISTORY_COMMANDS || result->ticket != screen->snapshot)
        return;
    screen->awaiting = false;
    utf8_make_safe(screen->history_error, sizeof screen->history_error, result->error, strlen(result->error));
    if (!result->good)
        return;
    struct wire_command *copy = mem_new(result->command_count + 1, sizeof *copy);
    for (size_t i = 0; i < result->command_count; i++)
        mirror_keep(WIRE_COMMAND, &copy[i], &result->commands[i]);
    command_list_take_old(&screen->list, copy, result->command_count);
}

/* ---- drawing ---- */

static void commands_draw_empty(const struct commands_screen *screen, const struct screen_host *host,
                                const struct pane *pane)
{
    const struct mirror *mirror = host->mirror;
    const struct command_list *list = &screen->list;
    if (link_is_starting(host->link, host->mono_us))
        pane_text(pane, 2, 1, -1, MEANING_DIM, "attaching…");
    else if (!mirror->attached && !list->all_count)
        pane_paragraph(pane, 2, 1, pane->columns - 4, pane->rows - 1, MEANING_TEXT, link_text(host->link));
    else if (screen->awaiting)
        pane_text(pane, 2, 1, -1, MEANING_DIM, "Reading the history ...");
    else if (list->all_count) {
        pane_printf(pane, 2, 1, -1, MEANING_TEXT, "No command matches \"%s\".", list->filter);
        pane_printf(pane, 2, 2, -1, MEANING_DIM, "Escape shows all %zu again.", list->all_count);
    } else {
        pane_text(pane, 2, 1, -1, MEANING_DIM,
                  "No commands were given yet; e on a tag with a setpoint gives one.");
    }
}

/* The line at the foot: what is typed, else what the row of the cursor has no room for; and the place in the list. */
static void commands_draw_foot(const struct commands_screen *screen, const struct pane *pane, int y)
{
    char place[96];
    const struct command_list *list = &screen->list;
    const struct wire_command *command = command_list_current(list);
    const char *fault = command_list_fault(list->filter);
    size_t at = list->row_count ? list->cursor + 1 : 0;
    snprintf(place, sizeof place,
             *list->filter     ? "%s%s%zu/%zu of %zu"
             : list->row_count ? "%s%s%zu/%zu"
                               : "%s%s",
             fault, *fault ? "  " : "", at, list->row_count, list->all_count);
    pane_text_right(pane, 0, y, pane->columns - 1, *fault ? MEANING_WARNING : MEANING_DIM, place);
    int room = pane->columns - (int)strlen(place) - 3, x = 1;
    if (screen->typing) {
        x += pane_text(pane, x, y, room, MEANING_KEY, "/");
        line_editor_draw(&screen->filter, pane, x, y, room - 1);
        return;
    }
    if (*list->filter)
        x += pane_printf(pane, x, y, room, MEANING_MATCH, "/%s", list->filter) + 2;
    if (*screen->history_error && x < room)
        pane_printf(pane, x, y, room - x + 1, MEANING_WARNING, "history: %s", screen->history_error);
    else if (command && x < room)
        pane_printf(pane, x, y, room - x + 1, MEANING_TEXT, "%s%s%s", COMMAND_STATE_TEXTS[command->state],
                    *command->detail ? ": " : "", command->detail);
}

static void commands_draw_whole(const struct command_cells *cells, const struct wire_command *command,
                                const struct pane *pane)
{
    char title[64];
    bool numbered = command->command < COMMAND_FOREIGN_ID;
    snprintf(title, sizeof title, numbered ? "Command %llu" : "Published by somebody else",
             (unsigned long long)command->command);
    struct pane inside = pane_dialogue(pane, COMMANDS_COLUMNS, COMMANDS_ROWS, title);
    command_cells_draw_whole(cells, command, &inside);
}

static void commands_draw(void *state, struct screen_host *host, const struct pane *pane)
{
    struct commands_screen *screen = state;
    struct command_list *list = &screen->list;
    const struct command_cells cells = {
        .mirror = host->mirror, .wall_us = host->wall_us, .memory = &screen->widths};
    struct pane body = pane_part(pane, 0, 0, -1, pane->rows - 1);
    commands_ask_history(screen, host);
    command_list_update(list, host->mirror);
    screen->rows = body.rows > 1 ? body.rows - 1 : 0;
    command_list_scroll(list, (size_t)screen->rows);
    if (list->row_count)
        command_cells_draw(&cells, list, &body);
    else
        commands_draw_empty(screen, host, &body);
    commands_draw_foot(screen, pane, pane->rows - 1);
    if (screen->whole && list->row_count)
        commands_draw_whole(&cells, command_list_current(list), &body);
    if (list->pending && host->mirror->attached)
        host->paint_due_us = host->mono_us + COMMANDS_CLOCK_US;
}

/* ---- actions ---- */

static bool commands_move(struct commands_screen *screen, enum action action)
{
    long step;
    if (!rows_step_of_action(action, screen->rows, screen->list.row_count, &step))
        return false;
    command_list_move(&screen->list, step);
    return true;
}

static void commands_set_filter(struct commands_screen *screen, const char *filter)
{
    command_list_set_filter(&screen->list, filter);
    screen->widths = (struct grid_memory){.window = 0};
}

static void commands_clear_filter(struct commands_screen *screen)
{
    screen->typing = false;
    line_editor_clear(&screen->filter);
    commands_set_filter(screen, "");
}

/* Escape takes back one thing at a time, then it leaves the screen. */
static unsigned commands_escape(struct commands_screen *screen)
{
    if (screen->whole)
        screen->whole = false;
    else if (*screen->list.filter)
        commands_clear_filter(screen);
    else
        return SCREEN_IGNORED;
    return SCREEN_PAINT;
}

static void commands_open_tag(const struct commands_screen *screen, struct screen_host *host)
{
    const struct wire_command *command = command_list_current(&screen->list);
    if (command && mirror_find(host->mirror, command->tag))
        screen_host_open(host, SCREEN_DETAIL, command->tag);
    else if (command)
        screen_host_say(host, MEANING_MESSAGE, "There is no tag of that name any more.");
}

static unsigned commands_act(void *state, struct screen_host *host, enum action action)
{
    struct commands_screen *screen = state;
    command_list_update(&screen->list, host->mirror);
    if (commands_move(screen, action))
        return SCREEN_PAINT;
    switch (action) {
    case ACTION_OPEN_COMMAND:
        command_list_go(&screen->list, screen->list.cursor); /* it stays on this one from now on */
        screen->whole = !screen->whole;
        return SCREEN_PAINT;
    case ACTION_FACEPLATE:
        commands_open_tag(screen, host);
        return SCREEN_PAINT;
    case ACTION_FILTER:
        screen->typing = true;
        screen->whole = false;
        return SCREEN_PAINT;
    case ACTION_ESCAPE:
        return commands_escape(screen);
    default:
        return SCREEN_IGNORED;
    }
}

static unsigned commands_type(struct commands_screen *screen, const struct input *input)
{
    bool changed = false;
    if (input->key == INPUT_ENTER) {
        screen->typing = false;
    } else if (input->key == INPUT_ESCAPE) {
        commands_clear_filter(screen);
    } else if (line_editor_input(&screen->filter, input, &changed)) {
        if (changed)
            commands_set_filter(screen, screen->filter.text);
    } else {
        /* Arrows up and down, pages and function keys do what they always do; letters never come here. */
        return commands_move(screen, action_of_key(input->key, ACTION_ON_COMMANDS)) ? SCREEN_PAINT
                                                                                    : SCREEN_IGNORED;
    }
    return SCREEN_PAINT;
}

static unsigned commands_click(struct commands_screen *screen, const struct input *input)
{
    size_t row = screen->list.top + (size_t)(input->y - 1);
    if (screen->whole)
        screen->whole = false;
    else if (input->y >= 1 && input->y <= screen->rows && row < screen->list.row_count) {
        command_list_go(&screen->list, row);
        screen->whole = input->type == INPUT_DOUBLE_CLICK;
    }
    return SCREEN_PAINT;
}

static unsigned commands_input(void *state, struct screen_host *host, const struct input *input)
{
    struct commands_screen *screen = state;
    command_list_update(&screen->list, host->mirror);
    switch (input->type) {
    case INPUT_KEY:
        return screen->typing ? commands_type(screen, input) : SCREEN_IGNORED;
    case INPUT_WHEEL_UP:
    case INPUT_WHEEL_DOWN:
        command_list_move(&screen->list,
                          input->type == INPUT_WHEEL_UP ? -COMMANDS_WHEEL_ROWS : COMMANDS_WHEEL_ROWS);
        return SCREEN_PAINT;
    case INPUT_CLICK:
    case INPUT_DOUBLE_CLICK:
        return commands_click(screen, input);
    case INPUT_NOTHING:
        break;
    }
    return SCREEN_IGNORED;
}

static bool commands_types(const void *state)
{
    return ((const struct commands_screen *)state)->typing;
}

static const struct screen_key *commands_keys(const void *state)
{
    static const struct screen_key TYPING[] = {{"Enter", "Keep"}, {"Escape", "Show all"}, {0}};
    static const struct screen_key WHOLE[] = {{"Escape", "Close"}, {"Up", "Newer"}, {"Down", "Older"},
                                              {"i", "Info"},       {"t", "Trend"},  {0}};
    const struct commands_screen *screen = state;
    if (screen->typing)
        return TYPING;
    return screen->whole && screen->list.row_count ? WHOLE : NULL;
}

/* The keys of a row need one. */
static bool commands_offers(const void *state, enum action action)
{
    const struct commands_screen *screen = state;
    bool of_row = action == ACTION_FACEPLATE || action == ACTION_TREND;
    return !of_row || screen->list.row_count;
}

static uint32_t commands_tag(void *state, struct screen_host *host)
{
    struct commands_screen *screen = state;
    command_list_update(&screen->list, host->mirror);
    const struct wire_command *command = command_list_current(&screen->list);
    return command ? command->tag : 0;
}

static void commands_lock(void *state)
{
    ((struct commands_screen *)state)->typing = false;
}

const struct screen_class SCREEN_CLASS_COMMANDS = {
    .id = SCREEN_COMMANDS,
    .title = "Commands",
    .where = ACTION_ON_COMMANDS,
    .open = commands_open,
    .close = commands_close,
    .draw = commands_draw,
    .act = commands_act,
    .input = commands_input,
    .keys = commands_keys,
    .types = commands_types,
    .offers = commands_offers,
    .history = commands_history,
    .lock = commands_lock,
    .tag = commands_tag,
};
