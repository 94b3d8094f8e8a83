#include "ui/rows.h"

size_t rows_step(size_t cursor, long step, size_t count)
{
    size_t back = step < 0 ? (size_t)-step : 0, last = count ? count - 1 : 0;
    size_t row = step >= 0 ? cursor + (size_t)step : cursor > back ? cursor - back : 0;
    return row < last ? row : last;
}

size_t rows_scroll(size_t top, size_t cursor, size_t count, size_t room)
{
    size_t last = count > room ? count - room : 0;
    if (room == 0)
        return top;
    if (cursor < top)
        top = cursor;
    if (cursor >= top + room)
        top = cursor - room + 1;
    return top < last ? top : last;
}

bool rows_step_of_action(enum action action, int room, size_t count, long *step)
{
    long page = room > 1 ? room - 1 : 1, all = (long)count;
    const struct {
        enum action action;
        long step;
    } MOVES[] = {{ACTION_UP, -1},          {ACTION_DOWN, 1},    {ACTION_PAGE_UP, -page},
                 {ACTION_PAGE_DOWN, page}, {ACTION_HOME, -all}, {ACTION_END, all}};
    for (size_t i = 0; i < sizeof MOVES / sizeof *MOVES; i++)
        if (MOVES[i].action == action) {
            *step = MOVES[i].step;
            return true;
        }
    return false;
}
