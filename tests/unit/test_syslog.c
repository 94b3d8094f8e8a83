/* Notices for the system's log, to a socket of the test's own. */
#include "base/mem.h"
#include "recorder/syslog.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct syslog_fixture {
    char folder[64], path[96];
    int fd;
};

static int syslog_open(void **state)
{
    struct syslog_fixture *f = mem_new(1, sizeof *f);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *state = f;
    snprintf(f->folder, sizeof f->folder, "/tmp/test_syslog.XXXXXX");
    if (!mkdtemp(f->folder))
        return -1;
    snprintf(f->path, sizeof f->path, "%s/log", f->folder);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", f->path);
    f->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    setenv("HMI_SYSLOG", f->path, 1);
    return bind(f->fd, (const struct sockaddr *)&address, sizeof address);
}

static int syslog_close(void **state)
{
    struct syslog_fixture *f = *state;
    close(f->fd);
    unlink(f->path);
    int left = rmdir(f->folder);
    free(f);
    return left;
}

static void test_a_line_as_syslog_wants_it(void **state)
{
    struct syslog_fixture *f = *state;
    char line[1024], expected[64];
    assert_int_equal(syslog_notice("row 17 has the hash abc"), 0);
    ssize_t got = recv(f->fd, line, sizeof line - 1, 0);
    assert_true(got > 0);
    line[got] = '\0';
    snprintf(expected, sizeof expected, " hmi[%ld]: row 17 has the hash abc", (long)getpid());
    assert_memory_equal(line, "<85>", 4);
    assert_string_equal(line + 4 + strlen("Nov 23 04:45:32"), expected);
}

static void test_a_syslog_that_hangs_or_is_gone_holds_nobody_up(void **state)
{
    struct syslog_fixture *f = *state;
    int error = 0;
    for (int i = 0; i < 100000 && !error; i++) /* nobody reads: its queue fills */
        error = syslog_notice("again");
    assert_int_equal(error, EAGAIN);
    close(f->fd);
    assert_int_equal(syslog_notice("nobody listens"), ECONNREFUSED);
    setenv("HMI_SYSLOG", "/nowhere/log", 1);
    assert_int_equal(syslog_notice("no such file"), ENOENT);
    f->fd = -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_line_as_syslog_wants_it, syslog_open, syslog_close),
        cmocka_unit_test_setup_teardown(test_a_syslog_that_hangs_or_is_gone_holds_nobody_up, syslog_open,
                                        syslog_close),
    };
    return cmocka_run_group_tests_name("syslog", tests, NULL, NULL);
}
