/* The simulator's loop: one thread, one poll() over the stop signals and all connections.
 *
 * Only connecting can block, for many seconds when a host does not answer. So SIGTERM and its
 * like are blocked and read from a descriptor, but while a connection is being made they are let through to a
 * handler that ends the process: there is nothing to tidy up, and the broker sends the last wills. */
#include "recorder/sim.h"

#include "base/clock.h"
#include "base/log.h"
#include "recorder/sim_link.h"
#include "recorder/sim_load.h"
#include "recorder/sim_plant.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

/* A longer pause of the process is left out of the model's time. */
static const int64_t JUMP_US = 5 * CLOCK_US_PER_SECOND;
static const int64_t ALIVE_US = CLOCK_US_PER_MINUTE; /* between two messages that a controller is online */
static const int64_t PLANT_TICK_US = 100 * CLOCK_US_PER_MS, TICK_MIN_US = 2 * CLOCK_US_PER_MS;

struct sim;

struct device {
    struct sim *sim;
    enum sim_device id;
    struct sim_link link;
    char will_topic[128];
    int64_t alive_us; /* when it says next that it is online */
};

struct sim {
    const struct sim_options *options;
    struct sim_plant *plant;            /* NULL: load only */
    struct device devices[SIM_DEVICES]; /* load uses the first */
    size_t device_count;
    struct sim_load load;
    double model_us;
    int64_t stepped_us;      /* monotonic time of the last step */
    const char *disturbance; /* the one last told to the log */
    sigset_t stops;
    int signals;
};

static void device_say_online(struct device *device, int64_t now_us)
{
    const char *online = SIM_DEVICE_ROWS[device->id].online;
    sim_link_publish(&device->link, device->will_topic, online, strlen(online), 1, true);
    device->alive_us = now_us + ALIVE_US;
}

static void device_up(void *context)
{
    struct device *device = context;
    const struct sim_options *options = device->sim->options;
    if (!device->sim->plant)
        return;
    device_say_online(device, clock_mono_us());
    sim_plant_repeat_states(device->sim->plant, device->id);
    for (size_t i = 0; i < SIM_COMMAND_COUNT; i++) {
        struct err err = {0};
        char topic[256];
        snprintf(topic, sizeof topic, "%s/%s", options->prefix, SIM_COMMANDS[i].topic);
        if (SIM_COMMANDS[i].device == device->id && !mqtt_subscribe(device->link.mqtt, topic, 1, &err))
            log_warning("%s: %s", device->link.name, err.text);
    }
}

/* In words, where the sender wants an answer (MQTT 5): what a controller of the field would say. */
static void device_answer(struct device *device, const struct mqtt_message *message, bool taken)
{
    char text[SIM_ANSWER_MAX];
    sim_plant_answer(device->sim->plant, message->topic, taken, text);
    const struct mqtt_publication answer = {.topic = message->response_topic,
                                            .payload = text,
                                            .length = strlen(text),
                                            .qos = 1,
                                            .correlation = message->correlation,
                                            .correlation_length = message->correlation_length};
    if (message->response_topic && *text)
        sim_link_send(&device->link, &answer);
}

/* A retained command is left alone: it may be days old. */
static void device_message(void *context, const struct mqtt_message *message)
{
    struct device *device = context;
    if (message->retained || !device->sim->plant)
        return;
    bool taken = sim_plant_command(device->sim->plant, message->topic, message->payload, message->length);
    device_answer(device, message, taken);
    if (device->sim->options->verbose)
        log_info("%s: command on %s %s", device->link.name, message->topic, taken ? "taken" : "refused");
}

static const struct sim_link_handler DEVICE_HANDLER = {.up = device_up, .message = device_message};

static void device_init(struct sim *sim, enum sim_device id)
{
    struct device *device = &sim->devices[id];
    const struct sim_options *options = sim->options;
    const struct sim_device_row *row = &SIM_DEVICE_ROWS[id];
    device->sim = sim;
    device->id = id;
    struct mqtt_options link = {.host = options->host,
                                .port = options->port,
                                .username = options->username,
                                .password = options->password,
                                .version5 = sim->plant != NULL, /* for answers */
                                .clean = true,
                                .keepalive_s = 15};
    if (sim->plant) {
        snprintf(device->will_topic, sizeof device->will_topic, "%s/%s", options->prefix, row->topic);
        link.will_topic = device->will_topic;
        link.will_payload = row->offline;
    }
    sim_link_init(&device->link, sim->plant ? row->name : "load", &link, &DEVICE_HANDLER, device);
}

static void plant_publish(void *context, const struct sim_message *message)
{
    struct sim *sim = context;
    sim_link_publish(&sim->devices[message->device].link, message->topic, message->payload, message->length,
                     sim->options->qos, message->retain);
}

static void sim_tell_disturbance(struct sim *sim)
{
    double since_s;
    const char *now = sim_plant_disturbance(sim->plant, &since_s);
    if (sim->options->verbose && now != sim->disturbance)
        log_info("disturbance: %s", now ? now : "none");
    sim->disturbance = now;
}

static void sim_step_plant(struct sim *sim, int64_t now_us)
{
    if (now_us - sim->stepped_us < JUMP_US)
        sim->model_us += (double)(now_us - sim->stepped_us) * sim->options->speed;
    sim->stepped_us = now_us;
    sim_plant_advance(sim->plant, (int64_t)sim->model_us, clock_wall_us(), plant_publish, sim);
    sim_tell_disturbance(sim);
    for (size_t i = 0; i < sim->device_count; i++) {
        struct sim_link *link = &sim->devices[i].link;
        if (!sim_plant_device_online(sim->plant, (enum sim_device)i))
            sim_link_cut(link, now_us, PLANT_TICK_US);
        else if (sim_link_ready(link) && now_us >= sim->devices[i].alive_us)
            device_say_online(&sim->devices[i], now_us);
        sim_link_flush(link, now_us);
    }
}

/* Connects what has to be connected, with the stop signals let through meanwhile. */
static void sim_step_links(struct sim *sim)
{
    for (size_t i = 0; i < sim->device_count; i++) {
        struct sim_link *link = &sim->devices[i].link;
        bool may_block = sim_link_due(link, clock_mono_us());
        if (may_block)
            sigprocmask(SIG_UNBLOCK, &sim->stops, NULL);
        sim_link_step(link, clock_mono_us());
        if (may_block)
            sigprocmask(SIG_BLOCK, &sim->stops, NULL);
    }
}

static int64_t sim_wait_us(const struct sim *sim)
{
    int64_t wait_us = (int64_t)((double)PLANT_TICK_US / sim->options->speed);
    if (!sim->plant) {
        wait_us = sim_load_due_us(&sim->load) - clock_mono_us();
        if (!sim_link_ready(&sim->devices[0].link))
            wait_us = PLANT_TICK_US; /* poll() wakes when there is room again */
    }
    return wait_us < TICK_MIN_US ? TICK_MIN_US : wait_us > PLANT_TICK_US ? PLANT_TICK_US : wait_us;
}

/* Waits for the broker or the next step; false when a stop signal came. */
static bool sim_wait(struct sim *sim)
{
    struct pollfd fds[1 + SIM_DEVICES] = {{.fd = sim->signals, .events = POLLIN}};
    int64_t wait_us = sim_wait_us(sim);
    struct timespec wait = {.tv_nsec = (long)(wait_us * 1000)};
    for (size_t i = 0; i < sim->device_count; i++)
        fds[1 + i] = sim_link_poll(&sim->devices[i].link);
    if (ppoll(fds, 1 + sim->device_count, &wait, NULL) <= 0)
        return true;
    int64_t now_us = clock_mono_us();
    for (size_t i = 0; i < sim->device_count; i++)
        sim_link_serve(&sim->devices[i].link, fds[1 + i].revents, now_us);
    return !(fds[0].revents & POLLIN);
}

static void sim_end_at_once(int number)
{
    (void)number;
    _exit(EX_OK);
}

static bool sim_watch_signals(struct sim *sim)
{
    static const int STOPS[] = {SIGTERM, SIGINT, SIGHUP};
    struct sigaction action = {.sa_handler = sim_end_at_once};
    sigemptyset(&sim->stops);
    for (size_t i = 0; i < sizeof STOPS / sizeof *STOPS; i++) {
        sigaddset(&sim->stops, STOPS[i]);
        sigaction(STOPS[i], &action, NULL);
    }
    sigprocmask(SIG_BLOCK, &sim->stops, NULL);
    sim->signals = signalfd(-1, &sim->stops, SFD_CLOEXEC);
    if (sim->signals < 0)
        log_error("cannot watch signals: %s", strerror(errno));
    return sim->signals >= 0;
}

static void sim_loop(struct sim *sim)
{
    do {
        sim_step_links(sim);
        if (sim->plant)
            sim_step_plant(sim, clock_mono_us());
        else
            sim_load_step(&sim->load, &sim->devices[0].link, clock_mono_us());
    } while (sim_wait(sim));
}

/* Seconds since local midnight: the town sleeps when the operator expects it to. */
static double sim_clock_s(void)
{
    time_t now = (time_t)(clock_wall_us() / CLOCK_US_PER_SECOND);
    struct tm local;
    localtime_r(&now, &local);
    return local.tm_hour * 3600.0 + local.tm_min * 60.0 + local.tm_sec;
}

static void sim_start(struct sim *sim)
{
    const struct sim_options *options = sim->options;
    if (options->tags) {
        sim->device_count = 1;
        sim_load_init(&sim->load, options->prefix, options->tags, options->rate, options->qos,
                      clock_mono_us());
        log_info("load for %s:%d: %" PRIu32 " tags below %s/, %g messages a second, QoS %d", options->host,
                 options->port, options->tags, options->prefix, options->rate, options->qos);
    } else {
        struct sim_plant_options plant = {.seed = options->seed,
                                          .prefix = options->prefix,
                                          .clock_s = sim_clock_s(),
                                          .speed = options->speed,
                                          .calm = options->calm};
        sim->plant = sim_plant_new(&plant);
        sim->device_count = SIM_DEVICES;
        log_info("water works for %s:%d: %zu topics below %s/, seed %" PRIu64 ", speed %g", options->host,
                 options->port, SIM_POINT_COUNT + SIM_DEVICES, options->prefix, options->seed,
                 options->speed);
    }
    for (size_t i = 0; i < sim->device_count; i++)
        device_init(sim, (enum sim_device)i);
    sim->stepped_us = clock_mono_us();
}

int sim_run(const struct sim_options *options)
{
    struct sim sim = {.options = options, .signals = -1};
    if (!sim_watch_signals(&sim))
        return EX_OSERR;
    mqtt_library_init();
    sim_start(&sim);
    sim_loop(&sim);
    uint64_t sent = 0, dropped = 0;
    for (size_t i = 0; i < sim.device_count; i++) {
        sent += sim.devices[i].link.sent;
        dropped += sim.devices[i].link.dropped;
        sim_link_free(&sim.devices[i].link);
    }
    log_info("stopped: %" PRIu64 " messages sent, %" PRIu64 " left out", sent, dropped + sim.load.skipped);
    sim_plant_free(sim.plant);
    mqtt_library_cleanup();
    close(sim.signals);
    return EX_OK;
}
