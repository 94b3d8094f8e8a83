/* Connects to the broker on a thread of its own, for looking a name up and opening a TCP connection can block
 * for 20 s and more. The thread owns the MQTT handle meanwhile. An attempt that is no longer wanted is
 * abandoned: its thread ends when the network lets it, and releases everything itself; nobody waits. */
#ifndef RECORDER_CONNECTOR_H
#define RECORDER_CONNECTOR_H

#include "base/err.h"
#include "recorder/mqtt.h"

#include <stdbool.h>

struct connector;

/* Starts connecting; takes the handle over. NULL with `err` set (the handle is then released) when no thread
 * can be had. */
struct connector *connector_start(struct mqtt *mqtt, struct err *err);

/* Becomes readable when the attempt has ended; for poll(). */
int connector_fd(const struct connector *connector);

/* The outcome of an attempt that has ended: the handle, or NULL with `cause` and `err` set. Releases the
 * connector. Call it only when connector_fd() is readable. */
struct mqtt *connector_finish(struct connector *connector, enum cause *cause, struct err *err);

/* Forgets an attempt, ended or not. Returns whether its thread still runs. */
bool connector_abandon(struct connector *connector);

#endif
