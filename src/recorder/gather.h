/* Gathering what libmosquitto writes on connections without TLS: one send() for thousands of acknowledgements
 * instead of one write() of four bytes for each. The counterpart of readahead.h, by the same means: this file
 * defines `write` for the whole process, passes everything on to the kernel, but for the one descriptor that is
 * armed on the calling thread, between gather_begin() and gather_end().
 *
 * Measured with tests/bench/flood on two cores, QoS 1, durability normal: 0.5 us of the loop's 2.1 us of
 * processor time for a message. (Half of what is left of its system time are bytes to a socket pair by which the
 * library would wake a thread of its own; there is no setting for that.)
 *
 * What must stay true:
 * - armed only around the calls that send what libmosquitto has queued, mosquitto_loop_write() and
 *   mosquitto_loop_misc(), and around all of them: a byte that passed by those that wait here would break the stream;
 * - those calls are made only while nothing that was read is uncommitted (mqtt.h), and what waits here leaves in them
 *   only: so gathering lets no acknowledgement leave before its commit;
 * - what libmosquitto believes to be sent may still wait here: gather_flush() before blocking, and again when poll()
 *   says POLLOUT, while gather_waiting();
 * - never with TLS, and not once DISCONNECT is queued: libmosquitto closes the socket as soon as it has written that;
 * - bounded: what does not fit leaves first; when the socket takes nothing, write() says EAGAIN, and the library keeps
 *   the rest as it would without this;
 * - where the definition does not take effect, nothing is ever gathered, and all is as it was. */
#ifndef RECORDER_GATHER_H
#define RECORDER_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define GATHER_BYTES 16384 /* 4,096 acknowledgements */

/* The bytes of one connection that wait to leave; all zero at first. Owned by one thread at a time. */
struct gather {
    int fd;
    size_t length; /* of `bytes` */
    uint8_t bytes[GATHER_BYTES];
};

/* From now to gather_end() what this thread writes to the socket `fd`, which never blocks, is gathered here. */
void gather_begin(struct gather *gather, int fd);
void gather_end(void);

/* Sends what waits, as far as the socket takes it. False with errno set: the connection is broken. */
bool gather_flush(struct gather *gather);

/* Bytes that wait here. */
size_t gather_waiting(const struct gather *gather);

/* What this process knows as write(): see write(2). */
ssize_t gather_write(int fd, const void *from, size_t size) __asm__("write");

#endif
