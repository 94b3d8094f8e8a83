/* The console's end of the Unix socket: finds the recorder, says HELLO, feeds what comes to the mirror,
 * notices when the recorder ends or hangs, and attaches again by itself. Never blocks: it is one descriptor
 * in the caller's poll loop. */
#ifndef UI_LINK_H
#define UI_LINK_H

#include "ui/mirror.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

#define LINK_RETRY_US  INT64_C(1000000)       /* between two tries to attach */
#define LINK_START_US  INT64_C(1500000)       /* so long nobody is alarmed that no recorder is there */
#define LINK_EDIT_US   INT64_C(1000000)       /* between two signs of life of an edit */
#define LINK_SILENT_US (5 * INT64_C(1000000)) /* without STATUS for so long: the recorder does not answer */

/* For those that only want to know whether somebody is there:
 * a connected non-blocking socket, or -1 with errno set. */
int link_connect_path(const char *path);

enum link_state {
    LINK_SEARCHING, /* no recorder answers on any path */
    LINK_ATTACHING, /* connected; WELCOME or the snapshot are not complete */
    LINK_UP,
    LINK_OLD,     /* attached, but the protocol's version differs: for looking only */
    LINK_SILENT,  /* connected, but the recorder does not answer */
    LINK_REFUSED, /* the recorder does not want us: see mirror.refused */
    LINK_ENDED    /* all was said and the recorder closed, as it should; never with WIRE_PURPOSE_SCREEN */
};

struct link;

/* `paths`: where its socket may be, best first, ending in NULL; copied. The mirror is borrowed. */
struct link *link_new(const char *const *paths, enum wire_purpose purpose, struct mirror *mirror);
void link_free(struct link *link);

/* What to poll for; the descriptor is -1 while there is none. */
int link_fd(const struct link *link);
short link_events(const struct link *link);

/* When link_step() is to be called at the latest, on the clock of clock_mono_us(). */
int64_t link_due_us(const struct link *link);

/* Does what is due, given what poll() reported. Returns true when something came or the state changed. */
bool link_step(struct link *link, short revents, int64_t mono_us, int64_t wall_us);

/* True while no recorder can be expected to have answered: never attached yet, and looked for one for less
 * than LINK_START_US. */
bool link_is_starting(const struct link *link, int64_t mono_us);

/* How the attachment stands. */
enum link_state link_state(const struct link *link);

/* The state in words for the person in front of it, with the reason and the cure:
 * "recorder does not answer". */
const char *link_text(const struct link *link);

/* Why the last try to connect failed. */
int link_errno(const struct link *link);

/* Bytes received since the start. */
uint64_t link_received_bytes(const struct link *link);

/* Before the first step: this console only looks. It sends no request, and the recorder would refuse it. */
void link_only_look(struct link *link);

/* Nobody uses the console: likewise until it is unlocked, again after each attach. */
void link_lock(struct link *link, bool locked);

/* The operator gives this tag's setpoint, and goes on in it: to be said with each key of his, at most once in
 * LINK_EDIT_US leaves. 0: no longer. */
void link_edit(struct link *link, uint32_t tag, int64_t mono_us);

/* Says why the console goes, as far as that goes without waiting; before link_free(). */
void link_say_bye(struct link *link, const char *reason);

/* DETAIL of this tag from now on, again after each attach; 0 ends it. */
void link_want_detail(struct link *link, uint32_t tag);

/* Asks the recorder for something; the answer appears in mirror.answer under the number that is returned. 0
 * when nobody is there to ask, the versions differ, or the console only looks or is locked. */
uint32_t link_ask(struct link *link, enum wire_action action, const char *argument);

/* The same with all that an action can take; the number is filled in. */
uint32_t link_request(struct link *link, const struct wire_ask *wish);

/* Where the operator sits, for the journal:
 * "pts/3 from 10.1.2.3", from the terminal's name and $SSH_CONNECTION. */
void link_station(char *out, size_t size);

#endif
