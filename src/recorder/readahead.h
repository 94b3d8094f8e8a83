/* Reading ahead for libmosquitto on connections without TLS: one recv() for hundreds of messages instead of three
 * read()s of one to forty bytes for each.
 *
 * Why: libmosquitto 2.0.11 reads a packet's first byte, each byte of its length and its body by a read() of their own
 * and has no setting for it. That was over half of the time of the recorder's loop. Measured with tests/bench/flood
 * on two cores, processor time of the loop for a message and samples stored a second (durability normal):
 *
 *            without             with
 *   QoS 0    2.0 us   450,000    0.75 us   1,000,000
 *   QoS 1    3.3 us   245,000    2.1 us      320,000
 *
 * How: the library calls read() through the dynamic linker, and a program's own symbols come first there. So this
 * file defines `read` for the whole process. It passes everything on to the kernel, but for the one descriptor that
 * is armed on the calling thread, between readahead_begin() and readahead_end().
 *
 * What must stay true:
 * - armed only around mosquitto_loop_read(), on the thread that owns the handle, for the handle's own socket, and
 *   never with TLS (OpenSSL reads its socket by read(), too). The descriptor is given anew each time: bytes of
 *   another socket are forgotten. Every other read() of the process, on this thread or another, goes to the kernel;
 * - what is here has left the socket, so that poll() does not tell of it: ask readahead_waiting() before blocking;
 * - order, end of file, errors and errno are those of the socket: EOF and errors are told when the bytes before them
 *   are used up, by the call that met them;
 * - what is here was not seen by the library, hence not acknowledged: losing it with the connection loses nothing;
 * - bounded: nothing is read before what is here is used up;
 * - where the definition does not take effect (a libmosquitto linked statically, or one that reads otherwise), nothing
 *   is ever read ahead, and all is as it was. */
#ifndef RECORDER_READAHEAD_H
#define RECORDER_READAHEAD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define READAHEAD_BYTES 16384 /* some 400 short messages; 4 KiB and 256 KiB were as fast */

/* The bytes read ahead of one connection; all zero at first. Owned by one thread at a time. */
struct readahead {
    int fd;              /* whose bytes they are */
    size_t used, length; /* of `bytes` */
    uint8_t bytes[READAHEAD_BYTES];
};

/* From now to readahead_end() this thread's reads from the socket `fd`, which never blocks, are served from here. */
void readahead_begin(struct readahead *ahead, int fd);
void readahead_end(void);

/* Bytes that wait here. */
size_t readahead_waiting(const struct readahead *ahead);

/* What this process knows as read(): see read(2). */
ssize_t readahead_read(int fd, void *to, size_t size) __asm__("read");

#endif
