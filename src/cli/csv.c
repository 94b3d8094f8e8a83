#include "cli/csv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void csv_put(struct buf *out, const char *bytes, size_t length, bool quoted)
{
    for (size_t i = 0; !quoted && i < length; i++)
        quoted = strchr(",;\"\r\n", bytes[i]) && bytes[i];
    if (!quoted) {
        buf_append(out, bytes, length);
        return;
    }
    buf_append(out, "\"", 1);
    for (const char *end = bytes + length; bytes < end;) {
        const char *quote = memchr(bytes, '"', (size_t)(end - bytes));
        const char *stop = quote ? quote + 1 : end;
        buf_append(out, bytes, (size_t)(stop - bytes));
        if (quote)
            buf_append(out, "\"", 1);
        bytes = stop;
    }
    buf_append(out, "\"", 1);
}

void csv_reader_init(struct csv_reader *reader, FILE *in, char separator)
{
    *reader = (struct csv_reader){.in = in, .separator = separator, .next_line = 1};
    buf_init(&reader->bytes, CSV_RECORD_MAX);
}

void csv_reader_free(struct csv_reader *reader)
{
    buf_free(&reader->bytes);
    free(reader->fields);
    free(reader->starts);
}

static int csv_next(struct csv_reader *reader)
{
    int c = getc_unlocked(reader->in);
    reader->next_line += c == '\n';
    return c;
}

static void csv_begin_field(struct csv_reader *reader)
{
    if (reader->bytes.overflow) /* refused anyway: no more fields of it are kept */
        reader->count--;
    reader->fields = mem_grow(reader->fields, &reader->capacity, reader->count + 1, sizeof *reader->fields);
    reader->starts =
        mem_grow(reader->starts, &reader->start_capacity, reader->count + 1, sizeof *reader->starts);
    reader->starts[reader->count] = reader->bytes.length;
    reader->fields[reader->count++] = (struct csv_field){0};
}

static void csv_end_field(struct csv_reader *reader)
{
    reader->fields[reader->count - 1].length = reader->bytes.length - reader->starts[reader->count - 1];
    buf_append(&reader->bytes, "", 1);
}

/* The rest of a field in quotes; returns what comes behind the closing one, or EOF in the middle of it. */
static int csv_read_quoted(struct csv_reader *reader, bool *closed)
{
    reader->fields[reader->count - 1].quoted = true;
    for (;;) {
        int c = csv_next(reader);
        if (c == EOF)
            return EOF;
        if (c == '"') {
            c = csv_next(reader);
            if (c != '"') {
                *closed = true;
                return c;
            }
        }
        char byte = (char)c;
        buf_append(&reader->bytes, &byte, 1);
    }
}

/* A field up to what ends it, which is returned: the separator, '\n' or EOF. */
static int csv_read_field(struct csv_reader *reader, const char **fault)
{
    bool closed = false;
    csv_begin_field(reader);
    int c = csv_next(reader);
    if (c == '"') {
        c = csv_read_quoted(reader, &closed);
        if (!closed)
            *fault = "a quote is opened and never closed";
        if (c == '\r')
            c = csv_next(reader);
        if (closed && c != reader->separator && c != '\n' && c != EOF)
            *fault = "text behind a closing quote";
    }
    while (c != reader->separator && c != '\n' && c != EOF) {
        char byte = (char)c;
        c = csv_next(reader);
        if (byte != '\r' || c != '\n')
            buf_append(&reader->bytes, &byte, 1);
    }
    csv_end_field(reader);
    return c;
}

enum csv_result csv_read(struct csv_reader *reader, const char **fault)
{
    int end;
    do {
        reader->line = reader->next_line;
        buf_clear(&reader->bytes);
        reader->count = 0;
        *fault = NULL;
        do
            end = csv_read_field(reader, fault);
        while (end == reader->separator);
        if (ferror(reader->in))
            return CSV_FAILED;
        if (reader->bytes.overflow)
            *fault = "too long a line";
        if (*fault)
            return CSV_WRONG;
    } while (end == '\n' && reader->count == 1 && !reader->fields[0].length && !reader->fields[0].quoted);
    if (end == EOF && reader->count == 1 && !reader->fields[0].length && !reader->fields[0].quoted)
        return CSV_END;
    for (size_t i = 0; i < reader->count; i++) /* the bytes lie still now */
        reader->fields[i].text = (const char *)reader->bytes.data + reader->starts[i];
    return CSV_RECORD;
}
