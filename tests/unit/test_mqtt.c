/* The MQTT client against a broker of a few bytes on a loopback socket: where a read pass ends, what then waits in
 * memory, and that acknowledgements leave whole and in order however slowly the broker takes them. */
#include "recorder/mqtt.h"

#include "base/buf.h"
#include "base/clock.h"
#include "unit.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS     10000
#define FOREVER_US  INT64_MAX
#define ACK_BYTES   4
#define IDS         65535
#define SMALL_BYTES 4096 /* of the socket's buffers, where acknowledgements are to get stuck */

struct fixture {
    int listener, peer; /* peer: the broker's end */
    struct mqtt *mqtt;
    size_t messages, enough_at; /* 0: never */
    bool connected;
    struct err err;
};

static void on_connected(void *context, bool good, bool session, bool refused_version, const char *reason)
{
    struct fixture *f = context;
    (void)session, (void)refused_version, (void)reason;
    f->connected = good;
}

static bool on_message(void *context, const struct mqtt_message *message)
{
    struct fixture *f = context;
    assert_string_equal(message->topic, "t");
    f->messages++;
    return f->messages != f->enough_at;
}

static const struct mqtt_handler HANDLER = {.connected = on_connected, .message = on_message};

static void await(int fd, short events)
{
    struct pollfd entry = {.fd = fd, .events = events};
    assert_int_equal(poll(&entry, 1, WAIT_MS), 1);
}

static bool read_pass(struct fixture *f, size_t max_messages)
{
    bool dry;
    assert_true(mqtt_read(f->mqtt, max_messages, FOREVER_US, &dry, &f->err));
    return dry;
}

/* CONNECT leaves, CONNACK comes. */
static void greet(struct fixture *f)
{
    static const uint8_t CONNACK[] = {0x20, 2, 0, 0};
    uint8_t connect[256];
    assert_true(mqtt_connect(f->mqtt, &f->err));
    f->peer = accept(f->listener, NULL, NULL);
    assert_true(f->peer >= 0);
    while (mqtt_wants_write(f->mqtt))
        assert_true(mqtt_write(f->mqtt, &f->err));
    await(f->peer, POLLIN);
    assert_true(recv(f->peer, connect, sizeof connect, 0) > 10);
    assert_int_equal(connect[0], 0x10);
    assert_int_equal(send(f->peer, CONNACK, sizeof CONNACK, 0), sizeof CONNACK);
    await(mqtt_socket(f->mqtt), POLLIN);
    assert_true(read_pass(f, 10));
    assert_true(f->connected);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int small = SMALL_BYTES;
    assert_non_null(f);
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(f->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small); /* the accepted one gets it, too */
    assert_int_equal(bind(f->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(f->listener, 1), 0);
    assert_int_equal(getsockname(f->listener, (struct sockaddr *)&address, &size), 0);
    mqtt_library_init();
    const struct mqtt_options options = {
        .host = "127.0.0.1", .port = ntohs(address.sin_port), .clean = true, .keepalive_s = 60};
    f->mqtt = mqtt_new(&options, &HANDLER, f, &f->err);
    assert_non_null(f->mqtt);
    greet(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    mqtt_free(f->mqtt);
    mqtt_library_cleanup();
    close(f->peer);
    close(f->listener);
    free(f);
    return 0;
}

static void send_all(struct fixture *f, const struct buf *out)
{
    for (size_t sent = 0; sent < out->length;) {
        ssize_t count = send(f->peer, out->data + sent, out->length - sent, 0);
        assert_true(count > 0);
        sent += (size_t)count;
    }
}

/* Messages of QoS 0 that are in the client's socket when this returns. */
static void publish(struct fixture *f, size_t count)
{
    static const uint8_t PACKET[] = {0x30, 4, 0, 1, 't', '1'};
    int there = 0;
    struct buf out;
    buf_init(&out, 0);
    for (size_t i = 0; i < count; i++)
        buf_append(&out, PACKET, sizeof PACKET);
    send_all(f, &out);
    while ((size_t)there < out.length) {
        await(mqtt_socket(f->mqtt), POLLIN);
        assert_int_equal(ioctl(mqtt_socket(f->mqtt), FIONREAD, &there), 0);
    }
    buf_free(&out);
}

static void test_a_pass_ends_at_its_count_and_the_rest_waits_in_memory(void **state)
{
    struct fixture *f = *state;
    int there = -1;
    publish(f, 100);
    assert_false(mqtt_has_buffered(f->mqtt));
    assert_false(read_pass(f, 30));
    assert_int_equal(f->messages, 30);
    assert_int_equal(ioctl(mqtt_socket(f->mqtt), FIONREAD, &there), 0);
    assert_int_equal(there, 0); /* poll() would say nothing */
    assert_true(mqtt_has_buffered(f->mqtt));
    assert_true(read_pass(f, 1000));
    assert_int_equal(f->messages, 100);
    assert_false(mqtt_has_buffered(f->mqtt));
}

static void test_a_pass_ends_when_the_handler_has_enough(void **state)
{
    struct fixture *f = *state;
    publish(f, 100);
    f->enough_at = 7;
    assert_false(read_pass(f, 1000));
    assert_int_equal(f->messages, 7);
    f->enough_at = 0; /* it is asked anew in each pass */
    assert_true(read_pass(f, 1000));
    assert_int_equal(f->messages, 100);
}

static void test_a_pass_ends_in_time(void **state)
{
    struct fixture *f = *state;
    bool dry = true;
    publish(f, 1000);
    assert_true(mqtt_read(f->mqtt, 1000, clock_mono_us() - 1, &dry, &f->err));
    assert_false(dry);
    assert_in_range(f->messages, 1, 999);
}

/* The acknowledgements of all ids from 1 on; as many bytes as have come. */
static size_t take_acknowledgements(struct fixture *f, size_t taken)
{
    uint8_t bytes[8192];
    ssize_t count = recv(f->peer, bytes, sizeof bytes, MSG_DONTWAIT);
    for (ssize_t i = 0; i < count; i++, taken++) {
        size_t id = taken / ACK_BYTES + 1;
        const uint8_t packet[ACK_BYTES] = {0x40, 2, (uint8_t)(id >> 8), (uint8_t)id};
        assert_int_equal(bytes[i], packet[taken % ACK_BYTES]);
    }
    return taken;
}

static void test_acknowledgements_wait_for_mqtt_write_and_survive_a_full_socket(void **state)
{
    struct fixture *f = *state;
    int small = SMALL_BYTES;
    size_t taken = 0, stuck = 0;
    struct buf out;
    setsockopt(mqtt_socket(f->mqtt), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    for (size_t id = 1; id <= IDS;) {
        buf_init(&out, 0);
        for (size_t end = id + 1000; id < end && id <= IDS; id++) {
            const uint8_t packet[] = {0x32, 6, 0, 1, 't', (uint8_t)(id >> 8), (uint8_t)id, '1'};
            buf_append(&out, packet, sizeof packet);
        }
        send_all(f, &out);
        buf_free(&out);
        while (f->messages < id - 1) {
            await(mqtt_socket(f->mqtt), POLLIN);
            read_pass(f, 100000);
        }
    }
    assert_int_equal(take_acknowledgements(f, 0), 0); /* reading sends nothing */
    while (taken < (size_t)IDS * ACK_BYTES) {
        if (mqtt_wants_write(f->mqtt))
            assert_true(stuck % 2 ? mqtt_misc(f->mqtt, &f->err) : mqtt_write(f->mqtt, &f->err));
        stuck += mqtt_wants_write(f->mqtt);
        await(f->peer, POLLIN);
        taken = take_acknowledgements(f, taken);
    }
    assert_false(mqtt_wants_write(f->mqtt));
    assert_true(stuck > 3);
}

static void test_disconnect_leaves_behind_what_was_gathered(void **state)
{
    struct fixture *f = *state;
    static const uint8_t PACKET[] = {0x32, 6, 0, 1, 't', 0, 9, '1'};
    static const uint8_t ANSWER[] = {0x40, 2, 0, 9, 0xE0, 0};
    uint8_t bytes[16];
    assert_int_equal(send(f->peer, PACKET, sizeof PACKET, 0), sizeof PACKET);
    await(mqtt_socket(f->mqtt), POLLIN);
    read_pass(f, 10);
    assert_int_equal(f->messages, 1);
    shutdown(f->peer, SHUT_WR); /* so that mqtt_part() need not wait for the end */
    mqtt_part(f->mqtt, clock_mono_us() + WAIT_MS * CLOCK_US_PER_MS);
    await(f->peer, POLLIN);
    assert_int_equal(recv(f->peer, bytes, sizeof bytes, MSG_WAITALL), sizeof ANSWER);
    assert_memory_equal(bytes, ANSWER, sizeof ANSWER);
}

#define WITH_BROKER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BROKER(test_a_pass_ends_at_its_count_and_the_rest_waits_in_memory),
        WITH_BROKER(test_a_pass_ends_when_the_handler_has_enough),
        WITH_BROKER(test_a_pass_ends_in_time),
        WITH_BROKER(test_acknowledgements_wait_for_mqtt_write_and_survive_a_full_socket),
        WITH_BROKER(test_disconnect_leaves_behind_what_was_gathered),
    };
    return cmocka_run_group_tests_name("mqtt", tests, NULL, NULL);
}
