#include "recorder/session_limit.h"

#include <stdio.h>

/* His place; a new one where there is room, else that of all others. A span that is over and left nothing out makes
 * room. */
static struct session_limit_user *session_limit_place(struct session_limit *limit, uid_t uid,
                                                      const char *name, int64_t now_us)
{
    struct session_limit_user *place = &limit->users[SESSION_LIMIT_USERS];
    for (size_t i = 0; i < SESSION_LIMIT_USERS; i++) {
        struct session_limit_user *user = &limit->users[i];
        if (user->used && user->uid == uid)
            return user;
        if (!user->used || (now_us >= user->until_us && !user->left_out))
            place = user;
    }
    bool others = place == &limit->users[SESSION_LIMIT_USERS];
    if (!others || !place->used) {
        *place = (struct session_limit_user){.used = true, .uid = uid, .until_us = now_us + SESSION_LIMIT_US};
        snprintf(place->name, sizeof place->name, "%s", others ? "other users" : name);
    }
    return place;
}

bool session_limit_count(struct session_limit *limit, unsigned most, uid_t uid, const char *name,
                         int64_t now_us)
{
    struct session_limit_user *user = session_limit_place(limit, uid, name, now_us);
    if (now_us >= user->until_us && !user->left_out) {
        user->until_us = now_us + SESSION_LIMIT_US;
        user->entries = 0;
    }
    if (user->entries >= most) {
        user->left_out++;
        return false;
    }
    user->entries++;
    return true;
}

const char *session_limit_next(struct session_limit *limit, int64_t now_us, uint64_t *left_out)
{
    for (size_t i = 0; i <= SESSION_LIMIT_USERS; i++) {
        struct session_limit_user *user = &limit->users[i];
        if (!user->left_out || now_us < user->until_us)
            continue;
        *left_out = user->left_out;
        user->left_out = user->entries = 0;
        return user->name;
    }
    return NULL;
}
