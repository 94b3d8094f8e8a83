/* The journal's hash chain: each row carries a hash over itself and over the hash of the row before it, so that no row
 * can be changed, taken out or put in between without every later hash being wrong. Whoever keeps one hash elsewhere
 * (the recorder's log gets the newest one each hour) can tell that all rows up to it are as they were written.
 *
 * The hash is BLAKE2b-256 (libsodium's crypto_generichash). A row is hashed as the hash before it and then its columns,
 * each as one byte of type and its value: integers and reals in 8 bytes, the lowest first; texts with their length
 * before them, so that no two rows have the same bytes. This form is a promise: it is in hmi-history(5). */
#ifndef DB_CHAIN_H
#define DB_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHAIN_HASH_BYTES 32
#define CHAIN_TEXT_BYTES (2 * CHAIN_HASH_BYTES + 1) /* in hexadecimal digits, with the NUL */

struct chain_hash {
    uint8_t bytes[CHAIN_HASH_BYTES]; /* all 0: before the first row */
};

/* A row that is being hashed. */
struct chain_row {
    _Alignas(64) unsigned char state[384]; /* crypto_generichash_state; checked in chain.c */
};

/* Once a process, before anything else here. False: libsodium cannot be used on this machine. */
bool chain_library_init(void);

/* Begins a row that follows the one with the hash `previous`; then its columns in their order. */
void chain_begin(struct chain_row *row, const struct chain_hash *previous);
void chain_add_null(struct chain_row *row);
void chain_add_integer(struct chain_row *row, int64_t value);
void chain_add_real(struct chain_row *row, double value);
void chain_add_text(struct chain_row *row, const void *bytes, size_t length);
struct chain_hash chain_end(struct chain_row *row);

/* Whether two rows have the same hash. */
bool chain_is_equal(const struct chain_hash *a, const struct chain_hash *b);

/* The hash in hexadecimal digits, for people and for the log. */
void chain_text(const struct chain_hash *hash, char out[CHAIN_TEXT_BYTES]);

#endif
