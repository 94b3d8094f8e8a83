/* A recorder for tests of the screens: says over the console protocol exactly what a test wants a console to
 * hear, in states that a real plant seldom shows. One console at a time. Sending goes on pumping the
 * terminal, so that neither side waits for the other. */
#ifndef TESTS_UI_FAKE_RECORDER_H
#define TESTS_UI_FAKE_RECORDER_H

#include "base/buf.h"
#include "tests/ui/vt.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

struct fake_recorder {
    char folder[64], path[96]; /* of the socket */
    int listener, console;     /* descriptors, -1: none */
    struct buf in, out;
    int64_t now_us; /* the wall clock when it was made: sample times refer to it */
};

/* Listens on a socket in a folder of its own. Ends the test program when it cannot. */
void fake_recorder_open(struct fake_recorder *fake);
void fake_recorder_close(struct fake_recorder *fake);

/* Waits for a console and its HELLO. */
bool fake_recorder_accept(struct fake_recorder *fake, struct vt *terminal, int timeout_ms);

/* Drops the console, as a recorder that was killed does. */
void fake_recorder_drop(struct fake_recorder *fake);

/* Sends what was put into `out` with wire_put(). False when the console went away. */
bool fake_recorder_send(struct fake_recorder *fake, struct vt *terminal);

/* The next frame of the console of that type, such as WIRE_ASK; `record` as wire_next_record() fills it, its
 * texts valid until the next call. */
bool fake_recorder_receive(struct fake_recorder *fake, struct vt *terminal, enum wire_type type, void *record,
                           int timeout_ms);

/* ---- frames, put into `out` ---- */

void fake_recorder_welcome(struct fake_recorder *fake, const struct wire_welcome *changes);
void fake_recorder_tag(struct fake_recorder *fake, uint32_t id, const char *name, const char *area,
                       const char *unit, const char *description);
void fake_recorder_number(struct fake_recorder *fake, uint32_t id, double number, uint32_t quality,
                          uint32_t flags);
void fake_recorder_snapshot_end(struct fake_recorder *fake);
/* A link that is up, recording that works. */
void fake_recorder_status(struct fake_recorder *fake, const struct wire_status *changes);

/* A small water works: WELCOME, `count` tags "area.tag001" with values 1.5, 2.5 ..., STATUS, SNAPSHOT_END. */
void fake_recorder_plant(struct fake_recorder *fake, uint32_t count);

#endif
