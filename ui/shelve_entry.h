/* What an operator enters to shelve alarms: for how long, whether until the condition goes, and why; to take them out of
 * service only why. Fed key by key; what a key means is decided here, drawing and sending are the screen's. Pure.
 *
 * Enter goes from field to field, and sends only from the reason, the last one, when there is a reason; Escape gives up
 * from everywhere. */
#ifndef UI_SHELVE_ENTRY_H
#define UI_SHELVE_ENTRY_H

#include "ui/input.h"
#include "ui/line_editor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHELVE_SPANS_MAX 12

enum shelve_field { SHELVE_SPAN, SHELVE_ONCE, SHELVE_REASON, SHELVE_FIELDS };

struct shelve_entry {
    enum shelve_field field; /* SHELVE_REASON for good where only that is asked */
    bool only_reason;
    int64_t spans_us[SHELVE_SPANS_MAX]; /* to choose from, rising */
    size_t span_count, span;
    int64_t max_us; /* no shelving is longer; 0: not known */
    bool once;
    struct line_editor reason;
    const char *message; /* why it was not sent; "" */
};

enum shelve_result {
    SHELVE_IGNORED,
    SHELVE_CHANGED,
    SHELVE_SEND, /* spans_us[span], once and reason are to be sent */
    SHELVE_CLOSE
};

/* Half an hour, or what is allowed, to begin with. */
void shelve_entry_open(struct shelve_entry *entry, int64_t max_us);

/* Asks for nothing but a reason. */
void shelve_entry_open_reason(struct shelve_entry *entry);

/* Feeds it a key; what is pasted only ever becomes text of the reason. SHELVE_IGNORED: nothing has changed. */
enum shelve_result shelve_entry_key(struct shelve_entry *entry, const struct input *input);

#endif
