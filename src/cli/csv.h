/* Comma-separated values as RFC 4180 has them: fields with a comma, a quote or a line break stand in double
 * quotes, a quote inside is doubled. */
#ifndef CLI_CSV_H
#define CLI_CSV_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CSV_RECORD_MAX (1u << 20) /* bytes of a record; larger ones are refused */

/* Appends one field, in quotes when it needs them or `quoted` says so. */
void csv_put(struct buf *out, const char *bytes, size_t length, bool quoted);

struct csv_field {
    const char *text; /* NUL-terminated */
    size_t length;    /* may hold NUL bytes too */
    bool quoted;
};

struct csv_reader {
    FILE *in; /* borrowed */
    char separator;
    unsigned line; /* on which the last record began, from 1 */
    unsigned next_line;
    struct buf bytes; /* of the record's fields, each with a NUL behind */
    struct csv_field *fields;
    size_t *starts;
    size_t count, capacity, start_capacity;
};

enum csv_result { CSV_RECORD, CSV_END, CSV_WRONG, CSV_FAILED };

/* Reads from `in`, which is borrowed; nothing has been read yet. csv_reader_free() leaves `in` open. */
void csv_reader_init(struct csv_reader *reader, FILE *in, char separator);
void csv_reader_free(struct csv_reader *reader);

/* Reads the next record that is not an empty line; lines may end in CRLF, LF or the file's end. Its fields are
 * valid until the next call. CSV_WRONG: *fault says what is wrong with it, and reading goes on behind its
 * line. CSV_FAILED: errno says why. */
enum csv_result csv_read(struct csv_reader *reader, const char **fault);

#endif
