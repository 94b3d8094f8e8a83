#include "plant/filter.h"

#include "base/utf8.h"

#include <stddef.h>
#include <string.h>

#define FILTER_LENGTH_MAX 65535 /* bytes: a two-byte length on the wire */

static const char *filter_text_fault(const char *text)
{
    size_t length = strlen(text);
    if (!length)
        return "it is empty";
    if (length > FILTER_LENGTH_MAX)
        return "it is longer than 65,535 bytes";
    while (length) {
        uint32_t c;
        size_t step = utf8_decode(text, length, &c);
        if (c == UTF8_REPLACEMENT && step == 1)
            return "it is not valid UTF-8";
        text += step;
        length -= step;
    }
    return NULL;
}

const char *filter_fault(const char *filter)
{
    const char *fault = filter_text_fault(filter);
    if (fault)
        return fault;
    for (const char *p = filter; *p; p++) {
        bool starts_level = p == filter || p[-1] == '/';
        bool ends_level = p[1] == '\0' || p[1] == '/';
        if (*p == '+' && !(starts_level && ends_level))
            return "'+' must stand alone between the slashes";
        if (*p == '#' && !starts_level)
            return "'#' must stand alone behind a slash";
        if (*p == '#' && p[1] != '\0')
            return "'#' must be the last level";
    }
    return NULL;
}

const char *filter_topic_fault(const char *topic)
{
    const char *fault = filter_text_fault(topic);
    if (fault)
        return fault;
    return strpbrk(topic, "+#") ? "a topic has no wildcards ('+', '#')" : NULL;
}

/* Steps over the level at p, to the slash or the end behind it. */
static const char *filter_level_end(const char *p)
{
    return p + strcspn(p, "/");
}

bool filter_matches(const char *filter, const char *topic)
{
    if (*topic == '$' && (*filter == '+' || *filter == '#'))
        return false;
    for (;;) {
        if (*filter == '#')
            return true;
        const char *filter_end = filter_level_end(filter), *topic_end = filter_level_end(topic);
        bool any = *filter == '+';
        if (!any && (filter_end - filter != topic_end - topic ||
                     memcmp(filter, topic, (size_t)(topic_end - topic)) != 0))
            return false;
        if (!*topic_end) /* "a/#" matches "a" too */
            return !*filter_end || strcmp(filter_end, "/#") == 0;
        if (!*filter_end)
            return false;
        filter = filter_end + 1;
        topic = topic_end + 1;
    }
}
