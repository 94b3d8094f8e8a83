#include "cli/import_rows.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/timefmt.h"
#include "base/utf8.h"
#include "plant/quality.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define IMPORT_FUTURE_US CLOCK_US_PER_DAY
#define IMPORT_NONE      SIZE_MAX
#define IMPORT_SHOWN     40 /* bytes of a field in a message */

/* The words for a quality, besides its number. */
static const struct {
    const char *word;
    uint32_t code;
} IMPORT_QUALITIES[] = {
    {"", QUALITY_GOOD},
    {"good", QUALITY_GOOD},
    {"uncertain", QUALITY_UNCERTAIN},
    {"bad", QUALITY_BAD},
};

static size_t import_find_column(const struct csv_reader *csv, const char *const *names)
{
    for (; *names; names++)
        for (size_t i = 0; i < csv->count; i++)
            if (!strcasecmp(csv->fields[i].text, *names))
                return i;
    return IMPORT_NONE;
}

static void import_keep_names(struct import_rows *rows)
{
    rows->columns = rows->csv.count;
    rows->tags = mem_new(rows->columns, sizeof *rows->tags);
    for (size_t i = 0; i < rows->columns; i++)
        rows->tags[i] = mem_copy_text(rows->csv.fields[i].text);
}

static bool import_refuse_columns(const struct import_rows *rows, struct err *err)
{
    static const char WANTED[] =
        "the first line names the columns: tag, time, value and, if there is one, quality; "
        "or time and a column for each tag";
    char first[IMPORT_SHOWN];
    if (rows->columns < 2)
        return err_set(err, EX_DATAERR, "%s. Is the separator right (--separator)?", WANTED);
    if (rows->time != IMPORT_NONE)
        return err_set(err, EX_DATAERR, "%s; here is a column of tags, but none of values", WANTED);
    utf8_make_safe(first, sizeof first, rows->tags[0], strlen(rows->tags[0]));
    return err_set(err, EX_DATAERR, "%s; here none is called 'time', and the first one '%s'", WANTED, first);
}

bool import_rows_begin(struct import_rows *rows, FILE *in, char separator, int64_t now_us, struct err *err)
{
    const char *fault;
    *rows = (struct import_rows){.now_us = now_us};
    csv_reader_init(&rows->csv, in, separator);
    enum csv_result result = csv_read(&rows->csv, &fault);
    if (result == CSV_FAILED)
        return err_set(err, EX_IOERR, "cannot be read: %s", strerror(errno));
    if (result != CSV_RECORD)
        return err_set(err, EX_DATAERR, "the first line names the columns; %s",
                       result == CSV_END ? "there is none" : fault);
    struct csv_field *first = &rows->csv.fields[0];
    if (first->length >= 3 && !memcmp(first->text, "\xEF\xBB\xBF", 3)) /* a byte order mark */
        first->text += 3;
    rows->tag = import_find_column(&rows->csv, (const char *const[]){"tag", "tagname", "name", NULL});
    rows->time =
        import_find_column(&rows->csv, (const char *const[]){"time", "ts", "timestamp", "datetime", NULL});
    rows->value = import_find_column(&rows->csv, (const char *const[]){"value", NULL});
    rows->quality = import_find_column(&rows->csv, (const char *const[]){"quality", NULL});
    import_keep_names(rows);
    rows->column = rows->columns;
    if (rows->time == IMPORT_NONE || (rows->tag != IMPORT_NONE && rows->value == IMPORT_NONE) ||
        rows->columns < 2)
        return import_refuse_columns(rows, err);
    return true;
}

void import_rows_free(struct import_rows *rows)
{
    for (size_t i = 0; rows->tags && i < rows->columns; i++)
        free(rows->tags[i]);
    free(rows->tags);
    csv_reader_free(&rows->csv);
}

unsigned import_rows_line(const struct import_rows *rows)
{
    return rows->csv.line;
}

static bool import_fail(const struct csv_field *field, const char *what, struct err *err)
{
    return err_set(err, EX_DATAERR, "'%.*s' %s", IMPORT_SHOWN, field->text, what);
}

/* A time without a zone that the plant's clock shows twice. */
static bool import_is_twice(const struct csv_field *field, int64_t ts_us)
{
    int64_t utc_us;
    return timefmt_is_twice(ts_us) && timefmt_parse_iso(field->text, field->length, true, &utc_us) &&
           utc_us != ts_us;
}

static bool import_read_time(struct import_rows *rows, const struct csv_field *field, int64_t *ts_us,
                             struct err *err)
{
    bool digits =
        field->length > 14 && field->length < 19 && strspn(field->text, "0123456789") == field->length;
    if (digits)
        *ts_us = strtoll(field->text, NULL, 10);
    else if (!timefmt_parse_iso(field->text, field->length, false, ts_us))
        return import_fail(field, "is no time such as 2026-11-22T13:30:00.5Z or 2026-11-22 14:30", err);
    if (*ts_us < 0 || *ts_us > rows->now_us + IMPORT_FUTURE_US)
        return import_fail(field, *ts_us < 0 ? "lies before 1970" : "lies in the future", err);
    rows->twice += !digits && import_is_twice(field, *ts_us);
    return true;
}

static bool import_read_quality(const struct csv_field *field, uint32_t *quality, struct err *err)
{
    for (size_t i = 0; i < sizeof IMPORT_QUALITIES / sizeof *IMPORT_QUALITIES; i++)
        if (!strcasecmp(field->text, IMPORT_QUALITIES[i].word)) {
            *quality = IMPORT_QUALITIES[i].code;
            return true;
        }
    char *end;
    unsigned long long code = strtoull(field->text, &end, 0);
    *quality = (uint32_t)code;
    if (*end || *field->text == '-' || code > UINT32_MAX)
        return import_fail(field, "is no quality: a number (OPC UA status code), good, uncertain or bad",
                           err);
    return true;
}

static bool import_read_value(const struct csv_field *field, struct import_sample *sample, struct err *err)
{
    double number;
    sample->quoted = field->quoted;
    sample->value = (struct value){.type = VALUE_NONE};
    if (!field->length && !field->quoted)
        return true;
    bool is_number = num_parse(field->text, field->length, &number);
    if (!is_number || (field->quoted && !isfinite(number))) /* "nan" may be meant as a text */
        sample->value = (struct value){.type = VALUE_TEXT, .text = field->text, .text_length = field->length};
    else if (isfinite(number))
        sample->value = (struct value){
            .type = VALUE_NUMBER, .number = number, .text = field->text, .text_length = field->length};
    else
        return import_fail(field, "is not a finite number", err);
    return true;
}

/* A record with a tag in each row. */
static enum import_result import_take_row(struct import_rows *rows, struct import_sample *sample,
                                          struct err *err)
{
    static const struct csv_field NOTHING = {.text = ""};
    const struct csv_field *fields = rows->csv.fields;
    const struct csv_field *quality = rows->quality == IMPORT_NONE ? &NOTHING : &fields[rows->quality];
    rows->column = rows->columns;
    sample->tag = fields[rows->tag].text;
    if (!*sample->tag || strlen(sample->tag) != fields[rows->tag].length) {
        err_set(err, EX_DATAERR, "the name of the tag is missing, or holds a NUL byte");
        return IMPORT_WRONG;
    }
    bool good = import_read_time(rows, &fields[rows->time], &sample->ts_us, err) &&
                import_read_value(&fields[rows->value], sample, err) &&
                import_read_quality(quality, &sample->quality, err);
    return good ? IMPORT_SAMPLE : IMPORT_WRONG;
}

/* The next cell of a record with a column for each tag; false behind the last. An empty cell is no sample. */
static bool import_take_cell(struct import_rows *rows, struct import_sample *sample,
                             enum import_result *result, struct err *err)
{
    for (; rows->column < rows->columns; rows->column++) {
        const struct csv_field *field = &rows->csv.fields[rows->column];
        if (rows->column == rows->time || !*rows->tags[rows->column] || (!field->length && !field->quoted))
            continue;
        sample->tag = rows->tags[rows->column++];
        sample->ts_us = rows->ts_us;
        sample->quality = QUALITY_GOOD;
        *result = import_read_value(field, sample, err) ? IMPORT_SAMPLE : IMPORT_WRONG;
        return true;
    }
    return false;
}

static enum import_result import_next_record(struct import_rows *rows, struct err *err)
{
    const char *fault;
    switch (csv_read(&rows->csv, &fault)) {
    case CSV_END:
        return IMPORT_END;
    case CSV_FAILED:
        err_set(err, EX_IOERR, "cannot be read: %s", strerror(errno));
        return IMPORT_FAILED;
    case CSV_WRONG:
        err_set(err, EX_DATAERR, "%s", fault);
        return IMPORT_WRONG;
    default:
        break;
    }
    if (rows->csv.count == rows->columns)
        return IMPORT_SAMPLE;
    err_set(err, EX_DATAERR, "%zu fields, where the first line has %zu", rows->csv.count, rows->columns);
    return IMPORT_WRONG;
}

enum import_result import_rows_next(struct import_rows *rows, struct import_sample *sample, struct err *err)
{
    enum import_result result = IMPORT_END;
    bool wide = rows->tag == IMPORT_NONE;
    for (;;) {
        if (wide && import_take_cell(rows, sample, &result, err))
            return result;
        rows->column = rows->columns;
        result = import_next_record(rows, err);
        if (result != IMPORT_SAMPLE)
            return result;
        if (!wide)
            return import_take_row(rows, sample, err);
        if (!import_read_time(rows, &rows->csv.fields[rows->time], &rows->ts_us, err))
            return IMPORT_WRONG;
        rows->column = 0;
    }
}
