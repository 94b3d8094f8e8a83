/* The idle lock: a console that nobody has used for a while goes on showing the plant and takes no command, until
 * somebody types the name of the user that it belongs to. Pure; time is an argument.
 *
 * What it is for: a stray hand, a cleaner's cloth, a colleague who takes the console for his own. Whoever types the name
 * knows in whose name he acts then, and the journal has it. It proves nobody's identity: who may act is decided by the
 * Unix user that the kernel names, so a console that strangers can reach is left (F10) or locked by its terminal.
 *
 * What must stay true: while it is locked no key and no click reaches a screen. The recorder is told, and refuses
 * whatever the console asks for. */
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
    LOCK_PASSES, /* it is not locked: the input is the screens' */
    LOCK_TAKES,  /* it is locked: paint */
    LOCK_OPENS   /* it was locked until now; the key is not the screens' either */
};

/* Used just now. */
void lock_init(struct lock *lock, int64_t mono_us);

/* Looks whether it is time; `after_us` 0: never. True when it locks just now. */
bool lock_tick(struct lock *lock, int64_t after_us, int64_t mono_us, int64_t wall_us);

/* Takes what the operator does. Of pasted text nothing unlocks. */
enum lock_effect lock_input(struct lock *lock, const struct input *input, const char *user, int64_t mono_us);

/* The line that says so, in row 0 of `pane`, while it is locked. */
void lock_draw(const struct lock *lock, const struct pane *pane, const char *user);

#endif
