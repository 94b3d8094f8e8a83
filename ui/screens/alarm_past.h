/* What the history knows of one alarm: its last occurrences, and the trend of its tag around the one that counts.
 * Asked of the history's thread; what is there is drawn. */
#ifndef UI_SCREENS_ALARM_PAST_H
#define UI_SCREENS_ALARM_PAST_H

#include "ui/canvas.h"
#include "ui/history_reader.h"
#include "ui/mirror.h"
#include "ui/screen.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begins as zero bytes. */
struct alarm_past {
    struct query_occurrence *occurrences; /* the newest first; owned */
    size_t occurrence_count;
    struct plot_column *columns; /* grid.count of them; owned; NULL: none yet */
    struct plot_grid grid;       /* of the columns */

    uint64_t ticket;
    bool waiting;
    int64_t asked_us;          /* monotonic; 0: not yet */
    struct plot_grid asked;    /* of the last request */
    int64_t seen_activated_us; /* the occurrence that it was about ... */
    uint32_t seen_state;       /* ... and how that stood */
    char error[256];           /* safe; "": the history can be read */
};

/* Releases what it owns. */
void alarm_past_free(struct alarm_past *past);

/* Takes an answer of the history; true when it was this one's. */
bool alarm_past_answer(struct alarm_past *past, const struct history_result *result);

/* Asks the history for what is not known, and draws the trend around the last activation over the whole pane. False:
 * there is none, for the alarm has no tag with numbers, or has never come, or there is no room. */
bool alarm_past_draw_trend(struct alarm_past *past, struct screen_host *host, const struct wire_alarm *record,
                           const struct pane *pane);

/* A rule and a row for each occurrence from row `y` on; returns the row behind them. */
int alarm_past_draw_occurrences(const struct alarm_past *past, const struct pane *pane, int y);

#endif
