/* What the disk is taken to be: good, slow or failed. Pure: time is an argument.
 *
 * While it is good, acknowledgements wait for the commit; else they leave at once and samples wait in memory
 * (pipeline.h). It is slow from the moment on when a commit has taken longer than the link can wait, failed when
 * one failed. Good it is again only after a calm: for DISK_RULE_CALM_US no commit failed or took half as long as
 * would make it slow. A disk that becomes slow again soon after that has to stay calm for twice as long, and so
 * on: a disk at the edge is told of a few times, then it simply counts as slow. */
#ifndef RECORDER_DISK_RULE_H
#define RECORDER_DISK_RULE_H

#include <stdbool.h>
#include <stdint.h>

#define DISK_RULE_CALM_US     INT64_C(2000000)
#define DISK_RULE_CALM_MAX_US INT64_C(64000000)
#define DISK_RULE_RELAPSE_US  INT64_C(120000000) /* after so long it is no relapse any more */

enum disk_mode { DISK_GOOD, DISK_SLOW, DISK_FAILED };

struct disk_rule {
    enum disk_mode mode;
    int64_t calm_us;      /* how long it has to be calm this time */
    int64_t calm_from_us; /* the calm began; 0: it has not */
    int64_t good_us;      /* it became good again; 0: never */
};

/* A good disk. */
void disk_rule_init(struct disk_rule *rule);

/* A commit has been under way for `waited_us`, and the link can wait for `patience_us`. */
void disk_rule_note_wait(struct disk_rule *rule, int64_t waited_us, int64_t patience_us, int64_t now_us);

/* One has ended well after `took_us`, or it has failed. */
void disk_rule_note_commit(struct disk_rule *rule, int64_t took_us, int64_t patience_us, int64_t now_us);
void disk_rule_note_failure(struct disk_rule *rule, int64_t now_us);

/* No commit is under way and none waits: the disk is good again when the calm has lasted. */
void disk_rule_note_idle(struct disk_rule *rule, int64_t now_us);

/* When disk_rule_note_idle() changes something if nothing else happens; INT64_MAX: never. */
int64_t disk_rule_due_us(const struct disk_rule *rule);

#endif
