/* A growing byte buffer with a bound: what does not fit sets `overflow` and is left out whole. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    uint8_t *data; /* owned */
    size_t length;
    size_t capacity;
    size_t limit;  /* bytes; 0 means no limit */
    bool overflow; /* something was left out because of `limit` */
};

/* An empty buffer; `limit` in bytes, 0 for none. Release with buf_free(). */
void buf_init(struct buf *buf, size_t limit);
void buf_free(struct buf *buf);

/* Forgets the content and the overflow mark, keeps the memory. */
void buf_clear(struct buf *buf);

/* Appends; returns false (and appends nothing) when the limit would be passed. */
bool buf_append(struct buf *buf, const void *bytes, size_t length);
bool buf_append_text(struct buf *buf, const char *text);
bool buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Removes `length` bytes at the front. */
void buf_consume(struct buf *buf, size_t length);

/* The content as a NUL-terminated text; valid until the next change. */
const char *buf_text(struct buf *buf);

#endif
