/* One connection of the simulator to the broker: comes back for ever with a growing delay, sends what it can
 * at once and drops the rest, as the small controllers in the field do. Driven by the simulator's poll(). */
#ifndef RECORDER_SIM_LINK_H
#define RECORDER_SIM_LINK_H

#include "recorder/mqtt.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_LINK_WAITING_MAX 2000 /* messages that the broker has not taken yet; more are dropped */

struct sim_link_handler {
    void (*up)(void *context); /* connected: subscribe, and publish what is retained */
    void (*message)(void *context, const struct mqtt_message *message);
};

enum sim_link_state { SIM_LINK_WAITS, SIM_LINK_ASKED, SIM_LINK_STANDS };

struct sim_link {
    const char *name; /* for the log */
    struct mqtt_options options;
    bool wants5; /* MQTT 5; where an attempt fails 3.1.1 has its turn */
    const struct sim_link_handler *handler;
    void *context;
    enum sim_link_state state;
    struct mqtt *mqtt;       /* NULL while it waits */
    bool refused, announced; /* the broker said no; the log knows that it is down */
    int64_t retry_us, delay_us, misc_us;
    size_t waiting; /* published, not yet sent or acknowledged */
    bool stuck;     /* the socket takes no more */
    uint64_t sent, dropped;
};

/* The texts of `options`, `name` and the handler are borrowed. */
void sim_link_init(struct sim_link *link, const char *name, const struct mqtt_options *options,
                   const struct sim_link_handler *handler, void *context);
void sim_link_free(struct sim_link *link);

/* It is time to connect. */
bool sim_link_due(const struct sim_link *link, int64_t now_mono_us);

/* Connects when it is time to; BLOCKS then while the name is looked up and the connection is made. */
void sim_link_step(struct sim_link *link, int64_t now_mono_us);

/* Ends the connection without a word, so that the broker sends the last will;
 * it comes back after `pause_us`. */
void sim_link_cut(struct sim_link *link, int64_t now_mono_us, int64_t pause_us);

/* What poll() is to watch; fd -1 when there is nothing. */
struct pollfd sim_link_poll(struct sim_link *link);

/* Serves what poll() reported. */
void sim_link_serve(struct sim_link *link, short revents, int64_t now_mono_us);

/* Queues a message; leaves with sim_link_flush(). False when it was dropped. */
bool sim_link_publish(struct sim_link *link, const char *topic, const void *payload, size_t length, int qos,
                      bool retain);
bool sim_link_send(struct sim_link *link, const struct mqtt_publication *publication);
void sim_link_flush(struct sim_link *link, int64_t now_mono_us);

/* Room for more messages? */
bool sim_link_ready(const struct sim_link *link);

#endif
