/* When to commit what was read. Pure: time is an argument.
 *
 * Ordinarily 100 ms after the first uncommitted sample: ten commits a second are cheap and nobody notices the
 * delay. But a broker sends only so many QoS 1 messages until it gets acknowledgements (its window, 20 by
 * default, sometimes 1), and these leave only after the commit: with a small window the plant would move at
 * ten windows a second. The window is not told on MQTT 3.1.1, so it is learned:
 *
 *   - it starts as unlimited (0 here);
 *   - it becomes q when two timed commits in a row had the same q messages waiting after at least 20 ms of
 *     silence, and new ones came within 10 ms of the acknowledgements;
 *   - it is forgotten when more wait than it would allow.
 *
 * With a window known, the commit comes as soon as the socket is dry and that many wait.
 * (Measured: a fixed "16 waiting" stalled at windows of 1 to 15,
 * and made 534 commits a second in a flood; this rule makes 8 to 10.) */
#ifndef RECORDER_COMMIT_RULE_H
#define RECORDER_COMMIT_RULE_H

#include <stdbool.h>
#include <stdint.h>

#define COMMIT_RULE_DELAY_US   INT64_C(100000) /* from the first uncommitted sample */
#define COMMIT_RULE_SILENCE_US INT64_C(20000)  /* without QoS 1 messages before it: the window may be full */
#define COMMIT_RULE_ANSWER_US  INT64_C(10000)  /* new ones so soon after the acknowledgements: it was */

struct commit_rule {
    int64_t first_us;   /* the first uncommitted sample came; 0: none */
    uint64_t waiting;   /* QoS 1 and 2 messages whose acknowledgement has not left */
    bool dry;           /* the last read left nothing in the socket */
    int64_t message_us; /* the last QoS 1 or 2 message came */
    uint64_t window;    /* learned; 0: unlimited */

    uint64_t suspect;        /* waiting at a timed commit after silence; 0: none */
    int64_t acknowledged_us; /* the acknowledgements of the suspect left; 0: not yet */
    uint64_t confirmed;      /* the suspect before, which new messages answered; 0: none */
};

/* Nothing waits, and the broker's window counts as unlimited. */
void commit_rule_init(struct commit_rule *rule);

/* After a read: how many samples (or other rows) came and how many messages of QoS 1 or 2. */
void commit_rule_note_read(struct commit_rule *rule, uint64_t rows, uint64_t qos_messages, bool dry,
                           int64_t now_us);

/* When the commit is due: a time that may lie in the past, INT64_MAX when nothing waits to be committed. */
int64_t commit_rule_due_us(const struct commit_rule *rule);

/* The batch was handed over to be committed. */
void commit_rule_note_commit(struct commit_rule *rule, int64_t now_us);

/* The acknowledgements of everything that was read have left. */
void commit_rule_note_acknowledged(struct commit_rule *rule, int64_t now_us);

/* Another connection: nothing waits there, the window stays what it was. */
void commit_rule_note_connection(struct commit_rule *rule);

#endif
