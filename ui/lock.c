#include "ui/lock.h"

#include "base/timefmt.h"

#include <string.h>

#define LOCK_NAME_COLUMNS 20 /* of the field in which the name is typed */

void lock_init(struct lock *lock, int64_t mono_us)
{
    *lock = (struct lock){.used_us = mono_us};
    line_editor_clear(&lock->name);
}

bool lock_tick(struct lock *lock, int64_t after_us, int64_t mono_us, int64_t wall_us)
{
    if (lock->locked || after_us <= 0 || mono_us - lock->used_us < after_us)
        return false;
    lock->locked = true;
    lock->wrong = false;
    lock->after_us = after_us;
    lock->locked_us = wall_us;
    line_editor_clear(&lock->name);
    return true;
}

enum lock_effect lock_input(struct lock *lock, const struct input *input, const char *user, int64_t mono_us)
{
    lock->used_us = mono_us;
    if (!lock->locked)
        return LOCK_PASSES;
    if (input->type != INPUT_KEY || input->pasted)
        return LOCK_TAKES;
    if (input->key == INPUT_ESCAPE) {
        line_editor_clear(&lock->name);
        lock->wrong = false;
    } else if (input->key != INPUT_ENTER) {
        line_editor_input(&lock->name, input, NULL);
        lock->wrong = false;
    } else if (*user && !strcmp(lock->name.text, user)) {
        lock->locked = false;
        return LOCK_OPENS;
    } else {
        lock->wrong = lock->name.length > 0;
        line_editor_clear(&lock->name);
    }
    return LOCK_TAKES;
}

void lock_draw(const struct lock *lock, const struct pane *pane, const char *user)
{
    char since[TIMEFMT_MAX];
    pane_fill(pane, 0, 0, -1, 1, MEANING_MESSAGE);
    timefmt_local(since, sizeof since, lock->locked_us, 0);
    int field = pane->columns - LOCK_NAME_COLUMNS - 1;
    pane_printf(pane, 1, 0, field - 2, MEANING_MESSAGE,
                "Locked at %s. %sType your name, %.64s, and Enter:", since,
                lock->wrong ? "That is another name. " : "", user);
    line_editor_draw(&lock->name, pane, field > 0 ? field : 0, 0, LOCK_NAME_COLUMNS);
}
