/* Where the configuration and the socket lie. */
#include "config/config.h"

#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PATHS_SERVICE_FOLDER "/run/hmi"
#define PATHS_STEM_MAX       24 /* bytes of the readable part of the socket's name */
#define PATHS_FOLDERS_MAX    4
#define PATHS_CANDIDATES_MAX (2 * PATHS_FOLDERS_MAX + 1) /* a socket and a note in each, and the NULL */

static char *paths_home_configuration(void)
{
    const char *base = getenv("XDG_CONFIG_HOME");
    if (base && *base == '/')
        return mem_format("%s/hmi/hmi.cfg", base);
    const char *home = getenv("HOME");
    return home && *home == '/' ? mem_format("%s/.config/hmi/hmi.cfg", home) : NULL;
}

/* The absolute path when the file is there and one's own or root's.
 * `err` stays as it is when there is none. */
static char *paths_accept(const char *path, struct err *err)
{
    struct stat status;
    if (stat(path, &status)) {
        if (errno != ENOENT && errno != ENOTDIR)
            err_set(err, EX_NOINPUT, "%s cannot be read: %s", path, strerror(errno));
        return NULL;
    }
    if (status.st_uid != geteuid() && status.st_uid != 0) {
        err_set(err, EX_NOPERM, "%s belongs to another user; a configuration must be yours or root's", path);
        return NULL;
    }
    char *absolute = realpath(path, NULL);
    if (!absolute)
        err_set(err, EX_NOINPUT, "%s cannot be read: %s", path, strerror(errno));
    return absolute;
}

char *config_find(const char *given, struct err *err)
{
    struct err found = {0};
    char *home = paths_home_configuration();
    const char *const candidates[] = {"./hmi.cfg", home, "/etc/hmi/hmi.cfg"};
    char *path = given ? paths_accept(given, &found) : NULL;
    for (size_t i = 0; !given && !path && !found.code && i < sizeof candidates / sizeof *candidates; i++)
        if (candidates[i])
            path = paths_accept(candidates[i], &found);
    free(home);
    if (path)
        return path;
    if (found.code)
        err_set(err, found.code, "%s", found.text);
    else if (given)
        err_set(err, EX_NOINPUT, "%s is not there", given);
    else
        err_set(err, EX_NOINPUT,
                "no configuration: looked for ./hmi.cfg, ~/.config/hmi/hmi.cfg and /etc/hmi/hmi.cfg; name "
                "one with -c, or look at a broker with -H HOST");
    return NULL;
}

/* Symbolic links resolved as far as the file's folder, for the file itself need not be there yet. */
static char *paths_real_history(const struct config *config)
{
    const char *file = config->history.file;
    const char *slash = strrchr(file, '/');
    char *folder =
        slash ? mem_copy_bytes(file, slash == file ? 1 : (size_t)(slash - file)) : mem_copy_text(".");
    char *real = realpath(folder, NULL);
    char *path = mem_format("%s/%s", real ? real : folder, slash ? slash + 1 : file);
    free(real);
    free(folder);
    return path;
}

/* FNV-1a with 64 bits; two history files of one machine
 * with the same name and hash are not to be expected. */
static uint64_t paths_hash(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

/* "FOLDER-FILE-HASH.sock": the first for people who look into the directory, the last for programs. */
static char *paths_socket_name(const char *history)
{
    char stem[PATHS_STEM_MAX + 1];
    size_t length = 0;
    const char *file = strrchr(history, '/') + 1;
    const char *from = file - 1;
    while (from > history && from[-1] != '/')
        from--;
    for (; *from && *from != '.' && length < PATHS_STEM_MAX; from++)
        if (isalnum((unsigned char)*from) || (length && stem[length - 1] != '-'))
            stem[length++] = isalnum((unsigned char)*from) ? *from : '-';
    stem[length] = '\0';
    return mem_format("%s-%012llx.sock", length ? stem : "hmi",
                      (unsigned long long)(paths_hash(history) & UINT64_C(0xffffffffffff)));
}

static bool paths_fits_socket(const char *path)
{
    return strlen(path) < sizeof((struct sockaddr_un *)0)->sun_path;
}

/* A folder that only its owner (root, oneself or `other`) may write:
 * nobody else can put a false socket there. */
static bool paths_is_trusted_folder(const char *folder, uid_t other)
{
    struct stat status;
    if (lstat(folder, &status) || !S_ISDIR(status.st_mode) || status.st_mode & (S_IWGRP | S_IWOTH))
        return false;
    return status.st_uid == 0 || status.st_uid == geteuid() || status.st_uid == other;
}

/* The folders in the order in which they are tried; `count` of them, each owned by the caller. */
struct paths_folders {
    char *folders[PATHS_FOLDERS_MAX];
    size_t count;
};

static struct paths_folders paths_list_folders(bool closed_ones, uid_t history_owner)
{
    struct paths_folders list = {.count = 0};
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (closed_ones && runtime && *runtime == '/')
        list.folders[list.count++] = mem_format("%s/hmi", runtime);
    list.folders[list.count++] = mem_copy_text(PATHS_SERVICE_FOLDER);
    list.folders[list.count++] = mem_format("/tmp/hmi-%u", (unsigned)geteuid());
    if (history_owner != geteuid())
        list.folders[list.count++] = mem_format("/tmp/hmi-%u", (unsigned)history_owner);
    return list;
}

static void paths_free_folders(struct paths_folders *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->folders[i]);
}

/* Makes the folder when its parent allows that, and sets who may pass through it: others only when the
 * configuration lets them attach, and always through the services' folder, which several recorders share;
 * there the socket itself is closed. The sticky /tmp keeps others from replacing it; what is there already
 * must be ours. */
static bool paths_make_folder(const char *folder, bool open_to_others)
{
    bool shared = !strcmp(folder, PATHS_SERVICE_FOLDER);
    mode_t mode = open_to_others || shared ? 0711 : 0700;
    if (mkdir(folder, mode) && errno != EEXIST)
        return false;
    struct stat status;
    if (!paths_is_trusted_folder(folder, geteuid()) || lstat(folder, &status))
        return false;
    bool fits = shared ? (status.st_mode & mode) == mode : (status.st_mode & 0777) == mode;
    if (status.st_uid == geteuid() && !fits && chmod(folder, shared ? status.st_mode | mode : mode))
        return false;
    return access(folder, W_OK | X_OK) == 0;
}

/* ---- notes: which socket the recorder of a configuration file has ----
 *
 * A symbolic link named by the file's path leads to the socket, so that the recorder is found while the file
 * is being edited: with faults in it, or with another history already. */

static char *paths_note(const char *folder, const char *config_path)
{
    return mem_format("%s/config-%012llx", folder,
                      (unsigned long long)(paths_hash(config_path) & UINT64_C(0xffffffffffff)));
}

/* Where a note leads; NULL when there is none. The caller frees it. */
static char *paths_read_note(const char *note)
{
    char socket[sizeof((struct sockaddr_un *)0)->sun_path];
    ssize_t length = readlink(note, socket, sizeof socket);
    bool good = length > 0 && (size_t)length < sizeof socket && *socket == '/';
    return good ? mem_copy_bytes(socket, (size_t)length) : NULL;
}

/* Adds what the notes in these folders say; returns the new count. */
static size_t paths_add_noted(const struct config *config, const struct paths_folders *list, uid_t owner,
                              char **candidates, size_t count)
{
    for (size_t i = 0; config->path && i < list->count; i++) {
        char *note = paths_note(list->folders[i], config->path);
        char *socket = paths_is_trusted_folder(list->folders[i], owner) ? paths_read_note(note) : NULL;
        if (socket)
            candidates[count++] = socket;
        free(note);
    }
    return count;
}

void config_note_socket(const struct config *config, const char *socket)
{
    struct paths_folders list = paths_list_folders(!config->has_access, geteuid());
    bool noted = !config->path;
    for (size_t i = 0; i < list.count && !noted; i++) {
        char *note = paths_note(list.folders[i], config->path), *fresh = mem_format("%s.new", note);
        if (paths_make_folder(list.folders[i], config->has_access)) {
            unlink(fresh); /* of a start that was killed */
            noted = symlink(socket, fresh) == 0 && rename(fresh, note) == 0;
        }
        free(fresh);
        free(note);
    }
    paths_free_folders(&list);
}

void config_forget_socket(const struct config *config, const char *socket)
{
    struct paths_folders list = paths_list_folders(true, geteuid());
    for (size_t i = 0; config->path && i < list.count; i++) {
        char *note = paths_note(list.folders[i], config->path), *noted = paths_read_note(note);
        if (noted && !strcmp(noted, socket))
            unlink(note);
        free(noted);
        free(note);
    }
    paths_free_folders(&list);
}

char **config_socket_candidates(const struct config *config)
{
    char **candidates = mem_new(PATHS_CANDIDATES_MAX, sizeof *candidates);
    char *history = paths_real_history(config);
    char *name = paths_socket_name(history);
    struct stat status;
    uid_t owner = stat(history, &status) ? geteuid() : status.st_uid;
    struct paths_folders list = paths_list_folders(true, owner);
    size_t count = 0;
    if (config->socket)
        candidates[count++] = mem_copy_text(config->socket);
    for (size_t i = 0; i < list.count && !config->socket; i++) {
        char *path = mem_format("%s/%s", list.folders[i], name);
        if (paths_fits_socket(path) && paths_is_trusted_folder(list.folders[i], owner))
            candidates[count++] = path;
        else
            free(path);
    }
    paths_add_noted(config, &list, owner, candidates, count);
    paths_free_folders(&list);
    free(name);
    free(history);
    return candidates;
}

static char *paths_configured_socket(const struct config *config, struct err *err)
{
    if (paths_fits_socket(config->socket))
        return mem_copy_text(config->socket);
    err_set(err, EX_CONFIG, "the path of the socket is too long (at most %zu bytes): %s",
            sizeof((struct sockaddr_un *)0)->sun_path - 1, config->socket);
    return NULL;
}

char *config_socket_path(const struct config *config, struct err *err)
{
    if (config->socket)
        return paths_configured_socket(config, err);
    char *history = paths_real_history(config);
    char *name = paths_socket_name(history);
    struct paths_folders list = paths_list_folders(!config->has_access, geteuid());
    char *path = NULL;
    for (size_t i = 0; i < list.count && !path; i++) {
        path = mem_format("%s/%s", list.folders[i], name);
        if (!paths_fits_socket(path) || !paths_make_folder(list.folders[i], config->has_access)) {
            free(path);
            path = NULL;
        }
    }
    if (!path)
        err_set(err, EX_CANTCREAT,
                "no folder for the socket: neither %s nor %s is a folder that only this user can write; set "
                "`socket` in the configuration",
                list.folders[0], list.folders[list.count - 1]);
    paths_free_folders(&list);
    free(name);
    free(history);
    return path;
}
