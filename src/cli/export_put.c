#include "cli/export_put.h"

#include "base/clock.h"
#include "base/json_text.h"
#include "base/num.h"
#include "base/timefmt.h"
#include "base/utf8.h"
#include "cli/csv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define EXPORT_TEXT_MAX 4096 /* bytes of a text that are shown on a terminal */

void export_format_time(char *out, size_t size, int64_t ts_us, bool local)
{
    char text[TIMEFMT_MAX], micro[8] = "";
    int past = (int)(ts_us % CLOCK_US_PER_MS);
    if (past)
        snprintf(micro, sizeof micro, "%03d", past < 0 ? past + (int)CLOCK_US_PER_MS : past);
    if (past < 0)
        ts_us -= CLOCK_US_PER_MS;
    if (local)
        timefmt_local(text, sizeof text, ts_us, TIMEFMT_DATE | TIMEFMT_MS | TIMEFMT_OFFSET);
    else
        timefmt_utc(text, sizeof text, ts_us);
    if (local && text[10] == ' ')
        text[10] = 'T';
    char *dot = strchr(text, '.');
    int head = dot ? (int)(dot - text) + 4 : (int)strlen(text);
    snprintf(out, size, "%.*s%s%s", head, text, micro, text + head);
}

/* What stands before a cell: in JSON its name, too. */
static void export_put_name(struct export_put *put, const char *name)
{
    if (put->begun)
        buf_append(&put->text, ",", 1);
    put->begun = true;
    if (!put->json)
        return;
    json_text_append(&put->text, name, strlen(name));
    buf_append(&put->text, ":", 1);
}

void export_put_begin(struct export_put *put)
{
    put->begun = false;
    if (put->json)
        buf_append(&put->text, "{", 1);
}

void export_put_end(struct export_put *put)
{
    buf_append_text(&put->text, put->json ? "}\n" : put->terminal ? "\n" : "\r\n");
}

static void export_put_csv_text(struct export_put *put, const char *text, size_t length, bool quoted)
{
    char safe[EXPORT_TEXT_MAX];
    if (put->terminal) {
        utf8_make_safe(safe, sizeof safe, text, length);
        text = safe;
        length = strlen(safe);
    }
    csv_put(&put->text, text, length, quoted);
}

void export_put_text(struct export_put *put, const char *name, const char *text, size_t length)
{
    export_put_name(put, name);
    if (!put->json)
        export_put_csv_text(put, text, length, false);
    else
        json_text_append(&put->text, text, length);
}

void export_put_time(struct export_put *put, const char *name, int64_t ts_us)
{
    char text[EXPORT_TIME_MAX];
    export_format_time(text, sizeof text, ts_us, put->local);
    export_put_name(put, name);
    buf_printf(&put->text, put->json ? "\"%s\"" : "%s", text);
}

void export_put_number(struct export_put *put, const char *name, double number)
{
    char text[NUM_TEXT_MAX] = "";
    if (isfinite(number))
        num_format_exact(text, sizeof text, number);
    else if (put->json)
        snprintf(text, sizeof text, "null");
    export_put_name(put, name);
    buf_append_text(&put->text, text);
}

void export_put_value(struct export_put *put, const char *name, const struct value *value)
{
    if (value->type != VALUE_TEXT) {
        export_put_number(put, name, value->type == VALUE_NUMBER ? value->number : NAN);
        return;
    }
    export_put_name(put, name);
    if (put->json)
        json_text_append(&put->text, value->text, value->text_length);
    else
        export_put_csv_text(put, value->text, value->text_length, true);
}
