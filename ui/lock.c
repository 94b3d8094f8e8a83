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

/* A character that the name may hold, or one of it that is edited. */
static bool lock_is_of_name(const struct lock *lock, uint32_t key)
{
    bool printable = key >= ' ' && key < INPUT_UP && key != 0x7F;
    return lock->name.length || (printable && !(key < 0x7F && strchr(LOCK_LOOKS, (int)key)));
}

static enum lock_effect lock_try(struct lock *lock, const char *user)
{
    bool right = *user && !strcmp(lock->name.text, user);
    lock->locked = !right;
    lock->wrong = !right;
    line_editor_clear(&lock->name);
    return right ? LOCK_OPENS : LOCK_TAKES;
}

enum lock_effect lock_input(struct lock *lock, const struct input *input, const struct lock_context *context,
                            int64_t mono_us)
{
    lock->used_us = mono_us;
    if (!lock->locked || context->typing || input->type != INPUT_KEY)
        return LOCK_PASSES;
    if (input->pasted)
        return LOCK_TAKES;
    if (!lock_is_of_name(lock, input->key))
        return LOCK_PASSES;
    if (input->key == INPUT_ENTER)
        return lock_try(lock, context->user);
    lock->wrong = false;
    if (input->key == INPUT_ESCAPE)
        line_editor_clear(&lock->name);
    else if (!line_editor_input(&lock->name, input, NULL))
        return LOCK_PASSES;
    return LOCK_TAKES;
}

void lock_draw(const struct lock *lock, const struct pane *pane, const struct lock_context *context)
{
    char since[TIMEFMT_MAX];
    pane_fill(pane, 0, 0, -1, 1, MEANING_MESSAGE);
    timefmt_local(since, sizeof since, lock->locked_us, 0);
    if (context->typing) {
        pane_printf(pane, 1, 0, -1, MEANING_MESSAGE,
                    "Locked at %s. Press Escape first, then type your name, %.64s.", since, context->user);
        return;
    }
    int field = pane->columns - LOCK_NAME_COLUMNS - 1;
    pane_printf(pane, 1, 0, field - 2, MEANING_MESSAGE,
                "Locked at %s. %sType your name, %.64s, and Enter:", since,
                lock->wrong ? "That is another name. " : "", context->user);
    line_editor_draw(&lock->name, pane, field > 0 ? field : 0, 0, LOCK_NAME_COLUMNS);
}
