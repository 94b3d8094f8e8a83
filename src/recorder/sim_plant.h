/* The demo plant: the model's physics, its sensors and topics, and the disturbances that happen now and then.
 * Pure: time is an argument, and the same seed and the same times give the same messages. */
#ifndef RECORDER_SIM_PLANT_H
#define RECORDER_SIM_PLANT_H

#include "recorder/sim_model.h"
#include "recorder/sim_points.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_ANSWER_MAX 64

struct sim_plant;

struct sim_plant_options {
    uint64_t seed;
    const char *prefix; /* first topic levels, without a slash at the end */
    double clock_s;     /* seconds of the day at the start: the town's demand follows the hour */
    double speed;       /* model seconds for each second of the wall clock, > 0 */
    bool calm;          /* no disturbances */
};

struct sim_message {
    enum sim_device device;
    const char *topic, *payload; /* valid during the callback */
    size_t length;
    bool retain;
};

typedef void sim_plant_publish(void *context, const struct sim_message *message);

/* A plant in its steady state. Release with sim_plant_free(). */
struct sim_plant *sim_plant_new(const struct sim_plant_options *options);
void sim_plant_free(struct sim_plant *plant);

/* Steps the plant to `model_us` after its start and publishes all that is due. `wall_us` is the wall clock's
 * time that belongs to `model_us`: time stamps in payloads. Times never go back. */
void sim_plant_advance(struct sim_plant *plant, int64_t model_us, int64_t wall_us, sim_plant_publish *publish,
                       void *context);

/* A message on one of the command topics ("prefix/…/set"): a number, {"value": number}, or for a pump a word
 * such as "on". False when it is not a command, not understood or out of bounds: nothing changes then. */
bool sim_plant_command(struct sim_plant *plant, const char *topic, const void *payload, size_t length);

/* What the controller answers to a message on a command topic that it took or refused; "" for another topic. */
void sim_plant_answer(const struct sim_plant *plant, const char *topic, bool taken, char out[SIM_ANSWER_MAX]);

/* The device's retained states are sent again with the next step: after each connect. */
void sim_plant_repeat_states(struct sim_plant *plant, enum sim_device device);

/* False while a disturbance has cut the device off the network: it publishes nothing. */
bool sim_plant_device_online(const struct sim_plant *plant, enum sim_device device);

/* What disturbs the plant now, in words, or NULL; it began at *since_s of model time. */
const char *sim_plant_disturbance(const struct sim_plant *plant, double *since_s);

/* The physics as they are now; owned by the plant. */
const struct sim_model *sim_plant_model(const struct sim_plant *plant);

#endif
