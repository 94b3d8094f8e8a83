/* The dialogue that shelves alarms or takes them out of service, over the screen that opens it: which alarms is settled when it opens. */
#ifndef UI_SCREENS_ALARM_SHELVE_H
#define UI_SCREENS_ALARM_SHELVE_H

#include "base/buf.h"
#include "ui/canvas.h"
#include "ui/screen.h"
#include "ui/shelve_entry.h"

#include <stdbool.h>
#include <stddef.h>

/* Zero bytes: closed. Release with alarm_shelve_close(). */
struct alarm_shelve {
    bool open;
    enum wire_action action; /* WIRE_ACTION_SHELVE or WIRE_ACTION_OUT_OF_SERVICE */
    char *addresses;         /* one a line, owned */
    size_t count;
    struct shelve_entry entry;
};

/* Opens it to do `action` (one of those above) to `count` alarms, their addresses one a line in `addresses` (copied). */
void alarm_shelve_open(struct alarm_shelve *shelve, const struct screen_host *host, enum wire_action action,
                       const char *addresses, size_t count);
void alarm_shelve_close(struct alarm_shelve *shelve);

/* A key while it is open; closes it when the operator is done. *sent: the request has left. */
unsigned alarm_shelve_input(struct alarm_shelve *shelve, struct screen_host *host, const struct input *input,
                            bool *sent);

/* Draws it into the middle of `pane`. */
void alarm_shelve_draw(const struct alarm_shelve *shelve, const struct screen_host *host,
                       const struct pane *pane);

/* What the key bar offers while it is open: nothing that sends, for a click on it would. */
const struct screen_key *alarm_shelve_keys(void);

#endif
