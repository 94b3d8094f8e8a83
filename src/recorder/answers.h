/* What tells that a message belongs to a command of ours (MQTT 5): the correlation data that each command carries, and
 * the response topic on which devices answer.
 *
 *     hmi/CLIENT-ID/answer/0123456789abcdef       response topic, one for a recorder and its history file
 *     hmi-17-0123456789abcdef                     correlation data of command 17
 *
 * The digits are a hash over a secret of the history file (a keyed BLAKE2b), so that who only knows the client id or
 * counts commands can neither speak for a device nor pass its own setpoint off as ours. Whoever may read the command
 * on the broker can: that is for the broker's access list. Pure. */
#ifndef RECORDER_ANSWERS_H
#define RECORDER_ANSWERS_H

#include <stddef.h>
#include <stdint.h>

#define ANSWERS_TOPIC_MAX       128
#define ANSWERS_CORRELATION_MAX 48
#define ANSWERS_SECRET_MAX      64

struct answers {
    char secret[ANSWERS_SECRET_MAX + 1];
    char topic[ANSWERS_TOPIC_MAX];
};

/* A longer secret is cut; what of the client id has a meaning in topics is replaced, and a long one is cut. */
void answers_init(struct answers *answers, const char *secret, const char *client_id);

/* The correlation data of a command. */
void answers_print_correlation(const struct answers *answers, uint64_t command,
                               char out[ANSWERS_CORRELATION_MAX]);

/* The command that correlation data (may be NULL) of a message names; 0: it is none of ours. */
uint64_t answers_find_command(const struct answers *answers, const void *correlation, size_t length);

#endif
