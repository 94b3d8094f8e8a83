/* The console's end of the socket against a recorder played here: attach, end, silence, refusal, another
 * version. Time is an argument, so nothing waits. */
#include "mirror_fixture.h"
#include "plant/quality.h"
#include "ui/link.h"
#include "unit.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define S INT64_C(1000000)

struct stage {
    char folder[64], path[96];
    int listener, peer; /* the recorder's ends; -1: none */
    struct mirror mirror;
    struct link *link;
    int64_t now_us;
};

static void stage_listen(struct stage *stage)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", stage->path);
    stage->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(stage->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(stage->listener, 4), 0);
}

static void stage_open(struct stage *stage, enum wire_purpose purpose)
{
    *stage = (struct stage){.folder = "/tmp/test_link.XXXXXX", .listener = -1, .peer = -1, .now_us = 100 * S};
    assert_non_null(mkdtemp(stage->folder));
    snprintf(stage->path, sizeof stage->path, "%s/hmi.sock", stage->folder);
    mirror_init(&stage->mirror);
    const char *const paths[] = {"/nonexistent/hmi.sock", stage->path, NULL};
    stage->link = link_new(paths, purpose, &stage->mirror);
}

static void stage_hang_up(struct stage *stage)
{
    close(stage->peer);
    stage->peer = -1;
}

static void stage_close(struct stage *stage)
{
    link_free(stage->link);
    mirror_free(&stage->mirror);
    if (stage->peer >= 0)
        close(stage->peer);
    if (stage->listener >= 0)
        close(stage->listener);
    unlink(stage->path);
    rmdir(stage->folder);
}

/* One round of the console's loop, `later_us` after the last one. */
static bool stage_step(struct stage *stage, int64_t later_us)
{
    stage->now_us += later_us;
    struct pollfd fd = {.fd = link_fd(stage->link), .events = link_events(stage->link)};
    poll(&fd, 1, 0);
    return link_step(stage->link, fd.revents, stage->now_us, FIXTURE_NOW_US + stage->now_us);
}

static void stage_accept(struct stage *stage)
{
    stage->peer = accept4(stage->listener, NULL, NULL, SOCK_NONBLOCK);
    assert_true(stage->peer >= 0);
}

/* What the console has sent; the caller frees the buffer. */
static struct buf stage_heard(struct stage *stage)
{
    struct buf bytes;
    char part[4096];
    ssize_t got;
    buf_init(&bytes, 0);
    while ((got = recv(stage->peer, part, sizeof part, 0)) > 0)
        buf_append(&bytes, part, (size_t)got);
    return bytes;
}

static void stage_send(struct stage *stage, enum wire_type type, const void *record)
{
    struct buf bytes;
    buf_init(&bytes, 0);
    wire_put(&bytes, type, record);
    assert_int_equal(send(stage->peer, bytes.data, bytes.length, 0), (ssize_t)bytes.length);
    buf_free(&bytes);
}

static void stage_send_snapshot(struct stage *stage, uint32_t version)
{
    stage_send(stage, WIRE_WELCOME, &(struct wire_welcome){.version = version, .plant = "Water Works"});
    stage_send(stage, WIRE_TAG, &(struct wire_tag){.tag = 1, .name = "one"});
    stage_send(stage, WIRE_SAMPLE,
               &(struct wire_sample){.tag = 1, .type = VALUE_NUMBER, .number = 5, .ts_us = FIXTURE_NOW_US});
    stage_send(stage, WIRE_STATUS, &(struct wire_status){.link = WIRE_LINK_UP});
    stage_send(stage, WIRE_SNAPSHOT_END, &(struct wire_snapshot_end){1});
}

static void stage_attach(struct stage *stage, uint32_t version)
{
    stage_listen(stage);
    assert_true(stage_step(stage, 2 * S));
    assert_int_equal(link_state(stage->link), LINK_ATTACHING);
    stage_accept(stage);
    stage_step(stage, 0); /* HELLO leaves */
    stage_send_snapshot(stage, version);
    assert_true(stage_step(stage, 0));
}

/* ---- tests ---- */

static void test_attaches_when_the_recorder_comes(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, WIRE_PURPOSE_SCREEN);
    stage_step(&stage, 0);
    assert_int_equal(link_state(stage.link), LINK_SEARCHING);
    assert_string_equal(link_text(stage.link), "no recorder is running");
    assert_int_equal(link_due_us(stage.link), stage.now_us + LINK_RETRY_US);
    stage_listen(&stage);
    stage_step(&stage, LINK_RETRY_US - 1);
    assert_int_equal(link_state(stage.link), LINK_SEARCHING); /* not before it is due */
    link_want_detail(stage.link, 9);
    stage_step(&stage, 1);
    assert_int_equal(link_state(stage.link), LINK_ATTACHING);
    stage_accept(&stage);
    stage_step(&stage, 0);
    struct buf heard = stage_heard(&stage);
    struct wire_frame frame;
    struct wire_hello hello;
    struct wire_want_detail want;
    size_t used, more;
    assert_int_equal(wire_next_frame(heard.data, heard.length, &frame, &used), WIRE_OK);
    assert_int_equal(frame.type, WIRE_HELLO);
    assert_int_equal(wire_next_record(&frame, &hello), WIRE_OK);
    assert_int_equal(hello.version, WIRE_VERSION);
    assert_int_equal(hello.purpose, WIRE_PURPOSE_SCREEN);
    assert_int_equal(wire_next_frame(heard.data + used, heard.length - used, &frame, &more), WIRE_OK);
    assert_int_equal(frame.type, WIRE_WANT_DETAIL);
    assert_int_equal(wire_next_record(&frame, &want), WIRE_OK);
    assert_int_equal(want.tag, 9);
    buf_free(&heard);
    stage_send_snapshot(&stage, WIRE_VERSION);
    stage_step(&stage, 0);
    assert_int_equal(link_state(stage.link), LINK_UP);
    assert_true(mirror_find(&stage.mirror, 1)->live);
    stage_close(&stage);
}

static void test_end_is_seen_at_once_and_attached_again(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, WIRE_PURPOSE_SCREEN);
    stage_attach(&stage, WIRE_VERSION);
    stage_hang_up(&stage);
    assert_true(stage_step(&stage, 0));
    assert_int_equal(link_state(stage.link), LINK_SEARCHING);
    assert_int_equal(link_fd(stage.link), -1);
    assert_false(mirror_find(&stage.mirror, 1)->live);
    stage_step(&stage, LINK_RETRY_US);
    stage_accept(&stage);
    stage_send_snapshot(&stage, WIRE_VERSION);
    stage_step(&stage, 0);
    assert_int_equal(link_state(stage.link), LINK_UP);
    assert_true(mirror_find(&stage.mirror, 1)->live);
    stage_close(&stage);
}

static void test_silence_is_noticed_and_a_snapshot_follows(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, WIRE_PURPOSE_SCREEN);
    stage_attach(&stage, WIRE_VERSION);
    assert_int_equal(link_due_us(stage.link), stage.now_us + LINK_SILENT_US);
    stage_send(&stage, WIRE_STATUS, &(struct wire_status){.link = WIRE_LINK_UP});
    stage_step(&stage, LINK_SILENT_US - 1);
    stage_step(&stage, LINK_SILENT_US - 1);
    assert_int_equal(link_state(stage.link), LINK_UP);
    assert_true(stage_step(&stage, 1));
    assert_int_equal(link_state(stage.link), LINK_SILENT);
    assert_string_equal(link_text(stage.link), "recorder does not answer");
    assert_false(mirror_find(&stage.mirror, 1)->live);
    stage_send(&stage, WIRE_STATUS, &(struct wire_status){.link = WIRE_LINK_UP});
    stage_step(&stage, S);
    assert_int_equal(link_state(stage.link), LINK_ATTACHING); /* on a new connection */
    close(stage.peer);
    stage_accept(&stage);
    stage_send_snapshot(&stage, WIRE_VERSION);
    stage_step(&stage, 0);
    assert_int_equal(link_state(stage.link), LINK_UP);
    assert_true(mirror_find(&stage.mirror, 1)->live);
    stage_close(&stage);
}

static void test_refusal_is_shown(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, WIRE_PURPOSE_SCREEN);
    stage_listen(&stage);
    stage_step(&stage, 0);
    stage_accept(&stage);
    stage_send(&stage, WIRE_REFUSED, &(struct wire_refused){.reason = "add anna to `access`\x1b[2J"});
    stage_hang_up(&stage);
    stage_step(&stage, 0);
    assert_int_equal(link_state(stage.link), LINK_REFUSED);
    assert_string_equal(link_text(stage.link), "add anna to `access`\xEF\xBF\xBD[2J");
    assert_int_equal(link_ask(stage.link, WIRE_ACTION_STOP, NULL), 0);
    stage_step(&stage, 10 * S); /* tried again later, the text stays meanwhile */
    stage_accept(&stage);
    assert_int_equal(link_state(stage.link), LINK_REFUSED);
    stage_send_snapshot(&stage, WIRE_VERSION);
    stage_step(&stage, 0);
    assert_int_equal(link_state(stage.link), LINK_UP);
    stage_close(&stage);
}

static void test_other_version_is_for_looking_only(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, WIRE_PURPOSE_SCREEN);
    stage_attach(&stage, WIRE_VERSION + 1);
    assert_int_equal(link_state(stage.link), LINK_OLD);
    assert_non_null(strstr(link_text(stage.link), "restart the recorder"));
    assert_true(mirror_find(&stage.mirror, 1)->live);
    assert_int_equal(link_ask(stage.link, WIRE_ACTION_RELOAD, NULL), 0);
    assert_int_not_equal(link_ask(stage.link, WIRE_ACTION_STOP, NULL), 0); /* how it is replaced */
    stage_close(&stage);
}

static void test_broken_frame_ends_the_connection(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, WIRE_PURPOSE_SCREEN);
    stage_attach(&stage, WIRE_VERSION);
    assert_int_equal(send(stage.peer, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8, 0), 8);
    stage_step(&stage, 0);
    assert_int_equal(link_state(stage.link), LINK_SEARCHING);
    assert_false(mirror_find(&stage.mirror, 1)->live);
    stage_close(&stage);
}

static void test_frames_in_small_pieces(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, WIRE_PURPOSE_SCREEN);
    stage_attach(&stage, WIRE_VERSION);
    struct buf bytes;
    buf_init(&bytes, 0);
    wire_put(&bytes, WIRE_TAG, &(struct wire_tag){.tag = 2, .name = "two"});
    for (size_t i = 0; i < bytes.length; i++) {
        assert_null(mirror_find(&stage.mirror, 2));
        assert_int_equal(send(stage.peer, bytes.data + i, 1, 0), 1);
        stage_step(&stage, 0);
    }
    assert_non_null(mirror_find(&stage.mirror, 2));
    buf_free(&bytes);
    stage_close(&stage);
}

static void test_snapshot_stays_when_its_recorder_closes(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, WIRE_PURPOSE_SNAPSHOT);
    stage_attach(&stage, WIRE_VERSION);
    stage_hang_up(&stage);
    stage_step(&stage, 0);
    assert_int_equal(link_state(stage.link), LINK_ENDED);
    assert_true(mirror_find(&stage.mirror, 1)->live);
    assert_int_equal(link_due_us(stage.link), INT64_MAX);
    stage_close(&stage);
}

static void test_ask_and_answer(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, WIRE_PURPOSE_SCREEN);
    assert_int_equal(link_ask(stage.link, WIRE_ACTION_RELOAD, NULL), 0); /* nobody there */
    stage_attach(&stage, WIRE_VERSION);
    struct buf heard = stage_heard(&stage);
    buf_free(&heard);
    uint32_t request = link_ask(stage.link, WIRE_ACTION_RELOAD, "now");
    assert_int_not_equal(request, 0);
    assert_true(link_events(stage.link) & POLLOUT);
    stage_step(&stage, 0);
    heard = stage_heard(&stage);
    struct wire_frame frame;
    struct wire_ask ask;
    size_t used;
    assert_int_equal(wire_next_frame(heard.data, heard.length, &frame, &used), WIRE_OK);
    assert_int_equal(wire_next_record(&frame, &ask), WIRE_OK);
    assert_int_equal(ask.request, request);
    assert_int_equal(ask.action, WIRE_ACTION_RELOAD);
    assert_string_equal(ask.argument, "now");
    stage_send(&stage, WIRE_ANSWER, &(struct wire_answer){.request = request, .good = 1, .text = "reloaded"});
    stage_step(&stage, 0);
    assert_int_equal(stage.mirror.answer.request, request);
    assert_string_equal(stage.mirror.answer.text, "reloaded");
    buf_free(&heard);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attaches_when_the_recorder_comes),
        cmocka_unit_test(test_end_is_seen_at_once_and_attached_again),
        cmocka_unit_test(test_silence_is_noticed_and_a_snapshot_follows),
        cmocka_unit_test(test_refusal_is_shown),
        cmocka_unit_test(test_other_version_is_for_looking_only),
        cmocka_unit_test(test_broken_frame_ends_the_connection),
        cmocka_unit_test(test_frames_in_small_pieces),
        cmocka_unit_test(test_snapshot_stays_when_its_recorder_closes),
        cmocka_unit_test(test_ask_and_answer),
    };
    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
