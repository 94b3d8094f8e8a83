#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *buf, size_t limit)
{
    memset(buf, 0, sizeof *buf);
    buf->limit = limit;
}

void buf_free(struct buf *buf)
{
    free(buf->data);
    buf_init(buf, buf->limit);
}

void buf_clear(struct buf *buf)
{
    buf->length = 0;
    buf->overflow = false;
}

static bool buf_reserve(struct buf *buf, size_t more)
{
    if (buf->limit && more > buf->limit - buf->length) {
        buf->overflow = true;
        return false;
    }
    buf->data = mem_grow(buf->data, &buf->capacity, buf->length + more + 1, 1);
    return true;
}

bool buf_append(struct buf *buf, const void *bytes, size_t length)
{
    if (!buf_reserve(buf, length))
        return false;
    if (length)
        memcpy(buf->data + buf->length, bytes, length);
    buf->length += length;
    return true;
}

bool buf_append_text(struct buf *buf, const char *text)
{
    return buf_append(buf, text, strlen(text));
}

bool buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    bool fits = length >= 0 && buf_reserve(buf, (size_t)length);
    if (fits) {
        vsnprintf((char *)buf->data + buf->length, (size_t)length + 1, format, again);
        buf->length += (size_t)length;
    }
    va_end(again);
    return fits;
}

void buf_consume(struct buf *buf, size_t length)
{
    if (length >= buf->length) {
        buf->length = 0;
        return;
    }
    memmove(buf->data, buf->data + length, buf->length - length);
    buf->length -= length;
}

const char *buf_text(struct buf *buf)
{
    buf->data = mem_grow(buf->data, &buf->capacity, buf->length + 1, 1);
    buf->data[buf->length] = '\0';
    return (const char *)buf->data;
}
