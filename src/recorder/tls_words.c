#include "recorder/tls_words.h"

#include <stdio.h>
#include <string.h>

/* Why the broker's certificate is not accepted: OpenSSL's X509_V_ERR_ numbers (x509_vfy.h; they never change).
 * Number 1, "unspecified", is what remains when only libmosquitto's own check of the name says no. */
static const struct tls_words_verdict {
    long verdict;
    enum cause cause;
    const char *text; /* NULL: with the names */
} TLS_WORDS_VERDICTS[] = {
    {1, CAUSE_CERTIFICATE_NAME, NULL},
    {2, CAUSE_CERTIFICATE_UNKNOWN, "the broker's certificate is of an unknown authority"},
    {9, CAUSE_CERTIFICATE_EARLY, "the broker's certificate is not valid yet"},
    {10, CAUSE_CERTIFICATE_EXPIRED, "the broker's certificate has expired"},
    {18, CAUSE_CERTIFICATE_UNKNOWN, "the broker's certificate is signed by itself"},
    {19, CAUSE_CERTIFICATE_UNKNOWN, "the broker's certificate is of an unknown authority"},
    {20, CAUSE_CERTIFICATE_UNKNOWN, "the broker's certificate is of an unknown authority"},
    {21, CAUSE_CERTIFICATE_UNKNOWN, "the broker's certificate is of an unknown authority"},
    {23, CAUSE_CERTIFICATE_OTHER, "the broker's certificate has been revoked"},
    {62, CAUSE_CERTIFICATE_NAME, NULL},
    {64, CAUSE_CERTIFICATE_NAME, NULL},
};

/* What OpenSSL's messages tell, by a part of them. */
static const struct tls_words_sign {
    const char *part;
    enum cause cause;
    const char *text;
} TLS_WORDS_SIGNS[] = {
    {"certificate required", CAUSE_CLIENT_CERTIFICATE, "the broker wants a client certificate"},
    {"handshake failure", CAUSE_TLS_VERSION, "the broker offers no TLS that is accepted here"},
    {"alert unknown ca", CAUSE_CLIENT_CERTIFICATE, "the broker does not accept our client certificate"},
    {"alert bad certificate", CAUSE_CLIENT_CERTIFICATE, "the broker does not accept our client certificate"},
    {"alert certificate", CAUSE_CLIENT_CERTIFICATE, "the broker does not accept our client certificate"},
    {"protocol version", CAUSE_TLS_VERSION, "the broker offers no TLS that is accepted here"},
    {"unsupported protocol", CAUSE_TLS_VERSION, "the broker offers no TLS that is accepted here"},
    {"dh key too small", CAUSE_TLS_VERSION, "the broker offers no TLS that is accepted here"},
};

/* Those of something that is no TLS; only before the handshake's end, for later they say less. */
static const char *const TLS_WORDS_NO_TLS[] = {"unexpected eof",         "wrong version number",
                                               "packet length too long", "record layer failure",
                                               "unexpected message",     "http request"};

static enum cause tls_words_explain_certificate(const struct tls_failure *failure, char *out, size_t size)
{
    for (size_t i = 0; i < sizeof TLS_WORDS_VERDICTS / sizeof *TLS_WORDS_VERDICTS; i++) {
        const struct tls_words_verdict *row = &TLS_WORDS_VERDICTS[i];
        if (row->verdict != failure->verdict)
            continue;
        if (row->text)
            snprintf(out, size, "%s", row->text);
        else
            snprintf(out, size, "the broker's certificate is for %s, not for the host name %s",
                     *failure->names ? failure->names : "another", failure->host);
        return row->cause;
    }
    snprintf(out, size, "the broker's certificate is not good (verdict %ld)", failure->verdict);
    return CAUSE_CERTIFICATE_OTHER;
}

enum cause tls_words_explain(const struct tls_failure *failure, char *out, size_t size)
{
    if (failure->in_handshake && failure->verdict)
        return tls_words_explain_certificate(failure, out, size);
    for (size_t i = 0; i < sizeof TLS_WORDS_SIGNS / sizeof *TLS_WORDS_SIGNS; i++) {
        if (!strstr(failure->message, TLS_WORDS_SIGNS[i].part))
            continue;
        snprintf(out, size, "%s", TLS_WORDS_SIGNS[i].text);
        return TLS_WORDS_SIGNS[i].cause;
    }
    if (!failure->in_handshake) {
        snprintf(out, size, "the broker ended the TLS connection before it answered");
        return CAUSE_TLS_CLOSED;
    }
    for (size_t i = 0; i < sizeof TLS_WORDS_NO_TLS / sizeof *TLS_WORDS_NO_TLS; i++) {
        if (!strstr(failure->message, TLS_WORDS_NO_TLS[i]))
            continue;
        snprintf(out, size, "the broker does not speak TLS on this port");
        return CAUSE_NO_TLS;
    }
    snprintf(out, size, "TLS failed: %s", *failure->message ? failure->message : "no more is known");
    return CAUSE_TLS_OTHER;
}
