/* What systemd wants to be told (sd_notify(3)):
 * datagrams to the socket named by $NOTIFY_SOCKET. Does nothing without it. */
#ifndef RECORDER_NOTIFY_H
#define RECORDER_NOTIFY_H

#include <stdint.h>

/* Sends a state such as "READY=1"; several lines are allowed. Never blocks. */
void notify_send(const char *state);

/* How often WATCHDOG=1 is to be sent, in µs: half of $WATCHDOG_USEC; 0: never. */
int64_t notify_watchdog_us(void);

#endif
