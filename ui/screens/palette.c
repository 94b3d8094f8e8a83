/* The palette: type a part of a tag's or an action's name, Enter goes there; and the list that the trend's pens
 * are picked from, which works the same but stays until Escape, so that several can be picked. Both lie over the
 * screen below. */
#include "base/mem.h"
#include "ui/line_editor.h"
#include "ui/screens/screens.h"
#include "ui/tag_list.h"
#include "ui/trend_view.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PALETTE_ROWS    12
#define PALETTE_COLUMNS 64

struct palette_entry {
    enum action action; /* ACTION_NONE: a tag */
    uint32_t tag;
};

struct palette {
    struct line_editor editor;
    size_t matches, cursor;                     /* all that match; which of them is chosen */
    struct palette_entry entries[PALETTE_ROWS]; /* those in sight, from match `top` on */
    size_t top, count;
    unsigned where; /* of the screen below */
    bool pens;      /* tags only, as pens of the trend */
    int first_y, first_x, columns;
};

static void *palette_open(struct screen_host *host, uint32_t argument)
{
    (void)argument;
    struct palette *palette = mem_new(1, sizeof *palette);
    const struct screen_class *below = screen_class_of(host->below);
    palette->where = below ? below->where : 0;
    return palette;
}

static void *palette_open_pens(struct screen_host *host, uint32_t argument)
{
    struct palette *palette = palette_open(host, argument);
    palette->pens = true;
    return palette;
}

static void palette_close(void *state)
{
    free(state);
}

static void add(struct palette *palette, struct palette_entry entry)
{
    if (palette->matches++ >= palette->top && palette->count < PALETTE_ROWS)
        palette->entries[palette->count++] = entry;
}

/* Moving the cursor is no action to be typed. */
static bool is_listed(const struct palette *palette, enum action action)
{
    const struct action_row *row = action_row(action);
    bool moves = action >= ACTION_OPEN && action <= ACTION_RIGHT;
    return !moves && action != ACTION_ESCAPE && action != ACTION_PALETTE && (row->where & palette->where);
}

static void collect_tags(struct palette *palette, const struct mirror *mirror, bool beginning)
{
    const char *typed = palette->editor.text;
    for (size_t i = 0; i < mirror->tag_count; i++) {
        const struct mirror_tag *tag = mirror->tags[i];
        bool begins = strncasecmp(tag->name, typed, strlen(typed)) == 0;
        if (begins == beginning && tag_list_matches(tag, typed))
            add(palette, (struct palette_entry){.tag = tag->id});
    }
}

/* Actions first, then tags whose name begins so, then others that match. */
static void collect_all(struct palette *palette, const struct mirror *mirror)
{
    const char *typed = palette->editor.text;
    palette->count = palette->matches = 0;
    for (int i = ACTION_NONE + 1; i < ACTION_COUNT && !palette->pens; i++) {
        const struct action_row *row = action_row((enum action)i);
        if (is_listed(palette, (enum action)i) && (strncasecmp(row->name, typed, strlen(typed)) == 0 ||
                                                   (strlen(typed) > 2 && strcasestr(row->help, typed))))
            add(palette, (struct palette_entry){.action = (enum action)i});
    }
    if (palette->editor.length || palette->pens) {
        collect_tags(palette, mirror, true);
        collect_tags(palette, mirror, false);
    }
}

/* With the cursor on a match, and in sight. */
static void collect(struct palette *palette, const struct mirror *mirror)
{
    collect_all(palette, mirror);
    if (palette->cursor >= palette->matches)
        palette->cursor = palette->matches ? palette->matches - 1 : 0;
    size_t top = palette->top;
    if (palette->cursor < top)
        palette->top = palette->cursor;
    else if (palette->cursor >= top + PALETTE_ROWS)
        palette->top = palette->cursor - PALETTE_ROWS + 1;
    if (palette->top != top)
        collect_all(palette, mirror);
}

static void draw_entry(const struct palette_entry *entry, const struct screen_host *host,
                       const struct pane *pane, int y)
{
    int name = pane->columns / 2;
    if (entry->action) {
        const struct action_row *row = action_row(entry->action);
        pane_text(pane, 1, y, name - 2, MEANING_STRONG, row->name);
        pane_text(pane, name, y, -1, MEANING_DIM, row->help);
        return;
    }
    const struct mirror_tag *tag = mirror_find(host->mirror, entry->tag);
    if (!tag)
        return;
    size_t pen = trend_view_pen(host->trends, tag->id);
    if (pen < host->trends->pen_count)
        pane_printf(pane, name - 2, y, 1, MEANING_KEY, "%zu", pen + 1);
    pane_text(pane, 1, y, name - 2, MEANING_TEXT, tag->name);
    pane_text(pane, name, y, -1, MEANING_DIM, *tag->description ? tag->description : tag->topic);
}

static void palette_draw(void *state, struct screen_host *host, const struct pane *pane)
{
    struct palette *palette = state;
    collect(palette, host->mirror);
    int columns = pane->columns - 4 < PALETTE_COLUMNS ? pane->columns - 4 : PALETTE_COLUMNS;
    struct pane inside = pane_dialogue(pane, columns, PALETTE_ROWS + 3,
                                       palette->pens ? "Pens of the trend" : "Go to a tag or an action");
    palette->first_x = inside.x - pane->x;
    palette->first_y = inside.y + 1 - pane->y;
    palette->columns = inside.columns;
    pane_text(&inside, 1, 0, 1, MEANING_KEY, ":");
    line_editor_draw(&palette->editor, &inside, 2, 0, inside.columns - 3);
    for (size_t i = 0; i < palette->count; i++)
        draw_entry(&palette->entries[i], host, &inside, (int)i + 1);
    if (palette->count)
        pane_select_row(&inside, (int)(palette->cursor - palette->top) + 1);
    else
        pane_text(&inside, 1, 1, -1, MEANING_DIM, "Nothing is called so.");
    if (palette->matches > palette->count)
        pane_printf(pane, palette->first_x + 2, inside.y - pane->y + inside.rows, -1, MEANING_DIM,
                    " %zu/%zu ", palette->cursor + 1, palette->matches);
}

/* Takes the tag for a pen, or away when it is one. */
static void choose_pen(struct screen_host *host, uint32_t tag)
{
    size_t pen = trend_view_pen(host->trends, tag);
    if (pen < host->trends->pen_count)
        trend_view_remove(host->trends, pen);
    else if (trend_view_add(host->trends, tag) == TREND_FULL)
        screen_host_say(host, MEANING_WARNING, "The trend has its %d pens: X takes the selected one away.",
                        TREND_PENS_MAX);
}

static unsigned choose(struct palette *palette, struct screen_host *host)
{
    size_t row = palette->cursor - palette->top;
    if (row >= palette->count)
        return SCREEN_PAINT;
    struct palette_entry entry = palette->entries[row];
    if (palette->pens) {
        choose_pen(host, entry.tag);
        return SCREEN_PAINT;
    }
    if (entry.action)
        screen_host_do(host, entry.action);
    else
        screen_host_open(host, SCREEN_DETAIL, entry.tag);
    return SCREEN_CLOSE;
}

static unsigned palette_input(void *state, struct screen_host *host, const struct input *input)
{
    struct palette *palette = state;
    bool changed = false;
    if (input->type == INPUT_CLICK || input->type == INPUT_DOUBLE_CLICK) {
        int row = input->y - palette->first_y;
        bool inside = input->x >= palette->first_x && input->x < palette->first_x + palette->columns;
        if (!inside || row < 0 || (size_t)row >= palette->count)
            return SCREEN_CLOSE;
        palette->cursor = palette->top + (size_t)row;
        return choose(palette, host);
    }
    if (input->type != INPUT_KEY || (input->pasted && input->key < ' '))
        return SCREEN_HANDLED;
    if (line_editor_input(&palette->editor, input, &changed)) {
        if (changed)
            palette->cursor = 0;
        collect(palette, host->mirror);
        return SCREEN_PAINT;
    }
    if (input->key == INPUT_ENTER)
        return choose(palette, host);
    if (input->key == INPUT_UP)
        palette->cursor -= palette->cursor > 0;
    else if (input->key == INPUT_DOWN || input->key == INPUT_TAB)
        palette->cursor += palette->cursor + 1 < palette->matches;
    else
        return SCREEN_CLOSE; /* Escape, function keys: nothing is done */
    return SCREEN_PAINT;
}

static bool palette_types(const void *state)
{
    (void)state;
    return true;
}

static const struct screen_key *palette_keys(const void *state)
{
    static const struct screen_key KEYS[] = {{"Enter", "Go"}, {"Escape", "Back"}, {0}};
    static const struct screen_key PENS[] = {{"Enter", "Add or remove"}, {"Escape", "Done"}, {0}};
    return ((const struct palette *)state)->pens ? PENS : KEYS;
}

const struct screen_class SCREEN_CLASS_PALETTE = {
    .id = SCREEN_PALETTE,
    .title = "Go",
    .overlay = true,
    .open = palette_open,
    .close = palette_close,
    .draw = palette_draw,
    .input = palette_input,
    .keys = palette_keys,
    .types = palette_types,
};

const struct screen_class SCREEN_CLASS_PENS = {
    .id = SCREEN_PENS,
    .title = "Pens",
    .overlay = true,
    .open = palette_open_pens,
    .close = palette_close,
    .draw = palette_draw,
    .input = palette_input,
    .keys = palette_keys,
    .types = palette_types,
};
