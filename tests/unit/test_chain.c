/* The journal's hash chain. */
#include "db/chain.h"
#include "unit.h"

static struct chain_hash hash_row(const struct chain_hash *previous, int64_t integer, double real,
                                  const char *text, size_t length)
{
    struct chain_row row;
    chain_begin(&row, previous);
    chain_add_null(&row);
    chain_add_integer(&row, integer);
    chain_add_real(&row, real);
    chain_add_text(&row, text, length);
    return chain_end(&row);
}

/* Computed once by another program (Python's hashlib.blake2b) from the form that the header promises. */
static void test_the_promised_form(void **unused)
{
    (void)unused;
    char text[CHAIN_TEXT_BYTES];
    struct chain_hash hash = hash_row(&(struct chain_hash){{0}}, -2, 42.5, "Gr\xc3\xbcn", 5);
    chain_text(&hash, text);
    assert_string_equal(text, "e436c30d7b6b877c9e7fe8dbf2a8c999e256a6138d1e9b684e76261f27ff0a4c");
}

static void test_every_difference_tells(void **unused)
{
    (void)unused;
    const struct chain_hash zero = {{0}}, one = {{1}};
    const struct chain_hash hashes[] = {
        hash_row(&zero, 1, 1, "ab", 2),  hash_row(&one, 1, 1, "ab", 2),  hash_row(&zero, 2, 1, "ab", 2),
        hash_row(&zero, 1, 2, "ab", 2),  hash_row(&zero, 1, 1, "ac", 2), hash_row(&zero, 1, 1, "ab", 1),
        hash_row(&zero, 1, -1, "ab", 2), hash_row(&zero, 1, 0.0, "", 0), hash_row(&zero, 1, -0.0, "", 0),
        hash_row(&zero, -1, 1, "ab", 2),
    };
    for (size_t i = 0; i < COUNT(hashes); i++)
        for (size_t j = 0; j < COUNT(hashes); j++)
            assert_int_equal(chain_is_equal(&hashes[i], &hashes[j]), i == j);
}

/* Two texts, cut at another place, are another row; so are a number and a text of the same bytes. */
static void test_columns_do_not_run_together(void **unused)
{
    (void)unused;
    const struct chain_hash zero = {{0}};
    struct chain_row row;
    struct chain_hash hashes[3];
    const char *const pairs[][2] = {{"ab", "c"}, {"a", "bc"}};
    for (size_t i = 0; i < 2; i++) {
        chain_begin(&row, &zero);
        chain_add_text(&row, pairs[i][0], strlen(pairs[i][0]));
        chain_add_text(&row, pairs[i][1], strlen(pairs[i][1]));
        hashes[i] = chain_end(&row);
    }
    chain_begin(&row, &zero);
    chain_add_null(&row);
    hashes[2] = chain_end(&row);
    assert_false(chain_is_equal(&hashes[0], &hashes[1]));
    assert_false(chain_is_equal(&hashes[0], &hashes[2]));
}

static int setup(void **unused)
{
    (void)unused;
    return chain_library_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_promised_form),
        cmocka_unit_test(test_every_difference_tells),
        cmocka_unit_test(test_columns_do_not_run_together),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
