/* What the files of the console server share; nobody else includes it.
 *
 *   server.c   the socket, who comes and goes, what all consoles are owed
 *   console.c  one console: what is sent to it
 *   console_requests.c  and what it asks for
 */
#ifndef RECORDER_SERVER_INTERNAL_H
#define RECORDER_SERVER_INTERNAL_H

#include "base/buf.h"
#include "base/clock.h"
#include "recorder/access.h"
#include "recorder/alarm_feed.h"
#include "recorder/feed.h"
#include "recorder/names.h"
#include "recorder/server.h"

#include <sys/types.h>

#define SERVER_REQUESTS_MAX 65536 /* bytes a console may have sent without a whole frame */
#define SERVER_GROUPS_MAX   256
#define SERVER_TEXT_MAX     512
#define SERVER_BYE_MAX      128
#define SERVER_NAME_US      CLOCK_US_PER_SECOND /* then a user is greeted by number */

enum console_due {
    CONSOLE_DUE_STATUS = 1,
    CONSOLE_DUE_FAULTS = 2,
    CONSOLE_DUE_REFUSALS = 4,
    CONSOLE_DUE_CONSOLES = 8,
    CONSOLE_DUE_RESERVATIONS = 16,
    CONSOLE_DUE_ALL = 31,  /* of what it has not been told yet */
    CONSOLE_DUE_RULES = 32 /* WELCOME said them, and they were changed */
};

struct console {
    int fd;
    uint32_t number; /* unique while the recorder runs */
    uid_t uid;
    pid_t pid;
    gid_t groups[SERVER_GROUPS_MAX]; /* by the kernel's word, kept for a reload */
    size_t group_count;
    char user[NAMES_TEXT_MAX];
    bool named;            /* `user` is known */
    int64_t name_until_us; /* so long its greeting waits for that */
    char station[128];
    enum role role;
    enum wire_purpose purpose;
    bool view;    /* it only looks (--view) */
    bool locked;  /* nobody uses it */
    bool greeted; /* HELLO came and WELCOME is on its way */
    bool
        other_version; /* of the protocol: it may look, and end the recorder so that a new one can take over */
    bool snapshot_done; /* SNAPSHOT_END is on its way */
    bool closing;       /* close when everything has been sent */
    bool gone;          /* to be removed at the end of the round */
    struct buf in, out;
    size_t out_sent;
    struct buf held;      /* answers to what is not on record yet */
    uint64_t held_commit; /* they leave with this commit */
    struct feed feed, alarm_feed;
    size_t frame_left;     /* tags of this frame (at first: of the snapshot) that have still to be encoded */
    unsigned due;          /* enum console_due, or-ed */
    bool follows;          /* asks only, and has given a command: it is told of commands */
    uint64_t command_mark; /* changes of commands up to here have been sent */
    bool edit_due;         /* it said something of an edit */
    uint32_t edit_tag;     /* what; 0: it is over */
    uint32_t detail_tag;   /* 0: none wanted */
    int64_t detail_due_us;
    int64_t next_frame_us; /* not before; at most 20 a second */
    int64_t progress_us;   /* when it last took something, or had nothing to take */
    int64_t since_us;      /* wall clock */
    uint64_t sent_bytes;
    char bye[SERVER_BYE_MAX]; /* why it goes, in its words; safe; "": it did not say */
};

struct server {
    int fd;
    int64_t deaf_until_us; /* no descriptors were left: nobody is let in before; 0: listening */
    char *path;
    struct names *names;
    struct access access;
    bool access_due;         /* the names of another configuration are being looked up */
    struct wire_rules rules; /* of the configuration; the role is each console's own */
    struct plant *plant;
    const struct alarms *alarms;
    struct alarm_board *board;
    const struct command_board *commands;
    const struct reservations *reservations;
    uint64_t reservation_changes; /* up to here the consoles are owed or told them */
    const struct server_handler *handler;
    void *context;
    struct console *consoles[SERVER_CONSOLES_MAX];
    size_t count;
    uint32_t last_number; /* of a console */
    uint64_t cut;
    struct wire_status status;
    bool has_status;
    const struct wire_fault *faults;
    size_t fault_count;
    const struct wire_refusal *refusals;
    size_t refusal_count;
};

/* Finds out who is at the other end, by the kernel's word: user, process and groups. False: it has left. */
bool console_identify(struct console *console);

/* Whether there is room for one more of that user. */
bool server_has_room(const struct server *server, uid_t uid);

/* Takes the name of its user, if it is known by now. */
void console_take_name(struct console *console, struct names *names);

/* The role that `access` gives its user; one that only looks is a viewer at most. */
void console_take_role(struct console *console, const struct access *access);

/* Who is there, for the handler; valid as long as the console. */
struct server_session console_session(const struct console *console);

/* Closes the connection and releases everything. */
void console_free(struct console *console);

/* A console that takes nothing, or connects and says nothing, is to be cut off. */
bool console_is_stuck(const struct console *console, int64_t now_us);

/* Sends the answers that waited for one of these commits. */
void console_release_answers(struct console *console, uint64_t commits);

/* Bytes that are encoded and have still to leave. */
size_t console_unsent(const struct console *console);

/* Sends what waits, as far as that goes without blocking. */
void console_flush(struct console *console, int64_t now_us);

/* Makes the next frames, once everything before has left:
 * so a console never has more than one round in memory. */
void console_fill(struct console *console, const struct server *server, int64_t now_us);

/* Takes what the console has sent, and does what it asks. */
void console_read(struct console *console, struct server *server, int64_t now_us);

/* Whether it is clear by what name the user is greeted. */
bool console_may_greet(const struct console *console, int64_t now_us);

/* Does what the console asked for in the frames that have come whole. */
void console_obey_all(struct console *console, struct server *server, int64_t now_us);

/* Sends what waits; then there may be room for the answers to further requests. */
void console_go_on(struct console *console, struct server *server, int64_t now_us);

/* In how many µs this console wants the next tick. */
int64_t console_wait_us(const struct console *console, const struct server *server, int64_t now_us);

#endif
