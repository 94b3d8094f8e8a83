/* flood: plays an MQTT broker to one subscriber, so that the subscriber is what is measured.
 *
 * Listens on a loopback port, prints {"port":N} and answers CONNECT (3.1.1 and 5), SUBSCRIBE, UNSUBSCRIBE,
 * PINGREQ and PUBLISH as a broker does. After the first SUBSCRIBE it sends prepared PUBLISH packets as fast
 * as the socket takes them, or at a rate, and ends with one line of JSON on standard output.
 *
 *   --tags N        tags, sent in turn (default 10000): topics plant/unit07/loop00123/pv, plain numbers that
 *                   change
 *   --qos 0|1       at most; never above what the subscription asked for (default 0)
 *   --count N       messages in all, or
 *   --seconds S     how long to send (default 5)
 *   --rate R        messages a second (default: as fast as possible)
 *   --window N      unacknowledged QoS 1 messages towards a 3.1.1 client, whose protocol cannot say. Default
 *                   65535, so that 3.1.1 and MQTT 5 clients are compared on equal terms; mosquitto's own
 *                   default would be 20. An MQTT 5 client's receive maximum is always respected
 *   --marker MS     every MS publish the next integer, from 100000 up, to plant/marker (QoS 0) and print
 *                   "marker N MONOTONIC_US"
 *   --linger S      stay and answer pings after the end, until the client leaves (default 0)
 *   --port N        instead of a free one
 *
 * The packets of one round over all tags stand in one buffer, all of one size; before a piece of it is
 * written only the packet ids and four digits of each value are patched: some 10 ns a message.
 *
 * The time ends when everything sent was acknowledged. For QoS 0 a last message at QoS 1, to plant/end, makes
 * this visible: a client acknowledges it only after it has taken all before it. A client that comes back after
 * a disconnect is served again; what it had not acknowledged is counted as abandoned. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "flood_options.h"
#include "packet.h"

#define FLOOD_PIECE_MAX    4096 /* messages patched and written at once: some 160 kB */
#define FLOOD_IDS          65536
#define FLOOD_DIGITS       10000
#define FLOOD_GIVE_UP_US   (60 * CLOCK_US_PER_SECOND) /* without any progress */
#define FLOOD_CONTROL_MAX  (1 << 20)                  /* bytes of one packet from the client */
#define FLOOD_FIRST_MARKER 100000

/* The bytes of one connection. */
struct flood_client {
    int socket; /* -1: nobody is connected */
    bool is_v5, is_subscribed;
    int qos;              /* of the messages that we send */
    uint32_t window;      /* unacknowledged messages at most */
    struct buf in;        /* not yet a whole packet */
    struct buf control;   /* answers and markers, to be sent between pieces */
    struct buf sending;   /* control packets that are being written */
    const uint8_t *piece; /* what is left of the piece that is being written */
    size_t piece_left;
    bool is_outstanding[FLOOD_IDS];
    uint32_t outstanding;
    uint16_t last_id;
};

struct flood {
    struct flood_options options;
    int listener;
    struct flood_client client;
    uint8_t *round; /* one packet for each tag */
    size_t stride, id_at, value_at;
    uint32_t next_tag;
    uint32_t rounds;
    char (*digits)[4]; /* "0000" to "9999" */
    uint64_t sent, acked, abandoned, unknown_acks, bytes;
    uint32_t connections, marker;
    int64_t start_us, end_us, progress_us, next_marker_us;
    bool end_is_sent;
};

/* --- prepared packets --- */

/* The round for the client's protocol and quality of service.
 * All packets have one size, because topics and payloads have. */
static void flood_prepare_round(struct flood *flood)
{
    struct buf round;
    char topic[64], payload[16];
    buf_init(&round, 0);
    for (uint32_t tag = 0; tag < flood->options.tags; tag++) {
        snprintf(topic, sizeof topic, "plant/unit%02u/loop%05u/pv", tag % 100, tag);
        snprintf(payload, sizeof payload, "%3u.0000", 100 + tag % 900);
        packet_add_publish(&round, topic, payload, flood->client.qos, 0, flood->client.is_v5);
    }
    free(flood->round);
    flood->round = round.data;
    flood->stride = round.length / flood->options.tags;
    flood->id_at = 4 + strlen(topic);
    flood->value_at = flood->stride - 4;
    flood->next_tag = 0;
}

static void flood_prepare_digits(struct flood *flood)
{
    flood->digits = mem_new(FLOOD_DIGITS, sizeof *flood->digits);
    for (unsigned i = 0; i < FLOOD_DIGITS; i++) {
        char text[8];
        snprintf(text, sizeof text, "%04u", i % FLOOD_DIGITS);
        memcpy(flood->digits[i], text, 4);
    }
}

static uint16_t flood_take_id(struct flood_client *client)
{
    do
        client->last_id++;
    while (client->last_id == 0 || client->is_outstanding[client->last_id]);
    client->is_outstanding[client->last_id] = true;
    client->outstanding++;
    return client->last_id;
}

/* --- what the client says --- */

static bool flood_on_connect(struct flood *flood, const uint8_t *body, size_t length)
{
    static const uint8_t accepted_v4[] = {0x20, 2, 0, 0};
    static const uint8_t accepted_v5[] = {0x20, 3, 0, 0, 0};
    struct flood_client *client = &flood->client;
    if (length < 10 || memcmp(body, "\0\4MQTT", 6) != 0 || (body[6] != 4 && body[6] != 5))
        return false;
    client->is_v5 = body[6] == 5;
    client->window = client->is_v5 ? packet_receive_maximum(body + 10, length - 10) : flood->options.window;
    if (client->is_v5)
        buf_append(&client->control, accepted_v5, sizeof accepted_v5);
    else
        buf_append(&client->control, accepted_v4, sizeof accepted_v4);
    return true;
}

/* SUBSCRIBE and UNSUBSCRIBE: id, properties, then filters,
 * which SUBSCRIBE follows with a byte of options each. */
static bool flood_on_filters(struct flood *flood, const uint8_t *body, size_t length, bool is_subscribe)
{
    struct flood_client *client = &flood->client;
    uint32_t properties = 0;
    size_t at = 2, used = 0;
    uint8_t codes[64], count = 0;
    if (length < 3 || (client->is_v5 && !(used = packet_read_varint(body + 2, length - 2, &properties))))
        return false;
    at += used + properties;
    while (at + 2 < length && count < sizeof codes) {
        at += 2u + packet_get_u16(body + at);
        if (is_subscribe && at >= length)
            return false;
        codes[count++] = is_subscribe ? body[at++] & 3 : 0;
    }
    bool has_codes = is_subscribe || client->is_v5;
    uint8_t head[5] = {is_subscribe ? 0x90 : 0xb0, (uint8_t)(2 + client->is_v5 + (has_codes ? count : 0)),
                       body[0], body[1], 0};
    buf_append(&client->control, head, client->is_v5 ? 5 : 4);
    if (has_codes)
        buf_append(&client->control, codes, count);
    if (is_subscribe && !client->is_subscribed) {
        client->is_subscribed = true;
        client->qos = codes[0] < flood->options.qos ? codes[0] : flood->options.qos;
        flood_prepare_round(flood);
    }
    return true;
}

static void flood_on_puback(struct flood *flood, const uint8_t *body)
{
    struct flood_client *client = &flood->client;
    uint16_t id = packet_get_u16(body);
    if (!client->is_outstanding[id]) {
        flood->unknown_acks++;
        return;
    }
    client->is_outstanding[id] = false;
    client->outstanding--;
    flood->acked++;
}

/* The client publishes too, such as a setpoint: told ("taken MONOTONIC_US", when it came) and acknowledged. */
static void flood_on_publish(struct flood *flood, uint8_t head, const uint8_t *body, size_t length)
{
    size_t id_at = length < 2 ? length : 2u + packet_get_u16(body);
    if ((head & 6) != 2 || id_at + 2 > length)
        return;
    uint8_t answer[4] = {PACKET_PUBACK << 4, 2, body[id_at], body[id_at + 1]};
    buf_append(&flood->client.control, answer, sizeof answer);
    printf("taken %lld\n", (long long)flood->progress_us);
    fflush(stdout);
}

/* Returns false when the connection is over. */
static bool flood_on_packet(struct flood *flood, uint8_t head, const uint8_t *body, size_t length)
{
    static const uint8_t pong[] = {0xd0, 0};
    switch (head >> 4) {
    case PACKET_CONNECT:
        return flood_on_connect(flood, body, length);
    case PACKET_SUBSCRIBE:
        return flood_on_filters(flood, body, length, true);
    case PACKET_UNSUBSCRIBE:
        return flood_on_filters(flood, body, length, false);
    case PACKET_PINGREQ:
        return buf_append(&flood->client.control, pong, sizeof pong);
    case PACKET_PUBACK:
        if (length < 2)
            return false;
        flood_on_puback(flood, body);
        return true;
    case PACKET_PUBLISH:
        flood_on_publish(flood, head, body, length);
        return true;
    default: /* DISCONNECT, and what we never asked for */
        return false;
    }
}

static bool flood_parse(struct flood *flood)
{
    struct buf *in = &flood->client.in;
    size_t at = 0;
    while (in->length - at >= 2) {
        uint32_t length;
        size_t used = packet_read_varint(in->data + at + 1, in->length - at - 1, &length);
        if ((!used && in->length - at > 5) || length > FLOOD_CONTROL_MAX)
            return false;
        if (!used || in->length - at < 1 + used + length)
            break;
        if (!flood_on_packet(flood, in->data[at], in->data + at + 1 + used, length))
            return false;
        at += 1 + used + length;
    }
    buf_consume(in, at);
    return true;
}

/* --- the socket --- */

static void flood_drop_client(struct flood *flood)
{
    struct flood_client *client = &flood->client;
    if (client->socket < 0)
        return;
    close(client->socket);
    flood->abandoned += client->outstanding;
    buf_free(&client->in);
    buf_free(&client->control);
    buf_free(&client->sending);
    *client = (struct flood_client){.socket = -1};
    flood->end_is_sent = false;
}

static void flood_accept(struct flood *flood)
{
    int one = 1;
    int socket = accept4(flood->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0)
        return;
    flood_drop_client(flood); /* a client that comes again takes the place of its old connection */
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    flood->client.socket = socket;
    flood->connections++;
    flood->progress_us = clock_mono_us();
}

static bool flood_receive(struct flood *flood)
{
    uint8_t bytes[65536];
    ssize_t got = recv(flood->client.socket, bytes, sizeof bytes, 0);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if (got == 0)
        return false;
    flood->progress_us = clock_mono_us();
    buf_append(&flood->client.in, bytes, (size_t)got);
    return flood_parse(flood);
}

/* How many messages may go now: by count or time, rate, and window. */
static uint32_t flood_budget(const struct flood *flood, int64_t now_us)
{
    const struct flood_options *options = &flood->options;
    uint64_t budget = FLOOD_PIECE_MAX;
    if (options->count)
        budget = options->count - flood->sent;
    else if (flood->start_us && now_us - flood->start_us >= options->span_us)
        return 0;
    if (options->rate > 0) {
        double due = options->rate * (double)(now_us - flood->start_us) / CLOCK_US_PER_SECOND;
        uint64_t allowed = due > (double)flood->sent ? (uint64_t)due - flood->sent : 0;
        budget = budget < allowed ? budget : allowed;
    }
    if (flood->client.qos) {
        uint64_t room = flood->client.window - flood->client.outstanding;
        budget = budget < room ? budget : room;
    }
    uint64_t in_round = options->tags - flood->next_tag;
    budget = budget < in_round ? budget : in_round;
    return budget < FLOOD_PIECE_MAX ? (uint32_t)budget : FLOOD_PIECE_MAX;
}

static void flood_take_piece(struct flood *flood, int64_t now_us)
{
    struct flood_client *client = &flood->client;
    if (!flood->start_us) {
        flood->start_us = now_us;
        flood->next_marker_us = now_us;
    }
    uint32_t count = flood_budget(flood, now_us);
    uint8_t *packet = flood->round + flood->next_tag * flood->stride;
    const char *digits = flood->digits[flood->rounds % FLOOD_DIGITS];
    client->piece = packet;
    client->piece_left = count * flood->stride;
    for (uint32_t i = 0; i < count; i++, packet += flood->stride) {
        memcpy(packet + flood->value_at, digits, 4);
        if (client->qos)
            packet_put_u16(packet + flood->id_at, flood_take_id(client));
    }
    flood->sent += count;
    flood->next_tag += count;
    if (flood->next_tag == flood->options.tags) {
        flood->next_tag = 0;
        flood->rounds++;
    }
}

static bool flood_is_all_sent(const struct flood *flood, int64_t now_us)
{
    if (!flood->start_us)
        return false;
    return flood->options.count ? flood->sent >= flood->options.count
                                : now_us - flood->start_us >= flood->options.span_us;
}

static void flood_mark(struct flood *flood, int64_t now_us)
{
    char payload[16];
    uint32_t number = FLOOD_FIRST_MARKER + flood->marker++;
    snprintf(payload, sizeof payload, "%u", number);
    packet_add_publish(&flood->client.control, "plant/marker", payload, 0, 0, flood->client.is_v5);
    flood->next_marker_us = now_us + flood->options.marker_us;
    printf("marker %u %lld\n", number, (long long)now_us);
    fflush(stdout);
}

/* Chooses what to write next; nothing is begun before what was begun is written. */
static void flood_choose(struct flood *flood, int64_t now_us)
{
    struct flood_client *client = &flood->client;
    if (client->piece_left || client->sending.length)
        return;
    bool all_sent = flood_is_all_sent(flood, now_us);
    if (client->is_subscribed && flood->options.marker_us && flood->start_us &&
        now_us >= flood->next_marker_us && !all_sent)
        flood_mark(flood, now_us);
    if (client->is_subscribed && all_sent && client->qos == 0 && !flood->end_is_sent) {
        flood->end_is_sent = true;
        packet_add_publish(&client->control, "plant/end", "1", 1, flood_take_id(client), client->is_v5);
    }
    if (client->control.length) {
        struct buf swap = client->sending;
        client->sending = client->control;
        client->control = swap;
    } else if (client->is_subscribed && !all_sent) {
        flood_take_piece(flood, now_us);
    }
}

static bool flood_send(struct flood *flood)
{
    struct flood_client *client = &flood->client;
    bool is_piece = client->piece_left > 0;
    const uint8_t *from = is_piece ? client->piece : client->sending.data;
    size_t length = is_piece ? client->piece_left : client->sending.length;
    if (!length)
        return true;
    ssize_t sent = send(client->socket, from, length, MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN || errno == EINTR;
    flood->bytes += (uint64_t)sent;
    flood->progress_us = clock_mono_us();
    if (is_piece) {
        client->piece += sent;
        client->piece_left -= (size_t)sent;
    } else {
        buf_consume(&client->sending, (size_t)sent);
    }
    return true;
}

/* Milliseconds until something is due by itself:
 * the next messages of a given rate, a marker, the end of the time. */
static int flood_patience_ms(const struct flood *flood)
{
    if (flood->client.socket < 0 || !flood->client.is_subscribed)
        return 1000;
    return flood->options.rate > 0 || flood->options.marker_us ? 1 : 100;
}

static void flood_step(struct flood *flood)
{
    struct flood_client *client = &flood->client;
    if (client->socket >= 0)
        flood_choose(flood, clock_mono_us());
    bool has_output = client->piece_left || client->sending.length;
    struct pollfd waits[2] = {{.fd = flood->listener, .events = POLLIN},
                              {.fd = client->socket, .events = (short)(POLLIN | (has_output ? POLLOUT : 0))}};
    if (poll(waits, 2, flood_patience_ms(flood)) <= 0)
        return;
    bool good = true;
    if (waits[1].revents & (POLLIN | POLLHUP | POLLERR))
        good = flood_receive(flood);
    if (good && waits[1].revents & POLLOUT)
        good = flood_send(flood);
    if (!good)
        flood_drop_client(flood);
    if (waits[0].revents)
        flood_accept(flood);
}

static bool flood_is_over(const struct flood *flood)
{
    const struct flood_client *client = &flood->client;
    if (!flood_is_all_sent(flood, clock_mono_us()) || client->socket < 0 || !client->is_subscribed)
        return false;
    return !client->piece_left && !client->sending.length && !client->control.length &&
           !client->outstanding && (client->qos || flood->end_is_sent);
}

/* --- the program --- */

static bool flood_listen(struct flood *flood)
{
    int one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(flood->options.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    flood->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(flood->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(flood->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(flood->listener, 4) != 0 ||
        getsockname(flood->listener, (struct sockaddr *)&address, &length) != 0) {
        perror("flood: cannot listen");
        return false;
    }
    printf("{\"port\":%d}\n", ntohs(address.sin_port));
    fflush(stdout);
    return true;
}

static void flood_report(const struct flood *flood, bool gave_up)
{
    double seconds = (double)(flood->end_us - flood->start_us) / CLOCK_US_PER_SECOND;
    if (!flood->start_us || seconds <= 0)
        seconds = 0;
    printf("{\"sent\":%llu,\"bytes\":%llu,\"seconds\":%.6f,\"acked\":%llu,\"rate\":%.1f,\"qos\":%d,"
           "\"protocol\":%d,"
           "\"window\":%u,\"connections\":%u,\"abandoned\":%llu,\"unknown_acks\":%llu,\"gave_up\":%s}\n",
           (unsigned long long)flood->sent, (unsigned long long)flood->bytes, seconds,
           (unsigned long long)flood->acked, seconds > 0 ? (double)flood->sent / seconds : 0,
           flood->client.qos, flood->client.is_v5 ? 5 : 4, flood->client.window, flood->connections,
           (unsigned long long)flood->abandoned, (unsigned long long)flood->unknown_acks,
           gave_up ? "true" : "false");
    fflush(stdout);
}

static void flood_linger(struct flood *flood)
{
    int64_t until_us = clock_mono_us() + flood->options.linger_us;
    while (flood->client.socket >= 0 && clock_mono_us() < until_us)
        flood_step(flood);
}

int main(int argc, char **argv)
{
    static struct flood flood; /* too large for the stack */
    flood.client.socket = -1;
    if (!flood_options_read(argc, argv, &flood.options)) {
        fputs(FLOOD_USAGE, stderr);
        return 64;
    }
    flood_prepare_digits(&flood);
    if (!flood_listen(&flood))
        return 71;
    flood.progress_us = clock_mono_us();
    bool gave_up = false;
    while (!flood_is_over(&flood) && !gave_up) {
        flood_step(&flood);
        gave_up = clock_mono_us() - flood.progress_us > FLOOD_GIVE_UP_US;
    }
    flood.end_us = clock_mono_us();
    flood_report(&flood, gave_up);
    flood_linger(&flood);
    flood_drop_client(&flood);
    close(flood.listener);
    free(flood.round);
    free(flood.digits);
    return gave_up ? 75 : 0;
}
