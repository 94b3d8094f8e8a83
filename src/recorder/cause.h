/* Why there is no connection to the broker: the kinds, and the cure of each. What has happened is said in words
 * by whoever noticed it; here stands what to do. */
#ifndef RECORDER_CAUSE_H
#define RECORDER_CAUSE_H

#include "config/config.h"

#include <stdbool.h>
#include <stddef.h>

enum cause {
    CAUSE_OTHER, /* first: what is not known to be anything else */
    /* no way to the broker */
    CAUSE_NOTHING_LISTENS,
    CAUSE_NAME_UNKNOWN,
    CAUSE_UNREACHABLE,
    CAUSE_SILENT, /* connected, but it says nothing */
    CAUSE_CLOSED, /* ended before a word of MQTT, without TLS */
    CAUSE_ENDED,  /* ended by the broker without a word after it stood */
    /* TLS */
    CAUSE_NO_TLS,
    CAUSE_TLS_CLOSED, /* ended before a word of MQTT, inside of TLS */
    CAUSE_TLS_VERSION,
    CAUSE_TLS_OTHER,
    CAUSE_CERTIFICATE_NAME,
    CAUSE_CERTIFICATE_UNKNOWN,
    CAUSE_CERTIFICATE_EXPIRED,
    CAUSE_CERTIFICATE_EARLY,
    CAUSE_CERTIFICATE_OTHER,
    CAUSE_CLIENT_CERTIFICATE,
    /* what we bring */
    CAUSE_SETTINGS,
    CAUSE_TLS_FILE,
    CAUSE_PASSWORD_FILE,
    /* what the broker says */
    CAUSE_NO_USER,
    CAUSE_PASSWORD,
    CAUSE_VERSION,
    CAUSE_CLIENT_ID,
    CAUSE_BUSY,
    CAUSE_QUOTA,
    CAUSE_BANNED,
    CAUSE_MOVED,
    CAUSE_COUNT,
};

/* What to do, for this configuration: names its options and files; with `look` (a look at a broker, which has
 * no file) the command line's. What does not fit is cut. */
void cause_print_cure(enum cause cause, const struct config *config, bool look, char *out, size_t size);

#endif
