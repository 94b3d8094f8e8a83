#include "recorder/access.h"

#include "base/log.h"
#include "base/mem.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* (id_t)-1: there is no such user. One who has no name is named as refusals name him. */
static id_t access_user(const char *name)
{
    unsigned uid;
    if (config_is_uid(name, &uid))
        return uid;
    const struct passwd *user = getpwnam(name);
    return user ? user->pw_uid : (id_t)-1;
}

static void access_add(struct access *access, enum role role, const char *name)
{
    struct access_rule rule = {.role = role};
    if (!strcmp(name, "*")) {
        rule.kind = ACCESS_ANYBODY;
    } else if (*name == '@') {
        const struct group *group = getgrnam(name + 1);
        rule.kind = ACCESS_GROUP;
        rule.id = group ? group->gr_gid : (id_t)-1;
    } else {
        rule.kind = ACCESS_USER;
        rule.id = access_user(name);
    }
    if (rule.kind != ACCESS_ANYBODY && rule.id == (id_t)-1) {
        log_warning("access: there is no %s on this machine; nobody gets the role %s by it", name,
                    ROLE_WORDS[role]);
        return;
    }
    access->rules =
        mem_grow(access->rules, &access->rule_capacity, access->rule_count + 1, sizeof *access->rules);
    access->rules[access->rule_count++] = rule;
}

void access_init(struct access *access, bool configured, const struct config_names lists[ROLE_ENGINEER + 1])
{
    memset(access, 0, sizeof *access);
    access->configured = configured;
    access->own_uid = geteuid();
    for (int role = ROLE_NONE; role <= ROLE_ENGINEER; role++)
        for (size_t i = 0; i < lists[role].count; i++)
            access_add(access, (enum role)role, lists[role].names[i]);
}

void access_free(struct access *access)
{
    free(access->rules);
    memset(access, 0, sizeof *access);
}

static bool access_applies(const struct access_rule *rule, uid_t uid, const gid_t *groups, size_t group_count)
{
    if (rule->kind == ACCESS_ANYBODY)
        return true;
    if (rule->kind == ACCESS_USER)
        return rule->id == uid;
    for (size_t i = 0; i < group_count; i++)
        if (groups[i] == rule->id)
            return true;
    return false;
}

static bool access_names(const struct access *access, uid_t uid)
{
    for (size_t i = 0; i < access->rule_count; i++)
        if (access->rules[i].kind == ACCESS_USER && access->rules[i].id == uid)
            return true;
    return false;
}

enum role access_role(const struct access *access, uid_t uid, const gid_t *groups, size_t group_count)
{
    enum role role = ROLE_NONE;
    if (uid == access->own_uid && !access_names(access, uid))
        return ROLE_ENGINEER;
    for (size_t i = 0; i < access->rule_count; i++)
        if (access->rules[i].role > role && access_applies(&access->rules[i], uid, groups, group_count))
            role = access->rules[i].role;
    return role;
}
