/* The idle lock: a console that nobody has used for a while goes on showing the plant, on whatever screen somebody looks
 * at, and takes no command until somebody types the name of the user that it belongs to. Pure; time is an argument.
 *
 * What it is for: a stray hand, a cleaner's cloth, a colleague who takes the console for his own. Whoever types the name
 * knows in whose name he acts then, and the journal has it. It proves nobody's identity: who may act is decided by the
 * Unix user that the kernel names, so a console that strangers can reach is left (F10) or locked by its terminal.
 *
 * So that looking and typing the name go together: letters, digits and the like are the name's; function keys, arrows,
 * pages, the mouse, and the few LOCK_LOOKS are the screens', and so is everything while a filter is typed there. With a
 * name begun, the keys of a line editor are the name's, too.
 *
 * What must stay true: while it is locked nothing that a key or a click does changes the plant. Three things see to
 * that: the letters that are verbs do not reach a screen, the console does no action that takes more than a viewer
 * (app_dispatch()), and the recorder is told, and refuses whatever the console asks for. */
#ifndef UI_LOCK_H
#define UI_LOCK_H

#include "ui/canvas.h"
#include "ui/input.h"
#include "ui/line_editor.h"

#include <stdbool.h>
#include <stdint.h>

struct lock {
    bool locked;
    int64_t used_us;         /* the last key or click, on the clock that never steps */
    int64_t after_us;        /* it was idle for so long when it locked */
    int64_t locked_us;       /* wall */
    struct line_editor name; /* what is typed to unlock it */
    bool wrong;              /* what was typed last was another name */
};

enum lock_effect {
    LOCK_PASSES, /* the input is the screens': it is not locked, or only looks */
    LOCK_TAKES,  /* it is the lock's: paint */
    LOCK_OPENS   /* it was locked until now; the key is not the screens' either */
};

/* Used just now. */
void lock_init(struct lock *lock, int64_t mono_us);

/* Looks whether it is time; `after_us` 0: never. True when it locks just now. */
bool lock_tick(struct lock *lock, int64_t after_us, int64_t mono_us, int64_t wall_us);

#define LOCK_LOOKS                                                                                           \
    "/+[]<>" /* of the printable keys those that no user's name has: filter, zoom, span, cursor */

struct lock_context {
    const char *user; /* whose name unlocks it */
    bool typing;      /* into the screen on top: a filter */
};

/* Takes what the operator does. Of pasted text nothing unlocks. */
enum lock_effect lock_input(struct lock *lock, const struct input *input, const struct lock_context *context,
                            int64_t mono_us);

/* The line that says so, in row 0 of `pane`, while it is locked; with the cursor, unless that is in a filter. */
void lock_draw(const struct lock *lock, const struct pane *pane, const struct lock_context *context);

#endif
