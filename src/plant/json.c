/* A payload is flattened into its scalar members: {"motor":{"temp":[20.5,21]},"ts":1700000000} gives
 * motor.temp[0] and motor.temp[1]; a member without a name is called "". A member called ts, time or
 * timestamp (any case) that reads as a time stamps its object and everything below it. */
#include "plant/json.h"

#include "base/buf.h"
#include "base/num.h"
#include "base/timefmt.h"
#include "base/utf8.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct json_walk {
    decode_function *function;
    void *context;
    bool local_times;
    size_t members;
    size_t left_out;
    char path[DECODE_PATH_MAX];
};

static bool json_is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool json_looks_like(const uint8_t *payload, size_t length)
{
    size_t i = 0;
    while (i < length && json_is_blank(payload[i]))
        i++;
    return i < length && (payload[i] == '{' || payload[i] == '[' || payload[i] == '"');
}

static bool json_is_time_name(const char *name)
{
    return name && (!strcasecmp(name, "ts") || !strcasecmp(name, "time") || !strcasecmp(name, "timestamp"));
}

/* The time that a member holds, when it is one. */
static bool json_read_time(const struct json_walk *walk, const cJSON *member, int64_t *ts_us)
{
    double number;
    if (cJSON_IsNumber(member))
        return decode_time_number(member->valuedouble, ts_us);
    if (!cJSON_IsString(member))
        return false;
    size_t length = strlen(member->valuestring);
    if (num_parse(member->valuestring, length, &number))
        return decode_time_number(number, ts_us);
    return timefmt_parse_iso(member->valuestring, length, !walk->local_times, ts_us);
}

static int64_t json_time_of_object(const struct json_walk *walk, const cJSON *object, int64_t inherited_us)
{
    int64_t ts_us;
    const cJSON *member;
    cJSON_ArrayForEach(member, object) if (json_is_time_name(member->string) &&
                                           json_read_time(walk, member, &ts_us)) return ts_us;
    return inherited_us;
}

static void json_emit(struct json_walk *walk, const cJSON *scalar, int64_t source_us)
{
    struct decode_item item = {.path = walk->path, .source_us = source_us};
    int64_t ts_us;
    if (walk->members >= DECODE_MEMBERS_MAX) {
        walk->left_out++;
        return;
    }
    walk->members++;
    if (cJSON_IsNumber(scalar)) {
        item.kind = isfinite(scalar->valuedouble) ? DECODE_NUMBER : DECODE_NOT_FINITE;
        item.number = scalar->valuedouble;
    } else if (cJSON_IsBool(scalar)) {
        const char *word = cJSON_IsTrue(scalar) ? "true" : "false";
        decode_scalar(word, strlen(word), &item);
    } else if (cJSON_IsString(scalar)) {
        decode_scalar(scalar->valuestring, strlen(scalar->valuestring), &item);
        if (!item.text_length) /* "" is a text, not the lack of one */
            item.kind = DECODE_TEXT;
    } else {
        item.kind = DECODE_NULL;
    }
    item.is_time = json_is_time_name(scalar->string) && json_read_time(walk, scalar, &ts_us);
    walk->function(walk->context, &item);
}

/* Appends a step to the path; returns the length before, or SIZE_MAX when it does not fit. */
static size_t json_push(struct json_walk *walk, const cJSON *child, size_t index)
{
    size_t before = strlen(walk->path), room = sizeof walk->path - before;
    /* A member without a name is called "": the empty path is the whole payload. */
    const char *name = child->string && !*child->string ? "\"\"" : child->string;
    int length = name ? snprintf(walk->path + before, room, before ? ".%s" : "%s", name)
                      : snprintf(walk->path + before, room, "[%zu]", index);
    if (length < 0 || (size_t)length >= room) {
        walk->path[before] = '\0';
        return SIZE_MAX;
    }
    return before;
}

/* Recursion is bounded by DECODE_DEPTH_MAX. */
static void json_walk(struct json_walk *walk, const cJSON *node, int64_t source_us, int depth)
{
    if (!cJSON_IsObject(node) && !cJSON_IsArray(node)) {
        json_emit(walk, node, source_us);
        return;
    }
    if (depth >= DECODE_DEPTH_MAX) {
        walk->left_out++;
        return;
    }
    if (cJSON_IsObject(node))
        source_us = json_time_of_object(walk, node, source_us);
    size_t index = 0;
    const cJSON *child;
    cJSON_ArrayForEach(child, node)
    {
        size_t before = json_push(walk, child, index++);
        if (before == SIZE_MAX) {
            walk->left_out++;
            continue;
        }
        json_walk(walk, child, source_us, depth + 1);
        walk->path[before] = '\0';
    }
}

/* UTF-8 without a NUL, at which cJSON's texts end. Checked before the walk calls back, so that a payload
 * counts whole or not at all. */
static bool json_is_utf8(const char *text, size_t length)
{
    while (length) {
        uint32_t c;
        size_t step = utf8_decode(text, length, &c);
        if (!c || (step == 1 && c == UTF8_REPLACEMENT))
            return false;
        text += step;
        length -= step;
    }
    return true;
}

/* NULL when it is not JSON from end to end (blanks may follow); *parsed is how far it was. */
static cJSON *json_parse(const char *text, size_t length, size_t *parsed)
{
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(text, length, &end, 0);
    *parsed = end ? (size_t)(end - text) : 0;
    while (root && *parsed < length && json_is_blank((uint8_t)text[*parsed]))
        ++*parsed;
    if (root && *parsed < length) {
        cJSON_Delete(root);
        root = NULL;
    }
    return root;
}

/* Python's json.dumps() writes NaN and Infinity, which JSON does not know. They become a number that is too
 * great, so that one sensor's failure does not cost the others their values. */
static cJSON *json_parse_not_finite(const char *text, size_t length)
{
    static const char *const WORDS[] = {"NaN", "Infinity"};
    struct buf copy;
    bool quoted = false;
    size_t parsed;
    buf_init(&copy, 0);
    for (size_t i = 0; i < length; i++) {
        size_t skip = 0;
        for (size_t w = 0; w < sizeof WORDS / sizeof *WORDS && !quoted; w++)
            if (length - i >= strlen(WORDS[w]) && !memcmp(text + i, WORDS[w], strlen(WORDS[w])))
                skip = strlen(WORDS[w]);
        if (skip) {
            buf_append_text(&copy, "1e999");
            i += skip - 1;
            continue;
        }
        if (text[i] == '"')
            quoted = !quoted;
        else if (quoted && text[i] == '\\' && i + 1 < length)
            buf_append(&copy, &text[i++], 1);
        buf_append(&copy, &text[i], 1);
    }
    cJSON *root = json_parse((const char *)copy.data, copy.length, &parsed);
    buf_free(&copy);
    return root;
}

bool json_decode(const uint8_t *payload, size_t length, bool local_times, decode_function *function,
                 void *context, size_t *left_out, char *reason)
{
    const char *text = (const char *)payload;
    size_t parsed;
    while (length && !text[length - 1]) /* a C program sent sizeof instead of strlen */
        length--;
    if (!json_is_utf8(text, length)) {
        snprintf(reason, DECODE_REASON_MAX, "JSON with bytes that are not UTF-8 text");
        return false;
    }
    cJSON *root = json_parse(text, length, &parsed);
    if (!root && (memmem(text, length, "NaN", 3) || memmem(text, length, "Infinity", 8)))
        root = json_parse_not_finite(text, length);
    if (!root) {
        snprintf(reason, DECODE_REASON_MAX,
                 "not valid JSON at byte %zu (format = \"plain\" takes it as text)", parsed + 1);
        return false;
    }
    struct json_walk walk = {.function = function, .context = context, .local_times = local_times};
    json_walk(&walk, root, 0, 0);
    *left_out += walk.left_out;
    cJSON_Delete(root);
    return true;
}
