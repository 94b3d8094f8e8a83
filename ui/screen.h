/* A screen: a const struct of operations and a state of its own. Adding one is one file and one row in
 * ui/screens/screens.c.
 *
 * Screens read the mirror and draw; they never touch the terminal, the socket or the history file themselves.
 * What they want done by others they ask of the host. */
#ifndef UI_SCREEN_H
#define UI_SCREEN_H

#include "ui/action.h"
#include "ui/canvas.h"
#include "ui/input.h"
#include "ui/mirror.h"

#include <stdbool.h>
#include <stdint.h>

enum screen_id {
    SCREEN_NONE,
    SCREEN_TAGS,
    SCREEN_DETAIL,
    SCREEN_TRENDS,
    SCREEN_ALARMS,
    SCREEN_ALARM, /* one of them; its argument is the alarm's number plus 1 */
    SCREEN_COMMANDS,
    SCREEN_SYSTEM,
    SCREEN_HELP,
    SCREEN_PALETTE,  /* over another screen */
    SCREEN_PENS,     /* likewise */
    SCREEN_SETPOINT, /* likewise */
    SCREEN_QUIT,     /* over another screen */
    SCREEN_ID_COUNT
};

/* What an operation asks of the loop; or-ed. The loop decides when to paint. */
enum screen_effect {
    SCREEN_IGNORED = 0, /* not for this screen: the loop may do what is usual */
    SCREEN_HANDLED = 1, /* taken, nothing to paint */
    SCREEN_PAINT = 2,   /* taken, paint soon */
    SCREEN_CLOSE = 4,   /* taken, back to the screen below */
    SCREEN_TURN =
        8, /* taken, another list is in sight: what was said before was about the one that was there */
    SCREEN_LEAVE = 16 /* as SCREEN_CLOSE, and the key is for the screen below: it leads elsewhere */
};

struct app;
struct link;
struct history_reader;
struct history_result;
struct trend_view;

/* What a screen may use. Handed to every operation; valid during the call. */
struct screen_host {
    struct app *app;
    struct mirror *mirror;
    struct link *link;              /* to send requests (ui/link.h) */
    struct history_reader *history; /* NULL until a history file is known */
    int64_t wall_us, mono_us;       /* the time of this round: screens never read a clock */
    enum screen_id below;           /* for a screen that lies over another: which */
    bool demo;                      /* this console is a demo's: all of it ends with the console */
    struct trend_view *trends;      /* what the Trends screen looks at; outlives it */
    int64_t paint_due_us; /* set while drawing: paint again then (monotonic); 0: when there is news */
};

/* A key that a screen takes itself, for the key bar. */
struct screen_key {
    const char *key, *label; /* a name of input_key_of_name() */
};

struct screen_class {
    enum screen_id id;
    const char *title; /* "Tags" */
    unsigned where;    /* one bit of enum action_where */
    bool overlay;      /* drawn over the screen below */

    /* Makes the state. `argument` is a tag's id where the screen is about a tag; else 0, but as its id says. */
    void *(*open)(struct screen_host *host, uint32_t argument);
    void (*close)(void *state);

    /* Draws the whole pane, which is blank. Also called when nothing changed; must not block. */
    void (*draw)(void *state, struct screen_host *host, const struct pane *pane);

    /* An action of the table. May be NULL. */
    unsigned (*act)(void *state, struct screen_host *host, enum action action);

    /* Any key or mouse event, before it is looked up in the table: for text entry. Mouse coordinates are the
     * pane's. May be NULL. SCREEN_IGNORED lets it through. */
    unsigned (*input)(void *state, struct screen_host *host, const struct input *input);

    /* Where the screen takes every key itself (text entry, a question): what the key bar offers instead of the
     * table's actions; ends in a NULL key. NULL: the table's. May be NULL. */
    const struct screen_key *(*keys)(const void *state);

    /* Whether somebody types there, so that letters are text: the idle lock leaves them alone. NULL: never. */
    bool (*types)(const void *state);

    /* Whether an action of the table does something here and now, for the key bar (ui/key_bar.h); the key is taken
     * anyway, and answered. NULL: all do. */
    bool (*offers)(const void *state, enum action action);

    /* The mirror changed (values or tags), or a second passed; true: paint. Called at most once a frame. May
     * be NULL: such a screen is painted at each change. */
    bool (*refresh)(void *state, struct screen_host *host);

    /* An answer of the history reader (ui/history_reader.h), whoever asked: a screen looks at purpose and
     * ticket. The host frees it. May be NULL. */
    void (*history)(void *state, struct screen_host *host, const struct history_result *result);

    /* The tag at hand (0: none), for actions on a tag and for the title. May be NULL. */
    uint32_t (*tag)(void *state, struct screen_host *host);

    /* The idle lock closes the console: a dialogue of the screen's own that could change something ends, and nothing of it is
     * sent; a filter that is typed stays as it is, and the next letters are the lock's. Overlays are closed altogether. May
     * be NULL. */
    void (*lock)(void *state);

    /* For the screen that lists tags: the one `step` places after this one, or 0. May be NULL. */
    uint32_t (*neighbour)(void *state, uint32_t tag, int step);
};

/* All classes; by id. NULL for an id that has none. */
const struct screen_class *screen_class_of(enum screen_id id);

/* ---- what screens ask of the console (ui/app_screens.c) ---- */

/* Opens a screen over the current one. The request is done after the operation returns. */
void screen_host_open(struct screen_host *host, enum screen_id id, uint32_t argument);

/* Says something in the line above the key bar, for some seconds or until another screen comes. */
void screen_host_say(struct screen_host *host, enum meaning meaning, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sends a request to the recorder. Its answer is said in the same line when it comes, whatever screen is on top then;
 * so is it that nobody is there to ask. */
void screen_host_request(struct screen_host *host, const struct wire_ask *ask);

/* Does an action as if its key was pressed, after the operation returns. */
void screen_host_do(struct screen_host *host, enum action action);

/* Drops what was typed ahead and has not been read yet. */
void screen_host_drop_input(struct screen_host *host);

/* Ends the console; with `stop_recorder` the recorder, too. */
void screen_host_quit(struct screen_host *host, bool stop_recorder);

/* The order of tags in the Tags screen, for "next tag" on the faceplate:
 * the id after (or before) `tag`, or 0. */
uint32_t screen_host_neighbour(struct screen_host *host, uint32_t tag, int step);

#endif
