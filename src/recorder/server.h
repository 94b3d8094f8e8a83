/* The console server: listens on the Unix socket, knows who connects by SO_PEERCRED, sends each console a
 * snapshot and then changes. Runs inside the recorder's loop and never blocks it.
 *
 * Conflation: each console has a mark per tag; the last values of marked tags are encoded only when
 * everything before has left, at most 20 times a second. So memory per console is bounded and a slow line
 * sees fewer steps, never old ones. A console that takes nothing for SERVER_STUCK_US is cut off; it attaches
 * again and gets a snapshot. */
#ifndef RECORDER_SERVER_H
#define RECORDER_SERVER_H

#include "base/err.h"
#include "config/config.h"
#include "plant/plant.h"
#include "plant/reservation.h"
#include "recorder/alarm_board.h"
#include "recorder/command_board.h"
#include "wire/wire.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SERVER_CONSOLES_MAX 64
#define SERVER_CONSOLES_OWN 16 /* of them, kept free for the recorder's own user */
#define SERVER_CONSOLES_ONE 24 /* for any other user */
#define SERVER_POLL_MAX     (2 + SERVER_CONSOLES_MAX)
#define SERVER_STUCK_US     (10 * INT64_C(1000000))

struct server;

struct server_options {
    const char *socket_path;                 /* its folder exists */
    const struct config *config;             /* access; borrowed, see server_set_config() */
    struct plant *plant;                     /* borrowed */
    const struct alarms *alarms;             /* borrowed */
    struct alarm_board *board;               /* borrowed: the server takes its changes */
    const struct command_board *commands;    /* borrowed */
    const struct reservations *reservations; /* borrowed: who is to be shown as giving a setpoint */
};

/* Who is at a console; texts are valid during the call only. */
struct server_session {
    uint32_t console; /* its number, unique while the recorder runs */
    uid_t uid;
    pid_t pid;
    const char *user, *station; /* by the kernel's word; by its own */
    enum role role;
    enum wire_purpose purpose;
    bool view;        /* it only looks (--view) */
    int64_t since_us; /* wall */
};

/* What an answer says beside its text; 0: nothing. */
struct server_reply {
    uint64_t command; /* number of the command */
    uint32_t code;    /* sysexits.h, of a refusal */
    uint64_t
        commit; /* the answer leaves with server_release_answers() of that number, once it is on record */
};

/* What somebody asks for; texts are valid during the call only. */
struct server_request {
    enum wire_action action;
    const char *argument; /* never NULL */
    int64_t span_us;
    bool once;
    const char *reason;
    const char *user, *station; /* by the kernel's word; by its own */
    uid_t uid;
    enum role role;
    uint32_t console;          /* its number */
    const char *barred;        /* why this console may change nothing, whoever sits there; NULL: it may */
    struct value value, shown; /* WIRE_ACTION_SET: what to set, and what was shown as present */
    bool has_shown;
    struct server_reply *reply;
};

enum server_session_event {
    SERVER_ATTACHED,
    SERVER_DETACHED,
    SERVER_REFUSED,
    SERVER_LOCKED,
    SERVER_UNLOCKED
};

/* What the server asks the recorder. */
struct server_handler {
    /* Fills in the texts of WELCOME that the recorder knows (user and role are set by the server). */
    void (*welcome)(void *context, struct wire_welcome *welcome);
    /* A request by somebody whose role has been checked;
     * writes the answer's text, returns whether it was done. */
    bool (*ask)(void *context, const struct server_request *request, char *text, size_t size);
    /* A request by somebody whose role does not suffice was refused, with that answer. */
    void (*refused)(void *context, const struct server_request *request, const char *text);
    /* An operator opened the dialogue that gives the tag's setpoint, or goes on in it; 0: he has closed it. */
    void (*edits)(void *context, const struct server_session *session, uint32_t tag_id);
    /* What became of a console; why it was turned away or has gone, else NULL. */
    void (*session)(void *context, const struct server_session *session, enum server_session_event event,
                    const char *why);
    /* A console came (count > 0) or the last one left. */
    void (*consoles)(void *context, size_t count);
};

/* Binds the socket (an old one that nobody serves is replaced). NULL with `err` set when it cannot. */
struct server *server_new(const struct server_options *options, const struct server_handler *handler,
                          void *context, struct err *err);

/* Tells the handler that all consoles detach, for `why`: once, before the recorder ends. */
void server_end_sessions(struct server *server, const char *why);

/* Says goodbye to the consoles, removes the socket. Returns whether a thread was left behind that looks a name up.
 */
bool server_free(struct server *server);

/* Fills in what poll() is to watch: at most `room` entries (SERVER_POLL_MAX suffice); returns how many. */
size_t server_poll_set(struct server *server, struct pollfd *fds, size_t room);

/* Serves what poll() reported for the entries that server_poll_set() filled in. */
void server_serve(struct server *server, const struct pollfd *fds, size_t count, int64_t now_mono_us);

/* So many commits are on the disk: answers that waited for them leave. UINT64_MAX while none can be waited for. */
void server_release_answers(struct server *server, uint64_t commits);

/* Takes the plant's changed tags and sends what is due. Call it at least 20 times a second while consoles are
 * attached; returns in how many µs it wants to be called again (INT64_MAX: when something changes). */
int64_t server_tick(struct server *server, int64_t now_mono_us);

/* The recorder's health, to be sent with the next tick; the texts must stay valid until the next call. */
void server_set_status(struct server *server, const struct wire_status *status);
void server_set_faults(struct server *server, const struct wire_fault *faults, size_t count);
void server_set_refusals(struct server *server, const struct wire_refusal *refusals, size_t count);

/* Consoles that show screens; requests by hmi status and its like do not count. */
size_t server_console_count(const struct server *server);
uint64_t server_consoles_cut(const struct server *server);

/* Another configuration (reload): the names in its `access` are looked up; until they are, which is soon unless a
 * directory service does not answer, everybody keeps the role that he has. */
void server_set_config(struct server *server, const struct config *config);

/* True while they are. */
bool server_awaits_names(const struct server *server);

#endif
