/* Between the files of the link only: its state, and the parts that they call of each other.
 *
 *   uplink.c          what the recorder's loop calls
 *   uplink_attempt.c  making connections: attempts, versions of MQTT
 *   uplink_end.c      what the end of an attempt or a connection means for the next
 *   uplink_events.c   what the handle tells */
#ifndef RECORDER_UPLINK_INTERNAL_H
#define RECORDER_UPLINK_INTERNAL_H

#include "base/clock.h"
#include "recorder/filters.h"
#include "recorder/uplink.h"

#include <stdbool.h>
#include <stdint.h>

/* A connection that ends sooner counts as a kick. Longer than BACKOFF_LAST_US: so long does a twin wait between
 * kicks. */
#define UPLINK_KICK_US (60 * CLOCK_US_PER_SECOND)

enum uplink_phase { UPLINK_WAITING, UPLINK_CONNECTING, UPLINK_GREETING, UPLINK_STANDING, UPLINK_STOPPED };

struct uplink {
    const struct config *config;
    const struct uplink_handler *handler;
    void *context;
    char *client_id, *password;

    enum uplink_phase phase;
    enum wire_link state;
    int64_t since_us; /* wall */
    char text[ERR_TEXT_MAX + 64], failure[ERR_TEXT_MAX];
    enum cause cause; /* of `failure` */
    bool changed;     /* `handler->changed` is owed; told outside of callbacks */

    struct connector *connector; /* CONNECTING */
    struct mqtt *mqtt;           /* GREETING, STANDING */
    bool version5;
    unsigned early_ends, kicks;
    bool id_shared;                          /* uplink_is_kicked() */
    char kicked[ERR_TEXT_MAX];               /* how the last kick was told */
    bool refused, refused_version, id_taken; /* said by the handle that is ending */
    bool told_old;                           /* the broker has said that it does not speak MQTT 5 */
    bool leaving; /* after a reload: the connection is to be made anew, once writing is allowed */
    struct backoff backoff;
    int64_t connecting_us, again_us; /* monotonic: since when, and when there is one more attempt */
    int64_t retry_us, deadline_us, stood_us, answered_us, message_us; /* monotonic */
    int64_t heard_us;                                                 /* wall: bytes came from the broker */
    int64_t looked_us; /* monotonic: uplink_tick() was called */
    bool session, dry, left_thread;
    uint64_t connects;

    struct filters filters;
    const char *answers;  /* response topic; NULL: none is wanted */
    bool answers_granted; /* on this connection */
};

/* What the link is to the screens; tells the owner with the next uplink_tell_change(). */
void uplink_set_state(struct uplink *uplink, enum wire_link state, const char *text);
void uplink_tell_change(struct uplink *uplink);

/* WAITING to CONNECTING, or to the next WAITING. */
void uplink_start(struct uplink *uplink, int64_t now_us);
/* Nothing has come of the attempts for long: says so, and makes one more beside them. */
void uplink_start_another(struct uplink *uplink, int64_t now_us);
/* The connector has ended: CONNECTING to GREETING, or to WAITING. */
void uplink_take_handle(struct uplink *uplink, int64_t now_us);
/* Overwrites and releases; NULL is fine. */
void uplink_wipe(char *secret);

/* The handle's connection is gone. `hung`: by silence, so that it ended when the broker was last heard. */
void uplink_end(struct uplink *uplink, bool hung, int64_t now_us);
/* An attempt came to nothing before there was a connection. */
void uplink_fail(struct uplink *uplink, enum cause cause, const struct err *err, int64_t now_us);

/* Asks the broker for all that is to be read. */
void uplink_subscribe(struct uplink *uplink);

/* What the handle tells: for mqtt_new(), with the link as its context. */
extern const struct mqtt_handler UPLINK_EVENTS;

#endif
