/* Gathering writes: what is written to an armed socket by write() waits and leaves by one call, byte for byte and in
 * order, also when the socket is full; and nothing else in the process is touched. */
#include "recorder/gather.h"

#include "unit.h"

#include <dlfcn.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define STREAM_BYTES 2000000

struct fixture {
    int near, far; /* near: written to, never blocks; far: -1 when closed */
    struct gather gather;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    int ends[2];
    assert_non_null(f);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    f->near = ends[0];
    f->far = ends[1];
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    gather_end();
    close(f->near);
    if (f->far >= 0)
        close(f->far);
    free(f);
    return 0;
}

static void expect_arrived(const struct fixture *f, const char *text)
{
    char bytes[64];
    ssize_t count = recv(f->far, bytes, sizeof bytes, MSG_DONTWAIT);
    assert_int_equal(count < 0 ? 0 : count, strlen(text));
    assert_memory_equal(bytes, text, strlen(text));
}

/* Otherwise libmosquitto would not come here, and nothing would be gained. */
static void test_takes_effect_for_libraries(void **state)
{
    (void)state;
    ssize_t (*ours)(int, const void *, size_t) = gather_write;
    void *symbol = dlsym(RTLD_DEFAULT, "write");
    assert_memory_equal(&symbol, &ours, sizeof symbol);
}

static void test_many_leave_by_one_call(void **state)
{
    struct fixture *f = *state;
    gather_begin(&f->gather, f->near);
    errno = 77; /* success leaves it alone */
    assert_int_equal(write(f->near, "one,", 4), 4);
    assert_int_equal(write(f->near, "two", 3), 3);
    assert_int_equal(errno, 77);
    expect_arrived(f, "");
    assert_int_equal(gather_waiting(&f->gather), 7);
    assert_true(gather_flush(&f->gather));
    assert_int_equal(gather_waiting(&f->gather), 0);
    expect_arrived(f, "one,two");
    assert_true(gather_flush(&f->gather)); /* nothing: nothing */
}

static void test_only_the_armed_descriptor_while_armed(void **state)
{
    struct fixture *f = *state;
    int other[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, other), 0);
    gather_begin(&f->gather, f->near);
    assert_int_equal(write(other[0], "x", 1), 1);
    assert_int_equal(gather_waiting(&f->gather), 0);
    gather_end();
    assert_int_equal(write(f->near, "at once", 7), 7);
    expect_arrived(f, "at once");
    gather_begin(&f->gather, f->near);
    assert_int_equal(write(f->near, "old", 3), 3);
    gather_begin(&f->gather, other[0]); /* another connection: what waited for the old one is gone */
    assert_int_equal(gather_waiting(&f->gather), 0);
    gather_end();
    expect_arrived(f, "");
    close(other[0]);
    close(other[1]);
}

static void test_broken_connection_is_told(void **state)
{
    struct fixture *f = *state;
    gather_begin(&f->gather, f->near);
    assert_int_equal(write(f->near, "lost", 4), 4);
    close(f->far);
    f->far = -1;
    assert_false(gather_flush(&f->gather)); /* and no SIGPIPE */
    assert_int_equal(errno, EPIPE);
}

static void test_larger_than_the_buffer(void **state)
{
    struct fixture *f = *state;
    static uint8_t large[GATHER_BYTES + 1];
    gather_begin(&f->gather, f->near);
    assert_int_equal(write(f->near, "ab", 2), 2);
    assert_int_equal(write(f->near, large, sizeof large), sizeof large); /* what waited left before it */
    assert_int_equal(gather_waiting(&f->gather), 0);
    char start[2];
    assert_int_equal(recv(f->far, start, 2, 0), 2);
    assert_memory_equal(start, "ab", 2);
}

/* How much of the stream the far end takes; it must be the stream. */
static size_t take(const struct fixture *f, size_t taken, size_t most)
{
    static uint8_t bytes[100000];
    ssize_t count = recv(f->far, bytes, most < sizeof bytes ? most : sizeof bytes, MSG_DONTWAIT);
    for (ssize_t i = 0; i < count; i++)
        assert_int_equal(bytes[i], (uint8_t)((taken + (size_t)i) * 31 >> 3));
    return count > 0 ? (size_t)count : 0;
}

/* As libmosquitto writes: the rest again after EAGAIN. The far end is slow, so that the socket is often full. */
static void test_full_socket_loses_nothing(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = 5;
    size_t written = 0, taken = 0, refused = 0;
    uint8_t piece[30000];
    while (taken < STREAM_BYTES) {
        gather_begin(&f->gather, f->near);
        for (int i = 0; i < 40 && written < STREAM_BYTES; i++) {
            size_t size = unit_random_below(&seed, i % 8 ? 6 : sizeof piece) + 1;
            if (size > STREAM_BYTES - written)
                size = STREAM_BYTES - written;
            for (size_t at = 0; at < size; at++)
                piece[at] = (uint8_t)((written + at) * 31 >> 3);
            ssize_t count = write(f->near, piece, size);
            if (count < 0) {
                assert_int_equal(errno, EAGAIN);
                refused++;
                break;
            }
            written += (size_t)count;
        }
        gather_end();
        assert_true(gather_flush(&f->gather));
        taken += take(f, taken, unit_random_below(&seed, 60000));
    }
    assert_int_equal(taken, written);
    assert_true(refused > 10);
}

#define WITH_SOCKETS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_effect_for_libraries),
        WITH_SOCKETS(test_many_leave_by_one_call),
        WITH_SOCKETS(test_only_the_armed_descriptor_while_armed),
        WITH_SOCKETS(test_broken_connection_is_told),
        WITH_SOCKETS(test_larger_than_the_buffer),
        WITH_SOCKETS(test_full_socket_loses_nothing),
    };
    return cmocka_run_group_tests_name("gather", tests, NULL, NULL);
}
