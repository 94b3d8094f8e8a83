/* A payload is flattened into its scalar members: {"motor":{"temp":[20.5,21]},"ts":1700000000} gives
 * motor.temp[0] and motor.temp[1]. A member called ts, time or timestamp (any case) that reads as a time
 * stamps its object and everything below it. */
#include "plant/json.h"

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
static bool json_read_time(const cJSON *member, int64_t *ts_us)
{
    double number;
    if (cJSON_IsNumber(member))
        return decode_time_number(member->valuedouble, ts_us);
    if (!cJSON_IsString(member))
        return false;
    size_t length = strlen(member->valuestring);
    if (num_parse(member->valuestring, length, &number))
        return decode_time_number(number, ts_us);
    return timefmt_parse_iso(member->valuestring, length, true, ts_us);
}

static int64_t json_time_of_object(const cJSON *object, int64_t inherited_us)
{
    int64_t ts_us;
    const cJSON *member;
    cJSON_ArrayForEach(member, object) if (json_is_time_name(member->string) &&
                                           json_read_time(member, &ts_us)) return ts_us;
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
        if (item.kind == DECODE_NULL) { /* "" is a text, not the lack of one */
            item.kind = DECODE_TEXT;
            item.text = "";
        }
    } else {
        item.kind = DECODE_NULL;
    }
    item.is_time = json_is_time_name(scalar->string) && json_read_time(scalar, &ts_us);
    walk->function(walk->context, &item);
}

/* Appends a step to the path; returns the length before, or SIZE_MAX when it does not fit. */
static size_t json_push(struct json_walk *walk, const cJSON *child, size_t index)
{
    size_t before = strlen(walk->path), room = sizeof walk->path - before;
    int length = child->string ? snprintf(walk->path + before, room, before ? ".%s" : "%s", child->string)
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
        source_us = json_time_of_object(node, source_us);
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

/* The walk checks before it calls back, so that a payload counts whole or not at all. */
static bool json_is_utf8(const char *text, size_t length)
{
    while (length) {
        uint32_t c;
        size_t step = utf8_decode(text, length, &c);
        if (step == 1 && c == UTF8_REPLACEMENT)
            return false;
        text += step;
        length -= step;
    }
    return true;
}

bool json_decode(const uint8_t *payload, size_t length, decode_function *function, void *context,
                 size_t *left_out, char *reason)
{
    const char *text = (const char *)payload, *end = NULL;
    if (!json_is_utf8(text, length)) {
        snprintf(reason, DECODE_REASON_MAX, "JSON with bytes that are not UTF-8");
        return false;
    }
    cJSON *root = cJSON_ParseWithLengthOpts(text, length, &end, 0);
    size_t parsed = end ? (size_t)(end - text) : 0;
    while (root && parsed < length && (json_is_blank(payload[parsed]) || !payload[parsed]))
        parsed++;
    if (!root || parsed < length) {
        snprintf(reason, DECODE_REASON_MAX,
                 "not valid JSON at byte %zu (format = \"plain\" takes it as text)", parsed + 1);
        cJSON_Delete(root);
        return false;
    }
    struct json_walk walk = {.function = function, .context = context};
    json_walk(&walk, root, 0, 0);
    *left_out += walk.left_out;
    cJSON_Delete(root);
    return true;
}
