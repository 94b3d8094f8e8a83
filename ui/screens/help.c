/* Help: every action with its keys, from the table of actions; what the marks on the screens mean. */
#include "base/mem.h"
#include "ui/rows.h"
#include "ui/screens/screens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELP_ROWS 6 /* of one entry, in a narrow window */

struct help {
    int top, rows, count;
    enum screen_id below; /* the screen that help was asked on: its keys come first */
};

static void *help_open(struct screen_host *host, uint32_t argument)
{
    (void)argument;
    struct help *help = mem_new(1, sizeof *help);
    help->below = host->below;
    return help;
}

static void help_close(void *state)
{
    free(state);
}

/* ---- the lines, drawn or only counted ---- */

struct help_page {
    const struct pane *pane;
    int y;   /* of the next line; may lie outside */
    int top; /* y of the first line is -top */
};

static void heading(struct help_page *page, const char *text)
{
    if (page->y > -page->top)
        page->y++;
    if (page->y >= 0 && page->y < page->pane->rows)
        pane_rule(page->pane, 1, page->y, page->pane->columns - 2, text);
    page->y++;
}

static void entry(struct help_page *page, const char *keys, const char *text)
{
    pane_text(page->pane, 3, page->y, 16, MEANING_STRONG, keys);
    int rows =
        pane_paragraph(page->pane, 20, page->y, page->pane->columns - 21, HELP_ROWS, MEANING_TEXT, text);
    page->y += rows > 1 ? rows : 1;
}

static void entry_of_action(struct help_page *page, enum action action)
{
    const struct action_row *row = action_row(action);
    char text[256];
    bool gated = row->who > ROLE_VIEWER;
    snprintf(text, sizeof text, "%s%s%s%s", row->help, gated ? " (" : "", gated ? ROLE_WORDS[row->who] : "",
             gated ? ")" : "");
    entry(page, row->keys, text);
}

static void actions_of(struct help_page *page, const char *title, unsigned where, bool everywhere)
{
    bool titled = false;
    for (int i = ACTION_NONE + 1; i < ACTION_COUNT; i++) {
        const struct action_row *row = action_row((enum action)i);
        bool is_everywhere = (row->where & ACTION_ON_ROWS) == ACTION_ON_ROWS;
        if (is_everywhere != everywhere || !(row->where & where))
            continue;
        if (!titled)
            heading(page, title);
        titled = true;
        entry_of_action(page, (enum action)i);
    }
}

/* What is not a key: marks, and words of filters. */
struct help_text {
    const char *mark, *text;
};

static void texts(struct help_page *page, const char *title, const struct help_text *text)
{
    heading(page, title);
    for (; text->mark; text++)
        entry(page, text->mark, text->text);
}

static void marks(struct help_page *page)
{
    static const struct help_text VALUES[] = {
        {"12.3", "a live value of good quality"},
        {"? (12.3)", "not live: stale, link down, from before the start, or the recorder is gone"},
        {"! (12.3)", "bad: the plant or the payload says that the value is none; the last one is shown"},
        {"[1] <2> (3) 4",
         "the priority of its alarm; coloured or reversed until somebody has acknowledged that"},
        {"R", "a retained message: the broker kept it, its age is not known"},
        {0},
    };
    static const struct help_text ALARMS[] = {
        {"[1] <2> (3) 4 -", "priorities: critical, high, medium, low, and what is only recorded"},
        {"UNACK", "in capitals while somebody has to acknowledge it; acked: he has"},
        {"RETURN", "back to normal, and nobody has acknowledged it"},
        {"LATCH", "back to normal, but it stays until it is reset: a, and once more where it reads latch"},
        {"? UNACK", "as it was last known: link down, or the recorder is gone"},
        {"*", "marked with Space: a, z and u are for all that are marked"},
        {0},
    };
    static const struct help_text TAG_WORDS[] = {
        {"boiler temp", "tags with both words in name, description, area or topic"},
        {"quality:bad", "also good, retained, uncertain, stale, lost ..."},
        {"area:pumps", "tags of these areas"},
        {0},
    };
    static const struct help_text ALARM_WORDS[] = {
        {"drum hot", "alarms with both words in address, message, area or group"},
        {"priority:high", "or by its number: priority:2; also area:pumps"},
        {"state:unack", "also acknowledged, returned, latched, shelved, suppressed, out"},
        {0},
    };
    static const struct help_text JOURNAL_WORDS[] = {
        {"from:-8h", "also from:06:00, to:2026-11-22, to:2026-11-22T14:30, to:yesterday"},
        {"tag:boiler.temp", "also operator:alice, kind:refusal, priority:high"},
        {"shelved drum", "entries with both words anywhere"},
        {0},
    };
    texts(page, "Marks before a tag", VALUES);
    texts(page, "Marks of alarms", ALARMS);
    texts(page, "Filter words on Tags", TAG_WORDS);
    texts(page, "Filter words on Alarms", ALARM_WORDS);
    texts(page, "Search words in the journal", JOURNAL_WORDS);
}

static int draw_page(const struct help *help, const struct pane *pane, int top)
{
    struct help_page page = {.pane = pane, .y = -top, .top = top};
    const struct screen_class *below = screen_class_of(help->below);
    if (below)
        actions_of(&page, below->title, below->where, false);
    actions_of(&page, "On every screen", ACTION_ON_ALL, true);
    marks(&page);
    for (int id = SCREEN_NONE + 1; id < SCREEN_ID_COUNT; id++) {
        const struct screen_class *class = screen_class_of((enum screen_id)id);
        if (class && class != below && !class->overlay && class->id != SCREEN_HELP)
            actions_of(&page, class->title, class->where, false);
    }
    return page.y + top;
}

static void help_draw(void *state, struct screen_host *host, const struct pane *pane)
{
    (void)host;
    struct help *help = state;
    struct pane none = pane_part(pane, 0, 0, pane->columns, 0);
    help->count = draw_page(help, &none, 0);
    help->rows = pane->rows > 1 ? pane->rows - 1 : 1;
    int last = help->count > help->rows ? help->count - help->rows : 0;
    if (help->top > last)
        help->top = last;
    if (help->top < 0)
        help->top = 0;
    struct pane body = pane_part(pane, 0, 0, -1, help->rows);
    draw_page(help, &body, help->top);
    if (last)
        pane_printf(pane, 1, pane->rows - 1, -1, MEANING_DIM,
                    "%d%% - arrows and pages scroll, Escape goes back", help->top * 100 / last);
    else
        pane_text(pane, 1, pane->rows - 1, -1, MEANING_DIM, "Escape goes back");
}

static unsigned help_act(void *state, struct screen_host *host, enum action action)
{
    (void)host;
    struct help *help = state;
    long step;
    if (action == ACTION_HELP)
        return SCREEN_CLOSE;
    if (!rows_step_of_action(action, help->rows, (size_t)help->count, &step))
        return SCREEN_IGNORED;
    help->top += (int)step;
    return SCREEN_PAINT;
}

static unsigned help_input(void *state, struct screen_host *host, const struct input *input)
{
    if (input->type == INPUT_WHEEL_UP)
        return help_act(state, host, ACTION_UP);
    return input->type == INPUT_WHEEL_DOWN ? help_act(state, host, ACTION_DOWN) : SCREEN_IGNORED;
}

const struct screen_class SCREEN_CLASS_HELP = {
    .id = SCREEN_HELP,
    .title = "Help",
    .where = ACTION_ON_HELP,
    .open = help_open,
    .close = help_close,
    .draw = help_draw,
    .act = help_act,
    .input = help_input,
};
