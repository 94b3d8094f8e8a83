/* Three random sequences come from one seed: the physics, the sensors' noise, and the disturbances.
 * The third is drawn from only when a disturbance ends,
 * so that what happens when depends on the seed alone, not on the operator's commands. */
#include "recorder/sim_plant.h"

#include "base/mem.h"
#include "base/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum disturbance {
    INTAKE_TRIP,
    NETWORK_TRIP,
    FEED_TRIP,
    FILTER_CLOG,
    DOSING_LOSS,
    PIPE_BURST,
    STEAM_STEP,
    HEATING_STEP,
    FLAME_LOSS,
    SENSOR_STUCK,
    SENSOR_SILENT,
    SENSOR_NAN,
    SENSOR_GARBLED,
    DEVICE_OFFLINE,
    DISTURBANCES,
    NO_DISTURBANCE = DISTURBANCES
};

static const struct disturbance_row {
    const char *name;
    double min_s, max_s; /* how long it lasts */
    unsigned targets;    /* which pump, filter, device; 0: one of the sensors */
} DISTURBANCE_ROWS[DISTURBANCES] = {
    [INTAKE_TRIP] = {"an intake pump trips", 90, 180, 2},
    [NETWORK_TRIP] = {"a network pump trips", 40, 120, 2},
    [FEED_TRIP] = {"the feedwater pump trips", 40, 55, 1},
    [FILTER_CLOG] = {"a filter clogs and its backwash is jammed", 90, 140, SIM_FILTERS},
    [DOSING_LOSS] = {"air in the chlorine dosing line", 60, 120, 1},
    [PIPE_BURST] = {"a pipe bursts in the town", 90, 180, 1},
    [STEAM_STEP] = {"a process draws more steam", 120, 240, 1},
    [HEATING_STEP] = {"the heating draws more water", 120, 240, 1},
    [FLAME_LOSS] = {"the burner loses its flame", 15, 30, 1},
    [SENSOR_STUCK] = {"a sensor is stuck", 60, 180, 0},
    [SENSOR_SILENT] = {"a sensor is silent", 60, 120, 0},
    [SENSOR_NAN] = {"a sensor sends NaN", 20, 60, 0},
    [SENSOR_GARBLED] = {"a sensor's payload is garbled", 15, 40, 0},
    [DEVICE_OFFLINE] = {"a controller is off the network", 20, 45, SIM_DEVICES},
};

static const double FIRST_SENT_S = 2;
static const double FIRST_MIN_S = 30, FIRST_MAX_S = 90, CALM_MIN_S = 60, CALM_MAX_S = 210;

struct point_state {
    double next_s;
    bool repeat;  /* send now, whatever was sent before */
    double value; /* of a state, when it was sent */
    char topic[128];
    char last[SIM_PAYLOAD_MAX];
};

struct sim_plant {
    struct sim_model model;
    struct sim_random noise, fate;
    char *prefix;
    double speed;
    bool calm;
    int64_t steps;
    struct point_state *points; /* by index of SIM_POINTS */
    struct {
        enum disturbance kind;
        unsigned target;
        double since_s, until_s;
        unsigned left; /* bit by kind: those that have not had their turn yet */
        double next_s;
    } fate_now;
};

static bool is_sensor(const struct sim_point *point)
{
    return !point->state && point->period_s <= 5;
}

static unsigned choose_sensor(struct sim_random *random)
{
    unsigned index;
    do
        index = sim_random_choice(random, (unsigned)SIM_POINT_COUNT);
    while (!is_sensor(&SIM_POINTS[index]));
    return index;
}

struct sim_plant *sim_plant_new(const struct sim_plant_options *options)
{
    struct sim_plant *plant = mem_new(1, sizeof *plant);
    sim_model_init(&plant->model, options->seed, options->clock_s);
    sim_random_init(&plant->noise, options->seed, 1);
    sim_random_init(&plant->fate, options->seed, 2);
    plant->prefix = mem_copy_text(options->prefix);
    plant->speed = options->speed;
    plant->calm = options->calm;
    plant->points = mem_new(SIM_POINT_COUNT, sizeof *plant->points);
    for (size_t i = 0; i < SIM_POINT_COUNT; i++) {
        struct point_state *state = &plant->points[i];
        snprintf(state->topic, sizeof state->topic, "%s/%s", options->prefix, SIM_POINTS[i].topic);
        /* Spread, so that a second is not a burst, but all there soon after the start; states at once. */
        double spread_s = fmin(SIM_POINTS[i].period_s, FIRST_SENT_S);
        state->next_s = SIM_POINTS[i].state ? 0 : sim_random_between(&plant->noise, 0, spread_s);
    }
    plant->fate_now.kind = NO_DISTURBANCE;
    plant->fate_now.next_s = sim_random_between(&plant->fate, FIRST_MIN_S, FIRST_MAX_S);
    return plant;
}

void sim_plant_free(struct sim_plant *plant)
{
    if (!plant)
        return;
    free(plant->prefix);
    free(plant->points);
    free(plant);
}

/* In an order by chance, but each kind once before any comes again. */
static enum disturbance disturbance_draw(struct sim_plant *plant)
{
    unsigned *left = &plant->fate_now.left, kind;
    if (!*left)
        *left = (1u << DISTURBANCES) - 1;
    do
        kind = sim_random_choice(&plant->fate, DISTURBANCES);
    while (!(*left & 1u << kind));
    *left &= ~(1u << kind);
    return (enum disturbance)kind;
}

static void disturbance_begin(struct sim_plant *plant, double now_s)
{
    enum disturbance kind = disturbance_draw(plant);
    const struct disturbance_row *row = &DISTURBANCE_ROWS[kind];
    unsigned targets = row->targets;
    plant->fate_now.kind = kind;
    plant->fate_now.target = targets ? sim_random_choice(&plant->fate, targets) : choose_sensor(&plant->fate);
    plant->fate_now.since_s = now_s;
    plant->fate_now.until_s = now_s + sim_random_between(&plant->fate, row->min_s, row->max_s);
}

static void disturbance_end(struct sim_plant *plant, double now_s)
{
    if (plant->fate_now.kind == DEVICE_OFFLINE)
        sim_plant_repeat_states(plant, (enum sim_device)plant->fate_now.target);
    plant->fate_now.kind = NO_DISTURBANCE;
    plant->fate_now.next_s = now_s + sim_random_between(&plant->fate, CALM_MIN_S, CALM_MAX_S);
}

/* What the disturbance does to the physics;
 * the sensors' ones are seen to where their points are published. */
static struct sim_faults disturbance_faults(enum disturbance kind, unsigned target)
{
    struct sim_faults faults = {0};
    switch (kind) {
    case INTAKE_TRIP:
        faults.intake_pump[target] = true;
        break;
    case NETWORK_TRIP:
        faults.network_pump[target] = true;
        break;
    case FEED_TRIP:
        faults.feed_pump = true;
        break;
    case FILTER_CLOG:
        faults.filter_clogs[target] = true;
        break;
    case DOSING_LOSS:
        faults.dosing_lost = true;
        break;
    case PIPE_BURST:
        faults.burst_m3h = 160;
        break;
    case STEAM_STEP:
        faults.steam_step_th = 2.4;
        break;
    case HEATING_STEP:
        faults.heating_step = 0.9;
        break;
    case FLAME_LOSS:
        faults.burner = true;
        break;
    default:
        break;
    }
    return faults;
}

static void disturbance_step(struct sim_plant *plant, double now_s)
{
    if (plant->calm)
        return;
    if (plant->fate_now.kind == NO_DISTURBANCE && now_s >= plant->fate_now.next_s)
        disturbance_begin(plant, now_s);
    else if (plant->fate_now.kind != NO_DISTURBANCE && now_s >= plant->fate_now.until_s)
        disturbance_end(plant, now_s);
    plant->model.faults = disturbance_faults(plant->fate_now.kind, plant->fate_now.target);
}

/* Spoils what the disturbed sensor sends; false: it sends nothing. */
static bool sensor_spoil(const struct sim_plant *plant, size_t index, char payload[SIM_PAYLOAD_MAX])
{
    if (plant->fate_now.kind == NO_DISTURBANCE || plant->fate_now.target != index)
        return true;
    switch (plant->fate_now.kind) {
    case SENSOR_SILENT:
        return false;
    case SENSOR_STUCK:
        if (plant->points[index].last[0])
            memcpy(payload, plant->points[index].last, SIM_PAYLOAD_MAX);
        return true;
    case SENSOR_NAN:
        snprintf(payload, SIM_PAYLOAD_MAX, "%s",
                 SIM_POINTS[index].payload[0] == '{' ? "{\"value\":NaN}" : "NaN");
        return true;
    case SENSOR_GARBLED: /* half of it is lost, and a byte is damaged */
        payload[strlen(payload) / 2] = '\0';
        snprintf(payload + strlen(payload), 4, "\x1b\xff{");
        return true;
    default:
        return true;
    }
}

static void point_step(struct sim_plant *plant, size_t index, int64_t wall_us, sim_plant_publish *publish,
                       void *context)
{
    const struct sim_point *point = &SIM_POINTS[index];
    struct point_state *state = &plant->points[index];
    bool due = plant->model.time_s >= state->next_s;
    double value = sim_point_value(point, &plant->model);
    bool news = point->state && (state->repeat || value != state->value);
    if (!sim_plant_device_online(plant, point->device) || (!due && !news))
        return;
    char payload[SIM_PAYLOAD_MAX];
    sim_point_render(point, &plant->model, &plant->noise, wall_us, payload);
    if (due)
        state->next_s = fmax(state->next_s + point->period_s, plant->model.time_s);
    state->repeat = false;
    state->value = value;
    if (!sensor_spoil(plant, index, payload))
        return;
    memcpy(state->last, payload, sizeof state->last);
    struct sim_message message = {.device = point->device,
                                  .topic = state->topic,
                                  .payload = payload,
                                  .length = strlen(payload),
                                  .retain = point->state};
    publish(context, &message);
}

void sim_plant_advance(struct sim_plant *plant, int64_t model_us, int64_t wall_us, sim_plant_publish *publish,
                       void *context)
{
    const int64_t step_us = (int64_t)(SIM_MODEL_STEP_S * 1e6);
    while ((plant->steps + 1) * step_us <= model_us) {
        plant->steps++;
        sim_model_step(&plant->model);
        disturbance_step(plant, plant->model.time_s);
        int64_t ago_us = (int64_t)((double)(model_us - plant->steps * step_us) / plant->speed);
        for (size_t i = 0; i < SIM_POINT_COUNT; i++)
            point_step(plant, i, wall_us - ago_us, publish, context);
    }
}

void sim_plant_repeat_states(struct sim_plant *plant, enum sim_device device)
{
    for (size_t i = 0; i < SIM_POINT_COUNT; i++)
        if (SIM_POINTS[i].state && SIM_POINTS[i].device == device)
            plant->points[i].repeat = true;
}

bool sim_plant_device_online(const struct sim_plant *plant, enum sim_device device)
{
    return plant->fate_now.kind != DEVICE_OFFLINE || plant->fate_now.target != (unsigned)device;
}

const char *sim_plant_disturbance(const struct sim_plant *plant, double *since_s)
{
    if (plant->fate_now.kind == NO_DISTURBANCE)
        return NULL;
    *since_s = plant->fate_now.since_s;
    return DISTURBANCE_ROWS[plant->fate_now.kind].name;
}

const struct sim_model *sim_plant_model(const struct sim_plant *plant)
{
    return &plant->model;
}

/* "72.5", "{\"value\": 72.5}" or a word for 0 or 1. */
static bool command_value(const char *text, double *value)
{
    static const char *const WORDS[][2] = {
        {"0", "1"}, {"off", "on"}, {"false", "true"}, {"stop", "start"}, {"no", "yes"}};
    const char *member = strstr(text, "\"value\"");
    if (text[0] == '{' && member) {
        const char *colon = strchr(member, ':');
        size_t length = colon ? strcspn(colon + 1, ",}") : 0;
        return length > 0 && num_parse(colon + 1, length, value) && isfinite(*value);
    }
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        for (int word = 0; word < 2; word++)
            if (!strcasecmp(text, WORDS[i][word])) {
                *value = word;
                return true;
            }
    return num_parse(text, strlen(text), value) && isfinite(*value);
}

static void command_apply(struct sim_model *model, const struct sim_command *command, double value)
{
    unsigned char *at = (unsigned char *)model + command->offset;
    int whole = value != 0;
    if (command->integer)
        memcpy(at, &whole, sizeof whole);
    else
        memcpy(at, &value, sizeof value);
}

/* NULL: no command has that topic. */
static const struct sim_command *command_of(const struct sim_plant *plant, const char *topic)
{
    size_t prefix = strlen(plant->prefix);
    if (strncmp(topic, plant->prefix, prefix) != 0 || topic[prefix] != '/')
        return NULL;
    for (size_t i = 0; i < SIM_COMMAND_COUNT; i++)
        if (!strcmp(topic + prefix + 1, SIM_COMMANDS[i].topic))
            return &SIM_COMMANDS[i];
    return NULL;
}

bool sim_plant_command(struct sim_plant *plant, const char *topic, const void *payload, size_t length)
{
    char text[128];
    double value;
    const struct sim_command *command = command_of(plant, topic);
    if (!command || length >= sizeof text)
        return false;
    memcpy(text, payload, length);
    text[length] = '\0';
    if (!command_value(text, &value) || value < command->min || value > command->max)
        return false;
    command_apply(&plant->model, command, value);
    return true;
}

void sim_plant_answer(const struct sim_plant *plant, const char *topic, bool taken, char out[SIM_ANSWER_MAX])
{
    const struct sim_command *command = command_of(plant, topic);
    if (!command)
        *out = '\0';
    else if (taken)
        snprintf(out, SIM_ANSWER_MAX, "accepted");
    else
        snprintf(out, SIM_ANSWER_MAX, "refused: it takes %g to %g", command->min, command->max);
}
