/* Rows of a CSV file as samples: what `hmi export` writes, and what other historians write in that shape. */
#ifndef CLI_IMPORT_ROWS_H
#define CLI_IMPORT_ROWS_H

#include "base/err.h"
#include "cli/csv.h"
#include "plant/value.h"

#include <stdbool.h>
#include <stdint.h>

/* One sample of a row; texts are valid until the next record is read. */
struct import_sample {
    const char *tag;
    int64_t ts_us;
    struct value value;
    bool quoted; /* the value stood in quotes: a number may be meant as a text */
    uint32_t quality;
};

struct import_rows {
    struct csv_reader csv;
    size_t columns; /* of the first line */
    /* Where they stand; SIZE_MAX: no such column. Without `tag` every column but these is a tag. */
    size_t tag, time, value, quality;
    char **tags;    /* the names of those columns; owned */
    size_t column;  /* the next one of the record at hand */
    int64_t ts_us;  /* of the record at hand */
    int64_t now_us; /* later times are refused */
    uint64_t twice; /* rows whose time has no zone and comes twice: taken for the first */
};

/* Reads the first line, which names the columns: tag, time, value and, if there is one, quality (others are left
 * out); or time and tags. False when it does not. Release with import_rows_free(), also then. */
bool import_rows_begin(struct import_rows *rows, FILE *in, char separator, int64_t now_us, struct err *err);
void import_rows_free(struct import_rows *rows);

enum import_result { IMPORT_SAMPLE, IMPORT_END, IMPORT_WRONG, IMPORT_FAILED };

/* The next sample. IMPORT_WRONG: `err` says what is wrong with the line import_rows_line(), of which no more
 * comes. */
enum import_result import_rows_next(struct import_rows *rows, struct import_sample *sample, struct err *err);
unsigned import_rows_line(const struct import_rows *rows);

#endif
