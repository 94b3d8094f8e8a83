#include "ui/key_bar.h"

#include "ui/input.h"

#include <stdio.h>
#include <string.h>

#define KEY_BAR_KEY_MAX 16
#define KEY_BAR_GAP     2 /* columns between two keys; one where that lets more of them have room */

struct key_bar_item {
    enum action action;
    char key[KEY_BAR_KEY_MAX];
    const char *label;
    int x, columns;
};

struct key_bar {
    struct key_bar_item items[ACTION_COUNT];
    size_t count;
};

/* ---- which keys ---- */

static void key_bar_add(struct key_bar *bar, enum action action, const char *label)
{
    struct key_bar_item *item = &bar->items[bar->count++];
    *item = (struct key_bar_item){.action = action, .label = label};
    action_first_key(action, item->key, sizeof item->key);
    item->columns = (int)(strlen(item->key) + strlen(label));
}

static void key_bar_collect(struct key_bar *bar, const struct key_bar_screen *screen)
{
    bar->count = 0;
    for (int i = ACTION_NONE + 1; i < ACTION_COUNT; i++) {
        const struct action_row *row = action_row((enum action)i);
        bool offered = !screen->offers || screen->offers(screen->context, (enum action)i);
        if (*row->label && (row->where & screen->where) && offered)
            key_bar_add(bar, (enum action)i, i == ACTION_BACK && screen->top ? "Quit" : row->label);
    }
}

static int key_bar_columns(const struct key_bar *bar, int gap)
{
    int columns = bar->count ? -gap : 0;
    for (size_t i = 0; i < bar->count; i++)
        columns += bar->items[i].columns + gap;
    return columns;
}

static void key_bar_remove(struct key_bar *bar, size_t at)
{
    bar->count--;
    memmove(&bar->items[at], &bar->items[at + 1], (bar->count - at) * sizeof bar->items[0]);
}

/* Which of the keys gives way next: the higher, the sooner. */
static int key_bar_rank(enum action action)
{
    if (action == ACTION_HELP)
        return 0;
    if (action == ACTION_BACK)
        return 1;
    bool everywhere = action_row(action)->where == ACTION_ON_ALL;
    return (everywhere ? ACTION_COUNT : 1) + (int)action;
}

static void key_bar_remove_least(struct key_bar *bar)
{
    size_t least = 0;
    for (size_t i = 1; i < bar->count; i++)
        if (key_bar_rank(bar->items[i].action) > key_bar_rank(bar->items[least].action))
            least = i;
    key_bar_remove(bar, least);
}

/* Help moves to the end, under the key that every terminal has. */
static void key_bar_point_to_help(struct key_bar *bar)
{
    for (size_t i = 0; i < bar->count; i++)
        if (bar->items[i].action == ACTION_HELP)
            key_bar_remove(bar, i);
    key_bar_add(bar, ACTION_HELP, " all keys");
    struct key_bar_item *help = &bar->items[bar->count - 1];
    snprintf(help->key, sizeof help->key, "?");
    help->columns = (int)(strlen(help->key) + strlen(help->label));
}

/* What is in the bar, and where: drawing and clicking agree. */
static void key_bar_lay_out(struct key_bar *bar, const struct pane *pane, const struct key_bar_screen *screen)
{
    key_bar_collect(bar, screen);
    if (key_bar_columns(bar, 1) > pane->columns) {
        key_bar_point_to_help(bar);
        while (bar->count && key_bar_columns(bar, 1) > pane->columns)
            key_bar_remove_least(bar);
    }
    int gap = key_bar_columns(bar, KEY_BAR_GAP) <= pane->columns ? KEY_BAR_GAP : 1;
    for (size_t i = 0; i < bar->count; i++)
        bar->items[i].x = i ? bar->items[i - 1].x + bar->items[i - 1].columns + gap : 0;
}

/* ---- the table's keys ---- */

static void key_bar_draw_key(const struct pane *pane, int x, const char *key, const char *label)
{
    int used = pane_text(pane, x, 0, -1, MEANING_KEY, key);
    pane_text(pane, x + used, 0, -1, MEANING_KEY_LABEL, label);
}

void key_bar_draw(const struct pane *pane, const struct key_bar_screen *screen)
{
    struct key_bar bar;
    key_bar_lay_out(&bar, pane, screen);
    for (size_t i = 0; i < bar.count; i++)
        key_bar_draw_key(pane, bar.items[i].x, bar.items[i].key, bar.items[i].label);
}

enum action key_bar_action_at(const struct pane *pane, const struct key_bar_screen *screen, int x)
{
    struct key_bar bar;
    key_bar_lay_out(&bar, pane, screen);
    for (size_t i = 0; i < bar.count; i++)
        if (x >= bar.items[i].x && x < bar.items[i].x + bar.items[i].columns)
            return bar.items[i].action;
    return ACTION_NONE;
}

/* ---- a screen's own keys ---- */

static int key_bar_own_columns(const struct screen_key *key)
{
    return (int)(strlen(key->key) + strlen(key->label));
}

void key_bar_draw_own(const struct pane *pane, const struct screen_key *keys)
{
    for (int x = 0; keys->key; x += key_bar_own_columns(keys) + KEY_BAR_GAP, keys++)
        key_bar_draw_key(pane, x, keys->key, keys->label);
}

uint32_t key_bar_own_at(const struct screen_key *keys, int x)
{
    for (int start = 0; keys->key; start += key_bar_own_columns(keys) + KEY_BAR_GAP, keys++)
        if (x >= start && x < start + key_bar_own_columns(keys))
            return input_key_of_name(keys->key);
    return 0;
}
