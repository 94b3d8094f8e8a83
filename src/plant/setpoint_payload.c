#include "plant/setpoint_payload.h"

#include "base/num.h"
#include "plant/decode.h"
#include "plant/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Where in the payload a placeholder stands. */
enum setpoint_place { PLACE_PLAIN, PLACE_JSON, PLACE_JSON_STRING };

typedef bool setpoint_fill_function(const struct setpoint_fields *fields, enum setpoint_place place,
                                    struct buf *out);

static void setpoint_escape(const char *text, size_t length, struct buf *out)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            buf_printf(out, "\\u%04x", c);
        else
            buf_append(out, text + i, 1);
    }
}

static bool setpoint_fill_text(const char *text, size_t length, enum setpoint_place place, struct buf *out)
{
    const char *quote = place == PLACE_JSON ? "\"" : "";
    buf_append_text(out, quote);
    if (place == PLACE_PLAIN)
        buf_append(out, text, length);
    else
        setpoint_escape(text, length, out);
    buf_append_text(out, quote);
    return true;
}

static bool setpoint_fill_value(const struct setpoint_fields *fields, enum setpoint_place place,
                                struct buf *out)
{
    char number[NUM_TEXT_MAX];
    if (fields->value.type == VALUE_TEXT)
        return setpoint_fill_text(fields->value.text, fields->value.text_length, place, out);
    num_format_exact(number, sizeof number, fields->value.number);
    return buf_append_text(out, number);
}

/* 15 digits: what the subtraction and the division leave behind them is not printed. */
static bool setpoint_fill_raw(const struct setpoint_fields *fields, enum setpoint_place place,
                              struct buf *out)
{
    (void)place;
    double raw = (fields->value.number - fields->scale_offset) / fields->scale_factor;
    return fields->value.type == VALUE_NUMBER && buf_printf(out, "%.15g", raw);
}

/* A device that speaks words is told the state's, as it stands in the configuration. */
static bool setpoint_fill_state(const struct setpoint_fields *fields, enum setpoint_place place,
                                struct buf *out)
{
    return fields->state && setpoint_fill_text(fields->state, strlen(fields->state), place, out);
}

static bool setpoint_fill_ts(const struct setpoint_fields *fields, enum setpoint_place place, struct buf *out)
{
    (void)place;
    return buf_printf(out, "%" PRId64, fields->ts_us / 1000);
}

static bool setpoint_fill_operator(const struct setpoint_fields *fields, enum setpoint_place place,
                                   struct buf *out)
{
    return setpoint_fill_text(fields->operator_name, strlen(fields->operator_name), place, out);
}

static bool setpoint_fill_id(const struct setpoint_fields *fields, enum setpoint_place place, struct buf *out)
{
    (void)place;
    return buf_printf(out, "%" PRIu64, fields->id);
}

#define SETPOINT_STATE_WORD "text"

static const struct {
    const char *word; /* between the braces */
    bool is_value;
    const char *needs; /* what it cannot be filled in without */
    setpoint_fill_function *fill;
} PLACEHOLDERS[] = {
    {"value", true, "a value", setpoint_fill_value},
    {"raw", true, "a number", setpoint_fill_raw},
    {SETPOINT_STATE_WORD, true, "one of the tag's states", setpoint_fill_state},
    {"ts", false, "a time", setpoint_fill_ts},
    {"operator", false, "a name", setpoint_fill_operator},
    {"id", false, "a number", setpoint_fill_id},
};
#define PLACEHOLDER_COUNT (sizeof PLACEHOLDERS / sizeof *PLACEHOLDERS)

/* The length of a word in braces at `at`, braces included; 0 when there is none. */
static size_t setpoint_word_length(const char *at)
{
    size_t word = *at == '{' ? strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_") : 0;
    return word && at[1 + word] == '}' ? word + 2 : 0;
}

/* Which placeholder the word in braces is; PLACEHOLDER_COUNT: none. */
static size_t setpoint_find(const char *at, size_t length)
{
    size_t found = 0;
    while (found < PLACEHOLDER_COUNT && (strlen(PLACEHOLDERS[found].word) + 2 != length ||
                                         strncmp(at + 1, PLACEHOLDERS[found].word, length - 2) != 0))
        found++;
    return found;
}

static bool setpoint_is_json(const char *payload)
{
    payload += strspn(payload, " \t\r\n");
    return json_looks_like((const uint8_t *)payload, strlen(payload)) && !setpoint_word_length(payload);
}

bool setpoint_payload_fill(const char *payload, const struct setpoint_fields *fields, struct buf *out,
                           struct err *err)
{
    bool is_json = setpoint_is_json(payload), in_string = false;
    size_t limit = out->limit;
    out->limit = out->length + SETPOINT_PAYLOAD_MAX;
    for (const char *at = payload; *at;) {
        size_t length = setpoint_word_length(at);
        size_t found = length ? setpoint_find(at, length) : PLACEHOLDER_COUNT;
        if (found < PLACEHOLDER_COUNT) {
            enum setpoint_place place = !is_json ? PLACE_PLAIN : in_string ? PLACE_JSON_STRING : PLACE_JSON;
            if (!PLACEHOLDERS[found].fill(fields, place, out) && !out->overflow) {
                out->limit = limit;
                return err_set(err, EX_DATAERR, "{%s} of the payload needs %s", PLACEHOLDERS[found].word,
                               PLACEHOLDERS[found].needs);
            }
            at += length;
            continue;
        }
        size_t step = in_string && *at == '\\' && at[1] ? 2 : 1;
        if (*at == '"')
            in_string = !in_string;
        buf_append(out, at, step);
        at += step;
    }
    bool fits = !out->overflow;
    out->limit = limit;
    return fits ||
           err_set(err, EX_DATAERR, "the payload would be longer than %d bytes", SETPOINT_PAYLOAD_MAX);
}

static void setpoint_ignore_item(void *context, const struct decode_item *item)
{
    (void)context;
    (void)item;
}

/* Filled in with a number, and where that is none with a text, it must be JSON. */
static bool setpoint_check_json(const char *payload, struct err *err)
{
    struct setpoint_fields fields = {.value = {.type = VALUE_NUMBER, .number = 1.5},
                                     .state = "STATE",
                                     .scale_factor = 1,
                                     .operator_name = "operator"};
    char reason[DECODE_REASON_MAX];
    size_t left_out = 0;
    struct buf filled;
    buf_init(&filled, 0);
    bool good = setpoint_payload_fill(payload, &fields, &filled, err);
    if (good &&
        !json_decode(filled.data, filled.length, false, setpoint_ignore_item, NULL, &left_out, reason))
        good = err_set(
            err, EX_DATAERR,
            "begins like JSON, but with {value} = 1.5 it is none; look at its quotation marks and commas");
    buf_free(&filled);
    return good;
}

bool setpoint_payload_check(const char *payload, bool *carries_value, struct err *err)
{
    *carries_value = false;
    for (const char *at = payload; (at = strchr(at, '{')); at++) {
        size_t length = setpoint_word_length(at);
        size_t found = length ? setpoint_find(at, length) : PLACEHOLDER_COUNT;
        if (!length)
            continue;
        if (found == PLACEHOLDER_COUNT)
            return err_set(err, EX_DATAERR,
                           "holds %.*s; known are {value}, {raw}, {text}, {ts}, {operator}, {id}",
                           (int)length, at);
        *carries_value = *carries_value || PLACEHOLDERS[found].is_value;
    }
    return !setpoint_is_json(payload) || setpoint_check_json(payload, err);
}

bool setpoint_payload_has_state(const char *payload)
{
    return strstr(payload, "{" SETPOINT_STATE_WORD "}") != NULL;
}
