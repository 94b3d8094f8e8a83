/* The life of an attachment:
 *
 *     searching --connect--> attaching --SNAPSHOT_END--> up (old, when the versions differ)
 *         ^                      | REFUSED                | no STATUS for 5 s
 *         +-- 5 s -- refused <---+                        v
 *         +-- 1 s -- end, broken frame                  silent --speaks--> attaching, on a new connection
 *
 * What a silent recorder showed is no longer live, so when it speaks again it is attached to anew: only a
 * snapshot says what is true then. */
#include "ui/link.h"

#include "base/mem.h"
#include "base/version.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LINK_READ_SIZE        65536
#define LINK_READS_MAX        16 /* a round: keys must be answered in between */
#define LINK_TEXT_MAX         512
#define LINK_REFUSED_RETRY_US (5 * INT64_C(1000000)) /* each try is a line in the recorder's log */

struct link {
    char **paths; /* owned, ends in NULL */
    enum wire_purpose purpose;
    struct mirror *mirror;
    int fd;
    enum link_state state;
    char text[LINK_TEXT_MAX];
    int error;         /* errno of the last try */
    size_t error_path; /* and which path it is about */
    struct buf in, out;
    int64_t began_us; /* the first step; 0: not yet */
    int64_t next_try_us;
    int64_t heard_us; /* the last STATUS, or the connect */
    uint64_t received;
    uint32_t detail_tag, edit_tag, requests;
    int64_t edit_said_us;
    bool view, locked;
};

struct link *link_new(const char *const *paths, enum wire_purpose purpose, struct mirror *mirror)
{
    struct link *link = mem_new(1, sizeof *link);
    size_t count = 0;
    while (paths[count])
        count++;
    link->paths = mem_new(count + 1, sizeof(char *));
    for (size_t i = 0; i < count; i++)
        link->paths[i] = mem_copy_text(paths[i]);
    link->purpose = purpose;
    link->mirror = mirror;
    link->fd = -1;
    buf_init(&link->in, 0);  /* bounded by WIRE_FRAME_MAX: a longer frame is refused by its header */
    buf_init(&link->out, 0); /* what a person asks for */
    snprintf(link->text, sizeof link->text, "looking for the recorder");
    return link;
}

void link_free(struct link *link)
{
    if (!link)
        return;
    if (link->fd >= 0)
        close(link->fd);
    for (size_t i = 0; link->paths[i]; i++)
        free(link->paths[i]);
    free(link->paths);
    buf_free(&link->in);
    buf_free(&link->out);
    free(link);
}

int link_fd(const struct link *link)
{
    return link->fd;
}

short link_events(const struct link *link)
{
    return link->fd < 0 ? 0 : (short)(POLLIN | (link->out.length ? POLLOUT : 0));
}

int64_t link_due_us(const struct link *link)
{
    if (link->state == LINK_ENDED)
        return INT64_MAX;
    if (link->fd < 0)
        return link->next_try_us;
    return link->state == LINK_SILENT ? INT64_MAX : link->heard_us + LINK_SILENT_US;
}

bool link_is_starting(const struct link *link, int64_t mono_us)
{
    bool was_attached = link->mirror->attached || link->mirror->lost_us;
    return !was_attached && link->state != LINK_REFUSED &&
           (!link->began_us || mono_us - link->began_us < LINK_START_US);
}

enum link_state link_state(const struct link *link)
{
    return link->state;
}

const char *link_text(const struct link *link)
{
    return link->text;
}

int link_errno(const struct link *link)
{
    return link->error;
}

uint64_t link_received_bytes(const struct link *link)
{
    return link->received;
}

/* Takes a state; true when it is another one. */
static bool link_set_state(struct link *link, enum link_state state)
{
    static const char *const TEXTS[] = {
        [LINK_SEARCHING] = "no recorder is running",
        [LINK_ATTACHING] = "attaching to the recorder",
        [LINK_UP] = "attached to the recorder",
        [LINK_OLD] = "restart the recorder: its version is not this console's (hmi stop ends it)",
        [LINK_SILENT] = "recorder does not answer",
        [LINK_REFUSED] = "refused by the recorder",
        [LINK_ENDED] = "the recorder has ended the connection",
    };
    bool other = link->state != state;
    link->state = state;
    if (state == LINK_REFUSED)
        snprintf(link->text, sizeof link->text, "%s", link->mirror->refused.reason);
    else if (state == LINK_SEARCHING && link->error == EACCES)
        snprintf(
            link->text, sizeof link->text,
            "no permission to reach the recorder's socket %s: its configuration has to name you (access = { viewer = …)",
            link->paths[link->error_path]);
    else if (state == LINK_SEARCHING && link->error && link->error != ENOENT && link->error != ECONNREFUSED)
        snprintf(link->text, sizeof link->text, "cannot reach the recorder's socket %s: %s",
                 link->paths[link->error_path], strerror(link->error));
    else
        snprintf(link->text, sizeof link->text, "%s", TEXTS[state]);
    return other;
}

/* ---- connecting ---- */

/* Connecting to a Unix socket without blocking never waits: a full queue of the listener is EAGAIN. */
int link_connect_path(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static void link_say_hello(struct link *link)
{
    char station[256];
    link_station(station, sizeof station);
    struct wire_hello hello = {.version = WIRE_VERSION,
                               .program = "hmi " HMI_VERSION,
                               .station = station,
                               .purpose = (uint32_t)link->purpose,
                               .view = link->view};
    wire_put(&link->out, WIRE_HELLO, &hello);
    if (link->locked)
        wire_put(&link->out, WIRE_LOCK, &(struct wire_lock){.locked = 1});
    if (link->edit_tag)
        wire_put(&link->out, WIRE_EDIT, &(struct wire_edit){.tag = link->edit_tag});
    struct wire_want_detail want = {.tag = link->detail_tag};
    if (link->detail_tag)
        wire_put(&link->out, WIRE_WANT_DETAIL, &want);
}

static bool link_connect(struct link *link, int64_t mono_us)
{
    link->error = ENOENT;
    link->next_try_us = mono_us + LINK_RETRY_US;
    for (size_t i = 0; link->paths[i]; i++) {
        link->fd = link_connect_path(link->paths[i]);
        if (link->fd >= 0) {
            link->error = 0;
            link->heard_us = mono_us;
            link_say_hello(link);
            return link->state != LINK_REFUSED && link_set_state(link, LINK_ATTACHING);
        }
        if (errno != ENOENT && (link->error == ENOENT || errno != ECONNREFUSED)) {
            link->error = errno;
            link->error_path = i;
        }
    }
    /* What the recorder said last stays on the screen until it says something else. */
    return link->state != LINK_REFUSED && link_set_state(link, LINK_SEARCHING);
}

/* True when all has come that this purpose waits for before it can go on. */
static bool link_is_ready(const struct link *link)
{
    return link->mirror->attached && (link->mirror->complete || link->purpose == WIRE_PURPOSE_ASK);
}

static void link_close(struct link *link, int64_t mono_us, int64_t wall_us)
{
    bool refused = link->state == LINK_REFUSED;
    bool ended = link->purpose != WIRE_PURPOSE_SCREEN && link_is_ready(link);
    close(link->fd);
    link->fd = -1;
    buf_clear(&link->in);
    buf_clear(&link->out);
    link->next_try_us = mono_us + (refused ? LINK_REFUSED_RETRY_US : LINK_RETRY_US);
    if (ended) { /* what it said is what was asked for, and stays as it is */
        link_set_state(link, LINK_ENDED);
        return;
    }
    mirror_recorder_lost(link->mirror, wall_us);
    if (!refused)
        link_set_state(link, LINK_SEARCHING);
}

/* ---- what comes and goes ---- */

static bool link_write(struct link *link)
{
    while (link->out.length) {
        ssize_t sent = send(link->fd, link->out.data, link->out.length, MSG_NOSIGNAL);
        if (sent < 0)
            return errno == EAGAIN || errno == EINTR;
        buf_consume(&link->out, (size_t)sent);
    }
    return true;
}

static void link_heard(struct link *link, const struct wire_frame *frame, int64_t mono_us)
{
    if (frame->type == WIRE_REFUSED) {
        link_set_state(link, LINK_REFUSED);
        return;
    }
    bool ready = link_is_ready(link);
    if (frame->type == WIRE_STATUS || !ready)
        link->heard_us = mono_us;
    if (!ready)
        link_set_state(link, LINK_ATTACHING);
    else
        link_set_state(link, link->mirror->welcome.version == WIRE_VERSION ? LINK_UP : LINK_OLD);
}

/* Hands the whole frames in `in` to the mirror; false: broken. */
static bool link_take_frames(struct link *link, int64_t mono_us, int64_t wall_us)
{
    size_t at = 0, used;
    struct wire_frame frame;
    enum wire_result result;
    bool good = true;
    while (good &&
           (result = wire_next_frame(link->in.data + at, link->in.length - at, &frame, &used)) != WIRE_MORE) {
        good = result == WIRE_OK && mirror_apply(link->mirror, &frame, wall_us);
        if (good) {
            link_heard(link, &frame, mono_us);
            at += used;
        }
    }
    buf_consume(&link->in, at);
    return good;
}

/* Reads what there is; false when the connection is over. */
static bool link_read(struct link *link, int64_t mono_us, int64_t wall_us, bool *something)
{
    char bytes[LINK_READ_SIZE];
    for (int i = 0; i < LINK_READS_MAX; i++) {
        ssize_t got = recv(link->fd, bytes, sizeof bytes, 0);
        if (got < 0)
            return errno == EAGAIN || errno == EINTR;
        if (got == 0)
            return false;
        *something = true;
        link->received += (uint64_t)got;
        buf_append(&link->in, bytes, (size_t)got);
        if (!link_take_frames(link, mono_us, wall_us))
            return false;
    }
    return true;
}

/* Looks whether the recorder hangs. */
static bool link_watch(struct link *link, int64_t mono_us, int64_t wall_us)
{
    if (link->state == LINK_SILENT || mono_us - link->heard_us < LINK_SILENT_US)
        return false;
    if (link->state == LINK_REFUSED) { /* said no and kept the connection */
        link_close(link, mono_us, wall_us);
        return false;
    }
    mirror_recorder_lost(link->mirror, wall_us);
    return link_set_state(link, LINK_SILENT);
}

bool link_step(struct link *link, short revents, int64_t mono_us, int64_t wall_us)
{
    bool changed = false, readable = revents & (POLLIN | POLLHUP | POLLERR);
    if (link->state == LINK_ENDED)
        return false;
    if (!link->began_us)
        link->began_us = mono_us;
    if (link->fd < 0) {
        if (mono_us < link->next_try_us)
            return false;
        changed = link_connect(link, mono_us);
        if (link->fd < 0)
            return changed;
        readable = false; /* that was about another descriptor */
    }
    if (link->state == LINK_SILENT && readable) {
        link_close(link, mono_us, wall_us);
        link_connect(link, mono_us);
        return true;
    }
    if (!link_write(link) || (readable && !link_read(link, mono_us, wall_us, &changed))) {
        link_close(link, mono_us, wall_us);
        return true;
    }
    return link_watch(link, mono_us, wall_us) || changed;
}

/* ---- requests ---- */

void link_only_look(struct link *link)
{
    link->view = true;
}

void link_lock(struct link *link, bool locked)
{
    link->locked = locked;
    if (link->fd >= 0)
        wire_put(&link->out, WIRE_LOCK, &(struct wire_lock){.locked = locked});
}

void link_edit(struct link *link, uint32_t tag, int64_t mono_us)
{
    bool again = tag == link->edit_tag && mono_us - link->edit_said_us < LINK_EDIT_US;
    if (again || (!tag && !link->edit_tag))
        return;
    link->edit_tag = tag;
    link->edit_said_us = mono_us;
    if (link->fd >= 0)
        wire_put(&link->out, WIRE_EDIT, &(struct wire_edit){.tag = tag});
}

void link_say_bye(struct link *link, const char *reason)
{
    if (link->fd < 0)
        return;
    wire_put(&link->out, WIRE_BYE, &(struct wire_bye){.reason = reason});
    link_write(link);
}

void link_want_detail(struct link *link, uint32_t tag)
{
    link->detail_tag = tag;
    struct wire_want_detail want = {.tag = tag};
    if (link->fd >= 0)
        wire_put(&link->out, WIRE_WANT_DETAIL, &want);
}

uint32_t link_ask(struct link *link, enum wire_action action, const char *argument)
{
    return link_request(link, &(struct wire_ask){.action = (uint32_t)action, .argument = argument});
}

uint32_t link_request(struct link *link, const struct wire_ask *wish)
{
    /* "Stop" means the same in every version: it is how an old recorder is replaced. */
    bool old = link->state == LINK_OLD && wish->action != WIRE_ACTION_STOP;
    if (link->fd < 0 || old || link->state == LINK_REFUSED || link->view || link->locked)
        return 0;
    if (!++link->requests)
        ++link->requests;
    struct wire_ask ask = *wish;
    ask.request = link->requests;
    wire_put(&link->out, WIRE_ASK, &ask);
    return link->requests;
}

void link_station(char *out, size_t size)
{
    char tty[64] = "no terminal", remote[64] = "";
    if (ttyname_r(STDIN_FILENO, tty, sizeof tty) != 0)
        snprintf(tty, sizeof tty, "no terminal");
    const char *ssh = getenv("SSH_CONNECTION"); /* "client port server port" */
    if (ssh)
        snprintf(remote, sizeof remote, "%.*s", (int)strcspn(ssh, " "), ssh);
    const char *name = strncmp(tty, "/dev/", 5) ? tty : tty + 5;
    snprintf(out, size, "%s%s%s", name, *remote ? " from " : "", remote);
}
