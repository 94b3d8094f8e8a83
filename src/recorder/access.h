/* Who may do what: the roles of `access` in the configuration, by Unix user and group.
 * Names are looked up once, when the configuration is taken: at the start, and on a thread of its own at a reload
 * (names.h), because a directory service may be slow and the loop must not wait for it. */
#ifndef RECORDER_ACCESS_H
#define RECORDER_ACCESS_H

#include "config/config.h"

#include <stddef.h>
#include <sys/types.h>

struct access_rule {
    enum role role;
    enum access_kind { ACCESS_ANYBODY, ACCESS_USER, ACCESS_GROUP } kind;
    id_t id; /* of the user or group */
};

struct access {
    bool configured; /* then the socket is open to others */
    uid_t own_uid;   /* the recorder's user */
    struct access_rule *rules;
    size_t rule_count, rule_capacity;
};

/* The rules of `access`, by role; `configured`: there is such a group. Looks the names up, which may take long;
 * those that do not exist on this machine are logged and left out. Release with access_free(). */
void access_init(struct access *access, bool configured, const struct config_names lists[ROLE_ENGINEER + 1]);
void access_free(struct access *access);

/* The highest role that a rule gives; ROLE_NONE when none applies. The recorder's own user is engineer unless a rule
 * names it: it can end the process and change its files anyway, and nobody shall lock himself out by `viewer = [ "*" ]`.
 */
enum role access_role(const struct access *access, uid_t uid, const gid_t *groups, size_t group_count);

#endif
