/* Names of users and groups, looked up on a thread of its own: they may lie in a directory service that does not
 * answer, and the loop waits for nothing. What was found is remembered; only the recorder's own user is looked up
 * at once, before the loop runs. */
#ifndef RECORDER_NAMES_H
#define RECORDER_NAMES_H

#include "base/err.h"
#include "config/config.h"
#include "recorder/access.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define NAMES_USERS_MAX 256 /* remembered; then the oldest give way */
#define NAMES_TEXT_MAX  64  /* bytes of a name, made safe for a terminal */

struct names;

/* NULL with `err` set when there are no descriptors left. */
struct names *names_new(struct err *err);

/* Releases it. Returns whether its thread was left behind, inside a look-up that does not end. */
bool names_free(struct names *names);

/* Becomes readable when something was found; for poll(). names_note_found() makes it unreadable again. */
int names_fd(const struct names *names);
void names_note_found(struct names *names);

/* The user's name, or "uid N" for one without. False: it is being looked up; `out` is "uid N" meanwhile. */
bool names_find_user(struct names *names, uid_t uid, char out[NAMES_TEXT_MAX]);

/* Looks up who the configuration's `access` names; a wish that came before and was not done is forgotten. */
void names_want_access(struct names *names, const struct config *config);

/* Takes what was found for the last wish, to be released with access_free(). False: there is nothing new. */
bool names_take_access(struct names *names, struct access *access);

#endif
