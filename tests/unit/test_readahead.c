/* Reading ahead: what a program gets by read() from an armed socket, byte for byte what was sent, with the socket's
 * own end and errors; and that nothing else in the process is touched. */
#include "recorder/readahead.h"

#include "unit.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define STREAM_BYTES 300000

struct fixture {
    int near, far; /* near: read from, never blocks; -1: closed */
    struct readahead ahead;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    int ends[2];
    assert_non_null(f);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    f->near = ends[0];
    f->far = ends[1];
    assert_int_equal(fcntl(f->near, F_SETFL, O_NONBLOCK), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    readahead_end();
    close(f->near);
    if (f->far >= 0)
        close(f->far);
    free(f);
    return 0;
}

static void say(const struct fixture *f, const char *text)
{
    assert_int_equal(write(f->far, text, strlen(text)), strlen(text));
}

static void hang_up(struct fixture *f)
{
    close(f->far);
    f->far = -1;
}

/* Bytes that are still in the socket. */
static int in_socket(const struct fixture *f)
{
    int count = -1;
    assert_int_equal(ioctl(f->near, FIONREAD, &count), 0);
    return count;
}

static void expect_read(int fd, size_t size, const char *text)
{
    char bytes[64];
    errno = 77; /* success leaves it alone */
    assert_int_equal(read(fd, bytes, size), strlen(text));
    assert_memory_equal(bytes, text, strlen(text));
    assert_int_equal(errno, 77);
}

static void expect_failure(int fd, int number)
{
    char byte;
    assert_int_equal(read(fd, &byte, 1), -1);
    assert_int_equal(errno, number);
}

/* Otherwise libmosquitto would not come here, and nothing would be gained. */
static void test_takes_effect_for_libraries(void **state)
{
    (void)state;
    ssize_t (*ours)(int, void *, size_t) = readahead_read;
    void *symbol = dlsym(RTLD_DEFAULT, "read");
    assert_memory_equal(&symbol, &ours, sizeof symbol);
}

static void test_one_system_call_takes_all(void **state)
{
    struct fixture *f = *state;
    say(f, "one,two,three");
    readahead_begin(&f->ahead, f->near);
    expect_read(f->near, 4, "one,");
    assert_int_equal(in_socket(f), 0);
    assert_int_equal(readahead_waiting(&f->ahead), 9);
    expect_read(f->near, 1, "t");
    say(f, "four");
    expect_read(f->near, 50, "wo,three"); /* what is here first, and no more */
    assert_int_equal(in_socket(f), 4);
    expect_read(f->near, 50, "four");
    expect_failure(f->near, EAGAIN);
    assert_int_equal(readahead_waiting(&f->ahead), 0);
}

static void test_end_comes_behind_the_last_byte(void **state)
{
    struct fixture *f = *state;
    say(f, "last");
    hang_up(f);
    readahead_begin(&f->ahead, f->near);
    expect_read(f->near, 1, "l");
    expect_read(f->near, 50, "ast");
    expect_read(f->near, 1, "");
    expect_read(f->near, 1, ""); /* and stays */
}

static void test_error_is_the_sockets(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(write(f->near, "unread", 6), 6);
    hang_up(f); /* with bytes unread: a reset */
    readahead_begin(&f->ahead, f->near);
    expect_failure(f->near, ECONNRESET);
}

static void test_only_the_armed_descriptor(void **state)
{
    struct fixture *f = *state;
    int pipe_ends[2];
    assert_int_equal(pipe(pipe_ends), 0);
    assert_int_equal(write(pipe_ends[1], "pipe", 4), 4);
    readahead_begin(&f->ahead, f->near);
    expect_read(pipe_ends[0], 2, "pi");
    assert_int_equal(readahead_waiting(&f->ahead), 0);
    expect_read(pipe_ends[0], 2, "pe");
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    expect_failure(pipe_ends[0], EBADF);
}

static void test_only_between_begin_and_end(void **state)
{
    struct fixture *f = *state;
    say(f, "abcdef");
    expect_read(f->near, 1, "a");
    assert_int_equal(in_socket(f), 5);
    readahead_begin(&f->ahead, f->near);
    expect_read(f->near, 1, "b");
    readahead_end();
    say(f, "!");
    expect_read(f->near, 1, "!"); /* the kernel's: what waits is not lost, but not for others */
    readahead_begin(&f->ahead, f->near);
    expect_read(f->near, 50, "cdef");
}

static void *read_elsewhere(void *argument)
{
    const struct fixture *f = argument;
    expect_read(f->near, 50, "for the other thread");
    return NULL;
}

static void test_only_on_its_thread(void **state)
{
    struct fixture *f = *state;
    pthread_t thread;
    say(f, "abc");
    readahead_begin(&f->ahead, f->near);
    expect_read(f->near, 1, "a");
    say(f, "for the other thread");
    assert_int_equal(pthread_create(&thread, NULL, read_elsewhere, f), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    expect_read(f->near, 50, "bc");
}

static void test_another_socket_begins_anew(void **state)
{
    struct fixture *f = *state;
    int other[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, other), 0);
    say(f, "old connection");
    assert_int_equal(write(other[1], "new", 3), 3);
    readahead_begin(&f->ahead, f->near);
    expect_read(f->near, 3, "old");
    readahead_end();
    readahead_begin(&f->ahead, other[0]);
    assert_int_equal(readahead_waiting(&f->ahead), 0);
    expect_read(other[0], 50, "new");
    close(other[0]);
    close(other[1]);
}

/* Pieces of any size in, pieces of any size out, far more than fits at once: the same bytes in the same order. */
static void test_stream_is_unchanged(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = 11;
    size_t written = 0, taken = 0;
    uint8_t piece[40000];
    assert_int_equal(fcntl(f->far, F_SETFL, O_NONBLOCK), 0);
    while (taken < STREAM_BYTES) {
        size_t size = unit_random_below(&seed, sizeof piece) + 1;
        for (size_t i = 0; i < size; i++)
            piece[i] = (uint8_t)((written + i) * 31 >> 3);
        if (size > STREAM_BYTES - written)
            size = STREAM_BYTES - written;
        ssize_t count = write(f->far, piece, size);
        written += count > 0 ? (size_t)count : 0;
        readahead_begin(&f->ahead, f->near);
        size = unit_random_below(&seed, sizeof piece) + 1;
        while ((count = read(f->near, piece, size)) > 0) {
            assert_true((size_t)count <= size);
            for (size_t i = 0; i < (size_t)count; i++)
                assert_int_equal(piece[i], (uint8_t)((taken + i) * 31 >> 3));
            taken += (size_t)count;
            size = unit_random_below(&seed, 50) + 1;
        }
        assert_int_equal(errno, EAGAIN);
        readahead_end();
    }
    assert_int_equal(taken, written);
}

#define WITH_SOCKETS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_effect_for_libraries),
        WITH_SOCKETS(test_one_system_call_takes_all),
        WITH_SOCKETS(test_end_comes_behind_the_last_byte),
        WITH_SOCKETS(test_error_is_the_sockets),
        WITH_SOCKETS(test_only_the_armed_descriptor),
        WITH_SOCKETS(test_only_between_begin_and_end),
        WITH_SOCKETS(test_only_on_its_thread),
        WITH_SOCKETS(test_another_socket_begins_anew),
        WITH_SOCKETS(test_stream_is_unchanged),
    };
    return cmocka_run_group_tests_name("readahead", tests, NULL, NULL);
}
