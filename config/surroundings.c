/* A look at what a configuration refers to, as the user who runs it:
 * secrets, certificates, pictures, people. */
#include "config/source.h"
#include "config/validate.h"

#include "base/mem.h"
#include "plant/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SURROUNDINGS_SECRET_MAX 65536 /* bytes; MQTT's bound for a password */

/* Reads a small file. Returns its bytes (NUL behind them; wipe them when they are secret) or NULL with `err`
 * set. Secret ones must not be readable by others. */
static char *surroundings_read(const char *path, bool secret, size_t *length, struct err *err)
{
    char *bytes = NULL;
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status)) {
        err_set(err, EX_NOINPUT, "%s cannot be read: %s", path, strerror(errno));
    } else if (!S_ISREG(status.st_mode)) {
        err_set(err, EX_NOINPUT, "%s is not a file", path);
    } else if (secret && status.st_mode & S_IROTH) {
        err_set(err, EX_NOPERM, "%s may be read by everyone, and so it is no secret; run: chmod 600 %s", path,
                path);
    } else if (status.st_size > (secret ? SURROUNDINGS_SECRET_MAX : 16 * SURROUNDINGS_SECRET_MAX)) {
        err_set(err, EX_DATAERR, "%s is too large (%lld bytes)", path, (long long)status.st_size);
    } else {
        bytes = mem_new((size_t)status.st_size + 1, 1);
        ssize_t got = read(fd, bytes, (size_t)status.st_size);
        *length = got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0)
        close(fd);
    return bytes;
}

char *config_read_password(const struct config *config, struct err *err)
{
    size_t length = 0;
    *err = (struct err){0};
    if (!config->broker.password_file)
        return NULL;
    char *password = surroundings_read(config->broker.password_file, true, &length, err);
    if (!password)
        return NULL;
    size_t line = strcspn(password, "\r\n");
    explicit_bzero(password + line, length - line);
    if (line)
        return password;
    err_set(err, EX_DATAERR, "%s: its first line is empty; it must be the password",
            config->broker.password_file);
    free(password);
    return NULL;
}

static void surroundings_check_password(const struct config *config, struct findings *findings)
{
    struct err err;
    char *password = config_read_password(config, &err);
    if (err.code)
        findings_fault(findings, &config->broker.password_file, &config->broker, "broker.password_file: %s",
                       err.text);
    if (password)
        explicit_bzero(password, strlen(password));
    free(password);
}

/* A PEM file must hold a block of the right kind: a certificate given as the key is the usual mistake. */
static void surroundings_check_pem(const struct config *config, const char *option, char *const *path,
                                   const char *block, bool secret, struct findings *findings)
{
    if (!*path)
        return;
    struct err err;
    size_t length = 0;
    char *bytes = surroundings_read(*path, secret, &length, &err);
    if (!bytes)
        findings_fault(findings, path, &config->broker.tls, "broker.tls.%s: %s", option, err.text);
    else if (!strstr(bytes, "-----BEGIN ") || !strstr(bytes, block))
        findings_fault(findings, path, &config->broker.tls, "broker.tls.%s: %s holds no %s in PEM form",
                       option, *path, block);
    if (bytes)
        explicit_bzero(bytes, length);
    free(bytes);
}

static void surroundings_check_displays(const struct config *config, struct findings *findings)
{
    for (size_t i = 0; i < config->display_count; i++) {
        const struct config_display *display = &config->displays[i];
        if (display->file && access(display->file, R_OK))
            findings_warn(findings, &display->file, display, "display \"%s\": %s cannot be read: %s",
                          display->name ? display->name : "?", display->file, strerror(errno));
    }
}

/* Whoever may write it decides what runs as the recorder's user. */
static void surroundings_check_notify(const struct config *config, struct findings *findings)
{
    const struct config_notify *notify = &config->notify;
    const char *path = notify->program;
    struct stat status;
    if (!path)
        return;
    if (stat(path, &status))
        findings_fault(findings, &notify->program, notify, "notify.program: %s cannot be run: %s", path,
                       strerror(errno));
    else if (!S_ISREG(status.st_mode) || !(status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
        findings_fault(findings, &notify->program, notify,
                       "notify.program: %s is not a program; if it is to be one, run: chmod +x %s", path,
                       path);
    else if (status.st_mode & S_IWOTH)
        findings_fault(findings, &notify->program, notify,
                       "notify.program: %s may be changed by everyone; run: chmod o-w %s", path, path);
    else if (access(path, X_OK))
        findings_warn(
            findings, &notify->program, notify,
            "notify.program: %s cannot be run by this user: %s; the recorder's user has to be able to", path,
            strerror(errno));
}

/* Why nothing can be made in the folder; NULL when it can. */
static const char *surroundings_folder_fault(const char *folder)
{
    struct stat status;
    if (stat(folder, &status) == 0 && !S_ISDIR(status.st_mode))
        return strerror(ENOTDIR);
    return access(folder, W_OK | X_OK) ? strerror(errno) : NULL;
}

/* Where there is no history yet: the recorder makes its folder, but not those above it. */
static void surroundings_check_history_folder(const struct config *config, struct findings *findings)
{
    char *folder = source_folder(config->history.file), *above = source_folder(folder);
    const char *needed = access(folder, F_OK) ? above : folder;
    const char *fault = surroundings_folder_fault(needed);
    if (fault)
        findings_warn(findings, &config->history.file, &config->history,
                      "history.file: nothing can be made in %s: %s; the recorder's user has to be able to",
                      needed, fault);
    free(above);
    free(folder);
}

static void surroundings_check_history(const struct config *config, struct findings *findings)
{
    const char *file = config->history.file;
    struct stat status;
    if (!file)
        return;
    if (stat(file, &status)) {
        surroundings_check_history_folder(config, findings);
        return;
    }
    const char *fault = !S_ISREG(status.st_mode) ? "it is not a file" : NULL;
    /* One that somebody else owns has its recorder already. */
    if (!fault && status.st_uid == geteuid() && access(file, R_OK | W_OK))
        fault = strerror(errno);
    if (fault)
        findings_warn(findings, &config->history.file, &config->history,
                      "history.file: %s cannot be recorded to: %s", file, fault);
}

/* False only where the machine is sure: a directory service that cannot be asked, or a group too large to
 * read, is no reason to warn. */
static bool surroundings_is_known(const char *name)
{
    char buffer[16384];
    struct passwd user, *found_user = NULL;
    struct group group, *found_group = NULL;
    if (*name == '@')
        return getgrnam_r(name + 1, &group, buffer, sizeof buffer, &found_group) || found_group;
    return getpwnam_r(name, &user, buffer, sizeof buffer, &found_user) || found_user;
}

static void surroundings_check_people(const struct config *config, struct findings *findings)
{
    for (size_t role = ROLE_VIEWER; role <= ROLE_ENGINEER; role++) {
        const struct config_names *names = &config->access[role];
        for (size_t i = 0; i < names->count; i++) {
            const char *name = names->names[i];
            unsigned uid;
            if (!strcmp(name, "*") || config_is_uid(name, &uid))
                continue;
            if (!surroundings_is_known(name))
                findings_warn(findings, names, config, "access.%s names %s \"%s\", unknown on this machine",
                              ROLE_WORDS[role], *name == '@' ? "the group" : "the user",
                              name + (*name == '@'));
        }
    }
}

/* A tag whose topic nobody subscribes to would wait for ever. */
static void surroundings_check_coverage(const struct config *config, struct findings *findings)
{
    for (size_t i = 0; i < config->tag_count; i++) {
        const struct tag_def *tag = &config->tags[i];
        bool covered = !tag->topic || filter_topic_fault(tag->topic);
        for (size_t j = 0; j < config->subscription_count && !covered; j++) {
            const char *filter = config->subscriptions[j].filter;
            covered = !filter || filter_fault(filter) || filter_matches(filter, tag->topic);
        }
        if (!covered)
            findings_warn(findings, &tag->topic, tag,
                          "tag \"%s\": no filter of subscribe covers its topic \"%s\"",
                          tag->name ? tag->name : "?", tag->topic);
    }
}

void validate_surroundings(const struct config *config, struct findings *findings)
{
    surroundings_check_password(config, findings);
    surroundings_check_pem(config, "ca", &config->broker.tls.ca, "CERTIFICATE-----", false, findings);
    surroundings_check_pem(config, "cert", &config->broker.tls.cert, "CERTIFICATE-----", false, findings);
    surroundings_check_pem(config, "key", &config->broker.tls.key, "PRIVATE KEY-----", true, findings);
    surroundings_check_history(config, findings);
    surroundings_check_displays(config, findings);
    surroundings_check_notify(config, findings);
    surroundings_check_people(config, findings);
    if (findings_is_given(findings, &config->subscriptions))
        surroundings_check_coverage(config, findings);
}
