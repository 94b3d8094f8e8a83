/* The filters that the recorder subscribes to, and what the broker answered to each on this connection. */
#ifndef RECORDER_FILTERS_H
#define RECORDER_FILTERS_H

#include "base/buf.h"
#include "config/config.h"
#include "recorder/mqtt.h"

#include <stdbool.h>
#include <stddef.h>

enum filters_answer { FILTERS_UNANSWERED, FILTERS_GRANTED, FILTERS_REFUSED };

struct filters {
    struct filters_entry {
        const char *filter; /* the configuration's */
        enum filters_answer answer;
        int asked_qos, granted_qos;
    } * entries;
    size_t count, unanswered;
    struct buf text;
};

/* Those of the configuration, which must outlive them. Release with filters_free(). */
void filters_init(struct filters *filters, const struct config *config);
void filters_free(struct filters *filters);

/* Those of another configuration instead, while the old one still exists. With `mqtt` (NULL: no connection) those that
 * it no longer names are unsubscribed. */
void filters_change(struct filters *filters, const struct config *config, struct mqtt *mqtt);

/* Asks the broker for all of them. */
void filters_subscribe(struct filters *filters, const struct config *config, struct mqtt *mqtt);

/* The broker's answer to one. True when it was the last one that was awaited. */
bool filters_note_answer(struct filters *filters, const char *filter, bool good, int granted_qos);

/* One that the broker refused; NULL: none. */
const char *filters_refused(const struct filters *filters);

/* One for which the broker granted less than was asked for; NULL: none. */
const char *filters_lowered(const struct filters *filters, int *asked_qos, int *granted_qos);

/* "plant/#, other/+ (refused), third/# (QoS 0)"; valid until the next call. */
const char *filters_print(struct filters *filters);

#endif
