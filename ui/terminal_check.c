/* Whether a type of terminal can show the console at all. A file of its own, because term.h makes macros of
 * everyday words ("columns", "lines"). */
#include "ui/terminal.h"

#include <curses.h>
#include <stdlib.h>
#include <term.h>
#include <unistd.h>

bool terminal_check(struct err *err)
{
    int found = 0;
    const char *term = getenv("TERM");
    if (!term || !*term || setupterm(NULL, STDOUT_FILENO, &found) != OK)
        return err_set(err, EX_UNAVAILABLE, "terminal type \"%s\" is not known here; try TERM=xterm",
                       term ? term : "");
    const char *place = tigetstr("cup");
    bool good = place && place != (char *)-1 && *place;
    del_curterm(cur_term);
    if (good)
        return true;
    return err_set(err, EX_UNAVAILABLE,
                   "terminal type \"%s\" cannot place its cursor, so there is no screen to show; set TERM to "
                   "what this terminal is, or use hmi tags and hmi status",
                   term);
}
