#include "ui/action.h"

#include "ui/input.h"

#include <stdio.h>
#include <string.h>

#define ACTION_NAME_MAX 16 /* bytes of a key's name */

static const struct action_row ROWS[ACTION_COUNT] = {
#define ACTION_ROW(upper, name_, keys_, label_, where_, who_, help_)                                         \
    [ACTION_##upper] = {                                                                                     \
        .name = name_, .keys = keys_, .label = label_, .where = where_, .who = who_, .help = help_},
    ACTIONS(ACTION_ROW)
#undef ACTION_ROW
};

const struct action_row *action_row(enum action action)
{
    return &ROWS[action];
}

enum role action_role(enum action action)
{
    switch (action) {
    case ACTION_ACKNOWLEDGE:
    case ACTION_ACKNOWLEDGE_PAGE:
    case ACTION_SHELVE:
    case ACTION_UNSHELVE:
        return ROLE_OPERATOR;
    case ACTION_OUT_OF_SERVICE:
        return ROLE_SUPERVISOR;
    default:
        return ROWS[action].who;
    }
}

/* The name that begins at *keys; moves *keys behind it. False at the end. */
static bool next_name(const char **keys, char name[ACTION_NAME_MAX])
{
    size_t length = strcspn(*keys, " ");
    if (!length)
        return false;
    snprintf(name, ACTION_NAME_MAX, "%.*s", (int)length, *keys);
    *keys += length;
    *keys += strspn(*keys, " ");
    return true;
}

enum action action_of_key(uint32_t key, unsigned where)
{
    for (int i = ACTION_NONE + 1; i < ACTION_COUNT; i++) {
        if (!(ROWS[i].where & where))
            continue;
        char name[ACTION_NAME_MAX];
        for (const char *keys = ROWS[i].keys; next_name(&keys, name);)
            if (input_key_of_name(name) == key)
                return (enum action)i;
    }
    return ACTION_NONE;
}

const char *action_first_key(enum action action, char *out, int size)
{
    const char *keys = ROWS[action].keys;
    snprintf(out, (size_t)size, "%.*s", (int)strcspn(keys, " "), keys);
    return out;
}
