/* The key bar at the foot of the console: what the keys of this screen do, here and now. Pure drawing.
 *
 * Where not all of them have room, the most important do, and "? all keys" at the end says that there are more:
 * keys of every screen give way first, from the last row of the table of actions (action.h) up; then this screen's,
 * from its last row up; "back" and "? all keys" stay to the last. So the order of a screen's rows in the table is
 * that of their importance. */
#ifndef UI_KEY_BAR_H
#define UI_KEY_BAR_H

#include "ui/action.h"
#include "ui/canvas.h"
#include "ui/screen.h"

#include <stdbool.h>
#include <stdint.h>

/* What a bar is about. */
struct key_bar_screen {
    unsigned where; /* one bit of enum action_where: of its actions those that have a label */
    bool top;       /* nothing lies below, so that "back" is "quit" */

    /* Whether the action does something here and now; NULL: all do. What changes with every step of a cursor is left
     * to the key's answer, for a bar that changes under the eye cannot be read. */
    bool (*offers)(const void *context, enum action action);
    const void *context;
};

/* The bar in row 0 of `pane`. */
void key_bar_draw(const struct pane *pane, const struct key_bar_screen *screen);

/* The action whose place in that bar holds column x; ACTION_NONE between them. */
enum action key_bar_action_at(const struct pane *pane, const struct key_bar_screen *screen, int x);

/* The bar of a screen that takes its keys itself; those that fit. */
void key_bar_draw_own(const struct pane *pane, const struct screen_key *keys);

/* The key of `keys` whose place holds column x; 0 between them. */
uint32_t key_bar_own_at(const struct screen_key *keys, int x);

#endif
