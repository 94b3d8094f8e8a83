#include "db/chain.h"

#include <sodium.h>
#include <string.h>

_Static_assert(sizeof(((struct chain_row *)NULL)->state) >= sizeof(crypto_generichash_state),
               "a chain_row holds libsodium's state");
_Static_assert(CHAIN_HASH_BYTES == crypto_generichash_BYTES, "BLAKE2b-256");

enum chain_type { CHAIN_NULL = 'n', CHAIN_INTEGER = 'i', CHAIN_REAL = 'r', CHAIN_TEXT = 't' };

static crypto_generichash_state *chain_state(struct chain_row *row)
{
    return (crypto_generichash_state *)(void *)row->state;
}

static void chain_add(struct chain_row *row, const void *bytes, size_t length)
{
    crypto_generichash_update(chain_state(row), bytes, length);
}

static void chain_add_word(struct chain_row *row, enum chain_type type, uint64_t word)
{
    unsigned char bytes[9] = {(unsigned char)type};
    for (int i = 0; i < 8; i++)
        bytes[1 + i] = (unsigned char)(word >> (8 * i));
    chain_add(row, bytes, sizeof bytes);
}

bool chain_library_init(void)
{
    return sodium_init() >= 0;
}

void chain_begin(struct chain_row *row, const struct chain_hash *previous)
{
    crypto_generichash_init(chain_state(row), NULL, 0, CHAIN_HASH_BYTES);
    chain_add(row, previous->bytes, CHAIN_HASH_BYTES);
}

void chain_add_null(struct chain_row *row)
{
    chain_add(row, &(unsigned char){CHAIN_NULL}, 1);
}

void chain_add_integer(struct chain_row *row, int64_t value)
{
    chain_add_word(row, CHAIN_INTEGER, (uint64_t)value);
}

void chain_add_real(struct chain_row *row, double value)
{
    uint64_t word;
    memcpy(&word, &value, sizeof word);
    chain_add_word(row, CHAIN_REAL, word);
}

void chain_add_text(struct chain_row *row, const void *bytes, size_t length)
{
    chain_add_word(row, CHAIN_TEXT, length);
    chain_add(row, bytes, length);
}

struct chain_hash chain_end(struct chain_row *row)
{
    struct chain_hash hash;
    crypto_generichash_final(chain_state(row), hash.bytes, sizeof hash.bytes);
    return hash;
}

bool chain_is_equal(const struct chain_hash *a, const struct chain_hash *b)
{
    return !memcmp(a->bytes, b->bytes, CHAIN_HASH_BYTES);
}

void chain_text(const struct chain_hash *hash, char out[CHAIN_TEXT_BYTES])
{
    sodium_bin2hex(out, CHAIN_TEXT_BYTES, hash->bytes, CHAIN_HASH_BYTES);
}
