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
    /* under the mutex; whoever comes second releases the whole */
    bool ended, abandoned;
    /* the thread's until `ended` */
    struct mqtt *mqtt;
    struct err err;
    enum cause cause;
};

static void connector_free(struct connector *connector)
{
    mqtt_free(connector->mqtt);
    close(connector->fd);
    pthread_mutex_destroy(&connector->mutex);
    free(connector);
}

static void *connector_run(void *argument)
{
    struct connector *connector = argument;
    if (!mqtt_connect(connector->mqtt, &connector->err)) {
        connector->cause = mqtt_cause(connector->mqtt);
        mqtt_free(connector->mqtt);
        connector->mqtt = NULL;
    }
    pthread_mutex_lock(&connector->mutex);
    bool abandoned = connector->abandoned;
    connector->ended = true;
    if (!abandoned)
        eventfd_write(connector->fd, 1);
    pthread_mutex_unlock(&connector->mutex);
    if (abandoned)
        connector_free(connector);
    return NULL;
}

static int connector_create_thread(struct connector *connector)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int code = pthread_create(&thread, &attributes, connector_run, connector);
    pthread_attr_destroy(&attributes);
    return code;
}

struct connector *connector_start(struct mqtt *mqtt, struct err *err)
{
    struct connector *connector = mem_new(1, sizeof *connector);
    connector->mqtt = mqtt;
    connector->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&connector->mutex, NULL);
    int code = connector->fd < 0 ? errno : connector_create_thread(connector);
    if (code) {
        err_set(err, EX_OSERR, "cannot start the thread that connects: %s", strerror(code));
        connector_free(connector);
        return NULL;
    }
    return connector;
}

int connector_fd(const struct connector *connector)
{
    return connector->fd;
}

struct mqtt *connector_finish(struct connector *connector, enum cause *cause, struct err *err)
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
    connector_free(connector);
    return mqtt;
}

bool connector_abandon(struct connector *connector)
{
    pthread_mutex_lock(&connector->mutex);
    bool ended = connector->ended;
    connector->abandoned = true;
    pthread_mutex_unlock(&connector->mutex);
    if (ended)
        connector_free(connector);
    return !ended;
}
