#include "recorder/openssl.h"

#include "base/utf8.h"

#include <dlfcn.h>
#include <string.h>

#define OPENSSL_SUBJECT_ALT_NAME 85 /* NID_subject_alt_name; the numbers never change */
#define OPENSSL_NAMES_MAX        1024

/* A pointer to data into one to a function, as POSIX wants it for dlsym(). */
static void openssl_find_one(const char *name, void *function)
{
    void *symbol = dlsym(RTLD_DEFAULT, name);
    memcpy(function, &symbol, sizeof symbol);
}

void openssl_find(struct openssl *openssl)
{
    openssl_find_one("SSL_pending", &openssl->pending);
    openssl_find_one("SSL_get_verify_result", &openssl->verify_result);
    openssl_find_one("SSL_get_peer_cert_chain", &openssl->peer_chain);
    openssl_find_one("OPENSSL_sk_value", &openssl->stack_value);
    openssl_find_one("X509_get_ext_by_NID", &openssl->find_extension);
    openssl_find_one("X509_get_ext", &openssl->get_extension);
    openssl_find_one("X509V3_EXT_print", &openssl->print_extension);
    openssl_find_one("BIO_s_mem", &openssl->memory_method);
    openssl_find_one("BIO_new", &openssl->open_bio);
    openssl_find_one("BIO_read", &openssl->read_bio);
    openssl_find_one("BIO_free", &openssl->free_bio);
}

bool openssl_has_input(const struct openssl *openssl, const void *ssl)
{
    return ssl && openssl->pending && openssl->pending(ssl) > 0;
}

long openssl_verdict(const struct openssl *openssl, const void *ssl)
{
    return ssl && openssl->verify_result ? openssl->verify_result(ssl) : 0;
}

/* The extension as OpenSSL prints it, "DNS:a.example, IP Address:192.0.2.1"; its length, 0: nothing. */
static size_t openssl_print_extension(const struct openssl *openssl, const void *certificate, char *out,
                                      size_t size)
{
    int index = openssl->find_extension(certificate, OPENSSL_SUBJECT_ALT_NAME, -1);
    void *extension = index >= 0 ? openssl->get_extension(certificate, index) : NULL;
    void *bio = extension ? openssl->open_bio(openssl->memory_method()) : NULL;
    int length = 0;
    if (bio && openssl->print_extension(bio, extension, 0, 0) == 1)
        length = openssl->read_bio(bio, out, (int)size);
    if (bio)
        openssl->free_bio(bio);
    return length > 0 ? (size_t)length : 0;
}

/* Takes the kinds out of such a list, in place. */
static size_t openssl_strip_kinds(char *text, size_t length)
{
    static const char *const KINDS[] = {"DNS:", "IP Address:"};
    size_t out = 0;
    for (size_t in = 0; in < length;) {
        for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
            size_t kind = strlen(KINDS[i]);
            if ((!out || text[out - 1] == ' ') && length - in > kind && !memcmp(text + in, KINDS[i], kind))
                in += kind;
        }
        text[out++] = text[in++];
    }
    return out;
}

void openssl_print_names(const struct openssl *openssl, const void *ssl, char *out, size_t size)
{
    char names[OPENSSL_NAMES_MAX];
    out[0] = '\0';
    if (!ssl || !openssl->peer_chain || !openssl->stack_value || !openssl->find_extension ||
        !openssl->get_extension || !openssl->print_extension || !openssl->memory_method ||
        !openssl->open_bio || !openssl->read_bio || !openssl->free_bio)
        return;
    const void *chain = openssl->peer_chain(ssl);
    const void *certificate =
        chain ? openssl->stack_value(chain, 0) : NULL; /* the broker's own is the first */
    size_t length = certificate ? openssl_print_extension(openssl, certificate, names, sizeof names) : 0;
    utf8_make_safe(out, size, names, openssl_strip_kinds(names, length));
}
