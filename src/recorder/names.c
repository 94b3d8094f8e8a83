#include "recorder/names.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <errno.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define NAMES_BUFFER  16384
#define NAMES_STOP_MS 200 /* how long the end waits for a look-up */

struct names_user {
    uid_t uid;
    bool known;
    char name[NAMES_TEXT_MAX];
};

/* The lists of `access`, copied: the configuration may be another one before they have been looked up. */
struct names_wish {
    bool configured;
    struct config_names lists[ROLE_ENGINEER + 1];
};

struct names {
    int fd;
    pthread_t thread;
    bool started;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    /* under the mutex */
    struct names_user users[NAMES_USERS_MAX];
    size_t count, next;      /* `next`: the oldest, once all places are taken */
    struct names_wish *wish; /* NULL: none */
    struct access found;
    bool has_found, stop, ended, abandoned;
};

static void names_look_up(uid_t uid, char out[NAMES_TEXT_MAX])
{
    char buffer[NAMES_BUFFER];
    struct passwd user, *found = NULL;
    if (getpwuid_r(uid, &user, buffer, sizeof buffer, &found) == 0 && found)
        utf8_make_safe(out, NAMES_TEXT_MAX, user.pw_name, strlen(user.pw_name));
    else
        snprintf(out, NAMES_TEXT_MAX, "uid %u", (unsigned)uid);
}

static struct names_user *names_entry(struct names *names, uid_t uid)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->users[i].uid == uid)
            return &names->users[i];
    return NULL;
}

static struct names_user *names_add(struct names *names, uid_t uid)
{
    size_t place = names->count < NAMES_USERS_MAX ? names->count++ : names->next++ % NAMES_USERS_MAX;
    names->users[place] = (struct names_user){.uid = uid};
    snprintf(names->users[place].name, NAMES_TEXT_MAX, "uid %u", (unsigned)uid);
    return &names->users[place];
}

static void names_forget_wish(struct names_wish *wish)
{
    for (size_t role = 0; wish && role <= ROLE_ENGINEER; role++) {
        for (size_t i = 0; i < wish->lists[role].count; i++)
            free(wish->lists[role].names[i]);
        free(wish->lists[role].names);
    }
    free(wish);
}

static void names_release(struct names *names)
{
    names_forget_wish(names->wish);
    if (names->has_found)
        access_free(&names->found);
    close(names->fd);
    pthread_cond_destroy(&names->wake);
    pthread_mutex_destroy(&names->mutex);
    free(names);
}

/* ---- the thread ---- */

/* These two are called and left with the mutex held, and let it go while they look up. */
static void names_do_access(struct names *names)
{
    struct names_wish *wish = names->wish;
    struct access found;
    names->wish = NULL;
    if (names->has_found) /* for a wish before, and never taken */
        access_free(&names->found);
    names->has_found = false;
    pthread_mutex_unlock(&names->mutex);
    access_init(&found, wish->configured, wish->lists);
    names_forget_wish(wish);
    pthread_mutex_lock(&names->mutex);
    names->found = found;
    names->has_found = true;
}

static void names_do_user(struct names *names, uid_t uid)
{
    char name[NAMES_TEXT_MAX];
    pthread_mutex_unlock(&names->mutex);
    names_look_up(uid, name);
    pthread_mutex_lock(&names->mutex);
    struct names_user *user = names_entry(names, uid); /* it may have moved, or given way */
    if (user) {
        memcpy(user->name, name, sizeof name);
        user->known = true;
    }
}

/* Does one of the things that are to be done; false: there is none. */
static bool names_do_one(struct names *names)
{
    if (names->wish) {
        names_do_access(names);
        return true;
    }
    for (size_t i = 0; i < names->count; i++)
        if (!names->users[i].known) {
            names_do_user(names, names->users[i].uid);
            return true;
        }
    return false;
}

static void *names_run(void *argument)
{
    struct names *names = argument;
    pthread_mutex_lock(&names->mutex);
    while (!names->stop) {
        if (names_do_one(names))
            eventfd_write(names->fd, 1);
        else
            pthread_cond_wait(&names->wake, &names->mutex);
    }
    names->ended = true;
    bool abandoned = names->abandoned;
    pthread_mutex_unlock(&names->mutex);
    if (abandoned)
        names_release(names);
    return NULL;
}

/* ---- the loop's side ---- */

struct names *names_new(struct err *err)
{
    struct names *names = mem_new(1, sizeof *names);
    names->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (names->fd < 0) {
        err_set(err, EX_OSERR, "cannot look up names: %s", strerror(errno));
        free(names);
        return NULL;
    }
    pthread_mutex_init(&names->mutex, NULL);
    pthread_cond_init(&names->wake, NULL);
    struct names_user *own = names_add(names, geteuid());
    names_look_up(own->uid, own->name);
    own->known = true;
    return names;
}

bool names_free(struct names *names)
{
    struct timespec until;
    if (!names)
        return false;
    pthread_mutex_lock(&names->mutex);
    names->stop = true;
    pthread_cond_signal(&names->wake);
    pthread_mutex_unlock(&names->mutex);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += NAMES_STOP_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    if (names->started && pthread_timedjoin_np(names->thread, NULL, &until) != 0) {
        pthread_mutex_lock(&names->mutex);
        names->abandoned = !names->ended;
        bool abandoned = names->abandoned;
        if (abandoned)
            pthread_detach(names->thread);
        pthread_mutex_unlock(&names->mutex);
        if (abandoned)
            return true; /* the thread releases everything */
        pthread_join(names->thread, NULL);
    }
    names_release(names);
    return false;
}

int names_fd(const struct names *names)
{
    return names->fd;
}

void names_note_found(struct names *names)
{
    eventfd_t count;
    eventfd_read(names->fd, &count);
}

/* Called with the mutex held. Without a thread names stay unknown, which is told as "uid N". */
static void names_wake(struct names *names)
{
    if (!names->started)
        names->started = pthread_create(&names->thread, NULL, names_run, names) == 0;
    pthread_cond_signal(&names->wake);
}

bool names_find_user(struct names *names, uid_t uid, char out[NAMES_TEXT_MAX])
{
    pthread_mutex_lock(&names->mutex);
    struct names_user *user = names_entry(names, uid);
    if (!user) {
        user = names_add(names, uid);
        names_wake(names);
    }
    bool known = user->known;
    memcpy(out, user->name, NAMES_TEXT_MAX);
    pthread_mutex_unlock(&names->mutex);
    return known;
}

void names_want_access(struct names *names, const struct config *config)
{
    struct names_wish *wish = mem_new(1, sizeof *wish);
    wish->configured = config->has_access;
    for (size_t role = 0; role <= ROLE_ENGINEER; role++) {
        const struct config_names *from = &config->access[role];
        struct config_names *to = &wish->lists[role];
        to->names = mem_new(from->count + 1, sizeof *to->names);
        for (; to->count < from->count; to->count++)
            to->names[to->count] = mem_copy_text(from->names[to->count]);
    }
    pthread_mutex_lock(&names->mutex);
    names_forget_wish(names->wish);
    names->wish = wish;
    names_wake(names);
    pthread_mutex_unlock(&names->mutex);
}

bool names_take_access(struct names *names, struct access *access)
{
    pthread_mutex_lock(&names->mutex);
    /* One that was found for a wish before the last is not it any more. */
    bool found = names->has_found && !names->wish;
    if (found) {
        *access = names->found;
        names->has_found = false;
    }
    pthread_mutex_unlock(&names->mutex);
    return found;
}
