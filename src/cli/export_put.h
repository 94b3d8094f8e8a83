/* How exported rows look: CSV as in RFC 4180, or JSON lines. */
#ifndef CLI_EXPORT_PUT_H
#define CLI_EXPORT_PUT_H

#include "base/buf.h"
#include "db/query.h"

#include <stdbool.h>
#include <stdint.h>

#define EXPORT_TIME_MAX 48

struct export_put {
    struct buf text; /* the rows so far */
    bool json;
    bool local;    /* times of the plant's clock with their offset, instead of UTC */
    bool terminal; /* the reader is a terminal: texts are made safe, lines end in LF alone */
    bool begun;    /* the row at hand has a cell */
};

/* "2026-11-22T03:12:40.123Z"; with six decimals where there are microseconds. */
void export_format_time(char *out, size_t size, int64_t ts_us, bool local);

/* One row is put together cell by cell: each with its column's name. */
void export_put_begin(struct export_put *put);
void export_put_text(struct export_put *put, const char *name, const char *text, size_t length);
void export_put_time(struct export_put *put, const char *name, int64_t ts_us);
/* NaN: no value. */
void export_put_number(struct export_put *put, const char *name, double number);
/* Numbers bare, texts in quotes, so that '007' and 7 stay what they are. */
void export_put_value(struct export_put *put, const char *name, const struct value *value);
void export_put_end(struct export_put *put);

#endif
