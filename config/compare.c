#include "config/compare.h"

#include "base/buf.h"
#include "base/map.h"
#include "config/options.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COMPARE_NAMES 5 /* tags that are named, of each kind of change */

static bool compare_structures(const struct option_group *group, const void *a, const void *b);

static bool compare_texts(const void *a, const void *b)
{
    const char *one = *(const char *const *)a, *two = *(const char *const *)b;
    return one && two ? !strcmp(one, two) : one == two;
}

static bool compare_numbers(const void *a, const void *b)
{
    double one = *(const double *)a, two = *(const double *)b;
    return one == two || (isnan(one) && isnan(two));
}

static bool compare_names(const struct config_names *a, const struct config_names *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->names[i], b->names[i]) != 0)
            return false;
    return true;
}

static bool compare_states(const struct tag_state *a, const struct tag_state *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!compare_numbers(&a[i].value, &b[i].value) || strcmp(a[i].text, b[i].text) != 0)
            return false;
    return true;
}

static bool compare_lists(const struct option_group *group, const char *a, const char *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!compare_structures(group, a + i * group->size, b + i * group->size))
            return false;
    return true;
}

/* Whether one option has the same value in both structures. */
static bool compare_option(const struct option *option, const void *a, const void *b)
{
    const void *one = (const char *)a + option->offset, *two = (const char *)b + option->offset;
    const void *more_one = (const char *)a + option->offset_more;
    const void *more_two = (const char *)b + option->offset_more;
    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_FILE:
        return compare_texts(one, two);
    case OPTION_INTEGER:
    case OPTION_CHOICE:
        return !memcmp(one, two, sizeof(int));
    case OPTION_LARGE:
    case OPTION_SECONDS:
        return !memcmp(one, two, sizeof(int64_t));
    case OPTION_NUMBER:
        return compare_numbers(one, two);
    case OPTION_BOOLEAN:
        return *(const bool *)one == *(const bool *)two;
    case OPTION_PAIR:
        return compare_numbers(one, two) && compare_numbers(more_one, more_two);
    case OPTION_LIMIT:
        return compare_numbers(one, two) && compare_texts(more_one, more_two);
    case OPTION_NAMES:
        return compare_names(one, two);
    case OPTION_GROUP:
        return compare_structures(option->group, one, two);
    case OPTION_OPTIONAL: {
        const void *left = *(const void *const *)one, *right = *(const void *const *)two;
        return left && right ? compare_structures(option->group, left, right) : left == right;
    }
    case OPTION_STATES:
    case OPTION_LIST: {
        const void *left = *(const void *const *)one, *right = *(const void *const *)two;
        size_t count = *(const size_t *)more_one;
        if (count != *(const size_t *)more_two)
            return false;
        return option->type == OPTION_LIST ? compare_lists(option->group, left, right, count)
                                           : compare_states(left, right, count);
    }
    }
    return true;
}

static bool compare_structures(const struct option_group *group, const void *a, const void *b)
{
    for (size_t i = 0; i < group->count; i++)
        if (!compare_option(&group->options[i], a, b))
            return false;
    return true;
}

/* ---- tags: which ---- */

/* One kind of change: how many tags, and the names of the first. */
struct compare_list {
    const char *word;
    size_t count;
    const char *names[COMPARE_NAMES];
};

static void compare_note(struct compare_list *list, const struct tag_def *tag)
{
    if (list->count < COMPARE_NAMES)
        list->names[list->count] = tag->name;
    list->count++;
}

static void compare_write(const struct compare_list *list, const char *before, struct buf *out)
{
    if (!list->count)
        return;
    buf_printf(out, "%s%zu %s (", before, list->count, list->word);
    for (size_t i = 0; i < list->count && i < COMPARE_NAMES; i++)
        buf_printf(out, "%s%s", i ? ", " : "", list->names[i]);
    buf_append_text(out, list->count > COMPARE_NAMES ? ", ...)" : ")");
}

static void compare_tags(const struct option_group *group, const struct config *old, const struct config *new,
                         struct buf *out)
{
    struct compare_list lists[] = {{.word = "new"}, {.word = "gone"}, {.word = "changed"}};
    struct map left; /* of the old ones, those that the new configuration has not named yet */
    map_init(&left);
    for (size_t i = 0; i < old->tag_count; i++)
        map_put_text(&left, old->tags[i].name, &old->tags[i]);
    for (size_t i = 0; i < new->tag_count; i++) {
        const struct tag_def *tag = &new->tags[i], *before = map_get_text(&left, tag->name);
        if (!before)
            compare_note(&lists[0], tag);
        else if (!compare_structures(group, before, tag))
            compare_note(&lists[2], tag);
        if (before)
            map_remove(&left, tag->name, strlen(tag->name));
    }
    for (size_t i = 0; i < old->tag_count; i++) /* in the order of the file */
        if (map_get_text(&left, old->tags[i].name))
            compare_note(&lists[1], &old->tags[i]);
    map_free(&left);
    const char *before = out->length ? "; tags: " : "tags: ";
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        compare_write(&lists[i], before, out);
        before = lists[i].count ? ", " : before;
    }
}

void config_describe_changes(const struct config *old, const struct config *new, char *out, size_t size)
{
    struct buf text;
    const struct option *tags = options_find(&OPTIONS_TOP, "tags");
    buf_init(&text, 0);
    for (size_t i = 0; i < OPTIONS_TOP.count; i++) {
        const struct option *option = &OPTIONS_TOP.options[i];
        if (option != tags && !compare_option(option, old, new))
            buf_printf(&text, "%s%s", text.length ? ", " : "", option->name);
    }
    compare_tags(tags->group, old, new, &text);
    snprintf(out, size, "%s", text.length ? buf_text(&text) : "nothing");
    buf_free(&text);
}
