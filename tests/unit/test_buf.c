/* The growing buffer and its bound. */
#include "base/buf.h"

#include "unit.h"

static void test_append_and_consume(void **state)
{
    struct buf buf;
    (void)state;
    buf_init(&buf, 0);
    assert_string_equal(buf_text(&buf), "");
    assert_true(buf_append_text(&buf, "boiler"));
    assert_true(buf_append(&buf, NULL, 0));
    assert_true(buf_printf(&buf, ".%s=%d", "temp", 42));
    assert_string_equal(buf_text(&buf), "boiler.temp=42");
    buf_consume(&buf, 7);
    assert_string_equal(buf_text(&buf), "temp=42");
    buf_consume(&buf, 0);
    assert_int_equal(buf.length, 7);
    buf_consume(&buf, 99);
    assert_string_equal(buf_text(&buf), "");
    buf_free(&buf);
}

static void test_limit_leaves_out_whole(void **state)
{
    struct buf buf;
    (void)state;
    buf_init(&buf, 8);
    assert_true(buf_append_text(&buf, "12345"));
    assert_false(buf_append_text(&buf, "6789"));
    assert_true(buf.overflow);
    assert_false(buf_printf(&buf, "%d", 6789));
    assert_string_equal(buf_text(&buf), "12345");
    assert_true(buf_append_text(&buf, "678")); /* what fits still goes in */
    assert_false(buf_append_text(&buf, "9"));
    assert_true(buf_append_text(&buf, ""));
    assert_false(buf_append(&buf, "x", SIZE_MAX)); /* no wrap-around */
    buf_clear(&buf);
    assert_false(buf.overflow);
    assert_true(buf_append_text(&buf, "12345678"));
    buf_free(&buf);
    assert_int_equal(buf.limit, 8);
    assert_true(buf_append_text(&buf, "again"));
    buf_free(&buf);
}

/* Random appends and consumes against a plain array. */
static void test_against_reference(void **state)
{
    static uint8_t reference[4096];
    size_t length = 0;
    uint64_t seed = 9;
    struct buf buf;
    (void)state;
    buf_init(&buf, sizeof reference);
    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[300];
        size_t count = unit_random_below(&seed, sizeof bytes);
        if (unit_random(&seed) & 1) {
            for (size_t i = 0; i < count; i++)
                bytes[i] = (uint8_t)unit_random(&seed);
            bool fits = length + count <= sizeof reference;
            assert_int_equal(buf_append(&buf, bytes, count), fits);
            if (fits) {
                memcpy(reference + length, bytes, count);
                length += count;
            }
        } else {
            size_t taken = count < length ? count : length;
            buf_consume(&buf, count);
            memmove(reference, reference + taken, length - taken);
            length -= taken;
        }
        assert_int_equal(buf.length, length);
        if (length)
            assert_memory_equal(buf.data, reference, length);
    }
    buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append_and_consume),
        cmocka_unit_test(test_limit_leaves_out_whole),
        cmocka_unit_test(test_against_reference),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
