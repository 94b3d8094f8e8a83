/* How many entries the journal takes about consoles that come and go, and about requests that are refused: so many of a
 * user, then their number only. So a script that attaches or asks a thousand times a second cannot bury what the journal
 * is for. Pure; time is an argument. */
#ifndef RECORDER_SESSION_LIMIT_H
#define RECORDER_SESSION_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SESSION_LIMIT_ENTRIES 20 /* of a user in SESSION_LIMIT_US */
#define SESSION_LIMIT_REFUSED                                                                                \
    60 /* refusals, which are what the journal is for: more than a person brings about */
#define SESSION_LIMIT_US    (INT64_C(60) * 1000000)
#define SESSION_LIMIT_USERS 64 /* that are told apart; all others count as one */
#define SESSION_LIMIT_NAME  65

struct session_limit_user {
    bool used;
    uid_t uid;
    char name[SESSION_LIMIT_NAME];
    int64_t until_us; /* when its span ends, on the clock that never steps */
    unsigned entries; /* in this span */
    uint64_t left_out;
};

/* Begins as zero bytes. */
struct session_limit {
    struct session_limit_user users[SESSION_LIMIT_USERS + 1]; /* the last: all others */
};

/* Counts an entry about this user, of whom `most` are made in a span; true: it is to be made. */
bool session_limit_count(struct session_limit *limit, unsigned most, uid_t uid, const char *name,
                         int64_t now_us);

/* A user whose span is over, with entries left out: their number goes to *left_out, and he begins anew. The name is
 * valid until the next call for anybody; NULL: there is none. To be called until then, once a second or so. */
const char *session_limit_next(struct session_limit *limit, int64_t now_us, uint64_t *left_out);

#endif
