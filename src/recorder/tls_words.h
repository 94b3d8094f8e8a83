/* What went wrong with TLS, in words for a person and with its cause. Pure: no library is asked here. */
#ifndef RECORDER_TLS_WORDS_H
#define RECORDER_TLS_WORDS_H

#include "recorder/cause.h"

#include <stdbool.h>
#include <stddef.h>

/* What is known of a failure; no text is NULL, "" where nothing is known. */
struct tls_failure {
    bool in_handshake;   /* else after it, and before the broker said a word of MQTT */
    long verdict;        /* openssl_verdict() on the broker's certificate; 0: good, or not known */
    const char *names;   /* whose certificate it is: openssl_print_names() */
    const char *host;    /* whom we wanted */
    const char *message; /* OpenSSL's, of the error */
};

/* Writes the words, cut where they do not fit, and returns the cause. */
enum cause tls_words_explain(const struct tls_failure *failure, char *out, size_t size);

#endif
