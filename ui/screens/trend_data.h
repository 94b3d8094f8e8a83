/* What the Trends screen knows of its pens: columns from the history, the live end from the mirror, values at
 * the cursor. Nothing here waits: what is there is drawn, on whatever grid it came, until the answer for the
 * present grid is there. */
#ifndef UI_SCREENS_TREND_DATA_H
#define UI_SCREENS_TREND_DATA_H

#include "ui/history_reader.h"
#include "ui/mirror.h"
#include "ui/plot.h"
#include "ui/screen.h"
#include "ui/trend_view.h"

#include <stdbool.h>
#include <stdint.h>

/* What was asked, or answered. */
struct trend_question {
    uint32_t tags[TREND_PENS_MAX];
    size_t tag_count;
    struct plot_grid grid;
    int64_t until_us;  /* what came later is not in it */
    uint32_t snapshot; /* of the mirror: with another one ids, and the history, may be others */
};

struct trend_data {
    struct trend_question answered; /* tag_count 0: nothing yet */
    struct plot_column *columns;    /* answered.grid.count of each tag; owned */
    struct history_text *texts;     /* of pens with texts; owned */
    size_t text_count;
    struct trend_question asked;
    uint64_t ticket;
    bool waiting;
    int64_t asked_us, answered_us; /* monotonic */
    char error[256];               /* safe; "": the history can be read */

    struct history_instant instants[TREND_PENS_MAX]; /* of instant_tags, at instant_us */
    uint32_t instant_tags[TREND_PENS_MAX];
    size_t instant_count;
    int64_t instant_us, instant_asked_us; /* wall clock: times of values */
};

/* Releases what it owns. It begins as zero bytes. */
void trend_data_free(struct trend_data *data);

/* Watches the view's pens in the mirror, and asks the history where what is known is not what `grid` shows, or
 * has grown old. */
void trend_data_follow(struct trend_data *data, struct screen_host *host, const struct plot_grid *grid);

/* Takes an answer of the history. */
void trend_data_answer(struct trend_data *data, const struct history_result *result);

/* The columns of a pen on `grid`: the history's, and what came since. */
void trend_data_columns(const struct trend_data *data, const struct screen_host *host, size_t pen,
                        const struct plot_grid *grid, bool sloped, struct plot_column *out);

/* Whether it is known which texts a tag had, and when. */
bool trend_data_knows_texts(const struct trend_data *data, uint32_t tag);

/* True while the history's part of this grid is still under way. */
bool trend_data_is_loading(const struct trend_data *data, const struct screen_host *host,
                           const struct plot_grid *grid);

/* What was valid at `ts_us`: asks the history. False while it is not known. */
bool trend_data_instant(struct trend_data *data, struct screen_host *host, size_t pen, int64_t ts_us,
                        struct history_instant *instant);

#endif
