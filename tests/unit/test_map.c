/* The hash map against a plain table. */
#include "base/map.h"

#include "unit.h"

#include <stdio.h>

#define KEYS 700

static void test_empty(void **state)
{
    struct map map;
    size_t position = 0;
    (void)state;
    map_init(&map);
    assert_null(map_get_text(&map, "a"));
    assert_null(map_remove(&map, "a", 1));
    assert_null(map_next(&map, &position));
    map_free(&map);
}

static void test_keys_are_bytes(void **state)
{
    struct map map;
    int one, two, three;
    (void)state;
    map_init(&map);
    assert_null(map_put(&map, "a\0b", 3, &one));
    assert_null(map_put(&map, "a\0c", 3, &two));
    assert_null(map_put(&map, "", 0, &three));
    assert_ptr_equal(map_get(&map, "a\0b", 3), &one);
    assert_ptr_equal(map_get(&map, "a\0c", 3), &two);
    assert_ptr_equal(map_get_text(&map, ""), &three);
    assert_null(map_get_text(&map, "a"));
    assert_ptr_equal(map_put(&map, "a\0b", 3, &three), &one);
    assert_int_equal(map.count, 3);
    map_free(&map);
}

/* A key that is put again is replaced by the new one's bytes, for the old ones may be freed. */
static void test_put_takes_the_new_key(void **state)
{
    struct map map;
    int one, two;
    char *before = strdup("boiler.temp"), *after = strdup("boiler.temp");
    (void)state;
    map_init(&map);
    map_put_text(&map, before, &one);
    assert_ptr_equal(map_put_text(&map, after, &two), &one);
    free(before);
    assert_ptr_equal(map_get_text(&map, "boiler.temp"), &two);
    map_free(&map);
    free(after);
}

struct reference {
    struct map map;
    char keys[KEYS][24];
    void *values[KEYS]; /* NULL: not in */
    size_t count;
};

static void reference_check(const struct reference *reference)
{
    size_t position = 0, walked = 0;
    for (int k = 0; k < KEYS; k++)
        assert_ptr_equal(map_get_text(&reference->map, reference->keys[k]), reference->values[k]);
    while (map_next(&reference->map, &position))
        walked++;
    assert_int_equal(walked, reference->count);
    assert_int_equal(reference->map.count, reference->count);
    assert_true(reference->map.count * 4 <= reference->map.capacity * 3);
}

static void test_against_reference(void **state)
{
    struct reference *reference = calloc(1, sizeof *reference);
    uint64_t seed = 21;
    (void)state;
    map_init(&reference->map);
    for (int k = 0; k < KEYS; k++) /* short and long keys, many that differ in one place */
        snprintf(reference->keys[k], sizeof reference->keys[k], k & 1 ? "%d" : "plant/area%06d/x", k);
    for (int round = 0; round < 60000; round++) {
        size_t k = unit_random_below(&seed, KEYS);
        bool growing = round / 6000 % 2 == 0;
        const char *key = reference->keys[k];
        void *before = reference->values[k];
        if (unit_random_below(&seed, 10) < (growing ? 8u : 2u)) {
            void *value = reference->keys[unit_random_below(&seed, KEYS)];
            assert_ptr_equal(map_put_text(&reference->map, key, value), before);
            reference->values[k] = value;
            reference->count += !before;
        } else {
            assert_ptr_equal(map_remove(&reference->map, key, strlen(key)), before);
            reference->values[k] = NULL;
            reference->count -= before != NULL;
        }
        if (round % 1000 == 0)
            reference_check(reference);
    }
    reference_check(reference);
    map_free(&reference->map);
    free(reference);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_keys_are_bytes),
        cmocka_unit_test(test_put_takes_the_new_key),
        cmocka_unit_test(test_against_reference),
    };
    return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
