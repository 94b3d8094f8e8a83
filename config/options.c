/* What the rows of the option table can do by themselves: find, set defaults, release, describe, give hints. */
#include "config/options.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "config/suggest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct option *options_find(const struct option_group *group, const char *name)
{
    for (size_t i = 0; i < group->count; i++)
        if (!strcmp(group->options[i].name, name))
            return &group->options[i];
    return NULL;
}

int options_find_word(const char *const *words, const char *word)
{
    for (int i = 0; words[i]; i++)
        if (!strcmp(words[i], word))
            return i;
    return -1;
}

const char *options_label(const struct option_group *group, const char *name, char *out, size_t size)
{
    snprintf(out, size, "%s%s%s", group->label, *group->label ? "." : "", name);
    return out;
}

/* The defaults stand in our own table: what cannot be read there is zero, and a test reads every row back. */
static double options_standard_number(const char *text)
{
    double value = 0;
    num_parse(text, strlen(text), &value);
    return value;
}

static void options_set_default(const struct option *option, char *at, char *more)
{
    const char *text = option->standard;
    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_FILE:
        *(char **)(void *)at = mem_copy_text(text);
        break;
    case OPTION_INTEGER:
        *(int *)(void *)at = (int)options_standard_number(text);
        break;
    case OPTION_LARGE:
        *(int64_t *)(void *)at = (int64_t)options_standard_number(text);
        break;
    case OPTION_NUMBER:
        *(double *)(void *)at = options_standard_number(text);
        break;
    case OPTION_SECONDS:
        *(int64_t *)(void *)at = (int64_t)(options_standard_number(text) * (double)CLOCK_US_PER_SECOND);
        break;
    case OPTION_BOOLEAN:
        *(bool *)(void *)at = !strcmp(text, "true");
        break;
    case OPTION_CHOICE:
        *(unsigned *)(void *)at = (unsigned)options_find_word(option->choices, text);
        break;
    case OPTION_PAIR: {
        size_t first = strcspn(text, ",");
        num_parse(text, first, (double *)(void *)at);
        *(double *)(void *)more = options_standard_number(text + first + 1);
        break;
    }
    case OPTION_NAMES:
    case OPTION_STATES:
    case OPTION_LIMIT:
    case OPTION_GROUP:
    case OPTION_OPTIONAL:
    case OPTION_LIST:
        break;
    }
}

void options_set_defaults(const struct option_group *group, void *structure)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct option *option = &group->options[i];
        char *at = (char *)structure + option->offset;
        if (option->type == OPTION_GROUP)
            options_set_defaults(option->group, at);
        else if (option->standard)
            options_set_default(option, at, (char *)structure + option->offset_more);
    }
}

static void options_release_array(const struct option_group *group, void *array, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void *structure = (char *)array + i * group->size;
        if (group->release)
            group->release(structure);
        else
            options_release(group, structure);
    }
    free(array);
}

static void options_release_names(struct config_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->names[i]);
    free(names->names);
}

void options_release(const struct option_group *group, void *structure)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct option *option = &group->options[i];
        char *at = (char *)structure + option->offset;
        char *more = (char *)structure + option->offset_more;
        if (option->type == OPTION_TEXT || option->type == OPTION_FILE)
            free(*(char **)(void *)at);
        else if (option->type == OPTION_NAMES)
            options_release_names((struct config_names *)(void *)at);
        else if (option->type == OPTION_GROUP)
            options_release(option->group, at);
        else if (option->type == OPTION_LIST)
            options_release_array(option->group, *(void **)(void *)at, *(size_t *)(void *)more);
    }
}

static void options_describe_number(const struct option *option, const char *what, struct buf *out)
{
    char least[NUM_TEXT_MAX], most[NUM_TEXT_MAX];
    num_format_exact(least, sizeof least, option->least);
    num_format_exact(most, sizeof most, option->most);
    buf_append_text(out, what);
    if (option->unit)
        buf_printf(out, " (%s)", option->unit);
    if (option->whole_range)
        return;
    if (option->most >= 1e9 && option->type != OPTION_LARGE)
        buf_printf(out, ", %s or more", least);
    else
        buf_printf(out, " from %s to %s", least, most);
}

static void options_describe_words(const struct option *option, const char *head, struct buf *out)
{
    buf_append_text(out, head);
    for (int i = option->first_choice; option->choices[i]; i++)
        buf_printf(out, "%s \"%s\"", i > option->first_choice ? "," : "", option->choices[i]);
}

void options_describe(const struct option *option, struct buf *out)
{
    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_CHOICE:
        if (option->choices)
            options_describe_words(option, "one of", out);
        else
            buf_append_text(out, "a text");
        break;
    case OPTION_FILE:
        buf_append_text(out, "the name of a file (a text)");
        break;
    case OPTION_INTEGER:
    case OPTION_LARGE:
        options_describe_number(option, "a whole number", out);
        break;
    case OPTION_NUMBER:
        options_describe_number(option, "a number", out);
        break;
    case OPTION_SECONDS:
        options_describe_number(option, "a number", out);
        break;
    case OPTION_BOOLEAN:
        buf_append_text(out, "true or false");
        break;
    case OPTION_PAIR:
        buf_append_text(out, "a list of two numbers, such as [0, 100]");
        break;
    case OPTION_NAMES:
        if (option->choices)
            options_describe_words(option, "a list of", out);
        else
            buf_append_text(out, "a list of texts, such as [\"alice\", \"@control\"]");
        break;
    case OPTION_STATES:
        buf_append_text(out, "a list such as ( (0, \"STOPPED\"), (1, \"RUNNING\") )");
        break;
    case OPTION_LIMIT:
        buf_append_text(out, "a number, or a name (a text)");
        break;
    case OPTION_GROUP:
    case OPTION_OPTIONAL:
        buf_append_text(out, "a group { ... }");
        break;
    case OPTION_LIST:
        buf_append_text(out, "a list of groups ( { ... }, ... )");
        break;
    }
}

/* The group in which a name would be right, to say so where it stands in a wrong one. */
static const struct option_group *options_find_home(const char *name)
{
    for (size_t i = 0; OPTIONS_GROUPS[i]; i++)
        if (options_find(OPTIONS_GROUPS[i], name))
            return OPTIONS_GROUPS[i];
    return NULL;
}

void options_hint(const struct option_group *group, const char *name, struct buf *out)
{
    const char *near = NULL;
    for (size_t i = 0; i < group->count; i++)
        if (suggest_is_nearer(name, group->options[i].name, near))
            near = group->options[i].name;
    for (size_t i = 0; i < group->count && !near; i++) /* "password" for "password_file" */
        if (!strncmp(name, group->options[i].name, strlen(name)) &&
            group->options[i].name[strlen(name)] == '_')
            near = group->options[i].name;
    const struct option_group *home = options_find_home(name);
    if (near) {
        buf_printf(out, "did you mean %s?", near);
    } else if (home) {
        buf_printf(out, "it belongs %s%s", *home->label ? "into " : "to the outermost level", home->label);
    } else {
        buf_append_text(out, "known here are");
        for (size_t i = 0; i < group->count; i++)
            buf_printf(out, "%s %s", i ? "," : "", group->options[i].name);
    }
}
