/* What all lists of rows do alike: the cursor moves, and the window follows it. Pure. */
#ifndef UI_ROWS_H
#define UI_ROWS_H

#include "ui/action.h"

#include <stdbool.h>
#include <stddef.h>

/* The row `step` rows from `cursor`, in a list of `count` rows: the first or the last where there are not so many. */
size_t rows_step(size_t cursor, long step, size_t count);

/* The first row in sight, moved no further from `top` than it takes to see the cursor in a window of `room` rows, and
 * not so far that rows stay empty. */
size_t rows_scroll(size_t top, size_t cursor, size_t count, size_t room);

/* How far an action moves the cursor; false: it is none that does. `room` is that of the last picture. */
bool rows_step_of_action(enum action action, int room, size_t count, long *step);

#endif
