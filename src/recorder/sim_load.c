#include "recorder/sim_load.h"

#include "base/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const uint32_t TAGS_PER_UNIT = 100;
static const double WAVE_ROUNDS = 60; /* a tag's value swings once in so many of its messages */

void sim_load_init(struct sim_load *load, const char *prefix, uint32_t tags, double rate, int qos,
                   int64_t now_mono_us)
{
    *load =
        (struct sim_load){.prefix = prefix, .tags = tags, .rate = rate, .qos = qos, .start_us = now_mono_us};
}

int64_t sim_load_due_us(const struct sim_load *load)
{
    return load->start_us + (int64_t)((double)load->next * 1e6 / load->rate);
}

static bool load_publish(struct sim_load *load, struct sim_link *link)
{
    uint32_t tag = (uint32_t)(load->next % load->tags);
    double round = (double)(load->next / load->tags);
    double phase = round / WAVE_ROUNDS + (double)tag / load->tags;
    char topic[256], payload[32];
    snprintf(topic, sizeof topic, "%s/unit%02" PRIu32 "/tag%05" PRIu32, load->prefix, tag / TAGS_PER_UNIT,
             tag);
    int length = snprintf(payload, sizeof payload, "%.3f", 50 + 40 * sin(2 * M_PI * phase));
    return sim_link_publish(link, topic, payload, (size_t)length, load->qos, false);
}

/* A message that the broker does not take within a second is skipped and counted: a burst that makes up for
 * an outage would not be the rate that was asked for. */
void sim_load_step(struct sim_load *load, struct sim_link *link, int64_t now_mono_us)
{
    double elapsed_s = (double)(now_mono_us - load->start_us) / 1e6;
    uint64_t due = elapsed_s > 0 ? (uint64_t)(elapsed_s * load->rate) + 1 : 0;
    while (load->next < due && sim_link_ready(link) && load_publish(load, link))
        load->next++;
    sim_link_flush(link, now_mono_us);
    uint64_t late = load->next < due ? due - load->next : 0;
    if ((double)late > fmax(load->rate, 1)) {
        load->skipped += late;
        load->next = due;
    }
}
