#include "recorder/sim_link.h"

#include "base/clock.h"
#include "base/log.h"

static const int64_t DELAY_MIN_US = 500 * CLOCK_US_PER_MS, DELAY_MAX_US = 10 * CLOCK_US_PER_SECOND;
static const int64_t ANSWER_MAX_US = 10 * CLOCK_US_PER_SECOND; /* for the broker's CONNACK */
static const size_t READ_MESSAGES_MAX = 1000;
static const int64_t READ_MAX_US = 20 * CLOCK_US_PER_MS;

static void link_connected(void *context, bool good, bool session, bool refused_version, const char *reason)
{
    struct sim_link *link = context;
    (void)session;
    (void)refused_version;
    link->refused = !good;
    if (!good) {
        log_warning("%s: %s", link->name, reason);
        link->announced = true;
        return;
    }
    if (link->announced)
        log_info("%s: connected again", link->name);
    link->announced = false;
    link->state = SIM_LINK_STANDS;
    link->delay_us = DELAY_MIN_US;
    link->handler->up(link->context);
}

static bool link_message(void *context, const struct mqtt_message *message)
{
    struct sim_link *link = context;
    if (link->handler->message)
        link->handler->message(link->context, message);
    return true;
}

static void link_published(void *context, int message_id, int reason_code, const char *reason)
{
    struct sim_link *link = context;
    (void)message_id;
    (void)reason_code;
    (void)reason;
    if (link->waiting > 0)
        link->waiting--;
}

static const struct mqtt_handler LINK_HANDLER = {
    .connected = link_connected,
    .message = link_message,
    .published = link_published,
};

void sim_link_init(struct sim_link *link, const char *name, const struct mqtt_options *options,
                   const struct sim_link_handler *handler, void *context)
{
    *link = (struct sim_link){.name = name,
                              .options = *options,
                              .wants5 = options->version5,
                              .handler = handler,
                              .context = context,
                              .delay_us = DELAY_MIN_US};
}

void sim_link_free(struct sim_link *link)
{
    mqtt_free(link->mqtt);
    link->mqtt = NULL;
}

void sim_link_cut(struct sim_link *link, int64_t now_mono_us, int64_t pause_us)
{
    sim_link_free(link);
    link->state = SIM_LINK_WAITS;
    link->waiting = 0;
    link->stuck = false;
    link->retry_us = now_mono_us + pause_us;
}

/* Down for a reason that was not ours: say it once, and try again, more and more slowly. */
static void link_lost(struct sim_link *link, int64_t now_mono_us, const char *reason)
{
    if (!link->announced)
        log_warning("%s: %s; trying again", link->name, reason);
    link->announced = true;
    /* The broker may not speak that version: not all of them say so. */
    link->options.version5 = link->wants5 && (link->state != SIM_LINK_ASKED || !link->options.version5);
    sim_link_cut(link, now_mono_us, link->delay_us);
    link->delay_us = link->delay_us * 2 > DELAY_MAX_US ? DELAY_MAX_US : link->delay_us * 2;
}

static void link_connect(struct sim_link *link)
{
    struct err err = {0};
    link->mqtt = mqtt_new(&link->options, &LINK_HANDLER, link, &err);
    link->refused = false;
    if (!link->mqtt || !mqtt_connect(link->mqtt, &err)) {
        link_lost(link, clock_mono_us(), err.text);
        return;
    }
    link->state = SIM_LINK_ASKED;
    link->retry_us = clock_mono_us() + ANSWER_MAX_US;
    link->misc_us = clock_mono_us() + CLOCK_US_PER_SECOND;
}

bool sim_link_due(const struct sim_link *link, int64_t now_mono_us)
{
    return link->state == SIM_LINK_WAITS && now_mono_us >= link->retry_us;
}

void sim_link_step(struct sim_link *link, int64_t now_mono_us)
{
    struct err err = {0};
    if (link->state == SIM_LINK_WAITS) {
        if (sim_link_due(link, now_mono_us))
            link_connect(link);
        return;
    }
    if (link->refused)
        link_lost(link, now_mono_us, "refused");
    else if (link->state == SIM_LINK_ASKED && now_mono_us >= link->retry_us)
        link_lost(link, now_mono_us, "no answer from the broker");
    else if (now_mono_us >= link->misc_us) {
        link->misc_us = now_mono_us + CLOCK_US_PER_SECOND;
        if (!mqtt_misc(link->mqtt, &err))
            link_lost(link, now_mono_us, err.text);
    }
}

struct pollfd sim_link_poll(struct sim_link *link)
{
    if (!link->mqtt)
        return (struct pollfd){.fd = -1};
    short events = mqtt_wants_write(link->mqtt) ? POLLIN | POLLOUT : POLLIN;
    return (struct pollfd){.fd = mqtt_socket(link->mqtt), .events = events};
}

void sim_link_serve(struct sim_link *link, short revents, int64_t now_mono_us)
{
    struct err err = {0};
    bool dry;
    if (!link->mqtt || !revents)
        return;
    if ((revents & ~POLLOUT) &&
        !mqtt_read(link->mqtt, READ_MESSAGES_MAX, now_mono_us + READ_MAX_US, &dry, &err)) {
        link_lost(link, now_mono_us, err.text);
        return;
    }
    sim_link_flush(link, now_mono_us);
}

void sim_link_flush(struct sim_link *link, int64_t now_mono_us)
{
    struct err err = {0};
    if (!link->mqtt || !mqtt_wants_write(link->mqtt))
        return;
    if (!mqtt_write(link->mqtt, &err)) {
        link_lost(link, now_mono_us, err.text);
        return;
    }
    link->stuck = mqtt_wants_write(link->mqtt);
}

bool sim_link_ready(const struct sim_link *link)
{
    return link->state == SIM_LINK_STANDS && !link->stuck && link->waiting < SIM_LINK_WAITING_MAX;
}

bool sim_link_send(struct sim_link *link, const struct mqtt_publication *publication)
{
    if (!sim_link_ready(link) || !mqtt_publish(link->mqtt, publication, NULL, NULL)) {
        link->dropped++;
        return false;
    }
    link->waiting++;
    link->sent++;
    return true;
}

bool sim_link_publish(struct sim_link *link, const char *topic, const void *payload, size_t length, int qos,
                      bool retain)
{
    return sim_link_send(
        link, &(struct mqtt_publication){
                  .topic = topic, .payload = payload, .length = length, .qos = qos, .retain = retain});
}
