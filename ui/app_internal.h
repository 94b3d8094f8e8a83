/* What the files of the console's loop share; nobody else includes it.
 *
 *   app.c          the loop: what comes in, what is painted and when
 *   app_screens.c  the stack of screens: what keys do, what screens ask for, leaving
 */
#ifndef UI_APP_INTERNAL_H
#define UI_APP_INTERNAL_H

#include "ui/action.h"
#include "ui/alarm_banner.h"
#include "ui/app.h"
#include "ui/bell.h"
#include "ui/canvas.h"
#include "ui/frame.h"
#include "ui/history_reader.h"
#include "ui/link.h"
#include "ui/lock.h"
#include "ui/mirror.h"
#include "ui/screen.h"
#include "ui/trend_view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define APP_STACK_MAX    8
#define APP_REQUESTS_MAX 8 /* under way at once: an answer takes milliseconds */

struct app_layer {
    const struct screen_class *class;
    void *state;
};

struct app {
    struct terminal *terminal;
    struct canvas canvas;
    struct mirror mirror;
    struct alarm_banner alarm_banner;
    struct bell bell;
    struct link *link;
    struct history_reader *history;
    int signal_fd;
    struct screen_host host;
    struct trend_view trends;
    struct app_layer stack[APP_STACK_MAX];
    size_t depth;

    bool dirty;     /* something is to be painted with the next frame */
    bool dirty_key; /* at once: an operator waits for it */
    int64_t painted_us, second;
    uint64_t seen_changes;
    bool zone_set;

    char message[FRAME_TEXT_MAX];
    enum meaning message_meaning;
    int64_t message_until_us;
    bool message_fresh; /* said since the last key: the screen that this key opened keeps it */

    /* what a screen asked for, done after its operation has returned */
    enum screen_id want_screen;
    uint32_t want_argument;
    enum action want_action;
    bool want_quit, want_stop;

    uint32_t requests[APP_REQUESTS_MAX]; /* whose answers are to be said; 0: free */

    struct lock lock;
    uint32_t stop_request; /* waiting for its answer, 0: not */
    int64_t stop_until_us;
    bool ended;
    const char *end_reason; /* for the journal; NULL: its operator left */
};

/* The screen that has the keys; there is always one between app_run()'s first app_open() and its end. */
struct app_layer *app_top(struct app *app);

/* Opens a screen on top. One that is open already, below others, is gone back to;
 * a full stack loses its second layer. */
void app_open(struct app *app, enum screen_id id, uint32_t argument);

/* Closes the screen on top. */
void app_pop(struct app *app);

/* Does an action: the screen on top first, else what it does everywhere. Says so where the role does not allow
 * it. */
void app_dispatch(struct app *app, enum action action);

/* What a screen's operation wants done after it: SCREEN_PAINT, SCREEN_CLOSE, SCREEN_TURN. */
void app_apply(struct app *app, unsigned effect);

/* Does what a screen asked of its host. To be called after each of its operations. */
void app_do_wants(struct app *app);

/* Says what the recorder has answered to a request of screen_host_request(), or that it went before. */
void app_check_requests(struct app *app);

/* Ends the console when the recorder that it asked to stop has said yes, or has gone. */
void app_check_stop(struct app *app);

#endif
