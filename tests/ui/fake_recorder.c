#include "tests/ui/fake_recorder.h"

#include "base/clock.h"
#include "plant/quality.h"
#include "plant/tagdef.h"
#include "plant/value.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SEND_MS 20000

static void die(const char *what)
{
    perror(what);
    exit(1);
}

void fake_recorder_open(struct fake_recorder *fake)
{
    *fake = (struct fake_recorder){.listener = -1, .console = -1, .now_us = clock_wall_us()};
    buf_init(&fake->in, 0);
    buf_init(&fake->out, 0);
    snprintf(fake->folder, sizeof fake->folder, "/tmp/hmi-test-XXXXXX");
    if (!mkdtemp(fake->folder))
        die("mkdtemp");
    snprintf(fake->path, sizeof fake->path, "%s/hmi.sock", fake->folder);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", fake->path);
    fake->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fake->listener < 0 || bind(fake->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fake->listener, 4) != 0)
        die("listen");
}

void fake_recorder_drop(struct fake_recorder *fake)
{
    if (fake->console >= 0)
        close(fake->console);
    fake->console = -1;
    buf_clear(&fake->in);
    buf_clear(&fake->out);
}

void fake_recorder_close(struct fake_recorder *fake)
{
    fake_recorder_drop(fake);
    close(fake->listener);
    unlink(fake->path);
    rmdir(fake->folder);
    buf_free(&fake->in);
    buf_free(&fake->out);
}

/* Waits until the descriptor is ready or the terminal has something; false at the deadline. */
static bool wait_ready(int fd, short events, struct vt *terminal, int64_t until_us)
{
    while (clock_mono_us() < until_us) {
        struct pollfd ready = {.fd = fd, .events = events};
        if (poll(&ready, 1, 0) > 0)
            return true;
        vt_pump(terminal, 5);
    }
    return false;
}

bool fake_recorder_accept(struct fake_recorder *fake, struct vt *terminal, int timeout_ms)
{
    struct wire_hello hello;
    int64_t until_us = clock_mono_us() + timeout_ms * CLOCK_US_PER_MS;
    if (!wait_ready(fake->listener, POLLIN, terminal, until_us))
        return false;
    fake->console = accept4(fake->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fake->console >= 0 && fake_recorder_receive(fake, terminal, WIRE_HELLO, &hello, timeout_ms) &&
           hello.version == WIRE_VERSION;
}

bool fake_recorder_send(struct fake_recorder *fake, struct vt *terminal)
{
    int64_t until_us = clock_mono_us() + SEND_MS * CLOCK_US_PER_MS;
    while (fake->out.length) {
        ssize_t sent = send(fake->console, fake->out.data, fake->out.length, MSG_NOSIGNAL);
        if (sent > 0)
            buf_consume(&fake->out, (size_t)sent);
        else if (errno != EAGAIN || !wait_ready(fake->console, POLLOUT, terminal, until_us))
            return false;
    }
    return true;
}

/* Takes frames off `in` up to the first of that type. */
static bool take_frame(struct fake_recorder *fake, enum wire_type type, void *record)
{
    static uint8_t kept[65536]; /* the texts of the record point into it */
    struct wire_frame frame;
    size_t used;
    while (wire_next_frame(fake->in.data, fake->in.length, &frame, &used) == WIRE_OK) {
        bool wanted = frame.type == type && frame.length <= sizeof kept;
        struct wire_frame copy = {.type = frame.type, .body = kept, .length = frame.length};
        if (wanted)
            memcpy(kept, frame.body, frame.length);
        buf_consume(&fake->in, used);
        if (wanted)
            return wire_next_record(&copy, record) == WIRE_OK;
    }
    return false;
}

bool fake_recorder_receive(struct fake_recorder *fake, struct vt *terminal, enum wire_type type, void *record,
                           int timeout_ms)
{
    int64_t until_us = clock_mono_us() + timeout_ms * CLOCK_US_PER_MS;
    while (!take_frame(fake, type, record)) {
        uint8_t bytes[4096];
        if (!wait_ready(fake->console, POLLIN, terminal, until_us))
            return false;
        ssize_t got = recv(fake->console, bytes, sizeof bytes, 0);
        if (got == 0)
            return false;
        if (got > 0)
            buf_append(&fake->in, bytes, (size_t)got);
    }
    return true;
}

void fake_recorder_welcome(struct fake_recorder *fake, const struct wire_welcome *changes)
{
    struct wire_welcome welcome = changes ? *changes : (struct wire_welcome){0};
    welcome.version = welcome.version ? welcome.version : WIRE_VERSION;
    welcome.plant = welcome.plant ? welcome.plant : "Test Works";
    welcome.timezone = "UTC";
    welcome.user = "alice";
    welcome.role = welcome.role ? welcome.role : ROLE_OPERATOR;
    welcome.history_path = welcome.history_path ? welcome.history_path : "/nonexistent/history.db";
    wire_put(&fake->out, WIRE_WELCOME, &welcome);
}

void fake_recorder_tag(struct fake_recorder *fake, uint32_t id, const char *name, const char *area,
                       const char *unit, const char *description)
{
    char topic[256];
    snprintf(topic, sizeof topic, "plant/%s", name);
    struct wire_tag tag = {.tag = id,
                           .configured = 1,
                           .name = name,
                           .topic = topic,
                           .area = area,
                           .unit = unit,
                           .description = description,
                           .kind = TAG_ANALOG,
                           .has_range = 1,
                           .low = 0,
                           .high = 100,
                           .decimals = 1};
    wire_put(&fake->out, WIRE_TAG, &tag);
}

void fake_recorder_number(struct fake_recorder *fake, uint32_t id, double number, uint32_t quality,
                          uint32_t flags)
{
    int64_t now_us = clock_wall_us();
    wire_put(&fake->out, WIRE_SAMPLE,
             &(struct wire_sample){.tag = id,
                                   .type = VALUE_NUMBER,
                                   .number = number,
                                   .quality = quality,
                                   .flags = flags,
                                   .ts_us = now_us,
                                   .arrival_us = now_us});
}

void fake_recorder_snapshot_end(struct fake_recorder *fake)
{
    wire_put(&fake->out, WIRE_SNAPSHOT_END, &(struct wire_snapshot_end){0});
}

void fake_recorder_status(struct fake_recorder *fake, const struct wire_status *changes)
{
    struct wire_status status = changes ? *changes : (struct wire_status){.link = WIRE_LINK_UP};
    status.now_us = clock_wall_us();
    status.broker = "localhost:1883";
    status.link_text = status.link_text ? status.link_text : "connected";
    wire_put(&fake->out, WIRE_STATUS, &status);
}

void fake_recorder_plant(struct fake_recorder *fake, uint32_t count)
{
    static const char *const AREAS[] = {"boiler", "intake", "network"};
    fake_recorder_welcome(fake, NULL);
    for (uint32_t id = 1; id <= count; id++) {
        char name[64], description[64];
        const char *area = AREAS[(id - 1) % 3];
        snprintf(name, sizeof name, "%s.tag%03u", area, id);
        snprintf(description, sizeof description, "Point number %u", id);
        fake_recorder_tag(fake, id, name, area, "°C", description);
    }
    for (uint32_t id = 1; id <= count; id++)
        fake_recorder_number(fake, id, id % 90 + 0.5, QUALITY_GOOD, 0);
    fake_recorder_status(fake, NULL);
    fake_recorder_snapshot_end(fake);
}
