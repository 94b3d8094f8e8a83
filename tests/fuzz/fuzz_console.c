/* Fuzzes what the recorder reads from a console: bytes into the real server over its socket, then what comes out of them,
 * request by request, into the gate of commands. Whatever the bytes are, the server neither crashes nor grows; texts end,
 * the role is the kernel's, and what the gate lets through is a value that the setpoint takes.
 *
 *     fuzz_console RUNS [FILE]...    RUNS changes of a session made here, repeatable; then the files (the corpus)
 *
 * For libFuzzer compile all with clang's -fsanitize=fuzzer and -DHMI_LIBFUZZER. */
#include "base/log.h"
#include "base/mem.h"
#include "plant/command_gate.h"
#include "recorder/server.h"
#include "tests/fuzz/mutate.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#define FUZZ_START_US  INT64_C(1000000000)
#define FUZZ_TURNS_MAX 100
#define FUZZ_LOW       20.0
#define FUZZ_HIGH      110.0

struct fuzz {
    char folder[64], path[96];
    struct config config;
    struct plant plant;
    struct alarms alarms;
    struct alarm_board board;
    struct command_board commands;
    struct reservations reservations;
    struct server *server;
    int64_t now_us;
    uint64_t asked, passed;
};

static struct fuzz fuzz; /* libFuzzer's entry has no place for it */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "fuzz_console: %s (%s)\n", what, strerror(errno));
    abort();
}

/* ---- what the server asks the recorder ---- */

static void fuzz_on_welcome(void *context, struct wire_welcome *welcome)
{
    (void)context;
    welcome->plant = "Water Works";
}

static void fuzz_check_passed(const struct command_request *wish)
{
    fuzz.passed++;
    fuzz_must(wish->tag->def.setpoint && wish->value.type == VALUE_NUMBER && isfinite(wish->value.number) &&
                  wish->value.number >= FUZZ_LOW && wish->value.number <= FUZZ_HIGH,
              "the gate let through what the setpoint does not take");
    fuzz_must(!wish->barred, "a console that may change nothing did");
}

static bool fuzz_on_ask(void *context, const struct server_request *request, char *text, size_t size)
{
    (void)context;
    struct err err = {0};
    fuzz.asked++;
    bool looks = request->role == ROLE_VIEWER && request->barred; /* --view: less than the user has */
    fuzz_must((request->role == ROLE_ENGINEER || looks) && request->uid == geteuid(), "another role or user");
    /* Under AddressSanitizer these read to the ends of the texts. */
    fuzz_must(strlen(request->argument) + strlen(request->reason) + strlen(request->station) +
                      strlen(request->user) <=
                  FUZZ_SIZE_MAX,
              "texts longer than what was sent");
    if (request->action != WIRE_ACTION_SET)
        return false;
    const struct command_request wish = {.role = request->role,
                                         .user = request->user,
                                         .barred = request->barred,
                                         .tag = plant_tag_by_name(&fuzz.plant, request->argument),
                                         .tag_name = "tag",
                                         .value = request->value,
                                         .shown = request->shown,
                                         .has_shown = request->has_shown};
    const struct command_surroundings around = {
        .plant = &fuzz.plant, .link_up = true, .recording = true, .room = true};
    bool good = command_gate(&wish, &around, &err);
    if (good)
        fuzz_check_passed(&wish);
    snprintf(text, size, "%s", good ? "done" : err.text);
    return good;
}

static void fuzz_on_refused(void *context, const struct server_request *request, const char *text)
{
    (void)context;
    (void)request;
    (void)text;
}

static void fuzz_on_edits(void *context, const struct server_session *session, uint32_t tag_id)
{
    (void)context;
    (void)session;
    (void)tag_id;
}

static void fuzz_on_session(void *context, const struct server_session *session,
                            enum server_session_event event, const char *why)
{
    (void)context;
    (void)event;
    fuzz_must(session->uid == geteuid() && (!why || strlen(why) < FUZZ_SIZE_MAX),
              "a session of somebody else");
}

static void fuzz_on_consoles(void *context, size_t count)
{
    (void)context;
    (void)count;
}

static const struct server_handler FUZZ_HANDLER = {.welcome = fuzz_on_welcome,
                                                   .ask = fuzz_on_ask,
                                                   .refused = fuzz_on_refused,
                                                   .edits = fuzz_on_edits,
                                                   .session = fuzz_on_session,
                                                   .consoles = fuzz_on_consoles};

/* ---- one server for all inputs ---- */

static void fuzz_end(void)
{
    server_free(fuzz.server);
    rmdir(fuzz.folder);
}

static void fuzz_add_tag(void)
{
    struct tag_def def;
    struct batch *batch = batch_new();
    tag_def_init(&def);
    def.name = mem_copy_text("sp");
    def.topic = mem_copy_text("plant/sp");
    def.path = mem_copy_text("");
    def.area = mem_copy_text("");
    def.kind = TAG_ANALOG;
    def.setpoint = mem_new(1, sizeof *def.setpoint);
    *def.setpoint = (struct setpoint_def){.topic = mem_copy_text("cmd/sp"),
                                          .payload = mem_copy_text("{value}"),
                                          .min = FUZZ_LOW,
                                          .max = FUZZ_HIGH,
                                          .role = ROLE_OPERATOR};
    plant_add_configured(&fuzz.plant, &def, batch);
    tag_def_free(&def);
    batch_free(batch);
}

static void fuzz_begin(void)
{
    struct err err = {0};
    snprintf(fuzz.folder, sizeof fuzz.folder, "/tmp/hmi-fuzz-XXXXXX");
    fuzz_must(mkdtemp(fuzz.folder), "no folder");
    snprintf(fuzz.path, sizeof fuzz.path, "%s/hmi.sock", fuzz.folder);
    log_set_level(LOG_LEVEL_ERROR);
    config_init_defaults(&fuzz.config);
    plant_init(&fuzz.plant, &(struct plant_options){.max_tags = 10, .max_payload = 1000});
    alarms_init(&fuzz.alarms, &fuzz.plant, 1);
    fuzz_add_tag();
    fuzz.now_us = FUZZ_START_US;
    const struct server_options options = {.socket_path = fuzz.path,
                                           .config = &fuzz.config,
                                           .plant = &fuzz.plant,
                                           .alarms = &fuzz.alarms,
                                           .board = &fuzz.board,
                                           .commands = &fuzz.commands,
                                           .reservations = &fuzz.reservations};
    fuzz.server = server_new(&options, &FUZZ_HANDLER, &fuzz, &err);
    fuzz_must(fuzz.server, err.text);
    atexit(fuzz_end);
}

static int fuzz_connect(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", fuzz.path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    fuzz_must(fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0,
              "no connection");
    return fd;
}

static void fuzz_turn(void)
{
    struct pollfd fds[SERVER_POLL_MAX];
    size_t count = server_poll_set(fuzz.server, fds, SERVER_POLL_MAX);
    poll(fds, count, 0);
    server_serve(fuzz.server, fds, count, fuzz.now_us);
    server_tick(fuzz.server, fuzz.now_us);
    fuzz.now_us += 100000; /* longer than a frame, so that everything owed is sent */
}

static void fuzz_drain(int fd)
{
    char bytes[65536];
    while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!fuzz.server)
        fuzz_begin();
    int fd = fuzz_connect();
    size_t sent = 0;
    for (int turn = 0; turn < FUZZ_TURNS_MAX && sent < size; turn++) {
        ssize_t count = send(fd, data + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        fuzz_turn();
        fuzz_drain(fd);
        if (count < 0 && errno != EAGAIN)
            break; /* it has had enough of this */
        sent += count > 0 ? (size_t)count : 0;
    }
    for (int turn = 0; turn < 20; turn++) { /* 4,096 bytes are taken in one */
        fuzz_turn();
        fuzz_drain(fd);
    }
    close(fd);
    fuzz_turn();
    fuzz_turn();
    fuzz_must(server_console_count(fuzz.server) == 0, "a console that has gone is still attached");
    return 0;
}

#ifndef HMI_LIBFUZZER

/* What a console says: each kind of message that the recorder takes, and some that it does not. */
static void fuzz_put_session(struct buf *out)
{
    const struct wire_ask set = {.request = 1,
                                 .action = WIRE_ACTION_SET,
                                 .argument = "sp",
                                 .reason = "because",
                                 .value_type = VALUE_NUMBER,
                                 .number = 50};
    struct wire_ask text = set;
    text.value_type = VALUE_TEXT;
    text.text = "fifty";
    wire_put(out, WIRE_HELLO,
             &(struct wire_hello){.version = WIRE_VERSION, .program = "fuzz", .station = "pts/1"});
    wire_put(out, WIRE_WANT_DETAIL, &(struct wire_want_detail){.tag = 1});
    wire_put(out, WIRE_EDIT, &(struct wire_edit){.tag = 1});
    wire_put(out, WIRE_ASK, &set);
    wire_put(out, WIRE_ASK, &text);
    wire_put(
        out, WIRE_ASK,
        &(struct wire_ask){.request = 2, .action = WIRE_ACTION_ACKNOWLEDGE, .argument = "sp/hi\t1\nsp/lo"});
    wire_put(out, WIRE_LOCK, &(struct wire_lock){.locked = 0});
    wire_put(out, WIRE_WELCOME, &(struct wire_welcome){.role = ROLE_ENGINEER, .user = "root"});
    wire_put(out, WIRE_ASK, &set);
    wire_put(out, WIRE_BYE, &(struct wire_bye){.reason = "it was fun"});
}

static bool fuzz_run_file(const char *path)
{
    static uint8_t data[FUZZ_SIZE_MAX];
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "fuzz_console: cannot read %s: %s\n", path, strerror(errno));
        return false;
    }
    size_t size = fread(data, 1, sizeof data, file);
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    return true;
}

int main(int argc, char **argv)
{
    static uint8_t data[FUZZ_SIZE_MAX];
    if (argc < 2) {
        fprintf(stderr, "usage: fuzz_console RUNS [FILE]...\n");
        return EX_USAGE;
    }
    struct buf session;
    buf_init(&session, FUZZ_SIZE_MAX);
    fuzz_put_session(&session);
    LLVMFuzzerTestOneInput(session.data, session.length);
    fuzz_must(fuzz.asked >= 3 && fuzz.passed == 2, "the session that is changed is not understood");
    uint32_t state = 1;
    for (long run = strtol(argv[1], NULL, 10); run > 0; run--) {
        memcpy(data, session.data, session.length);
        LLVMFuzzerTestOneInput(data, fuzz_mutate(data, session.length, &state));
    }
    buf_free(&session);
    bool good = true;
    for (int i = 2; i < argc; i++)
        good = fuzz_run_file(argv[i]) && good;
    printf("fuzz_console: done, %llu requests asked, %llu let through\n", (unsigned long long)fuzz.asked,
           (unsigned long long)fuzz.passed);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
