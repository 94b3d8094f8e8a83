/* Connects to the broker on a thread of its own, for looking a name up and opening a TCP connection can block
 * for 20 s and more. The thread owns the MQTT handle meanwhile. An attempt that is no longer wanted is
 * abandoned: its thread ends when the network lets it, and releases everything itself; nobody waits.
 *
 * Where packets vanish an attempt takes minutes, and asks ever more seldom meanwhile: after a minute, half a minute
 * may pass before it notices that the network is back. Further attempts may be made beside it; the first that succeeds
 * counts. The older ones go on, for only a long one ever comes to the second address of a name. */
#ifndef RECORDER_CONNECTOR_H
#define RECORDER_CONNECTOR_H

#include "base/err.h"
#include "recorder/mqtt.h"

#include <stdbool.h>

#define CONNECTOR_ATTEMPTS_MAX 8

struct connector;

/* Starts connecting; takes the handle over. NULL with `err` set (the handle is then released) when no thread
 * can be had. */
struct connector *connector_start(struct mqtt *mqtt, struct err *err);

/* True while a further attempt may be made. */
bool connector_has_room(struct connector *connector);

/* Starts one more attempt beside those that run; takes the handle over. What becomes of it is told as for the
 * first. */
void connector_add(struct connector *connector, struct mqtt *mqtt);

/* Becomes readable when an attempt has succeeded, or all have failed; for poll(). */
int connector_fd(const struct connector *connector);

/* The outcome: the handle, or NULL with `cause` and `err` of the attempt that failed last. Releases the connector;
 * other attempts are abandoned, *left says whether there are such. Call it only when connector_fd() is readable. */
struct mqtt *connector_finish(struct connector *connector, enum cause *cause, bool *left, struct err *err);

/* Forgets all attempts, ended or not. Returns whether a thread still runs. */
bool connector_abandon(struct connector *connector);

#endif
