#include "plant/decode.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/utf8.h"
#include "plant/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The usual spellings of booleans; 0/1 are numbers. */
static const char *const BOOLEANS[][2] = {{"false", "true"}, {"off", "on"}, {"no", "yes"}};

static bool decode_boolean(const char *text, size_t length, struct decode_item *item)
{
    if (length < 2 || length > 5)
        return false;
    for (size_t i = 0; i < sizeof BOOLEANS / sizeof *BOOLEANS; i++)
        for (int value = 0; value < 2; value++)
            if (strlen(BOOLEANS[i][value]) == length && !strncasecmp(text, BOOLEANS[i][value], length)) {
                item->kind = DECODE_BOOLEAN;
                item->number = value;
                item->spelling = BOOLEANS[i];
                return true;
            }
    return false;
}

void decode_scalar(const char *text, size_t length, struct decode_item *item)
{
    while (length && strchr(" \t\r\n", text[length - 1]) && text[length - 1])
        length--;
    while (length && strchr(" \t\r\n", *text) && *text) {
        text++;
        length--;
    }
    item->text = text;
    item->text_length = length;
    if (!length)
        item->kind = DECODE_NULL;
    else if (num_parse(text, length, &item->number))
        item->kind = isfinite(item->number) ? DECODE_NUMBER : DECODE_NOT_FINITE;
    else if (!decode_boolean(text, length, item))
        item->kind = length == 4 && !strncasecmp(text, "null", 4) ? DECODE_NULL : DECODE_TEXT;
}

bool decode_time_number(double number, int64_t *ts_us)
{
    if (!(number >= 1e8) || number >= 1e17)
        return false;
    if (number < 1e11) /* seconds: 1973 to 5138 */
        *ts_us = (int64_t)llround(number * 1e6);
    else if (number < 1e14) /* milliseconds: from 1973 */
        *ts_us = (int64_t)llround(number * 1e3);
    else
        *ts_us = (int64_t)llround(number);
    return true;
}

/* Text that a person could have typed: valid UTF-8 without NUL.
 * Other control characters are made safe when shown. */
static bool decode_is_text(const uint8_t *payload, size_t length, char *reason)
{
    for (size_t i = 0; i < length;) {
        uint32_t c;
        size_t step = utf8_decode((const char *)payload + i, length - i, &c);
        if (c == 0 || (step == 1 && c == UTF8_REPLACEMENT)) {
            snprintf(reason, DECODE_REASON_MAX, "not text: byte 0x%02x at %zu", payload[i], i + 1);
            return false;
        }
        i += step;
    }
    return true;
}

bool decode_payload(struct payload_rule rule, const uint8_t *payload, size_t length,
                    decode_function *function, void *context, size_t *left_out, char *reason)
{
    static const uint8_t MARK[] = {0xEF, 0xBB, 0xBF}; /* a byte order mark, as Windows programs write it */
    if (length >= sizeof MARK && !memcmp(payload, MARK, sizeof MARK)) {
        payload += sizeof MARK;
        length -= sizeof MARK;
    }
    bool json =
        rule.format == FORMAT_JSON || (rule.format == FORMAT_AUTO && json_looks_like(payload, length));
    if (json && length)
        return json_decode(payload, length, rule.local_times, function, context, left_out, reason);
    struct decode_item item = {.path = ""};
    decode_scalar((const char *)payload, length, &item);
    if (item.kind == DECODE_TEXT && !decode_is_text(payload, length, reason))
        return false;
    function(context, &item);
    return true;
}

void decode_escape(char *out, size_t size, const uint8_t *payload, size_t length)
{
    size_t used = 0;
    for (size_t i = 0; i < length;) {
        char piece[8];
        uint32_t c;
        size_t step = utf8_decode((const char *)payload + i, length - i, &c), count;
        if (c == '\n' || c == '\t' || c == '\r') {
            count = (size_t)snprintf(piece, sizeof piece, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
        } else if (utf8_is_unsafe(c) || (step == 1 && c == UTF8_REPLACEMENT)) {
            step = 1;
            count = (size_t)snprintf(piece, sizeof piece, "\\x%02x", payload[i]);
        } else {
            memcpy(piece, payload + i, step);
            count = step;
        }
        if (used + count + 1 > size)
            break;
        memcpy(out + used, piece, count);
        used += count;
        i += step;
    }
    out[used] = '\0';
}
