#include "recorder/connector.h"

#include "base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct connector {
    int fd;
    pthread_mutex_t mutex;
    /* under the mutex; whoever lets go last releases the whole */
    bool abandoned;
    unsigned running;  /* attempts */
    struct mqtt *mqtt; /* of the one that succeeded; NULL: none yet */
    struct err err;    /* of the one that failed last */
    enum cause cause;
};

struct connector_attempt {
    struct connector *connector;
    struct mqtt *mqtt;
};

static void connector_free(struct connector *connector)
{
    mqtt_free(connector->mqtt);
    close(connector->fd);
    pthread_mutex_destroy(&connector->mutex);
    free(connector);
}

/* Hands the outcome over; `mqtt` NULL: it failed. Returns a handle that nobody wants. */
static struct mqtt *connector_note_end(struct connector *connector, struct mqtt *mqtt, enum cause cause,
                                       const struct err *err)
{
    pthread_mutex_lock(&connector->mutex);
    connector->running--;
    bool wanted = mqtt && !connector->abandoned && !connector->mqtt;
    if (wanted) {
        connector->mqtt = mqtt;
    } else if (!mqtt) {
        connector->cause = cause;
        connector->err = *err;
    }
    if (!connector->abandoned && (wanted || (!connector->running && !connector->mqtt)))
        eventfd_write(connector->fd, 1);
    bool last = connector->abandoned && !connector->running;
    pthread_mutex_unlock(&connector->mutex);
    if (last)
        connector_free(connector);
    return wanted ? NULL : mqtt;
}

static void *connector_run(void *argument)
{
    struct connector_attempt *attempt = argument;
    struct mqtt *mqtt = attempt->mqtt;
    struct err err = {0};
    enum cause cause = CAUSE_OTHER;
    if (!mqtt_connect(mqtt, &err)) {
        cause = mqtt_cause(mqtt);
        mqtt_free(mqtt);
        mqtt = NULL;
    }
    mqtt_free(connector_note_end(attempt->connector, mqtt, cause, &err));
    free(attempt);
    return NULL;
}

/* Takes the handle over; a thread that cannot be had is an attempt that failed. */
void connector_add(struct connector *connector, struct mqtt *mqtt)
{
    struct connector_attempt *attempt = mem_new(1, sizeof *attempt);
    pthread_t thread;
    pthread_attr_t attributes;
    *attempt = (struct connector_attempt){connector, mqtt};
    pthread_mutex_lock(&connector->mutex);
    connector->running++;
    pthread_mutex_unlock(&connector->mutex);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int code = pthread_create(&thread, &attributes, connector_run, attempt);
    pthread_attr_destroy(&attributes);
    if (code) {
        struct err err = {0};
        err_set(&err, EX_OSERR, "cannot start the thread that connects: %s", strerror(code));
        connector_note_end(connector, NULL, CAUSE_OTHER, &err);
        mqtt_free(mqtt);
        free(attempt);
    }
}

struct connector *connector_start(struct mqtt *mqtt, struct err *err)
{
    struct connector *connector = mem_new(1, sizeof *connector);
    connector->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (connector->fd < 0) {
        err_set(err, EX_OSERR, "cannot connect: %s", strerror(errno));
        mqtt_free(mqtt);
        free(connector);
        return NULL;
    }
    pthread_mutex_init(&connector->mutex, NULL);
    connector_add(connector, mqtt);
    return connector;
}

bool connector_has_room(struct connector *connector)
{
    pthread_mutex_lock(&connector->mutex);
    bool room = connector->running < CONNECTOR_ATTEMPTS_MAX;
    pthread_mutex_unlock(&connector->mutex);
    return room;
}

int connector_fd(const struct connector *connector)
{
    return connector->fd;
}

struct mqtt *connector_finish(struct connector *connector, enum cause *cause, bool *left, struct err *err)
{
    /* The mutex orders this behind the thread's last touch. */
    pthread_mutex_lock(&connector->mutex);
    struct mqtt *mqtt = connector->mqtt;
    connector->mqtt = NULL;
    if (!mqtt) {
        *cause = connector->cause;
        *err = connector->err;
    }
    pthread_mutex_unlock(&connector->mutex);
    *left = connector_abandon(connector);
    return mqtt;
}

bool connector_abandon(struct connector *connector)
{
    pthread_mutex_lock(&connector->mutex);
    bool running = connector->running > 0;
    connector->abandoned = true;
    pthread_mutex_unlock(&connector->mutex);
    if (!running)
        connector_free(connector);
    return running;
}
