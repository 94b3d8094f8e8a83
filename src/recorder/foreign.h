/* Tells what others publish on setpoints' topics from the echo of what the recorder published there itself: where a
 * subscription covers such a topic, the broker sends that back. Pure; time is an argument. */
#ifndef RECORDER_FOREIGN_H
#define RECORDER_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FOREIGN_OWN_MAX   64
#define FOREIGN_OWN_US    (INT64_C(60) * 1000000) /* an echo comes at once; a slow broker gets some time */
#define FOREIGN_NOTICE_US INT64_C(1000000)        /* between two entries of the journal: others may flood */

struct foreign_own {
    char *topic; /* owned; NULL: free */
    char *payload;
    size_t length;
    int64_t until_us;
};

struct foreign {
    struct foreign_own own[FOREIGN_OWN_MAX]; /* a ring */
    size_t next;
    int64_t notice_us; /* no entry before then */
    uint64_t count;    /* messages of others since the start */
    uint64_t left_out; /* of them not entered since the last entry */
};

/* All zero is empty. */
void foreign_free(struct foreign *foreign);

/* We publish this now; both are copied. */
void foreign_note_own(struct foreign *foreign, const char *topic, const void *payload, size_t length,
                      int64_t now_us);

/* Whether a message is the echo of one of ours. */
bool foreign_is_own(const struct foreign *foreign, const char *topic, const void *payload, size_t length,
                    int64_t now_us);

/* Counts one of somebody else; true when it is to be entered in the journal, *left_out then tells of how many that was
 * not so since the last one. */
bool foreign_count(struct foreign *foreign, int64_t now_us, uint64_t *left_out);

#endif
