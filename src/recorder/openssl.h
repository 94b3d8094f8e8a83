/* What OpenSSL knows of a TLS connection and MQTT clients do not tell. The library that libmosquitto brings
 * into the process is asked, by its public functions; we link to none of our own, which might be another one. */
#ifndef RECORDER_OPENSSL_H
#define RECORDER_OPENSSL_H

#include <stdbool.h>
#include <stddef.h>

/* OpenSSL's functions as they were found; all NULL where libmosquitto knows no TLS. */
struct openssl {
    int (*pending)(const void *ssl);
    long (*verify_result)(const void *ssl);
    void *(*peer_chain)(const void *ssl);
    void *(*stack_value)(const void *stack, int index);
    int (*find_extension)(const void *certificate, int nid, int after);
    void *(*get_extension)(const void *certificate, int index);
    int (*print_extension)(void *bio, void *extension, unsigned long flags, int indent);
    const void *(*memory_method)(void);
    void *(*open_bio)(const void *method);
    int (*read_bio)(void *bio, void *data, int length);
    int (*free_bio)(void *bio);
};

/* Looks the functions up in the process; after libmosquitto was loaded. */
void openssl_find(struct openssl *openssl);

/* Whether decrypted bytes wait; `ssl` NULL: none. */
bool openssl_has_input(const struct openssl *openssl, const void *ssl);

/* The verdict on the broker's certificate: 0 good, else OpenSSL's X509_V_ERR_ number. */
long openssl_verdict(const struct openssl *openssl, const void *ssl);

/* The host names and addresses that the broker's certificate holds, as "a.example, 192.0.2.1"; "" where that
 * is not known. Made safe for a terminal; what does not fit is cut. */
void openssl_print_names(const struct openssl *openssl, const void *ssl, char *out, size_t size);

#endif
