/* The topics of the demo plant as tables:
 * what each publishes, in what shape, how often; and what may be commanded. */
#ifndef RECORDER_SIM_POINTS_H
#define RECORDER_SIM_POINTS_H

#include "recorder/sim_model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_MEMBERS_MAX 6
#define SIM_PAYLOAD_MAX 512

/* The three programmable controllers of the plant: each is a connection of its own with a last will. */
enum sim_device { SIM_TREATMENT, SIM_NETWORK, SIM_BOILER, SIM_DEVICES };

struct sim_device_row {
    const char *name;
    const char *topic;            /* of its being online; retained, with `offline` as the last will */
    const char *online, *offline; /* spelt differently on purpose */
};

extern const struct sim_device_row SIM_DEVICE_ROWS[SIM_DEVICES];

/* Something in the model that a payload shows. */
struct sim_member {
    size_t offset; /* in struct sim_model: a double, or an int with `integer` */
    bool integer;
    int decimals;
    double noise;             /* standard deviation of the sensor, in the value's unit */
    const char *const *words; /* a text for each integer value, or NULL */
};

/* A topic. What the signs in `payload` stand for:
 *   %  the next member as a number
 *   $  the next member as its word
 *   @  the time in milliseconds
 *   !  the time in seconds
 *   #  the time as ISO 8601 */
struct sim_point {
    const char *topic; /* without the prefix */
    enum sim_device device;
    double period_s;
    bool state; /* one member; retained; sent when it changes, and again each period */
    const char *payload;
    struct sim_member members[SIM_MEMBERS_MAX];
};

extern const struct sim_point SIM_POINTS[];
extern const size_t SIM_POINT_COUNT;

/* A topic that commands: out of bounds is refused, so that the readback stays. */
struct sim_command {
    const char *topic; /* without the prefix */
    enum sim_device device;
    size_t offset;
    bool integer; /* 0 or 1, or a word for it */
    double min, max;
};

extern const struct sim_command SIM_COMMANDS[];
extern const size_t SIM_COMMAND_COUNT;

/* The first member's value, without noise. */
double sim_point_value(const struct sim_point *point, const struct sim_model *model);

/* Writes the payload of a point; `random` gives the sensors' noise. At most SIM_PAYLOAD_MAX - 1 bytes. */
void sim_point_render(const struct sim_point *point, const struct sim_model *model, struct sim_random *random,
                      int64_t wall_us, char out[SIM_PAYLOAD_MAX]);

#endif
